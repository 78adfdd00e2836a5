//! How a server is set up: flags over the environment over a file over what is built in.
//!
//! Every knob is a row of one [table](knobs::KNOBS): its key in the file, its variable in the environment, how it is
//! read and how it is shown. Nothing that is said about a value shows the value, which may have been meant for
//! elsewhere.

mod raw;
mod knobs;
mod file;
mod shown;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use tollgate::{NetworkRule, REFRESH_IDLE_S, ScopeSet};
use tollgate_http::{Bounds, CrossOrigin, HostOptions};
use tracing_subscriber::filter::LevelFilter;
use url::Url;

use crate::exit::Failure;
use knobs::KNOBS;
use raw::Raw;

pub(crate) use shown::shown;

/// In which form lines are logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// For programs: one object on each line.
    Json,
}

/// A server as it was asked for.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    pub(crate) listen: Vec<SocketAddr>,
    pub(crate) data: PathBuf,
    pub(crate) key_file: Option<PathBuf>,
    pub(crate) tls_cert: Option<PathBuf>,
    pub(crate) tls_key: Option<PathBuf>,
    pub(crate) log_format: LogFormat,
    pub(crate) log_level: LevelFilter,
    pub(crate) log_access: bool,
    pub(crate) bounds: Bounds,
    pub(crate) origins: Vec<String>,
    pub(crate) credentials: bool,
    pub(crate) metrics_from: Vec<NetworkRule>,
    /// How others reach the server; none for its own address, where that is on loopback.
    pub(crate) public_url: Option<Url>,
    /// Whether anybody may register a client.
    pub(crate) registration: bool,
    /// How far the clients reach that register themselves.
    pub(crate) registration_scopes: ScopeSet,
    /// Seconds after which a refresh token that lies unused has ended.
    pub(crate) refresh_idle_s: u64,
    /// Where each knob was set, in the order of the table.
    sources: Vec<Source>,
}

/// Where a value comes from; a later one overrides an earlier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Source {
    Default,
    File,
    Environment,
    Flag,
}

/// What was typed for a knob.
pub(crate) struct Flag {
    /// The key of the knob.
    pub(crate) key: &'static str,
    /// As it stands on the command line, for messages.
    pub(crate) name: &'static str,
    pub(crate) values: Vec<String>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: vec![SocketAddr::from(([127, 0, 0, 1], 8480))],
            data: PathBuf::from(crate::STORE),
            key_file: None,
            tls_cert: None,
            tls_key: None,
            log_format: LogFormat::Text,
            log_level: LevelFilter::INFO,
            log_access: true,
            bounds: Bounds::default(),
            origins: Vec::new(),
            credentials: false,
            metrics_from: HostOptions::default().metrics_from,
            public_url: None,
            registration: false,
            registration_scopes: ScopeSet::NONE,
            refresh_idle_s: REFRESH_IDLE_S,
            sources: vec![Source::Default; KNOBS.len()],
        }
    }
}

impl Config {
    /// Reads `file`, where there is one, then the variables that `variable` finds, then `flags`.
    ///
    /// # Errors
    ///
    /// A failure of usage that names the key or the variable, and the line in the file.
    pub(crate) fn read(
        file: Option<&Path>,
        variable: impl Fn(&str) -> Option<String>,
        flags: &[Flag],
    ) -> Result<Self, Failure> {
        let mut config = Self::default();
        if let Some(path) = file {
            for found in file::read(path)? {
                config
                    .set(found.key, &found.value, Source::File)
                    .map_err(|expected| found.fault(path, &expected))?;
            }
        }
        for knob in KNOBS {
            if let Some(value) = variable(knob.variable) {
                config
                    .set(knob.key, &Raw::Text(value), Source::Environment)
                    .map_err(|expected| Failure::usage(format!("{}: expected {expected}", knob.variable)))?;
            }
        }
        for flag in flags {
            let value = Raw::List(flag.values.iter().cloned().map(Raw::Text).collect());
            config
                .set(flag.key, &value, Source::Flag)
                .map_err(|expected| Failure::usage(format!("{}: expected {expected}", flag.name)))?;
        }
        config.agreed()
    }

    fn set(&mut self, key: &str, value: &Raw, source: Source) -> Result<(), String> {
        let Some(at) = KNOBS.iter().position(|knob| knob.key == key) else {
            return Err(format!("a key, but there is no {key}"));
        };
        if let (Some(knob), Some(set)) = (KNOBS.get(at), self.sources.get_mut(at)) {
            *set = source;
            (knob.take)(self, value)?;
        }
        Ok(())
    }

    /// Where a knob was set.
    pub(crate) fn source(&self, key: &str) -> Source {
        let at = KNOBS.iter().position(|knob| knob.key == key);
        at.and_then(|at| self.sources.get(at))
            .copied()
            .unwrap_or(Source::Default)
    }

    /// What no knob can say alone.
    fn agreed(self) -> Result<Self, Failure> {
        match (&self.tls_cert, &self.tls_key) {
            (Some(_), None) => {
                return Err(Failure::usage(
                    "expected tls.key beside tls.cert, but it is not set: name the file with the key of the certificate",
                ));
            }
            (None, Some(_)) => {
                return Err(Failure::usage(
                    "expected tls.cert beside tls.key, but it is not set: name the file with the certificate of the key",
                ));
            }
            (Some(_), Some(_)) | (None, None) => {}
        }
        self.cross_origin()?;
        Ok(self)
    }

    /// Which pages of other origins may ask; none where that is off.
    pub(crate) fn cross_origin(&self) -> Result<Option<CrossOrigin>, Failure> {
        if self.origins.is_empty() {
            return Ok(None);
        }
        let allowed = CrossOrigin::new(&self.origins, self.credentials);
        allowed
            .map(Some)
            .map_err(|error| Failure::usage(format!("cors: {error}")))
    }
}

#[cfg(test)]
mod tests;
