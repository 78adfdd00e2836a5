//! Header fields as the proxy serialises them, read in place.
//!
//! Number of pairs, then the lengths of each name and value, all in four bytes little-endian, then each name and value with a
//! zero byte behind it.

/// Pairs that are known to lie within their bytes.
#[derive(Clone, Copy)]
pub(crate) struct Pairs<'a> {
    lengths: &'a [[u8; 8]],
    texts: &'a [u8],
}

impl<'a> Pairs<'a> {
    /// None where the lengths do not lead exactly to the end.
    pub(crate) fn read(bytes: &'a [u8]) -> Option<Self> {
        let Some((count, rest)) = bytes.split_first_chunk::<4>() else {
            return bytes.is_empty().then_some(Self {
                lengths: &[],
                texts: &[],
            });
        };
        let len = usize::try_from(u32::from_le_bytes(*count)).ok()?.checked_mul(8)?;
        let (lengths, texts) = rest.split_at_checked(len)?;
        let (lengths, _) = lengths.as_chunks::<8>();
        Some(Self { lengths, texts })
    }

    /// Name and value of each, in order; ends early where a length leads beyond the end.
    pub(crate) fn iter(self) -> impl Iterator<Item = (&'a [u8], &'a [u8])> {
        let mut rest = self.texts;
        let mut text = move |len: [u8; 4]| {
            let (text, after) = rest.split_at_checked(u32::from_le_bytes(len) as usize)?;
            rest = after.split_first()?.1;
            Some(text)
        };
        self.lengths.iter().map_while(move |[a, b, c, d, e, f, g, h]| {
            let name = text([*a, *b, *c, *d])?;
            let value = text([*e, *f, *g, *h])?;
            Some((name, value))
        })
    }

    /// How many there are to be. Where [`Pairs::iter`] gives fewer, something is missing.
    pub(crate) fn len(self) -> usize {
        self.lengths.len()
    }
}

/// Writes pairs as the proxy reads them. Lengths beyond 32 bits do not occur.
pub(crate) fn write(pairs: &[(&str, &str)]) -> Vec<u8> {
    let number = |len: usize| u32::try_from(len).unwrap_or(0).to_le_bytes();
    let mut out = Vec::with_capacity(256);
    out.extend_from_slice(&number(pairs.len()));
    for (name, value) in pairs {
        out.extend_from_slice(&number(name.len()));
        out.extend_from_slice(&number(value.len()));
    }
    for (name, value) in pairs {
        for text in [name, value] {
            out.extend_from_slice(text.as_bytes());
            out.push(0);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        for pairs in [
            &[][..],
            &[("a", "")][..],
            &[(":path", "/x"), ("name", "value"), ("name", "other")][..],
        ] {
            let bytes = write(pairs);
            let read = Pairs::read(&bytes).unwrap();
            let expected: Vec<_> = pairs
                .iter()
                .map(|(name, value)| (name.as_bytes(), value.as_bytes()))
                .collect();
            assert_eq!(read.iter().collect::<Vec<_>>(), expected);
            assert_eq!(read.len(), pairs.len());
        }
        assert_eq!(Pairs::read(&[]).unwrap().iter().count(), 0);
    }

    /// However the bytes are cut or changed, reading them ends and says that something is missing.
    #[test]
    fn what_is_cut_is_not_whole() {
        let bytes = write(&[("name", "value"), ("other", "thing")]);
        for len in 1..bytes.len() {
            assert!(
                Pairs::read(&bytes[..len]).is_none_or(|read| read.iter().count() < read.len()),
                "{len}"
            );
        }
        let mut many = bytes;
        many[0..4].copy_from_slice(&u32::MAX.to_le_bytes());
        assert!(Pairs::read(&many).is_none());
    }
}
