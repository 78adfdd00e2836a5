//! What attackers make of a signed assertion without the provider's key: each beside the one that it was made of, which is taken.

use tollgate_oauth::saml::{self, SamlFault};

use crate::draft::{Draft, ENDPOINT, NOW, provider};
use crate::minting::{ENVELOPED, EXCLUSIVE, Order, Pair, Template, by_signxml, by_xmlsec1, uri, verified_by_xmlsec1};

/// A signed document in its pieces.
struct Signed {
    whole: String,
    assertion: String,
    signature: String,
    pair: &'static Pair,
}

impl Signed {
    fn of(whole: &str, pair: &'static Pair) -> Self {
        let whole = whole.trim_start_matches("<?xml version=\"1.0\"?>").trim().to_owned();
        let start = ["<saml:Assertion", "<Assertion"]
            .into_iter()
            .find_map(|tag| whole.find(tag))
            .unwrap();
        let end = ["</saml:Assertion>", "</Assertion>"]
            .into_iter()
            .find_map(|tag| Some(whole.find(tag)? + tag.len()))
            .unwrap();
        let assertion = whole[start..end].to_owned();
        let (from, to) = (
            assertion.find("<ds:Signature ").unwrap(),
            assertion.find("</ds:Signature>").unwrap(),
        );
        let signature = assertion[from..to + "</ds:Signature>".len()].to_owned();
        Self {
            whole,
            assertion,
            signature,
            pair,
        }
    }

    /// The assertion without its signature.
    fn bare(&self) -> String {
        self.assertion.replace(&self.signature, "")
    }

    /// An unsigned assertion that says something else, under another ID.
    fn evil(&self) -> String {
        self.bare().replace(">alice<", ">mallory<").replace("_a1b2c3", "_evil")
    }

    /// The document with another assertion.
    fn with(&self, assertion: &str) -> String {
        self.whole.replace(&self.assertion, assertion)
    }

    /// The document with another signature.
    fn signed_by(&self, signature: &str) -> String {
        self.whole.replace(&self.signature, signature)
    }

    fn judged(&self, document: &str) -> Result<String, SamlFault> {
        let accepted = saml::accept_document(document, &[provider(&[self.pair])], ENDPOINT, NOW);
        accepted.map(|accepted| accepted.user.to_string())
    }
}

/// Documents of both signers, in all the ways in which providers write them.
fn signed() -> Vec<Signed> {
    let orders = [
        (Draft::prefixed(), Pair::rsa()),
        (Draft::unprefixed(), Pair::rsa()),
        (Draft::prefixed().in_response(), Pair::p256()),
    ];
    let orders: Vec<Order<'_>> = orders
        .into_iter()
        .map(|(draft, pair)| Order::new(draft, pair))
        .collect();
    let pairs = [Pair::rsa(), Pair::rsa(), Pair::p256()];
    let by_python = by_signxml(&orders)
        .into_iter()
        .zip(pairs)
        .map(|(whole, pair)| Signed::of(&whole, pair));
    let by_c = [Draft::prefixed(), Draft::unprefixed().in_response()]
        .into_iter()
        .map(|draft| {
            let template = Template::new(uri("rsa-sha256").leak(), &draft.id);
            Signed::of(&by_xmlsec1(&draft, Pair::rsa(), &template), Pair::rsa())
        });
    by_python.chain(by_c).collect()
}

fn response(inside: &str) -> String {
    format!(
        "<samlp:Response xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" ID=\"_r\" Version=\"2.0\">{inside}</samlp:Response>"
    )
}

fn object(inside: &str) -> String {
    format!("<ds:Object>{inside}</ds:Object></ds:Signature>")
}

/// Puts `inside` at the end of an assertion.
fn within(assertion: &str, inside: &str) -> String {
    let at = assertion.rfind("</").unwrap();
    format!("{}{inside}{}", &assertion[..at], &assertion[at..])
}

/// Puts a signature where it belongs in an unsigned assertion.
fn carrying(assertion: &str, signature: &str) -> String {
    assertion
        .replacen("Issuer><", &format!("Issuer>{signature}<"), 1)
        .replacen(
            "Issuer>\n",
            &format!("Issuer>{signature}\n"),
            usize::from(!assertion.contains("Issuer><")),
        )
}

type Attack = (&'static str, fn(&Signed) -> String);

/// The eight forms of signature wrapping, and their kin.
const WRAPPED: [Attack; 20] = [
    ("XSW1: the original within the signature of a new response", |s| {
        response(&carrying(
            &s.evil(),
            &s.signature.replace("</ds:Signature>", &object(&s.assertion)),
        ))
    }),
    ("XSW2: the signature beside both", |s| {
        response(&format!("{}{}{}", s.signature, s.bare(), s.evil()))
    }),
    ("XSW3: the evil one before the original", |s| {
        response(&format!("{}{}", s.evil(), s.assertion))
    }),
    ("XSW4: the original within the evil one", |s| {
        response(&within(&s.evil(), &s.assertion))
    }),
    ("XSW5: the signature in the evil one, the original behind", |s| {
        response(&format!("{}{}", carrying(&s.evil(), &s.signature), s.bare()))
    }),
    ("XSW6: the original within the signature of the evil one", |s| {
        carrying(
            &s.evil(),
            &s.signature
                .replace("</ds:SignedInfo>", &format!("</ds:SignedInfo>{}", s.bare())),
        )
    }),
    ("XSW7: the evil one in extensions", |s| {
        response(&format!(
            "<samlp:Extensions>{}</samlp:Extensions>{}",
            s.evil(),
            s.assertion
        ))
    }),
    ("XSW8: the original in an object of the evil one's signature", |s| {
        carrying(&s.evil(), &s.signature.replace("</ds:Signature>", &object(&s.bare())))
    }),
    ("behind the original", |s| {
        response(&format!("{}{}", s.assertion, s.evil()))
    }),
    ("under the same ID, before", |s| {
        response(&format!("{}{}", s.evil().replace("_evil", "_a1b2c3"), s.assertion))
    }),
    ("under the same ID, behind", |s| {
        response(&format!("{}{}", s.assertion, s.evil().replace("_evil", "_a1b2c3")))
    }),
    ("under the same ID, around", |s| {
        within(&s.evil().replace("_evil", "_a1b2c3"), &s.assertion)
    }),
    ("around, without a response", |s| within(&s.evil(), &s.assertion)),
    ("within the original", |s| s.with(&within(&s.assertion, &s.evil()))),
    ("in advice", |s| {
        s.with(&within(
            &s.assertion,
            &format!(
                "<Advice xmlns=\"urn:oasis:names:tc:SAML:2.0:assertion\">{}</Advice>",
                s.evil()
            ),
        ))
    }),
    ("in the key of the signature", |s| {
        s.signed_by(
            &s.signature
                .replace("<ds:KeyInfo>", &format!("<ds:KeyInfo>{}", s.evil())),
        )
    }),
    ("in a response in a response", |s| response(&response(&s.assertion))),
    ("not directly in the response", |s| {
        response(&format!("<a>{}</a>", s.assertion))
    }),
    ("in something else", |s| format!("<a>{}</a>", s.assertion)),
    ("in a response of nobody's", |s| {
        format!("<Response>{}</Response>", s.assertion)
    }),
];

/// What was signed is altered, or written so that readers differ about it.
const ALTERED: [Attack; 41] = [
    ("another user", |s| s.whole.replace(">alice<", ">mallory<")),
    ("a longer name", |s| s.whole.replace(">alice<", ">alice.evil<")),
    ("a comment in the name", |s| {
        s.whole.replace(">alice<", ">al<!---->ice<")
    }),
    ("a comment behind the name", |s| {
        s.whole.replace(">alice<", ">alice<!--.evil-->.evil<")
    }),
    ("a comment in the audience", |s| {
        s.whole.replace("https://us.example<", "https://us.<!-- -->example<")
    }),
    ("a comment in the digest", |s| {
        s.whole.replace("<ds:DigestValue>", "<ds:DigestValue><!--x-->")
    }),
    ("a comment in the signature", |s| {
        s.whole.replace("<ds:SignatureValue>", "<ds:SignatureValue><!--x-->")
    }),
    ("a comment before all", |s| format!("<!-- x -->{}", s.whole)),
    ("a comment behind all", |s| format!("{}<!-- x -->", s.whole)),
    ("a processing instruction in the name", |s| {
        s.whole.replace(">alice<", ">al<?x y?>ice<")
    }),
    ("CDATA around the name", |s| {
        s.whole.replace(">alice<", "><![CDATA[alice]]><")
    }),
    ("an element in the name", |s| {
        s.whole.replace(">alice<", ">al<b>ice</b><")
    }),
    ("another audience", |s| {
        s.whole.replace("https://us.example<", "https://spare.example<")
    }),
    ("another recipient", |s| {
        s.whole.replace("/oauth2/token", "/identity/connect/token")
    }),
    ("a later end", |s| s.whole.replace("T08:05:00Z", "T09:05:00Z")),
    ("another ID", |s| s.whole.replace(" ID=\"_a1b2c3\"", " ID=\"_a1b2c4\"")),
    ("another ID, and the reference too", |s| {
        s.whole.replace("_a1b2c3", "_a1b2c4")
    }),
    ("another issuer", |s| {
        s.whole.replace("https://idp.example/metadata", "https://other.example")
    }),
    ("another version", |s| {
        s.whole.replace("Version=\"2.0\"", "Version=\"2.1\"")
    }),
    ("one attribute more", |s| {
        s.whole.replace("SessionIndex", "a=\"b\" SessionIndex")
    }),
    ("a blank more", |s| s.whole.replace("\n", "\n ")),
    ("a DOCTYPE", |s| format!("<!DOCTYPE a>{}", s.whole)),
    ("a DOCTYPE with an entity", |s| {
        format!(
            "<!DOCTYPE a [<!ENTITY e \"mallory\">]>{}",
            s.whole.replace(">alice<", ">&e;<")
        )
    }),
    ("a DOCTYPE that makes another attribute an ID", |s| {
        format!(
            "<!DOCTYPE a [<!ATTLIST saml:Subject ID ID #FIXED \"_a1b2c3\">]>{}",
            s.whole
        )
    }),
    ("a DOCTYPE from elsewhere", |s| {
        format!("<!DOCTYPE a SYSTEM \"http://evil.example/a.dtd\">{}", s.whole)
    }),
    ("an entity of nobody's", |s| s.whole.replace(">alice<", ">&e;<")),
    ("the ID once more, as ID", |s| {
        s.whole.replace("<ds:Signature ", "<ds:Signature ID=\"_a1b2c3\" ")
    }),
    ("the ID once more, as Id", |s| {
        s.whole.replace("<ds:Signature ", "<ds:Signature Id=\"_a1b2c3\" ")
    }),
    ("the ID once more, as xml:id", |s| {
        s.whole.replace("<ds:Signature ", "<ds:Signature xml:id=\"_a1b2c3\" ")
    }),
    ("the ID once more, in a namespace", |s| {
        s.whole
            .replace("<ds:Signature ", "<ds:Signature xmlns:e=\"urn:e\" e:id=\"_a1b2c3\" ")
    }),
    ("the ID twice on the assertion", |s| {
        s.whole.replace(" ID=\"_a1b2c3\"", " Id=\"_a1b2c3\" ID=\"_a1b2c3\"")
    }),
    ("two IDs of one name", |s| {
        s.whole.replace(" ID=\"_a1b2c3\"", " ID=\"_evil\" ID=\"_a1b2c3\"")
    }),
    ("the subject in another namespace", |s| {
        s.whole
            .replace("<saml:Subject>", "<saml:Subject xmlns:saml=\"urn:evil\">")
            .replace("<Subject>", "<Subject xmlns=\"urn:evil\">")
    }),
    ("a name of another namespace before the name", |s| {
        s.whole
            .replacen(":NameID Format", ":NameID xmlns:saml=\"urn:evil\" Format", 1)
            .replacen("<NameID Format", "<NameID xmlns=\"urn:evil\" Format", 1)
    }),
    ("the assertion in the namespace of SAML 1.1", |s| {
        s.whole.replace(
            "urn:oasis:names:tc:SAML:2.0:assertion\"",
            "urn:oasis:names:tc:SAML:1.0:assertion\"",
        )
    }),
    ("a prefix taken back", |s| {
        s.whole.replace("<ds:Signature ", "<ds:Signature xmlns:xs=\"\" ")
    }),
    ("a NUL", |s| s.whole.replace(">alice<", ">alice\0<")),
    ("a NUL by number", |s| s.whole.replace(">alice<", ">alice&#0;<")),
    ("a mark of byte order", |s| format!("\u{feff}{}", s.whole)),
    ("another encoding declared", |s| {
        format!("<?xml version=\"1.0\" encoding=\"UTF-16\"?>{}", s.whole)
    }),
    ("the end cut off", |s| s.whole[..s.whole.len() - 1].to_owned()),
];

/// The signature itself is altered.
const RESIGNED: [Attack; 42] = [
    ("no signature", |s| s.signed_by("")),
    ("two signatures", |s| s.signed_by(&format!("{0}{0}", s.signature))),
    ("a signature in the signature", |s| {
        s.signed_by(&s.signature.replace("</ds:Signature>", &object(&s.signature)))
    }),
    ("the signature at the end", |s| s.with(&within(&s.bare(), &s.signature))),
    ("the signature before the issuer", |s| {
        s.with(&s.bare().replacen('>', &format!(">{}", s.signature), 1))
    }),
    ("the signature in the subject", |s| {
        s.with(&s.bare().replace("Subject>\n", &format!("Subject>{}\n", s.signature)))
    }),
    ("the signature beside the assertion", |s| {
        response(&format!("{}{}", s.signature, s.bare()))
    }),
    ("the signature in another namespace", |s| {
        s.signed_by(
            &s.signature
                .replace("xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"", "xmlns:ds=\"urn:ds\""),
        )
    }),
    ("two SignedInfo", |s| {
        let from = s.signature.find("<ds:SignedInfo>").unwrap();
        let to = s.signature.find("</ds:SignedInfo>").unwrap() + "</ds:SignedInfo>".len();
        s.signed_by(
            &s.signature
                .replace(&s.signature[from..to], &s.signature[from..to].repeat(2)),
        )
    }),
    ("two SignatureValue", |s| {
        s.signed_by(&s.signature.replace(
            "<ds:KeyInfo>",
            "<ds:SignatureValue>AAAA</ds:SignatureValue><ds:KeyInfo>",
        ))
    }),
    ("two references", |s| {
        let from = s.signature.find("<ds:Reference").unwrap();
        let to = s.signature.find("</ds:Reference>").unwrap() + "</ds:Reference>".len();
        s.signed_by(
            &s.signature
                .replace(&s.signature[from..to], &s.signature[from..to].repeat(2)),
        )
    }),
    ("no reference", |s| {
        let from = s.signature.find("<ds:Reference").unwrap();
        let to = s.signature.find("</ds:Reference>").unwrap() + "</ds:Reference>".len();
        s.signed_by(&s.signature.replace(&s.signature[from..to], ""))
    }),
    ("two DigestValue", |s| {
        s.signed_by(&s.signature.replace(
            "<ds:DigestValue>",
            "<ds:DigestValue>AAAA</ds:DigestValue><ds:DigestValue>",
        ))
    }),
    ("an element in the digest", |s| {
        s.signed_by(&s.signature.replace("<ds:DigestValue>", "<ds:DigestValue><a/>"))
    }),
    ("an empty digest", |s| {
        let from = s.signature.find("<ds:DigestValue>").unwrap();
        let to = s.signature.find("</ds:DigestValue>").unwrap();
        s.signed_by(&s.signature.replace(&s.signature[from..to], "<ds:DigestValue>"))
    }),
    ("the digest of nothing", |s| {
        let from = s.signature.find("<ds:DigestValue>").unwrap();
        let to = s.signature.find("</ds:DigestValue>").unwrap();
        let nothing = "<ds:DigestValue>47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
        s.signed_by(&s.signature.replace(&s.signature[from..to], nothing))
    }),
    ("an empty signature value", |s| {
        let from = s.signature.find("<ds:SignatureValue>").unwrap();
        let to = s.signature.find("</ds:SignatureValue>").unwrap();
        s.signed_by(&s.signature.replace(&s.signature[from..to], "<ds:SignatureValue>"))
    }),
    ("a signature value of zeros", |s| {
        let from = s.signature.find("<ds:SignatureValue>").unwrap();
        let to = s.signature.find("</ds:SignatureValue>").unwrap();
        s.signed_by(&s.signature.replace(
            &s.signature[from..to],
            &format!("<ds:SignatureValue>{}", "AAAA".repeat(32)),
        ))
    }),
    ("a signature value that is no base64", |s| {
        s.signed_by(&s.signature.replace("<ds:SignatureValue>", "<ds:SignatureValue>*"))
    }),
    ("a signature value with more in front", |s| {
        s.signed_by(&s.signature.replace("<ds:SignatureValue>", "<ds:SignatureValue>AAAA"))
    }),
    ("text in the signature", |s| {
        s.signed_by(&s.signature.replace("<ds:SignatureValue>", "x<ds:SignatureValue>"))
    }),
    ("text in SignedInfo", |s| {
        s.signed_by(&s.signature.replace("<ds:SignedInfo>", "<ds:SignedInfo>x"))
    }),
    ("an object", |s| {
        s.signed_by(&s.signature.replace("</ds:Signature>", &object("x")))
    }),
    ("RSA with SHA-1", |s| {
        swapped(s, "SignatureMethod", "http://www.w3.org/2000/09/xmldsig#rsa-sha1")
    }),
    ("HMAC by the public key", |s| {
        swapped(
            s,
            "SignatureMethod",
            "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256",
        )
    }),
    ("DSA", |s| {
        swapped(s, "SignatureMethod", "http://www.w3.org/2009/xmldsig11#dsa-sha256")
    }),
    ("an algorithm of nobody's", |s| swapped(s, "SignatureMethod", "")),
    ("the algorithm of another sort of key", |s| {
        let ecdsa = s.signature.contains("#ecdsa-sha256");
        swapped(
            s,
            "SignatureMethod",
            &uri(if ecdsa { "rsa-sha256" } else { "ecdsa-sha256" }),
        )
    }),
    ("the same key with another digest", |s| {
        let ecdsa = s.signature.contains("#ecdsa-sha256");
        swapped(
            s,
            "SignatureMethod",
            &uri(if ecdsa { "ecdsa-sha384" } else { "rsa-sha384" }),
        )
    }),
    ("a digest by SHA-1", |s| {
        swapped(s, "DigestMethod", "http://www.w3.org/2000/09/xmldsig#sha1")
    }),
    ("a digest by MD5", |s| {
        swapped(s, "DigestMethod", "http://www.w3.org/2001/04/xmldsig-more#md5")
    }),
    ("inclusive canonicalization", |s| {
        swapped(
            s,
            "CanonicalizationMethod",
            "http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
        )
    }),
    ("canonicalization with comments", |s| {
        swapped(
            s,
            "CanonicalizationMethod",
            "http://www.w3.org/2001/10/xml-exc-c14n#WithComments",
        )
    }),
    ("a transform by XPath", |s| {
        s.signed_by(&s.signature.replace("<ds:Transforms>", "<ds:Transforms><ds:Transform Algorithm=\"http://www.w3.org/TR/1999/REC-xpath-19991116\"><ds:XPath>//*</ds:XPath></ds:Transform>"))
    }),
    ("a transform by XSLT in place of the first", |s| {
        s.signed_by(
            &s.signature
                .replace(ENVELOPED, "http://www.w3.org/TR/1999/REC-xslt-19991116"),
        )
    }),
    ("transforms the other way round", |s| {
        s.signed_by(
            &s.signature
                .replace(ENVELOPED, "urn:x")
                .replacen(
                    &format!("Transform Algorithm=\"{EXCLUSIVE}"),
                    &format!("Transform Algorithm=\"{ENVELOPED}"),
                    1,
                )
                .replace("urn:x", EXCLUSIVE),
        )
    }),
    ("one transform", |s| {
        s.signed_by(
            &s.signature
                .replace(&format!("<ds:Transform Algorithm=\"{ENVELOPED}\"/>"), ""),
        )
    }),
    ("a reference to the document", |s| {
        s.signed_by(&s.signature.replace("URI=\"#_a1b2c3\"", "URI=\"\""))
    }),
    ("a reference to nothing", |s| {
        s.signed_by(&s.signature.replace("URI=\"#_a1b2c3\"", ""))
    }),
    ("a reference by XPointer", |s| {
        s.signed_by(&s.signature.replace("#_a1b2c3", "#xpointer(id('_a1b2c3'))"))
    }),
    ("a reference to a file", |s| {
        s.signed_by(&s.signature.replace("#_a1b2c3", "/etc/passwd"))
    }),
    ("a list of inclusive namespaces with blanks in it", |s| {
        let transform = format!("<ds:CanonicalizationMethod Algorithm=\"{EXCLUSIVE}\"/>");
        let list = format!("<ec:InclusiveNamespaces xmlns:ec=\"{EXCLUSIVE}\" PrefixList=\"xs  un\"/>");
        s.signed_by(&s.signature.replace(
            &transform,
            &format!(
                "{}>{list}</ds:CanonicalizationMethod>",
                transform.trim_end_matches("/>")
            ),
        ))
    }),
];

/// The signature with another algorithm in this place.
fn swapped(signed: &Signed, place: &str, algorithm: &str) -> String {
    let open = format!("<ds:{place} Algorithm=\"");
    let from = signed.signature.find(&open).unwrap() + open.len();
    let to = from + signed.signature[from..].find('"').unwrap();
    signed.signed_by(&format!(
        "{}{algorithm}{}",
        &signed.signature[..from],
        &signed.signature[to..]
    ))
}

#[test]
fn every_attack_is_refused_and_what_it_was_made_of_is_taken() {
    let mut refused = 0;
    for signed in signed() {
        assert_eq!(signed.judged(&signed.whole).as_deref(), Ok("alice"));
        for (name, attack) in WRAPPED.iter().chain(&ALTERED).chain(&RESIGNED) {
            let forged = attack(&signed);
            assert_ne!(forged, signed.whole, "{name} does nothing");
            let judged = signed.judged(&forged);
            assert!(judged.is_err(), "{name} passes as {judged:?}:\n{forged}");
            refused += 1;
        }
    }
    assert!(refused >= 500, "{refused}");
}

#[test]
fn attacks_are_refused_for_what_they_are() {
    let signed = Signed::of(
        &by_signxml(&[Order::new(Draft::prefixed(), Pair::rsa())]).remove(0),
        Pair::rsa(),
    );
    let found = |attacks: &[Attack], name: &str| {
        let (_, attack) = attacks.iter().find(|(own, _)| own.starts_with(name)).unwrap();
        signed.judged(&attack(&signed)).unwrap_err()
    };
    for (name, fault) in [
        ("XSW3", SamlFault::Assertions { found: 2 }),
        ("XSW8", SamlFault::Assertions { found: 2 }),
        ("not directly", SamlFault::Assertions { found: 0 }),
    ] {
        assert_eq!(found(&WRAPPED, name), fault, "{name}");
    }
    for (name, fault) in [
        ("another user", SamlFault::Digest),
        ("a comment in the name", SamlFault::Comment),
        ("a DOCTYPE", SamlFault::Doctype),
        ("an entity of", SamlFault::Entity),
        ("CDATA", SamlFault::CharacterData),
        ("a processing", SamlFault::Instruction),
        ("the ID once more, as xml:id", SamlFault::RepeatedId),
        ("a prefix taken back", SamlFault::Namespace),
        ("a NUL", SamlFault::Characters),
        ("another encoding", SamlFault::Declaration),
    ] {
        assert_eq!(found(&ALTERED, name), fault, "{name}");
    }
    assert_eq!(found(&RESIGNED, "no signature"), SamlFault::Unsigned);
    assert_eq!(found(&RESIGNED, "two signatures"), SamlFault::Signatures { found: 2 });
    assert_eq!(found(&RESIGNED, "the algorithm of another"), SamlFault::NoKey);
    assert!(matches!(
        found(&RESIGNED, "HMAC"),
        SamlFault::Algorithm {
            place: "SignatureMethod",
            ..
        }
    ));
    assert!(matches!(
        found(&RESIGNED, "two references"),
        SamlFault::SignatureShape { .. }
    ));
}

#[test]
fn the_key_comes_from_configuration_and_never_from_the_assertion() {
    let attacker: &'static Pair = Box::leak(Box::new(Pair::other_rsa()));
    let orders = [
        Order::new(Draft::prefixed(), Pair::rsa()),
        Order::new(Draft::prefixed(), attacker),
    ];
    let [own, forged] = <[String; 2]>::try_from(by_signxml(&orders)).unwrap();
    let (own, forged) = (Signed::of(&own, Pair::rsa()), Signed::of(&forged, Pair::rsa()));
    assert_eq!(own.judged(&forged.whole), Err(SamlFault::Signature));
    assert!(forged.whole.contains("X509Certificate"), "it brings its own key");
    let key = |signed: &Signed| {
        let from = signed.signature.find("<ds:KeyInfo>").unwrap();
        signed.signature[from..].trim_end_matches("</ds:Signature>").to_owned()
    };
    let swapped = own.signed_by(&own.signature.replace(&key(&own), &key(&forged)));
    assert_eq!(
        own.judged(&swapped).as_deref(),
        Ok("alice"),
        "what stands in KeyInfo changes nothing"
    );
    let without = own.signed_by(&own.signature.replace(&key(&own), ""));
    assert_eq!(own.judged(&without).as_deref(), Ok("alice"));
    let trusts_nobody = saml::accept_document(&own.whole, &[], ENDPOINT, NOW);
    assert!(matches!(trusts_nobody, Err(SamlFault::UnknownIssuer { .. })));
}

/// Signed by the provider's own key, in ways that are not taken.
#[test]
fn weak_and_odd_signatures_of_the_provider_are_refused() {
    let draft = Draft::prefixed();
    let usual = || Template::new(uri("rsa-sha256").leak(), &draft.id);
    let transform = |algorithm: &str| format!("<ds:Transform Algorithm=\"{algorithm}\"/>");
    let inclusive = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315";
    let templates = [
        ("none", usual()),
        (
            "SHA-1",
            Template {
                signature: "http://www.w3.org/2000/09/xmldsig#rsa-sha1",
                ..usual()
            },
        ),
        (
            "a digest by SHA-1",
            Template {
                digest: "http://www.w3.org/2000/09/xmldsig#sha1",
                ..usual()
            },
        ),
        (
            "inclusive",
            Template {
                canonicalization: inclusive,
                ..usual()
            },
        ),
        (
            "with comments",
            Template {
                canonicalization: "http://www.w3.org/2001/10/xml-exc-c14n#WithComments",
                ..usual()
            },
        ),
        (
            "an inclusive transform",
            Template {
                transforms: transform(ENVELOPED) + &transform(inclusive),
                ..usual()
            },
        ),
        (
            "one transform",
            Template {
                transforms: transform(ENVELOPED),
                ..usual()
            },
        ),
        (
            "three transforms",
            Template {
                transforms: transform(ENVELOPED) + &transform(EXCLUSIVE) + &transform(EXCLUSIVE),
                ..usual()
            },
        ),
        (
            "the whole document",
            Template {
                uri: String::new(),
                ..usual()
            },
        ),
    ];
    for (name, template) in templates {
        let document = by_xmlsec1(&draft, Pair::rsa(), &template);
        let accepted = saml::accept_document(&document, &[provider(&[Pair::rsa()])], ENDPOINT, NOW);
        assert_eq!(accepted.is_ok(), name == "none", "{name}: {accepted:?}");
    }
}

#[test]
fn encrypted_assertions_are_refused_in_words_that_say_so() {
    let encrypted = "<EncryptedAssertion xmlns=\"urn:oasis:names:tc:SAML:2.0:assertion\"><xenc:EncryptedData xmlns:xenc=\"http://www.w3.org/2001/04/xmlenc#\"/></EncryptedAssertion>";
    let signed = Signed::of(
        &by_signxml(&[Order::new(Draft::prefixed(), Pair::rsa())]).remove(0),
        Pair::rsa(),
    );
    for document in [
        response(encrypted),
        encrypted.to_owned(),
        response(&format!("{}{encrypted}", signed.assertion)),
        signed.whole.replace("saml:NameID", "saml:EncryptedID"),
    ] {
        let fault = signed.judged(&document).unwrap_err();
        assert!(
            fault == SamlFault::Encrypted || matches!(fault, SamlFault::Root { .. }),
            "{fault}"
        );
    }
    assert!(
        signed
            .judged(&response(encrypted))
            .unwrap_err()
            .to_string()
            .contains("encrypted assertions are not supported")
    );
}

/// Small changes at random: whatever is still taken, xmlsec1 takes too, over the same bytes, and it still names the same user.
#[test]
fn whatever_is_taken_xmlsec1_takes_over_the_same_bytes() {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % u64::try_from(below).unwrap()).unwrap()
    };
    let pieces = [
        " ",
        "\n",
        "&#10;",
        "<a/>",
        "x",
        "<!---->",
        " xmlns:q=\"urn:q\"",
        " xmlns=\"urn:q\"",
        "&amp;",
        "\u{e9}",
        " Id=\"_x\"",
        "\t",
        "'",
        "\"",
        "&#xD;",
        "/",
        "",
    ];
    let mut taken = 0;
    for signed in signed() {
        // What stands in KeyInfo is nothing to us, while xmlsec1 minds whether it can be read.
        let key = signed.signature.find("<ds:KeyInfo>").unwrap();
        let without = format!("{}</ds:Signature>", &signed.signature[..key]);
        let signed = Signed::of(&signed.signed_by(&without), signed.pair);
        for _ in 0..500 {
            let mut document = signed.whole.clone();
            let mut at = random(document.len());
            while !document.is_char_boundary(at) {
                at -= 1;
            }
            match random(3) {
                0 => drop(document.remove(at)),
                1 => document.insert_str(at, pieces[random(pieces.len())]),
                _ => {
                    let from = document[at..].find(['<', '"', '>', ' ']).map_or(at, |found| at + found);
                    document.insert_str(from, pieces[random(pieces.len())]);
                }
            }
            if let Ok(user) = signed.judged(&document) {
                assert_eq!(user, "alice", "{document}");
                if document != signed.whole {
                    taken += 1;
                    let providers = [provider(&[signed.pair])];
                    let own = saml::signed_bytes(&document, &providers).ok();
                    assert_eq!(own, verified_by_xmlsec1(&document, signed.pair), "{document}");
                }
            }
        }
    }
    assert!(taken > 20, "{taken}: the comparison must have something to compare");
}
