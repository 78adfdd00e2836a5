//! Ports for processes that cannot be asked which one they were given.
//!
//! They lie below the range from which the system takes ports for outgoing connections, so that only another test that
//! begins at the same moment can be faster. Who starts a process must therefore be ready to take the next port.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::process;

use parking_lot::Mutex;

const FIRST: u16 = 20_000;
const COUNT: u16 = 12_000;

/// Where this process looks next.
static NEXT: Mutex<Option<u16>> = Mutex::new(None);

/// A loopback address that nobody listened on a moment ago, another one at each call.
pub fn free_address() -> SocketAddr {
    for _ in 0..COUNT {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, step()));
        if TcpListener::bind(address).is_ok() {
            return address;
        }
    }
    panic!("expected a free port from {FIRST} on, but {COUNT} of them are taken");
}

fn step() -> u16 {
    let mut next = NEXT.lock();
    // Processes that run side by side begin far from each other.
    let begin = || u16::try_from(process::id().wrapping_mul(61) % u32::from(COUNT)).unwrap();
    let offset = next.map_or_else(begin, |offset| (offset + 1) % COUNT);
    *next = Some(offset);
    FIRST + offset
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_call_finds_another_port_and_passes_over_taken_ones() {
        let one = free_address();
        let taken = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, one.port() + 1)));
        let other = free_address();
        assert_ne!(one, other);
        if taken.is_ok() {
            assert_ne!(other.port(), one.port() + 1);
        }
    }
}
