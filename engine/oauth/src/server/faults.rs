//! What the engine says, in the words of OAuth. Outside, the reasons why a grant does not hold look alike.

use tollgate::{ExecuteError, GrantFault, ReadError, Refusal};

use crate::fault::{Code, Fault};

/// One sentence for every code and refresh token that is good for nothing.
pub(super) const NO_GRANT: Fault = Fault::grant("It is unknown, expired, revoked, or meant for another client");

impl From<ReadError> for Fault {
    fn from(_: ReadError) -> Self {
        Self::store()
    }
}

impl From<ExecuteError> for Fault {
    fn from(error: ExecuteError) -> Self {
        match error {
            ExecuteError::Refused(Refusal::Grant(fault)) => refused(fault),
            ExecuteError::Refused(Refusal::TooManyAuthorities { .. }) => TOO_MANY,
            // What else a command may be refused for was looked at before: the facts have changed in between.
            ExecuteError::Refused(_) => NO_GRANT,
            ExecuteError::Unavailable(_) => Self::store(),
        }
    }
}

/// Sets of scopes are kept for ever, so there is a bound; whoever asks for all that the client may have is never refused for it.
const TOO_MANY: Fault = Fault::new(
    Code::InvalidScope,
    "The client has been granted too many different sets of scopes: name none",
);

fn refused(fault: GrantFault) -> Fault {
    match fault {
        GrantFault::ClientUnusable => Fault::client(),
        GrantFault::GrantNotAllowed => NOT_ALLOWED,
        GrantFault::Beyond => Fault::new(
            Code::InvalidScope,
            "That is more than was granted or than the client may have",
        ),
        _ => NO_GRANT,
    }
}

/// The allow-list of each client is asked for every grant.
pub(super) const NOT_ALLOWED: Fault = Fault::new(Code::UnauthorizedClient, "The client may not use this grant");
