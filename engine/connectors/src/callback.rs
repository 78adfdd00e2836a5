//! What a browser brings back from a third party (RFC 6749 section 4.1.2, RFC 9207).

use tollgate_oauth::form::Form;

use crate::entry::Issuer;
use crate::secret::Secret;

const CODE_BYTES_MOST: usize = 4_096;
const STATE_BYTES: usize = 43;

/// A callback that could be read. Whether it belongs to a flow is known by its state alone, so that is looked up first, and
/// [`Callback::code`] asked for afterwards. There is no `Debug`.
pub struct Callback {
    state: Secret,
    issuer: Option<String>,
    code: Option<Secret>,
    error: Option<String>,
}

/// Why there is no code.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallbackFault {
    /// It is no answer to a request of ours: nobody's flow ends by it.
    #[error("expected a query with a state of ours and a code or an error, each once")]
    Malformed,
    /// The person has said no.
    #[error("expected a grant, but access was denied at the third party")]
    Denied,
    /// The third party refuses. The word is its own, in the characters that RFC 6749 allows for it.
    #[error("expected a code, but the third party answered {0}")]
    Refused(String),
    /// Another server than the entry's has answered: codes of one are not shown to another.
    #[error("expected iss to be the issuer that the entry names")]
    Issuer,
}

impl CallbackFault {
    /// The fault as the application hears it, in the words of RFC 6749 where there are any.
    pub fn code(&self) -> &str {
        match self {
            Self::Malformed | Self::Issuer => "invalid_request",
            Self::Denied => "access_denied",
            Self::Refused(error) => error,
        }
    }
}

impl Callback {
    /// Reads the query. Descriptions of errors are left where they are: they are the words of others, for a page of ours.
    pub fn parse(query: &str) -> Result<Self, CallbackFault> {
        let form = Form::parse(query.as_bytes()).map_err(|_| CallbackFault::Malformed)?;
        let state = form.one("state").filter(|state| state.len() == STATE_BYTES);
        let state = state
            .and_then(|state| Secret::token(state, STATE_BYTES).ok())
            .ok_or(CallbackFault::Malformed)?;
        let (code, error) = match (form.one("code"), form.one("error")) {
            (Some(code), None) => (Some(code), None),
            (None, Some(error)) => (None, Some(error)),
            (Some(_), Some(_)) | (None, None) => return Err(CallbackFault::Malformed),
        };
        // RFC 6749 appendix A.11: printable ASCII, blanks among it.
        let code = code.map(|code| Secret::key(code, CODE_BYTES_MOST)).transpose();
        Ok(Self {
            state,
            issuer: form.one("iss").map(str::to_owned),
            code: code.map_err(|_| CallbackFault::Malformed)?,
            error: error.map(word),
        })
    }

    /// By which the flow is found.
    pub fn state(&self) -> &Secret {
        &self.state
    }

    /// The code, if it comes from where the flow went. Errors count only from there too, so that nobody else ends a flow.
    pub fn code(self, expected: Option<&Issuer>) -> Result<Secret, CallbackFault> {
        let is_expected = match (expected, &self.issuer) {
            (Some(issuer), Some(said)) => *said == issuer.url,
            (Some(issuer), None) => !issuer.is_always_sent,
            (None, _) => true,
        };
        if !is_expected {
            return Err(CallbackFault::Issuer);
        }
        match (self.code, self.error) {
            (Some(code), _) => Ok(code),
            (None, Some(error)) if error == "access_denied" => Err(CallbackFault::Denied),
            (None, Some(error)) => Err(CallbackFault::Refused(error)),
            (None, None) => Err(CallbackFault::Malformed),
        }
    }
}

/// A word of a third party: small letters, digits and low lines. What else it says becomes one word of ours.
pub(crate) fn word(error: &str) -> String {
    let is_word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    if (1..=64).contains(&error.len()) && error.bytes().all(is_word) {
        error.to_owned()
    } else {
        "server_error".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const STATE: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

    fn issuer(is_always_sent: bool) -> Issuer {
        Issuer {
            url: "https://login.crm.example".to_owned(),
            is_always_sent,
        }
    }

    fn said(query: &str, expected: Option<&Issuer>) -> Result<String, CallbackFault> {
        let callback = Callback::parse(&query.replace("STATE", STATE))?;
        assert_eq!(callback.state().expose(), STATE);
        callback.code(expected).map(|code| code.expose().to_owned())
    }

    #[test]
    fn a_code_comes_back() {
        assert_eq!(said("code=4%2F0Ab&state=STATE", None), Ok("4/0Ab".to_owned()));
        assert_eq!(
            said("state=STATE&code=a&scope=x+y&authuser=0&prompt=consent", None),
            Ok("a".to_owned())
        );
        assert_eq!(
            said("state=STATE&code=a&error=", None),
            Ok("a".to_owned()),
            "without a value it is left out"
        );
    }

    #[test]
    fn a_person_or_a_server_refuses() {
        assert_eq!(
            said("error=access_denied&state=STATE", None),
            Err(CallbackFault::Denied)
        );
        let refused = said("error=invalid_scope&error_description=%3Cscript%3E&state=STATE", None).unwrap_err();
        assert_eq!(
            (refused.code(), refused.to_string().contains("script")),
            ("invalid_scope", false)
        );
        for odd in ["%3Cscript%3E", "Invalid+Scope", &"a".repeat(65), "%E2%80%A8"] {
            let refused = said(&format!("error={odd}&state=STATE"), None).unwrap_err();
            assert_eq!(refused, CallbackFault::Refused("server_error".to_owned()), "{odd}");
        }
    }

    #[test]
    fn what_could_be_read_in_two_ways_ends_no_flow() {
        for query in [
            "",
            "code=a",
            "state=STATE",
            "code=a&state=",
            "code=a&state=short",
            "code=a&state=STATE1",
            "code=a&code=b&state=STATE",
            "code=a&state=STATE&state=STATE",
            "code=a&st%61te=x&state=STATE",
            "code=a&error=access_denied&state=STATE",
            "code=a%0d%0ab&state=STATE",
            "code=%ff&state=STATE",
            "code=a&state=STATE&iss=a&iss=b",
        ] {
            assert_eq!(said(query, None), Err(CallbackFault::Malformed), "{query}");
        }
        let long = |len: usize| said(&format!("state=STATE&code={}", "a".repeat(len)), None);
        assert!(long(4_096).is_ok_and(|code| code.len() == 4_096));
        assert_eq!(long(4_097), Err(CallbackFault::Malformed));
    }

    #[test]
    fn one_server_does_not_answer_for_another() {
        let right = "code=a&state=STATE&iss=https%3A%2F%2Flogin.crm.example";
        for expected in [None, Some(&issuer(true)), Some(&issuer(false))] {
            assert_eq!(said(right, expected), Ok("a".to_owned()));
        }
        for wrong in [
            "https://evil.example",
            "https://login.crm.example/",
            "HTTPS://login.crm.example",
        ] {
            for message in ["code=a", "error=access_denied"] {
                let query = format!("{message}&state=STATE&iss={wrong}");
                assert_eq!(
                    said(&query, Some(&issuer(false))),
                    Err(CallbackFault::Issuer),
                    "{query}"
                );
            }
        }
        assert_eq!(
            said("code=a&state=STATE", Some(&issuer(true))),
            Err(CallbackFault::Issuer)
        );
        assert_eq!(said("code=a&state=STATE", Some(&issuer(false))), Ok("a".to_owned()));
    }

    proptest! {
        #[test]
        fn any_query_is_read_or_refused(query in "\\PC{0,80}|(code|state|error|iss|=|&|%[0-9a-f]{2}|[a-z]){0,24}") {
            if let Ok(callback) = Callback::parse(&query) {
                prop_assert_eq!(callback.state().expose().len(), STATE_BYTES);
                let error = callback.code(None).err();
                prop_assert!(error.is_none_or(|error| error.code().bytes().all(|byte| byte.is_ascii_graphic())));
            }
        }
    }
}
