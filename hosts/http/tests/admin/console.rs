//! A server on a real socket with two administrators' tokens, and requests to its admin API.

use std::io::{Read as _, Write as _};

use serde_json::Value;
use tollgate::{IssueAdminToken, Role};
use tollgate_http::Bounds;

use crate::support::running::Running;
use crate::support::{World, name};

/// A running server, and who administers it.
pub(crate) struct Console {
    pub(crate) world: World,
    pub(crate) server: Running,
    /// An administrator's token.
    pub(crate) token: String,
    /// A reader's.
    pub(crate) reader: String,
}

impl Console {
    pub(crate) fn start() -> Self {
        Self::of(World::new(), Bounds::default())
    }

    pub(crate) fn of(world: World, bounds: Bounds) -> Self {
        let issue = |who: &str, role| {
            let command = IssueAdminToken {
                name: name(who),
                role,
                expires_at: None,
            };
            world.run(command).token.expose().to_owned()
        };
        let (token, reader) = (issue("deploy", Role::Administrator), issue("watch", Role::Reader));
        let server = Running::start(&world, bounds);
        Self {
            world,
            server,
            token,
            reader,
        }
    }

    /// The same store behind a new server process's memory.
    pub(crate) fn restarted(mut self) -> Self {
        self.server.tell_to_stop();
        self.server.wait();
        self.server = Running::start(&self.world, Bounds::default());
        self
    }

    /// `METHOD PATH` below `/admin/v1`, with the administrator's token.
    pub(crate) fn call(&self, line: &str) -> Call<'_> {
        let call = self.bare(line);
        let token = format!("Bearer {}", self.token);
        call.field("authorization", &token)
    }

    /// The same without a token.
    pub(crate) fn bare(&self, line: &str) -> Call<'_> {
        let (method, path) = line.split_once(' ').unwrap();
        Call {
            server: &self.server,
            head: format!("{method} /admin/v1{path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n"),
            body: Vec::new(),
        }
    }

    /// A look that must succeed.
    pub(crate) fn look(&self, path: &str) -> Value {
        let told = self.call(&format!("GET {path}")).send();
        assert_eq!(told.status, 200, "{}", told.text);
        told.json()
    }
}

/// A request in the making.
pub(crate) struct Call<'c> {
    server: &'c Running,
    head: String,
    body: Vec<u8>,
}

impl Call<'_> {
    pub(crate) fn field(mut self, name: &str, value: &str) -> Self {
        self.head.push_str(&format!("{name}: {value}\r\n"));
        self
    }

    pub(crate) fn json(self, body: &str) -> Self {
        self.field("content-type", "application/json").body(body)
    }

    pub(crate) fn body(mut self, body: &str) -> Self {
        self.body = body.into();
        self
    }

    /// Sends it and waits for the answer.
    pub(crate) fn send(self) -> Told {
        let mut head = self.head;
        if !self.body.is_empty() {
            head.push_str(&format!("content-length: {}\r\n", self.body.len()));
        }
        head.push_str("\r\n");
        // In one packet: a refusal does not wait for a body, and the end of a connection takes back what was not read.
        let mut request = head.into_bytes();
        request.extend(self.body);
        let mut stream = self.server.connect();
        // The server may answer and close before it has read everything.
        let _ = stream.write_all(&request);
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).unwrap();
        Told::read(&String::from_utf8(bytes).unwrap())
    }

    /// Sends it, and expects a refusal of a kind.
    pub(crate) fn refused(self, status: u16, kind: &str) -> Told {
        let told = self.send();
        assert_eq!(told.status, status, "{}", told.text);
        told.accept_problem(kind);
        told
    }

    /// Sends it, and expects a record.
    pub(crate) fn done(self, status: u16) -> Told {
        let told = self.send();
        assert_eq!(told.status, status, "{}", told.text);
        assert_eq!(told.field("cache-control"), ["no-store"]);
        told
    }
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) status: u16,
    fields: Vec<(String, String)>,
    pub(crate) text: String,
}

impl Told {
    fn read(answer: &str) -> Self {
        let (head, text) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{answer:?}"));
        let mut lines = head.lines();
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let fields = lines.map(|line| line.split_once(": ").unwrap());
        Self {
            status,
            fields: fields
                .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
                .collect(),
            text: text.to_owned(),
        }
    }

    pub(crate) fn field(&self, name: &str) -> Vec<&str> {
        let found = self.fields.iter().filter(|(named, _)| named == name);
        found.map(|(_, value)| value.as_str()).collect()
    }

    /// The one line of a field.
    pub(crate) fn the(&self, name: &str) -> &str {
        let [value] = self.field(name)[..] else {
            panic!("one `{name}` in {self:?}")
        };
        value
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    pub(crate) fn accept_problem(&self, kind: &str) {
        assert_eq!(
            self.field("content-type"),
            ["application/problem+json"],
            "{}",
            self.text
        );
        assert_eq!(self.field("cache-control"), ["no-store"]);
        let json = self.json();
        assert_eq!(json["status"], self.status);
        assert_eq!(json["type"], format!("urn:tollgate:problem:{kind}"), "{}", self.text);
        for field in ["title", "detail"] {
            assert!(json[field].as_str().is_some_and(|words| !words.is_empty()), "{json}");
        }
    }
}
