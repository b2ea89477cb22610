//! The route configuration of a chain.
//!
//! These are the deepest messages of a listener, and there are as many as ports of Services: they are encoded while they
//! are made.

use envoy::Encoded;
use envoy::config::route::v3::route_action::{HashPolicy, MaxStreamDuration};
use envoy::config::route::v3::{Decorator, Route, RouteAction, RouteConfiguration, RouteMatch, VirtualHost};

use super::destination::Host;
use super::retry::{self, Retries};
use super::{hash, http, matches, virtual_services};
use crate::mesh::destination_rule::MergedRule;
use crate::mesh::virtual_service::Semantics;
use crate::mesh::{Resolution, Service};
use crate::resources::proto::duration;
use crate::resources::{Scope, field, origin};
use crate::rules::DefaultRoute;
use crate::snapshot::Cause;
use crate::snapshot::message::Duration;

/// A route configuration for one chain, and why each of its routes exists.
#[derive(Clone, Debug, PartialEq)]
pub struct InboundRoutes {
    /// The configuration.
    pub configuration: Encoded<RouteConfiguration>,
    /// For each route what made it, the decisive match first.
    pub causes: Vec<Vec<Cause>>,
    /// Whether this is the default route. Istio lets EnvoyFilters patch route configurations only then.
    pub is_default: bool,
}

/// Makes the route configurations of a waypoint's chains.
#[derive(Clone, Debug)]
pub struct RouteBuilder<'m> {
    scope: Scope<'m>,
    retries: Retries<'m>,
    /// What a configuration has after its virtual host.
    end: Encoded<RouteConfiguration>,
    /// The same, if its route is the default one.
    default_end: Encoded<RouteConfiguration>,
    default_route: DefaultParts,
}

/// What all default routes have, in the order of the fields: between the parts stands what is of one Service.
#[derive(Clone, Debug)]
struct DefaultParts {
    /// All requests.
    begin: Encoded<Route>,
    /// Timeout and retries.
    action: Encoded<RouteAction>,
    /// The same for gRPC.
    grpc_action: Encoded<RouteAction>,
    /// Other timeouts.
    action_end: Encoded<RouteAction>,
    /// The name.
    end: Encoded<Route>,
}

/// Most configurations take less than this.
const MOST: usize = 1536;

impl<'m> RouteBuilder<'m> {
    /// Makes what routes share.
    #[must_use]
    pub fn new(scope: Scope<'m>) -> Self {
        let retries = Retries::new(scope);
        let default_route = DefaultParts::new(scope, &retries);
        let end =
            RouteConfiguration { validate_clusters: Some(false.into()), ..RouteConfiguration::default() };
        let body_size = scope.rules.routes.default_route_body_size;
        let default_end = RouteConfiguration {
            max_direct_response_body_size_bytes: body_size.then(|| (1024 * 1024).into()),
            ..end.clone()
        };
        Self { scope, retries, end: Encoded::of(&end), default_end: Encoded::of(&default_end), default_route }
    }

    /// The route configuration of a Service's port, with `cluster_name` as its name and the default route's cluster.
    /// No Service: that of `direct-http`, for requests to the address of a workload.
    ///
    /// Follows Istio's `buildWaypointInboundHTTPRouteConfig`; the messages are
    /// <https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/route/v3/route.proto>.
    #[must_use]
    pub fn inbound(&self, service: Option<&'m Service>, port: u32, cluster_name: &str) -> InboundRoutes {
        let mut configuration = Encoded::with_capacity(MOST);
        let mut causes = Vec::new();
        let mut is_default = false;
        configuration.text(field::route_configuration::NAME, cluster_name);
        configuration.nest(field::route_configuration::VIRTUAL_HOSTS, |host| {
            host.text(field::virtual_host::NAME, &["inbound|http|", &port.to_string()].concat());
            host.text(field::virtual_host::DOMAINS, domain(service));
            if let Some(service) = service {
                self.of_virtual_services(service, port, host, &mut causes);
            }
            is_default = causes.is_empty();
            if is_default {
                host.nest(field::virtual_host::ROUTES, |route| {
                    causes.push(self.default(service, port, cluster_name, route));
                });
            }
        });
        configuration.append(if is_default { &self.default_end } else { &self.end });
        InboundRoutes { configuration, causes, is_default }
    }

    /// Writes the routes of the VirtualServices that count for a Service, and why they are there.
    fn of_virtual_services(
        &self,
        service: &'m Service,
        port: u32,
        host: &mut Encoded<VirtualHost>,
        causes: &mut Vec<Vec<Cause>>,
    ) {
        let virtual_services = virtual_services(self.scope, service);
        if virtual_services.is_empty() {
            return;
        }
        let known = Host::new(self.scope, &service.hostname);
        for virtual_service in virtual_services {
            let metadata = http::metadata(self.scope.rules, virtual_service);
            let cx = http::Context {
                scope: self.scope,
                retries: &self.retries,
                virtual_service,
                metadata: &metadata,
                port,
                hostname: &service.hostname,
                host: known,
            };
            of_virtual_service(cx, host, causes);
        }
    }

    /// Writes the route of a Service without VirtualServices: everything goes to `cluster_name`.
    ///
    /// Gives what made it.
    fn default(
        &self,
        service: Option<&Service>,
        port: u32,
        cluster_name: &str,
        route: &mut Encoded<Route>,
    ) -> Vec<Cause> {
        let mut causes: Vec<_> = service.map(|service| origin::port(service, port)).into_iter().collect();
        let parts = &self.default_route;
        let is_grpc = service
            .is_some_and(|service| service.ports.iter().any(|p| p.number == port && p.protocol.is_grpc()));
        route.append(&parts.begin);
        let mut host = "";
        route.nest::<RouteAction>(field::route::ROUTE, |action| {
            action.text(field::route_action::CLUSTER, cluster_name);
            action.append(if is_grpc { &parts.grpc_action } else { &parts.action });
            // The host's name is missing in spans otherwise: Istio knows it of sidecars' own instances only.
            let rules = &self.scope.rules.routes;
            if let Some(service) = service.filter(|_| rules.default_route_host) {
                host = &service.hostname;
            }
            if let Some(service) = service.filter(|_| rules.default_route_hash)
                && let Some((policy, rule)) = self.hash_policy(service)
            {
                action.message(field::route_action::HASH_POLICY, &policy);
                causes.extend_from_slice(rule.causes());
            }
            action.append(&parts.action_end);
        });
        route.nest::<Decorator>(field::route::DECORATOR, |decorator| {
            decorator.text(field::decorator::OPERATION, &[host, ":", &port.to_string(), "/*"].concat());
        });
        route.append(&parts.end);
        causes
    }

    /// What the requests of a default route are hashed by, and the DestinationRule that says so.
    fn hash_policy(&self, service: &Service) -> Option<(HashPolicy, &'m MergedRule)> {
        let (_, visible) = self.scope.visible_service(&service.hostname)?;
        let rule = self.scope.general_rule(visible)?;
        let balancer = rule.spec.traffic_policy.as_ref()?.load_balancer.as_ref()?;
        Some((hash::policy(balancer.consistent_hash.as_ref()?)?, rule))
    }
}

impl DefaultParts {
    fn new(scope: Scope<'_>, retries: &Retries<'_>) -> Self {
        let zero = Some(duration(Duration::ZERO));
        let everything = matches::route_match(&scope.rules.routes, Semantics::Istio, None);
        let mut action = Encoded::of(&RouteAction { timeout: zero, ..RouteAction::default() });
        let mut grpc_action = action.clone();
        let kind = scope.rules.routes.default_route;
        if kind == DefaultRoute::InboundRetried {
            retry::write_unseen(&mut action);
        }
        let action_end = match kind {
            DefaultRoute::Inbound | DefaultRoute::InboundRetried => RouteAction {
                max_stream_duration: Some(MaxStreamDuration {
                    max_stream_duration: zero,
                    grpc_timeout_header_max: zero,
                    ..MaxStreamDuration::default()
                }),
                ..RouteAction::default()
            },
            DefaultRoute::Outbound => {
                retries.write(None, false, &mut action);
                grpc_action = action.clone();
                RouteAction { max_grpc_timeout: zero, ..RouteAction::default() }
            }
        };
        Self {
            begin: Encoded::of(&Route { r#match: Some(everything), ..Route::default() }),
            action,
            grpc_action,
            action_end: Encoded::of(&action_end),
            end: Encoded::of(&Route { name: "default".to_owned(), ..Route::default() }),
        }
    }
}

/// Any, except for wildcard hosts that are resolved on demand: there the request's `Host` is what is resolved, so it
/// must not lead anywhere else.
fn domain(service: Option<&Service>) -> &str {
    match service {
        Some(service) if service.resolution == Resolution::DynamicDns => &service.hostname,
        _ => "*",
    }
}

/// Writes the routes of one VirtualService up to the first that catches everything.
fn of_virtual_service(
    cx: http::Context<'_, '_>,
    host: &mut Encoded<VirtualHost>,
    causes: &mut Vec<Vec<Cause>>,
) {
    let rules = &cx.scope.rules.routes;
    for rule in &cx.virtual_service.http {
        let everything = rule.route.matches.is_empty().then_some(None);
        let requests = rule
            .route
            .matches
            .iter()
            .enumerate()
            .filter(|(_, request)| http::applies(cx.scope, cx.port, request));
        for request in everything.into_iter().chain(requests.map(Some)) {
            let (position, request) = request.unzip();
            let matched: RouteMatch = matches::route_match(rules, cx.virtual_service.semantics, request);
            host.nest(field::virtual_host::ROUTES, |route| {
                http::route(cx, &rule.route, request, &matched, route)
            });
            let mut made_by = position.map_or_else(|| rule.causes.clone(), |i| rule.causes_of_match(i));
            made_by.extend(http::destination_causes(cx, &rule.route));
            causes.push(made_by);
            if request.is_none() || rules.ends_at_catch_all && matches::is_catch_all(&matched) {
                return;
            }
        }
    }
}
