//! Where extensions stand in a connection manager, and in routes.

use std::collections::{BTreeMap, BTreeSet};

use envoy::config::route::v3::route::Action;
use envoy::config::route::v3::route_action::ClusterSpecifier;
use envoy::config::route::v3::{Route, RouteConfiguration};
use envoy::extensions::filters::network::http_connection_manager::v3::http_connection_manager::RouteSpecifier;
use envoy::extensions::filters::network::http_connection_manager::v3::http_filter::ConfigType;
use envoy::extensions::filters::network::http_connection_manager::v3::{HttpConnectionManager, HttpFilter};
use envoy::google::protobuf::Any;

use super::unsupported::UnsupportedExtensions;
use super::{destination, identity, known, token, typed};

/// The type of `connect_authority`, for connections, for requests and for routes.
const CONNECT_AUTHORITY: &str = "io.istio.http.connect_authority.Config";

/// Says a connection manager for an upstream Envoy.
pub(super) fn rewrite(
    manager: &mut HttpConnectionManager,
    fetched: &BTreeSet<String>,
    unsupported: &mut UnsupportedExtensions,
) {
    filters(&mut manager.http_filters, fetched, unsupported);
    for upgrade in &mut manager.upgrade_configs {
        filters(&mut upgrade.filters, fetched, unsupported);
    }
    if let Some(RouteSpecifier::RouteConfig(config)) = &mut manager.route_specifier {
        // What cannot be read was not made here, and stays as it is.
        let _ = config.change(|config| routes(config, unsupported));
    }
}

fn filters(
    filters: &mut Vec<HttpFilter>,
    fetched: &BTreeSet<String>,
    unsupported: &mut UnsupportedExtensions,
) {
    *filters =
        std::mem::take(filters).into_iter().filter_map(|each| filter(each, fetched, unsupported)).collect();
}

/// The HTTP filter that stands for this one.
fn filter(
    mut filter: HttpFilter,
    fetched: &BTreeSet<String>,
    unsupported: &mut UnsupportedExtensions,
) -> Option<HttpFilter> {
    let config = match &mut filter.config_type {
        Some(ConfigType::TypedConfig(config)) => config,
        Some(ConfigType::ConfigDiscovery(_)) if fetched.contains(&filter.name) => return None,
        _ => return Some(filter),
    };
    let replacement = match &*typed::type_name(config) {
        CONNECT_AUTHORITY => Some(destination::from_authority(&filter.name)),
        "istio.envoy.config.filter.http.authn.v2alpha1.FilterConfig" => token::filter(&filter.name, config),
        _ => None,
    };
    if replacement.is_some() {
        return replacement;
    }
    if !known::keep(&filter.name, config, unsupported) {
        return None;
    }
    identity::in_http_filter_state(config);
    Some(filter)
}

/// Leaves out what routes say to filters that upstream lacks.
pub(super) fn routes(config: &mut RouteConfiguration, unsupported: &mut UnsupportedExtensions) {
    per_filter(&mut config.typed_per_filter_config, unsupported);
    for host in &mut config.virtual_hosts {
        per_filter(&mut host.typed_per_filter_config, unsupported);
        for each in &mut host.routes {
            let _ = each.change(|message| route(message, unsupported));
        }
    }
}

fn route(route: &mut Route, unsupported: &mut UnsupportedExtensions) {
    per_filter(&mut route.typed_per_filter_config, unsupported);
    let Some(Action::Route(action)) = &mut route.action else { return };
    let Some(ClusterSpecifier::WeightedClusters(weighted)) = &mut action.cluster_specifier else { return };
    for cluster in &mut weighted.clusters {
        per_filter(&mut cluster.typed_per_filter_config, unsupported);
    }
}

fn per_filter(configs: &mut BTreeMap<String, Any>, unsupported: &mut UnsupportedExtensions) {
    // What stands for the filter needs no route to switch it on.
    configs.retain(|name, config| {
        typed::type_name(config) != CONNECT_AUTHORITY && known::keep(name, config, unsupported)
    });
}
