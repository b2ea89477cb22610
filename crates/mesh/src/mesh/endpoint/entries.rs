//! Endpoints of ServiceEntries, and the WorkloadEntries that a Kubernetes Service selects.

use std::collections::BTreeSet;

use super::{Endpoint, Health};
use crate::Str;
use crate::mesh::ip;
use crate::mesh::workload::pod;
use crate::mesh::{Port, Resolution, Service, Workload, WorkloadId, WorkloadSource, Workloads};
use crate::rules::Rules;
use crate::snapshot::{IntOrString, Object, kubernetes, networking};
use crate::strings;

/// The annotation of a WorkloadEntry whose workload is asked how it is.
const HEALTH_CHECKS: &str = "proxy.istio.io/health-checks-enabled";
/// What stands before the path in the address of a Unix domain socket.
const UNIX: &str = "unix://";

/// The endpoints of one host of a ServiceEntry: `workloads` are those that it selects or has inline.
///
/// Istio makes a service of each address, and each has all endpoints: they count as often.
pub(super) fn of_service_entry(
    service: &Service,
    workloads: &[WorkloadId],
    all: &Workloads,
    (rules, joins_families): (&Rules, bool),
) -> Vec<Endpoint> {
    let once = of_one_address(service, workloads, all, joins_families);
    let count = if rules.registry.repeated_addresses {
        service.addresses.len()
    } else {
        service.addresses.iter().collect::<BTreeSet<_>>().len()
    };
    if count > 1 { std::iter::repeat_n(once, count).flatten().collect() } else { once }
}

/// Whether a workload may get traffic: a WorkloadEntry that is checked has to say that it is healthy.
pub(super) fn is_healthy(workload: &Workload) -> bool {
    let WorkloadSource::WorkloadEntry(object) = &workload.source else { return true };
    let checked = object.meta.annotations.get(HEALTH_CHECKS).and_then(|value| strings::go_bool(value));
    let healthy = object.spec.status.conditions.iter().find(|c| c.condition_type == "Healthy");
    checked != Some(true) || healthy.is_some_and(|condition| condition.status == "True")
}

/// Adds the endpoints of a Service to those of its host.
///
/// Where one address is resolved at a time there is one endpoint for each port: the first.
pub(super) fn join(of_host: &mut Vec<Endpoint>, endpoints: Vec<Endpoint>, service: &Service) {
    if service.resolution == Resolution::DnsRoundRobinLb {
        for endpoint in endpoints {
            let port = endpoint.service_port_number;
            if of_host.iter().all(|other| other.service_port_number != port) {
                of_host.push(endpoint);
            }
        }
    } else if of_host.is_empty() {
        *of_host = endpoints;
    } else {
        of_host.extend(endpoints);
    }
}

fn of_one_address(
    service: &Service,
    workloads: &[WorkloadId],
    all: &Workloads,
    joins_families: bool,
) -> Vec<Endpoint> {
    let by_dns = matches!(service.resolution, Resolution::DnsLb | Resolution::DnsRoundRobinLb);
    let mut endpoints = Vec::new();
    for id in workloads {
        let Some(workload) = all.get(*id) else { continue };
        let Some(address) = address(workload, service) else { continue };
        let selected = matches!(workload.source, WorkloadSource::WorkloadEntry(_));
        // Names are left to proxies that resolve them.
        if selected && !by_dns && has_name(workload, &address) {
            continue;
        }
        let others = if joins_families && workload.pod().is_some() { others(workload) } else { Vec::new() };
        endpoints.extend(service.ports.iter().map(|port| {
            let (address, number) = match address.strip_prefix(UNIX) {
                Some(path) => (Str::new(path), 0),
                None => (address.clone(), entry_port(workload, port)),
            };
            Endpoint {
                ip: address.parse().ok(),
                address,
                others: others.clone(),
                port: number,
                service_port: port.name.clone(),
                service_port_number: Some(port.number),
                workload: Some(*id),
                health: Health::Healthy,
                weight: workload.weight,
                listed_by: None,
            }
        }));
    }
    endpoints
}

/// The addresses of a workload beside its first.
pub(super) fn others(workload: &Workload) -> Vec<Str> {
    workload.addresses.iter().skip(1).map(|ip| ip::text(*ip)).collect()
}

/// The endpoints of the WorkloadEntries that a Kubernetes Service selects, port by port.
pub(super) fn of_kubernetes_service(
    service: &Service,
    object: &Object<kubernetes::Service>,
    entries: &[WorkloadId],
    all: &Workloads,
) -> Vec<Endpoint> {
    let mut endpoints = Vec::new();
    for port in &service.ports {
        let declared = object
            .spec
            .ports
            .iter()
            .find(|p| p.name == port.name || i64::from(p.port) == i64::from(port.number));
        for id in entries {
            let Some(workload) = all.get(*id) else { continue };
            let Some(spec) = entry(workload).filter(|spec| !has_name(workload, &spec.address)) else {
                continue;
            };
            let Some(number) = declared.and_then(|declared| selected_port(declared, port, spec)) else {
                continue;
            };
            let ip = workload.addresses.first().copied();
            endpoints.push(Endpoint {
                address: ip.map(ip::text).unwrap_or_default(),
                ip,
                others: Vec::new(),
                port: number,
                service_port: port.name.clone(),
                service_port_number: None,
                workload: Some(*id),
                health: Health::Healthy,
                weight: workload.weight,
                listed_by: None,
            });
        }
    }
    endpoints
}

/// Where a WorkloadEntry answers for a Kubernetes Service's port: its own port of the target port's name,
/// which a named target port asks for, else the number.
fn selected_port(
    declared: &kubernetes::ServicePort,
    port: &Port,
    entry: &networking::WorkloadEntry,
) -> Option<u32> {
    let own = |name: &Str| entry.ports.get(name).copied().filter(|number| *number > 0);
    match &declared.target_port {
        Some(IntOrString::Int(number)) if *number > 0 => own(&declared.name).or(u32::try_from(*number).ok()),
        Some(IntOrString::Name(name)) if !name.is_empty() => own(name),
        _ => own(&declared.name).or(Some(port.number)),
    }
}

/// The WorkloadEntry that a workload is, be it inline.
fn entry(workload: &Workload) -> Option<&networking::WorkloadEntry> {
    match &workload.source {
        WorkloadSource::Pod(_) => None,
        WorkloadSource::WorkloadEntry(object) => Some(&object.spec),
        WorkloadSource::ServiceEntryEndpoint(object, i) => object.spec.endpoints.get(*i),
    }
}

/// Whether a workload's address is one that only proxies understand: a name, or the path of a socket. One
/// that has none at all is known by its network.
fn has_name(workload: &Workload, address: &Str) -> bool {
    workload.addresses.is_empty() && !address.is_empty()
}

/// The address of a workload as an endpoint of a ServiceEntry.
fn address(workload: &Workload, service: &Service) -> Option<Str> {
    match &workload.source {
        WorkloadSource::Pod(object) => {
            let ip = workload.addresses.first()?;
            pod::takes_traffic(object).then(|| ip::text(*ip))
        }
        WorkloadSource::WorkloadEntry(object) => Some(object.spec.address.clone()),
        WorkloadSource::ServiceEntryEndpoint(object, i) if !object.spec.endpoints.is_empty() => {
            object.spec.endpoints.get(*i).map(|e| e.address.clone())
        }
        // Each host stands for itself.
        WorkloadSource::ServiceEntryEndpoint(object, i) => {
            object.spec.hosts.get(*i).filter(|host| **host == service.hostname).cloned()
        }
    }
}

/// Where a workload answers for a ServiceEntry's port: its own port of that name, else the target port, else
/// the same.
fn entry_port(workload: &Workload, port: &Port) -> u32 {
    let own = match &workload.source {
        WorkloadSource::Pod(object) => pod::named_tcp_port(&object.spec, &port.name),
        _ => entry(workload).and_then(|entry| entry.ports.get(&port.name).copied()),
    };
    own.filter(|number| *number > 0).or(port.target_port).unwrap_or(port.number)
}
