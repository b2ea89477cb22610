//! WorkloadEntries and the endpoints of ServiceEntries as workloads.

use std::sync::Arc;

use envoy::istio::workload::Workload;

use super::{Cx, Place, locality, locate, name_it, of_cluster, ports, tunnel, use_network};
use crate::Str;
use crate::mesh::endpoint::may_select;
use crate::mesh::waypoint;
use crate::mesh::workload::naming;
use crate::mesh::{self, Locality, WorkloadId};
use crate::resources::Resource;
use crate::snapshot::{FieldPath, Meta, Object, networking};
use crate::ztunnel::USE_WAYPOINT;

/// Where a WorkloadEntry may name its waypoint, too.
const IN_SPEC: FieldPath = FieldPath::field(r#"spec.labels["istio.io/use-waypoint"]"#);
/// Where an endpoint names its waypoint.
const IN_ENDPOINT: &str = r#"spec.endpoints[].labels["istio.io/use-waypoint"]"#;

/// The workload that a WorkloadEntry is.
pub(super) fn workload(
    cx: Cx<'_, '_>,
    id: WorkloadId,
    workload: &mesh::Workload,
    object: &Arc<Object<networking::WorkloadEntry>>,
) -> Resource<Workload> {
    let (meta, spec) = (&object.meta, &object.spec);
    let uid = ["networking.istio.io", "WorkloadEntry", &meta.namespace, &meta.name];
    let mut message = described(cx, &uid, spec, meta);
    use_network(&mut message, cx.index, &spec.network);
    name_it(&mut message, &workload.workload_name, (&workload.canonical_name, &workload.canonical_revision));
    tunnel(&mut message, &workload.labels, is_captured(meta));
    let mut services = cx.part.selecting(&meta.namespace, &workload.labels);
    let features = &cx.index.mesh.options.features;
    services.retain(|known| may_select(known.service, &workload.source, features));
    let place = Place {
        instance_of: cx.index.mesh.bindings.targets.of_instance(
            cx.part.tag(),
            &workload.labels,
            &meta.namespace,
        ),
        ..Place::new(cx, id, &workload.labels, &meta.namespace, services)
    };
    let label = if meta.labels.contains_key(waypoint::USE_WAYPOINT) { USE_WAYPOINT } else { IN_SPEC };
    place.fill(message, (object.object_ref(), label), |known| ports::of_entry(spec, known))
}

/// The workload that an endpoint of a ServiceEntry is: one that is listed, or a host that is resolved. None
/// if other objects have all its hosts.
pub(super) fn endpoint(
    cx: Cx<'_, '_>,
    id: WorkloadId,
    object: &Arc<Object<networking::ServiceEntry>>,
    position: usize,
) -> Option<Resource<Workload>> {
    let (meta, entry) = (&object.meta, &object.spec);
    let mut services = cx.part.of_entry(object);
    let implicit;
    let spec = match entry.endpoints.get(position) {
        Some(listed) => listed,
        None => {
            let host = entry.hosts.get(position)?;
            services.retain(|known| known.service.hostname == *host);
            implicit = networking::WorkloadEntry { address: host.clone(), ..Default::default() };
            &implicit
        }
    };
    if services.is_empty() {
        return None;
    }
    let uid = ["networking.istio.io", "ServiceEntry", &meta.namespace, &meta.name, &spec.address];
    let mut message = described(cx, &uid, spec, meta);
    use_network(&mut message, cx.index, network(entry, position));
    let canonical =
        (naming::canonical_name(&meta.labels, &meta.name), naming::canonical_revision(&meta.labels));
    name_it(&mut message, &meta.name, (&canonical.0, &canonical.1));
    tunnel(&mut message, &meta.labels, is_captured(meta));
    let listed = entry.endpoints.get(position);
    let instance_of = listed
        .and_then(|e| cx.index.mesh.bindings.targets.of_instance(cx.part.tag(), &e.labels, &meta.namespace));
    // Policies select by the labels of the ServiceEntry, not by those of its endpoints.
    let place = Place { instance_of, ..Place::new(cx, id, &meta.labels, &meta.namespace, services) };
    let label = FieldPath::at(IN_ENDPOINT, [position]);
    Some(place.fill(message, (object.object_ref(), label), |known| ports::of_entry(spec, known)))
}

/// What an entry says of itself.
fn described(cx: Cx<'_, '_>, uid: &[&str], spec: &networking::WorkloadEntry, meta: &Meta) -> Workload {
    let mut message = Workload {
        name: meta.name.to_string(),
        namespace: meta.namespace.to_string(),
        service_account: spec.service_account.to_string(),
        locality: locality(&Locality::parse(&spec.locality)),
        capacity: (spec.weight > 0).then(|| spec.weight.into()),
        ..of_cluster(cx, uid)
    };
    locate(&mut message, &spec.address);
    message
}

/// The network of an endpoint: its own, else that of the last one before it that has one, by accident.
fn network(entry: &networking::ServiceEntry, position: usize) -> &str {
    let until = entry.endpoints.iter().take(position.saturating_add(1));
    until.rev().map(|endpoint| &endpoint.network).find(|network| !network.is_empty()).map_or("", Str::as_str)
}

/// Whether the object says that ztunnel takes its connections.
fn is_captured(meta: &Meta) -> bool {
    meta.annotations.get("ambient.istio.io/redirection").is_some_and(|value| value == "enabled")
}
