//! What Envoy refuses before any filter sees it, as it is no HTTP, and which headers it cleans.
//!
//! Source: Envoy's
//! [HTTP/1.1 codec and connection manager](https://github.com/envoyproxy/envoy/tree/main/source/common/http).

use std::borrow::Cow;

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
pub(super) fn refused(protocol: &Protocol, headers: &Headers<'_>) -> Option<(u16, &'static str)> {
    let path = headers.text(headers::PATH);
    let path = path.as_str();
    if *protocol == Protocol::Http1 {
        let method = headers.text(headers::METHOD);
        let method = method.as_str();
        if !is_known(method) {
            return Some((400, "Envoy knows no such method of HTTP/1.1"));
        }
        let visible = |c: char| matches!(c, '\t' | '\u{c}') || c.is_ascii_graphic();
        let is_path = path.starts_with('/') || path.contains("://") || path == "*" && method == "OPTIONS";
        if !path.chars().all(visible) || !is_path {
            return Some((400, "the path is none"));
        }
    }
    let host = headers.text(headers::AUTHORITY);
    if *protocol == Protocol::Http1
        && !host.as_str().chars().all(|c| c.is_ascii_alphanumeric() || OF_HOSTS.contains(c))
    {
        return Some((400, "the host has characters that no host has"));
    }
    (!path.starts_with('/')).then_some((404, "the path does not begin with a slash"))
}

/// Headers that `Connection` may not name.
const KEPT: &[&str] = &["host", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto"];
/// What `Connection` says of the connection itself.
const OF_CONNECTIONS: &[&str] = &["close", "keep-alive", "upgrade", "http2-settings", "te"];

/// Cleans headers as Envoy does: what `Connection` names goes, pieces of cookies in HTTP/2 become one, of
/// `TE` only `trailers` stays, and a `Referer` that is no URI goes.
///
/// # Errors
/// If the request is refused with 400, and why.
pub(super) fn clean(protocol: &Protocol, headers: &mut Headers<'_>) -> Result<(), &'static str> {
    if *protocol == Protocol::Http1 {
        let named = headers.has("connection").then(|| headers.text("connection").as_str().to_owned());
        let names = named.iter().flat_map(|named| named.split(',')).map(str::trim);
        let is_one_of = |name: &str, all: &[&str]| all.iter().any(|other| other.eq_ignore_ascii_case(name));
        for name in names.filter(|name| !is_one_of(name, OF_CONNECTIONS)) {
            if name.starts_with(':') || is_one_of(name, KEPT) {
                return Err("`Connection` names a header that may not go");
            }
            headers.remove(name);
        }
    } else if headers.has("cookie") {
        let cookies: Vec<&str> = headers.all("cookie").filter_map(|value| value.known()).collect();
        match cookies.as_slice() {
            [""] => headers.remove("cookie"),
            [_] => {}
            several => {
                let joined = several.join("; ");
                headers.set("cookie", joined);
            }
        }
    }
    let te = headers.text("te").as_str().split(',').any(|part| part.trim() == "trailers");
    if te {
        headers.set("te", "trailers");
    } else if !headers.text("te").as_str().is_empty() {
        headers.remove("te");
    }
    // Several of them are looked at as one, with commas between them.
    if headers.has("referer") && !is_referer(headers.text("referer").as_str()) {
        headers.remove("referer");
    }
    Ok(())
}

/// The scheme of the request's URL. HTTP/2 says it, and who sends no TLS says `http`; for HTTP/1.1 Envoy
/// believes
/// [`X-Forwarded-Proto`](https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_conn_man/headers#scheme)
/// where that is a scheme.
pub(super) fn scheme<'a>(protocol: &Protocol, headers: &Headers<'a>) -> Cow<'a, str> {
    let forwarded = headers.only("x-forwarded-proto").filter(|_| *protocol == Protocol::Http1);
    let is_scheme = |text: &str| ["http", "https"].iter().any(|scheme| scheme.eq_ignore_ascii_case(text));
    forwarded.filter(|text| is_scheme(text)).unwrap_or(Cow::Borrowed("http"))
}

/// An absolute URL without user and fragment, or a relative one without a colon before its first slash.
fn is_referer(text: &str) -> bool {
    let rest = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
    if let Some(rest) = rest.filter(|rest| !rest.is_empty()) {
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        return !rest.contains('#') && !host.contains('@');
    }
    let first = text.split('/').next().unwrap_or_default();
    let legal = |c: char| c.is_ascii_alphanumeric() || "-._~%!$&'()*+,;=:@/?".contains(c);
    !first.contains(':') && text.chars().all(legal)
}

/// Whether Envoy's codec for HTTP/1.1 knows a method.
pub(super) fn is_known(method: &str) -> bool {
    METHODS.binary_search(&method).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(
        protocol: Protocol,
        method: &'static str,
        path: &'static str,
        host: &'static str,
    ) -> Option<u16> {
        let mut headers = Headers::default();
        headers.add(headers::METHOD, method);
        headers.add(headers::PATH, path);
        headers.add(headers::AUTHORITY, host);
        refused(&protocol, &headers).map(|(status, _)| status)
    }

    #[test]
    fn headers_are_cleaned() {
        let cleaned = |protocol: Protocol, all: &[(&'static str, &'static str)], name: &str| {
            let mut headers = Headers::default();
            all.iter().for_each(|(name, value)| headers.add(name, *value));
            clean(&protocol, &mut headers).map(|()| headers.text(name).as_str().to_owned())
        };
        let named = [("x-user", "1"), ("connection", "keep-alive, X-User")];
        assert_eq!(cleaned(Protocol::Http1, &named, "x-user"), Ok(String::new()));
        assert_eq!(cleaned(Protocol::Http2, &named, "x-user"), Ok("1".to_owned()));
        assert!(cleaned(Protocol::Http1, &[("connection", "host")], "host").is_err());
        let cookies = [("cookie", "a=b"), ("cookie", "c=d")];
        assert_eq!(cleaned(Protocol::Http1, &cookies, "cookie"), Ok("a=b,c=d".to_owned()));
        assert_eq!(cleaned(Protocol::Grpc, &cookies, "cookie"), Ok("a=b; c=d".to_owned()));
        for (te, kept) in
            [("trailers", "trailers"), ("gzip, trailers", "trailers"), ("TRAILERS", ""), ("gzip", "")]
        {
            assert_eq!(cleaned(Protocol::Http1, &[("te", te)], "te"), Ok(kept.to_owned()), "{te}");
        }
        for (referer, is_kept) in [
            ("https://shop.example/a?b", true),
            ("/a", true),
            ("a b", false),
            ("https://u@shop.example/", false),
            ("a:b", false),
        ] {
            let found = cleaned(Protocol::Http1, &[("referer", referer)], "referer").unwrap();
            assert_eq!(!found.is_empty(), is_kept, "{referer}");
        }
    }

    #[test]
    fn the_scheme_of_http_1_may_be_forwarded() {
        let of = |protocol: Protocol, forwarded: &'static str| {
            let mut headers = Headers::default();
            headers.add("x-forwarded-proto", forwarded);
            scheme(&protocol, &headers).into_owned()
        };
        assert_eq!(of(Protocol::Http1, "https"), "https");
        assert_eq!(of(Protocol::Http1, ""), "http");
        assert_eq!(of(Protocol::Http1, "ftp"), "http");
        assert_eq!(of(Protocol::Http2, "https"), "http");
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
