//! The HTTP filters that every connection manager has.
//!
//! Source: Envoy's
//! [HTTP filters](https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/http_filters)
//! and, for those named `connect_…` and `…peer_metadata`, Istio's build of Envoy.

use envoy::Encoded;
use envoy::config::cluster::v3::cluster::DnsLookupFamily;
use envoy::config::common::mutation_rules::v3::{self as mutation_rules, header_mutation::Action};
use envoy::config::core::v3::header_value_option::HeaderAppendAction;
use envoy::config::core::v3::{HeaderValue, HeaderValueOption};
use envoy::extensions::common::dynamic_forward_proxy::v3::DnsCacheConfig;
use envoy::extensions::filters::common::set_filter_state::v3::filter_state_value::SharedWithUpstream::Once;
use envoy::extensions::filters::http::cors::v3::Cors;
use envoy::extensions::filters::http::dynamic_forward_proxy::v3 as dynamic_forward_proxy;
use envoy::extensions::filters::http::dynamic_forward_proxy::v3::filter_config::ImplementationSpecifier;
use envoy::extensions::filters::http::fault::v3::HttpFault;
use envoy::extensions::filters::http::grpc_stats::v3 as grpc_stats;
use envoy::extensions::filters::http::grpc_stats::v3::filter_config::PerMethodStatSpecifier;
use envoy::extensions::filters::http::grpc_web::v3::GrpcWeb;
use envoy::extensions::filters::http::header_mutation::v3::{HeaderMutation, Mutations};
use envoy::extensions::filters::http::router::v3::Router;
use envoy::extensions::filters::http::set_filter_state::v3 as set_filter_state;
use envoy::extensions::filters::network::http_connection_manager::v3::http_filter::ConfigType;
use envoy::extensions::filters::network::http_connection_manager::v3::{HttpConnectionManager, HttpFilter};
use envoy::google::protobuf::{Any, Struct, Value};

use super::{fields, filter_state, typed_struct};
use crate::plan::WaypointSettings;
use crate::rules::proxy_versions;

/// The filter state under which the tunnel's `:authority` is kept where it is an address.
pub(crate) const ORIGINAL_DST_LOCAL: &str = "envoy.filters.listener.original_dst.local_ip";
/// The factory of a filter state object whose value can be hashed, so that connections differ by it.
pub(crate) const HASHABLE_STRING: &str = "istio.hashable_string";
/// The factory of those that older proxies get.
const STRING: &str = "envoy.string";

/// The factory of texts that connections have to differ by.
pub(crate) fn text_factory(settings: &WaypointSettings<'_>) -> &'static str {
    let hashable = settings.proxy.version.is_since(proxy_versions::HASHABLE_STRINGS);
    if hashable { HASHABLE_STRING } else { STRING }
}

/// A filter with its configuration.
pub(crate) fn filter(name: &str, config: Any) -> HttpFilter {
    HttpFilter {
        name: name.to_owned(),
        config_type: Some(ConfigType::TypedConfig(config)),
        ..HttpFilter::default()
    }
}

/// A connection manager that has nothing but these filters: a part of those that chains are put together of.
pub(crate) fn part(http_filters: Vec<HttpFilter>) -> Encoded<HttpConnectionManager> {
    HttpConnectionManager { http_filters, ..HttpConnectionManager::default() }.into()
}

/// gRPC-Web to gRPC.
pub(crate) fn grpc_web() -> HttpFilter {
    filter("envoy.filters.http.grpc_web", envoy::any(&GrpcWeb::default()))
}

/// gRPC statistics, and the message counts for `istio.stats`.
pub(crate) fn grpc_stats() -> HttpFilter {
    let config = grpc_stats::FilterConfig {
        emit_filter_state: true,
        per_method_stat_specifier: Some(PerMethodStatSpecifier::StatsForAllMethods(false.into())),
        ..grpc_stats::FilterConfig::default()
    };
    filter("envoy.filters.http.grpc_stats", envoy::any(&config))
}

/// What routes configure for faults needs this filter.
pub(crate) fn fault() -> HttpFilter {
    filter("envoy.filters.http.fault", envoy::any(&HttpFault::default()))
}

/// What routes configure for CORS needs this filter.
pub(crate) fn cors() -> HttpFilter {
    filter("envoy.filters.http.cors", envoy::any(&Cors::default()))
}

/// The last filter of all.
pub(crate) fn router(start_child_span: bool, suppress_envoy_headers: bool) -> HttpFilter {
    let config = Router { start_child_span, suppress_envoy_headers, ..Router::default() };
    filter("envoy.filters.http.router", envoy::any(&config))
}

/// 1.18: keeps the baggage of the tunnel's request for what is inside the tunnel.
pub(crate) fn connect_baggage() -> HttpFilter {
    filter("connect_baggage", typed_struct("io.istio.http.connect_baggage.Config", None))
}

/// 1.18: keeps the authority of the tunnel's request for what is inside the tunnel, where a route enables it.
pub(crate) fn connect_authority_by_route() -> HttpFilter {
    filter(CONNECT_AUTHORITY, typed_struct(CONNECT_AUTHORITY_CONFIG, None))
}

/// The name of the filter that keeps the tunnel's authority.
pub(crate) const CONNECT_AUTHORITY: &str = "connect_authority";
/// 1.18: the type of its configuration.
pub(crate) const CONNECT_AUTHORITY_CONFIG: &str = "io.istio.http.connect_authority.Config";

/// 1.18: what enables `connect_authority` on a route.
pub(crate) fn connect_authority_enabled(port: u16) -> Any {
    let config = fields([("enabled", true.into()), ("port", f64::from(port).into())]);
    typed_struct(CONNECT_AUTHORITY_CONFIG, Some(config))
}

/// Keeps what the tunnel's request and its TLS say (destination, client address, both identities) for the
/// listener inside the tunnel.
pub(crate) fn connect_authority(settings: &WaypointSettings<'_>) -> HttpFilter {
    let text = text_factory(settings);
    let config = set_filter_state::Config {
        on_request_headers: vec![
            filter_state(ORIGINAL_DST_LOCAL, "", "%REQ(:AUTHORITY)%", Once),
            filter_state("io.istio.connect_authority", text, "%REQ(:AUTHORITY)%", Once),
            filter_state(
                "envoy.filters.listener.original_dst.remote_ip",
                "",
                "%DOWNSTREAM_REMOTE_ADDRESS%",
                Once,
            ),
            filter_state("io.istio.peer_principal", text, "%DOWNSTREAM_PEER_URI_SAN%", Once),
            filter_state("io.istio.local_principal", text, "%DOWNSTREAM_LOCAL_URI_SAN%", Once),
        ],
        ..set_filter_state::Config::default()
    };
    filter(CONNECT_AUTHORITY, envoy::any(&config))
}

/// Finds out who the client is, from what the control plane knows of workloads and, if asked, from its
/// baggage.
pub(crate) fn downstream_peer_metadata(baggage: bool) -> HttpFilter {
    let config = if baggage {
        let from_baggage = || Value::from(fields([("baggage", Struct::default().into())]));
        fields([
            ("downstream_discovery", vec![workload_discovery(), from_baggage()].into()),
            ("downstream_propagation", vec![from_baggage()].into()),
            ("shared_with_upstream", true.into()),
        ])
    } else {
        fields([
            ("downstream_discovery", vec![workload_discovery()].into()),
            ("shared_with_upstream", true.into()),
        ])
    };
    filter("waypoint_downstream_peer_metadata", typed_struct(PEER_METADATA, Some(config)))
}

/// Finds out who answers, from what the control plane knows of workloads and, if asked, from its baggage.
pub(crate) fn upstream_peer_metadata(baggage: bool) -> HttpFilter {
    let mut discovery = vec![workload_discovery()];
    if baggage {
        let state = fields([("peer_metadata_key", "upstream_peer".into())]);
        discovery.push(fields([("upstream_filter_state", state.into())]).into());
    }
    let config = fields([("upstream_discovery", discovery.into())]);
    filter("waypoint_upstream_peer_metadata", typed_struct(PEER_METADATA, Some(config)))
}

const PEER_METADATA: &str = "io.istio.http.peer_metadata.Config";

fn workload_discovery() -> Value {
    fields([("workload_discovery", Struct::default().into())]).into()
}

/// Tells the application who its client is, where the waypoint asks for that with the annotation
/// `ambient.istio.io/xfcc-include-client-identity`.
pub(crate) fn client_identity_header() -> HttpFilter {
    const VALUE: &str =
        "By=%FILTER_STATE(io.istio.local_principal:PLAIN)%;URI=%FILTER_STATE(io.istio.peer_principal:PLAIN)%";
    let set = overwrite_header("x-forwarded-client-cert", VALUE);
    let config = HeaderMutation {
        mutations: Some(Mutations {
            request_mutations: vec![mutation_rules::HeaderMutation { action: Some(Action::Append(set)) }],
            ..Mutations::default()
        }),
        ..HeaderMutation::default()
    };
    filter("istio.waypoint.xfcc_client_identity", envoy::any(&config))
}

/// Resolves the host that a request names: for Services with wildcard hosts.
pub(crate) fn dynamic_forward_proxy(hostname: &str, family: DnsLookupFamily) -> HttpFilter {
    let config = dynamic_forward_proxy::FilterConfig {
        implementation_specifier: Some(ImplementationSpecifier::DnsCacheConfig(dns_cache(hostname, family))),
        ..dynamic_forward_proxy::FilterConfig::default()
    };
    filter("envoy.filters.http.dynamic_forward_proxy", envoy::any(&config))
}

/// The DNS cache of a Service with a wildcard host. Envoy shares caches by name, so it has to be the same as
/// the cluster's.
pub(crate) fn dns_cache(hostname: &str, family: DnsLookupFamily) -> DnsCacheConfig {
    DnsCacheConfig {
        name: format!("{hostname}{DNS_CACHE_SUFFIX}"),
        dns_lookup_family: family.into(),
        ..DnsCacheConfig::default()
    }
}

const DNS_CACHE_SUFFIX: &str = "_dfp_dns_cache";

/// Sets a header, whatever it was.
pub(crate) fn overwrite_header(key: &str, value: &str) -> HeaderValueOption {
    HeaderValueOption {
        header: Some(HeaderValue { key: key.to_owned(), value: value.to_owned(), ..HeaderValue::default() }),
        append_action: HeaderAppendAction::OverwriteIfExistsOrAdd.into(),
        ..HeaderValueOption::default()
    }
}
