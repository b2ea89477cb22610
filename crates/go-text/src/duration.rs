//! Durations.

/// Why a text is no duration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DurationError {
    /// No number where one is needed.
    #[error("not a duration, such as `1.5s` or `1h2m`")]
    Malformed,
    /// A number without its unit.
    #[error("a unit is missing in the duration (h, m, s, ms, us or ns)")]
    MissingUnit,
    /// A unit that there isn't.
    #[error("unknown unit `{0}` in the duration (h, m, s, ms, us or ns)")]
    UnknownUnit(String),
    /// More than 292 years.
    #[error("the duration is too long")]
    TooLong,
}

/// The nanoseconds of `1.5s`, `1h2m`, `-100ms` or `0`, as `time.ParseDuration` reads them.
///
/// # Errors
///
/// [`DurationError`] for what that function refuses.
pub fn duration(text: &str) -> Result<i64, DurationError> {
    let (negative, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Ok(0);
    }
    if rest.is_empty() {
        return Err(DurationError::Malformed);
    }
    let mut total: i128 = 0;
    while !rest.is_empty() {
        let (nanos, after) = quantity(rest)?;
        total = total.saturating_add(nanos);
        rest = after;
    }
    let signed = if negative { -total } else { total };
    i64::try_from(signed).map_err(|_| DurationError::TooLong)
}

/// Reads one number with its unit and gives it in nanoseconds, with the text after it.
fn quantity(text: &str) -> Result<(i128, &str), DurationError> {
    let digits = |s: &str| s.bytes().take_while(u8::is_ascii_digit).count();
    let (whole, rest) = text.split_at_checked(digits(text)).ok_or(DurationError::Malformed)?;
    let (fraction, rest) = match rest.strip_prefix('.') {
        Some(rest) => rest.split_at_checked(digits(rest)).ok_or(DurationError::Malformed)?,
        None => ("", rest),
    };
    if whole.is_empty() && fraction.is_empty() {
        return Err(DurationError::Malformed);
    }
    let end = rest.bytes().take_while(|b| *b != b'.' && !b.is_ascii_digit()).count();
    let (unit, rest) = rest.split_at_checked(end).ok_or(DurationError::Malformed)?;
    let scale: i128 = match unit {
        "ns" => 1,
        "us" | "µs" | "μs" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        "" => return Err(DurationError::MissingUnit),
        _ => return Err(DurationError::UnknownUnit(unit.into())),
    };
    let whole: i128 = if whole.is_empty() { 0 } else { whole.parse().map_err(|_| DurationError::TooLong)? };
    // Eighteen digits are finer than a nanosecond of an hour: what follows cannot count.
    let fraction = fraction.get(..18).unwrap_or(fraction);
    let part = fraction.bytes().fold((0_i128, 1_i128), |(n, d), b| (n * 10 + i128::from(b - b'0'), d * 10));
    let part = part.0 * scale / part.1;
    let nanos =
        whole.checked_mul(scale).and_then(|whole| whole.checked_add(part)).ok_or(DurationError::TooLong)?;
    Ok((nanos, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_go_reads_them() {
        assert_eq!(duration("1.5s"), Ok(1_500_000_000));
        assert_eq!(duration("1h2m"), Ok(3_720_000_000_000));
        assert_eq!(duration(".5ms"), Ok(500_000));
        assert_eq!(duration("-100us"), Ok(-100_000));
        assert_eq!(duration("0"), Ok(0));
        assert_eq!(duration("0.0000000019s"), Ok(1));
        assert_eq!(duration("5"), Err(DurationError::MissingUnit));
        assert_eq!(duration("5d"), Err(DurationError::UnknownUnit("d".into())));
        assert_eq!(duration(""), Err(DurationError::Malformed));
        assert_eq!(duration("."), Err(DurationError::Malformed));
        assert_eq!(duration("3000000h"), Err(DurationError::TooLong));
        assert_eq!(duration(&format!("{}.9ns", i128::MAX)), Err(DurationError::TooLong));
        for (text, nanos) in [
            ("+.5s", 500_000_000),
            ("-1.5h", -5_400_000_000_000),
            ("1us2\u{b5}s3\u{3bc}s4ns", 6_004),
            ("01s", 1_000_000_000),
            ("1.s", 1_000_000_000),
            ("-0s", 0),
            ("-9223372036854775808ns", i64::MIN),
        ] {
            assert_eq!(duration(text), Ok(nanos), "{text}");
        }
        for text in ["-", "s", "1.5", "1 s", ".s", "--1s", "1e3s", "2562048h", "1s "] {
            assert!(duration(text).is_err(), "{text}");
        }
    }
}
