//! How pods take part in the mesh: by their node's ztunnel, by a sidecar, or not at all. What waypoints do
//! not read may be meant for sidecars.

use serde::{Deserialize, Serialize};

use crate::hash::HashSet;
use crate::mesh::workload::DATAPLANE_MODE;
use crate::mesh::{Mesh, Workload};
use crate::snapshot::kubernetes::{Container, Pod};
use crate::snapshot::{Labels, Object};
use crate::well_known::{REVISION, SIDECAR_STATUS};

/// The label that asks for sidecars in a namespace.
const INJECTION: &str = "istio-injection";
/// The label by which a pod asks for a sidecar, or not to get one.
pub(crate) const INJECT: &str = "sidecar.istio.io/inject";
/// The label of pods that take Istio's mTLS, which the injector adds.
const TLS_MODE: &str = "security.istio.io/tlsMode";
/// The container that a sidecar is.
const CONTAINER: &str = "istio-proxy";

/// How a pod takes part in the mesh.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DataPlaneMode {
    /// Its node's ztunnel takes its connections.
    Ambient,
    /// A sidecar does.
    Sidecar,
    /// Nobody does, as far as the files tell.
    None,
}

/// Whether a workload is a pod with a sidecar. A pod that is nothing but a proxy is a gateway or a waypoint.
pub(crate) fn has_sidecar(workload: &Workload) -> bool {
    let is_gateway = workload.gateway().is_some() || workload.is_waypoint;
    !is_gateway && workload.pod().is_some_and(is_injected)
}

fn is_proxy(container: &Container) -> bool {
    container.name == CONTAINER
}

/// Whether a pod is nothing but a proxy: a gateway or a waypoint.
pub(crate) fn is_only_proxy(pod: &Object<Pod>) -> bool {
    let containers = &pod.spec.containers;
    !containers.is_empty() && containers.iter().all(is_proxy)
}

fn is_injected(pod: &Object<Pod>) -> bool {
    if is_only_proxy(pod) {
        return false;
    }
    let (containers, init_containers) = (&pod.spec.containers, &pod.spec.init_containers);
    pod.meta.annotations.contains_key(SIDECAR_STATUS)
        || pod.meta.labels.get(TLS_MODE).is_some_and(|mode| mode == "istio")
        || containers.iter().chain(init_containers).any(is_proxy)
}

/// Whether the labels of a namespace ask for sidecars.
pub(crate) fn asks_for_sidecars(labels: &Labels) -> bool {
    labels.get(INJECTION).is_some_and(|value| value == "enabled")
}

/// The namespaces whose pods have sidecars, or are to have them.
pub(crate) fn namespaces(mesh: &Mesh) -> HashSet<&str> {
    let injected = mesh.snapshot.namespaces.iter().filter(|object| asks_for_sidecars(&object.meta.labels));
    let pods = mesh.workloads.iter().filter(|(_, workload)| has_sidecar(workload));
    let of_pods = pods.map(|(_, workload)| workload.namespace.as_str());
    injected.map(|object| object.meta.name.as_str()).chain(of_pods).collect()
}

/// Whether the pods of a namespace with these labels get sidecars, by the old label or a revision.
pub(crate) fn are_injected(namespace: &Labels) -> bool {
    let is_ambient = namespace.get(DATAPLANE_MODE).is_some_and(|mode| mode == "ambient");
    asks_for_sidecars(namespace) || namespace.contains_key(REVISION) && !is_ambient
}

/// Whether a workload is a pod with a proxy in it: a sidecar's, a gateway's or a waypoint's.
pub(crate) fn has_proxy(workload: &Workload) -> bool {
    let spec = workload.pod().map(|pod| &pod.spec);
    let mut containers = spec.into_iter().flat_map(|s| s.containers.iter().chain(&s.init_containers));
    containers.any(|container| container.name == CONTAINER)
}

/// Whether a pod is in its node's network: neither the network plugin nor the injector touches it.
fn is_in_host_network(workload: &Workload) -> bool {
    workload.pod().is_some_and(|pod| pod.spec.host_network)
}

/// Files from Git do not tell whom the network plugin has captured: then the label of the pod, or of its
/// namespace, does, unless the pod is in its node's network.
pub(crate) fn data_plane_mode(mesh: &Mesh, workload: &Workload) -> DataPlaneMode {
    if has_sidecar(workload) {
        return DataPlaneMode::Sidecar;
    }
    let of_namespace =
        mesh.snapshot.namespaces.iter().find(|namespace| namespace.meta.name == workload.namespace);
    let of_namespace = of_namespace.and_then(|namespace| namespace.meta.labels.get(DATAPLANE_MODE));
    let label = workload.labels.get(DATAPLANE_MODE).or(of_namespace);
    let asks = label.is_some_and(|label| label == "ambient") && !is_in_host_network(workload);
    if workload.hbone || asks { DataPlaneMode::Ambient } else { DataPlaneMode::None }
}
