//! Frames as they were looked at and found good, below `frames`.

use std::fs;
use std::path::Path;
use std::time::Duration;

use super::super::frame;
use super::super::sample::{busy, follower, status};
use super::super::screen::Press;
use super::*;

/// A variable that has the frames written anew, to be looked at.
const WRITE: &str = "TOLLGATE_FRAMES";

fn at(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A server that was watched for some seconds.
fn watched() -> Screen {
    let mut screen = Screen::of("tollgate.redb".to_owned(), true);
    let mut permitted = 0;
    for second in 0..40 {
        permitted += 1_000 + 90 * (second % 7);
        screen.hear(at(second), Ok(status(3_600 + second, permitted, 12 * second)));
    }
    screen
}

fn assert_frame(name: &str, screen: &Screen, width: u16, height: u16) {
    let drawn = frame(screen, Rect::new(0, 0, width, height)) + "\n";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("src/top/draw/frames/{name}.txt"));
    if std::env::var_os(WRITE).is_some() {
        fs::write(&path, &drawn).unwrap();
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(
        drawn,
        expected,
        "another frame:\n{drawn}\nwith {WRITE} set it is written to {}",
        path.display()
    );
}

#[test]
fn a_large_terminal_shows_everything() {
    let mut screen = watched();
    let mut now = status(3_640, 60_000, 500);
    now.followers = vec![follower("envoy-1", 4_711, 12), follower("envoy-2", 4_700, 15_000)];
    now.busiest
        .push(busy("a name of forty letters, which is allowed", 5, 0));
    screen.hear(at(40), Ok(now));
    assert_frame("large", &screen, 120, 40);
}

#[test]
fn a_small_terminal_shows_what_matters_most() {
    assert_frame("medium", &watched(), 60, 15);
    assert_frame("small", &watched(), 40, 10);
}

#[test]
fn a_new_server_says_that_nothing_has_happened() {
    let mut screen = Screen::of("tollgate.redb".to_owned(), true);
    let mut idle = status(0, 0, 0);
    idle.busiest.clear();
    (idle.users, idle.queued) = (1, 0);
    screen.hear(at(0), Ok(idle));
    assert_frame("idle", &screen, 80, 12);
}

#[test]
fn trouble_and_silence_stand_above_all_else() {
    let mut screen = watched();
    let mut bad = status(3_640, 60_000, 500);
    (bad.checking, bad.writing) = (false, false);
    bad.trouble = Some("a commit failed: restart the server".to_owned());
    screen.hear(at(40), Ok(bad));
    assert_frame("trouble", &screen, 80, 12);
    screen.press(Press::Pause);
    screen.hear(at(41), Err("none runs".to_owned()));
    assert_frame("waiting", &screen, 80, 12);
    screen.press(Press::Help);
    assert_frame("help", &screen, 60, 12);
}

#[test]
fn no_size_is_too_small_to_be_drawn() {
    let mut screen = watched();
    let mut full = status(3_640, 60_000, 500);
    full.followers = vec![follower("envoy-1", 4_711, 12); 50];
    full.busiest = vec![busy("alice", 1, 1); 50];
    screen.hear(at(40), Ok(full));
    let mut drawn = 0;
    for help in [false, true] {
        screen.help = help;
        for width in (0..70).step_by(6) {
            for height in (0..30).step_by(3) {
                let text = frame(&screen, Rect::new(0, 0, width, height));
                assert!(text.lines().count() <= usize::from(height).max(1), "{width}x{height}");
                drawn += 1;
            }
        }
    }
    assert_eq!(drawn, 2 * 12 * 10);
}

#[test]
fn colours_are_left_out_where_none_are_wanted() {
    let coloured = |plain: bool| {
        let mut screen = watched();
        screen.plain = plain;
        let area = Rect::new(0, 0, 80, 24);
        let mut cells = Buffer::empty(area);
        draw(&screen, area, &mut cells);
        cells.content().iter().any(|cell| cell.fg != Color::Reset)
    };
    assert!(coloured(false));
    assert!(!coloured(true));
}
