//! Encoding from the inside out.
//!
//! Protobuf writes the length of a message before it, so prost computes the length of a message at every level that
//! is around it. For a few deep messages that are made by the thousand this is most of the work of encoding them; these
//! are encoded first, and then put into what is around them.

use std::marker::PhantomData;

use prost::encoding::{self, WireType};
use prost::{DecodeError, Message, Name};

use crate::config::core::v3::Metadata;
use crate::google::protobuf::{Any, ListValue, Struct, Value};

/// Encoded fields of a message `M`: the whole message, or a part of it.
///
/// Fields are known by their numbers here. What is written later is merged with what is there already, as
/// [protobuf does](https://protobuf.dev/programming-guides/encoding/#last-one-wins): repeated fields are appended.
///
/// ```
/// use envoy::config::route::v3::{Route, VirtualHost};
/// use envoy::Encoded;
///
/// let (name, routes) = (1, 3);
/// let mut host = Encoded::<VirtualHost>::default();
/// host.text(name, "all");
/// host.message(routes, &Route { name: "one".to_owned(), ..Route::default() });
/// host.nest::<Route>(routes, |route| route.text(14, "two"));
///
/// let host = host.decode()?;
/// assert_eq!(host.name, "all");
/// assert_eq!(host.routes.iter().map(|route| &route.name).collect::<Vec<_>>(), ["one", "two"]);
/// # Ok::<(), prost::DecodeError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encoded<M> {
    bytes: Vec<u8>,
    message: PhantomData<fn() -> M>,
}

impl<M> Default for Encoded<M> {
    fn default() -> Self {
        Self::from_bytes(Vec::new())
    }
}

impl<M> Encoded<M> {
    fn from_bytes(bytes: Vec<u8>) -> Self {
        Self { bytes, message: PhantomData }
    }

    /// Room for this many bytes.
    #[must_use]
    pub fn with_capacity(bytes: usize) -> Self {
        Self::from_bytes(Vec::with_capacity(bytes))
    }

    /// The parts of a message, merged.
    #[must_use]
    pub fn of_parts(parts: &[&Self]) -> Self {
        let mut bytes = Vec::with_capacity(parts.iter().map(|part| part.bytes.len()).sum());
        for part in parts {
            bytes.extend_from_slice(&part.bytes);
        }
        Self::from_bytes(bytes)
    }

    /// The fields.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The fields, as they are.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// Writes a text field, or another element of a repeated one; an empty text is none.
    pub fn text(&mut self, number: u32, text: &str) {
        if !text.is_empty() {
            encoding::encode_key(number, WireType::LengthDelimited, &mut self.bytes);
            encoding::encode_varint(text.len() as u64, &mut self.bytes);
            self.bytes.extend_from_slice(text.as_bytes());
        }
    }

    /// Writes a text field of a oneof from the parts of the text: an empty text is one, too.
    pub fn choice(&mut self, number: u32, text: &[&str]) {
        encoding::encode_key(number, WireType::LengthDelimited, &mut self.bytes);
        encoding::encode_varint(text.iter().map(|part| part.len() as u64).sum(), &mut self.bytes);
        for part in text {
            self.bytes.extend_from_slice(part.as_bytes());
        }
    }

    /// Writes a field that holds a message, or another element of a repeated one.
    pub fn message<F: Message>(&mut self, number: u32, message: &F) {
        self.nest(number, |fields| fields.merge(message));
    }

    /// Writes a field that holds a message, or another element of a repeated one, from the fields that `write` gives it.
    pub fn nest<F>(&mut self, number: u32, write: impl FnOnce(&mut Encoded<F>)) {
        encoding::encode_key(number, WireType::LengthDelimited, &mut self.bytes);
        let start = self.bytes.len();
        // Most lengths take one byte.
        self.bytes.push(0);
        let mut fields = Encoded::from_bytes(std::mem::take(&mut self.bytes));
        write(&mut fields);
        self.bytes = fields.bytes;
        write_length(&mut self.bytes, start);
    }

    /// Writes a field that holds a message that is encoded already, or another element of a repeated one.
    pub fn encoded<F>(&mut self, number: u32, message: &Encoded<F>) {
        encoding::encode_key(number, WireType::LengthDelimited, &mut self.bytes);
        encoding::encode_varint(message.bytes.len() as u64, &mut self.bytes);
        self.bytes.extend_from_slice(&message.bytes);
    }

    /// Writes an entry of a map from text to messages. Entries come in the order of their keys.
    pub fn entry<F>(&mut self, number: u32, key: &str, write: impl FnOnce(&mut Encoded<F>)) {
        self.nest::<Entry>(number, |entry| {
            entry.text(1, key);
            entry.nest(2, write);
        });
    }

    /// Writes fields that are encoded already.
    pub fn append(&mut self, part: &Self) {
        self.bytes.extend_from_slice(&part.bytes);
    }
}

impl<M: Message> Encoded<M> {
    /// A message that is encoded as a whole.
    #[must_use]
    pub fn of(message: &M) -> Self {
        Self::from_bytes(message.encode_to_vec())
    }

    /// Writes the fields that a message has.
    pub fn merge(&mut self, message: &M) {
        message.encode_raw(&mut self.bytes);
    }

    /// Reads the message.
    ///
    /// # Errors
    ///
    /// When messages are nested deeper than prost decodes.
    pub fn decode(&self) -> Result<M, DecodeError>
    where
        M: Default,
    {
        M::decode(self.as_bytes())
    }

    /// Packs the message.
    #[must_use]
    pub fn into_any(mut self) -> Any
    where
        M: Name,
    {
        self.bytes.shrink_to_fit();
        Any { type_url: crate::type_url::<M>(), value: self.bytes.into() }
    }
}

impl Encoded<Metadata> {
    /// Writes what a filter is told. Filters come in the order of their names.
    pub fn filter(&mut self, name: &str, write: impl FnOnce(&mut Encoded<Struct>)) {
        self.entry(1, name, write);
    }
}

/// Fields of a JSON object come in the order of their names.
impl Encoded<Struct> {
    /// Writes a field with a text, from the parts of that.
    pub fn field_text(&mut self, name: &str, text: &[&str]) {
        self.entry::<Value>(1, name, |value| value.choice(3, text));
    }

    /// Writes a field with a boolean.
    pub fn field_bool(&mut self, name: &str, value: bool) {
        self.entry::<Value>(1, name, |field| field.merge(&value.into()));
    }

    /// Writes a field with an object.
    pub fn field_struct(&mut self, name: &str, write: impl FnOnce(&mut Self)) {
        self.entry::<Value>(1, name, |value| value.nest(5, write));
    }

    /// Writes a field with a list of one object.
    pub fn field_list(&mut self, name: &str, write: impl FnOnce(&mut Self)) {
        self.entry::<Value>(1, name, |value| {
            value.nest::<ListValue>(6, |list| list.nest::<Value>(1, |value| value.nest(5, write)));
        });
    }
}

/// An entry of a map: for protobuf a message like any other.
struct Entry;

/// Writes the length of what follows the byte at `start` there, and makes room for it.
fn write_length(bytes: &mut Vec<u8>, start: usize) {
    let (begin, end) = (start + 1, bytes.len());
    let length = (end - begin) as u64;
    if let (Ok(short @ ..0x80), Some(byte)) = (u8::try_from(length), bytes.get_mut(start)) {
        *byte = short;
        return;
    }
    let width = encoding::encoded_len_varint(length);
    bytes.resize(end + width - 1, 0);
    bytes.copy_within(begin..end, start + width);
    if let Some(mut gap) = bytes.get_mut(start..start + width) {
        encoding::encode_varint(length, &mut gap);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::core::v3::Locality;
    use crate::config::route::v3::{Route, RouteConfiguration, VirtualHost};

    fn host(routes: usize) -> VirtualHost {
        let route = Route { name: "a-route-with-a-name".to_owned(), ..Route::default() };
        VirtualHost { name: "host".to_owned(), routes: vec![route; routes], ..VirtualHost::default() }
    }

    #[test]
    fn lengths_of_any_width_are_what_prost_writes() {
        for routes in [0, 1, 20, 2000] {
            let configuration =
                RouteConfiguration { virtual_hosts: vec![host(routes)], ..RouteConfiguration::default() };
            let mut encoded = Encoded::<RouteConfiguration>::default();
            encoded.nest::<VirtualHost>(2, |fields| {
                fields.text(1, "host");
                for route in &host(routes).routes {
                    fields.message(3, route);
                }
            });
            assert_eq!(encoded, Encoded::of(&configuration));
        }
    }

    #[test]
    fn what_is_encoded_is_nested_as_it_is() {
        let mut encoded = Encoded::<RouteConfiguration>::default();
        encoded.encoded(2, &Encoded::of(&host(20)));
        assert_eq!(encoded.decode().unwrap().virtual_hosts, [host(20)]);
    }

    #[test]
    fn parts_are_one_message() {
        let part = |region: &str, zone: &str| {
            Encoded::of(&Locality { region: region.to_owned(), zone: zone.to_owned(), ..Locality::default() })
        };
        let whole = Encoded::of_parts(&[&part("r", ""), &part("", "z")]);
        assert_eq!(whole, part("r", "z"));
        assert_eq!(whole.into_any(), crate::any(&part("r", "z").decode().unwrap()));
    }

    #[test]
    fn entries_are_those_of_a_map() {
        let mut encoded = Encoded::<Struct>::default();
        for name in ["a", "b"] {
            encoded.entry::<Value>(1, name, |value| value.merge(&name.into()));
        }
        let expected: Struct = ["a", "b"].map(|name| (name, name)).into_iter().collect();
        assert_eq!(encoded, Encoded::of(&expected));
    }

    #[test]
    fn objects_are_those_of_json() {
        let mut encoded = Encoded::<Metadata>::default();
        encoded.filter("istio", |istio| {
            istio.field_list("a", |object| object.field_text("b", &["c", "d"]));
            istio.field_bool("e", true);
        });
        let object: Struct = [("b", "cd")].into_iter().collect();
        let istio = [("a", vec![Value::from(object)].into()), ("e", Value::from(true))];
        let mut metadata = Metadata::default();
        metadata.set("istio", &istio.into_iter().collect());
        assert_eq!(Metadata::from(encoded), metadata);
    }

    #[test]
    fn a_choice_is_one_even_if_it_is_empty() {
        for parts in [&[][..], &["a", "", "b"]] {
            let mut encoded = Encoded::<Value>::default();
            encoded.choice(3, parts);
            assert_eq!(encoded.decode().unwrap(), Value::from(parts.concat()));
        }
    }

    #[test]
    fn an_empty_text_is_none() {
        let mut encoded = Encoded::<Locality>::default();
        encoded.text(1, "");
        assert_eq!(encoded, Encoded::default());
    }
}
