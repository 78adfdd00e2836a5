//! What the browser tells of a page.

use serde::Deserialize;

/// A document as it stands in the window.
#[derive(Debug, Deserialize)]
pub struct Document {
    pub status: u16,
    pub title: String,
    pub language: String,
    pub address: String,
    /// Its headings of the first level.
    pub headings: Vec<String>,
    pub levels: Vec<u8>,
    pub alerts: Vec<String>,
    /// Elements that run something.
    pub scripts: usize,
    /// Styles that do not come from the style sheet.
    pub styles: usize,
    pub text: String,
    pub fields: Vec<Field>,
    /// Elements that a keyboard can stop at.
    pub steps: usize,
    pub tabindexes: Vec<i32>,
    /// As it was looked at; empty where nobody looked.
    #[serde(default)]
    pub views: Vec<View>,
}

impl Document {
    /// The field of a name.
    #[track_caller]
    pub fn field(&self, name: &str) -> &Field {
        let found = self.fields.iter().find(|field| field.name == name);
        found.unwrap_or_else(|| panic!("no field {name} at {}: {:?}", self.address, self.fields))
    }
}

/// A field to fill in.
#[derive(Debug, Deserialize)]
pub struct Field {
    pub name: String,
    #[serde(rename = "type")]
    pub kind: String,
    pub autocomplete: String,
    pub label: Option<String>,
    pub described: Vec<Words>,
}

/// Words that describe a field.
#[derive(Debug, Deserialize)]
pub struct Words {
    /// None where there are no such words.
    pub text: Option<String>,
    /// How many pixels below the field they begin.
    pub gap: Option<i32>,
}

/// A page at one width in one scheme of colours.
#[derive(Debug, Deserialize)]
pub struct View {
    pub scheme: String,
    pub width: u32,
    /// Pixels that would have to be scrolled to the side.
    pub excess: i32,
    /// Elements that end outside the window.
    pub beyond: Vec<String>,
    /// What is to be hit and too small for it.
    pub small: Vec<String>,
    /// By the rules of axe-core, once for each width and for each scheme.
    pub judged: Option<Judged>,
}

/// What axe-core says.
#[derive(Debug, Deserialize)]
pub struct Judged {
    /// What it finds, or cannot decide.
    pub offences: Vec<Offence>,
    /// The rules that are kept.
    pub passed: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[allow(dead_code, reason = "read as it is printed")]
pub struct Offence {
    pub sort: String,
    pub id: String,
    pub help: String,
    pub nodes: Vec<String>,
}

/// Where the keyboard is.
#[derive(Clone, Debug, Deserialize)]
pub struct Focus {
    /// At no element of the page.
    pub outside: bool,
    /// Which element, as long as the page stands.
    pub node: u64,
    pub role: String,
    pub name: String,
    /// What is read out after role and name.
    pub description: String,
    pub invalid: Option<String>,
    pub value: Option<String>,
    pub outline: Outline,
    /// The colour that the outline stands on.
    pub behind: String,
    /// Whether it is within the window.
    pub within: bool,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Outline {
    pub style: String,
    pub width: f64,
    pub color: String,
}

/// What has left the browser, and what it complained of.
#[derive(Debug, Deserialize)]
pub struct Heard {
    pub requests: Vec<Asked>,
    pub complaints: Vec<String>,
}

#[derive(Debug, Deserialize)]
pub struct Asked {
    pub url: String,
    pub kind: String,
}
