//! Which namespaces have clients with sidecars: what waypoints do not read may be meant for those.

use super::Context;
use crate::mesh::WorkloadId;

/// The annotation that the injector leaves on a pod.
const INJECTED: &str = "sidecar.istio.io/status";
/// The label that asks for sidecars in a namespace.
const INJECTION: &str = "istio-injection";
/// The container that a sidecar is.
const CONTAINER: &str = "istio-proxy";

/// Whether pods of a namespace have sidecars, or are to have them.
pub(crate) fn in_namespace(cx: &Context<'_>, namespace: &str) -> bool {
    let labels = crate::snapshot::find(&cx.snapshot.namespaces, "", namespace).map(|n| &n.meta.labels);
    labels.and_then(|labels| labels.get(INJECTION)).is_some_and(|value| value == "enabled")
        || cx.mesh.workloads.in_namespace(namespace).iter().any(|id| has_sidecar(cx, *id))
}

fn has_sidecar(cx: &Context<'_>, workload: WorkloadId) -> bool {
    let Some(workload) = cx.mesh.workloads.get(workload).filter(|w| w.gateway().is_none()) else {
        return false;
    };
    workload.pod().is_some_and(|pod| {
        let mut containers = pod.spec.containers.iter().chain(&pod.spec.init_containers);
        pod.meta.annotations.contains_key(INJECTED) || containers.any(|container| container.name == CONTAINER)
    })
}
