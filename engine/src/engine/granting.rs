//! What is read of grants: what a presented code, refresh token, access token or session is bound to, consents, signing keys.
//!
//! Nothing is decided here that is used up: two who read the same may both be told the same, and only the command that follows
//! says which of them was first.

use tollgate_core::{Jwt, Timestamp, TokenKind, UserName};

use super::{Engine, ReadError};
use crate::facts;
use crate::feed::Lagged;
use crate::granting::{
    AccessFacts, CodeFacts, CodeProof, Consent, Family, JwtDigest, RefreshFacts, RefreshProof, SessionFacts, SessionId,
    SigningKey,
};
use crate::record::FamilyId;
use crate::sealed::SealedPlace;
use crate::store::{
    Clients, Codes, Consents, Damage, EVERYTHING, Families, GrantsByUser, ReadView, Refreshes, Row as _, Sessions,
    SigningKeys, Source as _, StoreError, Table, Tokens, Users, beginning_with,
};

impl Engine {
    /// The digest of a JWT, for [`AccessText::Jwt`](crate::AccessText::Jwt); none where the text has not the form of one or is
    /// longer than a check would read.
    pub fn jwt_digest(&self, text: &str) -> Option<JwtDigest> {
        let jwt = Jwt::parse(text.as_bytes()).ok()?;
        Some(JwtDigest(self.0.view.jwt(jwt)))
    }

    /// What a presented access token, opaque or a JWT of ours, says at `now`; none where it is no such token. Costs reads of the
    /// store: checks do not come here.
    pub fn access(&self, presented: &[u8], now: Timestamp) -> Result<Option<AccessFacts>, ReadError> {
        let digest = match Jwt::parse(presented) {
            Ok(jwt) => Some(self.0.view.jwt(jwt)),
            Err(_) => self.presented(presented, TokenKind::Access),
        };
        let Some(id) = digest
            .and_then(|digest| self.0.view.token(&digest))
            .map(|token| token.id)
        else {
            return Ok(None);
        };
        let view = self.read_known()?;
        let Some(row) = view.row::<Tokens>(&id)? else {
            return Ok(None);
        };
        let Some(token) = facts::access_token(&view, &row)? else {
            return Ok(None);
        };
        let client = view.row::<Clients>(&token.client)?.map(|row| row.client);
        let client = client.is_some_and(|client| client.number == token.client_number && client.enabled);
        let user = view.row::<Users>(&row.user)?.is_some_and(|user| user.active);
        let active = client && user && token.revoked_at.is_none() && now < token.expires_at;
        Ok(Some(AccessFacts {
            token,
            family: row.family,
            active,
        }))
    }

    /// What a presented code is bound to; none where there is no such code, or its user is gone.
    pub fn code(&self, presented: &[u8]) -> Result<Option<CodeFacts>, ReadError> {
        let Some(digest) = self.presented(presented, TokenKind::Code) else {
            return Ok(None);
        };
        let view = self.read_known()?;
        let Some(code) = view.row::<Codes>(&digest)? else {
            return Ok(None);
        };
        let Some(user) = view.row::<Users>(&code.grantee.user)? else {
            return Ok(None);
        };
        Ok(Some(CodeFacts {
            proof: CodeProof(digest),
            to: code.grantee.shown(user.name),
            redirect_url: code.redirect_url,
            redirect_said: code.redirect_said,
            issuer: code.issuer,
            challenge: code.challenge,
            nonce: code.nonce,
            auth_time: code.auth_time,
            session: code.session,
            expires_at: code.expires_at,
        }))
    }

    /// What a presented refresh token is bound to; none where there is no such token, or its user is gone.
    pub fn refresh(&self, presented: &[u8]) -> Result<Option<RefreshFacts>, ReadError> {
        let Some(digest) = self.presented(presented, TokenKind::Refresh) else {
            return Ok(None);
        };
        let view = self.read_known()?;
        let Some(refresh) = view.row::<Refreshes>(&digest)? else {
            return Ok(None);
        };
        let Some(family) = view.row::<Families>(&refresh.family)? else {
            return Ok(None);
        };
        let Some(user) = view.row::<Users>(&family.grantee.user)? else {
            return Ok(None);
        };
        let successor = self.0.derivation.successor(presented);
        Ok(Some(RefreshFacts {
            proof: RefreshProof { digest, successor },
            family: refresh.family,
            to: family.grantee.shown(user.name),
            auth_time: family.auth_time,
            session: family.session,
            issuer: family.issuer,
            ends_at: family.ends_at,
            used: refresh.used_at.is_some(),
            revoked: family.revoked_at.is_some(),
        }))
    }

    /// The families of a user in the order in which they began, those that have ended among them until they are swept: the logins
    /// that clients go on with. Costs a read for each grant of this user; [`Authored::revoke_grants`](crate::Authored::revoke_grants) takes
    /// all of them back.
    pub fn families(&self, user: &UserName) -> Result<Vec<Family>, ReadError> {
        let view = self.read_known()?;
        let user = facts::user_named(&view, user)?.ok_or_else(|| ReadError::NoSuchUser { name: user.clone() })?;
        let mut families = Vec::new();
        for ((_, id), _) in facts::rows::<GrantsByUser>(&view, &beginning_with(user.id.0))? {
            let id = FamilyId(id.0);
            if let Some(row) = view.row::<Families>(&id)? {
                families.push(Family {
                    id,
                    to: row.grantee.shown(user.name.clone()),
                    grant: row.grant,
                    auth_time: row.auth_time,
                    begun_at: row.begun_at,
                    ends_at: row.ends_at,
                    revoked_at: row.revoked_at,
                });
            }
        }
        Ok(families)
    }

    /// What a presented session says at `now`; none where it does not hold: it is unknown, has ended or expired, its user is
    /// inactive or gone, or has another password since.
    pub fn session(&self, presented: &[u8], now: Timestamp) -> Result<Option<SessionFacts>, ReadError> {
        let Some(digest) = self.presented(presented, TokenKind::Session) else {
            return Ok(None);
        };
        let view = self.read_known()?;
        let session = view
            .row::<Sessions>(&digest)?
            .filter(|session| now < session.expires_at);
        let Some(session) = session else { return Ok(None) };
        let user = view.row::<Users>(&session.user)?.filter(|user| user.active);
        let epoch = facts::password_epoch(&view, session.user)?;
        let Some(user) = user.filter(|_| epoch == session.password_epoch) else {
            return Ok(None);
        };
        Ok(Some(SessionFacts {
            id: SessionId(digest),
            user,
            auth_time: session.auth_time,
            begun_at: session.begun_at,
            expires_at: session.expires_at,
            form_token: self.0.derivation.form_token(presented),
        }))
    }

    /// What a user has agreed that a client may do, by the client's number.
    pub fn consent(&self, user: &UserName, client_number: u64) -> Result<Option<Consent>, ReadError> {
        let consents = self.consents(user)?;
        Ok(consents
            .into_iter()
            .find(|consent| consent.client_number == client_number))
    }

    /// All that a user has agreed to, in the order in which the clients were added. Clients that are gone are left out.
    pub fn consents(&self, user: &UserName) -> Result<Vec<Consent>, ReadError> {
        let view = self.read_known()?;
        let user = facts::user_named(&view, user)?.ok_or_else(|| ReadError::NoSuchUser { name: user.clone() })?;
        let mut consents = Vec::new();
        for ((_, client_number), row) in facts::rows::<Consents>(&view, &beginning_with(user.id.0))? {
            let client = view.row::<Clients>(&row.client)?;
            if client.is_some_and(|row| row.client.number == client_number) {
                consents.push(Consent {
                    client_number,
                    scopes: row.scopes(),
                    audiences: row.audiences(),
                    client: row.client,
                    parts: row.parts,
                    given_at: row.given_at,
                });
            }
        }
        Ok(consents)
    }

    /// All signing keys in the order in which they were added, opened: those that sign, and those that are only published or not
    /// even that any more.
    pub fn signing_keys(&self) -> Result<Vec<SigningKey>, ReadError> {
        let view = self.read_known()?;
        let mut keys = Vec::new();
        for (number, row) in facts::rows::<SigningKeys>(&view, &EVERYTHING)? {
            let place = SealedPlace {
                table: Table::SigningKeys.number(),
                number,
                name: &row.kid,
            };
            let private = self.0.vault.open(&place, &row.sealed);
            let damaged = |fault| Damage::new(Table::SigningKeys, &SigningKeys::key(&number), fault);
            let private = private.map_err(|fault| ReadError::from(StoreError::from(damaged(fault))))?;
            keys.push(SigningKey {
                number,
                private,
                kid: row.kid,
                algorithm: row.algorithm,
                certificate: row.certificate,
                added_at: row.added_at,
                signs_from: row.signs_from,
                signs_until: row.signs_until,
                published_until: row.published_until,
            });
        }
        Ok(keys)
    }

    /// What is committed now, unless nobody knows what that is: a grant that may have been taken back is not shown as one that
    /// holds.
    pub(super) fn read_known(&self) -> Result<ReadView, ReadError> {
        let view = self.read()?;
        // Asked afterwards: a commit that failed meanwhile may have been one that this view shows.
        match self.0.feed.ended() {
            Some(Lagged::InDoubt) => Err(ReadError::InDoubt),
            Some(_) | None => Ok(view),
        }
    }
}
