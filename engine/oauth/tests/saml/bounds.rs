//! Input that is made to cost much costs little: what is refused is refused before anything that grows faster than it is long.

use std::time::Duration;

use allocation_counter::measure;
use tollgate_oauth::saml::{self, Encoding, SamlFault};

use crate::draft::{Draft, ENDPOINT, NOW, provider};
use crate::minting::{Order, Pair, by_signxml};

/// What a release build takes, times what an unoptimised one and a busy machine may add.
const AT_MOST: Duration = Duration::from_millis(if cfg!(debug_assertions) { 1_000 } else { 50 });

/// How much memory one may claim at a time.
const BYTES_MOST: u64 = 8 << 20;

/// Documents of these lengths and kinds, the longest beyond what is read and the others just within.
fn hostile() -> Vec<(&'static str, String)> {
    let within = 64 * 1_024 - 200;
    let wrapped =
        |inside: &str| format!("<Assertion xmlns=\"urn:oasis:names:tc:SAML:2.0:assertion\">{inside}</Assertion>");
    let repeated = |piece: &str, len: usize| wrapped(&piece.repeat(len / piece.len()));
    let attributes = |len: usize| {
        let all: String = (0..len / 12).map(|number| format!(" a{number:06}=''")).collect();
        format!("<Assertion{all}/>")
    };
    let bomb = |len: usize| {
        let namespace = "x".repeat(500);
        format!("<r xmlns:p=\"urn:{namespace}\">{}</r>", "<p:a/>".repeat(len / 6))
    };
    vec![
        ("nested", "<a>".repeat(within / 3)),
        ("empty elements", repeated("<a/>", within)),
        ("attributes", attributes(within)),
        ("attributes of 1 MiB", attributes(1 << 20)),
        (
            "attributes in many tags",
            repeated(
                &format!("<a{}/>", (0..60).map(|n| format!(" b{n}=''")).collect::<String>()),
                within,
            ),
        ),
        ("a namespace that is said again by each", bomb(within)),
        (
            "one namespace after the other",
            repeated("<a xmlns='urn:x' xmlns:b='urn:y'/>", within),
        ),
        ("references", repeated("&amp;", within)),
        ("what becomes longer", repeated(">", within)),
        (
            "billion laughs",
            format!("<!DOCTYPE a [<!ENTITY a \"{}\">]><a>&a;</a>", "b".repeat(1_000)),
        ),
        (
            "signatures",
            repeated("<Signature xmlns=\"http://www.w3.org/2000/09/xmldsig#\"/>", within),
        ),
        ("1 MiB of text", wrapped(&"x".repeat(1 << 20))),
        ("1 MiB of nesting", "<a>".repeat((1 << 20) / 3)),
    ]
}

#[test]
fn hostile_documents_are_refused_soon() {
    let providers = [provider(&[Pair::p256()])];
    for (name, document) in hostile() {
        let mut took = Vec::new();
        // The best of some: what else the machine does is no cost of ours.
        for _ in 0..5 {
            let began = worked();
            let claimed = measure(|| {
                let judged = saml::accept_document(&document, &providers, ENDPOINT, NOW);
                assert!(judged.is_err(), "{name}: {judged:?}");
            });
            took.push(worked() - began);
            assert!(
                claimed.bytes_max <= BYTES_MOST,
                "{name} took {} bytes",
                claimed.bytes_max
            );
        }
        let best = took.into_iter().min().unwrap();
        assert!(best <= AT_MOST, "{name} took {best:?}");
    }
}

#[test]
fn a_megabyte_of_base64_is_not_even_decoded() {
    let text = "QUFB".repeat((1 << 20) / 4);
    for encoding in [Encoding::Standard, Encoding::Url] {
        let judged = saml::accept(&text, encoding, &[provider(&[Pair::p256()])], ENDPOINT, NOW);
        assert!(matches!(judged, Err(SamlFault::Long { .. })));
    }
}

/// A signed assertion with as much in it as any provider would put there.
#[test]
fn a_great_assertion_is_taken() {
    let mut draft = Draft::prefixed();
    let values: String = (0..700)
        .map(|number| format!("<saml:AttributeValue>CN=group{number:04},OU=a,DC=us,DC=example</saml:AttributeValue>"))
        .collect();
    draft.statements += &format!(
        "<saml:AttributeStatement><saml:Attribute Name=\"memberOf\">{values}</saml:Attribute></saml:AttributeStatement>"
    );
    let document = by_signxml(&[Order::new(draft, Pair::rsa())]).remove(0);
    assert!(document.len() > 50_000, "{}", document.len());
    let accepted = saml::accept_document(&document, &[provider(&[Pair::rsa()])], ENDPOINT, NOW);
    assert_eq!(
        accepted.map(|accepted| accepted.user.to_string()).as_deref(),
        Ok("alice")
    );
}

/// How long this thread has worked so far; what others do in between does not count.
fn worked() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    Duration::from_nanos(text.split(' ').next().unwrap().parse().unwrap())
}
