//! The facts that a check went by, as a person can be told them.

use std::net::IpAddr;

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use tollgate::{Authtoken, Engine, Network, QuotaState, Settings, Standing, Subject, User};

use super::super::fault::Stop;
use super::super::request::CheckRequest;
use crate::forwarded::{Target, method_token, origin_form};

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

/// What the decision went by.
pub(super) struct Facts {
    pub(super) ip: IpAddr,
    pub(super) method: String,
    pub(super) settings: Settings,
    /// Whether the query names `@authtoken`, which may not count.
    pub(super) names_authtoken_in_url: bool,
    pub(super) subject: Option<Subject>,
    pub(super) user: Option<User>,
    pub(super) token: Option<Authtoken>,
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
        let tokens = match &user {
            Some(user) => engine.tokens(Some(&user.name))?,
            None => Vec::new(),
        };
        let query = asked.target.query.unwrap_or_default();
        Ok(Self {
            ip: asked.ip,
            method: String::from_utf8_lossy(asked.target.method).into_owned(),
            settings: engine.settings()?,
            names_authtoken_in_url: query.windows(9).any(|bytes| bytes == b"authtoken"),
            subject,
            token: tokens
                .into_iter()
                .find(|token| subject.is_some_and(|subject| subject.token == token.id)),
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
