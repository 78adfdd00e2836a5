//! Settings of the server: one value each, with the texts by which people name and write them.

use std::fmt;

use tollgate_core::{ForeignForms, Limit, NetworkRule, ParseForeignFormError};

/// One setting with its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Setting {
    /// Requests an hour for users who inherit; `per_hour`.
    PerHour(Limit),
    /// Requests at a time for users who inherit; `concurrent`.
    Concurrent(Limit),
    /// Whether `@authtoken` in query and form counts as a credential; `allow_authtoken_in_url`.
    AllowAuthtokenInUrl(bool),
    /// Whether CORS preflights pass without a credential; `allow_preflight`.
    AllowPreflight(bool),
    /// Proxies whose forwarded headers hosts believe; `trusted_proxies`.
    TrustedProxies(Vec<NetworkRule>),
    /// In which forms tokens that were made elsewhere are accepted; `foreign_tokens`.
    ForeignTokens(ForeignForms),
}

impl Setting {
    /// The names of all settings, in the order of [`Settings::list`].
    pub const KEYS: [&'static str; 6] = [
        "per_hour",
        "concurrent",
        "allow_authtoken_in_url",
        "allow_preflight",
        "trusted_proxies",
        "foreign_tokens",
    ];

    /// Most proxies that can be listed.
    pub const TRUSTED_PROXIES_MOST: usize = 256;

    /// Reads the setting `key` from the text `value`: limits as in [`Limit`]'s `FromStr`, switches as `true` or `false`,
    /// lists separated by commas.
    ///
    /// ```
    /// use tollgate::Setting;
    ///
    /// let setting = Setting::parse("trusted_proxies", "10.0.0.0/8, ::1")?;
    /// assert_eq!((setting.key(), setting.to_string().as_str()), ("trusted_proxies", "10.0.0.0/8,::1"));
    /// assert!(Setting::parse("per_hour", "0").is_err());
    /// # Ok::<(), tollgate::ParseSettingError>(())
    /// ```
    pub fn parse(key: &str, value: &str) -> Result<Self, ParseSettingError> {
        let fault = |expected: String| ParseSettingError::Value {
            key: key.to_owned(),
            expected,
        };
        let limit = || value.parse::<Limit>().map_err(|error| fault(error.to_string()));
        let switch = || match value.trim() {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err(fault("expected `true` or `false`".to_owned())),
        };
        match key {
            "per_hour" => limit().map(Self::PerHour),
            "concurrent" => limit().map(Self::Concurrent),
            "allow_authtoken_in_url" => switch().map(Self::AllowAuthtokenInUrl),
            "allow_preflight" => switch().map(Self::AllowPreflight),
            "trusted_proxies" => {
                let rules = value
                    .split(',')
                    .map(str::trim)
                    .filter(|rule| !rule.is_empty())
                    .map(str::parse::<NetworkRule>);
                let rules: Result<Vec<_>, _> = rules.collect();
                rules
                    .map(Self::TrustedProxies)
                    .map_err(|error| fault(error.to_string()))
            }
            "foreign_tokens" => value
                .parse()
                .map(Self::ForeignTokens)
                .map_err(|error: ParseForeignFormError| fault(error.to_string())),
            _ => Err(ParseSettingError::Key { key: key.to_owned() }),
        }
    }

    /// The name of this setting.
    pub fn key(&self) -> &'static str {
        match self {
            Self::PerHour(_) => "per_hour",
            Self::Concurrent(_) => "concurrent",
            Self::AllowAuthtokenInUrl(_) => "allow_authtoken_in_url",
            Self::AllowPreflight(_) => "allow_preflight",
            Self::TrustedProxies(_) => "trusted_proxies",
            Self::ForeignTokens(_) => "foreign_tokens",
        }
    }
}

impl fmt::Display for Setting {
    /// Writes the value as [`Setting::parse`] reads it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PerHour(limit) | Self::Concurrent(limit) => write!(f, "{limit}"),
            Self::AllowAuthtokenInUrl(allowed) | Self::AllowPreflight(allowed) => write!(f, "{allowed}"),
            Self::TrustedProxies(rules) => {
                for (at, rule) in rules.iter().enumerate() {
                    let comma = if at == 0 { "" } else { "," };
                    write!(f, "{comma}{rule}")?;
                }
                Ok(())
            }
            Self::ForeignTokens(forms) => write!(f, "{forms}"),
        }
    }
}

/// Why a text is no setting.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseSettingError {
    /// No setting has this name.
    #[error("expected one of the settings {}, but found `{key}`", Setting::KEYS.join(", "))]
    Key {
        /// What was given.
        key: String,
    },
    /// The setting cannot have this value.
    #[error("{key}: {expected}")]
    Value {
        /// Which setting.
        key: String,
        /// What it can be.
        expected: String,
    },
}

/// All settings.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Settings {
    /// Requests an hour for users who inherit. `inherit` here means no limit.
    pub per_hour: Limit,
    /// Requests at a time for users who inherit. `inherit` here means no limit.
    pub concurrent: Limit,
    /// Whether `@authtoken` in query and form counts as a credential. URLs end up in logs and histories: off at first.
    pub allow_authtoken_in_url: bool,
    /// Whether CORS preflights pass without a credential. Off at first.
    pub allow_preflight: bool,
    /// Proxies whose forwarded headers hosts believe. The machine itself at first.
    pub trusted_proxies: Vec<NetworkRule>,
    /// In which forms tokens that were made elsewhere are accepted: as long as people are moving in. None at first. Any form
    /// lets in what came in clear, and what came as a digest and has been used since.
    pub foreign_tokens: ForeignForms,
}

impl Default for Settings {
    fn default() -> Self {
        let loopback = ["127.0.0.0/8", "::1"].into_iter().filter_map(|rule| rule.parse().ok());
        Self {
            per_hour: Limit::Inherit,
            concurrent: Limit::Inherit,
            allow_authtoken_in_url: false,
            allow_preflight: false,
            trusted_proxies: loopback.collect(),
            foreign_tokens: ForeignForms::NONE,
        }
    }
}

impl Settings {
    /// Every setting, in the order of [`Setting::KEYS`].
    pub fn list(&self) -> [Setting; 6] {
        let Self {
            per_hour,
            concurrent,
            allow_authtoken_in_url,
            allow_preflight,
            trusted_proxies,
            foreign_tokens,
        } = self.clone();
        [
            Setting::PerHour(per_hour),
            Setting::Concurrent(concurrent),
            Setting::AllowAuthtokenInUrl(allow_authtoken_in_url),
            Setting::AllowPreflight(allow_preflight),
            Setting::TrustedProxies(trusted_proxies),
            Setting::ForeignTokens(foreign_tokens),
        ]
    }

    /// Puts `setting` in its place.
    pub fn set(&mut self, setting: Setting) {
        match setting {
            Setting::PerHour(limit) => self.per_hour = limit,
            Setting::Concurrent(limit) => self.concurrent = limit,
            Setting::AllowAuthtokenInUrl(allowed) => self.allow_authtoken_in_url = allowed,
            Setting::AllowPreflight(allowed) => self.allow_preflight = allowed,
            Setting::TrustedProxies(rules) => self.trusted_proxies = rules,
            Setting::ForeignTokens(forms) => self.foreign_tokens = forms,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_reads_what_it_writes() {
        let settings = Settings {
            per_hour: "1000".parse().unwrap(),
            foreign_tokens: ForeignForms::from_bits(5),
            ..Settings::default()
        };
        for (setting, key) in settings.list().into_iter().zip(Setting::KEYS) {
            assert_eq!(setting.key(), key);
            assert_eq!(Setting::parse(key, &setting.to_string()), Ok(setting.clone()));
            let mut other = Settings::default();
            other.set(setting.clone());
            assert!(other.list().contains(&setting), "{key}");
        }
    }

    #[test]
    fn unknown_names_and_values_are_refused_in_words() {
        let unknown = Setting::parse("perhour", "5").unwrap_err().to_string();
        assert!(
            unknown.contains("`perhour`") && unknown.contains("trusted_proxies"),
            "{unknown}"
        );
        for (key, value, expected) in [
            ("per_hour", "0", "expected a number from 1"),
            ("allow_preflight", "yes", "`true` or `false`"),
            ("trusted_proxies", "10.0.0.0/8,host", "expected an address"),
            ("foreign_tokens", "clear,md5", "clear, sha256, sha512 and blake3"),
        ] {
            let words = Setting::parse(key, value).unwrap_err().to_string();
            assert!(words.starts_with(key) && words.contains(expected), "{words}");
        }
    }
}
