//! Who is in a snapshot: the pods to run, and the names to call.

use std::collections::{BTreeMap, BTreeSet};

use waypoint_xds::snapshot::Snapshot;
use waypoint_xds::snapshot::kubernetes::{self, Container};
use waypoint_xds::snapshot::networking::ServiceEntry;
use waypoint_xds::snapshot::networking::service_entry::Resolution;
use waypoint_xds::snapshot::object::Object;

use crate::identity::Identity;
use crate::pods::Pod;

/// The pods of a snapshot, and the addresses behind names.
#[derive(Clone, Debug, Default)]
pub struct Workloads {
    /// Every pod that runs and has an IPv4 address, and what a waypoint passes connections on to
    /// (ServiceEntries with `resolution: NONE`).
    pub pods: Vec<Pod>,
    /// `service.namespace` and `pod/name.namespace` to the address that is called.
    addresses: BTreeMap<String, String>,
}

impl Workloads {
    /// Those of a snapshot. Every container port is served without HBONE too, as in a real pod.
    #[must_use]
    pub fn of(snapshot: &Snapshot) -> Self {
        let outside = snapshot.service_entries.iter().flat_map(|object| passed_on(object));
        let pods: Vec<Pod> = snapshot.pods.iter().filter_map(|object| pod(object)).chain(outside).collect();
        let mut addresses = BTreeMap::new();
        for pod in &pods {
            let name = format!("pod/{}.{}", pod.name, pod.identity.namespace);
            addresses.insert(name, pod.address.to_string());
        }
        for service in &snapshot.services {
            addresses.insert(
                format!("{}.{}", service.meta.name, service.meta.namespace),
                service.spec.cluster_ip.to_string(),
            );
        }
        for entry in &snapshot.service_entries {
            if let Some(address) = entry.spec.addresses.first() {
                addresses
                    .insert(format!("{}.{}", entry.meta.name, entry.meta.namespace), address.to_string());
            }
        }
        Self { pods, addresses }
    }

    /// What a workload would dial for `NAME:PORT`: a name that the snapshot knows becomes its address,
    /// anything else stays.
    #[must_use]
    pub fn authority(&self, target: &str) -> String {
        let (name, port) = target.rsplit_once(':').unwrap_or((target, "80"));
        format!("{}:{port}", self.addresses.get(name).map_or(name, String::as_str))
    }
}

fn pod(object: &Object<kubernetes::Pod>) -> Option<Pod> {
    let (meta, spec) = (&object.meta, &object.spec);
    let runs = matches!(spec.status.phase.as_str(), "Running" | "") && !spec.host_network;
    let address = spec.status.pod_ip.parse().ok().filter(|_| runs)?;
    let account = match spec.service_account_name.as_str() {
        "" => "default",
        account => account,
    };
    Some(Pod {
        name: meta.name.to_string(),
        version: meta.labels.get("version").map(ToString::to_string).unwrap_or_default(),
        address,
        identity: Identity::new(&meta.namespace, account),
        ports: spec.containers.iter().flat_map(ports).collect::<BTreeSet<_>>().into_iter().collect(),
    })
}

fn ports(container: &Container) -> impl Iterator<Item = u16> {
    container.ports.iter().filter_map(|port| u16::try_from(port.container_port).ok())
}

/// Whoever has the addresses of a ServiceEntry that are called as they are.
fn passed_on(object: &Object<ServiceEntry>) -> impl Iterator<Item = Pod> {
    let (meta, spec) = (&object.meta, &object.spec);
    let addresses = spec.addresses.iter().filter(|_| spec.resolution == Resolution::None);
    addresses.filter_map(|address| address.parse().ok()).map(|address| Pod {
        name: meta.name.to_string(),
        version: String::new(),
        address,
        identity: Identity::new(&meta.namespace, "outside"),
        ports: spec.ports.iter().filter_map(|port| u16::try_from(port.number).ok()).collect(),
    })
}
