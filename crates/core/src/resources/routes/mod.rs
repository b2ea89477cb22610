//! Route configurations: what a waypoint does with the HTTP requests of one port of a Service, and where its TCP
//! connections go.
//!
//! A waypoint's chains are found by the Service's address, not by the request's `Host`; so each has one virtual host
//! for every domain, filled with the routes of the VirtualServices (and Gateway API routes) of the Service's hostname.
//!
//! | module | translates |
//! |---|---|
//! | `http` | a rule of a VirtualService under one match |
//! | [`matches`], `headers`, `redirect`, `retry`, `fault`, `cors`, `hash` | its parts |
//! | `destination` | a destination to a cluster's name |
//! | `tcp` | `tls` and `tcp` rules |
//! | `encode` | route configurations, encoded quickly |

mod cors;
mod destination;
mod encode;
mod fault;
mod fraction;
mod hash;
mod headers;
mod http;
mod lookup;
mod matches;
mod operation;
mod redirect;
mod retry;
mod tcp;

use envoy::config::route::v3::route::Action;
use envoy::config::route::v3::route_action::{ClusterSpecifier, MaxStreamDuration};
use envoy::config::route::v3::{Decorator, Route, RouteAction, RouteConfiguration, VirtualHost};

use crate::mesh::virtual_service::VirtualService;
use crate::mesh::{Resolution, Service, ServiceId};
use crate::release::{DefaultRoute, RoutesPerHost};
use crate::resources::Scope;
use crate::resources::proto::duration;
use crate::snapshot::ObjectRef;
use crate::snapshot::message::Duration;

pub(crate) use encode::routes as encode_routes;
pub use tcp::{TcpDestination, TcpRoute, tcp_destinations};

/// A route configuration for one chain, and why each of its routes exists.
#[derive(Clone, Debug, PartialEq)]
pub struct InboundRoutes {
    /// The configuration.
    pub configuration: RouteConfiguration,
    /// For each route the objects that made it, the decisive one first.
    pub origins: Vec<Vec<ObjectRef>>,
    /// Whether this is the default route. Istio lets EnvoyFilters patch route configurations only then.
    pub is_default: bool,
}

/// The route configuration of a Service's port, with `cluster_name` as its name and the default route's cluster.
/// No Service: that of `direct-http`, for requests to the address of a workload.
///
/// Follows Istio's `buildWaypointInboundHTTPRouteConfig`; the messages are
/// <https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/route/v3/route.proto>.
#[must_use]
pub fn inbound_route_configuration(
    scope: Scope<'_>,
    service: Option<ServiceId>,
    port: u32,
    cluster_name: &str,
) -> InboundRoutes {
    let service = service.and_then(|id| scope.mesh.services.get(id));
    let (mut routes, mut origins) = (Vec::new(), Vec::new());
    for virtual_service in service.map(|service| virtual_services(scope, service)).unwrap_or_default() {
        let cx = http::Context { scope, virtual_service, port };
        for (route, origin) in virtual_service_routes(cx) {
            routes.push(route);
            origins.push(origin);
        }
    }
    let is_default = routes.is_empty();
    if is_default {
        routes.push(default_route(scope, service, port, cluster_name));
        origins.push(service.map(|service| service.source.object()).into_iter().collect());
    }
    let virtual_host = VirtualHost {
        name: format!("inbound|http|{port}"),
        domains: vec![domain(service)],
        routes,
        ..VirtualHost::default()
    };
    let body_size = scope.rules.routes.default_route == DefaultRoute::Outbound && is_default;
    let configuration = RouteConfiguration {
        name: cluster_name.to_owned(),
        virtual_hosts: vec![virtual_host],
        validate_clusters: Some(false.into()),
        max_direct_response_body_size_bytes: body_size.then(|| (1024 * 1024).into()),
        ..RouteConfiguration::default()
    };
    InboundRoutes { configuration, origins, is_default }
}

/// Any, except for wildcard hosts that are resolved on demand: there the request's `Host` is what is resolved, so it
/// must not lead anywhere else.
fn domain(service: Option<&Service>) -> String {
    match service {
        Some(service) if service.resolution == Resolution::DynamicDns => service.hostname.to_string(),
        _ => "*".to_owned(),
    }
}

/// The VirtualServices that count for a Service at this waypoint, in order.
fn virtual_services<'m>(scope: Scope<'m>, service: &Service) -> Vec<&'m VirtualService> {
    let namespace = &scope.waypoint.name.namespace;
    let mut all = scope.mesh.virtual_services.for_host(&service.hostname, namespace);
    match scope.rules.routes.per_host {
        RoutesPerHost::First => all.truncate(1),
        RoutesPerHost::AllOfOwnOrServiceNamespace => {
            all.retain(|vs| vs.namespace == *namespace || vs.namespace == service.namespace);
        }
    }
    all
}

/// The routes of one VirtualService up to the first that catches everything.
fn virtual_service_routes<'a>(cx: http::Context<'a, '_>) -> Vec<(Route, Vec<ObjectRef>)> {
    let ends_at_catch_all = cx.scope.rules.routes.match_callers;
    let mut out = Vec::new();
    for rule in &cx.virtual_service.http {
        if rule.route.matches.is_empty() {
            out.extend(http::route(cx, &rule.route, None).map(|route| (route, rule.origin.clone())));
            break;
        }
        for request in &rule.route.matches {
            let Some(route) = http::route(cx, &rule.route, Some(request)) else { continue };
            let ends = ends_at_catch_all && route.r#match.as_ref().is_some_and(matches::is_catch_all);
            out.push((route, rule.origin.clone()));
            if ends {
                return out;
            }
        }
    }
    out
}

/// The route of a Service without VirtualServices: everything goes to `cluster_name`.
fn default_route(scope: Scope<'_>, service: Option<&Service>, port: u32, cluster_name: &str) -> Route {
    let rules = &scope.rules.routes;
    let zero = duration(Duration::ZERO);
    let mut action = RouteAction {
        cluster_specifier: Some(ClusterSpecifier::Cluster(cluster_name.to_owned())),
        timeout: Some(zero),
        ..RouteAction::default()
    };
    let mut host = "";
    match rules.default_route {
        // The host's name is missing in spans here: Istio knows it of sidecars' own instances only.
        DefaultRoute::Inbound => {
            action.max_stream_duration = Some(MaxStreamDuration {
                max_stream_duration: Some(zero),
                grpc_timeout_header_max: Some(zero),
                ..MaxStreamDuration::default()
            });
        }
        DefaultRoute::Outbound => {
            host = service.map_or("", |service| service.hostname.as_str());
            action.max_grpc_timeout = Some(zero);
            let retries = scope.mesh.config.default_http_retry_policy.as_ref();
            action.retry_policy = retry::policy(rules, retries, false).map(Box::new);
            let rule = service.and_then(|service| scope.destination_rule(&service.hostname, false));
            let hash = rule.and_then(|rule| {
                rule.traffic_policy.as_ref()?.load_balancer.as_ref()?.consistent_hash.as_ref()
            });
            action.hash_policy = hash.and_then(hash::policy).into_iter().collect();
        }
    }
    Route {
        name: "default".to_owned(),
        r#match: Some(matches::route_match(rules, crate::mesh::virtual_service::Semantics::Istio, None)),
        decorator: Some(Decorator { operation: format!("{host}:{port}/*"), ..Decorator::default() }),
        action: Some(Action::Route(Box::new(action))),
        ..Route::default()
    }
}
