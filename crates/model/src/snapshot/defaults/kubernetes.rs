//! Defaults of Kubernetes' own kinds. What a cluster has of them it has validated; admission does the same
//! for a snapshot from files.

use std::net::IpAddr;

use crate::snapshot::kubernetes::{EndpointSlice, Endpoints, Pod, PodIp, Service};
use crate::snapshot::{IntOrString, Labels, Meta};

/// Each Namespace is labelled with its name, whatever was written.
pub(super) fn label_with_name(meta: &mut Meta) {
    let labels = Labels::of_namespace(&meta.name);
    if !labels.is_subset(&meta.labels) {
        meta.labels.extend(labels);
    }
}

/// As the API server fills in a Service, but for the addresses that only a cluster can allocate.
pub(super) fn fill_service(service: &mut Service) {
    if service.service_type.is_empty() {
        service.service_type = "ClusterIP".into();
    }
    if service.session_affinity.is_empty() {
        service.session_affinity = "None".into();
    }
    let external_name = service.service_type == "ExternalName";
    if service.internal_traffic_policy.is_none() && !external_name {
        service.internal_traffic_policy = Some("Cluster".into());
    }
    if service.cluster_ips.is_empty() && !service.cluster_ip.is_empty() {
        service.cluster_ips.push(service.cluster_ip.clone());
    } else if service.cluster_ip.is_empty()
        && let Some(first) = service.cluster_ips.first()
    {
        service.cluster_ip = first.clone();
    }
    if !external_name {
        fill_ip_families(service);
    }
    for port in &mut service.ports {
        if port.protocol.is_empty() {
            port.protocol = "TCP".into();
        }
        let unset = match &port.target_port {
            None => true,
            Some(IntOrString::Int(number)) => *number == 0,
            Some(IntOrString::Name(name)) => name.is_empty(),
        };
        if unset {
            port.target_port = Some(IntOrString::Int(port.port.into()));
        }
    }
}

/// The families are those of the addresses; a Service without any has the cluster's first, taken to be IPv4.
fn fill_ip_families(service: &mut Service) {
    if service.ip_families.is_empty() {
        let addresses = service.cluster_ips.iter().filter_map(|ip| ip.parse().ok());
        service.ip_families =
            addresses.map(|ip: IpAddr| if ip.is_ipv4() { "IPv4".into() } else { "IPv6".into() }).collect();
    }
    if service.ip_families.is_empty() {
        service.ip_families.push("IPv4".into());
    }
    if service.ip_family_policy.is_none() {
        let policy = if service.ip_families.len() > 1 { "RequireDualStack" } else { "SingleStack" };
        service.ip_family_policy = Some(policy.into());
    }
}

/// As the API server fills in a Pod.
pub(super) fn fill_pod(pod: &mut Pod) {
    if pod.service_account_name.is_empty() {
        pod.service_account_name = pod.service_account.clone();
    }
    if pod.service_account_name.is_empty() {
        // The admission plugin ServiceAccount, on by default, gives a pod the namespace's own account.
        pod.service_account_name = "default".into();
    }
    let status = &mut pod.status;
    if status.pod_ips.is_empty() && !status.pod_ip.is_empty() {
        status.pod_ips.push(PodIp { ip: status.pod_ip.clone() });
    } else if status.pod_ip.is_empty()
        && let Some(first) = status.pod_ips.first()
    {
        status.pod_ip = first.ip.clone();
    }
    for container in pod.containers.iter_mut().chain(&mut pod.init_containers) {
        for port in &mut container.ports {
            if port.protocol.is_empty() {
                port.protocol = "TCP".into();
            }
        }
    }
}

/// As the API server fills in an EndpointSlice.
pub(super) fn fill_endpoint_slice(slice: &mut EndpointSlice) {
    for port in &mut slice.ports {
        port.name.get_or_insert_default();
        port.protocol.get_or_insert_with(|| "TCP".into());
    }
}

/// As the API server fills in v1 Endpoints.
pub(super) fn fill_endpoints(endpoints: &mut Endpoints) {
    for subset in &mut endpoints.subsets {
        for port in &mut subset.ports {
            port.protocol.get_or_insert_with(|| "TCP".into());
        }
    }
}
