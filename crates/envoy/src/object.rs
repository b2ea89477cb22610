//! JSON objects (`google.protobuf.Struct`), encoded while they are made.

use prost::encoding::{self, WireType};

use crate::entries::{self, Key};

/// The field of an entry with its name, and the one with its value.
const NAME: u32 = 1;
const VALUE: u32 = 2;
/// The only field of a `Struct`.
const FIELDS: u32 = 1;
/// The fields of a `Value` that hold a text, a boolean, an object and a list.
const STRING_VALUE: u32 = 3;
const BOOL_VALUE: u32 = 4;
const STRUCT_VALUE: u32 = 5;
const LIST_VALUE: u32 = 6;
/// The only field of a `ListValue`.
const VALUES: u32 = 1;

/// Writes the fields of a JSON object, in any order. Of two of a name the later counts.
///
/// ```
/// use waypoint_xds_envoy::config::core::v3::Metadata;
///
/// let mut metadata = Metadata::default();
/// metadata.write("istio", |object| {
///     object.text("workload", &["reviews", ";", "shop"]);
///     object.bool("external", true);
/// });
/// assert_eq!(metadata.text("istio", "workload").as_deref(), Some("reviews;shop"));
/// ```
#[derive(Debug)]
pub struct ObjectWriter<'a> {
    out: &'a mut Vec<u8>,
    /// Where the object starts.
    start: usize,
    /// Where the field starts that was written last.
    near: usize,
}

impl<'a> ObjectWriter<'a> {
    pub(crate) fn new(out: &'a mut Vec<u8>) -> Self {
        let start = out.len();
        Self { out, start, near: start }
    }

    /// Writes a text, from its parts.
    pub fn text(&mut self, name: &str, parts: &[&str]) {
        let length = parts.iter().map(|part| part.len()).sum();
        self.known(name, delimited_length(length), |value| {
            head(value, STRING_VALUE, length);
            parts.iter().for_each(|part| value.extend_from_slice(part.as_bytes()));
        });
    }

    /// Writes a boolean.
    pub fn bool(&mut self, name: &str, value: bool) {
        self.known(name, 2, |out| encoding::bool::encode(BOOL_VALUE, &value, out));
    }

    /// Writes an object.
    pub fn object(&mut self, name: &str, write: impl FnOnce(&mut ObjectWriter<'_>)) {
        self.field(name, |value| nested(STRUCT_VALUE, value, |object| write(&mut ObjectWriter::new(object))));
    }

    /// Writes a list of one object.
    pub fn list(&mut self, name: &str, write: impl FnOnce(&mut ObjectWriter<'_>)) {
        self.field(name, |value| {
            nested(LIST_VALUE, value, |list| {
                nested(VALUES, list, |value| {
                    nested(STRUCT_VALUE, value, |object| write(&mut ObjectWriter::new(object)));
                });
            });
        });
    }

    fn field(&mut self, name: &str, write: impl FnOnce(&mut Vec<u8>)) {
        self.near = entry(self.out, (self.start, self.near), (FIELDS, name.as_bytes()), write);
    }

    /// Writes a field whose value is known to be of this length.
    fn known(&mut self, name: &str, length: usize, write: impl FnOnce(&mut Vec<u8>)) {
        let key = (FIELDS, name.as_bytes());
        let named = if name.is_empty() { 0 } else { delimited_length(name.len()) };
        self.near = placed(self.out, (self.start, self.near), key, |out| {
            let length_of_entry = named + delimited_length(length);
            out.reserve(delimited_length(length_of_entry));
            head(out, FIELDS, length_of_entry);
            put_name(out, name.as_bytes());
            head(out, VALUE, length);
            write(out);
        });
    }
}

/// Writes an entry of a map to the end of those from `start`, or where it belongs: `near` is where the last
/// one starts. Gives where it starts.
pub(crate) fn entry(
    out: &mut Vec<u8>,
    places: (usize, usize),
    key: Key<'_>,
    write: impl FnOnce(&mut Vec<u8>),
) -> usize {
    let (number, name) = key;
    placed(out, places, key, |out| {
        nested(number, out, |entry| {
            put_name(entry, name);
            nested(VALUE, entry, write);
        });
    })
}

/// The same of an entry that is written as a whole.
fn placed(
    out: &mut Vec<u8>,
    (start, near): (usize, usize),
    key: Key<'_>,
    write: impl FnOnce(&mut Vec<u8>),
) -> usize {
    let end = out.len();
    let is_next = end == start || entries::is_next(out, near, key);
    write(out);
    if is_next {
        return end;
    }
    let entry = out.split_off(end);
    entries::put(out, start, near, key, &entry)
}

/// Writes an entry's name, as prost does: not at all if it is empty.
fn put_name(entry: &mut Vec<u8>, name: &[u8]) {
    if !name.is_empty() {
        head(entry, NAME, name.len());
        entry.extend_from_slice(name);
    }
}

/// Writes what stands before a value: the field's number, and the value's length.
fn head(out: &mut Vec<u8>, number: u32, length: usize) {
    // The numbers of these messages take one byte, as most lengths do: that is quickly written.
    let tag = u8::try_from(number << 3 | WireType::LengthDelimited as u32).unwrap_or_default();
    match u8::try_from(length) {
        Ok(short @ ..0x80) => out.extend_from_slice(&[tag, short]),
        _ => {
            out.push(tag);
            encoding::encode_varint(length as u64, out);
        }
    }
}

/// How long a value is together with its [`head`], in a field whose number is small.
fn delimited_length(length: usize) -> usize {
    1 + encoding::encoded_len_varint(length as u64) + length
}

/// Writes a field that holds what `write` writes.
fn nested(number: u32, out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len() + 1;
    // Most lengths take one byte.
    head(out, number, 0);
    write(out);
    write_length(out, start);
}

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
    use crate::google::protobuf::{Struct, Value};
    use prost::Message as _;

    fn written(write: impl FnOnce(&mut ObjectWriter<'_>)) -> Vec<u8> {
        let mut out = Vec::new();
        write(&mut ObjectWriter::new(&mut out));
        out
    }

    #[test]
    fn objects_are_what_prost_writes_in_whatever_order_they_are_made() {
        let inner: Struct = [("b", "cd")].into_iter().collect();
        let expected: Struct = [
            ("a", Value::from(vec![inner.into()])),
            ("e", true.into()),
            ("f", String::new().into()),
            ("g", "x".repeat(300).into()),
        ]
        .into_iter()
        .collect();
        let long = "x".repeat(300);
        type Write<'w> = &'w dyn Fn(&mut ObjectWriter<'_>);
        let fields: [Write<'_>; 4] = [
            &|object| object.list("a", |object| object.text("b", &["c", "", "d"])),
            &|object| object.bool("e", true),
            &|object| object.text("f", &[]),
            &|object| object.text("g", &[&long]),
        ];
        for order in [[0, 1, 2, 3], [3, 2, 1, 0], [1, 3, 0, 2], [2, 0, 3, 1]] {
            let bytes = written(|object| order.iter().for_each(|at: &usize| fields[*at](object)));
            assert_eq!(bytes, expected.encode_to_vec(), "{order:?}");
        }
    }

    #[test]
    fn of_two_of_a_name_the_later_counts() {
        let bytes = written(|object| {
            object.text("b", &["first"]);
            object.text("c", &["other"]);
            object.text("b", &["second"]);
        });
        let expected: Struct = [("b", "second"), ("c", "other")].into_iter().collect();
        assert_eq!(Struct::decode(bytes.as_slice()).unwrap(), expected);
        assert_eq!(bytes, expected.encode_to_vec());
    }

    #[test]
    fn false_is_written_as_it_is() {
        let expected: Struct = [("a", false)].into_iter().collect();
        assert_eq!(written(|object| object.bool("a", false)), expected.encode_to_vec());
    }
}
