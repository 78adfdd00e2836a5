//! The client's own log: what it asked for, and what it was told was done.
//!
//! A line is in the file before the request goes out, and another after the answer came in. So the file knows at any
//! moment what must be, and what may or may not be.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;

use serde::{Deserialize, Serialize};

/// A change that a client asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Deed {
    /// A new user with an hourly limit of their own, by which a mixed-up record would be known.
    AddUser { name: String, per_hour: u32 },
    /// A new authtoken.
    Issue { user: String },
    /// The end of one.
    Revoke { id: String },
}

/// What an acknowledgement said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Done {
    UserAdded,
    Issued { id: String, token: String },
    Revoked,
}

#[derive(Serialize, Deserialize)]
enum Line {
    Asked(Deed),
    Acknowledged(Done),
}

/// The open log of one client.
pub(crate) struct Journal {
    file: File,
}

impl Journal {
    pub(crate) fn append_to(path: &Path) -> Self {
        let file = File::options().create(true).append(true).open(path).unwrap();
        Self { file }
    }

    pub(crate) fn asked(&mut self, deed: &Deed) {
        self.write(&Line::Asked(deed.clone()));
    }

    pub(crate) fn acknowledged(&mut self, done: &Done) {
        self.write(&Line::Acknowledged(done.clone()));
    }

    fn write(&mut self, line: &Line) {
        let mut text = serde_json::to_string(line).unwrap();
        text.push('\n');
        self.file.write_all(text.as_bytes()).unwrap();
    }
}

/// Everything that the client of the log at `path` asked for, in order, each with its acknowledgement if it came.
pub(crate) fn read(path: &Path) -> Vec<(Deed, Option<Done>)> {
    let mut deeds: Vec<(Deed, Option<Done>)> = Vec::new();
    for line in fs::read_to_string(path).unwrap().lines() {
        match serde_json::from_str(line).unwrap() {
            Line::Asked(deed) => deeds.push((deed, None)),
            Line::Acknowledged(done) => {
                let (_, open) = deeds.last_mut().expect("an acknowledgement follows its request");
                assert_eq!(open.replace(done), None, "{line}");
            }
        }
    }
    deeds
}
