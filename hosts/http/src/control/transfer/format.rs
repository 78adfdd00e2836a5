//! The two formats of a file of lines.

use std::io::{self, BufRead, Write};
use std::path::Path;

use serde_json::{Map, Value};

use super::line::Line;

/// How lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// One JSON object on each line.
    JsonLines,
    /// Comma-separated values below a line of their names (RFC 4180).
    Csv,
}

impl Format {
    /// What a file's name says: `.csv` is CSV, everything else JSON lines.
    pub fn of(path: &Path) -> Self {
        let extension = path.extension().map(|extension| extension.to_ascii_lowercase());
        if extension.is_some_and(|extension| extension == "csv") {
            Self::Csv
        } else {
            Self::JsonLines
        }
    }
}

/// The lines of a file one after the other, each with its number in the file, and with its fault where it has one.
pub struct Lines<R>(Reader<R>);

enum Reader<R> {
    JsonLines { lines: R, number: u64 },
    Csv { rows: csv::Reader<R>, names: Vec<String> },
}

/// The longest line of JSON, in bytes.
const LINE_LEN_MAX: u64 = 64 * 1024;

impl<R: BufRead> Lines<R> {
    /// Reads the names of a CSV file.
    ///
    /// # Errors
    ///
    /// In words, where a name is none of [`Line::FIELDS`] or of their other names.
    pub fn new(format: Format, read: R) -> Result<Self, String> {
        match format {
            Format::JsonLines => Ok(Self(Reader::JsonLines { lines: read, number: 0 })),
            Format::Csv => {
                let mut rows = csv::ReaderBuilder::new()
                    .flexible(false)
                    .trim(csv::Trim::Headers)
                    .from_reader(read);
                let names = rows.headers().map_err(|error| in_words(&error))?;
                let names: Vec<String> = names.iter().map(str::to_lowercase).collect();
                for name in &names {
                    let probe = Map::from_iter([(name.clone(), Value::Null)]);
                    if serde_json::from_value::<Line>(Value::Object(probe)).is_err() {
                        let known = Line::FIELDS.join(", ");
                        return Err(format!("line 1: expected columns among {known}, but found `{name}`"));
                    }
                }
                Ok(Self(Reader::Csv { rows, names }))
            }
        }
    }

    fn next_line(&mut self) -> io::Result<Option<(u64, Result<Line, String>)>> {
        match &mut self.0 {
            Reader::JsonLines { lines, number } => next_json(lines, number),
            Reader::Csv { rows, names } => {
                let mut row = csv::StringRecord::new();
                let read = rows.read_record(&mut row);
                let number = row.position().map_or(0, csv::Position::line);
                match read {
                    Ok(false) => Ok(None),
                    Ok(true) => Ok(Some((number, from_row(names, &row)))),
                    Err(error) if error.is_io_error() => Err(error.into()),
                    Err(error) => Ok(Some((number_of(&error).unwrap_or(number), Err(in_words(&error))))),
                }
            }
        }
    }
}

impl<R: BufRead> Iterator for Lines<R> {
    type Item = io::Result<(u64, Result<Line, String>)>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_line().transpose()
    }
}

fn next_json(lines: &mut impl BufRead, number: &mut u64) -> io::Result<Option<(u64, Result<Line, String>)>> {
    loop {
        let mut bytes = zeroize::Zeroizing::new(Vec::new());
        let read = io::Read::take(&mut *lines, LINE_LEN_MAX).read_until(b'\n', &mut bytes)?;
        if read == 0 {
            return Ok(None);
        }
        *number += 1;
        if read as u64 == LINE_LEN_MAX && !bytes.ends_with(b"\n") {
            lines.skip_until(b'\n')?;
            return Ok(Some((
                *number,
                Err(format!("expected at most {LINE_LEN_MAX} bytes on a line")),
            )));
        }
        if bytes.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let line = serde_json::from_slice::<Line>(&bytes).map_err(|error| json_in_words(&error));
        return Ok(Some((*number, line)));
    }
}

fn from_row(names: &[String], row: &csv::StringRecord) -> Result<Line, String> {
    let fields = names.iter().zip(row).filter(|(_, value)| !value.is_empty());
    let fields: Map<String, Value> = fields.map(|(name, value)| (name.clone(), value.into())).collect();
    serde_json::from_value(Value::Object(fields)).map_err(|error| json_in_words(&error))
}

/// What serde says of a field that it does not know names the field and no value; else the place alone is told, because what stands
/// there may be a secret.
fn json_in_words(error: &serde_json::Error) -> String {
    let words = error.to_string();
    let tells = [
        "unknown field",
        "duplicate field",
        "expected a whole number",
        "expected a text or a number",
    ];
    if error.is_data() && tells.iter().any(|told| words.starts_with(told)) {
        return words;
    }
    match error.column() {
        0 => "expected fields with one value each".to_owned(),
        column => format!("expected one JSON object, but found something else in column {column}"),
    }
}

fn number_of(error: &csv::Error) -> Option<u64> {
    error.position().map(csv::Position::line)
}

fn in_words(error: &csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("expected {expected_len} values, as many as there are columns, but found {len}")
        }
        csv::ErrorKind::Utf8 { .. } => "expected text in UTF-8".to_owned(),
        csv::ErrorKind::Io(error) => error.to_string(),
        _ => "expected a row of comma-separated values".to_owned(),
    }
}

/// Where lines are written to.
pub(super) enum Writer<W: Write> {
    JsonLines(W),
    Csv(Box<csv::Writer<W>>),
}

impl<W: Write> Writer<W> {
    pub(super) fn new(format: Format, write: W) -> io::Result<Self> {
        match format {
            Format::JsonLines => Ok(Self::JsonLines(write)),
            Format::Csv => {
                let mut rows = csv::Writer::from_writer(write);
                rows.write_record(Line::FIELDS)?;
                Ok(Self::Csv(Box::new(rows)))
            }
        }
    }

    pub(super) fn write(&mut self, line: &Line) -> io::Result<()> {
        match self {
            Self::JsonLines(write) => {
                serde_json::to_writer(&mut *write, line)?;
                write.write_all(b"\n")
            }
            Self::Csv(rows) => Ok(rows.write_record(line.values())?),
        }
    }

    pub(super) fn finish(self) -> io::Result<W> {
        match self {
            Self::JsonLines(mut write) => {
                write.flush()?;
                Ok(write)
            }
            Self::Csv(rows) => rows.into_inner().map_err(|error| io::Error::other(error.to_string())),
        }
    }
}
