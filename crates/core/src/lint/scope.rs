//! Which objects are about ambient mode at all: those for gateways of other kinds and for sidecars are left
//! alone.

use super::Context;
use crate::mesh::Waypoint;
use crate::mesh::attachment::{Attach, target_references};
use crate::mesh::virtual_service::MESH_GATEWAY;
use crate::mesh::waypoint::WaypointName;
use crate::mesh::workload::OLD_GATEWAY_NAME;
use crate::snapshot::networking::VirtualService;
use crate::snapshot::selector::PolicyTargetReference;
use crate::snapshot::{self, Labels, Meta, Object};

/// Whether a policy is for waypoints or ztunnels, or may be, where the snapshot does not say.
pub(super) fn is_for_ambient<T: Attach>(cx: &Context<'_>, policy: &T) -> bool {
    let namespace = &policy.meta().namespace;
    match target_references(policy) {
        [] => {
            cx.ambient().under(policy).next().is_some()
                || selected_waypoint(cx, policy).is_some()
                || is_unknown(cx, namespace)
        }
        references => references.iter().any(|reference| !is_other_gateway(cx, namespace, reference)),
    }
}

/// The waypoint whose own pods a policy selects by their labels.
pub(super) fn selected_waypoint<'m, T: Attach>(cx: &Context<'m>, policy: &T) -> Option<&'m Waypoint> {
    selected_waypoints(cx, policy.meta(), policy.selector()?).next()
}

/// The waypoints whose own pods an object's selector selects, if it is not empty: of the object's namespace,
/// or any where that is the root namespace.
pub(super) fn selected_waypoints<'m, 's>(
    cx: &Context<'m>,
    object: &Meta,
    selector: &'s Labels,
) -> impl Iterator<Item = &'m Waypoint> + use<'m, 's> {
    let selects = |waypoint: &&Waypoint| !selector.is_empty() && selects_pods_of(selector, waypoint);
    waypoints_in_reach(cx, object).filter(selects)
}

/// Whether a selector that is not empty is for a waypoint's own pods: by the labels that they have, or by the
/// one that they had in 1.18.
pub(super) fn selects_pods_of(selector: &Labels, waypoint: &Waypoint) -> bool {
    let labels = &waypoint.proxy.labels;
    selector.iter().all(|(key, value)| {
        labels.get(key) == Some(value) || key == OLD_GATEWAY_NAME && *value == waypoint.name.name
    })
}

/// Whether a waypoint of a release that goes by selectors reads a policy.
pub(super) fn is_read_by_selector<T: Attach>(cx: &Context<'_>, policy: &T) -> bool {
    let selects = |waypoint: &Waypoint| policy.selector().is_none_or(|s| s.is_subset(&waypoint.proxy.labels));
    waypoints_in_reach(cx, policy.meta()).any(selects)
}

/// The waypoints of an object's namespace, or all where that is the root namespace.
fn waypoints_in_reach<'m>(cx: &Context<'m>, object: &Meta) -> impl Iterator<Item = &'m Waypoint> + use<'m> {
    let namespace = object.namespace.clone();
    let everywhere = cx.mesh.config.root_namespace == namespace;
    cx.mesh.waypoints.iter().filter(move |waypoint| everywhere || waypoint.name.namespace == namespace)
}

/// Whether nothing is known of a namespace but that it has a policy.
fn is_unknown(cx: &Context<'_>, namespace: &str) -> bool {
    snapshot::find(&cx.snapshot.namespaces, "", namespace).is_none_or(|found| found.meta.is_assumed())
        && cx.mesh.workloads.in_namespace(namespace).is_empty()
        && cx.mesh.services.in_namespace(namespace).is_empty()
}

/// Whether a reference is to a Gateway that is no waypoint.
fn is_other_gateway(cx: &Context<'_>, namespace: &str, reference: &PolicyTargetReference) -> bool {
    reference.kind == "Gateway"
        && snapshot::find(&cx.snapshot.gateways, namespace, &reference.name).is_some()
        && !is_waypoint(cx, namespace, &reference.name)
}

/// Whether a Gateway of this name is a waypoint.
pub(super) fn is_waypoint(cx: &Context<'_>, namespace: &str, name: &str) -> bool {
    let name = WaypointName::new(namespace, name);
    cx.mesh.waypoints.iter().any(|waypoint| waypoint.name == name)
}

/// Whether a VirtualService is for the mesh, not for gateways only.
pub(super) fn is_for_mesh(object: &Object<VirtualService>) -> bool {
    object.spec.gateways.is_empty() || object.spec.gateways.iter().any(|gateway| gateway == MESH_GATEWAY)
}

/// Whether a VirtualService is for gateways, be it for the mesh, too.
pub(super) fn is_for_gateways(object: &Object<VirtualService>) -> bool {
    object.spec.gateways.iter().any(|gateway| gateway != MESH_GATEWAY)
}

/// Whether other proxies than ztunnels and waypoints may read a policy that selects nothing: there is a
/// gateway in its reach.
pub(super) fn may_be_for_gateways<T: Attach>(cx: &Context<'_>, policy: &T) -> bool {
    let namespace = &policy.meta().namespace;
    let everywhere = cx.mesh.config.root_namespace == *namespace;
    let in_reach = |other: &str| everywhere || namespace == other;
    let gateways = cx.snapshot.gateways.iter().map(|gateway| &gateway.meta);
    let is_ingress = |labels: &Labels| labels.get("istio").is_some_and(|name| name.ends_with("gateway"));
    policy.selector().is_none_or(Labels::is_empty)
        && (gateways.into_iter().any(|g| in_reach(&g.namespace) && !is_waypoint(cx, &g.namespace, &g.name))
            || cx.mesh.workloads.iter().any(|(_, w)| in_reach(&w.namespace) && is_ingress(&w.labels)))
}
