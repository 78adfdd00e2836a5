//! Mirror types of routes, and of issuers and identity providers elsewhere.

use tollgate_core::{PathPattern, Route, SchemeSet};

use super::clients::{audience_mirrors, read_audience, read_audiences, read_client_name, read_scopes};
use super::{Decode, Encode, Undecodable, decode, encode};
use crate::identity_provider::{IdentityProvider, SubjectMapping};
use crate::issuer::{Issuer, JwksSource, SignatureSet};

#[derive(Encode, Decode)]
pub(super) struct RouteV1 {
    schemes: u8,
    scopes: String,
    audience: Option<String>,
    anonymous: bool,
}

/// The payload of a route's row.
pub(crate) fn route_payload(route: &Route) -> Vec<u8> {
    encode(&route_mirror(route))
}

/// Reads the row of the route of a pattern.
pub(crate) fn read_route(pattern: &PathPattern, payload: &[u8]) -> Result<Route, Undecodable> {
    route_of(pattern.clone(), decode(payload)?)
}

pub(super) fn route_mirror(route: &Route) -> RouteV1 {
    let Route {
        pattern: _,
        schemes,
        scopes,
        audience,
        anonymous,
    } = route;
    RouteV1 {
        schemes: schemes.bits(),
        scopes: scopes.to_string(),
        audience: audience.as_ref().map(|audience| audience.as_str().to_owned()),
        anonymous: *anonymous,
    }
}

pub(super) fn route_of(pattern: PathPattern, mirror: RouteV1) -> Result<Route, Undecodable> {
    let RouteV1 {
        schemes: bits,
        scopes,
        audience,
        anonymous,
    } = mirror;
    let schemes = SchemeSet::from_bits(bits);
    if schemes.bits() != bits {
        return Err(Undecodable::Field("set of schemes"));
    }
    Ok(Route {
        pattern,
        schemes,
        scopes: read_scopes(&scopes)?,
        audience: audience.as_deref().map(read_audience).transpose()?,
        anonymous,
    })
}

#[derive(Encode, Decode)]
struct IssuerV1 {
    jwks: JwksV1,
    audiences: Vec<String>,
    algorithms: u8,
    user_claim: String,
    client: String,
    scopes: String,
}

/// The order of the variants is part of the format: new ones come last.
#[derive(Encode, Decode)]
enum JwksV1 {
    Url(String),
    Text(String),
}

/// The payload of an issuer's row.
pub(crate) fn issuer_payload(row: &Issuer) -> Vec<u8> {
    let Issuer {
        issuer: _,
        jwks,
        audiences,
        algorithms,
        user_claim,
        client,
        scopes,
    } = row;
    encode(&IssuerV1 {
        jwks: match jwks.clone() {
            JwksSource::Url(url) => JwksV1::Url(url),
            JwksSource::Text(text) => JwksV1::Text(text),
        },
        audiences: audience_mirrors(audiences),
        algorithms: algorithms.bits(),
        user_claim: user_claim.clone(),
        client: client.as_str().to_owned(),
        scopes: scopes.to_string(),
    })
}

/// Reads the row of the issuer of a name.
pub(crate) fn read_issuer(issuer: &str, payload: &[u8]) -> Result<Issuer, Undecodable> {
    let IssuerV1 {
        jwks,
        audiences,
        algorithms: bits,
        user_claim,
        client,
        scopes,
    } = decode(payload)?;
    let algorithms = SignatureSet::from_bits(bits);
    if algorithms.bits() != bits {
        return Err(Undecodable::Field("set of algorithms"));
    }
    Ok(Issuer {
        issuer: issuer.to_owned(),
        jwks: match jwks {
            JwksV1::Url(url) => JwksSource::Url(url),
            JwksV1::Text(text) => JwksSource::Text(text),
        },
        audiences: read_audiences(&audiences)?,
        algorithms,
        user_claim,
        client: read_client_name(&client)?,
        scopes: read_scopes(&scopes)?,
    })
}

#[derive(Encode, Decode)]
struct IdentityProviderV1 {
    certificates: Vec<Vec<u8>>,
    audiences: Vec<String>,
    recipient: Option<String>,
    subject: SubjectV1,
    skew_s: u32,
    creates_users: bool,
}

/// The order of the variants is part of the format: new ones come last.
#[derive(Encode, Decode)]
enum SubjectV1 {
    NameId,
    Attribute(String),
}

/// The payload of an identity provider's row.
pub(crate) fn identity_provider_payload(row: &IdentityProvider) -> Vec<u8> {
    let IdentityProvider {
        issuer: _,
        certificates,
        audiences,
        recipient,
        subject,
        skew_s,
        creates_users,
    } = row.clone();
    encode(&IdentityProviderV1 {
        certificates,
        audiences: audience_mirrors(&audiences),
        recipient,
        subject: match subject {
            SubjectMapping::NameId => SubjectV1::NameId,
            SubjectMapping::Attribute(name) => SubjectV1::Attribute(name),
        },
        skew_s,
        creates_users,
    })
}

/// Reads the row of the identity provider of an entity ID.
pub(crate) fn read_identity_provider(issuer: &str, payload: &[u8]) -> Result<IdentityProvider, Undecodable> {
    let IdentityProviderV1 {
        certificates,
        audiences,
        recipient,
        subject,
        skew_s,
        creates_users,
    } = decode(payload)?;
    let provider = IdentityProvider {
        issuer: issuer.to_owned(),
        certificates,
        audiences: read_audiences(&audiences)?,
        recipient,
        subject: match subject {
            SubjectV1::NameId => SubjectMapping::NameId,
            SubjectV1::Attribute(name) => SubjectMapping::Attribute(name),
        },
        skew_s,
        creates_users,
    };
    // Without certificates or audiences it would be one that nobody may have added.
    match provider.accept() {
        Ok(()) => Ok(provider),
        Err(_) => Err(Undecodable::Field("provider whose assertions can be judged")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The bytes themselves: a field that moves would read old files wrongly.
    #[test]
    fn layouts_are_these_bytes_for_ever() {
        let pattern: PathPattern = "/a".parse().unwrap();
        let route = Route {
            pattern: pattern.clone(),
            schemes: SchemeSet::from_bits(5),
            scopes: "r".parse().unwrap(),
            audience: Some("x".parse().unwrap()),
            anonymous: true,
        };
        assert_eq!(route_payload(&route), b"\x01\x05\x01r\x01\x01x\x01");
        assert_eq!(read_route(&pattern, &route_payload(&route)), Ok(route));
        assert_eq!(
            read_route(&pattern, b"\x01\x80\x01r\x00\x01"),
            Err(Undecodable::Field("set of schemes"))
        );
        let issuer = Issuer {
            issuer: "i".into(),
            jwks: JwksSource::Text("{}".into()),
            audiences: vec!["x".parse().unwrap()],
            algorithms: SignatureSet::from_bits(5),
            user_claim: "sub".into(),
            client: "abc".parse().unwrap(),
            scopes: "r".parse().unwrap(),
        };
        assert_eq!(
            issuer_payload(&issuer),
            b"\x01\x01\x02{}\x01\x01x\x05\x03sub\x03abc\x01r"
        );
        assert_eq!(read_issuer("i", &issuer_payload(&issuer)), Ok(issuer));
        let provider = IdentityProvider {
            issuer: "i".into(),
            certificates: vec![vec![0x30, 1, 0]],
            audiences: vec!["x".parse().unwrap()],
            recipient: Some("r".into()),
            subject: SubjectMapping::Attribute("a".into()),
            skew_s: 60,
            creates_users: true,
        };
        let payload = identity_provider_payload(&provider);
        assert_eq!(payload, b"\x01\x01\x03\x30\x01\x00\x01\x01x\x01\x01r\x01\x01a\x3c\x01");
        assert_eq!(read_identity_provider("i", &payload), Ok(provider));
        assert_eq!(
            read_identity_provider("i", b"\x01\x00\x01\x01x\x00\x00\x3c\x00"),
            Err(Undecodable::Field("provider whose assertions can be judged"))
        );
    }
}
