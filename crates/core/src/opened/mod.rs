//! A waypoint's resources, opened: what is packed in an `Any` decoded once, and each part with the JSON
//! pointer to it and with what made it.
//!
//! Tables, graph, locations and origins read this; so does whatever else wants to know what a resource says.
//! What changes resources uses `edit`.
//!
//! | module | opens |
//! |---|---|
//! | `listener` | listeners, their chains and their filters |
//! | `manager` | connection managers: HTTP filters, RBAC, the routes inside |
//! | `routes` | route configurations, those inside listeners and those that are delivered |
//! | `cluster` | clusters and endpoints |
//! | `matcher` | the branches of a listener's matcher |
//! | `edit` | an `Any` for changing what it holds |
//!
//! Pointers are those of RFC 6901 into the canonical JSON of the resource.

mod cluster;
pub(crate) mod edit;
mod listener;
mod manager;
pub(crate) mod matcher;
mod routes;
#[cfg(test)]
mod tests;

pub(crate) use crate::resources::proto::assignment_name;
pub use cluster::{OpenedCluster, OpenedEndpoint, endpoints};
pub use listener::{
    HTTP_CONNECTION_MANAGER, NetworkFilter, OpenedChain, OpenedFilter, OpenedListener, TCP_PROXY,
};
pub use manager::{OpenedHttpFilter, OpenedManager, OpenedPolicy};
pub use routes::{OpenedRoute, OpenedRoutes};

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::Str;
use crate::resources::{Origin, Part, WaypointResources};

/// The resources of a waypoint.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Opened<'r> {
    /// Its listeners, in their order.
    pub listeners: Vec<OpenedListener<'r>>,
    /// Its clusters, in their order.
    pub clusters: Vec<OpenedCluster<'r>>,
    /// The route configurations that are delivered, in their order. Those inside listeners are there.
    pub routes: Vec<OpenedRoutes<'r, 'r>>,
}

impl<'r> Opened<'r> {
    /// Opens everything.
    #[must_use]
    pub fn new(resources: &'r WaypointResources) -> Self {
        let listeners = resources.listeners.iter();
        let clusters = resources.clusters.iter();
        let routes = resources.routes.iter();
        Self {
            listeners: listeners.map(|r| OpenedListener::new(&r.message, &r.origins)).collect(),
            clusters: clusters.map(|r| OpenedCluster::new(&r.message, &r.origins)).collect(),
            routes: routes.map(|r| OpenedRoutes::delivered(&r.message, &r.origins)).collect(),
        }
    }
}

/// What made the parts of a resource, by part.
#[derive(Clone, Debug)]
pub(crate) struct Origins<'r>(Arc<BTreeMap<&'r Part, &'r Origin>>);

impl<'r> Origins<'r> {
    pub(crate) fn new(origins: &'r [Origin]) -> Self {
        Self::among(origins, |_| true)
    }

    /// What made a filter chain and its parts.
    fn of_chain(origins: &'r [Origin], name: &str) -> Self {
        Self::among(origins, |part| match part {
            Part::FilterChain(chain)
            | Part::Filter { chain, .. }
            | Part::Policy { chain, .. }
            | Part::Route { chain, .. } => chain == name,
            Part::Resource | Part::Address(_) | Part::Endpoint(_) | Part::TransportSocket => false,
        })
    }

    fn among(origins: &'r [Origin], is_asked_for: impl Fn(&Part) -> bool) -> Self {
        let mut by_part = BTreeMap::new();
        for origin in origins.iter().filter(|origin| is_asked_for(&origin.part)) {
            by_part.entry(&origin.part).or_insert(origin);
        }
        Self(Arc::new(by_part))
    }

    /// What made a filter of a filter chain.
    fn of_filter(&self, chain: &Str, name: &str) -> Option<&'r Origin> {
        self.of(&Part::Filter { chain: chain.clone(), name: Str::from(name) })
    }

    pub(crate) fn of(&self, part: &Part) -> Option<&'r Origin> {
        self.0.get(part).copied()
    }
}
