//! Protobuf's wire format, as much as the JSON mapping reads of it.
//!
//! <https://protobuf.dev/programming-guides/encoding/>

use super::error::JsonError;

/// A value before its type is known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Wire<'a> {
    Varint(u64),
    Fixed64(u64),
    Fixed32(u32),
    Bytes(&'a [u8]),
}

/// Reads fields, or the items of a packed field, from the front of some bytes.
pub(super) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) fn new(rest: &'a [u8]) -> Self {
        Self { rest }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// The next field's number and value.
    pub(super) fn field(&mut self) -> Result<(u32, Wire<'a>), JsonError> {
        let tag =
            u32::try_from(self.varint()?).map_err(|_| JsonError::malformed("field number out of range"))?;
        let number = tag >> 3;
        if number == 0 {
            return Err(JsonError::malformed("field number 0"));
        }
        let value = match tag & 7 {
            0 => Wire::Varint(self.varint()?),
            1 => Wire::Fixed64(self.fixed64()?),
            2 => Wire::Bytes(self.length_delimited()?),
            5 => Wire::Fixed32(self.fixed32()?),
            3 | 4 => return Err(JsonError::malformed("a group")),
            _ => return Err(JsonError::malformed("unknown wire type")),
        };
        Ok((number, value))
    }

    pub(super) fn varint(&mut self) -> Result<u64, JsonError> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = self.rest.split_first().ok_or_else(truncated)?;
            self.rest = rest;
            let bits = u64::from(byte & 0x7f);
            // The tenth byte has one bit left to say.
            if shift == 63 && bits > 1 {
                break;
            }
            value |= bits << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(JsonError::malformed("varint too long"))
    }

    pub(super) fn fixed64(&mut self) -> Result<u64, JsonError> {
        let (bytes, rest) = self.rest.split_first_chunk().ok_or_else(truncated)?;
        self.rest = rest;
        Ok(u64::from_le_bytes(*bytes))
    }

    pub(super) fn fixed32(&mut self) -> Result<u32, JsonError> {
        let (bytes, rest) = self.rest.split_first_chunk().ok_or_else(truncated)?;
        self.rest = rest;
        Ok(u32::from_le_bytes(*bytes))
    }

    fn length_delimited(&mut self) -> Result<&'a [u8], JsonError> {
        let length = usize::try_from(self.varint()?).map_err(|_| truncated())?;
        let (bytes, rest) = self.rest.split_at_checked(length).ok_or_else(truncated)?;
        self.rest = rest;
        Ok(bytes)
    }
}

fn truncated() -> JsonError {
    JsonError::malformed("truncated")
}

/// Writes a field's number and wire type.
pub(super) fn put_tag(out: &mut Vec<u8>, number: u32, wire_type: u8) {
    put_varint(out, u64::from(number) << 3 | u64::from(wire_type));
}

pub(super) fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value > 0x7f {
        // Seven bits fit.
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Writes a field of bytes.
pub(super) fn put_bytes(out: &mut Vec<u8>, number: u32, bytes: &[u8]) {
    put_tag(out, number, 2);
    // usize is at most 64 bits wide.
    put_varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// Writes a field as it was.
pub(super) fn put(out: &mut Vec<u8>, number: u32, value: Wire<'_>) {
    match value {
        Wire::Varint(value) => {
            put_tag(out, number, 0);
            put_varint(out, value);
        }
        Wire::Fixed64(value) => {
            put_tag(out, number, 1);
            out.extend_from_slice(&value.to_le_bytes());
        }
        Wire::Bytes(bytes) => put_bytes(out, number, bytes),
        Wire::Fixed32(value) => {
            put_tag(out, number, 5);
            out.extend_from_slice(&value.to_le_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn varints_come_back() {
        for value in [0, 1, 127, 128, 300, u64::from(u32::MAX), u64::MAX] {
            let mut bytes = Vec::new();
            put_varint(&mut bytes, value);
            let mut reader = Reader::new(&bytes);
            assert_eq!(reader.varint(), Ok(value));
            assert!(reader.is_empty());
        }
    }

    #[test]
    fn refuses_broken_bytes() {
        for bytes in [
            &[0x80][..],
            &[0xff; 11],
            &[0x08],
            &[0x0a, 5, 1],
            &[0x0d, 1],
            &[0x09],
            &[0x0b],
            &[0x00],
            &[0x0e, 0],
        ] {
            assert!(Reader::new(bytes).field().is_err(), "{bytes:?}");
        }
    }
}
