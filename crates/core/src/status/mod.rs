//! Statuses: every condition that Istio's control plane would write into the objects of a snapshot, with its
//! reason, its message, and what decided it.
//!
//! | module | writes the status of |
//! |---|---|
//! | `class` | GatewayClasses |
//! | `gateway` | Gateways, their listeners, and the ListenerSets that add some |
//! | `route` | HTTPRoutes, GRPCRoutes, TCPRoutes and TLSRoutes, for each parent |
//! | `binding` | Services, ServiceEntries and WorkloadEntries: which waypoint they use |
//! | `policy` | AuthorizationPolicies: whether a waypoint or ztunnel enforces them |
//! | `inference_pool` | InferencePools, for each parent of the routes that lead there |
//! | `backend_policy` | BackendTLSPolicies and XBackendTrafficPolicies, for each ancestor |
//!
//! `reported` compares them with those that the snapshot holds. `scope` knows whose statuses are written at
//! all; `view::statuses` shows them.
//!
//! It is all a pure function of the [`Mesh`]: what stands in the statuses of the snapshot counts only where
//! Istio keeps it, as addresses.
//!
//! ```
//! use waypoint_xds::options::Options;
//! use waypoint_xds::snapshot::Snapshot;
//! use waypoint_xds::text::SourceFile;
//! use waypoint_xds::{status, translation};
//!
//! let text = r#"
//! apiVersion: v1
//! kind: Service
//! metadata: {name: cart, namespace: shop, labels: {istio.io/use-waypoint: nobody}}
//! spec: {clusterIP: 10.96.0.1, ports: [{name: http, port: 80}]}
//! "#;
//! let options = Options::default();
//! let reading = Snapshot::read([SourceFile::new("shop.yaml", text)], &options.limits);
//! let (mesh, _) = translation::mesh(&reading, &options);
//! let statuses = status::statuses(&mesh);
//! let cart = statuses.iter().find(|status| status.object.name == "cart").unwrap();
//! assert_eq!(cart.conditions[0].reason, "WaypointIsNotReady");
//! assert_eq!(cart.conditions[0].causes[0].field.to_string(), r#"metadata.labels["istio.io/use-waypoint"]"#);
//! ```

mod backend_policy;
mod binding;
mod class;
mod condition;
mod gateway;
mod grants;
mod inference_pool;
mod policy;
mod reported;
mod route;
mod scope;
#[cfg(test)]
mod tests;

pub use condition::{
    Address, Condition, ConditionStatus, ListenerStatus, Manager, ParentStatus, RouteKind, Status,
};

pub use reported::{differences, stale};

use crate::mesh::Mesh;
use crate::snapshot::{self, Kind};

/// Every status that Istio would write, by the name of the kind, namespace and name.
#[must_use]
pub fn statuses(mesh: &Mesh) -> Vec<Status> {
    let cx = Context::new(mesh);
    let features = &mesh.options.features;
    let mut statuses = class::statuses(mesh, &cx.classes);
    if features.pilot_enable_gateway_api_status {
        let (routes, attached) = route::statuses(&cx);
        statuses.extend(inference_pool::statuses(&cx, &routes));
        statuses.extend(routes);
        statuses.extend(gateway::statuses(&cx, &attached));
        statuses.extend(gateway::listener_set::statuses(&cx, &attached));
        statuses.extend(backend_policy::statuses(&cx));
    }
    if mesh.rules.status.ambient && features.ambient_enable_status {
        statuses.extend(binding::statuses(mesh));
        statuses.extend(policy::statuses(mesh));
    }
    statuses.retain(|status| !status.is_empty());
    statuses.sort_by(|a, b| {
        let key = |status: &Status| (status.object.kind.name(), status.object.clone());
        key(a).cmp(&key(b))
    });
    statuses
}

/// What the statuses of Gateway API objects are made from.
struct Context<'m> {
    mesh: &'m Mesh,
    classes: class::Classes<'m>,
    grants: grants::Grants<'m>,
    listener_sets: gateway::listener_set::ListenerSets<'m>,
    /// The Gateways that Istio answers for, in the order of their namespaces and names.
    gateways: Vec<gateway::GatewayView<'m>>,
}

impl<'m> Context<'m> {
    fn new(mesh: &'m Mesh) -> Self {
        let mut cx = Self {
            mesh,
            classes: class::Classes::new(mesh),
            grants: grants::Grants::new(&mesh.snapshot),
            listener_sets: gateway::listener_set::ListenerSets::new(mesh),
            gateways: Vec::new(),
        };
        cx.gateways = mesh
            .snapshot
            .gateways
            .iter()
            .filter_map(|object| gateway::GatewayView::new(&cx, object))
            .collect();
        cx
    }

    /// The Gateway of this name, if Istio answers for it.
    fn gateway(&self, namespace: &str, name: &str) -> Option<&gateway::GatewayView<'m>> {
        let key = |view: &gateway::GatewayView<'_>| {
            (view.object.meta.namespace.as_str(), view.object.meta.name.as_str()).cmp(&(namespace, name))
        };
        self.gateways.binary_search_by(key).ok().and_then(|at| self.gateways.get(at))
    }

    /// The ListenerSet of this name, with the Gateway that it refers to, if Istio answers for that.
    fn listener_set(
        &self,
        namespace: &str,
        name: &str,
    ) -> Option<(&gateway::GatewayView<'m>, &gateway::listener_set::ListenerSetView<'m>)> {
        let object = snapshot::find(&self.mesh.snapshot.listener_sets, namespace, name)?;
        let (of_gateway, gateway) = gateway::listener_set::parent(object);
        let view = self.gateway(of_gateway, gateway)?;
        let is_it = |set: &&gateway::listener_set::ListenerSetView<'_>| {
            set.object.meta.namespace == namespace && set.object.meta.name == name
        };
        view.listener_sets.iter().find(is_it).map(|set| (view, set))
    }

    /// Whether an object of a kind that others refer to is there.
    fn exists(&self, kind: Kind, namespace: &str, name: &str) -> bool {
        let snapshot = &self.mesh.snapshot;
        match kind {
            Kind::Service => snapshot::find(&snapshot.services, namespace, name).is_some(),
            Kind::ServiceEntry => snapshot::find(&snapshot.service_entries, namespace, name).is_some(),
            Kind::ConfigMap => snapshot::find(&snapshot.config_maps, namespace, name).is_some(),
            Kind::InferencePool => snapshot::find(&snapshot.inference_pools, namespace, name).is_some(),
            Kind::Secret => snapshot::find(&snapshot.secrets, namespace, name).is_some(),
            _ => false,
        }
    }
}
