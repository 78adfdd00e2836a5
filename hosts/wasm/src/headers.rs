//! Header maps, and the form in which they cross into the guest and back.

use std::fmt;

use thiserror::Error;

/// A host takes no more pairs than this from a guest at a time.
pub const PAIRS_MOST: usize = 1_024;
/// Nor more bytes.
const BYTES_MOST: usize = 1024 * 1024;

/// Names and values in order. Names are in small letters, as HTTP/2 has them; a value may be any bytes.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Headers {
    pairs: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Headers {
    /// No fields at all.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a field behind the others.
    pub fn add(&mut self, name: impl AsRef<[u8]>, value: impl AsRef<[u8]>) {
        self.pairs
            .push((name.as_ref().to_ascii_lowercase(), value.as_ref().to_vec()));
    }

    /// The same, for a whole map in one expression.
    #[must_use]
    pub fn with(mut self, name: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> Self {
        self.add(name, value);
        self
    }

    /// Takes every field of this name away.
    pub fn remove(&mut self, name: impl AsRef<[u8]>) {
        let name = name.as_ref();
        self.pairs.retain(|(other, _)| !other.eq_ignore_ascii_case(name));
    }

    /// The value of the first field of this name.
    pub fn first(&self, name: impl AsRef<[u8]>) -> Option<&[u8]> {
        let name = name.as_ref();
        let found = self.iter().find(|(other, _)| other.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value)
    }

    /// The values of all fields of this name, in order.
    pub fn all<'a>(&'a self, name: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
        self.iter()
            .filter(move |(other, _)| other.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    /// All fields, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&[u8], &[u8])> {
        self.pairs
            .iter()
            .map(|(name, value)| (name.as_slice(), value.as_slice()))
    }

    /// How many fields there are.
    pub fn len(&self) -> usize {
        self.pairs.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// The number of pairs, the two lengths of each, and then each name and value with a NUL behind it; nothing for no pairs.
    pub fn to_wire(&self) -> Vec<u8> {
        let mut wire = Vec::new();
        if self.is_empty() {
            return wire;
        }
        wire.extend(length(self.len()));
        for (name, value) in self.iter() {
            wire.extend(length(name.len()));
            wire.extend(length(value.len()));
        }
        for part in self.iter().flat_map(|(name, value)| [name, value]) {
            wire.extend(part);
            wire.push(0);
        }
        wire
    }

    /// Reads what [`Headers::to_wire`] wrote, within the bounds that hosts set to what a guest hands over.
    pub fn from_wire(wire: &[u8]) -> Result<Self, PairsError> {
        if wire.is_empty() {
            return Ok(Self::new());
        }
        if wire.len() > BYTES_MOST {
            return Err(PairsError::TooLong { bytes: wire.len() });
        }
        let mut rest = Rest(wire);
        let count = rest.length()?;
        if count > PAIRS_MOST {
            return Err(PairsError::TooMany { count });
        }
        let lengths = (0..count).map(|_| Ok((rest.length()?, rest.length()?)));
        let lengths = lengths.collect::<Result<Vec<_>, PairsError>>()?;
        let mut headers = Self::new();
        for (name, value) in lengths {
            let (name, value) = (rest.text(name)?, rest.text(value)?);
            headers.add(name, value);
        }
        if rest.0.is_empty() {
            Ok(headers)
        } else {
            Err(PairsError::Malformed)
        }
    }
}

impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        f.debug_list()
            .entries(self.iter().map(|(name, value)| (text(name), text(value))))
            .finish()
    }
}

/// Why a serialised map could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum PairsError {
    /// More pairs than a host takes.
    #[error("{count} pairs came, a host takes {PAIRS_MOST}: send fewer")]
    TooMany {
        /// How many came.
        count: usize,
    },
    /// More bytes than a host takes.
    #[error("{bytes} bytes of pairs came, a host takes {BYTES_MOST}: send less")]
    TooLong {
        /// How many came.
        bytes: usize,
    },
    /// The lengths do not fit the bytes, or a NUL is missing.
    #[error("these are no pairs: the lengths must cover the bytes exactly, a NUL behind each name and value")]
    Malformed,
}

struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn length(&mut self) -> Result<usize, PairsError> {
        let (bytes, rest) = self.0.split_first_chunk().ok_or(PairsError::Malformed)?;
        self.0 = rest;
        usize::try_from(u32::from_le_bytes(*bytes)).map_err(|_| PairsError::Malformed)
    }

    fn text(&mut self, length: usize) -> Result<&'a [u8], PairsError> {
        let (text, rest) = self.0.split_at_checked(length).ok_or(PairsError::Malformed)?;
        self.0 = rest.strip_prefix(&[0]).ok_or(PairsError::Malformed)?;
        Ok(text)
    }
}

/// Lengths beyond 32 bits cannot cross; no test makes such a map.
fn length(bytes: usize) -> [u8; 4] {
    u32::try_from(bytes).unwrap_or(u32::MAX).to_le_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two() -> Headers {
        Headers::new().with("A", "bc").with("d", [0xff, 0])
    }

    #[test]
    fn the_form_on_the_wire_is_that_of_the_specification() {
        let wire = b"\x02\0\0\0\x01\0\0\0\x02\0\0\0\x01\0\0\0\x02\0\0\0a\0bc\0d\0\xff\0\0";
        assert_eq!(two().to_wire(), wire);
        assert_eq!(Headers::from_wire(wire), Ok(two()));
        assert_eq!(Headers::new().to_wire(), b"");
        assert_eq!(Headers::from_wire(b""), Ok(Headers::new()));
    }

    #[test]
    fn what_is_cut_off_or_too_long_is_refused() {
        let wire = two().to_wire();
        for end in 1..wire.len() {
            assert_eq!(Headers::from_wire(&wire[..end]), Err(PairsError::Malformed), "{end}");
        }
        let more = [wire.as_slice(), b"x"].concat();
        assert_eq!(Headers::from_wire(&more), Err(PairsError::Malformed));
        let many = |count| (0..count).fold(Headers::new(), |headers, _| headers.with("a", "b"));
        assert_eq!(
            Headers::from_wire(&many(1_024).to_wire()).map(|headers| headers.len()),
            Ok(1_024)
        );
        assert_eq!(
            Headers::from_wire(&many(1_025).to_wire()),
            Err(PairsError::TooMany { count: 1_025 })
        );
    }

    #[test]
    fn names_are_compared_without_regard_to_case() {
        let mut headers = two().with("D", "e");
        assert_eq!(headers.all(b"D").count(), 2);
        headers.remove("D");
        assert_eq!(headers.first("a"), Some(b"bc".as_slice()));
        assert_eq!(headers.len(), 1);
    }
}
