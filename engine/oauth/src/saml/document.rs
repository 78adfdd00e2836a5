//! Which element of a document is the assertion, and which its signature: one of each, in the one place where they may stand.

use super::fault::SamlFault;
use super::names::{ASSERTION, ENCRYPTION, PROTOCOL, SIGNATURE};
use super::signature::cut;
use super::xml::Node;

/// An assertion of which nothing is believed yet.
#[derive(Clone, Copy)]
pub(super) struct Found<'t, 'a> {
    pub(super) assertion: Node<'t, 'a>,
    pub(super) signature: Node<'t, 'a>,
    issuer: Node<'t, 'a>,
}

impl<'t, 'a> Found<'t, 'a> {
    /// Finds the assertion below `root`: the root itself, or the child of a response. What else a response says is not signed and
    /// not read.
    pub(super) fn below(root: Node<'t, 'a>) -> Result<Self, SamlFault> {
        let all = root.all();
        let is_encrypted = |node: &Node<'_, '_>| {
            node.namespace() == ENCRYPTION
                || (node.namespace() == ASSERTION && node.local_name().starts_with("Encrypted"))
        };
        if all.iter().any(is_encrypted) {
            return Err(SamlFault::Encrypted);
        }
        let assertion = one_assertion(root, &all)?;
        let is_current = assertion.attribute("Version") == Some("2.0");
        if !is_current || !assertion.attribute("ID").is_some_and(is_name) {
            return Err(SamlFault::Version);
        }
        no_id_twice(&all)?;
        let signatures: Vec<Node<'t, 'a>> = all.into_iter().filter(|node| node.is(SIGNATURE, "Signature")).collect();
        let mut children = assertion.children();
        match (children.next(), children.next(), signatures.as_slice()) {
            (_, _, []) => Err(SamlFault::Unsigned),
            (_, _, [_, _, ..]) => Err(SamlFault::Signatures {
                found: signatures.len(),
            }),
            (Some(issuer), Some(second), [signature]) if second == *signature && issuer.is(ASSERTION, "Issuer") => {
                Ok(Self {
                    assertion,
                    signature: second,
                    issuer,
                })
            }
            _ => Err(SamlFault::Unsigned),
        }
    }

    /// Whom the assertion names as its issuer, unbelieved: to choose certificates by, and for nothing else.
    pub(super) fn claimed_issuer(&self) -> String {
        self.issuer.text().unwrap_or_default()
    }
}

fn one_assertion<'t, 'a>(root: Node<'t, 'a>, all: &[Node<'t, 'a>]) -> Result<Node<'t, 'a>, SamlFault> {
    let is_response = root.is(PROTOCOL, "Response");
    if !is_response && !root.is(ASSERTION, "Assertion") {
        let found = cut(&format!("{} {}", root.local_name(), root.namespace()));
        return Err(SamlFault::Root { found });
    }
    let assertions: Vec<&Node<'t, 'a>> = all.iter().filter(|node| node.is(ASSERTION, "Assertion")).collect();
    let [assertion] = assertions.as_slice() else {
        return Err(SamlFault::Assertions {
            found: assertions.len(),
        });
    };
    let is_in_place = if is_response {
        root.children().any(|child| child == **assertion)
    } else {
        **assertion == root
    };
    if is_in_place {
        Ok(**assertion)
    } else {
        Err(SamlFault::Assertions { found: 0 })
    }
}

/// Whatever any program takes for an ID, in all namespaces and spellings: no value stands twice.
fn no_id_twice(all: &[Node<'_, '_>]) -> Result<(), SamlFault> {
    let attributes = all.iter().flat_map(|node| node.attributes());
    let mut ids: Vec<&str> = attributes
        .filter(|(_, name, _)| name.eq_ignore_ascii_case("id") || name.eq_ignore_ascii_case("AssertionID"))
        .map(|(_, _, value)| value.trim_ascii())
        .collect();
    ids.sort_unstable();
    if ids.windows(2).any(|pair| matches!(pair, [one, other] if one == other)) {
        return Err(SamlFault::RepeatedId);
    }
    Ok(())
}

/// Whether a text can be an `xs:ID`, as far as it matters: no white space and nothing that means something in a URI.
fn is_name(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    (1..=255).contains(&text.len()) && text.bytes().all(plain) && !text.starts_with(|one: char| one.is_ascii_digit())
}
