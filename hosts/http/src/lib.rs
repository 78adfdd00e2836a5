//! The HTTP host.
