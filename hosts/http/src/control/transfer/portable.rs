//! From a line to a record, and back.

use tollgate::{
    ForeignDigest, ForeignForm, Limit, Portable, PortableAuthtoken, PortableNetwork, PortableSecret, PortableUser,
    Setting, Standing, TokenDigest, TokenId, UserId, UserName,
};

use super::super::moment::write_moment;
use super::clients::{client, client_line};
use super::fields::{KEYED, bytes, exact, field, fingerprint, hex, moment, required};
use super::line::Line;
use super::routes::{route, route_line};

/// The record that a line is about.
///
/// # Errors
///
/// In words that name the field and repeat no secret.
pub fn portable(line: &Line) -> Result<Portable, String> {
    let about = [
        ("setting", line.setting.is_some()),
        ("rule", line.rule.is_some()),
        ("token", line.token.is_some()),
        ("digest", line.digest.is_some()),
        ("client", line.client.is_some()),
        ("route", line.route.is_some()),
    ];
    let about: Vec<&str> = about
        .into_iter()
        .filter_map(|(field, set)| set.then_some(field))
        .collect();
    match about.as_slice() {
        [] => Ok(Portable::User(user(line)?)),
        [one, other, ..] => Err(format!(
            "expected a line about one thing, but found `{one}` and `{other}`"
        )),
        ["setting"] => setting(line),
        ["rule"] => network(line),
        ["route"] => Ok(Portable::Route(route(line)?)),
        ["client"] => Ok(Portable::Client(Box::new(client(line)?))),
        [_] => authtoken(line),
    }
}

fn setting(line: &Line) -> Result<Portable, String> {
    let key = line.setting.as_deref().unwrap_or_default();
    let value = line.value.as_deref().unwrap_or_default();
    let setting = Setting::parse(key, value).map_err(|error| error.to_string())?;
    Ok(Portable::Setting(setting))
}

fn network(line: &Line) -> Result<Portable, String> {
    let standing = match line.standing.as_deref().map(str::trim) {
        Some("trusted") => Standing::Trusted,
        Some("banned") => Standing::Banned,
        Some(found) => return Err(format!("standing: expected `trusted` or `banned`, but found `{found}`")),
        None => return Err("standing: expected `trusted` or `banned`, but found nothing".to_owned()),
    };
    Ok(Portable::Network(PortableNetwork {
        rule: required("rule", line.rule.as_deref())?,
        standing,
        user: field("user", line.user.as_deref())?,
        added_at: moment("added_at", line.added_at.as_deref())?,
    }))
}

fn user(line: &Line) -> Result<PortableUser, String> {
    Ok(PortableUser {
        id: field::<u64>("user_id", line.user_id.as_deref())?.map(UserId),
        name: required("user", line.user.as_deref())?,
        active: plain_switch(line.active.as_deref())?,
        operations: field("operations", line.operations.as_deref())?,
        per_hour: limit("per_hour", line.per_hour.as_deref())?,
        concurrent: limit("concurrent", line.concurrent.as_deref())?,
        created_at: moment("created_at", line.created_at.as_deref())?,
    })
}

fn plain_switch(active: Option<&str>) -> Result<Option<bool>, String> {
    match active.map(str::trim) {
        None => Ok(None),
        Some("true") => Ok(Some(true)),
        Some("false") => Ok(Some(false)),
        Some(found) => Err(format!("active: expected `true` or `false`, but found `{found}`")),
    }
}

fn authtoken(line: &Line) -> Result<Portable, String> {
    let user = user(line)?;
    let token = PortableAuthtoken {
        id: field::<u64>("token_id", line.token_id.as_deref())?.map(TokenId),
        user: user.name.clone(),
        secret: secret(line)?,
        issued_at: moment("issued_at", line.issued_at.as_deref())?,
        not_before: moment("not_before", line.not_before.as_deref())?,
        expires_at: moment("expires_at", line.expires_at.as_deref())?,
        revoked_at: moment("revoked_at", line.revoked_at.as_deref())?,
    };
    Ok(Portable::Authtoken(token, Some(user)))
}

fn secret(line: &Line) -> Result<PortableSecret, String> {
    let Some(digest) = &line.digest else {
        let token = line.token.clone().unwrap_or_default();
        return match line.scheme.as_deref() {
            None | Some("clear") => Ok(PortableSecret::Clear(token)),
            Some(scheme) => Err(format!(
                "scheme: expected none beside a token in clear, but found `{scheme}`"
            )),
        };
    };
    let scheme = line.scheme.as_deref().map(str::trim);
    let scheme = scheme.ok_or("scheme: expected sha256, sha512 or blake3 beside a digest, but found nothing")?;
    if scheme.starts_with(KEYED) {
        let key = fingerprint(Some(scheme))?;
        let origin = line.origin.as_ref().map(|origin| bytes(origin)).transpose()?;
        return Ok(PortableSecret::Keyed {
            digest: TokenDigest::from_bytes(bytes(digest)?),
            origin: origin.map(TokenDigest::from_bytes),
            key,
        });
    }
    let form: ForeignForm = scheme
        .parse()
        .map_err(|_| format!("scheme: expected sha256, sha512 or blake3, but found `{scheme}`"))?;
    let digest = ForeignDigest::parse(form, digest).map_err(|error| format!("digest: {error}"))?;
    Ok(PortableSecret::Digest(digest))
}

/// A limit. Elsewhere 0 and -1 mean that there is none.
fn limit(name: &str, text: Option<&str>) -> Result<Option<Limit>, String> {
    match text.map(str::trim) {
        Some("0" | "-1") => Ok(Some(Limit::Unlimited)),
        text => field(name, text),
    }
}

/// The line that says what a record says.
pub fn line_of(record: &Portable) -> Line {
    match record {
        Portable::Setting(setting) => Line {
            setting: Some(setting.key().to_owned()),
            value: Some(setting.to_string()),
            ..Line::default()
        },
        Portable::User(user) => user_line(user),
        Portable::Authtoken(token, user) => authtoken_line(token, user.as_ref()),
        Portable::Network(network) => Line {
            user: network.user.as_ref().map(UserName::to_string),
            rule: Some(network.rule.to_string()),
            standing: Some(network.standing.to_string()),
            added_at: network.added_at.map(exact),
            ..Line::default()
        },
        Portable::Client(client) => client_line(client),
        Portable::Route(route) => route_line(route),
    }
}

fn user_line(user: &PortableUser) -> Line {
    Line {
        user: Some(user.name.to_string()),
        user_id: user.id.map(|id| id.0.to_string()),
        active: user.active.map(|active| active.to_string()),
        operations: user.operations.map(|operations| operations.to_string()),
        per_hour: user.per_hour.map(|limit| limit.to_string()),
        concurrent: user.concurrent.map(|limit| limit.to_string()),
        created_at: user.created_at.map(exact),
        ..Line::default()
    }
}

fn authtoken_line(token: &PortableAuthtoken, user: Option<&PortableUser>) -> Line {
    let mut first = None;
    let (clear, digest, scheme) = match &token.secret {
        PortableSecret::Clear(text) => (Some(text.clone()), None, None),
        PortableSecret::Digest(digest) => (None, Some(hex(digest.as_bytes())), Some(digest.form().to_string())),
        PortableSecret::Keyed { digest, origin, key } => {
            first = origin.map(|origin| hex(origin.as_bytes()));
            let key = u64::from_be_bytes(*key);
            (None, Some(hex(digest.as_bytes())), Some(format!("{KEYED}{key:016x}")))
        }
    };
    Line {
        user: Some(token.user.to_string()),
        token: clear,
        digest,
        origin: first,
        scheme,
        token_id: token.id.map(|id| id.0.to_string()),
        issued_at: token.issued_at.map(exact),
        not_before: token.not_before.map(write_moment),
        expires_at: token.expires_at.map(write_moment),
        revoked_at: token.revoked_at.map(exact),
        ..user.map(user_line).unwrap_or_default()
    }
}
