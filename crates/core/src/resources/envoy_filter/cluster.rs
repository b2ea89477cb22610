//! Patches of clusters: of those that lead to other proxies. A waypoint's own can't be patched, but some
//! added.

use std::collections::BTreeSet;

use envoy::config::cluster::v3::Cluster;
use envoy::config::cluster::v3::cluster::{ClusterDiscoveryType, DiscoveryType};

use super::merge::{self, SocketMerge, Stop};
use super::patch::Patch;
use super::{Applied, Context};
use crate::resources::Origin;
use crate::resources::proto::assignment_name;
use crate::resources::{Resource, WaypointResources};
use crate::rules::ClusterRemoval;
use crate::snapshot::networking::envoy_filter::{PatchContext, PatchOperation};

/// Patches outbound clusters, and adds clusters that are explicitly for the inbound side.
pub(super) fn clusters(resources: &mut WaypointResources, context: Context<'_>) {
    if context.patches.clusters.is_empty() {
        return;
    }
    let outbound = Context { context: PatchContext::SidecarOutbound, ..context };
    let mut removed = Vec::new();
    for cluster in resources.clusters.iter_mut().filter(|c| c.message.name.starts_with("outbound|")) {
        let mut applied = Applied::default();
        if !patch_cluster(&mut cluster.message, outbound, &mut applied) {
            removed.push(cluster.message.name.clone());
        }
        applied.note(&mut cluster.origins);
    }
    resources.clusters.retain(|cluster| !removed.contains(&cluster.message.name));
    add(resources, context);
    resources.clusters.sort_by(|a, b| a.message.name.cmp(&b.message.name));
    let asked: BTreeSet<&str> =
        resources.clusters.iter().filter_map(|cluster| asked_for(&cluster.message)).collect();
    resources.endpoints.retain(|endpoints| asked.contains(endpoints.message.cluster_name.as_str()));
}

/// The name under which Envoy asks for a cluster's endpoints, if it does.
fn asked_for(cluster: &Cluster) -> Option<&str> {
    let eds = ClusterDiscoveryType::Type(DiscoveryType::Eds.into());
    (cluster.cluster_discovery_type == Some(eds)).then(|| assignment_name(cluster))
}

fn add(resources: &mut WaypointResources, context: Context<'_>) {
    for patch in context.of(&context.patches.clusters) {
        let named = patch.matches.context != PatchContext::Any;
        if patch.operation == PatchOperation::Add && named {
            // Of several clusters with one name the first counts.
            let exists = resources.clusters.iter().any(|c| c.message.name == patch.value.name);
            if !exists {
                resources.clusters.push(Resource {
                    message: patch.value.clone(),
                    origins: vec![Origin::of_resource(vec![patch.cause.clone()])],
                });
            }
        }
    }
}

/// Patches a cluster; false if it has to go.
fn patch_cluster(cluster: &mut Cluster, context: Context<'_>, applied: &mut Applied) -> bool {
    let patches = || context.of(&context.patches.clusters);
    let removes = |patch: &Patch<Cluster>| patch.operation == PatchOperation::Remove;
    if context.rules.cluster_removal == ClusterRemoval::First
        && patches().any(|p| removes(p) && fits(&cluster.name, p))
    {
        return false;
    }
    for patch in patches() {
        if !fits(&cluster.name, patch) {
            continue;
        }
        if removes(patch) {
            return false;
        }
        if patch.merges() {
            applied.by(&patch.cause);
            match transport_socket(cluster, patch) {
                Ok(SocketMerge::Done) => {}
                Ok(SocketMerge::AsUsual) => merge::message(cluster, patch),
                Err(Stop) => break,
            }
        }
    }
    true
}

/// A patch with a transport socket changes nothing but that, in whichever place the cluster has it.
fn transport_socket(cluster: &mut Cluster, patch: &Patch<Cluster>) -> Result<SocketMerge, Stop> {
    let Some(value) = &patch.value.transport_socket else { return Ok(SocketMerge::AsUsual) };
    if !cluster.transport_socket_matches.is_empty() {
        for alternative in &mut cluster.transport_socket_matches {
            // What cannot be read has no socket of that name.
            let Ok(mut message) = alternative.decode() else { continue };
            let named = message.transport_socket.as_mut().filter(|socket| socket.name == value.name);
            if let Some(socket) = named {
                merge::transport_socket(socket, value)?;
                *alternative = message.into();
                break;
            }
        }
        // With another name it would have to be added, and a cluster cannot have both: it is dropped.
        return Ok(SocketMerge::Done);
    }
    match &mut cluster.transport_socket {
        Some(socket) if socket.name == value.name => merge::transport_socket(socket, value)?,
        other => *other = Some(value.clone()),
    }
    Ok(SocketMerge::Done)
}

/// Whether a patch is for the cluster of this name. A match by name looks at nothing else.
fn fits(name: &str, patch: &Patch<Cluster>) -> bool {
    let Some(wanted) = &patch.matches.cluster else { return true };
    if !wanted.name.is_empty() {
        return wanted.name == name;
    }
    let mut parts = name.splitn(4, '|').skip(1);
    let port = parts.next().and_then(|port| port.parse::<u32>().ok());
    let (subset, host) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    (wanted.subset.is_empty() || wanted.subset == subset)
        && (wanted.service.is_empty() || wanted.service == host)
        && (wanted.port_number == 0 || port == Some(wanted.port_number))
}
