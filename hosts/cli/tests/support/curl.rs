//! The line that a trial prints, read and run.

use super::server::exchange;

/// What the printed line asks: the URL's address and path, and its header field.
pub(crate) struct Curl {
    pub(crate) address: String,
    pub(crate) path: String,
    pub(crate) field: String,
}

impl Curl {
    pub(crate) fn read(text: &str) -> Self {
        let line = text.lines().find(|line| line.trim().starts_with("curl ")).unwrap();
        let field = line.split('\'').nth(1).unwrap().to_owned();
        let url = line.split("http://").nth(1).unwrap();
        let (address, path) = url.split_once('/').unwrap();
        assert!(line.contains("-H"), "{line}");
        Self {
            address: address.to_owned(),
            path: format!("/{path}"),
            field,
        }
    }

    pub(crate) fn run(&self, fields: &str) -> (u16, String) {
        let Self { address, path, .. } = self;
        exchange(
            address.parse().unwrap(),
            &format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n{fields}\r\n"),
        )
    }
}
