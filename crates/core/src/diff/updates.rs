//! Which proxies are told of a change, and how much.

use std::collections::BTreeSet;

use serde::Serialize;

use super::{Change, ResourceDiff, WaypointDiff};
use crate::cost::{self, Rule};
use crate::lists::{self, List};
use crate::mesh::Mesh;
use crate::resources::WaypointResources;
use crate::trace::DecidedBy;

/// How much a proxy is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Update {
    /// How many resources are new, changed or gone.
    pub resources: usize,
    /// The bytes of those that are new or changed: what is sent, where only that is sent.
    pub bytes: usize,
    /// How many resources the proxy has then.
    pub of_resources: usize,
    /// Their bytes.
    pub of_bytes: usize,
}

/// What sidecars would be told of the same change, if there were sidecars instead of waypoints: each holds
/// what it may call, so that it is told of each Service of that which changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Sidecars {
    /// How many would be told if each held what is in its own namespace.
    pub of_namespaces: u64,
    /// How many if each held the whole mesh, as Istio does by default.
    pub of_mesh: u64,
}

pub(super) fn update(differ: &[ResourceDiff], new: Option<&WaypointResources>) -> Update {
    let mut update = Update {
        resources: differ.len(),
        bytes: differ.iter().map(|resource| resource.bytes).sum(),
        ..Update::default()
    };
    for resource in
        new.into_iter().flat_map(|new| List::ALL.into_iter().flat_map(|list| lists::all(new, list)))
    {
        update.of_resources += 1;
        update.of_bytes += resource.encoded_len();
    }
    update
}

/// How many sidecars would be told: those of the namespaces whose objects and Services make the difference,
/// or all.
pub(super) fn sidecars(old: &Mesh, new: &Mesh, waypoints: &[WaypointDiff]) -> Sidecars {
    let differ: Vec<&ResourceDiff> = waypoints.iter().flat_map(|waypoint| &waypoint.resources).collect();
    if differ.is_empty() {
        return Sidecars::default();
    }
    let mut namespaces: BTreeSet<&str> = differ.iter().flat_map(|resource| causes(resource)).collect();
    for mesh in [old, new] {
        namespaces.extend(differ.iter().flat_map(|resource| of_services(mesh, resource)));
    }
    let counted = cost::cost(new, Rule::Namespace, None).namespaces;
    let of = |told: &dyn Fn(&str) -> bool| {
        counted
            .iter()
            .filter(|namespace| told(&namespace.namespace))
            .map(|namespace| namespace.sidecars)
            .sum()
    };
    Sidecars { of_namespaces: of(&|namespace| namespaces.contains(namespace)), of_mesh: of(&|_| true) }
}

/// The namespaces of the objects that make a difference.
fn causes(resource: &ResourceDiff) -> Vec<&str> {
    let because: Vec<&DecidedBy> = match &resource.change {
        Change::Added { because } | Change::Removed { because } => because.iter().collect(),
        Change::Changed { fields } => {
            fields.iter().flat_map(|field| field.because.iter().chain(&field.old_because)).collect()
        }
    };
    because.into_iter().map(|because| because.0.object.namespace.as_str()).collect()
}

/// The namespaces of the Services that a cluster, or its endpoints, lead to.
fn of_services<'m>(mesh: &'m Mesh, resource: &ResourceDiff) -> Vec<&'m str> {
    if !matches!(resource.kind, List::Clusters | List::Endpoints) {
        return Vec::new();
    }
    let hostname = resource.name.rsplit('|').next().unwrap_or_default();
    let services = mesh.services.with_hostname(hostname).iter().filter_map(|id| mesh.services.get(*id));
    services.map(|service| service.namespace.as_str()).collect()
}
