//! A map for messages that are mostly made with one to three keys: those of metadata.
//!
//! prost's maps are `BTreeMap`s, whose smallest allocation has room for eleven entries, and which compare every value
//! with an empty one when they are encoded. Most of an endpoint is metadata, so that is most of what endpoints cost.

use std::borrow::Borrow;

use prost::bytes::{Buf, BufMut};
use prost::encoding::{self, DecodeContext, WireType};
use prost::{DecodeError, Message};

/// A map by name, in the order of the names. Made for few entries: looking one up is quick, inserting one moves those
/// behind it.
///
/// ```
/// use envoy::Map;
///
/// let mut map: Map<u32> = [("b".to_owned(), 2), ("a".to_owned(), 1)].into();
/// map.insert("c".to_owned(), 3);
/// assert_eq!(map.get("b"), Some(&2));
/// assert_eq!(map.keys().collect::<Vec<_>>(), ["a", "b", "c"]);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Map<V>(Vec<(String, V)>);

impl<V> Default for Map<V> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<V> Map<V> {
    /// How many entries there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The value of a name.
    pub fn get(&self, name: &str) -> Option<&V> {
        self.position(name).ok().and_then(|at| self.0.get(at)).map(|(_, value)| value)
    }

    /// The value of a name, to change it.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut V> {
        self.position(name).ok().and_then(|at| self.0.get_mut(at)).map(|(_, value)| value)
    }

    /// Whether there is a value of this name.
    #[must_use]
    pub fn contains_key(&self, name: &str) -> bool {
        self.position(name).is_ok()
    }

    /// Sets the value of a name and gives back the one before.
    pub fn insert(&mut self, name: String, value: V) -> Option<V> {
        match self.position(&name) {
            Ok(at) => self.0.get_mut(at).map(|(_, old)| std::mem::replace(old, value)),
            Err(at) => {
                self.0.insert(at, (name, value));
                None
            }
        }
    }

    /// Takes out the value of a name.
    pub fn remove(&mut self, name: &str) -> Option<V> {
        self.position(name).ok().map(|at| self.0.remove(at).1)
    }

    /// The value of a name, made first if there is none.
    pub fn get_or_insert_with(&mut self, name: &str, make: impl FnOnce() -> V) -> &mut V {
        let at = match self.position(name) {
            Ok(at) => at,
            Err(at) => {
                self.0.insert(at, (name.to_owned(), make()));
                at
            }
        };
        #[expect(clippy::indexing_slicing, reason = "there is an entry at this position")]
        &mut self.0[at].1
    }

    /// The entries in the order of their names.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &V)> + Clone {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// The names, in order.
    pub fn keys(&self) -> impl ExactSizeIterator<Item = &str> + Clone {
        self.0.iter().map(|(name, _)| name.as_str())
    }

    /// The values in the order of their names.
    pub fn values(&self) -> impl ExactSizeIterator<Item = &V> + Clone {
        self.0.iter().map(|(_, value)| value)
    }

    /// The values in the order of their names, to change them.
    pub fn values_mut(&mut self) -> impl ExactSizeIterator<Item = &mut V> {
        self.0.iter_mut().map(|(_, value)| value)
    }

    fn position(&self, name: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|(other, _)| other.as_str().cmp(name))
    }
}

impl<N: Into<String> + Borrow<str>, V> Extend<(N, V)> for Map<V> {
    fn extend<I: IntoIterator<Item = (N, V)>>(&mut self, entries: I) {
        for (name, value) in entries {
            self.insert(name.into(), value);
        }
    }
}

impl<N: Into<String> + Borrow<str>, V> FromIterator<(N, V)> for Map<V> {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(entries: I) -> Self {
        let entries = entries.into_iter();
        let mut map = Self(Vec::with_capacity(entries.size_hint().0));
        map.extend(entries);
        map
    }
}

impl<V, const COUNT: usize> From<[(String, V); COUNT]> for Map<V> {
    fn from(entries: [(String, V); COUNT]) -> Self {
        entries.into_iter().collect()
    }
}

impl<V> IntoIterator for Map<V> {
    type Item = (String, V);
    type IntoIter = std::vec::IntoIter<(String, V)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

/// As a field of a message: <https://protobuf.dev/programming-guides/encoding/#maps>.
impl<V: Message + Default> Map<V> {
    pub(crate) fn encode(&self, tag: u32, out: &mut impl BufMut) {
        for (name, value) in &self.0 {
            encoding::encode_key(tag, WireType::LengthDelimited, out);
            encoding::encode_varint(entry_len(name, value) as u64, out);
            encoding::string::encode(1, name, out);
            encoding::message::encode(2, value, out);
        }
    }

    pub(crate) fn encoded_len(&self, tag: u32) -> usize {
        let entry = |(name, value): &(String, V)| {
            let length = entry_len(name, value);
            encoding::key_len(tag) + encoding::encoded_len_varint(length as u64) + length
        };
        self.0.iter().map(entry).sum()
    }

    pub(crate) fn merge(
        &mut self,
        wire_type: WireType,
        from: &mut impl Buf,
        context: DecodeContext,
    ) -> Result<(), DecodeError> {
        let mut entry = Entry { name: String::new(), value: V::default() };
        encoding::message::merge(wire_type, &mut entry, from, context)?;
        self.insert(entry.name, entry.value);
        Ok(())
    }
}

fn entry_len(name: &String, value: &impl Message) -> usize {
    encoding::string::encoded_len(1, name) + encoding::message::encoded_len(2, value)
}

/// An entry while it is read.
#[derive(Debug)]
struct Entry<V> {
    name: String,
    value: V,
}

impl<V: Message + Default> Message for Entry<V> {
    fn encode_raw(&self, out: &mut impl BufMut) {
        encoding::string::encode(1, &self.name, out);
        encoding::message::encode(2, &self.value, out);
    }

    fn merge_field(
        &mut self,
        tag: u32,
        wire_type: WireType,
        from: &mut impl Buf,
        context: DecodeContext,
    ) -> Result<(), DecodeError> {
        match tag {
            1 => encoding::string::merge(wire_type, &mut self.name, from, context),
            2 => encoding::message::merge(wire_type, &mut self.value, from, context),
            _ => encoding::skip_field(wire_type, tag, from, context),
        }
    }

    fn encoded_len(&self) -> usize {
        entry_len(&self.name, &self.value)
    }

    fn clear(&mut self) {
        self.name.clear();
        self.value.clear();
    }
}

/// A message whose fields are all maps.
macro_rules! message_of_maps {
    ($message:ty, $package:literal, $name:literal, $($tag:literal = $field:ident),+) => {
        impl Message for $message {
            fn encode_raw(&self, out: &mut impl BufMut) {
                $(self.$field.encode($tag, out);)+
            }

            fn merge_field(
                &mut self,
                tag: u32,
                wire_type: WireType,
                from: &mut impl Buf,
                context: DecodeContext,
            ) -> Result<(), DecodeError> {
                match tag {
                    $($tag => self.$field.merge(wire_type, from, context),)+
                    _ => encoding::skip_field(wire_type, tag, from, context),
                }
            }

            fn encoded_len(&self) -> usize {
                [$(self.$field.encoded_len($tag)),+].iter().sum()
            }

            fn clear(&mut self) {
                *self = Self::default();
            }
        }

        impl prost::Name for $message {
            const NAME: &'static str = $name;
            const PACKAGE: &'static str = $package;
        }
    };
}

/// `google.protobuf.Struct`: a JSON object.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Struct {
    /// Its fields.
    pub fields: Map<crate::google::protobuf::Value>,
}

/// `envoy.config.core.v3.Metadata`: what is known about something, by who wants to know it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Metadata {
    /// By the filter, or whatever else reads it.
    pub filter_metadata: Map<Struct>,
    /// The same as messages.
    pub typed_filter_metadata: Map<crate::google::protobuf::Any>,
}

message_of_maps!(Struct, "google.protobuf", "Struct", 1 = fields);
message_of_maps!(
    Metadata,
    "envoy.config.core.v3",
    "Metadata",
    1 = filter_metadata,
    2 = typed_filter_metadata
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::google::protobuf::Value;

    #[test]
    fn names_are_kept_in_order_and_only_once() {
        let mut map: Map<u32> = [("b", 1), ("a", 2), ("b", 3)].into_iter().collect();
        assert_eq!(map.iter().collect::<Vec<_>>(), [("a", &2), ("b", &3)]);
        assert_eq!(map.insert("a".to_owned(), 4), Some(2));
        *map.get_or_insert_with("0", || 0) += 5;
        assert_eq!(map.remove("b"), Some(3));
        assert_eq!(map.into_iter().collect::<Vec<_>>(), [("0".to_owned(), 5), ("a".to_owned(), 4)]);
    }

    #[test]
    fn maps_are_encoded_as_prosts_are() {
        #[derive(Clone, PartialEq, prost::Message)]
        struct Reference {
            #[prost(btree_map = "string, message", tag = "1")]
            fields: std::collections::BTreeMap<String, Value>,
        }
        let inner: Struct = [("x", "y")].into_iter().collect();
        let ours: Struct =
            [("a", Value::from(1.5)), ("b", inner.into()), ("c", Vec::new().into())].into_iter().collect();
        let bytes = ours.encode_to_vec();
        assert_eq!(bytes.len(), ours.encoded_len());
        let reference = Reference::decode(bytes.as_slice()).unwrap();
        assert_eq!(reference.encode_to_vec(), bytes);
        assert_eq!(Struct::decode(bytes.as_slice()).unwrap(), ours);
    }

    #[test]
    fn what_is_broken_is_refused_and_what_is_unknown_skipped() {
        assert!(Struct::decode(&[0x0a, 0x05, 0x0a][..]).is_err());
        assert!(Struct::decode(&[0x08, 0x01][..]).is_err());
        let known: Struct = [("a", true)].into_iter().collect();
        let mut bytes = known.encode_to_vec();
        bytes.extend([0x10, 0x01]);
        assert_eq!(Struct::decode(bytes.as_slice()).unwrap(), known);
    }

    #[test]
    fn nesting_is_limited() {
        let mut value = Value::from(true);
        for _ in 0..200 {
            let outer: Struct = [("a", value)].into_iter().collect();
            value = outer.into();
        }
        assert!(Value::decode(value.encode_to_vec().as_slice()).is_err());
    }
}
