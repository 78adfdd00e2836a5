//! Ways in which a disk fails.

use std::io;

use super::journal::Loss;

/// A failure that begins at one operation (or read) and is over after it, or never.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fault {
    /// The number of the operation (or read) that fails first.
    pub(crate) from: u64,
    /// Whether all that follow fail as well.
    pub(crate) lasts: bool,
    /// How it fails.
    pub(crate) kind: Kind,
}

/// How an operation fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The power is gone: nothing is done any more, and nothing answers.
    PowerLoss,
    /// The device answers with an error and does nothing.
    Io,
    /// There is no room, not even where there was some: as a quota or a snapshot behaves.
    NoSpace,
    /// There is no room for anything new; what has room already can be written over.
    Full,
    /// A write stops half-way, and what fails then is room; anything else just fails.
    ShortWrite,
    /// A sync fails, and of what it should have confirmed this is lost; nothing writes it again. Anything else just fails.
    FailedSync(Loss),
}

impl Fault {
    /// One failure, at operation `from`.
    pub(crate) fn once(kind: Kind, from: u64) -> Self {
        Self {
            from,
            lasts: false,
            kind,
        }
    }

    /// Failure from operation `from` on.
    pub(crate) fn lasting(kind: Kind, from: u64) -> Self {
        Self {
            from,
            lasts: true,
            kind,
        }
    }

    /// How operation `number` fails, if it does.
    pub(crate) fn at(self, number: u64) -> Option<Kind> {
        let lasts = self.lasts || self.kind == Kind::PowerLoss;
        (number == self.from || (lasts && number > self.from)).then_some(self.kind)
    }
}

impl Kind {
    /// What the system answers, as on Linux.
    pub(crate) fn error(self) -> io::Error {
        const EIO: i32 = 5;
        const ENOSPC: i32 = 28;
        io::Error::from_raw_os_error(match self {
            Self::PowerLoss | Self::Io | Self::FailedSync(_) => EIO,
            Self::NoSpace | Self::Full | Self::ShortWrite => ENOSPC,
        })
    }
}

#[test]
fn a_fault_strikes_once_or_from_then_on() {
    let struck = |fault: Fault| (0..5).filter(|number| fault.at(*number).is_some()).collect::<Vec<_>>();
    assert_eq!(struck(Fault::once(Kind::Io, 2)), [2]);
    assert_eq!(struck(Fault::lasting(Kind::Io, 2)), [2, 3, 4]);
    assert_eq!(
        struck(Fault::once(Kind::PowerLoss, 3)),
        [3, 4],
        "power does not come back by itself"
    );
    assert_eq!(Kind::Full.error().kind(), io::ErrorKind::StorageFull);
}
