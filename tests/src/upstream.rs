//! The application behind a proxy: it records what reaches it, and answers when it may.

use std::io::{self, BufRead as _, BufReader, Read, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;

use parking_lot::{Condvar, Mutex};

use crate::listener::listen;
use crate::wait::{self, PATIENCE};

/// One request as it arrived.
#[derive(Clone, Debug)]
pub struct Arrival {
    /// The method.
    pub method: String,
    /// The request target, byte for byte.
    pub target: String,
    /// Field lines, names in lower case.
    pub fields: Vec<(String, String)>,
    /// The body, where its length was announced.
    pub body: Vec<u8>,
}

impl Arrival {
    /// The values of all lines of the field `name`.
    pub fn all(&self, name: &str) -> Vec<&str> {
        let lines = self.fields.iter().filter(|(line, _)| line == name);
        lines.map(|(_, value)| value.as_str()).collect()
    }
}

/// An application that answers 200 to everything.
pub struct Upstream {
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
    held: bool,
}

impl Upstream {
    /// Starts listening on a port of its own.
    pub fn start() -> Self {
        let shared = Arc::<Shared>::default();
        let address = {
            let shared = Arc::clone(&shared);
            listen(move |stream| serve(&stream, &shared))
        };
        Self { address, shared }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What has arrived since the last call.
    pub fn take(&self) -> Vec<Arrival> {
        std::mem::take(&mut self.shared.state.lock().arrivals)
    }

    /// From now on requests arrive but are not answered.
    pub fn hold(&self) {
        self.shared.state.lock().held = true;
    }

    /// Answers what was held, and everything from now on.
    pub fn release(&self) {
        self.shared.state.lock().held = false;
        self.shared.changed.notify_all();
    }

    /// Waits until `count` requests have arrived since the last [`Upstream::take`].
    pub fn wait_for(&self, count: usize) {
        let what = format!("{count} requests have reached the upstream");
        wait::until(&what, PATIENCE, || {
            (self.shared.state.lock().arrivals.len() >= count).then_some(())
        });
    }
}

fn serve(stream: &TcpStream, shared: &Shared) -> io::Result<()> {
    let mut reader = BufReader::new(stream);
    loop {
        let Some(arrival) = arrival(&mut reader)? else {
            return Ok(());
        };
        {
            let mut state = shared.state.lock();
            state.arrivals.push(arrival);
            while state.held {
                shared.changed.wait(&mut state);
            }
        }
        let mut writer = stream;
        writer.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\nX-Upstream: reached\r\n\r\nupstream")?;
    }
}

/// The next request of a connection; none where it ends.
pub(crate) fn arrival(reader: &mut BufReader<impl Read>) -> io::Result<Option<Arrival>> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        let line = line.trim_end_matches(['\r', '\n']).to_owned();
        if line.is_empty() {
            break;
        }
        lines.push(line);
    }
    let mut words = lines.first().into_iter().flat_map(|line| line.split(' '));
    let mut word = || words.next().unwrap_or_default().to_owned();
    let (method, target) = (word(), word());
    let fields = lines.iter().skip(1).filter_map(|line| line.split_once(':'));
    let fields: Vec<_> = fields
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let mut arrival = Arrival {
        method,
        target,
        fields,
        body: Vec::new(),
    };
    let len: u64 = arrival
        .all("content-length")
        .first()
        .map_or(0, |len| len.parse().unwrap());
    reader.take(len).read_to_end(&mut arrival.body)?;
    Ok(Some(arrival))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::{Request, exchange};

    #[test]
    fn what_arrives_is_recorded_as_it_came() {
        let upstream = Upstream::start();
        let request = Request::new("POST", "//a/../b?c")
            .field("X-A", "1")
            .field("x-a", "2")
            .body("four");
        assert_eq!(exchange(upstream.address(), &request).body, b"upstream");
        let arrivals = upstream.take();
        assert_eq!(arrivals.len(), 1);
        assert_eq!(
            (arrivals[0].method.as_str(), arrivals[0].target.as_str()),
            ("POST", "//a/../b?c")
        );
        assert_eq!(arrivals[0].all("x-a"), ["1", "2"]);
        assert_eq!(arrivals[0].body, b"four");
        assert_eq!(upstream.take().len(), 0);
    }
}
