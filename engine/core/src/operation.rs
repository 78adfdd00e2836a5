//! The four groups of methods that a user may be allowed.

use core::fmt;
use core::str::FromStr;

/// A group of HTTP methods. They stand for SELECT, INSERT, UPDATE and DELETE on data behind an API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Operation {
    /// GET and HEAD.
    Get = 1,
    /// POST.
    Post = 2,
    /// PUT, PATCH and MERGE.
    Put = 4,
    /// DELETE.
    Delete = 8,
}

impl Operation {
    /// All four, in the order in which they are written.
    pub const ALL: [Self; 4] = [Self::Get, Self::Post, Self::Put, Self::Delete];

    /// The group of a request's method. Methods are case-sensitive (RFC 9110 section 9.1); one outside the four groups
    /// has none, and is refused.
    pub fn of_method(method: &[u8]) -> Option<Self> {
        match method {
            b"GET" | b"HEAD" => Some(Self::Get),
            b"POST" => Some(Self::Post),
            b"PUT" | b"PATCH" | b"MERGE" => Some(Self::Put),
            b"DELETE" => Some(Self::Delete),
            _ => None,
        }
    }

    /// The name by which people write this group.
    pub fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }
}

/// The groups that a user is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct OperationSet(u8);

impl OperationSet {
    /// No method at all.
    pub const NONE: Self = Self(0);
    /// All four groups.
    pub const ALL: Self = Self(15);

    /// A set from its bits (GET 1, POST 2, PUT 4, DELETE 8); bits beyond those are dropped.
    pub const fn from_bits(bits: u8) -> Self {
        Self(bits & 15)
    }

    /// The bits of [`OperationSet::from_bits`].
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// This set and `operation`.
    #[must_use]
    pub const fn with(self, operation: Operation) -> Self {
        Self(self.0 | operation as u8)
    }

    /// Whether `operation` is in this set.
    pub const fn contains(self, operation: Operation) -> bool {
        self.0 & operation as u8 != 0
    }

    /// The members, in the order of [`Operation::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Operation> {
        Operation::ALL
            .into_iter()
            .filter(move |operation| self.contains(*operation))
    }
}

/// A word in a list of operations that names none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseOperationError;

impl fmt::Display for ParseOperationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected a comma-separated list of GET, POST, PUT (which covers PATCH and MERGE) and DELETE")
    }
}

impl core::error::Error for ParseOperationError {}

impl FromStr for OperationSet {
    type Err = ParseOperationError;

    /// Reads `GET,POST`; words may be in any case, and HEAD, PATCH and MERGE stand for their groups. Nothing at all is
    /// the empty set.
    fn from_str(text: &str) -> Result<Self, ParseOperationError> {
        let mut set = Self::NONE;
        for word in text.split(',').map(str::trim).filter(|word| !word.is_empty()) {
            let upper = word.to_ascii_uppercase();
            set = set.with(Operation::of_method(upper.as_bytes()).ok_or(ParseOperationError)?);
        }
        Ok(set)
    }
}

impl fmt::Display for OperationSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, operation) in self.iter().enumerate() {
            let comma = if at == 0 { "" } else { "," };
            write!(f, "{comma}{}", operation.name())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_fall_into_their_groups_and_others_into_none() {
        let groups = [
            ("GET", 1),
            ("HEAD", 1),
            ("POST", 2),
            ("PUT", 4),
            ("PATCH", 4),
            ("MERGE", 4),
            ("DELETE", 8),
        ];
        for (method, bit) in groups {
            assert_eq!(
                Operation::of_method(method.as_bytes()).map(|o| o as u8),
                Some(bit),
                "{method}"
            );
        }
        for method in ["get", "OPTIONS", "TRACE", "CONNECT", "", "GET ", "PROPFIND"] {
            assert_eq!(Operation::of_method(method.as_bytes()), None, "{method:?}");
        }
    }

    #[test]
    fn a_set_reads_what_it_writes_and_refuses_other_words() {
        for bits in 0..16 {
            let set = OperationSet::from_bits(bits);
            assert_eq!(set.to_string().parse(), Ok(set));
        }
        assert_eq!("get, patch".parse(), Ok(OperationSet::from_bits(5)));
        assert_eq!("GET,FLY".parse::<OperationSet>(), Err(ParseOperationError));
    }
}
