//! What is taken: each algorithm, each way to write, from both signers; and xmlsec1 has digested the very same bytes.

use tollgate_oauth::saml::{self, Accepted};

use crate::draft::{Draft, ENDPOINT, ISSUER, NOW, provider};
use crate::minting::{ENVELOPED, EXCLUSIVE, Order, Pair, Template, by_signxml, by_xmlsec1, uri, verified_by_xmlsec1};

#[track_caller]
fn taken(document: &str, pair: &Pair) -> Accepted {
    let providers = [provider(&[pair])];
    let accepted = saml::accept_document(document, &providers, ENDPOINT, NOW)
        .unwrap_or_else(|fault| panic!("{fault}\n{document}"));
    let digested = verified_by_xmlsec1(document, pair).unwrap_or_else(|| panic!("xmlsec1 refuses\n{document}"));
    assert_eq!(saml::signed_bytes(document, &providers), Ok(digested));
    accepted
}

#[test]
fn signxml_is_understood() {
    let (rsa, p256, p384) = (Pair::rsa(), Pair::p256(), Pair::p384());
    let order = |draft: Draft, pair: &'static Pair| Order::new(draft, pair);
    let orders = [
        order(Draft::prefixed(), rsa),
        order(Draft::unprefixed(), rsa),
        order(Draft::prefixed().in_response(), rsa),
        order(Draft::unprefixed().in_response(), p256),
        Order {
            signature: "rsa-sha384",
            digest: "sha384",
            ..order(Draft::prefixed(), rsa)
        },
        Order {
            signature: "rsa-sha512",
            digest: "sha512",
            ..order(Draft::prefixed(), rsa)
        },
        Order {
            prefixes: &["xs"],
            ..order(Draft::prefixed().in_response(), rsa)
        },
        Order {
            prefixes: &["xs", "un"],
            ..order(Draft::prefixed().in_response(), rsa)
        },
        order(Draft::prefixed(), p256),
        order(Draft::prefixed(), p384),
    ];
    let signed = by_signxml(&orders);
    for (document, order) in signed.iter().zip(&orders) {
        let accepted = taken(document, order.pair);
        assert_eq!(
            (accepted.user.as_str(), accepted.identifier.as_str()),
            ("alice", "_a1b2c3")
        );
        assert_eq!(
            (accepted.issuer.as_str(), accepted.until.as_seconds()),
            (ISSUER, NOW.as_seconds() + 360)
        );
        assert_eq!(
            accepted.authenticated_at.map(|moment| moment.as_seconds()),
            Some(NOW.as_seconds() - 120)
        );
    }
}

#[test]
fn xmlsec1_is_understood() {
    let (rsa, p256, p384) = (Pair::rsa(), Pair::p256(), Pair::p384());
    for (pair, algorithm) in [
        (rsa, "rsa-sha256"),
        (rsa, "rsa-sha384"),
        (rsa, "rsa-sha512"),
        (p256, "ecdsa-sha256"),
        (p384, "ecdsa-sha384"),
    ] {
        let algorithm = uri(algorithm).leak();
        for draft in [
            Draft::prefixed(),
            Draft::unprefixed(),
            Draft::unprefixed().in_response(),
        ] {
            taken(&by_xmlsec1(&draft, pair, &Template::new(algorithm, &draft.id)), pair);
        }
    }
    let draft = Draft::prefixed().in_response();
    let list = format!("<ec:InclusiveNamespaces xmlns:ec=\"{EXCLUSIVE}\" PrefixList=\"#default un xs\"/>");
    for digest in ["xmlenc#sha256", "xmldsig-more#sha384", "xmlenc#sha512"] {
        let template = Template {
            digest: format!("http://www.w3.org/2001/04/{digest}").leak(),
            transforms: format!(
                "<ds:Transform Algorithm=\"{ENVELOPED}\"/><ds:Transform Algorithm=\"{EXCLUSIVE}\">{list}</ds:Transform>"
            ),
            ..Template::new(uri("rsa-sha256").leak(), &draft.id)
        };
        taken(&by_xmlsec1(&draft, rsa, &template), rsa);
    }
}

#[test]
fn a_provider_may_have_an_old_certificate_and_a_new_one() {
    let old = Pair::other_rsa();
    let signed = by_signxml(&[Order::new(Draft::prefixed(), Pair::rsa())]).remove(0);
    for (pairs, holds) in [
        (vec![&old, Pair::rsa()], true),
        (vec![Pair::rsa(), &old], true),
        (vec![Pair::p256(), Pair::rsa()], true),
        (vec![&old], false),
        (vec![Pair::p256()], false),
    ] {
        let accepted = saml::accept_document(&signed, &[provider(&pairs)], ENDPOINT, NOW);
        assert_eq!(accepted.is_ok(), holds, "{accepted:?}");
    }
}
