//! What the requests of an HTTP route look like.

use super::headers;
use crate::Str;
use crate::admission::check::Checker;
use crate::admission::{common, re2, syntax};
use crate::rules::HttpMatches;
use crate::snapshot::networking::virtual_service::{HttpMatchRequest, HttpRoute, StringMatch};

/// Pseudo-headers of HTTP/2, <https://httpwg.org/specs/rfc7540.html#PseudoHeaderFields>.
const PSEUDO_HEADERS: [&str; 5] = [":method", ":scheme", ":authority", ":path", ":status"];

pub(super) fn check(c: &Checker<'_>, route: &HttpRoute, is_delegate: bool) {
    let independent = !is_delegate && route.delegate.is_none();
    c.each("match", &route.matches, |c, request| {
        match c.rules.http_matches {
            HttpMatches::All => all(c, request),
            HttpMatches::Independent if independent => of_independent(c, request),
            HttpMatches::Independent => header_names(c, request),
        }
        if request.port != 0 {
            common::port(&c.field("port"), request.port);
        }
        common::labels(&c.field("sourceLabels"), &request.source_labels);
        super::gateways(c, &request.gateways);
        if !request.source_namespace.is_empty() && !syntax::is_dns_label(&request.source_namespace) {
            c.field("sourceNamespace").invalid(format!("`{}` is no namespace", request.source_namespace));
        }
    });
}

/// As in later releases.
fn all(c: &Checker<'_>, request: &HttpMatchRequest) {
    let field = c.field("headers");
    for (name, value) in &request.headers {
        header_name(&field.key(name), name);
        string(&field.key(name), value);
    }
    let field = c.field("withoutHeaders");
    for (name, value) in &request.without_headers {
        header_name(&field.key(name), name);
        // `*` is no regular expression, but it is understood: the header may not be there at all.
        if *value != StringMatch::Regex("*".into()) {
            string(&field.key(name), value);
        }
    }
    c.some("uri", request.uri.as_ref(), regex);
    c.some("scheme", request.scheme.as_ref(), string);
    c.some("method", request.method.as_ref(), string);
    c.some("authority", request.authority.as_ref(), string);
    let field = c.field("queryParams");
    for (name, value) in &request.query_params {
        string(&field.key(name), value);
    }
}

/// As in 1.18, in a route that neither is nor has a delegate.
fn of_independent(c: &Checker<'_>, request: &HttpMatchRequest) {
    let field = c.field("headers");
    for (name, value) in &request.headers {
        let c = field.key(name);
        if name.is_empty() {
            c.missing("a header needs a name");
        }
        string(&c, value);
    }
    for (name, value) in [
        ("uri", &request.uri),
        ("scheme", &request.scheme),
        ("method", &request.method),
        ("authority", &request.authority),
    ] {
        c.some(name, value.as_ref(), regex);
    }
    let field = c.field("queryParams");
    for (name, value) in &request.query_params {
        regex(&field.key(name), value);
    }
}

/// As in 1.18, in a route that is or has a delegate: by an oversight, regular expressions are not looked at.
fn header_names(c: &Checker<'_>, request: &HttpMatchRequest) {
    let field = c.field("headers");
    for (name, value) in &request.headers {
        if name.is_empty() {
            field.key(name).missing("a header needs a name");
        }
        if *value == StringMatch::Prefix(Str::default()) {
            field.key(name).missing("a prefix to match is empty");
        }
    }
    if request.without_headers.contains_key("") {
        c.field("withoutHeaders").missing("a header needs a name");
    }
}

fn header_name(c: &Checker<'_>, name: &str) {
    if !headers::is_claim(c, name) && !PSEUDO_HEADERS.contains(&name) && !syntax::is_header_name(name) {
        c.invalid(format!("`{name}` is no name of a header"));
    }
}

/// A prefix that is not empty, or a valid regular expression.
fn string(c: &Checker<'_>, value: &StringMatch) {
    match value {
        StringMatch::Prefix(prefix) if prefix.is_empty() => {
            c.field("prefix").missing("a prefix to match is empty")
        }
        _ => regex(c, value),
    }
}

pub(super) fn regex(c: &Checker<'_>, value: &StringMatch) {
    if let StringMatch::Regex(expression) = value
        && let Err(error) = re2::check(expression)
    {
        c.field("regex").invalid(error.to_string());
    }
}
