//! What went wrong, in the words that the standards have for it.

/// An error code of RFC 6749, 6750, 7591, 8707 or OpenID Connect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "each is explained by the standard that names it")]
pub enum Code {
    InvalidRequest,
    InvalidClient,
    InvalidGrant,
    UnauthorizedClient,
    UnsupportedGrantType,
    InvalidScope,
    InvalidTarget,
    AccessDenied,
    UnsupportedResponseType,
    ServerError,
    TemporarilyUnavailable,
    LoginRequired,
    ConsentRequired,
    RequestNotSupported,
    RequestUriNotSupported,
    UnsupportedTokenType,
    InvalidToken,
    InsufficientScope,
    InvalidRedirectUri,
    InvalidClientMetadata,
    NotFound,
    MethodNotAllowed,
    /// `invalid_request` by name, and a 401 without an error in its challenge: nothing was presented.
    NoCredential,
    /// `invalid_grant` by name, and 429: a password has been guessed too often.
    TooManyGuesses,
    /// `invalid_client` by name, and 429: too many clients from there could not prove who they are.
    TooManySecrets,
}

impl Code {
    /// The code as it stands on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest | Self::NoCredential => "invalid_request",
            Self::InvalidClient | Self::TooManySecrets => "invalid_client",
            Self::InvalidGrant | Self::TooManyGuesses => "invalid_grant",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::InvalidScope => "invalid_scope",
            Self::InvalidTarget => "invalid_target",
            Self::AccessDenied => "access_denied",
            Self::UnsupportedResponseType => "unsupported_response_type",
            Self::ServerError => "server_error",
            Self::TemporarilyUnavailable => "temporarily_unavailable",
            Self::LoginRequired => "login_required",
            Self::ConsentRequired => "consent_required",
            Self::RequestNotSupported => "request_not_supported",
            Self::RequestUriNotSupported => "request_uri_not_supported",
            Self::UnsupportedTokenType => "unsupported_token_type",
            Self::InvalidToken => "invalid_token",
            Self::InsufficientScope => "insufficient_scope",
            Self::InvalidRedirectUri => "invalid_redirect_uri",
            Self::InvalidClientMetadata => "invalid_client_metadata",
            Self::NotFound => "not_found",
            Self::MethodNotAllowed => "method_not_allowed",
        }
    }

    /// The status that the standard profile answers it with.
    pub fn status(self) -> u16 {
        match self {
            Self::InvalidClient | Self::InvalidToken | Self::NoCredential => 401,
            Self::InsufficientScope => 403,
            Self::NotFound => 404,
            Self::MethodNotAllowed => 405,
            Self::TooManyGuesses | Self::TooManySecrets => 429,
            Self::ServerError => 500,
            Self::TemporarilyUnavailable => 503,
            Self::InvalidRequest
            | Self::InvalidGrant
            | Self::UnauthorizedClient
            | Self::UnsupportedGrantType
            | Self::InvalidScope
            | Self::InvalidTarget
            | Self::AccessDenied
            | Self::UnsupportedResponseType
            | Self::LoginRequired
            | Self::ConsentRequired
            | Self::RequestNotSupported
            | Self::RequestUriNotSupported
            | Self::UnsupportedTokenType
            | Self::InvalidRedirectUri
            | Self::InvalidClientMetadata => 400,
        }
    }
}

/// One refusal. The description is ours to the letter: nothing that came with a request is ever repeated in it, so that it needs
/// no escaping in JSON, in a header or on a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What kind.
    pub code: Code,
    /// One sentence for the people who wrote the client: printable ASCII without quote and backslash.
    pub description: &'static str,
    /// When to come back, where that helps.
    pub retry_after_s: Option<u32>,
}

impl Fault {
    /// A refusal.
    pub const fn new(code: Code, description: &'static str) -> Self {
        debug_assert!(
            needs_no_escape(description),
            "RFC 6749 section 5.2 bounds the characters"
        );
        Self {
            code,
            description,
            retry_after_s: None,
        }
    }

    /// `invalid_request`.
    pub const fn request(description: &'static str) -> Self {
        Self::new(Code::InvalidRequest, description)
    }

    /// `invalid_client`, in the one sentence that tells nobody whether the client exists.
    pub const fn client() -> Self {
        Self::new(Code::InvalidClient, "Client authentication failed")
    }

    /// `invalid_grant`.
    pub const fn grant(description: &'static str) -> Self {
        Self::new(Code::InvalidGrant, description)
    }

    /// The store cannot be read or written: nothing is known, so nothing is granted.
    pub const fn store() -> Self {
        Self::new(
            Code::TemporarilyUnavailable,
            "The server cannot read or write its store",
        )
    }

    /// A password was guessed too often.
    pub const fn guessed(retry_after_s: u32) -> Self {
        Self {
            code: Code::TooManyGuesses,
            description: "Too many wrong passwords: try again later",
            retry_after_s: Some(retry_after_s),
        }
    }

    /// Clients have failed to authenticate too often.
    pub const fn failed_too_often(retry_after_s: u32) -> Self {
        Self {
            code: Code::TooManySecrets,
            description: "Too many failed client authentications from this address: try again later",
            retry_after_s: Some(retry_after_s),
        }
    }

    /// `temporarily_unavailable`, to be tried again.
    pub const fn busy(description: &'static str, retry_after_s: u32) -> Self {
        Self {
            code: Code::TemporarilyUnavailable,
            description,
            retry_after_s: Some(retry_after_s),
        }
    }
}

/// Whether a text can stand in JSON, in a quoted string and on a page as it is.
const fn needs_no_escape(text: &str) -> bool {
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        if *first < 0x20 || *first > 0x7e || matches!(*first, b'"' | b'\\' | b'<' | b'>' | b'&') {
            return false;
        }
        rest = behind;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_is_plain_text() {
        assert!(needs_no_escape(
            "The client may not use this grant; try another (or none)."
        ));
        for bad in ["a \"b\"", "back\\slash", "<script>", "caf\u{e9}", "line\nline", "a & b"] {
            assert!(!needs_no_escape(bad), "{bad}");
        }
    }
}
