//! What the live screen knows, and how keys and news change it. Nothing here touches a terminal.

use std::cmp::Reverse;
use std::time::Duration;

use tollgate_http::control::{BusyShown, StatusShown};

use super::history::History;

/// A server that was silent for so long is being waited for.
const SILENT_MOST: Duration = Duration::from_secs(3);

/// What a key does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Press {
    Quit,
    Pause,
    Sort,
    Help,
}

/// What the busiest users stand in order of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Order {
    #[default]
    Checks,
    Denied,
    Name,
}

impl Order {
    fn next(self) -> Self {
        match self {
            Self::Checks => Self::Denied,
            Self::Denied => Self::Name,
            Self::Name => Self::Checks,
        }
    }

    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Checks => "by checks",
            Self::Denied => "by denials",
            Self::Name => "by name",
        }
    }
}

/// Everything that is drawn.
#[derive(Default)]
pub(super) struct Screen {
    pub(super) store: String,
    pub(super) status: Option<StatusShown>,
    pub(super) history: History,
    pub(super) order: Order,
    pub(super) paused: bool,
    pub(super) help: bool,
    /// Why the server gave no answer the last time.
    pub(super) silence: Option<String>,
    /// When it answered last, and what time it is.
    heard_at: Duration,
    now: Duration,
    /// Without colours.
    pub(super) plain: bool,
}

impl Screen {
    pub(super) fn of(store: String, plain: bool) -> Self {
        Self {
            store,
            plain,
            ..Self::default()
        }
    }

    /// Takes what the server said at `at`, or why it said nothing.
    pub(super) fn hear(&mut self, at: Duration, said: Result<StatusShown, String>) {
        self.tick(at);
        match said {
            Ok(status) => {
                self.heard_at = at;
                self.silence = None;
                if !self.paused {
                    self.history.take(at, &status);
                    self.status = Some(status);
                }
            }
            Err(words) => self.silence = Some(words),
        }
    }

    /// Time goes on.
    pub(super) fn tick(&mut self, now: Duration) {
        self.now = now;
    }

    /// Why the server is waited for, if it is.
    pub(super) fn waiting(&self) -> Option<String> {
        let silent = self.now.saturating_sub(self.heard_at);
        match &self.silence {
            Some(words) => Some(words.clone()),
            None if silent > SILENT_MOST => Some(format!("no answer for {} s", silent.as_secs())),
            None => None,
        }
    }

    /// Whether the screen goes on after a key.
    pub(super) fn press(&mut self, press: Press) -> bool {
        match press {
            // A key that closes the help should not end everything.
            Press::Quit if self.help => self.help = false,
            Press::Quit => return false,
            Press::Pause => self.paused = !self.paused,
            Press::Sort => self.order = self.order.next(),
            Press::Help => self.help = !self.help,
        }
        true
    }

    /// The busiest users, in the order that was chosen.
    pub(super) fn busiest(&self) -> Vec<&BusyShown> {
        let mut busiest: Vec<&BusyShown> = self.status.iter().flat_map(|status| &status.busiest).collect();
        match self.order {
            Order::Checks => busiest.sort_by_key(|busy| Reverse(busy.checks)),
            Order::Denied => busiest.sort_by_key(|busy| Reverse(busy.denied)),
            Order::Name => busiest.sort_by(|one, other| one.name.cmp(&other.name)),
        }
        busiest
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::status;
    use super::*;

    const fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_paused_screen_stands_still_and_then_goes_on() {
        let mut screen = Screen::default();
        screen.hear(at(1), Ok(status(1, 1, 0)));
        assert!(screen.press(Press::Pause));
        screen.hear(at(2), Ok(status(2, 50, 0)));
        assert_eq!(screen.status.as_ref().unwrap().uptime_s, 1);
        assert!(screen.press(Press::Pause));
        screen.hear(at(3), Ok(status(3, 51, 0)));
        assert_eq!(screen.status.as_ref().unwrap().uptime_s, 3);
        assert_eq!(screen.history.per_second(), 25.0, "over the two seconds since");
    }

    #[test]
    fn a_server_that_went_or_is_silent_is_waited_for() {
        let mut screen = Screen::default();
        screen.hear(at(1), Ok(status(1, 1, 0)));
        assert_eq!(screen.waiting(), None);
        screen.hear(at(2), Err("nobody answers".to_owned()));
        assert_eq!(screen.waiting().as_deref(), Some("nobody answers"));
        screen.hear(at(3), Ok(status(0, 1, 0)));
        assert_eq!(screen.waiting(), None);
        screen.tick(at(6));
        assert_eq!(screen.waiting(), None);
        screen.tick(at(7));
        assert_eq!(screen.waiting().as_deref(), Some("no answer for 4 s"));
    }

    #[test]
    fn users_are_sorted_as_chosen() {
        let mut screen = Screen::default();
        screen.hear(at(1), Ok(status(1, 1, 0)));
        let names =
            |screen: &Screen| -> Vec<String> { screen.busiest().iter().map(|busy| busy.name.clone()).collect() };
        assert_eq!(names(&screen), ["alice", "reports", "dora"]);
        screen.press(Press::Sort);
        assert_eq!(names(&screen), ["reports", "dora", "alice"]);
        screen.press(Press::Sort);
        assert_eq!(names(&screen), ["alice", "dora", "reports"]);
        screen.press(Press::Sort);
        assert_eq!(screen.order, Order::Checks);
    }

    #[test]
    fn a_key_that_ends_closes_the_help_first() {
        let mut screen = Screen::default();
        assert!(screen.press(Press::Help) && screen.help);
        assert!(screen.press(Press::Quit) && !screen.help);
        assert!(!screen.press(Press::Quit));
    }
}
