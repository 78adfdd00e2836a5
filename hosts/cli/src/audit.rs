//! `tollgate audit`: the trail listed, followed, and written to a file.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, BufWriter, IsTerminal as _, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use serde_json::json;
use tollgate::{AuditDigest, Clock as _, SystemClock, Timestamp};
use tollgate_http::control::{
    Answer, AuditAsked, AuditEntryShown, PageShown, Request, follow_lines, in_shell, write_moment,
};

use crate::arguments::{AuditVerb, Last, Since};
use crate::exit::{self, Exit, Failure};
use crate::list::List;
use crate::reach::Reach;
use crate::{print, table};

/// The code of the fault that nobody reads what is written.
const READER_GONE: &str = "reader_gone";

/// Carries a verb out.
pub(crate) fn audit(store: &Path, verb: &AuditVerb, as_json: bool) -> Result<Exit, Failure> {
    let mut reach = Reach::to(store);
    match verb {
        AuditVerb::List {
            last,
            oldest_first,
            action,
            subject,
            since,
        } => {
            let asked = AuditAsked {
                oldest_first: false,
                action: action.clone(),
                subject: subject.clone(),
                since: since.as_ref().map(moment),
                cursor: None,
            };
            list(&mut reach, &asked, *last, *oldest_first, as_json)
        }
        AuditVerb::Verify { file, head } => verify(&mut reach, file.as_deref(), *head, as_json),
        AuditVerb::Export { file } => export(&mut reach, file, as_json),
    }
}

fn moment(since: &Since) -> String {
    match since {
        Since::Moment(moment) => moment.clone(),
        Since::Ago(ago) => {
            let ago = u64::try_from(ago.as_millis()).unwrap_or(u64::MAX);
            let now = SystemClock.now().as_millis();
            write_moment(Timestamp::from_millis(now.saturating_sub(ago)))
        }
    }
}

/// One page of the trail.
fn page(reach: &mut Reach<'_>, asked: &AuditAsked) -> Result<PageShown<AuditEntryShown>, Failure> {
    match reach.ask(Request::AuditList(asked.clone()))? {
        Answer::Audit(page) => Ok(page),
        _ => Err(Failure::trouble(
            "not_understood",
            "expected entries of the audit trail",
        )),
    }
}

/// The newest entries are asked for first even where they are to stand last, since nobody knows how many there are.
fn list(
    reach: &mut Reach<'_>,
    asked: &AuditAsked,
    last: Last,
    oldest_first: bool,
    as_json: bool,
) -> Result<Exit, Failure> {
    let mut asked = asked.clone();
    let mut list = List::begin(as_json);
    let (mut rest, turned) = match last {
        Last::All => (usize::MAX, false),
        Last::Count(count) => (count, oldest_first),
    };
    asked.oldest_first = oldest_first && !turned;
    let mut kept = Vec::new();
    loop {
        let PageShown { mut items, next } = page(reach, &asked)?;
        let left_out = items.len() > rest || (items.len() == rest && next.is_some());
        items.truncate(rest);
        rest -= items.len();
        let is_last = rest == 0 || next.is_none();
        if turned {
            kept.append(&mut items);
        } else if !list.part(&items, is_last)? {
            return Ok(Exit::Done);
        }
        if is_last {
            kept.reverse();
            let written = if turned { list.part(&kept, true)? } else { true };
            if written && left_out && !as_json && io::stdout().is_terminal() {
                print::note("There may be more: tollgate audit list --last all");
            }
            return Ok(Exit::Done);
        }
        asked.cursor = next;
    }
}

/// Follows the trail of the store, or the one in a file.
fn verify(
    reach: &mut Reach<'_>,
    file: Option<&Path>,
    head: Option<AuditDigest>,
    as_json: bool,
) -> Result<Exit, Failure> {
    let answer = match file {
        None => reach.ask(Request::AuditVerify {
            head: head.map(|head| head.to_string()),
        })?,
        Some(file) => {
            let unreadable = |error: io::Error| {
                let words = format!(
                    "expected to read an exported trail in {}, but: {error}: `tollgate audit export FILE` writes one",
                    file.display()
                );
                Failure::trouble("no_file", words)
            };
            let lines = BufReader::new(File::open(file).map_err(unreadable)?);
            Answer::Trail(follow_lines(lines, head).map_err(unreadable)?)
        }
    };
    let text = if as_json {
        print::json(&answer)?
    } else {
        table::text(&answer)
    };
    print::out(&text);
    Ok(exit::of(&answer))
}

/// Writes every entry, and says what to keep.
fn export(reach: &mut Reach<'_>, file: &Path, as_json: bool) -> Result<Exit, Failure> {
    if file == Path::new("-") {
        return match write_all(reach, &mut io::stdout().lock(), &cannot_write(file)) {
            Ok(written) => {
                print::note(&written.text("standard output", None));
                Ok(Exit::Done)
            }
            // Whoever closed the other end has read enough.
            Err(failure) if failure.fault.code == READER_GONE => Ok(Exit::Done),
            Err(failure) => Err(failure),
        };
    }
    let open = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file);
    let open = open.map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => Failure::new(
            Exit::Refused,
            "file_exists",
            format!(
                "expected no file at {}, but there is one: choose another name",
                file.display()
            ),
        ),
        _ => cannot_write(file)(&error),
    })?;
    let mut lines = BufWriter::new(open);
    let written = write_all(reach, &mut lines, &cannot_write(file)).and_then(|written| {
        let whole = lines.into_inner().map_err(io::IntoInnerError::into_error);
        whole
            .and_then(|file| file.sync_all())
            .map_err(|error| cannot_write(file)(&error))?;
        Ok(written)
    });
    let written = written.inspect_err(|_| {
        // Half a trail would look like one whose end was cut off.
        let _ = fs::remove_file(file);
    })?;
    if as_json {
        let Written { entries, head } = &written;
        print::out(&json!({ "file": file, "entries": entries, "head": head }).to_string());
    } else {
        print::out(&written.text(&file.display().to_string(), Some(file)));
    }
    Ok(Exit::Done)
}

fn cannot_write(file: &Path) -> impl Fn(&io::Error) -> Failure {
    let file = file.display().to_string();
    move |error| {
        let words = format!("expected to write the audit trail to {file}, but: {error}: choose another place");
        let code = match error.kind() {
            io::ErrorKind::BrokenPipe => READER_GONE,
            _ => "cannot_write",
        };
        Failure::trouble(code, words)
    }
}

/// A trail that was written.
struct Written {
    entries: u64,
    head: String,
}

impl Written {
    fn text(&self, place: &str, file: Option<&Path>) -> String {
        let Self { entries, head } = self;
        let name = file.map_or_else(|| "FILE".to_owned(), |file| in_shell(&file.display().to_string()));
        format!(
            "Wrote {entries} entries to {place}. The last has the digest\n  {head}\n\n\
             Keep this digest elsewhere. Next: tollgate audit verify {name} --head {head}"
        )
    }
}

fn write_all(
    reach: &mut Reach<'_>,
    lines: &mut impl Write,
    fault: &impl Fn(&io::Error) -> Failure,
) -> Result<Written, Failure> {
    let mut asked = AuditAsked {
        oldest_first: true,
        ..AuditAsked::default()
    };
    let mut written = Written {
        entries: 0,
        head: AuditDigest::default().to_string(),
    };
    let shows = io::stderr().is_terminal();
    loop {
        let PageShown { items, next } = page(reach, &asked)?;
        for entry in items {
            let line = entry.line().map_err(|error| fault(&error.into()))?;
            writeln!(lines, "{line}").map_err(|error| fault(&error))?;
            written.entries += 1;
            written.head = entry.digest;
        }
        if shows {
            print::progress(&format!("{} entries", written.entries));
        }
        asked.cursor = next;
        if asked.cursor.is_none() {
            lines.flush().map_err(|error| fault(&error))?;
            if shows {
                print::progress("");
            }
            return Ok(written);
        }
    }
}
