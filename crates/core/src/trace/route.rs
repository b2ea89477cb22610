//! Which route a request takes.
//!
//! Source: Envoy's
//! [`RouteMatch`](https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/route/v3/route_components.proto).

use envoy::config::route::v3::query_parameter_matcher::QueryParameterMatchSpecifier;
use envoy::config::route::v3::route_match::PathSpecifier;
use envoy::config::route::v3::{QueryParameterMatcher, RouteMatch, VirtualHost};
use envoy::r#type::matcher::v3::string_matcher::MatchPattern;
use envoy::r#type::matcher::v3::{RegexMatcher, StringMatcher, filter_state_matcher};

use super::condition::{Condition, Fact, Truth};
use super::connection::Connection;
use super::headers::{self, Headers};
use super::matchers::{self, Metadata};
use crate::opened::{OpenedRoute, OpenedRoutes};

/// What was found for a request.
pub(super) struct Found<'a> {
    /// The virtual host, if one is for the request's host.
    pub(super) host: Option<&'a VirtualHost>,
    /// The routes that do not fit, before the one that does, each with why.
    pub(super) passed_over: Vec<(OpenedRoute<'a, 'a>, Condition)>,
    /// The route that fits.
    pub(super) route: Option<OpenedRoute<'a, 'a>>,
}

/// Looks for the route of a request.
pub(super) fn find<'a>(
    routes: &OpenedRoutes<'a, 'a>,
    headers: &Headers,
    metadata: &Metadata,
    connection: &Connection,
) -> Found<'a> {
    let mut name = headers.text(headers::AUTHORITY).to_ascii_lowercase();
    if routes.message.ignore_port_in_host_matching
        && let Some((host, port)) = name.rsplit_once(':')
        && port.parse::<u16>().is_ok()
    {
        name = host.to_owned();
    }
    let mut found = Found {
        host: virtual_host(&routes.message.virtual_hosts, &name),
        passed_over: Vec::new(),
        route: None,
    };
    let Some(host) = found.host else { return found };
    for route in routes.routes().into_iter().filter(|route| std::ptr::eq(route.host, host)) {
        let default = RouteMatch::default();
        let condition =
            fits(route.message.r#match.as_ref().unwrap_or(&default), headers, metadata, connection);
        if condition.truth() == Truth::Yes {
            found.route = Some(route);
            break;
        }
        found.passed_over.push((route, condition));
    }
    found
}

/// The virtual host for a name: an exact domain, else the longest suffix, the longest prefix, or the one for all.
fn virtual_host<'a>(hosts: &'a [VirtualHost], name: &str) -> Option<&'a VirtualHost> {
    let all = || hosts.iter().flat_map(|host| host.domains.iter().map(move |domain| (host, domain.as_str())));
    let exact = all().find(|(_, domain)| domain.eq_ignore_ascii_case(name) && *domain != "*");
    let longest = |fits: &dyn Fn(&str) -> bool| {
        all().filter(|(_, domain)| *domain != "*" && fits(domain)).max_by_key(|(_, domain)| domain.len())
    };
    let by_suffix = || {
        longest(&|domain| {
            domain.strip_prefix('*').is_some_and(|suffix| {
                name.len() > suffix.len() && name.ends_with(&suffix.to_ascii_lowercase())
            })
        })
    };
    let by_prefix = || {
        longest(&|domain| {
            domain.strip_suffix('*').is_some_and(|prefix| {
                name.len() > prefix.len() && name.starts_with(&prefix.to_ascii_lowercase())
            })
        })
    };
    let any = || all().find(|(_, domain)| *domain == "*");
    exact.or_else(by_suffix).or_else(by_prefix).or_else(any).map(|(host, _)| host)
}

/// Whether a request fits a match.
pub(super) fn fits(
    matched: &RouteMatch,
    headers: &Headers,
    metadata: &Metadata,
    connection: &Connection,
) -> Condition {
    let mut all = vec![path(matched, headers)];
    if matched.grpc.is_some() {
        all.push(Condition::Fact(Fact {
            subject: "content type".to_owned(),
            found: Some(headers.text("content-type")),
            wanted: "gRPC's".to_owned(),
            truth: headers.is_grpc().into(),
        }));
    }
    all.extend(matched.headers.iter().map(|matcher| matchers::header(matcher, headers)));
    let path = headers.text(headers::PATH);
    all.extend(matched.query_parameters.iter().map(|matcher| query_parameter(matcher, &path)));
    all.extend(matched.dynamic_metadata.iter().map(|matcher| matchers::metadata(matcher, metadata)));
    all.extend(matched.filter_state.iter().map(|matcher| {
        let name = format!("`{}`", matcher.key);
        match (&matcher.matcher, connection.state.get(&matcher.key)) {
            (_, Some(None)) => Condition::unknown(name),
            (Some(filter_state_matcher::Matcher::StringMatch(text)), found) => {
                matchers::text(name, text, found.and_then(|found| found.as_deref()))
            }
            _ => Condition::unknown(name),
        }
    }));
    let random = matched.runtime_fraction.is_some().then_some("a random number");
    let tls = matched.tls_context.is_some().then_some("the certificate of the connection");
    let cookies = (!matched.cookies.is_empty()).then_some("a cookie");
    all.extend([random, tls, cookies].into_iter().flatten().map(Condition::unknown));
    Condition::All(all)
}

fn path(matched: &RouteMatch, headers: &Headers) -> Condition {
    let Some(specifier) = &matched.path_specifier else { return Condition::unknown("the path of a route") };
    if let PathSpecifier::ConnectMatcher(_) = specifier {
        return Condition::Fact(Fact {
            subject: "method".to_owned(),
            found: Some(headers.text(headers::METHOD)),
            wanted: "`CONNECT`".to_owned(),
            truth: (headers.text(headers::METHOD) == "CONNECT").into(),
        });
    }
    let found = headers.bare_path();
    let ignore_case = matched.case_sensitive.as_ref().is_some_and(|sensitive| !sensitive.value);
    let text = |pattern| {
        let matcher = StringMatcher { match_pattern: Some(pattern), ignore_case };
        matchers::text("path", &matcher, found.as_deref())
    };
    match specifier {
        PathSpecifier::Prefix(prefix) => text(MatchPattern::Prefix(prefix.clone())),
        PathSpecifier::Path(exact) => text(MatchPattern::Exact(exact.clone())),
        PathSpecifier::SafeRegex(regex) => {
            let regex = RegexMatcher { regex: regex.regex.clone(), ..RegexMatcher::default() };
            text(MatchPattern::SafeRegex(regex))
        }
        PathSpecifier::PathSeparatedPrefix(prefix) => Condition::Fact(Fact {
            subject: "path".to_owned(),
            truth: found.as_deref().is_some_and(|path| separated(prefix, path, ignore_case)).into(),
            found,
            wanted: format!("`{prefix}` or below"),
        }),
        PathSpecifier::ConnectMatcher(_) | PathSpecifier::PathMatchPolicy(_) => {
            Condition::unknown("the path of a route")
        }
    }
}

/// Whether a path begins with whole segments.
fn separated(prefix: &str, path: &str, ignore_case: bool) -> bool {
    let Some((start, rest)) = path.split_at_checked(prefix.len()) else { return false };
    let same = if ignore_case { start.eq_ignore_ascii_case(prefix) } else { start == prefix };
    same && (rest.is_empty() || rest.starts_with('/'))
}

/// The first of several values counts, as it is written.
fn query_parameter(matcher: &QueryParameterMatcher, path: &str) -> Condition {
    let found = headers::query(path).find(|(name, _)| *name == matcher.name).map(|(_, value)| value);
    let subject = format!("query parameter `{}`", matcher.name);
    match &matcher.query_parameter_match_specifier {
        Some(QueryParameterMatchSpecifier::StringMatch(text)) => matchers::text(subject, text, found),
        other => {
            let wanted = !matches!(other, Some(QueryParameterMatchSpecifier::PresentMatch(false)));
            Condition::Fact(Fact {
                subject,
                found: found.map(str::to_owned),
                wanted: if wanted { "there" } else { "absent" }.to_owned(),
                truth: (found.is_some() == wanted).into(),
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_end_between_segments() {
        assert!(separated("/a", "/a", false));
        assert!(separated("/a", "/a/b", false));
        assert!(!separated("/a", "/ab", false));
        assert!(!separated("/a", "/A/b", false));
        assert!(separated("/a", "/A/b", true));
    }

    #[test]
    fn the_nearest_domain_counts() {
        let host = |name: &str, domains: &[&str]| VirtualHost {
            name: name.into(),
            domains: domains.iter().map(|domain| (*domain).to_owned()).collect(),
            ..VirtualHost::default()
        };
        let hosts = [host("any", &["*"]), host("suffix", &["*.b.example"]), host("exact", &["a.b.example"])];
        let found = |name: &str| virtual_host(&hosts, name).map(|host| host.name.as_str());
        assert_eq!(found("a.b.example"), Some("exact"));
        assert_eq!(found("c.b.example"), Some("suffix"));
        assert_eq!(found("b.example"), Some("any"));
        assert_eq!(virtual_host(&hosts[2..], "b.example"), None);
    }
}
