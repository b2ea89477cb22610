//! What one waypoint will be, in Istio's terms: plain data between the mesh and Envoy's messages.
//!
//! All look-ups, scoping and choices for a waypoint end here; `resources` only renders a plan. A plan knows
//! nothing of Envoy, borrows what it says from the mesh, and each of its elements names the objects and
//! fields that made it.
//!
//! | module | decides |
//! |---|---|
//! | [`chains`] | the filter chains, and which addresses and authorities lead to each |
//! | [`clusters`] | which clusters there are, and how each finds and speaks to its endpoints |
//! | [`endpoints`] | which endpoints a cluster has, in what order |
//! | [`routes`] | where the requests and connections of a chain go |
//! | [`policies`] | who may do what in a chain, in the order of evaluation |
//! | [`telemetry`] | access logs, metrics and traces |
//! | `extensions` | Wasm and Lua |
//! | [`envoy_filters`] | patches of what is generated |
//! | `host` | what the waypoint means by a host: Service, DestinationRule, cluster |
//! | [`provider`] | where the services of extension providers are |
//! | [`WaypointSettings`] | what holds for the waypoint as a whole |
//! | [`Scope`] | what the waypoint sees of the mesh |
//! | [`names`] | how clusters, chains and routes are called |
//! | [`causes`] | why there is something, where several parts share the reason |

pub mod causes;
pub mod chains;
pub mod clusters;
pub mod endpoints;
pub mod envoy_filters;
mod extensions;
pub(crate) mod host;
pub mod names;
pub mod policies;
pub mod provider;
pub mod routes;
mod scope;
mod settings;
pub mod telemetry;

#[cfg(test)]
mod tests;

pub use scope::Scope;
pub use settings::{Families, WaypointSettings};

use crate::mesh::{Mesh, Waypoint};

use chains::Listeners;
use clusters::ClusterPlan;
use clusters::tunnel::TunnelPlan;
use envoy_filters::EnvoyPatch;
use host::Hosts;

/// What one waypoint will be.
#[derive(Clone, Debug)]
pub struct WaypointPlan<'m> {
    /// What holds for the waypoint as a whole.
    pub settings: WaypointSettings<'m>,
    /// Its listeners.
    pub listeners: Listeners<'m>,
    /// The tunnels that it opens.
    pub tunnels: TunnelPlan,
    /// The clusters for destinations, by name, with their endpoints.
    pub clusters: Vec<ClusterPlan<'m>>,
    /// Patches of what is generated, in the order in which they are applied.
    pub patches: Vec<EnvoyPatch<'m>>,
}

/// Plans a waypoint: everything that is looked up for it is looked up here.
pub fn plan<'m>(mesh: &'m Mesh, waypoint: &'m Waypoint) -> WaypointPlan<'m> {
    let scope = Scope { mesh, waypoint, rules: mesh.rules };
    let hosts = Hosts::new(scope);
    WaypointPlan {
        settings: scope.settings(),
        listeners: Listeners::new(scope, &hosts),
        tunnels: clusters::tunnel::tunnels(scope),
        clusters: clusters::clusters(scope, &hosts),
        patches: envoy_filters::patches(scope),
    }
}
