//! Listeners and their filter chains.

use std::collections::BTreeMap;

use envoy::config::listener::v3::filter::ConfigType;
use envoy::config::listener::v3::{Filter, FilterChain, Listener};
use envoy::config::route::v3::RouteConfiguration;
use envoy::extensions::filters::network::http_connection_manager::v3::HttpConnectionManager;
use envoy::extensions::filters::network::http_connection_manager::v3::http_connection_manager::RouteSpecifier;
use envoy::extensions::filters::network::tcp_proxy::v3::TcpProxy;
use envoy::extensions::filters::network::tcp_proxy::v3::tcp_proxy::ClusterSpecifier;

use crate::Str;
use crate::resources::{Origin, Part, Resource};
use crate::view::json::ResourceKind;
use crate::view::location::Location;
use crate::view::proxy_config::listeners::{
    TCP_PROXY, address, chain_match, chains_with_pointers, is_internal, port,
};
use crate::view::proxy_config::routes::HTTP_CONNECTION_MANAGER;

use super::NodeKind;
use super::builder::{Builder, NewNode, causes, cluster_id, listener_id};
use super::routes::{self, Place};
use super::ways::{Ways, ways};

/// Adds a listener, its chains, their routes, and the edges between them.
pub(super) fn add<'a>(
    builder: &mut Builder<'a>,
    resource: &'a Resource<Listener>,
    delivered: &'a [Resource<RouteConfiguration>],
) {
    let listener = &resource.message;
    let id = listener_id(&listener.name);
    builder.node(NewNode {
        id: id.clone(),
        kind: NodeKind::Listener,
        label: listener.name.clone(),
        detail: detail(listener),
        service: None,
        resource: Some(Location::new(ResourceKind::Listeners, &listener.name, "")),
        causes: causes(&resource.origins, &Part::Resource),
    });
    let ways = listener.filter_chain_matcher.as_ref().map(ways);
    for (pointer, chain) in chains_with_pointers(listener) {
        let chain = Chain { listener, origins: &resource.origins, chain, pointer };
        let chain_id = chain.add(builder);
        builder.edge(&id, chain_id.clone(), chain.way(ways.as_ref()), None);
        chain.add_destinations(builder, &chain_id, delivered);
    }
}

/// Where a listener listens.
fn detail(listener: &Listener) -> String {
    if is_internal(listener) {
        return "internal".to_owned();
    }
    match (address(listener), port(listener)) {
        (address, 0) => address,
        (address, port) if address.contains(':') => format!("[{address}]:{port}"),
        (address, port) => format!("{address}:{port}"),
    }
}

/// A filter chain with what it belongs to.
struct Chain<'a> {
    listener: &'a Listener,
    origins: &'a [Origin],
    chain: &'a FilterChain,
    pointer: String,
}

impl<'a> Chain<'a> {
    fn add(&self, builder: &mut Builder<'a>) -> String {
        let name = &self.chain.name;
        let id = builder.fresh(format!("chain:{}/{name}", self.listener.name));
        let part = Part::FilterChain(Str::from(name));
        builder.node(NewNode {
            id: id.clone(),
            kind: NodeKind::Chain,
            label: if name.is_empty() { "(no name)".to_owned() } else { name.clone() },
            detail: self.kind().to_owned(),
            service: None,
            resource: Some(Location::new(ResourceKind::Listeners, &self.listener.name, &self.pointer)),
            causes: causes(self.origins, &part),
        });
        id
    }

    fn kind(&self) -> &'static str {
        let has = |name: &str| self.chain.filters.iter().any(|filter| filter.name == name);
        match (has(HTTP_CONNECTION_MANAGER), has(TCP_PROXY)) {
            (true, _) => "HTTP",
            (false, true) => "TCP",
            (false, false) => "",
        }
    }

    /// When traffic takes this chain.
    fn way(&self, ways: Option<&BTreeMap<String, Ways>>) -> String {
        match ways {
            Some(ways) => ways.get(&self.chain.name).map(Ways::label).unwrap_or_default(),
            None => self.chain.filter_chain_match.as_ref().map(|m| chain_match(Some(m))).unwrap_or_default(),
        }
    }

    fn add_destinations(
        &self,
        builder: &mut Builder<'a>,
        id: &str,
        delivered: &'a [Resource<RouteConfiguration>],
    ) {
        for (index, filter) in self.chain.filters.iter().enumerate() {
            match filter.name.as_str() {
                HTTP_CONNECTION_MANAGER => self.add_routes(builder, id, (index, filter), delivered),
                TCP_PROXY => add_tcp(builder, id, filter),
                _ => {}
            }
        }
    }

    fn add_routes(
        &self,
        builder: &mut Builder<'a>,
        id: &str,
        (index, filter): (usize, &Filter),
        delivered: &'a [Resource<RouteConfiguration>],
    ) {
        let Some(manager) = unpacked::<HttpConnectionManager>(filter) else { return };
        match manager.route_specifier {
            Some(RouteSpecifier::RouteConfig(configuration)) => {
                let pointer = format!("{}/filters/{index}/typedConfig/routeConfig", self.pointer);
                let location = Location::new(ResourceKind::Listeners, &self.listener.name, pointer);
                let place =
                    Place { chain: id, location, chain_name: &self.chain.name, origins: self.origins };
                routes::add(builder, &place, &configuration);
            }
            Some(RouteSpecifier::Rds(rds)) => {
                let Some(found) = delivered.iter().find(|r| r.message.name == rds.route_config_name) else {
                    return;
                };
                let location = Location::new(ResourceKind::Routes, &rds.route_config_name, "");
                let place = Place { chain: id, location, chain_name: "", origins: &found.origins };
                routes::add(builder, &place, &found.message);
            }
            Some(RouteSpecifier::ScopedRoutes(_)) | None => {}
        }
    }
}

fn add_tcp(builder: &mut Builder<'_>, chain: &str, filter: &Filter) {
    match unpacked::<TcpProxy>(filter).and_then(|proxy| proxy.cluster_specifier) {
        Some(ClusterSpecifier::Cluster(name)) => builder.edge(chain, cluster_id(&name), String::new(), None),
        Some(ClusterSpecifier::WeightedClusters(weighted)) => {
            for cluster in &weighted.clusters {
                builder.edge(chain, cluster_id(&cluster.name), String::new(), Some(cluster.weight));
            }
        }
        None => {}
    }
}

fn unpacked<M: envoy::Message + envoy::Name + Default>(filter: &Filter) -> Option<M> {
    let Some(ConfigType::TypedConfig(any)) = &filter.config_type else { return None };
    envoy::unpack(any).ok()
}
