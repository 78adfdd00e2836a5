//! Whom a request comes from, as the system tells it: what the other end says of itself is no witness.

use nix::unistd::{Uid, User, getuid};
use tollgate::Author;

/// The author of what this process does to a store that it has opened itself.
pub fn this_process() -> Author {
    Author::new(&actor(getuid()), "this process")
}

/// The author of what comes through the control socket from a process of the user `uid`.
pub(super) fn caller(uid: u32) -> Author {
    Author::new(&actor(Uid::from_raw(uid)), "control socket")
}

fn actor(uid: Uid) -> String {
    // Asks the system's directory of users, which may be slow or gone; the number is who it was in any case.
    match User::from_uid(uid) {
        Ok(Some(user)) => format!("command line, uid {uid} ({})", user.name),
        Ok(None) | Err(_) => format!("command line, uid {uid}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_named_by_number_and_by_name_where_there_is_one() {
        assert_eq!(caller(0).actor(), "command line, uid 0 (root)");
        assert_eq!(caller(0).origin(), "control socket");
        assert_eq!(caller(4_000_000_007).actor(), "command line, uid 4000000007");
        let uid = getuid();
        assert!(this_process().actor().starts_with(&format!("command line, uid {uid}")));
        assert_eq!(this_process().origin(), "this process");
    }
}
