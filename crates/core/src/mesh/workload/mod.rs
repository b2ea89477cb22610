//! Pods and WorkloadEntries as one kind of thing.

mod build;
mod locality;
pub(crate) mod naming;
pub(crate) mod pod;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use super::namespaces::Namespaces;

use crate::Str;
use crate::release::Rules;
use crate::snapshot::{Object, ObjectRef, Snapshot, kubernetes, networking};

/// The position of a [`Workload`] in [`Workloads`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WorkloadId(pub u32);

/// Something that answers requests: a Pod, a WorkloadEntry, or an inline endpoint of a ServiceEntry.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Workload {
    /// The object's name.
    pub name: Str,
    /// The object's namespace.
    pub namespace: Str,
    /// The object that it comes from.
    pub source: WorkloadSource,
    /// Its IP addresses, primary first; none where it is known by a hostname or the path of a socket only.
    pub addresses: Vec<IpAddr>,
    /// Its labels.
    pub labels: BTreeMap<Str, Str>,
    /// Its service account, empty where it has none.
    pub service_account: Str,
    /// The node that it runs on, empty where unknown.
    pub node_name: Str,
    /// The name of the controller that made it (Deployment, …), as Istio derives it; what telemetry shows.
    pub workload_name: Str,
    /// `service.istio.io/canonical-name`, with Istio's fallbacks.
    pub canonical_name: Str,
    /// `service.istio.io/canonical-revision`, with Istio's fallbacks.
    pub canonical_revision: Str,
    /// `region/zone/subzone`, empty where unknown.
    pub locality: Locality,
    /// Whether it takes HBONE connections on port 15008.
    pub hbone: bool,
    /// Its share of the traffic; 0 = unset (counts as 1).
    pub weight: u32,
    /// Creation time in seconds since the epoch; an object without one has its release's
    /// [`assumed_creation`](Rules::assumed_creation).
    pub created: i64,
    /// Whether it is itself a waypoint's pod.
    pub is_waypoint: bool,
}

/// Where a [`Workload`] comes from.
#[derive(Clone, Debug)]
pub enum WorkloadSource {
    /// A Pod.
    Pod(Arc<Object<kubernetes::Pod>>),
    /// A WorkloadEntry.
    WorkloadEntry(Arc<Object<networking::WorkloadEntry>>),
    /// The n-th inline endpoint of a ServiceEntry, or, where it has none and is resolved by DNS, its n-th host.
    ServiceEntryEndpoint(Arc<Object<networking::ServiceEntry>>, usize),
}

impl WorkloadSource {
    /// The object's identity.
    #[must_use]
    pub fn object(&self) -> ObjectRef {
        match self {
            Self::Pod(o) => o.object_ref(),
            Self::WorkloadEntry(o) => o.object_ref(),
            Self::ServiceEntryEndpoint(o, _) => o.object_ref(),
        }
    }
}

/// Where something runs.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Locality {
    /// The region.
    pub region: Str,
    /// The zone.
    pub zone: Str,
    /// The subzone.
    pub sub_zone: Str,
}

impl Workload {
    /// The value of a label, or of one that Istio adds to endpoints: their topology. DestinationRules' subsets select
    /// by these.
    #[must_use]
    pub fn endpoint_label(&self, key: &str) -> Option<&str> {
        let known = |value: &Str| -> Option<()> { (!value.is_empty()).then_some(()) };
        let added: Option<&str> = match key {
            "topology.kubernetes.io/region" => {
                known(&self.locality.region).map(|()| self.locality.region.as_str())
            }
            "topology.kubernetes.io/zone" => known(&self.locality.zone).map(|()| self.locality.zone.as_str()),
            "topology.istio.io/subzone" => {
                known(&self.locality.sub_zone).map(|()| self.locality.sub_zone.as_str())
            }
            "topology.istio.io/cluster" => Some("Kubernetes"),
            "kubernetes.io/hostname" => known(&self.node_name).map(|()| self.node_name.as_str()),
            _ => None,
        };
        added.or_else(|| self.labels.get(key).map(Str::as_str))
    }

    /// The Pod that it is, if it is one.
    #[must_use]
    pub fn pod(&self) -> Option<&Object<kubernetes::Pod>> {
        match &self.source {
            WorkloadSource::Pod(pod) => Some(pod),
            _ => None,
        }
    }
}

/// Every [`Workload`] of a snapshot, indexed.
#[derive(Clone, Debug, Default)]
pub struct Workloads {
    all: Vec<Workload>,
    pods: BTreeMap<Str, BTreeMap<Str, WorkloadId>>,
    /// The addresses in order, each with its workload at the same position of `with_address`.
    addresses: Vec<IpAddr>,
    with_address: Vec<WorkloadId>,
    by_namespace: BTreeMap<Str, Vec<WorkloadId>>,
}

impl Workloads {
    /// Builds the index.
    #[must_use]
    pub fn new(snapshot: &Snapshot, rules: &'static Rules, namespaces: &Namespaces) -> Self {
        let mut all = build::Builder::new(snapshot, rules, namespaces).build();
        all.sort_by_cached_key(|workload| (workload.created, build::uid(&workload.source)));
        let mut index = Self { all, ..Self::default() };
        let mut by_address = Vec::with_capacity(index.all.len());
        for (id, workload) in (0..).map(WorkloadId).zip(&index.all) {
            by_address.extend(workload.addresses.iter().map(|address| (*address, id)));
            index.by_namespace.entry(workload.namespace.clone()).or_default().push(id);
            if matches!(workload.source, WorkloadSource::Pod(_)) {
                index.pods.entry(workload.namespace.clone()).or_default().insert(workload.name.clone(), id);
            }
        }
        by_address.sort_unstable();
        (index.addresses, index.with_address) = by_address.into_iter().unzip();
        index
    }

    /// The Workload with this id.
    #[must_use]
    pub fn get(&self, id: WorkloadId) -> Option<&Workload> {
        self.all.get(id.0 as usize)
    }

    /// All, in Istio's order: by creation time, then by Istio's identity of a workload.
    pub fn iter(&self) -> impl Iterator<Item = (WorkloadId, &Workload)> {
        (0..).map(WorkloadId).zip(&self.all)
    }

    /// The Workloads of a namespace, in Istio's order.
    #[must_use]
    pub fn in_namespace(&self, namespace: &str) -> &[WorkloadId] {
        self.by_namespace.get(namespace).map_or(&[], Vec::as_slice)
    }

    /// The Pod with this name.
    #[must_use]
    pub fn pod(&self, namespace: &str, name: &str) -> Option<WorkloadId> {
        self.pods.get(namespace)?.get(name).copied()
    }

    /// The Workloads with this address.
    #[must_use]
    pub fn with_address(&self, address: IpAddr) -> &[WorkloadId] {
        let start = self.addresses.partition_point(|other| *other < address);
        let end = self.addresses.partition_point(|other| *other <= address);
        self.with_address.get(start..end).unwrap_or_default()
    }
}
