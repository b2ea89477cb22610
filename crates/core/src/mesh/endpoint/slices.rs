//! Endpoints of Kubernetes Services: from EndpointSlices, else as Kubernetes would derive them from Pods.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::{Endpoint, Health};
use crate::Str;
use crate::mesh::workload::pod;
use crate::mesh::{Service, WorkloadId, Workloads};
use crate::release::Rules;
use crate::snapshot::{Object, Snapshot, kubernetes};

/// The snapshot's EndpointSlices, by the Service that they are for: namespace, then name.
pub(super) struct Slices<'a> {
    by_service: BTreeMap<(Str, Str), Vec<&'a Object<kubernetes::EndpointSlice>>>,
}

impl<'a> Slices<'a> {
    pub(super) fn new(snapshot: &'a Snapshot) -> Self {
        let mut by_service: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for slice in &snapshot.endpoint_slices {
            if let Some(service) = slice.meta.labels.get("kubernetes.io/service-name") {
                let key = (slice.meta.namespace.clone(), service.clone());
                by_service.entry(key).or_default().push(slice.as_ref());
            }
        }
        Self { by_service }
    }

    /// The slices of a Service, if the snapshot has any.
    pub(super) fn of(&self, service: &Service) -> Option<&[&'a Object<kubernetes::EndpointSlice>]> {
        self.by_service.get(&(service.namespace.clone(), service.name.clone())).map(Vec::as_slice)
    }
}

/// The endpoints that EndpointSlices list. Of several with one address and port name, the first counts.
pub(super) fn listed(slices: &[&Object<kubernetes::EndpointSlice>], workloads: &Workloads) -> Vec<Endpoint> {
    let mut seen = BTreeSet::new();
    let mut endpoints = Vec::new();
    // Istio leaves out names: those slices would have to be resolved.
    for slice in slices.iter().filter(|slice| slice.spec.address_type != "FQDN") {
        for entry in &slice.spec.endpoints {
            for address in &entry.addresses {
                let Ok(workload) = behind(entry, address, &slice.meta.namespace, workloads) else { continue };
                for port in &slice.spec.ports {
                    let name = port.name.clone().unwrap_or_default();
                    if seen.insert((address.clone(), name.clone())) {
                        endpoints.push(Endpoint {
                            address: address.clone(),
                            port: port.port.and_then(|p| u32::try_from(p).ok()).unwrap_or_default(),
                            service_port: name,
                            service_port_number: None,
                            workload,
                            health: health(&entry.conditions),
                            weight: 0,
                        });
                    }
                }
            }
        }
    }
    endpoints
}

/// A slice names a Pod that the snapshot hasn't.
struct Unknown;

/// The workload behind an address: the Pod that the slice names, else the Pod with that address.
fn behind(
    entry: &kubernetes::Endpoint,
    address: &Str,
    namespace: &str,
    workloads: &Workloads,
) -> Result<Option<WorkloadId>, Unknown> {
    if let Some(target) = entry.target_ref.as_ref().filter(|target| target.kind == "Pod") {
        let namespace = if target.namespace.is_empty() { namespace } else { &target.namespace };
        return workloads.pod(namespace, &target.name).map(Some).ok_or(Unknown);
    }
    let Ok(ip) = address.parse::<IpAddr>() else { return Ok(None) };
    let here =
        |id: &&WorkloadId| workloads.get(**id).is_some_and(|w| w.namespace == namespace && w.pod().is_some());
    Ok(workloads.with_address(ip).iter().find(here).copied())
}

fn health(conditions: &kubernetes::EndpointConditions) -> Health {
    match (conditions.ready, conditions.serving, conditions.terminating) {
        (None | Some(true), _, _) => Health::Healthy,
        (_, None | Some(true), None | Some(true)) => Health::Draining,
        (_, _, None | Some(true)) => Health::Terminating,
        _ => Health::Unhealthy,
    }
}

/// The endpoints that Kubernetes' endpoint slice controller would list for a Service's Pods:
/// <https://kubernetes.io/docs/concepts/services-networking/endpoint-slices/>.
pub(super) fn derived(
    service: &kubernetes::Service,
    pods: &[WorkloadId],
    workloads: &Workloads,
    rules: &Rules,
) -> Vec<Endpoint> {
    let mut endpoints = Vec::new();
    for ipv4 in families(service) {
        for id in pods {
            let Some(workload) = workloads.get(*id) else { continue };
            let Some(object) = workload.pod() else { continue };
            let address = workload.addresses.iter().find(|ip| ip.is_ipv4() == ipv4);
            let (Some(address), false) = (address, pod::is_terminal(&object.spec)) else { continue };
            let health = pod_health(object, service.publish_not_ready_addresses);
            let ports = service.ports.iter().filter_map(|port| {
                Some((port, pod::target_port(&object.spec, port, rules.registry.native_sidecar_ports)?))
            });
            endpoints.extend(ports.map(|(service_port, port)| Endpoint {
                address: smol_str::format_smolstr!("{address}"),
                port,
                service_port: service_port.name.clone(),
                service_port_number: None,
                workload: Some(*id),
                health,
                weight: 0,
            }));
        }
    }
    endpoints
}

fn pod_health(object: &Object<kubernetes::Pod>, publish_not_ready: bool) -> Health {
    let (ready, terminating) = (pod::is_ready(&object.spec), pod::is_terminating(object));
    health(&kubernetes::EndpointConditions {
        ready: Some(publish_not_ready || (ready && !terminating)),
        serving: Some(ready),
        terminating: Some(terminating),
    })
}

/// The address families of a Service, in its order: `true` is IPv4.
fn families(service: &kubernetes::Service) -> Vec<bool> {
    if !service.ip_families.is_empty() {
        return service.ip_families.iter().map(|family| family == "IPv4").collect();
    }
    let ips = std::iter::once(&service.cluster_ip).chain(&service.cluster_ips);
    let mut families: Vec<bool> =
        ips.filter_map(|ip| ip.parse::<IpAddr>().ok()).map(|ip| ip.is_ipv4()).collect();
    if families.is_empty() {
        families.push(true);
    }
    // The cluster IP is listed twice, and at most two families are left.
    families.sort_unstable_by_key(|ipv4| families_rank(*ipv4, service));
    families.dedup();
    families
}

/// The primary family goes first.
fn families_rank(ipv4: bool, service: &kubernetes::Service) -> u8 {
    let primary_is_ipv4 = service.cluster_ip.parse::<IpAddr>().map_or(true, |ip| ip.is_ipv4());
    u8::from(ipv4 != primary_is_ipv4)
}
