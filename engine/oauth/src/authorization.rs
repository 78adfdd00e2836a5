//! What a request to the authorization endpoint asks for.
//!
//! It is read in two steps. Until client and redirect URL are known to belong together, a fault is shown on a page: a browser that is
//! sent to a URL nobody has registered is how codes are stolen. Afterwards the client is told.

use crate::fault::{Code, Fault};
use crate::form::Form;
use crate::pkce::Challenge;
use crate::redirect;
use crate::scope::Asked;

/// The longest `state` and `nonce`. We carry them and keep the nonce.
const CARRIED_BYTES_MOST: usize = 2_000;
const NONCE_BYTES_MOST: usize = 512;

/// Where the answer goes: the URL that was asked for, if the client has registered it; its only one, if none was asked for.
pub fn landing<'a>(asked: Option<&'a str>, registered: &'a [String]) -> Result<&'a str, Fault> {
    match (asked, registered) {
        (Some(asked), _) if redirect::is_registered(registered.iter().map(String::as_str), asked) => Ok(asked),
        (Some(_), _) => Err(Fault::request("redirect_uri is not one that the client has registered")),
        (None, [only]) => Ok(only),
        (None, _) => Err(Fault::request("redirect_uri is missing")),
    }
}

/// What the client asks for, once it may be told what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthorizationRequest {
    /// How far.
    pub asked: Asked,
    /// The proof key.
    pub challenge: Option<Challenge>,
    /// What goes into the ID token.
    pub nonce: Option<String>,
    /// Whether the person may be, or must be, asked something.
    pub prompt: Prompt,
    /// How long ago a login may have been, in seconds.
    pub max_age_s: Option<u64>,
    /// Whom the client expects.
    pub hint: Option<String>,
}

/// What the client wants of the person at the browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Prompt {
    /// They may not be asked anything.
    pub none: bool,
    /// They must log in, whether they are or not.
    pub login: bool,
    /// They must consent, whether they have or not.
    pub consent: bool,
}

/// What comes back with the answer; none where it is too long to be carried.
pub fn state(form: &Form) -> Option<&str> {
    form.one("state").filter(|state| state.len() <= CARRIED_BYTES_MOST)
}

impl AuthorizationRequest {
    /// Reads the rest of a request whose redirect URL is known to be right.
    pub fn parse(form: &Form) -> Result<Self, Fault> {
        if form.one("request").is_some() {
            return Err(Fault::new(
                Code::RequestNotSupported,
                "request objects are not supported",
            ));
        }
        if form.one("request_uri").is_some() {
            return Err(Fault::new(Code::RequestUriNotSupported, "request_uri is not supported"));
        }
        match form.needed("response_type", "response_type is missing")? {
            "code" => {}
            _ => return Err(Fault::new(Code::UnsupportedResponseType, "response_type must be code")),
        }
        if !matches!(form.one("response_mode"), None | Some("query")) {
            return Err(Fault::request("response_mode must be query"));
        }
        if form.one("state").is_some() && state(form).is_none() {
            return Err(Fault::request("state is longer than 2,000 bytes"));
        }
        let nonce = form.one("nonce");
        if nonce.is_some_and(|nonce| nonce.len() > NONCE_BYTES_MOST) {
            return Err(Fault::request("nonce is longer than 512 bytes"));
        }
        let max_age = form
            .one("max_age")
            .map(|text| text.parse().map_err(|_| Fault::request("max_age must be seconds")));
        Ok(Self {
            asked: Asked::parse(form)?,
            challenge: Challenge::parse(form.one("code_challenge"), form.one("code_challenge_method"))?,
            nonce: nonce.map(str::to_owned),
            prompt: Prompt::parse(form.one("prompt"))?,
            max_age_s: max_age.transpose()?,
            hint: form.one("login_hint").map(str::to_owned),
        })
    }
}

impl Prompt {
    fn parse(text: Option<&str>) -> Result<Self, Fault> {
        let mut prompt = Self::default();
        let mut words = 0;
        for word in text.unwrap_or_default().split_ascii_whitespace() {
            words += 1;
            match word {
                "none" => prompt.none = true,
                // Who chooses another account logs in with it.
                "login" | "select_account" => prompt.login = true,
                "consent" => prompt.consent = true,
                _ => return Err(Fault::request("prompt must be of none, login, consent, select_account")),
            }
        }
        if prompt.none && words > 1 {
            return Err(Fault::request("prompt has none among others"));
        }
        Ok(prompt)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "response_type=code&client_id=app&scope=openid&state=s&nonce=n&prompt=login+consent&max_age=60\
        &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256";

    fn read(text: &str) -> Result<AuthorizationRequest, Code> {
        AuthorizationRequest::parse(&Form::parse(text.as_bytes()).unwrap()).map_err(|fault| fault.code)
    }

    #[test]
    fn a_request_is_read() {
        let request = read(GOOD).unwrap();
        assert!(request.challenge.is_some() && request.prompt.login && request.prompt.consent && !request.prompt.none);
        assert_eq!((request.max_age_s, request.nonce.as_deref()), (Some(60), Some("n")));
    }

    #[test]
    fn what_is_not_done_here_is_refused() {
        for (from, to, code) in [
            ("=code", "=token", Code::UnsupportedResponseType),
            ("=code", "=code+id_token", Code::UnsupportedResponseType),
            ("response_type=code", "x=y", Code::InvalidRequest),
            ("=S256", "=plain", Code::InvalidRequest),
            ("&code_challenge_method=S256", "", Code::InvalidRequest),
            ("state=s", "response_mode=fragment", Code::InvalidRequest),
            ("state=s", "request=x", Code::RequestNotSupported),
            (
                "state=s",
                "request_uri=https://evil.example",
                Code::RequestUriNotSupported,
            ),
            ("login+consent", "none+login", Code::InvalidRequest),
            ("login+consent", "create", Code::InvalidRequest),
            ("max_age=60", "max_age=-1", Code::InvalidRequest),
            ("scope=openid", "scope=%22", Code::InvalidScope),
        ] {
            assert_ne!(GOOD.replace(from, to), GOOD);
            assert_eq!(read(&GOOD.replace(from, to)).err(), Some(code), "{to}");
        }
        assert_eq!(
            read(&GOOD.replace("state=s", &format!("state={}", "s".repeat(2_000)))).err(),
            None
        );
        assert_eq!(
            read(&GOOD.replace("state=s", &format!("state={}", "s".repeat(2_001)))).err(),
            Some(Code::InvalidRequest)
        );
        assert_eq!(
            read(&GOOD.replace("nonce=n", &format!("nonce={}", "n".repeat(513)))).err(),
            Some(Code::InvalidRequest)
        );
    }

    #[test]
    fn an_answer_goes_where_the_client_said_before() {
        let one = ["https://a.example/cb".to_owned()];
        let two = [one[0].clone(), "http://127.0.0.1/cb".to_owned()];
        assert_eq!(landing(None, &one), Ok("https://a.example/cb"));
        assert_eq!(
            landing(Some("http://127.0.0.1:9/cb"), &two),
            Ok("http://127.0.0.1:9/cb")
        );
        for (asked, registered) in [
            (None, &two[..]),
            (None, &[]),
            (Some("https://a.example/cb2"), &two),
            (Some("x"), &[]),
        ] {
            assert!(landing(asked, registered).is_err_and(|fault| fault.code == Code::InvalidRequest));
        }
    }
}
