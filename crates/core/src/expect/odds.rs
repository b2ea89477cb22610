//! Odds as people write them.

use std::fmt;
use std::str::FromStr;

use serde::de::{self, Deserialize, Deserializer, Visitor};

/// Odds from 0 to 1: `0.9`, or `90%`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Probability(f64);

/// How far odds may be off where nothing else is said: they come from weights, and are written with few
/// digits.
const TOLERANCE: f64 = 0.005;

impl Probability {
    /// From 0 to 1.
    #[must_use]
    pub const fn value(self) -> f64 {
        self.0
    }

    /// Whether these odds are meant.
    #[must_use]
    pub fn fits(self, found: f64, tolerance: Option<Probability>) -> bool {
        (self.0 - found).abs() <= tolerance.map_or(TOLERANCE, |tolerance| tolerance.0) + 1e-9
    }

    fn new(value: f64) -> Option<Self> {
        (0.0..=1.0).contains(&value).then_some(Self(value))
    }
}

/// A text that is no [`Probability`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected odds from 0 to 1, or `90%`, found `{0}`")]
pub struct NotAProbability(String);

impl FromStr for Probability {
    type Err = NotAProbability;

    fn from_str(text: &str) -> Result<Self, NotAProbability> {
        let (number, scale) = match text.strip_suffix('%') {
            Some(number) => (number.trim_end(), 100.0),
            None => (text, 1.0),
        };
        let value = number.parse::<f64>().ok().and_then(|value| Self::new(value / scale));
        value.ok_or_else(|| NotAProbability(text.to_owned()))
    }
}

impl fmt::Display for Probability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Shares of weights have more digits than anybody reads.
        write!(f, "{}", (self.0 * 10_000.0).round() / 10_000.0)
    }
}

impl From<f64> for Probability {
    fn from(value: f64) -> Self {
        Self(value.clamp(0.0, 1.0))
    }
}

impl<'de> Deserialize<'de> for Probability {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NumberOrText;

        impl Visitor<'_> for NumberOrText {
            type Value = Probability;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("odds from 0 to 1, or `90%`")
            }

            fn visit_f64<E: de::Error>(self, value: f64) -> Result<Probability, E> {
                Probability::new(value).ok_or_else(|| E::invalid_value(de::Unexpected::Float(value), &self))
            }

            fn visit_i64<E: de::Error>(self, value: i64) -> Result<Probability, E> {
                match value {
                    0 => Ok(Probability(0.0)),
                    1 => Ok(Probability(1.0)),
                    _ => Err(E::invalid_value(de::Unexpected::Signed(value), &self)),
                }
            }

            fn visit_u64<E: de::Error>(self, value: u64) -> Result<Probability, E> {
                self.visit_i64(i64::try_from(value).unwrap_or(i64::MAX))
            }

            fn visit_str<E: de::Error>(self, value: &str) -> Result<Probability, E> {
                value.parse().map_err(E::custom)
            }
        }

        deserializer.deserialize_any(NumberOrText)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odds_are_shares_or_percent() {
        for (text, value) in [("0.9", 0.9), ("90%", 0.9), ("12.5 %", 0.125), ("1", 1.0)] {
            assert_eq!(text.parse::<Probability>().map(Probability::value), Ok(value), "{text}");
        }
        for text in ["", "%", "2", "-0.1", "101%", "NaN"] {
            assert!(text.parse::<Probability>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_third_may_be_written_with_two_digits() {
        let third: Probability = "33%".parse().unwrap();
        assert!(third.fits(1.0 / 3.0, None) && !third.fits(0.34, None));
        assert!(third.fits(0.4, Some(Probability(0.1))));
        assert_eq!(Probability::from(1.0 / 3.0).to_string(), "0.3333");
    }
}
