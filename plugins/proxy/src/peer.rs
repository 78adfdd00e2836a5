//! The address of the client, as the proxy knows it: its own settings say which forwarded addresses it believes.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use tollgate_core::LiveView;

use crate::door;

/// The address that this request came from. Where no rule asks for one, any will do, and the proxy is not asked: that would cost
/// more than the check. None where it is not known, which no rule trusts.
pub(crate) fn peer(view: &LiveView) -> Option<IpAddr> {
    if !view.address_matters() {
        return Some(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
    }
    address()
}

/// The address that this request came from, as far as the proxy knows it.
pub(crate) fn address() -> Option<IpAddr> {
    let text = door::property(b"source\0address").ok()??;
    let address = read(&text);
    door::keep(text);
    address
}

/// Proxies write the port behind the address, or leave it away.
fn read(text: &[u8]) -> Option<IpAddr> {
    let text = str::from_utf8(text).ok()?;
    let with_port = text.parse::<SocketAddr>().map(|address| address.ip());
    with_port.or_else(|_| text.parse()).ok()
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn addresses_come_with_and_without_ports() {
        for (text, expected) in [
            ("192.0.2.1:80", Some("192.0.2.1")),
            ("192.0.2.1", Some("192.0.2.1")),
            ("[2001:db8::1]:443", Some("2001:db8::1")),
            ("2001:db8::1", Some("2001:db8::1")),
            ("", None),
            ("/run/socket", None),
            ("192.0.2.1:80:90", None),
        ] {
            assert_eq!(
                read(text.as_bytes()),
                expected.map(|text| text.parse().unwrap()),
                "{text}"
            );
        }
        assert_eq!(read(b"\xff"), None);
    }
}
