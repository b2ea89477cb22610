//! Proto JSON, in all the spellings that it has.
//!
//! Custom resources are pruned by their schemas, which know `trafficPolicy` and `80` only; a MeshConfig is no
//! custom resource, and `istiod`'s reader of proto JSON takes `traffic_policy` and `"80"` as well.
//! [`ProtoJson`] wraps a deserializer so that they reach the types here in one spelling:
//!
//! - the keys of structs, but not those of maps, in camelCase;
//! - numbers that are texts as numbers, `"Infinity"`, `"-Infinity"` and `"NaN"` among them where fractions
//!   are;
//! - enumerations by their names, which may be given by number; a number that no value has, which Istio keeps
//!   and takes for none of those that it knows, counts as the first value.
//!
//! Istio has two readers of proto JSON, with rules of their own. A MeshConfig and the annotation of a pod are
//! read by the older one (`jsonpb`), and here: a text is a number where its letters are one in JSON (`"80"`
//! and `" 80"`, not `"80.0"`), a duration is one of Go's (`1m30s`), of a name in both spellings the one in
//! camelCase counts, and of the members of a oneof the last. So are the values of an EnvoyFilter, here by
//! `envoy::json`, which can read as `protojson`, too: that is stricter in all of that. `testdata/proto-json`,
//! of the repository and of `crates/mesh`, has a table for each of the two.
//!
//! Source: <https://protobuf.dev/programming-guides/json/>.

use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error, IntoDeserializer, MapAccess, SeqAccess, Unexpected,
    VariantAccess, Visitor, value::StringDeserializer,
};
use std::fmt;

use crate::strings::camel_case;

/// A deserializer whose struct fields may be spelled in snake_case.
pub(crate) struct ProtoJson<D>(pub(crate) D);

/// What is visited below a [`ProtoJson`]; `fields` while the keys of a struct are.
struct Below<V> {
    inner: V,
    fields: bool,
}

macro_rules! forward {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
            self.0.$method(Below { inner: visitor, fields: false })
        }
    )*};
}

macro_rules! numbers {
    ($($method:ident: $sort:ident,)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
            self.0.deserialize_any(Number { inner: visitor, sort: Sort::$sort })
        }
    )*};
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for ProtoJson<D> {
    type Error = D::Error;

    numbers! {
        deserialize_i8: Signed, deserialize_i16: Signed, deserialize_i32: Signed, deserialize_i64: Signed,
        deserialize_u8: Unsigned, deserialize_u16: Unsigned, deserialize_u32: Unsigned,
        deserialize_u64: Unsigned, deserialize_f32: Fraction, deserialize_f64: Fraction,
    }

    forward! {
        deserialize_any deserialize_bool
        deserialize_char deserialize_str deserialize_string deserialize_bytes deserialize_byte_buf
        deserialize_option deserialize_unit deserialize_seq deserialize_map deserialize_identifier
        deserialize_ignored_any
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0.deserialize_unit_struct(name, Below { inner: visitor, fields: false })
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0.deserialize_newtype_struct(name, Below { inner: visitor, fields: false })
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_tuple(len, Below { inner: visitor, fields: false })
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0.deserialize_tuple_struct(name, len, Below { inner: visitor, fields: false })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0.deserialize_struct(name, fields, Below { inner: visitor, fields: true })
    }

    /// All enumerations are plain names.
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0.deserialize_any(Choice { inner: visitor, variants })
    }

    fn is_human_readable(&self) -> bool {
        self.0.is_human_readable()
    }
}

macro_rules! visit {
    ($($method:ident: $ty:ty,)*) => {$(
        fn $method<E: Error>(self, value: $ty) -> Result<V::Value, E> {
            self.inner.$method(value)
        }
    )*};
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Below<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.expecting(f)
    }

    visit! {
        visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_f64: f64, visit_char: char,
        visit_str: &str, visit_borrowed_str: &'de str, visit_string: String,
        visit_bytes: &[u8], visit_borrowed_bytes: &'de [u8], visit_byte_buf: Vec<u8>,
    }

    fn visit_unit<E: Error>(self) -> Result<V::Value, E> {
        self.inner.visit_unit()
    }

    fn visit_none<E: Error>(self) -> Result<V::Value, E> {
        self.inner.visit_none()
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<V::Value, D::Error> {
        self.inner.visit_some(ProtoJson(deserializer))
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<V::Value, D::Error> {
        self.inner.visit_newtype_struct(ProtoJson(deserializer))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<V::Value, A::Error> {
        self.inner.visit_seq(Below { inner: seq, fields: false })
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<V::Value, A::Error> {
        self.inner.visit_map(Below { inner: map, fields: self.fields })
    }

    fn visit_enum<A: EnumAccess<'de>>(self, data: A) -> Result<V::Value, A::Error> {
        self.inner.visit_enum(Below { inner: data, fields: false })
    }
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Below<S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<S::Value, D::Error> {
        self.inner.deserialize(ProtoJson(deserializer))
    }
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Below<A> {
    type Error = A::Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, A::Error> {
        self.inner.next_element_seed(Below { inner: seed, fields: false })
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Below<A> {
    type Error = A::Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, A::Error> {
        if !self.fields {
            return self.inner.next_key_seed(seed);
        }
        let Some(key) = self.inner.next_key::<String>()? else { return Ok(None) };
        seed.deserialize(StringDeserializer::<A::Error>::new(camel_case(&key))).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        self.inner.next_value_seed(Below { inner: seed, fields: false })
    }
}

impl<'de, A: EnumAccess<'de>> EnumAccess<'de> for Below<A> {
    type Error = A::Error;
    type Variant = Below<A::Variant>;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self::Variant), A::Error> {
        let (value, variant) = self.inner.variant_seed(seed)?;
        Ok((value, Below { inner: variant, fields: false }))
    }
}

impl<'de, A: VariantAccess<'de>> VariantAccess<'de> for Below<A> {
    type Error = A::Error;

    fn unit_variant(self) -> Result<(), A::Error> {
        self.inner.unit_variant()
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, A::Error> {
        self.inner.newtype_variant_seed(seed)
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, A::Error> {
        self.inner.tuple_variant(len, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        self.inner.struct_variant(fields, visitor)
    }
}

/// A number, which may be a text.
struct Number<V> {
    inner: V,
    sort: Sort,
}

/// What sort of number is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sort {
    Signed,
    Unsigned,
    Fraction,
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Number<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.sort == Sort::Fraction { "a number" } else { "an integer" })
    }

    fn visit_unit<E: Error>(self) -> Result<V::Value, E> {
        self.visit_i64(0)
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<V::Value, E> {
        self.inner.visit_i64(value)
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<V::Value, E> {
        self.inner.visit_u64(value)
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<V::Value, E> {
        if self.sort == Sort::Fraction {
            return self.inner.visit_f64(value);
        }
        // A whole number below that of the largest integers is one of them.
        if value.fract() != 0.0 || value.abs() >= 9e18 {
            return Err(E::invalid_type(Unexpected::Float(value), &self));
        }
        #[expect(clippy::cast_possible_truncation, reason = "integral and small enough")]
        self.inner.visit_i64(value as i64)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<V::Value, E> {
        let wrong = |number: &Self| E::invalid_type(Unexpected::Str(text), number);
        // The text is read as JSON: a `null` is a zero.
        if text.trim_ascii() == "null" {
            return self.visit_unit();
        }
        if self.sort != Sort::Fraction {
            // As JSON spells them: without a plus, and without leading zeros.
            return match (serde_json::from_str::<i64>(text), serde_json::from_str::<u64>(text)) {
                (Ok(value), _) => self.inner.visit_i64(value),
                (_, Ok(value)) => self.inner.visit_u64(value),
                _ if self.sort == Sort::Signed && text.trim_ascii() == "-0" => self.inner.visit_i64(0),
                _ => Err(wrong(&self)),
            };
        }
        let special = match text {
            "NaN" => Some(f64::NAN),
            "Infinity" => Some(f64::INFINITY),
            "-Infinity" => Some(f64::NEG_INFINITY),
            _ => serde_json::from_str(text).ok(),
        };
        match special {
            Some(value) => self.inner.visit_f64(value),
            None => Err(wrong(&self)),
        }
    }
}

/// A value of an enumeration, by name or by number.
struct Choice<V> {
    inner: V,
    variants: &'static [&'static str],
}

/// Values whose numbers are not their places in the list of the values that we know.
const NUMBERED: [(&str, i32); 2] = [("INHERIT", 1000), ("ALLOW_ANY_DYNAMIC_DNS", 3)];

impl<'de, V: Visitor<'de>> Visitor<'de> for Choice<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<V::Value, E> {
        self.inner.visit_enum(name.into_deserializer())
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<V::Value, E> {
        let Ok(number) = i32::try_from(number) else {
            return Err(E::invalid_value(Unexpected::Signed(number), &"the number of a value"));
        };
        let number_of = |(place, name): (i32, &&'static str)| {
            NUMBERED.iter().find(|(numbered, _)| numbered == name).map_or(place, |(_, number)| *number)
        };
        let mut named = (0..).zip(self.variants);
        let known = named.find(|pair| number_of(*pair) == number).map(|(_, name)| name);
        match known.or(self.variants.first()) {
            Some(name) => self.inner.visit_enum(name.into_deserializer()),
            None => Err(E::invalid_value(Unexpected::Signed(number.into()), &"the number of a value")),
        }
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<V::Value, E> {
        self.visit_i64(i64::try_from(number).unwrap_or(i64::MAX))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<V::Value, E> {
        if number.fract() != 0.0 {
            return Err(E::invalid_value(Unexpected::Float(number), &"the number of a value"));
        }
        #[expect(clippy::cast_possible_truncation, reason = "one that is too large is still too large")]
        self.visit_i64(number as i64)
    }
}

#[cfg(test)]
mod tests {
    use crate::snapshot::mesh_config::proxy::AuthenticationPolicy;
    use crate::snapshot::mesh_config::{MeshConfig, OutboundTrafficPolicyMode};

    fn read(json: &str) -> Result<MeshConfig, String> {
        MeshConfig::read(&mut serde_json::Deserializer::from_str(json)).map_err(|error| error.to_string())
    }

    #[test]
    fn numbers_may_be_texts() {
        let config = read(
            r#"{"proxyListenPort": "15001", "defaultConfig": {"concurrency": "3", "statusPort": 15020.0,
                "tracing": {"sampling": "12.5"}},
                "extensionProviders": [{"name": "z", "zipkin": {"port": "9411"}}]}"#,
        );
        let config = config.unwrap();
        let proxy = config.default_config.unwrap();
        assert_eq!((config.proxy_listen_port, proxy.concurrency), (Some(15_001), Some(3)));
        assert_eq!(proxy.status_port, Some(15_020));
        assert!((proxy.tracing.unwrap().sampling - 12.5).abs() < f64::EPSILON);
        assert_eq!(config.extension_providers[0].zipkin.as_ref().unwrap().port, 9411);
    }

    #[test]
    fn a_text_that_is_no_number_of_the_type_is_refused() {
        for number in [
            r#""x""#,
            r#""""#,
            r#""+1""#,
            r#""01""#,
            r#""1.5""#,
            r#""0x10""#,
            "1.5",
            "true",
            r#""2147483648""#,
            "[]",
        ] {
            let json = format!(r#"{{"proxyListenPort": {number}}}"#);
            assert!(read(&json).is_err(), "{number}");
        }
        assert!(read(r#"{"defaultConfig": {"tracing": {"sampling": "many"}}}"#).is_err());
    }

    #[test]
    fn enumerations_may_be_numbers() {
        let mode = |mode: &str| {
            let config = read(&format!(r#"{{"outboundTrafficPolicy": {{"mode": {mode}}}}}"#));
            config.map(|config| config.outbound_traffic_policy.unwrap().mode)
        };
        assert_eq!(mode("0"), Ok(OutboundTrafficPolicyMode::RegistryOnly));
        assert_eq!(mode("1"), mode(r#""ALLOW_ANY""#));
        assert_eq!(mode("3"), Ok(OutboundTrafficPolicyMode::AllowAnyDynamicDns));
        let config = read(r#"{"defaultConfig": {"controlPlaneAuthPolicy": 1000}}"#).unwrap();
        let policy = config.default_config.unwrap().control_plane_auth_policy;
        assert_eq!(policy, Some(AuthenticationPolicy::Inherit));
        for unknown in ["2", "7", "-1"] {
            assert_eq!(mode(unknown), mode("0"), "{unknown}");
        }
        assert_eq!(mode("1.0"), mode("1"));
        for wrong in ["2147483648", "-2147483649", "1e300", "1.5", r#""1""#, r#""allow_any""#, "{}", "true"] {
            assert!(mode(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn null_is_as_good_as_absent() {
        assert_eq!(read(r#"{"proxyListenPort": null, "trustDomain": null}"#), read("{}"));
    }
}
