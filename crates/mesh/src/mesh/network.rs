//! Networks: the one that the cluster is in, and where HBONE connections are taken in each.

use std::net::IpAddr;

use super::namespaces::Namespaces;
use super::service::{Address, Services};
use super::workload::{Workload, WorkloadSource, Workloads};
use super::{Endpoints, Service};
use crate::Str;
use crate::hash::HashSet;
use crate::rules::HboneAddresses;
use crate::well_known::NETWORK;

/// The namespace of the control plane: its label names the cluster's network.
const SYSTEM_NAMESPACE: &str = "istio-system";

/// The network that the cluster is in; empty where it has no name.
pub(super) fn of_cluster(namespaces: &Namespaces) -> Str {
    namespaces.label(SYSTEM_NAMESPACE, NETWORK).cloned().unwrap_or_default()
}

/// The networks of a mesh, as ztunnel knows them.
#[derive(Clone, Debug, Default)]
pub struct Networks {
    /// The network that the cluster is in; empty where it has no name.
    pub own: Str,
    /// The addresses that take HBONE connections, each in its network.
    hbone: HashSet<(Str, IpAddr)>,
    /// Whether an address means the same in all networks.
    flat: bool,
}

impl Networks {
    /// Finds what takes HBONE connections: workloads, and the Services of such. An address means a workload before it
    /// means a Service.
    #[must_use]
    pub(crate) fn new(own: Str, rule: HboneAddresses, objects: Objects<'_>) -> Self {
        let Objects { workloads, services, endpoints } = objects;
        let count = match rule {
            HboneAddresses::PodsFirst => 1,
            HboneAddresses::All => usize::MAX,
        };
        let mut known = HashSet::default();
        let mut hbone = HashSet::default();
        for (_, workload) in workloads.iter().filter(|(_, workload)| is_known(workload, rule)) {
            let network = network_of(workload, &own);
            for address in workload.addresses.iter().take(count).map(|ip| (network.clone(), *ip)) {
                if workload.hbone {
                    hbone.insert(address.clone());
                }
                known.insert(address);
            }
        }
        for (id, service) in services.iter() {
            let mut behind = endpoints.of(id).iter().filter_map(|endpoint| workloads.get(endpoint.workload?));
            if behind.any(|workload| workload.hbone) {
                let addresses = called_by(service).map(|ip| (own.clone(), ip));
                hbone.extend(addresses.filter(|address| !known.contains(address)));
            }
        }
        Self { own, hbone, flat: rule == HboneAddresses::PodsFirst }
    }

    /// Whether HBONE connections are taken at an address of a network.
    #[must_use]
    pub fn take_hbone(&self, network: &Str, address: IpAddr) -> bool {
        let network = if self.flat { &self.own } else { network };
        self.hbone.contains(&(network.clone(), address))
    }
}

/// What networks are found in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Objects<'a> {
    pub(crate) workloads: &'a Workloads,
    pub(crate) services: &'a Services,
    pub(crate) endpoints: &'a Endpoints,
}

/// Whether ztunnel knows a workload.
fn is_known(workload: &Workload, rule: HboneAddresses) -> bool {
    match &workload.source {
        WorkloadSource::Pod(_) => workload.known_to_ztunnel,
        _ => rule == HboneAddresses::All,
    }
}

/// The network in which ztunnel looks for a workload; a label of it is not asked.
fn network_of(workload: &Workload, own: &Str) -> Str {
    let named = match &workload.source {
        WorkloadSource::Pod(_) => None,
        WorkloadSource::WorkloadEntry(entry) => Some(&entry.spec.network),
        // By accident an endpoint without a network is taken to be in that of the one before it.
        WorkloadSource::ServiceEntryEndpoint(entry, position) => {
            let before = entry.spec.endpoints.iter().take(position + 1).rev();
            before.map(|endpoint| &endpoint.network).find(|network| !network.is_empty())
        }
    };
    named.filter(|network| !network.is_empty()).unwrap_or(own).clone()
}

/// The single addresses that a Service is called by.
fn called_by(service: &Service) -> impl Iterator<Item = IpAddr> + '_ {
    let given = service.addresses.iter().filter(|address| **address == Address::single(address.ip));
    given.map(|address| address.ip).chain(service.auto_allocated.iter().copied())
}
