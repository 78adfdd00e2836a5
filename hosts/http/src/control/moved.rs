//! What imports and exports answer.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use tollgate::{Exported, Imported, LineFault};

/// What an import of some lines has done.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportedShown {
    /// Whether the lines were taken. Where they were not, nothing of them was, and `faults` says why.
    pub taken: bool,
    /// Users that are new.
    pub users: u64,
    /// Authtokens that are new.
    pub authtokens: u64,
    /// Network rules that are new.
    pub networks: u64,
    /// Settings that have another value now.
    pub settings: u64,
    /// Clients that are new.
    #[serde(default)]
    pub clients: u64,
    /// Routes that are new.
    #[serde(default)]
    pub routes: u64,
    /// Lines that say what was there already.
    pub already: u64,
    /// Lines that were not taken.
    pub faults: Vec<LineFaultShown>,
}

/// A line that cannot be imported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineFaultShown {
    /// Its number in the file.
    pub line: u64,
    /// What was expected and what was found.
    pub reason: String,
}

impl From<&LineFault> for LineFaultShown {
    fn from(fault: &LineFault) -> Self {
        Self {
            line: fault.line,
            reason: fault.reason.clone(),
        }
    }
}

impl From<Imported> for ImportedShown {
    fn from(done: Imported) -> Self {
        Self {
            taken: true,
            users: done.users,
            authtokens: done.authtokens,
            networks: done.networks,
            settings: done.settings,
            clients: done.clients,
            routes: done.routes,
            already: done.already,
            faults: done.skipped.iter().map(Into::into).collect(),
        }
    }
}

impl ImportedShown {
    /// Lines that were refused.
    pub fn refused(faults: Vec<LineFaultShown>) -> Self {
        Self {
            faults,
            ..Self::default()
        }
    }

    /// Adds what another part of the same file has come to.
    pub fn add(&mut self, other: Self) {
        self.users += other.users;
        self.authtokens += other.authtokens;
        self.networks += other.networks;
        self.settings += other.settings;
        self.clients += other.clients;
        self.routes += other.routes;
        self.already += other.already;
        self.faults.extend(other.faults);
        self.taken = other.taken;
    }
}

/// What an export has written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportedShown {
    /// The file.
    pub path: PathBuf,
    /// Users.
    pub users: u64,
    /// Authtokens.
    pub authtokens: u64,
    /// Network rules.
    pub networks: u64,
    /// Settings.
    pub settings: u64,
    /// Clients.
    #[serde(default)]
    pub clients: u64,
    /// Routes.
    #[serde(default)]
    pub routes: u64,
}

impl ExportedShown {
    /// What was written to `path`.
    pub fn new(path: PathBuf, exported: Exported) -> Self {
        Self {
            path,
            users: exported.users,
            authtokens: exported.authtokens,
            networks: exported.networks,
            settings: exported.settings,
            clients: exported.clients,
            routes: exported.routes,
        }
    }
}
