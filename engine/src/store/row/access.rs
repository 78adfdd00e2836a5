//! Routes by pattern, issuers and identity providers elsewhere by name.

use tollgate_core::{PathPattern, Route};

use super::{Row, Table};
use crate::codec::{self, Undecodable};
use crate::identity_provider::IdentityProvider;
use crate::issuer::Issuer;

/// [`Table::Routes`].
pub(crate) struct Routes;

impl Row for Routes {
    const TABLE: Table = Table::Routes;
    type Key = PathPattern;
    type Value = Route;

    fn key(key: &PathPattern) -> Vec<u8> {
        key.as_str().into()
    }

    fn read_key(bytes: &[u8]) -> Option<PathPattern> {
        std::str::from_utf8(bytes).ok()?.parse().ok()
    }

    fn payload(value: &Route) -> Vec<u8> {
        codec::route_payload(value)
    }

    fn read(key: &PathPattern, payload: &[u8]) -> Result<Route, Undecodable> {
        codec::read_route(key, payload)
    }
}

/// [`Table::Issuers`].
pub(crate) struct Issuers;

impl Row for Issuers {
    const TABLE: Table = Table::Issuers;
    type Key = String;
    type Value = Issuer;

    fn key(key: &String) -> Vec<u8> {
        key.as_bytes().into()
    }

    fn read_key(bytes: &[u8]) -> Option<String> {
        std::str::from_utf8(bytes).ok().map(str::to_owned)
    }

    fn payload(value: &Issuer) -> Vec<u8> {
        codec::issuer_payload(value)
    }

    fn read(key: &String, payload: &[u8]) -> Result<Issuer, Undecodable> {
        codec::read_issuer(key, payload)
    }
}

/// [`Table::IdentityProviders`].
pub(crate) struct IdentityProviders;

impl Row for IdentityProviders {
    const TABLE: Table = Table::IdentityProviders;
    type Key = String;
    type Value = IdentityProvider;

    fn key(key: &String) -> Vec<u8> {
        key.as_bytes().into()
    }

    fn read_key(bytes: &[u8]) -> Option<String> {
        std::str::from_utf8(bytes).ok().map(str::to_owned)
    }

    fn payload(value: &IdentityProvider) -> Vec<u8> {
        codec::identity_provider_payload(value)
    }

    fn read(key: &String, payload: &[u8]) -> Result<IdentityProvider, Undecodable> {
        codec::read_identity_provider(key, payload)
    }
}
