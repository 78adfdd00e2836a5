//! What a shared vector states: the facts, the steps and the verdicts, as plain text and numbers.
//!
//! These types are the format of `vectors/*.json`. They name no type of the code under test, so that the same files can
//! be run natively, under WebAssembly and through a proxy.

use serde::Deserialize;

/// One file of vectors.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VectorFile {
    /// What the vectors of this file are about.
    pub about: String,
    /// The key under which tokens are digested, as 64 hexadecimal digits.
    pub digest_key: String,
    /// The facts that hold before the first step of a vector which does not state its own.
    pub world: World,
    pub vectors: Vec<Vector>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct World {
    pub server: Server,
    #[serde(default)]
    pub authorities: Vec<Authority>,
    pub users: Vec<User>,
    pub tokens: Vec<Token>,
}

/// A story: facts, then steps in order, each request with the verdict it must get.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vector {
    pub name: String,
    /// Why the verdicts are what they are.
    pub why: String,
    /// For a vector in which nothing passes: the one in the same file that differs in what is refused, and passes.
    pub twin: Option<String>,
    /// Instead of the world's.
    pub server: Option<Server>,
    /// Instead of the world's, all of them.
    pub authorities: Option<Vec<Authority>>,
    /// Instead of the world's, all of them.
    pub users: Option<Vec<User>>,
    /// Instead of the world's, all of them.
    pub tokens: Option<Vec<Token>>,
    pub steps: Vec<Step>,
}

/// The settings, and until when the view may be believed.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Server {
    /// A number, `unlimited` or `inherit`.
    pub per_hour: String,
    /// As `per_hour`.
    pub concurrent: String,
    pub authtoken_in_url: bool,
    pub allow_preflight: bool,
    /// A comma-separated list of clear, sha256, sha512 and blake3.
    pub foreign_tokens: String,
    /// Network rules.
    pub banned: Vec<String>,
    /// Network rules.
    pub trusted: Vec<String>,
    pub routes: Vec<Route>,
    /// Which set of external issuers is trusted; 0 for none.
    pub external_issuers: u32,
    /// The last millisecond at which the view may be believed; none for always.
    pub fresh_until_ms: Option<u64>,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            per_hour: "inherit".into(),
            concurrent: "inherit".into(),
            authtoken_in_url: false,
            allow_preflight: false,
            foreign_tokens: String::new(),
            banned: Vec::new(),
            trusted: Vec::new(),
            routes: Vec::new(),
            external_issuers: 0,
            fresh_until_ms: None,
        }
    }
}

/// What paths ask for.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Route {
    pub pattern: String,
    /// A comma-separated list of bearer, basic, password, header and parameter.
    #[serde(default = "usual")]
    pub schemes: String,
    /// Blank-separated.
    #[serde(default)]
    pub scopes: String,
    pub audience: Option<String>,
    #[serde(default)]
    pub anonymous: bool,
}

/// The schemes that are taken where no route says otherwise.
pub fn usual() -> String {
    "bearer,basic,header,parameter".to_owned()
}

fn yes() -> bool {
    true
}

/// In whose name tokens act, and how far.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Authority {
    pub id: u32,
    pub client: String,
    /// Blank-separated.
    #[serde(default)]
    pub scopes: String,
    #[serde(default)]
    pub audiences: Vec<String>,
    #[serde(default = "yes")]
    pub active: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct User {
    pub id: u64,
    pub name: String,
    pub active: bool,
    /// A comma-separated list of GET, POST, PUT and DELETE.
    pub operations: String,
    /// A number, `unlimited` or `inherit`.
    pub per_hour: String,
    /// As `per_hour`.
    pub concurrent: String,
    /// Network rules.
    pub banned: Vec<String>,
    /// Network rules.
    pub trusted: Vec<String>,
    /// Which password the user has; 0 for none.
    pub password_epoch: u32,
}

impl Default for User {
    fn default() -> Self {
        Self {
            id: 0,
            name: String::new(),
            active: true,
            operations: "GET,POST,PUT,DELETE".into(),
            per_hour: "inherit".into(),
            concurrent: "inherit".into(),
            banned: Vec::new(),
            trusted: Vec::new(),
            password_epoch: 0,
        }
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Token {
    pub id: u64,
    /// The id of its user.
    pub user: u64,
    /// The whole token; its prefix tells its kind, and one that begins `eyJ` is signed. One that was made elsewhere stands behind the form in which it came and a
    /// colon, as in `sha256:…`.
    pub secret: String,
    /// The digest in which it came, as another tool has written it.
    pub digest: Option<String>,
    #[serde(default)]
    pub revoked: bool,
    /// The first second in which it is valid.
    pub not_before_s: Option<u32>,
    /// The first second in which it no longer is.
    pub expires_at_s: Option<u32>,
    /// The authority that it acts by.
    pub authority: Option<u32>,
}

/// One step of a story.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum Step {
    Ask(Box<Ask>),
    Release(Release),
    Change(Amend),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ask {
    pub now_ms: u64,
    pub request: Request,
    /// A label under which the permit is held; without one the request is over at once.
    pub hold: Option<String>,
    pub expect: Outcome,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Release {
    /// The label of a held permit, whose request is over.
    pub release: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Amend {
    pub change: Change,
}

/// A change of the facts between two requests.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Change {
    SetServer(Server),
    PutUser(User),
    RemoveUser(u64),
    PutToken(Token),
    /// By its secret.
    RemoveToken(String),
    /// It is not known whether a change to this user was made.
    DoubtUser(u64),
    /// It is not known whether a change to this token was made; by its secret.
    DoubtToken(String),
    PutAuthority(Authority),
    /// It is not known whether a change to this authority was made.
    DoubtAuthority(u32),
    /// Somebody has proven what a check left open.
    Remember(Proof),
}

/// A proof, of a password where there is a name and of another issuer's signature otherwise.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proof {
    /// Who presented it, in Basic.
    pub name: Option<String>,
    /// The password, or the signed token.
    pub text: String,
    pub user: u64,
    /// The number of the password or of the set of issuers that it was proven against.
    pub epoch: u32,
    pub authority: Option<u32>,
    /// The first moment at which it is forgotten; in whole seconds, rounded down.
    pub until_ms: u64,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Request {
    pub method: Bytes,
    /// Without the query.
    pub path: Bytes,
    /// Without its question mark.
    pub query: Option<Bytes>,
    /// A form body.
    pub form: Option<Bytes>,
    /// The caller's address; none where it is not known.
    pub peer: Option<String>,
    /// The `Authorization` lines.
    pub authorization: Vec<Bytes>,
    /// The `x-cdata-authtoken` lines.
    pub authtoken: Vec<Bytes>,
    /// Whether `Origin` and `Access-Control-Request-Method` are there.
    pub preflight: bool,
    /// Scopes that the route wants.
    pub scopes: Vec<String>,
}

impl Default for Request {
    fn default() -> Self {
        Self {
            method: "GET".into(),
            path: "/".into(),
            query: None,
            form: None,
            peer: None,
            authorization: Vec::new(),
            authtoken: Vec::new(),
            preflight: false,
            scopes: Vec::new(),
        }
    }
}

/// Bytes of a request: text, `{"hex": "00ff"}`, `{"repeat": "A", "times": 3}`, or a list of these, joined.
#[derive(Clone, Debug, Deserialize)]
#[serde(from = "Spelling")]
pub struct Bytes(pub Vec<u8>);

impl From<&str> for Bytes {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

#[derive(Deserialize)]
#[serde(untagged, deny_unknown_fields)]
enum Spelling {
    Text(String),
    Hex { hex: String },
    Repeat { repeat: String, times: usize },
    Joined(Vec<Spelling>),
}

impl From<Spelling> for Bytes {
    fn from(spelling: Spelling) -> Self {
        Self(match spelling {
            Spelling::Text(text) => text.into_bytes(),
            Spelling::Hex { hex } => from_hex(&hex),
            Spelling::Repeat { repeat, times } => repeat.repeat(times).into_bytes(),
            Spelling::Joined(parts) => parts.into_iter().flat_map(|part| Self::from(part).0).collect(),
        })
    }
}

/// The bytes of an even number of hexadecimal digits.
pub fn from_hex(digits: &str) -> Vec<u8> {
    let pairs = digits.as_bytes().chunks(2);
    pairs
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

/// A verdict. What is not stated must not be there.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Outcome {
    Granted { permit: Granted },
    Denied(Denied),
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Granted {
    /// None for a preflight.
    pub subject: Option<Subject>,
    /// None where there is no hourly limit.
    pub quota: Option<Quota>,
    /// Whether a better digest is offered for the token.
    #[serde(default)]
    pub upgrade: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Denied {
    /// The label of the reason.
    pub deny: String,
    /// The gate that refused.
    pub gate: String,
    /// The HTTP status.
    pub status: u16,
    pub retry_after_s: Option<u64>,
    /// `password` or `external`: what the check could not decide alone.
    pub unsettled: Option<String>,
    /// The schemes that a challenge names; none for the usual ones.
    pub schemes: Option<String>,
    /// The scopes that a challenge names.
    pub wants: Option<String>,
    pub subject: Option<Subject>,
    pub quota: Option<Quota>,
}

/// Whose token it was.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subject {
    pub user: u64,
    pub name: String,
    pub token: u64,
    /// `bearer`, `basic`, `header`, `query` or `form`.
    pub place: String,
    /// `password` or `external`, where that was proven and there is no token.
    pub settled: Option<String>,
    /// The client that acts.
    pub client: Option<String>,
    /// What it may do, blank-separated.
    pub scopes: Option<String>,
}

/// What the caller may be told of the hourly limit.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quota {
    pub limit: u32,
    pub remaining: u32,
    pub reset_after_ms: u64,
}
