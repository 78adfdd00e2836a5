//! Why an assertion is refused, in words for the log. Outside, each of them is `invalid_grant` and no more.

use super::limits::{CERTIFIED_BITS_LEAST, ENCODED_MOST, LIFETIME_S_MOST, NESTED_MOST, TAG_MOST, TAGS_MOST};

/// Why an assertion is refused.
///
/// What is repeated of an assertion is what its provider must have meant to say, escaped and cut; nothing of it is secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SamlFault {
    // --- before it is parsed
    /// Longer than any that is read.
    #[error("expected an assertion of at most {ENCODED_MOST} bytes, got {len}")]
    Long {
        /// How long it is.
        len: usize,
    },
    /// No base64 of the form that the grant asks for.
    #[error("expected {expected}")]
    Encoding {
        /// What was expected.
        expected: &'static str,
    },
    /// Not text, or text with characters that XML does not have.
    #[error("expected XML 1.0 in UTF-8, but found bytes that are neither, or a character that XML does not know")]
    Characters,
    /// A declaration of another version or encoding.
    #[error("expected XML 1.0 in UTF-8, but the XML declaration says another version or encoding")]
    Declaration,
    /// A document type declaration.
    #[error("a DOCTYPE has no place in an assertion")]
    Doctype,
    /// A comment.
    #[error("a comment has no place in an assertion: readers differ in what it does to the text around it")]
    Comment,
    /// A CDATA section.
    #[error("a CDATA section has no place in an assertion")]
    CharacterData,
    /// A processing instruction.
    #[error("a processing instruction has no place in an assertion")]
    Instruction,
    /// A reference to anything but the five entities and characters that XML knows by itself.
    #[error(
        "expected only the references that XML knows by itself (&amp; &lt; &gt; &quot; &apos; and characters by number)"
    )]
    Entity,
    /// Too much of something.
    #[error(
        "expected at most {NESTED_MOST} elements inside each other, {TAGS_MOST} in all, and {TAG_MOST} bytes in a tag, but there is more: {what}"
    )]
    TooMuch {
        /// Of what.
        what: &'static str,
    },
    /// A namespace that is declared in a way that XML forbids.
    #[error("a namespace is declared in a way that XML forbids")]
    Namespace,
    /// Not well-formed.
    #[error("expected well-formed XML with namespaces: {what}")]
    Malformed {
        /// What is wrong.
        what: String,
    },

    // --- before the signature is verified
    /// Neither an assertion nor a response with one.
    #[error(
        "expected an Assertion of SAML 2.0, or a Response that holds one, but the document is neither: it begins with <{found}>"
    )]
    Root {
        /// What it is.
        found: String,
    },
    /// An encrypted assertion, or one with encrypted parts.
    #[error(
        "the assertion or a part of it is encrypted, and encrypted assertions are not supported: have the provider send it signed, and not encrypted"
    )]
    Encrypted,
    /// None, or several.
    #[error("expected exactly one Assertion in the document, found {found}")]
    Assertions {
        /// How many.
        found: usize,
    },
    /// Another version of SAML.
    #[error("expected an Assertion of Version 2.0 with an ID")]
    Version,
    /// One ID in two places, or in a way that readers differ about.
    #[error("an ID stands in two places: which element is signed cannot be told")]
    RepeatedId,
    /// No signature.
    #[error(
        "expected a signed Assertion: a Signature as its child, right after the Issuer (a Response that is signed instead does not do)"
    )]
    Unsigned,
    /// More than one signature.
    #[error(
        "expected exactly one Signature in the document, found {found}: have the provider sign the Assertion alone"
    )]
    Signatures {
        /// How many.
        found: usize,
    },
    /// A signature of another shape than the one that is taken.
    #[error("expected a Signature with {expected}")]
    SignatureShape {
        /// What was expected.
        expected: &'static str,
    },
    /// An algorithm that is not taken.
    #[error("expected as {place} {expected}, got `{found}`")]
    Algorithm {
        /// Where it stands.
        place: &'static str,
        /// What is taken there.
        expected: &'static str,
        /// What stands there.
        found: String,
    },
    /// A signature over something else.
    #[error("expected a Reference to the Assertion that the Signature stands in (URI=\"#\" and its ID), got `{found}`")]
    Reference {
        /// What it refers to.
        found: String,
    },
    /// An issuer whom nobody has told us to trust.
    #[error("expected an Issuer that is a trusted identity provider, got `{found}`: see `tollgate idp list`")]
    UnknownIssuer {
        /// Whom it names.
        found: String,
    },

    // --- the signature itself
    /// No certificate of the provider's has a key for this algorithm.
    #[error(
        "none of the provider's certificates has a key for this signature (RSA of {CERTIFIED_BITS_LEAST} bits and more, P-256 for SHA-256, P-384 for SHA-384)"
    )]
    NoKey,
    /// No key of the provider's has made it.
    #[error("none of the provider's certificates has made this signature: another key, or the signature was altered")]
    Signature,
    /// What was signed is something else.
    #[error("the Assertion is not what was signed: its digest differs")]
    Digest,
    /// Canonical bytes that cannot be made, are none, or do not say what they were made from.
    #[error("the canonical form of what was signed cannot be had: {what}")]
    Canonical {
        /// What is wrong.
        what: &'static str,
    },

    // --- what the signed bytes say
    /// Something that must be there once, or be of a certain shape.
    #[error("expected {expected}")]
    Shape {
        /// What was expected.
        expected: &'static str,
    },
    /// A moment that cannot be read.
    #[error("expected in {place} a moment like 2026-01-31T12:00:00Z")]
    Moment {
        /// Where.
        place: &'static str,
    },
    /// For somebody else.
    #[error(
        "the Assertion is meant for another audience: expected one of the audiences of the provider in each AudienceRestriction, got `{found}`"
    )]
    Audience {
        /// For whom.
        found: String,
    },
    /// A condition that nobody here knows.
    #[error("the Assertion has a condition that is not known here")]
    Condition,
    /// No confirmation by bearer.
    #[error("expected a SubjectConfirmation by bearer")]
    NoBearer,
    /// Confirmed for another endpoint.
    #[error("expected the Recipient `{expected}`, got `{found}`")]
    Recipient {
        /// Which is ours.
        expected: String,
        /// Which it names.
        found: String,
    },
    /// Not yet good.
    #[error("the Assertion is not good yet ({place})")]
    Early {
        /// By what.
        place: &'static str,
    },
    /// Not good any more.
    #[error("the Assertion is not good any more ({place})")]
    Late {
        /// By what.
        place: &'static str,
    },
    /// Good for too long to remember that it was used.
    #[error("expected an Assertion that is good for at most {LIFETIME_S_MOST} seconds from now")]
    LongLived,
    /// A name that no user could have.
    #[error("expected the name of a user in {place}, and what stands there cannot be one")]
    Subject {
        /// Where.
        place: &'static str,
    },

    // --- what the store says
    /// It came before.
    #[error("the Assertion was used before")]
    Replayed,
    /// Nobody has this name.
    #[error("the Assertion names a user who is not there, and its provider may not add users")]
    UnknownUser,
}
