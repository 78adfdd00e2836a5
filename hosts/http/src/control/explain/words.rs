//! The sentences: what each gate saw, and what to do where it refused.

use tollgate::{Denial, DenyReason, Gate, Limit, Operation, Place, Route, Scheme, Standing, TokenKind, UnsettledSort};

use super::super::moment::write_moment;
use super::super::shown::in_shell;
use super::facts::Facts;

/// The gate's name for scripts.
pub(super) fn id(gate: Gate) -> &'static str {
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

/// What a gate saw that let the request through.
pub(super) fn passed(facts: &Facts, gate: Gate) -> String {
    let ip = facts.ip;
    let (user, token) = (user(facts), token(facts));
    match gate {
        Gate::NetworkGlobal => match facts.rule(Standing::Trusted, false) {
            Some(network) => format!("{ip} is trusted for everybody by `{}`.", network.rule),
            None => {
                format!("{ip} is not banned for everybody. Nothing trusts it for everybody either, so a user must.")
            }
        },
        Gate::Route => routed(facts),
        Gate::Extract => format!("There is one credential, {}.", place(facts)),
        Gate::LookUp => match &facts.acting {
            Some(acting) => format!("It is {token}, by which client `{}` acts for {user}.", acting.client),
            None => format!("It is {token} of {user}."),
        },
        Gate::Status => match &facts.acting {
            Some(acting) => format!(
                "{token} is in use, {user} is active, and client `{}` is enabled.",
                acting.client
            ),
            None => format!("{token} is in use, and {user} is active."),
        },
        Gate::Validity => match facts.life.expires_at {
            Some(end) => format!("{token} may be used until {}.", write_moment(end)),
            None => format!("{token} has no end."),
        },
        Gate::Audience => match facts.route.as_ref().and_then(|route| route.audience.as_ref()) {
            Some(audience) => format!("{token} is meant for `{audience}`."),
            None => "No audience is named for this path.".to_owned(),
        },
        Gate::NetworkUser => match facts.rule(Standing::Trusted, true) {
            Some(network) => format!("{ip} is trusted for {user} by `{}`.", network.rule),
            None => format!("No rule of {user} is against {ip}."),
        },
        Gate::Operation => format!("{user} may use {}.", facts.method),
        Gate::Scope => match facts.route.as_ref().filter(|route| !route.scopes.is_empty()) {
            Some(route) => format!("{token} carries {}.", route.scopes),
            None => "No scope is wanted here.".to_owned(),
        },
        Gate::Freshness => "What is known here is current.".to_owned(),
        Gate::Rate => match facts.quota {
            Some(quota) => format!(
                "{} of {} requests would be left in this hour, which ends in {} s. Nothing was charged.",
                quota.remaining,
                quota.limit,
                quota.reset_after_s()
            ),
            None => format!("{user} has no hourly limit."),
        },
        Gate::Concurrency => match concurrent(facts) {
            Some(most) => format!("A place is free among {most}. None was taken."),
            None => format!("{user} has no limit on requests at a time."),
        },
    }
}

/// What the gate that refused saw.
pub(super) fn refused(facts: &Facts, denial: &Denial) -> String {
    let ip = facts.ip;
    let (user, token) = (user(facts), token(facts));
    match denial.reason {
        DenyReason::NetworkRefused => {
            let banned = facts
                .rule(Standing::Banned, false)
                .or_else(|| facts.rule(Standing::Banned, true));
            match banned {
                Some(network) => format!("{ip} is banned by `{}`.", network.rule),
                None => {
                    format!("No rule trusts {ip}, for everybody or for the user of a token that came with the request.")
                }
            }
        }
        DenyReason::MissingCredential if facts.names_authtoken_in_url => {
            "There is no credential: `@authtoken` in the query does not count.".to_owned()
        }
        DenyReason::MissingCredential => match &facts.route {
            Some(route) => format!(
                "There is no credential that the route `{}` takes, which is one of these: {}.",
                route.pattern,
                schemes(route)
            ),
            None => "There is no credential.".to_owned(),
        },
        DenyReason::MalformedCredential => "There is more than one credential, or it cannot be read.".to_owned(),
        DenyReason::UnknownToken if denial.unsettled.is_some() => unsettled(denial),
        DenyReason::UnknownToken => "No such token was issued here, the user name beside it is not its user's, \
             or a token of its kind may not stand there."
            .to_owned(),
        DenyReason::Revoked => format!("{token} of {user} was revoked{}.", at(facts.life.revoked_at)),
        DenyReason::Suspended => match suspended_client(facts) {
            Some(client) => format!("Client `{client}`, which acts by {token}, is disabled or gone."),
            None => format!("{user} is inactive."),
        },
        DenyReason::NotYetValid => {
            format!(
                "{token} may not be used before its beginning{}.",
                at(facts.life.not_before)
            )
        }
        DenyReason::Expired => format!("{token} has expired{}.", at(facts.life.expires_at)),
        DenyReason::AmbiguousPath => {
            "The path can be read in two ways, so that it is not known which route it takes.".to_owned()
        }
        DenyReason::WrongAudience => wrong_audience(facts),
        DenyReason::OperationRefused => operation_refused(facts),
        DenyReason::InsufficientScope => insufficient_scope(facts),
        DenyReason::StaleView => format!("It is not known just now whether {token} may still be used."),
        DenyReason::RateExceeded => match facts.quota {
            Some(quota) => format!(
                "All {} requests of this hour are spent; it ends in {} s.",
                quota.limit,
                quota.reset_after_s()
            ),
            None => "All requests of this hour are spent.".to_owned(),
        },
        DenyReason::ConcurrencyExceeded => match concurrent(facts) {
            Some(most) => format!("{user} has {most} requests under way, as many as allowed."),
            None => format!("{user} has as many requests under way as allowed."),
        },
    }
}

fn operation_refused(facts: &Facts) -> String {
    let (user, method) = (user(facts), &facts.method);
    let allowed = facts
        .user
        .as_ref()
        .map(|user| user.operations.to_string())
        .filter(|list| !list.is_empty());
    match (Operation::of_method(method.as_bytes()), allowed) {
        (Some(_), Some(allowed)) => format!("{user} may use {allowed}, and {method} belongs to none of these."),
        (Some(_), None) => format!("{user} may use no operation at all."),
        (None, _) => format!("{method} is no method that anybody can be allowed."),
    }
}

/// What to do about a refusal.
pub(super) fn next(facts: &Facts, denial: &Denial) -> String {
    let ip = facts.ip;
    let user = facts
        .user
        .as_ref()
        .map_or("USER".to_owned(), |user| in_shell(user.name.as_str()));
    match denial.reason {
        DenyReason::NetworkRefused => {
            let everybody = facts.rule(Standing::Banned, false);
            match (everybody, facts.rule(Standing::Banned, true)) {
                (Some(network), _) => format!("Remove the ban: tollgate network remove '{}'", network.rule),
                (None, Some(network)) => format!("Remove the ban: tollgate network remove '{}' --user {user}", network.rule),
                (None, None) => {
                    let own = facts.user.as_ref().map_or("NAME", |_| user.as_str());
                    format!("Trust the address: tollgate network trust {ip} (or for one user alone: add --user {own})")
                }
            }
        }
        DenyReason::MissingCredential if facts.names_authtoken_in_url => {
            "Send it as --header 'Authorization: Bearer TOKEN', or let it count: tollgate settings set allow_authtoken_in_url true".to_owned()
        }
        DenyReason::MissingCredential if facts.route.is_some() => {
            "Send what the route takes, or change the route: tollgate route list shows what each takes".to_owned()
        }
        DenyReason::MissingCredential => {
            "Add the token: --header 'Authorization: Bearer TOKEN'. To get one: tollgate authtoken issue USER".to_owned()
        }
        DenyReason::MalformedCredential => "Send exactly one: --header 'Authorization: Bearer TOKEN'".to_owned(),
        DenyReason::UnknownToken if denial.unsettled.is_some() => next_of_unsettled(denial, &user),
        DenyReason::UnknownToken | DenyReason::Revoked | DenyReason::Expired => renewed(facts, &user),
        DenyReason::Suspended if suspended_client(facts).is_some() => {
            let client = suspended_client(facts).unwrap_or_default();
            format!("Enable the client: tollgate client set {} --enabled", in_shell(&client))
        }
        DenyReason::Suspended => format!("Make the user active: tollgate user set {user} --active"),
        DenyReason::NotYetValid => "Wait until then, or issue one without --not-before.".to_owned(),
        DenyReason::OperationRefused => match Operation::of_method(facts.method.as_bytes()) {
            Some(operation) => {
                let wider = facts.user.as_ref().map(|user| user.operations.with(operation).to_string()).unwrap_or_default();
                format!("Allow it: tollgate user set {user} --operations {wider}")
            }
            None if facts.method == "OPTIONS" => {
                "Let CORS preflights through: tollgate settings set allow_preflight true".to_owned()
            }
            None => "Use GET, HEAD, POST, PUT, PATCH, MERGE or DELETE; methods are written in capitals.".to_owned(),
        },
        DenyReason::AmbiguousPath => "Write the path without dot segments, doubled slashes, escapes of what needs none, and in the letter case of the route: tollgate route list".to_owned(),
        DenyReason::WrongAudience => granted(facts, "audience", "--audience", facts.route.as_ref().and_then(|route| route.audience.as_ref()).map(ToString::to_string)),
        DenyReason::InsufficientScope => granted(facts, "scope", "--scope", facts.route.as_ref().map(|route| route.scopes.to_string())),
        DenyReason::StaleView => "Restart the server: its store then decides what holds.".to_owned(),
        DenyReason::RateExceeded => format!("Wait for the next hour, or raise the limit: tollgate user set {user} --per-hour N"),
        DenyReason::ConcurrencyExceeded => format!("Wait until one ends, or raise the limit: tollgate user set {user} --concurrent N"),
    }
}

fn routed(facts: &Facts) -> String {
    let Some(route) = &facts.route else {
        return "No route is about this path: it takes any token, and no password.".to_owned();
    };
    let anonymous = if route.anonymous { ", or none at all" } else { "" };
    format!(
        "The route `{}` is about this path: it takes {}{anonymous}.",
        route.pattern,
        schemes(route)
    )
}

fn schemes(route: &Route) -> String {
    let names: Vec<&str> = route.schemes.iter().map(Scheme::name).collect();
    if names.is_empty() {
        "none".to_owned()
    } else {
        names.join(", ")
    }
}

/// What this command does not prove, and a server does.
fn unsettled(denial: &Denial) -> String {
    match denial.unsettled.map(|unsettled| unsettled.sort) {
        Some(UnsettledSort::External) => {
            "It is a JWT that was not issued here. A server verifies it when it comes with a request; here it is not \
             remembered as verified."
                .to_owned()
        }
        Some(UnsettledSort::Password) | None => {
            "It is a user name with a password. A server proves it when it comes with a request; here it is not \
             remembered as proven."
                .to_owned()
        }
    }
}

fn next_of_unsettled(denial: &Denial, user: &str) -> String {
    match denial.unsettled.map(|unsettled| unsettled.sort) {
        Some(UnsettledSort::External) => {
            "Ask a running server, at /check. The issuers that it believes: tollgate issuer list".to_owned()
        }
        Some(UnsettledSort::Password) | None => {
            format!(
                "Ask a running server, at /check. To give a user another password: tollgate user set {user} --password-stdin"
            )
        }
    }
}

/// The client that acts by the token, where it is not its user who is inactive.
fn suspended_client(facts: &Facts) -> Option<String> {
    let is_active = facts.user.as_ref().is_some_and(|user| user.active);
    facts
        .acting
        .as_ref()
        .filter(|_| is_active)
        .map(|acting| acting.client.to_string())
}

fn wrong_audience(facts: &Facts) -> String {
    let token = token(facts);
    let wanted = facts.route.as_ref().and_then(|route| route.audience.as_ref());
    let wanted = wanted.map_or_else(|| "another audience".to_owned(), |audience| format!("`{audience}`"));
    let own: Vec<String> = facts
        .acting
        .iter()
        .flat_map(|acting| &acting.audiences)
        .map(ToString::to_string)
        .collect();
    if own.is_empty() {
        format!("The path is for {wanted}, and {token} names no audience.")
    } else {
        format!("The path is for {wanted}, and {token} is meant for {}.", own.join(", "))
    }
}

fn insufficient_scope(facts: &Facts) -> String {
    let token = token(facts);
    let wanted = facts
        .route
        .as_ref()
        .map(|route| route.scopes.to_string())
        .unwrap_or_default();
    match facts.acting.as_ref().filter(|acting| !acting.scopes.is_empty()) {
        Some(acting) => format!("The path wants {wanted}, and {token} carries {}.", acting.scopes),
        None => format!("The path wants {wanted}, and {token} carries no scope."),
    }
}

/// What to do for a token of more `what`.
fn granted(facts: &Facts, what: &str, flag: &str, wanted: Option<String>) -> String {
    let wanted = in_shell(&wanted.unwrap_or_default());
    match &facts.acting {
        Some(acting) => format!(
            "Get a token of that {what}; the client may have it by: tollgate client set {} {flag} {wanted}, beside what it has",
            in_shell(acting.client.as_str())
        ),
        None => format!(
            "Use an access token of a client that has that {what}; tokens that users have for themselves carry none."
        ),
    }
}

/// How to get another token of the same kind.
fn renewed(facts: &Facts, user: &str) -> String {
    match (&facts.acting, facts.subject.and_then(|subject| subject.kind())) {
        (Some(acting), _) => format!("Let client {} get a new one.", in_shell(acting.client.as_str())),
        (None, Some(TokenKind::PersonalAccess)) => format!("Issue a new one: tollgate pat issue {user} --name NAME"),
        (None, _) => format!("Issue a new one: tollgate authtoken issue {user}"),
    }
}

fn user(facts: &Facts) -> String {
    facts
        .user
        .as_ref()
        .map_or("the user".to_owned(), |user| format!("user `{}`", user.name))
}

fn token(facts: &Facts) -> String {
    match facts.subject.map(|subject| (subject.settled, subject.token.0)) {
        Some((Some(UnsettledSort::Password), _)) => "the password".to_owned(),
        Some((Some(UnsettledSort::External), _)) => "the JWT of another issuer".to_owned(),
        Some((None, id)) => format!("token {id}"),
        None => "the token".to_owned(),
    }
}

fn place(facts: &Facts) -> &'static str {
    match facts.subject.map(|subject| subject.place) {
        Some(Place::Bearer) => "as a Bearer token",
        Some(Place::Basic) => "as the password of Basic credentials",
        Some(Place::Header) => "in `x-cdata-authtoken`",
        Some(Place::Query) => "as `@authtoken` in the query",
        Some(Place::Form) => "as `@authtoken` in the form",
        None => "and it can be read",
    }
}

fn at(moment: Option<tollgate::Timestamp>) -> String {
    moment
        .map(|moment| format!(" at {}", write_moment(moment)))
        .unwrap_or_default()
}

fn concurrent(facts: &Facts) -> Option<std::num::NonZeroU32> {
    let own = facts.user.as_ref().map_or(Limit::Inherit, |user| user.concurrent);
    own.effective(facts.settings.concurrent)
}
