//! Pods and WorkloadEntries as one kind of thing.

mod build;
mod locality;
pub mod naming;
pub mod pod;

use std::net::IpAddr;
use std::sync::Arc;

pub use build::{DATAPLANE_MODE, speaks_hbone};

use super::age;
use super::namespaces::Namespaces;
use super::network::AssignedNetworks;
use crate::Str;
use crate::hash::HashMap;
use crate::rules::Rules;
use crate::snapshot::{Cause, FieldPath, Labels, Object, ObjectRef, Snapshot, kubernetes, networking};
use crate::well_known::{CLUSTER, HOSTNAME, NETWORK, REGION, SUB_ZONE, ZONE};

/// The label of a gateway's pods and Service.
pub const GATEWAY_NAME: &str = "gateway.networking.k8s.io/gateway-name";
/// The label of 1.18 for [`GATEWAY_NAME`].
pub const OLD_GATEWAY_NAME: &str = "istio.io/gateway-name";

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
    pub labels: Labels,
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
    /// The cluster that it runs in.
    pub cluster: Str,
    /// The network that it says it is in, as an endpoint: its label, else the cluster's; what a WorkloadEntry
    /// says.
    pub network: Str,
    /// Whether ztunnel knows it.
    pub known_to_ztunnel: bool,
    /// Whether it takes HBONE connections on port 15008, as ztunnel knows.
    pub hbone: bool,
    /// Whether its own labels say that it takes them, whatever network it is in.
    pub native_hbone: bool,
    /// Its share of the traffic; 0 = unset (counts as 1).
    pub weight: u32,
    /// Creation time in seconds since the epoch; an object without one has its release's
    /// `assumed_creation`.
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
    /// The n-th inline endpoint of a ServiceEntry, or, where it has none and is resolved by DNS, its n-th
    /// host.
    ServiceEntryEndpoint(Arc<Object<networking::ServiceEntry>>, usize),
}

impl WorkloadSource {
    /// The object, and in a ServiceEntry the endpoint.
    #[must_use]
    pub fn cause(&self) -> Cause {
        match self {
            Self::ServiceEntryEndpoint(object, position)
                if object.spec.endpoints.get(*position).is_some() =>
            {
                Cause::new(object.object_ref(), FieldPath::at("spec.endpoints[]", [*position]))
            }
            _ => self.object().into(),
        }
    }

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
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Locality {
    /// The text that names it: of two texts for one place (`eu`, `eu//`) each is a locality of its own.
    text: Str,
    /// The region.
    pub region: Str,
    /// The zone.
    pub zone: Str,
    /// The subzone.
    pub sub_zone: Str,
}

impl Workload {
    /// The value of a label, or of one that Istio adds to endpoints: their topology. DestinationRules'
    /// subsets select by these.
    #[must_use]
    pub fn endpoint_label(&self, key: &str) -> Option<&str> {
        let known = |value: &Str| -> Option<()> { (!value.is_empty()).then_some(()) };
        let added: Option<&str> = match key {
            REGION => known(&self.locality.region).map(|()| self.locality.region.as_str()),
            ZONE => known(&self.locality.zone).map(|()| self.locality.zone.as_str()),
            SUB_ZONE => known(&self.locality.sub_zone).map(|()| self.locality.sub_zone.as_str()),
            CLUSTER => Some(&self.cluster),
            HOSTNAME => known(&self.node_name).map(|()| self.node_name.as_str()),
            NETWORK if self.labels.get(NETWORK).is_none_or(|label| label.is_empty()) => {
                known(&self.network).map(|()| self.network.as_str())
            }
            _ => None,
        };
        added.or_else(|| self.labels.get(key).map(Str::as_str))
    }

    /// The name of the Gateway that it is a Pod of, if it is one.
    pub fn gateway(&self) -> Option<&Str> {
        let name = self.labels.get(GATEWAY_NAME).or_else(|| self.labels.get(OLD_GATEWAY_NAME));
        name.filter(|_| matches!(self.source, WorkloadSource::Pod(_)))
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
    /// Pods, then WorkloadEntries, each by namespace and name, then the inline endpoints of each
    /// ServiceEntry.
    by_object: Vec<WorkloadId>,
    /// How many of those are Pods.
    pods: usize,
    /// Those that say of which Gateway they are: by its namespace and name.
    by_gateway: HashMap<Str, HashMap<Str, Vec<WorkloadId>>>,
    /// The addresses in order, each with its workload at the same position of `with_address`.
    addresses: Vec<IpAddr>,
    with_address: Vec<WorkloadId>,
    by_namespace: HashMap<Str, Vec<WorkloadId>>,
}

impl Workloads {
    /// Builds the index.
    #[must_use]
    pub(crate) fn new(
        snapshot: &Snapshot,
        rules: &'static Rules,
        namespaces: &Namespaces,
        networks: &AssignedNetworks,
    ) -> Self {
        let mut sources: Vec<_> = build::sources(snapshot).enumerate().collect();
        age::sort(
            &mut sources,
            |(_, source)| build::created_at(source, rules),
            |(_, source)| build::uid(source),
        );
        let builder = build::Builder::new(snapshot, rules, namespaces, networks);
        let mut index = Self {
            all: sources.iter().map(|(_, source)| builder.build(source)).collect(),
            by_object: vec![WorkloadId(0); sources.len()],
            pods: snapshot.pods.len(),
            ..Self::default()
        };
        let mut by_address = Vec::with_capacity(index.all.len());
        for ((id, workload), (position, _)) in (0..).map(WorkloadId).zip(&index.all).zip(sources) {
            index.by_object.get_mut(position).into_iter().for_each(|place| *place = id);
            by_address.extend(workload.addresses.iter().map(|address| (*address, id)));
            index.by_namespace.entry(workload.namespace.clone()).or_default().push(id);
            if let Some(gateway) = workload.gateway() {
                let of_namespace = index.by_gateway.entry(workload.namespace.clone()).or_default();
                of_namespace.entry(gateway.clone()).or_default().push(id);
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

    /// All in the order of their objects: Pods, then WorkloadEntries, each by namespace and name, then the
    /// inline endpoints of each ServiceEntry.
    pub(crate) fn by_object(&self) -> impl Iterator<Item = (WorkloadId, &Workload)> {
        self.by_object.iter().filter_map(|id| Some((*id, self.get(*id)?)))
    }

    /// The Pod with this name.
    #[must_use]
    pub fn pod(&self, namespace: &str, name: &str) -> Option<WorkloadId> {
        let pods = self.by_object.get(..self.pods)?;
        let key = |id: &WorkloadId| self.get(*id).map(|pod| (pod.namespace.as_str(), pod.name.as_str()));
        let found = pods.binary_search_by(|id| key(id).cmp(&Some((namespace, name)))).ok()?;
        pods.get(found).copied()
    }

    /// The Pods of a Gateway, in Istio's order.
    #[must_use]
    pub fn of_gateway(&self, namespace: &str, name: &str) -> &[WorkloadId] {
        let of_namespace = self.by_gateway.get(namespace);
        of_namespace.and_then(|gateways| gateways.get(name)).map_or(&[], Vec::as_slice)
    }

    /// The Workloads with this address.
    #[must_use]
    pub fn with_address(&self, address: IpAddr) -> &[WorkloadId] {
        let start = self.addresses.partition_point(|other| *other < address);
        let end = self.addresses.partition_point(|other| *other <= address);
        self.with_address.get(start..end).unwrap_or_default()
    }
}
