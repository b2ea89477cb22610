//! XML, as much as formats of reports need.

use crate::view::excerpt::REPLACEMENT;

/// A text as the value of an attribute or between tags. What XML 1.0 does not allow is replaced.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            // As they are, they would become blanks in an attribute.
            '\n' => out.push_str("&#10;"),
            '\r' => out.push_str("&#13;"),
            '\t' => out.push_str("&#9;"),
            '\u{fffe}' | '\u{ffff}' => out.push(REPLACEMENT),
            c if c.is_control() => out.push(REPLACEMENT),
            c => out.push(c),
        }
    }
    out
}

/// ` name="value"` for each attribute.
pub(super) fn attributes(all: &[(&str, &str)]) -> String {
    all.iter().map(|(name, value)| format!(" {name}=\"{}\"", escaped(value))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_ends_an_attribute_or_starts_a_tag() {
        assert_eq!(escaped("a<b> & \"c\" 'd'"), "a&lt;b&gt; &amp; &quot;c&quot; &apos;d&apos;");
        assert_eq!(escaped("a\nb\t\u{1b}[2J\u{0}\u{ffff}ä"), "a&#10;b&#9;\u{fffd}[2J\u{fffd}\u{fffd}ä");
        assert_eq!(attributes(&[("a", "1"), ("b", "<")]), " a=\"1\" b=\"&lt;\"");
    }
}
