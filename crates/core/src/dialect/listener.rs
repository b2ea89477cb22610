//! Where extensions stand in a listener.

use std::collections::BTreeSet;

use envoy::config::accesslog::v3::{AccessLog, access_log};
use envoy::config::listener::v3::{Filter, FilterChain, Listener, ListenerFilter, filter, listener_filter};
use envoy::extensions::filters::network::http_connection_manager::v3::HttpConnectionManager;
use envoy::extensions::filters::network::tcp_proxy::v3::TcpProxy;
use envoy::google::protobuf::Any;

use super::unsupported::UnsupportedExtensions;
use super::{identity, known, manager, typed};
use crate::opened::edit::edit;
use crate::resources::filters::{inspect, network};

/// The headers of tunnels that carry what only Istio's extensions know.
const BAGGAGE: &str = "%FILTER_STATE(io.istio.baggage:";

/// Says a listener for an upstream Envoy. The filters named in `fetched` have no configuration any more.
pub(super) fn rewrite(
    listener: &mut Listener,
    fetched: &BTreeSet<String>,
    unsupported: &mut UnsupportedExtensions,
) {
    listener.listener_filters = take(&mut listener.listener_filters)
        .into_iter()
        .filter_map(|filter| listener_filter(filter, unsupported))
        .collect();
    access_logs(&mut listener.access_log, unsupported);
    for chain in listener.filter_chains.iter_mut().chain(&mut listener.default_filter_chain) {
        filter_chain(chain, fetched, unsupported);
    }
}

fn take<T>(list: &mut Vec<T>) -> Vec<T> {
    std::mem::take(list)
}

fn filter_chain(
    chain: &mut FilterChain,
    fetched: &BTreeSet<String>,
    unsupported: &mut UnsupportedExtensions,
) {
    chain.filters = take(&mut chain.filters)
        .into_iter()
        .filter_map(|filter| network_filter(filter, fetched, unsupported))
        .collect();
}

/// The listener filter that stands for this one.
fn listener_filter(
    filter: ListenerFilter,
    unsupported: &mut UnsupportedExtensions,
) -> Option<ListenerFilter> {
    let Some(listener_filter::ConfigType::TypedConfig(config)) = &filter.config_type else {
        return Some(filter);
    };
    if typed::type_name(config) == "istio.set_internal_dst_address.v1.Config" {
        return Some(ListenerFilter { filter_disabled: filter.filter_disabled, ..inspect::original_dst() });
    }
    known::keep(&filter.name, config, unsupported).then_some(filter)
}

/// The network filter that stands for this one.
fn network_filter(
    mut filter: Filter,
    fetched: &BTreeSet<String>,
    unsupported: &mut UnsupportedExtensions,
) -> Option<Filter> {
    let config = match &mut filter.config_type {
        Some(filter::ConfigType::TypedConfig(config)) => config,
        Some(filter::ConfigType::ConfigDiscovery(_)) if fetched.contains(&filter.name) => return None,
        _ => return Some(filter),
    };
    match &*typed::type_name(config) {
        "io.istio.network.authn.Config" => return Some(identity::from_tls(&filter.name)),
        "io.istio.http.connect_authority.Config" => {
            return Some(Filter { name: filter.name, ..network::connect_authority() });
        }
        _ => {}
    }
    if !known::keep(&filter.name, config, unsupported) {
        return None;
    }
    inside(config, fetched, unsupported);
    Some(filter)
}

/// What stands inside a filter that upstream has.
fn inside(config: &mut Any, fetched: &BTreeSet<String>, unsupported: &mut UnsupportedExtensions) {
    identity::in_network_filter_state(config);
    edit(config, |proxy: &mut TcpProxy| {
        access_logs(&mut proxy.access_log, unsupported);
        if let Some(tunnel) = &mut proxy.tunneling_config {
            let before = tunnel.headers_to_add.len();
            tunnel.headers_to_add.retain(|option| {
                !option.header.as_ref().is_some_and(|header| header.value.starts_with(BAGGAGE))
            });
            if tunnel.headers_to_add.len() < before {
                unsupported.telemetry("baggage");
            }
        }
    });
    edit(config, |manager: &mut HttpConnectionManager| {
        access_logs(&mut manager.access_log, unsupported);
        manager::rewrite(manager, fetched, unsupported);
    });
}

/// Leaves out access loggers that upstream lacks.
fn access_logs(logs: &mut Vec<AccessLog>, unsupported: &mut UnsupportedExtensions) {
    logs.retain(|log| match &log.config_type {
        Some(access_log::ConfigType::TypedConfig(config)) => known::keep(&log.name, config, unsupported),
        None => true,
    });
}
