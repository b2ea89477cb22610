//! The connection manager that a chain for HTTP ends in.
//!
//! Source: Envoy's
//! [`HttpConnectionManager`](https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/filters/network/http_connection_manager/v3/http_connection_manager.proto).

use envoy::Encoded;
use envoy::config::core::v3::CidrRange;
use envoy::config::listener::v3::Filter;
use envoy::config::route::v3::RouteConfiguration;
use envoy::extensions::filters::network::http_connection_manager::v3::http_connection_manager::{
    ForwardClientCertDetails, InternalAddressConfig, PathWithEscapedSlashesAction, RouteSpecifier,
    UpgradeConfig,
};
use envoy::extensions::filters::network::http_connection_manager::v3::{HttpConnectionManager, HttpFilter};
use envoy::google::protobuf::Duration;

use super::chain::ChainInputs;
use super::proxy_settings::ProxySettings;
use crate::mesh::service::Protocol;
use crate::mesh::{Address, ip};
use crate::plan::WaypointSettings;
use crate::plan::chains::Chain;
use crate::resources::filters::access_log::AccessLogs;
use crate::resources::filters::extension::http_filters as extension_filters;
use crate::resources::filters::tracing::HcmTracing;
use crate::resources::filters::{http, network};
use crate::resources::proto::on_demand_lookup_family;
use crate::resources::security::SecurityFilters;
use crate::snapshot::extensions::ExecutionPhase;
use crate::snapshot::mesh_config::NormalizationType;
use crate::strings::concat;

/// With this annotation a waypoint tells applications who their client is.
const CLIENT_IDENTITY: &str = "ambient.istio.io/xfcc-include-client-identity";

/// What all connection managers have of which telemetry asks the same: all but routes, the chain's port, and
/// filters before the last.
pub(super) fn base(
    settings: &WaypointSettings<'_>,
    proxy: &ProxySettings<'_>,
    access_logs: &AccessLogs,
    tracing: &HcmTracing,
    last_filters: Vec<HttpFilter>,
) -> HttpConnectionManager {
    let mut manager = HttpConnectionManager {
        http_filters: last_filters,
        use_remote_address: Some(false.into()),
        upgrade_configs: vec![UpgradeConfig {
            upgrade_type: "websocket".to_owned(),
            ..UpgradeConfig::default()
        }],
        stream_idle_timeout: Some(Duration::default()),
        access_log: access_logs.http(),
        tracing: tracing.tracing.clone(),
        request_id_extension: Some(tracing.request_id.clone()),
        proxy_100_continue: settings.rules.listeners.proxy_100_continue
            && settings.features.enable_100_continue_headers,
        internal_address_config: internal_addresses(settings),
        ..HttpConnectionManager::default()
    };
    normalize(settings.mesh.path_normalization, &mut manager);
    if includes_client_identity(settings) {
        // There is no client certificate here from which Envoy would make the header; else it would drop it.
        manager.forward_client_cert_details = ForwardClientCertDetails::AlwaysForwardOnly.into();
    }
    proxy.apply(&mut manager);
    manager
}

/// The addresses that count as internal, where a flag says so and there are any.
fn internal_addresses(settings: &WaypointSettings<'_>) -> Option<InternalAddressConfig> {
    let ranges = &settings.mesh.network_ranges;
    let counts = settings.features.enable_hcm_internal_networks && !ranges.is_empty();
    let range = |range: &Address| CidrRange {
        address_prefix: ip::text(range.ip),
        prefix_len: Some(u32::from(range.prefix_len).into()),
    };
    counts.then(|| InternalAddressConfig {
        cidr_ranges: ranges.iter().map(range).collect(),
        ..InternalAddressConfig::default()
    })
}

/// The connection manager of a chain: what it has of its own among what it shares with other chains.
pub(super) fn connection_manager(
    inputs: &ChainInputs<'_>,
    security: Option<&SecurityFilters<Encoded<HttpConnectionManager>>>,
    routes: Encoded<RouteConfiguration>,
) -> Filter {
    let ChainInputs { settings, chain, shared, telemetry, .. } = *inputs;
    let own = HttpConnectionManager {
        // The address is the same for IPv6.
        stat_prefix: concat(["inbound_0.0.0.0_", &chain.port.to_string(), settings.rules.mesh.stat_name_end]),
        route_specifier: Some(RouteSpecifier::RouteConfig(routes)),
        ..HttpConnectionManager::default()
    };
    let own = Encoded::from(own);
    let [authn, authz, stats, unspecified] = extensions(chain);
    let forward_proxy = forward_proxy(inputs);
    let grpc_web = (chain.protocol == Protocol::GrpcWeb).then_some(&shared.grpc_web);
    let manager = if chain.protocol.is_http2() { &telemetry.http2_manager } else { &telemetry.manager };
    // Filters in their order.
    let all = [
        Some(&own),
        shared.client_identity.as_ref(),
        security.map(|filters| &filters.custom),
        authn.as_ref(),
        security.map(|filters| &filters.authn),
        authz.as_ref(),
        security.map(|filters| &filters.rbac),
        grpc_web,
        Some(&shared.common),
        forward_proxy.as_ref(),
        stats.as_ref(),
        unspecified.as_ref(),
        Some(manager),
    ];
    let all: Vec<&Encoded<HttpConnectionManager>> = all.into_iter().flatten().collect();
    network::http_connection_manager(Encoded::joined(&all))
}

/// The filters of a chain's extensions, by phase.
fn extensions(chain: &Chain<'_>) -> [Option<Encoded<HttpConnectionManager>>; 4] {
    use ExecutionPhase::{Authn, Authz, Stats, Unspecified};
    [Authn, Authz, Stats, Unspecified].map(|phase| {
        let filters = extension_filters(&chain.extensions, phase);
        (!filters.is_empty()).then(|| http::part(filters))
    })
}

/// The filter that resolves the host that a request names, for Services with wildcard hosts.
fn forward_proxy(inputs: &ChainInputs<'_>) -> Option<Encoded<HttpConnectionManager>> {
    let ChainInputs { settings, chain, .. } = *inputs;
    let resolves =
        |hostname: &str| settings.rules.listeners.dynamic_forward_proxy && hostname.starts_with('*');
    let service = chain.service.filter(|service| resolves(&service.hostname))?;
    Some(http::part(vec![http::dynamic_forward_proxy(&service.hostname, on_demand_lookup_family(settings))]))
}

/// How paths are normalized: <https://istio.io/latest/docs/reference/config/security/normalization/>.
fn normalize(normalization: NormalizationType, manager: &mut HttpConnectionManager) {
    let (normalize, merge, unescape) = match normalization {
        NormalizationType::None => (false, false, false),
        NormalizationType::Default | NormalizationType::Base => (true, false, false),
        NormalizationType::MergeSlashes => (true, true, false),
        NormalizationType::DecodeAndMergeSlashes => (true, true, true),
    };
    manager.normalize_path = Some(normalize.into());
    manager.merge_slashes = merge;
    manager.path_with_escaped_slashes_action = if unescape {
        PathWithEscapedSlashesAction::UnescapeAndForward
    } else {
        PathWithEscapedSlashesAction::KeepUnchanged
    }
    .into();
}

/// Whether applications are told who their client is.
pub(super) fn includes_client_identity(settings: &WaypointSettings<'_>) -> bool {
    let annotation = settings.proxy.annotations.get(CLIENT_IDENTITY);
    settings.rules.listeners.client_identity_header
        && annotation.is_some_and(|value| value.eq_ignore_ascii_case("true"))
}
