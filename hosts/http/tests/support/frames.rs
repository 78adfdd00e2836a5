//! A client that writes HTTP/2 frame by frame, and so can do what no library would.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

pub(crate) const DATA: u8 = 0;
pub(crate) const HEADERS: u8 = 1;
pub(crate) const RST_STREAM: u8 = 3;
pub(crate) const SETTINGS: u8 = 4;
pub(crate) const GOAWAY: u8 = 7;

/// The code of a stream that was refused before it was looked at, so that it may be tried again.
pub(crate) const REFUSED_STREAM: u32 = 7;

/// What came on a connection.
#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) kind: u8,
    pub(crate) stream: u32,
    pub(crate) payload: Vec<u8>,
}

impl Frame {
    /// The first four bytes of the payload as a number: the code of a reset.
    pub(crate) fn code(&self) -> u32 {
        u32::from_be_bytes(self.payload[..4].try_into().unwrap())
    }

    /// What a SETTINGS frame says of one setting.
    pub(crate) fn setting(&self, id: u16) -> Option<u32> {
        let mut settings = self.payload.chunks_exact(6);
        let found = settings.find(|setting| setting[..2] == id.to_be_bytes())?;
        Some(u32::from_be_bytes(found[2..].try_into().unwrap()))
    }
}

/// Sends the words with which HTTP/2 begins, and settings that change nothing.
pub(crate) fn begin(stream: &mut TcpStream) {
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").unwrap();
    send(stream, SETTINGS, 0, 0, &[]);
}

pub(crate) fn send(stream: &mut TcpStream, kind: u8, flags: u8, id: u32, payload: &[u8]) {
    let len = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut frame = len[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(id.to_be_bytes());
    frame.extend(payload);
    stream.write_all(&frame).unwrap();
}

/// Asks for a path; `fields` are names and values beyond those that every request has. Without a body the request is
/// whole.
pub(crate) fn ask(stream: &mut TcpStream, id: u32, method: &str, path: &str, fields: &[(&str, &str)], with_body: bool) {
    let mut block = Vec::new();
    let pseudo = [
        (":method", method),
        (":scheme", "http"),
        (":path", path),
        (":authority", "x"),
    ];
    for (name, value) in pseudo.iter().chain(fields) {
        // A literal that no table keeps.
        block.push(0);
        for text in [name, value] {
            let len = u8::try_from(text.len()).unwrap();
            assert!(len < 127, "longer lengths take more bytes");
            block.push(len);
            block.extend(text.as_bytes());
        }
    }
    let end_headers = 4;
    let end_stream = u8::from(!with_body);
    send(stream, HEADERS, end_headers | end_stream, id, &block);
}

/// The next frame; none where the server has closed.
pub(crate) fn next(stream: &mut TcpStream) -> Option<Frame> {
    let mut head = [0; 9];
    stream.read_exact(&mut head).ok()?;
    let mut payload = vec![0; usize::from(head[0]) << 16 | usize::from(head[1]) << 8 | usize::from(head[2])];
    stream.read_exact(&mut payload).ok()?;
    Some(Frame {
        kind: head[3],
        stream: u32::from_be_bytes(head[5..].try_into().unwrap()) & 0x7fff_ffff,
        payload,
    })
}

/// The next frame of one of these kinds.
pub(crate) fn next_of(stream: &mut TcpStream, kinds: &[u8]) -> Option<Frame> {
    loop {
        let frame = next(stream)?;
        if kinds.contains(&frame.kind) {
            return Some(frame);
        }
    }
}
