//! The facts that a check went by, as a person can be told them.

use std::net::IpAddr;

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use tollgate::{Acting, Engine, Network, QuotaState, Route, Settings, Standing, Subject, Timestamp, User};

use super::super::fault::Stop;
use super::super::request::CheckRequest;
use crate::bearer::bearer;
use crate::forwarded::{Target, method_token, origin_form};

/// The most specific route that a path meets, as the check found it.
fn route_of(engine: &Engine, path: &[u8]) -> Result<Option<Route>, Stop> {
    let pattern = engine.route_pattern(path);
    let routes = engine.routes()?;
    Ok(routes
        .into_iter()
        .find(|route| Some(route.pattern.as_str()) == pattern.as_deref()))
}

/// The request that is asked about.
pub(super) struct Asked<'a> {
    pub(super) target: Target<'a>,
    pub(super) headers: HeaderMap,
    pub(super) ip: IpAddr,
}

impl<'a> Asked<'a> {
    pub(super) fn read(request: &'a CheckRequest) -> Result<Self, Stop> {
        let CheckRequest {
            method,
            path,
            ip,
            headers: lines,
        } = request;
        let Ok(method) = method_token(method.as_bytes()) else {
            return Err(Stop::malformed(format!(
                "expected a method such as GET, but found `{method}`"
            )));
        };
        // The path is not repeated in the fault, because its query may hold a credential.
        let Ok(target) = origin_form(path.as_bytes()) else {
            return Err(Stop::malformed(
                "expected a path that begins with a slash and holds no blank and no `#`",
            ));
        };
        let Ok(ip) = ip.parse::<IpAddr>() else {
            return Err(Stop::malformed(format!(
                "expected an address such as 203.0.113.7 or 2001:db8::7, but found `{ip}`"
            )));
        };
        let mut headers = HeaderMap::new();
        for line in lines {
            let (name, value) = header(line)?;
            headers.append(name, value);
        }
        Ok(Self {
            target: Target { method, ..target },
            headers,
            ip: ip.to_canonical(),
        })
    }
}

/// Reads `Name: value`. What stands there is not repeated in the fault, because it may be a credential.
fn header(line: &str) -> Result<(HeaderName, HeaderValue), Stop> {
    let fault = || Stop::malformed("expected a header field such as 'x-cdata-authtoken: TOKEN'");
    let (name, value) = line.split_once(':').ok_or_else(fault)?;
    let name: HeaderName = name.trim().parse().map_err(|_| fault())?;
    let mut value: HeaderValue = value.trim().parse().map_err(|_| fault())?;
    value.set_sensitive(true);
    Ok((name, value))
}

/// When a token begins and ends.
#[derive(Default)]
pub(super) struct Life {
    pub(super) not_before: Option<Timestamp>,
    pub(super) expires_at: Option<Timestamp>,
    pub(super) revoked_at: Option<Timestamp>,
}

impl Life {
    fn read(engine: &Engine, asked: &Asked<'_>, subject: Option<Subject>) -> Result<Self, Stop> {
        let Some(subject) = subject.filter(|subject| subject.settled.is_none()) else {
            return Ok(Self::default());
        };
        if let Some(token) = engine.token(subject.token)? {
            return Ok(Self {
                not_before: token.not_before,
                expires_at: token.expires_at,
                revoked_at: token.revoked_at,
            });
        }
        let (expires_at, revoked_at) = match (engine.personal_token(subject.token)?, bearer(&asked.headers)) {
            (Some(token), _) => (Some(token.expires_at), token.revoked_at),
            (None, Ok(presented)) => match engine.access(presented, engine.now())? {
                Some(access) => (Some(access.token.expires_at), access.token.revoked_at),
                None => (None, None),
            },
            (None, Err(_)) => (None, None),
        };
        Ok(Self {
            not_before: None,
            expires_at,
            revoked_at,
        })
    }
}

/// What the decision went by.
pub(super) struct Facts {
    pub(super) ip: IpAddr,
    pub(super) method: String,
    pub(super) settings: Settings,
    /// Whether the query names `@authtoken`, which may not count.
    pub(super) names_authtoken_in_url: bool,
    pub(super) subject: Option<Subject>,
    pub(super) user: Option<User>,
    /// The life of the token, where it is known.
    pub(super) life: Life,
    /// Who acts by the token, and how far; none where its user does.
    pub(super) acting: Option<Acting>,
    /// The most specific route that is about the path.
    pub(super) route: Option<Route>,
    pub(super) quota: Option<QuotaState>,
    networks: Vec<Network>,
}

impl Facts {
    pub(super) fn read(
        engine: &Engine,
        asked: &Asked<'_>,
        subject: Option<Subject>,
        quota: Option<QuotaState>,
    ) -> Result<Self, Stop> {
        let user = match subject {
            Some(subject) => engine.users()?.into_iter().find(|user| user.id == subject.user),
            None => None,
        };
        let query = asked.target.query.unwrap_or_default();
        Ok(Self {
            ip: asked.ip,
            method: String::from_utf8_lossy(asked.target.method).into_owned(),
            settings: engine.settings()?,
            names_authtoken_in_url: query.windows(9).any(|bytes| bytes == b"authtoken"),
            subject,
            life: Life::read(engine, asked, subject)?,
            acting: subject.and_then(|subject| engine.acting(&subject)),
            route: route_of(engine, asked.target.path)?,
            user,
            quota,
            networks: engine.networks()?,
        })
    }

    /// The rule of this standing that covers the address: one for everybody, or one of the token's user.
    pub(super) fn rule(&self, standing: Standing, of_user: bool) -> Option<&Network> {
        let user = self.user.as_ref().map(|user| &user.name);
        self.networks.iter().find(|network| {
            let is_about = if of_user {
                network.user.is_some() && network.user.as_ref() == user
            } else {
                network.user.is_none()
            };
            is_about && network.standing == standing && network.rule.range().contains(self.ip)
        })
    }

    pub(super) fn is_trusted_by_all(&self) -> bool {
        self.rule(Standing::Banned, false).is_none() && self.rule(Standing::Trusted, false).is_some()
    }
}
