//! HTTPRoute, GRPCRoute, TCPRoute and TLSRoute.

use super::reference::{backend, parents, unique};
use super::{at_most, filter, host_names, text};
use crate::admission::check::Checker;
use crate::admission::syntax;
use crate::schema::{Limit, What};
use crate::snapshot::gateway_api::filter::{FilterType, PathModifierType, RouteFilter};
use crate::snapshot::gateway_api::route::{
    GrpcMethodMatch, GrpcRoute, GrpcRouteRule, HeaderMatchType, HttpPathMatch, HttpRoute, HttpRouteMatch,
    HttpRouteRule, L4RouteRule, PathMatchType, SessionPersistence, TcpRoute, TlsRoute,
};
use crate::snapshot::{Kind, Meta};

/// Methods that a match may name.
pub(super) const METHODS: [&str; 9] =
    ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"];
/// The schemas' limits.
const MAX_HOST_NAMES: Limit = Limit::of(Kind::HttpRoute, "spec.hostnames", What::MaxItems);
const MAX_TLS_HOST_NAMES: Limit = Limit::of(Kind::TlsRoute, "spec.hostnames", What::MaxItems);
const MAX_RULES: Limit = Limit::of(Kind::HttpRoute, "spec.rules", What::MaxItems);
const MAX_TCP_RULES: Limit = Limit::of(Kind::TcpRoute, "spec.rules", What::MaxItems);
const MAX_TLS_RULES: Limit = Limit::of(Kind::TlsRoute, "spec.rules", What::MaxItems);
const MAX_MATCHES: Limit = Limit::of(Kind::HttpRoute, "spec.rules.matches", What::MaxItems);
const MAX_BACKENDS: Limit = Limit::of(Kind::HttpRoute, "spec.rules.backendRefs", What::MaxItems);
const MAX_HEADERS: Limit = Limit::of(Kind::HttpRoute, "spec.rules.matches.headers", What::MaxItems);
const LONGEST_VALUE: Limit = Limit::of(Kind::HttpRoute, "spec.rules.matches.headers.value", What::MaxLength);
const LONGEST_PARAM: Limit =
    Limit::of(Kind::HttpRoute, "spec.rules.matches.queryParams.name", What::MaxLength);
const LONGEST_PARAM_VALUE: Limit =
    Limit::of(Kind::HttpRoute, "spec.rules.matches.queryParams.value", What::MaxLength);
const LONGEST_PATH: Limit = Limit::of(Kind::HttpRoute, "spec.rules.matches.path.value", What::MaxLength);
/// A rule in CEL, of which the extracts know nothing.
const MAX_MATCHES_IN_ALL: usize = 128;

pub(in crate::admission) fn http_route(root: &Checker<'_>, route: &HttpRoute) {
    let c = &root.field("spec");
    parents(c, &route.parent_refs);
    host_names(c, &route.hostnames, MAX_HOST_NAMES);
    at_most(c, "rules", &route.rules, MAX_RULES);
    c.each("rules", &route.rules, http_rule);
    let matches = route.rules.iter().map(|rule| rule.matches.as_ref().map_or(0, Vec::len));
    in_all(c, matches, route.rules.iter().map(|rule| rule.name.as_deref()));
}

pub(in crate::admission) fn grpc_route(root: &Checker<'_>, route: &GrpcRoute) {
    let c = &root.field("spec");
    parents(c, &route.parent_refs);
    host_names(c, &route.hostnames, MAX_HOST_NAMES);
    at_most(c, "rules", &route.rules, MAX_RULES);
    c.each("rules", &route.rules, grpc_rule);
    let matches = route.rules.iter().map(|rule| rule.matches.len());
    in_all(c, matches, route.rules.iter().map(|rule| rule.name.as_deref()));
}

/// What all rules together have.
fn in_all<'r>(
    c: &Checker<'_>,
    matches: impl Iterator<Item = usize>,
    names: impl Iterator<Item = Option<&'r str>>,
) {
    if !c.rules.schema_rules {
        return;
    }
    if matches.sum::<usize>() > MAX_MATCHES_IN_ALL {
        c.field("rules").invalid(format!("there are more than {MAX_MATCHES_IN_ALL} matches in all"));
    }
    let names: Vec<crate::Str> = names.flatten().map(crate::Str::new).collect();
    unique(&c.field("rules"), names.iter());
}

pub(in crate::admission) fn tcp_route(root: &Checker<'_>, route: &TcpRoute) {
    let c = &root.field("spec");
    parents(c, &route.parent_refs);
    l4_rules(c, &route.rules, MAX_TCP_RULES);
}

pub(in crate::admission) fn tls_route(root: &Checker<'_>, meta: &Meta, route: &TlsRoute) {
    let c = &root.field("spec");
    parents(c, &route.parent_refs);
    host_names(c, &route.hostnames, MAX_TLS_HOST_NAMES);
    // The first version left the host names to the controller.
    if !meta.api_version.ends_with("/v1alpha2") {
        if route.hostnames.is_empty() {
            c.field("hostnames").missing("a TLS route needs a host name");
        }
        c.each("hostnames", &route.hostnames, |c, host| {
            if syntax::is_ip(host) {
                c.invalid(format!("`{host}` is an IP address"));
            }
        });
    }
    l4_rules(c, &route.rules, MAX_TLS_RULES);
}

fn l4_rules(c: &Checker<'_>, rules: &[L4RouteRule], most: Limit) {
    if rules.is_empty() {
        c.field("rules").missing("there has to be a rule");
    }
    at_most(c, "rules", rules, most);
    c.each("rules", rules, |c, rule| {
        if rule.backend_refs.is_empty() {
            c.field("backendRefs").missing("there has to be a backend");
        }
        at_most(c, "backendRefs", &rule.backend_refs, MAX_BACKENDS);
        c.each("backendRefs", &rule.backend_refs, backend);
    });
}

fn http_rule(c: &Checker<'_>, rule: &HttpRouteRule) {
    let matches = rule.matches.as_deref().unwrap_or_default();
    at_most(c, "matches", matches, MAX_MATCHES);
    c.each("matches", matches, http_match);
    filter::http(c, &rule.filters);
    at_most(c, "backendRefs", &rule.backend_refs, MAX_BACKENDS);
    c.each("backendRefs", &rule.backend_refs, |c, one| {
        backend(c, one);
        filter::http(c, &one.filters);
    });
    if c.rules.schema_rules {
        http_rule_of_cel(c, rule, matches);
    }
}

fn http_rule_of_cel(c: &Checker<'_>, rule: &HttpRouteRule, matches: &[HttpRouteMatch]) {
    let redirects = |filters: &[RouteFilter]| filters.iter().any(|filter| filter.request_redirect.is_some());
    if redirects(&rule.filters) && !rule.backend_refs.is_empty() {
        c.conflict("a rule that redirects has no backends");
    }
    c.some("timeouts", rule.timeouts.as_ref(), |c, timeouts| {
        if let (Some(request), Some(backend)) = (timeouts.request, timeouts.backend_request)
            && !request.is_zero()
            && backend > request
        {
            c.field("backendRequest").conflict("this is longer than the whole request may take");
        }
    });
    c.some("retry", rule.retry.as_ref(), |c, retry| {
        c.each("codes", &retry.codes, |c, code| {
            if !(400..=599).contains(code) {
                c.invalid(format!("{code} is no status of an error"));
            }
        });
        if retry.attempts.is_some_and(|attempts| attempts < 1) {
            c.field("attempts").invalid("the number of attempts is not greater than 0");
        }
    });
    c.some("sessionPersistence", rule.session_persistence.as_ref(), session);
    let backend_filters = rule.backend_refs.iter().flat_map(|backend| &backend.filters);
    let one_prefix = matches!(matches, [HttpRouteMatch { path: Some(path), .. }]
        if path.match_type == Some(PathMatchType::PathPrefix));
    let replaces = rule.filters.iter().chain(backend_filters).any(replaces_prefix);
    if replaces && !one_prefix {
        c.conflict("a prefix can only be replaced in a rule with one match, of a prefix");
    }
}

fn replaces_prefix(filter: &RouteFilter) -> bool {
    let of_redirect = filter.request_redirect.as_ref().and_then(|redirect| redirect.path.as_ref());
    let of_rewrite = filter.url_rewrite.as_ref().and_then(|rewrite| rewrite.path.as_ref());
    matches!(filter.filter_type, Some(FilterType::RequestRedirect | FilterType::UrlRewrite))
        && of_redirect.or(of_rewrite).is_some_and(|path| {
            path.modifier_type == Some(PathModifierType::ReplacePrefixMatch)
                && path.replace_prefix_match.is_some()
        })
}

pub(super) fn session(c: &Checker<'_>, session: &SessionPersistence) {
    let kind = session.persistence_type.as_deref().unwrap_or("Cookie");
    if !matches!(kind, "Cookie" | "Header") {
        c.field("type").invalid(format!("`{kind}` is neither Cookie nor Header"));
    }
    c.some("cookieConfig", session.cookie_config.as_ref(), |c, cookie| {
        let lifetime = cookie.lifetime_type.as_deref().unwrap_or("Session");
        if !matches!(lifetime, "Permanent" | "Session") {
            c.field("lifetimeType").invalid(format!("`{lifetime}` is neither Permanent nor Session"));
        }
        if lifetime == "Permanent" && session.absolute_timeout.is_none() {
            c.field("lifetimeType").conflict("a permanent cookie needs `absoluteTimeout`");
        }
        if kind != "Cookie" {
            c.conflict("only sessions of cookies have it");
        }
    });
}

fn http_match(c: &Checker<'_>, request: &HttpRouteMatch) {
    c.some("path", request.path.as_ref(), path);
    at_most(c, "headers", &request.headers, MAX_HEADERS);
    unique(&c.field("headers"), request.headers.iter().map(|header| &header.name));
    c.each("headers", &request.headers, |c, header| {
        filter::header_name(c, &header.name);
        text(c, "value", &header.value, LONGEST_VALUE);
        if c.rules.header_value_pattern && !header.value.is_empty() && !filter::is_header_value(&header.value)
        {
            c.field("value").invalid("this is no value of a header");
        }
    });
    at_most(c, "queryParams", &request.query_params, MAX_HEADERS);
    unique(&c.field("queryParams"), request.query_params.iter().map(|param| &param.name));
    c.each("queryParams", &request.query_params, |c, param| {
        if c.rules.schema_rules {
            filter::header_name(c, &param.name);
        } else {
            text(c, "name", &param.name, LONGEST_PARAM);
        }
        text(c, "value", &param.value, LONGEST_PARAM_VALUE);
    });
    if let Some(method) = request.method.as_ref().filter(|method| !METHODS.contains(&method.as_str())) {
        c.field("method").invalid(format!("`{method}` is no method of HTTP"));
    }
}

fn path(c: &Checker<'_>, path: &HttpPathMatch) {
    let value = path.value.as_deref().unwrap_or("/");
    c.field("value").shorter("the path", value, LONGEST_PATH);
    let literal = matches!(path.match_type, None | Some(PathMatchType::Exact | PathMatchType::PathPrefix));
    if c.rules.schema_rules && literal && !is_normal_path(value) {
        c.field("value")
            .invalid(format!("`{value}` is no path: absolute, normalized, its characters escaped"));
    }
}

/// An absolute path without empty or dotted segments, encoded slashes or fragments.
fn is_normal_path(path: &str) -> bool {
    let escaped = path.split('%').skip(1).all(|rest| {
        rest.as_bytes().first_chunk::<2>().is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    });
    let refused = ["//", "/./", "/../", "%2f", "%2F", "#"];
    path.starts_with('/')
        && escaped
        && !refused.iter().any(|part| path.contains(part))
        && !path.ends_with("/..")
        && !path.ends_with("/.")
        && path.bytes().all(|b| b.is_ascii_alphanumeric() || b"/%-._~!$&'()*+,;=:@".contains(&b))
}

fn grpc_rule(c: &Checker<'_>, rule: &GrpcRouteRule) {
    at_most(c, "matches", &rule.matches, MAX_MATCHES);
    c.each("matches", &rule.matches, |c, request| {
        c.some("method", request.method.as_ref(), grpc_method);
        at_most(c, "headers", &request.headers, MAX_HEADERS);
        unique(&c.field("headers"), request.headers.iter().map(|header| &header.name));
        c.each("headers", &request.headers, |c, header| {
            filter::header_name(c, &header.name);
            text(c, "value", &header.value, LONGEST_VALUE);
        });
    });
    filter::grpc(c, &rule.filters);
    at_most(c, "backendRefs", &rule.backend_refs, MAX_BACKENDS);
    c.each("backendRefs", &rule.backend_refs, |c, one| {
        backend(c, one);
        filter::grpc(c, &one.filters);
    });
    c.some("sessionPersistence", rule.session_persistence.as_ref(), session);
}

fn grpc_method(c: &Checker<'_>, method: &GrpcMethodMatch) {
    if method.service.is_none() && method.method.is_none() {
        c.missing("a service or a method is needed");
    }
    if method.match_type == Some(HeaderMatchType::RegularExpression) {
        return;
    }
    let is_name = |name: &str| {
        name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
            && name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
    };
    if let Some(service) = method.service.as_deref() {
        let name = service.strip_prefix('.').unwrap_or(service);
        if !name.split('.').all(is_name) {
            c.field("service").invalid(format!("`{service}` is no service of gRPC"));
        }
    }
    if let Some(name) = method.method.as_deref().filter(|name| !is_name(name)) {
        c.field("method").invalid(format!("`{name}` is no method of gRPC"));
    }
}
