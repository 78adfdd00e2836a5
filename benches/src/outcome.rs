//! A request for every outcome of a check and every place of a credential.

use std::net::{IpAddr, Ipv4Addr};
use std::num::NonZeroU32;

use tollgate_core::{
    DENY_REASONS, DenyReason, DigestKey, Foreign, ForeignDigest, ForeignForm, ForeignForms, HeldPermit, Limit,
    LiveView, LiveWriter, ServerRecord, TokenDigest, TokenKind, TokenRecord, TokenStatus, TokenText, UserRecord,
    Verdict, check,
};

use crate::access::Access;
use crate::asking::{Asking, Carrier};
use crate::population::{KEY, NOW, PEER, Scatter, server_record, token_record, user_record};

/// Trusted by the global rules, banned by each user's own.
const BANNED_BY_USER: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 1, 2, 3));
/// Banned by the global rules.
const BANNED: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 9, 2, 3));

/// One outcome: what it is called, what the check must answer, and how a case of it differs from the ordinary one.
struct Sort {
    name: &'static str,
    reason: Option<DenyReason>,
    carrier: Carrier,
    method: &'static [u8],
    peer: IpAddr,
    scopes: &'static [&'static str],
    issued: bool,
    /// The form in which a token that was made elsewhere came; none for a token of our own.
    came: Option<ForeignForm>,
    in_doubt: bool,
    /// Whether one request has been let through before, and is still under way.
    before: bool,
    amend: fn(&mut UserRecord, &mut TokenRecord),
}

const ORDINARY: Sort = Sort {
    name: "permit, bearer",
    reason: None,
    carrier: Carrier::Bearer,
    method: b"GET",
    peer: PEER,
    scopes: &[],
    issued: true,
    came: None,
    in_doubt: false,
    before: false,
    amend: |_, _| {},
};

const fn permit(name: &'static str, carrier: Carrier) -> Sort {
    Sort {
        name,
        carrier,
        ..ORDINARY
    }
}

const fn foreign(name: &'static str, form: ForeignForm) -> Sort {
    Sort {
        came: Some(form),
        ..permit(name, Carrier::Bearer)
    }
}

const fn denial(name: &'static str, reason: DenyReason) -> Sort {
    Sort {
        name,
        reason: Some(reason),
        ..ORDINARY
    }
}

const fn amended(name: &'static str, reason: DenyReason, amend: fn(&mut UserRecord, &mut TokenRecord)) -> Sort {
    Sort {
        amend,
        ..denial(name, reason)
    }
}

const SORTS: [Sort; 25] = [
    ORDINARY,
    permit("permit, basic", Carrier::Basic),
    permit("permit, x-cdata-authtoken", Carrier::Header),
    permit("permit, query", Carrier::Query),
    permit("permit, form with an escape", Carrier::EscapedForm),
    foreign("permit, foreign in clear", ForeignForm::Clear),
    foreign("permit, foreign by SHA-256", ForeignForm::Sha256),
    foreign("permit, foreign by SHA-512", ForeignForm::Sha512),
    foreign("permit, foreign by BLAKE3", ForeignForm::Blake3),
    Sort {
        peer: BANNED,
        ..denial("network refused, for all", DenyReason::NetworkRefused)
    },
    Sort {
        carrier: Carrier::Nowhere,
        ..denial("missing credential", DenyReason::MissingCredential)
    },
    Sort {
        carrier: Carrier::Twice,
        ..denial("malformed: two credentials", DenyReason::MalformedCredential)
    },
    Sort {
        carrier: Carrier::Garbled,
        ..denial("unknown: garbage", DenyReason::UnknownToken)
    },
    Sort {
        issued: false,
        ..denial("unknown: never issued", DenyReason::UnknownToken)
    },
    Sort {
        issued: false,
        came: Some(ForeignForm::Blake3),
        ..denial("unknown: foreign", DenyReason::UnknownToken)
    },
    amended("revoked", DenyReason::Revoked, |_, token| {
        token.status = TokenStatus::Revoked
    }),
    amended("suspended", DenyReason::Suspended, |user, _| user.active = false),
    amended("not yet valid", DenyReason::NotYetValid, |_, token| {
        token.validity.not_before_s = Some(1_850_000_000);
    }),
    amended("expired", DenyReason::Expired, |_, token| {
        token.validity.expires_at_s = Some(1_750_000_000);
    }),
    Sort {
        peer: BANNED_BY_USER,
        ..denial("network refused, by the user", DenyReason::NetworkRefused)
    },
    Sort {
        method: b"DELETE",
        ..denial("operation refused", DenyReason::OperationRefused)
    },
    Sort {
        scopes: &["read"],
        ..denial("insufficient scope", DenyReason::InsufficientScope)
    },
    Sort {
        in_doubt: true,
        ..denial("stale view", DenyReason::StaleView)
    },
    Sort {
        before: true,
        ..amended("rate exceeded", DenyReason::RateExceeded, |user, _| {
            user.per_hour = Limit::AtMost(NonZeroU32::MIN);
        })
    },
    Sort {
        before: true,
        ..amended("concurrency exceeded", DenyReason::ConcurrencyExceeded, |user, _| {
            user.concurrent = Limit::AtMost(NonZeroU32::MIN);
        })
    },
];

/// A view in which every outcome can be had, any number of times.
pub struct Outcomes {
    /// What checks read.
    pub view: LiveView,
    cases: Vec<(&'static str, Vec<Asking>)>,
    _under_way: Vec<HeldPermit>,
}

impl Outcomes {
    /// Makes `count` users with a token each for every outcome, and sees that each request is answered as it should be.
    pub fn new(count: u64) -> Self {
        let has_sort =
            |reason| SORTS.iter().any(|sort| sort.reason == Some(reason)) || Access::REASONS.contains(&reason);
        assert!(
            DENY_REASONS.iter().all(|row| has_sort(row.reason)),
            "a reason without a case"
        );
        let (view, mut writer) = LiveView::new(DigestKey::new(KEY));
        let server = ServerRecord {
            foreign_tokens: ForeignForms::ALL,
            ..server_record()
        };
        writer.set_server(&server).unwrap();
        let (mut scatter, mut under_way, mut cases) = (Scatter::new(3), Vec::new(), Vec::new());
        for (sort, first) in SORTS.iter().zip((1..).step_by(count as usize)) {
            let askings: Vec<Asking> = (first..first + count)
                .map(|id| sort.case(id, &scatter.bytes(), &mut writer))
                .collect();
            if sort.before {
                under_way.extend(askings.iter().map(|asking| held(&view, asking)));
            }
            for asking in &askings {
                assert_eq!(reason(&view, asking), sort.reason, "{}", sort.name);
            }
            cases.push((sort.name, askings));
        }
        Self {
            view,
            cases,
            _under_way: under_way,
        }
    }

    /// The name of each outcome, and the requests that lead to it.
    pub fn cases(&self) -> impl Iterator<Item = (&'static str, &[Asking])> {
        self.cases.iter().map(|(name, askings)| (*name, askings.as_slice()))
    }
}

impl Sort {
    fn case(&self, id: u64, entropy: &[u8; 32], writer: &mut LiveWriter) -> Asking {
        let own = TokenText::from_entropy(TokenKind::Authtoken, entropy);
        // As long as our own, and with another beginning.
        let token_text = match self.came {
            None => own.expose().to_owned(),
            Some(_) => own.expose().replacen("tg_at_", "tg-at-", 1),
        };
        let digest = match self.came {
            None => writer.view().digest(own.well_formed().unwrap()),
            Some(form) => foreign_digest(writer.view(), form, &token_text),
        };
        let (mut user, mut token) = (user_record(id, true), token_record(id, digest, id));
        (self.amend)(&mut user, &mut token);
        writer.put_user(&user).unwrap();
        if self.issued {
            writer.put_token(&token).unwrap();
        }
        if self.in_doubt {
            writer.doubt_token(&digest);
        }
        Asking::new(self.carrier, &token_text, user.name.as_str())
            .from(self.peer)
            .to(self.method, self.scopes)
    }
}

/// What a token that was made elsewhere stands under, according to the form in which it came.
fn foreign_digest(view: &LiveView, form: ForeignForm, text: &str) -> TokenDigest {
    let text = Foreign::parse(text.as_bytes()).ok().unwrap();
    match ForeignDigest::of(form, text) {
        None => view.foreign(text),
        Some(digest) => view.foreign_digest(&digest),
    }
}

fn held(view: &LiveView, asking: &Asking) -> HeldPermit {
    match check(view, &asking.request(), NOW) {
        Verdict::Permit(permit) => permit.hold(),
        Verdict::Denial(denial) => panic!("the first request should pass: {denial:?}"),
    }
}

fn reason(view: &LiveView, asking: &Asking) -> Option<DenyReason> {
    match check(view, &asking.request(), NOW) {
        Verdict::Permit(_) => None,
        Verdict::Denial(denial) => Some(denial.reason),
    }
}
