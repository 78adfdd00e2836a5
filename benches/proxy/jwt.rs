//! JSON web tokens under RS256 and the key set by which they are verified, made by `openssl`.

use std::fs;
use std::path::Path;
use std::process::Command;

use base64ct::{Base64UrlUnpadded, Encoding as _};
use serde_json::{Value, json};
use tempfile::TempDir;

/// Tokens of an issuer.
pub(crate) struct Issued {
    pub(crate) tokens: Vec<String>,
    pub(crate) keys: Value,
}

pub(crate) const ISSUER: &str = "https://issuer.example";

/// So many tokens, each of another subject, signed with one key of 2,048 bits.
pub(crate) fn issued(count: usize) -> Issued {
    let folder = TempDir::new().unwrap();
    let key = folder.path().join("key.pem");
    openssl(&["genrsa", "-out", path(&key), "2048"]);
    let modulus = openssl(&["rsa", "-in", path(&key), "-noout", "-modulus"]);
    let modulus = String::from_utf8(modulus).unwrap();
    let digits = modulus.trim().trim_start_matches("Modulus=");
    let byte = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).unwrap();
    let modulus: Vec<u8> = (0..digits.len()).step_by(2).map(byte).collect();
    let keys = json!({ "keys": [{
        "kty": "RSA", "alg": "RS256", "use": "sig", "kid": "1",
        "n": Base64UrlUnpadded::encode_string(&modulus), "e": "AQAB",
    }] });
    let sign = |subject: usize| {
        let signed = format!(
            "{}.{}",
            encoded(&json!({ "alg": "RS256", "typ": "JWT", "kid": "1" })),
            encoded(&json!({ "iss": ISSUER, "sub": format!("user{subject}"), "exp": 4_000_000_000_u64 }))
        );
        let input = folder.path().join("input");
        fs::write(&input, &signed).unwrap();
        let signature = openssl(&["dgst", "-sha256", "-sign", path(&key), path(&input)]);
        format!("{signed}.{}", Base64UrlUnpadded::encode_string(&signature))
    };
    Issued {
        tokens: (0..count).map(sign).collect(),
        keys,
    }
}

fn encoded(part: &Value) -> String {
    Base64UrlUnpadded::encode_string(part.to_string().as_bytes())
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn openssl(arguments: &[&str]) -> Vec<u8> {
    let output = Command::new("openssl").args(arguments).output();
    let output = output.expect("openssl signs tokens (apt-get install openssl)");
    assert!(output.status.success(), "openssl {arguments:?}: {output:?}");
    output.stdout
}
