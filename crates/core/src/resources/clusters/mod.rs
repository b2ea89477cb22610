//! Clusters: CDS.
//!
//! | module | knows |
//! |---|---|
//! | [`plan`] | which clusters there are for destinations |
//! | [`tunnel`] | the clusters that every waypoint has |
//! | [`inbound_vip`] | clusters of Services that the waypoint serves |
//! | [`outbound`] | clusters of other destinations |
//! | [`base`] | what those have in common, before any policy |
//! | [`connection_pool`], [`outlier`], [`load_balancer`], [`tls`] | one part of a traffic policy each |
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
mod plan;
mod tls;
pub(crate) mod transport_socket;
mod tunnel;

use envoy::config::cluster::v3::Cluster;

use crate::mesh::Resolution;
use crate::resources::endpoints::select::Target;
use crate::resources::names::Direction;
use crate::resources::{Origin, Part, Resource, Scope, origin};
pub(crate) use plan::{Plan, plan};

use plan::Seen;
use transport_socket::Sockets;

/// CDS: a waypoint's clusters, by name.
pub(crate) fn clusters(scope: &Scope<'_>, plans: &[Plan<'_>]) -> Vec<Resource<Cluster>> {
    let sockets =
        Sockets::new(scope.rules.clusters.tunnel, scope.mesh.options.features.ambient_enable_baggage);
    let shared = outbound::Shared::new(scope.rules.clusters.metadata_exchange);
    let tunnels = tunnel::clusters(scope, &sockets);
    let mut clusters = Vec::with_capacity(tunnels.len() + plans.len());
    clusters.extend(tunnels.into_iter().map(|message| Resource { message, origins: Vec::new() }));
    for plan in plans {
        let message = match plan.direction {
            Direction::InboundVip => inbound_vip::cluster(plan, scope, &sockets),
            Direction::Outbound => outbound::cluster(plan, scope, &sockets, &shared),
        };
        let Some(message) = message else { continue };
        let sockets = (plan.direction == Direction::Outbound).then(|| sockets_origin(plan, scope));
        let origins = std::iter::once(origin(plan)).chain(sockets).collect();
        clusters.push(Resource { message, origins });
    }
    clusters.sort_by(|a, b| a.message.name.cmp(&b.message.name));
    clusters
}

/// The clusters whose endpoints come by EDS, by name, with what they lead to; none where the waypoint's namespace
/// sees no such Service, or no such port.
pub(crate) fn eds_targets<'a, 'm>(
    scope: &Scope<'m>,
    plans: &'a [Plan<'m>],
) -> impl Iterator<Item = (&'a str, Direction, Option<Target<'m>>)> {
    let plans = plans.iter().filter(|plan| plan.is_eds());
    plans.map(|plan| (plan.name.as_str(), plan.direction, eds_target(plan, scope)))
}

fn eds_target<'m>(plan: &Plan<'m>, scope: &Scope<'m>) -> Option<Target<'m>> {
    let Seen { id, service, client_rule: rule } = plan.seen?;
    // Names are not resolved here.
    let known = matches!(service.resolution, Resolution::ClientSideLb | Resolution::Passthrough);
    let port = plan::ports(scope, service)
        .into_iter()
        .find(|port| port.number == plan.port.number)
        .filter(|_| known)?;
    Some(Target { id, service, port, rule, subset: plan::subset_name(plan) })
}

/// How a cluster speaks to its endpoints depends on what these say about themselves, and whose identities they have.
fn sockets_origin(plan: &Plan<'_>, scope: &Scope<'_>) -> Origin {
    let mut causes = Vec::new();
    for endpoint in scope.mesh.endpoints.of(plan.id) {
        let workload = endpoint.workload.and_then(|id| scope.mesh.workloads.get(id));
        causes.extend(endpoint.listed_by.iter().cloned());
        causes.extend(workload.map(|workload| workload.source.cause()));
    }
    causes.sort();
    causes.dedup();
    Origin::new(Part::TransportSocket, causes)
}

/// A cluster comes from the Service's port, and from the DestinationRules that had a say, its subset first.
fn origin(plan: &Plan<'_>) -> Origin {
    let mut causes = vec![origin::port(plan.service, plan.port.number)];
    let has_say = plan.subset.is_some() || plan.policy.is_some();
    if let Some(rule) = plan.rule.filter(|_| has_say) {
        causes.extend(plan.subset.and_then(|subset| rule.cause_of_subset(&subset.name)).cloned());
        causes.extend_from_slice(rule.causes());
    }
    Origin::of_resource(causes)
}
