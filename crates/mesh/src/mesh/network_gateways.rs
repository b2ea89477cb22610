//! The gateways to each network: what proxies go through to endpoints that they cannot reach themselves.
//!
//! Source: <https://istio.io/latest/docs/setup/install/multicluster/multi-primary_multi-network/>.

mod external;

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::hostname;
use crate::Str;
use crate::controllers::networks_have_gateways;
use crate::features::Features;
use crate::rules::NetworkRules;
use crate::snapshot::gateway_api::Gateway;
use crate::snapshot::gateway_api::gateway::Listener;
use crate::snapshot::mesh_networks::{MeshNetworks, Network};
use crate::snapshot::{Cause, Kind, Object, ObjectRef, Snapshot, kubernetes};
use crate::well_known::{NETWORK, REMOTE_CLASS, SERVICE_ACCOUNT};

/// The port on which gateways take what is for other networks in Istio's own mTLS.
const MTLS_PORT: u32 = 15443;
/// The port on which they take it in HBONE.
const HBONE_PORT: u32 = 15008;
/// The label of a Service or a Gateway that gives another port than [`MTLS_PORT`].
const GATEWAY_PORT: &str = "networking.istio.io/gatewayPort";
/// The option of a listener's TLS that passes connections on by their SNI.
const LISTENER_PROTOCOL: &str = "gateway.istio.io/listener-protocol";

/// A gateway to a network, at one address.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct NetworkGateway {
    /// An IP address, or a name.
    pub address: Str,
    /// The port for Istio's own mTLS; 0 where there is none.
    pub port: u32,
    /// The port for HBONE; 0 where there is none.
    pub hbone_port: u32,
    /// The network.
    pub network: Str,
    /// The cluster that it runs in; empty where nobody knows.
    pub cluster: Str,
    /// Its service account, where that is known.
    service_account: Str,
    /// What says that there is such a gateway.
    pub cause: Cause,
    /// The Node that has the address, where the gateway is reached through Nodes.
    pub node: Option<ObjectRef>,
}

/// The gateways to all networks.
///
/// Those with a name for an address are left out, but for clusters that resolve names: Istio's control plane
/// resolves the name itself and uses what it finds, which no file tells.
#[derive(Clone, Debug, Default)]
pub struct NetworkGateways {
    /// The object with the configuration of the networks.
    pub(crate) configured_by: Option<ObjectRef>,
    with_address: Reachable,
    all: Reachable,
}

/// Gateways with what the number of them says.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reachable {
    /// By address and port.
    gateways: Vec<NetworkGateway>,
    /// What shares of traffic are multiplied by, so that they can be divided among the gateways of each
    /// network.
    scale: u32,
}

impl NetworkGateways {
    pub(super) fn new(
        snapshot: &Snapshot,
        networks: &MeshNetworks,
        rules: &NetworkRules,
        features: &Features,
    ) -> Self {
        let resources = networks_have_gateways(rules, features);
        let rules = &NetworkRules { gateway_resources: resources, ..*rules };
        let mut all: BTreeMap<_, NetworkGateway> = BTreeMap::new();
        let listed = of_mesh_networks(networks);
        let found = snapshot.clusters().flat_map(|part| of_cluster(snapshot, part, networks, rules));
        for gateway in listed.chain(found) {
            all.entry(gateway.key()).or_insert(gateway);
        }
        let mut all: Vec<NetworkGateway> = all.into_values().collect();
        all.sort();
        let is_ip = |gateway: &&NetworkGateway| gateway.address.parse::<IpAddr>().is_ok();
        Self {
            configured_by: networks.origin.clone(),
            with_address: Reachable::new(all.iter().filter(is_ip).cloned().collect()),
            all: Reachable::new(all),
        }
    }

    /// Those that a cluster's endpoints are reached through: `by_name` if the cluster resolves names.
    pub(crate) fn reachable(&self, by_name: bool) -> &Reachable {
        if by_name { &self.all } else { &self.with_address }
    }
}

impl NetworkGateway {
    /// What Istio tells gateways apart by.
    fn key(&self) -> (Str, Str, Str, u32, u32, Str) {
        let Self { network, cluster, address, port, hbone_port, service_account, cause: _, node: _ } =
            self.clone();
        (network, cluster, address, port, hbone_port, service_account)
    }
}

impl Reachable {
    fn new(gateways: Vec<NetworkGateway>) -> Self {
        let mut sizes: BTreeMap<(&Str, Option<&Str>), u32> = BTreeMap::new();
        for gateway in &gateways {
            *sizes.entry((&gateway.network, None)).or_default() += 1;
            *sizes.entry((&gateway.network, Some(&gateway.cluster))).or_default() += 1;
        }
        let scale = sizes.into_values().fold(1, least_common_multiple);
        Self { gateways, scale }
    }

    /// Whether there are none at all: then every endpoint counts as reachable.
    pub(crate) fn is_empty(&self) -> bool {
        self.gateways.is_empty()
    }

    /// What shares of traffic are multiplied by.
    pub(crate) fn scale(&self) -> u32 {
        self.scale.max(1)
    }

    /// The gateways to a network: those of a cluster if it has any, else all.
    pub(crate) fn to(&self, network: &str, cluster: &str) -> Vec<&NetworkGateway> {
        let of_network = || self.gateways.iter().filter(|gateway| gateway.network == network);
        let of_cluster: Vec<_> = of_network().filter(|gateway| gateway.cluster == cluster).collect();
        if of_cluster.is_empty() { of_network().collect() } else { of_cluster }
    }
}

fn least_common_multiple(a: u32, b: u32) -> u32 {
    let (mut x, mut y) = (a, b);
    while y != 0 {
        (x, y) = (y, x % y);
    }
    a.checked_div(x).map_or(a.max(b), |quotient| quotient.saturating_mul(b))
}

/// The gateways that the configuration of the networks gives by their addresses.
fn of_mesh_networks(networks: &MeshNetworks) -> impl Iterator<Item = NetworkGateway> {
    let in_default = || ObjectRef::new(Kind::ConfigMap, "istio-system", "istio");
    let origin = networks.origin.clone().unwrap_or_else(in_default);
    networks.networks.iter().flat_map(move |(network, Network { gateways, .. })| {
        let origin = origin.clone();
        gateways.iter().filter_map(move |gateway| {
            let address = gateway.address.clone().filter(|address| !address.is_empty())?;
            Some(NetworkGateway {
                address,
                port: gateway.port,
                hbone_port: 0,
                network: network.clone(),
                cluster: Str::default(),
                service_account: Str::default(),
                cause: origin.clone().into(),
                node: None,
            })
        })
    })
}

/// The gateways that run in a cluster, or stand for others in the control plane's own.
fn of_cluster(
    own: &Snapshot,
    part: &Snapshot,
    networks: &MeshNetworks,
    rules: &NetworkRules,
) -> Vec<NetworkGateway> {
    let cluster = part.cluster_name();
    let named = named_services(networks, &cluster);
    let services =
        part.services.iter().flat_map(|service| of_service(service, part, (&cluster, &named), rules));
    let is_own = part.cluster == own.cluster;
    let resources = part.gateways.iter().filter(|gateway| {
        rules.gateway_resources && (is_own || gateway.spec.gateway_class_name != REMOTE_CLASS)
    });
    services.chain(resources.flat_map(|gateway| of_resource(gateway, &cluster))).collect()
}

/// Networks and ports, by the hostname of the Service that is their gateway.
type Named<'n> = BTreeMap<&'n str, Vec<(&'n Str, u32)>>;

/// The Services that the configuration of the networks names as gateways of a cluster, with network and port.
fn named_services<'n>(networks: &'n MeshNetworks, cluster: &str) -> Named<'n> {
    let of_cluster = |network: &Network| {
        network.endpoints.iter().any(|endpoints| endpoints.from_registry.as_deref() == Some(cluster))
    };
    let mut named = Named::new();
    for (name, network) in networks.networks.iter().filter(|(_, network)| of_cluster(network)) {
        for gateway in &network.gateways {
            if let Some(service) = gateway.registry_service_name.as_deref().filter(|name| !name.is_empty()) {
                named.entry(service).or_default().push((name, gateway.port));
            }
        }
    }
    named
}

/// The gateways that a Service is: one for each address outside of its cluster.
fn of_service(
    service: &Object<kubernetes::Service>,
    part: &Snapshot,
    (cluster, named): (&Str, &Named<'_>),
    rules: &NetworkRules,
) -> Vec<NetworkGateway> {
    let meta = &service.meta;
    let ports: Vec<(&Str, u32, u32)> = match meta.labels.get(NETWORK).filter(|name| !name.is_empty()) {
        Some(network) => {
            ports_of(service, rules).into_iter().map(|(port, hbone)| (network, port, hbone)).collect()
        }
        None => {
            let hostname = hostname::of_service(&meta.name, &meta.namespace);
            let named = named.get(hostname.as_str()).into_iter().flatten();
            named.map(|(network, port)| (*network, *port, 0)).collect()
        }
    };
    if ports.is_empty() {
        return Vec::new();
    }
    let at = |(address, node): (Str, Option<ObjectRef>)| {
        let cause = Cause::from(service.object_ref());
        let gateway = move |(network, port, hbone_port): &(&Str, u32, u32)| NetworkGateway {
            address: address.clone(),
            port: external::port(service, *port),
            hbone_port: *hbone_port,
            network: (*network).clone(),
            cluster: cluster.clone(),
            service_account: Str::default(),
            cause: cause.clone(),
            node: node.clone(),
        };
        ports.iter().map(gateway).collect::<Vec<_>>()
    };
    external::addresses(service, &part.nodes).into_iter().flat_map(at).collect()
}

/// The ports of a Service that is labelled as a gateway: for Istio's mTLS and for HBONE; none if it has
/// neither.
fn ports_of(service: &Object<kubernetes::Service>, rules: &NetworkRules) -> Option<(u32, u32)> {
    let named = service.meta.labels.get(GATEWAY_PORT).and_then(|port| port.parse().ok());
    let port: u32 = named.unwrap_or(MTLS_PORT);
    if !rules.checks_gateway_ports {
        return Some((port, 0));
    }
    let has = |number: &u32| service.spec.ports.iter().any(|port| i64::from(port.port) == i64::from(*number));
    let of_service = |number: u32| Some(number).filter(has).unwrap_or_default();
    Some((of_service(port), of_service(HBONE_PORT))).filter(|ports| *ports != (0, 0))
}

/// The gateways that a Gateway with the label of a network is: one for each address that it asks for, and
/// each listener that passes connections on.
fn of_resource(gateway: &Object<Gateway>, cluster: &Str) -> Vec<NetworkGateway> {
    let (meta, spec) = (&gateway.meta, &gateway.spec);
    let Some(network) = meta.labels.get(NETWORK).filter(|network| !network.is_empty()) else {
        return Vec::new();
    };
    let expected = meta.labels.get(GATEWAY_PORT).map_or("15443", Str::as_str);
    let ports = spec.listeners.iter().flat_map(|listener| {
        let port = u32::try_from(listener.port).unwrap_or_default();
        let passthrough = passes_through(listener, expected).then_some((port, 0));
        let hbone = (listener.protocol == "HBONE").then_some((port, port));
        passthrough.into_iter().chain(hbone)
    });
    let ports: Vec<(u32, u32)> = ports.collect();
    let of_known_type = |kind: Option<&str>| matches!(kind, Some("IPAddress" | "Hostname"));
    let addresses = spec.addresses.iter().filter(|a| of_known_type(a.address_type.as_deref()));
    let at = |address: &Str| {
        let gateway_at = |(port, hbone_port): &(u32, u32)| NetworkGateway {
            address: address.clone(),
            port: *port,
            hbone_port: *hbone_port,
            network: network.clone(),
            cluster: cluster.clone(),
            service_account: service_account(gateway),
            cause: gateway.object_ref().into(),
            node: None,
        };
        ports.iter().map(gateway_at).collect::<Vec<_>>()
    };
    addresses.flat_map(|address| at(&address.value)).collect()
}

/// Whether a listener passes connections on by their SNI.
fn passes_through(listener: &Listener, expected_port: &str) -> bool {
    let Some(tls) = &listener.tls else { return false };
    tls.options.get(LISTENER_PROTOCOL).is_some_and(|mode| mode == "auto-passthrough")
        || listener.port.to_string() == expected_port
}

/// The service account of the pods of a Gateway.
pub fn service_account(gateway: &Object<Gateway>) -> Str {
    let (meta, class) = (&gateway.meta, &gateway.spec.gateway_class_name);
    match meta.annotations.get(SERVICE_ACCOUNT).filter(|account| !account.is_empty()) {
        Some(account) => account.clone(),
        None if class == REMOTE_CLASS => smol_str::format_smolstr!("{}-{class}", meta.name),
        None => meta.name.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_can_be_divided_among_the_gateways_of_each_network() {
        assert_eq!([2, 3, 4].into_iter().fold(1, least_common_multiple), 12);
        assert_eq!(least_common_multiple(1, 1), 1);
    }
}
