//! How a run ends: the exit code, and the words that go with one that is not zero.

use std::process::ExitCode;

use tollgate::OpenError;
use tollgate_http::control::{Answer, Fault};

/// The exit code. Scripts go by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// It was done, or the request may pass.
    Done = 0,
    /// It was refused, or the request may not pass.
    Refused = 1,
    /// What was typed makes no sense.
    Usage = 2,
    /// The store or the server is in trouble.
    Trouble = 3,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why something was not done.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    pub(crate) fault: Fault,
}

impl Failure {
    pub(crate) fn new(exit: Exit, code: &str, message: impl Into<String>) -> Self {
        Self {
            exit,
            fault: Fault::new(code, message),
        }
    }

    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, "usage", message)
    }

    /// The server or the command refused.
    pub(crate) fn refused(fault: Fault) -> Self {
        let exit = if fault.code == "malformed" {
            Exit::Usage
        } else {
            Exit::Refused
        };
        Self { exit, fault }
    }

    pub(crate) fn trouble(code: &str, message: impl Into<String>) -> Self {
        Self::new(Exit::Trouble, code, message)
    }
}

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Exists { .. } => Self::new(Exit::Refused, "store_exists", error.to_string()),
            OpenError::Missing { .. } => Self::trouble("no_store", error.to_string()),
            OpenError::Locked { .. } => Self::trouble("store_locked", error.to_string()),
            OpenError::Key(_) | OpenError::OtherKey { .. } => Self::trouble("no_key", error.to_string()),
            _ => Self::trouble("store_unusable", error.to_string()),
        }
    }
}

/// The exit code of something that was done: a check that refuses and a store that is not sound are no successes.
pub(crate) fn of(answer: &Answer) -> Exit {
    match answer {
        Answer::Explained(explained) if !explained.permitted => Exit::Refused,
        Answer::Trail(trail) if !trail.sound => Exit::Refused,
        Answer::Verified(verified) if !verified.sound => Exit::Trouble,
        _ => Exit::Done,
    }
}
