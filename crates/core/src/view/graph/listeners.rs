//! Listeners and their filter chains.

use std::collections::BTreeMap;

use envoy::config::listener::v3::Listener;
use envoy::extensions::filters::network::tcp_proxy::v3::TcpProxy;
use envoy::extensions::filters::network::tcp_proxy::v3::tcp_proxy::ClusterSpecifier;

use crate::opened::{OpenedChain, OpenedListener, OpenedManager, OpenedRoutes};
use crate::view::json::ResourceKind;
use crate::view::location::Location;
use crate::view::proxy_config::listeners::{address, chain_match, is_internal, port};

use super::NodeKind;
use super::attached::of_chain;
use super::builder::{Builder, NewNode, causes, cluster_id, listener_id};
use super::routes;
use super::ways::{Ways, ways};

/// Adds a listener, its chains, their routes, and the edges between them.
pub(super) fn add<'a>(
    builder: &mut Builder<'a>,
    opened: &OpenedListener<'a>,
    delivered: &[OpenedRoutes<'a, 'a>],
) {
    let listener = opened.message;
    let id = listener_id(&listener.name);
    builder.node(NewNode {
        id: id.clone(),
        kind: NodeKind::Listener,
        label: listener.name.clone(),
        detail: detail(listener),
        service: None,
        resource: Some(Location::new(ResourceKind::Listeners, &listener.name, "")),
        causes: causes(opened.origin),
        attached: Vec::new(),
    });
    let ways = listener.filter_chain_matcher.as_ref().map(ways);
    for chain in &opened.chains {
        let chain = Chain { listener, chain };
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
struct Chain<'o, 'a> {
    listener: &'a Listener,
    chain: &'o OpenedChain<'a>,
}

impl<'a> Chain<'_, 'a> {
    fn add(&self, builder: &mut Builder<'a>) -> String {
        let name = &self.chain.message.name;
        let id = builder.fresh(format!("chain:{}/{name}", self.listener.name));
        let attached = of_chain(self.chain, &self.whole(), &builder.located);
        builder.node(NewNode {
            id: id.clone(),
            kind: NodeKind::Chain,
            label: if name.is_empty() { "(no name)".to_owned() } else { name.clone() },
            detail: self.kind().to_owned(),
            service: None,
            resource: Some(self.whole().below(&self.chain.pointer)),
            causes: causes(self.chain.origin),
            attached,
        });
        id
    }

    fn whole(&self) -> Location {
        Location::new(ResourceKind::Listeners, &self.listener.name, "")
    }

    fn kind(&self) -> &'static str {
        let filters = || self.chain.filters.iter();
        if filters().any(|filter| filter.carries_http().is_some()) {
            "HTTP"
        } else if filters().any(|filter| filter.carries_bytes().is_some()) {
            "TCP"
        } else {
            ""
        }
    }

    /// When traffic takes this chain.
    fn way(&self, ways: Option<&BTreeMap<String, Ways>>) -> String {
        let chain = self.chain.message;
        match ways {
            Some(ways) => ways.get(&chain.name).map(Ways::label).unwrap_or_default(),
            None => chain.filter_chain_match.as_ref().map(|m| chain_match(Some(m))).unwrap_or_default(),
        }
    }

    fn add_destinations(&self, builder: &mut Builder<'a>, id: &str, delivered: &[OpenedRoutes<'a, 'a>]) {
        for filter in &self.chain.filters {
            if let Some(Ok(manager)) = filter.carries_http() {
                self.add_routes(builder, id, manager, delivered);
            } else if let Some(Ok(proxy)) = filter.carries_bytes() {
                add_tcp(builder, id, proxy);
            }
        }
    }

    fn add_routes(
        &self,
        builder: &mut Builder<'a>,
        id: &str,
        manager: &OpenedManager<'a>,
        delivered: &[OpenedRoutes<'a, 'a>],
    ) {
        if let Some(routes) = manager.routes() {
            routes::add(builder, id, &self.whole(), &routes);
        } else if let Some(name) = manager.discovers()
            && let Some(found) = delivered.iter().find(|routes| routes.message.name == name)
        {
            routes::add(builder, id, &Location::new(ResourceKind::Routes, name, ""), found);
        }
    }
}

fn add_tcp(builder: &mut Builder<'_>, chain: &str, proxy: &TcpProxy) {
    match &proxy.cluster_specifier {
        Some(ClusterSpecifier::Cluster(name)) => builder.edge(chain, cluster_id(name), String::new(), None),
        Some(ClusterSpecifier::WeightedClusters(weighted)) => {
            for cluster in &weighted.clusters {
                builder.edge(chain, cluster_id(&cluster.name), String::new(), Some(cluster.weight));
            }
        }
        None => {}
    }
}
