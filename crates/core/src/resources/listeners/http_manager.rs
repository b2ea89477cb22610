//! The connection manager that a chain for HTTP ends in.
//!
//! Source: Envoy's
//! [`HttpConnectionManager`](https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/filters/network/http_connection_manager/v3/http_connection_manager.proto).

use envoy::Encoded;
use envoy::config::listener::v3::Filter;
use envoy::config::route::v3::RouteConfiguration;
use envoy::extensions::filters::network::http_connection_manager::v3::http_connection_manager::{
    ForwardClientCertDetails, PathWithEscapedSlashesAction, RouteSpecifier, UpgradeConfig,
};
use envoy::extensions::filters::network::http_connection_manager::v3::{HttpConnectionManager, HttpFilter};
use envoy::google::protobuf::Duration;

use super::chain::Parts;
use super::proxy_settings::ProxySettings;
use crate::mesh::service::Protocol;
use crate::plan::WaypointSettings;
use crate::resources::filters::access_log::AccessLogs;
use crate::resources::filters::extension::http_filters as extension_filters;
use crate::resources::filters::tracing::HcmTracing;
use crate::resources::filters::{http, network};
use crate::resources::proto::lookup_family;
use crate::resources::security::SecurityFilters;
use crate::snapshot::extensions::ExecutionPhase;
use crate::snapshot::mesh_config::NormalizationType;

/// With this annotation a waypoint tells applications who their client is.
const CLIENT_IDENTITY: &str = "ambient.istio.io/xfcc-include-client-identity";

/// What all connection managers have of which telemetry asks the same: all but routes, filters and the chain's port.
pub(super) fn base(
    settings: &WaypointSettings<'_>,
    proxy: &ProxySettings<'_>,
    access_logs: &AccessLogs,
    tracing: &HcmTracing,
) -> HttpConnectionManager {
    let mut manager = HttpConnectionManager {
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

/// The connection manager of a chain: what it has of its own among what it shares with other chains.
pub(super) fn connection_manager(
    parts: &Parts<'_>,
    security: Option<&SecurityFilters<HttpFilter>>,
    routes: Encoded<RouteConfiguration>,
) -> Filter {
    let Parts { settings, chain, telemetry, .. } = *parts;
    let end = settings.rules.mesh.stat_name_end;
    let mut manager = HttpConnectionManager {
        // The address is the same for IPv6.
        stat_prefix: ["inbound_0.0.0.0_", &chain.port.to_string(), end].concat(),
        route_specifier: Some(RouteSpecifier::RouteConfig(routes)),
        http_filters: http_filters(parts, security),
        ..telemetry.manager.clone()
    };
    if chain.protocol.is_http2() {
        manager.http2_protocol_options.get_or_insert_default();
    }
    network::http_connection_manager(&manager)
}

/// All filters of a chain, in their order.
fn http_filters(parts: &Parts<'_>, security: Option<&SecurityFilters<HttpFilter>>) -> Vec<HttpFilter> {
    let Parts { settings, chain, shared, telemetry, .. } = *parts;
    let extensions = &chain.extensions;
    let mut filters = Vec::with_capacity(MAX_FILTERS);
    filters.extend(shared.client_identity.clone());
    filters.extend_from_slice(security.map_or(&[], |filters| &filters.custom));
    filters.extend(extension_filters(extensions, ExecutionPhase::Authn));
    filters.extend_from_slice(security.map_or(&[], |filters| &filters.authn));
    filters.extend(extension_filters(extensions, ExecutionPhase::Authz));
    filters.extend_from_slice(security.map_or(&[], |filters| &filters.rbac));
    if chain.protocol == Protocol::GrpcWeb {
        filters.push(shared.grpc_web.clone());
    }
    filters.extend_from_slice(&shared.common);
    if let Some(service) = chain.service
        && settings.rules.listeners.dynamic_forward_proxy
        && service.hostname.starts_with('*')
    {
        filters.push(http::dynamic_forward_proxy(&service.hostname, lookup_family(settings)));
    }
    filters.extend(extension_filters(extensions, ExecutionPhase::Stats));
    filters.extend(extension_filters(extensions, ExecutionPhase::Unspecified));
    filters.extend_from_slice(&telemetry.last_filters);
    filters
}

/// Most chains have fewer filters than this.
const MAX_FILTERS: usize = 12;

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
