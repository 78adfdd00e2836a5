//! A browser without a screen: cookies, redirects and forms, no script.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use crate::http::{Request, Response, exchange};

/// Redirects in a row after which somebody goes in circles.
const REDIRECTS_MOST: usize = 10;

/// What one person has in their browser for one server.
pub struct Browser {
    server: SocketAddr,
    cookies: BTreeMap<String, String>,
}

/// Where a browser is.
pub enum Place {
    /// On a page of the server.
    Page(Page),
    /// The server sent it elsewhere, to this address.
    Elsewhere(String),
}

impl Place {
    /// The address elsewhere; panics on a page of the server.
    pub fn elsewhere(self) -> String {
        match self {
            Self::Elsewhere(address) => address,
            Self::Page(page) => panic!(
                "expected to be sent elsewhere, but found a page: {} {}",
                page.status, page.body
            ),
        }
    }

    /// The page; panics elsewhere.
    pub fn page(self) -> Page {
        match self {
            Self::Page(page) => page,
            Self::Elsewhere(address) => panic!("expected a page, but was sent to {address}"),
        }
    }
}

/// A page of the server.
pub struct Page {
    /// The status code.
    pub status: u16,
    /// Where it is: path and query.
    pub target: String,
    /// The document.
    pub body: String,
}

/// A form on a page, with what stands in it.
#[derive(Clone, Debug)]
pub struct Form {
    action: String,
    /// The fields as they would be sent.
    pub fields: Vec<(String, String)>,
}

impl Form {
    /// Fills in a field; panics where the form has none of this name.
    #[must_use]
    pub fn fill(mut self, name: &str, value: &str) -> Self {
        let field = self.fields.iter_mut().find(|(own, _)| own == name);
        let (_, place) = field.unwrap_or_else(|| panic!("a form without the field {name}"));
        value.clone_into(place);
        self
    }

    /// Presses a button that sends a value of its own.
    #[must_use]
    pub fn press(mut self, name: &str, value: &str) -> Self {
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }
}

impl Page {
    /// The first form in whose markup `mark` stands; panics without one.
    pub fn form(&self, mark: &str) -> Form {
        let forms = self.body.split("<form").skip(1);
        let mut markups = forms.map(|rest| rest.split("</form>").next().unwrap_or(rest));
        let markup = markups
            .find(|markup| markup.contains(mark))
            .unwrap_or_else(|| panic!("no form with {mark} on {}: {}", self.target, self.body));
        let action = attribute(markup.split('>').next().unwrap(), "action").unwrap_or_else(|| self.target.clone());
        let inputs = markup
            .split("<input")
            .skip(1)
            .map(|rest| rest.split('>').next().unwrap());
        let named = inputs.filter_map(|input| {
            let ticked = attribute(input, "type").as_deref() != Some("checkbox") || input.contains("checked");
            let value = attribute(input, "value").unwrap_or_default();
            ticked.then_some((attribute(input, "name")?, value))
        });
        let areas = markup.split("<textarea").skip(1);
        let areas = areas.filter_map(|rest| Some((attribute(rest.split('>').next()?, "name")?, String::new())));
        Form {
            action,
            fields: named.chain(areas).collect(),
        }
    }
}

/// The value of an attribute in the markup of one tag.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    let value = rest.split('"').next()?;
    Some(unescaped(value))
}

/// The text that escapes of HTML stand for.
fn unescaped(text: &str) -> String {
    let named = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#34;", "\""),
        ("&#39;", "'"),
        ("&#60;", "<"),
        ("&#62;", ">"),
        ("&#38;", "&"),
        ("&amp;", "&"),
    ];
    named
        .into_iter()
        .fold(text.to_owned(), |text, (escape, letter)| text.replace(escape, letter))
}

impl Browser {
    /// A browser without cookies.
    pub fn new(server: SocketAddr) -> Self {
        let cookies = BTreeMap::new();
        Self { server, cookies }
    }

    /// Visits an address of the server, whole or as path and query, and follows redirects.
    pub fn visit(&mut self, address: &str) -> Place {
        let target = self
            .target_of(address)
            .unwrap_or_else(|| panic!("{address} is not at {}", self.server));
        let answer = self.exchange(Request::get(&target));
        self.follow(target, answer)
    }

    /// Sends a form and follows redirects.
    pub fn send(&mut self, form: &Form) -> Place {
        let target = self
            .target_of(&form.action)
            .unwrap_or_else(|| panic!("a form is sent to {}", form.action));
        let body = form_encoded(&form.fields);
        let request = Request::new("POST", &target)
            .field("Content-Type", "application/x-www-form-urlencoded")
            .field("Origin", &format!("http://{}", self.server))
            .body(&body);
        let answer = self.exchange(request);
        self.follow(target, answer)
    }

    /// The cookie of a name.
    pub fn cookie(&self, name: &str) -> Option<&str> {
        self.cookies.get(name).map(String::as_str)
    }

    fn follow(&mut self, target: String, answer: Response) -> Place {
        let (mut target, mut answer) = (target, answer);
        for _ in 0..REDIRECTS_MOST {
            let redirected = matches!(answer.status, 302 | 303);
            let Some(location) = answer.field("location").filter(|_| redirected).map(str::to_owned) else {
                let body = String::from_utf8_lossy(&answer.body).into_owned();
                let status = answer.status;
                return Place::Page(Page { status, target, body });
            };
            match self.target_of(&location) {
                None => return Place::Elsewhere(location),
                Some(next) => target = next,
            }
            answer = self.exchange(Request::get(&target));
        }
        panic!("more than {REDIRECTS_MOST} redirects in a row, the last to {target}")
    }

    fn exchange(&mut self, request: Request) -> Response {
        let cookies: Vec<String> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let request = match cookies.is_empty() {
            true => request,
            false => request.field("Cookie", &cookies.join("; ")),
        };
        let answer = exchange(self.server, &request);
        for line in answer.all("set-cookie") {
            let (name, rest) = line
                .split_once('=')
                .unwrap_or_else(|| panic!("a cookie without a value: {line}"));
            let value = rest.split(';').next().unwrap_or_default();
            if value.is_empty() || rest.to_ascii_lowercase().contains("max-age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        answer
    }

    /// Path and query of an address of the server; none for one elsewhere.
    fn target_of(&self, address: &str) -> Option<String> {
        let origin = format!("http://{}", self.server);
        let target = match address.strip_prefix(&origin) {
            Some(rest) => rest,
            None if address.starts_with('/') && !address.starts_with("//") => address,
            None => return None,
        };
        target.starts_with('/').then(|| target.to_owned())
    }
}

/// Pairs as a form sends them.
pub fn form_encoded(pairs: &[(impl AsRef<str>, impl AsRef<str>)]) -> String {
    let pairs = pairs
        .iter()
        .map(|(name, value)| format!("{}={}", escaped(name.as_ref()), escaped(value.as_ref())));
    pairs.collect::<Vec<_>>().join("&")
}

fn escaped(text: &str) -> String {
    let byte = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    text.bytes().map(byte).collect()
}
