//! A window of Chromium, driven by `window.mjs`.

use std::collections::BTreeSet;
use std::path::Path;

use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tollgate_tests::foreign::{Foreign, Interpreter};
use tollgate_tests::proxy::program;
use tollgate_tests::wait::PATIENCE;

use super::facts::{Document, Focus, Heard};
use super::rules;

/// Steps after which a name will not come any more.
const STEPS_MOST: usize = 60;

/// Whether pages could run scripts, if they had any.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Scripts {
    On,
    Off,
}

/// An open window, with cookies of its own.
pub struct Window {
    driver: Foreign,
}

impl Window {
    pub fn open(scripts: Scripts) -> Self {
        let pictures = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("pages");
        let settings = json!({
            "chromium": program("chromium", "apt-get install chromium"),
            "scripts": scripts == Scripts::On,
            "pictures": pictures,
            "patience_ms": PATIENCE.as_millis(),
        });
        let driver = Foreign::start(&Interpreter::Node, "window.mjs", &settings);
        Self { driver }
    }

    #[track_caller]
    fn told(&mut self, command: &Value) -> Value {
        self.driver.answer(command);
        let told = self.driver.listen();
        let told = told.unwrap_or_else(|| panic!("the window has closed: {}", self.driver.complaints()));
        assert_eq!(told["step"], command["do"], "{command}: {told}");
        told
    }

    #[track_caller]
    fn facts<T: DeserializeOwned>(&mut self, command: &Value) -> T {
        serde_json::from_value(self.told(command)).unwrap_or_else(|error| panic!("{command}: {error}"))
    }

    /// Types an address into the bar above the page.
    #[track_caller]
    pub fn visit(&mut self, address: &str) -> Document {
        self.told(&json!({"do": "open", "address": address}));
        self.page()
    }

    /// The page as it stands there.
    #[track_caller]
    pub fn page(&mut self) -> Document {
        self.facts(&json!({"do": "page"}))
    }

    /// Holds the page against all rules, and leaves pictures of it.
    #[track_caller]
    pub fn look(&mut self, name: &str) -> Document {
        let page: Document = self.facts(&json!({"do": "look", "name": name}));
        rules::hold(name, &page);
        page
    }

    /// Where the keyboard is.
    #[track_caller]
    pub fn focus(&mut self) -> Focus {
        self.facts(&json!({"do": "focus"}))
    }

    /// Goes on to the next element of the name. Each on the way must be seen.
    #[track_caller]
    pub fn step_to(&mut self, name: &str) -> Focus {
        let mut passed = Vec::new();
        for _ in 0..STEPS_MOST {
            self.press("Tab");
            let focus = self.focus();
            if focus.outside {
                continue;
            }
            rules::is_seen(&focus);
            if focus.name == name {
                return focus;
            }
            passed.push(focus.name);
        }
        panic!("no {name} among {passed:?}");
    }

    /// The names of all elements at which a keyboard stops, in that order, from the beginning of the page.
    #[track_caller]
    pub fn steps(&mut self) -> Vec<String> {
        let rewind = (0..STEPS_MOST).find(|_| {
            self.press("Shift+Tab");
            self.focus().outside
        });
        assert!(rewind.is_some(), "the keyboard does not leave the page");
        let (mut names, mut nodes) = (Vec::new(), BTreeSet::new());
        for _ in 0..STEPS_MOST {
            self.press("Tab");
            let focus = self.focus();
            // A window without a bar above it begins anew at once.
            if focus.outside || !nodes.insert(focus.node) {
                return names;
            }
            rules::is_seen(&focus);
            names.push(focus.name);
        }
        panic!("the keyboard does not leave the page after {names:?}");
    }

    #[track_caller]
    pub fn press(&mut self, key: &str) {
        self.told(&json!({"do": "press", "key": key}));
    }

    #[track_caller]
    pub fn type_in(&mut self, text: &str) {
        self.told(&json!({"do": "type", "text": text}));
    }

    /// Presses a key that leads to another page, and waits for it.
    #[track_caller]
    pub fn go(&mut self, key: &str) -> Document {
        self.told(&json!({"do": "press_and_go", "key": key}));
        self.page()
    }

    /// Closes the window. Nothing may have left it but for these origins, and nothing may have been complained of but for the
    /// status of pages that refuse.
    #[track_caller]
    pub fn close(mut self, origins: &[&str]) {
        let heard: Heard = self.facts(&json!({"do": "heard"}));
        for asked in &heard.requests {
            let is_own = origins
                .iter()
                .any(|origin| asked.url.starts_with(&format!("{origin}/")));
            assert!(is_own, "{asked:?} went elsewhere");
            let is_expected = matches!(asked.kind.as_str(), "document" | "stylesheet");
            assert!(is_expected, "{asked:?} is no page of ours");
        }
        let refused = |complaint: &&String| !complaint.contains("the server responded with a status of 4");
        let complaints: Vec<_> = heard.complaints.iter().filter(refused).collect();
        assert!(complaints.is_empty(), "{complaints:#?}");
        self.driver.answer(&json!({"do": "close"}));
        self.driver.end(&[]);
    }
}
