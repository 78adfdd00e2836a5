//! The code under test, driven by the plain facts of a vector.

use std::net::IpAddr;

use tollgate_core::{
    AddressRange, AuthorityId, AuthorityRecord, DENY_REASONS, Denial, DenyReason, DigestKey, Field, Foreign,
    ForeignDigest, ForeignForm, Freshness, Gate, Jwt, LiveView, LiveWriter, NetworkRule, Networks, Place, QuotaState,
    Refused, RequestParts, SchemeSet, ServerRecord, Settled, Timestamp, TokenDigest, TokenId, TokenKind, TokenRecord,
    TokenStatus, Unsettled, UnsettledSort, UserId, UserRecord, Validity, Verdict, ViewError, WellFormed, check,
};

use super::facts::{
    Authority, Bytes, Change, Denied, Granted, Outcome, Proof, Quota, Request, Route, Server, Subject, Token, User,
    from_hex,
};

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
        Change::PutAuthority(authority) => writer.put_authority(&authority_record(authority)),
        Change::DoubtAuthority(id) => {
            writer.doubt_authority(AuthorityId(*id));
            Ok(())
        }
        Change::Remember(proof) => {
            let (unsettled, settled) = settled(writer.view(), proof);
            writer.remember(&unsettled, &settled);
            Ok(())
        }
    };
    match done {
        Ok(()) => true,
        Err(ViewError::UnknownUser(_) | ViewError::UnknownAuthority(_) | ViewError::OtherAuthority(_)) => false,
        Err(other) => panic!("{other}"),
    }
}

fn settled(view: &LiveView, proof: &Proof) -> (Unsettled, Settled) {
    let text = proof.text.as_bytes();
    let unsettled = Unsettled {
        sort: proof
            .name
            .as_ref()
            .map_or(UnsettledSort::External, |_| UnsettledSort::Password),
        digest: match &proof.name {
            Some(name) => view.password(name.as_bytes(), text),
            None => view.jwt(Jwt::parse(text).expect("a signed token")),
        },
        external_issuers: proof.epoch,
    };
    let settled = Settled {
        user: UserId(proof.user),
        password_epoch: proof.epoch,
        authority: proof.authority.map(AuthorityId),
        until: Timestamp::from_millis(proof.until_ms),
    };
    (unsettled, settled)
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
            unsettled: denial.unsettled.map(|unsettled| sort(unsettled.sort)),
            schemes: (denial.schemes != SchemeSet::USUAL).then(|| denial.schemes.to_string()),
            wants: denial.wanted.and_then(|wanted| view.wanted_scopes(wanted)),
            subject: denial.subject.map(|subject| named(view, subject)),
            quota: denial.quota.map(quota),
        }),
    }
}

/// A refusal in the words of HTTP, as every host says it.
pub fn refused(denied: &Denied, asked: &Request) -> Refused {
    let denial = Denial {
        quota: denied.quota.as_ref().map(|quota| QuotaState {
            limit: quota.limit,
            remaining: quota.remaining,
            reset_after_ms: quota.reset_after_ms,
        }),
        schemes: denied
            .schemes
            .as_ref()
            .map_or(SchemeSet::USUAL, |schemes| schemes.parse().expect("schemes")),
        ..Denial::plain(reason(&denied.deny), Gate::Extract)
    };
    let of_route = denied.wants.iter().flat_map(|wants| wants.split(' '));
    let mut wanted: Vec<&str> = of_route.collect();
    wanted.extend(
        asked
            .scopes
            .iter()
            .map(String::as_str)
            .filter(|scope| !wanted.contains(scope))
            .collect::<Vec<_>>(),
    );
    Refused::of(&denial, None).wanting(&wanted.join(" "))
}

/// The reason of a label.
pub fn reason(label: &str) -> DenyReason {
    DENY_REASONS
        .iter()
        .find(|row| row.label == label)
        .expect("a label")
        .reason
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

fn sort(sort: UnsettledSort) -> String {
    let name = match sort {
        UnsettledSort::Password => "password",
        UnsettledSort::External => "external",
    };
    name.to_owned()
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
        settled: subject.settled.map(sort),
        client: view.client_name(&subject).map(str::to_owned),
        scopes: view.scopes(&subject).map(str::to_owned),
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
    if let Ok(jwt) = Jwt::parse(secret.as_bytes()) {
        return view.jwt(jwt);
    }
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
        routes: routes(&server.routes),
        external_issuers: server.external_issuers,
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
        password_epoch: user.password_epoch,
    }
}

fn routes(stated: &[Route]) -> Vec<tollgate_core::Route> {
    let mut routes = Vec::new();
    for route in stated {
        route_record(route).insert_into(&mut routes);
    }
    routes
}

pub fn route_record(route: &Route) -> tollgate_core::Route {
    tollgate_core::Route {
        pattern: route.pattern.parse().expect("a pattern"),
        schemes: route.schemes.parse().expect("schemes"),
        scopes: route.scopes.parse().expect("scopes"),
        audience: route.audience.as_ref().map(|text| text.parse().expect("an audience")),
        anonymous: route.anonymous,
    }
}

pub fn authority_record(authority: &Authority) -> AuthorityRecord {
    let audiences = authority
        .audiences
        .iter()
        .map(|text| text.parse().expect("an audience"));
    AuthorityRecord {
        id: AuthorityId(authority.id),
        client: authority.client.parse().expect("a client"),
        scopes: authority.scopes.parse().expect("scopes"),
        audiences: audiences.collect(),
        active: authority.active,
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
        kind: match foreign {
            _ if token.secret.starts_with("eyJ") => TokenKind::Access,
            Some(_) => TokenKind::Authtoken,
            None => well_formed(&token.secret).kind(),
        },
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
        authority: token.authority.map(AuthorityId),
    }
}
