//! What gateways for ingress send to Services: routes of VirtualServices with `gateways`, and Gateway API
//! routes whose parent is a Gateway that is no waypoint.

use std::collections::{BTreeMap, BTreeSet};

use super::gateway_routes::{self, GatewayRoute};
use super::{Context, naming};
use crate::Str;
use crate::mesh::gateway_route::reference;
use crate::mesh::hostname::resolve;
use crate::mesh::virtual_service::MESH_GATEWAY;
use crate::mesh::{ServiceId, WaypointName};
use crate::snapshot::networking::VirtualService;
use crate::snapshot::networking::virtual_service::{Destination, HttpRoute};
use crate::snapshot::{self, Kind, Object, ObjectRef};
use crate::well_known::REMOTE_CLASS;

/// A route by which gateways send requests to a Service.
pub(crate) struct Published {
    pub(crate) route: ObjectRef,
    pub(crate) gateways: BTreeSet<ObjectRef>,
    /// Where it chooses among the Service's endpoints, by a subset: the object, itself or a delegate, and the
    /// field.
    pub(crate) subsets: Vec<(ObjectRef, String)>,
    /// Whether it changes the path or the host.
    pub(crate) rewrites: bool,
}

/// Whether gateways send a Service's requests to its waypoint: in 1.18 they do, later if a label asks for it.
pub(crate) fn uses_waypoint(cx: &Context<'_>, service: ServiceId) -> bool {
    let asked = || cx.mesh.bindings.of_service(service).and_then(|binding| binding.ingress);
    !cx.objects_name_waypoints || asked() == Some(true)
}

/// The routes by which gateways send requests to Services that have a waypoint.
pub(crate) fn published(cx: &Context<'_>) -> BTreeMap<ServiceId, Vec<Published>> {
    let mut found = PublishedServices { cx, all: BTreeMap::new() };
    for object in &cx.snapshot.virtual_services {
        found.virtual_service(object);
    }
    for route in gateway_routes::all(cx.snapshot) {
        found.gateway_route(&route);
    }
    found.all
}

struct PublishedServices<'a, 'm> {
    cx: &'a Context<'m>,
    all: BTreeMap<ServiceId, Vec<Published>>,
}

impl PublishedServices<'_, '_> {
    /// Adds that a route leads to a host. What it does there more than once is told once.
    fn add(&mut self, host: &str, route: &ObjectRef, gateways: &BTreeSet<ObjectRef>, does: &Does) {
        for id in self.cx.mesh.services.with_hostname(host) {
            if self.cx.waypoint_of(*id).is_none() {
                continue;
            }
            let routes = self.all.entry(*id).or_default();
            match routes.last_mut().filter(|last| last.route == *route) {
                Some(known) => {
                    known.subsets.extend(does.choose.clone());
                    known.rewrites |= does.rewrite;
                }
                None => routes.push(Published {
                    route: route.clone(),
                    gateways: gateways.clone(),
                    subsets: does.choose.iter().cloned().collect(),
                    rewrites: does.rewrite,
                }),
            }
        }
    }

    fn virtual_service(&mut self, object: &Object<VirtualService>) {
        let namespace = &object.meta.namespace;
        let names = object.spec.gateways.iter().filter(|name| *name != MESH_GATEWAY);
        let gateways: BTreeSet<ObjectRef> = names.map(|name| istio_gateway(name, namespace)).collect();
        if gateways.is_empty() {
            return;
        }
        let route = object.object_ref();
        for (i, rule) in object.spec.http.iter().enumerate().filter(|(_, rule)| is_for_gateways(rule)) {
            self.http(&route, (i, rule), &route, &gateways);
            let Some(delegate) = &rule.delegate else { continue };
            let other = if delegate.namespace.is_empty() { namespace } else { &delegate.namespace };
            let found = snapshot::find(&self.cx.snapshot.virtual_services, other, &delegate.name);
            let Some(delegate) = found else { continue };
            let owner = delegate.object_ref();
            for rule in delegate.spec.http.iter().enumerate() {
                self.http(&owner, rule, &route, &gateways);
            }
        }
        let tls = object.spec.tls.iter().enumerate().map(|(i, rule)| ("tls", i, &rule.route));
        let tcp = object.spec.tcp.iter().enumerate().map(|(i, rule)| ("tcp", i, &rule.route));
        for (list, i, destinations) in tls.chain(tcp) {
            for (j, to) in destinations.iter().enumerate() {
                let Some(to) = &to.destination else { continue };
                let field = || format!("spec.{list}[{i}].route[{j}].destination.subset");
                let does = Does { choose: choice(to, &route, field), rewrite: false };
                self.add(&resolve(&to.host, namespace), &route, &gateways, &does);
            }
        }
    }

    /// A rule of a VirtualService, `owner`: of one that is for gateways, or of its delegate.
    fn http(
        &mut self,
        owner: &ObjectRef,
        (i, rule): (usize, &HttpRoute),
        route: &ObjectRef,
        gateways: &BTreeSet<ObjectRef>,
    ) {
        for (j, to) in rule.route.iter().enumerate() {
            let Some(to) = &to.destination else { continue };
            let field = || format!("spec.http[{i}].route[{j}].destination.subset");
            let does = Does { choose: choice(to, owner, field), rewrite: rule.rewrite.is_some() };
            self.add(&resolve(&to.host, &owner.namespace), route, gateways, &does);
        }
    }

    fn gateway_route(&mut self, route: &GatewayRoute<'_>) {
        let namespace = &route.object.namespace;
        let parents = route
            .parents
            .iter()
            .filter_map(|parent| gateway_routes::parent(self.cx.mesh.rules, parent, namespace));
        let gateways: BTreeSet<ObjectRef> = parents.filter(|parent| is_istios(self.cx, parent)).collect();
        if gateways.is_empty() {
            return;
        }
        for rule in &route.rules {
            let rewrite = rule.filters.iter().any(|filter| filter.url_rewrite.is_some());
            for backend in rule.backends {
                let features = &self.cx.mesh.options.features;
                let Some(host) = gateway_routes::backend_host(features, &reference(backend), namespace)
                else {
                    continue;
                };
                self.add(&host, &route.object, &gateways, &Does { choose: None, rewrite });
            }
        }
    }
}

/// What a route does with requests.
struct Does {
    /// Where it chooses a subset.
    choose: Option<(ObjectRef, String)>,
    rewrite: bool,
}

/// The field by which a destination chooses a subset, if it does.
fn choice(
    to: &Destination,
    owner: &ObjectRef,
    field: impl FnOnce() -> String,
) -> Option<(ObjectRef, String)> {
    (!to.subset.is_empty()).then(|| (owner.clone(), field()))
}

/// Whether a rule holds at gateways: one whose matches are all for the mesh does not.
fn is_for_gateways(rule: &HttpRoute) -> bool {
    let only_mesh =
        |gateways: &[Str]| !gateways.is_empty() && gateways.iter().all(|name| name == MESH_GATEWAY);
    rule.matches.is_empty() || rule.matches.iter().any(|request| !only_mesh(&request.gateways))
}

/// The gateway that a VirtualService means by a name.
fn istio_gateway(name: &str, namespace: &Str) -> ObjectRef {
    let (namespace, name) = name.split_once('/').unwrap_or((namespace, name));
    ObjectRef::new(Kind::IstioGateway, namespace, name)
}

/// Whether a parent is a Gateway for ingress that Istio runs. One that the snapshot lacks is taken to be.
fn is_istios(cx: &Context<'_>, parent: &ObjectRef) -> bool {
    let name = WaypointName::new(parent.namespace.clone(), parent.name.clone());
    if parent.kind != Kind::Gateway || cx.mesh.waypoint(&name).is_some() {
        return false;
    }
    naming::gateway(cx, &name).is_none_or(|gateway| {
        let class = &gateway.spec.gateway_class_name;
        let features = &cx.mesh.options.features;
        match snapshot::find(&cx.snapshot.gateway_classes, "", class) {
            Some(object) => object.spec.controller_name == features.pilot_gateway_api_controller_name,
            None => *class == features.pilot_gateway_api_default_gatewayclass_name || class == REMOTE_CLASS,
        }
    })
}
