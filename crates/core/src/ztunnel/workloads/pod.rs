//! Pods as workloads.

use std::sync::Arc;

use envoy::istio::workload::{NetworkMode, Workload, WorkloadStatus};

use super::{Cx, Place, locality, name_it, of_cluster, ports, tunnel, use_network};
use crate::mesh::endpoint::may_select;
use crate::mesh::workload::pod;
use crate::mesh::{self, Locality, WorkloadId};
use crate::resources::Resource;
use crate::snapshot::{Object, kubernetes};
use crate::ztunnel::index::Part;
use crate::ztunnel::{USE_WAYPOINT, gateway};

/// The workload that a Pod is; none if it has run to its end, or has no address yet.
pub(super) fn workload(
    cx: Cx<'_, '_>,
    id: WorkloadId,
    workload: &mesh::Workload,
    object: &Arc<Object<kubernetes::Pod>>,
) -> Option<Resource<Workload>> {
    let (meta, spec) = (&object.meta, &object.spec);
    if pod::is_terminal(spec) || workload.addresses.is_empty() {
        return None;
    }
    let mut message = Workload {
        name: meta.name.to_string(),
        namespace: meta.namespace.to_string(),
        addresses: workload.addresses.iter().map(|ip| gateway::bytes(*ip)).collect(),
        service_account: spec.service_account_name.to_string(),
        node: spec.node_name.to_string(),
        locality: locality(&locality_of(cx.part, spec)),
        ..of_cluster(cx, &["", "Pod", &meta.namespace, &meta.name])
    };
    if !pod::is_ready(spec) || pod::is_terminating(object) {
        message.status = WorkloadStatus::Unhealthy.into();
    }
    if spec.host_network {
        message.network_mode = NetworkMode::HostNetwork.into();
    }
    use_network(&mut message, cx.index, "");
    name_it(&mut message, &workload.workload_name, (&workload.canonical_name, &workload.canonical_revision));
    tunnel(&mut message, &meta.labels, workload.hbone);

    let mut services = cx.part.selecting(&meta.namespace, &meta.labels);
    let features = &cx.index.mesh.options.features;
    services.retain(|known| may_select(known.service, &workload.source, features));
    services.extend(cx.part.listing(object));
    let place = Place {
        instance_of: cx.index.mesh.bindings.targets.of_instance(cx.part.tag(), &meta.labels, &meta.namespace),
        ..Place::new(cx, id, &meta.labels, &meta.namespace, services)
    };
    let ports = |known: &_| ports::of_pod(spec, known);
    Some(place.fill(message, (object.object_ref(), USE_WAYPOINT), ports))
}

/// The locality of a Pod's node: labels of the Pod itself are not asked.
fn locality_of(part: &Part<'_>, pod: &kubernetes::Pod) -> Locality {
    part.node(&pod.node_name).cloned().unwrap_or_default()
}
