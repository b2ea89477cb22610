//! Extension configurations that EnvoyFilters add.
//!
//! Envoy asks for those that its listeners name, and is sent no others: a filter that is discovered and its
//! configuration are two patches.

use std::collections::BTreeSet;

use envoy::config::core::v3::TypedExtensionConfig;
use envoy::config::listener::v3::{Filter, Listener, filter, listener_filter};
use envoy::extensions::filters::network::http_connection_manager::v3::{HttpConnectionManager, http_filter};

use super::patch::Patch;
use crate::resources::{Origin, Resource};
use crate::snapshot::networking::envoy_filter::PatchOperation;

/// Adds the configurations that listeners ask for; of those with one name the EnvoyFilters' come first.
pub(super) fn configurations(
    extensions: &mut Vec<Resource<TypedExtensionConfig>>,
    listeners: &[Resource<Listener>],
    patches: &[Patch<TypedExtensionConfig>],
) {
    if patches.is_empty() {
        return;
    }
    let asked: BTreeSet<String> =
        listeners.iter().flat_map(|listener| discovered(&listener.message)).collect();
    let added =
        patches.iter().filter(|p| p.operation == PatchOperation::Add && asked.contains(&p.value.name));
    let added = added.map(|patch| Resource {
        message: patch.value.clone(),
        origins: vec![Origin::of_resource(vec![patch.cause.clone()])],
    });
    let generated = std::mem::take(extensions);
    extensions.extend(added.chain(generated));
    extensions.sort_by(|a, b| a.message.name.cmp(&b.message.name));
}

/// The names of the filters of a listener whose configuration is discovered.
fn discovered(listener: &Listener) -> Vec<String> {
    let mut names = Vec::new();
    for filter in &listener.listener_filters {
        if matches!(filter.config_type, Some(listener_filter::ConfigType::ConfigDiscovery(_))) {
            names.push(filter.name.clone());
        }
    }
    for filter in listener.filter_chains.iter().chain(&listener.default_filter_chain).flat_map(|c| &c.filters)
    {
        match &filter.config_type {
            Some(filter::ConfigType::ConfigDiscovery(_)) => names.push(filter.name.clone()),
            Some(filter::ConfigType::TypedConfig(_)) => names.extend(in_manager(filter)),
            None => {}
        }
    }
    names
}

/// The names of the HTTP filters in a connection manager whose configuration is discovered.
fn in_manager(filter: &Filter) -> Vec<String> {
    let Some(filter::ConfigType::TypedConfig(config)) = &filter.config_type else { return Vec::new() };
    let Ok(manager) = envoy::unpack::<HttpConnectionManager>(config) else { return Vec::new() };
    let discovered = manager
        .http_filters
        .into_iter()
        .filter(|filter| matches!(filter.config_type, Some(http_filter::ConfigType::ConfigDiscovery(_))));
    discovered.map(|filter| filter.name).collect()
}
