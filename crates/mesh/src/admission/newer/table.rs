//! Written by `cargo xtask schemas` from the extracts of the schemas: do not edit.

use super::{Checker, Column, Newer, Releases, forget, is_newer, newer};
use crate::snapshot;

newer! {
    snapshot::extensions::TrafficExtension {}
    snapshot::extensions::WasmPlugin {
        in "1.29+": target_ref "targetRef";
        in "1.29+": target_refs "targetRefs";
        in "1.29+": fail_strategy "failStrategy";
        in "1.29+": plugin_type "type";
    }
    snapshot::gateway_api::filter::HttpRequestMirrorFilter {
        in "1.29+": percent "percent";
        in "1.29+": fraction "fraction";
    }
    snapshot::gateway_api::filter::RouteFilter {
        in "1.29+": cors "cors";
        in "1.29+": external_auth "externalAuth";
        below: request_mirror "requestMirror";
    }
    snapshot::gateway_api::gateway::Gateway {
        in "1.29+": infrastructure "infrastructure";
        in "1.29+": allowed_listeners "allowedListeners";
    }
    snapshot::gateway_api::gateway::GatewayClass {}
    snapshot::gateway_api::gateway::ListenerSet {}
    snapshot::gateway_api::policy::BackendTlsPolicy {}
    snapshot::gateway_api::policy::ReferenceGrant {}
    snapshot::gateway_api::policy::XBackendTrafficPolicy {}
    snapshot::gateway_api::route::BackendRef {
        below: filters "filters";
    }
    snapshot::gateway_api::route::GrpcRoute {
        below: rules "rules";
    }
    snapshot::gateway_api::route::GrpcRouteRule {
        in "1.29+": name "name";
        in "1.29+": session_persistence "sessionPersistence";
        below: filters "filters";
        below: backend_refs "backendRefs";
    }
    snapshot::gateway_api::route::HttpRoute {
        below: rules "rules";
    }
    snapshot::gateway_api::route::HttpRouteRule {
        in "1.29+": name "name";
        in "1.29+": timeouts "timeouts";
        in "1.29+": retry "retry";
        in "1.29+": session_persistence "sessionPersistence";
        below: filters "filters";
        below: backend_refs "backendRefs";
    }
    snapshot::gateway_api::route::L4RouteRule {
        in "1.29+": name "name";
        below: backend_refs "backendRefs";
    }
    snapshot::gateway_api::route::TcpRoute {
        below: rules "rules";
    }
    snapshot::gateway_api::route::TlsRoute {
        below: rules "rules";
    }
    snapshot::inference::InferencePool {
        in "1.30+": app_protocol "appProtocol";
    }
    snapshot::networking::destination_rule::ClientTlsSettings {
        in "1.29+": ca_crl "caCrl";
    }
    snapshot::networking::destination_rule::ConnectionPoolSettings {
        below: tcp "tcp";
        below: http "http";
    }
    snapshot::networking::destination_rule::ConsistentHashLb {
        below: http_cookie "httpCookie";
    }
    snapshot::networking::destination_rule::DestinationRule {
        below: traffic_policy "trafficPolicy";
        below: subsets "subsets";
    }
    snapshot::networking::destination_rule::HttpCookie {
        in "1.29+": attributes "attributes";
    }
    snapshot::networking::destination_rule::HttpSettings {
        in "1.29+": max_concurrent_streams "maxConcurrentStreams";
        in "1.31+": http2_keep_alive "http2KeepAlive";
    }
    snapshot::networking::destination_rule::LoadBalancerSettings {
        in "1.31+": zone_aware_lb_setting "zoneAwareLbSetting";
        in "1.29+": warmup "warmup";
        below: consistent_hash "consistentHash";
    }
    snapshot::networking::destination_rule::OutlierDetection {
        in "1.31+": outlier_detection_http_error_codes "outlierDetectionHttpErrorCodes";
    }
    snapshot::networking::destination_rule::PortTrafficPolicy {
        below: load_balancer "loadBalancer";
        below: connection_pool "connectionPool";
        below: outlier_detection "outlierDetection";
        below: tls "tls";
    }
    snapshot::networking::destination_rule::RetryBudget {
        in "1.31+": budget_interval "budgetInterval";
    }
    snapshot::networking::destination_rule::Subset {
        below: traffic_policy "trafficPolicy";
    }
    snapshot::networking::destination_rule::TcpSettings {
        in "1.29+": idle_timeout "idleTimeout";
    }
    snapshot::networking::destination_rule::TrafficPolicy {
        in "1.29+": proxy_protocol "proxyProtocol";
        in "1.29+": retry_budget "retryBudget";
        below: load_balancer "loadBalancer";
        below: connection_pool "connectionPool";
        below: outlier_detection "outlierDetection";
        below: tls "tls";
        below: port_level_settings "portLevelSettings";
        below: retry_budget "retryBudget";
    }
    snapshot::networking::envoy_filter::EnvoyConfigObjectMatch {
        in "1.29+": waypoint "waypoint";
        below: route_configuration "routeConfiguration";
    }
    snapshot::networking::envoy_filter::EnvoyConfigObjectPatch {
        below: matches "match";
    }
    snapshot::networking::envoy_filter::EnvoyFilter {
        in "1.29+": target_refs "targetRefs";
        below: config_patches "configPatches";
    }
    snapshot::networking::envoy_filter::RouteConfigurationMatch {
        below: vhost "vhost";
    }
    snapshot::networking::envoy_filter::VirtualHostMatch {
        in "1.29+": domain_name "domainName";
    }
    snapshot::networking::proxy_config::ProxyConfig {}
    snapshot::networking::service_entry::ServiceEntry {}
    snapshot::networking::virtual_service::CorsPolicy {
        in "1.29+": unmatched_preflights "unmatchedPreflights";
    }
    snapshot::networking::virtual_service::HttpRedirect {
        in "1.31+": prefix_rewrite "prefixRewrite";
    }
    snapshot::networking::virtual_service::HttpRetry {
        in "1.29+": retry_ignore_previous_hosts "retryIgnorePreviousHosts";
        in "1.29+": backoff "backoff";
    }
    snapshot::networking::virtual_service::HttpRewrite {
        in "1.29+": uri_regex_rewrite "uriRegexRewrite";
    }
    snapshot::networking::virtual_service::HttpRoute {
        in "1.29+": mirrors "mirrors";
        below: redirect "redirect";
        below: rewrite "rewrite";
        below: retries "retries";
        below: cors_policy "corsPolicy";
    }
    snapshot::networking::virtual_service::VirtualService {
        below: http "http";
    }
    snapshot::networking::workload_entry::WorkloadEntry {}
    snapshot::security::AuthorizationPolicy {
        in "1.29+": target_ref "targetRef";
        in "1.29+": target_refs "targetRefs";
        below: rules "rules";
    }
    snapshot::security::From {
        below: source "source";
    }
    snapshot::security::JwtRule {
        in "1.29+": from_cookies "fromCookies";
        in "1.29+": timeout "timeout";
        in "1.29+": space_delimited_claims "spaceDelimitedClaims";
    }
    snapshot::security::PeerAuthentication {}
    snapshot::security::RequestAuthentication {
        in "1.29+": target_ref "targetRef";
        in "1.29+": target_refs "targetRefs";
        below: jwt_rules "jwtRules";
    }
    snapshot::security::Rule {
        below: from "from";
    }
    snapshot::security::Source {
        in "1.29+": service_accounts "serviceAccounts";
        in "1.29+": not_service_accounts "notServiceAccounts";
        in "1.30+": trust_domains "trustDomains";
        in "1.30+": not_trust_domains "notTrustDomains";
    }
    one of snapshot::telemetry::CustomTag {
        in "1.29+": Formatter "formatter";
    }
    snapshot::telemetry::Telemetry {
        in "1.29+": target_ref "targetRef";
        in "1.29+": target_refs "targetRefs";
        below: tracing "tracing";
    }
    snapshot::telemetry::Tracing {
        in "1.30+": disable_context_propagation "disableContextPropagation";
        in "1.29+": enable_istio_tags "enableIstioTags";
        below: custom_tags "customTags";
    }
}
