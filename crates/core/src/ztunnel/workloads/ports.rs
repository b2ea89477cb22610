//! Which port of a workload answers for which port of a Service.

use envoy::istio::workload::{Port, PortList};

use crate::mesh;
use crate::mesh::service::ServiceSource;
use crate::mesh::workload::pod;
use crate::snapshot::kubernetes::{Pod, ServicePort};
use crate::snapshot::{IntOrString, networking};
use crate::ztunnel::index::KnownService;

/// The ports of a Pod.
pub(super) fn of_pod(pod: &Pod, known: &KnownService<'_>) -> PortList {
    match &known.service.source {
        ServiceSource::Kubernetes(object) => list(&object.spec.ports, |port| {
            let target = target(&object.spec.ports, port);
            match target {
                TargetPort::Number(number) => Some((number_of(port), number)),
                TargetPort::Name(name) => Some((number_of(port), pod::tcp_port(pod, name)?)),
            }
        }),
        // A ServiceEntry has no names of target ports: those of the ports themselves count.
        ServiceSource::ServiceEntry(_) => list(&known.service.ports, |port| {
            let named = pod::tcp_port(pod, &port.name).filter(|_| !port.name.is_empty());
            Some((port.number, named.unwrap_or_else(|| own_target(port))))
        }),
    }
}

/// The ports of a WorkloadEntry, or of an endpoint of a ServiceEntry: those that it names, else the
/// Service's.
pub(super) fn of_entry(entry: &networking::WorkloadEntry, known: &KnownService<'_>) -> PortList {
    match &known.service.source {
        ServiceSource::Kubernetes(object) => list(&object.spec.ports, |port| {
            let target = match target(&object.spec.ports, port) {
                TargetPort::Name(name) => *entry.ports.get(name)?,
                TargetPort::Number(number) => entry.ports.get(&port.name).copied().unwrap_or(number),
            };
            Some((number_of(port), target))
        }),
        ServiceSource::ServiceEntry(_) => list(&known.service.ports, |port| {
            let named = entry.ports.get(&port.name).copied();
            Some((port.number, named.unwrap_or_else(|| own_target(port))))
        }),
    }
}

/// Pairs of a Service's port and the workload's.
fn list<P>(ports: &[P], pair: impl Fn(&P) -> Option<(u32, u32)>) -> PortList {
    let port = |(service_port, target_port)| Port { service_port, target_port, ..Port::default() };
    PortList { ports: ports.iter().filter_map(pair).map(port).collect() }
}

/// Where a port of a Kubernetes Service leads to.
enum TargetPort<'s> {
    Number(u32),
    Name(&'s str),
}

/// The target of a port. Of several ports with one number the last one's name counts.
fn target<'s>(ports: &'s [ServicePort], port: &'s ServicePort) -> TargetPort<'s> {
    let last = ports.iter().rev().find(|other| other.port == port.port).unwrap_or(port);
    match (&last.target_port, &port.target_port) {
        (Some(IntOrString::Name(name)), _) if !name.is_empty() => TargetPort::Name(name),
        (_, Some(IntOrString::Int(number))) if *number != 0 => {
            TargetPort::Number(u32::try_from(*number).unwrap_or_default())
        }
        _ => TargetPort::Number(number_of(port)),
    }
}

fn number_of(port: &ServicePort) -> u32 {
    u32::try_from(port.port).unwrap_or_default()
}

fn own_target(port: &mesh::Port) -> u32 {
    port.target_port.unwrap_or(port.number)
}
