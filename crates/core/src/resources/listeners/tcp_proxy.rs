//! The filters of a chain for bytes, and the TCP proxy that it ends in.
//!
//! Source: Envoy's
//! [`TcpProxy`](https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/filters/network/tcp_proxy/v3/tcp_proxy.proto).

use envoy::config::listener::v3::Filter;
use envoy::extensions::filters::network::tcp_proxy::v3::TcpProxy;
use envoy::extensions::filters::network::tcp_proxy::v3::tcp_proxy::{
    ClusterSpecifier, TunnelingConfig, WeightedCluster, weighted_cluster::ClusterWeight,
};
use envoy::r#type::v3::HashPolicy;
use envoy::r#type::v3::hash_policy::{PolicySpecifier, SourceIp};

use super::chain::ChainInputs;
use crate::mesh::service::Protocol;
use crate::plan::names::stat_name;
use crate::plan::routes::{TcpDestinations, TcpRoute};
use crate::resources::filters::extension::network_filters;
use crate::resources::filters::network;
use crate::resources::proto::{duration, on_demand_lookup_family};
use crate::resources::security::SecurityFilters;
use crate::snapshot::extensions::ExecutionPhase;
use crate::snapshot::networking::destination_rule::TunnelSettings;

/// The filters of a chain for bytes.
pub(super) fn filters(
    inputs: &ChainInputs<'_>,
    security: Option<&SecurityFilters<Vec<Filter>>>,
    route: &TcpRoute<'_>,
) -> Vec<Filter> {
    let ChainInputs { shared, chain, telemetry, .. } = *inputs;
    let extensions = &chain.extensions;
    let mut filters = Vec::new();
    // First, so that what others do to a connection can be told of its peers.
    filters.extend(shared.metadata_exchange.clone());
    filters.extend(security.into_iter().flat_map(|filters| &filters.custom).cloned());
    filters.extend(network_filters(extensions, ExecutionPhase::Authn));
    filters.extend(network_filters(extensions, ExecutionPhase::Authz));
    filters.extend(security.into_iter().flat_map(|filters| &filters.rbac).cloned());
    filters.extend(network_filters(extensions, ExecutionPhase::Stats));
    filters.extend(network_filters(extensions, ExecutionPhase::Unspecified));
    filters.extend(telemetry.tcp_stats.iter().cloned());
    add_terminal(inputs, route, &mut filters);
    filters
}

/// The filters at the end of the chain.
fn add_terminal(inputs: &ChainInputs<'_>, route: &TcpRoute<'_>, filters: &mut Vec<Filter>) {
    let ChainInputs { settings, proxy, chain, telemetry, .. } = *inputs;
    let stat_prefix = stat_prefix(inputs);
    if let Some(service) = chain.service.filter(|_| route.resolves_sni) {
        let family = on_demand_lookup_family(settings);
        filters.push(network::sni_dynamic_forward_proxy(&service.hostname, chain.port, family));
    }
    let features = settings.features;
    match chain.protocol {
        Protocol::Mongo if features.pilot_enable_mongo_filter => {
            filters.push(network::mongo_proxy(&stat_prefix));
        }
        Protocol::MySql if features.pilot_enable_mysql_filter => {
            filters.push(network::mysql_proxy(&stat_prefix));
        }
        // It answers itself, whatever routes say.
        Protocol::Redis if features.pilot_enable_redis_filter => {
            filters.push(network::redis_proxy(&stat_prefix, &chain.cluster));
            return;
        }
        _ => {}
    }
    filters.push(network::tcp_proxy(&TcpProxy {
        stat_prefix,
        cluster_specifier: Some(match &route.to {
            None => ClusterSpecifier::Cluster(chain.cluster.clone()),
            Some(destinations) => clusters(destinations),
        }),
        access_log: telemetry.tcp_access_logs.clone(),
        idle_timeout: route.idle_timeout.or(proxy.idle_timeout()).map(duration),
        max_downstream_connection_duration: route.max_connection_duration.map(duration),
        hash_policy: if route.hashes_source_ip { vec![source_ip()] } else { Vec::new() },
        tunneling_config: route.tunnel.map(tunnel),
        ..TcpProxy::default()
    }));
}

fn clusters(destinations: &TcpDestinations) -> ClusterSpecifier {
    match destinations {
        TcpDestinations::Single(cluster) => ClusterSpecifier::Cluster(cluster.clone()),
        TcpDestinations::Weighted(all) => {
            let cluster = |(name, weight): &(String, u32)| ClusterWeight {
                name: name.clone(),
                weight: *weight,
                ..ClusterWeight::default()
            };
            let clusters = all.iter().map(cluster).collect();
            ClusterSpecifier::WeightedClusters(WeightedCluster { clusters })
        }
    }
}

fn source_ip() -> HashPolicy {
    HashPolicy { policy_specifier: Some(PolicySpecifier::SourceIp(SourceIp::default())) }
}

fn tunnel(settings: &TunnelSettings) -> TunnelingConfig {
    let (host, port) = (&settings.target_host, settings.target_port);
    TunnelingConfig {
        hostname: if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") },
        use_post: settings.protocol == "POST",
        ..TunnelingConfig::default()
    }
}

/// The statistics prefix: the cluster's name, or what the mesh configuration's pattern makes of the Service.
fn stat_prefix(inputs: &ChainInputs<'_>) -> String {
    let ChainInputs { settings, chain, .. } = *inputs;
    let pattern = settings.mesh.inbound_cluster_stat_name.as_str();
    if pattern.is_empty() {
        return chain.cluster.clone();
    }
    // The first releases know nothing of the Service here.
    let service = chain.service.filter(|_| settings.rules.listeners.service_in_tcp_stats);
    let hostname = service.map_or("", |s| s.hostname.as_str());
    let (name, short) = match service {
        Some(service) if service.is_kubernetes() => {
            (service.name.to_string(), format!("{}.{}", service.name, service.namespace))
        }
        // A ServiceEntry is called by its host.
        Some(service) => (hostname.to_owned(), format!("{hostname}.{}", service.namespace)),
        None => (String::new(), String::new()),
    };
    let port = chain.port.to_string();
    let values = [
        ("%SERVICE%", short.as_str()),
        ("%SERVICE_NAME%", &name),
        ("%SERVICE_FQDN%", hostname),
        ("%SUBSET_NAME%", ""),
        ("%SERVICE_PORT%", &port),
        ("%SERVICE_PORT_NAME%", chain.port_name),
    ];
    stat_name(pattern, &values, &settings.rules.mesh)
}
