//! The file: TOML, of which every key must be one that is known.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::knobs::KNOBS;
use super::raw::Raw;
use crate::exit::Failure;

/// The longest file that is read.
const LEN_MAX: u64 = 1 << 20;

/// Names that secrets go by. None of them is a key, so none of them is ever read.
const SECRETS: [&str; 7] = [
    "key",
    "token",
    "secret",
    "password",
    "pepper",
    "admin_token",
    "feed_token",
];

/// A key that is known, where it stands, and what was written there.
pub(super) struct Found {
    pub(super) key: &'static str,
    pub(super) value: Raw,
    line: usize,
}

impl Found {
    /// That something else was expected there.
    pub(super) fn fault(&self, path: &Path, expected: &str) -> Failure {
        at(path, self.line, &format!("{}: expected {expected}", self.key))
    }
}

/// Reads every key of the file.
pub(super) fn read(path: &Path) -> Result<Vec<Found>, Failure> {
    let mut text = String::new();
    File::open(path)
        .and_then(|file| file.take(LEN_MAX).read_to_string(&mut text))
        .map_err(|error| {
            Failure::usage(format!(
                "expected to read the configuration in {}, but: {error}",
                path.display()
            ))
        })?;
    // What the library says in full would show the line; its message names no value.
    let table = DeTable::parse(&text).map_err(|error| {
        let line = line_of(&text, error.span().map_or(0, |span| span.start));
        at(path, line, &format!("expected TOML, but: {}", error.message()))
    })?;
    let mut found = Vec::new();
    for (name, value) in table.get_ref() {
        match value.get_ref() {
            DeValue::Table(inner) if is_table(name.get_ref()) => {
                for (inner_name, value) in inner {
                    let key = format!("{}.{}", name.get_ref(), inner_name.get_ref());
                    found.push(known(path, &text, &key, inner_name.span().start, value)?);
                }
            }
            _ => found.push(known(path, &text, name.get_ref(), name.span().start, value)?),
        }
    }
    Ok(found)
}

fn known(path: &Path, text: &str, key: &str, begin: usize, value: &Spanned<DeValue<'_>>) -> Result<Found, Failure> {
    let line = line_of(text, begin);
    let knob = KNOBS
        .iter()
        .find(|knob| knob.key == key)
        .ok_or_else(|| unknown(path, line, key))?;
    Ok(Found {
        key: knob.key,
        value: raw(value.get_ref()),
        line,
    })
}

fn unknown(path: &Path, line: usize, key: &str) -> Failure {
    let (table, name) = key.rsplit_once('.').unwrap_or(("", key));
    if SECRETS.contains(&name.to_ascii_lowercase().as_str()) {
        let words = format!(
            "{key} would be a secret, and none stands in this file: put the key of the store into a file of its own and \
             name that with key_file, or put it into the environment variable TOLLGATE_KEY"
        );
        return at(path, line, &words);
    }
    let siblings: Vec<&str> = KNOBS
        .iter()
        .filter(|knob| knob.key.rsplit_once('.').map_or("", |(table, _)| table) == table)
        .map(|knob| knob.key)
        .collect();
    let tables = "listen, data, key_file, public_url, and the tables tls, log, limits, cors, oauth and metrics";
    let there = if table.is_empty() || siblings.is_empty() {
        tables.to_owned()
    } else {
        siblings.join(", ")
    };
    at(
        path,
        line,
        &format!("expected a key that is known, but found {key}; there are {there}"),
    )
}

fn is_table(name: &str) -> bool {
    KNOBS
        .iter()
        .any(|knob| knob.key.split_once('.').is_some_and(|(table, _)| table == name))
}

fn raw(value: &DeValue<'_>) -> Raw {
    match value {
        DeValue::String(text) => Raw::Text(text.to_string()),
        DeValue::Integer(number) if number.radix() == 10 => Raw::Number(number.as_str().to_owned()),
        DeValue::Integer(_) => Raw::Other("a number that is not decimal"),
        DeValue::Float(number) => Raw::Number(number.as_str().to_owned()),
        DeValue::Boolean(on) => Raw::Switch(*on),
        DeValue::Array(list) => Raw::List(list.iter().map(|one| raw(one.get_ref())).collect()),
        DeValue::Datetime(_) => Raw::Other("a moment"),
        DeValue::Table(_) => Raw::Other("a table"),
    }
}

/// The number of the line in which the byte at `begin` stands.
fn line_of(text: &str, begin: usize) -> usize {
    1 + text.bytes().take(begin).filter(|byte| *byte == b'\n').count()
}

fn at(path: &Path, line: usize, words: &str) -> Failure {
    Failure::usage(format!("{} line {line}: {words}", path.display()))
}
