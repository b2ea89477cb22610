//! The gateways to other networks.

use envoy::istio::workload::gateway_address::Destination;
use envoy::istio::workload::{GatewayAddress, NamespacedHostname};

use super::gateway;
use crate::Str;
use crate::snapshot::gateway_api::Gateway;
use crate::snapshot::{Object, ObjectRef, Snapshot};
use crate::well_known::{NETWORK, SERVICE_ACCOUNT};

/// The class of Gateways that stand for those of other networks.
const REMOTE_CLASS: &str = "istio-remote";

/// The gateways to other networks, by their Gateways' namespaces and names.
#[derive(Debug)]
pub(super) struct NetworkGateways(Vec<NetworkGateway>);

/// A gateway to another network, at one address.
#[derive(Debug)]
pub(super) struct NetworkGateway {
    pub(super) network: Str,
    pub(super) address: Str,
    pub(super) port: u32,
    pub(super) namespace: Str,
    pub(super) service_account: Str,
    pub(super) object: ObjectRef,
}

impl NetworkGateways {
    pub(super) fn new(snapshot: &Snapshot) -> Self {
        Self(snapshot.gateways.iter().flat_map(|gateway| gateways(gateway)).collect())
    }

    /// All of them.
    pub(super) fn iter(&self) -> impl Iterator<Item = &NetworkGateway> {
        self.0.iter()
    }

    /// The gateway to a network.
    pub(super) fn of(&self, network: &str) -> Option<&NetworkGateway> {
        self.iter().find(|gateway| gateway.network == network && gateway.port != 0)
    }
}

impl NetworkGateway {
    /// Where it is reached.
    pub(super) fn address(&self) -> GatewayAddress {
        let destination = match self.address.parse() {
            Ok(ip) => Destination::Address(gateway::single(ip, &self.network)),
            Err(_) => Destination::Hostname(NamespacedHostname {
                namespace: self.namespace.to_string(),
                hostname: self.address.to_string(),
            }),
        };
        GatewayAddress { destination: Some(destination), hbone_mtls_port: self.port }
    }
}

/// The gateways to another network that a Gateway of class `istio-remote` stands for: one for each of its addresses.
fn gateways(gateway: &Object<Gateway>) -> Vec<NetworkGateway> {
    let (meta, spec) = (&gateway.meta, &gateway.spec);
    let Some(network) = meta.labels.get(NETWORK).filter(|network| !network.is_empty()) else {
        return Vec::new();
    };
    let listener = spec.listeners.iter().find(|listener| listener.protocol == "HBONE");
    let Some(listener) = listener.filter(|_| spec.gateway_class_name == REMOTE_CLASS) else {
        return Vec::new();
    };
    let of_known_type = |kind: Option<&str>| matches!(kind, Some("IPAddress" | "Hostname"));
    let addresses = spec.status.addresses.iter().filter(|a| of_known_type(a.address_type.as_deref()));
    let account = meta.annotations.get(SERVICE_ACCOUNT).cloned();
    let account =
        account.unwrap_or_else(|| smol_str::format_smolstr!("{}-{}", meta.name, spec.gateway_class_name));
    addresses
        .map(|address| NetworkGateway {
            network: network.clone(),
            address: address.value.clone(),
            port: u32::try_from(listener.port).unwrap_or_default(),
            namespace: meta.namespace.clone(),
            service_account: account.clone(),
            object: gateway.object_ref(),
        })
        .collect()
}
