//! Drift: what a live waypoint holds, against what the files beside its dump would make of it.

use std::collections::{BTreeMap, BTreeSet};

use envoy::config::cluster::v3::Cluster;
use envoy::config::cluster::v3::cluster::{ClusterDiscoveryType, DiscoveryType};
use envoy::config::listener::v3::Listener;
use serde_json::Value;

use super::Live;
use crate::diff::{self, Diff, Side};
use crate::mesh::WaypointName;
use crate::opened::{self, NetworkFilter, OpenedListener};
use crate::resources::{Resource, WaypointResources};
use crate::trace::{Compiled, Tracer};
use crate::translation::Translation;
use crate::view::config_dump::{self, ConfigDump};
use crate::view::json;
use crate::view::proxy_config::ProxyConfig;

/// The names of what a proxy has of its own bootstrap, which nobody sends it.
#[derive(Clone, Debug, Default)]
pub(super) struct Static {
    clusters: BTreeSet<String>,
    listeners: BTreeSet<String>,
}

impl Static {
    pub(super) fn of(config: &ProxyConfig) -> Self {
        let names = |kind: &str| {
            let resources = config.bootstrap.as_ref().and_then(|bootstrap| bootstrap.get("staticResources"));
            let all = resources.and_then(|all| all.get(kind)?.as_array()).into_iter().flatten();
            let name = |resource: &Value| resource.get("name").and_then(Value::as_str).map(str::to_owned);
            all.filter_map(name).collect()
        };
        Self { clusters: names("clusters"), listeners: names("listeners") }
    }

    /// What of a proxy's resources it was sent.
    fn without(&self, resources: &WaypointResources) -> WaypointResources {
        let mut sent = resources.clone();
        // Those of a bootstrap for health and statistics have no name.
        sent.listeners.retain(|listener| {
            !listener.message.name.is_empty() && !self.listeners.contains(&listener.message.name)
        });
        sent.clusters.retain(|cluster| !self.clusters.contains(&cluster.message.name));
        // Endpoints that a cluster has inside of itself are listed in dumps as well.
        let discovered: BTreeSet<&str> = sent
            .clusters
            .iter()
            .filter(|cluster| discovers(&cluster.message))
            .map(|cluster| opened::assignment_name(&cluster.message))
            .collect();
        sent.endpoints.retain(|endpoints| discovered.contains(endpoints.message.cluster_name.as_str()));
        // As are routes that a listener has inside of itself.
        let routes = routes_discovered(&sent.listeners);
        sent.routes.retain(|one| routes.contains(&one.message.name));
        sent
    }
}

/// The names of the routes that listeners discover.
fn routes_discovered(listeners: &[Resource<Listener>]) -> BTreeSet<String> {
    let opened = listeners.iter().map(|one| OpenedListener::new(&one.message, &one.origins));
    let filters = opened.flat_map(|listener| listener.chains).flat_map(|chain| chain.filters);
    let names = filters.filter_map(|filter| match &filter.config {
        NetworkFilter::Http(manager) => manager.discovers().map(str::to_owned),
        _ => None,
    });
    names.collect()
}

fn discovers(cluster: &Cluster) -> bool {
    cluster.cluster_discovery_type == Some(ClusterDiscoveryType::Type(DiscoveryType::Eds.into()))
}

impl Live {
    /// What the files beside the dump would change for the waypoint: the dump is the old side, the files are
    /// the new one. Its resources are compared, and what comes of requests; of findings and statuses a dump
    /// tells nothing.
    #[must_use]
    pub fn drift(&self) -> Diff {
        let held = only(&self.translation, &self.waypoint, |resources| self.own.without(resources));
        let made = only(self.session.translation(), &self.waypoint, as_dumped);
        let (compiled_held, compiled_made) = (Compiled::new(&held), Compiled::new(&made));
        let mesh = self.session.mesh();
        let side = |translation, compiled| Side {
            mesh,
            translation,
            tracer: Tracer::new(mesh, translation, compiled),
            findings: &[],
            statuses: &[],
        };
        diff::diff(side(&held, &compiled_held), side(&made, &compiled_made))
    }
}

/// Resources as a dump has them: the same messages may be encoded in several ways.
fn as_dumped(resources: &WaypointResources) -> WaypointResources {
    let Some(dump) = config_dump::parse(&json::config_dump(resources)) else { return resources.clone() };
    let ConfigDump { config, .. } = dump;
    WaypointResources {
        listeners: replaced(&resources.listeners, config.listeners, |listener| &listener.name),
        clusters: replaced(&resources.clusters, config.clusters, |cluster| &cluster.name),
        endpoints: replaced(&resources.endpoints, config.endpoints, |endpoints| &endpoints.cluster_name),
        ..resources.clone()
    }
}

/// The resources with other messages of the same names.
fn replaced<M: Clone>(all: &[Resource<M>], others: Vec<M>, name: impl Fn(&M) -> &str) -> Vec<Resource<M>> {
    let others: BTreeMap<String, M> =
        others.into_iter().map(|message| (name(&message).to_owned(), message)).collect();
    let one = |resource: &Resource<M>| {
        let message = others.get(name(&resource.message)).unwrap_or(&resource.message);
        Resource { message: message.clone(), origins: resource.origins.clone() }
    };
    all.iter().map(one).collect()
}

/// A translation of one waypoint alone.
fn only(
    translation: &Translation,
    waypoint: &WaypointName,
    resources: impl Fn(&WaypointResources) -> WaypointResources,
) -> Translation {
    Translation {
        waypoints: translation.waypoint(waypoint).map(resources).into_iter().collect(),
        ..translation.clone()
    }
}
