//! Why there is no answer.

use std::io;

use crate::address::AddressFault;

/// Why there is no answer, and whether anything of the request may have arrived. Where it may, a refresh token that went along may be
/// spent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{cause}")]
pub struct OutboundFault {
    /// Why.
    pub cause: OutboundCause,
    /// Whether a byte of the request may have arrived.
    pub is_sent: bool,
}

/// Why there is no answer. Nothing of an answer is repeated, nor any address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OutboundCause {
    /// It is not asked there.
    #[error("expected an https URL without a user, or http for this machine where the entry allows its name")]
    Url,
    /// The name has no address.
    #[error("expected the host to have an address, but its name does not resolve")]
    Unresolved,
    /// An address of it must not be asked.
    #[error(transparent)]
    Address(#[from] AddressFault),
    /// Nobody takes a connection there.
    #[error("expected to connect to the host, but: {0}")]
    Unreachable(io::ErrorKind),
    /// Somebody else may be there.
    #[error("expected a certificate of the host that the system trusts, but it has another")]
    Certificate,
    /// The host does not speak TLS.
    #[error("expected TLS, but the host speaks something else")]
    Tls,
    /// The host does not speak HTTP, breaks off, or has more fields than anybody reads.
    #[error("expected an answer of HTTP/1.1 with at most 64 fields in 32 KiB, which arrives whole")]
    Http,
    /// The body is compressed, though nobody asked for that.
    #[error("expected a body that is not encoded")]
    Encoded,
    /// The body is too long.
    #[error("expected a body of at most {bytes_most} bytes")]
    TooLong {
        /// The most that is read.
        bytes_most: usize,
    },
    /// It took too long.
    #[error("expected to be connected and answered in time")]
    Late,
}

impl OutboundCause {
    pub(super) fn of_handshake(error: &io::Error) -> Self {
        let cause = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
        match cause {
            Some(rustls::Error::InvalidCertificate(_)) => Self::Certificate,
            Some(_) | None => Self::Tls,
        }
    }
}
