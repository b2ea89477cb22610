//! A map for messages that are mostly made with one to three keys: `google.protobuf.Struct`.
//!
//! prost's maps are `BTreeMap`s, whose smallest allocation has room for eleven entries, and which compare
//! every value with an empty one when they are encoded.

use std::borrow::Cow;

use prost::bytes::{Buf, BufMut};
use prost::encoding::{self, DecodeContext, WireType};
use prost::{DecodeError, Message};

/// A map by name, in the order of the names. Made for few entries: looking one up is quick, inserting one
/// moves those behind it.
///
/// ```
/// use waypoint_xds_envoy::Map;
///
/// let mut map: Map<u32> = [("b", 2), ("a", 1)].into();
/// map.insert("c", 3);
/// assert_eq!(map.get("b"), Some(&2));
/// assert_eq!(map.keys().collect::<Vec<_>>(), ["a", "b", "c"]);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Map<V>(Vec<(Name, V)>);

/// Nearly always one that Istio or Envoy gives.
type Name = Cow<'static, str>;

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

    /// Whether there is a value of this name.
    #[must_use]
    pub fn contains_key(&self, name: &str) -> bool {
        self.position(name).is_ok()
    }

    /// Sets the value of a name and gives back the one before.
    pub fn insert(&mut self, name: impl Into<Cow<'static, str>>, value: V) -> Option<V> {
        let name = name.into();
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

    /// The entries in the order of their names.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &V)> + Clone {
        self.0.iter().map(|(name, value)| (&**name, value))
    }

    /// The names, in order.
    pub fn keys(&self) -> impl ExactSizeIterator<Item = &str> + Clone {
        self.0.iter().map(|(name, _)| &**name)
    }

    /// The values in the order of their names.
    pub fn values(&self) -> impl ExactSizeIterator<Item = &V> + Clone {
        self.0.iter().map(|(_, value)| value)
    }

    fn position(&self, name: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|(other, _)| (**other).cmp(name))
    }
}

impl<N: Into<Cow<'static, str>>, V> Extend<(N, V)> for Map<V> {
    fn extend<I: IntoIterator<Item = (N, V)>>(&mut self, entries: I) {
        for (name, value) in entries {
            self.insert(name, value);
        }
    }
}

impl<N: Into<Cow<'static, str>>, V> FromIterator<(N, V)> for Map<V> {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(entries: I) -> Self {
        let entries = entries.into_iter();
        let mut map = Self(Vec::with_capacity(entries.size_hint().0));
        map.extend(entries);
        map
    }
}

impl<N: Into<Cow<'static, str>>, V, const COUNT: usize> From<[(N, V); COUNT]> for Map<V> {
    fn from(entries: [(N, V); COUNT]) -> Self {
        entries.into_iter().collect()
    }
}

/// As a field of a message, whose tag is less than 16:
/// <https://protobuf.dev/programming-guides/encoding/#maps>.
impl<V: Message + Default> Map<V> {
    pub(crate) fn encode(&self, tag: u32, out: &mut impl BufMut) {
        for (name, value) in &self.0 {
            encoding::encode_key(tag, WireType::LengthDelimited, out);
            encoding::encode_varint(entry_len(name, value) as u64, out);
            encoding::encode_key(1, WireType::LengthDelimited, out);
            encoding::encode_varint(name.len() as u64, out);
            out.put_slice(name.as_bytes());
            encoding::message::encode(2, value, out);
        }
    }

    pub(crate) fn encoded_len(&self) -> usize {
        self.0.iter().map(|(name, value)| delimited_len(entry_len(name, value))).sum()
    }

    pub(crate) fn merge(
        &mut self,
        wire_type: WireType,
        from: &mut impl Buf,
        context: DecodeContext,
    ) -> Result<(), DecodeError> {
        let mut entry = Entry::<V>::default();
        encoding::message::merge(wire_type, &mut entry, from, context)?;
        self.insert(entry.name, entry.value);
        Ok(())
    }
}

fn entry_len(name: &str, value: &impl Message) -> usize {
    delimited_len(name.len()) + delimited_len(value.encoded_len())
}

/// What a field of this length takes if its tag is less than 16.
fn delimited_len(length: usize) -> usize {
    1 + encoding::encoded_len_varint(length as u64) + length
}

/// An entry as a message of its own, which it is when encoded.
#[derive(Debug, Default)]
pub(crate) struct Entry<V> {
    pub(crate) name: String,
    pub(crate) value: V,
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

/// `google.protobuf.Struct`: a JSON object.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Struct {
    /// Its fields.
    pub fields: Map<crate::google::protobuf::Value>,
}

impl Message for Struct {
    fn encode_raw(&self, out: &mut impl BufMut) {
        self.fields.encode(1, out);
    }

    fn merge_field(
        &mut self,
        tag: u32,
        wire_type: WireType,
        from: &mut impl Buf,
        context: DecodeContext,
    ) -> Result<(), DecodeError> {
        match tag {
            1 => self.fields.merge(wire_type, from, context),
            _ => encoding::skip_field(wire_type, tag, from, context),
        }
    }

    fn encoded_len(&self) -> usize {
        self.fields.encoded_len()
    }

    fn clear(&mut self) {
        *self = Self::default();
    }
}

impl prost::Name for Struct {
    const NAME: &'static str = "Struct";
    const PACKAGE: &'static str = "google.protobuf";
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::google::protobuf::Value;

    #[test]
    fn names_are_kept_in_order_and_only_once() {
        let mut map: Map<u32> = [("b", 1), ("a", 2), ("b", 3)].into_iter().collect();
        assert_eq!(map.iter().collect::<Vec<_>>(), [("a", &2), ("b", &3)]);
        assert_eq!(map.insert("a", 4), Some(2));
        assert_eq!(map.insert("0", 5), None);
        assert_eq!(map.remove("b"), Some(3));
        assert_eq!(map.iter().collect::<Vec<_>>(), [("0", &5), ("a", &4)]);
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
