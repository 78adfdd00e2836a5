//! Tokens that were made elsewhere, so that people can move in without reissuing: in which forms they may stand here, the
//! proof that a text is one, and its digests under schemes that are not ours.

mod form;
mod text;
mod digest;

pub use digest::{ForeignDigest, ParseForeignDigestError};
pub use form::{ForeignForm, ForeignForms, ParseForeignFormError};
pub use text::{Foreign, ParseForeignError};
