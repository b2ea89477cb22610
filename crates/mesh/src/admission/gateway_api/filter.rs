//! Filters of HTTPRoute and GRPCRoute.

use super::reference::{backend_object, local_object, port};
use super::{at_most, host_name, text};
use crate::Str;
use crate::admission::check::Checker;
use crate::admission::syntax;
use crate::schema::{Limit, Releases, What, knows_value};
use crate::snapshot::Kind;
use crate::snapshot::gateway_api::filter::{
    FilterType, Fraction, HttpCorsFilter, HttpExternalAuthFilter, HttpHeader, HttpHeaderFilter,
    HttpPathModifier, HttpRequestMirrorFilter, HttpRequestRedirectFilter, HttpUrlRewriteFilter,
    PathModifierType, RouteFilter,
};

/// The schemas' limits.
const MAX_FILTERS: Limit = Limit::of(Kind::HttpRoute, "spec.rules.filters", What::MaxItems);
const MAX_HEADERS: Limit =
    Limit::of(Kind::HttpRoute, "spec.rules.filters.requestHeaderModifier.set", What::MaxItems);
const LONGEST_HEADER: Limit =
    Limit::of(Kind::HttpRoute, "spec.rules.filters.requestHeaderModifier.set.name", What::MaxLength);
const LONGEST_VALUE: Limit =
    Limit::of(Kind::HttpRoute, "spec.rules.filters.requestHeaderModifier.set.value", What::MaxLength);
const LONGEST_PATH: Limit =
    Limit::of(Kind::HttpRoute, "spec.rules.filters.urlRewrite.path.replaceFullPath", What::MaxLength);
const MAX_CORS_VALUES: Limit =
    Limit::of(Kind::HttpRoute, "spec.rules.filters.cors.allowHeaders", What::MaxItems);

/// The filters that not every release knows.
const LATER_FILTERS: [(FilterType, Releases); 2] = [
    (FilterType::Cors, knows_value(Kind::HttpRoute, "spec.rules.filters.type", "CORS")),
    (FilterType::ExternalAuth, knows_value(Kind::HttpRoute, "spec.rules.filters.type", "ExternalAuth")),
];
/// The status codes to redirect with.
const REDIRECT_CODES: [(i32, Releases); 5] = [
    (301, redirects("301")),
    (302, redirects("302")),
    (303, redirects("303")),
    (307, redirects("307")),
    (308, redirects("308")),
];

const fn redirects(code: &str) -> Releases {
    knows_value(Kind::HttpRoute, "spec.rules.filters.requestRedirect.statusCode", code)
}

/// Filters of a rule or backend of an HTTPRoute.
pub(super) fn http(c: &Checker<'_>, filters: &[RouteFilter]) {
    check(c, filters);
    if !c.rules.schema_rules {
        return;
    }
    let has = |wanted| filters.iter().any(|filter| filter.filter_type == Some(wanted));
    if has(FilterType::RequestRedirect) && has(FilterType::UrlRewrite) {
        c.field("filters").conflict("only one of RequestRedirect and URLRewrite may be set");
    }
    once(c, filters, &[FilterType::Cors, FilterType::RequestRedirect, FilterType::UrlRewrite]);
}

/// Filters of a rule or backend of a GRPCRoute.
pub(super) fn grpc(c: &Checker<'_>, filters: &[RouteFilter]) {
    check(c, filters);
    c.each("filters", filters, |c, filter| {
        let http =
            [FilterType::RequestRedirect, FilterType::UrlRewrite, FilterType::Cors, FilterType::ExternalAuth];
        if filter.filter_type.is_some_and(|filter| http.contains(&filter)) {
            c.field("type").invalid("a GRPCRoute has no such filter");
        }
    });
}

fn check(c: &Checker<'_>, filters: &[RouteFilter]) {
    at_most(c, "filters", filters, MAX_FILTERS);
    c.each("filters", filters, filter);
    if c.rules.schema_rules {
        once(c, filters, &[FilterType::RequestHeaderModifier, FilterType::ResponseHeaderModifier]);
    }
}

fn once(c: &Checker<'_>, filters: &[RouteFilter], types: &[FilterType]) {
    for wanted in types {
        if filters.iter().filter(|filter| filter.filter_type == Some(*wanted)).count() > 1 {
            c.field("filters").conflict(format!("the filter {} stands here twice", wanted.as_str()));
        }
    }
}

fn filter(c: &Checker<'_>, filter: &RouteFilter) {
    let Some(filter_type) = filter.filter_type else {
        return c.field("type").missing("a filter needs a type");
    };
    if LATER_FILTERS.iter().any(|(filter, known)| *filter == filter_type && !known.contain(c.column)) {
        return c.field("type").invalid(format!(
            "Istio {} does not know the filter {}",
            c.release.release,
            filter_type.as_str()
        ));
    }
    if c.rules.schema_rules {
        members(c, filter, filter_type);
    }
    c.some("requestHeaderModifier", filter.request_header_modifier.as_ref(), headers);
    c.some("responseHeaderModifier", filter.response_header_modifier.as_ref(), headers);
    c.some("requestMirror", filter.request_mirror.as_ref(), mirror);
    c.some("requestRedirect", filter.request_redirect.as_ref(), redirect);
    c.some("urlRewrite", filter.url_rewrite.as_ref(), rewrite);
    c.some("cors", filter.cors.as_ref(), cors);
    c.some("externalAuth", filter.external_auth.as_ref(), external_auth);
    c.some("extensionRef", filter.extension_ref.as_ref(), local_object);
}

/// A filter has the member of its type, and no other.
fn members(c: &Checker<'_>, filter: &RouteFilter, filter_type: FilterType) {
    let members = [
        (
            FilterType::RequestHeaderModifier,
            "requestHeaderModifier",
            filter.request_header_modifier.is_some(),
        ),
        (
            FilterType::ResponseHeaderModifier,
            "responseHeaderModifier",
            filter.response_header_modifier.is_some(),
        ),
        (FilterType::RequestMirror, "requestMirror", filter.request_mirror.is_some()),
        (FilterType::RequestRedirect, "requestRedirect", filter.request_redirect.is_some()),
        (FilterType::UrlRewrite, "urlRewrite", filter.url_rewrite.is_some()),
        (FilterType::ExtensionRef, "extensionRef", filter.extension_ref.is_some()),
        (FilterType::Cors, "cors", filter.cors.is_some()),
        (FilterType::ExternalAuth, "externalAuth", filter.external_auth.is_some()),
    ];
    for (of, name, set) in members {
        if of == filter_type && !set {
            c.field(name).missing(format!("a filter {} needs it", of.as_str()));
        } else if of != filter_type && set {
            c.field(name).conflict(format!("a filter {} does not have it", filter_type.as_str()));
        }
    }
}

fn headers(c: &Checker<'_>, filter: &HttpHeaderFilter) {
    for (name, list) in [("set", &filter.set), ("add", &filter.add)] {
        at_most(c, name, list, MAX_HEADERS);
        super::reference::unique(&c.field(name), list.iter().map(|header| &header.name));
        c.each(name, list, header);
    }
    at_most(c, "remove", &filter.remove, MAX_HEADERS);
    if c.rules.schema_rules {
        super::reference::unique(&c.field("remove"), filter.remove.iter());
    }
}

fn header(c: &Checker<'_>, header: &HttpHeader) {
    header_name(c, &header.name);
    text(c, "value", &header.value, LONGEST_VALUE);
    if c.rules.header_value_pattern && !header.value.is_empty() && !is_header_value(&header.value) {
        c.field("value").invalid("this is no value of a header");
    }
}

/// Visible ASCII characters, with single spaces or tabs between them.
pub(super) fn is_header_value(value: &str) -> bool {
    let visible = |b: &u8| (b'!'..=b'~').contains(b);
    let bytes = value.as_bytes();
    bytes.first().is_some_and(visible)
        && bytes.last().is_some_and(visible)
        && bytes.iter().all(|b| visible(b) || matches!(b, b' ' | b'\t'))
        && !bytes.windows(2).any(|pair| pair.iter().all(|b| !visible(b)))
}

pub(super) fn header_name(c: &Checker<'_>, name: &str) {
    text(c, "name", name, LONGEST_HEADER);
    if !name.is_empty() && !syntax::is_header_name(name) {
        c.field("name").invalid(format!("`{name}` is no name of a header"));
    }
}

fn mirror(c: &Checker<'_>, mirror: &HttpRequestMirrorFilter) {
    backend_object(&c.field("backendRef"), &mirror.backend_ref);
    if mirror.percent.is_some() && mirror.fraction.is_some() {
        c.conflict("only one of `percent` and `fraction` may be set");
    }
    if mirror.percent.is_some_and(|percent| !(0..=100).contains(&percent)) {
        c.field("percent").invalid("the percentage is not between 0 and 100");
    }
    c.some("fraction", mirror.fraction.as_ref(), |c, fraction: &Fraction| {
        let denominator = fraction.denominator.unwrap_or(100);
        if fraction.numerator < 0 || denominator < 1 || fraction.numerator > denominator {
            c.invalid("the fraction is not between 0 and 1");
        }
    });
}

fn redirect(c: &Checker<'_>, redirect: &HttpRequestRedirectFilter) {
    if !matches!(redirect.scheme.as_deref(), None | Some("http" | "https")) {
        c.field("scheme").invalid("the scheme is neither http nor https");
    }
    c.some("hostname", redirect.hostname.as_ref(), |c, host| host_name(c, host, false));
    c.some("path", redirect.path.as_ref(), path);
    port(c, redirect.port);
    let known = |code: i32| {
        REDIRECT_CODES.iter().any(|&(known, releases)| known == code && releases.contain(c.column))
    };
    if let Some(code) = redirect.status_code.filter(|&code| !known(code)) {
        c.field("statusCode").invalid(format!("{code} is no status to redirect with"));
    }
}

fn rewrite(c: &Checker<'_>, rewrite: &HttpUrlRewriteFilter) {
    c.some("hostname", rewrite.hostname.as_ref(), |c, host| host_name(c, host, false));
    c.some("path", rewrite.path.as_ref(), path);
}

fn path(c: &Checker<'_>, path: &HttpPathModifier) {
    let Some(modifier) = path.modifier_type else {
        return c.field("type").missing("a path modifier needs a type");
    };
    let members = [
        (PathModifierType::ReplaceFullPath, "replaceFullPath", &path.replace_full_path),
        (PathModifierType::ReplacePrefixMatch, "replacePrefixMatch", &path.replace_prefix_match),
    ];
    for (of, name, value) in members {
        c.some(name, value.as_ref(), |c, value| c.shorter("this", value, LONGEST_PATH));
        if c.rules.schema_rules && (of == modifier) != value.is_some() {
            c.field(name).conflict(format!("`{name}` and the type {} need each other", of.as_str()));
        }
    }
}

fn cors(c: &Checker<'_>, cors: &HttpCorsFilter) {
    let lists = [
        ("allowOrigins", &cors.allow_origins),
        ("allowMethods", &cors.allow_methods),
        ("allowHeaders", &cors.allow_headers),
        ("exposeHeaders", &cors.expose_headers),
    ];
    for (name, list) in lists {
        at_most(c, name, list, MAX_CORS_VALUES);
        super::reference::unique(&c.field(name), list.iter());
        if name != "exposeHeaders" && list.len() > 1 && list.iter().any(|value| value == "*") {
            c.field(name).conflict("`*` excludes all others");
        }
    }
    c.each("allowOrigins", &cors.allow_origins, |c, origin| {
        if !is_origin(origin) {
            c.invalid(format!("`{origin}` is no origin"));
        }
    });
    c.each("allowMethods", &cors.allow_methods, |c, method| {
        if method != "*" && !super::route::METHODS.contains(&method.as_str()) {
            c.invalid(format!("`{method}` is no method of HTTP"));
        }
    });
    for (name, list) in [("allowHeaders", &cors.allow_headers), ("exposeHeaders", &cors.expose_headers)] {
        c.each(name, list, |c, header: &Str| {
            if header.len() > 256 || !syntax::is_header_name(header) {
                c.invalid(format!("`{header}` is no name of a header"));
            }
        });
    }
    if cors.max_age.is_some_and(|age| age < 1) {
        c.field("maxAge").invalid("the age is not greater than 0");
    }
}

/// `*`, or `http://` or `https://`, a host name that may start with `*.` or be `*`, and perhaps a port.
fn is_origin(origin: &str) -> bool {
    if origin == "*" {
        return true;
    }
    let Some(host) = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://")) else {
        return false;
    };
    let (host, port) = host.split_once(':').map_or((host, None), |(host, port)| (host, Some(port)));
    let is_port = |port: &str| (1..=5).contains(&port.len()) && port.bytes().all(|b| b.is_ascii_digit());
    let is_label =
        |label: &str| !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    origin.len() <= 253
        && port.is_none_or(is_port)
        && (host == "*" || host.strip_prefix("*.").unwrap_or(host).split('.').all(is_label))
}

fn external_auth(c: &Checker<'_>, auth: &HttpExternalAuthFilter) {
    backend_object(&c.field("backendRef"), &auth.backend_ref);
    if !matches!(auth.protocol.as_str(), "HTTP" | "GRPC") {
        c.field("protocol").invalid("the protocol is neither HTTP nor GRPC");
    }
    for (name, protocol, set) in
        [("grpc", "GRPC", auth.grpc.is_some()), ("http", "HTTP", auth.http.is_some())]
    {
        if (auth.protocol == protocol) != set {
            c.field(name).conflict(format!("`{name}` and the protocol {protocol} need each other"));
        }
    }
}
