//! Clusters and the endpoints behind them.

use envoy::config::cluster::v3::Cluster;
use envoy::config::core::v3::address::Address as Kind;
use envoy::config::core::v3::envoy_internal_address::AddressNameSpecifier;
use envoy::config::core::v3::{Address, Metadata};
use envoy::config::endpoint::v3::lb_endpoint::HostIdentifier;
use envoy::config::endpoint::v3::{ClusterLoadAssignment, LbEndpoint};

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
pub(super) fn add<'a>(builder: &mut Builder<'a>, resource: &'a Resource<Cluster>) {
    let cluster = &resource.message;
    let parts = name_parts(&cluster.name);
    builder.node(NewNode {
        id: cluster_id(&cluster.name),
        kind: NodeKind::Cluster,
        label: cluster.name.clone(),
        detail: discovery_type(cluster).to_owned(),
        service: parts.map(|parts| parts.hostname.to_owned()),
        resource: Some(Location::new(ResourceKind::Clusters, &cluster.name, "")),
        causes: causes(&resource.origins, &Part::Resource),
    });
}

/// Adds the endpoints that a cluster has itself.
pub(super) fn add_own_endpoints<'a>(builder: &mut Builder<'a>, resource: &'a Resource<Cluster>) {
    let Some(assignment) = &resource.message.load_assignment else { return };
    let name = &resource.message.name;
    let causes = causes(&resource.origins, &Part::Resource);
    let location = Location::new(ResourceKind::Clusters, name, "/loadAssignment");
    add_all(builder, &Assignment { cluster: name, message: assignment, location, causes });
}

/// Adds the endpoints that a cluster discovers.
pub(super) fn add_endpoints<'a>(builder: &mut Builder<'a>, resource: &'a Resource<ClusterLoadAssignment>) {
    let name = &resource.message.cluster_name;
    let causes = causes(&resource.origins, &Part::Resource);
    let location = Location::new(ResourceKind::Endpoints, name, "");
    add_all(builder, &Assignment { cluster: name, message: &resource.message, location, causes });
}

/// The endpoints of a cluster, and where they are said.
struct Assignment<'a> {
    cluster: &'a str,
    message: &'a ClusterLoadAssignment,
    location: Location,
    causes: &'a [Cause],
}

fn add_all<'a>(builder: &mut Builder<'a>, assignment: &Assignment<'a>) {
    let cluster = cluster_id(assignment.cluster);
    for (locality, group) in assignment.message.endpoints.iter().enumerate() {
        let label = if group.priority == 0 { String::new() } else { format!("priority {}", group.priority) };
        for (index, endpoint) in group.lb_endpoints.iter().enumerate() {
            let Some(address) = address(endpoint) else { continue };
            let name = name(address);
            let id = format!("endpoint:{name}");
            let pointer = format!("/endpoints/{locality}/lbEndpoints/{index}");
            let is_new = builder.node(NewNode {
                id: id.clone(),
                kind: NodeKind::Endpoint,
                label: name,
                detail: detail(endpoint),
                service: None,
                resource: Some(assignment.location.below(&pointer)),
                causes: assignment.causes,
            });
            let weight = endpoint.load_balancing_weight.map(|weight| weight.value);
            builder.edge(&cluster, id.clone(), label.clone(), weight);
            if let Some(listener) = internal_listener(address).filter(|_| is_new) {
                builder.edge(&id, listener_id(listener), String::new(), None);
            }
        }
    }
}

fn address(endpoint: &LbEndpoint) -> Option<&Address> {
    match &endpoint.host_identifier {
        Some(HostIdentifier::Endpoint(target)) => target.address.as_ref(),
        Some(HostIdentifier::EndpointName(_)) | None => None,
    }
}

/// An address as the tables show it.
fn name(address: &Address) -> String {
    match describe(Some(address)) {
        (address, 0) => address,
        (address, port) => format!("{address}:{port}"),
    }
}

/// The listener of the same proxy that an address leads to.
fn internal_listener(address: &Address) -> Option<&str> {
    let Some(Kind::EnvoyInternalAddress(internal)) = &address.address else { return None };
    match &internal.address_name_specifier {
        Some(AddressNameSpecifier::ServerListenerName(name)) => Some(name),
        None => None,
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
