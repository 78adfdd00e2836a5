//! The code under test, driven by the plain facts of a vector.

use std::net::IpAddr;

use tollgate_core::{
    AddressRange, DigestKey, Field, Foreign, ForeignDigest, ForeignForm, Freshness, Gate, LiveView, LiveWriter,
    NetworkRule, Networks, Place, QuotaState, RequestParts, ServerRecord, Timestamp, TokenDigest, TokenId, TokenKind,
    TokenRecord, TokenStatus, UserId, UserRecord, Validity, Verdict, ViewError, WellFormed, check,
};

use super::facts::{Bytes, Change, Denied, Granted, Outcome, Quota, Request, Server, Subject, Token, User, from_hex};

/// An empty view under a key of 64 hexadecimal digits.
pub fn view(digest_key: &str) -> (LiveView, LiveWriter) {
    let key: [u8; 32] = from_hex(digest_key).try_into().expect("a key of 32 bytes");
    LiveView::new(DigestKey::new(key))
}

/// Makes a change, and answers whether it could be made.
pub fn change(writer: &mut LiveWriter, change: &Change) -> bool {
    let done = match change {
        Change::SetServer(server) => {
            let until = server.fresh_until_ms.map(Timestamp::from_millis);
            writer.set_freshness(until.map_or(Freshness::Always, Freshness::Until));
            writer.set_server(&server_record(server))
        }
        Change::PutUser(user) => writer.put_user(&user_record(user)),
        Change::PutToken(token) => writer.put_token(&token_record(writer.view(), token)),
        Change::RemoveUser(id) => {
            writer.remove_user(UserId(*id));
            Ok(())
        }
        Change::RemoveToken(secret) => {
            writer.remove_token(&digest(writer.view(), secret));
            Ok(())
        }
        Change::DoubtUser(id) => {
            writer.doubt_user(UserId(*id));
            Ok(())
        }
        Change::DoubtToken(secret) => {
            writer.doubt_token(&digest(writer.view(), secret));
            Ok(())
        }
    };
    match done {
        Ok(()) => true,
        Err(ViewError::UnknownUser(_)) => false,
        Err(other) => panic!("{other}"),
    }
}

/// Asks for a verdict.
pub fn ask<'v>(view: &'v LiveView, request: &Request, now_ms: u64) -> Verdict<'v> {
    with_parts(request, |parts| check(view, parts, Timestamp::from_millis(now_ms)))
}

fn with_parts<R>(request: &Request, f: impl FnOnce(&RequestParts<'_>) -> R) -> R {
    let scopes: Vec<&str> = request.scopes.iter().map(String::as_str).collect();
    f(&RequestParts {
        method: &request.method.0,
        path: &request.path.0,
        query: request.query.as_ref().map(slice),
        form: request.form.as_ref().map(slice),
        peer: request.peer.as_deref().map(address),
        authorization: Field::collect(request.authorization.iter().map(slice)),
        authtoken: Field::collect(request.authtoken.iter().map(slice)),
        preflight: request.preflight,
        scopes: &scopes,
    })
}

/// A verdict in the words of a vector.
pub fn outcome(view: &LiveView, request: &Request, verdict: &Verdict<'_>) -> Outcome {
    match verdict {
        Verdict::Permit(permit) => Outcome::Granted {
            permit: Granted {
                subject: permit.subject().map(|subject| named(view, subject)),
                quota: permit.quota().map(quota),
                upgrade: with_parts(request, |parts| permit.upgrade(parts)).is_some(),
            },
        },
        Verdict::Denial(denial) => Outcome::Denied(Denied {
            deny: denial.reason.row().label.to_owned(),
            gate: gate(denial.gate).to_owned(),
            status: denial.reason.row().status,
            retry_after_s: denial.retry_after_s(),
            subject: denial.subject.map(|subject| named(view, subject)),
            quota: denial.quota.map(quota),
        }),
    }
}

/// The addresses of a rule, from the first to the last; none where it is no rule.
pub fn range(rule: &str) -> Option<AddressRange> {
    rule.parse::<NetworkRule>().ok().map(|rule| rule.range())
}

/// An address that a vector states.
pub fn address(text: &str) -> IpAddr {
    text.parse().unwrap_or_else(|_| panic!("{text:?} is no address"))
}

pub fn gate(gate: Gate) -> &'static str {
    match gate {
        Gate::NetworkGlobal => "network_global",
        Gate::Route => "route",
        Gate::Extract => "extract",
        Gate::LookUp => "look_up",
        Gate::Status => "status",
        Gate::Validity => "validity",
        Gate::Audience => "audience",
        Gate::NetworkUser => "network_user",
        Gate::Operation => "operation",
        Gate::Scope => "scope",
        Gate::Freshness => "freshness",
        Gate::Rate => "rate",
        Gate::Concurrency => "concurrency",
    }
}

fn place(place: Place) -> &'static str {
    match place {
        Place::Bearer => "bearer",
        Place::Basic => "basic",
        Place::Header => "header",
        Place::Query => "query",
        Place::Form => "form",
    }
}

fn named(view: &LiveView, subject: tollgate_core::Subject) -> Subject {
    let mut room = [0; 255];
    Subject {
        user: subject.user.0,
        name: view.user_name(&subject, &mut room).unwrap_or_default().to_owned(),
        token: subject.token.0,
        place: place(subject.place).to_owned(),
    }
}

fn quota(state: QuotaState) -> Quota {
    Quota {
        limit: state.limit,
        remaining: state.remaining,
        reset_after_ms: state.reset_after_ms,
    }
}

fn slice(bytes: &Bytes) -> &[u8] {
    &bytes.0
}

/// What the token with this secret is found by.
pub fn digest(view: &LiveView, secret: &str) -> TokenDigest {
    let Some((form, text)) = foreign(secret) else {
        return view.digest(well_formed(secret));
    };
    let text = Foreign::parse(text.as_bytes()).unwrap_or_else(|why| panic!("{secret:?}: {why}"));
    ForeignDigest::of(form, text).map_or_else(|| view.foreign(text), |digest| view.foreign_digest(&digest))
}

/// The form and the text of a secret that was made elsewhere.
fn foreign(secret: &str) -> Option<(ForeignForm, &str)> {
    let (form, text) = secret.split_once(':')?;
    Some((form.parse().expect("a form"), text))
}

fn well_formed(secret: &str) -> WellFormed<'_> {
    WellFormed::parse(secret.as_bytes()).unwrap_or_else(|why| panic!("{secret:?} is no token: {why:?}"))
}

/// The facts of a vector as records.
pub fn server_record(server: &Server) -> ServerRecord {
    ServerRecord {
        per_hour: server.per_hour.parse().expect("a limit"),
        concurrent: server.concurrent.parse().expect("a limit"),
        authtoken_in_url: server.authtoken_in_url,
        allow_preflight: server.allow_preflight,
        foreign_tokens: server.foreign_tokens.parse().expect("forms"),
        networks: networks(&server.banned, &server.trusted),
        routes: Vec::new(),
        external_issuers: 0,
    }
}

pub fn user_record(user: &User) -> UserRecord {
    UserRecord {
        id: UserId(user.id),
        name: user.name.parse().expect("a user name"),
        active: user.active,
        operations: user.operations.parse().expect("operations"),
        per_hour: user.per_hour.parse().expect("a limit"),
        concurrent: user.concurrent.parse().expect("a limit"),
        networks: networks(&user.banned, &user.trusted),
        password_epoch: 0,
    }
}

fn networks(banned: &[String], trusted: &[String]) -> Networks {
    let ranges = |rules: &[String]| {
        let ranges = rules
            .iter()
            .map(|rule| range(rule).unwrap_or_else(|| panic!("{rule:?} is no rule")));
        ranges.collect()
    };
    Networks {
        banned: ranges(banned),
        trusted: ranges(trusted),
    }
}

pub fn token_record(view: &LiveView, token: &Token) -> TokenRecord {
    let foreign = foreign(&token.secret);
    let written = token.digest.as_deref().zip(foreign).map(|(digits, (form, _))| {
        let digest = ForeignDigest::parse(form, digits).unwrap_or_else(|why| panic!("{digits:?}: {why}"));
        view.foreign_digest(&digest)
    });
    TokenRecord {
        id: TokenId(token.id),
        kind: foreign.map_or_else(|| well_formed(&token.secret).kind(), |_| TokenKind::Authtoken),
        digest: written.unwrap_or_else(|| digest(view, &token.secret)),
        user: UserId(token.user),
        status: if token.revoked {
            TokenStatus::Revoked
        } else {
            TokenStatus::Active
        },
        validity: Validity {
            not_before_s: token.not_before_s,
            expires_at_s: token.expires_at_s,
        },
        authority: None,
    }
}
