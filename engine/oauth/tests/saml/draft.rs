//! Assertions before they are signed.

use tollgate::{IdentityProvider, SubjectMapping, Timestamp};

use crate::minting::Pair;

/// 2027-01-15T08:00:00Z.
pub(crate) const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);
pub(crate) const ISSUER: &str = "https://idp.example/metadata";
pub(crate) const AUDIENCE: &str = "https://us.example";
pub(crate) const ENDPOINT: &str = "https://us.example/oauth2/token";
/// Where a signature is to come, in the words of signxml; those of xmlsec1 take its place.
pub(crate) const PLACE: &str = r#"<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"></ds:Signature>"#;

/// An assertion that holds, in pieces that a test may replace.
#[derive(Clone)]
pub(crate) struct Draft {
    pub(crate) id: String,
    pub(crate) head: String,
    pub(crate) issuer: String,
    pub(crate) subject: String,
    pub(crate) conditions: String,
    pub(crate) statements: String,
    /// Written around the assertion.
    pub(crate) around: (String, String),
    /// `saml:` or nothing.
    prefix: &'static str,
}

impl Draft {
    /// With a prefix, as Shibboleth and Keycloak write them.
    pub(crate) fn prefixed() -> Self {
        Self::new("saml:", r#"xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion""#)
    }

    /// With a default namespace, as AD FS and Entra ID write them.
    pub(crate) fn unprefixed() -> Self {
        Self::new("", r#"xmlns="urn:oasis:names:tc:SAML:2.0:assertion""#)
    }

    fn new(p: &'static str, namespace: &str) -> Self {
        Self {
            id: "_a1b2c3".to_owned(),
            head: format!(
                r#"{namespace} xmlns:xs="http://www.w3.org/2001/XMLSchema" Version="2.0" IssueInstant="2027-01-15T07:59:30.123Z""#
            ),
            issuer: format!("<{p}Issuer>{ISSUER}</{p}Issuer>"),
            subject: format!(
                r#"<{p}Subject>
    <{p}NameID Format="urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified">alice</{p}NameID>
    <{p}SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><{p}SubjectConfirmationData NotOnOrAfter="2027-01-15T08:05:00Z" Recipient="{ENDPOINT}"/></{p}SubjectConfirmation>
  </{p}Subject>"#
            ),
            conditions: format!(
                r#"<{p}Conditions NotBefore="2027-01-15T07:59:00Z" NotOnOrAfter="2027-01-15T08:05:00Z"><{p}AudienceRestriction><{p}Audience>{AUDIENCE}</{p}Audience></{p}AudienceRestriction></{p}Conditions>"#
            ),
            statements: format!(
                r#"<{p}AuthnStatement AuthnInstant="2027-01-15T07:58:00Z" SessionIndex="s1"><{p}AuthnContext><{p}AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:Password</{p}AuthnContextClassRef></{p}AuthnContext></{p}AuthnStatement>
  <{p}AttributeStatement><{p}Attribute Name="email"><{p}AttributeValue xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="xs:string">alice@us.example</{p}AttributeValue></{p}Attribute><{p}Attribute Name="groups"><{p}AttributeValue>a &amp; b</{p}AttributeValue><{p}AttributeValue>Zoë &lt;&#13;&#9;&gt;</{p}AttributeValue></{p}Attribute></{p}AttributeStatement>"#
            ),
            around: (String::new(), String::new()),
            prefix: p,
        }
    }

    /// In a response whose namespaces and prefixes get in the way.
    pub(crate) fn in_response(mut self) -> Self {
        self.around = (
            r#"<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns="urn:else" xmlns:un="urn:used" ID="_r1" Version="2.0" IssueInstant="2027-01-15T07:59:30Z"><samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status>"#.to_owned(),
            "</samlp:Response>".to_owned(),
        );
        self
    }

    /// The text with the place of the signature in it.
    pub(crate) fn text(&self) -> String {
        let Self {
            id,
            head,
            issuer,
            subject,
            conditions,
            statements,
            around,
            prefix,
        } = self;
        format!(
            "{}<{prefix}Assertion {head} ID=\"{id}\">\n  {issuer}{PLACE}{subject}\n  {conditions}\n  {statements}\n</{prefix}Assertion>{}",
            around.0, around.1
        )
    }
}

/// What this server trusts of the provider.
pub(crate) fn provider(pairs: &[&Pair]) -> IdentityProvider {
    IdentityProvider {
        issuer: ISSUER.to_owned(),
        certificates: pairs.iter().map(|pair| pair.certificate.clone()).collect(),
        audiences: vec!["https://spare.example".parse().unwrap(), AUDIENCE.parse().unwrap()],
        recipient: None,
        subject: SubjectMapping::NameId,
        skew_s: 60,
        creates_users: false,
    }
}
