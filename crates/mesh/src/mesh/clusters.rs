//! What runs in clusters other than the control plane's own, and where a Service has endpoints in all of
//! them.
//!
//! Services of one hostname are one Service, whatever their cluster: the own cluster's says what it is, and
//! all have endpoints. Source:
//! <https://istio.io/latest/docs/ops/configuration/traffic-management/multicluster/>.

use super::multicluster::Exports;
use super::network::AssignedNetworks;
use super::{
    Endpoint, Endpoints, MeshSettings, Namespaces, Service, ServiceId, Services, Workload, WorkloadSource,
    Workloads, network,
};
use crate::Str;
use crate::features::Features;
use crate::rules::Rules;
use crate::snapshot::Snapshot;
use crate::snapshot::mesh_networks::MeshNetworks;

/// What runs in one of the other clusters.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RemoteCluster {
    /// Its name.
    pub name: Str,
    /// The network that ztunnel takes it to be in: what its label says.
    pub network: Str,
    /// Its Namespaces.
    pub namespaces: Namespaces,
    /// Its Services.
    pub services: Services,
    /// Its Pods.
    pub workloads: Workloads,
    /// Which addresses answer for each of its Services.
    pub endpoints: Endpoints,
    /// The networks of its endpoints that do not say theirs.
    pub(crate) assigned: AssignedNetworks,
    /// Which of its Services have endpoints that others know.
    exports: Exports,
}

impl RemoteCluster {
    fn new(
        snapshot: &Snapshot,
        whole: &Snapshot,
        (rules, features): (&'static Rules, &Features),
        config: &MeshSettings,
        networks: &MeshNetworks,
    ) -> Self {
        let name = snapshot.cluster.clone();
        let namespaces = Namespaces::new(snapshot);
        let assigned = AssignedNetworks::new(&namespaces, &name, networks);
        let services = Services::of_remote(snapshot, whole, (rules, features), config, &namespaces);
        let workloads = Workloads::new(snapshot, rules, &namespaces, &assigned);
        let endpoints = Endpoints::new(snapshot, (rules, features), &services, &workloads);
        let network = network::of_cluster(&namespaces);
        let exports = Exports::new(snapshot, features);
        Self { name, network, namespaces, services, workloads, endpoints, assigned, exports }
    }
}

/// The clusters other than the control plane's own, in the order in which they were named.
#[derive(Clone, Debug, Default)]
pub struct RemoteClusters {
    all: Vec<RemoteCluster>,
    /// Where each Service of the mesh is found in them.
    of_service: Vec<Vec<(usize, ServiceId)>>,
}

impl RemoteClusters {
    pub(super) fn new(
        snapshot: &Snapshot,
        how: (&'static Rules, &Features),
        config: &MeshSettings,
        networks: &MeshNetworks,
    ) -> Self {
        let remote = |part| RemoteCluster::new(part, snapshot, how, config, networks);
        Self { all: snapshot.remotes.iter().map(remote).collect(), of_service: Vec::new() }
    }

    /// Finds the Services of the mesh in the clusters.
    pub(super) fn connect(&mut self, services: &Services) {
        if self.all.is_empty() {
            return;
        }
        let found = |service: &Service| {
            let in_cluster =
                |remote: &RemoteCluster| remote.services.with_hostname(&service.hostname).first().copied();
            let all = self.all.iter().enumerate().filter(|_| service.is_kubernetes());
            all.filter_map(|(position, remote)| Some((position, in_cluster(remote)?))).collect()
        };
        self.of_service = services.with_imported().map(|(_, service)| found(service)).collect();
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &RemoteCluster> {
        self.all.iter()
    }

    /// The one of this name.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<&RemoteCluster> {
        self.iter().find(|remote| remote.name == name)
    }

    /// The clusters that have a Service, with its place in each.
    pub fn with_service(&self, id: ServiceId) -> impl Iterator<Item = (&RemoteCluster, ServiceId)> {
        let found = self.of_service.get(id.0 as usize).into_iter().flatten();
        found.filter_map(|(position, id)| Some((self.all.get(*position)?, *id)))
    }
}

/// An endpoint of a Service, in whichever cluster.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Instance<'m> {
    /// The endpoint.
    pub(crate) endpoint: &'m Endpoint,
    /// The workload behind it, if the snapshot has it.
    pub(crate) workload: Option<&'m Workload>,
    /// The cluster, if it is not the control plane's own.
    pub(crate) remote: Option<&'m RemoteCluster>,
}

impl Instance<'_> {
    /// Whether the control plane's own cluster knows it. Of other clusters those that Istio reads from slices
    /// have to be exported; the name behind an ExternalName Service cannot be.
    pub(crate) fn is_discoverable(&self, service: &Service, config: &MeshSettings) -> bool {
        let Some(remote) = self.remote.filter(|remote| remote.exports.are_asked()) else { return true };
        match self.workload.map(|workload| &workload.source) {
            Some(WorkloadSource::WorkloadEntry(_)) => true,
            None if self.endpoint.listed_by.is_none() => false,
            _ => remote.exports.have(service, config),
        }
    }
}

impl super::Mesh {
    /// The endpoints of a Service in all clusters, in Istio's order: those of ServiceEntries, then cluster by
    /// cluster in the order of their names.
    pub(crate) fn instances(&self, id: ServiceId) -> impl Iterator<Item = Instance<'_>> {
        let own = self.endpoints.of(id);
        let first = own.iter().position(|endpoint| endpoint.service_port_number.is_none());
        let (entries, kubernetes) = own.split_at(first.unwrap_or(own.len()));
        let mut clusters: Vec<(&Str, Option<&RemoteCluster>, &[Endpoint])> =
            vec![(&self.cluster, None, kubernetes)];
        let remotes = self.remotes.with_service(id);
        clusters.extend(remotes.map(|(remote, id)| (&remote.name, Some(remote), remote.endpoints.of(id))));
        clusters.sort_by_key(|(name, ..)| *name);
        let parts = std::iter::once((None, entries));
        let parts = parts.chain(clusters.into_iter().map(|(_, remote, endpoints)| (remote, endpoints)));
        parts.flat_map(move |(remote, endpoints)| {
            let workloads = remote.map_or(&self.workloads, |remote| &remote.workloads);
            endpoints.iter().map(move |endpoint| Instance {
                endpoint,
                workload: endpoint.workload.and_then(|id| workloads.get(id)),
                remote,
            })
        })
    }
}
