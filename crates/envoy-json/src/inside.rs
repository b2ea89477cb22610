//! What stands inside of messages, however deep and whatever an `Any` between
//! holds: looked at or changed by type, without JSON.

use prost::Name;

use super::error::{JsonError, JsonErrorKind};
use super::schema::{Field, Kind, Message, Presence, Shape};
use super::wire::{Reader, Wire, put, put_bytes};
use super::{deeper, named, scalar, type_name};

/// Is shown what is inside of a message, from the outside in.
pub trait Visit {
    /// A message, by its full name, before what is inside of it.
    fn message(&mut self, _name: &str, _wire: &[u8]) {}

    /// The full name of what an `Any` holds, be it known or not, before what is inside of it.
    fn any(&mut self, _name: &str) {}

    /// A text, by the JSON name of its field; in a map or a `Struct` by its key.
    fn text(&mut self, _name: &str, _text: &str) {}
}

/// Changes what is inside of a message, from the inside out.
pub trait Change {
    /// What a text becomes, if it changes. Keys of maps are not asked for.
    fn text(&mut self, _text: &str) -> Option<String> {
        None
    }

    /// What a message becomes, by its full name, after what is inside of it.
    fn message(&mut self, _name: &str, wire: Vec<u8>) -> Vec<u8> {
        wire
    }
}

/// Shows a message, and everything inside of it.
///
/// # Errors
///
/// When an `Any` inside holds bytes that are not what its type says, or messages are nested more than 100
/// deep. What comes before was shown.
pub fn visit<M: prost::Message + Name>(message: &M, visitor: &mut impl Visit) -> Result<(), JsonError> {
    Walk(visitor).message(named(&M::full_name())?, &message.encode_to_vec(), "", 0)
}

/// Changes everything inside of a message, and then the message itself.
///
/// # Errors
///
/// As [`visit`]; the message is then as it was.
pub fn change<M: prost::Message + Name + Default>(
    message: &mut M,
    changer: &mut impl Change,
) -> Result<(), JsonError> {
    let wire = Rebuild(changer).message(named(&M::full_name())?, &message.encode_to_vec(), 0)?;
    *message = M::decode(wire.as_slice()).map_err(|_| JsonError::from(JsonErrorKind::TooDeep))?;
    Ok(())
}

/// A message of this type, if it is one.
#[must_use]
pub fn read<M: prost::Message + Name + Default>(name: &str, wire: &[u8]) -> Option<M> {
    (M::full_name() == name).then(|| M::decode(wire).ok()).flatten()
}

/// The type URL and the bytes of an `Any`.
fn parts_of_any(wire: &[u8]) -> Result<(&str, &[u8]), JsonError> {
    let (mut url, mut value) = (&[][..], &[][..]);
    let mut reader = Reader::new(wire);
    while !reader.is_empty() {
        match reader.field()? {
            (1, Wire::Bytes(bytes)) => url = bytes,
            (2, Wire::Bytes(bytes)) => value = bytes,
            _ => {}
        }
    }
    Ok((scalar::utf8(url)?, value))
}

/// A map's entry type: its key and its value.
fn entry(message: &'static Message) -> Option<(&'static Field, &'static Field)> {
    match message.fields {
        [key, value] => Some((key, value)),
        _ => None,
    }
}

struct Walk<'v, V>(&'v mut V);

impl<V: Visit> Walk<'_, V> {
    /// `name` is what texts are called that stand for the message itself in JSON.
    fn message(
        &mut self,
        message: &'static Message,
        wire: &[u8],
        name: &str,
        depth: usize,
    ) -> Result<(), JsonError> {
        let depth = deeper(depth)?;
        self.0.message(message.name, wire);
        if message.shape == Shape::Any {
            let (url, value) = parts_of_any(wire)?;
            let held = type_name(url);
            self.0.any(held);
            return Message::named(held).map_or(Ok(()), |held| self.message(held, value, "", depth));
        }
        let stands_for_it = matches!(message.shape, Shape::Value | Shape::ListValue | Shape::Wrapper);
        for known in message.read(wire) {
            let (_, field, value) = known?;
            let name = if stands_for_it { name } else { field.json_name };
            match (field.presence, field.kind.message()) {
                (Presence::Map, Some(pair)) => self.pair(pair, value, depth)?,
                _ => self.value(field.kind, value, name, depth)?,
            }
        }
        Ok(())
    }

    fn value(&mut self, kind: Kind, value: Wire<'_>, name: &str, depth: usize) -> Result<(), JsonError> {
        match (kind, kind.message(), value) {
            (_, Some(message), Wire::Bytes(wire)) => self.message(message, wire, name, depth),
            (Kind::String, _, Wire::Bytes(text)) => {
                self.0.text(name, scalar::utf8(text)?);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn pair(&mut self, message: &'static Message, pair: Wire<'_>, depth: usize) -> Result<(), JsonError> {
        let (Some((key, value)), Wire::Bytes(wire)) = (entry(message), pair) else { return Ok(()) };
        let mut name = "";
        let mut reader = Reader::new(wire);
        while !reader.is_empty() {
            match reader.field()? {
                (1, Wire::Bytes(text)) if key.kind == Kind::String => name = scalar::utf8(text)?,
                (2, found) => self.value(value.kind, found, name, depth)?,
                _ => {}
            }
        }
        Ok(())
    }
}

struct Rebuild<'c, C>(&'c mut C);

impl<C: Change> Rebuild<'_, C> {
    fn message(
        &mut self,
        message: &'static Message,
        wire: &[u8],
        depth: usize,
    ) -> Result<Vec<u8>, JsonError> {
        let depth = deeper(depth)?;
        let held = match message.shape {
            Shape::Any => Message::named(type_name(parts_of_any(wire)?.0)),
            _ => None,
        };
        let mut out = Vec::with_capacity(wire.len());
        for known in message.read(wire) {
            let (_, field, value) = known?;
            let number = field.number;
            match (held, field.presence, field.kind.message(), value) {
                (Some(held), _, _, Wire::Bytes(bytes)) if number == 2 => {
                    put_bytes(&mut out, number, &self.message(held, bytes, depth)?);
                }
                (_, Presence::Map, Some(pair), Wire::Bytes(bytes)) => {
                    put_bytes(&mut out, number, &self.pair(pair, bytes, depth)?);
                }
                _ => self.value(field, value, depth, &mut out)?,
            }
        }
        Ok(self.0.message(message.name, out))
    }

    fn value(
        &mut self,
        field: &Field,
        value: Wire<'_>,
        depth: usize,
        out: &mut Vec<u8>,
    ) -> Result<(), JsonError> {
        match (field.kind, field.kind.message(), value) {
            (_, Some(message), Wire::Bytes(wire)) => {
                put_bytes(out, field.number, &self.message(message, wire, depth)?);
            }
            (Kind::String, _, Wire::Bytes(text)) => match self.0.text(scalar::utf8(text)?) {
                Some(changed) => put_bytes(out, field.number, changed.as_bytes()),
                None => put_bytes(out, field.number, text),
            },
            _ => put(out, field.number, value),
        }
        Ok(())
    }

    /// A pair of a map: the key stays.
    fn pair(&mut self, message: &'static Message, wire: &[u8], depth: usize) -> Result<Vec<u8>, JsonError> {
        let Some((_, value)) = entry(message) else { return Ok(wire.to_vec()) };
        let mut out = Vec::with_capacity(wire.len());
        let mut reader = Reader::new(wire);
        while !reader.is_empty() {
            match reader.field()? {
                (2, found) => self.value(value, found, depth, &mut out)?,
                (number, found) => put(&mut out, number, found),
            }
        }
        Ok(out)
    }
}
