//! Questions as they stand on the wire.

/// The bytes of a question to `/check` with a token.
pub(crate) fn check(token: &str) -> Vec<u8> {
    format!(
        "GET /check HTTP/1.1\r\nhost: tollgate\r\nx-forwarded-for: 127.0.0.1\r\nx-forwarded-method: GET\r\n\
         x-forwarded-uri: /orders?page=2\r\nauthorization: Bearer {token}\r\n\r\n"
    )
    .into_bytes()
}
