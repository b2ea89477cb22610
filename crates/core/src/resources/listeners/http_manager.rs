//! The connection manager that a chain for HTTP ends in.
//!
//! Source: Envoy's
//! [`HttpConnectionManager`](https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/filters/network/http_connection_manager/v3/http_connection_manager.proto).

use std::sync::Arc;

use envoy::config::cluster::v3::cluster::DnsLookupFamily;
use envoy::config::core::v3::Http2ProtocolOptions;
use envoy::config::route::v3::RouteConfiguration;
use envoy::extensions::filters::network::http_connection_manager::v3::http_connection_manager::{
    ForwardClientCertDetails, PathWithEscapedSlashesAction, RouteSpecifier, UpgradeConfig,
};
use envoy::extensions::filters::network::http_connection_manager::v3::{HttpConnectionManager, HttpFilter};
use envoy::google::protobuf::Duration;

use super::chain::{ChainSpec, Telemetry};
use super::proxy_settings::ProxySettings;
use crate::mesh::Service;
use crate::mesh::extension::Extension;
use crate::mesh::service::Protocol;
use crate::mesh::waypoint::Proxy;
use crate::resources::Scope;
use crate::resources::filters::access_log::AccessLogs;
use crate::resources::filters::extension::http_filters;
use crate::resources::filters::http;
use crate::resources::filters::stats::STATS;
use crate::resources::filters::tracing::HcmTracing;
use crate::resources::security::SecurityFilters;
use crate::snapshot::extensions::ExecutionPhase;
use crate::snapshot::mesh_config::NormalizationType;

/// With this annotation a waypoint tells applications who their client is.
const CLIENT_IDENTITY: &str = "ambient.istio.io/xfcc-include-client-identity";

/// What a connection manager is made of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Parts<'a> {
    /// The mesh and the waypoint.
    pub(super) scope: &'a Scope<'a>,
    /// What the chain is for.
    pub(super) spec: &'a ChainSpec<'a>,
    /// The Service.
    pub(super) service: Option<&'a Service>,
    /// What the proxy's own configuration changes.
    pub(super) settings: &'a ProxySettings<'a>,
    /// What telemetry asks.
    pub(super) telemetry: &'a Telemetry,
    /// The filters of security policies.
    pub(super) security: &'a SecurityFilters,
    /// The extensions.
    pub(super) extensions: &'a [&'a Arc<Extension>],
}

/// What all connection managers have of which telemetry asks the same: all but routes, filters and the chain's port.
pub(super) fn base(
    scope: &Scope<'_>,
    settings: &ProxySettings<'_>,
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
        proxy_100_continue: scope.rules.listeners.proxy_100_continue,
        ..HttpConnectionManager::default()
    };
    normalize(scope, &mut manager);
    if includes_client_identity(scope) {
        // There is no client certificate here from which Envoy would make the header; else it would drop it.
        manager.forward_client_cert_details = ForwardClientCertDetails::AlwaysForwardOnly.into();
    }
    settings.apply(&mut manager);
    manager
}

/// The connection manager of a chain.
pub(super) fn connection_manager(parts: &Parts<'_>, routes: RouteConfiguration) -> HttpConnectionManager {
    let spec = parts.spec;
    let end = parts.scope.rules.listeners.stat_prefix_end;
    let mut manager = HttpConnectionManager {
        // The address is the same for IPv6.
        stat_prefix: format!("inbound_0.0.0.0_{}{end}", spec.port),
        route_specifier: Some(RouteSpecifier::RouteConfig(routes)),
        http_filters: filters(parts),
        ..parts.telemetry.manager.clone()
    };
    if spec.protocol.is_http2() {
        manager.http2_protocol_options.get_or_insert_with(Http2ProtocolOptions::default);
    }
    manager
}

fn filters(parts: &Parts<'_>) -> Vec<HttpFilter> {
    let Parts { scope, spec, security, extensions, telemetry, .. } = *parts;
    let rules = &scope.rules.listeners;
    let mut filters = Vec::new();
    if includes_client_identity(scope) {
        filters.push(http::client_identity_header());
    }
    filters.extend(security.custom_http.iter().cloned());
    filters.extend(http_filters(extensions, ExecutionPhase::Authn));
    filters.extend(security.authn_http.iter().cloned());
    filters.extend(http_filters(extensions, ExecutionPhase::Authz));
    filters.extend(security.rbac_http.iter().cloned());
    if spec.protocol == Protocol::GrpcWeb {
        filters.push(http::grpc_web());
    }
    filters.extend([http::grpc_stats(), http::fault(), http::cors()]);
    if let Some(service) = parts.service
        && rules.peer_metadata
        && service.hostname.starts_with('*')
    {
        let family = dns_lookup_family(&scope.waypoint.proxy);
        filters.push(http::dynamic_forward_proxy(&service.hostname, family));
    }
    filters.extend(http_filters(extensions, ExecutionPhase::Stats));
    filters.extend(http_filters(extensions, ExecutionPhase::Unspecified));
    if rules.peer_metadata {
        filters.push(http::upstream_peer_metadata(scope.mesh.options.features.ambient_enable_baggage));
    }
    filters.extend(telemetry.stats.iter().map(|config| http::filter(STATS, config.clone())));
    filters.push(http::router(telemetry.router_starts_child_span, parts.settings.suppresses_envoy_headers()));
    filters
}

/// How paths are normalized: <https://istio.io/latest/docs/reference/config/security/normalization/>.
fn normalize(scope: &Scope<'_>, manager: &mut HttpConnectionManager) {
    let asked = scope.mesh.config.path_normalization.as_ref().map(|p| p.normalization).unwrap_or_default();
    let (normalize, merge, unescape) = match asked {
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

fn includes_client_identity(scope: &Scope<'_>) -> bool {
    let annotation = scope.waypoint.proxy.annotations.get(CLIENT_IDENTITY);
    scope.rules.listeners.peer_metadata && annotation.is_some_and(|value| value.eq_ignore_ascii_case("true"))
}

/// The addresses that a proxy looks for when it resolves names. One that has both families looks for IPv4 only, unless
/// the feature `ISTIO_DUAL_STACK` is on.
pub(super) fn dns_lookup_family(proxy: &Proxy) -> DnsLookupFamily {
    if proxy.supports_ipv6() && !proxy.supports_ipv4() {
        DnsLookupFamily::V6Only
    } else {
        DnsLookupFamily::V4Only
    }
}
