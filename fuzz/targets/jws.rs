//! No bytes are believed without a key, and none make the reader do anything but refuse.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tollgate_oauth::jose::Jws;
use tollgate_oauth::jwk;

fuzz_target!(|text: &str| {
    let _ = jwk::parse_set(text.as_bytes());
    let Ok(token) = Jws::parse(text) else { return };
    let _ = token.header();
    if let Ok(claims) = token.unverified() {
        let _ = claims.moment("exp");
        let _ = claims.is_for(&["https://us.example"]);
        let _ = claims.is_current(tollgate::Timestamp::from_seconds(1_000), 60);
    }
    assert!(token.verify([]).is_err());
});
