//! The workloads of other networks: ztunnel knows one for each Service and network, which is reached through
//! the network's gateway.

use std::collections::BTreeMap;

use envoy::istio::workload::{GatewayAddress, PortList, TunnelProtocol, Workload, WorkloadType};

use super::trust_domain;
use crate::resources::Resource;
use crate::snapshot::Cause;
use crate::ztunnel::index::Index;
use crate::ztunnel::network_gateways::NetworkGateway;
use crate::ztunnel::{resource, service_key, services};

/// The port of gateways that do not say theirs.
const HBONE_PORT: u32 = 15008;

/// What stands behind a Service in another network.
#[derive(Default)]
struct Behind {
    capacity: u32,
    causes: Vec<Cause>,
}

/// The workloads of the cluster's own network, and what stands for those of others.
pub(super) fn of_own_network(index: &Index<'_>, all: Vec<Resource<Workload>>) -> Vec<Resource<Workload>> {
    let own = index.mesh.networks.own.as_str();
    let (mut near, far): (Vec<_>, Vec<_>) = all.into_iter().partition(|w| w.message.network == own);
    let mut behind: BTreeMap<(&str, &str), Behind> = BTreeMap::new();
    for workload in &far {
        for service in workload.message.services.keys() {
            let place = behind.entry((service, &workload.message.network)).or_default();
            let capacity = workload.message.capacity.as_ref().map_or(0, |capacity| capacity.value);
            place.capacity = place.capacity.wrapping_add(capacity.max(1));
            place.causes.extend(workload.origins.iter().flat_map(|origin| origin.causes.iter().cloned()));
        }
    }
    let global = index.services.iter().filter(|known| known.service.global);
    let split = global.flat_map(|known| {
        let key = service_key(known.service);
        let ports = PortList { ports: services::ports(known.service) };
        let of_service = behind.range((key.as_str(), "")..).take_while(|((service, _), _)| *service == key);
        let of_networks = of_service.filter_map(|((_, network), behind)| {
            let gateway = index.network_gateways.first(network)?;
            let message = workload(index, gateway, (&key, &known.service.namespace), behind.capacity);
            let services = BTreeMap::from([(key.clone(), ports.clone())]);
            let causes = std::iter::once(Cause::from(gateway.object.clone()));
            let causes = causes.chain([Cause::from(known.service.source.object())]);
            let causes: Vec<Cause> = causes.chain(behind.causes.iter().cloned()).collect();
            Some(resource(Workload { services, ..message }, causes))
        });
        of_networks.collect::<Vec<_>>()
    });
    let split: Vec<_> = split.collect();
    near.extend(split);
    near
}

/// What stands for the workloads of a Service in a gateway's network.
fn workload(
    index: &Index<'_>,
    gateway: &NetworkGateway,
    (service, namespace): (&str, &str),
    capacity: u32,
) -> Workload {
    let NetworkGateway { network, namespace: of_gateway, name, address, .. } = gateway;
    let uid = format!("{network}/SplitHorizonWorkload/{of_gateway}/{name}/{address}/{service}");
    let port = if gateway.port == 0 { HBONE_PORT } else { gateway.port };
    Workload {
        name: uid.clone(),
        uid,
        namespace: namespace.to_owned(),
        network: network.to_string(),
        trust_domain: trust_domain(index),
        capacity: Some(capacity.into()),
        workload_type: WorkloadType::Pod.into(),
        tunnel_protocol: TunnelProtocol::Hbone.into(),
        network_gateway: Some(GatewayAddress { hbone_mtls_port: port, ..gateway.address() }),
        cluster_id: gateway.cluster.to_string(),
        ..Workload::default()
    }
}
