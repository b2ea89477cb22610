//! Which objects are about a Service, ServiceEntry or Gateway: routes by their hosts and parents, policies by
//! their references.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Context, gateway_routes};
use crate::mesh::hostname::Resolver;
use crate::mesh::virtual_service::MESH_GATEWAY;
use crate::snapshot::selector::PolicyTargetReference;
use crate::snapshot::{Kind, Object, ObjectRef, Resource};
use crate::well_known::{GATEWAY_GROUP, ISTIO_GROUP};

/// An object that is about another one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Concern {
    pub(crate) object: ObjectRef,
    /// The path of the host, parent or reference.
    pub(crate) field: String,
    pub(crate) sort: Sort,
}

/// What sort of object it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Sort {
    /// A VirtualService of the mesh.
    VirtualService {
        /// Whether it is for other gateways, too.
        also_for_gateways: bool,
    },
    /// A route of the Gateway API.
    GatewayRoute,
    /// A policy of Istio's with `targetRefs`.
    Policy,
}

impl Sort {
    /// Whether it routes.
    pub(crate) fn is_route(self) -> bool {
        self != Self::Policy
    }
}

/// What objects are about, each with the objects that are about it.
#[derive(Default)]
pub(crate) struct Concerns(BTreeMap<ObjectRef, Vec<Concern>>);

impl Concerns {
    /// Looks at every route and policy.
    pub(crate) fn new(cx: &Context<'_>) -> Self {
        let mut all = Self::default();
        all.virtual_services(cx);
        all.gateway_routes(cx);
        all.policies(cx);
        all
    }

    /// What is about an object.
    pub(crate) fn of(&self, object: &ObjectRef) -> &[Concern] {
        self.0.get(object).map_or(&[], Vec::as_slice)
    }

    /// Everything that something is about.
    pub(crate) fn targets(&self) -> impl Iterator<Item = &ObjectRef> {
        self.0.keys()
    }

    fn add(&mut self, target: ObjectRef, object: ObjectRef, field: String, sort: Sort) {
        let concerns = self.0.entry(target).or_default();
        if concerns.last().is_none_or(|last| last.object != object) {
            concerns.push(Concern { object, field, sort });
        }
    }

    fn virtual_services(&mut self, cx: &Context<'_>) {
        for object in &cx.snapshot.virtual_services {
            let gateways = &object.spec.gateways;
            if !gateways.is_empty() && !gateways.iter().any(|gateway| gateway == MESH_GATEWAY) {
                continue;
            }
            let also_for_gateways = gateways.iter().any(|gateway| gateway != MESH_GATEWAY);
            let names = &mut Resolver::new(&object.meta.namespace);
            for (i, host) in object.spec.hosts.iter().enumerate() {
                let services = &cx.mesh.services;
                let ids = services.with_hostname(&names.resolve(host)).iter();
                for service in ids.filter_map(|id| services.get(*id)) {
                    let sort = Sort::VirtualService { also_for_gateways };
                    self.add(service.source.object(), object.object_ref(), format!("spec.hosts[{i}]"), sort);
                }
            }
        }
    }

    /// The parents of routes in their own namespaces: waypoints ignore routes of others.
    fn gateway_routes(&mut self, cx: &Context<'_>) {
        let is_lenient = !cx.mesh.rules.gateway_api.checks_parents;
        for route in gateway_routes::all(cx.snapshot) {
            let own = route.object.namespace.clone();
            for (i, reference) in route.parents.iter().enumerate() {
                let kind = match (reference.group.as_deref(), reference.kind.as_deref()) {
                    (Some(""), Some("Service")) => Kind::Service,
                    (None | Some(GATEWAY_GROUP), Some("Service")) if is_lenient => Kind::Service,
                    (Some(ISTIO_GROUP), Some("ServiceEntry")) => Kind::ServiceEntry,
                    _ => continue,
                };
                if reference.namespace.as_ref().is_none_or(|namespace| *namespace == own) {
                    let target = ObjectRef::new(kind, own.clone(), reference.name.clone());
                    let field = format!("spec.parentRefs[{i}]");
                    self.add(target, route.object.clone(), field, Sort::GatewayRoute);
                }
            }
        }
    }

    fn policies(&mut self, cx: &Context<'_>) {
        let s = cx.snapshot;
        self.references(&s.authorization_policies, |p| (p.target_ref.as_ref(), &p.target_refs));
        self.references(&s.request_authentications, |p| (p.target_ref.as_ref(), &p.target_refs));
        self.references(&s.telemetries, |p| (p.target_ref.as_ref(), &p.target_refs));
        self.references(&s.wasm_plugins, |p| (p.target_ref.as_ref(), &p.target_refs));
        self.references(&s.traffic_extensions, |p| (None, &p.target_refs));
        self.references(&s.envoy_filters, |p| (None, &p.target_refs));
    }

    fn references<T: Resource>(
        &mut self,
        policies: &[Arc<Object<T>>],
        references: impl Fn(&T) -> (Option<&PolicyTargetReference>, &[PolicyTargetReference]),
    ) {
        for policy in policies {
            let (single, list) = references(&policy.spec);
            let single = single.filter(|_| list.is_empty()).map(|one| ("spec.targetRef".to_owned(), one));
            let list = list.iter().enumerate().map(|(i, one)| (format!("spec.targetRefs[{i}]"), one));
            for (field, reference) in single.into_iter().chain(list) {
                let kind = match (reference.group.as_str(), reference.kind.as_str()) {
                    ("" | "core", "Service") => Kind::Service,
                    (ISTIO_GROUP, "ServiceEntry") => Kind::ServiceEntry,
                    (GATEWAY_GROUP, "Gateway") => Kind::Gateway,
                    _ => continue,
                };
                let target = ObjectRef::new(kind, policy.meta.namespace.clone(), reference.name.clone());
                self.add(target, policy.object_ref(), field, Sort::Policy);
            }
        }
    }
}
