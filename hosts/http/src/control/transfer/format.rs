//! The two formats of a file of lines.

use std::io::{self, BufRead, Write};
use std::path::Path;

use serde::Deserialize as _;
use serde::de::value::{self, MapDeserializer};
use serde_json::{Map, Value};

use super::line::Line;
use super::text::Text;

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
    JsonLines {
        lines: R,
        number: u64,
    },
    Csv {
        rows: csv::Reader<Text<R>>,
        names: Vec<String>,
    },
}

/// The longest line of JSON, in bytes.
const LINE_LEN_MAX: u64 = 64 * 1024;

/// About the longest row of CSV, in bytes; what its parser has read ahead counts too.
const ROW_LEN_MAX: usize = 72 * 1024;

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
                    .flexible(true)
                    .trim(csv::Trim::Headers)
                    .from_reader(Text::new(read));
                rows.get_mut().allow(ROW_LEN_MAX);
                let names = rows.headers().map_err(|error| in_words(&error))?;
                let names: Vec<String> = names.iter().map(str::to_lowercase).collect();
                for name in &names {
                    let probe = Map::from_iter([(name.clone(), Value::Null)]);
                    if serde_json::from_value::<Line>(Value::Object(probe)).is_err() {
                        let known = Line::FIELDS.join(", ");
                        return Err(format!("line 1: expected columns among {known}, but found `{name}`"));
                    }
                }
                let all: Map<String, Value> = names.iter().map(|name| (name.clone(), Value::Null)).collect();
                let count = all.len();
                if count < names.len() || serde_json::from_value::<Line>(Value::Object(all)).is_err() {
                    let found = names.join(", ");
                    return Err(format!(
                        "line 1: expected one column for each field, but found two for one among {found}"
                    ));
                }
                Ok(Self(Reader::Csv { rows, names }))
            }
        }
    }

    fn next_line(&mut self) -> io::Result<Option<(u64, Result<Line, String>)>> {
        match &mut self.0 {
            Reader::JsonLines { lines, number } => next_json(lines, number),
            Reader::Csv { rows, names } => {
                let mut row = csv::ByteRecord::new();
                rows.get_mut().allow(ROW_LEN_MAX);
                let read = rows.read_byte_record(&mut row);
                let behind = rows.position().line();
                match read {
                    Ok(false) => Ok(None),
                    Ok(true) => Ok(Some((number_of(&row, behind), from_row(names, row)))),
                    Err(error) => {
                        let reason = format!("line {behind} or one before it: {}", in_words(&error));
                        Err(io::Error::new(io::ErrorKind::InvalidData, reason))
                    }
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
        // What some editors put before the first line.
        let marked = bytes.strip_prefix("\u{feff}".as_bytes()).filter(|_| *number == 1);
        let bytes = marked.unwrap_or(&bytes);
        if bytes.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let line = serde_json::from_slice::<Line>(bytes).map_err(|error| json_in_words(&error));
        return Ok(Some((*number, line)));
    }
}

fn from_row(names: &[String], row: csv::ByteRecord) -> Result<Line, String> {
    let (expected, found) = (names.len(), row.len());
    if found != expected {
        return Err(format!(
            "expected {expected} values, as many as there are columns, but found {found}"
        ));
    }
    let row = csv::StringRecord::from_byte_record(row).map_err(|_| "expected text in UTF-8")?;
    let fields = names.iter().zip(&row).filter(|(_, value)| !value.is_empty());
    let fields = MapDeserializer::new(fields.map(|(name, value)| (name.as_str(), value)));
    // The names are known and differ, so only a value could be at fault, and every text is one.
    Line::deserialize(fields).map_err(|_: value::Error| "expected fields with one value each".to_owned())
}

/// The number of the line on which a row begins, from that of the line behind it. The parser's own number for the beginning is
/// that of blank lines before it.
fn number_of(row: &csv::ByteRecord, behind: u64) -> u64 {
    let within: usize = row
        .iter()
        .map(|value| value.iter().filter(|byte| **byte == b'\n').count())
        .sum();
    behind.saturating_sub(1 + within as u64)
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

fn in_words(error: &csv::Error) -> String {
    match error.kind() {
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

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use super::*;

    /// What reading `text` gives: the number of each line, and its user or its fault.
    fn read(format: Format, text: &[u8]) -> Vec<(u64, Result<Option<String>, String>)> {
        let lines = Lines::new(format, text).unwrap();
        lines
            .map(|read| read.unwrap())
            .map(|(number, line)| (number, line.map(|line| line.user)))
            .collect()
    }

    fn numbers(format: Format, text: &[u8]) -> Vec<u64> {
        read(format, text).into_iter().map(|(number, _)| number).collect()
    }

    #[test]
    fn rows_of_csv_have_the_numbers_that_editors_show() {
        for (text, expected) in [
            ("user\nann\nbob\ncid,1\n", [2, 3, 4]),
            ("user\r\nann\r\nbob\r\ncid,1\r\n", [2, 3, 4]),
            ("user\n\nann\n\n\nbob\ncid,1", [3, 6, 7]),
            ("user\r\n\r\nann\r\nbob\r\n\r\ncid,1", [3, 4, 6]),
            ("user\n\"ann\nx\"\nbob\ncid,1\n", [2, 4, 5]),
        ] {
            assert_eq!(numbers(Format::Csv, text.as_bytes()), expected, "{text:?}");
        }
    }

    /// Of two columns of one name the last was taken, whichever that was.
    #[test]
    fn a_column_that_is_there_twice_is_refused() {
        for (names, fits) in [
            ("user,token,token", false),
            ("user,Name", false),
            ("api_key,authtoken,user", false),
            ("user,token,digest", true),
        ] {
            let opened = Lines::new(Format::Csv, names.as_bytes());
            assert_eq!(opened.is_ok(), fits, "{names}");
        }
    }

    #[test]
    fn a_mark_of_byte_order_is_no_part_of_the_first_line() {
        for (format, text) in [
            (Format::Csv, "\u{feff}user\nann"),
            (Format::JsonLines, "\u{feff}{\"user\":\"ann\"}"),
        ] {
            let read = read(format, text.as_bytes());
            assert!(
                matches!(read.as_slice(), [(_, Ok(Some(user)))] if user == "ann"),
                "{read:?}"
            );
        }
        let later = "{\"user\":\"ann\"}\n\u{feff}{\"user\":\"bob\"}";
        assert!(read(Format::JsonLines, later.as_bytes())[1].1.is_err(), "the twin");
    }

    /// A quote that nobody closed made one value of all the rest of the file, in memory.
    #[test]
    fn a_row_without_an_end_is_given_up() {
        let mut endless = Lines::new(
            Format::Csv,
            io::Read::chain(&b"user\n\"ann"[..], BufReader::new(io::repeat(b'x'))),
        )
        .unwrap();
        let error = endless.next().unwrap().err().unwrap();
        assert!(error.to_string().contains("line 2"), "{error}");
        let long = format!("user,value\nann,{}\nbob,\n", "x".repeat(60_000));
        assert_eq!(numbers(Format::Csv, long.as_bytes()), [2, 3], "the twin");
        let many = format!("user\n{}", "ann\n".repeat(100_000));
        assert_eq!(
            read(Format::Csv, many.as_bytes()).len(),
            100_000,
            "and so many short ones"
        );
    }
}
