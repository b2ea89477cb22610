//! Who answers for a Gateway: the controller that its class names.
//!
//! Source: [GatewayClass](https://gateway-api.sigs.k8s.io/api-types/gatewayclass/) and
//! [Istio's classes](https://istio.io/latest/docs/ambient/usage/waypoint/).

use crate::Str;
use crate::snapshot::{self, Labels, Snapshot};
use crate::well_known::{
    EAST_WEST_CLASS, GATEWAY_CONTROLLER, REMOTE_CLASS, USE_WAYPOINT, USE_WAYPOINT_NAMESPACE, WAYPOINT_CLASS,
    WAYPOINT_CONTROLLER,
};

/// The controller of agentgateway's waypoints, which get no Envoy resources.
pub(crate) const AGENTGATEWAY: &str = "istio.io/agentgateway-waypoint-controller";

/// The classes that Istio makes, with the controllers that they name.
const BUILT_IN: [(&str, &str); 5] = [
    ("istio", GATEWAY_CONTROLLER),
    (REMOTE_CLASS, "istio.io/unmanaged-gateway"),
    (WAYPOINT_CLASS, WAYPOINT_CONTROLLER),
    (EAST_WEST_CLASS, "istio.io/eastwest-controller"),
    ("istio-agentgateway-waypoint", AGENTGATEWAY),
];

/// The controllers that answer for routes in the mesh.
const OF_ROUTES: [&str; 2] = [WAYPOINT_CONTROLLER, GATEWAY_CONTROLLER];

/// The controller of a class. Istio's own classes need no GatewayClass to exist.
pub(crate) fn of_class<'a>(snapshot: &'a Snapshot, class: &str) -> Option<&'a str> {
    let object = snapshot::find(&snapshot.gateway_classes, "", class);
    let built_in = || BUILT_IN.iter().find(|(name, _)| *name == class).map(|(_, controller)| *controller);
    object.map(|object| object.spec.controller_name.as_str()).or_else(built_in)
}

/// Whether a controller is Istio's own: agentgateway has another one, though Istio makes its class.
pub(crate) fn is_istios(controller: &str) -> bool {
    controller != AGENTGATEWAY && BUILT_IN.iter().any(|(_, known)| *known == controller)
}

/// Whether the waypoint of a parent with these labels is a Gateway of a class that another controller answers
/// for.
pub fn are_controlled_by_others(snapshot: &Snapshot, labels: &Labels, namespace: &str) -> bool {
    let of_namespace = || snapshot::find(&snapshot.namespaces, "", namespace).map(|n| &n.meta.labels);
    let labels = if labels.contains_key(USE_WAYPOINT) { Some(labels) } else { of_namespace() };
    let Some(waypoint) = labels.and_then(|labels| labels.get(USE_WAYPOINT)) else { return false };
    if waypoint.is_empty() || waypoint.eq_ignore_ascii_case("none") {
        return false;
    }
    let waypoint_namespace =
        labels.and_then(|labels| labels.get(USE_WAYPOINT_NAMESPACE)).filter(|ns| !ns.is_empty());
    let waypoint_namespace = waypoint_namespace.map_or(namespace, Str::as_str);
    let gateway = snapshot::find(&snapshot.gateways, waypoint_namespace, waypoint);
    let class =
        gateway.and_then(|g| snapshot::find(&snapshot.gateway_classes, "", &g.spec.gateway_class_name));
    class.is_some_and(|class| !OF_ROUTES.contains(&class.spec.controller_name.as_str()))
}
