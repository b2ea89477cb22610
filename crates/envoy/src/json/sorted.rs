//! Messages with their maps sorted, as the messages of this crate encode them.

use prost::{DecodeError, Name};

use super::error::JsonError;
use super::schema::{Message, Presence};
use super::wire::{Reader, Wire, put, put_bytes};
use super::{deeper, named};

/// Reads a message that somebody else encoded, with the entries of all maps sorted by their keys. So what is
/// kept [`Encoded`](crate::Encoded) has the bytes that it has in a message made here. What an
/// [`Any`](crate::google::protobuf::Any) holds is left as it is. Fields that the message does not have are
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

#[cfg(test)]
mod tests {
    use prost::Message as _;

    use super::*;
    use crate::config::core::v3::Metadata;
    use crate::config::endpoint::v3::{LbEndpoint, LocalityLbEndpoints};
    use crate::google::protobuf::Struct;

    fn locality(filters: &[&str]) -> LocalityLbEndpoints {
        let mut metadata = Metadata::default();
        for filter in filters {
            metadata.set(filter, &Struct::default());
        }
        let endpoint = LbEndpoint { metadata: Some(metadata), ..LbEndpoint::default() };
        LocalityLbEndpoints { lb_endpoints: vec![endpoint.into()], ..LocalityLbEndpoints::default() }
    }

    /// The bytes of an endpoint with its metadata in this order.
    fn unsorted(filters: &[&str]) -> Vec<u8> {
        let mut metadata = Vec::new();
        for filter in filters {
            let mut entry = Vec::new();
            put_bytes(&mut entry, 1, filter.as_bytes());
            put_bytes(&mut entry, 2, &[]);
            put_bytes(&mut metadata, 1, &entry);
        }
        let (mut endpoint, mut locality) = (Vec::new(), Vec::new());
        put_bytes(&mut endpoint, 3, &metadata);
        put_bytes(&mut locality, 2, &endpoint);
        locality
    }

    #[test]
    fn maps_inside_of_what_is_kept_encoded_are_sorted() {
        let read: LocalityLbEndpoints = decode_sorted(&unsorted(&["tunnel", "istio", "a"])).unwrap();
        assert_eq!(read, locality(&["a", "istio", "tunnel"]));
    }

    #[test]
    fn what_is_sorted_stays() {
        let made = locality(&["a", "istio"]);
        assert_eq!(decode_sorted::<LocalityLbEndpoints>(&made.encode_to_vec()).unwrap(), made);
    }

    #[test]
    fn broken_bytes_are_refused() {
        for broken in [&[0x12, 5, 1][..], &[0x09, 1], &[0x2c]] {
            assert!(decode_sorted::<LocalityLbEndpoints>(broken).is_err(), "{broken:?}");
        }
    }
}
