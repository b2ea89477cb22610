//! What comes of a class of requests, so that it can be compared.

use std::collections::BTreeMap;

use envoy::Message;
use envoy::config::cluster::v3::Cluster;
use envoy::config::endpoint::v3::ClusterLoadAssignment;
use envoy::config::route::v3::route::Action;
use envoy::config::route::v3::route_action::{ClusterSpecifier, RequestMirrorPolicy};
use envoy::config::route::v3::weighted_cluster::ClusterWeight;
use envoy::config::route::v3::{Route, RouteConfiguration, VirtualHost, WeightedCluster};
use envoy::extensions::filters::network::http_connection_manager::v3::HttpConnectionManager;
use envoy::extensions::filters::network::tcp_proxy::v3::TcpProxy;

use crate::opened;
use crate::resources::WaypointResources;

/// What comes of a class of requests. Names of resources have no part in it: what counts is what is done, and
/// who is behind a cluster.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Effect {
    /// A policy refuses it.
    Denied,
    /// Its token is refused, with this status.
    TokenRefused(u16),
    /// The waypoint takes no tunnel of the client's.
    NoTunnel,
    /// No route fits, or no host.
    NoRoute,
    /// What a route, or the end of a chain, does.
    Does(Vec<u8>),
    /// A filter of which files do not tell what it does, and what comes after it.
    Through(Vec<u8>, u32),
    /// It is not known; never the same on both sides.
    Unknown(Side),
}

/// The side of a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Side {
    Old,
    New,
}

/// Effects by number.
#[derive(Debug, Default)]
pub(super) struct Effects {
    numbers: BTreeMap<Effect, u32>,
    all: Vec<Effect>,
}

impl Effects {
    pub(super) fn number(&mut self, effect: Effect) -> u32 {
        if let Some(number) = self.numbers.get(&effect) {
            return *number;
        }
        let number = u32::try_from(self.all.len()).unwrap_or(u32::MAX);
        self.numbers.insert(effect.clone(), number);
        self.all.push(effect);
        number
    }

    /// Whether anything on the way to an effect is not known.
    pub(super) fn is_unknown(&self, number: u32) -> bool {
        match usize::try_from(number).ok().and_then(|number| self.all.get(number)) {
            Some(Effect::Unknown(_)) | None => true,
            Some(Effect::Through(_, after)) => self.is_unknown(*after),
            Some(_) => false,
        }
    }
}

/// What clusters lead to, by name: without their names and what only tells where they come from.
pub(super) struct Clusters(BTreeMap<String, Vec<u8>>);

impl Clusters {
    pub(super) fn new(resources: &WaypointResources) -> Self {
        let assignments: BTreeMap<&str, &ClusterLoadAssignment> = resources
            .endpoints
            .iter()
            .map(|resource| (resource.message.cluster_name.as_str(), &resource.message))
            .collect();
        let clusters = resources.clusters.iter().map(|resource| {
            let cluster = &resource.message;
            let name = opened::assignment_name(cluster);
            (cluster.name.clone(), leads(cluster, assignments.get(name).copied()))
        });
        Self(clusters.collect())
    }

    /// Adds what comes of connections at the other end.
    pub(super) fn add(&mut self, behind: impl Fn(&str) -> Vec<u8>) {
        for (name, bytes) in &mut self.0 {
            add(bytes, &behind(name));
        }
    }

    /// The clusters that do not lead to the same on another side, or are only on one.
    pub(super) fn changed<'c>(&'c self, other: &'c Self) -> std::collections::BTreeSet<&'c str> {
        let names = self.0.keys().chain(other.0.keys());
        names.filter(|name| self.0.get(*name) != other.0.get(*name)).map(String::as_str).collect()
    }

    /// What a cluster leads to; nothing where there is none.
    fn of(&self, name: &str) -> &[u8] {
        self.0.get(name).map_or(&[], Vec::as_slice)
    }
}

fn leads(cluster: &Cluster, assignment: Option<&ClusterLoadAssignment>) -> Vec<u8> {
    let mut bare = Cluster { name: String::new(), alt_stat_name: String::new(), ..cluster.clone() };
    bare.metadata = None;
    if let Some(eds) = &mut bare.eds_cluster_config {
        eds.service_name = String::new();
    }
    if let Some(assignment) = &mut bare.load_assignment {
        assignment.cluster_name = String::new();
    }
    let mut bytes = bare.encode_to_vec();
    let delivered = assignment
        .map(|assignment| ClusterLoadAssignment { cluster_name: String::new(), ..assignment.clone() });
    add(&mut bytes, &delivered.map(|assignment| assignment.encode_to_vec()).unwrap_or_default());
    bytes
}

/// Adds a part, so that where it ends is sure.
pub(super) fn add(bytes: &mut Vec<u8>, part: &[u8]) {
    bytes.extend(part.len().to_be_bytes());
    bytes.extend_from_slice(part);
}

/// What a chain for bytes does with them.
pub(super) fn of_bytes<'n>(
    shares: impl Iterator<Item = (&'n str, f64)>,
    tunnel: Option<&str>,
    clusters: &Clusters,
) -> Effect {
    let mut bytes = b"bytes".to_vec();
    for (name, odds) in shares {
        bytes.extend(odds.to_be_bytes());
        add(&mut bytes, clusters.of(name));
    }
    add(&mut bytes, tunnel.unwrap_or_default().as_bytes());
    Effect::Does(bytes)
}

/// What a connection manager does with all requests, beside its filters and its routes.
pub(super) fn of_manager(manager: &HttpConnectionManager) -> Vec<u8> {
    HttpConnectionManager {
        stat_prefix: String::new(),
        http_filters: Vec::new(),
        route_specifier: None,
        access_log: Vec::new(),
        access_log_options: None,
        tracing: None,
        ..manager.clone()
    }
    .encode_to_vec()
}

/// What a route configuration does for all of its hosts.
pub(super) fn of_routes(routes: &RouteConfiguration) -> Vec<u8> {
    RouteConfiguration { name: String::new(), virtual_hosts: Vec::new(), ..routes.clone() }.encode_to_vec()
}

/// How bytes are sent on, wherever they go.
pub(super) fn of_tcp(proxy: &TcpProxy) -> Vec<u8> {
    TcpProxy {
        stat_prefix: String::new(),
        cluster_specifier: None,
        access_log: Vec::new(),
        access_log_options: None,
        ..proxy.clone()
    }
    .encode_to_vec()
}

/// What a host does for all of its routes.
pub(super) fn of_host(host: &VirtualHost) -> Vec<u8> {
    VirtualHost {
        name: String::new(),
        domains: Vec::new(),
        routes: Vec::new(),
        metadata: None,
        ..host.clone()
    }
    .encode_to_vec()
}

/// What a route does, with what its host does for all.
pub(super) fn of_route(of_host: &[u8], route: &Route, clusters: &Clusters) -> Effect {
    let mut bare = Route {
        name: String::new(),
        r#match: None,
        metadata: None,
        decorator: None,
        stat_prefix: String::new(),
        ..route.clone()
    };
    let mut leads = Vec::new();
    if let Some(Action::Route(action)) = &mut bare.action {
        match &mut action.cluster_specifier {
            Some(ClusterSpecifier::Cluster(name)) => add(&mut leads, clusters.of(&std::mem::take(name))),
            Some(ClusterSpecifier::WeightedClusters(WeightedCluster { clusters: all, .. })) => {
                for ClusterWeight { name, .. } in all {
                    add(&mut leads, clusters.of(&std::mem::take(name)));
                }
            }
            _ => {}
        }
        for RequestMirrorPolicy { cluster, .. } in &mut action.request_mirror_policies {
            add(&mut leads, clusters.of(&std::mem::take(cluster)));
        }
    }
    let mut bytes = b"route".to_vec();
    add(&mut bytes, &bare.encode_to_vec());
    add(&mut bytes, of_host);
    bytes.extend(leads);
    Effect::Does(bytes)
}
