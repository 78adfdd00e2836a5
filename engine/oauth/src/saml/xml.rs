//! The parser of XML and its canonical form. This file alone names the packages that do the work.
//!
//! Names are compared with their namespaces, attributes are those without one unless said otherwise, and the text of an element is
//! all of it or none: what has children has no text.

use bergshamra_c14n::C14nSink;
use bergshamra_c14n::exclusive::canonicalize_to;
use bergshamra_xml::NodeSet;
use uppsala::{Document, Element, NodeId, NodeKind, Parser};

use super::fault::SamlFault;
use super::limits::{CANONICAL_MOST, NESTED_MOST};

/// A document that was looked over (see [`super::scan`]) and parsed.
pub(super) struct Tree<'a>(Document<'a>);

/// An element of a document.
#[derive(Clone, Copy)]
pub(super) struct Node<'t, 'a> {
    document: &'t Document<'a>,
    element: &'t Element<'a>,
    id: NodeId,
}

impl<'a> Tree<'a> {
    /// Parses what [`super::scan::scan`] gave.
    pub(super) fn parse(scanned: &'a str) -> Result<Self, SamlFault> {
        let depth = u32::try_from(NESTED_MOST).unwrap_or(u32::MAX);
        let parser = Parser::new()
            .with_forbid_dtd(true)
            .with_forbid_entities(true)
            .with_max_depth(depth);
        parser.parse(scanned).map(Self).map_err(|error| SamlFault::Malformed {
            what: error
                .to_string()
                .chars()
                .filter(|one| !one.is_control())
                .take(120)
                .collect(),
        })
    }

    /// The outermost element.
    pub(super) fn root(&self) -> Result<Node<'_, 'a>, SamlFault> {
        let id = self.0.document_element();
        id.and_then(|id| Node::of(&self.0, id))
            .ok_or_else(|| SamlFault::Malformed {
                what: "there is no element".to_owned(),
            })
    }
}

impl PartialEq for Node<'_, '_> {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.document, other.document) && self.id == other.id
    }
}

impl<'t, 'a> Node<'t, 'a> {
    fn of(document: &'t Document<'a>, id: NodeId) -> Option<Self> {
        let element = document.element(id)?;
        Some(Self { document, element, id })
    }

    /// The local part of its name.
    pub(super) fn local_name(self) -> &'t str {
        &self.element.name.local_name
    }

    /// The namespace of its name; empty where there is none.
    pub(super) fn namespace(self) -> &'t str {
        self.element.name.namespace_uri.as_deref().unwrap_or_default()
    }

    /// Whether it has this name in this namespace.
    pub(super) fn is(self, namespace: &str, local_name: &str) -> bool {
        self.namespace() == namespace && self.local_name() == local_name
    }

    /// The elements directly in it, in order.
    pub(super) fn children(self) -> impl Iterator<Item = Node<'t, 'a>> {
        let document = self.document;
        document
            .children_iter(self.id)
            .filter_map(move |id| Self::of(document, id))
    }

    /// Itself and all elements in it.
    pub(super) fn all(self) -> Vec<Node<'t, 'a>> {
        let mut all = vec![self];
        let mut at = 0;
        while let Some(node) = all.get(at).copied() {
            all.extend(node.children());
            at += 1;
        }
        all
    }

    /// Its attributes: namespace, local name, value.
    pub(super) fn attributes(self) -> impl Iterator<Item = (&'t str, &'t str, &'t str)> {
        self.element.attributes.iter().map(|attribute| {
            let namespace = attribute.name.namespace_uri.as_deref().unwrap_or_default();
            (namespace, &*attribute.name.local_name, &*attribute.value)
        })
    }

    /// The value of an attribute without a namespace.
    pub(super) fn attribute(self, name: &str) -> Option<&'t str> {
        let mut own = self.attributes();
        own.find(|(namespace, local_name, _)| namespace.is_empty() && *local_name == name)
            .map(|(_, _, value)| value)
    }

    /// Its text, where it holds nothing but text.
    pub(super) fn text(self) -> Option<String> {
        let mut text = String::new();
        for id in self.document.children_iter(self.id) {
            match self.document.node_kind(id)? {
                NodeKind::Text(piece) => text.push_str(piece),
                NodeKind::Document
                | NodeKind::Element(_)
                | NodeKind::CData(_)
                | NodeKind::Comment(_)
                | NodeKind::ProcessingInstruction(_)
                | NodeKind::Attribute(..) => return None,
            }
        }
        Some(text)
    }

    /// Whether there is anything but elements and white space directly in it.
    pub(super) fn has_text(self) -> bool {
        self.document
            .children_iter(self.id)
            .any(|id| match self.document.node_kind(id) {
                Some(NodeKind::Element(_)) => false,
                Some(NodeKind::Text(text)) => !text.trim_ascii().is_empty(),
                _ => true,
            })
    }

    /// The exclusive canonical form of it and all that is in it but `without`, with these prefixes treated inclusively.
    pub(super) fn canonical(self, without: Option<Node<'t, 'a>>, prefixes: &[&str]) -> Result<String, SamlFault> {
        let mut nodes = NodeSet::tree_without_comments(self.id, self.document);
        if let Some(without) = without {
            nodes = nodes.subtract(&NodeSet::tree_with_comments(without.id, self.document));
        }
        let mut bytes = Bounded::default();
        canonicalize_to(self.document, false, Some(&nodes), prefixes, &mut bytes).map_err(|_| {
            SamlFault::Canonical {
                what: "it cannot be made",
            }
        })?;
        match String::from_utf8(bytes.0) {
            _ if bytes.1 => Err(SamlFault::Canonical { what: "it is too long" }),
            Ok(text) if !text.is_empty() => Ok(text),
            _ => Err(SamlFault::Canonical { what: "it is empty" }),
        }
    }
}

/// Canonical bytes up to a bound, and whether there were more.
#[derive(Default)]
struct Bounded(Vec<u8>, bool);

impl C14nSink for Bounded {
    fn write(&mut self, bytes: &[u8]) {
        if self.0.len() + bytes.len() > CANONICAL_MOST {
            self.1 = true;
        } else {
            self.0.extend_from_slice(bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_canonical_form_is_of_one_element_without_another() {
        let tree = Tree::parse(
            "<r xmlns:p='urn:p' xmlns:q='urn:q'><p:a z='1' b=\"2\">x<p:c><p:d/></p:c><e>&#13;</e></p:a></r>",
        )
        .unwrap();
        let a = tree.root().unwrap().children().next().unwrap();
        let c = a.children().next().unwrap();
        assert_eq!(
            a.canonical(None, &[]).unwrap(),
            r#"<p:a xmlns:p="urn:p" b="2" z="1">x<p:c><p:d></p:d></p:c><e>&#xD;</e></p:a>"#
        );
        assert_eq!(
            a.canonical(Some(c), &["q"]).unwrap(),
            r#"<p:a xmlns:p="urn:p" xmlns:q="urn:q" b="2" z="1">x<e>&#xD;</e></p:a>"#
        );
        assert!(a.canonical(Some(a), &[]).is_err(), "nothing is left");
    }

    #[test]
    fn names_have_namespaces_and_text_is_all_or_none() {
        let tree = Tree::parse("<a xmlns='urn:x' xmlns:y='urn:y' y:ID='1'><b>t&amp;u</b><c>t<d/></c> </a>").unwrap();
        let root = tree.root().unwrap();
        assert!(root.is("urn:x", "a") && !root.is("", "a") && !root.is("urn:y", "a"));
        assert_eq!(root.attribute("ID"), None);
        let texts: Vec<Option<String>> = root.children().map(Node::text).collect();
        assert_eq!(texts, [Some("t&u".to_owned()), None]);
        assert!(!root.has_text() && root.children().all(Node::has_text));
        assert_eq!(root.all().len(), 4);
    }

    #[test]
    fn what_is_not_well_formed_is_no_tree() {
        for bad in [
            "<a>",
            "<a></b>",
            "<p:a/>",
            "<a b='1' b='2'/>",
            "<a/><b/>",
            "<a/>x",
            "<a xmlns:p='u' xmlns:q='u' p:b='' q:b=''/>",
            "<a p:b=''/>",
        ] {
            assert!(matches!(Tree::parse(bad), Err(SamlFault::Malformed { .. })), "{bad}");
        }
    }

    #[test]
    fn a_canonical_form_has_a_bound() {
        let long = format!("<a>{}</a>", ">".repeat(CANONICAL_MOST / 4 + 1));
        let tree = Tree::parse(&long).unwrap();
        let fault = tree.root().unwrap().canonical(None, &[]).unwrap_err();
        assert_eq!(fault, SamlFault::Canonical { what: "it is too long" });
    }
}
