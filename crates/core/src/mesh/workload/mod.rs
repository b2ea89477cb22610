//! Pods and WorkloadEntries as one kind of thing.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use crate::Str;
use crate::release::Rules;
use crate::snapshot::mesh_config::MeshConfig;
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

/// Every [`Workload`] of a snapshot, indexed.
#[derive(Clone, Debug, Default)]
pub struct Workloads {
    all: Vec<Workload>,
}

impl Workloads {
    /// Builds the index.
    #[must_use]
    pub fn new(_snapshot: &Snapshot, _rules: &'static Rules, _config: &MeshConfig) -> Self {
        Self::default()
    }

    /// The Workload with this id.
    #[must_use]
    pub fn get(&self, id: WorkloadId) -> Option<&Workload> {
        self.all.get(id.0 as usize)
    }

    /// All, in a fixed order.
    pub fn iter(&self) -> impl Iterator<Item = (WorkloadId, &Workload)> {
        (0..).map(WorkloadId).zip(&self.all)
    }
}
