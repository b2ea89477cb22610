//! Values of expectations that are written in more than one way.

use std::fmt;
use std::str::FromStr;

use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor, value::MapAccessDeserializer};

use crate::snapshot::Duration;

/// What is expected of a header: this value, or whether there is one at all. `null` is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HeaderValue {
    /// This one.
    Is(String),
    /// Any, or none.
    Present(bool),
}

/// A limit of time, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// This much.
    Of(Duration),
    /// None.
    None,
}

/// How a request is tried again: how often, or a mapping.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExpectedRetries {
    /// How often, at most; 0 where it is not tried again.
    pub attempts: Option<u32>,
    /// After what, in Envoy's words, with commas between, in any order.
    pub retry_on: Option<String>,
    /// How long each try may take, or `none`.
    pub per_try_timeout: Option<Limit>,
}

impl Limit {
    /// Whether this limit is meant.
    #[must_use]
    pub fn fits(self, found: Option<Duration>) -> bool {
        match self {
            Self::Of(wanted) => found == Some(wanted),
            Self::None => found.is_none(),
        }
    }
}

impl FromStr for Limit {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "none" {
            return Ok(Self::None);
        }
        match Duration::parse(text) {
            Ok(duration) if duration.is_zero() => Ok(Self::None),
            Ok(duration) => Ok(Self::Of(duration)),
            Err(error) => Err(format!("expected a duration like `2s`, or `none`: {error}")),
        }
    }
}

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

impl<'de> Deserialize<'de> for HeaderValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Header;

        impl Visitor<'_> for Header {
            type Value = HeaderValue;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value (a string), or whether there is one (true or false)")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<HeaderValue, E> {
                Ok(HeaderValue::Is(text.to_owned()))
            }

            fn visit_bool<E: de::Error>(self, value: bool) -> Result<HeaderValue, E> {
                Ok(HeaderValue::Present(value))
            }
        }

        deserializer.deserialize_any(Header)
    }
}

impl<'de> Deserialize<'de> for ExpectedRetries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Default, serde::Deserialize)]
        #[serde(rename_all = "camelCase", deny_unknown_fields, default)]
        struct Fields {
            attempts: Option<u32>,
            retry_on: Option<String>,
            per_try_timeout: Option<Limit>,
        }

        struct NumberOrFields;

        impl<'de> Visitor<'de> for NumberOrFields {
            type Value = ExpectedRetries;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("how often it is tried again, or a mapping")
            }

            fn visit_u64<E: de::Error>(self, value: u64) -> Result<ExpectedRetries, E> {
                let attempts = u32::try_from(value)
                    .map_err(|_| E::invalid_value(de::Unexpected::Unsigned(value), &self))?;
                Ok(ExpectedRetries { attempts: Some(attempts), ..ExpectedRetries::default() })
            }

            fn visit_i64<E: de::Error>(self, value: i64) -> Result<ExpectedRetries, E> {
                match u64::try_from(value) {
                    Ok(value) => self.visit_u64(value),
                    Err(_) => Err(E::invalid_value(de::Unexpected::Signed(value), &self)),
                }
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<ExpectedRetries, A::Error> {
                let Fields { attempts, retry_on, per_try_timeout } =
                    serde::Deserialize::deserialize(MapAccessDeserializer::new(map))?;
                Ok(ExpectedRetries { attempts, retry_on, per_try_timeout })
            }
        }

        deserializer.deserialize_any(NumberOrFields)
    }
}
