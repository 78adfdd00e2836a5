//! No assertion is believed without a certificate, whatever it says, and what is read of metadata makes the reader do nothing but refuse.
//! Where a document gets past the scan, parser and canonicaliser agree about it: its canonical form is its own canonical form.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tollgate::{IdentityProvider, SubjectMapping, Timestamp};
use tollgate_oauth::saml::{self, Encoding, metadata::ProviderMetadata};

fuzz_target!(|text: &str| {
    let provider = IdentityProvider {
        issuer: "https://idp.example".to_owned(),
        certificates: vec![vec![0x30, 1, 0]],
        audiences: Vec::new(),
        recipient: None,
        subject: SubjectMapping::NameId,
        skew_s: 60,
        creates_users: false,
    };
    let (providers, now) = ([provider], Timestamp::from_seconds(1_800_000_000));
    assert!(saml::accept_document(text, &providers, "https://us.example/token", now).is_err());
    for encoding in [Encoding::Standard, Encoding::Url] {
        assert!(saml::accept(text, encoding, &providers, "https://us.example/token", now).is_err());
    }
    let _ = ProviderMetadata::read(text);
    assert!(saml::is_stable(text));
});
