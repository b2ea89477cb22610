//! What the JSON mapping needs to know of messages: the types of the tables in `tables.rs`.

use serde_json::{Map, Value};

use super::error::JsonError;
use super::tables::{ENUMS, MESSAGES};
use super::wire::{Reader, Wire};

/// A message type.
#[derive(Debug)]
pub(super) struct Message {
    /// The full name, without a leading dot.
    pub(super) name: &'static str,
    pub(super) shape: Shape,
    /// In the order of declaration, which is the order in JSON.
    pub(super) fields: &'static [Field],
}

/// What a message is in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// An object with its fields.
    Object,
    Any,
    Duration,
    Empty,
    FieldMask,
    ListValue,
    Struct,
    Timestamp,
    Value,
    /// What its only field is.
    Wrapper,
}

/// A field of a message.
#[derive(Debug)]
pub(super) struct Field {
    pub(super) number: u32,
    /// Where prost writes it: its number, or the lowest number of its oneof.
    pub(super) rank: u32,
    /// The name in the `.proto` file.
    pub(super) name: &'static str,
    /// The name in JSON.
    pub(super) json_name: &'static str,
    pub(super) presence: Presence,
    pub(super) kind: Kind,
}

/// When a field is there, and how often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Presence {
    /// When it is not the default.
    Implicit,
    /// When it was set, be it to the default.
    Explicit,
    /// When it was set last of the members of this oneof.
    Oneof(u8),
    Repeated,
    /// As a list of entries, messages of a key (1) and a value (2).
    Map,
}

/// The type of a field. Protobuf's other integer encodings are not here because no message of ours has them:
/// the generator of the tables refuses them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Bool,
    Bytes,
    Double,
    Float,
    Int32,
    Int64,
    String,
    Uint32,
    Uint64,
    /// An index of `ENUMS`.
    Enum(u16),
    /// An index of `MESSAGES`.
    Message(u16),
}

/// An enum type.
#[derive(Debug)]
pub(super) struct Enum {
    /// The full name, without a leading dot.
    name: &'static str,
    values: &'static [(i32, &'static str)],
}

impl Message {
    /// The message of this full name.
    pub(super) fn named(name: &str) -> Option<&'static Self> {
        let index = MESSAGES.binary_search_by(|message| message.name.cmp(name)).ok()?;
        MESSAGES.get(index)
    }

    /// The fields of an encoded message of this type with their positions, in the order in which they stand
    /// there; others are passed over. After an error there is nothing more to read.
    pub(super) fn read<'w>(
        &self,
        wire: &'w [u8],
    ) -> impl Iterator<Item = Result<(usize, &'static Field, Wire<'w>), JsonError>> {
        let mut reader = Reader::new(wire);
        let mut near = 0;
        std::iter::from_fn(move || {
            while !reader.is_empty() {
                let (number, value) = match reader.field() {
                    Ok(read) => read,
                    Err(error) => {
                        reader = Reader::new(&[]);
                        return Some(Err(error));
                    }
                };
                if let Some((at, field)) = self.by_number(number, near) {
                    near = at;
                    return Some(Ok((at, field, value)));
                }
            }
            None
        })
    }

    /// The position and field of this number; `near` is where to look first, as fields come in order.
    pub(super) fn by_number(&self, number: u32, near: usize) -> Option<(usize, &'static Field)> {
        let (before, after) = self.fields.split_at_checked(near)?;
        let after = after.iter().position(|field| field.number == number).map(|at| at + near);
        let at = after.or_else(|| before.iter().position(|field| field.number == number))?;
        Some((at, self.fields.get(at)?))
    }

    /// The position and field of this name, the one of JSON or the one of the `.proto` file.
    pub(super) fn by_name(&self, name: &str) -> Option<(usize, &'static Field)> {
        let json = self.fields.iter().position(|field| field.json_name == name);
        let at = json.or_else(|| self.fields.iter().position(|field| field.name == name))?;
        Some((at, self.fields.get(at)?))
    }
}

impl Field {
    /// What an object says of it: under its name in JSON, else under that of the `.proto` file.
    pub(super) fn value_in<'j>(&self, json: &'j Map<String, Value>) -> Option<&'j Value> {
        json.get(self.json_name).or_else(|| json.get(self.name))
    }
}

impl Kind {
    /// Whether it is a message, and which.
    pub(super) fn message(self) -> Option<&'static Message> {
        match self {
            Self::Message(index) => MESSAGES.get(usize::from(index)),
            _ => None,
        }
    }

    /// Whether it is an enum, and which.
    pub(super) fn enumeration(self) -> Option<&'static Enum> {
        match self {
            Self::Enum(index) => ENUMS.get(usize::from(index)),
            _ => None,
        }
    }

    /// Whether several may be in one length-delimited field.
    pub(super) fn is_packable(self) -> bool {
        !matches!(self, Self::String | Self::Bytes | Self::Message(_))
    }
}

impl Enum {
    /// The enum of this full name.
    pub(super) fn named(name: &str) -> Option<&'static Self> {
        let index = ENUMS.binary_search_by(|other| other.name.cmp(name)).ok()?;
        ENUMS.get(index)
    }

    /// Whether it is the one that is `null` in JSON.
    pub(super) fn is_null(&self) -> bool {
        self.name == "google.protobuf.NullValue"
    }

    /// The first name of this number.
    pub(super) fn name(&self, number: i32) -> Option<&'static str> {
        self.values.iter().find(|(value, _)| *value == number).map(|(_, name)| *name)
    }

    /// The number of this name.
    pub(super) fn number(&self, name: &str) -> Option<i32> {
        self.values.iter().find(|(_, value)| *value == name).map(|(number, _)| *number)
    }
}

// Short names: the tables have thousands of these.

pub(super) const fn m(name: &'static str, shape: Shape, fields: &'static [Field]) -> Message {
    Message { name, shape, fields }
}

pub(super) const fn f(
    number: u32,
    rank: u32,
    name: &'static str,
    json_name: &'static str,
    presence: Presence,
    kind: Kind,
) -> Field {
    Field { number, rank, name, json_name, presence, kind }
}

pub(super) const fn e(name: &'static str, values: &'static [(i32, &'static str)]) -> Enum {
    Enum { name, values }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_sorted_and_refer_to_what_is_there() {
        assert!(MESSAGES.is_sorted_by(|a, b| a.name < b.name));
        assert!(ENUMS.is_sorted_by(|a, b| a.name < b.name));
        for field in MESSAGES.iter().flat_map(|message| message.fields) {
            match field.kind {
                Kind::Message(_) => assert!(field.kind.message().is_some(), "{}", field.name),
                Kind::Enum(_) => assert!(field.kind.enumeration().is_some(), "{}", field.name),
                _ => {}
            }
        }
    }

    #[test]
    fn finds_fields_wherever_it_starts_to_look() {
        let listener = Message::named("envoy.config.listener.v3.Listener").unwrap();
        for near in 0..=listener.fields.len() {
            assert_eq!(listener.by_number(2, near).map(|(_, field)| field.name), Some("address"));
        }
        assert_eq!(
            listener.by_name("filterChains").map(|(at, _)| at),
            listener.by_name("filter_chains").map(|(at, _)| at)
        );
        assert!(listener.by_name("nonsense").is_none());
    }
}
