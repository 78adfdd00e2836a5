//! The facts of a vector as records of an engine.

use tollgate::{
    ForeignDigest, Limit, NetworkRule, Portable, PortableAuthtoken, PortableNetwork, PortableSecret, PortableUser,
    Setting, Standing, Timestamp, TokenId, UserId,
};
use zeroize::Zeroizing;

use super::super::support::facts::{Server, Token, User};

/// Why a vector is left out.
#[derive(Debug)]
pub(crate) struct Left(pub(crate) String);

/// The settings of a server.
pub(crate) fn settings(server: &Server) -> Vec<Setting> {
    [
        ("per_hour", server.per_hour.clone()),
        ("concurrent", server.concurrent.clone()),
        ("allow_authtoken_in_url", server.authtoken_in_url.to_string()),
        ("allow_preflight", server.allow_preflight.to_string()),
        ("foreign_tokens", server.foreign_tokens.clone()),
    ]
    .into_iter()
    .map(|(key, value)| Setting::parse(key, &value).unwrap())
    .collect()
}

/// Rules of a server or of a user.
pub(crate) fn networks(banned: &[String], trusted: &[String], user: Option<&str>) -> Vec<PortableNetwork> {
    let rules = |rules: &[String], standing| -> Vec<PortableNetwork> {
        let rule = |rule: &String| PortableNetwork {
            rule: rule.parse::<NetworkRule>().unwrap(),
            standing,
            user: user.map(|user| user.parse().unwrap()),
            added_at: None,
        };
        rules.iter().map(rule).collect()
    };
    [rules(banned, Standing::Banned), rules(trusted, Standing::Trusted)].concat()
}

/// A user without their rules.
pub(crate) fn user(user: &User) -> PortableUser {
    let limit = |text: &str| text.parse::<Limit>().ok();
    PortableUser {
        id: Some(UserId(user.id)),
        active: Some(user.active),
        operations: Some(user.operations.parse().unwrap()),
        per_hour: limit(&user.per_hour),
        concurrent: limit(&user.concurrent),
        ..PortableUser::named(user.name.parse().unwrap())
    }
}

/// A token of the user called `name`.
pub(crate) fn token(token: &Token, name: &str) -> Result<Portable, Left> {
    let moment = |second: u32| Timestamp::from_seconds(u64::from(second));
    Ok(Portable::Authtoken(
        PortableAuthtoken {
            id: Some(TokenId(token.id)),
            user: name.parse().unwrap(),
            secret: secret(token)?,
            issued_at: None,
            not_before: token.not_before_s.map(moment),
            expires_at: token.expires_at_s.map(moment),
            revoked_at: token.revoked.then(|| moment(1_600_000_000)),
        },
        None,
    ))
}

fn secret(token: &Token) -> Result<PortableSecret, Left> {
    if token.authority.is_some() {
        return Err(Left("a token that a client is granted".to_owned()));
    }
    let clear = |text: &str| PortableSecret::Clear(Zeroizing::new(text.to_owned()));
    let Some((form, text)) = token.secret.split_once(':') else {
        return match token.secret.starts_with("tg_at_") {
            true => Ok(clear(&token.secret)),
            false => Err(Left("a token of a kind that is not issued yet".to_owned())),
        };
    };
    match (form, &token.digest) {
        ("clear", _) => Ok(clear(text)),
        (form, Some(digits)) => ForeignDigest::parse(form.parse().unwrap(), digits)
            .map(PortableSecret::Digest)
            .map_err(|why| Left(why.to_string())),
        (_, None) => Err(Left("a digest that is not written down".to_owned())),
    }
}
