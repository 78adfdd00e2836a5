//! What a check can come to where there are routes, clients and proofs.

use tollgate_core::{
    AuthorityId, AuthorityRecord, DenyReason, DigestKey, Jwt, LiveView, LiveWriter, Route, ServerRecord, Settled,
    Timestamp, TokenKind, TokenRecord, TokenText, Unsettled, UnsettledSort, UserId, UserRecord, Verdict, check,
};

use crate::asking::{Asking, Carrier};
use crate::population::{KEY, NOW, Scatter, server_record, token_record, user_record};

/// A view with routes, in which every request of a case comes to the same.
pub struct Access {
    /// What checks read.
    pub view: LiveView,
    /// The same facts without routes.
    pub plain: LiveView,
    cases: Vec<(&'static str, Vec<Asking>)>,
}

/// What a case presents.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Presents {
    /// An authtoken.
    Own,
    /// An opaque access token of a client.
    Opaque,
    /// A signed token of 800 bytes.
    Signed,
    /// A password that was proven, or not.
    Password { proven: bool },
    /// Another issuer's signed token that was proven, or not.
    External { proven: bool },
    /// Nothing.
    Nothing,
}

/// Name, what is presented, the path, and what it comes to.
const CASES: [(&str, Presents, &[u8], Option<DenyReason>); 15] = [
    ("permit, no route is met", Presents::Own, b"/else", None),
    ("permit, by a route", Presents::Own, b"/api/v1/orders", None),
    ("permit, client", Presents::Opaque, b"/api/v1/orders", None),
    (
        "permit, client with scope and audience",
        Presents::Opaque,
        b"/scoped/orders",
        None,
    ),
    ("permit, signed", Presents::Signed, b"/api/v1/orders", None),
    (
        "permit, signed with scope and audience",
        Presents::Signed,
        b"/scoped/orders",
        None,
    ),
    (
        "permit, password that was proven",
        Presents::Password { proven: true },
        b"/basic/orders",
        None,
    ),
    (
        "permit, another issuer's",
        Presents::External { proven: true },
        b"/api/v1/orders",
        None,
    ),
    ("permit, everybody", Presents::Nothing, b"/public/x", None),
    (
        "ambiguous path",
        Presents::Own,
        b"/api/v1/%6frders",
        Some(DenyReason::AmbiguousPath),
    ),
    (
        "a scheme that is not taken",
        Presents::Own,
        b"/basic-only/x",
        Some(DenyReason::MissingCredential),
    ),
    (
        "wrong audience",
        Presents::Own,
        b"/scoped/orders",
        Some(DenyReason::WrongAudience),
    ),
    (
        "insufficient scope",
        Presents::Own,
        b"/wanting/orders",
        Some(DenyReason::InsufficientScope),
    ),
    (
        "password that is left open",
        Presents::Password { proven: false },
        b"/basic/orders",
        Some(DenyReason::UnknownToken),
    ),
    (
        "another issuer's, left open",
        Presents::External { proven: false },
        b"/api/v1/orders",
        Some(DenyReason::UnknownToken),
    ),
];

impl Access {
    /// The reasons that only routes give.
    pub const REASONS: [DenyReason; 2] = [DenyReason::AmbiguousPath, DenyReason::WrongAudience];

    /// Makes `count` users for every case, and sees that each request is answered as it should be.
    pub fn new(count: u64) -> Self {
        let ((view, mut writer), (plain, mut beside)) =
            (LiveView::new(DigestKey::new(KEY)), LiveView::new(DigestKey::new(KEY)));
        let server = ServerRecord {
            external_issuers: 1,
            ..server_record()
        };
        beside.set_server(&server).unwrap();
        let routes = routes();
        writer.set_server(&ServerRecord { routes, ..server }).unwrap();
        let authority = AuthorityRecord {
            id: AuthorityId(1),
            client: "app".parse().unwrap(),
            scopes: "openid read write".parse().unwrap(),
            audiences: vec!["https://api.example/".parse().unwrap(), "orders".parse().unwrap()],
            active: true,
        };
        for writer in [&mut writer, &mut beside] {
            writer.put_authority(&authority).unwrap();
        }
        let (mut scatter, mut cases) = (Scatter::new(5), Vec::new());
        for ((name, presents, path, reason), first) in CASES.into_iter().zip((1..).step_by(count as usize)) {
            let mut askings = Vec::new();
            for id in first..first + count {
                let entropy = scatter.bytes();
                let asking = presents.case(id, &entropy, &mut writer);
                presents.case(id, &entropy, &mut beside);
                let asking = asking.at(path);
                assert_eq!(reason_of(&view, &asking), reason, "{name}");
                askings.push(asking);
            }
            cases.push((name, askings));
        }
        Self { view, plain, cases }
    }

    /// The name of each case, and the requests that lead to it.
    pub fn cases(&self) -> impl Iterator<Item = (&'static str, &[Asking])> {
        self.cases.iter().map(|(name, askings)| (*name, askings.as_slice()))
    }
}

/// A table as large as can be, of which few routes are met.
fn routes() -> Vec<Route> {
    let route = |pattern: &str, schemes: &str, scopes: &str, audience: Option<&str>| Route {
        schemes: schemes.parse().unwrap(),
        scopes: scopes.parse().unwrap(),
        audience: audience.map(|audience| audience.parse().unwrap()),
        ..Route::usual(pattern.parse().unwrap())
    };
    let mut routes = vec![
        route("/api/**", "bearer,header", "", None),
        route("/api/*/orders", "bearer", "", None),
        route("/scoped/**", "bearer", "read write", Some("orders")),
        route("/wanting/**", "bearer", "read", None),
        route("/basic/**", "password", "", None),
        route("/basic-only/**", "basic", "", None),
        Route {
            anonymous: true,
            ..route("/public/**", "", "", None)
        },
    ];
    let rest = Route::MOST - routes.len();
    routes.extend((0..rest).map(|at| route(&format!("/tenant-{at:03}/*/v1/**"), "bearer", "read", None)));
    routes
}

impl Presents {
    fn case(self, id: u64, entropy: &[u8; 32], writer: &mut LiveWriter) -> Asking {
        let kind = if self == Self::Opaque {
            TokenKind::Access
        } else {
            TokenKind::Authtoken
        };
        let own = TokenText::from_entropy(kind, entropy);
        let user = UserRecord {
            password_epoch: 1,
            ..user_record(id, true)
        };
        writer.put_user(&user).unwrap();
        let (carrier, text) = match self {
            Self::Own | Self::Opaque => (Carrier::Bearer, own.expose().to_owned()),
            Self::Signed | Self::External { .. } => (Carrier::Bearer, signed(own.expose())),
            Self::Password { .. } => (Carrier::Basic, format!("correct horse {id}")),
            Self::Nothing => (Carrier::Nowhere, String::new()),
        };
        let view = writer.view();
        let digest = match self {
            Self::Signed | Self::External { .. } => view.jwt(Jwt::parse(text.as_bytes()).unwrap()),
            Self::Password { .. } => view.password(user.name.as_str().as_bytes(), text.as_bytes()),
            Self::Own | Self::Opaque | Self::Nothing => view.digest(own.well_formed().unwrap()),
        };
        let authority = matches!(self, Self::Opaque | Self::Signed).then_some(AuthorityId(1));
        match self {
            Self::Own | Self::Opaque | Self::Signed => {
                let kind = if self == Self::Own {
                    TokenKind::Authtoken
                } else {
                    TokenKind::Access
                };
                let token = TokenRecord {
                    kind,
                    authority,
                    ..token_record(id, digest, id)
                };
                writer.put_token(&token).unwrap();
            }
            Self::Password { proven: true } | Self::External { proven: true } => {
                let sort = if matches!(self, Self::Password { .. }) {
                    UnsettledSort::Password
                } else {
                    UnsettledSort::External
                };
                let unsettled = Unsettled {
                    sort,
                    digest,
                    external_issuers: 1,
                };
                let settled = Settled {
                    user: UserId(id),
                    password_epoch: 1,
                    authority: None,
                    until: Timestamp::from_millis(NOW.as_millis() + 60_000),
                };
                writer.remember(&unsettled, &settled);
            }
            Self::Password { proven: false } | Self::External { proven: false } | Self::Nothing => {}
        }
        Asking::new(carrier, &text, user.name.as_str())
    }
}

/// A text of the form of a signed token, 800 bytes long, in which every part hangs on the entropy.
fn signed(entropy: &str) -> String {
    let letters: String = entropy.replace('_', "-").repeat(16);
    format!("eyJhbGciOiJSUzI1NiJ9.{}.{}", &letters[..436], &letters[5..347])
}

fn reason_of(view: &LiveView, asking: &Asking) -> Option<DenyReason> {
    match check(view, &asking.request(), NOW) {
        Verdict::Permit(_) => None,
        Verdict::Denial(denial) => Some(denial.reason),
    }
}
