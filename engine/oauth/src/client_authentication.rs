//! Who a client says it is, and by what: exactly one way, or it is refused (RFC 6749 section 2.3).

use tollgate::{Field, Timestamp};
use zeroize::Zeroizing;

use crate::base64url;
use crate::fault::Fault;
use crate::form::{self, Form};
use crate::jose::{Claims, JwsFault};

/// What `client_assertion_type` says (RFC 7523 section 2.2).
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// An assertion may live so long at most: until then its `jti` is remembered.
const ASSERTION_S_MOST: u64 = 3_600;
/// How far ahead the clock of a client may be.
const SKEW_S: u64 = 60;
const IDENTIFIER_BYTES_MOST: usize = 255;

/// A client by name, with its proof. It holds secrets, so there is no `Debug`.
pub struct PresentedClient {
    /// The `client_id`.
    pub name: String,
    /// What comes with it.
    pub proof: ClientProofText,
}

/// The way in which a client proves who it is.
pub enum ClientProofText {
    /// `client_secret_basic` or `client_secret_post`.
    Secret(Zeroizing<String>),
    /// `private_key_jwt`.
    Assertion(Zeroizing<String>),
    /// Nothing: a public client.
    None,
}

/// Finds out which client calls. `claimed` reads the name off an assertion that comes without `client_id`.
pub fn present(
    authorization: Field<'_>,
    form: &Form,
    claimed: impl FnOnce(&str) -> Option<String>,
) -> Result<PresentedClient, Fault> {
    const TWICE: Fault = Fault::request("The client authenticates in more than one way");
    let named = form.one("client_id");
    let secret = form.one("client_secret");
    let assertion = match (form.one("client_assertion_type"), form.one("client_assertion")) {
        (None, None) => None,
        (Some(JWT_BEARER), Some(assertion)) => Some(assertion),
        _ => return Err(Fault::request("client_assertion and its type do not go together")),
    };
    let (name, proof) = match (authorization, secret, assertion) {
        (Field::Absent, None, None) => (named.map(str::to_owned), ClientProofText::None),
        (Field::Absent, Some(secret), None) => (
            named.map(str::to_owned),
            ClientProofText::Secret(Zeroizing::new(secret.to_owned())),
        ),
        (Field::Absent, None, Some(assertion)) => {
            let name = named.map(str::to_owned).or_else(|| claimed(assertion));
            (name, ClientProofText::Assertion(Zeroizing::new(assertion.to_owned())))
        }
        (Field::Once(line), None, None) => {
            let (name, secret) = basic(line).ok_or(Fault::client())?;
            if named.is_some_and(|named| named != name.as_str()) {
                return Err(TWICE);
            }
            (Some(name.to_string()), ClientProofText::Secret(secret))
        }
        (Field::Repeated, ..) => return Err(Fault::request("Authorization stands more than once")),
        _ => return Err(TWICE),
    };
    let name = name.ok_or(Fault::client())?;
    Ok(PresentedClient { name, proof })
}

/// The name and the secret of `Basic`, each of which was encoded as in a form before (RFC 6749 section 2.3.1).
fn basic(line: &[u8]) -> Option<(Zeroizing<String>, Zeroizing<String>)> {
    let (scheme, credentials) = line.split_at_checked(6)?;
    if !scheme.eq_ignore_ascii_case(b"Basic ") {
        return None;
    }
    let text = Zeroizing::new(base64url::decode_standard(credentials.trim_ascii())?);
    let colon = text.iter().position(|byte| *byte == b':')?;
    let name = form::decode(text.get(..colon)?).ok()?;
    let secret = form::decode(text.get(colon + 1..)?).ok()?;
    (!secret.is_empty()).then_some((name, secret))
}

/// What is left to do with an assertion whose signature was right: spend its identifier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assertion {
    /// The `jti`, which no second request may have.
    pub identifier: String,
    /// Until when it must be remembered.
    pub until: Timestamp,
}

impl Assertion {
    /// Judges the claims of `client` about itself (RFC 7523 section 3): that they are meant for one of `audiences`, current, not for
    /// long, and can be told from all others.
    pub fn of(claims: &Claims, client: &str, audiences: &[&str], now: Timestamp) -> Result<Self, JwsFault> {
        for name in ["iss", "sub"] {
            if claims.text(name)? != client {
                return Err(JwsFault::Claim(name));
            }
        }
        claims.is_for(audiences)?;
        let until = claims.is_current(now, SKEW_S)?;
        if until > now.plus_millis(ASSERTION_S_MOST * 1_000) {
            return Err(JwsFault::Claim("exp"));
        }
        let identifier = claims.text("jti")?;
        if identifier.len() > IDENTIFIER_BYTES_MOST {
            return Err(JwsFault::Claim("jti"));
        }
        Ok(Self {
            identifier: identifier.to_owned(),
            until,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::Code;

    fn presented(authorization: Option<&str>, form: &str) -> Result<String, Fault> {
        let field = authorization.map_or(Field::Absent, |line| Field::Once(line.as_bytes()));
        let form = Form::parse(form.as_bytes()).unwrap();
        let presented = present(field, &form, |_| Some("claimed".to_owned()))?;
        let proof = match &presented.proof {
            ClientProofText::Secret(secret) => format!("secret {}", secret.as_str()),
            ClientProofText::Assertion(assertion) => format!("assertion {}", assertion.as_str()),
            ClientProofText::None => "nothing".to_owned(),
        };
        Ok(format!("{} by {proof}", presented.name))
    }

    fn basic_line(credentials: &str) -> String {
        format!("Basic {}", base64url::encode_standard(credentials.as_bytes()))
    }

    const ASSERTION: &str =
        "client_assertion=a.b.c&client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

    #[test]
    fn a_client_shows_itself_in_one_way() {
        assert_eq!(
            presented(None, "client_id=a&client_secret=s").as_deref(),
            Ok("a by secret s")
        );
        assert_eq!(
            presented(None, "client_id=a&client_secret=").as_deref(),
            Ok("a by nothing")
        );
        assert_eq!(presented(None, ASSERTION).as_deref(), Ok("claimed by assertion a.b.c"));
        assert_eq!(
            presented(None, &format!("client_id=a&{ASSERTION}")).as_deref(),
            Ok("a by assertion a.b.c")
        );
        assert_eq!(presented(Some(&basic_line("a:s")), "").as_deref(), Ok("a by secret s"));
        assert_eq!(
            presented(Some(&basic_line("a:s")), "client_id=a").as_deref(),
            Ok("a by secret s")
        );
        assert_eq!(
            presented(Some(&basic_line("a%2Fb+c:s%3a:")), "").as_deref(),
            Ok("a/b c by secret s::")
        );
        let small = basic_line("a:s").replace("Basic", "basic");
        assert_eq!(presented(Some(&small), "").as_deref(), Ok("a by secret s"));
    }

    #[test]
    fn two_ways_are_refused() {
        for (line, form) in [
            (Some(basic_line("a:s")), "client_id=a&client_secret=s"),
            (Some(basic_line("a:s")), "client_secret=s"),
            (Some(basic_line("a:s")), "client_id=b"),
            (Some(basic_line("a:s")), ASSERTION),
            (None, &format!("client_id=a&client_secret=s&{ASSERTION}")),
            (None, "client_id=a&client_assertion=a.b.c"),
            (None, "client_id=a&client_assertion_type=urn:x&client_assertion=a.b.c"),
        ] {
            let fault = presented(line.as_deref(), form).err();
            assert_eq!(fault.map(|fault| fault.code), Some(Code::InvalidRequest), "{form}");
        }
        let twice = present(Field::Repeated, &Form::default(), |_| None);
        assert!(twice.is_err_and(|fault| fault.code == Code::InvalidRequest));
    }

    #[test]
    fn what_names_no_client_is_no_client() {
        for line in [
            "Basic",
            "Basic ",
            "Basic Og==",
            "Basic YQ==",
            "Basic YTo=",
            "Basic %%%",
            "Bearer x",
            "",
            "BasicYTpz",
        ] {
            assert_eq!(presented(Some(line), "client_id=a"), Err(Fault::client()), "{line}");
        }
        assert_eq!(presented(None, ""), Err(Fault::client()));
        assert_eq!(presented(None, "client_secret=s"), Err(Fault::client()));
        assert_eq!(presented(Some(&basic_line("a:%zz")), ""), Err(Fault::client()));
    }

    #[test]
    fn an_assertion_is_about_its_own_client_and_for_here_and_now() {
        let now = Timestamp::from_seconds(1_000);
        let judge = |claims: &str| Assertion::of(&Claims::of(claims), "app", &["https://us.example"], now);
        let good = r#"{"iss":"app","sub":"app","aud":"https://us.example","exp":1300,"iat":1000,"jti":"1"}"#;
        let until = Timestamp::from_seconds(1_300);
        assert_eq!(
            judge(good),
            Ok(Assertion {
                identifier: "1".to_owned(),
                until
            })
        );
        for (from, to, claim) in [
            (r#""iss":"app""#, r#""iss":"other""#, "iss"),
            (r#""sub":"app""#, r#""sub":"other""#, "sub"),
            (r#""sub":"app","#, "", "sub"),
            ("https://us.example", "https://them.example", "aud"),
            (r#","jti":"1""#, "", "jti"),
            (r#""jti":"1""#, r#""jti":1"#, "jti"),
            (r#""exp":1300,"#, "", "exp"),
            ("1300", "1000", "exp"),
            ("1300", "4601", "exp"),
            (r#""iat":1000"#, r#""iat":1061"#, "iat"),
        ] {
            assert_ne!(good.replace(from, to), good);
            assert_eq!(
                judge(&good.replace(from, to)),
                Err(JwsFault::Claim(claim)),
                "{from} as {to}"
            );
        }
        let long = "x".repeat(256);
        assert_eq!(
            judge(&good.replace(r#""1""#, &format!("\"{long}\""))),
            Err(JwsFault::Claim("jti"))
        );
    }
}
