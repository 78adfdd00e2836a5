//! Two signers that we did not write: `xmlsec1`, and signxml for Python. `tests/run setup` installs both.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384};
use serde_json::{Value, json};
use tempfile::TempDir;
use tollgate_oauth::jose::{Algorithm, SigningPair};

use crate::draft::{Draft, PLACE};

/// A key of a provider's with its certificate.
pub(crate) struct Pair {
    pub(crate) certificate: Vec<u8>,
    key_pem: String,
    certificate_pem: String,
    ecdsa: Option<&'static str>,
}

impl Pair {
    fn new(key: &KeyPair, ecdsa: Option<&'static str>) -> Self {
        let certificate = CertificateParams::default().self_signed(key).unwrap();
        Self {
            certificate: certificate.der().to_vec(),
            key_pem: pem("PRIVATE KEY", &key.serialize_der()),
            certificate_pem: pem("CERTIFICATE", certificate.der()),
            ecdsa,
        }
    }

    /// RSA of 2,048 bits, the same in all tests of a process.
    pub(crate) fn rsa() -> &'static Self {
        static PAIR: OnceLock<Pair> = OnceLock::new();
        PAIR.get_or_init(Self::other_rsa)
    }

    /// Another one.
    pub(crate) fn other_rsa() -> Self {
        let pkcs8 = SigningPair::generate(Algorithm::Rs256).unwrap();
        Self::new(&KeyPair::try_from(pkcs8.as_slice()).unwrap(), None)
    }

    pub(crate) fn p256() -> &'static Self {
        static PAIR: OnceLock<Pair> = OnceLock::new();
        PAIR.get_or_init(|| {
            Self::new(
                &KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap(),
                Some("ecdsa-sha256"),
            )
        })
    }

    pub(crate) fn p384() -> &'static Self {
        static PAIR: OnceLock<Pair> = OnceLock::new();
        PAIR.get_or_init(|| {
            Self::new(
                &KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384).unwrap(),
                Some("ecdsa-sha384"),
            )
        })
    }

    /// The algorithm that goes with it where nobody asks for another.
    pub(crate) fn algorithm(&self) -> &'static str {
        self.ecdsa.unwrap_or("rsa-sha256")
    }
}

fn pem(label: &str, der: &[u8]) -> String {
    use base64::Engine as _;
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    let lines: Vec<&str> = text
        .as_bytes()
        .chunks(64)
        .map(|line| std::str::from_utf8(line).unwrap())
        .collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

/// What to sign with signxml, and how.
pub(crate) struct Order<'a> {
    pub(crate) draft: Draft,
    pub(crate) pair: &'a Pair,
    pub(crate) signature: &'static str,
    pub(crate) digest: &'static str,
    pub(crate) prefixes: &'static [&'static str],
    pub(crate) canonicalization: Option<&'static str>,
}

impl<'a> Order<'a> {
    pub(crate) fn new(draft: Draft, pair: &'a Pair) -> Self {
        let signature = pair.algorithm();
        Self {
            draft,
            pair,
            signature,
            digest: "sha256",
            prefixes: &[],
            canonicalization: None,
        }
    }
}

/// Signs all of them in one process.
pub(crate) fn by_signxml(orders: &[Order<'_>]) -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let orders: Vec<Value> = orders
        .iter()
        .map(|order| {
            json!({
                "xml": order.draft.text(), "key": order.pair.key_pem, "certificate": order.pair.certificate_pem,
                "signature": order.signature, "digest": order.digest, "prefixes": order.prefixes,
                "canonicalization": order.canonicalization, "weak": true,
            })
        })
        .collect();
    let mut command = Command::new("python3");
    command
        .arg(root.join("tests/saml/mint.py"))
        .env("PYTHONPATH", root.join("../../tests/.tools/clients-python"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut process = command
        .spawn()
        .expect("python3 is missing: tests/run setup installs it");
    process
        .stdin
        .take()
        .unwrap()
        .write_all(Value::from(orders).to_string().as_bytes())
        .unwrap();
    let output = process.wait_with_output().unwrap();
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "signxml (tests/run setup installs it): {complaints}"
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The empty signature that xmlsec1 fills in.
#[derive(Clone)]
pub(crate) struct Template {
    pub(crate) canonicalization: &'static str,
    pub(crate) signature: &'static str,
    pub(crate) transforms: String,
    pub(crate) digest: &'static str,
    pub(crate) uri: String,
}

pub(crate) const EXCLUSIVE: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
pub(crate) const ENVELOPED: &str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";

impl Template {
    pub(crate) fn new(signature: &'static str, id: &str) -> Self {
        Self {
            canonicalization: EXCLUSIVE,
            signature,
            transforms: format!("<ds:Transform Algorithm=\"{ENVELOPED}\"/><ds:Transform Algorithm=\"{EXCLUSIVE}\"/>"),
            digest: "http://www.w3.org/2001/04/xmlenc#sha256",
            uri: format!("#{id}"),
        }
    }

    fn text(&self) -> String {
        let Self {
            canonicalization,
            signature,
            transforms,
            digest,
            uri,
        } = self;
        format!(
            "<ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"><ds:SignedInfo>\
             <ds:CanonicalizationMethod Algorithm=\"{canonicalization}\"/><ds:SignatureMethod Algorithm=\"{signature}\"/>\
             <ds:Reference URI=\"{uri}\"><ds:Transforms>{transforms}</ds:Transforms><ds:DigestMethod Algorithm=\"{digest}\"/>\
             <ds:DigestValue/></ds:Reference></ds:SignedInfo><ds:SignatureValue/><ds:KeyInfo><ds:X509Data/></ds:KeyInfo></ds:Signature>"
        )
    }
}

/// The URI of an algorithm that is called so.
pub(crate) fn uri(algorithm: &str) -> String {
    format!("http://www.w3.org/2001/04/xmldsig-more#{algorithm}")
}

/// Signs with xmlsec1.
pub(crate) fn by_xmlsec1(draft: &Draft, pair: &Pair, template: &Template) -> String {
    let folder = TempDir::new().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path
    };
    let document = file("document.xml", &draft.text().replace(PLACE, &template.text()));
    let keys = format!(
        "{},{}",
        file("key.pem", &pair.key_pem).display(),
        file("certificate.pem", &pair.certificate_pem).display()
    );
    let mut command = Command::new("xmlsec1");
    command.args([
        "--sign",
        "--privkey-pem",
        &keys,
        "--id-attr:ID",
        "urn:oasis:names:tc:SAML:2.0:assertion:Assertion",
    ]);
    let output = command
        .arg(document)
        .output()
        .expect("xmlsec1 is missing: tests/run setup installs it");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// What xmlsec1 says of a document: the bytes that it digested, where the signature holds.
pub(crate) fn verified_by_xmlsec1(document: &str, pair: &Pair) -> Option<String> {
    let folder = TempDir::new().unwrap();
    let (path, key) = (
        folder.path().join("document.xml"),
        folder.path().join("certificate.pem"),
    );
    fs::write(&path, document).unwrap();
    fs::write(&key, &pair.certificate_pem).unwrap();
    let mut command = Command::new("xmlsec1");
    command
        .args([
            "--verify",
            "--enabled-key-data",
            "x509",
            "--store-references",
            "--print-debug",
            "--pubkey-cert-pem",
        ])
        .arg(&key)
        .args(["--id-attr:ID", "urn:oasis:names:tc:SAML:2.0:assertion:Assertion"])
        .arg(&path);
    let output = command
        .output()
        .expect("xmlsec1 is missing: tests/run setup installs it");
    if !output.status.success() {
        return None;
    }
    let said = String::from_utf8(output.stdout).unwrap();
    let (_, behind) = said.split_once("== PreDigest data - start buffer:\n")?;
    let (digested, _) = behind.split_once("\n== PreDigest data - end buffer")?;
    Some(digested.to_owned())
}
