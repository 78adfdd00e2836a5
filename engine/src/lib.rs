//! What applications link.

mod clock;
mod entropy;
mod key_file;
mod seal;
mod record;
mod setting;
mod command;
mod change;
mod codec;
mod store;
mod facts;
mod execute;
mod feed;
mod live;
mod writer;
mod verify;
mod backup;
mod engine;

pub use backup::{BackupError, BackupReport};
pub use change::{Change, ChangeSet, FeedIdentity, Snapshot};
pub use clock::{Clock, ManualClock, SystemClock};
pub use command::{
    AddNetwork, AddUser, ExpireToken, GLOBAL_NETWORKS_MOST, IssueAuthtoken, Issued, Refusal, RemoveNetwork, RemoveUser,
    RevokeToken, SetSetting, SetUser, USER_NETWORKS_MOST, UserChanges,
};
pub use engine::{Engine, OpenOptions, ReadError, Submitted};
pub use entropy::{Entropy, EntropyError, SeededEntropy, SystemEntropy};
pub use execute::Command;
pub use feed::{Cursor, Lagged};
pub use key_file::{KEY_VARIABLE, KeyError, MalformedKey, PepperKey};
pub use record::{Authtoken, Network, Standing, User};
pub use setting::{ParseSettingError, Setting, Settings};
pub use store::{Damage, OpenError, StorageBackend};
pub use verify::{Finding, VerifyReport};
pub use writer::{ExecuteError, Unavailable};

pub use tollgate_core::{
    AddressRange, DENY_REASONS, Denial, DenyReason, DenyRow, Field, Gate, HeldPermit, Limit, NetworkRule, Networks,
    Operation, OperationSet, ParseLimitError, ParseNetworkError, ParseOperationError, ParseTokenError, Permit, Place,
    QuotaState, RequestParts, Revision, ServerRecord, Subject, Timestamp, TokenDigest, TokenId, TokenKind, TokenRecord,
    TokenStatus, TokenText, UserId, UserName, UserNameError, UserRecord, Validity, Verdict, WINDOW_MS, WellFormed,
};
