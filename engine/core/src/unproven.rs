//! What a credential leaves to be proven by itself, without a request around it: for whoever proves for views elsewhere.

use crate::credential::{Place, Scratch, extract};
use crate::jwt::Jwt;
use crate::live::LiveView;
use crate::request::{Field, RequestParts};
use crate::settle::{Settled, Unsettled, UnsettledSort};
use crate::time::Timestamp;
use crate::token::is_of_our_making;

/// A credential that a check would leave open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unproven {
    /// What has to be proven.
    pub unsettled: Unsettled,
    /// The proof, where one is remembered that still holds.
    pub settled: Option<Settled>,
}

impl LiveView {
    /// What a check leaves open about the credential in this `Authorization` wherever a route takes it, and what is remembered
    /// of it at `now`. None where it can be nothing but a token of ours, or nothing at all. No gate is asked, nothing is charged.
    pub fn unproven(&self, authorization: Field<'_>, now: Timestamp) -> Option<Unproven> {
        let request = RequestParts {
            authorization,
            ..RequestParts::default()
        };
        let mut scratch = Scratch::default();
        let presented = extract(&request, false, &mut scratch).ok()?;
        if is_of_our_making(presented.token) || presented.token.is_empty() {
            return None;
        }
        let external_issuers = self.external_issuers();
        let (sort, digest) = match (presented.place, presented.name) {
            (Place::Basic, Some(name)) if !name.is_empty() => {
                (UnsettledSort::Password, self.password(name, presented.token))
            }
            (Place::Bearer, None) if external_issuers != 0 => {
                let digest = self.jwt(Jwt::parse(presented.token).ok()?);
                // One of ours is known by digest, and by nothing else.
                (self.token(&digest).is_none()).then_some((UnsettledSort::External, digest))?
            }
            _ => return None,
        };
        let unsettled = Unsettled {
            sort,
            digest,
            external_issuers,
        };
        let settled = self.recall_settled(&unsettled, presented.name, now);
        Some(Unproven { unsettled, settled })
    }
}
