//! Paths as URIs.

/// A relative path, or an absolute one, as a URI reference (RFC 3986).
pub(super) fn of_path(path: &str) -> String {
    let encoded = path.bytes().fold(String::new(), |mut out, byte| {
        let is_plain = byte.is_ascii_alphanumeric()
            || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'/' | b'@' | b'+' | b',');
        if is_plain {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
        out
    });
    if path.starts_with('/') { format!("file://{encoded}") } else { encoded }
}

#[cfg(test)]
mod tests {
    use super::of_path;

    #[test]
    fn what_is_no_letter_is_encoded() {
        assert_eq!(of_path("a b/ä:#.yaml"), "a%20b/%C3%A4%3A%23.yaml");
        assert_eq!(of_path("/shop/a.yaml"), "file:///shop/a.yaml");
        assert_eq!(of_path("<stdin>"), "%3Cstdin%3E");
    }
}
