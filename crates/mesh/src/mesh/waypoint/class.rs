//! Who runs the Gateways of a class: its controller says, not its name.
//!
//! Source: [GatewayClass](https://gateway-api.sigs.k8s.io/api-types/gatewayclass/) and
//! [Istio's classes](https://istio.io/latest/docs/ambient/usage/waypoint/).

use crate::rules::{Rules, WaypointClasses};
use crate::snapshot::Snapshot;
use crate::well_known::{WAYPOINT_CLASS, WAYPOINT_CONTROLLER};

const AGENTGATEWAY_CLASS: &str = "istio-agentgateway-waypoint";
const AGENTGATEWAY_CONTROLLER: &str = "istio.io/agentgateway-waypoint-controller";

/// What runs a waypoint.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DataPlane {
    /// Istio's Envoy.
    #[default]
    Envoy,
    /// Agentgateway, which gets no Envoy resources.
    Agentgateway,
}

impl DataPlane {
    /// `envoy` or `agentgateway`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Envoy => "envoy",
            Self::Agentgateway => "agentgateway",
        }
    }

    /// What runs the waypoints of a class; none if its Gateways are no waypoints.
    pub(super) fn of_class(snapshot: &Snapshot, rules: &Rules, class: &str) -> Option<Self> {
        match rules.waypoints.classes {
            WaypointClasses::ByName => (class == WAYPOINT_CLASS).then_some(Self::Envoy),
            WaypointClasses::ByController => match controller(snapshot, class)? {
                WAYPOINT_CONTROLLER => Some(Self::Envoy),
                AGENTGATEWAY_CONTROLLER => Some(Self::Agentgateway),
                _ => None,
            },
        }
    }
}

/// The controller of a class. Istio's own classes need no GatewayClass to exist.
fn controller<'a>(snapshot: &'a Snapshot, class: &str) -> Option<&'a str> {
    let object = snapshot.gateway_classes.iter().find(|object| object.meta.name == class);
    let built_in = || match class {
        WAYPOINT_CLASS => Some(WAYPOINT_CONTROLLER),
        AGENTGATEWAY_CLASS => Some(AGENTGATEWAY_CONTROLLER),
        _ => None,
    };
    object.map(|object| object.spec.controller_name.as_str()).or_else(built_in)
}
