//! `route-protocol`: routes of HTTP for ports that are not HTTP, routes of connections for ports that are,
//! and GRPCRoutes to ports of HTTP/1.1.

use std::collections::BTreeSet;

use crate::lint::gateway_routes::{self, GatewayRoute};
use crate::lint::list::few;
use crate::lint::routing::{Edge, Routed, Router, Share, named_ports};
use crate::lint::{Context, Rule, ports, scope};
use crate::mesh::destination_rule::{Client, MergedRule};
use crate::mesh::{Port, Protocol, Service, Waypoint};
use crate::problem::{Code, Problem};
use crate::snapshot::networking::VirtualService;
use crate::snapshot::networking::destination_rule::H2UpgradePolicy;
use crate::snapshot::{Kind, Object, ObjectRef, mesh_config};

pub(super) const RULE: Rule = Rule::new(Code::RouteProtocol, include_str!("route_protocol.md"), check);

fn check(cx: &Context<'_>) -> Vec<Problem> {
    let mut found: Vec<Problem> =
        cx.snapshot.virtual_services.iter().flat_map(|object| of_virtual_service(cx, object)).collect();
    for route in gateway_routes::all(cx.snapshot).filter(|route| cx.routing().has(&route.object)) {
        found.extend(of_gateway_route(cx, &route));
    }
    found.extend(cx.routers().iter().flat_map(|router| by_http1(cx, router)));
    found
}

/// A port that a rule is for, and that has rules of the other sort only.
struct Unfit<'a> {
    service: &'a Service,
    waypoint: &'a Waypoint,
    port: &'a Port,
    position: usize,
}

impl Unfit<'_> {
    fn field(&self) -> String {
        format!("spec.ports[{}]", self.position)
    }
}

/// The ports of Services that a rule is for, if it holds at none of them. `named`: those that the rule names;
/// empty for all.
fn unfit<'a, 'm: 'a>(
    services: impl Iterator<Item = &'a Routed<'m>>,
    is_http: bool,
    named: &[u32],
) -> Vec<Unfit<'a>> {
    let mut found = Vec::new();
    for routed in services {
        let ports = routed.service.ports.iter().enumerate();
        let ports = ports.filter(|(_, port)| named.is_empty() || named.contains(&port.number));
        for (position, port) in ports.filter(|(_, port)| port.protocol != Protocol::Udp) {
            if ports::takes(port.protocol, is_http) {
                return Vec::new();
            }
            found.push(Unfit { service: routed.service, waypoint: routed.waypoint, port, position });
        }
    }
    found
}

fn of_virtual_service(cx: &Context<'_>, object: &Object<VirtualService>) -> Vec<Problem> {
    let (name, spec) = (object.object_ref(), &object.spec);
    // A delegate has the ports of its roots, and rules for gateways, too, may be meant for theirs.
    if spec.hosts.is_empty() || scope::is_for_gateways(object) || !cx.routing().has(&name) {
        return Vec::new();
    }
    let http: Vec<_> = spec.http.iter().map(|rule| named_ports(&rule.matches, |m| m.port)).collect();
    let mut found = of_list(cx, &name, "http", &http);
    if cx.mesh.rules.listeners.tcp_routing {
        let tls: Vec<_> = spec.tls.iter().map(|rule| named_ports(&rule.matches, |m| m.port)).collect();
        let tcp: Vec<_> = spec.tcp.iter().map(|rule| named_ports(&rule.matches, |m| m.port)).collect();
        found.extend(of_list(cx, &name, "tls", &tls));
        found.extend(of_list(cx, &name, "tcp", &tcp));
    }
    found
}

/// The rules of one list, by the ports that they name. What is so of all of them is told once.
fn of_list(cx: &Context<'_>, name: &ObjectRef, list: &str, rules: &[Vec<u32>]) -> Vec<Problem> {
    let is_http = list == "http";
    let rules_unfit: Vec<_> = rules
        .iter()
        .enumerate()
        .map(|(i, named)| (i, unfit(cx.routing().of(name), is_http, named)))
        .filter(|(_, ports)| !ports.is_empty())
        .collect();
    let told = if rules_unfit.len() == rules.len() { 1 } else { rules_unfit.len() };
    let told = rules_unfit.iter().take(told);
    told.filter_map(|(i, ports)| problem(name, format!("spec.{list}[{i}]"), is_http, ports)).collect()
}

fn of_gateway_route(cx: &Context<'_>, route: &GatewayRoute<'_>) -> Vec<Problem> {
    let rules = cx.mesh.rules;
    let is_http = matches!(route.object.kind, Kind::HttpRoute | Kind::GrpcRoute);
    if !is_http && !rules.listeners.tcp_routing {
        return Vec::new();
    }
    let mut found = Vec::new();
    for (i, reference) in route.parents.iter().enumerate() {
        let Some(parent) = gateway_routes::parent(rules, reference, &route.object.namespace) else {
            continue;
        };
        let named = reference.port.and_then(|port| u32::try_from(port).ok());
        let named = named.filter(|port| *port != 0 && rules.gateway_api.parent_ports);
        let services =
            cx.routing().of(&route.object).filter(|routed| routed.service.source.object() == parent);
        let ports = unfit(services, is_http, named.as_slice());
        found.extend(problem(&route.object, format!("spec.parentRefs[{i}]"), is_http, &ports));
    }
    found
}

fn problem(object: &ObjectRef, field: String, is_http: bool, unfit: &[Unfit<'_>]) -> Option<Problem> {
    let first = unfit.first()?;
    let waypoint = &first.waypoint.name;
    let declared_by = ports::declared_by(first.service);
    let (message, help) = if is_http {
        let message = format!(
            "{} not HTTP: the waypoint `{waypoint}` passes on what comes there as bytes, and never asks \
             rules about requests",
            are(unfit)
        );
        let help = format!(
            "declare the port as HTTP by {declared_by}, if clients send HTTP without TLS there; else route \
             connections: by a TCPRoute, or by `tcp` of a VirtualService"
        );
        (message, help)
    } else {
        let message = format!(
            "{} HTTP: the waypoint `{waypoint}` looks at requests there, and never asks rules about \
             connections",
            are(unfit)
        );
        let help = format!(
            "route requests: by an HTTPRoute, or by `http` of a VirtualService; or declare the port as TCP \
             by {declared_by}"
        );
        (message, help)
    };
    Some(
        Problem::new(Code::RouteProtocol, message).on(object.clone()).field(field).help(help).related_object(
            first.service.source.object(),
            first.field(),
            format!("this port is {}", ports::spoken(first.port)),
        ),
    )
}

/// The ports in words, with the verb. Hosts of one ServiceEntry have the same ones.
fn are(unfit: &[Unfit<'_>]) -> String {
    let names = unfit.iter().map(|at| (at.service.object_name().as_str(), at.port.number));
    let names: BTreeSet<(&str, u32)> = names.collect();
    let verb = if names.len() == 1 { "is" } else { "are" };
    format!("{} {verb}", few(names.iter().map(|(service, port)| format!("{service}:{port}"))))
}

/// Backends of a GRPCRoute with a port of HTTP/1.1, by which the waypoint then sends. Each port is told once.
fn by_http1(cx: &Context<'_>, router: &Router<'_>) -> Vec<Problem> {
    let of_mesh = cx.mesh.config.h2_upgrade_policy;
    if router.object.kind != Kind::GrpcRoute || of_mesh == mesh_config::H2UpgradePolicy::Upgrade {
        return Vec::new();
    }
    let mut told = BTreeSet::new();
    let mut found = Vec::new();
    for edge in router.edges.iter().filter(|edge| edge.share == Share::Some) {
        let Some(number) = edge.port else { continue };
        if told.insert((&edge.host, number)) {
            found.extend(by_http1_at(cx, router, edge, number));
        }
    }
    found
}

fn by_http1_at(cx: &Context<'_>, router: &Router<'_>, edge: &Edge<'_>, number: u32) -> Option<Problem> {
    let all = &cx.mesh.services;
    let services = all.with_hostname(&edge.host).iter().filter_map(|id| all.get(*id));
    let services: Vec<&Service> = services.collect();
    let is_http1 = |service: &&Service| {
        service.port(number).is_some_and(|port| port.protocol == Protocol::Http)
            && !cx.routing().of(&router.object).any(|routed| upgrades(cx, routed.waypoint, service))
    };
    if !services.iter().all(is_http1) {
        return None;
    }
    let service = services.first()?;
    let position = service.ports.iter().position(|port| port.number == number)?;
    let object = service.source.object();
    let message = format!(
        "{object} declares its port {number} as HTTP/1.1: the waypoint sends requests there by HTTP/1.1, and \
         calls of gRPC fail"
    );
    let problem = Problem::new(Code::RouteProtocol, message)
        .on(router.object.clone())
        .field(edge.port_field())
        .help(format!("declare the port as `grpc`, or `http2`, by {}", ports::declared_by(service)));
    Some(problem.related_object(object, format!("spec.ports[{position}]"), "this port is http"))
}

/// Whether a DestinationRule has a waypoint send by HTTP/2 to some port of a Service.
fn upgrades(cx: &Context<'_>, waypoint: &Waypoint, service: &Service) -> bool {
    let asks = |rule: &MergedRule| {
        let policies = rule.spec.traffic_policy.iter();
        let mut pools = policies.flat_map(|policy| {
            let ports = policy.port_level_settings.iter().filter_map(|port| port.connection_pool.as_ref());
            policy.connection_pool.iter().chain(ports)
        });
        pools.any(|pool| {
            let http = pool.http.as_ref();
            http.is_some_and(|http| {
                http.use_client_protocol || http.h2_upgrade_policy == H2UpgradePolicy::Upgrade
            })
        })
    };
    [None, Some(&waypoint.proxy.labels)].into_iter().any(|labels| {
        let client = Client { namespace: &waypoint.name.namespace, labels };
        cx.mesh.destination_rules.get(client, service).is_some_and(asks)
    })
}
