//! The connection manager that a chain for HTTP ends in.
//!
//! Source: Envoy's
//! [`HttpConnectionManager`](https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/filters/network/http_connection_manager/v3/http_connection_manager.proto).

use envoy::Message as _;
use envoy::config::cluster::v3::cluster::DnsLookupFamily;
use envoy::config::core::v3::Http2ProtocolOptions;
use envoy::config::listener::v3::Filter;
use envoy::config::route::v3::RouteConfiguration;
use envoy::extensions::filters::network::http_connection_manager::v3::http_connection_manager::{
    ForwardClientCertDetails, PathWithEscapedSlashesAction, RouteSpecifier, UpgradeConfig,
};
use envoy::extensions::filters::network::http_connection_manager::v3::{HttpConnectionManager, HttpFilter};
use envoy::google::protobuf::{Any, Duration};

use super::chain::Parts;
use super::proxy_settings::ProxySettings;
use crate::mesh::service::Protocol;
use crate::mesh::waypoint::Proxy;
use crate::resources::Scope;
use crate::resources::filters::access_log::AccessLogs;
use crate::resources::filters::extension::http_filters;
use crate::resources::filters::tracing::HcmTracing;
use crate::resources::filters::{http, network};
use crate::snapshot::extensions::ExecutionPhase;
use crate::snapshot::mesh_config::NormalizationType;

/// With this annotation a waypoint tells applications who their client is.
const CLIENT_IDENTITY: &str = "ambient.istio.io/xfcc-include-client-identity";

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
pub(super) fn connection_manager(parts: &Parts<'_>, routes: RouteConfiguration) -> Filter {
    let spec = parts.spec;
    let end = parts.scope.rules.listeners.stat_prefix_end;
    let own = HttpConnectionManager {
        // The address is the same for IPv6.
        stat_prefix: format!("inbound_0.0.0.0_{}{end}", spec.port),
        route_specifier: Some(RouteSpecifier::RouteConfig(routes)),
        http_filters: filters(parts),
        http2_protocol_options: spec.protocol.is_http2().then(Http2ProtocolOptions::default),
        ..HttpConnectionManager::default()
    };
    network::filter(network::HTTP_CONNECTION_MANAGER, merged(&parts.telemetry.manager, &own))
}

/// A connection manager of two parts, the first of which many chains share and is encoded already.
///
/// Encoded messages of one type that follow each other are read as one, merged:
/// <https://protobuf.dev/programming-guides/encoding/#last-one-wins>.
fn merged(shared: &[u8], own: &HttpConnectionManager) -> Any {
    let value = [shared, &own.encode_to_vec()].concat();
    Any { type_url: envoy::type_url::<HttpConnectionManager>(), value: value.into() }
}

fn filters(parts: &Parts<'_>) -> Vec<HttpFilter> {
    let Parts { scope, spec, shared, security, extensions, telemetry, .. } = *parts;
    let mut filters = Vec::new();
    filters.extend(shared.client_identity.clone());
    filters.extend(security.custom_http.iter().cloned());
    filters.extend(http_filters(extensions, ExecutionPhase::Authn));
    filters.extend(security.authn_http.iter().cloned());
    filters.extend(http_filters(extensions, ExecutionPhase::Authz));
    filters.extend(security.rbac_http.iter().cloned());
    if spec.protocol == Protocol::GrpcWeb {
        filters.push(shared.grpc_web.clone());
    }
    filters.extend(shared.common.iter().cloned());
    if let Some(service) = parts.service
        && scope.rules.listeners.peer_metadata
        && service.hostname.starts_with('*')
    {
        let family = dns_lookup_family(&scope.waypoint.proxy);
        filters.push(http::dynamic_forward_proxy(&service.hostname, family));
    }
    filters.extend(http_filters(extensions, ExecutionPhase::Stats));
    filters.extend(http_filters(extensions, ExecutionPhase::Unspecified));
    filters.extend(shared.upstream_peer_metadata.clone());
    filters.extend(telemetry.http_stats.iter().cloned());
    filters.push(telemetry.router.clone());
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

/// Whether applications are told who their client is.
pub(super) fn includes_client_identity(scope: &Scope<'_>) -> bool {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manager_has_both_of_its_parts() {
        let shared = HttpConnectionManager {
            server_name: "istio-envoy".to_owned(),
            http2_protocol_options: Some(Http2ProtocolOptions { allow_metadata: true, ..Default::default() }),
            ..HttpConnectionManager::default()
        };
        let own = HttpConnectionManager {
            stat_prefix: "inbound_0.0.0.0_80".to_owned(),
            http_filters: vec![http::cors()],
            http2_protocol_options: Some(Http2ProtocolOptions::default()),
            ..HttpConnectionManager::default()
        };
        let read: HttpConnectionManager = envoy::unpack(&merged(&shared.encode_to_vec(), &own)).unwrap();
        let whole = HttpConnectionManager {
            server_name: shared.server_name,
            http2_protocol_options: shared.http2_protocol_options,
            ..own
        };
        assert_eq!(read, whole);
    }

    #[test]
    fn names_are_resolved_to_addresses_that_the_proxy_has() {
        let family = |addresses: &[&str]| {
            let addresses = addresses.iter().map(|ip| ip.parse().unwrap()).collect();
            dns_lookup_family(&Proxy { addresses, ..Proxy::default() })
        };
        assert_eq!(family(&[]), DnsLookupFamily::V4Only);
        assert_eq!(family(&["fd00::1"]), DnsLookupFamily::V6Only);
        assert_eq!(family(&["fd00::1", "10.0.0.1"]), DnsLookupFamily::V4Only);
    }
}
