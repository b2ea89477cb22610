//! Which objects route which Services at their waypoints, and where they send requests.

use std::collections::BTreeMap;

use super::{Context, gateway_routes};
use crate::Str;
use crate::features::Features;
use crate::mesh::gateway_route::reference;
use crate::mesh::hostname::Resolver;
use crate::mesh::virtual_service::VirtualService;
use crate::mesh::waypoint::DataPlane;
use crate::mesh::{Service, ServiceId, Waypoint};
use crate::snapshot::gateway_api::route::BackendObjectReference;
use crate::snapshot::networking::VirtualService as Spec;
use crate::snapshot::networking::virtual_service::{Destination, RouteDestination};
use crate::snapshot::{Kind, Object, ObjectRef};

/// A Service that an Envoy waypoint serves, and what routes it there.
pub(crate) struct Routed<'m> {
    pub(crate) id: ServiceId,
    pub(crate) service: &'m Service,
    pub(crate) waypoint: &'m Waypoint,
    /// In the order in which they are asked.
    pub(crate) routes: Vec<&'m VirtualService>,
}

/// The Services that waypoints route, in the mesh's order, and the objects that do it.
pub(crate) struct Routing<'m> {
    services: Vec<Routed<'m>>,
    /// The positions of the Services that an object routes.
    by_object: BTreeMap<ObjectRef, Vec<usize>>,
}

impl<'m> Routing<'m> {
    pub(super) fn new(cx: &Context<'m>) -> Self {
        let mut services = Vec::new();
        for (id, service) in cx.mesh.services.iter() {
            let Some(waypoint) = cx.waypoint_of(id).filter(|w| w.data_plane == DataPlane::Envoy) else {
                continue;
            };
            services.push(Routed { id, service, waypoint, routes: cx.routes_of(id) });
        }
        let mut by_object = BTreeMap::<ObjectRef, Vec<usize>>::new();
        for (at, routed) in services.iter().enumerate() {
            for origin in routed.routes.iter().flat_map(|routes| &routes.origins) {
                let positions = by_object.entry(origin.clone()).or_default();
                if positions.last() != Some(&at) {
                    positions.push(at);
                }
            }
        }
        Self { services, by_object }
    }

    /// Every Service that an Envoy waypoint serves, routed or not.
    pub(crate) fn services(&self) -> &[Routed<'m>] {
        &self.services
    }

    /// The Services that an object routes at their waypoints.
    pub(crate) fn of(&self, object: &ObjectRef) -> impl Iterator<Item = &Routed<'m>> {
        let positions = self.by_object.get(object).map_or(&[][..], Vec::as_slice);
        positions.iter().filter_map(|at| self.services.get(*at))
    }

    /// Whether an object routes any Service.
    pub(crate) fn has(&self, object: &ObjectRef) -> bool {
        self.by_object.contains_key(object)
    }
}

/// An object that routes Services at waypoints, and where it leads.
pub(crate) struct Router<'m> {
    pub(crate) object: ObjectRef,
    /// In the order of its text.
    pub(crate) edges: Vec<Edge<'m>>,
}

/// A place that a route leads to.
pub(crate) struct Edge<'m> {
    /// The full hostname.
    pub(crate) host: Str,
    /// The port; none where it is left to Istio.
    pub(crate) port: Option<u32>,
    /// The subset of a DestinationRule; empty for none.
    pub(crate) subset: &'m str,
    /// What of the requests it gets.
    pub(crate) share: Share,
    /// The ports that the rule holds for; empty for all.
    pub(crate) ports: Vec<u32>,
    /// Whether it is for HTTP requests; else for connections.
    pub(crate) is_http: bool,
    /// The path of the destination or backend.
    pub(crate) field: String,
    spelling: Spelling,
}

/// What a destination gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Share {
    /// Some or all of the requests.
    Some,
    /// Nothing: its weight is 0.
    Nothing,
    /// Copies of requests.
    Copies,
}

/// How the fields of a destination are called.
#[derive(Clone, Copy, Debug)]
enum Spelling {
    VirtualService,
    GatewayApi,
}

impl Edge<'_> {
    /// The path of its host or name.
    pub(crate) fn host_field(&self) -> String {
        match self.spelling {
            Spelling::VirtualService => format!("{}.host", self.field),
            Spelling::GatewayApi => format!("{}.name", self.field),
        }
    }

    /// The path of its port.
    pub(crate) fn port_field(&self) -> String {
        match self.spelling {
            Spelling::VirtualService => format!("{}.port.number", self.field),
            Spelling::GatewayApi => format!("{}.port", self.field),
        }
    }
}

/// Every object that routes Services at Envoy waypoints.
pub(super) fn routers<'m>(cx: &Context<'m>, routing: &Routing<'_>) -> Vec<Router<'m>> {
    let virtual_services = cx.snapshot.virtual_services.iter().map(|object| (object.object_ref(), object));
    let virtual_services = virtual_services.filter(|(name, _)| routing.has(name));
    let mut all: Vec<Router<'m>> = virtual_services
        .map(|(name, object)| Router { object: name, edges: of_virtual_service(object) })
        .collect();
    let features = &cx.mesh.options.features;
    let routes = gateway_routes::all(cx.snapshot).filter(|route| routing.has(&route.object));
    all.extend(
        routes.map(|route| Router { edges: of_gateway_route(features, &route), object: route.object }),
    );
    all
}

fn of_virtual_service(object: &Object<Spec>) -> Vec<Edge<'_>> {
    let mut edges = Edges { names: Resolver::new(&object.meta.namespace), all: Vec::new() };
    for (i, rule) in object.spec.http.iter().enumerate() {
        let ports = named_ports(&rule.matches, |request| request.port);
        let is_only = rule.route.len() == 1;
        for (j, to) in rule.route.iter().enumerate() {
            let field = format!("spec.http[{i}].route[{j}].destination");
            edges.add(to.destination.as_ref(), field, share(to.weight, is_only), &ports);
        }
        edges.add(rule.mirror.as_ref(), format!("spec.http[{i}].mirror"), Share::Copies, &ports);
        for (j, to) in rule.mirrors.iter().enumerate() {
            let field = format!("spec.http[{i}].mirrors[{j}].destination");
            edges.add(to.destination.as_ref(), field, Share::Copies, &ports);
        }
    }
    for (i, rule) in object.spec.tls.iter().enumerate() {
        edges.add_l4(&rule.route, &format!("spec.tls[{i}]"), &named_ports(&rule.matches, |m| m.port));
    }
    for (i, rule) in object.spec.tcp.iter().enumerate() {
        edges.add_l4(&rule.route, &format!("spec.tcp[{i}]"), &named_ports(&rule.matches, |m| m.port));
    }
    edges.all
}

/// The edges of a VirtualService, while they are found.
struct Edges<'m> {
    names: Resolver<'m>,
    all: Vec<Edge<'m>>,
}

impl<'m> Edges<'m> {
    fn add(&mut self, to: Option<&'m Destination>, field: String, share: Share, ports: &[u32]) {
        let Some(to) = to else { return };
        self.all.push(Edge {
            host: self.names.resolve(&to.host),
            port: to.port.as_ref().map(|port| port.number),
            subset: &to.subset,
            share,
            ports: ports.to_vec(),
            is_http: field.starts_with("spec.http"),
            field,
            spelling: Spelling::VirtualService,
        });
    }

    fn add_l4(&mut self, route: &'m [RouteDestination], rule: &str, ports: &[u32]) {
        for (j, to) in route.iter().enumerate() {
            let field = format!("{rule}.route[{j}].destination");
            self.add(to.destination.as_ref(), field, share(to.weight, route.len() == 1), ports);
        }
    }
}

fn share(weight: i32, is_only: bool) -> Share {
    if weight == 0 && !is_only { Share::Nothing } else { Share::Some }
}

/// The ports that the matches of a rule name; none if one of them holds for all.
pub(crate) fn named_ports<M>(matches: &[M], port: impl Fn(&M) -> u32) -> Vec<u32> {
    let ports: Vec<u32> = matches.iter().map(port).collect();
    if ports.contains(&0) { Vec::new() } else { ports }
}

fn of_gateway_route<'m>(features: &Features, route: &gateway_routes::GatewayRoute<'m>) -> Vec<Edge<'m>> {
    let is_http = matches!(route.object.kind, Kind::HttpRoute | Kind::GrpcRoute);
    let mut out = Vec::new();
    let mut add = |to: &BackendObjectReference, field: String, share: Share| {
        let Some(host) = gateway_routes::backend_host(features, to, &route.object.namespace) else { return };
        out.push(Edge {
            host,
            port: to.port.and_then(|port| u32::try_from(port).ok()),
            subset: "",
            share,
            ports: Vec::new(),
            is_http,
            field,
            spelling: Spelling::GatewayApi,
        });
    };
    for (i, rule) in route.rules.iter().enumerate() {
        for (j, to) in rule.backends.iter().enumerate() {
            let share = if to.weight == Some(0) { Share::Nothing } else { Share::Some };
            add(&reference(to), format!("spec.rules[{i}].backendRefs[{j}]"), share);
        }
        for (j, filter) in rule.filters.iter().enumerate() {
            let Some(mirror) = &filter.request_mirror else { continue };
            let field = format!("spec.rules[{i}].filters[{j}].requestMirror.backendRef");
            add(&mirror.backend_ref, field, Share::Copies);
        }
    }
    out
}
