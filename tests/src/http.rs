//! A small HTTP/1.1 client that sends exactly the bytes it is given.
//!
//! Libraries repair what they send; these tests are about what happens to requests that nobody repaired.

use std::fmt;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{IpAddr, SocketAddr, TcpStream};

use socket2::{Domain, Socket, Type};

use crate::wait::PATIENCE;

/// The bytes of one request.
#[derive(Clone, Debug)]
pub struct Request {
    line: String,
    fields: String,
    body: String,
}

impl Request {
    /// `METHOD TARGET HTTP/1.1` with a host. Nothing is escaped.
    pub fn new(method: &str, target: &str) -> Self {
        Self {
            line: format!("{method} {target} HTTP/1.1\r\n"),
            fields: "Host: upstream.example\r\n".to_owned(),
            body: String::new(),
        }
    }

    /// [`Request::new`] with GET.
    pub fn get(target: &str) -> Self {
        Self::new("GET", target)
    }

    /// Adds one field line, repeated names included.
    #[must_use]
    pub fn field(mut self, name: &str, value: &str) -> Self {
        self.fields.push_str(&format!("{name}: {value}\r\n"));
        self
    }

    /// `Authorization: Bearer`.
    #[must_use]
    pub fn bearer(self, token: &str) -> Self {
        self.field("Authorization", &format!("Bearer {token}"))
    }

    /// Adds a body and its length.
    #[must_use]
    pub fn body(self, body: &str) -> Self {
        let mut this = self.field("Content-Length", &body.len().to_string());
        this.body = body.to_owned();
        this
    }

    /// Whether a `Connection` field stands in it, by which a client can ask that other fields go no further.
    pub fn nominates(&self) -> bool {
        self.fields.lines().any(|line| line.starts_with("Connection: "))
    }

    /// What is sent.
    pub fn bytes(&self) -> Vec<u8> {
        format!("{}{}\r\n{}", self.line, self.fields, self.body).into_bytes()
    }
}

/// One whole answer.
#[derive(Clone, Debug)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// Field lines, names in lower case.
    pub fields: Vec<(String, String)>,
    /// The body, without its framing.
    pub body: Vec<u8>,
}

impl Response {
    /// The value of the field `name` where it has exactly one line.
    pub fn field(&self, name: &str) -> Option<&str> {
        let mut lines = self.fields.iter().filter(|(line, _)| line == name);
        let value = lines.next()?.1.as_str();
        lines.next().is_none().then_some(value)
    }

    /// The values of all lines of the field `name`.
    pub fn all(&self, name: &str) -> Vec<&str> {
        let lines = self.fields.iter().filter(|(line, _)| line == name);
        lines.map(|(_, value)| value.as_str()).collect()
    }
}

/// Why there is no whole answer.
#[derive(Debug)]
pub enum Broken {
    /// Nobody accepted the connection.
    Unreachable(io::Error),
    /// The connection ended before the first byte of an answer.
    Unanswered(Option<io::Error>),
    /// The connection ended, or what came made no sense, after an answer had begun.
    Cut(String),
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable(error) => write!(f, "no connection: {error}"),
            Self::Unanswered(Some(error)) => write!(f, "no answer: {error}"),
            Self::Unanswered(None) => f.write_str("no answer: the connection was closed"),
            Self::Cut(what) => write!(f, "half an answer: {what}"),
        }
    }
}

/// One connection, on which requests follow each other.
pub struct Connection {
    stream: BufReader<TcpStream>,
}

impl Connection {
    /// Connects to `to`.
    pub fn open(to: SocketAddr) -> Result<Self, Broken> {
        Self::wrap(TcpStream::connect_timeout(&to, PATIENCE))
    }

    /// Connects to `to` from `source`, which on Linux may be any address of 127.0.0.0/8.
    pub fn open_from(source: IpAddr, to: SocketAddr) -> Result<Self, Broken> {
        Self::wrap((|| {
            let socket = Socket::new(Domain::for_address(to), Type::STREAM, None)?;
            socket.bind(&SocketAddr::from((source, 0)).into())?;
            socket.connect_timeout(&to.into(), PATIENCE)?;
            Ok(socket.into())
        })())
    }

    fn wrap(stream: io::Result<TcpStream>) -> Result<Self, Broken> {
        let stream = stream.map_err(Broken::Unreachable)?;
        stream.set_nodelay(true).map_err(Broken::Unreachable)?;
        stream.set_read_timeout(Some(PATIENCE)).map_err(Broken::Unreachable)?;
        Ok(Self {
            stream: BufReader::new(stream),
        })
    }

    /// Sends `request` and reads the answer.
    pub fn send(&mut self, request: &Request) -> Result<Response, Broken> {
        // Whoever refuses early may close before all is sent, and the answer is still there to be read.
        let sent = self.stream.get_mut().write_all(&request.bytes());
        self.read(request.line.starts_with("HEAD "))
            .map_err(|broken| match (broken, sent) {
                (Broken::Unanswered(None), Err(error)) => Broken::Unanswered(Some(error)),
                (broken, _) => broken,
            })
    }

    /// Sends bytes that need not be a request, nor a whole one.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), Broken> {
        let sent = self.stream.get_mut().write_all(bytes);
        sent.map_err(|error| Broken::Unanswered(Some(error)))
    }

    /// Whether nothing has come that was not read, and the other end has not closed.
    pub fn is_silent(&mut self) -> bool {
        let stream = self.stream.get_ref();
        stream.set_nonblocking(true).unwrap();
        let come = self.stream.fill_buf().map(<[u8]>::len);
        self.stream.get_ref().set_nonblocking(false).unwrap();
        come.is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock)
    }

    /// Reads the next answer, which has no body where the request was a HEAD.
    pub fn read(&mut self, is_head: bool) -> Result<Response, Broken> {
        let first = self
            .stream
            .fill_buf()
            .map_err(|error| Broken::Unanswered(Some(error)))?;
        if first.is_empty() {
            return Err(Broken::Unanswered(None));
        }
        self.read_final(is_head).map_err(|error| Broken::Cut(error.to_string()))
    }

    /// The next answer that is not an interim one.
    fn read_final(&mut self, is_head: bool) -> io::Result<Response> {
        loop {
            let response = self.read_one(is_head)?;
            if response.status >= 200 {
                return Ok(response);
            }
        }
    }

    fn read_one(&mut self, is_head: bool) -> io::Result<Response> {
        let odd = |what: &str| io::Error::other(what.to_owned());
        let line = self.line()?;
        let status = line.split(' ').nth(1).and_then(|code| code.parse().ok());
        let status = status.ok_or_else(|| odd(&line))?;
        let mut fields = Vec::new();
        loop {
            let line = self.line()?;
            if line.is_empty() {
                break;
            }
            let (name, value) = line.split_once(':').ok_or_else(|| odd(&line))?;
            fields.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        let mut response = Response {
            status,
            fields,
            body: Vec::new(),
        };
        if !is_head && status >= 200 && !matches!(status, 204 | 304) {
            response.body = self.framed(&response)?;
        }
        Ok(response)
    }

    fn framed(&mut self, response: &Response) -> io::Result<Vec<u8>> {
        let mut body = Vec::new();
        if response.field("transfer-encoding") == Some("chunked") {
            loop {
                let size = self.line()?;
                let size = usize::from_str_radix(&size, 16).map_err(io::Error::other)?;
                let begin = body.len();
                body.resize(begin + size, 0);
                self.stream.read_exact(&mut body[begin..])?;
                self.line()?;
                if size == 0 {
                    return Ok(body);
                }
            }
        } else if let Some(len) = response.field("content-length") {
            body.resize(len.parse().map_err(io::Error::other)?, 0);
            self.stream.read_exact(&mut body)?;
        } else {
            self.stream.read_to_end(&mut body)?;
        }
        Ok(body)
    }

    fn line(&mut self) -> io::Result<String> {
        let mut line = Vec::new();
        self.stream.read_until(b'\n', &mut line)?;
        if line.pop() != Some(b'\n') {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let text = String::from_utf8(line).map_err(io::Error::other)?;
        Ok(text.trim_end_matches('\r').to_owned())
    }
}

/// Sends `request` on a connection of its own and reads the whole answer.
pub fn exchange(to: SocketAddr, request: &Request) -> Response {
    whole(Connection::open(to), request)
}

/// [`exchange`] from the address `source`.
pub fn exchange_from(source: IpAddr, to: SocketAddr, request: &Request) -> Response {
    whole(Connection::open_from(source, to), request)
}

fn whole(connection: Result<Connection, Broken>, request: &Request) -> Response {
    connection
        .and_then(|mut connection| connection.send(request))
        .unwrap_or_else(|broken| panic!("{broken}, to {request:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;
    use std::thread;

    /// What a client makes of `answer`, after which the connection closes.
    fn answered(answer: &'static str) -> Result<Response, Broken> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut head = [0; 1024];
            let _ = stream.read(&mut head).unwrap();
            stream.write_all(answer.as_bytes()).unwrap();
        });
        let answer = Connection::open(address)?.send(&Request::get("/"));
        server.join().unwrap();
        answer
    }

    #[test]
    fn every_framing_of_a_whole_answer_is_read() {
        for answer in [
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\no\r\n1\r\nk\r\n0\r\n\r\n",
            "HTTP/1.1 200 OK\r\n\r\nok",
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
        ] {
            assert_eq!(answered(answer).unwrap().body, b"ok", "{answer}");
        }
    }

    #[test]
    fn no_answer_and_half_an_answer_are_told_apart() {
        assert!(matches!(answered(""), Err(Broken::Unanswered(None))));
        for half in [
            "HTTP/1.1 2",
            "HTTP/1.1 200 OK\r\nContent-Len",
            "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\no\r\n",
        ] {
            assert!(matches!(answered(half), Err(Broken::Cut(_))), "{half}");
        }
    }
}
