//! Mapping keys become strings, as JSON objects need them.

use super::scalar::{Scalar, resolve};
use super::source::Span;
use super::tape::{BuildError, Builder, Failure, Shape};

/// Why a mapping's key cannot become a string.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum KeyError {
    #[error("a mapping's key is a list or a mapping")]
    Collection,
    #[error("a mapping's key is null")]
    Null,
    #[error("a mapping's key is the integer `{0}`, too large for a key")]
    TooLarge(u64),
}

/// The string that sigs.k8s.io/yaml makes of a key; nothing when the key is a string already.
fn key_text(scalar: Scalar<'_>) -> Result<Option<String>, KeyError> {
    match scalar {
        Scalar::Str(_) => Ok(None),
        Scalar::Bool(value) => Ok(Some(value.to_string())),
        Scalar::Int(value) => Ok(Some(value.to_string())),
        Scalar::Float(value) => Ok(Some(float_text(value))),
        Scalar::UInt(value) => Err(KeyError::TooLarge(value)),
        Scalar::Null => Err(KeyError::Null),
    }
}

/// As Go's `FormatFloat(value, 'g', -1, 32)`: single precision, exponents from 1e+06 on and below 1e-4.
fn float_text(value: f64) -> String {
    #[expect(clippy::cast_possible_truncation, reason = "single precision is what sigs.k8s.io/yaml asks for")]
    let single = value as f32;
    if single.is_nan() {
        return ".nan".into();
    }
    if single.is_infinite() {
        return if single > 0.0 { ".inf".into() } else { "-.inf".into() };
    }
    let scientific = format!("{single:e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let power: i32 = exponent.parse().unwrap_or(0);
    if single == 0.0 || (-4..6).contains(&power) {
        return single.to_string();
    }
    let sign = if power < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", power.abs())
}

impl Builder<'_> {
    /// The node to use as a key of `mapping`: the same one when it is a string, else a new one that holds its
    /// text.
    pub(super) fn key_node(&mut self, key: u32, mapping: u32) -> Result<u32, Failure> {
        let Some(entry) = self.tape.entry(key).copied() else { return Ok(key) };
        let fail = |error: KeyError| (BuildError::from(error), Span { start: entry.start, end: entry.end });
        match entry.shape {
            Shape::Text => Ok(key),
            Shape::Sequence | Shape::Mapping => Err(fail(KeyError::Collection)),
            Shape::Plain => {
                let text = key_text(resolve(self.tape.text_of(self.source, key))).map_err(fail)?;
                let Some(text) = text else { return Ok(key) };
                let text = self.keep(&text);
                Ok(self.push_key(entry, text, mapping))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_are_written_as_go_writes_them() {
        let cases = [
            (80.0, "80"),
            (1.5, "1.5"),
            (1e21, "1e+21"),
            (1e20, "1e+20"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (0.0, "0"),
        ];
        for (value, text) in cases {
            assert_eq!(float_text(value), text);
        }
    }
}
