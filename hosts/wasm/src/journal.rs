//! What a plugin has said.

/// How grave a line of the log is, with its number on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u32)]
#[allow(missing_docs, reason = "the words are everybody's")]
pub enum Level {
    Trace = 0,
    Debug = 1,
    Note = 2,
    Warn = 3,
    Error = 4,
    Critical = 5,
}

impl Level {
    pub(crate) fn of(number: u32) -> Option<Self> {
        let all = [
            Self::Trace,
            Self::Debug,
            Self::Note,
            Self::Warn,
            Self::Error,
            Self::Critical,
        ];
        all.into_iter().find(|level| *level as u32 == number)
    }
}

/// A line of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// How grave it is.
    pub level: Level,
    /// What it says.
    pub text: String,
}
