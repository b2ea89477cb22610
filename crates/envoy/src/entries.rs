//! Entries of maps by name, as they are encoded one after another.

use std::ops::Range;

use prost::encoding;

/// The number of a map's field, and an entry's name in it. Entries come in this order.
pub(crate) type Key<'a> = (u32, &'a [u8]);

/// Entries as they are encoded.
pub(crate) struct Entries<'a> {
    all: &'a [u8],
    rest: &'a [u8],
}

/// One of them.
pub(crate) struct Place<'a> {
    pub(crate) key: Key<'a>,
    /// All of it.
    pub(crate) whole: Range<usize>,
    /// The name and the value.
    pub(crate) fields: Range<usize>,
}

impl<'a> Entries<'a> {
    /// The entries from one that starts here.
    pub(crate) fn from(all: &'a [u8], start: usize) -> Self {
        Self { all, rest: all.get(start..).unwrap_or_default() }
    }
}

impl<'a> Iterator for Entries<'a> {
    type Item = Place<'a>;

    fn next(&mut self) -> Option<Place<'a>> {
        let start = self.all.len() - self.rest.len();
        let (number, fields) = delimited(&mut self.rest)?;
        let end = self.all.len() - self.rest.len();
        let name = delimited(&mut &*fields).filter(|(number, _)| *number == 1);
        let name = name.map(|(_, name)| name).unwrap_or_default();
        Some(Place { key: (number, name), whole: start..end, fields: end - fields.len()..end })
    }
}

/// The bits of a key that say a field's type, and the type of what says its length.
pub(crate) const TYPE: u8 = 0b111;
pub(crate) const DELIMITED: u8 = 2;

/// Takes a field that says its length off the front.
pub(crate) fn delimited<'a>(from: &mut &'a [u8]) -> Option<(u32, &'a [u8])> {
    let (number, length) = match *from {
        // Most fields have a key that takes one byte, and are shorter than 128 bytes, or than 16 kB.
        [key @ 0x08..0x80, length @ ..0x80, rest @ ..] if key & TYPE == DELIMITED => {
            *from = rest;
            (u32::from(key >> 3), usize::from(*length))
        }
        [key @ 0x08..0x80, low, high @ 1..0x80, rest @ ..] if key & TYPE == DELIMITED => {
            *from = rest;
            (u32::from(key >> 3), usize::from(*high) << 7 | usize::from(low & 0x7f))
        }
        _ => {
            let (number, _) = encoding::decode_key(from).ok()?;
            (number, usize::try_from(encoding::decode_varint(from).ok()?).ok()?)
        }
    };
    let (value, rest) = from.split_at_checked(length)?;
    *from = rest;
    Some((number, value))
}

/// Whether an entry of this key comes next after the one at `near`, which is the last one.
pub(crate) fn is_next(bytes: &[u8], near: usize, key: Key<'_>) -> bool {
    let near = Entries::from(bytes, near).next();
    near.is_some_and(|near| near.key < key && near.whole.end == bytes.len())
}

/// Puts an encoded entry where it belongs among those that start at `start`, instead of one of the same key.
/// The one at `near` is tried first. Gives where it starts.
pub(crate) fn put(bytes: &mut Vec<u8>, start: usize, near: usize, key: Key<'_>, entry: &[u8]) -> usize {
    let is_before = Entries::from(bytes, near).next().is_some_and(|near| near.key < key);
    let from = if is_before { near } else { start };
    let place = match Entries::from(bytes, from).find(|other| other.key >= key) {
        None => bytes.len()..bytes.len(),
        Some(other) if other.key == key => other.whole,
        Some(other) => other.whole.start..other.whole.start,
    };
    let at = place.start;
    bytes.splice(place, entry.iter().copied());
    at
}
