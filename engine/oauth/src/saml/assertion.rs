//! What an assertion says, read from the bytes that were signed.

use tollgate::Timestamp;

use super::fault::SamlFault;
use super::moment::moment;
use super::names::ASSERTION;
use super::xml::Node;

/// The claims of an assertion, all of them believed as its provider's word, none yet judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Assertion {
    pub(super) id: String,
    pub(super) issuer: String,
    pub(super) issued_at: Timestamp,
    pub(super) name_id: Option<NameId>,
    pub(super) confirmations: Vec<Confirmation>,
    pub(super) bounds: Bounds,
    /// One list for each `AudienceRestriction`.
    pub(super) audiences: Vec<Vec<String>>,
    pub(super) attributes: Vec<NamedValues>,
    /// When the user showed who they are, and when what came of it ends.
    pub(super) authenticated_at: Option<Timestamp>,
    pub(super) session_ends: Option<Timestamp>,
}

/// The name of an attribute, and the text of each value that is nothing but text.
pub(super) type NamedValues = (String, Vec<Option<String>>);

/// Who the subject is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NameId {
    pub(super) format: Option<String>,
    pub(super) text: String,
}

/// How the one who presents an assertion may show that it is theirs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Confirmation {
    pub(super) method: String,
    pub(super) recipient: Option<String>,
    pub(super) bounds: Bounds,
}

/// From when and until when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) struct Bounds {
    pub(super) not_before: Option<Timestamp>,
    pub(super) not_on_or_after: Option<Timestamp>,
}

const PARTS: [&str; 8] = [
    "Issuer",
    "Subject",
    "Conditions",
    "Advice",
    "AuthnStatement",
    "AttributeStatement",
    "AuthzDecisionStatement",
    "Statement",
];

impl Assertion {
    pub(super) fn read(root: Node<'_, '_>) -> Result<Self, SamlFault> {
        let is_known = |child: Node<'_, '_>| child.namespace() == ASSERTION && PARTS.contains(&child.local_name());
        if !root.is(ASSERTION, "Assertion") || root.has_text() || !root.children().all(is_known) {
            return Err(shape(
                "an Assertion of Issuer, Subject, Conditions, Advice and statements, and nothing else",
            ));
        }
        let subject = one(root, "Subject", "exactly one Subject")?;
        let conditions = one(root, "Conditions", "exactly one Conditions")?;
        let statements = || named(root, "AuthnStatement");
        let statement = statements().next();
        if statements().count() > 1 {
            return Err(shape("at most one AuthnStatement"));
        }
        let of_statement = |place| statement.map_or(Ok(None), |node| time(node, place));
        Ok(Self {
            id: root.attribute("ID").unwrap_or_default().to_owned(),
            issuer: issuer(root)?,
            issued_at: time(root, "IssueInstant")?.ok_or(shape("an IssueInstant"))?,
            name_id: name_id(subject)?,
            confirmations: named(subject, "SubjectConfirmation")
                .map(confirmation)
                .collect::<Result<_, _>>()?,
            bounds: bounds(conditions)?,
            audiences: audiences(conditions)?,
            attributes: attributes(root)?,
            authenticated_at: of_statement("AuthnInstant")?,
            session_ends: of_statement("SessionNotOnOrAfter")?,
        })
    }
}

fn issuer(root: Node<'_, '_>) -> Result<String, SamlFault> {
    const EXPECTED: SamlFault = shape("exactly one Issuer with nothing but an entity ID in it");
    let issuer = one(root, "Issuer", "exactly one Issuer")?;
    let is_entity = issuer
        .attribute("Format")
        .is_none_or(|format| format == "urn:oasis:names:tc:SAML:2.0:nameid-format:entity");
    issuer.text().filter(|_| is_entity).ok_or(EXPECTED)
}

fn name_id(subject: Node<'_, '_>) -> Result<Option<NameId>, SamlFault> {
    let Some(node) = named(subject, "NameID").next() else {
        return Ok(None);
    };
    let node = one(subject, "NameID", "exactly one NameID").map(|_| node)?;
    let text = node.text().ok_or(shape("a NameID with nothing but text in it"))?;
    let format = node.attribute("Format").map(str::to_owned);
    Ok(Some(NameId { format, text }))
}

fn confirmation(node: Node<'_, '_>) -> Result<Confirmation, SamlFault> {
    let method = node.attribute("Method").unwrap_or_default().to_owned();
    let mut parts = named(node, "SubjectConfirmationData");
    let data = parts.next();
    if parts.next().is_some() {
        return Err(shape("at most one SubjectConfirmationData in a SubjectConfirmation"));
    }
    Ok(Confirmation {
        method,
        recipient: data.and_then(|data| data.attribute("Recipient")).map(str::to_owned),
        bounds: data.map_or(Ok(Bounds::default()), bounds)?,
    })
}

/// The restrictions of audience. A condition that nobody here knows makes the assertion invalid (SAML 2.0 core section 2.5.1).
fn audiences(conditions: Node<'_, '_>) -> Result<Vec<Vec<String>>, SamlFault> {
    let mut restrictions = Vec::new();
    for condition in conditions.children() {
        match condition.local_name() {
            _ if condition.namespace() != ASSERTION => return Err(SamlFault::Condition),
            "AudienceRestriction" => {
                let named = condition.children().map(|audience| {
                    let is_audience = audience.is(ASSERTION, "Audience");
                    audience.text().filter(|_| is_audience)
                });
                let expected = shape("an AudienceRestriction of Audience elements with nothing but text in them");
                restrictions.push(named.collect::<Option<Vec<_>>>().ok_or(expected)?);
            }
            // Every assertion is used once, and nothing is passed on.
            "OneTimeUse" | "ProxyRestriction" => {}
            _ => return Err(SamlFault::Condition),
        }
    }
    Ok(restrictions)
}

fn attributes(root: Node<'_, '_>) -> Result<Vec<NamedValues>, SamlFault> {
    let statements = named(root, "AttributeStatement");
    let attributes = statements.flat_map(|statement| named(statement, "Attribute"));
    let read = |attribute: Node<'_, '_>| {
        let name = attribute.attribute("Name").ok_or(shape("a Name of each Attribute"))?;
        let values = named(attribute, "AttributeValue").map(Node::text).collect();
        Ok((name.to_owned(), values))
    };
    attributes.map(read).collect()
}

fn bounds(node: Node<'_, '_>) -> Result<Bounds, SamlFault> {
    Ok(Bounds {
        not_before: time(node, "NotBefore")?,
        not_on_or_after: time(node, "NotOnOrAfter")?,
    })
}

fn time(node: Node<'_, '_>, place: &'static str) -> Result<Option<Timestamp>, SamlFault> {
    let Some(text) = node.attribute(place) else {
        return Ok(None);
    };
    moment(text).map(Some).ok_or(SamlFault::Moment { place })
}

/// The children of this name.
fn named<'t, 'a>(node: Node<'t, 'a>, name: &'static str) -> impl Iterator<Item = Node<'t, 'a>> {
    node.children().filter(move |child| child.is(ASSERTION, name))
}

/// The only child of this name.
fn one<'t, 'a>(node: Node<'t, 'a>, name: &'static str, expected: &'static str) -> Result<Node<'t, 'a>, SamlFault> {
    let mut all = named(node, name);
    match (all.next(), all.next()) {
        (Some(one), None) => Ok(one),
        _ => Err(shape(expected)),
    }
}

const fn shape(expected: &'static str) -> SamlFault {
    SamlFault::Shape { expected }
}
