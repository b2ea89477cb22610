//! A waypoint's resources as a graph: how traffic goes from a listener over a filter chain and a route to a
//! cluster and its endpoints, and from an endpoint inside the proxy to the next listener.
//!
//! The listeners of a waypoint lead to each other through *internal addresses*: what comes in at
//! `connect_terminate` goes through the cluster `main_internal` to the listener of that name, and from there,
//! once policy was applied, to `connect_originate`. The graph shows that as it is. Source:
//! <https://www.envoyproxy.io/docs/envoy/latest/configuration/other_features/internal_listener>.

mod attached;
mod builder;
mod clusters;
mod listeners;
mod routes;
mod ways;

use serde::Serialize;

use crate::opened::Opened;
use crate::resources::WaypointResources;
use crate::view::location::Location;
use crate::view::origins::{Maker, Places};

pub use self::attached::{Attached, AttachedKind};

use self::builder::Builder;

/// What a waypoint does with traffic.
///
/// Nodes come in the order of the resources (listeners with their chains and routes, clusters, endpoints),
/// edges in the order of the nodes that they leave. The same resources give the same graph.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Graph<'a> {
    /// The nodes, each with an id of its own.
    pub nodes: Vec<Node<'a>>,
    /// The edges.
    pub edges: Vec<Edge>,
}

/// What a node stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum NodeKind {
    /// A listener.
    Listener,
    /// A filter chain of a listener.
    Chain,
    /// A route of the virtual hosts of a filter chain.
    Route,
    /// A cluster.
    Cluster,
    /// An address behind one or more clusters.
    Endpoint,
}

impl NodeKind {
    /// `listener`, `chain`, `route`, `cluster` or `endpoint`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Listener => "listener",
            Self::Chain => "chain",
            Self::Route => "route",
            Self::Cluster => "cluster",
            Self::Endpoint => "endpoint",
        }
    }
}

/// A node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Node<'a> {
    /// Made of the kind and of names (`cluster:main_internal`), so that a change elsewhere does not change
    /// it.
    pub id: String,
    /// What it stands for.
    pub kind: NodeKind,
    /// What to call it.
    pub label: String,
    /// More about it: an address, what a route asks for, how a cluster finds its endpoints. May be empty.
    pub detail: String,
    /// The hostname of the Service behind a cluster.
    pub service: Option<String>,
    /// Whether more than one edge leads to it.
    pub shared: bool,
    /// Where its JSON is; `None` for a cluster that is named but not sent.
    pub resource: Option<Location>,
    /// The objects that made it, the decisive one first. Empty for what every waypoint gets.
    pub origins: Vec<Maker<'a>>,
    /// Whether what it stands for is only assumed: the address of a filter chain, the Pod of an endpoint.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub assumed: bool,
    /// What is applied to the traffic of a filter chain, in the order in which it is.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub attached: Vec<Attached<'a>>,
}

/// An edge.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[non_exhaustive]
pub struct Edge {
    /// The id of the node that it leaves.
    pub from: String,
    /// The id of the node that it leads to.
    pub to: String,
    /// When traffic goes this way (`ip=10.96.0.7 -> port=80`), or what else the edge means (`mirror`). May be
    /// empty.
    pub label: String,
    /// The share of the traffic, where it is divided.
    pub weight: Option<u32>,
}

/// The graph of a waypoint's resources, with the places of the objects that made them.
///
/// ```
/// use waypoint_xds::limits::Limits;
/// use waypoint_xds::options::Options;
/// use waypoint_xds::snapshot::Snapshot;
/// use waypoint_xds::text::SourceFile;
/// use waypoint_xds::translate;
/// use waypoint_xds::view::graph::{NodeKind, graph};
/// use waypoint_xds::view::origins::Places;
///
/// let yaml = "
/// apiVersion: gateway.networking.k8s.io/v1
/// kind: Gateway
/// metadata: {name: waypoint, namespace: shop}
/// spec:
///   gatewayClassName: istio-waypoint
///   listeners: [{name: mesh, port: 15008, protocol: HBONE}]
/// ---
/// apiVersion: v1
/// kind: Service
/// metadata: {name: cart, namespace: shop, labels: {istio.io/use-waypoint: waypoint}}
/// spec: {clusterIP: 10.96.0.7, selector: {app: cart}, ports: [{name: http, port: 80}]}
/// ";
/// let reading = Snapshot::read([SourceFile::new("shop.yaml", yaml)], &Limits::DEFAULT);
/// let translation = translate(&reading, &Options::default());
/// let places = Places::new(&reading);
///
/// let graph = graph(&translation.waypoints[0], &places);
/// let chain = "chain:main_internal/inbound-vip|80|http|cart.shop.svc.cluster.local";
/// let edge = graph.edges.iter().find(|edge| edge.to == chain).expect("a chain for the Service");
/// assert_eq!((edge.from.as_str(), edge.label.as_str()), ("listener:main_internal", "ip=10.96.0.7 -> port=80"));
/// let node = graph.nodes.iter().find(|node| node.id == chain).expect("its node");
/// assert_eq!(node.kind, NodeKind::Chain);
/// assert_eq!((node.origins[0].object.to_string(), node.origins[0].line), ("Service shop/cart".to_owned(), Some(12)));
/// ```
#[must_use]
pub fn graph<'a>(resources: &'a WaypointResources, places: &Places<'_>) -> Graph<'a> {
    let opened = Opened::new(resources);
    let mut builder = Builder::new(places.locate(resources.origins()));
    for listener in &opened.listeners {
        listeners::add(&mut builder, listener, &opened.routes);
    }
    for cluster in &opened.clusters {
        clusters::add(&mut builder, cluster);
    }
    builder.add_unsent_clusters();
    for cluster in &opened.clusters {
        clusters::add_own_endpoints(&mut builder, cluster);
    }
    for assignment in &resources.endpoints {
        clusters::add_endpoints(&mut builder, assignment);
    }
    builder.finish()
}

#[cfg(test)]
mod tests;
