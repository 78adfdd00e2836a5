//! The one shape of a signature that is taken, and whether it holds.
//!
//! The key comes from configuration and never from `KeyInfo`. The signature is verified before anything that it refers to is looked
//! at; then what was signed is read again from the very bytes that were verified.

use super::algorithm::{DigestMethod, SignatureMethod};
use super::certificate::{key_of, of_base64};
use super::fault::SamlFault;
use super::limits::PREFIXES_MOST;
use super::names::{ENVELOPED, EXCLUSIVE, SIGNATURE};
use super::scan::scan;
use super::xml::{Node, Tree};

/// What was signed, in its canonical form: claims are read from this and from nothing else.
pub(super) struct SignedBytes {
    text: String,
    prefixes: Vec<String>,
}

impl SignedBytes {
    /// Parses the canonical form. It must be the canonical form of what it parses to, or parser and canonicaliser do not mean
    /// the same by it.
    pub(super) fn tree(&self) -> Result<Tree<'_>, SamlFault> {
        let prefixes: Vec<&str> = self.prefixes.iter().map(String::as_str).collect();
        parsed_again(&self.text, &prefixes)
    }

    /// The canonical form itself.
    pub(super) fn as_str(&self) -> &str {
        &self.text
    }
}

fn parsed_again<'a>(canonical: &'a str, prefixes: &[&str]) -> Result<Tree<'a>, SamlFault> {
    let tree = Tree::parse(scan(canonical)?)?;
    if tree.root()?.canonical(None, prefixes)? != canonical {
        let what = "it does not say what it was made from";
        return Err(SamlFault::Canonical { what });
    }
    Ok(tree)
}

/// Whether a canonical form is read again as what it was made from, or refused for being too much of something.
pub(super) fn is_own_canonical_form(canonical: &str) -> bool {
    matches!(parsed_again(canonical, &[]), Ok(_) | Err(SamlFault::TooMuch { .. }))
}

/// The bytes of `assertion` that `signature`, a child of it, covers, where a key of `certificates` has signed them.
pub(super) fn verify<'t>(
    assertion: Node<'t, '_>,
    signature: Node<'t, '_>,
    certificates: &[Vec<u8>],
) -> Result<SignedBytes, SamlFault> {
    let (signed_info, value) = parts(signature)?;
    let claimed = Signed::read(signed_info)?;
    let canonical = signed_info.canonical(None, &claimed.prefixes)?;
    made_by(certificates, claimed.method, canonical.as_bytes(), &value)?;

    let signed = parsed_again(&canonical, &claimed.prefixes)?;
    let signed = Signed::read(signed.root()?)?;
    let id = assertion.attribute("ID").unwrap_or_default();
    if id.is_empty() || signed.reference.strip_prefix('#') != Some(id) {
        return Err(SamlFault::Reference {
            found: cut(signed.reference),
        });
    }
    let text = assertion.canonical(Some(signature), &signed.reference_prefixes)?;
    if signed.digest_method.digest(text.as_bytes()) != signed.digest {
        return Err(SamlFault::Digest);
    }
    let prefixes = signed
        .reference_prefixes
        .iter()
        .map(|prefix| (*prefix).to_owned())
        .collect();
    Ok(SignedBytes { text, prefixes })
}

/// `SignedInfo` and the bytes of `SignatureValue`.
fn parts<'t, 'a>(signature: Node<'t, 'a>) -> Result<(Node<'t, 'a>, Vec<u8>), SamlFault> {
    let expected = "SignedInfo, SignatureValue and perhaps KeyInfo in this order, and nothing else";
    let children: Vec<Node<'_, '_>> = signature.children().collect();
    let (info, value) = match children.as_slice() {
        [info, value] => (*info, *value),
        [info, value, key] if key.is(SIGNATURE, "KeyInfo") => (*info, *value),
        _ => return Err(SamlFault::SignatureShape { expected }),
    };
    if !info.is(SIGNATURE, "SignedInfo") || !value.is(SIGNATURE, "SignatureValue") || signature.has_text() {
        return Err(SamlFault::SignatureShape { expected });
    }
    Ok((info, bytes(value, "a SignatureValue in base64 and nothing else in it")?))
}

fn made_by(certificates: &[Vec<u8>], method: SignatureMethod, signed: &[u8], value: &[u8]) -> Result<(), SamlFault> {
    let mut refused = SamlFault::NoKey;
    for key in certificates
        .iter()
        .filter_map(|certificate| key_of(certificate, method))
    {
        if key.verify_sig(signed, value).is_ok() {
            return Ok(());
        }
        refused = SamlFault::Signature;
    }
    Err(refused)
}

/// What a `SignedInfo` says.
struct Signed<'t> {
    prefixes: Vec<&'t str>,
    method: SignatureMethod,
    reference: &'t str,
    reference_prefixes: Vec<&'t str>,
    digest_method: DigestMethod,
    digest: Vec<u8>,
}

impl<'t> Signed<'t> {
    fn read(info: Node<'t, '_>) -> Result<Self, SamlFault> {
        let names = ["CanonicalizationMethod", "SignatureMethod", "Reference"];
        let expected = "a SignedInfo of CanonicalizationMethod, SignatureMethod and exactly one Reference";
        let [canonicalization, method, reference] = exactly(info, names, expected)?;
        let names = ["Transforms", "DigestMethod", "DigestValue"];
        let expected = "a Reference of Transforms, DigestMethod and DigestValue";
        let [transforms, digest_method, digest] = exactly(reference, names, expected)?;
        let expected = "exactly two Transforms: enveloped signature, then exclusive canonicalization";
        let [enveloped, exclusive] = exactly(transforms, ["Transform", "Transform"], expected)?;

        let is_known = |uri: &str| (uri == ENVELOPED).then_some(());
        algorithm(enveloped, "first Transform", "the enveloped signature", is_known)?;
        empty(enveloped)?;
        Ok(Self {
            prefixes: exclusive_prefixes(canonicalization, "CanonicalizationMethod")?,
            method: plain(
                method,
                "SignatureMethod",
                "RSA or ECDSA with SHA-256 and more",
                SignatureMethod::named,
            )?,
            reference: reference.attribute("URI").unwrap_or_default(),
            reference_prefixes: exclusive_prefixes(exclusive, "second Transform")?,
            digest_method: plain(
                digest_method,
                "DigestMethod",
                "SHA-256, SHA-384 or SHA-512",
                DigestMethod::named,
            )?,
            digest: bytes(digest, "a DigestValue in base64 and nothing else in it")?,
        })
    }
}

/// The children of an element, which must be these and no others, all of XML signatures.
fn exactly<'t, 'a, const N: usize>(
    node: Node<'t, 'a>,
    names: [&str; N],
    expected: &'static str,
) -> Result<[Node<'t, 'a>; N], SamlFault> {
    let children: Vec<Node<'t, 'a>> = node.children().collect();
    let children = <[Node<'t, 'a>; N]>::try_from(children).map_err(|_| SamlFault::SignatureShape { expected })?;
    let fits = children
        .iter()
        .zip(names)
        .all(|(child, name)| child.is(SIGNATURE, name));
    if !fits || node.has_text() {
        return Err(SamlFault::SignatureShape { expected });
    }
    Ok(children)
}

/// The algorithm that an element without parameters names.
fn plain<T>(
    node: Node<'_, '_>,
    place: &'static str,
    expected: &'static str,
    known: impl Fn(&str) -> Option<T>,
) -> Result<T, SamlFault> {
    empty(node)?;
    algorithm(node, place, expected, known)
}

fn algorithm<T>(
    node: Node<'_, '_>,
    place: &'static str,
    expected: &'static str,
    known: impl Fn(&str) -> Option<T>,
) -> Result<T, SamlFault> {
    let uri = node.attribute("Algorithm").unwrap_or_default();
    known(uri).ok_or_else(|| SamlFault::Algorithm {
        place,
        expected,
        found: cut(uri),
    })
}

/// Refuses parameters: lengths of truncated digests, expressions, style sheets.
fn empty(node: Node<'_, '_>) -> Result<(), SamlFault> {
    if node.text().is_some_and(|text| text.trim_ascii().is_empty()) {
        return Ok(());
    }
    let expected = "algorithms without parameters but a list of inclusive namespaces";
    Err(SamlFault::SignatureShape { expected })
}

/// The list of inclusive namespaces of what must be exclusive canonicalization without comments.
fn exclusive_prefixes<'t>(node: Node<'t, '_>, place: &'static str) -> Result<Vec<&'t str>, SamlFault> {
    let is_known = |uri: &str| (uri == EXCLUSIVE).then_some(());
    algorithm(node, place, "exclusive canonicalization without comments", is_known)?;
    let expected =
        "at most one InclusiveNamespaces, with a PrefixList of at most 32 prefixes that single blanks stand between";
    let children: Vec<Node<'_, '_>> = node.children().collect();
    let list = match children.as_slice() {
        [] => {
            empty(node)?;
            return Ok(Vec::new());
        }
        [list] if list.is(EXCLUSIVE, "InclusiveNamespaces") && !node.has_text() => *list,
        _ => return Err(SamlFault::SignatureShape { expected }),
    };
    empty(list)?;
    // Readers differ in what an empty word between two blanks means.
    let prefixes: Vec<&str> = list.attribute("PrefixList").unwrap_or_default().split(' ').collect();
    if prefixes.len() > PREFIXES_MOST || !prefixes.iter().all(|prefix| is_prefix(prefix)) {
        return Err(SamlFault::SignatureShape { expected });
    }
    Ok(prefixes)
}

/// Whether a word of a list can be the prefix of a namespace, or stands for the default one.
fn is_prefix(word: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    word == "#default" || (!word.is_empty() && word.bytes().all(is_plain))
}

fn bytes(node: Node<'_, '_>, expected: &'static str) -> Result<Vec<u8>, SamlFault> {
    let decoded = node.text().and_then(|text| of_base64(&text));
    decoded.ok_or(SamlFault::SignatureShape { expected })
}

/// As much of what an assertion says as a line of the log has room for.
pub(super) fn cut(text: &str) -> String {
    text.chars().take(200).collect::<String>().escape_debug().to_string()
}
