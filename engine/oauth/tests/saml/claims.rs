//! Assertions that their provider has signed, and that are not good here and now: for each a twin that is.

use tollgate::{IdentityProvider, SubjectMapping};
use tollgate_oauth::saml::{self, Encoding, SamlFault};

use crate::draft::{AUDIENCE, Draft, ENDPOINT, ISSUER, NOW, provider};
use crate::minting::{Order, Pair, Template, by_signxml, by_xmlsec1, uri};

type Change = fn(&mut Draft);
type Judged = fn(&SamlFault) -> bool;

fn replace(text: &mut String, from: &str, to: &str) {
    assert!(text.contains(from), "{from} is not in {text}");
    *text = text.replace(from, to);
}

const CLAIMS: [(&str, Change, Judged); 42] = [
    (
        "another audience",
        |d| replace(&mut d.conditions, AUDIENCE, "https://them.example"),
        |f| matches!(f, SamlFault::Audience { .. }),
    ),
    (
        "an audience that ours begins with",
        |d| replace(&mut d.conditions, AUDIENCE, "https://us.exampl"),
        |f| matches!(f, SamlFault::Audience { .. }),
    ),
    (
        "an audience in capitals",
        |d| replace(&mut d.conditions, AUDIENCE, "https://US.example"),
        |f| matches!(f, SamlFault::Audience { .. }),
    ),
    (
        "an audience with blanks",
        |d| replace(&mut d.conditions, AUDIENCE, " https://us.example "),
        |f| matches!(f, SamlFault::Audience { .. }),
    ),
    (
        "no audience",
        |d| {
            let c = &mut d.conditions;
            replace(c, &format!("<saml:Audience>{AUDIENCE}</saml:Audience>"), "");
        },
        |f| matches!(f, SamlFault::Audience { .. }),
    ),
    (
        "no restriction",
        |d| {
            let c = &mut d.conditions;
            replace(
                c,
                &format!(
                    "<saml:AudienceRestriction><saml:Audience>{AUDIENCE}</saml:Audience></saml:AudienceRestriction>"
                ),
                "",
            );
        },
        |f| matches!(f, SamlFault::Shape { .. }),
    ),
    (
        "a second restriction to others",
        |d| {
            replace(
                &mut d.conditions,
                "</saml:Conditions>",
                "<saml:AudienceRestriction><saml:Audience>x</saml:Audience></saml:AudienceRestriction></saml:Conditions>",
            )
        },
        |f| matches!(f, SamlFault::Audience { .. }),
    ),
    (
        "an audience with a child",
        |d| replace(&mut d.conditions, AUDIENCE, "https://us.<b/>example"),
        |f| matches!(f, SamlFault::Shape { .. }),
    ),
    (
        "no conditions",
        |d| d.conditions.clear(),
        |f| matches!(f, SamlFault::Shape { .. }),
    ),
    (
        "two conditions",
        |d| d.conditions = d.conditions.repeat(2),
        |f| matches!(f, SamlFault::Shape { .. }),
    ),
    (
        "a condition of nobody's",
        |d| replace(&mut d.conditions, "<saml:Aud", "<saml:Condition/><saml:Aud"),
        |f| *f == SamlFault::Condition,
    ),
    (
        "a condition of another namespace",
        |d| replace(&mut d.conditions, "</saml:Cond", "<AudienceRestriction/></saml:Cond"),
        |f| *f == SamlFault::Condition,
    ),
    (
        "ended",
        |d| replace(&mut d.conditions, "T08:05:00Z", "T07:59:00Z"),
        |f| {
            matches!(
                f,
                SamlFault::Late {
                    place: "NotOnOrAfter of Conditions"
                }
            )
        },
    ),
    (
        "not begun",
        |d| replace(&mut d.conditions, "T07:59:00Z", "T08:01:01Z"),
        |f| matches!(f, SamlFault::Early { .. }),
    ),
    (
        "a confirmation that ended",
        |d| replace(&mut d.subject, "T08:05:00Z", "T07:59:00Z"),
        |f| {
            matches!(
                f,
                SamlFault::Late {
                    place: "NotOnOrAfter of the confirmation"
                }
            )
        },
    ),
    (
        "a confirmation that has not begun",
        |d| {
            replace(
                &mut d.subject,
                "NotOnOrAfter",
                "NotBefore=\"2027-01-15T08:01:01Z\" NotOnOrAfter",
            )
        },
        |f| matches!(f, SamlFault::Early { .. }),
    ),
    (
        "no end at all",
        |d| {
            replace(&mut d.conditions, " NotOnOrAfter=\"2027-01-15T08:05:00Z\"", "");
            replace(&mut d.subject, "NotOnOrAfter=\"2027-01-15T08:05:00Z\"", "");
        },
        |f| matches!(f, SamlFault::Shape { .. }),
    ),
    (
        "an end that is no moment",
        |d| replace(&mut d.conditions, "2027-01-15T08:05:00Z", "tomorrow"),
        |f| matches!(f, SamlFault::Moment { .. }),
    ),
    (
        "an end in another zone",
        |d| replace(&mut d.conditions, "08:05:00Z", "08:05:00+01:00"),
        |f| matches!(f, SamlFault::Moment { .. }),
    ),
    (
        "good for two days",
        |d| {
            replace(&mut d.conditions, "15T08:05", "17T08:05");
            replace(&mut d.subject, "15T08:05", "17T08:05");
        },
        |f| *f == SamlFault::LongLived,
    ),
    (
        "issued ahead of time",
        |d| replace(&mut d.head, "T07:59:30.123Z", "T08:01:01Z"),
        |f| matches!(f, SamlFault::Early { place: "IssueInstant" }),
    ),
    (
        "never issued",
        |d| replace(&mut d.head, "IssueInstant", "Issued"),
        |f| matches!(f, SamlFault::Shape { .. }),
    ),
    (
        "another recipient",
        |d| replace(&mut d.subject, ENDPOINT, "https://them.example/token"),
        |f| matches!(f, SamlFault::Recipient { .. }),
    ),
    (
        "the endpoint of the other profile",
        |d| replace(&mut d.subject, "/oauth2/token", "/identity/connect/token"),
        |f| matches!(f, SamlFault::Recipient { .. }),
    ),
    (
        "no recipient",
        |d| {
            let s = &mut d.subject;
            replace(s, &format!(" Recipient=\"{ENDPOINT}\""), "");
        },
        |f| matches!(f, SamlFault::Recipient { .. }),
    ),
    (
        "a recipient in a namespace",
        |d| replace(&mut d.subject, "Recipient=", "xmlns:e=\"urn:e\" e:Recipient="),
        |f| matches!(f, SamlFault::Recipient { .. }),
    ),
    (
        "holder of key",
        |d| replace(&mut d.subject, "cm:bearer", "cm:holder-of-key"),
        |f| *f == SamlFault::NoBearer,
    ),
    (
        "no confirmation",
        |d| {
            let s = &mut d.subject;
            let from = s.find("<saml:SubjectConfirmation ").unwrap();
            let to = s.find("</saml:Subject>").unwrap();
            s.replace_range(from..to, "");
        },
        |f| *f == SamlFault::NoBearer,
    ),
    (
        "a confirmation without data",
        |d| {
            let s = &mut d.subject;
            let from = s.find("<saml:SubjectConfirmationData").unwrap();
            let to = s.find("</saml:SubjectConfirmation>").unwrap();
            s.replace_range(from..to, "");
        },
        |f| matches!(f, SamlFault::Recipient { .. }),
    ),
    (
        "no subject",
        |d| d.subject.clear(),
        |f| matches!(f, SamlFault::Shape { .. }),
    ),
    (
        "two subjects",
        |d| d.subject = d.subject.repeat(2),
        |f| matches!(f, SamlFault::Shape { .. }),
    ),
    (
        "no name",
        |d| {
            let s = &mut d.subject;
            let from = s.find("<saml:NameID").unwrap();
            let to = s.find("<saml:SubjectConf").unwrap();
            s.replace_range(from..to, "");
        },
        |f| matches!(f, SamlFault::Shape { .. }),
    ),
    (
        "two names",
        |d| {
            replace(
                &mut d.subject,
                "<saml:NameID",
                "<saml:NameID>mallory</saml:NameID><saml:NameID",
            )
        },
        |f| matches!(f, SamlFault::Shape { .. }),
    ),
    (
        "a name with a child",
        |d| replace(&mut d.subject, ">alice<", ">al<b>i</b>ce<"),
        |f| matches!(f, SamlFault::Shape { .. }),
    ),
    (
        "an empty name",
        |d| replace(&mut d.subject, ">alice<", "><"),
        |f| matches!(f, SamlFault::Subject { .. }),
    ),
    (
        "a name with a colon",
        |d| replace(&mut d.subject, ">alice<", ">alice:x<"),
        |f| matches!(f, SamlFault::Subject { .. }),
    ),
    (
        "a transient name",
        |d| {
            replace(
                &mut d.subject,
                "1.1:nameid-format:unspecified",
                "2.0:nameid-format:transient",
            )
        },
        |f| matches!(f, SamlFault::Shape { .. }),
    ),
    (
        "another issuer",
        |d| replace(&mut d.issuer, ISSUER, "https://other.example"),
        |f| matches!(f, SamlFault::UnknownIssuer { .. }),
    ),
    (
        "an issuer with a blank",
        |d| replace(&mut d.issuer, ISSUER, " https://idp.example/metadata"),
        |f| matches!(f, SamlFault::UnknownIssuer { .. }),
    ),
    (
        "version 1.1",
        |d| replace(&mut d.head, "Version=\"2.0\"", "Version=\"1.1\""),
        |f| *f == SamlFault::Version,
    ),
    (
        "two logins",
        |d| {
            let s = &mut d.statements;
            *s = format!("{s}<saml:AuthnStatement AuthnInstant=\"2027-01-15T07:58:00Z\"/>");
        },
        |f| matches!(f, SamlFault::Shape { .. }),
    ),
    (
        "a login that has ended",
        |d| {
            replace(
                &mut d.statements,
                "SessionIndex",
                "SessionNotOnOrAfter=\"2027-01-15T07:58:59Z\" SessionIndex",
            )
        },
        |f| matches!(f, SamlFault::Late { .. }),
    ),
];

#[test]
fn each_claim_must_be_right_whoever_has_signed() {
    let (rsa, p256) = (Pair::rsa(), Pair::p256());
    let changed = |change: Change| {
        let mut draft = Draft::prefixed();
        change(&mut draft);
        draft
    };
    let mut drafts: Vec<Draft> = CLAIMS.iter().map(|(_, change, _)| changed(*change)).collect();
    drafts.push(Draft::prefixed());
    let of = |pair: &'static Pair| {
        let orders: Vec<Order<'_>> = drafts.iter().map(|draft| Order::new(draft.clone(), pair)).collect();
        by_signxml(&orders)
    };
    let template = Template::new(uri("rsa-sha256").leak(), "_a1b2c3");
    let by_c: Vec<String> = drafts.iter().map(|draft| by_xmlsec1(draft, rsa, &template)).collect();
    for (pair, documents) in [(rsa, of(rsa)), (p256, of(p256)), (rsa, by_c)] {
        let judge = |document: &str| saml::accept_document(document, &[provider(&[pair])], ENDPOINT, NOW);
        let (twin, rest) = documents.split_last().unwrap();
        assert_eq!(
            judge(twin).map(|accepted| accepted.user.to_string()).as_deref(),
            Ok("alice")
        );
        for (document, (name, _, is_right)) in rest.iter().zip(&CLAIMS) {
            let fault = judge(document).expect_err(name);
            assert!(is_right(&fault), "{name}: {fault:?}");
        }
    }
}

#[test]
fn what_is_a_little_early_or_late_is_taken_within_the_skew() {
    let document = by_signxml(&[Order::new(Draft::prefixed(), Pair::rsa())]).remove(0);
    let at = |seconds: i64, skew_s: u32| {
        let now = NOW.as_seconds().checked_add_signed(seconds).unwrap();
        let providers = [IdentityProvider {
            skew_s,
            ..provider(&[Pair::rsa()])
        }];
        saml::accept_document(&document, &providers, ENDPOINT, tollgate::Timestamp::from_seconds(now)).is_ok()
    };
    for (seconds, skew_s, holds) in [
        (0, 0, true),
        (299, 0, true),
        (300, 0, false),
        (359, 60, true),
        (360, 60, false),
        (-29, 0, true),
        (-30, 0, false),
        (-89, 60, true),
        (-90, 60, false),
        (599, 300, true),
        (600, 300, false),
    ] {
        assert_eq!(at(seconds, skew_s), holds, "{seconds} s, skew {skew_s}");
    }
}

#[test]
fn an_attribute_may_name_the_user() {
    let with = |from: &str, to: &str| {
        let mut draft = Draft::prefixed();
        replace(&mut draft.statements, from, to);
        draft
    };
    let value = ">alice@us.example<";
    let drafts = [
        (Draft::prefixed(), Some("alice@us.example")),
        (with("Name=\"email\"", "Name=\"mail\""), None),
        (with("Name=\"groups\"", "Name=\"email\""), None),
        (
            with(value, ">alice@us.example</saml:AttributeValue><saml:AttributeValue>x<"),
            None,
        ),
        (with(value, ">alice@<b/>us.example<"), None),
        (with(value, "><"), None),
    ];
    let orders: Vec<Order<'_>> = drafts
        .iter()
        .map(|(draft, _)| Order::new(draft.clone(), Pair::rsa()))
        .collect();
    let providers = [IdentityProvider {
        subject: SubjectMapping::Attribute("email".to_owned()),
        ..provider(&[Pair::rsa()])
    }];
    for (document, (_, user)) in by_signxml(&orders).iter().zip(&drafts) {
        let accepted = saml::accept_document(document, &providers, ENDPOINT, NOW).ok();
        assert_eq!(
            accepted.map(|accepted| accepted.user.to_string()).as_deref(),
            *user,
            "{document}"
        );
    }
}

#[test]
fn a_recipient_that_is_configured_takes_the_place_of_the_endpoint() {
    let mut draft = Draft::prefixed();
    replace(&mut draft.subject, ENDPOINT, "https://proxy.example/token");
    let document = by_signxml(&[Order::new(draft, Pair::rsa())]).remove(0);
    let of = |recipient: Option<&str>| {
        let recipient = recipient.map(str::to_owned);
        let providers = [IdentityProvider {
            recipient,
            ..provider(&[Pair::rsa()])
        }];
        saml::accept_document(&document, &providers, ENDPOINT, NOW).is_ok()
    };
    assert_eq!(
        [of(Some("https://proxy.example/token")), of(None), of(Some(ENDPOINT))],
        [true, false, false]
    );
}

/// However it is written once more, an assertion keeps the ID that it can be used once under.
#[test]
fn another_encoding_of_an_assertion_is_the_same_assertion() {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    let document = by_signxml(&[Order::new(Draft::prefixed(), Pair::rsa())]).remove(0);
    let of = |encoding, text: &str| {
        saml::accept(text, encoding, &[provider(&[Pair::rsa()])], ENDPOINT, NOW).map(|accepted| accepted.identifier)
    };
    let standard = STANDARD.encode(&document);
    let lines: String = standard
        .as_bytes()
        .chunks(76)
        .map(|line| format!("{}\r\n", std::str::from_utf8(line).unwrap()))
        .collect();
    let declared = STANDARD.encode(format!("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n{document}"));
    let requoted = STANDARD.encode(document.replace(" ID=\"_a1b2c3\"", " ID = '_a1b2c3'"));
    for text in [&standard, &lines, &declared, &requoted] {
        assert_eq!(of(Encoding::Standard, text).as_deref(), Ok("_a1b2c3"));
    }
    let url = tollgate_oauth::base64url::encode(document.as_bytes());
    assert_eq!(of(Encoding::Url, &url).as_deref(), Ok("_a1b2c3"));
    assert!(matches!(of(Encoding::Standard, &url), Err(SamlFault::Encoding { .. })));
    assert!(matches!(
        of(Encoding::Standard, &standard.replacen('A', " ", 1)),
        Err(SamlFault::Encoding { .. })
    ));
}
