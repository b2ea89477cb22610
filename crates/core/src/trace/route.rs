//! Which route a request takes.
//!
//! Source: Envoy's
//! [`RouteMatch`](https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/route/v3/route_components.proto).

use envoy::config::route::v3::query_parameter_matcher::QueryParameterMatchSpecifier;
use envoy::config::route::v3::route_match::PathSpecifier;
use envoy::config::route::v3::{QueryParameterMatcher, RouteConfiguration, RouteMatch};

use super::action::RouteDoes;
use super::asked::{ParameterIs, RequestTest, Subject};
use super::condition::{Condition, Truth};
use super::headers::{self, Headers};
use super::matchers::{TextIs, TextTest};
use super::pattern::Pattern;
use super::rbac::{self, RequestCondition};
use super::traffic::{Cors, Fault};
use crate::opened::{OpenedRoute, OpenedRoutes};
use crate::snapshot::Cause;

/// A route configuration, ready.
#[derive(Clone, Debug)]
pub(super) struct Routes {
    pub(super) hosts: Vec<Host>,
    pub(super) ignores_port: bool,
}

/// A virtual host.
#[derive(Clone, Debug)]
pub(super) struct Host {
    pub(super) domains: Vec<String>,
    /// The filters for which it has a configuration of its own.
    own: Vec<String>,
    pub(super) routes: Vec<Route>,
}

/// A route.
#[derive(Clone, Debug)]
pub(super) struct Route {
    pub(super) name: String,
    /// The JSON pointer to it.
    pub(super) pointer: String,
    /// Its position in its virtual host, from 1.
    number: usize,
    pub(super) causes: Vec<Cause>,
    pub(super) condition: RequestCondition,
    /// The filters for which it has a configuration of its own.
    own: Vec<String>,
    pub(super) cors: Option<Cors>,
    pub(super) fault: Option<Fault>,
    pub(super) does: RouteDoes,
}

/// What was found for a request.
#[derive(Clone, Copy, Debug)]
pub(super) struct RouteLookup<'a> {
    /// The virtual host, if one is for the request's host.
    pub(super) host: Option<&'a Host>,
    /// The route that fits.
    pub(super) route: Option<&'a Route>,
    /// The first route before it of which it is not known whether it fits.
    pub(super) unknown: Option<&'a Route>,
}

impl Route {
    fn new(route: &OpenedRoute<'_, '_>) -> Self {
        let default = RouteMatch::default();
        Self {
            name: route.message.name.clone(),
            pointer: route.pointer.clone(),
            number: route.position_in_host + 1,
            causes: route.origin.map(|origin| origin.causes.clone()).unwrap_or_default(),
            condition: condition(route.message.r#match.as_ref().unwrap_or(&default)),
            own: route.message.typed_per_filter_config.keys().cloned().collect(),
            cors: Cors::of(route),
            fault: Fault::of(route),
            does: RouteDoes::new(route),
        }
    }

    /// What a route is called.
    pub(super) fn called(&self) -> String {
        match self.name.as_str() {
            "" => format!("route {}", self.number),
            name => format!("route {}, `{name}`", self.number),
        }
    }

    /// The decisive part of what made it.
    pub(super) fn cause(&self) -> Option<&Cause> {
        self.causes.first()
    }
}

impl Routes {
    /// Gets a route configuration ready.
    pub(super) fn new(routes: &OpenedRoutes<'_, '_>) -> Self {
        let config: &RouteConfiguration = routes.message;
        let all = routes.routes();
        let hosts = config.virtual_hosts.iter().map(|host| Host {
            domains: host.domains.clone(),
            own: host.typed_per_filter_config.keys().cloned().collect(),
            routes: all.iter().filter(|route| std::ptr::eq(route.host, host)).map(Route::new).collect(),
        });
        Self { hosts: hosts.collect(), ignores_port: config.ignore_port_in_host_matching }
    }

    /// Looks for the route of a request.
    pub(super) fn find(&self, subject: Subject<'_, '_>) -> RouteLookup<'_> {
        let authority = subject.headers.map(|headers| headers.text(headers::AUTHORITY));
        let mut name = authority.as_ref().map_or("", |authority| authority.as_str());
        if self.ignores_port
            && let Some((host, port)) = name.rsplit_once(':')
            && port.parse::<u16>().is_ok()
        {
            name = host;
        }
        let mut found = RouteLookup { host: self.host(name), route: None, unknown: None };
        if subject.headers.is_some_and(Headers::hides_scheme) {
            return found;
        }
        for route in found.host.iter().flat_map(|host| &host.routes) {
            match route.condition.truth(subject) {
                Truth::Yes => {
                    found.route = Some(route);
                    break;
                }
                Truth::Unknown => {
                    found.unknown.get_or_insert(route);
                }
                Truth::No => {}
            }
        }
        found
    }

    /// Whether any route, or any host, has a configuration of its own for a filter.
    pub(super) fn any_own(&self, filter: &str) -> bool {
        let has = |own: &[String]| own.iter().any(|own| own == filter);
        self.hosts.iter().any(|host| has(&host.own) || host.routes.iter().any(|route| has(&route.own)))
    }

    /// The virtual host for a name: an exact domain, else the longest suffix, the longest prefix, or the one
    /// for all.
    fn host(&self, name: &str) -> Option<&Host> {
        let all = || {
            self.hosts.iter().flat_map(|host| host.domains.iter().map(move |domain| (host, domain.as_str())))
        };
        let exact = all().find(|(_, domain)| domain.eq_ignore_ascii_case(name) && *domain != "*");
        let longest = |fits: &dyn Fn(&str) -> bool| {
            all().filter(|(_, domain)| *domain != "*" && fits(domain)).max_by_key(|(_, domain)| domain.len())
        };
        let bytes = name.as_bytes();
        let by_suffix = || {
            longest(&|domain| {
                domain.strip_prefix('*').is_some_and(|suffix| {
                    let start = bytes.len().checked_sub(suffix.len()).filter(|start| *start > 0);
                    let end = start.and_then(|start| bytes.get(start..));
                    end.is_some_and(|end| end.eq_ignore_ascii_case(suffix.as_bytes()))
                })
            })
        };
        let by_prefix = || {
            longest(&|domain| {
                domain.strip_suffix('*').is_some_and(|prefix| {
                    let start = bytes.get(..prefix.len()).filter(|start| start.len() < bytes.len());
                    start.is_some_and(|start| start.eq_ignore_ascii_case(prefix.as_bytes()))
                })
            })
        };
        let any = || all().find(|(_, domain)| *domain == "*");
        exact.or_else(by_suffix).or_else(by_prefix).or_else(any).map(|(host, _)| host)
    }
}

impl RouteLookup<'_> {
    /// Whether the route, or its host, has a configuration of its own for a filter.
    pub(super) fn has_own(&self, filter: &str) -> bool {
        let has = |own: &[String]| own.iter().any(|own| own == filter);
        self.route.is_some_and(|route| has(&route.own) || self.host.is_some_and(|host| has(&host.own)))
    }
}

/// What a request has to be.
pub(super) fn condition(matched: &RouteMatch) -> RequestCondition {
    let mut all = vec![path(matched)];
    all.extend(matched.grpc.is_some().then_some(RequestTest::Grpc));
    all.extend(matched.headers.iter().map(|matcher| RequestTest::Header(matcher.into())));
    all.extend(matched.query_parameters.iter().map(query_parameter));
    all.extend(matched.dynamic_metadata.iter().map(|matcher| RequestTest::Metadata(matcher.into())));
    all.extend(matched.filter_state.iter().map(rbac::state));
    let random = matched.runtime_fraction.is_some().then_some("a random number");
    let tls = matched.tls_context.is_some().then_some("the certificate of the connection");
    let cookies = (!matched.cookies.is_empty()).then_some("a cookie");
    let unknown = [random, tls, cookies].into_iter().flatten();
    all.extend(unknown.map(|what| RequestTest::Unknown(what.into())));
    Condition::All(all.into_iter().map(Condition::Test).collect())
}

fn path(matched: &RouteMatch) -> RequestTest {
    let ignore_case = matched.case_sensitive.as_ref().is_some_and(|sensitive| !sensitive.value);
    let text = |is| RequestTest::Path(TextTest { is, ignore_case });
    match &matched.path_specifier {
        Some(PathSpecifier::ConnectMatcher(_)) => RequestTest::Connect,
        Some(PathSpecifier::Prefix(prefix)) => text(TextIs::Prefix(prefix.clone())),
        Some(PathSpecifier::Path(exact)) => text(TextIs::Exact(exact.clone())),
        Some(PathSpecifier::SafeRegex(regex)) => text(TextIs::Regex(Pattern::new(&regex.regex))),
        Some(PathSpecifier::PathSeparatedPrefix(prefix)) => {
            RequestTest::PathBelow { prefix: prefix.clone(), ignore_case }
        }
        Some(PathSpecifier::PathMatchPolicy(_)) | None => RequestTest::Unknown("the path of a route".into()),
    }
}

fn query_parameter(matcher: &QueryParameterMatcher) -> RequestTest {
    let is = match &matcher.query_parameter_match_specifier {
        Some(QueryParameterMatchSpecifier::StringMatch(text)) => ParameterIs::Text(text.into()),
        Some(QueryParameterMatchSpecifier::PresentMatch(present)) => ParameterIs::Present(*present),
        None => ParameterIs::Present(true),
    };
    RequestTest::Query { name: matcher.name.clone(), is }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_domain_counts() {
        let host =
            |domain: &str| Host { domains: vec![domain.to_owned()], own: Vec::new(), routes: Vec::new() };
        let found = |hosts: &[&str], name: &str| {
            let hosts = hosts.iter().map(|domain| host(domain)).collect();
            let routes = Routes { hosts, ignores_port: false };
            routes.host(name).map(|host| host.domains.concat())
        };
        let all = ["*", "*.b.example", "a.b.example", "c.*"];
        assert_eq!(found(&all, "A.b.example").as_deref(), Some("a.b.example"));
        assert_eq!(found(&all, "c.b.example").as_deref(), Some("*.b.example"));
        assert_eq!(found(&all, "c.d").as_deref(), Some("c.*"));
        assert_eq!(found(&all, "b.example").as_deref(), Some("*"));
        assert_eq!(found(&all[2..], "b.example"), None);
    }
}
