//! The mesh as one waypoint sees it.

use super::WaypointSettings;
use crate::mesh::{Mesh, Waypoint};
use crate::rules::Rules;

/// The mesh as one waypoint sees it: what every part of a plan is made from.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'m> {
    /// The whole mesh.
    pub mesh: &'m Mesh,
    /// The waypoint to plan.
    pub waypoint: &'m Waypoint,
    /// The release's rules; the same as `mesh.rules`.
    pub rules: &'static Rules,
}

impl<'m> Scope<'m> {
    /// Whether the waypoint opens two tunnels, one inside the other, into other networks.
    pub(super) fn tunnels_into_other_networks(self) -> bool {
        self.rules.listeners.double_hbone
            && self.mesh.options.features.ambient_enable_multi_network_waypoint
            && self.waypoint.proxy.is_managed()
    }

    /// What holds for the waypoint as a whole.
    pub fn settings(self) -> WaypointSettings<'m> {
        let Self { mesh, waypoint, rules } = self;
        WaypointSettings {
            rules,
            mesh: &mesh.config,
            features: &mesh.options.features,
            name: &waypoint.name,
            proxy: &waypoint.proxy,
        }
    }
}
