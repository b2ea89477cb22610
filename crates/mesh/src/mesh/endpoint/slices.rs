//! Endpoints of Kubernetes Services: from EndpointSlices, else as Kubernetes would derive them from Pods.

use std::net::IpAddr;
use std::sync::Arc;

use super::{Endpoint, Health, entries};
use crate::Str;
use crate::features::Features;
use crate::hash::{HashMap, HashSet};
use crate::mesh::ip;
use crate::mesh::workload::pod;
use crate::mesh::{Service, Workload, WorkloadId, Workloads};
use crate::rules::Rules;
use crate::snapshot::{self, Cause, FieldPath, Object, Snapshot, kubernetes};

/// The snapshot's EndpointSlices, by the Service that they are for: namespace, then name.
pub(super) struct Slices<'a> {
    by_service: HashMap<(&'a str, &'a str), Vec<&'a Object<kubernetes::EndpointSlice>>>,
    /// What is read instead of slices, if it is.
    endpoints: Option<&'a [Arc<Object<kubernetes::Endpoints>>]>,
}

/// Where a Service's endpoints are listed.
#[derive(Clone, Copy)]
pub(super) enum Listed<'s> {
    /// In EndpointSlices.
    Slices(&'s [&'s Object<kubernetes::EndpointSlice>]),
    /// In a v1 Endpoints.
    Endpoints(&'s Object<kubernetes::Endpoints>),
    /// Nowhere, and nobody would list any.
    Nowhere,
}

/// The Service that a slice is for.
fn service_of(slice: &Object<kubernetes::EndpointSlice>) -> Option<(&str, &str)> {
    let service = slice.meta.labels.get("kubernetes.io/service-name")?;
    Some((&slice.meta.namespace, service))
}

impl<'a> Slices<'a> {
    /// The snapshot's slices. Its v1 Endpoints count for nothing, as in Istio: it is the cluster that makes
    /// slices of them. Where a flag has them read, slices count for nothing.
    pub(super) fn new(snapshot: &'a Snapshot, features: &Features) -> Self {
        let mut by_service: HashMap<_, Vec<_>> = HashMap::default();
        by_service.reserve(snapshot.endpoint_slices.len());
        for slice in &snapshot.endpoint_slices {
            if let Some(key) = service_of(slice) {
                by_service.entry(key).or_default().push(slice.as_ref());
            }
        }
        let endpoints = (!features.pilot_use_endpoint_slice).then_some(snapshot.endpoints.as_slice());
        Self { by_service, endpoints }
    }

    /// Where the endpoints of a Service are listed; none if the snapshot does not say, and Kubernetes would
    /// list its Pods.
    pub(super) fn of<'s>(&'s self, service: &'s Service) -> Option<Listed<'s>> {
        let (namespace, name) = (service.namespace.as_str(), service.name.as_str());
        match self.endpoints {
            None => self.by_service.get(&(namespace, name)).map(|slices| Listed::Slices(slices)),
            Some(all) => match snapshot::find(all, namespace, name) {
                Some(object) => Some(Listed::Endpoints(object)),
                None => service.selector.is_empty().then_some(Listed::Nowhere),
            },
        }
    }
}

/// The endpoints that are listed.
pub(super) fn listed(listed: Listed<'_>, workloads: &Workloads, states: States) -> Vec<Endpoint> {
    match listed {
        Listed::Slices(slices) => of_slices(slices, workloads, states),
        Listed::Endpoints(object) => of_endpoints(object, workloads, states),
        Listed::Nowhere => Vec::new(),
    }
}

/// The endpoints that a v1 Endpoints lists.
fn of_endpoints(
    object: &Object<kubernetes::Endpoints>,
    workloads: &Workloads,
    states: States,
) -> Vec<Endpoint> {
    let mut endpoints = Vec::new();
    for (position, subset) in object.spec.subsets.iter().enumerate() {
        let ready = subset.addresses.iter().map(|address| (address, Health::Healthy));
        let unready = subset.not_ready_addresses.iter().map(|address| (address, Health::Unhealthy));
        for (address, health) in ready.chain(unready).filter(|(_, health)| states.keep(*health)) {
            let target = address.target_ref.as_ref();
            let Ok(workload) = behind(target, &address.ip, &object.meta.namespace, workloads) else {
                continue;
            };
            endpoints.extend(subset.ports.iter().map(|port| Endpoint {
                address: address.ip.clone(),
                ip: address.ip.parse().ok(),
                others: Vec::new(),
                port: port.port.and_then(|port| u32::try_from(port).ok()).unwrap_or_default(),
                service_port: port.name.clone().unwrap_or_default(),
                service_port_number: None,
                workload,
                health,
                weight: 0,
                listed_by: Some(Cause::new(object.object_ref(), FieldPath::at("subsets[]", [position]))),
            }));
        }
    }
    endpoints
}

/// The endpoints that EndpointSlices list. Of several with one address and port name, the first counts.
fn of_slices(
    slices: &[&Object<kubernetes::EndpointSlice>],
    workloads: &Workloads,
    states: States,
) -> Vec<Endpoint> {
    let mut seen = HashSet::default();
    let mut endpoints = Vec::new();
    // Istio leaves out names: those slices would have to be resolved.
    for slice in slices.iter().filter(|slice| slice.spec.address_type != "FQDN") {
        for (position, entry) in slice.spec.endpoints.iter().enumerate() {
            let health = states.health(&entry.conditions);
            if !states.keep(health) {
                continue;
            }
            let target = entry.target_ref.as_ref();
            for address in &entry.addresses {
                let Ok(workload) = behind(target, address, &slice.meta.namespace, workloads) else {
                    continue;
                };
                let named = entry.target_ref.as_ref().is_some_and(|target| target.kind == "Pod");
                let joined = workload
                    .and_then(|id| workloads.get(id))
                    .filter(|workload| states.join_families && named && workload.addresses.len() > 1);
                if joined.is_some() && slice.spec.address_type == "IPv6" {
                    continue;
                }
                let own = joined.and_then(|workload| workload.addresses.first());
                let (own, ip) = match own {
                    Some(ip) => (ip::text(*ip), Some(*ip)),
                    None => (address.clone(), address.parse().ok()),
                };
                let others = joined.map(entries::others).unwrap_or_default();
                for port in &slice.spec.ports {
                    let name = port.name.clone().unwrap_or_default();
                    if seen.insert((address, name.clone())) {
                        endpoints.push(Endpoint {
                            address: own.clone(),
                            ip,
                            others: others.clone(),
                            port: port.port.and_then(|p| u32::try_from(p).ok()).unwrap_or_default(),
                            service_port: name,
                            service_port_number: None,
                            workload,
                            health,
                            weight: 0,
                            listed_by: Some(Cause::new(
                                slice.object_ref(),
                                FieldPath::at("endpoints[]", [position]),
                            )),
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

/// The workload behind an address: the Pod that the slice names, else the Pod with that primary address, if
/// it is ready.
fn behind(
    target: Option<&kubernetes::ObjectReference>,
    address: &Str,
    namespace: &str,
    workloads: &Workloads,
) -> Result<Option<WorkloadId>, Unknown> {
    if let Some(target) = target.filter(|target| target.kind == "Pod") {
        let namespace = if target.namespace.is_empty() { namespace } else { &target.namespace };
        return workloads.pod(namespace, &target.name).map(Some).ok_or(Unknown);
    }
    let Ok(ip) = address.parse::<IpAddr>() else { return Ok(None) };
    let is_meant = |id: &&WorkloadId| {
        let workload =
            workloads.get(**id).filter(|w| w.namespace == namespace && w.addresses.first() == Some(&ip));
        workload.and_then(Workload::pod).is_some_and(pod::takes_traffic)
    };
    Ok(workloads.with_address(ip).iter().find(is_meant).copied())
}

/// Which states the endpoints of a Service may have.
#[derive(Clone, Copy, Debug)]
pub(super) struct States {
    /// Whether clients keep to an endpoint while it shuts down.
    pub(super) drain: bool,
    /// Whether those that are not ready are kept.
    pub(super) keep_unready: bool,
    /// Whether the addresses of a Pod are one endpoint, at its first address, where a slice of IPv4 lists it.
    pub(super) join_families: bool,
    /// Whether those that shut down are told from those that are not ready.
    pub(super) tell_terminating: bool,
}

impl States {
    /// The state of an endpoint. One that isn't ready is taken to shut down unless the slice says that it
    /// doesn't; it still drains where clients keep to their endpoints.
    fn health(self, conditions: &kubernetes::EndpointConditions) -> Health {
        let may_be = |condition: Option<bool>| condition != Some(false);
        if may_be(conditions.ready) {
            Health::Healthy
        } else if !may_be(conditions.terminating) {
            Health::Unhealthy
        } else if self.drain && may_be(conditions.serving) {
            Health::Draining
        } else if self.tell_terminating {
            Health::Terminating
        } else {
            Health::Unhealthy
        }
    }

    /// Whether endpoints in this state are kept.
    fn keep(self, health: Health) -> bool {
        self.keep_unready || matches!(health, Health::Healthy | Health::Draining)
    }
}

/// The endpoints that Kubernetes' endpoint slice controller would list for a Service's Pods:
/// <https://kubernetes.io/docs/concepts/services-networking/endpoint-slices/>.
pub(super) fn derived(
    object: &kubernetes::Service,
    pods: &[WorkloadId],
    workloads: &Workloads,
    (rules, states): (&Rules, States),
) -> Vec<Endpoint> {
    let count = pods.len() * object.ports.len();
    let mut seen = HashSet::with_capacity_and_hasher(count, Default::default());
    let mut endpoints = Vec::with_capacity(count);
    for ipv4 in families(object) {
        for id in pods {
            let Some(workload) = workloads.get(*id) else { continue };
            let Some(pod) = workload.pod() else { continue };
            let address = workload.addresses.iter().find(|ip| ip.is_ipv4() == ipv4);
            let (Some(address), false) = (address, pod::is_terminal(&pod.spec)) else { continue };
            let health = states.health(&conditions(pod, object.publish_not_ready_addresses));
            if !states.keep(health) {
                continue;
            }
            let joined = states.join_families && workload.addresses.len() > 1;
            if joined && !ipv4 {
                continue;
            }
            let own = workload.addresses.first().filter(|_| joined).unwrap_or(address);
            let text: Str = ip::text(*own);
            let others = if joined { entries::others(workload) } else { Vec::new() };
            for port in &object.ports {
                let target = pod::target_port(&pod.spec, port, rules.registry.native_sidecar_ports);
                // Pods on their node's network share its address: Istio tells endpoints apart by address and
                // port.
                let is_first = |_: &u32| seen.insert((address, port.name.as_str()));
                let Some(target) = target.filter(is_first) else { continue };
                endpoints.push(Endpoint {
                    address: text.clone(),
                    ip: Some(*own),
                    others: others.clone(),
                    port: target,
                    service_port: port.name.clone(),
                    service_port_number: None,
                    workload: Some(*id),
                    health,
                    weight: 0,
                    listed_by: None,
                });
            }
        }
    }
    endpoints
}

/// What the endpoint slice controller would say of a Pod.
fn conditions(object: &Object<kubernetes::Pod>, publish_not_ready: bool) -> kubernetes::EndpointConditions {
    let (ready, terminating) = (pod::is_ready(&object.spec), pod::is_terminating(object));
    kubernetes::EndpointConditions {
        ready: Some(publish_not_ready || (ready && !terminating)),
        serving: Some(ready),
        terminating: Some(terminating),
    }
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
