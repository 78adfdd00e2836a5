//! Routes, issuers and identity providers elsewhere, and signing keys.

use tollgate::{
    Audience, Author, Authored, Engine, ExecuteError, Issuer, JwksSource, PathPattern, PutIdentityProvider, PutIssuer,
    PutRoute, Refusal, RemoveIdentityProvider, RemoveIssuer, RemoveRoute, Route, SignatureSet,
};
use tollgate_oauth::AuthorizationServer;

use super::super::access::{IssuerShown, RouteShown, id_of};
use super::super::fault::Stop;
use super::super::identity_providers::{IdentityProviderShown, ProviderTerms};
use super::super::keys::{rotate_keys, signing_keys};
use super::super::reply::Answer;
use super::super::request::{
    IdentityProviderAsked, IdentityProviderRequest, IssuerAsked, IssuerRequest, KeyRequest, RouteRequest,
};
use super::super::shown::RemovedShown;
use super::super::terms::accept_source;
use super::parsed;

pub(super) fn routes(engine: &Engine, by: &Authored<'_>, request: RouteRequest) -> Result<Answer, Stop> {
    match request {
        RouteRequest::Add {
            pattern,
            schemes,
            scopes,
            audience,
            anonymous,
        } => {
            let usual = Route::usual(parsed(&pattern)?);
            let route = Route {
                schemes: schemes.as_deref().map_or(Ok(usual.schemes), parsed)?,
                scopes: parsed(&scopes)?,
                audience: audience.as_deref().map(parsed::<Audience>).transpose()?,
                anonymous,
                pattern: usual.pattern,
            };
            Ok(Answer::Route((&by.execute(PutRoute { route })?).into()))
        }
        RouteRequest::List => Ok(Answer::Routes(engine.routes()?.iter().map(RouteShown::from).collect())),
        RouteRequest::Remove { pattern } => {
            let pattern: PathPattern = parsed(&pattern)?;
            let (id, removed) = (id_of(pattern.as_str()), pattern.to_string());
            by.execute(RemoveRoute { pattern })?;
            Ok(Answer::Removed(RemovedShown { id, removed }))
        }
    }
}

pub(super) fn issuers(engine: &Engine, by: &Authored<'_>, request: IssuerRequest) -> Result<Answer, Stop> {
    match request {
        IssuerRequest::Add(asked) => {
            let issuer = issuer(*asked)?;
            accept_source(&issuer.jwks)?;
            Ok(Answer::Issuer(Box::new((&by.execute(PutIssuer { issuer })?).into())))
        }
        IssuerRequest::List => Ok(Answer::Issuers(
            engine.issuers()?.iter().map(IssuerShown::from).collect(),
        )),
        IssuerRequest::Remove { issuer } => {
            let (id, removed) = (id_of(&issuer), issuer.clone());
            by.execute(RemoveIssuer { issuer })?;
            Ok(Answer::Removed(RemovedShown { id, removed }))
        }
    }
}

fn issuer(asked: IssuerAsked) -> Result<Issuer, Stop> {
    let IssuerAsked {
        issuer,
        jwks_url,
        jwks,
        audiences,
        algorithms,
        user_claim,
        client,
        scopes,
    } = asked;
    let jwks = match (jwks_url, jwks) {
        (Some(url), None) => JwksSource::Url(url),
        (None, Some(text)) => JwksSource::Text(text),
        (None, None) | (Some(_), Some(_)) => {
            return Err(Stop::malformed(
                "expected the URL of the issuer's keys, or the keys themselves",
            ));
        }
    };
    let audiences: Result<_, Stop> = audiences.iter().map(|name| parsed(name)).collect();
    Ok(Issuer {
        issuer,
        jwks,
        audiences: audiences?,
        algorithms: algorithms.as_deref().map_or(Ok(SignatureSet::ALL), parsed)?,
        user_claim: user_claim.unwrap_or_else(|| "sub".to_owned()),
        client: parsed(&client)?,
        scopes: parsed(&scopes)?,
    })
}

pub(super) fn identity_providers(
    engine: &Engine,
    by: &Authored<'_>,
    request: IdentityProviderRequest,
) -> Result<Answer, Stop> {
    match request {
        IdentityProviderRequest::Add(asked) => {
            let provider = provider_terms(*asked)?.provider()?;
            let provider = by.execute(PutIdentityProvider { provider })?;
            Ok(Answer::IdentityProvider(Box::new((&provider).into())))
        }
        IdentityProviderRequest::List => Ok(Answer::IdentityProviders(
            engine
                .identity_providers()?
                .iter()
                .map(IdentityProviderShown::from)
                .collect(),
        )),
        IdentityProviderRequest::Show { issuer } => {
            let all = engine.identity_providers()?;
            let found = all.iter().find(|provider| provider.issuer == issuer);
            let found = found.ok_or(Refusal::NoSuchIdentityProvider { issuer });
            Ok(Answer::IdentityProvider(Box::new(
                found.map_err(ExecuteError::Refused)?.into(),
            )))
        }
        IdentityProviderRequest::Remove { issuer } => {
            let (id, removed) = (id_of(&issuer), issuer.clone());
            by.execute(RemoveIdentityProvider { issuer })?;
            Ok(Answer::Removed(RemovedShown { id, removed }))
        }
    }
}

fn provider_terms(asked: IdentityProviderAsked) -> Result<ProviderTerms, Stop> {
    let audiences: Result<_, Stop> = asked.audiences.iter().map(|name| parsed(name)).collect();
    Ok(ProviderTerms {
        issuer: asked.issuer,
        metadata: asked.metadata,
        certificates: asked.certificates,
        audiences: audiences?,
        recipient: asked.recipient,
        subject: asked.subject.as_deref().map(parsed).transpose()?,
        skew_s: asked.skew_s,
        creates_users: asked.creates_users,
    })
}

pub(super) fn keys(
    engine: &Engine,
    server: Option<&AuthorizationServer>,
    author: &Author,
    request: &KeyRequest,
) -> Result<Answer, Stop> {
    if let KeyRequest::Rotate { compromised } = request {
        rotate_keys(engine, server, author.clone(), *compromised)?;
    }
    Ok(Answer::Keys(signing_keys(engine)?))
}
