//! What Kubernetes and Istio read from a Pod's status.

use std::net::IpAddr;

use crate::snapshot::kubernetes::{Pod, PodStatus, ServicePort};
use crate::snapshot::{IntOrString, Object};

/// Whether the pod has run to its end.
pub fn is_terminal(pod: &Pod) -> bool {
    matches!(pod.status.phase.as_str(), "Succeeded" | "Failed")
}

/// Whether the pod runs. A pod that says nothing of its phase, as in a manifest, is taken to run.
pub(crate) fn is_running(pod: &Pod) -> bool {
    matches!(pod.status.phase.as_str(), "Running" | "")
}

/// Whether the pod is ready. A running pod that says nothing of it is taken to be.
pub fn is_ready(pod: &Pod) -> bool {
    match pod.status.conditions.iter().find(|c| c.condition_type == "Ready") {
        Some(condition) => condition.status == "True",
        None => is_running(pod),
    }
}

/// Whether the pod is shutting down.
pub fn is_terminating(pod: &Object<Pod>) -> bool {
    pod.meta.deletion_timestamp.is_some()
}

/// Whether the pod is ready, and stays so.
pub(crate) fn takes_traffic(pod: &Object<Pod>) -> bool {
    is_ready(&pod.spec) && !is_terminal(&pod.spec) && !is_terminating(pod)
}

/// The pod's addresses, the primary one first.
pub(crate) fn addresses(status: &PodStatus) -> Vec<IpAddr> {
    let mut addresses: Vec<IpAddr> = Vec::new();
    // The primary address is mostly repeated in the list.
    let others = status.pod_ips.iter().map(|ip| &ip.ip).filter(|ip| **ip != status.pod_ip);
    for ip in std::iter::once(&status.pod_ip).chain(others) {
        if let Ok(ip) = ip.parse()
            && !addresses.contains(&ip)
        {
            addresses.push(ip);
        }
    }
    addresses
}

/// The container port that a Service's port leads to, if the pod has it.
///
/// `init_containers`: whether the ports of native sidecars (init containers that keep running) count.
pub(crate) fn target_port(pod: &Pod, port: &ServicePort, init_containers: bool) -> Option<u32> {
    match &port.target_port {
        None | Some(IntOrString::Int(0)) => u32::try_from(port.port).ok(),
        Some(IntOrString::Int(number)) => u32::try_from(*number).ok(),
        Some(IntOrString::Name(name)) => {
            let sidecars = pod
                .init_containers
                .iter()
                .filter(|c| init_containers && c.restart_policy.as_deref() == Some("Always"));
            let found = pod
                .containers
                .iter()
                .chain(sidecars)
                .flat_map(|container| &container.ports)
                .find(|p| p.name == *name && transport(&p.protocol) == transport(&port.protocol))?;
            u32::try_from(found.container_port).ok()
        }
    }
}

/// The container port with this name, for a ServiceEntry that selects the pod.
pub(crate) fn named_tcp_port(pod: &Pod, name: &str) -> Option<u32> {
    let mut ports = pod.containers.iter().flat_map(|container| &container.ports);
    let found = ports.find(|p| !name.is_empty() && p.name == name && transport(&p.protocol) == "TCP")?;
    u32::try_from(found.container_port).ok()
}

/// The container port with this name, of a native sidecar too.
pub fn tcp_port(pod: &Pod, name: &str) -> Option<u32> {
    let sidecars = pod.init_containers.iter().filter(|c| c.restart_policy.as_deref() == Some("Always"));
    let mut ports = pod.containers.iter().chain(sidecars).flat_map(|container| &container.ports);
    let found = ports.find(|p| p.name == name && transport(&p.protocol) == "TCP")?;
    u32::try_from(found.container_port).ok()
}

fn transport(protocol: &str) -> &str {
    if protocol.is_empty() { "TCP" } else { protocol }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::kubernetes::{Container, ContainerPort, PodCondition, PodIp};

    fn pod() -> Pod {
        let port = |name: &str, container_port, protocol: &str| ContainerPort {
            name: name.into(),
            container_port,
            protocol: protocol.into(),
        };
        Pod {
            containers: vec![Container {
                ports: vec![port("dns", 53, "UDP"), port("web", 8080, "TCP"), port("web", 9090, "TCP")],
                ..Container::default()
            }],
            init_containers: vec![Container {
                ports: vec![port("side", 7070, "")],
                restart_policy: Some("Always".into()),
                ..Container::default()
            }],
            ..Pod::default()
        }
    }

    fn service_port(target_port: Option<IntOrString>) -> ServicePort {
        ServicePort { port: 80, protocol: "TCP".into(), target_port, ..ServicePort::default() }
    }

    #[test]
    fn target_ports_are_numbers_or_names() {
        let target = |port| target_port(&pod(), &service_port(port), true);
        assert_eq!(target(None), Some(80));
        assert_eq!(target(Some(IntOrString::Int(8080))), Some(8080));
        assert_eq!(target(Some(IntOrString::Name("web".into()))), Some(8080));
        assert_eq!(target(Some(IntOrString::Name("dns".into()))), None);
        assert_eq!(target(Some(IntOrString::Name("side".into()))), Some(7070));
        assert_eq!(target_port(&pod(), &service_port(Some(IntOrString::Name("side".into()))), false), None);
    }

    #[test]
    fn silence_about_readiness_is_readiness_of_running_pods() {
        let mut pod = Pod::default();
        assert!(is_ready(&pod));
        pod.status.phase = "Pending".into();
        assert!(!is_ready(&pod));
        pod.status.conditions = vec![PodCondition { condition_type: "Ready".into(), status: "True".into() }];
        assert!(is_ready(&pod));
    }

    #[test]
    fn addresses_start_with_the_primary_one() {
        let ip = |ip: &str| PodIp { ip: ip.into() };
        let status = PodStatus {
            pod_ip: "fd00::1".into(),
            pod_ips: vec![ip("fd00::1"), ip("10.0.0.1"), ip("")],
            ..PodStatus::default()
        };
        assert_eq!(addresses(&status), ["fd00::1".parse::<IpAddr>().unwrap(), "10.0.0.1".parse().unwrap()]);
    }
}
