//! The shapes that every API type in this folder shares.

use serde::Deserialize;
use serde::de::{self, Deserializer, Visitor};
use std::fmt;

pub use go_text::DurationError;

use crate::Str;

/// Declares structs that are read from the JSON form of an API type: fields are named in camelCase there, a
/// missing one has its zero value, an unknown one is ignored (as the API server prunes it).
macro_rules! message {
    ($($(#[$meta:meta])* pub struct $name:ident { $($(#[$fmeta:meta])* $field:ident: $ty:ty,)* })*) => {$(
        $(#[$meta])*
        #[derive(Clone, Debug, Default, PartialEq, serde::Deserialize)]
        #[serde(rename_all = "camelCase", default)]
        pub struct $name { $($(#[$fmeta])* pub $field: $ty,)* }
    )*};
}

/// Declares enumerations of an API type; the first variant is what a missing value means.
macro_rules! choice {
    ($($(#[$meta:meta])* pub enum $name:ident {
        $(#[$fmeta:meta])* $first:ident = $fvalue:literal
        $(, $(#[$vmeta:meta])* $variant:ident = $value:literal)* $(,)?
    })*) => {$(
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Deserialize)]
        pub enum $name {
            $(#[$fmeta])* #[default] #[serde(rename = $fvalue)] $first,
            $($(#[$vmeta])* #[serde(rename = $value)] $variant,)*
        }

        impl $name {
            /// The value as the API spells it.
            pub const fn as_str(self) -> &'static str {
                match self { Self::$first => $fvalue, $(Self::$variant => $value,)* }
            }
        }
    )*};
}

/// Declares a `oneof` whose members are a message's only fields. None of them is the given default variant,
/// two of them are an error (the schemas of the custom resources say so too).
macro_rules! oneof {
    ($(#[$meta:meta])* pub enum $name:ident { #[default] $(#[$dmeta:meta])* $none:ident, $($(#[$vmeta:meta])* $variant:ident($ty:ty) = $key:literal,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, Default, PartialEq)]
        pub enum $name { #[default] $(#[$dmeta])* $none, $($(#[$vmeta])* $variant($ty),)* }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct OneOf;

                impl<'de> serde::de::Visitor<'de> for OneOf {
                    type Value = $name;

                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str(concat!("at most one of", $(" ", $key),*))
                    }

                    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<$name, A::Error> {
                        let mut value = $name::$none;
                        while let Some(key) = map.next_key::<crate::Str>()? {
                            let next = match key.as_str() {
                                $($key => map.next_value::<Option<$ty>>()?.map($name::$variant),)*
                                _ => { map.next_value::<serde::de::IgnoredAny>()?; None }
                            };
                            let Some(next) = next else { continue };
                            if value != $name::$none {
                                return Err(serde::de::Error::custom(
                                    concat!("at most one of these may be set:", $(" ", $key),*),
                                ));
                            }
                            value = next;
                        }
                        Ok(value)
                    }
                }

                deserializer.deserialize_struct(stringify!($name), &[$($key),*], OneOf)
            }
        }
    };
}

pub(crate) use {choice, message, oneof};

/// A span of time, exact to the nanosecond.
///
/// Read from the notation of Go's `time.ParseDuration`, `1h2m3.5s`: Istio's readers of proto JSON take it
/// wherever the API says `google.protobuf.Duration`, and the Gateway API's durations are a subset of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Duration(i64);

impl Duration {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// A span of this many nanoseconds.
    pub const fn from_nanos(nanos: i64) -> Self {
        Self(nanos)
    }

    /// A span of this many milliseconds; the longest there is, where that is too many.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis.saturating_mul(1_000_000))
    }

    /// A span of this many seconds; the longest there is, where that is too many.
    pub const fn from_secs(secs: i64) -> Self {
        Self(secs.saturating_mul(1_000_000_000))
    }

    /// The whole span in nanoseconds.
    pub const fn as_nanos(self) -> i64 {
        self.0
    }

    /// The whole seconds, as `google.protobuf.Duration.seconds`.
    pub const fn secs(self) -> i64 {
        self.0 / 1_000_000_000
    }

    /// What the whole seconds leave, as `google.protobuf.Duration.nanos`.
    pub const fn subsec_nanos(self) -> i32 {
        (self.0 % 1_000_000_000) as i32
    }

    /// Whether this is no time at all.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// Reads `1.5s`, `1h2m`, `-100ms`, `0`.
    ///
    /// # Errors
    /// [`DurationError`] for what Go's `time.ParseDuration` refuses.
    pub fn parse(text: &str) -> Result<Self, DurationError> {
        go_text::duration(text).map(Self)
    }
}

impl fmt::Display for Duration {
    /// In seconds, as proto JSON writes it: `1.5s`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let nanos = format!("{:09}", self.subsec_nanos().unsigned_abs());
        match nanos.trim_end_matches('0') {
            "" => write!(f, "{sign}{}s", self.secs().unsigned_abs()),
            part => write!(f, "{sign}{}.{part}s", self.secs().unsigned_abs()),
        }
    }
}

impl<'de> Deserialize<'de> for Duration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;

        impl Visitor<'_> for Text {
            type Value = Duration;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a duration, such as `1.5s`")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Duration, E> {
                Duration::parse(text).map_err(E::custom)
            }
        }

        deserializer.deserialize_str(Text)
    }
}

/// A number, or a name to look up, as in a Service's `targetPort`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IntOrString {
    /// A number.
    Int(i64),
    /// A name.
    Name(Str),
}

impl<'de> Deserialize<'de> for IntOrString {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;

        impl Visitor<'_> for Either {
            type Value = IntOrString;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number or a name")
            }

            fn visit_i64<E: de::Error>(self, value: i64) -> Result<IntOrString, E> {
                Ok(IntOrString::Int(value))
            }

            fn visit_u64<E: de::Error>(self, value: u64) -> Result<IntOrString, E> {
                i64::try_from(value).map(IntOrString::Int).map_err(|_| E::custom("the number is too large"))
            }

            fn visit_str<E: de::Error>(self, value: &str) -> Result<IntOrString, E> {
                Ok(IntOrString::Name(value.into()))
            }
        }

        deserializer.deserialize_any(Either)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_written_as_proto_json() {
        assert_eq!(Duration::from_nanos(1_500_000_000).to_string(), "1.5s");
        assert_eq!(Duration::from_millis(-250).to_string(), "-0.25s");
        assert_eq!(Duration::from_secs(60).to_string(), "60s");
    }
}
