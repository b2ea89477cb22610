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

use self::destination::Host;
use self::retry::Retries;
use crate::mesh::virtual_service::{Semantics, VirtualService};
use crate::mesh::{Resolution, Service};
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

/// Makes the route configurations of a waypoint's chains.
#[derive(Clone, Debug)]
pub struct RouteBuilder<'m> {
    scope: Scope<'m>,
    retries: Retries<'m>,
}

impl<'m> RouteBuilder<'m> {
    /// Makes what routes share.
    #[must_use]
    pub fn new(scope: Scope<'m>) -> Self {
        Self { scope, retries: Retries::new(scope) }
    }

    /// The route configuration of a Service's port, with `cluster_name` as its name and the default route's cluster.
    /// No Service: that of `direct-http`, for requests to the address of a workload.
    ///
    /// Follows Istio's `buildWaypointInboundHTTPRouteConfig`; the messages are
    /// <https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/route/v3/route.proto>.
    #[must_use]
    pub fn inbound(&self, service: Option<&'m Service>, port: u32, cluster_name: &str) -> InboundRoutes {
        let scope = self.scope;
        let (mut routes, mut origins) =
            service.map(|service| self.of_virtual_services(service, port)).unwrap_or_default();
        let is_default = routes.is_empty();
        if is_default {
            routes = vec![self.default_route(service, port, cluster_name)];
            origins = vec![service.map(|service| service.source.object()).into_iter().collect()];
        }
        let virtual_host = VirtualHost {
            name: ["inbound|http|", &port.to_string()].concat(),
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

    /// The routes of the VirtualServices that count for a Service, with the objects that made each.
    fn of_virtual_services(&self, service: &'m Service, port: u32) -> (Vec<Route>, Vec<Vec<ObjectRef>>) {
        let virtual_services = virtual_services(self.scope, service);
        let rules = virtual_services.iter().flat_map(|virtual_service| &virtual_service.http);
        let most = rules.map(|rule| rule.route.matches.len().max(1)).sum();
        let (mut routes, mut origins) = (Vec::with_capacity(most), Vec::with_capacity(most));
        if most == 0 {
            return (routes, origins);
        }
        let host = Host::new(self.scope, &service.hostname);
        for virtual_service in virtual_services {
            let cx = http::Context {
                scope: self.scope,
                retries: &self.retries,
                virtual_service,
                port,
                hostname: &service.hostname,
                host,
            };
            virtual_service_routes(cx, |route, origin| {
                routes.push(route);
                origins.push(origin.to_vec());
            });
        }
        (routes, origins)
    }

    /// The route of a Service without VirtualServices: everything goes to `cluster_name`.
    fn default_route(&self, service: Option<&Service>, port: u32, cluster_name: &str) -> Route {
        let scope = self.scope;
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
                action.retry_policy = self.retries.policy(None, false);
                let visible = service.and_then(|service| scope.visible_service(&service.hostname));
                let rule = visible.and_then(|service| scope.destination_rule(service, false));
                let hash = rule.and_then(|rule| {
                    rule.traffic_policy.as_ref()?.load_balancer.as_ref()?.consistent_hash.as_ref()
                });
                action.hash_policy = hash.and_then(hash::policy).into_iter().collect();
            }
        }
        Route {
            name: "default".to_owned(),
            r#match: Some(matches::route_match(rules, Semantics::Istio, None)),
            decorator: Some(Decorator {
                operation: [host, ":", &port.to_string(), "/*"].concat(),
                ..Decorator::default()
            }),
            action: Some(Action::Route(Box::new(action))),
            ..Route::default()
        }
    }
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

/// Gives the routes of one VirtualService up to the first that catches everything, and the objects that made each.
fn virtual_service_routes<'a>(cx: http::Context<'a, '_>, mut give: impl FnMut(Route, &'a [ObjectRef])) {
    let ends_at_catch_all = cx.scope.rules.routes.match_callers;
    for rule in &cx.virtual_service.http {
        if rule.route.matches.is_empty() {
            if let Some(route) = http::route(cx, &rule.route, None) {
                give(route, &rule.origin);
            }
            return;
        }
        for request in &rule.route.matches {
            let Some(route) = http::route(cx, &rule.route, Some(request)) else { continue };
            let ends = ends_at_catch_all && route.r#match.as_ref().is_some_and(matches::is_catch_all);
            give(route, &rule.origin);
            if ends {
                return;
            }
        }
    }
}
