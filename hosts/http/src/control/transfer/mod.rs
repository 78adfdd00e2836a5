//! Records as lines of files: what `tollgate import` reads and `tollgate export` writes, as JSON lines or CSV.
//!
//! Both formats hold the same [`Line`], a flat record with a name for each field. A line is about a setting where it has
//! `setting`, about a network rule where it has `rule`, about a client where it has `client`, about a route where it has
//! `route`, about an authtoken (and its user) where it has `token` or `digest`, and
//! about a user otherwise.

mod line;
mod fields;
mod clients;
mod routes;
mod portable;
mod text;
mod format;
mod export;

pub use export::{ExportFileError, export_to};
pub use format::{Format, Lines};
pub use line::Line;
pub use portable::{line_of, portable};
