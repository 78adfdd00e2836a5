//! Changing settings.

use super::networks::accept_rule;
use super::{Batch, Execute, Fault, accept_limit, described};
use crate::change::Change;
use crate::command::{Refusal, SetSetting};
use crate::facts;
use crate::setting::Setting;
use crate::store::SettingRows;

impl Execute for SetSetting {
    type Answer = Setting;

    fn execute(self, batch: &mut Batch<'_, '_>) -> Result<Setting, Fault> {
        let Self { setting } = self;
        accept(&setting)?;
        let settings = facts::settings(batch.rows)?.list();
        let before = settings.into_iter().find(|before| before.key() == setting.key());
        if before.as_ref() == Some(&setting) && !matches!(setting, Setting::TrustedProxies(_)) {
            return Ok(setting);
        }

        batch.put::<SettingRows>(&setting.key(), &setting)?;
        batch.change(Change::PutSetting(setting.clone()));
        let (was, is) = (before.as_ref().map(described::setting), described::setting(&setting));
        batch.did("settings.set", &setting.key(), was, Some(is));
        Ok(setting)
    }
}

pub(super) fn accept(setting: &Setting) -> Result<(), Refusal> {
    match setting {
        Setting::PerHour(limit) | Setting::Concurrent(limit) => accept_limit(*limit),
        Setting::AllowAuthtokenInUrl(_) | Setting::AllowPreflight(_) | Setting::ForeignTokens(_) => Ok(()),
        Setting::TrustedProxies(rules) if rules.len() > Setting::TRUSTED_PROXIES_MOST => Err(Refusal::TooManyProxies {
            most: Setting::TRUSTED_PROXIES_MOST,
            found: rules.len(),
        }),
        Setting::TrustedProxies(rules) => rules.iter().try_for_each(accept_rule),
    }
}
