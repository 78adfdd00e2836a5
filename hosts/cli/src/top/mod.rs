//! `tollgate top`: a running server, live.
//!
//! A thread asks the server once a second, [`screen`] remembers what was said, [`draw`] makes cells of it, and [`live`] alone
//! touches the terminal.

mod words;
mod history;
mod screen;
mod draw;
mod live;
#[cfg(test)]
mod sample;

use std::io::{self, IsTerminal as _};
use std::path::Path;
use std::sync::mpsc;
use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use tollgate_http::control::{Answer, Fault, Reply, Request, StatusShown, ask};

use crate::arguments::Top;
use crate::exit::{Exit, Failure};
use crate::print;
use screen::Screen;

/// How often the server is asked.
const EVERY: Duration = Duration::from_secs(1);

/// The frame that is printed where there is no terminal to ask for its size.
const FRAME: Rect = Rect {
    x: 0,
    y: 0,
    width: 100,
    height: 30,
};

/// Shows the server of `store` until a key ends it, or once where nobody watches.
pub(crate) fn top(store: &Path, top: &Top, as_json: bool) -> Result<Exit, Failure> {
    let first = status(store)?;
    let name = store.display().to_string();
    if top.once && !as_json {
        let mut screen = Screen::of(name, true);
        screen.hear(Duration::ZERO, Ok(first));
        // A rate takes two looks.
        let (_keep, never) = mpsc::channel::<()>();
        let _ = never.recv_timeout(EVERY);
        screen.hear(EVERY, Ok(status(store)?));
        print::out(&frame(&screen, FRAME));
        return Ok(Exit::Done);
    }
    if as_json || !io::stdout().is_terminal() || !io::stdin().is_terminal() {
        print::out(&print::json(&Answer::Status(Box::new(first)))?);
        return Ok(Exit::Done);
    }
    let plain = anstream::AutoStream::choice(&io::stdout()) == anstream::ColorChoice::Never;
    live::run(store, Screen::of(name, plain), first)
}

/// What the server says of itself.
fn status(store: &Path) -> Result<StatusShown, Failure> {
    match ask(store, &Request::Status) {
        Ok(Some(Reply::Done(Answer::Status(status)))) => Ok(*status),
        Ok(Some(Reply::Refused(Fault { code, message }) | Reply::Failed(Fault { code, message }))) => {
            Err(Failure::trouble(&code, message))
        }
        Ok(Some(Reply::Done(_))) => Err(Failure::trouble(
            "not_understood",
            "expected what the server says of itself",
        )),
        Ok(None) if !store.exists() => Err(Failure::trouble(
            "no_store",
            format!(
                "expected a store at {}, but there is no such file: name it with --data, or make one with `tollgate init`",
                store.display()
            ),
        )),
        Ok(None) => Err(Failure::trouble(
            "no_server",
            format!(
                "expected a running server of {}, but there is none: start one with `tollgate serve`",
                store.display()
            ),
        )),
        Err(error) => Err(Failure::trouble("no_answer", error.to_string())),
    }
}

/// A screen as text.
fn frame(screen: &Screen, area: Rect) -> String {
    let mut cells = Buffer::empty(area);
    draw::draw(screen, area, &mut cells);
    let rows = area.rows().map(|row| {
        let symbols = row.columns().filter_map(|at| cells.cell((at.x, at.y)));
        let line: String = symbols.map(|cell| cell.symbol()).collect();
        line.trim_end().to_owned()
    });
    rows.collect::<Vec<_>>().join("\n")
}
