//! Who answers for a Gateway: the controller that its class names.
//!
//! Source: [GatewayClass](https://gateway-api.sigs.k8s.io/api-types/gatewayclass/) and
//! [Istio's classes](https://istio.io/latest/docs/ambient/usage/waypoint/).

use crate::Str;
use crate::features::Features;
use crate::rules::NetworkRules;
use crate::snapshot::{self, Labels, Meta, Snapshot};
use crate::well_known::{
    DEFAULT_REVISION, EAST_WEST_CLASS, REMOTE_CLASS, REVISION, USE_WAYPOINT, USE_WAYPOINT_NAMESPACE,
    WAYPOINT_CLASS, WAYPOINT_CONTROLLER,
};

/// The class of agentgateway's waypoints.
#[doc(hidden)]
pub const AGENTGATEWAY_CLASS: &str = "istio-agentgateway-waypoint";

/// The controller of agentgateway's waypoints, which get no Envoy resources.
#[doc(hidden)]
pub const AGENTGATEWAY: &str = "istio.io/agentgateway-waypoint-controller";

/// The controller of gateways in other clusters, which somebody else runs.
pub(crate) const UNMANAGED: &str = "istio.io/unmanaged-gateway";

/// The classes that Istio makes, with the controllers that they name. Of two with one name the later one
/// counts.
fn built_in(features: &Features) -> [(&str, &str); 5] {
    let Features {
        pilot_gateway_api_default_gatewayclass_name: class,
        pilot_gateway_api_controller_name: controller,
        ..
    } = features;
    [
        (class, controller),
        (REMOTE_CLASS, UNMANAGED),
        (WAYPOINT_CLASS, WAYPOINT_CONTROLLER),
        (EAST_WEST_CLASS, "istio.io/eastwest-controller"),
        (AGENTGATEWAY_CLASS, AGENTGATEWAY),
    ]
}

/// The controller of a class. Istio's own classes need no GatewayClass to exist.
pub(crate) fn of_class<'a>(snapshot: &'a Snapshot, features: &'a Features, class: &str) -> Option<&'a str> {
    let object = snapshot::find(&snapshot.gateway_classes, "", class);
    let built_in = || built_in(features).into_iter().rfind(|(name, _)| *name == class);
    object
        .map(|object| object.spec.controller_name.as_str())
        .or_else(|| built_in().map(|(_, controller)| controller))
}

/// Whether Gateways are looked at as gateways to networks, and there is the class `istio-remote` for those
/// that somebody else runs: not before 1.29, nor where `PILOT_MULTI_NETWORK_DISCOVER_GATEWAY_API` is off.
#[doc(hidden)]
#[must_use]
pub const fn networks_have_gateways(rules: &NetworkRules, features: &Features) -> bool {
    rules.gateway_resources && features.pilot_multi_network_discover_gateway_api
}

/// The revision whose control plane writes the status of an object of the Gateway API: the namespace's counts
/// for objects that name none, and what names none is the default revision's.
#[doc(hidden)]
#[must_use]
pub fn revision_of<'s>(snapshot: &'s Snapshot, meta: &'s Meta) -> &'s str {
    let of_namespace =
        || snapshot::find(&snapshot.namespaces, "", &meta.namespace)?.meta.labels.get(REVISION);
    let named = meta.labels.get(REVISION).or_else(of_namespace);
    named.filter(|revision| !revision.is_empty()).map_or(DEFAULT_REVISION, Str::as_str)
}

/// Whether a controller is Istio's own: agentgateway has another one, though Istio makes its class.
pub(crate) fn is_istios(features: &Features, controller: &str) -> bool {
    controller != AGENTGATEWAY && built_in(features).iter().any(|(_, known)| *known == controller)
}

/// Whether the waypoint of a parent with these labels is a Gateway of a class that another controller answers
/// for.
pub fn are_controlled_by_others(
    snapshot: &Snapshot,
    features: &Features,
    labels: &Labels,
    namespace: &str,
) -> bool {
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
    let of_routes = [WAYPOINT_CONTROLLER, features.pilot_gateway_api_controller_name.as_str()];
    class.is_some_and(|class| !of_routes.contains(&class.spec.controller_name.as_str()))
}
