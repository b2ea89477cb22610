//! What clusters for destinations have in common, before any policy: how endpoints are found and what is spoken.

use envoy::config::cluster::v3::cluster::{
    ClusterDiscoveryType, CustomClusterType, DiscoveryType, DnsLookupFamily, LbConfig, LbPolicy,
    OriginalDstLbConfig,
};
use envoy::config::core::v3::http1_protocol_options::HeaderKeyFormat;
use envoy::config::core::v3::http1_protocol_options::header_key_format::HeaderFormat;
use envoy::config::core::v3::{Http1ProtocolOptions, TypedExtensionConfig};
use envoy::config::endpoint::v3::{ClusterLoadAssignment, LocalityLbEndpoints};
use envoy::extensions::clusters::dynamic_forward_proxy::v3::ClusterConfig;
use envoy::extensions::clusters::dynamic_forward_proxy::v3::cluster_config::ClusterImplementationSpecifier;
use envoy::extensions::common::dynamic_forward_proxy::v3::DnsCacheConfig;
use envoy::extensions::http::header_formatters::preserve_case::v3::PreserveCaseFormatterConfig;
use envoy::extensions::network::dns_resolver::cares::v3::CaresDnsResolverConfig;

use super::draft::Draft;
use super::plan::{Discovery, Plan, races_connections};
use crate::mesh::waypoint::Proxy;
use crate::resources::Scope;
use crate::resources::proto::duration;

/// A cluster with its endpoints, where it carries them itself; none where names are to be resolved and there are none.
pub(super) fn draft(
    plan: &Plan<'_>,
    scope: &Scope<'_>,
    endpoints: Vec<LocalityLbEndpoints>,
) -> Option<Draft> {
    let rules = &scope.rules.clusters;
    let mut draft = match plan.discovery {
        Discovery::DynamicForwardProxy => dynamic_forward_proxy(plan, scope),
        Discovery::Type(kind) => Draft::new(plan.name.clone(), kind),
    };
    if rules.alt_stat_name {
        draft.cluster.alt_stat_name = [&plan.name, scope.rules.mesh.stat_name_end].concat();
    }
    if draft.is(DiscoveryType::StrictDns) || draft.is(DiscoveryType::LogicalDns) {
        if endpoints.is_empty() {
            return None;
        }
        resolve_names(&mut draft, plan, scope);
        draft.cluster.load_assignment = Some(Box::new(ClusterLoadAssignment {
            cluster_name: plan.name.clone(),
            endpoints,
            ..ClusterLoadAssignment::default()
        }));
    }
    if draft.is(DiscoveryType::OriginalDst)
        && rules.original_dst_target_port
        && let Some(target) = plan.port.target_port.filter(|port| *port != 0)
    {
        let config = OriginalDstLbConfig {
            upstream_port_override: Some(target.into()),
            ..OriginalDstLbConfig::default()
        };
        draft.cluster.lb_config = Some(LbConfig::OriginalDstLbConfig(config.into()));
    }
    speak(&mut draft, plan, scope);
    Some(draft)
}

/// Which family of addresses names are resolved to.
pub(super) fn lookup_family(proxy: &Proxy) -> DnsLookupFamily {
    if proxy.supports_ipv6() && !proxy.supports_ipv4() {
        DnsLookupFamily::V6Only
    } else {
        DnsLookupFamily::V4Only
    }
}

fn resolve_names(draft: &mut Draft, plan: &Plan<'_>, scope: &Scope<'_>) {
    let rate = scope.mesh.config.dns_refresh_rate;
    let family = lookup_family(&scope.waypoint.proxy);
    let cluster = &mut draft.cluster;
    cluster.set_dns_lookup_family(family);
    cluster.dns_refresh_rate = Some(duration(rate));
    cluster.respect_dns_ttl = true;
    if scope.rules.clusters.cares_resolver {
        let features = &scope.mesh.options.features;
        let resolver = CaresDnsResolverConfig {
            udp_max_queries: Some(features.pilot_dns_cares_udp_max_queries.into()),
            ..CaresDnsResolverConfig::default()
        };
        cluster.dns_jitter = Some(duration(features.pilot_dns_jitter_duration));
        cluster.typed_dns_resolver_config = Some(Box::new(TypedExtensionConfig {
            name: "envoy.network.dns_resolver.cares".to_owned(),
            typed_config: Some(envoy::any(&resolver)),
        }));
    }
    if scope.rules.clusters.happy_eyeballs && races_connections(plan.service) {
        cluster.set_dns_lookup_family(DnsLookupFamily::All);
    }
}

fn dynamic_forward_proxy(plan: &Plan<'_>, scope: &Scope<'_>) -> Draft {
    let cache = DnsCacheConfig {
        name: format!("{}_dfp_dns_cache", plan.service.hostname),
        dns_lookup_family: lookup_family(&scope.waypoint.proxy).into(),
        ..DnsCacheConfig::default()
    };
    let config = ClusterConfig {
        cluster_implementation_specifier: Some(ClusterImplementationSpecifier::DnsCacheConfig(cache)),
        ..ClusterConfig::default()
    };
    let mut draft = Draft::default();
    draft.cluster.name.clone_from(&plan.name);
    draft.cluster.set_lb_policy(LbPolicy::ClusterProvided);
    draft.cluster.cluster_discovery_type =
        Some(ClusterDiscoveryType::ClusterType(Box::new(CustomClusterType {
            name: "envoy.clusters.dynamic_forward_proxy".to_owned(),
            typed_config: Some(envoy::any(&config)),
        })));
    draft
}

/// What is spoken: HTTP/2 where it was declared, what the client speaks where nothing was.
fn speak(draft: &mut Draft, plan: &Plan<'_>, scope: &Scope<'_>) {
    let protocol = plan.port.protocol;
    if protocol.is_http2() {
        draft.speak_http2(false);
        return;
    }
    if (protocol.is_http() || protocol.is_unsupported()) && preserves_header_case(scope) {
        draft.speak_http1(preserve_case());
    }
    if protocol.is_unsupported() && scope.rules.clusters.follow_client_protocol {
        draft.speak_as_client();
    }
}

/// Whether the case of HTTP/1 headers is kept.
fn preserves_header_case(scope: &Scope<'_>) -> bool {
    let headers = scope.waypoint.proxy.config.proxy_headers.as_ref();
    headers.and_then(|headers| headers.preserve_http1_header_case) == Some(true)
}

fn preserve_case() -> Http1ProtocolOptions {
    let formatter = TypedExtensionConfig {
        name: "preserve_case".to_owned(),
        typed_config: Some(envoy::any(&PreserveCaseFormatterConfig::default())),
    };
    Http1ProtocolOptions {
        header_key_format: Some(HeaderKeyFormat {
            header_format: Some(HeaderFormat::StatefulFormatter(formatter)),
        }),
        ..Http1ProtocolOptions::default()
    }
}
