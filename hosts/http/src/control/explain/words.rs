//! The sentences: what each gate saw, and what to do where it refused.

use tollgate::{Denial, DenyReason, Gate, Limit, Operation, Place, Standing};

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
        Gate::Route => "The path can be read in one way only.".to_owned(),
        Gate::Extract => format!("There is one credential, {}.", place(facts)),
        Gate::LookUp => format!("It is {token} of {user}."),
        Gate::Status => format!("{token} is in use, and {user} is active."),
        Gate::Validity => match facts.token.as_ref().and_then(|token| token.expires_at) {
            Some(end) => format!("{token} may be used until {}.", write_moment(end)),
            None => format!("{token} has no end."),
        },
        Gate::Audience => "No other audience is named for this path.".to_owned(),
        Gate::NetworkUser => match facts.rule(Standing::Trusted, true) {
            Some(network) => format!("{ip} is trusted for {user} by `{}`.", network.rule),
            None => format!("No rule of {user} is against {ip}."),
        },
        Gate::Operation => format!("{user} may use {}.", facts.method),
        Gate::Scope => "No scope is wanted here.".to_owned(),
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
        DenyReason::MissingCredential => "There is no credential.".to_owned(),
        DenyReason::MalformedCredential => "There is more than one credential, or it cannot be read.".to_owned(),
        DenyReason::UnknownToken => "No such token was issued here, the user name beside it is not its user's, \
             or a token of its kind may not stand there."
            .to_owned(),
        DenyReason::Revoked => format!(
            "{token} of {user} was revoked{}.",
            at(facts.token.as_ref().and_then(|token| token.revoked_at))
        ),
        DenyReason::Suspended => format!("{user} is inactive."),
        DenyReason::NotYetValid => {
            format!(
                "{token} may not be used before its beginning{}.",
                at(facts.token.as_ref().and_then(|token| token.not_before))
            )
        }
        DenyReason::Expired => format!(
            "{token} has expired{}.",
            at(facts.token.as_ref().and_then(|token| token.expires_at))
        ),
        DenyReason::AmbiguousPath => {
            "The path can be read in two ways, so that it is not known which route it takes.".to_owned()
        }
        DenyReason::WrongAudience => format!("{token} is not meant for the audience that is named for this path."),
        DenyReason::OperationRefused => operation_refused(facts),
        DenyReason::InsufficientScope => format!("{token} lacks a scope that is wanted here."),
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
        DenyReason::MissingCredential => {
            "Add the token: --header 'Authorization: Bearer TOKEN'. To get one: tollgate authtoken issue USER".to_owned()
        }
        DenyReason::MalformedCredential => "Send exactly one: --header 'Authorization: Bearer TOKEN'".to_owned(),
        DenyReason::UnknownToken | DenyReason::Revoked | DenyReason::Expired => {
            format!("Issue a new one: tollgate authtoken issue {user}")
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
        DenyReason::WrongAudience => "Use a token that was granted for that audience.".to_owned(),
        DenyReason::InsufficientScope => "Use a token that carries the scope.".to_owned(),
        DenyReason::StaleView => "Restart the server: its store then decides what holds.".to_owned(),
        DenyReason::RateExceeded => format!("Wait for the next hour, or raise the limit: tollgate user set {user} --per-hour N"),
        DenyReason::ConcurrencyExceeded => format!("Wait until one ends, or raise the limit: tollgate user set {user} --concurrent N"),
    }
}

fn user(facts: &Facts) -> String {
    facts
        .user
        .as_ref()
        .map_or("the user".to_owned(), |user| format!("user `{}`", user.name))
}

fn token(facts: &Facts) -> String {
    facts
        .subject
        .map_or("the token".to_owned(), |subject| format!("token {}", subject.token.0))
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
