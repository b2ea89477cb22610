//! Values that are written as one text, or field by field.

use std::fmt::{self, Display};
use std::marker::PhantomData;
use std::str::FromStr;

use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, Visitor, value::MapAccessDeserializer};

/// Reads a value from a text, or from a mapping of `Fields`.
pub(super) fn text_or_fields<'de, D, T, Fields>(
    deserializer: D,
    expecting: &'static str,
) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: Display>,
    Fields: Deserialize<'de> + TryInto<T, Error: Display>,
{
    deserializer.deserialize_any(TextOr { expecting, read: PhantomData::<(T, Fields)> })
}

struct TextOr<R> {
    expecting: &'static str,
    read: PhantomData<R>,
}

impl<'de, T, Fields> Visitor<'de> for TextOr<(T, Fields)>
where
    T: FromStr<Err: Display>,
    Fields: Deserialize<'de> + TryInto<T, Error: Display>,
{
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expecting)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        text.parse().map_err(E::custom)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        Fields::deserialize(MapAccessDeserializer::new(map))?.try_into().map_err(de::Error::custom)
    }
}
