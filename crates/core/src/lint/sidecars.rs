//! Proxies beside workloads.

use crate::mesh::Workload;
use crate::snapshot::Labels;

/// The container of a proxy.
const PROXY: &str = "istio-proxy";

/// Whether the pods of a namespace with these labels get sidecars.
pub(super) fn are_injected(namespace: &Labels) -> bool {
    let is_ambient = namespace.get("istio.io/dataplane-mode").is_some_and(|mode| mode == "ambient");
    namespace.get("istio-injection").is_some_and(|value| value == "enabled")
        || namespace.contains_key("istio.io/rev") && !is_ambient
}

/// Whether a workload is a pod with a proxy in it: a sidecar's, a gateway's or a waypoint's.
pub(super) fn has_proxy(workload: &Workload) -> bool {
    let spec = workload.pod().map(|pod| &pod.spec);
    let mut containers = spec.into_iter().flat_map(|s| s.containers.iter().chain(&s.init_containers));
    containers.any(|container| container.name == PROXY)
}
