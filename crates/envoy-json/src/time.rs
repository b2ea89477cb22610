//! The texts of `Duration`, `Timestamp` and `FieldMask`.

/// Protobuf's longest duration: about ten thousand years.
const MAX_DURATION_SECONDS: i64 = 315_576_000_000;
/// 0001-01-01T00:00:00Z and 9999-12-31T23:59:59Z.
const TIMESTAMP_SECONDS: std::ops::RangeInclusive<i64> = -62_135_596_800..=253_402_300_799;
const NANOS: i32 = 1_000_000_000;
const SECONDS_OF_DAY: i64 = 86_400;

/// Such as `1.500s`; none when it is out of range or the signs differ.
pub(super) fn format_duration(seconds: i64, nanos: i32) -> Option<String> {
    let in_range = (-MAX_DURATION_SECONDS..=MAX_DURATION_SECONDS).contains(&seconds)
        && (-NANOS < nanos && nanos < NANOS);
    if !in_range || (seconds > 0 && nanos < 0) || (seconds < 0 && nanos > 0) {
        return None;
    }
    let sign = if seconds < 0 || nanos < 0 { "-" } else { "" };
    Some(format!("{sign}{}{}s", seconds.unsigned_abs(), fraction(nanos.unsigned_abs())))
}

/// Nothing, or a point and 3, 6 or 9 digits.
fn fraction(nanos: u32) -> String {
    match nanos {
        0 => String::new(),
        _ if nanos.is_multiple_of(1_000_000) => format!(".{:03}", nanos / 1_000_000),
        _ if nanos.is_multiple_of(1_000) => format!(".{:06}", nanos / 1_000),
        _ => format!(".{nanos:09}"),
    }
}

/// The seconds and nanoseconds of a text such as `-1.5s`.
pub(super) fn parse_duration(text: &str) -> Option<(i64, i32)> {
    let number = text.strip_suffix('s')?;
    let (negative, number) = match number.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, number.strip_prefix('+').unwrap_or(number)),
    };
    let (whole, decimals) = number.split_once('.').unwrap_or((number, ""));
    // Nothing, or zeros in front. A sole point is a zero.
    if number.is_empty() || (whole.len() > 1 && whole.starts_with('0')) {
        return None;
    }
    let seconds = if whole.is_empty() { 0 } else { digits(whole)? };
    let nanos = parse_fraction(decimals)?;
    if seconds > MAX_DURATION_SECONDS {
        return None;
    }
    Some(if negative { (-seconds, -nanos) } else { (seconds, nanos) })
}

/// The seconds and nanoseconds of a text as Go's `time.ParseDuration` takes it: `1h2m3.5s`, `-500ms`, `0`.
pub(super) fn parse_go_duration(text: &str) -> Option<(i64, i32)> {
    let nanos = go_text::duration(text).ok()?;
    Some((nanos / i64::from(NANOS), (nanos % i64::from(NANOS)) as i32))
}

/// Up to nine decimals, as nanoseconds.
fn parse_fraction(decimals: &str) -> Option<i32> {
    if decimals.is_empty() {
        return Some(0);
    }
    if decimals.len() > 9 {
        return None;
    }
    let nanos = digits(&format!("{decimals:0<9}"))?;
    i32::try_from(nanos).ok()
}

/// A number of digits only: no sign.
fn digits(text: &str) -> Option<i64> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None }
}

/// Such as `2026-11-23T14:16:50.500Z`; none when it is out of range.
pub(super) fn format_timestamp(seconds: i64, nanos: i32) -> Option<String> {
    if !TIMESTAMP_SECONDS.contains(&seconds) || !(0..NANOS).contains(&nanos) {
        return None;
    }
    let (year, month, day) = date(seconds.div_euclid(SECONDS_OF_DAY));
    let second = seconds.rem_euclid(SECONDS_OF_DAY);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    let fraction = fraction(nanos.unsigned_abs());
    Some(format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{fraction}Z"))
}

/// The seconds and nanoseconds of a text of RFC 3339, as Go reads it: the hour may have one digit, and a
/// comma may stand where a point does, behind which more than nine digits are cut off.
pub(super) fn parse_timestamp(text: &str) -> Option<(i64, i32)> {
    let (day, time) = text.split_once('T')?;
    let [year, month, day_of_month] = numbers(day, '-', [4, 2, 2])?;
    let (time, offset) = split_offset(time)?;
    let (time, decimals) = match time.split_once(['.', ',']) {
        Some((_, "")) => return None,
        Some((before, decimals)) if time.contains(',') => {
            digits(decimals)?;
            (before, decimals.get(..9).unwrap_or(decimals))
        }
        Some((before, decimals)) => (before, decimals),
        None => (time, ""),
    };
    let (hour, time) = time.split_once(':')?;
    let hour = digits(hour).filter(|_| (1..=2).contains(&hour.len()))?;
    let [minute, second] = numbers(time, ':', [2, 2])?;
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let days = days(year, month, day_of_month);
    // The inverse tells whether there is such a day.
    if date(days) != (year, month, day_of_month) {
        return None;
    }
    let seconds = days * SECONDS_OF_DAY + hour * 3600 + minute * 60 + second - offset;
    if !TIMESTAMP_SECONDS.contains(&seconds) {
        return None;
    }
    Some((seconds, parse_fraction(decimals)?))
}

/// A time and the seconds that its zone is ahead of UTC.
fn split_offset(time: &str) -> Option<(&str, i64)> {
    if let Some(time) = time.strip_suffix('Z') {
        return Some((time, 0));
    }
    let (time, offset, sign) = match time.rsplit_once('+') {
        Some((time, offset)) => (time, offset, 1),
        None => time.rsplit_once('-').map(|(time, offset)| (time, offset, -1))?,
    };
    let [hours, minutes] = numbers(offset, ':', [2, 2])?;
    if hours > 24 || minutes > 60 {
        return None;
    }
    Some((time, sign * (hours * 3600 + minutes * 60)))
}

/// As many numbers, of as many digits, with a separator.
fn numbers<const N: usize>(text: &str, separator: char, widths: [usize; N]) -> Option<[i64; N]> {
    let mut found = [0; N];
    let mut parts = text.split(separator);
    for (number, width) in found.iter_mut().zip(widths) {
        *number = parts.next().filter(|part| part.len() == width).and_then(digits)?;
    }
    parts.next().is_none().then_some(found)
}

/// Year, month and day of a day counted from 1970-01-01, in eras of 400 years that begin in March, so that
/// the leap day is the last of its year. <https://howardhinnant.github.io/date_algorithms.html>
fn date(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

/// The inverse of [`date`].
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let march_month = (month + 9) % 12;
    let day_of_year = (153 * march_month + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// A path of a field mask in lower camel case; none when it would not come back the same.
pub(super) fn mask_to_json(path: &str) -> Option<String> {
    let mut camel = String::with_capacity(path.len());
    let mut upper = false;
    for letter in path.chars() {
        match letter {
            '_' => upper = true,
            _ => {
                camel.push(if upper { letter.to_ascii_uppercase() } else { letter });
                upper = false;
            }
        }
    }
    (is_path(path) && mask_from_json(&camel).as_deref() == Some(path)).then_some(camel)
}

/// The path that a text in lower camel case stands for.
pub(super) fn mask_from_json(text: &str) -> Option<String> {
    let mut snake = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    (!text.contains('_') && is_path(&snake)).then_some(snake)
}

/// Whether it is names with points between.
fn is_path(path: &str) -> bool {
    path.split('.').all(|name| {
        name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_both_ways() {
        let cases = [
            ((0, 0), "0s"),
            ((10, 0), "10s"),
            ((1, 500_000_000), "1.500s"),
            ((0, 1_000), "0.000001s"),
            ((0, -1), "-0.000000001s"),
            ((-3, -20_000_000), "-3.020s"),
            ((MAX_DURATION_SECONDS, 0), "315576000000s"),
        ];
        for ((seconds, nanos), text) in cases {
            assert_eq!(format_duration(seconds, nanos).as_deref(), Some(text));
            assert_eq!(parse_duration(text), Some((seconds, nanos)));
        }
        for (text, expected) in
            [("1.s", (1, 0)), (".5s", (0, 500_000_000)), ("+1s", (1, 0)), ("1.25s", (1, 250_000_000))]
        {
            assert_eq!(parse_duration(text), Some(expected));
        }
        for text in ["", "s", "1", "01s", "1.0000000001s", "--1s", "1.+5s", "1.-5s", "315576000001s", "1e3s"]
        {
            assert_eq!(parse_duration(text), None, "{text}");
        }
        for (seconds, nanos) in
            [(1, -1), (-1, 1), (0, NANOS), (MAX_DURATION_SECONDS + 1, 0), (i64::MIN, 0), (0, i32::MIN)]
        {
            assert_eq!(format_duration(seconds, nanos), None);
        }
    }

    #[test]
    fn durations_as_go_writes_them() {
        assert_eq!(parse_go_duration("1m30.5s"), Some((90, 500_000_000)));
        assert_eq!(parse_go_duration("-1.5s"), Some((-1, -500_000_000)));
        assert_eq!(parse_go_duration("1"), None);
    }

    #[test]
    fn timestamps_both_ways() {
        let cases = [
            ((0, 0), "1970-01-01T00:00:00Z"),
            ((951_782_399, 0), "2000-02-28T23:59:59Z"),
            ((951_782_400, 120_000_000), "2000-02-29T00:00:00.120Z"),
            ((-1, 999_999_999), "1969-12-31T23:59:59.999999999Z"),
            ((*TIMESTAMP_SECONDS.start(), 0), "0001-01-01T00:00:00Z"),
            ((*TIMESTAMP_SECONDS.end(), 0), "9999-12-31T23:59:59Z"),
        ];
        for ((seconds, nanos), text) in cases {
            assert_eq!(format_timestamp(seconds, nanos).as_deref(), Some(text));
            assert_eq!(parse_timestamp(text), Some((seconds, nanos)));
        }
        assert_eq!(parse_timestamp("1970-01-01T02:00:00.5+01:30"), Some((1_800, 500_000_000)));
        assert_eq!(parse_timestamp("1969-12-31T23:00:00-01:00"), Some((0, 0)));
        for text in [
            "",
            "1970-01-01",
            "1970-02-30T00:00:00Z",
            "1970-00-01T00:00:00Z",
            "1970-01-01T24:00:00Z",
            "1970-01-01T00:00:00",
            "1970-01-01T00:00:00.Z",
            "1970-1-01T00:00:00Z",
            "10000-01-01T00:00:00Z",
            "0001-01-01T00:00:00+00:01",
        ] {
            assert_eq!(parse_timestamp(text), None, "{text}");
        }
        assert_eq!(format_timestamp(0, -1), None);
        assert_eq!(format_timestamp(i64::MAX, 0), None);
    }

    #[test]
    fn masks_both_ways() {
        assert_eq!(mask_to_json("a_b.c").as_deref(), Some("aB.c"));
        assert_eq!(mask_from_json("aB.c").as_deref(), Some("a_b.c"));
        assert_eq!(mask_to_json("a__b"), None);
        assert_eq!(mask_to_json("aB"), None);
        assert_eq!(mask_to_json(""), None);
        assert_eq!(mask_from_json("a_b"), None);
    }
}
