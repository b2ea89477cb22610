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
use super::shared::ManagerPart;
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
        manager.http_filters.push(http::client_identity_header());
    }
    settings.apply(&mut manager);
    manager
}

/// The connection manager of a chain: what it has of its own among what it shares with other chains.
pub(super) fn connection_manager(parts: &Parts<'_>, routes: RouteConfiguration) -> Filter {
    let spec = parts.spec;
    let end = parts.scope.rules.listeners.stat_prefix_end;
    let own = HttpConnectionManager {
        // The address is the same for IPv6.
        stat_prefix: format!("inbound_0.0.0.0_{}{end}", spec.port),
        route_specifier: Some(RouteSpecifier::RouteConfig(routes)),
        http_filters: first_filters(parts),
        http2_protocol_options: spec.protocol.is_http2().then(Http2ProtocolOptions::default),
        ..HttpConnectionManager::default()
    };
    let later_filters = ManagerPart::of_filters(later_filters(parts));
    let manager = merged([
        parts.telemetry.manager.as_bytes(),
        &own.encode_to_vec(),
        parts.shared.common.as_bytes(),
        later_filters.as_bytes(),
        parts.telemetry.last_filters.as_bytes(),
    ]);
    network::filter(network::HTTP_CONNECTION_MANAGER, manager)
}

/// A connection manager of encoded parts.
fn merged(parts: [&[u8]; 5]) -> Any {
    Any { type_url: envoy::type_url::<HttpConnectionManager>(), value: parts.concat().into() }
}

/// A chain's own filters before those that all chains have.
fn first_filters(parts: &Parts<'_>) -> Vec<HttpFilter> {
    let Parts { spec, shared, security, extensions, .. } = *parts;
    let mut filters = security.custom_http.clone();
    filters.extend(http_filters(extensions, ExecutionPhase::Authn));
    filters.extend(security.authn_http.iter().cloned());
    filters.extend(http_filters(extensions, ExecutionPhase::Authz));
    filters.extend(security.rbac_http.iter().cloned());
    if spec.protocol == Protocol::GrpcWeb {
        filters.push(shared.grpc_web.clone());
    }
    filters
}

/// A chain's own filters after the first that all chains have.
fn later_filters(parts: &Parts<'_>) -> Vec<HttpFilter> {
    let Parts { scope, extensions, .. } = *parts;
    let mut filters = Vec::new();
    if let Some(service) = parts.service
        && scope.rules.listeners.peer_metadata
        && service.hostname.starts_with('*')
    {
        let family = dns_lookup_family(&scope.waypoint.proxy);
        filters.push(http::dynamic_forward_proxy(&service.hostname, family));
    }
    filters.extend(http_filters(extensions, ExecutionPhase::Stats));
    filters.extend(http_filters(extensions, ExecutionPhase::Unspecified));
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
    fn a_manager_has_all_of_its_parts() {
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
        let (first, second) = (shared.encode_to_vec(), own.encode_to_vec());
        let last = ManagerPart::of_filters(vec![http::fault()]);
        let manager = merged([&first, &second, &[], &[], last.as_bytes()]);
        let read: HttpConnectionManager = envoy::unpack(&manager).unwrap();
        let whole = HttpConnectionManager {
            server_name: shared.server_name,
            http2_protocol_options: shared.http2_protocol_options,
            http_filters: vec![http::cors(), http::fault()],
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
