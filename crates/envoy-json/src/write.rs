//! From the wire format to JSON.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::error::{JsonError, JsonErrorKind};
use super::schema::{Field, Kind, Message, Presence, Shape};
use super::wire::{Reader, Wire};
use super::{MAX_DEPTH, scalar, time, type_name};

/// Appends JSON to a string.
pub(super) struct Writer<'o> {
    out: &'o mut String,
    depth: usize,
}

/// One occurrence of a field.
#[derive(Clone, Copy)]
struct Entry<'a> {
    /// The position among the message's fields.
    field: usize,
    /// How many came before it on the wire.
    place: usize,
    value: Wire<'a>,
}

impl<'o> Writer<'o> {
    pub(super) fn new(out: &'o mut String) -> Self {
        Self { out, depth: 0 }
    }

    /// Writes a message.
    pub(super) fn message(&mut self, message: &Message, wire: &[u8]) -> Result<(), JsonError> {
        self.nested(|writer| writer.shaped(message, wire))
    }

    /// Counts how deep messages are nested, so that no input exhausts the stack.
    fn nested(&mut self, write: impl FnOnce(&mut Self) -> Result<(), JsonError>) -> Result<(), JsonError> {
        if self.depth == MAX_DEPTH {
            return Err(JsonErrorKind::TooDeep.into());
        }
        self.depth += 1;
        let written = write(self);
        self.depth -= 1;
        written
    }

    fn shaped(&mut self, message: &Message, wire: &[u8]) -> Result<(), JsonError> {
        if message.shape == Shape::Object {
            return self.object(message, wire, None);
        }
        let entries = entries(message, wire)?;
        match message.shape {
            Shape::Object | Shape::Empty => self.out.push_str("{}"),
            Shape::Any => self.any(&entries)?,
            Shape::Duration => self.time(&entries, time::format_duration, "a duration")?,
            Shape::Timestamp => self.time(&entries, time::format_timestamp, "a timestamp")?,
            Shape::FieldMask => self.field_mask(&entries)?,
            Shape::ListValue | Shape::Struct | Shape::Wrapper => {
                if let Some(field) = message.fields.first() {
                    self.value(field, &entries)?;
                }
            }
            Shape::Value => self.json_value(message, &entries)?,
        }
        Ok(())
    }

    fn object(&mut self, message: &Message, wire: &[u8], type_url: Option<&str>) -> Result<(), JsonError> {
        self.out.push('{');
        let mut separator = "";
        if let Some(url) = type_url {
            self.out.push_str("\"@type\":");
            scalar::write_string(url, self.out);
            separator = ",";
        }
        let entries = entries(message, wire)?;
        for run in entries.chunk_by(|a, b| a.field == b.field) {
            let Some((field, last)) =
                run.last().and_then(|last| Some((message.fields.get(last.field)?, last)))
            else {
                continue;
            };
            if field.presence == Presence::Implicit && scalar::is_default(field.kind, last.value) {
                continue;
            }
            self.out.push_str(separator);
            separator = ",";
            // Names are of letters and digits.
            self.out.push('"');
            self.out.push_str(field.json_name);
            self.out.push_str("\":");
            self.value(field, run).map_err(|error| error.in_field(field.json_name))?;
        }
        self.out.push('}');
        Ok(())
    }

    fn value(&mut self, field: &Field, run: &[Entry<'_>]) -> Result<(), JsonError> {
        match field.presence {
            Presence::Repeated => self.list(field.kind, run),
            Presence::Map => self.map(field.kind, run),
            Presence::Implicit | Presence::Explicit | Presence::Oneof(_) => self.singular(field.kind, run),
        }
    }

    /// The last of the occurrences, or all of a message's merged; the default if there are none.
    fn singular(&mut self, kind: Kind, run: &[Entry<'_>]) -> Result<(), JsonError> {
        match kind.message() {
            Some(message) => self.message(message, &merged(run)?),
            None => scalar::write(kind, last(run).unwrap_or(scalar::default(kind)), self.out),
        }
    }

    fn list(&mut self, kind: Kind, run: &[Entry<'_>]) -> Result<(), JsonError> {
        self.out.push('[');
        let mut index = 0;
        for entry in run {
            match entry.value {
                Wire::Bytes(packed) if kind.is_packable() => {
                    let mut reader = Reader::new(packed);
                    while !reader.is_empty() {
                        let value = scalar::unpack(kind, &mut reader)?;
                        self.item(kind, value, &mut index)?;
                    }
                }
                value => self.item(kind, value, &mut index)?,
            }
        }
        self.out.push(']');
        Ok(())
    }

    fn item(&mut self, kind: Kind, value: Wire<'_>, index: &mut usize) -> Result<(), JsonError> {
        if *index > 0 {
            self.out.push(',');
        }
        let written = match kind.message() {
            Some(message) => bytes(value).and_then(|wire| self.message(message, wire)),
            None => scalar::write(kind, value, self.out),
        };
        written.map_err(|error| error.in_item(*index))?;
        *index += 1;
        Ok(())
    }

    fn map(&mut self, kind: Kind, run: &[Entry<'_>]) -> Result<(), JsonError> {
        let Some((message, [key, value])) =
            kind.message().and_then(|entry| Some((entry, entry.fields.get(..2)?)))
        else {
            return Err(JsonError::malformed("a map without entries"));
        };
        let mut sorted = BTreeMap::new();
        for entry in run {
            let parts = entries(message, bytes(entry.value)?)?;
            let (keys, values) = parts.split_at(parts.partition_point(|part| part.field == 0));
            let found = MapKey::new(key.kind, last(keys).unwrap_or(scalar::default(key.kind)))?;
            // A later entry of the same key replaces the earlier.
            sorted.insert(found, values.to_vec());
        }
        self.out.push('{');
        for (index, (found, values)) in sorted.iter().enumerate() {
            if index > 0 {
                self.out.push(',');
            }
            let name = found.text();
            scalar::write_string(&name, self.out);
            self.out.push(':');
            self.singular(value.kind, values).map_err(|error| error.in_field(&name))?;
        }
        self.out.push('}');
        Ok(())
    }

    fn any(&mut self, entries: &[Entry<'_>]) -> Result<(), JsonError> {
        let part = |field| {
            entries.iter().rfind(|entry| entry.field == field).map_or(Ok(&[][..]), |entry| bytes(entry.value))
        };
        let (url, wire) = (scalar::utf8(part(0)?)?, part(1)?);
        if url.is_empty() {
            if !wire.is_empty() {
                return Err(JsonErrorKind::AnyWithoutType.into());
            }
            self.out.push_str("{}");
            return Ok(());
        }
        let message = Message::named(type_name(url));
        if let Some(message) = message.filter(|message| message.shape == Shape::Object) {
            return self.nested(|writer| writer.object(message, wire, Some(url)));
        }
        self.out.push_str("{\"@type\":");
        scalar::write_string(url, self.out);
        self.out.push_str(",\"value\":");
        match message {
            Some(message) => self.message(message, wire)?,
            // Not `protojson`'s: it refuses what it does not know, we pass it on.
            None => scalar::write_bytes(wire, self.out),
        }
        self.out.push('}');
        Ok(())
    }

    fn json_value(&mut self, message: &Message, entries: &[Entry<'_>]) -> Result<(), JsonError> {
        let field = entries.last().and_then(|entry| message.fields.get(entry.field));
        match (field, last(entries)) {
            (Some(Field { kind: Kind::Double, .. }), Some(Wire::Fixed64(bits)))
                if !f64::from_bits(bits).is_finite() =>
            {
                Err(JsonErrorKind::UnsayableValue.into())
            }
            (Some(field), _) => self.singular(field.kind, entries),
            (None, _) => Err(JsonErrorKind::UnsayableValue.into()),
        }
    }

    fn field_mask(&mut self, entries: &[Entry<'_>]) -> Result<(), JsonError> {
        let mut paths = Vec::with_capacity(entries.len());
        for entry in entries {
            let path = scalar::utf8(bytes(entry.value)?)?;
            paths.push(
                time::mask_to_json(path).ok_or_else(|| JsonError::invalid("a field mask's path", path))?,
            );
        }
        scalar::write_string(&paths.join(","), self.out);
        Ok(())
    }

    fn time(
        &mut self,
        entries: &[Entry<'_>],
        format: impl FnOnce(i64, i32) -> Option<String>,
        expected: &'static str,
    ) -> Result<(), JsonError> {
        let (seconds, nanos) = (integer(entries, 0)?, integer(entries, 1)? as i32);
        let text = format(seconds, nanos)
            .ok_or_else(|| JsonError::invalid(expected, format_args!("{seconds}s and {nanos}ns")))?;
        scalar::write_string(&text, self.out);
        Ok(())
    }
}

/// A message's fields in the order of declaration; of each oneof only the member set last. Unknown fields are
/// left out.
fn entries<'a>(message: &Message, wire: &'a [u8]) -> Result<Vec<Entry<'a>>, JsonError> {
    let mut found = Vec::new();
    // Of each oneof: its member set last, and since which place.
    let mut winners: Vec<(u8, usize, usize)> = Vec::new();
    for known in message.read(wire) {
        let (at, field, value) = known?;
        let place = found.len();
        match field.presence {
            Presence::Oneof(oneof) => match winners.iter_mut().find(|(known, ..)| *known == oneof) {
                Some(winner) if winner.1 == at => {}
                Some(winner) => *winner = (oneof, at, place),
                None => winners.push((oneof, at, place)),
            },
            // No items: as if it were not there.
            Presence::Repeated if field.kind.is_packable() && value == Wire::Bytes(&[]) => continue,
            _ => {}
        }
        found.push(Entry { field: at, place, value });
    }
    if !winners.is_empty() {
        let oneof_of = |at: usize| match message.fields.get(at)?.presence {
            Presence::Oneof(oneof) => winners.iter().find(|(known, ..)| *known == oneof),
            _ => None,
        };
        found.retain(|entry| {
            oneof_of(entry.field).is_none_or(|(_, at, since)| entry.field == *at && entry.place >= *since)
        });
    }
    if !found.is_sorted_by_key(|entry| entry.field) {
        found.sort_by_key(|entry| entry.field);
    }
    Ok(found)
}

fn last<'a>(run: &[Entry<'a>]) -> Option<Wire<'a>> {
    run.last().map(|entry| entry.value)
}

/// Messages merge by concatenation.
fn merged<'a>(run: &[Entry<'a>]) -> Result<Cow<'a, [u8]>, JsonError> {
    match run {
        [] => Ok(Cow::Borrowed(&[])),
        [entry] => bytes(entry.value).map(Cow::Borrowed),
        several => several
            .iter()
            .map(|entry| bytes(entry.value))
            .collect::<Result<Vec<_>, _>>()
            .map(|all| all.concat().into()),
    }
}

fn bytes(value: Wire<'_>) -> Result<&[u8], JsonError> {
    match value {
        Wire::Bytes(bytes) => Ok(bytes),
        _ => Err(JsonError::malformed("the wire type is not the field's")),
    }
}

/// The number in the field at this position.
fn integer(entries: &[Entry<'_>], field: usize) -> Result<i64, JsonError> {
    match entries.iter().rfind(|entry| entry.field == field).map(|entry| entry.value) {
        None => Ok(0),
        Some(Wire::Varint(value)) => Ok(value as i64),
        Some(_) => Err(JsonError::malformed("the wire type is not the field's")),
    }
}

/// A map's key, in the order of JSON.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum MapKey<'a> {
    Bool(bool),
    Signed(i64),
    Unsigned(u64),
    Text(&'a str),
}

impl<'a> MapKey<'a> {
    fn new(kind: Kind, value: Wire<'a>) -> Result<Self, JsonError> {
        Ok(match (kind, value) {
            (Kind::Bool, Wire::Varint(value)) => Self::Bool(value != 0),
            (Kind::Int32, Wire::Varint(value)) => Self::Signed((value as i32).into()),
            (Kind::Int64, Wire::Varint(value)) => Self::Signed(value as i64),
            (Kind::Uint32, Wire::Varint(value)) => Self::Unsigned((value as u32).into()),
            (Kind::Uint64, Wire::Varint(value)) => Self::Unsigned(value),
            (Kind::String, Wire::Bytes(bytes)) => Self::Text(scalar::utf8(bytes)?),
            _ => return Err(JsonError::malformed("the wire type is not the map key's")),
        })
    }

    fn text(&self) -> Cow<'a, str> {
        match self {
            Self::Bool(value) => value.to_string().into(),
            Self::Signed(value) => value.to_string().into(),
            Self::Unsigned(value) => value.to_string().into(),
            Self::Text(text) => Cow::Borrowed(text),
        }
    }
}
