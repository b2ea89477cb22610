//! Rules of policies and routes in words, as short as they can be.

use std::fmt::Write as _;

use crate::Str;
use crate::mesh::virtual_service::HttpRule;
use crate::snapshot::networking::virtual_service::{
    Destination, HttpMatchRequest, HttpRoute, HttpRouteDestination, RouteDestination, StringMatch,
};
use crate::snapshot::security::{Condition, Operation, Rule, Source};

/// A rule of an AuthorizationPolicy:
/// `from namespaces web; to methods GET, paths /cart*; when request.headers[x] is 1`. A rule that asks for
/// nothing is `any request`.
#[must_use]
pub fn rule(rule: &Rule) -> String {
    let mut parts = Vec::new();
    let sources: Vec<String> = rule.from.iter().filter_map(|from| from.source.as_ref()).map(source).collect();
    let operations: Vec<String> =
        rule.to.iter().filter_map(|to| to.operation.as_ref()).map(operation).collect();
    if !sources.is_empty() {
        parts.push(format!("from {}", sources.join(" or ")));
    }
    if !operations.is_empty() {
        parts.push(format!("to {}", operations.join(" or ")));
    }
    parts.extend(rule.when.iter().map(condition));
    if parts.is_empty() { "any request".to_owned() } else { parts.join("; ") }
}

fn source(source: &Source) -> String {
    all(&[
        ("principals", &source.principals),
        ("not principals", &source.not_principals),
        ("tokens of", &source.request_principals),
        ("not tokens of", &source.not_request_principals),
        ("namespaces", &source.namespaces),
        ("not namespaces", &source.not_namespaces),
        ("service accounts", &source.service_accounts),
        ("not service accounts", &source.not_service_accounts),
        ("trust domains", &source.trust_domains),
        ("not trust domains", &source.not_trust_domains),
        ("addresses", &source.ip_blocks),
        ("not addresses", &source.not_ip_blocks),
        ("forwarded addresses", &source.remote_ip_blocks),
        ("not forwarded addresses", &source.not_remote_ip_blocks),
    ])
}

fn operation(operation: &Operation) -> String {
    all(&[
        ("hosts", &operation.hosts),
        ("not hosts", &operation.not_hosts),
        ("ports", &operation.ports),
        ("not ports", &operation.not_ports),
        ("methods", &operation.methods),
        ("not methods", &operation.not_methods),
        ("paths", &operation.paths),
        ("not paths", &operation.not_paths),
    ])
}

fn condition(condition: &Condition) -> String {
    let mut out = format!("when {}", condition.key);
    if !condition.values.is_empty() {
        let _ = write!(out, " is {}", condition.values.join(", "));
    }
    if !condition.not_values.is_empty() {
        let _ = write!(out, " is not {}", condition.not_values.join(", "));
    }
    out
}

/// The lists that have something, each with its name; `anyone` where none has.
fn all(lists: &[(&str, &Vec<Str>)]) -> String {
    let named = lists.iter().filter(|(_, values)| !values.is_empty());
    let named: Vec<String> = named.map(|(name, values)| format!("{name} {}", values.join(", "))).collect();
    if named.is_empty() { "anything".to_owned() } else { named.join(" and ") }
}

/// The matches of a rule of a VirtualService, one a line: `path /cart*, method GET`; `any request` where
/// there is none.
#[must_use]
pub fn matches(rule: &HttpRule) -> Vec<String> {
    if rule.route.matches.is_empty() {
        return vec!["any request".to_owned()];
    }
    rule.route.matches.iter().map(http_match).collect()
}

fn http_match(matches: &HttpMatchRequest) -> String {
    let mut parts = Vec::new();
    let mut add = |name: &str, value: &Option<StringMatch>| {
        parts.extend(value.as_ref().map(|value| format!("{name} {}", string(value))));
    };
    add("path", &matches.uri);
    add("method", &matches.method);
    add("authority", &matches.authority);
    add("scheme", &matches.scheme);
    let headers = matches.headers.iter().map(|(name, value)| format!("header {name} {}", string(value)));
    let without =
        matches.without_headers.iter().map(|(name, value)| format!("not header {name} {}", string(value)));
    let queries = matches.query_params.iter().map(|(name, value)| format!("query {name} {}", string(value)));
    parts.extend(headers.chain(without).chain(queries));
    if matches.port != 0 {
        parts.push(format!("port {}", matches.port));
    }
    if !matches.source_namespace.is_empty() {
        parts.push(format!("from namespace {}", matches.source_namespace));
    }
    if !matches.source_labels.is_empty() {
        parts.push("from pods with labels".to_owned());
    }
    if parts.is_empty() { "any request".to_owned() } else { parts.join(", ") }
}

fn string(value: &StringMatch) -> String {
    match value {
        StringMatch::Any => "present".to_owned(),
        StringMatch::Exact(text) => text.to_string(),
        StringMatch::Prefix(text) => format!("{text}*"),
        StringMatch::Regex(text) => format!("~ {text}"),
    }
}

/// What a rule of a VirtualService does with a request: `to reviews:9080 subset v2 (90 %), …; timeout 2s`.
#[must_use]
pub fn action(route: &HttpRoute) -> String {
    let mut parts = Vec::new();
    if let Some(redirect) = &route.redirect {
        let code = if redirect.redirect_code == 0 { 301 } else { redirect.redirect_code };
        parts.push(format!("redirect {code} to {}{}", redirect.authority, redirect.uri));
    } else if let Some(direct) = &route.direct_response {
        parts.push(format!("answer {}", direct.status));
    } else {
        parts.push(destinations(&route.route));
    }
    if let Some(rewrite) = &route.rewrite {
        parts.push(format!("rewrite {}{}", rewrite.authority, rewrite.uri));
    }
    let mirrors = route.mirrors.iter().filter_map(|mirror| mirror.destination.as_ref()).chain(&route.mirror);
    parts.extend(mirrors.map(|to| format!("mirror {}", destination(to))));
    parts.extend(route.timeout.map(|timeout| format!("timeout {timeout}")));
    parts.extend(route.retries.as_ref().map(|retries| format!("retries {}", retries.attempts)));
    if route.fault.is_some() {
        parts.push("faults".to_owned());
    }
    if route.headers.is_some() {
        parts.push("headers changed".to_owned());
    }
    if route.cors_policy.is_some() {
        parts.push("CORS".to_owned());
    }
    parts.join("; ")
}

fn destinations(route: &[HttpRouteDestination]) -> String {
    let to = route.iter().filter_map(|to| Some((to.destination.as_ref()?, to.weight)));
    weighted(&to.collect::<Vec<_>>())
}

/// What a rule for TLS or TCP does with a connection.
#[must_use]
pub fn connections(route: &[RouteDestination]) -> String {
    let to = route.iter().filter_map(|to| Some((to.destination.as_ref()?, to.weight)));
    weighted(&to.collect::<Vec<_>>())
}

/// Destinations with their share, where there are several.
fn weighted(to: &[(&Destination, i32)]) -> String {
    let total: i64 = to.iter().map(|(_, weight)| i64::from(*weight)).sum();
    let share = |weight: i32| i64::from(weight) * 100 / total.max(1);
    let one = |(to, weight): &(&Destination, i32)| match to_is_alone(total) {
        true => destination(to),
        false => format!("{} ({} %)", destination(to), share(*weight)),
    };
    match to {
        [] => "no destination".to_owned(),
        [(only, _)] => format!("to {}", destination(only)),
        several => format!("to {}", several.iter().map(one).collect::<Vec<_>>().join(", ")),
    }
}

/// Without weights nobody says what the shares are.
const fn to_is_alone(total: i64) -> bool {
    total == 0
}

fn destination(to: &Destination) -> String {
    let port = to.port.as_ref().map(|port| format!(":{}", port.number)).unwrap_or_default();
    let subset = if to.subset.is_empty() { String::new() } else { format!(" subset {}", to.subset) };
    format!("{}{port}{subset}", to.host)
}
