//! `tollgate import`: a file of users, tokens, rules and settings, read twice. The first time every line is looked at by itself, so
//! that a file with bad lines changes nothing; the second time the lines go to the store in parts, each of which is taken whole
//! or not at all.

use std::fs::File;
use std::io::{BufReader, IsTerminal as _, Seek as _};
use std::path::Path;
use std::sync::mpsc::sync_channel;

use indicatif::{ProgressBar, ProgressStyle};
use tollgate_http::control::transfer::{Format, Lines, portable};
use tollgate_http::control::{Answer, ImportRequest, ImportedShown, LineFaultShown, NumberedLine, Request, in_shell};

use crate::arguments::{FileFormat, ImportFile};
use crate::exit::{Exit, Failure};
use crate::reach::Held;
use crate::{print, reach};

/// Lines of one part.
const LINES_MOST: usize = 8_192;
/// Bytes of one part, about: the socket takes no longer request.
const BYTES_MOST: usize = 2 << 20;
/// Faults that are kept.
const FAULTS_MOST: usize = 10_000;
/// Faults that are told in words.
const TOLD_MOST: usize = 20;

/// Imports a file and says what came of it.
pub(crate) fn import(store: &Path, import: &ImportFile, as_json: bool) -> Result<Exit, Failure> {
    let ImportFile {
        from,
        format,
        skip_bad_lines,
    } = import;
    let format = format.map_or_else(|| Format::of(from), FileFormat::format);
    let file = Source::open(from)?;
    let (lines, faults) = look_through(&file, format, *skip_bad_lines)?;
    if !faults.is_empty() && !skip_bad_lines {
        return Ok(refused(from, &faults, lines, &ImportedShown::default(), as_json));
    }
    let held = reach::hold(store)?;
    let sent = send(store, &file, format, lines, *skip_bad_lines, &held);
    held.release();
    let (mut done, refused_lines) = sent?;
    if !refused_lines.is_empty() {
        return Ok(refused(from, &refused_lines, lines, &done, as_json));
    }
    done.taken = true;
    tell(&done, as_json)?;
    Ok(if done.faults.is_empty() {
        Exit::Done
    } else {
        Exit::Refused
    })
}

/// Reads every line, and answers how many there are and which are at fault by themselves.
fn look_through(from: &Source<'_>, format: Format, go_on: bool) -> Result<(u64, Vec<LineFaultShown>), Failure> {
    let bar = bar(from.file.metadata().map_or(0, |file| file.len()), "reading", true);
    let (mut count, mut faults) = (0, Vec::new());
    for read in from.lines(format, &bar)? {
        let (number, line) = read.map_err(|error| unreadable(from.path, &error))?;
        count += 1;
        if let Err(reason) = line.and_then(|line| portable(&line)) {
            faults.push(LineFaultShown { line: number, reason });
        }
        // A file of another kind is at fault in every line.
        if faults.len() >= FAULTS_MOST && !go_on {
            break;
        }
        faults.truncate(FAULTS_MOST);
    }
    bar.finish_and_clear();
    Ok((count, faults))
}

/// Sends all lines in parts. Answers what was done, and which lines ended it.
fn send(
    store: &Path,
    from: &Source<'_>,
    format: Format,
    lines: u64,
    skip_faults: bool,
    held: &Held,
) -> Result<(ImportedShown, Vec<LineFaultShown>), Failure> {
    let bar = bar(lines, "importing", false);
    let name = from.path.file_name();
    let source = name.map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let mut read = from.lines(format, &ProgressBar::hidden())?;
    let mut done = ImportedShown::default();
    std::thread::scope(|scope| {
        // The next part is read while the store takes the one before it.
        let (parts, arriving) = sync_channel(1);
        scope.spawn(move || while parts.send(next_part(&mut read)).is_ok() {});
        for part in arriving {
            let Part { lines, faults, .. } = part.map_err(|error| unreadable(from.path, &error))?;
            if !faults.is_empty() && !skip_faults {
                return Ok((done, faults));
            }
            done.faults.extend(faults);
            if lines.is_empty() {
                break;
            }
            let sent = lines.len() as u64;
            let source = source.clone();
            let request = Request::Import(ImportRequest {
                source,
                lines,
                skip_faults,
            });
            let Answer::Imported(imported) = held.ask(store, request)? else {
                return Err(Failure::trouble("not_understood", "the server answered something else"));
            };
            if !imported.taken {
                return Ok((done, imported.faults));
            }
            done.add(imported);
            bar.inc(sent);
        }
        bar.finish_and_clear();
        Ok((done, Vec::new()))
    })
}

/// Lines that go together.
#[derive(Default)]
struct Part {
    lines: Vec<NumberedLine>,
    faults: Vec<LineFaultShown>,
    bytes: usize,
}

/// The next lines that go together. Behind the last there are none.
fn next_part(read: &mut FileLines) -> std::io::Result<Part> {
    let mut part = Part::default();
    while part.lines.len() < LINES_MOST && part.bytes < BYTES_MOST {
        match read.next().transpose()? {
            None => break,
            Some((line, Err(reason))) => part.faults.push(LineFaultShown { line, reason }),
            Some((number, Ok(line))) => {
                // Names and punctuation count about as much as the values.
                part.bytes += 64 + line.values().iter().map(|value| value.len() + 16).sum::<usize>();
                part.lines.push(NumberedLine { number, line });
            }
        }
    }
    Ok(part)
}

type FileLines = Lines<BufReader<indicatif::ProgressBarIter<File>>>;

/// A file that can be read twice.
struct Source<'p> {
    path: &'p Path,
    file: File,
}

impl<'p> Source<'p> {
    /// Opens a file. What comes through a pipe is kept in a file without a name first.
    fn open(path: &'p Path) -> Result<Self, Failure> {
        let fault = |error| unreadable(path, &error);
        let mut file = File::open(path).map_err(fault)?;
        let kind = file.metadata().map_err(fault)?.file_type();
        if kind.is_dir() {
            let words = format!("expected a file of lines at {}, but it is a folder", path.display());
            return Err(Failure::usage(words));
        }
        if !kind.is_file() {
            let mut kept = tempfile::tempfile().map_err(fault)?;
            std::io::copy(&mut file, &mut kept).map_err(fault)?;
            file = kept;
        }
        Ok(Self { path, file })
    }

    /// Its lines from the first on.
    fn lines(&self, format: Format, bar: &ProgressBar) -> Result<FileLines, Failure> {
        let rewound = self.file.try_clone().and_then(|mut file| file.rewind().map(|()| file));
        let file = rewound.map_err(|error| unreadable(self.path, &error))?;
        Lines::new(format, BufReader::with_capacity(1 << 16, bar.wrap_read(file))).map_err(Failure::usage)
    }
}

fn unreadable(from: &Path, error: &std::io::Error) -> Failure {
    Failure::usage(format!(
        "expected to read {}, but: {error}; give the path of a file of lines, or /dev/stdin for what is piped in",
        from.display()
    ))
}

/// Progress for people; scripts and logs get none.
fn bar(len: u64, what: &'static str, bytes: bool) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let template = if bytes {
        "{msg} {wide_bar} {bytes}/{total_bytes}"
    } else {
        "{msg} {wide_bar} {human_pos}/{human_len} lines, {per_sec}, {eta} left"
    };
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(len).with_style(style).with_message(what)
}

fn tell(done: &ImportedShown, as_json: bool) -> Result<(), Failure> {
    if as_json {
        print::out(&print::json(&Answer::Imported(done.clone()))?);
        return Ok(());
    }
    let ImportedShown {
        users,
        authtokens,
        networks,
        settings,
        clients,
        routes,
        already,
        faults,
        ..
    } = done;
    print::out(&format!(
        "Imported {users} users, {clients} clients, {authtokens} authtokens, {routes} routes, {networks} network rules and {settings} settings; {already} lines were there already."
    ));
    if !faults.is_empty() {
        print::note(&told(faults));
    }
    Ok(())
}

/// Says which lines ended an import, and how to go on.
fn refused(from: &Path, faults: &[LineFaultShown], lines: u64, done: &ImportedShown, as_json: bool) -> Exit {
    if as_json {
        let shown = ImportedShown {
            faults: faults.to_vec(),
            ..done.clone()
        };
        let text = print::json(&Answer::Imported(shown));
        text.map_or_else(|failure| print::failure(&failure, true), |text| print::out(&text));
        return Exit::Refused;
    }
    let before =
        done.users + done.authtokens + done.networks + done.settings + done.clients + done.routes + done.already;
    let state = if before == 0 {
        "Nothing was imported.".to_owned()
    } else {
        format!("{before} records before them are in the store; when the import is repeated, they are skipped.")
    };
    let file = in_shell(&from.display().to_string());
    print::note(&format!(
        "error: expected {lines} lines that can be imported, but some cannot:\n{}\n{state} Correct the lines and repeat, or leave them out: tollgate import {file} --skip-bad-lines",
        told(faults)
    ));
    Exit::Refused
}

fn told(faults: &[LineFaultShown]) -> String {
    let mut told: Vec<String> = faults
        .iter()
        .take(TOLD_MOST)
        .map(|fault| format!("  line {}: {}", fault.line, fault.reason))
        .collect();
    if faults.len() > TOLD_MOST {
        told.push(format!("  and {} more; --json lists them", faults.len() - TOLD_MOST));
    }
    told.join("\n")
}
