//! Reading everything there is: every seal, every reference from row to row, and the live view against the rows.

mod people;
mod clients;
mod tokens;
mod rest;
mod grants;
mod live;

use std::fmt;

use tollgate_core::Revision;

use crate::store::{Damage, EVERYTHING, ReadView, Row, Source as _, StoreError, Table, read_row};

pub(crate) use live::compare_live;

/// Findings that a report lists; more are only counted.
const FINDINGS_MOST: usize = 1_000;

/// Something in a store that is not as it must be.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// The table, or `live` for the view that checks read.
    pub table: &'static str,
    /// The key of the row.
    pub key: String,
    /// What was expected and what was found.
    pub fault: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { table, key, fault } = self;
        write!(f, "{table} {key}: {fault}")
    }
}

impl From<Damage> for Finding {
    fn from(damage: Damage) -> Self {
        let Damage { table, key, fault } = damage;
        Self { table, key, fault }
    }
}

/// What a verification has read and found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct VerifyReport {
    /// The revision that was read.
    pub revision: Revision,
    /// Rows of all tables.
    pub rows: u64,
    /// Users.
    pub users: u64,
    /// Tokens, those of users who are gone included.
    pub tokens: u64,
    /// Clients.
    pub clients: u64,
    /// Network rules.
    pub networks: u64,
    /// Hourly counters.
    pub counters: u64,
    /// Changes in the tail of the feed.
    pub changes: u64,
    /// Entries of the audit trail.
    pub audited: u64,
    /// What is not as it must be, in the order in which it was met. A sound store has none.
    pub findings: Vec<Finding>,
    /// Findings beyond those that are listed.
    pub findings_left_out: u64,
}

impl VerifyReport {
    fn found(&mut self, finding: impl Into<Finding>) {
        if self.findings.len() < FINDINGS_MOST {
            self.findings.push(finding.into());
        } else {
            self.findings_left_out += 1;
        }
    }

    fn found_at<R: Row>(&mut self, key: &R::Key, fault: impl fmt::Display) {
        self.found(Damage::new(R::TABLE, &R::key(key), fault));
    }

    /// Adds that pages of the file had to be put in order before they could be read.
    pub(crate) fn with_broken_pages(mut self) -> Self {
        let fault = "checksums did not fit; the file was put in order as far as its pages allowed".to_owned();
        self.found(Finding {
            table: "file",
            key: "pages".to_owned(),
            fault,
        });
        self
    }

    /// Reads every row of a table: damaged ones are findings, sound ones are handed on.
    fn each<R: Row>(
        &mut self,
        view: &ReadView,
        mut visit: impl FnMut(&mut Self, R::Key, R::Value),
    ) -> Result<u64, StoreError> {
        let mut rows = 0;
        view.walk_raw(R::TABLE, &EVERYTHING, &mut |bytes, value| {
            rows += 1;
            match read_row::<R>(view.seal(), bytes, value) {
                Ok((key, value)) => visit(self, key, value),
                Err(damage) => self.found(damage),
            }
            Ok(std::ops::ControlFlow::Continue(()))
        })?;
        self.rows += rows;
        Ok(rows)
    }
}

/// Reads every row of `view`. Fails only where reading itself does; whatever can be read and is wrong is a finding.
///
/// Costs a pass over all tables, and 24 bytes of memory for each token.
pub(crate) fn verify_rows(view: &ReadView) -> Result<VerifyReport, StoreError> {
    let mut report = VerifyReport::default();
    let numbers = rest::numbers(view, &mut report)?;
    let people = people::verify(view, &numbers, &mut report)?;
    let authorities = clients::verify(view, &numbers, &mut report)?;
    let alone = tokens::verify(view, &numbers, &people, &authorities, &mut report)?;
    rest::verify(view, &numbers, &people, &mut report)?;
    grants::verify(view, &numbers, alone, &mut report)?;
    Ok(report)
}

/// Finds rows that have no counterpart, where each side was counted.
fn compare_counts(report: &mut VerifyReport, table: Table, rows: u64, expected: u64, of: &'static str) {
    if rows != expected {
        let fault = format!("expected one row for each of {expected} {of}, but there are {rows}");
        report.found(Damage::new(table, b"", fault));
    }
}
