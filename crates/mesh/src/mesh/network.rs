//! Networks: which endpoints are in which, and where HBONE connections are taken in each.

use std::net::IpAddr;

use super::namespaces::Namespaces;
use super::service::{Address, Services};
use super::workload::{Workload, WorkloadSource, Workloads};
use super::{Endpoints, RemoteClusters, Service, ServiceId, ip};
use crate::Str;
use crate::hash::HashMap;
use crate::rules::HboneAddresses;
use crate::snapshot::mesh_networks::{MeshNetworks, Network};
use crate::well_known::NETWORK;

/// The namespace of the control plane: its label names the cluster's network.
const SYSTEM_NAMESPACE: &str = "istio-system";

/// The network that the cluster is in; empty where it has no name.
pub(super) fn of_cluster(namespaces: &Namespaces) -> Str {
    namespaces.label(SYSTEM_NAMESPACE, NETWORK).cloned().unwrap_or_default()
}

/// The addresses of all networks, sorted.
pub(super) fn ranges(networks: &MeshNetworks) -> Vec<Address> {
    let endpoints = networks.networks.values().flat_map(|network| &network.endpoints);
    let mut ranges: Vec<Address> =
        endpoints.filter_map(|endpoints| endpoints.from_cidr.as_deref()?.parse().ok()).collect();
    ranges.sort_by_key(|range| (range.ip, range.prefix_len));
    ranges
}

/// Which endpoints of a cluster are in which network, where neither they nor the cluster say it: what the
/// configuration of the networks says.
#[derive(Clone, Debug, Default)]
pub(crate) struct AssignedNetworks {
    /// The network that the cluster is in: its label's, else the configuration's; empty where it has no name.
    of_cluster: Str,
    /// Addresses with their networks, the widest range first.
    ranges: Vec<(Address, Str)>,
}

impl AssignedNetworks {
    pub(super) fn new(namespaces: &Namespaces, cluster: &str, networks: &MeshNetworks) -> Self {
        let mut of_cluster = of_cluster(namespaces);
        let mut ranges = Vec::new();
        if of_cluster.is_empty() {
            for (name, Network { endpoints, .. }) in &networks.networks {
                let is_named = endpoints.iter().any(|e| e.from_registry.as_deref() == Some(cluster));
                if is_named && of_cluster.is_empty() {
                    of_cluster = name.clone();
                }
                let of_network = endpoints.iter().filter_map(|e| e.from_cidr.as_deref()?.parse().ok());
                ranges.extend(of_network.map(|range| (range, name.clone())));
            }
            ranges.sort_by_key(|(range, _): &(Address, Str)| range.prefix_len);
        }
        Self { of_cluster, ranges }
    }

    /// The network of an endpoint that does not say it.
    pub(crate) fn of(&self, address: Option<IpAddr>) -> &Str {
        if !self.of_cluster.is_empty() {
            return &self.of_cluster;
        }
        let covers = |(range, _): &&(Address, Str)| {
            address.is_some_and(|ip| {
                ip.is_ipv4() == range.ip.is_ipv4()
                    && ip::first(ip, range.prefix_len) == ip::first(range.ip, range.prefix_len)
            })
        };
        self.ranges.iter().find(covers).map_or(&self.of_cluster, |(_, name)| name)
    }
}

/// What has an address. A workload has it before a Service does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Owner {
    /// Workloads, one of which takes HBONE connections, or none does.
    Workload { hbone: bool },
    /// A Service for whose workloads HBONE connections are taken.
    Service(ServiceId),
}

/// The networks of a mesh, as ztunnel knows them.
#[derive(Clone, Debug, Default)]
pub struct Networks {
    /// The network that the cluster is in; empty where it has no name.
    pub own: Str,
    /// The networks of endpoints that do not say theirs.
    pub(crate) assigned: AssignedNetworks,
    /// The addresses that are known, each in its network.
    known: HashMap<(Str, IpAddr), Owner>,
    /// Whether an address means the same in all networks.
    flat: bool,
}

impl Networks {
    /// Finds what takes HBONE connections: workloads, and the Services of such. An address means a workload
    /// before it means a Service.
    #[must_use]
    pub(crate) fn new(
        own: Str,
        assigned: AssignedNetworks,
        rule: HboneAddresses,
        objects: Objects<'_>,
    ) -> Self {
        let Objects { workloads, services, endpoints, remotes } = objects;
        let count = match rule {
            HboneAddresses::PodsFirst => 1,
            HboneAddresses::All => usize::MAX,
        };
        // Most addresses are those of one workload each, and Services have others.
        let count_of_addresses = workloads.iter().size_hint().0 + services.iter().size_hint().0;
        let mut known = HashMap::with_capacity_and_hasher(count_of_addresses, Default::default());
        let here = workloads.iter().map(|(_, workload)| (workload, network_of(workload, &own)));
        let others = remotes.into_iter().flat_map(RemoteClusters::iter);
        let there = others.flat_map(|remote| {
            remote
                .workloads
                .iter()
                .map(move |(_, workload)| (workload, network_of(workload, &remote.network)))
        });
        let is_near = |network: &Str| remotes.is_none() || *network == own;
        let all = here.chain(there).filter(|(workload, _)| is_known(workload, rule));
        for (workload, network) in all.filter(|(_, network)| is_near(network)) {
            for address in workload.addresses.iter().take(count).map(|ip| (network.clone(), *ip)) {
                let owner = known.entry(address).or_insert(Owner::Workload { hbone: false });
                if workload.hbone {
                    *owner = Owner::Workload { hbone: true };
                }
            }
        }
        for (id, service) in services.iter() {
            let mut behind = endpoints.of(id).iter().filter_map(|endpoint| workloads.get(endpoint.workload?));
            if behind.any(|workload| workload.hbone) {
                let addresses = called_by(service).map(|ip| (own.clone(), ip));
                for address in addresses {
                    known.entry(address).or_insert(Owner::Service(id));
                }
            }
        }
        Self { own, assigned, known, flat: rule == HboneAddresses::PodsFirst }
    }

    /// Whether HBONE connections are taken at an address of a network.
    #[must_use]
    pub fn take_hbone(&self, network: &Str, address: IpAddr) -> bool {
        self.owner(network, address).is_some_and(|owner| *owner != Owner::Workload { hbone: false })
    }

    /// The Service for whose sake HBONE connections are taken at an address of a network, where that is none
    /// of a workload.
    pub(crate) fn hbone_service(&self, network: &Str, address: IpAddr) -> Option<ServiceId> {
        match self.owner(network, address)? {
            Owner::Workload { .. } => None,
            Owner::Service(id) => Some(*id),
        }
    }

    fn owner(&self, network: &Str, address: IpAddr) -> Option<&Owner> {
        let network = if self.flat { &self.own } else { network };
        self.known.get(&(network.clone(), address))
    }
}

/// What networks are found in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Objects<'a> {
    pub(crate) workloads: &'a Workloads,
    pub(crate) services: &'a Services,
    pub(crate) endpoints: &'a Endpoints,
    /// Other clusters, where networks are told apart: ztunnel then knows all workloads of its own network,
    /// and no others.
    pub(crate) remotes: Option<&'a RemoteClusters>,
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
