//! What the tokens that we sign say.

use aws_lc_rs::digest::{SHA256, digest};
use serde_json::Value;
use tollgate::{Audience, ScopeSet, Timestamp};

use crate::base64url;
use crate::json::Object;
use crate::scope::{ABOUT_THE_USER, EMAIL, PROFILE, ROLES};

/// The value of `gty` in what is said of a token that a client got by itself; no other token has that member.
pub const BY_ITSELF: &str = "client_credentials";

/// The user as tokens show them.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Holder {
    /// The number, as text: what never changes and is never given twice.
    pub subject: String,
    /// The name to log in with.
    pub name: String,
    /// The name for people.
    pub display_name: Option<String>,
    /// The address.
    pub email: Option<String>,
    /// The roles.
    pub roles: Vec<String>,
}

/// What an access token is about.
#[derive(Clone, Debug)]
pub struct AccessClaims<'a> {
    /// Who signs.
    pub issuer: &'a str,
    /// Which client.
    pub client: &'a str,
    /// Whose.
    pub holder: &'a Holder,
    /// When the user proved who they are; none where the client acts as them by itself, and the token says so.
    pub auth_time: Option<Timestamp>,
    /// How far.
    pub scopes: &'a ScopeSet,
    /// For whom.
    pub audiences: &'a [Audience],
    /// Since when.
    pub issued_at: Timestamp,
    /// Until when.
    pub expires_at: Timestamp,
    /// What tells it from all others.
    pub identifier: Option<&'a str>,
}

impl AccessClaims<'_> {
    /// As Cinchy writes it. Two tokens of one second would be one text, so whoever needs a second one sets an identifier, which
    /// Cinchy has not.
    pub fn cinchy(&self) -> String {
        let resources = format!("{}/resources", self.issuer);
        let about_resources = |scope: &&str| !ABOUT_THE_USER.contains(scope);
        let scopes: Vec<&str> = self.scopes.iter().map(|scope| scope.as_str()).collect();
        let mut audiences: Vec<&str> = vec![&resources];
        audiences.extend(scopes.iter().copied().filter(about_resources));
        audiences.extend(self.audiences.iter().map(Audience::as_str));
        let issued = self.issued_at.as_seconds();
        Object::default()
            .with("nbf", issued)
            .with("exp", self.expires_at.as_seconds())
            .with("iss", self.issuer)
            .with("aud", audiences)
            .with("client_id", self.client)
            .with("sub", self.holder.subject.as_str())
            .with_some("auth_time", self.auth_time.map(Timestamp::as_seconds))
            .with_some("idp", self.auth_time.map(|_| "local"))
            .with("profile", self.holder.shown_name())
            .with_some("email", self.holder.email.as_deref())
            .with_some("role", self.holder.role())
            .with("id", self.holder.name.as_str())
            .with("scope", scopes)
            .with_some("amr", self.auth_time.map(|_| vec!["custom"]))
            .with_some("gty", self.by_itself())
            .with_some("jti", self.identifier)
            .finish()
    }

    /// What tells a client that acts by itself from its user at a keyboard (RFC 9700 section 4.15).
    fn by_itself(&self) -> Option<&'static str> {
        self.auth_time.is_none().then_some(BY_ITSELF)
    }

    /// As RFC 9068 writes it, under the type `at+jwt`.
    pub fn standard(&self) -> String {
        let audiences: Vec<&str> = self.audiences.iter().map(Audience::as_str).collect();
        let audience = match audiences.as_slice() {
            [] => Value::from(self.issuer),
            [one] => Value::from(*one),
            several => Value::from(several.to_vec()),
        };
        Object::default()
            .with("iss", self.issuer)
            .with("exp", self.expires_at.as_seconds())
            .with("aud", audience)
            .with("sub", self.holder.subject.as_str())
            .with("client_id", self.client)
            .with("iat", self.issued_at.as_seconds())
            .with_some("jti", self.identifier)
            .with_some("auth_time", self.auth_time.map(Timestamp::as_seconds))
            .with_some("gty", self.by_itself())
            .with_some("scope", (!self.scopes.is_empty()).then(|| self.scopes.to_string()))
            .finish()
    }
}

/// What an ID token is about.
#[derive(Clone, Debug)]
pub struct IdClaims<'a> {
    /// Who signs.
    pub issuer: &'a str,
    /// For which client.
    pub client: &'a str,
    /// About whom.
    pub holder: &'a Holder,
    /// When they logged in.
    pub auth_time: Timestamp,
    /// What the client sent to tell its answers apart.
    pub nonce: Option<&'a str>,
    /// The access token that comes with it.
    pub access: &'a str,
    /// Since when.
    pub issued_at: Timestamp,
    /// Until when.
    pub expires_at: Timestamp,
}

impl IdClaims<'_> {
    /// As OpenID Connect Core section 2 writes it. What else there is to know about the user, userinfo tells.
    pub fn written(&self) -> String {
        let access = digest(&SHA256, self.access.as_bytes());
        let half = access.as_ref().get(..16).unwrap_or_default();
        Object::default()
            .with("iss", self.issuer)
            .with("sub", self.holder.subject.as_str())
            .with("aud", self.client)
            .with("exp", self.expires_at.as_seconds())
            .with("iat", self.issued_at.as_seconds())
            .with("auth_time", self.auth_time.as_seconds())
            .with_some("nonce", self.nonce)
            .with("at_hash", base64url::encode(half))
            .with("amr", vec!["pwd"])
            .finish()
    }
}

impl Holder {
    /// What userinfo tells, as far as `scopes` go. The names are those of OpenID Connect, and beside them those of Cinchy where they
    /// differ and `cinchy` is asked for.
    pub fn told(&self, scopes: &ScopeSet, cinchy: bool) -> String {
        let told = Object::default().with("sub", self.subject.as_str());
        let shows = |scope: &str| scopes.contains(scope);
        let with_name = |told: Object| {
            if !shows(PROFILE) {
                return told;
            }
            let told = told
                .with("name", self.shown_name())
                .with("preferred_username", self.name.as_str());
            if cinchy {
                told.with("id", self.name.as_str()).with("profile", self.shown_name())
            } else {
                told
            }
        };
        let told = with_name(told);
        let told = told.with_some("email", self.email.as_deref().filter(|_| shows(EMAIL)));
        let told = if shows(ROLES) && !cinchy {
            told.with("roles", self.roles.clone())
        } else {
            told
        };
        told.with_some("role", self.role().filter(|_| shows(ROLES) && cinchy))
            .finish()
    }

    fn shown_name(&self) -> &str {
        self.display_name.as_deref().unwrap_or(&self.name)
    }

    /// One role is a text, several are a list.
    fn role(&self) -> Option<Value> {
        match self.roles.as_slice() {
            [] => None,
            [one] => Some(Value::from(one.as_str())),
            several => Some(Value::from(several.to_vec())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holder() -> Holder {
        Holder {
            subject: "1".to_owned(),
            name: "admin".to_owned(),
            display_name: Some("Administrator".to_owned()),
            email: Some("admin@cinchy.co".to_owned()),
            roles: vec!["Cinchy User Account".to_owned()],
        }
    }

    fn claims<'a>(holder: &'a Holder, scopes: &'a ScopeSet) -> AccessClaims<'a> {
        AccessClaims {
            issuer: "http://localhost:8081",
            client: "abc",
            holder,
            auth_time: Some(Timestamp::from_seconds(1_554_131_820)),
            scopes,
            audiences: &[],
            issued_at: Timestamp::from_seconds(1_554_131_820),
            expires_at: Timestamp::from_seconds(1_554_135_420),
            identifier: None,
        }
    }

    /// The token in Cinchy's manual, decoded.
    #[test]
    fn cinchys_sample_is_written_to_the_letter() {
        let (holder, scopes) = (holder(), "js_api".parse().unwrap());
        let sample = concat!(
            r#"{"nbf":1554131820,"exp":1554135420,"iss":"http://localhost:8081","#,
            r#""aud":["http://localhost:8081/resources","js_api"],"client_id":"abc","sub":"1","auth_time":1554131820,"#,
            r#""idp":"local","profile":"Administrator","email":"admin@cinchy.co","role":"Cinchy User Account","id":"admin","#,
            r#""scope":["js_api"],"amr":["custom"]}"#
        );
        assert_eq!(claims(&holder, &scopes).cinchy(), sample);
    }

    #[test]
    fn several_roles_are_a_list_and_none_are_left_out() {
        let scopes = "js_api openid".parse().unwrap();
        let mut holder = holder();
        holder.roles.push("Other".to_owned());
        let text = claims(&holder, &scopes).cinchy();
        assert!(
            text.contains(r#""role":["Cinchy User Account","Other"]"#) && text.contains(r#"resources","js_api"],"#),
            "{text}"
        );
        holder.roles.clear();
        holder.email = None;
        let text = claims(&holder, &scopes).cinchy();
        assert!(!text.contains("role") && !text.contains("email"), "{text}");
    }

    #[test]
    fn the_standard_writes_scopes_as_one_text() {
        let (holder, scopes) = (holder(), "read write".parse().unwrap());
        let audiences = ["https://a.example".parse().unwrap()];
        let claims = AccessClaims {
            audiences: &audiences,
            identifier: Some("7"),
            ..claims(&holder, &scopes)
        };
        let text = r#"{"iss":"http://localhost:8081","exp":1554135420,"aud":"https://a.example","sub":"1","client_id":"abc","iat":1554131820,"jti":"7","auth_time":1554131820,"scope":"read write"}"#;
        assert_eq!(claims.standard(), text);
        let by_itself = AccessClaims {
            auth_time: None,
            ..claims
        };
        let text = text.replace(r#""auth_time":1554131820"#, r#""gty":"client_credentials""#);
        assert_eq!(by_itself.standard(), text);
    }

    /// The example of OpenID Connect Core appendix A.3 has this access token and this digest.
    #[test]
    fn an_id_token_names_its_access_token() {
        let holder = holder();
        let claims = IdClaims {
            issuer: "https://us.example",
            client: "app",
            holder: &holder,
            auth_time: Timestamp::from_seconds(1),
            nonce: Some("n\""),
            access: "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y",
            issued_at: Timestamp::from_seconds(2),
            expires_at: Timestamp::from_seconds(3),
        };
        let text = claims.written();
        assert!(
            text.contains(r#""at_hash":"77QmUPtjPfzWtF2AnpK9RQ""#) && text.contains(r#""nonce":"n\"""#),
            "{text}"
        );
    }

    #[test]
    fn userinfo_tells_as_much_as_the_scopes_say() {
        let told = |scopes: &str, cinchy| holder().told(&scopes.parse().unwrap(), cinchy);
        assert_eq!(told("openid", false), r#"{"sub":"1"}"#);
        assert_eq!(told("openid email", false), r#"{"sub":"1","email":"admin@cinchy.co"}"#);
        let all = r#"{"sub":"1","name":"Administrator","preferred_username":"admin","roles":["Cinchy User Account"]}"#;
        assert_eq!(told("openid profile roles", false), all);
        assert!(
            told("openid profile roles", true)
                .contains(r#""id":"admin","profile":"Administrator","role":"Cinchy User Account""#)
        );
    }
}
