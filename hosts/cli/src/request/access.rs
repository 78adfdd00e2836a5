//! Requests about who may ask for tokens, and what paths take.

use std::path::Path;

use tollgate::{AccessForm, Audience, GrantSet, Scheme, SchemeSet, Scope, ScopeSet, UserName};
use tollgate_http::control::{
    AuthenticationRequest, ClientChangesRequest, ClientRequest, ConsentRequest, IssuerAsked, IssuerRequest,
    PersonalTokenRequest, RouteRequest,
};

use crate::arguments::{
    ClientBack, ClientTerms, ClientVerb, ConsentVerb, IssuerVerb, NewIssuer, NewRoute, PatVerb, RouteVerb,
};
use crate::exit::Failure;

/// The longest file of keys that is read.
const KEYS_LEN_MAX: u64 = 64 << 10;

pub(super) fn client(verb: &ClientVerb, cursor: Option<String>) -> Result<ClientRequest, Failure> {
    Ok(match verb {
        ClientVerb::Add { id, terms } => {
            if terms.grants.is_empty() {
                let words = "expected --grant, since a client without one never gets a token: password, client_credentials, \
                             authorization_code or refresh_token";
                return Err(Failure::usage(words));
            }
            ClientRequest::Add {
                id: id.to_string(),
                changes: Box::new(changes(terms, &ClientBack::default())?),
            }
        }
        ClientVerb::List => ClientRequest::List { cursor },
        ClientVerb::Show { id } => ClientRequest::Show { id: id.to_string() },
        ClientVerb::Set { id, terms, back } => {
            let changes = changes(terms, back)?;
            if changes == ClientChangesRequest::default() {
                let words = "expected something to change, such as --scope, --lifetime or --disabled: `tollgate client set \
                             --help` names all";
                return Err(Failure::usage(words));
            }
            ClientRequest::Set {
                id: id.to_string(),
                changes: Box::new(changes),
            }
        }
        ClientVerb::Rotate { id, overlap } => ClientRequest::Rotate {
            id: id.to_string(),
            overlap_s: *overlap,
        },
        ClientVerb::Remove { id } => ClientRequest::Remove { id: id.to_string() },
    })
}

fn changes(terms: &ClientTerms, back: &ClientBack) -> Result<ClientChangesRequest, Failure> {
    let grants = (!terms.grants.is_empty()).then(|| {
        terms
            .grants
            .iter()
            .flat_map(|set| set.iter())
            .collect::<GrantSet>()
            .to_string()
    });
    let scopes = (back.no_scopes || !terms.scopes.is_empty()).then(|| joined(&terms.scopes));
    let audiences = (back.no_audiences || !terms.audiences.is_empty())
        .then(|| terms.audiences.iter().map(Audience::to_string).collect());
    let urls = |named: &[String], none: bool| (none || !named.is_empty()).then(|| named.to_vec());
    let switch = |off: bool, on: bool| if off { Some(false) } else { on.then_some(true) };
    let authentication = match &terms.jwks {
        Some(file) => Some(AuthenticationRequest::PrivateKeyJwt { jwks: keys(file)? }),
        None if terms.public => Some(AuthenticationRequest::Public),
        None => back.secret.then_some(AuthenticationRequest::Secret),
    };
    Ok(ClientChangesRequest {
        name: terms.name.clone(),
        grants,
        login_urls: urls(&terms.login_urls, back.no_login_urls),
        logout_urls: urls(&terms.logout_urls, back.no_logout_urls),
        scopes,
        audiences,
        lifetime_s: terms.lifetime,
        refresh_lifetime_s: terms.refresh_lifetime,
        show_login: switch(terms.no_login_screen, back.login_screen),
        consent: switch(terms.no_consent, back.consent),
        enabled: switch(terms.disabled, back.enabled),
        access: terms.access.as_ref().map(AccessForm::to_string),
        authentication,
        user: terms.user.as_ref().map(UserName::to_string),
        no_user: back.no_user,
    })
}

/// Scopes that were given more than once, each once.
fn joined(sets: &[ScopeSet]) -> String {
    let mut words: Vec<String> = Vec::new();
    for scope in sets.iter().flat_map(ScopeSet::iter).map(Scope::to_string) {
        if !words.contains(&scope) {
            words.push(scope);
        }
    }
    words.join(" ")
}

/// The text of a file of keys.
fn keys(file: &Path) -> Result<String, Failure> {
    let fault = |error: &dyn std::fmt::Display| {
        Failure::usage(format!("expected a JWK set in {}, but: {error}", file.display()))
    };
    let len = std::fs::metadata(file).map_err(|error| fault(&error))?.len();
    if len > KEYS_LEN_MAX {
        return Err(fault(&format!(
            "it has {len} bytes, and a JWK set at most {KEYS_LEN_MAX}"
        )));
    }
    std::fs::read_to_string(file).map_err(|error| fault(&error))
}

pub(super) fn personal_token(verb: &PatVerb, cursor: Option<String>) -> PersonalTokenRequest {
    match verb {
        PatVerb::Issue {
            user,
            name,
            days,
            expires_at,
            description,
        } => PersonalTokenRequest::Issue {
            user: user.to_string(),
            name: name.clone(),
            description: description.clone(),
            expires_at: expires_at.clone(),
            expires_in_s: expires_at.is_none().then(|| u64::from(*days) * 24 * 3_600),
        },
        PatVerb::List { user } => PersonalTokenRequest::List {
            user: user.as_ref().map(ToString::to_string),
            cursor,
        },
        PatVerb::Revoke { id } => PersonalTokenRequest::Revoke { id: id.to_string() },
    }
}

pub(super) fn consent(verb: &ConsentVerb) -> ConsentRequest {
    match verb {
        ConsentVerb::List { user } => ConsentRequest::List { user: user.to_string() },
        ConsentVerb::Withdraw { user, client } => ConsentRequest::Withdraw {
            user: user.to_string(),
            client: client.to_string(),
        },
    }
}

pub(super) fn route(verb: &RouteVerb) -> RouteRequest {
    match verb {
        RouteVerb::Add(NewRoute {
            pattern,
            schemes,
            scopes,
            audience,
            anonymous,
        }) => {
            let all = schemes.iter().flat_map(|set| set.iter());
            let named: SchemeSet = all.fold(SchemeSet::NONE, |set: SchemeSet, scheme: Scheme| set.with(scheme));
            RouteRequest::Add {
                pattern: pattern.to_string(),
                schemes: (!schemes.is_empty()).then(|| named.to_string()),
                scopes: joined(scopes),
                audience: audience.as_ref().map(Audience::to_string),
                anonymous: *anonymous,
            }
        }
        RouteVerb::List => RouteRequest::List,
        RouteVerb::Remove { pattern } => RouteRequest::Remove {
            pattern: pattern.to_string(),
        },
    }
}

pub(super) fn issuer(verb: &IssuerVerb) -> Result<IssuerRequest, Failure> {
    Ok(match verb {
        IssuerVerb::Add(NewIssuer {
            issuer,
            jwks_url,
            jwks,
            audiences,
            client,
            scopes,
            algorithms,
            user_claim,
        }) => IssuerRequest::Add(Box::new(IssuerAsked {
            issuer: issuer.clone(),
            jwks_url: jwks_url.clone(),
            jwks: jwks.as_deref().map(keys).transpose()?,
            audiences: audiences.iter().map(Audience::to_string).collect(),
            algorithms: algorithms.as_ref().map(ToString::to_string),
            user_claim: user_claim.clone(),
            client: client.to_string(),
            scopes: joined(scopes),
        })),
        IssuerVerb::List => IssuerRequest::List,
        IssuerVerb::Remove { issuer } => IssuerRequest::Remove { issuer: issuer.clone() },
    })
}
