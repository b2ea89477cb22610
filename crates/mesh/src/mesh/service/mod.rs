//! Services and ServiceEntries as one kind of thing.

mod allocate;
mod convert;
mod hashed;
mod imports;
pub mod protocol;
mod remote;
mod session;

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

pub use protocol::Protocol;
pub use session::PersistentSession;

use super::age::{self, Age};
use super::namespaces::Namespaces;
use crate::Str;
use crate::features::Features;
use crate::hash::HashMap;
use crate::mesh::{MeshSettings, RemoteClusters};
use crate::rules::{Rules, SameHost};
use crate::snapshot::{Labels, Meta, Object, ObjectRef, Snapshot, kubernetes, networking};

/// The position of a [`Service`] in [`Services`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServiceId(pub u32);

/// A host of the mesh: a Kubernetes Service, or one host of a ServiceEntry.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Service {
    /// The fully qualified hostname, e.g. `reviews.default.svc.cluster.local`.
    pub hostname: Str,
    /// The object's name.
    pub name: Str,
    /// The object's namespace.
    pub namespace: Str,
    /// The object that it comes from.
    pub source: ServiceSource,
    /// The ports, in the object's order.
    pub ports: Vec<Port>,
    /// The addresses that clients dial, primary first; none for headless and ExternalName Services and for
    /// ServiceEntries without addresses (Istio says `0.0.0.0` there).
    pub addresses: Vec<Address>,
    /// The addresses that Istio allocated for a ServiceEntry without addresses, IPv4 first (since 1.23).
    pub auto_allocated: Vec<IpAddr>,
    /// The addresses that Istio computes from the name of a ServiceEntry without addresses, IPv4 first, where
    /// it allocates none: for proxies that ask for them.
    pub hashed_addresses: Vec<IpAddr>,
    /// How its endpoints are found.
    pub resolution: Resolution,
    /// Whether it lies outside the mesh (`location: MESH_EXTERNAL`, ExternalName).
    pub mesh_external: bool,
    /// The pods that it selects; empty selects nothing (or, for 1.18's scoping, everything).
    pub selector: Labels,
    /// The namespaces that it is visible to, as Istio resolves `exportTo`.
    pub export_to: ExportTo,
    /// Creation time in seconds since the epoch; an object without one has its release's
    /// `assumed_creation`.
    pub created: i64,
    /// The object's labels.
    pub labels: Labels,
    /// The cluster that it is in, if the control plane's own has none of its hostname; else empty.
    pub cluster: Str,
    /// Whether it is for the whole mesh, beyond its cluster (`serviceScopeConfigs`).
    pub global: bool,
    /// The SPIFFE identities that its servers may have besides those of its endpoints: `subjectAltNames`, or
    /// the annotations `alpha.istio.io/…serviceaccounts`.
    pub service_accounts: Vec<Str>,
    /// The name behind an ExternalName Service.
    pub external_name: Option<Str>,
    /// Whether only endpoints on the client's node count (`internalTrafficPolicy: Local`).
    pub node_local: bool,
    /// Whether endpoints that aren't ready count too.
    pub publish_not_ready_addresses: bool,
    /// Which endpoints are preferred.
    pub traffic_distribution: TrafficDistribution,
    /// Whether all its ports are one, as those of a Service that stands for an InferencePool.
    pub one_port: bool,
    /// Whether it is a copy that a ServiceImport made.
    pub imported: bool,
}

impl Service {
    /// Whether it is a Kubernetes Service.
    #[must_use]
    pub const fn is_kubernetes(&self) -> bool {
        matches!(self.source, ServiceSource::Kubernetes(_))
    }

    /// The name of the object that it comes from; a ServiceEntry's is not what Istio calls its Services.
    #[must_use]
    pub fn object_name(&self) -> &Str {
        match &self.source {
            ServiceSource::Kubernetes(object) => &object.meta.name,
            ServiceSource::ServiceEntry(object) => &object.meta.name,
        }
    }

    /// The port with this number.
    #[must_use]
    pub fn port(&self, number: u32) -> Option<&Port> {
        self.ports.iter().find(|p| p.number == number)
    }
}

/// Which endpoints are preferred (`trafficDistribution`; since 1.23).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TrafficDistribution {
    /// None.
    #[default]
    Any,
    /// Those of the same zone: `PreferClose`, `PreferSameZone`.
    PreferSameZone,
    /// Those of the same node: `PreferSameNode`.
    PreferSameNode,
}

/// An address of a Service: one IP address, or a range (ServiceEntry addresses may be CIDRs).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    /// The address, or the range's first.
    pub ip: IpAddr,
    /// The prefix length; 32 (128 for IPv6) for a single address.
    pub prefix_len: u8,
}

/// Where a [`Service`] comes from.
#[derive(Clone, Debug)]
pub enum ServiceSource {
    /// A Kubernetes Service.
    Kubernetes(Arc<Object<kubernetes::Service>>),
    /// A host of a ServiceEntry.
    ServiceEntry(Arc<Object<networking::ServiceEntry>>),
}

impl ServiceSource {
    /// The object's identity.
    #[must_use]
    pub fn object(&self) -> ObjectRef {
        match self {
            Self::Kubernetes(o) => o.object_ref(),
            Self::ServiceEntry(o) => o.object_ref(),
        }
    }

    /// The object's metadata.
    pub fn meta(&self) -> &Meta {
        match self {
            Self::Kubernetes(o) => &o.meta,
            Self::ServiceEntry(o) => &o.meta,
        }
    }
}

/// Whom a Service (or a rule) is exported to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ExportTo {
    /// Every namespace: `*`.
    #[default]
    Everyone,
    /// No namespace: `~`.
    Nobody,
    /// These namespaces (`.` already resolved).
    Namespaces(Vec<Str>),
}

impl ExportTo {
    /// Whether `namespace` may see it.
    #[must_use]
    pub fn allows(&self, namespace: &str) -> bool {
        match self {
            Self::Everyone => true,
            Self::Nobody => false,
            Self::Namespaces(all) => all.iter().any(|n| n == namespace),
        }
    }
}

/// How a Service's endpoints are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resolution {
    /// The control plane knows them: EDS.
    ClientSideLb,
    /// Each name is resolved, all answers are used (`DNS`).
    DnsLb,
    /// One answer at a time (`DNS_ROUND_ROBIN`).
    DnsRoundRobinLb,
    /// The address that the client dialled (`NONE`, headless).
    Passthrough,
    /// The name that the client asked for (`DYNAMIC_DNS`, since 1.28).
    DynamicDns,
    /// An alias of another host (ExternalName, in releases that treat it so).
    Alias,
}

impl Resolution {
    /// Whether its endpoints are names that Envoy resolves, of all of them or of one at a time.
    #[must_use]
    pub const fn resolves_names(self) -> bool {
        matches!(self, Self::DnsLb | Self::DnsRoundRobinLb)
    }
}

/// A port of a Service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Port {
    /// Its name.
    pub name: Str,
    /// Its number.
    pub number: u32,
    /// What is spoken on it, as Istio's protocol selection sees it.
    pub protocol: Protocol,
    /// The `targetPort` of a ServiceEntry's port, if set.
    pub target_port: Option<u32>,
}

/// Sorts Services as Istio does. The order of two that differ in nothing that Istio sorts by is that of the
/// input in Istio, of their objects' names here.
fn sort(services: &mut [Service], rules: &Rules) {
    let age = |s: &Service| Age { created: s.created, name: &s.name, namespace: &s.namespace }.tie(rules);
    age::sort(services, |s| s.created, |s| (age(s), s.source.object()));
}

/// Every [`Service`] of a snapshot, indexed.
///
/// Several Services may share a hostname: ServiceEntries name any host. Which of them counts depends on who
/// asks.
#[derive(Clone, Debug, Default)]
pub struct Services {
    /// Those of objects of their own, then those that ServiceImports made.
    all: Vec<Service>,
    /// How many are of objects of their own.
    own: usize,
    by_hostname: HashMap<Str, Vec<ServiceId>>,
    by_namespace: HashMap<Str, Vec<ServiceId>>,
    same_host: SameHost,
    own_private_first: bool,
}

impl Services {
    /// Builds the index of one cluster.
    #[must_use]
    pub fn new(
        snapshot: &Snapshot,
        how: (&'static Rules, &Features),
        config: &MeshSettings,
        namespaces: &Namespaces,
    ) -> Self {
        Self::in_cluster(snapshot, snapshot, how, config, namespaces, &RemoteClusters::default())
    }

    /// Builds the index of another cluster than the control plane's own, `whole`.
    #[must_use]
    pub(crate) fn of_remote(
        snapshot: &Snapshot,
        whole: &Snapshot,
        how: (&'static Rules, &Features),
        config: &MeshSettings,
        namespaces: &Namespaces,
    ) -> Self {
        Self::in_cluster(snapshot, whole, how, config, namespaces, &RemoteClusters::default())
    }

    /// Builds the index of the control plane's own cluster, with the Services that only others have.
    #[must_use]
    pub(crate) fn with_remotes(
        snapshot: &Snapshot,
        how: (&'static Rules, &Features),
        config: &MeshSettings,
        namespaces: &Namespaces,
        remotes: &RemoteClusters,
    ) -> Self {
        Self::in_cluster(snapshot, snapshot, how, config, namespaces, remotes)
    }

    fn in_cluster(
        snapshot: &Snapshot,
        whole: &Snapshot,
        (rules, features): (&'static Rules, &Features),
        config: &MeshSettings,
        namespaces: &Namespaces,
        remotes: &RemoteClusters,
    ) -> Self {
        let context = convert::Context { rules, config, namespaces };
        let kubernetes = snapshot.services.iter().map(|s| convert::kubernetes(s, context));
        let entries = snapshot.service_entries.iter().flat_map(|e| convert::service_entry(e, context));
        let mut all: Vec<Service> = kubernetes.chain(entries).collect();
        if rules.registry.allocates_addresses && features.pilot_enable_ip_autoallocate {
            allocate::allocate(snapshot, (rules, features), &mut all);
        } else {
            hashed::assign(&mut all, rules.registry.hashed_addresses);
        }
        remote::merge(&mut all, remotes, Self::own);
        sort(&mut all, rules);
        let mut imported = imports::of_cluster(snapshot, whole, (rules, features), config);
        remote::merge(&mut imported, remotes, Self::imported);
        sort(&mut imported, rules);
        let own = all.len();
        all.append(&mut imported);
        let mut index = Self {
            own,
            same_host: rules.registry.same_host,
            own_private_first: rules.registry.own_private_first,
            ..Self::default()
        };
        index.by_hostname.reserve(all.len());
        for (id, service) in (0..).map(ServiceId).zip(&all) {
            index.by_hostname.entry(service.hostname.clone()).or_default().push(id);
            if !service.imported {
                index.by_namespace.entry(service.namespace.clone()).or_default().push(id);
            }
        }
        index.all = all;
        index
    }

    /// The Service with this id.
    #[must_use]
    pub fn get(&self, id: ServiceId) -> Option<&Service> {
        self.all.get(id.0 as usize)
    }

    /// All of objects of their own, in Istio's order: by creation time, name and namespace. Ambient mode
    /// knows no others.
    pub fn iter(&self) -> impl Iterator<Item = (ServiceId, &Service)> {
        (0..).map(ServiceId).zip(self.own())
    }

    /// Those of [`Self::iter`], and the copies that ServiceImports made.
    pub fn with_imported(&self) -> impl Iterator<Item = (ServiceId, &Service)> {
        (0..).map(ServiceId).zip(&self.all)
    }

    fn own(&self) -> &[Service] {
        self.all.get(..self.own).unwrap_or_default()
    }

    fn imported(&self) -> &[Service] {
        self.all.get(self.own..).unwrap_or_default()
    }

    /// The copies that ServiceImports of a namespace made.
    pub(crate) fn imported_in(&self, namespace: &str) -> impl Iterator<Item = (ServiceId, &Service)> {
        let first = u32::try_from(self.own).unwrap_or(u32::MAX);
        let imported = (first..).map(ServiceId).zip(self.imported());
        imported.filter(move |(_, service)| service.namespace == namespace)
    }

    /// The Services with this hostname, whatever their namespace, in Istio's order.
    #[must_use]
    pub fn with_hostname(&self, hostname: &str) -> &[ServiceId] {
        self.by_hostname.get(hostname).map_or(&[], Vec::as_slice)
    }

    /// The Services of a namespace, in Istio's order, without those that ServiceImports made.
    #[must_use]
    pub fn in_namespace(&self, namespace: &str) -> &[ServiceId] {
        self.by_namespace.get(namespace).map_or(&[], Vec::as_slice)
    }

    /// The one Service that has this hostname in this namespace (Istio's `HostnameAndNamespace`).
    #[must_use]
    pub fn lookup(&self, hostname: &str, namespace: &str) -> Option<ServiceId> {
        let mut candidates =
            self.with_hostname(hostname).iter().copied().filter(|id| self.belongs(*id, namespace));
        match self.same_host {
            SameHost::Latest => candidates.next_back(),
            SameHost::KubernetesThenOldest => self.kubernetes_or_first(candidates),
        }
    }

    /// What a provider calls `namespace/hostname`, or `hostname` if only one namespace has that.
    #[must_use]
    pub fn of_provider(&self, service: &str) -> Option<ServiceId> {
        if let Some((namespace, hostname)) = service.split_once('/') {
            return self.lookup(hostname, namespace);
        }
        let services = self.with_hostname(service).iter().filter_map(|id| self.get(*id));
        let namespaces: BTreeSet<&str> = services.map(|service| service.namespace.as_str()).collect();
        match (namespaces.first(), namespaces.len()) {
            (Some(namespace), 1) => self.lookup(service, namespace),
            _ => None,
        }
    }

    /// The one Service that a proxy in this namespace means by this hostname (Istio's `ServiceForHostname`,
    /// with the default sidecar scope): a Kubernetes Service, else what is exported to the namespace by name
    /// or is its own, else what is public; the oldest of several.
    #[must_use]
    pub fn visible(&self, hostname: &str, namespace: &str) -> Option<ServiceId> {
        let kubernetes = |id| self.get(id).is_some_and(Service::is_kubernetes);
        let ranked = self.ranked(hostname, namespace);
        ranked.min_by_key(|rank| (!kubernetes(rank.2), *rank)).map(|(.., id)| id)
    }

    /// The Services with this hostname that a proxy in this namespace sees: those that are exported to it by
    /// name or are its own, then those that are public, by age.
    pub(crate) fn all_visible(&self, hostname: &str, namespace: &str) -> Vec<ServiceId> {
        let mut ranked: Vec<_> = self.ranked(hostname, namespace).collect();
        ranked.sort_unstable();
        ranked.into_iter().map(|(.., id)| id).collect()
    }

    /// The Services with this hostname that a proxy in this namespace sees, each after what ranks before its
    /// age: whether it is public, and whether it is another namespace's.
    fn ranked(&self, hostname: &str, namespace: &str) -> impl Iterator<Item = (bool, bool, ServiceId)> {
        self.with_hostname(hostname).iter().filter_map(move |id| {
            let service = self.get(*id).filter(|service| service.export_to.allows(namespace))?;
            let public = service.export_to == ExportTo::Everyone;
            let foreign = self.own_private_first && service.namespace != namespace;
            Some((public, foreign && !public, *id))
        })
    }

    fn belongs(&self, id: ServiceId, namespace: &str) -> bool {
        self.get(id).is_some_and(|s| s.namespace == namespace)
    }

    fn kubernetes_or_first(&self, candidates: impl Iterator<Item = ServiceId>) -> Option<ServiceId> {
        let mut first = None;
        for id in candidates {
            if self.get(id).is_some_and(Service::is_kubernetes) {
                return Some(id);
            }
            first = first.or(Some(id));
        }
        first
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;
    use crate::release::Release;
    use crate::text::SourceFile;

    #[test]
    fn older_releases_prefer_a_namespace_s_own_private_services() {
        let entry = |namespace: &str, created: u8, export_to: &str| {
            format!(
                "apiVersion: networking.istio.io/v1beta1\nkind: ServiceEntry\n\
                 metadata: {{name: e, namespace: {namespace}, creationTimestamp: '2024-01-0{created}T00:00:00Z'}}\n\
                 spec: {{hosts: [h.example], exportTo: ['{export_to}'], ports: [{{number: 80, name: http}}]}}\n---\n"
            )
        };
        let text = entry("public", 1, "*") + &entry("other", 2, "own") + &entry("own", 3, ".");
        let snapshot = Snapshot::read([SourceFile::new("s", text)], &Limits::DEFAULT).snapshot;
        let visible = |release: Release| {
            let namespaces = Namespaces::new(&snapshot);
            let services = Services::new(
                &snapshot,
                (Rules::of(release), &Features::default()),
                &MeshSettings::default(),
                &namespaces,
            );
            let seen = |namespace| services.get(services.visible("h.example", namespace)?);
            ["own", "third"].map(|namespace| seen(namespace).map(|service| service.namespace.to_string()))
        };
        let some = |names: [&str; 2]| names.map(|name| Some(name.to_owned()));
        assert_eq!(visible(Release::V1_18), some(["own", "public"]));
        assert_eq!(visible(Release::V1_31), some(["other", "public"]));
    }
}
