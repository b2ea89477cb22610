//! A map for messages that are mostly made with one to three keys: `google.protobuf.Struct`.
//!
//! prost's maps are `BTreeMap`s, whose smallest allocation has room for eleven entries, and which compare every value
//! with an empty one when they are encoded.

use std::borrow::Cow;

use prost::bytes::{Buf, BufMut};
use prost::encoding::{self, DecodeContext, WireType};
use prost::{DecodeError, Message};

/// A map by name, in the order of the names. Made for few entries: looking one up is quick, inserting one moves those
/// behind it.
///
/// Every level of nested messages asks for the length of what is below it, so each entry knows its own. That is why a
/// value cannot be changed in place, only by [`Map::update`].
///
/// ```
/// use envoy::Map;
///
/// let mut map: Map<u32> = [("b", 2), ("a", 1)].into();
/// map.insert("c", 3);
/// map.update("b", |value| *value += 5);
/// assert_eq!(map.get("b"), Some(&7));
/// assert_eq!(map.keys().collect::<Vec<_>>(), ["a", "b", "c"]);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Map<V>(Vec<Known<V>>);

/// A name and its value.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Known<V> {
    /// Nearly always one that Istio or Envoy gives.
    name: Cow<'static, str>,
    value: V,
    /// What both take when they are encoded.
    length: usize,
}

impl<V: Message> Known<V> {
    fn new(name: Cow<'static, str>, value: V) -> Self {
        let length = entry_len(&name, &value);
        Self { name, value, length }
    }

    fn change<T>(&mut self, change: impl FnOnce(&mut V) -> T) -> T {
        let result = change(&mut self.value);
        self.length = entry_len(&self.name, &self.value);
        result
    }
}

fn entry_len(name: &str, value: &impl Message) -> usize {
    delimited_len(name.len()) + delimited_len(value.encoded_len())
}

/// What a field of this length takes if its tag is less than 16.
fn delimited_len(length: usize) -> usize {
    1 + encoding::encoded_len_varint(length as u64) + length
}

impl<V> Default for Map<V> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<V> Map<V> {
    /// Room for this many entries.
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Self {
        Self(Vec::with_capacity(capacity))
    }

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
        self.position(name).ok().and_then(|at| self.0.get(at)).map(|entry| &entry.value)
    }

    /// Whether there is a value of this name.
    #[must_use]
    pub fn contains_key(&self, name: &str) -> bool {
        self.position(name).is_ok()
    }

    /// Takes out the value of a name.
    pub fn remove(&mut self, name: &str) -> Option<V> {
        self.position(name).ok().map(|at| self.0.remove(at).value)
    }

    /// The entries in the order of their names.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &V)> + Clone {
        self.0.iter().map(|entry| (&*entry.name, &entry.value))
    }

    /// The names, in order.
    pub fn keys(&self) -> impl ExactSizeIterator<Item = &str> + Clone {
        self.0.iter().map(|entry| &*entry.name)
    }

    /// The values in the order of their names.
    pub fn values(&self) -> impl ExactSizeIterator<Item = &V> + Clone {
        self.0.iter().map(|entry| &entry.value)
    }

    fn position(&self, name: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|entry| (*entry.name).cmp(name))
    }
}

impl<V: Message> Map<V> {
    /// Sets the value of a name and gives back the one before.
    pub fn insert(&mut self, name: impl Into<Cow<'static, str>>, value: V) -> Option<V> {
        let name = name.into();
        match self.position(&name) {
            Ok(at) => self.0.get_mut(at).map(|old| std::mem::replace(old, Known::new(name, value)).value),
            Err(at) => {
                self.0.insert(at, Known::new(name, value));
                None
            }
        }
    }

    /// Changes the value of a name, which is a default one if there was none, and says what the change says.
    pub fn update<T>(&mut self, name: impl Into<Cow<'static, str>>, change: impl FnOnce(&mut V) -> T) -> T
    where
        V: Default,
    {
        let name = name.into();
        let at = match self.position(&name) {
            Ok(at) => at,
            Err(at) => {
                self.0.insert(at, Known { name, value: V::default(), length: 0 });
                at
            }
        };
        #[expect(clippy::indexing_slicing, reason = "there is an entry at this position")]
        self.0[at].change(change)
    }
}

impl<N: Into<Cow<'static, str>>, V: Message> Extend<(N, V)> for Map<V> {
    fn extend<I: IntoIterator<Item = (N, V)>>(&mut self, entries: I) {
        for (name, value) in entries {
            self.insert(name, value);
        }
    }
}

impl<N: Into<Cow<'static, str>>, V: Message> FromIterator<(N, V)> for Map<V> {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(entries: I) -> Self {
        let entries = entries.into_iter();
        let mut map = Self::with_capacity(entries.size_hint().0);
        map.extend(entries);
        map
    }
}

impl<N: Into<Cow<'static, str>>, V: Message, const COUNT: usize> From<[(N, V); COUNT]> for Map<V> {
    fn from(entries: [(N, V); COUNT]) -> Self {
        entries.into_iter().collect()
    }
}

/// As a field of a message, whose tag is less than 16: <https://protobuf.dev/programming-guides/encoding/#maps>.
impl<V: Message + Default> Map<V> {
    pub(crate) fn encode(&self, tag: u32, out: &mut impl BufMut) {
        for Known { name, value, length } in &self.0 {
            encoding::encode_key(tag, WireType::LengthDelimited, out);
            encoding::encode_varint(*length as u64, out);
            encoding::encode_key(1, WireType::LengthDelimited, out);
            encoding::encode_varint(name.len() as u64, out);
            out.put_slice(name.as_bytes());
            encoding::message::encode(2, value, out);
        }
    }

    pub(crate) fn encoded_len(&self) -> usize {
        self.0.iter().map(|entry| delimited_len(entry.length)).sum()
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
        map.update("0", |value| *value += 5);
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
