//! An embedded engine for API tokens: one file holds users, network rules and hashed tokens, and one function, `check`,
//! decides in under a microsecond whether a request may pass.
//!
//! # Open, execute, check
//!
//! ```
//! use tollgate::{AddNetwork, AddUser, DenyReason, Engine, Field, IssueAuthtoken, RequestParts, RevokeToken, Standing, Verdict};
//!
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("tollgate.redb");
//! // A new store, and its key in a file beside it. `Engine::open` opens it the next time.
//! let engine = Engine::create(&path)?;
//!
//! // Nobody may call before somebody is trusted.
//! engine.execute(AddNetwork { rule: "127.0.0.0/8".parse()?, standing: Standing::Trusted, user: None })?;
//! let alice = engine.execute(AddUser::named("alice".parse()?))?;
//! let issued = engine.execute(IssueAuthtoken { user: alice.name, expires_at: None, not_before: None })?;
//!
//! // The token is shown here and never again.
//! let bearer = format!("Bearer {}", issued.token.expose());
//! let request = RequestParts {
//!     method: b"GET",
//!     path: b"/orders",
//!     peer: Some("127.0.0.1".parse()?),
//!     authorization: Field::Once(bearer.as_bytes()),
//!     ..RequestParts::default()
//! };
//! match engine.check(&request, engine.now()) {
//!     Verdict::Permit(permit) => assert_eq!(permit.subject().map(|subject| subject.user), Some(alice.id)),
//!     Verdict::Denial(denial) => panic!("{denial:?}"),
//! }
//!
//! // When this returns, no check passes any more.
//! engine.execute(RevokeToken { id: issued.record.id })?;
//! let Verdict::Denial(denial) = engine.check(&request, engine.now()) else { panic!("a revoked token passed") };
//! assert_eq!(denial.reason, DenyReason::Revoked);
//! assert_eq!(denial.reason.row().status, 401);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A denial is not an error: its reason is a row of [`DENY_REASONS`], with the status, the challenge and the words to answer
//! the caller with. A [`Permit`] holds one of the user's concurrent places; keep it until the response is done, with
//! [`Engine::hold`] where that is beyond the scope.
//!
//! # Subscribe
//!
//! ```
//! use std::time::Duration;
//! use tollgate::{AddUser, Change, Engine};
//!
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("tollgate.redb");
//! # let engine = Engine::create(&path)?;
//! // The whole state at one revision, and every change set after it.
//! let mut replica = engine.snapshot()?;
//! let mut cursor = engine.subscribe(replica.position())?;
//!
//! engine.execute(AddUser::named("bob".parse()?))?;
//! let set = cursor.next(Duration::from_secs(1))?.ok_or("nothing came")?;
//! assert!(matches!(set.changes.as_slice(), [Change::PutUser(bob)] if bob.name.as_str() == "bob"));
//! assert!(replica.apply(&set));
//! assert_eq!(replica, engine.snapshot()?);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A reader who is too slow is told [`Lagged`] instead of missing a change, and takes a snapshot again. So is one who
//! followed the feed of another store, of which this one may be a backup: each feed has a [`FeedIdentity`].
//!
//! # Consistency
//!
//! - **When a change becomes visible.** [`Engine::execute`] returns after the change is durable in the file *and* in the index
//!   that checks read. Every check that begins after that, on any thread of this process, decides by it. A check that runs
//!   meanwhile decides by the state before or after, never by a mixture.
//! - **What a list shows.** [`Engine::users`], [`Engine::tokens`] and the others each read one committed state, at least as new
//!   as the last command that has returned.
//! - **What a reader of the feed sees.** Every change set once, in order, after checks in this process see it. A
//!   [`Snapshot`], carried on by all sets up to a revision, equals the snapshot at that revision.
//! - **What a failed commit means.** The command answers [`Unavailable::InDoubt`], and nothing is written any more before
//!   a restart. Users and tokens that it touched are denied with [`DenyReason::StaleView`]; bans and narrower settings hold at
//!   once; nothing is granted. Checks of everybody else go on.
//! - **What quotas guarantee.** Within a process never more than the limit pass in a window, whatever the contention, and no
//!   command refunds a charge. Counters are written every 3 seconds ([`OpenOptions::checkpoint_every`]) and when the engine is
//!   closed; after a crash at most the charges since the last time are forgotten.
//! - **When checks stop.** If the engine is closed or its writer dies, nobody learns of changes any more, so every check is
//!   denied with [`DenyReason::StaleView`].
//!
//! # Grants
//!
//! Codes and refresh tokens are looked up, compared with what they are bound to, and then handed to a command: only the command
//! says who was first, by the transaction that grants.
//!
//! ```
//! use tollgate::{
//!     AccessText, AddClient, AddUser, Engine, Grant, GrantedTo, IssueCode, RedeemCode, Redeemed, Refresh, Refreshed,
//! };
//!
//! # let folder = tempfile::tempdir()?;
//! # let engine = Engine::create(folder.path().join("tollgate.redb"))?;
//! let alice = engine.execute(AddUser::named("alice".parse()?))?;
//! let grants = [Grant::AuthorizationCode, Grant::RefreshToken].into_iter().collect();
//! let app = AddClient {
//!     login_urls: vec!["https://app.example/callback".to_owned()],
//!     scopes: "read write".parse()?,
//!     consent: false,
//!     ..AddClient::named("app".parse()?, grants)
//! };
//! let app = engine.execute(app)?.client;
//!
//! let code = engine.execute(IssueCode {
//!     to: GrantedTo {
//!         client: app.name.clone(),
//!         client_number: app.number,
//!         user: alice.name,
//!         scopes: "read".parse()?,
//!         audiences: Vec::new(),
//!     },
//!     redirect_url: "https://app.example/callback".to_owned(),
//!     redirect_said: true,
//!     issuer: None,
//!     challenge: None,
//!     nonce: None,
//!     auth_time: engine.now(),
//!     session: None,
//! })?;
//!
//! // Whoever presents the code: compare redirect URL and verifier with these facts, then redeem it, or burn it.
//! let facts = engine.code(code.code.expose().as_bytes())?.ok_or("unknown")?;
//! let redeem = RedeemCode {
//!     code: facts.proof,
//!     client_number: app.number,
//!     text: AccessText::Opaque,
//!     lifetime_s: app.lifetime_s,
//!     refresh: Some(app.refresh_lifetime_s),
//! };
//! let Redeemed::Granted(tokens) = engine.execute(redeem.clone())? else { return Err("spent".into()) };
//!
//! let facts = engine.refresh(tokens.refresh.as_ref().ok_or("none")?.expose().as_bytes())?.ok_or("unknown")?;
//! let refresh = Refresh {
//!     refresh: facts.proof,
//!     client_number: app.number,
//!     scopes: None,
//!     audiences: None,
//!     text: AccessText::Opaque,
//!     lifetime_s: app.lifetime_s,
//! };
//! assert!(matches!(engine.execute(refresh)?, Refreshed::Granted(_)));
//!
//! // The code comes again: whoever has it, all that came of it is gone.
//! assert!(matches!(engine.execute(redeem)?, Redeemed::Spent));
//! let access = tokens.token.as_ref().ok_or("none")?.expose().as_bytes();
//! assert!(!engine.access(access, engine.now())?.ok_or("unknown")?.active);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Files
//!
//! The store is one [redb](https://docs.rs/redb) file, locked for one process. Every value in it carries a MAC under a key that
//! is not in it: the pepper, in a key file that its owner alone can read, or in the environment variable
//! [`TOLLGATE_KEY`](KEY_VARIABLE). Without that key the store cannot be read, and a token can neither be checked nor guessed
//! from the file. Keep a copy of the key apart from the backups.
//!
//! The MAC of a row covers its table, its key, its version and its value, so that no row can be changed, made up or moved
//! without the key. There is no protection from older states: who can write the file can delete rows, put older sealed rows
//! back, or put an older copy of the whole file in its place, and a token that was revoked since then passes again. Let
//! nobody but the engine's own account write to the file.

mod clock;
mod entropy;
mod key_file;
mod seal;
mod sealed;
mod record;
mod client;
mod person;
mod issuer;
mod identity_provider;
mod setting;
mod audit;
mod granting;
mod portable;
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

pub use audit::{AuditChain, AuditDigest, AuditEntry, AuditFacts, AuditFault, Author, ParseDigestError};
pub use backup::{BackupError, BackupReport};
pub use change::{Change, ChangeSet, FeedIdentity, Position, Snapshot};
pub use client::{
    AccessForm, Client, ClientAuthentication, ClientFault, ClientProof, Grant, GrantSet, LIFETIME_S,
    ParseAccessFormError, ParseGrantError, REFRESH_LIFETIME_S, SecretShown,
};
pub use clock::{Clock, ManualClock, SystemClock};
pub use command::{
    AddClient, AddNetwork, AddUser, AddedClient, ClientChanges, ExpireToken, GLOBAL_NETWORKS_MOST, IfUnchanged, Import,
    IssueAdminToken, IssueAuthtoken, IssueFeedToken, IssuePersonalToken, Issued, IssuedAdminToken, IssuedFeedToken,
    IssuedPersonalToken, NameAuthority, Once, PutIdentityProvider, PutIssuer, PutRoute, Refusal, RemoveClient,
    RemoveIdentityProvider, RemoveIssuer, RemoveNetwork, RemoveRoute, RemoveUser, RenewPassword, RevokeAdminToken,
    RevokeFeedToken, RevokePersonalToken, RevokeToken, RotateClientSecret, RotatedSecret, Seen, SetClient, SetPassword,
    SetProfile, SetSetting, SetUser, USER_NETWORKS_MOST, UserChanges,
};
pub use engine::{
    Acting, Admin, AdminDenial, AuditOrder, Authored, Condition, Engine, ExportError, Exported, Follower,
    FollowerDenial, OpenOptions, Page, PageError, ReadError, State, StateCursor, Submitted,
};
pub use entropy::{Entropy, EntropyError, SeededEntropy, SystemEntropy};
pub use execute::{Command, Repeatable, Swept};
pub use feed::{Cursor, Lagged, Moved};
pub use granting::{
    AccessFacts, AccessText, AccessToken, AddSigningKey, BeginSession, BegunSession, BurnCode, Claimed, CodeFacts,
    CodeProof, Consent, EndSession, EndSessions, EndedSessions, Family, GiveConsent, GrantFault, GrantId, GrantedTo,
    GrantsOf, HeldGrant, HeldSession, IssueAccess, IssueCode, IssuedAccess, IssuedCode, JwtDigest, LoginOutcome,
    REFRESH_IDLE_S, REPEAT_WINDOW_S, RecordLogin, RedeemCode, Redeemed, Refresh, RefreshFacts, RefreshProof, Refreshed,
    RetireSigningKey, RevokeAccess, RevokeFamily, RevokeGrant, RevokeGrants, RevokedGrants, SessionFacts, SessionId,
    SigningKey, SpendIdentifier, Spent, WithdrawConsent,
};
pub use identity_provider::{IdentityProvider, IdentityProviderFault, ParseSubjectError, SubjectMapping};
pub use issuer::{Issuer, IssuerFault, JwksSource, ParseSignatureError, Signature, SignatureSet};
pub use key_file::{KEY_VARIABLE, KeyError, MalformedKey, PepperKey};
pub use person::{ParsePhcError, PasswordPhc, Person, PersonalToken, Profile, ProfileFault};
pub use portable::{
    Imported, LineFault, Portable, PortableAuthtoken, PortableClient, PortableClientSecret, PortableNetwork,
    PortableSecret, PortableUser,
};
pub use record::{AdminToken, Authtoken, FamilyId, FeedToken, Network, ParseRoleError, Role, Standing, User};
pub use setting::{ParseSettingError, Setting, Settings};
pub use store::{Damage, OpenError, StorageBackend};
pub use verify::{Finding, VerifyReport};
pub use writer::{ExecuteError, Unavailable};

pub use tollgate_core::feed as feed_wire;
pub use tollgate_core::{
    AddressRange, Audience, AudienceError, AuthorityId, AuthorityRecord, CLIENT_FIELD, ClientName, ClientNameError,
    DENY_REASONS, Denial, DenyReason, DenyRow, Field, Foreign, ForeignDigest, ForeignForm, ForeignForms, Gate,
    HeldPermit, Jwt, Limit, NetworkRule, Networks, Operation, OperationSet, ParseForeignDigestError, ParseForeignError,
    ParseForeignFormError, ParseJwtError, ParseLimitError, ParseNetworkError, ParseOperationError, ParsePatternError,
    ParseSchemeError, ParseScopeError, ParseTokenError, PathPattern, Permit, Place, QuotaState, REMEMBERED_S, Refused,
    RequestParts, Revision, Route, SCOPE_FIELD, Scheme, SchemeSet, Scope, ScopeSet, ServerRecord, Settled, Subject,
    TOKEN_ID_FIELD, TOO_MANY_GUESSES, Timestamp, TokenDigest, TokenId, TokenKind, TokenRecord, TokenStatus, TokenText,
    USER_FIELD, Unproven, Unsettled, UnsettledSort, Upgrade, UserId, UserName, UserNameError, UserRecord, Validity,
    Verdict, WINDOW_MS, WellFormed, announces_form, is_spelt_like_ours, problem_type, quota_fields, visible_name,
};
