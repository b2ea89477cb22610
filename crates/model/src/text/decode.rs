//! Deserializes typed structs from nodes, by the rules of Kubernetes' JSON decoding: null is absent, keys are
//! spelled exactly, a string is never made of a number, an integer may be written as `80.0`.

use base64::Engine as _;
use serde::de::{self, DeserializeSeed, Deserializer, IntoDeserializer as _, Visitor};
use serde::forward_to_deserialize_any;

use super::error::DecodeError;
use super::node::Node;
use super::scalar::Scalar;
use super::tape::Shape;
use super::unread::Unread;
use crate::hash::HashSet;
use crate::strings::camel_case;

impl<'t> Node<'t> {
    /// Reads the node into a type.
    ///
    /// # Errors
    /// The first value that does not fit, with its path below this node.
    pub fn decode<T: de::Deserialize<'t>>(self, unread: &Unread) -> Result<T, DecodeError> {
        T::deserialize(Decoder { node: self, unread }).map_err(|error| error.below(self))
    }

    /// Reads a mapping's field into a type; a field that is absent or null is the type's default.
    ///
    /// # Errors
    /// The first value that does not fit, with its path below this node.
    pub fn field<T: de::Deserialize<'t> + Default>(
        self,
        key: &str,
        unread: &Unread,
    ) -> Result<T, DecodeError> {
        match self.get(key) {
            Some(value) if !value.is_null() && !unread.is_aside(value.index) => {
                T::deserialize(Decoder { node: value, unread }).map_err(|error| error.at(value).below(self))
            }
            _ => Ok(T::default()),
        }
    }
}

#[derive(Clone, Copy)]
struct Decoder<'t, 'u> {
    node: Node<'t>,
    unread: &'u Unread,
}

impl<'t, 'u> Decoder<'t, 'u> {
    /// Whether the value is read as if nothing stood there.
    fn is_aside(self) -> bool {
        self.unread.is_aside(self.node.index)
    }

    fn scalar(self) -> Option<Scalar<'t>> {
        if self.is_aside() { Some(Scalar::Null) } else { self.node.scalar() }
    }

    fn shape(self) -> Shape {
        if self.is_aside() { Shape::Plain } else { self.node.shape() }
    }

    fn is_null(self) -> bool {
        self.is_aside() || self.node.is_null()
    }

    fn links(self) -> &'t [u32] {
        if self.is_aside() { &[] } else { self.node.links() }
    }

    fn wrong<T>(self, expected: &str) -> Result<T, DecodeError> {
        Err(DecodeError::wrong_type(self.node, expected))
    }

    fn list<V: Visitor<'t>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        let items = self.links().iter();
        visitor.visit_seq(Items { document: self, items }).map_err(|error| error.at(self.node))
    }

    fn mapping<V: Visitor<'t>>(self, visitor: V, nulls: bool) -> Result<V::Value, DecodeError> {
        let pairs = self.links().chunks_exact(2);
        let mut fields = Fields { document: self, pairs, current: None, nulls, names: None };
        visitor.visit_map(&mut fields).map_err(|error| error.at(self.node))
    }

    /// What names a variant, compiled once, not for every type.
    #[inline(never)]
    fn variant(self) -> Option<Name<'t, 'u>> {
        if self.is_aside() {
            return None;
        }
        if let Some(text) = self.node.as_str() {
            return Some(Name::Alone(text));
        }
        let (key, value) = self.node.key_nodes().next()?;
        Some(Name::With(Variant { key, value: Decoder { node: value, ..self } }))
    }

    fn visit_empty_list<V: Visitor<'t>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_seq(Items { document: self, items: [].iter() })
    }

    /// An integer as i128, whichever way it is written.
    fn integer(self, smallest: i128, largest: i128) -> Result<i128, DecodeError> {
        let expected = "an integer";
        let value = match self.scalar() {
            Some(Scalar::Null) => 0,
            Some(Scalar::Int(value)) => i128::from(value),
            Some(Scalar::UInt(value)) => i128::from(value),
            Some(Scalar::Float(value)) if value.fract() == 0.0 && value.abs() < 1e21 => {
                #[expect(clippy::cast_possible_truncation, reason = "integral and below 1e21")]
                let value = value as i128;
                value
            }
            _ => return self.wrong(expected),
        };
        if value < smallest || value > largest {
            let message = format!(
                "`{}` is out of range: expected an integer from {smallest} to {largest}",
                self.node.text()
            );
            return Err(DecodeError::invalid(self.node, message));
        }
        Ok(value)
    }

    fn float(self) -> Result<f64, DecodeError> {
        #[expect(clippy::cast_precision_loss, reason = "as JSON numbers are read into doubles")]
        match self.scalar() {
            Some(Scalar::Null) => Ok(0.0),
            Some(Scalar::Int(value)) => Ok(value as f64),
            Some(Scalar::UInt(value)) => Ok(value as f64),
            Some(Scalar::Float(value)) if value.is_finite() => Ok(value),
            _ => self.wrong("a number"),
        }
    }
}

macro_rules! integers {
    ($($method:ident $visit:ident $type:ty;)+) => {
        $(fn $method<V: Visitor<'t>>(self, visitor: V) -> Result<V::Value, DecodeError> {
            let value = self.integer(i128::from(<$type>::MIN), i128::from(<$type>::MAX))?;
            visitor.$visit(<$type>::try_from(value).unwrap_or_default()).map_err(|error: DecodeError| error.at(self.node))
        })+
    };
}

impl<'t> Deserializer<'t> for Decoder<'t, '_> {
    type Error = DecodeError;

    fn deserialize_any<V: Visitor<'t>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        let result = match self.scalar() {
            None if self.shape() == Shape::Sequence => return self.list(visitor),
            None => return self.mapping(visitor, true),
            Some(Scalar::Null) => visitor.visit_unit(),
            Some(Scalar::Bool(value)) => visitor.visit_bool(value),
            Some(Scalar::Int(value)) => visitor.visit_i64(value),
            Some(Scalar::UInt(value)) => visitor.visit_u64(value),
            Some(Scalar::Float(value)) if value.is_finite() => visitor.visit_f64(value),
            // JSON has no such numbers: Kubernetes refuses them everywhere.
            Some(Scalar::Float(_)) => return self.wrong("a finite number"),
            Some(Scalar::Str(text)) => visitor.visit_borrowed_str(text),
        };
        result.map_err(|error: DecodeError| error.at(self.node))
    }

    fn deserialize_bool<V: Visitor<'t>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match self.scalar() {
            Some(Scalar::Bool(value)) => visitor.visit_bool(value),
            Some(Scalar::Null) => visitor.visit_bool(false),
            _ => self.wrong("a boolean"),
        }
    }

    integers! {
        deserialize_i8 visit_i8 i8;
        deserialize_i16 visit_i16 i16;
        deserialize_i32 visit_i32 i32;
        deserialize_i64 visit_i64 i64;
        deserialize_u8 visit_u8 u8;
        deserialize_u16 visit_u16 u16;
        deserialize_u32 visit_u32 u32;
        deserialize_u64 visit_u64 u64;
    }

    fn deserialize_f32<V: Visitor<'t>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_f64<V: Visitor<'t>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_f64(self.float()?).map_err(|error: DecodeError| error.at(self.node))
    }

    fn deserialize_str<V: Visitor<'t>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        let text = match self.scalar() {
            Some(Scalar::Str(text)) => text,
            Some(Scalar::Null) => "",
            _ => return self.wrong("a string"),
        };
        visitor.visit_borrowed_str(text).map_err(|error: DecodeError| error.at(self.node))
    }

    fn deserialize_string<V: Visitor<'t>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        self.deserialize_str(visitor)
    }

    fn deserialize_char<V: Visitor<'t>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        self.deserialize_str(visitor)
    }

    /// Bytes are base64, as in a Secret's `data`.
    fn deserialize_bytes<V: Visitor<'t>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        let text = match self.scalar() {
            Some(Scalar::Str(text)) => text,
            Some(Scalar::Null) => "",
            _ => return self.wrong("a string of base64"),
        };
        let packed: String = text.chars().filter(|c| !matches!(c, '\r' | '\n')).collect();
        let bytes = base64::engine::general_purpose::STANDARD.decode(packed);
        let bytes = bytes.map_err(|_| DecodeError::invalid(self.node, "the value is not valid base64"))?;
        visitor.visit_byte_buf(bytes).map_err(|error: DecodeError| error.at(self.node))
    }

    fn deserialize_byte_buf<V: Visitor<'t>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        self.deserialize_bytes(visitor)
    }

    fn deserialize_option<V: Visitor<'t>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        if self.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_unit<V: Visitor<'t>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        if self.is_null() { visitor.visit_unit() } else { self.wrong("null") }
    }

    fn deserialize_newtype_struct<V: Visitor<'t>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'t>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match self.shape() {
            Shape::Sequence => self.list(visitor),
            _ if self.is_null() => self.visit_empty_list(visitor),
            _ => self.wrong("a list"),
        }
    }

    fn deserialize_tuple<V: Visitor<'t>>(self, _: usize, visitor: V) -> Result<V::Value, DecodeError> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'t>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'t>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match self.shape() {
            Shape::Mapping => self.mapping(visitor, true),
            _ if self.is_null() => self.mapping(visitor, true),
            _ => self.wrong("a mapping"),
        }
    }

    fn deserialize_struct<V: Visitor<'t>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        match self.shape() {
            Shape::Mapping => self.mapping(visitor, false),
            _ if self.is_null() => self.mapping(visitor, false),
            _ => self.wrong("a mapping"),
        }
    }

    /// A string names a variant without content; a mapping of one entry, one with content.
    fn deserialize_enum<V: Visitor<'t>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        let result = match self.variant() {
            Some(Name::Alone(text)) => visitor.visit_enum(text.into_deserializer()),
            Some(Name::With(variant)) => visitor.visit_enum(variant),
            None => return self.wrong("a string"),
        };
        result.map_err(|error: DecodeError| error.at(self.node))
    }

    fn deserialize_identifier<V: Visitor<'t>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_borrowed_str(self.node.text())
    }

    fn deserialize_ignored_any<V: Visitor<'t>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        self.unread.count(self.node);
        visitor.visit_unit()
    }

    forward_to_deserialize_any! { <W: Visitor<'t>> i128 u128 unit_struct }
}

struct Items<'t, 'u> {
    document: Decoder<'t, 'u>,
    items: std::slice::Iter<'t, u32>,
}

impl<'t> de::SeqAccess<'t> for Items<'t, '_> {
    type Error = DecodeError;

    fn next_element_seed<T: DeserializeSeed<'t>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, DecodeError> {
        let Some(&index) = self.items.next() else { return Ok(None) };
        let node = Node::new(self.document.node.document, index);
        seed.deserialize(Decoder { node, ..self.document }).map(Some).map_err(|error| error.at(node))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.items.len())
    }
}

struct Fields<'t, 'u> {
    document: Decoder<'t, 'u>,
    pairs: std::slice::ChunksExact<'t, u32>,
    current: Option<Node<'t>>,
    /// Whether entries whose value is null are given: to maps, not to structs.
    nulls: bool,
    /// The keys of a struct, once one of them has an underscore.
    names: Option<Box<HashSet<&'t str>>>,
}

impl<'t> Fields<'t, '_> {
    /// Whether a field stands in the same struct in camelCase, too: that one counts, wherever snake_case is
    /// read at all, even where it is null.
    fn is_shadowed(&mut self, key: &str) -> bool {
        if self.nulls || !key.contains('_') {
            return false;
        }
        let (camel, node) = (camel_case(key), self.document.node);
        let names = self.names.get_or_insert_with(|| Box::new(node.entries().map(|(key, _)| key).collect()));
        camel != key && names.contains(camel.as_str())
    }

    /// The next key that is given, whose value is then the current one. This is compiled once, not for every
    /// type.
    #[inline(never)]
    fn advance(&mut self) -> Option<Node<'t>> {
        let node = |index| Node::new(self.document.node.document, index);
        while let Some(pair) = self.pairs.next() {
            let &[key, value] = pair else { continue };
            let is_aside = self.document.unread.is_aside(value) || self.document.unread.is_aside(key);
            if is_aside || !self.nulls && node(value).is_null() {
                continue;
            }
            if self.is_shadowed(node(key).text()) {
                self.document.unread.count(node(value));
                continue;
            }
            self.current = Some(node(value));
            return Some(node(key));
        }
        None
    }
}

impl<'t> de::MapAccess<'t> for &mut Fields<'t, '_> {
    type Error = DecodeError;

    fn next_key_seed<K: DeserializeSeed<'t>>(&mut self, seed: K) -> Result<Option<K::Value>, DecodeError> {
        let Some(node) = self.advance() else { return Ok(None) };
        seed.deserialize(Decoder { node, ..self.document }).map(Some).map_err(|error| error.at(node))
    }

    fn next_value_seed<V: DeserializeSeed<'t>>(&mut self, seed: V) -> Result<V::Value, DecodeError> {
        let node = self.current.take().unwrap_or(self.document.node);
        seed.deserialize(Decoder { node, ..self.document }).map_err(|error| error.at(node))
    }
}

/// How a variant is named.
enum Name<'t, 'u> {
    /// By a string, without content.
    Alone(&'t str),
    /// By the key of its content.
    With(Variant<'t, 'u>),
}

struct Variant<'t, 'u> {
    key: Node<'t>,
    value: Decoder<'t, 'u>,
}

impl<'t, 'u> de::EnumAccess<'t> for Variant<'t, 'u> {
    type Error = DecodeError;
    type Variant = Decoder<'t, 'u>;

    fn variant_seed<V: DeserializeSeed<'t>>(
        self,
        seed: V,
    ) -> Result<(V::Value, Decoder<'t, 'u>), DecodeError> {
        let name =
            seed.deserialize(Decoder { node: self.key, ..self.value }).map_err(|error| error.at(self.key))?;
        Ok((name, self.value))
    }
}

impl<'t> de::VariantAccess<'t> for Decoder<'t, '_> {
    type Error = DecodeError;

    fn unit_variant(self) -> Result<(), DecodeError> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'t>>(self, seed: T) -> Result<T::Value, DecodeError> {
        seed.deserialize(self)
    }

    fn tuple_variant<V: Visitor<'t>>(self, _: usize, visitor: V) -> Result<V::Value, DecodeError> {
        self.deserialize_seq(visitor)
    }

    fn struct_variant<V: Visitor<'t>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        self.deserialize_struct("", &[], visitor)
    }
}
