//! Answers to programs: JSON that nobody keeps, and refusals in the words of each profile.

use crate::call::{Activity, Answer, Profile};
use crate::fault::{Code, Fault};
use crate::json::Object;

/// What was granted, in the order in which Cinchy writes it.
#[derive(Default)]
pub struct Granted<'a> {
    /// The access token.
    pub access: &'a str,
    /// Its lifetime in seconds.
    pub expires_in: u64,
    /// A refresh token.
    pub refresh: Option<&'a str>,
    /// An ID token.
    pub id_token: Option<&'a str>,
    /// How far it reaches; the Cinchy profile does not say.
    pub scope: Option<String>,
}

/// JSON, kept by nobody.
pub fn json(status: u16, body: String, activity: Activity) -> Answer {
    let fields = vec![
        ("Content-Type", "application/json".to_owned()),
        ("Cache-Control", "no-store".to_owned()),
        ("Pragma", "no-cache".to_owned()),
    ];
    Answer {
        status,
        fields,
        body: body.into_bytes(),
        activity,
    }
}

/// JSON that is public and may be kept for `seconds`.
pub fn public(body: String, seconds: u32, asked: &'static str) -> Answer {
    let fields = vec![
        ("Content-Type", "application/json".to_owned()),
        ("Cache-Control", format!("public, max-age={seconds}")),
        ("Access-Control-Allow-Origin", "*".to_owned()),
    ];
    Answer {
        status: 200,
        fields,
        body: body.into_bytes(),
        activity: Activity {
            client: None,
            asked,
            outcome: GRANTED,
            reason: None,
        },
    }
}

/// What [`Activity::outcome`] says of what was not refused.
pub const GRANTED: &str = "granted";

/// A token answer (RFC 6749 section 5.1).
pub fn granted(granted: &Granted<'_>, activity: Activity) -> Answer {
    let body = Object::default()
        .with("access_token", granted.access)
        .with("expires_in", granted.expires_in)
        .with("token_type", "Bearer")
        .with_some("refresh_token", granted.refresh)
        .with_some("id_token", granted.id_token)
        .with_some("scope", granted.scope.as_deref());
    json(200, body.finish(), activity)
}

/// A refusal by an endpoint to which clients authenticate (RFC 6749 section 5.2). In the Cinchy profile all that a caller can mend is a
/// 400; that we are unable to answer is said with the status for that in both.
pub fn refused(profile: Profile, fault: &Fault, activity: Activity) -> Answer {
    let body = Object::default()
        .with("error", fault.code.as_str())
        .with("error_description", fault.description);
    let status = match (profile, fault.code.status()) {
        (Profile::Cinchy, 400..500) => 400,
        (_, status) => status,
    };
    let mut answer = json(status, body.finish(), activity);
    let mut say = |name, value| answer.fields.push((name, value));
    if status == 401 {
        say(
            "WWW-Authenticate",
            "Basic realm=\"tollgate\", charset=\"UTF-8\"".to_owned(),
        );
    }
    if status == 405 {
        say("Allow", "POST".to_owned());
    }
    if let Some(seconds) = fault.retry_after_s {
        say("Retry-After", seconds.to_string());
    }
    answer
}

/// A refusal by an endpoint to which bearers come (RFC 6750 section 3).
pub fn refused_bearer(fault: &Fault, activity: Activity) -> Answer {
    let body = Object::default()
        .with("error", fault.code.as_str())
        .with("error_description", fault.description);
    let mut answer = json(fault.code.status(), body.finish(), activity);
    let challenge = match fault.code {
        Code::InvalidToken | Code::InsufficientScope => {
            format!(
                "Bearer realm=\"tollgate\", error=\"{}\", error_description=\"{}\"",
                fault.code.as_str(),
                fault.description
            )
        }
        _ => "Bearer realm=\"tollgate\"".to_owned(),
    };
    if matches!(answer.status, 400 | 401 | 403) {
        answer.fields.push(("WWW-Authenticate", challenge));
    }
    if answer.status == 405 {
        answer.fields.push(("Allow", "GET, POST".to_owned()));
    }
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    fn activity() -> Activity {
        Activity {
            client: None,
            asked: "password",
            outcome: "x",
            reason: None,
        }
    }

    fn shown(answer: &Answer) -> String {
        let fields: Vec<String> = answer
            .fields
            .iter()
            .map(|(name, value)| format!("{name}: {value}"))
            .collect();
        format!(
            "{}\n{}\n{}",
            answer.status,
            fields.join("\n"),
            String::from_utf8_lossy(&answer.body)
        )
    }

    const NO_STORE: &str = "Content-Type: application/json\nCache-Control: no-store\nPragma: no-cache\n";

    #[test]
    fn a_wrong_password_is_answered_to_the_letter() {
        let fault = Fault::grant("Invalid username or password");
        let expected = format!(
            "400\n{NO_STORE}{{\"error\":\"invalid_grant\",\"error_description\":\"Invalid username or password\"}}"
        );
        assert_eq!(shown(&refused(Profile::Cinchy, &fault, activity())), expected);
        assert_eq!(shown(&refused(Profile::Standard, &fault, activity())), expected);
    }

    #[test]
    fn a_token_is_answered_to_the_letter() {
        let answer = Granted {
            access: "x.y.z",
            expires_in: 3600,
            ..Granted::default()
        };
        let expected =
            format!("200\n{NO_STORE}{{\"access_token\":\"x.y.z\",\"expires_in\":3600,\"token_type\":\"Bearer\"}}");
        assert_eq!(shown(&granted(&answer, activity())), expected);
    }

    #[test]
    fn one_profile_knows_401_and_the_other_400_alone() {
        let status = |profile, fault| refused(profile, &fault, activity()).status;
        assert_eq!(status(Profile::Standard, Fault::client()), 401);
        assert_eq!(status(Profile::Cinchy, Fault::client()), 400);
        assert_eq!(status(Profile::Standard, Fault::guessed(7)), 429);
        assert_eq!(status(Profile::Cinchy, Fault::guessed(7)), 400);
        assert_eq!(status(Profile::Cinchy, Fault::store()), 503);
        assert_eq!(status(Profile::Cinchy, Fault::busy("x", 1)), 503);
        assert!(
            shown(&refused(Profile::Standard, &Fault::client(), activity())).contains("WWW-Authenticate: Basic realm")
        );
        assert!(!shown(&refused(Profile::Cinchy, &Fault::client(), activity())).contains("WWW-Authenticate"));
        assert!(shown(&refused(Profile::Cinchy, &Fault::guessed(7), activity())).contains("Retry-After: 7"));
    }

    #[test]
    fn a_bearer_is_told_what_is_wrong_with_its_token() {
        let fault = Fault::new(Code::InvalidToken, "The token is unknown");
        let answer = shown(&refused_bearer(&fault, activity()));
        assert!(answer.contains(
            "Bearer realm=\"tollgate\", error=\"invalid_token\", error_description=\"The token is unknown\""
        ));
        assert!(answer.starts_with("401\n"));
    }

    /// RFC 6749 section 5.2 bounds the characters; ours fit into a quoted string as well.
    #[test]
    fn descriptions_need_no_escaping() {
        for fault in [
            Fault::client(),
            Fault::store(),
            Fault::guessed(1),
            Fault::busy("Too many", 1),
        ] {
            let plain = |byte: u8| (0x20..=0x7e).contains(&byte) && byte != b'"' && byte != b'\\';
            assert!(fault.description.bytes().all(plain), "{}", fault.description);
        }
    }
}
