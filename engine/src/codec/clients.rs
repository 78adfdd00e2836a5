//! Mirror types of clients, and of what they may do.

use tollgate_core::{Audience, AuthorityId, ClientName, ScopeSet, Timestamp, TokenDigest, TokenId, UserId};

use super::{Decode, Encode, Undecodable, decode, encode};
use crate::client::{AccessForm, Client, ClientAuthentication, ClientRow, GrantSet, SecretShown};
use crate::record::{AuthorityRow, NumberedAuthority};

#[derive(Encode, Decode)]
struct ClientV1 {
    number: u64,
    title: String,
    grants: u8,
    login_urls: Vec<String>,
    logout_urls: Vec<String>,
    scopes: String,
    audiences: Vec<String>,
    lifetime_s: u32,
    refresh_lifetime_s: u32,
    show_login: bool,
    consent: bool,
    enabled: bool,
    access: u8,
    authentication: AuthenticationV1,
    user: Option<u64>,
    secrets: Vec<SecretV1>,
    created_at_ms: u64,
}

/// The order of the variants is part of the format: new ones come last.
#[derive(Encode, Decode)]
enum AuthenticationV1 {
    Secret,
    PrivateKeyJwt(String),
    Public,
}

#[derive(Encode, Decode)]
struct SecretV1 {
    id: u64,
    digest: [u8; 32],
    created_at_ms: u64,
    expires_at_ms: Option<u64>,
}

/// The payload of a client's row.
pub(crate) fn client_payload(row: &ClientRow) -> Vec<u8> {
    let ClientRow { client, user, digests } = row;
    let secrets = client.secrets.iter().zip(digests).map(|(shown, digest)| SecretV1 {
        id: shown.id.0,
        digest: *digest.as_bytes(),
        created_at_ms: shown.created_at.as_millis(),
        expires_at_ms: shown.expires_at.map(Timestamp::as_millis),
    });
    encode(&ClientV1 {
        number: client.number,
        title: client.title.clone(),
        grants: client.grants.bits(),
        login_urls: client.login_urls.clone(),
        logout_urls: client.logout_urls.clone(),
        scopes: client.scopes.to_string(),
        audiences: audience_mirrors(&client.audiences),
        lifetime_s: client.lifetime_s,
        refresh_lifetime_s: client.refresh_lifetime_s,
        show_login: client.show_login,
        consent: client.consent,
        enabled: client.enabled,
        access: access_number(client.access),
        authentication: match &client.authentication {
            ClientAuthentication::Secret => AuthenticationV1::Secret,
            ClientAuthentication::PrivateKeyJwt { jwks } => AuthenticationV1::PrivateKeyJwt(jwks.clone()),
            ClientAuthentication::Public => AuthenticationV1::Public,
        },
        user: user.map(|user| user.0),
        secrets: secrets.collect(),
        created_at_ms: client.created_at.as_millis(),
    })
}

/// Reads the row of the client `name`.
pub(crate) fn read_client(name: &ClientName, payload: &[u8]) -> Result<ClientRow, Undecodable> {
    let mirror: ClientV1 = decode(payload)?;
    let shown = |secret: &SecretV1| SecretShown {
        id: TokenId(secret.id),
        created_at: Timestamp::from_millis(secret.created_at_ms),
        expires_at: secret.expires_at_ms.map(Timestamp::from_millis),
    };
    let client = Client {
        number: mirror.number,
        name: name.clone(),
        title: mirror.title,
        grants: read_grants(mirror.grants)?,
        login_urls: mirror.login_urls,
        logout_urls: mirror.logout_urls,
        scopes: read_scopes(&mirror.scopes)?,
        audiences: read_audiences(&mirror.audiences)?,
        lifetime_s: mirror.lifetime_s,
        refresh_lifetime_s: mirror.refresh_lifetime_s,
        show_login: mirror.show_login,
        consent: mirror.consent,
        enabled: mirror.enabled,
        access: read_access(mirror.access)?,
        authentication: match mirror.authentication {
            AuthenticationV1::Secret => ClientAuthentication::Secret,
            AuthenticationV1::PrivateKeyJwt(jwks) => ClientAuthentication::PrivateKeyJwt { jwks },
            AuthenticationV1::Public => ClientAuthentication::Public,
        },
        user: None,
        secrets: mirror.secrets.iter().map(shown).collect(),
        created_at: Timestamp::from_millis(mirror.created_at_ms),
    };
    let digest = |secret: &SecretV1| TokenDigest::from_bytes(secret.digest);
    Ok(ClientRow {
        client,
        user: mirror.user.map(UserId),
        digests: mirror.secrets.iter().map(digest).collect(),
    })
}

fn access_number(access: AccessForm) -> u8 {
    match access {
        AccessForm::Opaque => 1,
        AccessForm::Rs256 => 2,
        AccessForm::Es256 => 3,
    }
}

fn read_access(number: u8) -> Result<AccessForm, Undecodable> {
    let named = AccessForm::ALL
        .into_iter()
        .find(|access| access_number(*access) == number);
    named.ok_or(Undecodable::Field("form of access tokens"))
}

fn read_grants(bits: u8) -> Result<GrantSet, Undecodable> {
    let grants = GrantSet::from_bits(bits);
    if grants.bits() == bits {
        Ok(grants)
    } else {
        Err(Undecodable::Field("set of grants"))
    }
}

pub(super) fn read_client_name(text: &str) -> Result<ClientName, Undecodable> {
    text.parse().map_err(|_| Undecodable::Field("client name"))
}

pub(super) fn read_scopes(text: &str) -> Result<ScopeSet, Undecodable> {
    text.parse().map_err(|_| Undecodable::Field("set of scopes"))
}

pub(super) fn audience_mirrors(audiences: &[Audience]) -> Vec<String> {
    audiences.iter().map(|audience| audience.as_str().to_owned()).collect()
}

pub(super) fn read_audience(text: &str) -> Result<Audience, Undecodable> {
    text.parse().map_err(|_| Undecodable::Field("audience"))
}

pub(super) fn read_audiences(texts: &[String]) -> Result<Vec<Audience>, Undecodable> {
    texts.iter().map(|text| read_audience(text)).collect()
}

#[derive(Encode, Decode)]
struct AuthorityV1 {
    client: String,
    client_number: u64,
    scopes: String,
    audiences: Vec<String>,
}

/// The payload of an authority's row.
pub(crate) fn authority_payload(row: &AuthorityRow) -> Vec<u8> {
    let AuthorityRow {
        id: _,
        client,
        client_number,
        scopes,
        audiences,
    } = row;
    encode(&AuthorityV1 {
        client: client.as_str().to_owned(),
        client_number: *client_number,
        scopes: scopes.to_string(),
        audiences: audience_mirrors(audiences),
    })
}

/// Reads the row of authority `id`.
pub(crate) fn read_authority(id: AuthorityId, payload: &[u8]) -> Result<AuthorityRow, Undecodable> {
    let AuthorityV1 {
        client,
        client_number,
        scopes,
        audiences,
    } = decode(payload)?;
    Ok(AuthorityRow {
        id,
        client: read_client_name(&client)?,
        client_number,
        scopes: read_scopes(&scopes)?,
        audiences: read_audiences(&audiences)?,
    })
}

#[derive(Encode, Decode)]
struct NumberedAuthorityV1 {
    id: u32,
    maker: u64,
    until_ms: u64,
}

/// The payload of what an authority is found by.
pub(crate) fn numbered_payload(row: &NumberedAuthority) -> Vec<u8> {
    let NumberedAuthority { id, maker, until } = *row;
    encode(&NumberedAuthorityV1 {
        id: id.0,
        maker: maker.0,
        until_ms: until.as_millis(),
    })
}

/// Reads what an authority is found by.
pub(crate) fn read_numbered(payload: &[u8]) -> Result<NumberedAuthority, Undecodable> {
    let NumberedAuthorityV1 { id, maker, until_ms } = decode(payload)?;
    Ok(NumberedAuthority {
        id: AuthorityId(id),
        maker: UserId(maker),
        until: Timestamp::from_millis(until_ms),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row() -> ClientRow {
        let client = Client {
            number: 7,
            name: "abc".parse().unwrap(),
            title: "A".into(),
            grants: GrantSet::from_bits(9),
            login_urls: vec!["a:b".into()],
            logout_urls: Vec::new(),
            scopes: "r w".parse().unwrap(),
            audiences: vec!["x".parse().unwrap()],
            lifetime_s: 60,
            refresh_lifetime_s: 61,
            show_login: true,
            consent: false,
            enabled: true,
            access: AccessForm::Es256,
            authentication: ClientAuthentication::PrivateKeyJwt { jwks: "{}".into() },
            user: None,
            secrets: vec![SecretShown {
                id: TokenId(9),
                created_at: Timestamp::from_millis(5),
                expires_at: Some(Timestamp::from_millis(6)),
            }],
            created_at: Timestamp::from_millis(8),
        };
        ClientRow {
            client,
            user: Some(UserId(3)),
            digests: vec![TokenDigest::from_bytes([0xab; 32])],
        }
    }

    /// The bytes themselves: a field that moves would read old files wrongly.
    #[test]
    fn layouts_are_these_bytes_for_ever() {
        let head =
            b"\x01\x07\x01A\x09\x01\x03a:b\x00\x03r w\x01\x01x\x3c\x3d\x01\x00\x01\x03\x01\x02{}\x01\x03\x01\x09";
        let bytes = [head.as_slice(), &[0xab; 32], &[5, 1, 6, 8]].concat();
        assert_eq!(client_payload(&row()), bytes);
        let authority = AuthorityRow {
            id: AuthorityId(4),
            client: "abc".parse().unwrap(),
            client_number: 7,
            scopes: "r".parse().unwrap(),
            audiences: vec!["x".parse().unwrap()],
        };
        assert_eq!(authority_payload(&authority), b"\x01\x03abc\x07\x01r\x01\x01x");
        assert_eq!(
            read_authority(AuthorityId(4), &authority_payload(&authority)),
            Ok(authority)
        );
        let numbered = NumberedAuthority {
            id: AuthorityId(4),
            maker: UserId(5),
            until: Timestamp::from_millis(6),
        };
        assert_eq!(numbered_payload(&numbered), [1, 4, 5, 6]);
        assert_eq!(read_numbered(&[1, 4, 5, 6]), Ok(numbered));
    }

    #[test]
    fn a_client_reads_what_it_writes_and_the_rest_is_refused() {
        let (name, payload) = ("abc".parse().unwrap(), client_payload(&row()));
        assert_eq!(read_client(&name, &payload), Ok(row()));
        for cut in 0..payload.len() {
            assert!(read_client(&name, &payload[..cut]).is_err(), "cut at {cut}");
        }
        let mut grants = payload.clone();
        grants[4] = 32;
        assert_eq!(read_client(&name, &grants), Err(Undecodable::Field("set of grants")));
    }

    /// The greatest client that commands accept is a record.
    #[test]
    fn the_greatest_client_fits() {
        let mut row = row();
        let url = |n: usize| format!("https://a.example/{n:02}{}", "u".repeat(1_979));
        row.client.login_urls = (0..12).map(url).collect();
        row.client.scopes = (0..64)
            .map(|n| format!("{n:0128}"))
            .collect::<Vec<_>>()
            .join(" ")
            .parse()
            .unwrap();
        row.client.audiences = (0..16).map(|n| format!("{n:0255}").parse().unwrap()).collect();
        row.client.authentication = ClientAuthentication::PrivateKeyJwt {
            jwks: format!("{{{}", "k".repeat(16 * 1_024 - 1)),
        };
        row.client.title = "t".repeat(255);
        crate::client::accept(&row.client, true).unwrap();
        assert_eq!(read_client(&"abc".parse().unwrap(), &client_payload(&row)), Ok(row));
    }
}
