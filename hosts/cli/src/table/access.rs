//! Clients, personal access tokens, and what paths take.

use tollgate_http::control::{
    ClientFacts, ClientSecretShown, ClientShown, ConsentShown, IdentityProviderShown, IssuedPersonalShown, IssuerShown,
    PersonShown, PersonalTokenShown, ProfileShown, RouteShown, SigningKeyShown, in_shell,
};

use super::{Row, or_dash, or_none, rows, yes_or_no};
use crate::columns::table;

pub(super) fn one_client_secret(shown: &ClientSecretShown) -> String {
    let ClientSecretShown {
        client_id,
        client_secret,
        access_url,
        facts,
    } = shown;
    let id = in_shell(client_id);
    let how = match (client_secret, facts.authentication.as_str()) {
        (Some(secret), _) => format!(
            "The secret of client {client_id}:\n\n  {secret}\n\nKeep it safe: it is not shown again, and cannot be had from the store.",
        ),
        (None, "private_key_jwt") => {
            format!("Client {client_id} has no secret: it signs with its own key (private_key_jwt).")
        }
        (None, _) => format!(
            "Client {client_id} has no secret: it is public, and proves with PKCE that it is the one who asked."
        ),
    };
    let asks = access_url
        .as_ref()
        .map(|url| format!(" It asks for tokens at {url}"))
        .unwrap_or_default();
    format!("{how}{asks}\n\nAll about it: tollgate client show {id}")
}

/// One client with all that is known of it.
pub(super) fn one_client(shown: &ClientShown) -> String {
    let ClientFacts {
        name,
        enabled,
        grants,
        scopes,
        audiences,
        login_urls,
        logout_urls,
        lifetime_s,
        refresh_lifetime_s,
        show_login,
        consent,
        access,
        authentication,
        jwks: _,
        user,
        secrets,
        created_at,
    } = &shown.facts;
    let list = |items: &[String]| or_none(&items.join("\n"));
    let secrets: Vec<String> = secrets
        .iter()
        .map(|secret| match &secret.expires_at {
            Some(end) => format!("{} of {}, until {end}", secret.id, secret.created_at),
            None => format!("{} of {}", secret.id, secret.created_at),
        })
        .collect();
    let facts = [
        ("client_id", shown.client_id.clone()),
        ("name", name.clone()),
        ("enabled", yes_or_no(*enabled)),
        ("grants", list(grants)),
        ("scopes", list(scopes)),
        ("audiences", list(audiences)),
        ("login URLs", list(login_urls)),
        ("logout URLs", list(logout_urls)),
        ("lifetime", format!("{lifetime_s} s")),
        ("refresh lifetime", format!("{refresh_lifetime_s} s")),
        ("login screen", yes_or_no(*show_login)),
        ("consent", yes_or_no(*consent)),
        ("access tokens", access.clone()),
        ("authentication", authentication.clone()),
        ("acts as", or_dash(user)),
        ("secrets", list(&secrets)),
        ("added", created_at.clone()),
    ];
    table(
        &["", ""],
        facts.into_iter().map(|(name, value)| vec![name.to_owned(), value]),
    )
}

impl Row for ClientShown {
    const HEADS: &'static [&'static str] = &[
        "client_id",
        "name",
        "enabled",
        "grants",
        "scopes",
        "acts as",
        "lifetime",
        "added",
    ];
    const NONE: &'static str = "There are no clients. Next: tollgate client add ID --grant GRANT";

    fn cells(&self) -> Vec<String> {
        let facts = &self.facts;
        vec![
            self.client_id.clone(),
            facts.name.clone(),
            yes_or_no(facts.enabled),
            or_none(&facts.grants.join(",")),
            or_none(&facts.scopes.join(" ")),
            or_dash(&facts.user),
            format!("{} s", facts.lifetime_s),
            facts.created_at.clone(),
        ]
    }
}

pub(super) fn one_issued_personal(issued: &IssuedPersonalShown) -> String {
    let IssuedPersonalShown {
        id,
        token,
        user,
        name,
        description: _,
        expires_at,
    } = issued;
    format!(
        "Personal access token {id} of {user}, {name}, until {expires_at}:\n\n  {token}\n\nKeep it safe: it is not shown again, and \
         cannot be had from the store."
    )
}

impl Row for PersonalTokenShown {
    const HEADS: &'static [&'static str] = &[
        "id",
        "user",
        "name",
        "issued",
        "expires",
        "revoked",
        "last used",
        "description",
    ];
    const NONE: &'static str = "There are no personal access tokens. Next: tollgate pat issue USER --name NAME";

    fn cells(&self) -> Vec<String> {
        vec![
            self.id.clone(),
            self.user.clone(),
            self.name.clone(),
            self.issued_at.clone(),
            self.expires_at.clone(),
            or_dash(&self.revoked_at),
            or_dash(&self.last_used_at),
            self.description.clone(),
        ]
    }
}

impl Row for ConsentShown {
    const HEADS: &'static [&'static str] = &["client_id", "scopes", "audiences", "given"];
    const NONE: &'static str =
        "This user has agreed to nothing. People are asked at the login page of a client that wants consent.";

    fn cells(&self) -> Vec<String> {
        vec![
            self.client_id.clone(),
            or_none(&self.scopes.join(" ")),
            or_none(&self.audiences.join(" ")),
            self.given_at.clone(),
        ]
    }
}

impl Row for RouteShown {
    const HEADS: &'static [&'static str] = &["pattern", "schemes", "scopes", "audience", "anonymous"];
    const NONE: &'static str =
        "There are no routes: every path takes any token, and no password. Next: tollgate route add PATTERN";

    fn cells(&self) -> Vec<String> {
        vec![
            self.pattern.clone(),
            or_none(&self.schemes.join(",")),
            or_none(&self.scopes.join(" ")),
            or_dash(&self.audience),
            yes_or_no(self.anonymous),
        ]
    }
}

impl Row for IssuerShown {
    const HEADS: &'static [&'static str] = &[
        "issuer",
        "keys",
        "audiences",
        "algorithms",
        "user claim",
        "client_id",
        "scopes",
    ];
    const NONE: &'static str =
        "No issuer elsewhere is trusted. Next: tollgate issuer add URL --jwks-url URL --audience NAME --client ID";

    fn cells(&self) -> Vec<String> {
        vec![
            self.issuer.clone(),
            self.jwks_url.clone().unwrap_or_else(|| "as given".to_owned()),
            self.audiences.join(" "),
            self.algorithms.join(","),
            self.user_claim.clone(),
            self.client_id.clone(),
            or_none(&self.scopes.join(" ")),
        ]
    }
}

/// One identity provider with its certificates.
pub(super) fn one_identity_provider(shown: &IdentityProviderShown) -> String {
    let certificates: Vec<String> = shown
        .certificates
        .iter()
        .map(|one| format!("SHA-256 {}, {}, until {}", one.sha256, one.subject, one.not_after))
        .collect();
    let facts = [
        ("entity ID", shown.issuer.clone()),
        ("certificates", or_none(&certificates.join("\n"))),
        ("audiences", or_none(&shown.audiences.join("\n"))),
        ("recipient", recipient(shown)),
        ("subject", shown.subject.clone()),
        ("clock skew", format!("{} s", shown.skew_s)),
        ("adds users", yes_or_no(shown.creates_users)),
    ];
    table(
        &["", ""],
        facts.into_iter().map(|(name, value)| vec![name.to_owned(), value]),
    )
}

fn recipient(shown: &IdentityProviderShown) -> String {
    shown
        .recipient
        .clone()
        .unwrap_or_else(|| "the token endpoint that is asked".to_owned())
}

impl Row for IdentityProviderShown {
    const HEADS: &'static [&'static str] = &[
        "entity ID",
        "certificates",
        "audiences",
        "recipient",
        "subject",
        "adds users",
    ];
    const NONE: &'static str =
        "No identity provider is trusted. Next: tollgate idp add --metadata FILE --audience NAME";

    fn cells(&self) -> Vec<String> {
        vec![
            self.issuer.clone(),
            self.certificates.len().to_string(),
            self.audiences.join(" "),
            recipient(self),
            self.subject.clone(),
            yes_or_no(self.creates_users),
        ]
    }
}

impl Row for SigningKeyShown {
    const HEADS: &'static [&'static str] = &[
        "id",
        "kid",
        "algorithm",
        "state",
        "signs from",
        "signs until",
        "published until",
    ];
    const NONE: &'static str = "There are no signing keys: the server makes them when it starts.";

    fn cells(&self) -> Vec<String> {
        vec![
            self.id.clone(),
            self.kid.clone(),
            self.algorithm.clone(),
            self.state.name().to_owned(),
            self.signs_from.clone(),
            or_dash(&self.signs_until),
            or_dash(&self.published_until),
        ]
    }
}

/// A user, and below what others may be told of them, where there is anything.
pub(super) fn one_person(person: &PersonShown) -> String {
    let user = rows(std::slice::from_ref(&person.user));
    match profile(&person.profile) {
        Some(profile) => format!("{user}\n\n{profile}"),
        None => user,
    }
}

fn profile(profile: &ProfileShown) -> Option<String> {
    let ProfileShown {
        display_name,
        email,
        roles,
        has_password,
    } = profile;
    if *profile == ProfileShown::default() {
        return None;
    }
    let facts = [
        ("display name", or_dash(display_name)),
        ("email", or_dash(email)),
        ("roles", or_none(&roles.join(", "))),
        ("password", yes_or_no(*has_password)),
    ];
    let facts: Vec<String> = facts.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    Some(format!(" {}", facts.join("; ")))
}
