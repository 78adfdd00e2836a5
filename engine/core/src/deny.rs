//! Every reason to deny is one row of one table; hosts, metrics and documents read the row and know no reason by name.

/// Why a request may not pass, in the order in which the gates are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum DenyReason {
    /// The peer's address is banned or not trusted, for everybody or for this user.
    NetworkRefused,
    /// The path can be read in two ways, or nobody whose word counts has said it, so that it is not known which route it takes.
    AmbiguousPath,
    /// The request carries no credential, or none of a scheme that the route takes.
    MissingCredential,
    /// The credential cannot be read, or there is more than one.
    MalformedCredential,
    /// No token with this digest was issued.
    UnknownToken,
    /// The token was revoked.
    Revoked,
    /// The token's user is inactive, or the client that acts for them.
    Suspended,
    /// The token's life has not begun.
    NotYetValid,
    /// The token's life is over.
    Expired,
    /// The token is not meant for the audience that the route names.
    WrongAudience,
    /// The user may not use this method.
    OperationRefused,
    /// The token lacks a scope that the route wants.
    InsufficientScope,
    /// This view is older than its bound, or a change to what it says is in doubt.
    StaleView,
    /// The hourly limit is spent.
    RateExceeded,
    /// As many requests as allowed are under way.
    ConcurrencyExceeded,
}

/// One row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DenyRow {
    /// The reason that this row is about.
    pub reason: DenyReason,
    /// HTTP status code.
    pub status: u16,
    /// The `error` attribute of a Bearer challenge (RFC 6750 section 3.1); none where the RFC asks for none.
    pub bearer_error: Option<&'static str>,
    /// What follows `urn:tollgate:problem:` in the `type` of a problem document (RFC 9457).
    ///
    /// Reasons that must look alike from outside share one.
    pub problem: &'static str,
    /// The `title` of the problem document, and the words a person reads.
    pub title: &'static str,
    /// The label in metrics and logs, which do tell all reasons apart.
    pub label: &'static str,
}

const fn row(
    reason: DenyReason,
    status: u16,
    bearer_error: Option<&'static str>,
    problem: &'static str,
    title: &'static str,
    label: &'static str,
) -> DenyRow {
    DenyRow {
        reason,
        status,
        bearer_error,
        problem,
        title,
        label,
    }
}

const INVALID: Option<&str> = Some("invalid_token");
const INVALID_TITLE: &str = "The token is not valid";

/// The table, in the order of [`DenyReason`].
#[rustfmt::skip]
pub const DENY_REASONS: [DenyRow; 15] = [
    row(DenyReason::NetworkRefused, 403, None, "network-refused", "This address may not call", "network_refused"),
    row(DenyReason::AmbiguousPath, 400, None, "ambiguous-path", "The path is not known, or can be read in two ways", "ambiguous_path"),
    row(DenyReason::MissingCredential, 401, None, "missing-credential", "A credential is required", "missing_credential"),
    row(DenyReason::MalformedCredential, 400, Some("invalid_request"), "malformed-credential", "The credential cannot be read", "malformed_credential"),
    row(DenyReason::UnknownToken, 401, INVALID, "invalid-token", INVALID_TITLE, "unknown_token"),
    row(DenyReason::Revoked, 401, INVALID, "invalid-token", INVALID_TITLE, "revoked"),
    row(DenyReason::Suspended, 401, INVALID, "invalid-token", INVALID_TITLE, "suspended"),
    row(DenyReason::NotYetValid, 401, INVALID, "invalid-token", INVALID_TITLE, "not_yet_valid"),
    row(DenyReason::Expired, 401, INVALID, "invalid-token", INVALID_TITLE, "expired"),
    row(DenyReason::WrongAudience, 401, INVALID, "invalid-token", INVALID_TITLE, "wrong_audience"),
    row(DenyReason::OperationRefused, 403, None, "operation-refused", "This user may not use this method", "operation_refused"),
    row(DenyReason::InsufficientScope, 403, Some("insufficient_scope"), "insufficient-scope", "The token lacks a scope", "insufficient_scope"),
    row(DenyReason::StaleView, 503, None, "stale-view", "The state of this token is not known just now", "stale_view"),
    row(DenyReason::RateExceeded, 429, None, "rate-exceeded", "The hourly limit is spent", "rate_exceeded"),
    row(DenyReason::ConcurrencyExceeded, 429, None, "concurrency-exceeded", "Too many requests are under way", "concurrency_exceeded"),
];

impl DenyReason {
    /// This reason's row. Costs one bounded array access.
    pub fn row(self) -> &'static DenyRow {
        static ROWS: [DenyRow; 15] = DENY_REASONS;
        let [first, ..] = &ROWS;
        ROWS.get(self as usize).unwrap_or(first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_stands_at_its_reason() {
        for (at, row) in DENY_REASONS.iter().enumerate() {
            assert_eq!(row.reason as usize, at, "{row:?}");
            assert_eq!(row.reason.row(), row);
        }
    }

    #[test]
    fn labels_are_unique_and_invalid_tokens_look_alike() {
        let mut labels: Vec<_> = DENY_REASONS.iter().map(|row| row.label).collect();
        labels.sort_unstable();
        labels.dedup();
        assert_eq!(labels.len(), DENY_REASONS.len());
        let outside = |row: &DenyRow| (row.status, row.bearer_error, row.problem, row.title);
        let alike: Vec<_> = DENY_REASONS
            .iter()
            .filter(|row| row.bearer_error == INVALID)
            .map(outside)
            .collect();
        assert_eq!(alike.len(), 6);
        assert!(alike.windows(2).all(|pair| pair[0] == pair[1]), "{alike:?}");
    }
}
