//! What a real proxy cannot be asked, by name and with the reason.

use std::collections::BTreeMap;

use super::super::support::facts::{Ask, Bytes, Change, Outcome, Quota, Request, Step, Subject, Vector};

const DOUBT: &str = "the feed tells of doubt about everything alone";
const PROOF: &str = "a proof is the plugin's own to ask for";
const REWRITTEN: &str = "Envoy makes the path a plain one before anybody is asked";
const SCOPES: &str = "no route tells the plugin of scopes";
const UNKNOWN_CALLER: &str = "a proxy knows the address of every caller";
const LINE: &str = "no request line can carry it";
const BREAK: &str = "a line break ends the field";
const JOINED: &str = "Envoy joins the lines of Authorization into one";
const TIME: &str = "an hour passes, by a clock that is Envoy's own";
const FORM: &str = "a form beyond the bound is refused before it is read";

/// Every vector that is not asked.
pub(crate) const LEFT: &[(&str, &[&str])] = &[
    (FORM, &["tokens: oversized in a parameter"]),
    (
        UNKNOWN_CALLER,
        &[
            "networks: an unknown caller",
            "networks: an unknown caller of a user who trusts all",
            "networks: an unknown caller whom nobody bans",
            "preflight: a preflight from an unknown address",
        ],
    ),
    (
        TIME,
        &[
            "limits: a refused place begins no hour",
            "limits: a window at the beginning of time",
            "limits: after a long absence",
            "limits: an hour is not the clock's",
            "limits: how long to wait is rounded up",
            "limits: refusals do not prolong the hour",
            "limits: the clock steps back a little",
            "limits: the clock steps back by a day with some left",
            "limits: the clock steps back by more than an hour",
            "limits: the edges of an hour",
            "limits: the next hour begins with its first request",
            "limits: twice the limit around an edge",
        ],
    ),
    (
        SCOPES,
        &[
            "clients: a scope that was asked for beside the route's",
            "foreign: a scope that the route wants",
            "limits: refusals at other gates do not count",
            "operations: a route that wants a scope",
            "operations: a route that wants an empty scope",
            "operations: a route that wants two scopes",
            "operations: refused methods and scopes are not charged",
            "order: all gates, mended one by one",
            "order: missing before everything a token could fail at",
            "order: operation before scope",
            "order: scope before freshness",
            "preflight: a preflight that wants a scope",
        ],
    ),
    (
        PROOF,
        &[
            "proofs: a new password",
            "proofs: a password counts against the hourly limit",
            "proofs: a password from an address that its user may trust",
            "proofs: a password in a stale view",
            "proofs: a password is proven once",
            "proofs: a password where a scope is wanted",
            "proofs: a password where none is taken",
            "proofs: a proof about nobody",
            "proofs: a proof is forgotten in time",
            "proofs: a proof passes no other gate",
            "proofs: a token of another issuer is proven once",
            "proofs: a user who goes takes proofs along",
            "proofs: a user whose name changes",
            "proofs: another issuer's token passes no other gate",
            "proofs: another password, another name",
            "proofs: no password any more",
            "proofs: the issuers change",
        ],
    ),
    (
        DOUBT,
        &[
            "clients: a client in doubt",
            "foreign: in doubt",
            "staleness: a token in doubt",
            "staleness: a user in doubt",
            "staleness: doubt about a token outlives changes",
            "staleness: doubt about a user outlives changes",
            "staleness: doubt about what is not there",
            "staleness: doubt charges nothing",
            "staleness: in doubt and refused anyway",
        ],
    ),
];

/// Every vector of which single requests are not sent.
pub(crate) const UNSAID: &[(&str, &[&str])] = &[
    (
        REWRITTEN,
        &[
            "order: network_global before route",
            "paths: backslashes",
            "paths: dot segments",
            "paths: empty segments",
            "paths: escaped dots",
            "paths: escapes of letters",
            "paths: no path",
            "paths: without routes every path is as good as any other",
        ],
    ),
    (JOINED, &["credentials: two lines of other schemes"]),
    (
        BREAK,
        &[
            "basic: blanks inside",
            "credentials: control bytes in a bearer token",
            "credentials: control bytes in the header",
        ],
    ),
    (
        LINE,
        &[
            "operations: odd methods",
            "parameters: a blank in the value",
            "parameters: another name: \" @authtoken\"",
            "parameters: broken escapes in the value",
            "parameters: control characters in the value",
            "paths: bytes that no path may hold",
            "paths: no path",
            "preflight: OPTIONS  that looks like a preflight",
        ],
    ),
];

const HOUR_MS: u64 = 3_600_000;
/// Envoy's own bound, unless it is told another.
const HEAD_LEN_MAX: usize = 60 * 1024 - 200;
const FORM_LEN_MAX: usize = 64 * 1024;

/// Why a vector is not asked, if it is not.
pub(crate) fn why(vector: &Vector) -> Option<&'static str> {
    vector
        .steps
        .iter()
        .find_map(why_step)
        .or_else(|| passes_an_hour(vector).then_some(TIME))
}

fn why_step(step: &Step) -> Option<&'static str> {
    match step {
        Step::Change(amend) => match amend.change {
            Change::DoubtUser(_) | Change::DoubtToken(_) | Change::DoubtAuthority(_) => Some(DOUBT),
            Change::Remember(_) => Some(PROOF),
            Change::SetServer(_)
            | Change::PutUser(_)
            | Change::RemoveUser(_)
            | Change::PutToken(_)
            | Change::PutAuthority(_)
            | Change::RemoveToken(_) => None,
        },
        Step::Release(_) => None,
        Step::Ask(ask) => why_request(&ask.request),
    }
}

fn why_request(request: &Request) -> Option<&'static str> {
    if request.peer.is_none() {
        Some(UNKNOWN_CALLER)
    } else if !request.scopes.is_empty() {
        Some(SCOPES)
    } else if request.form.as_ref().is_some_and(|form| form.0.len() > FORM_LEN_MAX) {
        Some(FORM)
    } else {
        None
    }
}

/// Why a request is not sent, if it is not.
pub(crate) fn unsaid(request: &Request) -> Option<&'static str> {
    let in_line = [Some(&request.method), Some(&request.path), request.query.as_ref()];
    let is_broken = |byte: &u8| matches!(byte, b' ' | b'\r' | b'\n');
    let mut values = request.authorization.iter().chain(&request.authtoken);
    let is_ours = |line: &Bytes| {
        let line = line.0.to_ascii_lowercase();
        line.starts_with(b"bearer") || line.starts_with(b"basic")
    };
    let as_sent = String::from_utf8_lossy(&request.path.0).to_ascii_lowercase();
    let path = as_sent.replace("%2e", ".");
    let has_odd = ["//", "/./", "/../", "/.;", "/..;", "\\"]
        .iter()
        .any(|odd| path.contains(odd));
    if has_odd || path.ends_with("/.") || path.ends_with("/..") || has_needless_escape(&as_sent) {
        Some(REWRITTEN)
    } else if request.method.0.is_empty()
        || !path.starts_with('/')
        || path.contains('?')
        || in_line.into_iter().flatten().any(|part| part.0.iter().any(is_broken))
    {
        Some(LINE)
    } else if values.any(|value| value.0.iter().any(|byte| matches!(byte, b'\r' | b'\n'))) {
        Some(BREAK)
    } else if request.authorization.len() > 1 && !request.authorization.iter().any(is_ours) {
        Some(JOINED)
    } else {
        None
    }
}

/// Whether a letter, a digit or a mark without meaning is escaped, which Envoy undoes.
fn has_needless_escape(path: &str) -> bool {
    let escaped = path.split('%').skip(1).filter_map(|rest| rest.get(..2));
    let mut bytes = escaped.filter_map(|digits| u8::from_str_radix(digits, 16).ok());
    bytes.any(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte))
}

/// Whether the hourly limit moves on while the story goes.
fn passes_an_hour(vector: &Vector) -> bool {
    let mut begun: BTreeMap<u64, u64> = BTreeMap::new();
    let asks = vector.steps.iter().filter_map(|step| match step {
        Step::Ask(ask) => counted(ask).map(|(subject, quota)| (ask.now_ms, subject, quota)),
        Step::Change(_) | Step::Release(_) => None,
    });
    asks.into_iter().any(|(now_ms, subject, quota)| {
        let since = *begun.entry(subject.user).or_insert(now_ms);
        now_ms.checked_sub(since).and_then(|passed| HOUR_MS.checked_sub(passed)) != Some(quota.reset_after_ms)
    })
}

fn counted(ask: &Ask) -> Option<(&Subject, &Quota)> {
    match &ask.expect {
        Outcome::Granted { permit } => permit.subject.as_ref().zip(permit.quota.as_ref()),
        Outcome::Denied(denied) => denied.subject.as_ref().zip(denied.quota.as_ref()),
    }
}

/// Whether Envoy refuses a request before it asks anybody: its bytes are no HTTP, or more than it takes.
pub(crate) fn refused_by_envoy(request: &Request) -> bool {
    let token = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    let control = |byte: &u8| byte.is_ascii_control() && *byte != b'\t';
    let odd = |byte: &u8| !byte.is_ascii_graphic() || *byte == b'#';
    let method = &request.method.0;
    let values = || request.authorization.iter().chain(&request.authtoken);
    !method.iter().all(token)
        || [&b"CONNECT"[..], b"QUERY"].contains(&method.as_slice())
        || request.query.as_ref().is_some_and(|query| query.0.iter().any(odd))
        || request.path.0.iter().any(odd)
        || request.path.0.windows(3).any(|escape| escape == b"%00")
        || values().any(|value| value.0.iter().any(control))
        || values().chain(&request.query).map(|value| value.0.len()).sum::<usize>() > HEAD_LEN_MAX
}
