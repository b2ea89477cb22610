//! `envoy.config.core.v3.Metadata`, kept as it is encoded.
//!
//! Most of an endpoint is metadata. As maps of maps that is an allocation for every value, and one for every
//! map around it; encoded it is one.

use std::fmt;

use prost::bytes::{Buf, BufMut};
use prost::encoding::{self, DecodeContext, WireType};
use prost::{DecodeError, Message, Name};

use crate::entries::{self, Entries};
use crate::google::protobuf::{Any, Struct, value::Kind};
use crate::map::Entry;
use crate::object::{self, ObjectWriter};

/// The field with what filters, and others that read it, are told as JSON.
const FILTER_METADATA: u32 = 1;
/// The same as messages.
const TYPED_FILTER_METADATA: u32 = 2;

/// `envoy.config.core.v3.Metadata`: what is known about something, by who wants to know it.
///
/// ```
/// use waypoint_xds_envoy::config::core::v3::Metadata;
///
/// let mut metadata = Metadata::default();
/// metadata.set("istio", &[("workload", "reviews")].into_iter().collect());
/// metadata.set("a", &[("b", true)].into_iter().collect());
/// assert_eq!(metadata.text("istio", "workload").as_deref(), Some("reviews"));
/// assert_eq!(metadata.names().collect::<Vec<_>>(), ["a", "istio"]);
/// ```
#[derive(Clone, Default)]
pub struct Metadata {
    /// Entries of both fields, by field and then by name.
    encoded: Vec<u8>,
    /// Where the entry starts that was put in last, or some earlier one: the next one mostly belongs behind
    /// it.
    near: usize,
}

impl Metadata {
    /// Room for this many bytes.
    #[must_use]
    pub fn with_capacity(bytes: usize) -> Self {
        Self { encoded: Vec::with_capacity(bytes), near: 0 }
    }

    /// What a filter is told.
    #[must_use]
    pub fn get(&self, filter: &str) -> Option<Struct> {
        let entry = self.entries(0).find(|entry| entry.key == (FILTER_METADATA, filter.as_bytes()))?;
        let fields = self.encoded.get(entry.fields)?;
        Some(Entry::<Struct>::decode(fields).ok()?.value)
    }

    /// A text that a filter is told.
    #[must_use]
    pub fn text(&self, filter: &str, name: &str) -> Option<String> {
        match self.get(filter)?.fields.get(name)?.kind.clone()? {
            Kind::StringValue(text) => Some(text),
            _ => None,
        }
    }

    /// The names of the filters that are told something, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let told = self.entries(0).map(|entry| entry.key).filter(|(number, _)| *number == FILTER_METADATA);
        // Names are texts: bytes that are none are refused where they are read.
        told.map(|(_, name)| std::str::from_utf8(name).unwrap_or_default())
    }

    /// Tells a filter something, instead of what it was told before.
    pub fn set(&mut self, filter: &str, fields: &Struct) {
        self.entry(filter, |out| fields.encode_raw(out));
    }

    /// The same for what is said only here: it is encoded while it is made.
    pub fn write(&mut self, filter: &str, write: impl FnOnce(&mut ObjectWriter<'_>)) {
        self.entry(filter, |out| write(&mut ObjectWriter::new(out)));
    }

    fn entry(&mut self, filter: &str, write: impl FnOnce(&mut Vec<u8>)) {
        let key = (FILTER_METADATA, filter.as_bytes());
        self.near = object::entry(&mut self.encoded, (0, self.near), key, write);
    }

    /// Takes out what a filter is told.
    pub fn remove(&mut self, filter: &str) -> Option<Struct> {
        let before = self.get(filter)?;
        self.put(FILTER_METADATA, filter, &[]);
        Some(before)
    }

    /// Puts an encoded entry where it belongs, instead of one of the same name.
    fn put(&mut self, number: u32, name: &str, entry: &[u8]) {
        let at = entries::put(&mut self.encoded, 0, self.near, (number, name.as_bytes()), entry);
        self.near = if entry.is_empty() { 0 } else { at };
    }

    /// The entries, from one that starts here.
    fn entries(&self, start: usize) -> Entries<'_> {
        Entries::from(&self.encoded, start)
    }

    fn merge_entry<V: Message + Default>(
        &mut self,
        number: u32,
        wire_type: WireType,
        from: &mut impl Buf,
        context: DecodeContext,
    ) -> Result<(), DecodeError> {
        let mut entry = Entry::<V>::default();
        encoding::message::merge(wire_type, &mut entry, from, context)?;
        let mut encoded = Vec::with_capacity(encoding::message::encoded_len(number, &entry));
        encoding::message::encode(number, &entry, &mut encoded);
        self.put(number, &entry.name, &encoded);
        Ok(())
    }
}

impl PartialEq for Metadata {
    fn eq(&self, other: &Self) -> bool {
        self.encoded == other.encoded
    }
}

impl Eq for Metadata {}

impl fmt::Debug for Metadata {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.names().map(|name| (name, self.get(name)))).finish_non_exhaustive()
    }
}

impl Message for Metadata {
    fn encode_raw(&self, out: &mut impl BufMut) {
        out.put_slice(&self.encoded);
    }

    fn merge_field(
        &mut self,
        tag: u32,
        wire_type: WireType,
        from: &mut impl Buf,
        context: DecodeContext,
    ) -> Result<(), DecodeError> {
        match tag {
            FILTER_METADATA => self.merge_entry::<Struct>(tag, wire_type, from, context),
            TYPED_FILTER_METADATA => self.merge_entry::<Any>(tag, wire_type, from, context),
            _ => encoding::skip_field(wire_type, tag, from, context),
        }
    }

    fn encoded_len(&self) -> usize {
        self.encoded.len()
    }

    fn clear(&mut self) {
        *self = Self::default();
    }
}

impl Name for Metadata {
    const NAME: &'static str = "Metadata";
    const PACKAGE: &'static str = "envoy.config.core.v3";
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Map;

    /// The message as prost has it.
    #[derive(Clone, PartialEq, prost::Message)]
    struct Reference {
        #[prost(btree_map = "string, message", tag = "1")]
        filter_metadata: std::collections::BTreeMap<String, Struct>,
        #[prost(btree_map = "string, message", tag = "2")]
        typed_filter_metadata: std::collections::BTreeMap<String, Any>,
    }

    fn fields(name: &'static str, value: &str) -> Struct {
        [(name, value)].into_iter().collect()
    }

    #[test]
    fn it_is_encoded_as_prosts_is_in_whatever_order_it_was_made() {
        let typed = [("t".to_owned(), crate::any(&fields("x", "y")))].into();
        let filters = ["b", "a", "c"].map(|name| (name.to_owned(), fields("of", name)));
        let reference = Reference { filter_metadata: filters.clone().into(), typed_filter_metadata: typed };
        let mut ours = Metadata::decode(reference.encode_to_vec().as_slice()).unwrap();
        assert_eq!(ours.encode_to_vec(), reference.encode_to_vec());
        assert_eq!(ours.encoded_len(), reference.encoded_len());
        for (name, _) in &filters {
            assert_eq!(ours.remove(name), Some(fields("of", name)));
        }
        assert_eq!((ours.names().count(), ours.remove("a")), (0, None));
        for (name, value) in &filters {
            ours.set(name, &fields("of", "nothing"));
            ours.set(name, value);
        }
        assert_eq!(ours.encode_to_vec(), reference.encode_to_vec());
        assert_eq!(ours.text("c", "of").as_deref(), Some("c"));
        assert_eq!((ours.text("c", "off"), ours.text("d", "of")), (None, None));
    }

    #[test]
    fn of_two_of_a_name_the_later_counts() {
        let bytes = |value| {
            Reference { filter_metadata: [("a".into(), fields("b", value))].into(), ..Reference::default() }
                .encode_to_vec()
        };
        let both = [bytes("first"), bytes("second")].concat();
        assert_eq!(Metadata::decode(both.as_slice()).unwrap().encode_to_vec(), bytes("second"));
    }

    #[test]
    fn what_is_broken_is_refused_and_what_is_unknown_skipped() {
        assert!(Metadata::decode(&[0x0a, 0x05, 0x0a][..]).is_err());
        assert!(Metadata::decode(&[0x08, 0x01][..]).is_err());
        assert_eq!(Metadata::decode(&[0x18, 0x01][..]).unwrap(), Metadata::default());
    }

    #[test]
    fn it_says_what_it_has() {
        let mut metadata = Metadata::default();
        metadata.set("a", &Struct { fields: Map::default() });
        assert_eq!(format!("{metadata:?}"), r#"{"a": Some(Struct { fields: Map([]) }), ..}"#);
    }
}
