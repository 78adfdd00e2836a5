//! The bytes of a disk, in pages that images share until one of them writes. A thousand images of one disk cost little more
//! than one.

use std::io;
use std::sync::Arc;

const PAGE_LEN: usize = 4096;

type Page = [u8; PAGE_LEN];

/// What stands on a disk. Bytes that were never written are zero; no byte behind the end is anything else.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Image {
    len: u64,
    /// None where nothing was ever written: no room is taken there, as in a sparse file.
    pages: Vec<Option<Arc<Page>>>,
}

impl std::fmt::Debug for Image {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Image").field("len", &self.len).finish_non_exhaustive()
    }
}

impl Image {
    /// How many bytes there are.
    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    /// Copies the bytes at `offset` into `out`; fails past the end as a file does.
    pub(crate) fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        if offset + out.len() as u64 > self.len {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.read_padded(offset, out);
        Ok(())
    }

    /// Copies the bytes at `offset` into `out`, with zeros for what lies past the end.
    pub(crate) fn read_padded(&self, offset: u64, out: &mut [u8]) {
        for_each_part(offset, out.len(), |page, within, part| {
            let out = &mut out[part];
            match self.pages.get(page).and_then(Option::as_ref) {
                Some(page) => out.copy_from_slice(&page[within..within + out.len()]),
                None => out.fill(0),
            }
        });
    }

    /// Writes `bytes` at `offset`; past the end, the image becomes longer.
    pub(crate) fn write(&mut self, offset: u64, bytes: &[u8]) {
        self.len = self.len.max(offset + bytes.len() as u64);
        for_each_part(offset, bytes.len(), |page, within, part| {
            if self.pages.len() <= page {
                self.pages.resize(page + 1, None);
            }
            let page = Arc::make_mut(self.pages[page].get_or_insert_with(|| Arc::new([0; PAGE_LEN])));
            page[within..within + part.len()].copy_from_slice(&bytes[part]);
        });
    }

    /// Cuts the image, or makes it longer with zeros.
    pub(crate) fn set_len(&mut self, len: u64) {
        if len < self.len {
            let kept = (len as usize).div_ceil(PAGE_LEN);
            self.pages.truncate(kept);
            let within = len as usize % PAGE_LEN;
            if let Some(Some(last)) = self.pages.get_mut(len as usize / PAGE_LEN) {
                Arc::make_mut(last)[within..].fill(0);
            }
        }
        self.len = len;
    }

    /// Whether all of these bytes have room on the disk already, so that writing them again cannot fill it.
    pub(crate) fn has_room(&self, offset: u64, len: usize) -> bool {
        let mut all = true;
        for_each_part(offset, len, |page, _, _| {
            all &= matches!(self.pages.get(page), Some(Some(_)))
        });
        all
    }
}

/// Calls `f` with each page that the range touches: its number, where in it the part begins, which part of the range it is.
fn for_each_part(offset: u64, len: usize, mut f: impl FnMut(usize, usize, std::ops::Range<usize>)) {
    let mut done = 0;
    while done < len {
        let at = offset as usize + done;
        let within = at % PAGE_LEN;
        let part = (PAGE_LEN - within).min(len - done);
        f(at / PAGE_LEN, within, done..done + part);
        done += part;
    }
}

#[cfg(test)]
mod tests {
    use super::super::random::Random;
    use super::*;

    /// An image says what a plain vector of bytes would.
    #[test]
    fn an_image_is_a_vector_of_bytes() {
        let mut random = Random::new(7);
        let (mut image, mut plain) = (Image::default(), Vec::new());
        for round in 0..2_000 {
            if random.one_in(8) {
                let len = random.below(6 * PAGE_LEN);
                image.set_len(len as u64);
                plain.resize(len, 0);
            } else {
                let (offset, len) = (random.below(5 * PAGE_LEN), random.below(2 * PAGE_LEN));
                image.write(offset as u64, &vec![round as u8; len]);
                plain.resize(plain.len().max(offset + len), 0);
                plain[offset..offset + len].fill(round as u8);
            }
            let mut out = vec![0xee; plain.len()];
            image.read(0, &mut out).unwrap();
            assert!(out == plain, "round {round}");
        }
        assert_eq!(
            image.read(image.len(), &mut [0]).unwrap_err().kind(),
            io::ErrorKind::UnexpectedEof
        );
    }

    #[test]
    fn images_share_pages_until_one_writes() {
        let mut one = Image::default();
        one.write(0, b"before");
        let two = one.clone();
        one.write(0, b"after!");
        let mut out = [0; 6];
        two.read(0, &mut out).unwrap();
        assert_eq!(&out, b"before");
        assert_ne!(one, two);
        assert!(one.has_room(0, PAGE_LEN) && !one.has_room(0, PAGE_LEN + 1));
    }
}
