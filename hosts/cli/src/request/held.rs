//! Requests about what clients were granted, and about logins in browsers.

use tollgate_http::control::{GrantRequest, LoginRequest};

use crate::arguments::{GrantVerb, LoginVerb};

pub(super) fn grant(verb: &GrantVerb, cursor: Option<String>) -> GrantRequest {
    match verb {
        GrantVerb::List { user, client } => GrantRequest::List {
            user: user.as_ref().map(ToString::to_string),
            client: client.as_ref().map(ToString::to_string),
            cursor,
        },
        GrantVerb::Show { id } => GrantRequest::Show { id: id.to_string() },
        GrantVerb::Revoke { id: Some(id), .. } => GrantRequest::Revoke { id: id.to_string() },
        GrantVerb::Revoke {
            id: None,
            user,
            client,
            logins,
        } => GrantRequest::RevokeAll {
            user: user.as_ref().map(ToString::to_string),
            client: client.as_ref().map(ToString::to_string),
            logins: *logins,
        },
    }
}

pub(super) fn login(verb: &LoginVerb, cursor: Option<String>) -> LoginRequest {
    match verb {
        LoginVerb::List { user } => LoginRequest::List {
            user: user.as_ref().map(ToString::to_string),
            cursor,
        },
        LoginVerb::Revoke { id, user } => match user {
            Some(user) => LoginRequest::RevokeAll { user: user.to_string() },
            None => LoginRequest::Revoke {
                id: id.clone().unwrap_or_default(),
            },
        },
    }
}
