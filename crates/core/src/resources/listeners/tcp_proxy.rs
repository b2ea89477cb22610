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

use super::chain::Parts;
use super::http_manager::dns_lookup_family;
use crate::mesh::Service;
use crate::mesh::service::{Protocol, Resolution};
use crate::resources::filters::extension::network_filters;
use crate::resources::filters::network;
use crate::resources::proto::duration;
use crate::resources::routes::{TcpRoute, tcp_destinations};
use crate::resources::security::SecurityFilters;
use crate::snapshot::Cause;
use crate::snapshot::extensions::ExecutionPhase;
use crate::snapshot::networking::DestinationRule;
use crate::snapshot::networking::destination_rule::TrafficPolicy;

/// The filters of a chain for bytes, and the objects that say where they go.
pub(super) fn filters(parts: &Parts<'_>, security: &SecurityFilters<Filter>) -> (Vec<Filter>, Vec<Cause>) {
    let Parts { shared, extensions, telemetry, .. } = *parts;
    let mut filters = Vec::new();
    // First, so that what others do to a connection can be told of its peers.
    filters.extend(shared.metadata_exchange.clone());
    filters.extend(security.custom.iter().cloned());
    filters.extend(network_filters(extensions, ExecutionPhase::Authn));
    filters.extend(network_filters(extensions, ExecutionPhase::Authz));
    filters.extend(security.rbac.iter().cloned());
    filters.extend(network_filters(extensions, ExecutionPhase::Stats));
    filters.extend(network_filters(extensions, ExecutionPhase::Unspecified));
    filters.extend(telemetry.tcp_stats.iter().cloned());
    let (terminal, origins) = terminal(parts);
    filters.extend(terminal);
    (filters, origins)
}

/// The filters at the end of the chain.
fn terminal(parts: &Parts<'_>) -> (Vec<Filter>, Vec<Cause>) {
    let Parts { scope, spec, .. } = *parts;
    let stat_prefix = stat_prefix(parts);
    let mut proxy = TcpProxy {
        stat_prefix: stat_prefix.clone(),
        cluster_specifier: Some(ClusterSpecifier::Cluster(spec.cluster.clone())),
        access_log: parts.telemetry.tcp_access_logs.clone(),
        idle_timeout: parts.settings.idle_timeout().map(duration),
        ..TcpProxy::default()
    };
    let mut filters = Vec::new();
    let mut origins = Vec::new();
    if let Some((id, service)) = spec.service.zip(parts.service)
        && scope.rules.listeners.tcp_routing
    {
        let route = tcp_destinations(*scope, id, spec.port);
        origins.extend(apply_rule(parts, service, route.as_ref(), &mut proxy));
        // A destination elsewhere is resolved as its own host.
        let hostname =
            route.as_ref().and_then(|r| r.destinations.first()).map_or(&service.hostname, |to| &to.host);
        if hostname.starts_with('*') && service.resolution == Resolution::DynamicDns {
            let family = dns_lookup_family(&scope.waypoint.proxy);
            filters.push(network::sni_dynamic_forward_proxy(&service.hostname, spec.port, family));
        }
        if let Some(route) = route {
            proxy.cluster_specifier = Some(clusters(&route));
            origins.extend(route.cause);
        }
    }
    if spec.protocol == Protocol::Mongo {
        filters.push(network::mongo_proxy(&stat_prefix));
    }
    filters.push(network::tcp_proxy(&proxy));
    (filters, origins)
}

fn clusters(route: &TcpRoute) -> ClusterSpecifier {
    if let [only] = route.destinations.as_slice() {
        return ClusterSpecifier::Cluster(only.cluster.clone());
    }
    let weighted = route.destinations.iter().filter(|to| to.weight > 0);
    let clusters = weighted
        .map(|to| ClusterWeight { name: to.cluster.clone(), weight: to.weight, ..ClusterWeight::default() })
        .collect();
    ClusterSpecifier::WeightedClusters(WeightedCluster { clusters })
}

/// Applies the DestinationRule of the first destination, of which several share the settings of one TCP proxy; its
/// subset only counts where it is the only one.
fn apply_rule(
    parts: &Parts<'_>,
    service: &Service,
    route: Option<&TcpRoute>,
    proxy: &mut TcpProxy,
) -> Vec<Cause> {
    let scope = *parts.scope;
    let destinations = route.map_or(&[][..], |route| &route.destinations);
    // A Service that the waypoint's namespace doesn't see has no rule, though it is served.
    let host = destinations.first().map_or(&service.hostname, |to| &to.host);
    let target = scope.visible_service(host).map(|(_, service)| service);
    let Some(rule) = target.and_then(|service| scope.client_rule(service)) else { return Vec::new() };
    let subset = if let [only] = destinations { only.subset.as_str() } else { "" };
    let policy = rule.spec.traffic_policy.as_ref();
    if let Some(tcp) = policy.and_then(|p| p.connection_pool.as_ref()).and_then(|pool| pool.tcp.as_ref()) {
        if tcp.idle_timeout.is_some() {
            proxy.idle_timeout = tcp.idle_timeout.map(duration);
        }
        proxy.max_downstream_connection_duration = tcp.max_connection_duration.map(duration);
    }
    if hashes_source_ip(&rule.spec, subset) {
        let source_ip = PolicySpecifier::SourceIp(SourceIp::default());
        proxy.hash_policy = vec![HashPolicy { policy_specifier: Some(source_ip) }];
    }
    proxy.tunneling_config = tunnel(&rule.spec, subset);
    let own = rule.cause_of_subset(subset).cloned();
    own.into_iter().chain(rule.causes().iter().cloned()).collect()
}

/// The traffic policy of a subset.
fn subset_policy<'r>(rule: &'r DestinationRule, subset: &str) -> Option<&'r TrafficPolicy> {
    rule.subsets.iter().find(|s| s.name == subset)?.traffic_policy.as_ref()
}

/// Whether connections are spread by the client's address; a subset's load balancer counts instead of the rule's.
fn hashes_source_ip(rule: &DestinationRule, subset: &str) -> bool {
    let of = |policy: Option<&TrafficPolicy>| policy.and_then(|p| p.load_balancer.clone());
    let balancer = of(subset_policy(rule, subset)).or_else(|| of(rule.traffic_policy.as_ref()));
    balancer.and_then(|b| b.consistent_hash).is_some_and(|hash| hash.use_source_ip == Some(true))
}

/// The tunnel that a rule asks for; a subset's does not fall back to the rule's.
fn tunnel(rule: &DestinationRule, subset: &str) -> Option<TunnelingConfig> {
    let policy = if subset.is_empty() { rule.traffic_policy.as_ref() } else { subset_policy(rule, subset) };
    let settings = policy?.tunnel.as_ref()?;
    let host = &settings.target_host;
    let port = settings.target_port;
    Some(TunnelingConfig {
        hostname: if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") },
        use_post: settings.protocol == "POST",
        ..TunnelingConfig::default()
    })
}

/// The statistics prefix: the cluster's name, or what the mesh configuration's pattern makes of the Service.
fn stat_prefix(parts: &Parts<'_>) -> String {
    let Parts { scope, spec, .. } = *parts;
    let pattern = scope.mesh.config.inbound_cluster_stat_name.as_str();
    if pattern.is_empty() {
        return spec.cluster.clone();
    }
    // The first releases know nothing of the Service here.
    let service = parts.service.filter(|_| scope.rules.listeners.service_in_tcp_stats);
    let hostname = service.map_or("", |s| s.hostname.as_str());
    let (name, short) = match service {
        Some(service) if service.is_kubernetes() => {
            (service.name.to_string(), format!("{}.{}", service.name, service.namespace))
        }
        // A ServiceEntry is called by its host.
        Some(service) => (hostname.to_owned(), format!("{hostname}.{}", service.namespace)),
        None => (String::new(), String::new()),
    };
    pattern
        .replace("%SERVICE%", &short)
        .replace("%SERVICE_NAME%", &name)
        .replace("%SERVICE_FQDN%", hostname)
        .replace("%SUBSET_NAME%", "")
        .replace("%SERVICE_PORT%", &spec.port.to_string())
        .replace("%SERVICE_PORT_NAME%", spec.port_name)
}
