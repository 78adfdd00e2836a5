//! What a client may know of the user whose token it has.

use tollgate::{Field, Timestamp};

use super::Inner;
use super::issue::holder;
use crate::call::{Activity, Call, Profile};
use crate::fault::{Code, Fault};
use crate::form::Form;
use crate::scope::OPENID;

impl Inner {
    pub(super) fn userinfo(
        &self,
        profile: Profile,
        call: &Call<'_>,
        now: Timestamp,
        activity: &mut Activity,
    ) -> Result<String, Fault> {
        const UNKNOWN: Fault = Fault::new(Code::InvalidToken, "The token is unknown, expired or revoked");
        if call.method != b"GET" && call.method != b"POST" {
            return Err(Fault::new(Code::MethodNotAllowed, "This endpoint takes GET and POST"));
        }
        let form = if call.method == b"POST" && !call.body.is_empty() {
            Form::of_body(call)?
        } else {
            Form::default()
        };
        let token = bearer(call, &form)?;
        let facts = self
            .engine
            .access(token, now)?
            .filter(|facts| facts.active)
            .ok_or(UNKNOWN)?;
        activity.client = Some(facts.token.client.to_string());
        if !facts.token.scopes.contains(OPENID) {
            return Err(Fault::new(
                Code::InsufficientScope,
                "The token has not the scope openid",
            ));
        }
        let person = self.engine.person(&facts.token.user)?.ok_or(UNKNOWN)?;
        Ok(holder(&person).told(&facts.token.scopes, profile == Profile::Cinchy))
    }
}

/// The one bearer token of a request: in the header, or in a form (RFC 6750 section 2). Never in the query.
fn bearer<'a>(call: &Call<'a>, form: &'a Form) -> Result<&'a [u8], Fault> {
    const SCHEME: &[u8] = b"Bearer ";
    match (call.authorization, form.one("access_token")) {
        (Field::Absent, Some(token)) => Ok(token.as_bytes()),
        (Field::Once(line), None) => match line.split_at_checked(SCHEME.len()) {
            Some((scheme, token)) if scheme.eq_ignore_ascii_case(SCHEME) => Ok(token.trim_ascii()),
            _ => Err(Fault::new(Code::NoCredential, "A bearer token is needed")),
        },
        (Field::Absent, None) => Err(Fault::new(Code::NoCredential, "A bearer token is needed")),
        (Field::Repeated, _) | (Field::Once(_), Some(_)) => Err(Fault::request("The token stands more than once")),
    }
}
