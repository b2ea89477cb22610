//! Regular expressions in RE2's syntax, which Envoy and Go share.

/// Escapes what would be an operator, as Go's `regexp.QuoteMeta` does.
pub fn quote_meta(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if "\\.+*?()|[]{}^$".contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// A valid expression for Rust's `regex`, which fits the same texts; none where there is none, as for `\C`.
///
/// Quoted text is escaped, and what is an operator only there; `\d`, `\s`, `\w` and `\b` are of ASCII.
pub fn as_rust(expression: &str) -> Option<String> {
    let mut out = String::with_capacity(expression.len());
    let mut rest = expression;
    while let Some(c) = rest.chars().next() {
        if let Some(quoted) = rest.strip_prefix(r"\Q") {
            let (text, behind) = quoted.split_once(r"\E").unwrap_or((quoted, ""));
            out.push_str(&quote_meta(text));
            rest = behind;
        } else if let Some(class) = rest.strip_prefix('[') {
            rest = class_as_rust(class, &mut out)?;
        } else if rest.starts_with(r"\b") || rest.starts_with(r"\B") {
            out.extend(["(?-u:"].into_iter().chain(rest.get(..2)).chain([")"]));
            rest = behind(rest, 2);
        } else if c == '\\' {
            escape_as_rust(&mut rest, &mut out)?;
        } else {
            if c == '{' && !is_repetition(rest) {
                out.push('\\');
            }
            out.push(c);
            rest = behind(rest, 1);
        }
    }
    Some(out)
}

/// Writes what a backslash stands for with what follows, in a class or elsewhere; whether that is a
/// character. Nothing where Rust has nothing for it.
fn escape_as_rust(rest: &mut &str, out: &mut String) -> Option<bool> {
    let escaped = rest.chars().nth(1)?;
    *rest = behind(rest, 2);
    match escaped {
        'd' => out.push_str("[0-9]"),
        'D' => out.push_str("[^0-9]"),
        's' => out.push_str(r"[\t\n\f\r ]"),
        'S' => out.push_str(r"[^\t\n\f\r ]"),
        'w' => out.push_str("[0-9A-Za-z_]"),
        'W' => out.push_str("[^0-9A-Za-z_]"),
        // A byte of a character; a character by its number in octal.
        'C' | '0'..='9' => return None,
        // Themselves: with a backslash Rust takes them for the edge of a word.
        '<' | '>' => out.push(escaped),
        // The name of a class, or the number of a character.
        'p' | 'P' | 'x' => {
            let length = match rest.starts_with('{') {
                true => rest.chars().take_while(|c| *c != '}').count() + 1,
                false if escaped == 'x' => 2,
                false => 1,
            };
            out.extend(['\\', escaped].into_iter().chain(rest.chars().take(length)));
            *rest = behind(rest, length);
        }
        _ => out.extend(['\\', escaped]),
    }
    Some(!matches!(escaped, 'd' | 'D' | 's' | 'S' | 'w' | 'W' | 'p' | 'P'))
}

/// Whether it starts with `{2}`, `{2,}` or `{2,5}`; any other brace stands for itself.
fn is_repetition(text: &str) -> bool {
    let is_count = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let Some((counts, _)) = text.strip_prefix('{').and_then(|text| text.split_once('}')) else {
        return false;
    };
    let (least, most) = counts.split_once(',').unwrap_or((counts, ""));
    is_count(least) && (most.is_empty() || is_count(most))
}

/// Writes a class, of which the bracket is read, and gives what is behind it.
fn class_as_rust<'r>(class: &'r str, out: &mut String) -> Option<&'r str> {
    let negated = class.strip_prefix('^');
    out.push_str(if negated.is_some() { "[^" } else { "[" });
    let mut rest = negated.unwrap_or(class);
    let mut first = true;
    loop {
        match rest.chars().next() {
            None => return Some(rest),
            Some(']') if !first => {
                out.push(']');
                return Some(behind(rest, 1));
            }
            Some(_) => {}
        }
        first = false;
        let may_begin_range = class_item(&mut rest, out)?;
        if may_begin_range && rest.starts_with('-') && !rest.starts_with("-]") {
            out.push('-');
            rest = behind(rest, 1);
            class_item(&mut rest, out)?;
        }
    }
}

/// Writes an item of a class; whether it is a character.
fn class_item(rest: &mut &str, out: &mut String) -> Option<bool> {
    if rest.starts_with('\\') {
        return escape_as_rust(rest, out);
    }
    let named = rest.starts_with("[:").then(|| rest.find(":]")).flatten();
    let length = match named {
        Some(end) => rest.get(..end).map_or(0, |name| name.chars().count()) + 2,
        None => 1,
    };
    let is_special = |c: char| c.is_ascii_punctuation() && !matches!(c, '<' | '>');
    if named.is_none() && rest.starts_with(is_special) {
        out.push('\\');
    }
    out.extend(rest.chars().take(length));
    *rest = behind(rest, length);
    Some(named.is_none())
}

/// What is behind so many characters.
fn behind(text: &str, length: usize) -> &str {
    let mut chars = text.chars();
    chars.by_ref().take(length).for_each(drop);
    chars.as_str()
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_only_rust_takes_for_an_operator_is_escaped() {
        let cases = [
            (r"^1\.3[01]{1,2}(a|b)*$", r"^1\.3[01]{1,2}(a|b)*$"),
            (r"\Q9.*\E+", r"9\.\*+"),
            (r"\Q9", "9"),
            ("[[]9", r"[\[]9"),
            ("[]a&&b]", r"[\]a\&\&b]"),
            ("{9", r"\{9"),
            ("9{,}", r"9\{,}"),
            ("9{,2}", r"9\{,2}"),
            (r"[\d-z]9", r"[[0-9]\-z]9"),
            ("[^a-z-]", r"[^a-z\-]"),
            ("[[:alpha:]-z]", r"[[:alpha:]\-z]"),
            (r"[\p{Greek}\pL-]\[", r"[\p{Greek}\pL\-]\["),
            ("[a", "[a"),
        ];
        for (expression, expected) in cases {
            assert_eq!(super::as_rust(expression).as_deref(), Some(expected), "{expression}");
        }
    }

    #[test]
    fn classes_and_words_are_of_ascii() {
        let cases = [
            (r"/\d+/[\w-]+", r"/[0-9]+/[[0-9A-Za-z_]\-]+"),
            (r"a\.b\\d", r"a\.b\\d"),
            (r"\bx\B", r"(?-u:\b)x(?-u:\B)"),
            (r"\p{Greek}\pL\x41\x{e9}{2}", r"\p{Greek}\pL\x41\x{e9}{2}"),
            (r"[^\D]\S", r"[^[^0-9]][^\t\n\f\r ]"),
            (r"\<a\>[\<>]", "<a>[<>]"),
            (r"[\x{e9}-\x{ff}\x41-\x42]", r"[\x{e9}-\x{ff}\x41-\x42]"),
        ];
        for (expression, expected) in cases {
            assert_eq!(super::as_rust(expression).as_deref(), Some(expected), "{expression}");
        }
        for expression in [r"\C", r"[\C]", r"\101", r"[\101]", "\\"] {
            assert_eq!(super::as_rust(expression), None, "{expression}");
        }
    }

    #[test]
    fn operators_are_escaped_and_slashes_are_not() {
        assert_eq!(super::quote_meta("/a.b-c(d)"), r"/a\.b-c\(d\)");
        assert_eq!(super::quote_meta("my-sa.v1"), r"my-sa\.v1");
    }
}
