//! Access tokens of the form that a client gets, ID tokens, and the answer that carries them.

use tollgate::{
    AccessForm, AccessText, Audience, Client, Entropy as _, ExecuteError, IssuedAccess, Person, ScopeSet, Timestamp,
    Unavailable,
};
use zeroize::Zeroizing;

use super::Inner;
use crate::answers::{self, Granted};
use crate::base64url;
use crate::call::{Activity, Answer, Profile};
use crate::claims::{AccessClaims, Holder, IdClaims};
use crate::fault::{Code, Fault};
use crate::jose::{Algorithm, KeyFault};
use crate::scope::OPENID;
use crate::signing_keys::ID_TOKEN_S;

/// What a token is about, before it has a text.
pub(super) struct Wanted<'a> {
    pub(super) profile: Profile,
    pub(super) client: &'a Client,
    pub(super) holder: &'a Holder,
    pub(super) auth_time: Option<Timestamp>,
    pub(super) scopes: &'a ScopeSet,
    pub(super) audiences: &'a [Audience],
    pub(super) lifetime_s: u32,
    pub(super) now: Timestamp,
}

/// A text for the engine to know, and to answer with where we have signed it.
pub(super) struct Text {
    pub(super) known: AccessText,
    pub(super) signed: Option<Zeroizing<String>>,
}

const UNSIGNED: Fault = Fault::new(Code::ServerError, "The server could not sign a token");

/// What the user's tokens say of them.
pub(super) fn holder(person: &Person) -> Holder {
    Holder {
        subject: person.user.id.0.to_string(),
        name: person.user.name.to_string(),
        display_name: person.profile.display_name.clone(),
        email: person.profile.email.clone(),
        roles: person.profile.roles.clone(),
    }
}

impl Inner {
    /// The text of an access token: what the client gets, but never an opaque one from Cinchy's endpoint, whose callers read the claims.
    pub(super) fn text(&self, wanted: &Wanted<'_>, identified: bool) -> Result<Text, Fault> {
        let algorithm = match (wanted.client.access, wanted.profile) {
            (AccessForm::Opaque, Profile::Standard) => {
                let (known, signed) = (AccessText::Opaque, None);
                return Ok(Text { known, signed });
            }
            (AccessForm::Es256, _) => Algorithm::Es256,
            (AccessForm::Opaque | AccessForm::Rs256, _) => Algorithm::Rs256,
        };
        let identifier = identified.then(|| self.identifier()).transpose()?;
        let issuer = self.configuration.issuer(wanted.profile);
        let claims = AccessClaims {
            issuer: &issuer,
            client: wanted.client.name.as_str(),
            holder: wanted.holder,
            auth_time: wanted.auth_time,
            scopes: wanted.scopes,
            audiences: wanted.audiences,
            issued_at: wanted.now,
            expires_at: wanted.now.plus_millis(u64::from(wanted.lifetime_s) * 1_000),
            identifier: identifier.as_deref(),
        };
        let (typ, payload) = match wanted.profile {
            Profile::Cinchy => ("JWT", claims.cinchy()),
            Profile::Standard => ("at+jwt", claims.standard()),
        };
        let signer = self.keyring(wanted.now)?.signer(algorithm, wanted.now)?;
        let signed = Zeroizing::new(signer.sign(typ, &payload).map_err(|_: KeyFault| UNSIGNED)?);
        const LONG: Fault = Fault::new(
            Code::InvalidScope,
            "The token would be longer than 4,096 bytes: ask for fewer scopes",
        );
        let known = self.engine.jwt_digest(&signed).ok_or(LONG)?;
        Ok(Text {
            known: AccessText::Jwt(known),
            signed: Some(signed),
        })
    }

    /// Executes what issues a token. Cinchy's tokens have nothing that tells two of one second apart, and each text is issued once; so
    /// where one is known already, the next gets an identifier.
    pub(super) fn with_text<T>(
        &self,
        wanted: &Wanted<'_>,
        execute: impl Fn(AccessText) -> Result<T, ExecuteError>,
    ) -> Result<(T, Option<Zeroizing<String>>), Fault> {
        if wanted.profile == Profile::Cinchy {
            let text = self.text(wanted, false)?;
            let signed = text.signed.as_deref().map(String::as_bytes);
            let known = signed.map(|signed| self.engine.access(signed, wanted.now)).transpose();
            if matches!(known, Ok(None | Some(None))) {
                match execute(text.known) {
                    Err(ExecuteError::Unavailable(Unavailable::NotDone { .. })) => {}
                    done => return Ok((done?, text.signed)),
                }
            }
        }
        let text = self.text(wanted, true)?;
        Ok((execute(text.known)?, text.signed))
    }

    /// 128 bits in base64url.
    fn identifier(&self) -> Result<String, Fault> {
        let mut bits = [0; 16];
        self.entropy.fill(&mut bits).map_err(|_| UNSIGNED)?;
        Ok(base64url::encode(&bits))
    }

    /// The ID token that goes with an access token, where the scopes ask for one.
    pub(super) fn id_token(
        &self,
        wanted: &Wanted<'_>,
        nonce: Option<&str>,
        access: &str,
    ) -> Result<Option<String>, Fault> {
        let (true, Some(auth_time)) = (wanted.scopes.contains(OPENID), wanted.auth_time) else {
            return Ok(None);
        };
        let issuer = self.configuration.issuer(wanted.profile);
        let lifetime_s = ID_TOKEN_S.min(wanted.lifetime_s);
        let claims = IdClaims {
            issuer: &issuer,
            client: wanted.client.name.as_str(),
            holder: wanted.holder,
            auth_time,
            nonce,
            access,
            issued_at: wanted.now,
            expires_at: wanted.now.plus_millis(u64::from(lifetime_s) * 1_000),
        };
        let signer = self.keyring(wanted.now)?.signer(Algorithm::Rs256, wanted.now)?;
        signer
            .sign("JWT", &claims.written())
            .map(Some)
            .map_err(|_: KeyFault| UNSIGNED)
    }

    /// The answer to a grant.
    pub(super) fn granted(
        &self,
        wanted: &Wanted<'_>,
        issued: &IssuedAccess,
        signed: Option<&str>,
        nonce: Option<Option<&str>>,
        activity: &Activity,
    ) -> Result<Answer, Fault> {
        let opaque = issued.token.as_ref().map(|token| token.expose());
        let access = signed.or(opaque).ok_or(UNSIGNED)?;
        let id_token = match nonce {
            Some(nonce) => self.id_token(wanted, nonce, access)?,
            None => None,
        };
        let record = &issued.record;
        let granted = Granted {
            access,
            expires_in: record
                .expires_at
                .as_seconds()
                .saturating_sub(record.issued_at.as_seconds()),
            refresh: issued.refresh.as_ref().map(|token| token.expose()),
            id_token: id_token.as_deref(),
            scope: (wanted.profile == Profile::Standard && !record.scopes.is_empty())
                .then(|| record.scopes.to_string()),
        };
        Ok(answers::granted(&granted, activity.clone()))
    }
}
