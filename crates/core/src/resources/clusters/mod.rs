//! Clusters (CDS), and the endpoints that they ask for (EDS), of a waypoint's plan.
//!
//! | module | renders |
//! |---|---|
//! | [`tunnel`] | the clusters that every waypoint has |
//! | [`inbound_vip`] | clusters of Services that the waypoint serves |
//! | [`outbound`] | clusters of other destinations |
//! | [`base`] | what those have in common, before any policy |
//! | [`connection_pool`], [`outlier`], [`load_balancer`], [`tls`] | one part of a policy each |
//! | [`transport_socket`] | plain text, TLS and HBONE, one around the other |
//! | [`metadata`] | what clusters say about where they come from |
//! | [`draft`] | a cluster while it is being made |

mod baggage;
mod base;
mod connection_pool;
mod draft;
mod inbound_vip;
mod load_balancer;
mod metadata;
mod outbound;
mod outlier;
mod tls;
pub(crate) mod transport_socket;
mod tunnel;

use envoy::config::cluster::v3::Cluster;
use envoy::config::endpoint::v3::ClusterLoadAssignment;

use super::endpoints::{self, MadeEndpoints};
use crate::plan::WaypointSettings;
use crate::plan::clusters::ClusterPlan;
use crate::plan::clusters::members::Members;
use crate::plan::clusters::tunnel::TunnelPlan;
use crate::plan::names::Direction;
use crate::resources::{Origin, Part, Resource};
use outbound::Shared;
use transport_socket::SharedSockets;

/// CDS and EDS.
pub(crate) type ClustersAndEndpoints = (Vec<Resource<Cluster>>, Vec<Resource<ClusterLoadAssignment>>);

/// A waypoint's clusters and the endpoints that they ask for, by name.
pub(crate) fn clusters(
    settings: WaypointSettings<'_>,
    tunnels: &TunnelPlan,
    plans: Vec<ClusterPlan<'_>>,
) -> ClustersAndEndpoints {
    let rules = &settings.rules.clusters;
    let mut made = MadeEndpoints::new(rules);
    let sockets = SharedSockets::new(rules.tunnel, settings.features.ambient_enable_baggage);
    let shared = Shared::new(settings);
    let tunnels = tunnel::clusters(settings, tunnels, &sockets);
    let mut clusters = Vec::with_capacity(tunnels.len() + plans.len());
    let mut assignments = Vec::with_capacity(plans.len());
    clusters.extend(tunnels.into_iter().map(|message| Resource { message, origins: Vec::new() }));
    for plan in plans {
        let message = match plan.direction {
            Direction::InboundVip => inbound_vip::cluster(&plan, settings, &sockets, &shared),
            Direction::Outbound => outbound::cluster(&plan, settings, &sockets, &shared),
        };
        let ClusterPlan { name, causes, transport_causes, members, .. } = plan;
        let mut origins = vec![Origin::of_resource(causes)];
        if !transport_causes.is_empty() {
            origins.push(Origin::new(Part::TransportSocket, transport_causes));
        }
        match members {
            Members::Discovered(found) => assignments.push(endpoints::assignment(name, found, &mut made)),
            Members::Named(localities) => origins.extend(endpoints::origins(localities)),
            Members::Unlisted => {}
        }
        clusters.push(Resource { message, origins });
    }
    clusters.sort_by(|a, b| a.message.name.cmp(&b.message.name));
    (clusters, assignments)
}
