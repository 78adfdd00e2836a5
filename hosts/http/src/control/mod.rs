//! What the command line asks of an engine: one request, one reply, whichever process holds the store.
//!
//! [`dispatch`] carries a request out on an engine of this process. [`ControlSocket`] lets a running server do so for
//! others, and [`ask`] is how they reach it: one line of JSON there, one line back. The socket belongs to the owner of
//! the store alone.

mod moment;
pub mod transfer;
mod author;
mod request;
mod shown;
mod password;
mod clients;
mod people;
mod held;
mod access;
mod identity_providers;
mod terms;
mod keys;
mod admins;
mod feed_tokens;
mod trail;
mod moved;
mod audited;
mod status;
mod reply;
mod fault;
mod explain;
mod lists;
mod followed;
mod dispatch;
mod path;
mod socket;
mod call;

pub(crate) use access::id_of;
pub use access::{IssuerShown, RouteShown};
pub use admins::{AdminTokenShown, IssuedAdminShown, RoleShown};
pub use audited::{AuditLineError, TrailShown};
pub use author::this_process;
pub use call::{AskError, ask};
pub use clients::{ClientFacts, ClientSecretFacts, ClientSecretShown, ClientShown};
pub(crate) use clients::{access_url, new_client};
pub use dispatch::{dispatch, dispatch_served};
pub use explain::{Explained, GateShown, Outcome};
pub(crate) use fault::{refusal_code, refusal_words};
pub use feed_tokens::{FeedTokenShown, IssuedFeedShown};
pub use followed::follow_lines;
pub use held::{EndedLoginsShown, GrantShown, LoginShown, RevokedGrantsShown};
pub use identity_providers::{CertificateFacts, IdentityProviderShown};
pub(crate) use identity_providers::{ProviderFault, ProviderTerms};
pub use keys::{KeyState, SigningKeyShown};
pub(crate) use keys::{rotate_keys, signing_keys};
pub use moment::{MomentError, parse_moment, write_moment};
pub use moved::{ExportedShown, ImportedShown, LineFaultShown};
pub use password::{PASSWORD_CHARS_LEAST, PasswordFault, protected};
pub use path::socket_path;
pub(crate) use people::PERSONAL_DAYS;
pub use people::{ConsentShown, IssuedPersonalShown, PersonShown, PersonalTokenShown, ProfileShown, UserDetail};
pub use reply::{Answer, Fault, Reply};
pub use request::{
    AddressedRule, AuditAsked, AuthenticationRequest, CheckRequest, ClientChangesRequest, ClientRequest,
    ConsentRequest, GrantRequest, IdentityProviderAsked, IdentityProviderRequest, ImportRequest, IssuerAsked,
    IssuerRequest, KeyRequest, LoginRequest, NumberedLine, PasswordRequest, PersonChangesRequest, PersonalTokenRequest,
    Request, RouteRequest, UserChangesRequest,
};
pub(crate) use shown::named_by_rule_id;
pub use shown::{
    AuthtokenShown, BackupShown, FindingShown, IssuedShown, LimitShown, NetworkShown, PageShown, RemovedShown,
    SettingShown, SettingValue, UserShown, VerifyShown, in_shell,
};
pub use socket::ControlSocket;
pub(crate) use status::status;
pub use status::{BusyShown, FollowerShown, OutcomeShown, StatusShown};
pub(crate) use terms::{TermsFault, accept_source, accept_terms};
pub use trail::AuditEntryShown;
