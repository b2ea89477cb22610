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

/// A valid expression for Rust's `regex`: quoted text is escaped, and what is an operator only there.
pub fn as_rust(expression: &str) -> String {
    let mut out = String::with_capacity(expression.len());
    let mut rest = expression;
    while let Some(c) = rest.chars().next() {
        if let Some(quoted) = rest.strip_prefix(r"\Q") {
            let (text, behind) = quoted.split_once(r"\E").unwrap_or((quoted, ""));
            out.push_str(&quote_meta(text));
            rest = behind;
        } else if let Some(class) = rest.strip_prefix('[') {
            rest = class_as_rust(class, &mut out);
        } else if c == '{' && !is_repetition(rest) {
            out.push_str(r"\{");
            rest = behind(rest, 1);
        } else {
            let length = if c == '\\' { 2 } else { 1 };
            out.extend(rest.chars().take(length));
            rest = behind(rest, length);
        }
    }
    out
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
fn class_as_rust<'r>(class: &'r str, out: &mut String) -> &'r str {
    let negated = class.strip_prefix('^');
    out.push_str(if negated.is_some() { "[^" } else { "[" });
    let mut rest = negated.unwrap_or(class);
    let mut first = true;
    loop {
        match rest.chars().next() {
            None => return rest,
            Some(']') if !first => {
                out.push(']');
                return behind(rest, 1);
            }
            Some(_) => {}
        }
        first = false;
        let may_begin_range = class_item(&mut rest, out);
        if may_begin_range && rest.starts_with('-') && !rest.starts_with("-]") {
            out.push('-');
            rest = behind(rest, 1);
            class_item(&mut rest, out);
        }
    }
}

/// Writes an item of a class; whether it is a character.
fn class_item(rest: &mut &str, out: &mut String) -> bool {
    let named = rest.starts_with("[:").then(|| rest.find(":]")).flatten();
    let escaped = rest.strip_prefix('\\').and_then(|rest| rest.chars().next());
    let length = match (named, escaped) {
        (Some(end), _) => rest.get(..end).map_or(0, |name| name.chars().count()) + 2,
        (None, Some('p' | 'P')) if rest.get(2..3) == Some("{") => {
            rest.chars().take_while(|c| *c != '}').count() + 1
        }
        (None, Some('p' | 'P')) => 3,
        (None, Some(_)) => 2,
        (None, None) => 1,
    };
    if length == 1 && rest.starts_with(|c: char| c.is_ascii_punctuation()) {
        out.push('\\');
    }
    out.extend(rest.chars().take(length));
    *rest = behind(rest, length);
    named.is_none() && !matches!(escaped, Some('d' | 'D' | 's' | 'S' | 'w' | 'W' | 'p' | 'P'))
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
            (r"[\d-z]9", r"[\d\-z]9"),
            ("[^a-z-]", r"[^a-z\-]"),
            ("[[:alpha:]-z]", r"[[:alpha:]\-z]"),
            (r"[\p{Greek}\pL-]\[", r"[\p{Greek}\pL\-]\["),
            ("[a", "[a"),
        ];
        for (expression, expected) in cases {
            assert_eq!(super::as_rust(expression), expected, "{expression}");
        }
    }

    #[test]
    fn operators_are_escaped_and_slashes_are_not() {
        assert_eq!(super::quote_meta("/a.b-c(d)"), r"/a\.b-c\(d\)");
        assert_eq!(super::quote_meta("my-sa.v1"), r"my-sa\.v1");
    }
}
