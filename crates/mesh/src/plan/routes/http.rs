//! The routes of a chain for HTTP.
//!
//! A waypoint's chains are found by the Service's address, not by the request's `Host`: each has the rules of
//! all VirtualServices (and Gateway API routes) of the Service's hostname.

use super::action::HttpAction;
use super::{HashKey, Routed, matches};
use crate::mesh::virtual_service::{HttpRule as Rule, VirtualService};
use crate::mesh::{Resolution, Service};
use crate::plan::causes;
use crate::plan::host::Host;
use crate::rules::RouteRules;
use crate::snapshot::Cause;
use crate::snapshot::networking::virtual_service::{HttpMatchRequest, HttpRoute};

/// Where the requests of a chain go.
#[derive(Clone, Debug)]
pub struct HttpRoutes<'m> {
    /// The host that requests have to ask for; none = any.
    pub domain: Option<&'m str>,
    /// The rules.
    pub rules: HttpRules<'m>,
}

/// Whose rules a chain has.
#[derive(Clone, Debug)]
pub enum HttpRules<'m> {
    /// Those of VirtualServices, in order.
    VirtualServices(Vec<VirtualServiceRoutes<'m>>),
    /// Nobody's: all goes to the chain's own cluster.
    Default(DefaultRoute<'m>),
}

/// The rules of a VirtualService that are for a port.
#[derive(Clone, Debug)]
pub struct VirtualServiceRoutes<'m> {
    /// The VirtualService, or what a Gateway API route becomes.
    pub virtual_service: &'m VirtualService,
    /// Its rules up to the first that takes everything.
    pub rules: Vec<HttpRule<'m>>,
}

/// A rule of a VirtualService.
#[derive(Clone, Debug, PartialEq)]
pub struct HttpRule<'m> {
    /// What it says.
    pub rule: &'m HttpRoute,
    /// What it does.
    pub action: HttpAction<'m>,
    /// The matches that are for the port, at least one: each is a route.
    pub matches: Vec<HttpMatch<'m>>,
}

/// A match of a rule.
#[derive(Clone, Debug, PartialEq)]
pub struct HttpMatch<'m> {
    /// What it asks for; none = everything.
    pub request: Option<&'m HttpMatchRequest>,
    /// What made the route: the match or the rule, after the delegate's that it was merged with, and what
    /// decided where it leads.
    pub(crate) causes: Vec<Cause>,
}

/// The route of a chain without VirtualServices.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DefaultRoute<'m> {
    /// The Service's hostname, where the route is named after it.
    pub host: Option<&'m str>,
    /// Whether the port speaks gRPC.
    pub is_grpc: bool,
    /// What requests are hashed by.
    pub hash: Option<HashKey<'m>>,
    /// The Service's port, and the DestinationRule that says how requests are hashed.
    pub(crate) causes: Vec<Cause>,
}

impl<'m> HttpRoutes<'m> {
    /// Those of the chain for workloads that are called themselves.
    pub(crate) fn of_workloads() -> Self {
        Self { domain: None, rules: HttpRules::Default(DefaultRoute::default()) }
    }

    /// Those of a port of a Service.
    pub(in crate::plan) fn of_port(routed: &Routed<'_, 'm>, port: u32) -> Self {
        let service = routed.service;
        let found: Vec<_> =
            routed.virtual_services.iter().filter_map(|vs| of_virtual_service(routed, vs, port)).collect();
        // A wildcard host that is resolved on demand: what the request asks for is what is resolved, so it
        // must not lead anywhere else.
        let on_demand = service.resolution == Resolution::DynamicDns;
        Self {
            domain: on_demand.then_some(&service.hostname),
            rules: if found.is_empty() {
                HttpRules::Default(DefaultRoute::new(routed, port))
            } else {
                HttpRules::VirtualServices(found)
            },
        }
    }

    /// Why each route is there, in order.
    pub fn causes(&self) -> impl Iterator<Item = &[Cause]> {
        let (default, virtual_services) = match &self.rules {
            HttpRules::Default(route) => (Some(route.causes.as_slice()), &[][..]),
            HttpRules::VirtualServices(all) => (None, all.as_slice()),
        };
        let rules = virtual_services.iter().flat_map(|routes| &routes.rules);
        default.into_iter().chain(rules.flat_map(|rule| &rule.matches).map(|m| m.causes.as_slice()))
    }
}

impl<'m> DefaultRoute<'m> {
    fn new(routed: &Routed<'_, 'm>, port: u32) -> Self {
        let rules = &routed.scope.rules.routes;
        let service = routed.service;
        let mut causes = vec![causes::port(service, port)];
        let hash = hash_of_host(rules, routed.host, &mut causes);
        Self {
            // The host's name is missing in spans otherwise: Istio knows it of sidecars' own instances only.
            host: rules.default_route_host.then_some(&service.hostname),
            is_grpc: is_grpc(service, port),
            hash,
            causes,
        }
    }
}

fn is_grpc(service: &Service, port: u32) -> bool {
    service.ports.iter().any(|p| p.number == port && p.protocol.is_grpc())
}

/// What the requests of a default route are hashed by; adds the DestinationRule that says so.
fn hash_of_host<'m>(
    rules: &RouteRules,
    host: Option<Host<'m>>,
    causes: &mut Vec<Cause>,
) -> Option<HashKey<'m>> {
    let rule = host.filter(|_| rules.default_route_hash)?.rule?;
    let balancer = rule.spec.traffic_policy.as_ref()?.load_balancer.as_ref()?;
    let key = HashKey::of(balancer.consistent_hash.as_ref()?)?;
    causes.extend_from_slice(rule.causes());
    Some(key)
}

/// The routes of one VirtualService for a port; none if it has none.
fn of_virtual_service<'m>(
    routed: &Routed<'_, 'm>,
    virtual_service: &'m VirtualService,
    port: u32,
) -> Option<VirtualServiceRoutes<'m>> {
    let mut rules = Vec::new();
    for rule in &virtual_service.http {
        let (matches, takes_all) = matches_of(routed, rule, port);
        if !matches.is_empty() {
            let (action, causes) = HttpAction::new(routed, &rule.route, port);
            let with = |mut m: HttpMatch<'m>| {
                m.causes.extend_from_slice(&causes);
                m
            };
            let matches = matches.into_iter().map(with).collect();
            rules.push(HttpRule { rule: &rule.route, action, matches });
        }
        if takes_all {
            break;
        }
    }
    (!rules.is_empty()).then_some(VirtualServiceRoutes { virtual_service, rules })
}

/// The matches of a rule that are for a port, and whether they take everything: then no more is sent.
fn matches_of<'m>(routed: &Routed<'_, 'm>, rule: &'m Rule, port: u32) -> (Vec<HttpMatch<'m>>, bool) {
    if rule.route.matches.is_empty() {
        return (vec![HttpMatch { request: None, causes: rule.causes.clone() }], true);
    }
    let ends = routed.scope.rules.routes.ends_at_catch_all;
    let mut found = Vec::with_capacity(rule.route.matches.len());
    for (position, request) in rule.route.matches.iter().enumerate() {
        if matches::applies(routed.scope, port, request) {
            found.push(HttpMatch { request: Some(request), causes: rule.causes_of_match(position) });
            if ends && matches::is_catch_all(request) {
                return (found, true);
            }
        }
    }
    (found, false)
}
