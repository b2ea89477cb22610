//! What a plain scalar means: YAML 1.1 as the Go library behind sigs.k8s.io/yaml (yaml.v2) resolves it.

/// The value of a scalar.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Scalar<'t> {
    /// `null`, `~` or nothing.
    Null,
    /// `true`, `yes`, `on`, `y` and their opposites.
    Bool(bool),
    /// An integer that fits.
    Int(i64),
    /// An integer above `i64::MAX`.
    UInt(u64),
    /// Any other number; `.inf` and `.nan` too.
    Float(f64),
    /// Text.
    Str(&'t str),
}

/// Resolves a plain scalar.
pub(super) fn resolve(text: &str) -> Scalar<'_> {
    let Some(&first) = text.as_bytes().first() else { return Scalar::Null };
    match first {
        b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' | b'~' => word(text),
        b'.' => special_float(text).or_else(|| fraction(text)).map_or(Scalar::Str(text), Scalar::Float),
        b'+' | b'-' | b'0'..=b'9' => match special_float(text) {
            Some(value) => Scalar::Float(value),
            None => number(text),
        },
        _ => Scalar::Str(text),
    }
}

fn word(text: &str) -> Scalar<'_> {
    match text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            Scalar::Bool(true)
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            Scalar::Bool(false)
        }
        "~" | "null" | "Null" | "NULL" => Scalar::Null,
        _ => Scalar::Str(text),
    }
}

fn special_float(text: &str) -> Option<f64> {
    match text {
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => Some(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => Some(f64::NEG_INFINITY),
        ".nan" | ".NaN" | ".NAN" => Some(f64::NAN),
        _ => None,
    }
}

/// A number that starts with a sign or a digit. Underscores are dropped, wherever they stand.
fn number(text: &str) -> Scalar<'_> {
    if text.contains('_') {
        plain_number(&text.replace('_', "")).unwrap_or(Scalar::Str(text))
    } else {
        plain_number(text).unwrap_or(Scalar::Str(text))
    }
}

fn plain_number(text: &str) -> Option<Scalar<'static>> {
    integer(text).or_else(|| decimal(text).map(Scalar::Float)).or_else(|| signed_binary(text))
}

/// An integer with Go's prefixes: `0x`, `0o`, `0b` and the bare `0` of octal numbers.
fn integer(text: &str) -> Option<Scalar<'static>> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, text.get(1..)?),
        b'+' => (false, text.get(1..)?),
        _ => (false, text),
    };
    let (radix, digits) = radix_and_digits(digits)?;
    if !digits.starts_with(|c: char| c.is_digit(radix)) {
        return None;
    }
    let magnitude = u64::from_str_radix(digits, radix).ok()?;
    match (negative, i64::try_from(magnitude)) {
        (false, Ok(value)) => Some(Scalar::Int(value)),
        (true, Ok(value)) => Some(Scalar::Int(-value)),
        (true, Err(_)) => (magnitude == i64::MIN.unsigned_abs()).then_some(Scalar::Int(i64::MIN)),
        // Go's unsigned integers take no sign.
        (false, Err(_)) => (!text.starts_with('+')).then_some(Scalar::UInt(magnitude)),
    }
}

fn radix_and_digits(text: &str) -> Option<(u32, &str)> {
    let prefixed = |radix, rest: &'_ str| (!rest.is_empty()).then_some(radix);
    match text.as_bytes() {
        [b'0', b'x' | b'X', ..] => text.get(2..).and_then(|rest| Some((prefixed(16, rest)?, rest))),
        [b'0', b'o' | b'O', ..] => text.get(2..).and_then(|rest| Some((prefixed(8, rest)?, rest))),
        [b'0', b'b' | b'B', ..] => text.get(2..).and_then(|rest| Some((prefixed(2, rest)?, rest))),
        [b'0', _, ..] => Some((8, text.get(1..)?)),
        _ => Some((10, text)),
    }
}

/// A number that starts with a point. Here underscores have to stand between digits, as in Go's literals.
fn fraction(text: &str) -> Option<f64> {
    if !text.contains('_') {
        return decimal(text);
    }
    let is_digit = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_digit);
    let bytes = text.as_bytes();
    let separates =
        |at: usize| is_digit(at.checked_sub(1).and_then(|at| bytes.get(at))) && is_digit(bytes.get(at + 1));
    let shaped = text.match_indices('_').all(|(at, _)| separates(at));
    if shaped { decimal(&text.replace('_', "")) } else { None }
}

/// A decimal fraction or exponent; out of range is no number.
fn decimal(text: &str) -> Option<f64> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent.strip_prefix(['+', '-']).unwrap_or(exponent))),
        None => (unsigned, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let shaped = digits(whole)
        && digits(fraction)
        && (!whole.is_empty() || !fraction.is_empty())
        && exponent.is_none_or(|exponent| !exponent.is_empty() && digits(exponent));
    if !shaped {
        return None;
    }
    text.parse().ok().filter(|value: &f64| value.is_finite())
}

/// yaml.v2 also reads `0b-101`: its fallback for binary numbers takes a sign behind the prefix.
fn signed_binary(text: &str) -> Option<Scalar<'static>> {
    let digits = text.strip_prefix("0b")?;
    i64::from_str_radix(digits, 2).ok().map(Scalar::Int)
}

/// Whether the Go library would read this text as something other than a string, were it plain.
#[cfg(test)]
fn is_text(text: &str) -> bool {
    matches!(resolve(text), Scalar::Str(_))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn octal_hexadecimal_binary() {
        assert_eq!(resolve("0777"), Scalar::Int(511));
        assert_eq!(resolve("0o17"), Scalar::Int(15));
        assert_eq!(resolve("-0x1F"), Scalar::Int(-31));
        assert_eq!(resolve("0b101"), Scalar::Int(5));
        assert_eq!(resolve("08"), Scalar::Float(8.0));
        assert_eq!(resolve("0"), Scalar::Int(0));
    }

    #[test]
    fn the_edges_of_integers() {
        assert_eq!(resolve("-9223372036854775808"), Scalar::Int(i64::MIN));
        assert_eq!(resolve("18446744073709551615"), Scalar::UInt(u64::MAX));
        assert_eq!(resolve("18446744073709551616"), Scalar::Float(18_446_744_073_709_551_616.0));
        assert_eq!(resolve("+18446744073709551615"), Scalar::Float(18_446_744_073_709_551_615.0));
    }

    #[test]
    fn words_are_exact() {
        assert_eq!(resolve("on"), Scalar::Bool(true));
        assert_eq!(resolve("N"), Scalar::Bool(false));
        assert!(["oN", "tRUE", "nil", "yess", "nULL"].iter().all(|text| is_text(text)));
    }

    #[test]
    fn texts_that_look_like_numbers() {
        let texts = [
            "0x",
            "+",
            "-",
            ".",
            "1.2.3",
            "1:30",
            "2001-01-01",
            "1e",
            "e5",
            "0x1p3",
            "_1",
            "1e999",
            "--1",
            "+-1",
            "0o8",
        ];
        for text in texts {
            assert!(is_text(text), "{text}");
        }
    }
}
