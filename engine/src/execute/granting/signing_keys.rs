//! Adding and retiring signing keys.

use super::super::{Batch, Execute, Fault};
use super::accept_len;
use super::described;
use crate::granting::{AddSigningKey, GrantFault, RetireSigningKey, SigningKeyRow};
use crate::sealed::{SealNonce, SealedPlace};
use crate::store::{Number, SigningKeys, Source as _, Table};

/// Most bytes of a key's name.
const KID_MOST: usize = 1_000;
/// Most bytes of a private key or a certificate.
const KEY_MOST: usize = 16 * 1_024;

impl Execute for AddSigningKey {
    type Answer = ();

    fn execute(self, batch: &mut Batch<'_, '_>) -> Result<(), Fault> {
        accept_len(&self.kid, KID_MOST)?;
        if self.private.len() > KEY_MOST || self.certificate.len() > KEY_MOST {
            return Err(GrantFault::TooLong.into());
        }
        let number = batch.next(Number::NextToken)?;
        let place = SealedPlace {
            table: Table::SigningKeys.number(),
            number,
            name: &self.kid,
        };
        let mut nonce = SealNonce::default();
        batch.around.entropy.fill(&mut nonce)?;
        let sealed = batch.around.vault.seal(&place, nonce, &self.private);
        let sealed = sealed.map_err(|_| Fault::Failed("the private key could not be sealed".to_owned()))?;
        let row = SigningKeyRow {
            kid: self.kid,
            algorithm: self.algorithm,
            sealed,
            certificate: self.certificate,
            added_at: batch.now(),
            signs_from: self.signs_from,
            signs_until: None,
            published_until: None,
        };

        batch.took(Number::NextToken, number)?;
        batch.put::<SigningKeys>(&number, &row)?;
        batch.did("key.add", &number, None, Some(described::signing_key(&row)));
        Ok(())
    }
}

impl Execute for RetireSigningKey {
    type Answer = ();

    fn execute(self, batch: &mut Batch<'_, '_>) -> Result<(), Fault> {
        let before = batch
            .rows
            .row::<SigningKeys>(&self.number)?
            .ok_or(GrantFault::Unknown)?;
        let row = SigningKeyRow {
            signs_until: Some(self.signs_until),
            published_until: Some(self.published_until.max(self.signs_until)),
            ..before.clone()
        };
        if row == before {
            return Ok(());
        }

        batch.put::<SigningKeys>(&self.number, &row)?;
        let (was, is) = (described::signing_key(&before), described::signing_key(&row));
        batch.did("key.retire", &self.number, Some(was), Some(is));
        Ok(())
    }
}
