//! What would be discovered, inline: endpoints in clusters, routes and extension configurations in listeners.

use std::collections::BTreeMap;

use envoy::config::cluster::v3::Cluster;
use envoy::config::cluster::v3::cluster::{ClusterDiscoveryType, DiscoveryType};
use envoy::config::endpoint::v3::ClusterLoadAssignment;
use envoy::config::listener::v3::{Filter, Listener, filter};
use envoy::config::route::v3::RouteConfiguration;
use envoy::extensions::filters::network::http_connection_manager::v3::http_connection_manager::RouteSpecifier;
use envoy::extensions::filters::network::http_connection_manager::v3::{
    HttpConnectionManager, HttpFilter, http_filter,
};
use envoy::google::protobuf::Any;

use crate::opened::assignment_name;
use crate::opened::edit::edit;
use crate::problem::{Code, Problem};
use crate::resources::WaypointResources;

/// Puts what would be discovered where it belongs, and tells of what nobody has.
pub(super) fn inline(resources: &mut WaypointResources) -> Vec<Problem> {
    let endpoints: BTreeMap<&str, &ClusterLoadAssignment> =
        resources.endpoints.iter().map(|e| (e.message.cluster_name.as_str(), &e.message)).collect();
    for cluster in &mut resources.clusters {
        with_endpoints(&mut cluster.message, &endpoints);
    }
    let mut found = Discovered {
        routes: resources.routes.iter().map(|r| (r.message.name.as_str(), &r.message)).collect(),
        extensions: resources
            .extensions
            .iter()
            .filter_map(|e| Some((e.message.name.as_str(), e.message.typed_config.as_ref()?)))
            .collect(),
        problems: Vec::new(),
    };
    for listener in &mut resources.listeners {
        found.in_listener(&mut listener.message);
    }
    found.problems
}

/// EDS left in would stay empty, and ADS left in lets Envoy exit without a word.
fn with_endpoints(cluster: &mut Cluster, endpoints: &BTreeMap<&str, &ClusterLoadAssignment>) {
    if cluster.cluster_discovery_type != Some(ClusterDiscoveryType::Type(DiscoveryType::Eds.into())) {
        return;
    }
    let assignment = endpoints.get(assignment_name(cluster)).copied().cloned();
    cluster.eds_cluster_config = None;
    let mut assignment = assignment.unwrap_or_default();
    assignment.cluster_name.clone_from(&cluster.name);
    cluster.load_assignment = Some(assignment.into());
    cluster.cluster_discovery_type = Some(ClusterDiscoveryType::Type(DiscoveryType::Static.into()));
}

/// What there is to put in, by name.
struct Discovered<'r> {
    routes: BTreeMap<&'r str, &'r RouteConfiguration>,
    extensions: BTreeMap<&'r str, &'r Any>,
    problems: Vec<Problem>,
}

impl Discovered<'_> {
    fn in_listener(&mut self, listener: &mut Listener) {
        for chain in listener.filter_chains.iter_mut().chain(&mut listener.default_filter_chain) {
            chain.filters.retain_mut(|filter| self.network_filter(filter));
        }
    }

    /// Gives a filter its configuration; tells whether it has one.
    fn network_filter(&mut self, filter: &mut Filter) -> bool {
        if matches!(filter.config_type, Some(filter::ConfigType::ConfigDiscovery(_))) {
            let Some(config) = self.extension(&filter.name) else { return false };
            filter.config_type = Some(filter::ConfigType::TypedConfig(config));
        }
        if let Some(filter::ConfigType::TypedConfig(config)) = &mut filter.config_type {
            edit(config, |manager: &mut HttpConnectionManager| self.in_manager(manager));
        }
        true
    }

    fn in_manager(&mut self, manager: &mut HttpConnectionManager) {
        manager.http_filters.retain_mut(|filter| self.http_filter(filter));
        for upgrade in &mut manager.upgrade_configs {
            upgrade.filters.retain_mut(|filter| self.http_filter(filter));
        }
        let Some(RouteSpecifier::Rds(rds)) = &manager.route_specifier else { return };
        let name = rds.route_config_name.clone();
        let routes = self.routes.get(name.as_str()).copied().cloned();
        if routes.is_none() {
            let message = format!("nobody sends the routes `{name}`: no request finds one");
            self.problems.push(Problem::new(Code::StaticConfiguration, message));
        }
        let empty = || RouteConfiguration { name, ..RouteConfiguration::default() };
        manager.route_specifier = Some(RouteSpecifier::RouteConfig(routes.unwrap_or_else(empty).into()));
    }

    fn http_filter(&mut self, filter: &mut HttpFilter) -> bool {
        if matches!(filter.config_type, Some(http_filter::ConfigType::ConfigDiscovery(_))) {
            let Some(config) = self.extension(&filter.name) else { return false };
            filter.config_type = Some(http_filter::ConfigType::TypedConfig(config));
        }
        true
    }

    fn extension(&mut self, name: &str) -> Option<Any> {
        let config = self.extensions.get(name).copied().cloned();
        if config.is_none() {
            let message = format!("`{name}` was left out: nobody sends its configuration");
            self.problems.push(Problem::new(Code::StaticConfiguration, message));
        }
        config
    }
}
