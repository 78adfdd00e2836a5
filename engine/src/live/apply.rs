//! The only caller of the live view's writer.

use std::sync::Arc;

use parking_lot::RwLock;
use tollgate_core::{
    Freshness, Limit, LiveView, LiveWriter, NetworkRule, Networks, Route, ServerRecord, Settled, Unsettled, ViewError,
};

use super::LiveOperators;
use crate::change::{Change, ranges_of, server_record};
use crate::record::Standing;
use crate::setting::{Setting, Settings};

/// The proxies whose forwarded headers hosts believe, as of the last applied change.
#[derive(Clone, Default)]
pub(crate) struct TrustedProxies(Arc<RwLock<Arc<[NetworkRule]>>>);

impl TrustedProxies {
    pub(crate) fn rules(&self) -> Arc<[NetworkRule]> {
        Arc::clone(&self.0.read())
    }

    fn replace(&self, rules: &[NetworkRule]) {
        *self.0.write() = rules.into();
    }
}

/// Applies changes to the live view.
///
/// Invariant: once this is gone, for whatever reason, nobody learns of changes any more, so no check passes any more.
pub(crate) struct Applier {
    writer: LiveWriter,
    settings: Settings,
    networks: Networks,
    routes: Vec<Route>,
    external_issuers: u32,
    proxies: TrustedProxies,
    operators: LiveOperators,
}

impl Drop for Applier {
    fn drop(&mut self) {
        self.stop_checks();
    }
}

impl Applier {
    /// Begins with what the server says; users and tokens follow.
    pub(crate) fn new(mut writer: LiveWriter, settings: Settings, networks: Networks) -> Result<Self, ViewError> {
        writer.set_server(&server_record(&settings, networks.clone()))?;
        let proxies = TrustedProxies::default();
        proxies.replace(&settings.trusted_proxies);
        Ok(Self {
            writer,
            settings,
            networks,
            routes: Vec::new(),
            external_issuers: 0,
            proxies,
            operators: LiveOperators::default(),
        })
    }

    /// Adds what paths ask for and which issuers elsewhere are trusted.
    pub(crate) fn with_access(mut self, routes: Vec<Route>, external_issuers: u32) -> Result<Self, ViewError> {
        (self.routes, self.external_issuers) = (routes, external_issuers);
        self.show_server()?;
        Ok(self)
    }

    /// The view that is changed here.
    pub(crate) fn view(&self) -> &LiveView {
        self.writer.view()
    }

    /// The proxies that are changed here.
    pub(crate) fn proxies(&self) -> &TrustedProxies {
        &self.proxies
    }

    /// The administrators' tokens and feed tokens that are changed here.
    pub(crate) fn operators(&self) -> &LiveOperators {
        &self.operators
    }

    /// How many users and tokens the view holds.
    pub(crate) fn counts(&self) -> (u64, u64) {
        self.writer.counts()
    }

    /// Remembers a proof. It is no fact of the store, so it is in no change set.
    pub(crate) fn remember(&mut self, unsettled: &Unsettled, settled: &Settled) {
        self.writer.remember(unsettled, settled);
    }

    /// The writer itself, for loading.
    pub(super) fn writer(&mut self) -> &mut LiveWriter {
        &mut self.writer
    }

    /// From now on every check is denied: this view is missing a change, or may be.
    pub(crate) fn stop_checks(&self) {
        self.writer.set_freshness(Freshness::Never);
        self.operators.doubt();
    }

    /// Makes committed changes visible. After it returned, every check that begins sees them.
    pub(crate) fn apply(&mut self, changes: &[Change]) -> Result<(), ViewError> {
        let mut server_changed = false;
        for change in changes {
            match change {
                Change::PutUser(user) => self.writer.put_user(user)?,
                Change::RemoveUser(id) => self.writer.remove_user(*id),
                Change::PutToken(token) => self.writer.put_token(token)?,
                Change::RemoveToken { id: _, digest } => self.writer.remove_token(digest),
                Change::PutSetting(setting) => {
                    self.settings.set(setting.clone());
                    server_changed = true;
                }
                Change::AddNetwork { range, standing } => {
                    range.insert_into(ranges_of(&mut self.networks, *standing));
                    server_changed = true;
                }
                Change::RemoveNetwork { range, standing } => {
                    range.remove_from(ranges_of(&mut self.networks, *standing));
                    server_changed = true;
                }
                Change::PutAuthority(authority) => self.writer.put_authority(authority)?,
                Change::PutRoute(route) => {
                    route.clone().insert_into(&mut self.routes);
                    server_changed = true;
                }
                Change::RemoveRoute(pattern) => {
                    pattern.remove_from(&mut self.routes);
                    server_changed = true;
                }
                Change::ExternalIssuers(number) => {
                    self.external_issuers = *number;
                    server_changed = true;
                }
            }
        }
        if server_changed { self.show_server() } else { Ok(()) }
    }

    /// Applies what changes whose commit failed can only deny. Whether they are in the store nobody knows: what they
    /// touch is doubted, what they would grant is not granted, what they would take away is taken away.
    pub(crate) fn apply_doubt(&mut self, changes: &[Change]) -> Result<(), ViewError> {
        for change in changes {
            match change {
                Change::PutUser(user) => self.writer.doubt_user(user.id),
                Change::RemoveUser(id) => self.writer.doubt_user(*id),
                Change::PutToken(token) => self.writer.doubt_token(&token.digest),
                Change::RemoveToken { id: _, digest } => self.writer.doubt_token(digest),
                Change::PutSetting(setting) => self.narrow(setting),
                Change::AddNetwork {
                    range,
                    standing: Standing::Banned,
                } => {
                    range.insert_into(&mut self.networks.banned);
                }
                Change::RemoveNetwork {
                    range,
                    standing: Standing::Trusted,
                } => {
                    range.remove_from(&mut self.networks.trusted);
                }
                Change::AddNetwork {
                    standing: Standing::Trusted,
                    ..
                }
                | Change::RemoveNetwork {
                    standing: Standing::Banned,
                    ..
                } => {}
                Change::PutAuthority(authority) => self.writer.doubt_authority(authority.id),
                // Which routes there are nobody knows, so nobody knows what a path asks for.
                Change::PutRoute(_) | Change::RemoveRoute(_) => self.stop_checks(),
                Change::ExternalIssuers(_) => self.external_issuers = 0,
            }
        }
        self.show_server()
    }

    fn show_server(&mut self) -> Result<(), ViewError> {
        let server = ServerRecord {
            routes: self.routes.clone(),
            external_issuers: self.external_issuers,
            ..server_record(&self.settings, self.networks.clone())
        };
        self.writer.set_server(&server)?;
        self.proxies.replace(&self.settings.trusted_proxies);
        Ok(())
    }

    /// Takes a setting over as far as it denies more than the present one.
    fn narrow(&mut self, setting: &Setting) {
        let settings = &mut self.settings;
        match setting {
            Setting::PerHour(limit) => settings.per_hour = narrower(settings.per_hour, *limit),
            Setting::Concurrent(limit) => settings.concurrent = narrower(settings.concurrent, *limit),
            Setting::AllowAuthtokenInUrl(allowed) => settings.allow_authtoken_in_url &= *allowed,
            Setting::AllowPreflight(allowed) => settings.allow_preflight &= *allowed,
            Setting::TrustedProxies(rules) => settings.trusted_proxies.retain(|rule| rules.contains(rule)),
            Setting::ForeignTokens(forms) => settings.foreign_tokens = settings.foreign_tokens.common(*forms),
        }
    }
}

/// The limit of the two that lets less through.
fn narrower(one: Limit, other: Limit) -> Limit {
    match (one, other) {
        (Limit::AtMost(a), Limit::AtMost(b)) => Limit::AtMost(a.min(b)),
        (Limit::AtMost(_), Limit::Inherit | Limit::Unlimited) => one,
        (Limit::Inherit | Limit::Unlimited, _) => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_core::{DigestKey, ForeignForms};

    fn limit(text: &str) -> Limit {
        text.parse().unwrap()
    }

    fn forms(text: &str) -> ForeignForms {
        text.parse().unwrap()
    }

    #[test]
    fn the_narrower_limit_is_the_smaller_number() {
        for (one, other, expected) in [
            ("5", "9", "5"),
            ("9", "5", "5"),
            ("5", "unlimited", "5"),
            ("inherit", "5", "5"),
            ("unlimited", "inherit", "inherit"),
        ] {
            assert_eq!(narrower(limit(one), limit(other)), limit(expected), "{one} {other}");
        }
    }

    /// A failed commit of a grant must not grant, and one of a ban must ban.
    #[test]
    fn in_doubt_nothing_is_granted_and_everything_is_taken() {
        let (view, writer) = LiveView::new(DigestKey::new([0; 32]));
        let settings = Settings {
            allow_preflight: true,
            foreign_tokens: forms("clear,sha256"),
            ..Settings::default()
        };
        let range = |rule: &str| rule.parse::<NetworkRule>().unwrap().range();
        let networks = Networks {
            banned: vec![range("10.0.0.1")],
            trusted: vec![range("10.0.0.2")],
        };
        let mut applier = Applier::new(writer, settings, networks).unwrap();
        let changes = [
            Change::PutSetting(Setting::AllowAuthtokenInUrl(true)),
            Change::PutSetting(Setting::ForeignTokens(forms("sha256,sha512"))),
            Change::PutSetting(Setting::AllowPreflight(false)),
            Change::PutSetting(Setting::PerHour(limit("7"))),
            Change::PutSetting(Setting::TrustedProxies(vec![
                "::1".parse().unwrap(),
                "10.0.0.9".parse().unwrap(),
            ])),
            Change::AddNetwork {
                range: range("10.0.0.3"),
                standing: Standing::Trusted,
            },
            Change::AddNetwork {
                range: range("10.0.0.8"),
                standing: Standing::Banned,
            },
            Change::RemoveNetwork {
                range: range("10.0.0.1"),
                standing: Standing::Banned,
            },
            Change::RemoveNetwork {
                range: range("10.0.0.2"),
                standing: Standing::Trusted,
            },
        ];
        applier.apply_doubt(&changes).unwrap();
        let server = view.server();
        assert!(!server.authtoken_in_url && !server.allow_preflight);
        assert_eq!(server.per_hour, limit("7"));
        assert_eq!(server.foreign_tokens, forms("sha256"));
        assert_eq!(
            server.networks,
            Networks {
                banned: vec![range("10.0.0.1"), range("10.0.0.8")],
                trusted: vec![]
            }
        );
        assert_eq!(
            applier
                .proxies()
                .rules()
                .iter()
                .map(NetworkRule::as_str)
                .collect::<Vec<_>>(),
            ["::1"]
        );
        applier.apply(&changes[..2]).unwrap();
        assert_eq!(view.server().foreign_tokens, forms("sha256,sha512"));
        assert!(
            view.server().authtoken_in_url,
            "the twin: a commit that is known grants"
        );
    }

    #[test]
    fn without_its_applier_a_view_denies() {
        let (view, writer) = LiveView::new(DigestKey::new([0; 32]));
        let applier = Applier::new(writer, Settings::default(), Networks::default()).unwrap();
        assert_eq!(view.freshness(), Freshness::Always);
        drop(applier);
        assert_eq!(view.freshness(), Freshness::Never);
    }
}
