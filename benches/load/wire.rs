//! Answers as they stand on the wire.

/// A whole answer at the beginning of `bytes`: its status and its length; none while it is not whole.
pub(crate) fn answer(bytes: &[u8]) -> Option<(u16, usize)> {
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

/// The bytes of a question to `/check` with a token.
pub(crate) fn check(token: &str) -> Vec<u8> {
    format!(
        "GET /check HTTP/1.1\r\nhost: tollgate\r\nx-forwarded-for: 127.0.0.1\r\nx-forwarded-method: GET\r\n\
         x-forwarded-uri: /orders?page=2\r\nauthorization: Bearer {token}\r\n\r\n"
    )
    .into_bytes()
}
