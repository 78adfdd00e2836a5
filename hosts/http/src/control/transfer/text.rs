//! The bytes of a CSV file on their way to its parser, which counts lines by line feeds and has no bound of its own.

use std::io::{self, BufRead, Read};

/// Every line that is read through this ends with one line feed, the last one too; the carriage return before it is left out.
pub(super) struct Text<R> {
    inner: R,
    /// A carriage return that was read and is only handed on if no line feed follows.
    held: bool,
    /// What was handed on last; a line feed at the beginning.
    last: u8,
    /// Bytes that may still be handed on before [`Text::allow`].
    left: usize,
}

impl<R: BufRead> Text<R> {
    pub(super) fn new(inner: R) -> Self {
        let (held, last, left) = (false, b'\n', usize::MAX);
        Self {
            inner,
            held,
            last,
            left,
        }
    }

    /// From here on about so many bytes are handed on.
    pub(super) fn allow(&mut self, bytes: usize) {
        self.left = bytes;
    }
}

impl<R: BufRead> Read for Text<R> {
    /// Needs room for two bytes at least.
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        loop {
            if self.left == 0 {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    "the row is too long: perhaps a quote is not closed",
                ));
            }
            let input = self.inner.fill_buf()?;
            let ends = input.is_empty();
            let (mut used, mut len) = (0, 0);
            let closing = (ends && self.last != b'\n').then_some(&b'\n');
            let most = (room.len() / 2).min(self.left);
            for byte in input.iter().chain(closing).take(most) {
                used += usize::from(!ends);
                let plain = self.held && *byte != b'\n';
                for byte in plain
                    .then_some(b'\r')
                    .into_iter()
                    .chain((*byte != b'\r').then_some(*byte))
                {
                    if let Some(slot) = room.get_mut(len) {
                        (*slot, len, self.last) = (byte, len + 1, byte);
                    }
                }
                self.held = *byte == b'\r';
            }
            self.inner.consume(used);
            self.left = self.left.saturating_sub(len);
            // Where all that was read is held back, nothing would look like the end.
            if len > 0 || ends {
                return Ok(len);
            }
        }
    }
}
