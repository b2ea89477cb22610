//! From Pods, WorkloadEntries and ServiceEntries to [`Workload`]s.

use std::net::IpAddr;
use std::sync::Arc;

use smol_str::format_smolstr;

use super::{Locality, Workload, WorkloadSource, naming, pod};
use crate::Str;
use crate::hash::HashMap;
use crate::mesh::derive;
use crate::mesh::namespaces::Namespaces;
use crate::mesh::network::AssignedNetworks;
use crate::rules::{HboneAddresses, InlineEndpointName, Rules};
use crate::snapshot::networking::service_entry::Resolution;
use crate::snapshot::{Labels, Meta, Object, Snapshot, kubernetes, networking};
use crate::well_known::SIDECAR_STATUS;
use crate::well_known::{MANAGED, MANAGED_WAYPOINT, NETWORK};

/// What the workloads of a snapshot come from: Pods, then WorkloadEntries, each by namespace and name, then
/// the inline endpoints of each ServiceEntry.
pub(super) fn sources(snapshot: &Snapshot) -> impl Iterator<Item = WorkloadSource> {
    let pods = snapshot.pods.iter().map(|pod| WorkloadSource::Pod(Arc::clone(pod)));
    let entries = snapshot.workload_entries.iter().map(|e| WorkloadSource::WorkloadEntry(Arc::clone(e)));
    let inline = snapshot.service_entries.iter().flat_map(|entry| {
        let implicit = if has_implicit_endpoints(&entry.spec) { entry.spec.hosts.len() } else { 0 };
        let count = entry.spec.endpoints.len().max(implicit);
        (0..count).map(|i| WorkloadSource::ServiceEntryEndpoint(Arc::clone(entry), i))
    });
    pods.chain(entries).chain(inline)
}

/// When what a workload comes from was created.
pub(super) fn created_at(source: &WorkloadSource, rules: &Rules) -> i64 {
    match source {
        WorkloadSource::Pod(pod) => created(&pod.meta, rules),
        WorkloadSource::WorkloadEntry(entry) => created(&entry.meta, rules),
        WorkloadSource::ServiceEntryEndpoint(entry, _) => created(&entry.meta, rules),
    }
}

fn created(meta: &Meta, rules: &Rules) -> i64 {
    meta.creation_timestamp.map_or(rules.mesh.assumed_creation, |time| time.0)
}

/// Builds the workloads of a snapshot.
pub(super) struct Builder<'a> {
    rules: &'static Rules,
    namespaces: &'a Namespaces,
    nodes: HashMap<&'a str, Locality>,
    /// The networks of pods that do not say theirs.
    networks: &'a AssignedNetworks,
    /// The cluster that all of it is in.
    cluster: Str,
}

impl<'a> Builder<'a> {
    pub(super) fn new(
        snapshot: &'a Snapshot,
        rules: &'static Rules,
        namespaces: &'a Namespaces,
        networks: &'a AssignedNetworks,
    ) -> Self {
        let nodes = snapshot
            .nodes
            .iter()
            .map(|n| (n.meta.name.as_str(), Locality::of_node(&n.meta.labels)))
            .collect();
        Self { rules, namespaces, nodes, networks, cluster: snapshot.cluster_name() }
    }

    /// The workload that comes of a source.
    pub(super) fn build(&self, source: &WorkloadSource) -> Workload {
        match source {
            WorkloadSource::Pod(pod) => self.pod(pod),
            WorkloadSource::WorkloadEntry(entry) => self.workload_entry(entry),
            WorkloadSource::ServiceEntryEndpoint(entry, position) => self.inline_endpoint(entry, *position),
        }
    }

    fn pod(&self, object: &Arc<Object<kubernetes::Pod>>) -> Workload {
        let (meta, spec) = (&object.meta, &object.spec);
        let workload_name = naming::of_pod(meta, self.rules.registry.workload_name_label);
        let locality = Locality::of_labels(&meta.labels, self.rules.registry.topology_locality_label)
            .or_else(|| self.nodes.get(spec.node_name.as_str()).cloned())
            .unwrap_or_default();
        let account = if spec.service_account_name.is_empty() {
            &spec.service_account
        } else {
            &spec.service_account_name
        };
        let (known, native_hbone) = (self.is_known_to_ztunnel(spec), speaks_hbone(&meta.labels));
        let addresses = pod_addresses(object);
        let network = meta.labels.get(NETWORK).filter(|own| !own.is_empty());
        Workload {
            name: meta.name.clone(),
            namespace: meta.namespace.clone(),
            network: network.unwrap_or_else(|| self.networks.of(addresses.first().copied())).clone(),
            addresses,
            cluster: self.cluster.clone(),
            service_account: if account.is_empty() { Str::new_static("default") } else { account.clone() },
            node_name: spec.node_name.clone(),
            canonical_name: naming::canonical_name(&meta.labels, &workload_name),
            canonical_revision: naming::canonical_revision(&meta.labels),
            workload_name,
            locality,
            known_to_ztunnel: known,
            hbone: known && (native_hbone || self.is_captured(object)),
            native_hbone,
            weight: 0,
            created: created(meta, self.rules),
            is_waypoint: is_waypoint(&meta.labels),
            labels: meta.labels.clone(),
            source: WorkloadSource::Pod(Arc::clone(object)),
        }
    }

    /// Whether ztunnel knows a pod.
    fn is_known_to_ztunnel(&self, pod: &kubernetes::Pod) -> bool {
        match self.rules.registry.hbone_addresses {
            HboneAddresses::PodsFirst => pod::is_running(pod) && !pod.host_network,
            HboneAddresses::All => !pod::is_terminal(pod),
        }
    }

    /// Whether Istio's CNI plugin redirects the pod's traffic to ztunnel: it then marks it with an
    /// annotation, which a snapshot from manifests has not.
    fn is_captured(&self, object: &Object<kubernetes::Pod>) -> bool {
        let meta = &object.meta;
        if let Some(redirection) = meta.annotations.get("ambient.istio.io/redirection") {
            return redirection == "enabled";
        }
        let own = meta.labels.get(DATAPLANE_MODE).filter(|_| self.rules.registry.dataplane_mode_of_pods);
        let mode = own.or_else(|| self.namespaces.label(&meta.namespace, DATAPLANE_MODE));
        mode.is_some_and(|mode| mode == "ambient")
            && !meta.annotations.contains_key(SIDECAR_STATUS)
            && !object.spec.host_network
    }

    fn workload_entry(&self, object: &Arc<Object<networking::WorkloadEntry>>) -> Workload {
        let (meta, spec) = (&object.meta, &object.spec);
        // The labels of either place count; those of the metadata win.
        let mut labels = spec.labels.clone();
        labels.extend(meta.labels.iter().map(|(k, v)| (k.clone(), v.clone())));
        let workload_name = naming::of_workload_entry(meta, self.rules.registry.workload_name_label);
        let source = WorkloadSource::WorkloadEntry(Arc::clone(object));
        self.entry(
            spec,
            Named { meta, namespace: meta.namespace.clone(), name: meta.name.clone(), workload_name, labels },
            source,
        )
    }

    fn inline_endpoint(&self, object: &Arc<Object<networking::ServiceEntry>>, position: usize) -> Workload {
        let (meta, spec) = (&object.meta, &object.spec);
        let endpoint = spec.endpoints.get(position).cloned();
        let endpoint = endpoint.unwrap_or_else(|| implicit_endpoint(spec, position));
        let (namespace, name) = match self.rules.registry.inline_endpoint_name {
            InlineEndpointName::Unnamed => (Str::default(), Str::default()),
            InlineEndpointName::OfServiceEntry if spec.endpoints.is_empty() => {
                (meta.namespace.clone(), meta.name.clone())
            }
            InlineEndpointName::OfServiceEntry => {
                (meta.namespace.clone(), format_smolstr!("{}-{position}", meta.name))
            }
        };
        let labels = endpoint.labels.clone();
        let named = Named { meta, namespace, name: name.clone(), workload_name: name, labels };
        self.entry(&endpoint, named, WorkloadSource::ServiceEntryEndpoint(Arc::clone(object), position))
    }

    fn entry(&self, spec: &networking::WorkloadEntry, named: Named<'_>, source: WorkloadSource) -> Workload {
        let Named { meta, namespace, name, workload_name, labels } = named;
        let locality = match spec.locality.as_str() {
            "" if self.rules.registry.topology_locality_label => {
                Locality::of_labels(&labels, true).unwrap_or_default()
            }
            text => Locality::parse(text),
        };
        // An inline endpoint is known by the labels of its ServiceEntry.
        let known_by =
            if matches!(source, WorkloadSource::WorkloadEntry(_)) { &labels } else { &meta.labels };
        let captured = self.rules.registry.workload_entries_may_be_captured
            && (meta.annotations.get("ambient.istio.io/redirection").is_some_and(|v| v == "enabled")
                || speaks_hbone(known_by));
        Workload {
            name,
            namespace,
            source,
            addresses: spec.address.parse::<IpAddr>().ok().into_iter().collect(),
            service_account: spec.service_account.clone(),
            node_name: Str::default(),
            canonical_name: naming::canonical_name(&labels, &workload_name),
            canonical_revision: naming::canonical_revision(&labels),
            workload_name,
            locality,
            cluster: self.cluster.clone(),
            network: spec.network.clone(),
            known_to_ztunnel: true,
            hbone: captured,
            native_hbone: speaks_hbone(&labels),
            weight: spec.weight,
            created: created(meta, self.rules),
            is_waypoint: is_waypoint(&labels),
            labels,
        }
    }
}

/// Istio's identity of a workload, by which it sorts them: its group and kind, namespace and name. The
/// cluster, which comes first, is the same for all.
pub(super) fn uid(source: &WorkloadSource) -> String {
    match source {
        WorkloadSource::Pod(pod) => ["/Pod", &pod.meta.namespace, &pod.meta.name].join("/"),
        WorkloadSource::WorkloadEntry(entry) => {
            ["networking.istio.io/WorkloadEntry", &entry.meta.namespace, &entry.meta.name].join("/")
        }
        WorkloadSource::ServiceEntryEndpoint(entry, position) => {
            let endpoint = entry.spec.endpoints.get(*position).map(|endpoint| &endpoint.address);
            let address = endpoint.or_else(|| entry.spec.hosts.get(*position)).map_or("", Str::as_str);
            ["networking.istio.io/ServiceEntry", &entry.meta.namespace, &entry.meta.name, address].join("/")
        }
    }
}

/// A pod's addresses. One that has none yet, as in a manifest, gets one that is made from its name.
fn pod_addresses(object: &Object<kubernetes::Pod>) -> Vec<IpAddr> {
    let addresses = pod::addresses(&object.spec.status);
    if addresses.is_empty() && !pod::is_terminal(&object.spec) {
        return vec![derive::pod_address(&object.meta.namespace, &object.meta.name)];
    }
    addresses
}

/// What distinguishes an entry from its object.
struct Named<'a> {
    meta: &'a Meta,
    namespace: Str,
    name: Str,
    workload_name: Str,
    labels: Labels,
}

/// Whether a ServiceEntry has its hosts as endpoints: it is resolved by DNS and has no others.
fn has_implicit_endpoints(spec: &networking::ServiceEntry) -> bool {
    let by_dns =
        matches!(spec.resolution, Resolution::Dns | Resolution::DnsRoundRobin | Resolution::DynamicDns);
    by_dns && spec.endpoints.is_empty() && spec.workload_selector.is_none()
}

/// The endpoint that a host of a ServiceEntry is.
fn implicit_endpoint(spec: &networking::ServiceEntry, position: usize) -> networking::WorkloadEntry {
    let address = spec.hosts.get(position).cloned().unwrap_or_default();
    networking::WorkloadEntry { address, ..Default::default() }
}

/// The label that enrols a namespace or a pod.
pub const DATAPLANE_MODE: &str = "istio.io/dataplane-mode";

/// Whether a workload with these labels takes HBONE connections itself.
pub fn speaks_hbone(labels: &Labels) -> bool {
    labels.get("networking.istio.io/tunnel").is_some_and(|tunnels| tunnels.split(',').any(|t| t == "http"))
}

fn is_waypoint(labels: &Labels) -> bool {
    labels.get(MANAGED).is_some_and(|by| by == MANAGED_WAYPOINT)
}
