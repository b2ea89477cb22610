//! The gateways to other networks.

use std::collections::BTreeMap;

use envoy::istio::workload::gateway_address::Destination;
use envoy::istio::workload::{GatewayAddress, NamespacedHostname};

use super::gateway;
use crate::Str;
use crate::mesh::network_gateways::service_account;
use crate::snapshot::gateway_api::Gateway;
use crate::snapshot::gateway_api::gateway::Listener;
use crate::snapshot::{Object, ObjectRef, Snapshot};
use crate::well_known::{EAST_WEST_CLASS, NETWORK, REMOTE_CLASS};

/// The gateways to other networks, by their Gateways' namespaces and names.
#[derive(Debug)]
pub(super) struct NetworkGateways(Vec<NetworkGateway>);

/// A gateway to another network, at one address.
#[derive(Debug)]
pub(super) struct NetworkGateway {
    pub(super) network: Str,
    /// The cluster that it runs in, as far as the control plane knows.
    pub(super) cluster: Str,
    pub(super) address: Str,
    /// 0 where nobody says it.
    pub(super) port: u32,
    pub(super) namespace: Str,
    pub(super) name: Str,
    pub(super) service_account: Str,
    pub(super) object: ObjectRef,
}

impl NetworkGateways {
    /// Those that the control plane's own cluster says there are and, where networks are told apart, those
    /// that run in other clusters. Of several at one address with one name, that of the own cluster counts.
    pub(super) fn new(snapshot: &Snapshot, networks_apart: bool) -> Self {
        let own = snapshot.gateways.iter().flat_map(|gateway| standing_for_others(snapshot, gateway));
        let mut by_place: BTreeMap<_, NetworkGateway> = BTreeMap::new();
        for remote in snapshot.remotes.iter().filter(|_| networks_apart) {
            let all = remote.gateways.iter().flat_map(|gateway| running_elsewhere(remote, gateway));
            for gateway in all {
                by_place.entry(gateway.place()).or_insert(gateway);
            }
        }
        by_place.extend(own.map(|gateway| (gateway.place(), gateway)));
        Self(by_place.into_values().collect())
    }

    /// All of them.
    pub(super) fn iter(&self) -> impl Iterator<Item = &NetworkGateway> {
        self.0.iter()
    }

    /// The gateway to a network, of those whose port is known.
    pub(super) fn of(&self, network: &str) -> Option<&NetworkGateway> {
        self.iter().find(|gateway| gateway.network == network && gateway.port != 0)
    }

    /// The first gateway to a network.
    pub(super) fn first(&self, network: &str) -> Option<&NetworkGateway> {
        self.iter().find(|gateway| gateway.network == network)
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

    fn place(&self) -> (Str, Str, Str) {
        (self.namespace.clone(), self.name.clone(), self.address.clone())
    }
}

/// The gateways to another network that a Gateway of class `istio-remote` stands for: one for each of its
/// addresses.
fn standing_for_others(snapshot: &Snapshot, gateway: &Object<Gateway>) -> Vec<NetworkGateway> {
    let takes = |listener: &Listener| {
        let port = u32::try_from(listener.port).unwrap_or_default();
        (listener.protocol == "HBONE").then_some(port)
    };
    gateways(snapshot, gateway, REMOTE_CLASS, takes)
}

/// The gateways that a Gateway of class `istio-east-west` in another cluster is. Nobody looks at which port
/// they take.
fn running_elsewhere(snapshot: &Snapshot, gateway: &Object<Gateway>) -> Vec<NetworkGateway> {
    let takes = |listener: &Listener| {
        let terminates = listener.tls.as_ref().is_some_and(|tls| tls.mode.as_deref() == Some("Terminate"));
        (listener.protocol == "HBONE" && terminates).then_some(0)
    };
    gateways(snapshot, gateway, EAST_WEST_CLASS, takes)
}

/// The gateways that a Gateway of a class is, one for each of its addresses, if it has a listener that takes
/// what is for its network.
fn gateways(
    snapshot: &Snapshot,
    gateway: &Object<Gateway>,
    class: &str,
    takes: impl Fn(&Listener) -> Option<u32>,
) -> Vec<NetworkGateway> {
    let (meta, spec) = (&gateway.meta, &gateway.spec);
    let Some(network) = meta.labels.get(NETWORK).filter(|network| !network.is_empty()) else {
        return Vec::new();
    };
    let port = spec.listeners.iter().find_map(takes);
    let Some(port) = port.filter(|_| spec.gateway_class_name == class) else { return Vec::new() };
    let of_known_type = |kind: Option<&str>| matches!(kind, Some("IPAddress" | "Hostname"));
    let addresses = spec.status.addresses.iter().filter(|a| of_known_type(a.address_type.as_deref()));
    addresses
        .map(|address| NetworkGateway {
            network: network.clone(),
            cluster: snapshot.cluster_name(),
            address: address.value.clone(),
            port,
            namespace: meta.namespace.clone(),
            name: meta.name.clone(),
            service_account: service_account(gateway),
            object: gateway.object_ref(),
        })
        .collect()
}
