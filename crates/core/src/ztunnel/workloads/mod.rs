//! Workloads as ztunnel gets them.

mod coalesced;
mod entry;
mod network_gateway;
mod pod;
mod ports;
mod slice;

use std::collections::BTreeMap;

use envoy::istio::workload::application_tunnel::Protocol;
use envoy::istio::workload::{ApplicationTunnel, PortList, TunnelProtocol, Workload, WorkloadType};

use super::index::{Index, KnownService, Part};
use super::network_gateways::NetworkGateway;
use super::policies::Attached;
use super::{gateway, resource, service_key, waypoint_causes};
use crate::mesh::waypoint::{Binding, Target};
use crate::mesh::{self, WorkloadId, WorkloadSource};
use crate::resources::Resource;
use crate::snapshot::{Cause, FieldPath, Labels, ObjectRef};

/// Every workload, by its uid.
pub(super) fn workloads(index: &Index<'_>) -> Vec<Resource<Workload>> {
    let all = everywhere(index);
    let mut workloads = if index.networks_apart { coalesced::of_own_network(index, all) } else { all };
    workloads.extend(network_gateway::workloads(index));
    workloads.sort_by(|a, b| a.message.uid.cmp(&b.message.uid));
    workloads
}

/// The workloads of all clusters, by their uid.
pub(super) fn everywhere(index: &Index<'_>) -> Vec<Resource<Workload>> {
    let in_parts = index.parts().flat_map(|part| {
        let cx = Cx { index, part };
        // Entries are read from the control plane's own cluster, but count once for each: an accident.
        let is_entry =
            |workload: &mesh::Workload| matches!(workload.source, WorkloadSource::WorkloadEntry(_));
        let entries = index.mesh.workloads.iter().filter(move |(_, workload)| is_entry(workload));
        let entries = entries.filter(move |_| part.remote.is_some());
        let own = part.workloads(index.mesh).iter();
        let own = own.filter(move |(_, workload)| part.remote.is_none() || !is_entry(workload));
        let of_objects = own.chain(entries).filter_map(move |(id, workload)| match &workload.source {
            WorkloadSource::Pod(object) => pod::workload(cx, id, workload, object),
            WorkloadSource::WorkloadEntry(object) => Some(entry::workload(cx, id, workload, object)),
            WorkloadSource::ServiceEntryEndpoint(object, position) => {
                entry::endpoint(cx, id, object, *position)
            }
        });
        of_objects.chain(slice::workloads(cx))
    });
    let mut workloads: Vec<_> = in_parts.collect();
    // Endpoints of a ServiceEntry that have one address are one workload: the last of them.
    workloads.reverse();
    workloads.sort_by(|a, b| a.message.uid.cmp(&b.message.uid));
    workloads.dedup_by(|a, b| a.message.uid == b.message.uid);
    workloads
}

/// The mesh and the cluster that workloads are looked up in.
#[derive(Clone, Copy)]
struct Cx<'i, 'm> {
    index: &'i Index<'m>,
    part: &'i Part<'m>,
}

/// What every workload of a cluster says.
fn of_cluster(cx: Cx<'_, '_>, uid: &[&str]) -> Workload {
    Workload {
        uid: [&[cx.part.cluster.as_str()], uid].concat().join("/"),
        cluster_id: cx.part.cluster.to_string(),
        network: cx.part.network.to_string(),
        trust_domain: trust_domain(cx.index),
        ..Workload::default()
    }
}

/// The trust domain, unless it is the usual one.
fn trust_domain(index: &Index<'_>) -> String {
    let given = index.mesh.config.trust_domain.as_str();
    if given == "cluster.local" { String::new() } else { given.to_owned() }
}

/// What a workload is called in telemetry.
fn name_it(message: &mut Workload, workload_name: &str, canonical: (&str, &str)) {
    workload_name.clone_into(&mut message.workload_name);
    // Istio takes every workload for a Pod.
    message.workload_type = WorkloadType::Pod.into();
    canonical.0.clone_into(&mut message.canonical_name);
    canonical.1.clone_into(&mut message.canonical_revision);
}

/// Says how ztunnel reaches a workload: `captured` if another ztunnel takes its connections.
fn tunnel(message: &mut Workload, labels: &Labels, captured: bool) {
    let native = mesh::workload::speaks_hbone(labels);
    if captured || native {
        message.tunnel_protocol = TunnelProtocol::Hbone.into();
    }
    message.native_tunnel = native;
}

/// Where a workload is: at IP addresses, else behind a name.
fn locate(message: &mut Workload, address: &str) {
    match address.parse() {
        Ok(ip) => message.addresses = vec![gateway::bytes(ip)],
        Err(_) => address.clone_into(&mut message.hostname),
    }
}

/// A network's gateway, for what is not in the cluster's own.
fn use_network(message: &mut Workload, index: &Index<'_>, network: &str) {
    if !network.is_empty() {
        network.clone_into(&mut message.network);
    }
    message.network_gateway = index.network_gateways.of(&message.network).map(NetworkGateway::address);
}

/// The locality, where something is known of it.
fn locality(locality: &mesh::Locality) -> Option<envoy::istio::workload::Locality> {
    (!locality.is_unknown()).then(|| envoy::istio::workload::Locality {
        region: locality.region.to_string(),
        zone: locality.zone.to_string(),
        subzone: locality.sub_zone.to_string(),
    })
}

/// A workload's place in the mesh: its Services, its waypoint and its policies.
struct Place<'i, 'm> {
    services: Vec<&'i KnownService<'m>>,
    binding: Option<&'m Binding>,
    waypoint: Option<&'m Target>,
    instance_of: Option<&'m Target>,
    policies: Attached,
}

impl<'i, 'm> Place<'i, 'm> {
    /// The place of a workload of the mesh: labels and namespace are those that policies select by.
    fn new(
        cx: Cx<'i, 'm>,
        id: WorkloadId,
        labels: &Labels,
        namespace: &str,
        services: Vec<&'i KnownService<'m>>,
    ) -> Self {
        let Cx { index, part } = cx;
        let bindings = &index.mesh.bindings;
        let binding = match part.remote {
            None => bindings.of_workload(id),
            Some(remote) => bindings.of_remote_workload(&remote.name, id),
        };
        let waypoint = binding.and_then(|binding| bindings.waypoint(binding));
        let mut policies = index.policies.of_workload(namespace, labels);
        let of_services = services.iter().filter_map(|known| bindings.waypoint(index.binding(known)?));
        policies.allow_waypoints(index, of_services, waypoint);
        Self { services, binding, waypoint, instance_of: None, policies }
    }

    /// Says it in a message, and gives its resource: `object` is what the workload comes from, and the field
    /// of it that may name a waypoint.
    fn fill(
        self,
        mut message: Workload,
        (object, label): (ObjectRef, FieldPath),
        ports: impl Fn(&KnownService<'m>) -> PortList,
    ) -> Resource<Workload> {
        let named = self.services.iter().map(|known| (service_key(known.service), ports(known)));
        message.services = named.collect::<BTreeMap<_, _>>();
        message.waypoint = self.waypoint.and_then(gateway::address);
        message.application_tunnel = self.instance_of.and_then(|target| target.inbound).map(|inbound| {
            let protocol = if inbound.proxy { Protocol::Proxy } else { Protocol::None };
            ApplicationTunnel { protocol: protocol.into(), port: inbound.port }
        });
        message.authorization_policies = self.policies.names;
        let named =
            |binding| waypoint_causes(binding, self.waypoint, (object.clone(), label), &message.namespace);
        let waypoint = self.binding.map(named).unwrap_or_default();
        let instance_of = self.instance_of.map(|target| target.gateway.object_ref());
        let services = self.services.iter().map(|known| known.service.source.object());
        let others = instance_of.into_iter().chain(services).chain(self.policies.objects);
        let causes = std::iter::once(Cause::from(object)).chain(waypoint).chain(others.map(Cause::from));
        resource(message, causes.collect::<Vec<_>>())
    }
}
