//! What the resources of ztunnel are looked up in.

use std::collections::BTreeMap;

use super::network_gateways::NetworkGateways;
use super::policies::Attachments;
use crate::Str;
use crate::hash::HashMap;
use crate::mesh::selector_index::SelectorIndex;
use crate::mesh::service::{Service, ServiceSource};
use crate::mesh::waypoint::Binding;
use crate::mesh::{Locality, Mesh, Namespaces, RemoteCluster, ServiceId, Workloads, hostname};
use crate::snapshot::mesh_config::Visibility;
use crate::snapshot::{Labels, Object, Snapshot, kubernetes, networking};
use crate::well_known::{REGION, SUB_ZONE, ZONE};

/// The label of an EndpointSlice that names its Service.
const SERVICE_NAME: &str = "kubernetes.io/service-name";

/// A mesh with what ztunnel's resources are looked up in.
pub(crate) struct Index<'m> {
    pub(super) mesh: &'m Mesh,
    /// Whether networks are told apart: ztunnel then knows the workloads of its own only, and gateways to the
    /// others.
    pub(super) networks_apart: bool,
    pub(super) network_gateways: NetworkGateways,
    pub(super) policies: Attachments<'m>,
    /// The Services that ztunnel knows, by namespace and hostname.
    pub(super) services: Vec<KnownService<'m>>,
    /// The control plane's own cluster.
    pub(super) own: Part<'m>,
    /// The clusters besides it.
    pub(super) remotes: Vec<Part<'m>>,
}

/// One cluster, with what its workloads are looked up in.
pub(super) struct Part<'m> {
    /// Its name.
    pub(super) cluster: &'m Str,
    /// The network that it is in; empty where it has no name.
    pub(super) network: &'m Str,
    /// What is in it.
    pub(super) snapshot: &'m Snapshot,
    /// The other cluster that it is; none for the control plane's own.
    pub(super) remote: Option<&'m RemoteCluster>,
    /// Its Services that ztunnel knows.
    services: Vec<KnownService<'m>>,
    by_name: HashMap<(&'m str, &'m str), usize>,
    by_entry: HashMap<(&'m str, &'m str), Vec<usize>>,
    selectors: SelectorIndex<'m, usize>,
    nodes: HashMap<&'m str, Locality>,
    /// The Kubernetes Services whose EndpointSlices name a Pod, by the Pod's namespace and name and its uid.
    by_pod: HashMap<(&'m str, &'m str), Vec<(&'m str, usize)>>,
}

/// A Service that ztunnel knows.
#[derive(Clone, Copy)]
pub(super) struct KnownService<'m> {
    pub(super) id: ServiceId,
    pub(super) service: &'m Service,
    pub(super) visibility: Visibility,
    /// Whether its hostname means it for clients in other namespaces.
    pub(super) canonical: bool,
}

impl<'m> Index<'m> {
    pub(crate) fn new(mesh: &'m Mesh) -> Self {
        let namespaces = Namespaces::new(&mesh.snapshot);
        let services = known_services(mesh, &namespaces);
        let networks_apart = mesh.options.features.ambient_enable_multi_network;
        let known = services.iter().filter(|known| known.service.cluster.is_empty()).copied().collect();
        let own = (&mesh.cluster, &mesh.networks.own, &*mesh.snapshot);
        let others = mesh.snapshot.remotes.iter().filter(|_| networks_apart);
        let remote = |snapshot: &'m Snapshot| {
            let remote = mesh.remotes.named(&snapshot.cluster)?;
            let known = known_in(mesh, remote);
            Some(Part::new((&remote.name, &remote.network, snapshot), Some(remote), known))
        };
        Self {
            mesh,
            networks_apart,
            network_gateways: NetworkGateways::new(&mesh.snapshot, networks_apart),
            policies: Attachments::new(mesh),
            own: Part::new(own, None, known),
            remotes: others.filter_map(remote).collect(),
            services,
        }
    }

    /// Which waypoint a Service uses.
    pub(super) fn binding(&self, known: &KnownService<'_>) -> Option<&'m Binding> {
        self.mesh.bindings.of_service(known.id)
    }

    /// All clusters that ztunnel is told of, the control plane's own first.
    pub(super) fn parts(&self) -> impl Iterator<Item = &Part<'m>> {
        std::iter::once(&self.own).chain(&self.remotes)
    }
}

impl<'m> Part<'m> {
    fn new(
        (cluster, network, snapshot): (&'m Str, &'m Str, &'m Snapshot),
        remote: Option<&'m RemoteCluster>,
        services: Vec<KnownService<'m>>,
    ) -> Self {
        let named = || (0..).zip(&services);
        let entries = named().filter_map(|(i, known)| match &known.service.source {
            ServiceSource::ServiceEntry(entry) => Some((i, entry)),
            ServiceSource::Kubernetes(_) => None,
        });
        let mut by_entry: HashMap<_, Vec<usize>> = HashMap::default();
        for (i, entry) in entries {
            by_entry.entry((&*entry.meta.namespace, &*entry.meta.name)).or_default().push(i);
        }
        let selectors: Vec<_> =
            named().map(|(i, known)| (&*known.service.namespace, &known.service.selector, i)).collect();
        let mut part = Self {
            cluster,
            network,
            snapshot,
            remote,
            by_name: named().map(|(i, k)| ((&*k.service.namespace, &*k.service.hostname), i)).collect(),
            by_entry,
            selectors: SelectorIndex::new(&selectors),
            nodes: snapshot
                .nodes
                .iter()
                .map(|node| (&*node.meta.name, locality(&node.meta.labels)))
                .collect(),
            by_pod: HashMap::default(),
            services,
        };
        part.by_pod = part.pods_of_slices();
        part
    }

    /// The name of the cluster, if it is not the control plane's own.
    pub(super) fn tag(&self) -> &str {
        self.remote.map_or("", |remote| &remote.name)
    }

    /// The workloads of the cluster.
    pub(super) fn workloads(&self, mesh: &'m Mesh) -> &'m Workloads {
        self.remote.map_or(&mesh.workloads, |remote| &remote.workloads)
    }

    /// The Services of a namespace that select an object with these labels.
    pub(super) fn selecting(&self, namespace: &str, labels: &Labels) -> Vec<&KnownService<'m>> {
        let mut found: Vec<usize> = self.selectors.matching(namespace, labels).collect();
        found.sort_unstable();
        self.all(&found)
    }

    /// The Services of a ServiceEntry.
    pub(super) fn of_entry(&self, entry: &Object<networking::ServiceEntry>) -> Vec<&KnownService<'m>> {
        let found = self.by_entry.get(&(&*entry.meta.namespace, &*entry.meta.name));
        self.all(found.map_or(&[], Vec::as_slice))
    }

    /// The Kubernetes Service that an EndpointSlice is of.
    pub(super) fn of_slice(
        &self,
        slice: &Object<kubernetes::EndpointSlice>,
    ) -> Option<(usize, &KnownService<'m>)> {
        let name = slice.meta.labels.get(SERVICE_NAME)?;
        let hostname = hostname::of_service(name, &slice.meta.namespace);
        let position = *self.by_name.get(&(&*slice.meta.namespace, &*hostname))?;
        let known = self.services.get(position).filter(|known| known.service.is_kubernetes())?;
        Some((position, known))
    }

    /// The Kubernetes Services that have a Pod as endpoint by an EndpointSlice.
    pub(super) fn listing(&self, pod: &Object<kubernetes::Pod>) -> Vec<&KnownService<'m>> {
        let named = self.by_pod.get(&(&*pod.meta.namespace, &*pod.meta.name));
        let same = named.into_iter().flatten().filter(|(uid, _)| *uid == pod.meta.uid);
        same.filter_map(|(_, i)| self.services.get(*i)).collect()
    }

    /// The locality of a node.
    pub(super) fn node(&self, name: &str) -> Option<&Locality> {
        self.nodes.get(name)
    }

    fn pods_of_slices(&self) -> HashMap<(&'m str, &'m str), Vec<(&'m str, usize)>> {
        let mut by_pod: HashMap<_, Vec<_>> = HashMap::default();
        let slices = self.snapshot.endpoint_slices.iter().filter(|s| s.spec.address_type != "FQDN");
        for (slice, (i, _)) in slices.filter_map(|slice| Some((slice, self.of_slice(slice)?))) {
            let references = slice.spec.endpoints.iter().filter_map(|endpoint| endpoint.target_ref.as_ref());
            for pod in references.filter(|reference| reference.kind == "Pod") {
                by_pod.entry((&*pod.namespace, &*pod.name)).or_default().push((&*pod.uid, i));
            }
        }
        by_pod
    }

    fn all(&self, positions: &[usize]) -> Vec<&KnownService<'m>> {
        positions.iter().filter_map(|i| self.services.get(*i)).collect()
    }
}

/// The Services of another cluster that ztunnel knows: those that are for the whole mesh.
fn known_in<'m>(mesh: &'m Mesh, remote: &'m RemoteCluster) -> Vec<KnownService<'m>> {
    let global = remote.services.iter().filter(|(_, service)| service.global && !is_alias(service));
    let known = global.filter_map(|(_, service)| {
        let mut same = mesh.services.with_hostname(&service.hostname).iter().copied();
        let of_mesh = |id: &ServiceId| mesh.services.get(*id).is_some_and(Service::is_kubernetes);
        let id = same.find(of_mesh)?;
        Some(KnownService { id, service, visibility: Visibility::Public, canonical: true })
    });
    known.collect()
}

/// Whether clients resolve a Service themselves.
fn is_alias(service: &Service) -> bool {
    matches!(&service.source, ServiceSource::Kubernetes(object) if object.spec.service_type == "ExternalName")
}

/// The locality of a node: the old labels do not count here.
fn locality(labels: &Labels) -> Locality {
    let label = |key| labels.get(key).cloned().unwrap_or_default();
    Locality::new(label(REGION), label(ZONE), label(SUB_ZONE))
}

/// One Service for each namespace and hostname: a Kubernetes Service, else the oldest.
fn known_services<'m>(mesh: &'m Mesh, namespaces: &Namespaces) -> Vec<KnownService<'m>> {
    let mut by_name: BTreeMap<(&Str, &Str), KnownService<'m>> = BTreeMap::new();
    for (id, service) in mesh.services.iter() {
        let Some(visibility) = told(mesh, namespaces, service) else { continue };
        let known = KnownService { id, service, visibility, canonical: service.is_kubernetes() };
        let place = by_name.entry((&service.namespace, &service.hostname)).or_insert(known);
        if service.is_kubernetes() {
            *place = known;
        }
    }
    let mut services: Vec<_> = by_name.into_values().collect();
    let mut canonical: HashMap<&str, (bool, ServiceId)> = HashMap::default();
    for known in services.iter().filter(|known| known.visibility != Visibility::Namespace) {
        let rank = (!known.service.is_kubernetes(), known.id);
        canonical.entry(&known.service.hostname).and_modify(|best| *best = rank.min(*best)).or_insert(rank);
    }
    for known in &mut services {
        known.canonical |= canonical.get(&*known.service.hostname).is_some_and(|(_, id)| *id == known.id);
    }
    services
}

/// How far a Service is visible; nothing if ztunnel is not told of it.
fn told(mesh: &Mesh, namespaces: &Namespaces, service: &Service) -> Option<Visibility> {
    match &service.source {
        ServiceSource::Kubernetes(_) if is_alias(service) => None,
        // Of Services that only other clusters have, those that are for the whole mesh are known.
        ServiceSource::Kubernetes(_) => {
            let apart = mesh.options.features.ambient_enable_multi_network;
            (service.cluster.is_empty() || apart && service.global).then_some(Visibility::Public)
        }
        ServiceSource::ServiceEntry(entry) => {
            let visibility = mesh.config.visibility_in(namespaces.labels(&entry.meta.namespace));
            // One address that cannot be read loses the whole entry.
            let readable = entry.spec.addresses.len() == service.addresses.len();
            (readable && visibility != Visibility::None).then_some(visibility)
        }
    }
}
