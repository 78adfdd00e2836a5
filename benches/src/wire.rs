//! Answers as they stand on the wire.

/// A whole answer at the beginning of `bytes`: its status and its length; none while it is not whole.
pub fn answer(bytes: &[u8]) -> Option<(u16, usize)> {
    let head = bytes.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let status = std::str::from_utf8(bytes.get(9..12)?).ok()?.parse().ok()?;
    let body = std::str::from_utf8(&bytes[..head]).ok()?.lines().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.parse::<usize>().ok())?
    });
    let len = head + body.unwrap_or(0);
    (bytes.len() >= len).then_some((status, len))
}
