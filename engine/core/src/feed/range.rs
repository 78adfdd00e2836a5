//! Ranges of addresses on the wire.

use alloc::vec::Vec;

use crate::feed::bytes::Bytes;
use crate::network::AddressRange;

const V4: u8 = 4;
const V6: u8 = 6;

pub(super) fn write(range: AddressRange, out: &mut Vec<u8>) {
    match range {
        AddressRange::V4 { first, last } => {
            out.push(V4);
            out.extend_from_slice(&first.to_le_bytes());
            out.extend_from_slice(&last.to_le_bytes());
        }
        AddressRange::V6 { first, last } => {
            out.push(V6);
            out.extend_from_slice(&first.to_le_bytes());
            out.extend_from_slice(&last.to_le_bytes());
        }
    }
}

pub(super) fn read(bytes: &mut Bytes<'_>) -> Option<AddressRange> {
    match bytes.u8()? {
        V4 => {
            let (first, last) = (bytes.u32()?, bytes.u32()?);
            (first <= last).then_some(AddressRange::V4 { first, last })
        }
        V6 => {
            let (first, last) = (bytes.u128()?, bytes.u128()?);
            (first <= last).then_some(AddressRange::V6 { first, last })
        }
        _ => None,
    }
}
