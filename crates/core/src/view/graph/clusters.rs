//! Clusters and the endpoints behind them.

use envoy::config::core::v3::{Address, Metadata};
use envoy::config::endpoint::v3::{ClusterLoadAssignment, LbEndpoint};

use crate::opened::{OpenedCluster, OpenedEndpoint, Origins, endpoints};
use crate::resources::{Part, Resource};
use crate::snapshot::Cause;
use crate::view::json::ResourceKind;
use crate::view::location::Location;
use crate::view::proxy_config::clusters::discovery_type;
use crate::view::proxy_config::endpoints::{describe, status};
use crate::view::proxy_config::name_parts;

use super::NodeKind;
use super::builder::{Builder, NewNode, causes, cluster_id, listener_id};

/// Adds a cluster.
pub(super) fn add<'a>(builder: &mut Builder<'a>, opened: &OpenedCluster<'a>) {
    let cluster = opened.message;
    let parts = name_parts(&cluster.name);
    builder.node(NewNode {
        id: cluster_id(&cluster.name),
        kind: NodeKind::Cluster,
        label: cluster.name.clone(),
        detail: discovery_type(cluster).to_owned(),
        service: parts.map(|parts| parts.hostname.to_owned()),
        resource: Some(Location::new(ResourceKind::Clusters, &cluster.name, "")),
        causes: causes(opened.origin),
        attached: Vec::new(),
    });
}

/// Adds the endpoints that a cluster has itself.
pub(super) fn add_own_endpoints<'a>(builder: &mut Builder<'a>, opened: &OpenedCluster<'a>) {
    let name = &opened.message.name;
    let location = Location::new(ResourceKind::Clusters, name, "/loadAssignment");
    let assignment = Assignment { cluster: name, location, origins: Origins::new(opened.origins) };
    add_all(builder, &assignment, opened.endpoints());
}

/// Adds the endpoints that a cluster discovers.
pub(super) fn add_endpoints<'a>(builder: &mut Builder<'a>, resource: &'a Resource<ClusterLoadAssignment>) {
    let name = &resource.message.cluster_name;
    let location = Location::new(ResourceKind::Endpoints, name, "");
    let assignment = Assignment { cluster: name, location, origins: Origins::new(&resource.origins) };
    add_all(builder, &assignment, endpoints(&resource.message));
}

/// Where the endpoints of a cluster are said, and what made them.
struct Assignment<'a> {
    cluster: &'a str,
    location: Location,
    origins: Origins<'a>,
}

impl<'a> Assignment<'a> {
    /// What made an endpoint, else what made all of them.
    fn causes(&self, endpoint: &OpenedEndpoint<'_>) -> &'a [Cause] {
        let own = endpoint.name().and_then(|name| self.origins.of(&Part::Endpoint(name)));
        causes(own.or_else(|| self.origins.of(&Part::Resource)))
    }
}

fn add_all<'a>(
    builder: &mut Builder<'a>,
    assignment: &Assignment<'a>,
    endpoints: impl Iterator<Item = OpenedEndpoint<'a>>,
) {
    let cluster = cluster_id(assignment.cluster);
    for endpoint in endpoints {
        let priority = endpoint.group.priority;
        let label = if priority == 0 { String::new() } else { format!("priority {priority}") };
        let name = name(&endpoint.address);
        let id = format!("endpoint:{name}");
        let is_new = builder.node(NewNode {
            id: id.clone(),
            kind: NodeKind::Endpoint,
            label: name,
            detail: detail(&endpoint.message),
            service: None,
            resource: Some(assignment.location.below(&endpoint.pointer)),
            causes: assignment.causes(&endpoint),
            attached: Vec::new(),
        });
        let weight = endpoint.message.load_balancing_weight.map(|weight| weight.value);
        builder.edge(&cluster, id.clone(), label, weight);
        if let Some(listener) = endpoint.internal_listener().filter(|_| is_new) {
            builder.edge(&id, listener_id(listener), String::new(), None);
        }
    }
}

/// An address as the tables show it.
fn name(address: &Address) -> String {
    match describe(Some(address)) {
        (address, 0) => address,
        (address, port) => format!("{address}:{port}"),
    }
}

/// The workload, and the health unless it is good.
fn detail(endpoint: &LbEndpoint) -> String {
    let workload = endpoint.metadata.as_ref().and_then(workload).unwrap_or_default();
    match status(endpoint) {
        "HEALTHY" => workload,
        health if workload.is_empty() => health.to_owned(),
        health => format!("{workload}; {health}"),
    }
}

/// Istio's metadata names the workload first: `reviews-v1;default;reviews;v1;Kubernetes`.
fn workload(metadata: &Metadata) -> Option<String> {
    metadata.text("istio", "workload")?.split(';').next().map(str::to_owned)
}
