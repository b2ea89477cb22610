//! JSON values as YAML, in the style of the tools of the field (`kubectl`, `istioctl`): keys sorted, lists
//! not indented, plain scalars wherever they read back as the same string.

use serde_json::Value;

/// A JSON text as YAML.
///
/// # Errors
///
/// When the text is not JSON.
///
/// ```
/// let yaml = waypoint_xds::view::yaml::from_json(r#"{"name": "a", "domains": ["*"], "attempts": "5"}"#);
/// assert_eq!(yaml.unwrap(), "attempts: \"5\"\ndomains:\n- '*'\nname: a\n");
/// ```
pub fn from_json(json: &str) -> Result<String, serde_json::Error> {
    Ok(to_string(&serde_json::from_str(json)?))
}

/// A value as a YAML document.
#[must_use]
pub fn to_string(value: &Value) -> String {
    let mut out = String::new();
    match value {
        Value::Object(map) if !map.is_empty() => mapping(&mut out, map, 0),
        Value::Array(items) if !items.is_empty() => sequence(&mut out, items, 0),
        scalar => inline(&mut out, scalar, 0),
    }
    out
}

fn mapping(out: &mut String, map: &serde_json::Map<String, Value>, indent: usize) {
    let mut entries: Vec<_> = map.iter().collect();
    entries.sort_by_key(|(key, _)| *key);
    for (position, (key, value)) in entries.into_iter().enumerate() {
        if position > 0 {
            blanks(out, indent);
        }
        string(out, key, indent);
        out.push(':');
        match value {
            Value::Object(map) if !map.is_empty() => {
                out.push('\n');
                blanks(out, indent + 2);
                mapping(out, map, indent + 2);
            }
            Value::Array(items) if !items.is_empty() => {
                out.push('\n');
                blanks(out, indent);
                sequence(out, items, indent);
            }
            scalar => {
                out.push(' ');
                inline(out, scalar, indent + 2);
            }
        }
    }
}

fn sequence(out: &mut String, items: &[Value], indent: usize) {
    for (position, item) in items.iter().enumerate() {
        if position > 0 {
            blanks(out, indent);
        }
        out.push_str("- ");
        match item {
            Value::Object(map) if !map.is_empty() => mapping(out, map, indent + 2),
            Value::Array(items) if !items.is_empty() => sequence(out, items, indent + 2),
            scalar => inline(out, scalar, indent + 2),
        }
    }
}

fn inline(out: &mut String, value: &Value, indent: usize) {
    match value {
        Value::String(text) => string(out, text, indent),
        Value::Object(_) => out.push_str("{}"),
        Value::Array(_) => out.push_str("[]"),
        other => out.push_str(&other.to_string()),
    }
    out.push('\n');
}

fn blanks(out: &mut String, count: usize) {
    out.extend(std::iter::repeat_n(' ', count));
}

/// Writes a string in the first style that holds it: plain, quoted with `'`, a literal block, quoted with
/// `"`.
fn string(out: &mut String, text: &str, indent: usize) {
    if reads_as_something_else(text) || text.chars().any(|c| c.is_control() && c != '\n') {
        out.push_str(&Value::from(text).to_string());
    } else if text.contains('\n') {
        literal(out, text, indent);
    } else if is_plain(text) {
        out.push_str(text);
    } else {
        out.push('\'');
        out.push_str(&text.replace('\'', "''"));
        out.push('\'');
    }
}

fn literal(out: &mut String, text: &str, indent: usize) {
    let body = text.trim_end_matches('\n');
    out.push('|');
    if text.starts_with([' ', '\n']) {
        out.push('2');
    }
    match text.len() - body.len() {
        0 => out.push('-'),
        1 => {}
        _ => out.push('+'),
    }
    for line in text.strip_suffix('\n').unwrap_or(text).split('\n') {
        out.push('\n');
        if !line.is_empty() {
            blanks(out, indent);
            out.push_str(line);
        }
    }
}

/// Whether YAML 1.1 reads the plain word as a boolean, a null or a number.
fn reads_as_something_else(text: &str) -> bool {
    const WORDS: [&str; 9] = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"];
    let lower = text.to_ascii_lowercase();
    if text == "~"
        || WORDS.contains(&lower.as_str())
        || lower.trim_start_matches(['+', '-']) == ".inf"
        || lower == ".nan"
    {
        return true;
    }
    let digits = text.trim_start_matches(['+', '-']).replace('_', "");
    let Some(first) = digits.chars().next() else { return false };
    if !first.is_ascii_digit() && first != '.' {
        return false;
    }
    let radix = |prefix: &str, radix: u32| {
        digits.strip_prefix(prefix).is_some_and(|d| !d.is_empty() && d.chars().all(|c| c.is_digit(radix)))
    };
    let base60 = digits.contains(':')
        && digits
            .split(':')
            .all(|part| !part.is_empty() && part.chars().all(|c| c.is_ascii_digit() || c == '.'));
    digits.parse::<f64>().is_ok()
        || radix("0x", 16)
        || radix("0b", 2)
        || radix("0o", 8)
        || base60
        || is_date(text)
}

/// `2001-12-14` and the like.
fn is_date(text: &str) -> bool {
    let mut parts = text.splitn(3, '-');
    let year = parts.next().is_some_and(|y| y.len() == 4 && y.chars().all(|c| c.is_ascii_digit()));
    let month =
        parts.next().is_some_and(|m| matches!(m.len(), 1 | 2) && m.chars().all(|c| c.is_ascii_digit()));
    let day = parts.next().is_some_and(|d| d.starts_with(|c: char| c.is_ascii_digit()));
    year && month && day
}

fn is_plain(text: &str) -> bool {
    const INDICATORS: [char; 17] =
        ['#', ',', '[', ']', '{', '}', '&', '*', '!', '|', '>', '\'', '"', '%', '@', '`', ' '];
    let Some(first) = text.chars().next() else { return false };
    let second = text.chars().nth(1);
    let risky_start = matches!(first, '-' | '?' | ':') && second.is_none_or(|c| c == ' ');
    !INDICATORS.contains(&first)
        && !risky_start
        && !text.starts_with("---")
        && !text.starts_with("...")
        && !text.ends_with([' ', ':'])
        && !text.contains(": ")
        && !text.contains(" #")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn strings_keep_their_meaning() {
        let cases = [
            ("plain", "plain"),
            ("inbound|http|9080", "inbound|http|9080"),
            ("5", "\"5\""),
            ("0x1F", "\"0x1F\""),
            ("1e3", "\"1e3\""),
            ("12:30:45", "\"12:30:45\""),
            ("yes", "\"yes\""),
            ("*", "'*'"),
            ("", "''"),
            ("a: b", "'a: b'"),
            ("it's #1", "'it''s #1'"),
            ("- x", "'- x'"),
            ("-x", "-x"),
            ("\u{7}", "\"\\u0007\""),
        ];
        for (text, yaml) in cases {
            assert_eq!(to_string(&json!({"k": text})), format!("k: {yaml}\n"), "{text}");
        }
    }

    #[test]
    fn blocks_and_nesting() {
        let value = json!({"b": [{"x": 1, "a": []}, [1, 2]], "a": "one\ntwo\n", "c": {}});
        assert_eq!(to_string(&value), "a: |\n  one\n  two\nb:\n- a: []\n  x: 1\n- - 1\n  - 2\nc: {}\n");
    }
}
