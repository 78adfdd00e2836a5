//! What bodies say of clients, and what answers do.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tollgate::{AccessForm, Audience, ClientAuthentication, ClientChanges, ClientName, Grant, Scope};
use utoipa::ToSchema;

use super::fields::{Name, Text, audiences, nullable, scope_set, some};
use super::issued::Secret;
use super::problem::Problem;
use crate::control::{ClientFacts, ClientShown};

/// A body with the terms of a client: its own fields, and those that all such bodies have.
macro_rules! client_body {
    ($(#[doc = $words:literal])+ $name:ident { $($own:tt)* }) => {
        $(#[doc = $words])+
        #[derive(Deserialize, ToSchema)]
        #[serde(deny_unknown_fields)]
        pub(super) struct $name {
            $($own)*
            /// What people call it, without control characters; its client_id at first.
            #[serde(default, deserialize_with = "some")]
            #[schema(value_type = String, required = false, min_length = 1, max_length = 255, example = "Monthly reports")]
            name: Option<String>,
            /// The scopes it may ask for, each once; its tokens have these where it asks for none.
            #[serde(default, deserialize_with = "some")]
            #[schema(value_type = Vec<String>, required = false, max_items = 64, example = json!(["orders.read"]))]
            scopes: Option<Vec<Text<Scope>>>,
            /// Whom its tokens may be meant for: plain names, or absolute URIs.
            #[serde(default, deserialize_with = "some")]
            #[schema(value_type = Vec<String>, required = false, max_items = 16)]
            audiences: Option<Vec<Text<Audience>>>,
            /// Where a login may lead back to, to the letter.
            #[serde(default, deserialize_with = "some")]
            #[schema(value_type = Vec<String>, required = false, max_items = 32, example = json!(["https://shop.example/callback"]))]
            login_urls: Option<Vec<String>>,
            /// Where a logout may lead to, to the letter.
            #[serde(default, deserialize_with = "some")]
            #[schema(value_type = Vec<String>, required = false, max_items = 32)]
            logout_urls: Option<Vec<String>>,
            /// Seconds for which its access tokens last; 3600 at first.
            #[serde(default, deserialize_with = "some")]
            #[schema(value_type = u32, required = false, minimum = 60, maximum = 31_536_000)]
            lifetime_s: Option<u32>,
            /// Seconds after a login from which on its tokens can be refreshed no more; 30 days at first.
            #[serde(default, deserialize_with = "some")]
            #[schema(value_type = u32, required = false, minimum = 60, maximum = 31_536_000)]
            refresh_lifetime_s: Option<u32>,
            /// Whether people log in at our page; they do at first.
            #[serde(default, deserialize_with = "some")]
            #[schema(value_type = bool, required = false)]
            show_login: Option<bool>,
            /// Whether people are asked before it acts for them; they are at first.
            #[serde(default, deserialize_with = "some")]
            #[schema(value_type = bool, required = false)]
            consent: Option<bool>,
            /// Whether it gets tokens; it does at first. Where it does not, those that it has are refused.
            #[serde(default, deserialize_with = "some")]
            #[schema(value_type = bool, required = false)]
            enabled: Option<bool>,
            /// What its access tokens look like; opaque at first.
            #[serde(default, deserialize_with = "some")]
            #[schema(value_type = AccessWord, required = false)]
            access: Option<Text<AccessForm>>,
            /// How it shows that it is itself; by a secret at first.
            #[serde(default, deserialize_with = "some")]
            #[schema(value_type = AuthenticationWord, required = false)]
            authentication: Option<AuthenticationWord>,
            /// Its public keys, a JWK set, for `private_key_jwt`.
            #[serde(default, deserialize_with = "some")]
            #[schema(value_type = Object, required = false)]
            jwks: Option<Value>,
            /// Whom it acts as by the grant `client_credentials`.
            #[serde(default, deserialize_with = "nullable")]
            #[schema(value_type = Option<String>, required = false, min_length = 1, max_length = 255, example = "alice")]
            user: Option<Option<Name>>,
        }

        impl $name {
            /// The terms, beside `grants`.
            fn changes(self, grants: Option<Vec<Text<Grant>>>) -> Result<ClientChanges, Problem> {
                Ok(ClientChanges {
                    title: self.name,
                    grants: grants.map(|grants| grants.into_iter().map(|Text(grant)| grant).collect()),
                    login_urls: self.login_urls,
                    logout_urls: self.logout_urls,
                    scopes: self.scopes.map(scope_set).transpose()?,
                    audiences: self.audiences.map(audiences),
                    lifetime_s: self.lifetime_s,
                    refresh_lifetime_s: self.refresh_lifetime_s,
                    show_login: self.show_login,
                    consent: self.consent,
                    enabled: self.enabled,
                    access: self.access.map(|Text(form)| form),
                    authentication: authentication(self.authentication, self.jwks)?,
                    user: self.user.map(|user| user.map(|Name(name)| name)),
                })
            }
        }
    };
}

client_body! {
    /// A client to add. What is left out takes its first value.
    NewClient {
        /// Its client_id: 1 to 100 visible ASCII characters without a colon.
        #[schema(value_type = String, min_length = 1, max_length = 100, pattern = "^[!-9;-~]+$", example = "reports")]
        client_id: Text<ClientName>,
        /// What it may present to get a token: at least one.
        #[schema(value_type = Vec<GrantWord>, min_items = 1, example = json!(["password"]))]
        grants: Vec<Text<Grant>>,
    }
}

client_body! {
    /// What is set on a client. A field that is left out stays as it is; lists are replaced.
    ClientPatch {
        /// What it may present to get a token: at least one.
        #[serde(default, deserialize_with = "some")]
        #[schema(value_type = Vec<GrantWord>, required = false, min_items = 1)]
        grants: Option<Vec<Text<Grant>>>,
    }
}

impl NewClient {
    pub(super) fn named(mut self) -> Result<(ClientName, ClientChanges), Problem> {
        let name = self.client_id.0.clone();
        let grants = std::mem::take(&mut self.grants);
        Ok((name, self.changes(Some(grants))?))
    }
}

impl ClientPatch {
    pub(super) fn asked(mut self) -> Result<ClientChanges, Problem> {
        let grants = self.grants.take();
        self.changes(grants)
    }
}

/// The names of grants, as a description lists them.
#[derive(ToSchema)]
#[schema(as = Grant, rename_all = "snake_case")]
#[allow(dead_code, reason = "it stands for the names that are read by hand")]
pub(super) enum GrantWord {
    Password,
    ClientCredentials,
    AuthorizationCode,
    RefreshToken,
    Saml2,
}

/// The names of the forms of access tokens, as a description lists them.
#[derive(ToSchema)]
#[schema(as = AccessForm, rename_all = "snake_case")]
#[allow(dead_code, reason = "it stands for the names that are read by hand")]
pub(super) enum AccessWord {
    Opaque,
    Rs256,
    Es256,
}

/// How a client shows that it is itself.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[schema(as = ClientAuthentication, rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub(super) enum AuthenticationWord {
    /// By a secret of our making.
    ClientSecret,
    /// By JWTs that it signs with a key of its own.
    PrivateKeyJwt,
    /// Not at all: it is public.
    None,
}

fn authentication(
    word: Option<AuthenticationWord>,
    jwks: Option<Value>,
) -> Result<Option<ClientAuthentication>, Problem> {
    Ok(match (word, jwks) {
        (None, None) => None,
        (Some(AuthenticationWord::ClientSecret), None) => Some(ClientAuthentication::Secret),
        (Some(AuthenticationWord::None), None) => Some(ClientAuthentication::Public),
        (None | Some(AuthenticationWord::PrivateKeyJwt), Some(jwks)) => {
            Some(ClientAuthentication::PrivateKeyJwt { jwks: jwks.to_string() })
        }
        (Some(AuthenticationWord::PrivateKeyJwt), None)
        | (Some(AuthenticationWord::ClientSecret | AuthenticationWord::None), Some(_)) => {
            let detail = "expected `jwks` beside the authentication `private_key_jwt`, and beside no other";
            return Err(Problem::unprocessable("unexpected-json", detail));
        }
    })
}

/// A client with a new secret.
#[derive(Serialize, ToSchema)]
pub(super) struct ClientWithSecret {
    /// Its client_id.
    #[schema(example = "reports")]
    client_id: String,
    /// The secret, which cannot be had again. It is null where the client shows otherwise that it is itself; and where the request was
    /// carried out before under its idempotency key, and the secret is no longer remembered: five minutes at most, and never
    /// beyond the end of the process.
    #[schema(required, example = "tg_cs_…")]
    client_secret: Option<String>,
    /// Why there is no secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    note: Option<&'static str>,
    /// Where the client asks for tokens; null where the server does not know how others reach it.
    #[schema(required, example = "https://auth.example.com/oauth2/token")]
    access_url: Option<String>,
    #[serde(flatten)]
    facts: ClientFacts,
}

impl ClientWithSecret {
    pub(super) fn of(shown: ClientShown, Secret { text, note }: Secret, access_url: Option<String>) -> Self {
        Self {
            client_id: shown.client_id,
            client_secret: text,
            note,
            access_url,
            facts: shown.facts,
        }
    }
}
