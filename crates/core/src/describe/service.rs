//! A Service or ServiceEntry: who serves it, who goes past, what is enforced and how it is routed.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::Str;
use crate::dataplane_mode::has_sidecar;
use crate::lint::Context;
use crate::lint::ingress::{self, Published};
use crate::lint::ports;
use crate::mesh::endpoint::Health;
use crate::mesh::virtual_service::VirtualService;
use crate::mesh::{Protocol, Service, ServiceId, Workload};
use crate::problem::Problem;
use crate::snapshot::{Cause, FieldPath, Kind, ObjectRef};

use super::{PolicyLine, RouteLine, WaypointUse, about, enforcement, waypoint_use, words};

/// A Service or ServiceEntry.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ServiceDescription {
    /// The object.
    pub object: ObjectRef,
    /// Its hosts: one of a Service, those of a ServiceEntry.
    pub hosts: Vec<String>,
    /// The addresses that clients dial.
    pub addresses: Vec<String>,
    /// Its ports.
    pub ports: Vec<PortDescription>,
    /// How many endpoints it has.
    pub endpoints: EndpointCount,
    /// Which waypoint serves it.
    pub waypoint: WaypointUse,
    /// Who goes past the waypoint.
    pub bypasses: Vec<Bypass>,
    /// What is enforced for it, in the order in which it is looked at: at the waypoint, then at the ztunnels
    /// of its pods.
    pub policies: Vec<PolicyLine>,
    /// How the waypoint routes its requests, in the order in which rules are asked.
    pub routes: Vec<RouteLine>,
    /// What lint says of it, its waypoint, its policies and routes.
    pub findings: Vec<Problem>,
}

/// A port.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PortDescription {
    /// Its name.
    pub name: String,
    /// Its number.
    pub number: u32,
    /// What is spoken on it: `HTTP`, `TCP`, `detected`, ….
    pub protocol: Str,
}

/// Endpoints by health.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct EndpointCount {
    /// Those that take requests.
    pub ready: usize,
    /// The others.
    pub other: usize,
}

/// Somebody whose requests do not pass the waypoint.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Bypass {
    /// Who it is, and why, in words.
    pub who: String,
    /// What makes it so.
    pub object: Option<ObjectRef>,
}

pub(super) fn describe(
    cx: &Context<'_>,
    findings: &[Problem],
    object: &ObjectRef,
) -> Option<ServiceDescription> {
    let services: Vec<(ServiceId, &Service)> = cx.services_of(object).collect();
    let (first, service) = services.first().copied()?;
    let serving = cx.waypoint_of(first);
    let waypoint = waypoint_use(cx.mesh, object, cx.mesh.bindings.of_service(first), serving);
    let mut policies = match serving {
        Some(waypoint) => enforcement::at_waypoint(cx, first, waypoint),
        None => enforcement::unserved(cx, object),
    };
    policies.extend(of_endpoints(cx, first));
    let asked = cx.routes_of(first);
    let routes: Vec<RouteLine> = asked.iter().flat_map(|routes| of_ports(service, routes)).collect();
    let mut objects: Vec<&ObjectRef> = vec![object];
    objects.extend(policies.iter().map(|line| &line.object));
    objects.extend(asked.iter().flat_map(|routes| &routes.origins));
    let gateway = serving.map(|waypoint| waypoint.gateway.object_ref());
    objects.extend(&gateway);
    let findings = about(findings, &objects);
    Some(ServiceDescription {
        object: object.clone(),
        hosts: services.iter().map(|(_, service)| service.hostname.to_string()).collect(),
        addresses: addresses(service),
        ports: service.ports.iter().map(port).collect(),
        endpoints: endpoints(cx, first),
        bypasses: if serving.is_some() { bypasses(cx, first) } else { Vec::new() },
        waypoint,
        policies,
        routes,
        findings,
    })
}

fn addresses(service: &Service) -> Vec<String> {
    let meta = service.source.meta();
    let assumed = if meta.is_assumed() || meta.has_assumed_address() { " (assumed)" } else { "" };
    let own = service.addresses.iter().map(|address| {
        let whole = if address.ip.is_ipv4() { 32 } else { 128 };
        if address.prefix_len == whole {
            format!("{}{assumed}", address.ip)
        } else {
            format!("{}/{}", address.ip, address.prefix_len)
        }
    });
    own.chain(service.auto_allocated.iter().map(|ip| format!("{ip} (allocated){assumed}"))).collect()
}

fn port(port: &crate::mesh::Port) -> PortDescription {
    PortDescription {
        name: port.name.to_string(),
        number: port.number,
        protocol: Str::new_static(protocol(port.protocol)),
    }
}

const fn protocol(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Http => "HTTP",
        Protocol::Http2 => "HTTP2",
        Protocol::HttpProxy => "HTTP_PROXY",
        Protocol::Grpc => "GRPC",
        Protocol::GrpcWeb => "GRPC-Web",
        Protocol::Https => "HTTPS",
        Protocol::Tls => "TLS",
        Protocol::Tcp => "TCP",
        Protocol::Mongo => "Mongo",
        Protocol::Redis => "Redis",
        Protocol::MySql => "MySQL",
        Protocol::Udp => "UDP",
        Protocol::Unsupported => "detected",
    }
}

/// An address counts once, whatever it answers for.
fn endpoints(cx: &Context<'_>, service: ServiceId) -> EndpointCount {
    let all = cx.mesh.endpoints.of(service);
    let ready = all.iter().filter(|endpoint| endpoint.health == Health::Healthy);
    let ready: BTreeSet<&str> = ready.map(|endpoint| endpoint.address.as_str()).collect();
    let addresses: BTreeSet<&str> = all.iter().map(|endpoint| endpoint.address.as_str()).collect();
    EndpointCount { ready: ready.len(), other: addresses.len() - ready.len() }
}

/// What the ztunnels of a Service's pods enforce, each policy once.
fn of_endpoints(cx: &Context<'_>, service: ServiceId) -> Vec<PolicyLine> {
    if !cx.mesh.rules.status.ambient {
        return Vec::new();
    }
    let workloads: BTreeSet<_> = cx.mesh.endpoints.of(service).iter().filter_map(|e| e.workload).collect();
    let mut all: Vec<PolicyLine> = Vec::new();
    for workload in workloads {
        for line in enforcement::at_ztunnel(cx, workload) {
            if !all.contains(&line) {
                all.push(line);
            }
        }
    }
    all
}

/// The rules of a VirtualService, or of what a Gateway API route becomes.
pub(super) fn routes(virtual_service: &VirtualService) -> Vec<RouteLine> {
    let mut all = of_requests(virtual_service);
    all.extend(of_connections(virtual_service));
    all
}

/// Those that a waypoint asks: rules about requests where a port of the Service may be HTTP, rules about
/// connections where one may be something else.
fn of_ports(service: &Service, virtual_service: &VirtualService) -> Vec<RouteLine> {
    let mut asked = if takes(service, true) { of_requests(virtual_service) } else { Vec::new() };
    if takes(service, false) {
        asked.extend(of_connections(virtual_service));
    }
    asked
}

/// Whether a Service has a port at which rules about requests, or about connections, are asked.
fn takes(service: &Service, is_http: bool) -> bool {
    service.ports.iter().any(|port| ports::takes(port.protocol, is_http))
}

/// Whether any rule of a VirtualService, if it has some, is asked at a Service.
pub(super) fn fits(service: &Service, virtual_service: &VirtualService) -> bool {
    let requests = !virtual_service.http.is_empty();
    let connections = !virtual_service.tls.is_empty() || !virtual_service.tcp.is_empty();
    (!requests && !connections)
        || (requests && takes(service, true))
        || (connections && takes(service, false))
}

fn of_requests(virtual_service: &VirtualService) -> Vec<RouteLine> {
    let http = virtual_service.http.iter().filter_map(|rule| {
        let because = rule.causes.first()?.clone();
        Some(RouteLine {
            rule: because.into(),
            matches: words::matches(rule),
            action: words::action(&rule.route),
        })
    });
    http.collect()
}

fn of_connections(virtual_service: &VirtualService) -> Vec<RouteLine> {
    let origin = virtual_service.origins.first();
    let connections = |pattern: &'static str, position, protocol: &str, action| {
        let because = Cause::new(origin?.clone(), FieldPath::at(pattern, [position]));
        Some(RouteLine { rule: because.into(), matches: vec![format!("any {protocol} connection")], action })
    };
    let tls = virtual_service.tls.iter().enumerate();
    let tls =
        tls.filter_map(|(i, rule)| connections("spec.tls[]", i, "TLS", words::connections(&rule.route)));
    let tcp = virtual_service.tcp.iter().enumerate();
    let tcp =
        tcp.filter_map(|(i, rule)| connections("spec.tcp[]", i, "TCP", words::connections(&rule.route)));
    tls.chain(tcp).collect()
}

/// Whose requests do not pass the waypoint, as far as files tell.
fn bypasses(cx: &Context<'_>, id: ServiceId) -> Vec<Bypass> {
    let mut found = BTreeSet::new();
    if !ingress::uses_waypoint(cx, id) {
        found.extend(by_ingress(cx, id));
    }
    let workloads = cx.mesh.endpoints.of(id).iter().filter_map(|endpoint| endpoint.workload);
    let is_unserved_pod = |id| {
        let pod = cx.mesh.workloads.get(id).and_then(Workload::pod);
        pod.is_some() && cx.waypoint_of_workload(id).is_none()
    };
    if workloads.clone().any(is_unserved_pod) {
        found.insert(Bypass {
            who: "clients that call its pods by their own addresses".to_owned(),
            object: None,
        });
    }
    let sidecars = cx.mesh.workloads.iter().filter(|(_, workload)| has_sidecar(workload));
    found.extend(sidecars.map(|(_, workload)| {
        let object = workload.source.object();
        Bypass { who: format!("{object}, by its sidecar"), object: Some(object) }
    }));
    found.into_iter().collect()
}

/// The routes by which gateways for ingress send requests to the Service.
fn by_ingress(cx: &Context<'_>, id: ServiceId) -> impl Iterator<Item = Bypass> + use<> {
    let routes = ingress::published(cx).remove(&id).unwrap_or_default();
    routes.into_iter().map(|Published { route, .. }| {
        let gateways = match route.kind {
            Kind::VirtualService => "gateways",
            _ => "a Gateway",
        };
        let who = format!("requests through {gateways} for ingress, by {} {}", route.kind, route.name);
        Bypass { who, object: Some(route) }
    })
}

/// A Service of the mesh and the waypoint that it uses.
pub(super) fn use_of(cx: &Context<'_>, id: ServiceId, object: &ObjectRef) -> WaypointUse {
    waypoint_use(cx.mesh, object, cx.mesh.bindings.of_service(id), cx.waypoint_of(id))
}
