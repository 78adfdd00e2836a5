//! How much an assertion may be. What parsers take long for is refused before one sees it.

/// The longest assertion, once it is decoded.
pub(super) const ENCODED_MOST: usize = 64 * 1_024;
/// The longest canonical form: escapes and repeated namespaces make it longer than what came.
pub(super) const CANONICAL_MOST: usize = 256 * 1_024;
/// The longest tag. Parsers compare each attribute of a tag with each other.
pub(super) const TAG_MOST: usize = 8 * 1_024;
/// Most attributes of one tag, namespaces counted.
pub(super) const ATTRIBUTES_MOST: usize = 64;
/// The longest value that declares a namespace: each element below may repeat it in the canonical form.
pub(super) const NAMESPACE_MOST: usize = 512;
/// Most elements in all.
pub(super) const TAGS_MOST: usize = 2_048;
/// Most elements inside each other.
pub(super) const NESTED_MOST: usize = 40;
/// Most prefixes that a list of inclusive namespaces names.
pub(super) const PREFIXES_MOST: usize = 32;
/// The longest time that an assertion may be good for from now: as long it is remembered that it was used.
pub(super) const LIFETIME_S_MOST: u64 = 24 * 3_600;
/// The shortest RSA key.
pub(super) const CERTIFIED_BITS_LEAST: usize = 2_048;
