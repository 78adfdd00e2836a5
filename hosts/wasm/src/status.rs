//! What a host call answers.

/// The statuses of proxy-wasm, with their numbers on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Status {
    /// Done.
    Ok = 0,
    /// There is no such thing.
    NotFound = 1,
    /// An argument makes no sense, or not now.
    BadArgument = 2,
    /// Something could not be encoded.
    SerializationFailure = 3,
    /// Something could not be decoded.
    ParseFailure = 4,
    /// An expression could not be evaluated.
    BadExpression = 5,
    /// A pointer does not lie in the guest's memory, or the guest gave none.
    InvalidMemoryAccess = 6,
    /// There is nothing in it.
    Empty = 7,
    /// Somebody else was faster.
    CasMismatch = 8,
    /// A result is not of the expected kind.
    ResultMismatch = 9,
    /// The host failed.
    InternalFailure = 10,
    /// A connection broke.
    BrokenConnection = 11,
    /// The host does not offer this.
    Unimplemented = 12,
}

impl Status {
    /// Every status that says that a call did not do what it was asked for.
    pub const REFUSALS: [Self; 12] = [
        Self::NotFound,
        Self::BadArgument,
        Self::SerializationFailure,
        Self::ParseFailure,
        Self::BadExpression,
        Self::InvalidMemoryAccess,
        Self::Empty,
        Self::CasMismatch,
        Self::ResultMismatch,
        Self::InternalFailure,
        Self::BrokenConnection,
        Self::Unimplemented,
    ];

    /// The number on the wire.
    pub const fn number(self) -> u32 {
        self as u32
    }
}
