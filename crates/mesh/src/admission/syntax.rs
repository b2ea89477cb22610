//! Notations that several kinds share: DNS names, labels, addresses, header names, URLs.

use std::net::{IpAddr, Ipv6Addr};

use crate::Str;

/// Why a text is not what it should be; the words that follow the text in a message.
pub(super) type Refusal = Result<(), String>;

/// Letters, digits and `-`, a letter or digit at both ends, at most 63 characters: a label of a DNS name, as
/// Istio reads RFC 1123 (with capitals).
pub(super) fn is_dns_label(text: &str) -> bool {
    text.len() <= 63 && is_label_of_any_length(text)
}

fn is_label_of_any_length(text: &str) -> bool {
    let alphanumeric = |b: Option<&u8>| b.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = text.as_bytes();
    alphanumeric(bytes.first())
        && alphanumeric(bytes.last())
        && bytes.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'-')
}

/// A DNS label, `*`, or a label after `*` or `*-`.
fn is_wildcard_label(text: &str) -> bool {
    if text.len() > 63 {
        return false;
    }
    match text.strip_prefix('*') {
        None => is_label_of_any_length(text),
        Some("") => true,
        Some(rest) => is_label_of_any_length(rest.strip_prefix('-').unwrap_or(rest)),
    }
}

fn has_dns_length(name: &str) -> Refusal {
    match name.len() {
        0 => Err("a host name is empty".into()),
        1..=255 => Ok(()),
        _ => Err(format!("host name `{name}` is longer than 255 characters")),
    }
}

fn has_dns_labels(name: &str) -> Refusal {
    let last = name.rsplit('.').next().unwrap_or_default();
    if is_go_integer(last) {
        return Err(format!("host name `{name}` ends with the number `{last}`"));
    }
    // A dot at the end is fine: the name is then unambiguous.
    let labels = name.strip_suffix('.').unwrap_or(name);
    match labels.split('.').find(|label| !is_dns_label(label)) {
        Some(label) => Err(format!("host name `{name}` has the invalid label `{label}`")),
        None => Ok(()),
    }
}

/// What Go's `strconv.Atoi` takes: a sign and digits of a 64-bit number.
fn is_go_integer(text: &str) -> bool {
    text.parse::<i64>().is_ok()
}

/// A fully qualified (or short) host name.
pub(super) fn host_name(name: &str) -> Refusal {
    has_dns_length(name)?;
    has_dns_labels(name)
}

/// A host name whose first label may be or start with `*`.
pub(super) fn wildcard_host_name(name: &str) -> Refusal {
    has_dns_length(name)?;
    match name.split_once('.') {
        None if is_wildcard_label(name) => Ok(()),
        Some((first, rest)) if is_wildcard_label(first) => has_dns_labels(rest),
        None => Err(format!("host name `{name}` is invalid")),
        Some((first, _)) => Err(format!("host name `{name}` has the invalid label `{first}`")),
    }
}

/// Whether a name covers others: it starts with `*`.
pub(super) fn is_wildcard(host: &str) -> bool {
    host.starts_with('*')
}

/// Whether one of two host names covers the other.
pub(super) fn hosts_overlap(one: &str, other: &str) -> bool {
    match (one.strip_prefix('*'), other.strip_prefix('*')) {
        (Some(one), Some(other)) => one.ends_with(other) || other.ends_with(one),
        (Some(one), None) => other.ends_with(one),
        (None, Some(other)) => one.ends_with(other),
        (None, None) => one == other,
    }
}

/// Whether every host that `name` covers is covered by `other`.
pub(super) fn host_is_within(name: &str, other: &str) -> bool {
    match (name.strip_prefix('*'), other.strip_prefix('*')) {
        (Some(name), Some(other)) => name.len() >= other.len() && name.ends_with(other),
        (Some(_), None) => false,
        (None, Some(other)) => name.ends_with(other),
        (None, None) => name == other,
    }
}

/// An IP address; of IPv6 with a zone, if it has one.
pub(super) fn is_ip(text: &str) -> bool {
    match text.split_once('%') {
        Some((address, zone)) => !zone.is_empty() && address.parse::<Ipv6Addr>().is_ok(),
        None => text.parse::<IpAddr>().is_ok(),
    }
}

/// An IP address with a prefix length, `10.0.0.0/8`; bits beyond the prefix may be set.
pub(super) fn is_cidr(text: &str) -> bool {
    let Some((address, bits)) = text.rsplit_once('/') else { return false };
    let most = match address.parse::<IpAddr>() {
        Ok(IpAddr::V4(_)) => 32,
        Ok(IpAddr::V6(_)) => 128,
        Err(_) => return false,
    };
    let canonical = bits == "0" || (bits.bytes().all(|b| b.is_ascii_digit()) && !bits.starts_with('0'));
    canonical && bits.parse::<u8>().is_ok_and(|bits| bits <= most)
}

/// An IP address or, with a `/`, a range of them.
pub(super) fn is_ip_or_cidr(text: &str) -> bool {
    if text.matches('/').count() == 1 { is_cidr(text) } else { is_ip(text) }
}

/// A port of TCP.
pub(super) fn is_port(port: u32) -> bool {
    (1..=65535).contains(&port)
}

/// The key of a label: a name, after a DNS name and `/` if need be.
fn is_label_key(key: &str) -> bool {
    let (prefix, name) = match key.rsplit_once('/') {
        Some((prefix, name)) => (Some(prefix), name),
        None => (None, key),
    };
    prefix.is_none_or(|prefix| prefix.len() <= 253 && prefix.split('.').all(is_label_of_any_length))
        && name.len() <= 63
        && is_qualified_name(name)
}

/// Letters, digits, `-`, `_` and `.`, a letter or digit at both ends.
fn is_qualified_name(text: &str) -> bool {
    let alphanumeric = |b: Option<&u8>| b.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = text.as_bytes();
    alphanumeric(bytes.first())
        && alphanumeric(bytes.last())
        && bytes.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}

/// A label as Istio takes it in subsets and matches: its value may be longer than Kubernetes' 63 characters.
pub(super) fn label(key: &Str, value: &Str) -> Refusal {
    if !is_label_key(key) {
        return Err(format!("`{key}` is no key of a label"));
    }
    if !value.is_empty() && !is_qualified_name(value) {
        return Err(format!("`{value}` is no value of a label"));
    }
    Ok(())
}

/// A header's name, or a method, as HTTP has it: RFC 9110's `token`.
pub fn is_header_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
}

/// A header's name of letters, digits, `-` and `_` only.
pub(super) fn is_strict_header_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
}

/// The scheme of a URL, in lower case, as Go's `net/url` reads it; `None` is no URL.
pub(crate) fn url_scheme(url: &str) -> Option<String> {
    let (url, fragment) = url.split_once('#').unwrap_or((url, ""));
    if url.bytes().any(|b| b.is_ascii_control()) || !has_whole_escapes(fragment) {
        return None;
    }
    let (scheme, rest) = split_scheme(url)?;
    let rest = rest.split_once('?').map_or(rest, |(rest, _)| rest);
    let path = match rest.strip_prefix("//") {
        Some(authority) => {
            let end = authority.find('/').unwrap_or(authority.len());
            let (authority, path) = authority.split_at_checked(end)?;
            is_url_authority(authority).then_some(path)?
        }
        // Without a scheme, a colon in the first segment would look like one.
        None if scheme.is_empty() && rest.split('/').next().is_some_and(|first| first.contains(':')) => {
            return None;
        }
        None => rest,
    };
    has_whole_escapes(path).then_some(scheme)
}

/// Whether Istio can read the URL of a module. Its webhook takes more: an IP address with a port, without a
/// scheme.
pub(crate) fn is_readable_url(url: &str) -> bool {
    !url.is_empty() && url_scheme(url).is_some()
}

fn split_scheme(url: &str) -> Option<(String, &str)> {
    for (at, b) in url.bytes().enumerate() {
        match b {
            b'a'..=b'z' | b'A'..=b'Z' => {}
            b'0'..=b'9' | b'+' | b'-' | b'.' if at > 0 => {}
            b':' if at == 0 => return None,
            b':' => return Some((url.get(..at)?.to_ascii_lowercase(), url.get(at + 1..)?)),
            _ => break,
        }
    }
    Some((String::new(), url))
}

fn is_url_authority(authority: &str) -> bool {
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let port = match host.strip_prefix('[') {
        Some(rest) => match rest.split_once(']') {
            Some((_, "")) => Some(""),
            Some((_, port)) => port.strip_prefix(':'),
            None => None,
        },
        None => Some(host.rsplit_once(':').map_or("", |(_, port)| port)),
    };
    port.is_some_and(|port| port.bytes().all(|b| b.is_ascii_digit()))
        && !host.bytes().any(|b| matches!(b, b' ' | b'^' | b'`' | b'{' | b'|' | b'}' | b'\\'))
        && has_whole_escapes(host)
}

/// Every `%` is followed by two hexadecimal digits.
fn has_whole_escapes(text: &str) -> bool {
    text.split('%').skip(1).all(|rest| {
        rest.as_bytes().first_chunk::<2>().is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_names() {
        assert!(host_name("reviews.default.svc.cluster.local").is_ok());
        assert!(host_name("istio.io.").is_ok());
        assert!(host_name("Reviews").is_ok());
        assert!(host_name("10.0.0.1").is_err());
        assert!(host_name("a..b").is_err());
        assert!(host_name("a_b.c").is_err());
        assert!(host_name("").is_err());
        assert!(host_name(&"a.".repeat(130)).is_err());
    }

    #[test]
    fn wildcards_stand_first() {
        for good in ["*", "*.foo.com", "*-bar.foo.com", "*bar.com", "foo.com"] {
            assert!(wildcard_host_name(good).is_ok(), "{good}");
        }
        for bad in ["foo.*.com", "*-", "**.com", "*_a"] {
            assert!(wildcard_host_name(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn hosts_cover_each_other() {
        assert!(hosts_overlap("*.foo.com", "a.foo.com"));
        assert!(hosts_overlap("*", "*.com"));
        assert!(!hosts_overlap("*.foo.com", "foo.com"));
        assert!(host_is_within("*.foo.com", "*.com"));
        assert!(!host_is_within("*.com", "*.foo.com"));
        assert!(!host_is_within("*.com", "a.com"));
    }

    #[test]
    fn addresses_are_read_as_go_reads_them() {
        assert!(is_ip("10.0.0.1") && is_ip("fe80::1%eth0") && is_ip("::ffff:1.2.3.4"));
        assert!(!is_ip("010.0.0.1") && !is_ip("1.2.3") && !is_ip("fe80::1%"));
        assert!(is_cidr("10.0.0.1/8") && is_cidr("::/0"));
        assert!(!is_cidr("10.0.0.0/08") && !is_cidr("10.0.0.0/33") && !is_cidr("10.0.0.0/+8"));
    }

    #[test]
    fn urls_have_a_scheme_or_none() {
        assert_eq!(url_scheme("https://a.b/c?x").as_deref(), Some("https"));
        assert_eq!(url_scheme("OCI://a/b:v1").as_deref(), Some("oci"));
        assert_eq!(url_scheme("registry/plugin").as_deref(), Some(""));
        assert_eq!(url_scheme("registry:5000/plugin").as_deref(), Some("registry"));
        assert_eq!(url_scheme("://x"), None);
        assert_eq!(url_scheme("http://a b/"), None);
        assert_eq!(url_scheme("http://a:b/"), None);
        assert_eq!(url_scheme("/a?b=100%").as_deref(), Some(""));
        assert_eq!(url_scheme("/a#100%"), None);
    }

    #[test]
    fn labels_may_have_long_values() {
        assert!(label(&"app.kubernetes.io/name".into(), &"v".repeat(64).into()).is_ok());
        assert!(label(&"version".into(), &"not valid!".into()).is_err());
        assert!(label(&"".into(), &"x".into()).is_err());
    }
}
