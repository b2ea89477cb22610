//! Gateways to other networks as workloads.

use envoy::istio::workload::Workload;

use super::{locate, trust_domain};
use crate::resources::Resource;
use crate::ztunnel::index::Index;
use crate::ztunnel::resource;

/// The workloads that gateways to other networks are.
pub(super) fn workloads(index: &Index<'_>) -> Vec<Resource<Workload>> {
    let gateways = index.network_gateways.iter();
    gateways
        .map(|gateway| {
            let uid = format!("NetworkGateway/{}/{}/{}", gateway.network, gateway.address, gateway.port);
            let mut message = Workload {
                name: uid.clone(),
                uid,
                namespace: gateway.namespace.to_string(),
                service_account: gateway.service_account.to_string(),
                network: gateway.network.to_string(),
                trust_domain: trust_domain(index),
                ..Workload::default()
            };
            locate(&mut message, &gateway.address);
            resource(message, [gateway.object.clone().into()])
        })
        .collect()
}
