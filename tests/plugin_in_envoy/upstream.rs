//! The application behind the proxy, which keeps every byte of a head that reaches it and answers when it may.

use std::collections::BTreeMap;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::Arc;

use parking_lot::{Condvar, Mutex};
use tollgate_tests::http::Connection;
use tollgate_tests::listener::listen;
use tollgate_tests::wait::{self, PATIENCE};

/// A request with this field is held under its value until [`Upstream::release`] or [`Upstream::reset`].
pub(crate) const HOLD: &str = "x-test-hold";

/// One request as it arrived.
#[derive(Clone)]
pub(crate) struct Arrival {
    pub(crate) line: String,
    /// Names as they came, and values.
    pub(crate) fields: Vec<(Vec<u8>, Vec<u8>)>,
    pub(crate) body: Vec<u8>,
}

impl Arrival {
    /// The values of all lines of the field `name`, in whatever case it came.
    pub(crate) fn all(&self, name: &str) -> Vec<&[u8]> {
        let lines = self
            .fields
            .iter()
            .filter(|(line, _)| line.eq_ignore_ascii_case(name.as_bytes()));
        lines.map(|(_, value)| value.as_slice()).collect()
    }

    /// The value of the one line of the field `name`, as text.
    pub(crate) fn one(&self, name: &str) -> String {
        let all = self.all(name);
        assert_eq!(all.len(), 1, "{name} of {:?}", self.line);
        String::from_utf8(all[0].to_vec()).unwrap()
    }
}

/// An application that answers 200.
pub(crate) struct Upstream {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    arrivals: Vec<Arrival>,
    /// What is held, and whether it is to be answered or cut off once it is not.
    held: BTreeMap<String, Held>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Held {
    Waits,
    IsAnswered,
    IsCut,
}

impl Upstream {
    pub(crate) fn start() -> Self {
        let shared = Arc::<Shared>::default();
        let address = {
            let shared = Arc::clone(&shared);
            listen(move |stream| serve(&stream, &shared))
        };
        Self { address, shared }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// What has arrived since the last call.
    pub(crate) fn take(&self) -> Vec<Arrival> {
        std::mem::take(&mut self.shared.state.lock().arrivals)
    }

    /// Waits until the request on `connection` is held under `label`, and answers false where it is answered instead.
    pub(crate) fn is_held(&self, label: &str, connection: &mut Connection) -> bool {
        let what = format!("a request is held under {label}, or answered");
        wait::until(&what, PATIENCE, || {
            let is_held = self.shared.state.lock().held.contains_key(label);
            (is_held || !connection.is_silent()).then_some(is_held)
        })
    }

    /// Answers what is held under `label`.
    pub(crate) fn release(&self, label: &str) {
        self.end(label, Held::IsAnswered);
    }

    /// Closes the connection of what is held under `label`, without an answer.
    pub(crate) fn reset(&self, label: &str) {
        self.end(label, Held::IsCut);
    }

    fn end(&self, label: &str, how: Held) {
        let mut state = self.shared.state.lock();
        *state
            .held
            .get_mut(label)
            .unwrap_or_else(|| panic!("nothing is held under {label}")) = how;
        self.shared.changed.notify_all();
    }
}

fn serve(stream: &TcpStream, shared: &Shared) -> io::Result<()> {
    let mut reader = BufReader::new(stream);
    while let Some(arrival) = read(&mut reader)? {
        let label = arrival
            .all(HOLD)
            .first()
            .map(|label| String::from_utf8(label.to_vec()).unwrap());
        let mut state = shared.state.lock();
        state.arrivals.push(arrival);
        if let Some(label) = label {
            state.held.insert(label.clone(), Held::Waits);
            while state.held[&label] == Held::Waits {
                shared.changed.wait(&mut state);
            }
            if state.held.remove(&label) == Some(Held::IsCut) {
                return stream.shutdown(Shutdown::Both);
            }
        }
        drop(state);
        let mut writer = stream;
        writer.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\nX-Upstream: reached\r\n\r\nupstream")?;
    }
    Ok(())
}

/// The next request of a connection; none where it ends.
fn read(reader: &mut BufReader<&TcpStream>) -> io::Result<Option<Arrival>> {
    let mut lines = Vec::new();
    loop {
        let line = line(reader)?;
        match line {
            None => return Ok(None),
            Some(line) if line.is_empty() => break,
            Some(line) => lines.push(line),
        }
    }
    let fields = lines.iter().skip(1).filter_map(|line| {
        let colon = line.iter().position(|byte| *byte == b':')?;
        Some((line[..colon].to_vec(), line[colon + 1..].trim_ascii().to_vec()))
    });
    let mut arrival = Arrival {
        line: String::from_utf8_lossy(&lines[0]).into_owned(),
        fields: fields.collect(),
        body: Vec::new(),
    };
    if arrival.all("transfer-encoding") == [b"chunked"] {
        while let Some(size) = line(reader)? {
            let size = u64::from_str_radix(std::str::from_utf8(&size).unwrap(), 16).unwrap();
            reader.take(size).read_to_end(&mut arrival.body)?;
            line(reader)?;
            if size == 0 {
                break;
            }
        }
    } else if let [len] = arrival.all("content-length").as_slice() {
        let len = std::str::from_utf8(len).unwrap().parse().unwrap();
        reader.take(len).read_to_end(&mut arrival.body)?;
    }
    Ok(Some(arrival))
}

fn line(reader: &mut BufReader<&TcpStream>) -> io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    reader.read_until(b'\n', &mut line)?;
    while line.last().is_some_and(|byte| matches!(byte, b'\r' | b'\n')) {
        line.pop();
        if line.is_empty() {
            return Ok(Some(line));
        }
    }
    Ok((!line.is_empty()).then_some(line))
}
