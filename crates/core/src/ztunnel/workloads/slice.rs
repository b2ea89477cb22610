//! Endpoints of EndpointSlices as workloads: those that are no Pods.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use envoy::istio::workload::{NetworkMode, Port, PortList, Workload, WorkloadStatus};

use super::{Cx, of_cluster};
use crate::mesh::Service;
use crate::resources::Resource;
use crate::snapshot::Object;
use crate::snapshot::kubernetes::{Endpoint, EndpointPort, EndpointSlice};
use crate::ztunnel::{gateway, resource, service_key};

/// The workloads of all EndpointSlices of a cluster.
pub(super) fn workloads<'i>(cx: Cx<'i, '_>) -> impl Iterator<Item = Resource<Workload>> + 'i {
    let slices = cx.part.snapshot.endpoint_slices.iter();
    slices.filter(|slice| slice.spec.address_type != "FQDN").flat_map(move |slice| of_slice(cx, slice))
}

fn of_slice(cx: Cx<'_, '_>, slice: &Object<EndpointSlice>) -> Vec<Resource<Workload>> {
    let Some((_, known)) = cx.part.of_slice(slice) else { return Vec::new() };
    let ports = PortList { ports: ports(&slice.spec, known.service) };
    let services = BTreeMap::from([(service_key(known.service), ports)]);
    let causes = [slice.object_ref().into(), known.service.source.object().into()];
    let mut seen = BTreeSet::new();
    let is_pod = |endpoint: &Endpoint| endpoint.target_ref.as_ref().is_some_and(|t| t.kind == "Pod");
    let endpoints = slice.spec.endpoints.iter().filter(|endpoint| !is_pod(endpoint));
    endpoints
        .filter_map(|endpoint| {
            let key = endpoint.addresses.first().filter(|key| seen.insert(*key))?;
            let addresses: Result<Vec<IpAddr>, _> =
                endpoint.addresses.iter().map(|address| address.parse()).collect();
            let meta = &slice.meta;
            let uid = ["discovery.k8s.io", "EndpointSlice", &meta.namespace, &meta.name, key];
            let mut message = Workload {
                name: meta.name.to_string(),
                namespace: meta.namespace.to_string(),
                addresses: addresses.ok()?.into_iter().map(gateway::bytes).collect(),
                services: services.clone(),
                // Nothing is known of it: others may have the same address.
                network_mode: NetworkMode::HostNetwork.into(),
                ..of_cluster(cx, &uid)
            };
            if endpoint.conditions.ready == Some(false) {
                message.status = WorkloadStatus::Unhealthy.into();
            }
            Some(resource(message, causes.clone()))
        })
        .collect()
}

/// The ports of a slice, each with the port of the Service that has its name.
fn ports(slice: &EndpointSlice, service: &Service) -> Vec<Port> {
    let port = |port: &EndpointPort| {
        let is_tcp = port.protocol.as_deref().is_none_or(|protocol| protocol == "TCP");
        let (name, number) = (port.name.as_ref()?, port.port.filter(|_| is_tcp)?);
        let named = service.ports.iter().find(|own| own.name == *name)?;
        let target_port = u32::try_from(number).unwrap_or_default();
        Some(Port { service_port: named.number, target_port, ..Port::default() })
    };
    slice.ports.iter().filter_map(port).collect()
}
