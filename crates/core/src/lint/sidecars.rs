//! Which namespaces have clients with sidecars: what waypoints do not read may be meant for those.

use crate::hash::HashSet;
use crate::mesh::{Mesh, Workload};

/// The annotation that the injector leaves on a pod.
const INJECTED: &str = "sidecar.istio.io/status";
/// The label that asks for sidecars in a namespace.
const INJECTION: &str = "istio-injection";
/// The container that a sidecar is.
const CONTAINER: &str = "istio-proxy";

/// The namespaces whose pods have sidecars, or are to have them.
pub(super) fn namespaces(mesh: &Mesh) -> HashSet<&str> {
    let injected = mesh
        .snapshot
        .namespaces
        .iter()
        .filter(|namespace| namespace.meta.labels.get(INJECTION).is_some_and(|value| value == "enabled"));
    let pods = mesh.workloads.iter().filter(|(_, workload)| has_sidecar(workload));
    let of_pods = pods.map(|(_, workload)| workload.namespace.as_str());
    injected.map(|namespace| namespace.meta.name.as_str()).chain(of_pods).collect()
}

fn has_sidecar(workload: &Workload) -> bool {
    workload.gateway().is_none()
        && workload.pod().is_some_and(|pod| {
            let mut containers = pod.spec.containers.iter().chain(&pod.spec.init_containers);
            pod.meta.annotations.contains_key(INJECTED)
                || containers.any(|container| container.name == CONTAINER)
        })
}
