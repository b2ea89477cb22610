//! What Envoy refuses before any filter sees it, as it is no HTTP.
//!
//! Source: Envoy's [HTTP/1.1 codec and connection manager](https://github.com/envoyproxy/envoy/tree/main/source/common/http).

use super::headers::{self, Headers};
use super::request::Protocol;

/// The methods that Envoy's codec for HTTP/1.1 knows.
const METHODS: &[&str] = &[
    "ACL",
    "BIND",
    "CHECKOUT",
    "CONNECT",
    "COPY",
    "DELETE",
    "GET",
    "HEAD",
    "LINK",
    "LOCK",
    "MERGE",
    "MKACTIVITY",
    "MKCALENDAR",
    "MKCOL",
    "MOVE",
    "MSEARCH",
    "NOTIFY",
    "OPTIONS",
    "PATCH",
    "POST",
    "PROPFIND",
    "PROPPATCH",
    "PURGE",
    "PUT",
    "REBIND",
    "REPORT",
    "SEARCH",
    "SOURCE",
    "SUBSCRIBE",
    "TRACE",
    "UNBIND",
    "UNLINK",
    "UNLOCK",
    "UNSUBSCRIBE",
];

/// The characters that a host may have, beyond letters and digits.
const OF_HOSTS: &str = "!$%&'()*+,-.:;=@[]_~";

/// The status that a request is refused with, and why; nothing for one that is not.
pub(super) fn refused(protocol: &Protocol, headers: &Headers) -> Option<(u16, &'static str)> {
    let path = headers.text(headers::PATH);
    if *protocol == Protocol::Http1 {
        if !is_known(&headers.text(headers::METHOD)) {
            return Some((400, "Envoy knows no such method of HTTP/1.1"));
        }
        let method = headers.text(headers::METHOD);
        let visible = |c: char| matches!(c, '\t' | '\u{c}') || c.is_ascii_graphic();
        let is_path = path.starts_with('/') || path.contains("://") || path == "*" && method == "OPTIONS";
        if !path.chars().all(visible) || !is_path {
            return Some((400, "the path is none"));
        }
    }
    let host = headers.text(headers::AUTHORITY);
    if !host.chars().all(|c| c.is_ascii_alphanumeric() || OF_HOSTS.contains(c)) {
        return Some((400, "the host has characters that no host has"));
    }
    (!path.starts_with('/')).then_some((404, "the path does not begin with a slash"))
}

/// Whether Envoy's codec for HTTP/1.1 knows a method.
pub(super) fn is_known(method: &str) -> bool {
    METHODS.binary_search(&method).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(protocol: Protocol, method: &str, path: &str, host: &str) -> Option<u16> {
        let mut headers = Headers::default();
        headers.add(headers::METHOD, method);
        headers.add(headers::PATH, path);
        headers.add(headers::AUTHORITY, host);
        refused(&protocol, &headers).map(|(status, _)| status)
    }

    #[test]
    fn what_is_no_http_is_refused() {
        assert_eq!(status(Protocol::Http1, "GET", "/a?b=c", "cart.shop:80"), None);
        assert_eq!(status(Protocol::Http1, "get", "/", "cart"), Some(400));
        assert_eq!(status(Protocol::Http2, "get", "/", "cart"), None);
        assert_eq!(status(Protocol::Http1, "GET", "/\u{e9}", "cart"), Some(400));
        assert_eq!(status(Protocol::Http1, "GET", "a", "cart"), Some(400));
        assert_eq!(status(Protocol::Http1, "OPTIONS", "*", "cart"), Some(404));
        assert_eq!(status(Protocol::Http1, "GET", "*", "cart"), Some(400));
        assert_eq!(status(Protocol::Http1, "GET", "/", "cart/a"), Some(400));
        assert!(METHODS.is_sorted());
    }
}
