//! Messages with their maps sorted, as the messages of `waypoint-xds-envoy` encode them.

use prost::{DecodeError, Name};

use super::error::JsonError;
use super::schema::{Message, Presence};
use super::wire::{Reader, Wire, put, put_bytes};
use super::{deeper, named};

/// Reads a message that somebody else encoded, with the entries of all maps sorted by their keys. So what is
/// kept encoded has the bytes that it has in a message made here. What an
/// `Any` holds is left as it is. Fields that the message does not have are
/// left out.
///
/// # Errors
///
/// When the bytes are not such a message, or messages are nested more than 100 deep.
pub fn decode_sorted<M: prost::Message + Name + Default>(wire: &[u8]) -> Result<M, DecodeError> {
    let sorted = named(&M::full_name()).and_then(|message| sorted(message, wire, 0));
    // What is wrong with the bytes prost says in its own words.
    M::decode(sorted.as_deref().unwrap_or(wire))
}

/// A key of a map. It is a number or a text.
type Key<'a> = (u64, &'a [u8]);

fn sorted(message: &'static Message, wire: &[u8], depth: usize) -> Result<Vec<u8>, JsonError> {
    let depth = deeper(depth)?;
    let mut fields: Vec<(u32, Key<'_>, Vec<u8>)> = Vec::new();
    for known in message.read(wire) {
        let (_, field, value) = known?;
        let mut key = Key::default();
        let mut out = Vec::new();
        match (value, field.kind.message()) {
            (Wire::Bytes(bytes), Some(inner)) => {
                if field.presence == Presence::Map {
                    key = key_of(bytes)?;
                }
                put_bytes(&mut out, field.number, &sorted(inner, bytes, depth)?);
            }
            _ => put(&mut out, field.number, value),
        }
        fields.push((field.rank, key, out));
    }
    // Stable: the elements of a list, and entries of one key, of which the last counts, keep their order.
    fields.sort_by_key(|(rank, key, _)| (*rank, *key));
    Ok(fields.into_iter().flat_map(|(_, _, bytes)| bytes).collect())
}

/// The key of a map's entry. A key that is zero or empty may be left out.
fn key_of(entry: &[u8]) -> Result<Key<'_>, JsonError> {
    let mut key = Key::default();
    let mut reader = Reader::new(entry);
    while !reader.is_empty() {
        match reader.field()? {
            (1, Wire::Varint(number)) => key = (number, &[]),
            (1, Wire::Bytes(text)) => key = (0, text),
            _ => {}
        }
    }
    Ok(key)
}
