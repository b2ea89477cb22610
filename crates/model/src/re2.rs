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

#[cfg(test)]
mod tests {
    #[test]
    fn operators_are_escaped_and_slashes_are_not() {
        assert_eq!(super::quote_meta("/a.b-c(d)"), r"/a\.b-c\(d\)");
        assert_eq!(super::quote_meta("my-sa.v1"), r"my-sa\.v1");
    }
}
