//! Support shared by the benches.
