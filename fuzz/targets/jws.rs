//! No bytes are believed without a key, with one only those that its holder signed, and none make the reader do anything but refuse.
#![no_main]

use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;
use tollgate_oauth::jose::{Jws, VerifyingKey};
use tollgate_oauth::jwk;

/// RFC 7515, appendix A.3.
const SIGNED: &str = include_str!("../seeds/jws/signed");
const PUBLIC: &str = include_str!("../seeds/jws/keys");
static KEYS: OnceLock<Vec<VerifyingKey>> = OnceLock::new();

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
    let keys = KEYS.get_or_init(|| jwk::parse_set(PUBLIC.as_bytes()).expect("the key set of the standard"));
    if token.verify(keys).is_ok() {
        assert_eq!(text, SIGNED, "another spelling of a token passes for it");
    }
});
