//! Who runs the Gateways of a class: its controller says, not its name.
//!
//! Source: [GatewayClass](https://gateway-api.sigs.k8s.io/api-types/gatewayclass/) and
//! [Istio's classes](https://istio.io/latest/docs/ambient/usage/waypoint/).

use crate::controllers;
use crate::features::Features;
use crate::rules::{Rules, WaypointClasses};
use crate::snapshot::Snapshot;
use crate::well_known::{WAYPOINT_CLASS, WAYPOINT_CONTROLLER};

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
    pub(super) fn of_class(
        snapshot: &Snapshot,
        (rules, features): (&Rules, &Features),
        class: &str,
    ) -> Option<Self> {
        match rules.waypoints.classes {
            WaypointClasses::ByName => (class == WAYPOINT_CLASS).then_some(Self::Envoy),
            WaypointClasses::ByController => match controllers::of_class(snapshot, features, class)? {
                WAYPOINT_CONTROLLER => Some(Self::Envoy),
                controllers::AGENTGATEWAY => Some(Self::Agentgateway),
                _ => None,
            },
        }
    }
}
