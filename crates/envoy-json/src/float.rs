//! Floating point numbers as Go's `protojson` writes them: the fewest digits that come back as the same
//! number, with an exponent where `encoding/json` would have one.

use std::fmt::Write as _;

/// Writes a `double`.
pub(super) fn write_double(value: f64, out: &mut String) {
    if !write_special(value, out) {
        let magnitude = value.abs();
        write_digits(value, magnitude != 0.0 && !(1e-6..1e21).contains(&magnitude), out);
    }
}

/// Writes a `float`.
pub(super) fn write_float(value: f32, out: &mut String) {
    if !write_special(f64::from(value), out) {
        let magnitude = value.abs();
        write_digits(value, magnitude != 0.0 && !(1e-6..1e21).contains(&magnitude), out);
    }
}

fn write_special(value: f64, out: &mut String) -> bool {
    let name = if value.is_nan() {
        "\"NaN\""
    } else if value == f64::INFINITY {
        "\"Infinity\""
    } else if value == f64::NEG_INFINITY {
        "\"-Infinity\""
    } else {
        return false;
    };
    out.push_str(name);
    true
}

fn write_digits<F: std::fmt::Display + std::fmt::LowerExp>(value: F, exponent: bool, out: &mut String) {
    // Writing to a String cannot fail.
    if !exponent {
        let _ = write!(out, "{value}");
        return;
    }
    let text = format!("{value:e}");
    match text.split_once('e') {
        // Rust leaves the plus sign out.
        Some((digits, power)) if !power.starts_with('-') => {
            let _ = write!(out, "{digits}e+{power}");
        }
        _ => out.push_str(&text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_look_as_in_go() {
        let cases = [
            (0.0, "0"),
            (-0.0, "-0"),
            (1.0, "1"),
            (0.7, "0.7"),
            (80.0, "80"),
            (-1.5, "-1.5"),
            (1e20, "100000000000000000000"),
            (1e21, "1e+21"),
            (1.25e22, "1.25e+22"),
            (0.000_001, "0.000001"),
            (0.000_000_12, "1.2e-7"),
            (5e-324, "5e-324"),
            (f64::MAX, "1.7976931348623157e+308"),
            (f64::NAN, "\"NaN\""),
            (f64::INFINITY, "\"Infinity\""),
            (f64::NEG_INFINITY, "\"-Infinity\""),
        ];
        for (value, expected) in cases {
            let mut out = String::new();
            write_double(value, &mut out);
            assert_eq!(out, expected);
        }
    }

    #[test]
    fn floats_have_the_digits_of_a_float() {
        for (value, expected) in [(0.1, "0.1"), (16_777_216.0, "16777216"), (1e21, "1e+21"), (1e-7, "1e-7")] {
            let mut out = String::new();
            write_float(value, &mut out);
            assert_eq!(out, expected);
        }
    }
}
