//! What clusters for destinations have in common, before any policy: how endpoints are found and what is
//! spoken.

use envoy::config::cluster::v3::cluster::{
    ClusterDiscoveryType, CustomClusterType, DiscoveryType, DnsLookupFamily, LbConfig, LbPolicy,
    OriginalDstLbConfig,
};
use envoy::config::core::v3::http1_protocol_options::HeaderKeyFormat;
use envoy::config::core::v3::http1_protocol_options::header_key_format::HeaderFormat;
use envoy::config::core::v3::{Http1ProtocolOptions, TypedExtensionConfig};
use envoy::config::endpoint::v3::ClusterLoadAssignment;
use envoy::extensions::clusters::dynamic_forward_proxy::v3::ClusterConfig;
use envoy::extensions::clusters::dynamic_forward_proxy::v3::cluster_config::ClusterImplementationSpecifier;
use envoy::extensions::common::dynamic_forward_proxy::v3::DnsCacheConfig;
use envoy::extensions::http::header_formatters::preserve_case::v3::PreserveCaseFormatterConfig;
use envoy::extensions::network::dns_resolver::cares::v3::CaresDnsResolverConfig;

use super::draft::Draft;
use crate::mesh::Resolution;
use crate::plan::WaypointSettings;
use crate::plan::clusters::members::Members;
use crate::plan::clusters::{ClusterPlan, Discovery};
use crate::resources::endpoints;
use crate::resources::proto::{duration, lookup_family, on_demand_lookup_family};
use crate::strings::concat;

/// A cluster with its endpoints, where it carries them itself.
pub(super) fn draft(plan: &ClusterPlan<'_>, settings: WaypointSettings<'_>) -> Draft {
    let rules = &settings.rules.clusters;
    let mut draft = match discovery_type(plan.discovery) {
        Some(kind) => Draft::new(plan.name.clone(), kind),
        None => dynamic_forward_proxy(plan, settings),
    };
    let stat_name = plan.stat_name.as_ref().or(rules.alt_stat_name.then_some(&plan.name));
    if let Some(name) = stat_name {
        draft.cluster.alt_stat_name = concat([name, settings.rules.mesh.stat_name_end]);
    }
    if plan.discovery.resolves_names() {
        resolve_names(&mut draft, plan, settings);
    }
    if let Members::Named(localities) = &plan.members {
        draft.cluster.load_assignment = Some(Box::new(ClusterLoadAssignment {
            cluster_name: plan.name.clone(),
            endpoints: localities.iter().map(|locality| endpoints::locality(locality, rules)).collect(),
            ..ClusterLoadAssignment::default()
        }));
    }
    // Only Services that are found like that by themselves, not subsets whose load balancing asks for it.
    if (plan.discovery, plan.service.resolution) == (Discovery::OriginalDst, Resolution::Passthrough)
        && rules.original_dst_target_port
        && let Some(target) = plan.port.target_port
    {
        let config = OriginalDstLbConfig {
            upstream_port_override: Some(target.into()),
            ..OriginalDstLbConfig::default()
        };
        draft.cluster.lb_config = Some(LbConfig::OriginalDstLbConfig(config.into()));
    }
    speak(&mut draft, plan, settings);
    draft
}

/// Envoy's own way to find endpoints; none where they are found by the name that each request asks for.
fn discovery_type(discovery: Discovery) -> Option<DiscoveryType> {
    match discovery {
        Discovery::Eds => Some(DiscoveryType::Eds),
        Discovery::StrictDns => Some(DiscoveryType::StrictDns),
        Discovery::LogicalDns => Some(DiscoveryType::LogicalDns),
        Discovery::OriginalDst => Some(DiscoveryType::OriginalDst),
        Discovery::DynamicForwardProxy => None,
    }
}

fn resolve_names(draft: &mut Draft, plan: &ClusterPlan<'_>, settings: WaypointSettings<'_>) {
    let rules = &settings.rules.clusters;
    let cluster = &mut draft.cluster;
    cluster.set_dns_lookup_family(lookup_family(&settings));
    cluster.dns_refresh_rate = Some(duration(settings.mesh.dns_refresh_rate));
    cluster.respect_dns_ttl = true;
    if rules.cares_resolver {
        let features = settings.features;
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
    if plan.races_connections {
        cluster.set_dns_lookup_family(DnsLookupFamily::All);
    }
}

fn dynamic_forward_proxy(plan: &ClusterPlan<'_>, settings: WaypointSettings<'_>) -> Draft {
    let cache = DnsCacheConfig {
        name: format!("{}_dfp_dns_cache", plan.service.hostname),
        dns_lookup_family: on_demand_lookup_family(&settings).into(),
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
fn speak(draft: &mut Draft, plan: &ClusterPlan<'_>, settings: WaypointSettings<'_>) {
    let protocol = plan.port.protocol;
    if protocol.is_http2() {
        draft.speak_http2(false);
        return;
    }
    if (protocol.is_http() || protocol.is_unsupported()) && settings.preserves_header_case() {
        draft.speak_http1(preserve_case());
    }
    if protocol.is_unsupported() && settings.rules.clusters.follow_client_protocol {
        draft.speak_as_client();
    }
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
