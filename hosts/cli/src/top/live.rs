//! The terminal, and what comes from it: keys, sizes, signals. However this ends, the terminal is as it was.

use std::io;
use std::path::Path;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender, TryRecvError};
use std::time::Duration;

use ratatui::crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use tokio::signal::unix::{SignalKind, signal};
use tollgate::{Clock as _, SystemClock, Timestamp};
use tollgate_http::control::StatusShown;

use super::draw::draw;
use super::screen::{Press, Screen};
use super::{EVERY, status};
use crate::exit::{Exit, Failure};

/// How long a key may wait while nothing else happens. Also how old what is drawn may be.
const FRAME: Duration = Duration::from_millis(100);

type Said = Result<StatusShown, String>;

/// Gives the terminal back when it is dropped; a panic does so by the hook that the library sets.
struct Borrowed;

impl Drop for Borrowed {
    fn drop(&mut self) {
        // There is nowhere left to say that it failed.
        let _ = ratatui::try_restore();
    }
}

/// The time since the beginning. Where the wall clock is set back it stands still for as long.
struct Elapsed {
    began: Timestamp,
    latest: Duration,
}

impl Elapsed {
    fn begin() -> Self {
        Self {
            began: SystemClock.now(),
            latest: Duration::ZERO,
        }
    }

    fn now(&mut self) -> Duration {
        let since = Duration::from_millis(SystemClock.now().millis_since(self.began));
        self.latest = self.latest.max(since);
        self.latest
    }
}

/// Shows the screen until a key or a signal ends it.
pub(super) fn run(store: &Path, mut screen: Screen, first: StatusShown) -> Result<Exit, Failure> {
    let no_terminal = |error: io::Error| {
        let words = format!("expected to draw on the terminal, but: {error}: `tollgate top --once` prints plain text");
        Failure::trouble("no_terminal", words)
    };
    let stopped = on_signals().map_err(no_terminal)?;
    let (_asking, news) = asking(store);
    let mut elapsed = Elapsed::begin();
    screen.hear(Duration::ZERO, Ok(first));
    let _borrowed = Borrowed;
    let mut terminal = ratatui::try_init().map_err(no_terminal)?;
    loop {
        screen.tick(elapsed.now());
        terminal
            .draw(|frame| draw(&screen, frame.area(), frame.buffer_mut()))
            .map_err(no_terminal)?;
        if event::poll(FRAME).map_err(no_terminal)?
            && let Some(press) = pressed(&event::read().map_err(no_terminal)?)
            && !screen.press(press)
        {
            return Ok(Exit::Done);
        }
        for said in news.try_iter() {
            screen.hear(elapsed.now(), said);
        }
        if !matches!(stopped.try_recv(), Err(TryRecvError::Empty)) {
            return Ok(Exit::Done);
        }
    }
}

fn pressed(event: &Event) -> Option<Press> {
    let Event::Key(KeyEvent {
        code,
        modifiers,
        kind: KeyEventKind::Press,
        ..
    }) = event
    else {
        return None;
    };
    match code {
        KeyCode::Char('c' | 'd') if modifiers.contains(KeyModifiers::CONTROL) => Some(Press::Quit),
        KeyCode::Char('q' | 'Q') | KeyCode::Esc => Some(Press::Quit),
        KeyCode::Char('p' | ' ') => Some(Press::Pause),
        KeyCode::Char('s') => Some(Press::Sort),
        KeyCode::Char('?' | 'h') => Some(Press::Help),
        _ => None,
    }
}

/// Asks the server again and again, until the first of what it answers is dropped.
fn asking(store: &Path) -> (Sender<()>, Receiver<Said>) {
    let store = store.to_path_buf();
    let (asking, ended) = mpsc::channel::<()>();
    let (tell, news) = mpsc::channel();
    std::thread::spawn(move || {
        while ended.recv_timeout(EVERY) == Err(RecvTimeoutError::Timeout) {
            let said = status(&store).map_err(|failure| match failure.fault.code.as_str() {
                "no_server" => "none runs".to_owned(),
                _ => failure.fault.message,
            });
            if tell.send(said).is_err() {
                return;
            }
        }
    });
    (asking, news)
}

/// Says when the process is to end. Signals come to a thread of their own, since the terminal is not theirs to touch.
fn on_signals() -> io::Result<Receiver<()>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (tell, told) = mpsc::channel();
    let guard = runtime.enter();
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut hangup = signal(SignalKind::hangup())?;
    drop(guard);
    std::thread::spawn(move || {
        runtime.block_on(async {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
                _ = hangup.recv() => {}
            }
        });
        // Where the screen has gone already, nobody waits for this.
        let _ = tell.send(());
    });
    Ok(told)
}
