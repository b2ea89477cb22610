//! Fields that came after 1.18: the API server of an older cluster drops them, because the schemas that it has do not
//! know them.
//!
//! This is one table: a type's fields that a release may not know, with the release (of those known here) that has
//! them, and the fields below which there are more.

use std::collections::BTreeMap;

use super::check::Checker;
use crate::problem::Code;
use crate::release::Release;
use crate::snapshot::extensions::{TrafficExtension, WasmPlugin};
use crate::snapshot::gateway_api::filter::{HttpRequestMirrorFilter, RouteFilter};
use crate::snapshot::gateway_api::route::{BackendRef, HttpRouteRule};
use crate::snapshot::gateway_api::{
    BackendTlsPolicy, Gateway, GatewayClass, GrpcRoute, HttpRoute, ReferenceGrant, TcpRoute, TlsRoute,
    XBackendTrafficPolicy,
};
use crate::snapshot::mesh_config::{
    ExtensionProvider, MeshConfig, OutboundTrafficPolicy, TlsConfig, provider, proxy,
};
use crate::snapshot::networking::destination_rule::{
    ClientTlsSettings, ConnectionPoolSettings, ConsistentHashLb, HttpCookie, HttpSettings,
    LoadBalancerSettings, OutlierDetection, PortTrafficPolicy, Subset, TcpSettings, TrafficPolicy,
};
use crate::snapshot::networking::envoy_filter::{
    EnvoyConfigObjectMatch, EnvoyConfigObjectPatch, RouteConfigurationMatch, VirtualHostMatch,
};
use crate::snapshot::networking::virtual_service::{
    CorsPolicy, HttpRedirect, HttpRetry, HttpRewrite, HttpRoute as VsHttpRoute,
};
use crate::snapshot::networking::{
    DestinationRule, EnvoyFilter, ProxyConfig, ServiceEntry, VirtualService, WorkloadEntry,
};
use crate::snapshot::security::{
    AuthorizationPolicy, From as RuleFrom, JwtRule, PeerAuthentication, RequestAuthentication, Rule, Source,
};
use crate::snapshot::telemetry::{CustomTag, Telemetry, Tracing};

/// A message with fields that some release does not know.
pub(super) trait Newer {
    /// Whether there is anything that the release does not know.
    fn has_newer(&self, release: Release) -> bool;

    /// Drops what the release does not know, and says so.
    fn drop_newer(&mut self, c: &Checker<'_>);
}

impl<T: Newer> Newer for Option<T> {
    fn has_newer(&self, release: Release) -> bool {
        self.as_ref().is_some_and(|message| message.has_newer(release))
    }

    fn drop_newer(&mut self, c: &Checker<'_>) {
        if let Some(message) = self {
            message.drop_newer(c);
        }
    }
}

impl<T: Newer> Newer for Box<T> {
    fn has_newer(&self, release: Release) -> bool {
        self.as_ref().has_newer(release)
    }

    fn drop_newer(&mut self, c: &Checker<'_>) {
        self.as_mut().drop_newer(c);
    }
}

impl<T: Newer> Newer for Vec<T> {
    fn has_newer(&self, release: Release) -> bool {
        self.iter().any(|message| message.has_newer(release))
    }

    fn drop_newer(&mut self, c: &Checker<'_>) {
        for (index, message) in self.iter_mut().enumerate() {
            message.drop_newer(&c.index(index));
        }
    }
}

impl<T: Newer> Newer for BTreeMap<crate::Str, T> {
    fn has_newer(&self, release: Release) -> bool {
        self.values().any(|message| message.has_newer(release))
    }

    fn drop_newer(&mut self, c: &Checker<'_>) {
        for (key, message) in self {
            message.drop_newer(&c.key(key));
        }
    }
}

/// Whether a field is set that the release does not know.
fn is_newer<T: Default + PartialEq>(field: &T, since: Release, release: Release) -> bool {
    release < since && *field != T::default()
}

/// Sets a field to its zero value, if the release does not know it and it is set.
fn forget<T: Default + PartialEq>(field: &mut T, since: Release, c: &Checker<'_>) {
    if is_newer(field, since, c.release.release) {
        *field = T::default();
        c.warn(
            Code::UnsupportedField,
            format!("Istio {} does not know this field: its API server drops it", c.release.release),
        );
    }
}

macro_rules! newer {
    ($($ty:ty {
        $($field:ident $name:literal since $since:ident,)*
        $(=> $(($parent:ident $pname:literal)),*)?
    })*) => {$(
        impl Newer for $ty {
            #[allow(unused_variables, reason = "of a type whose fields are all old, nothing is used")]
            fn has_newer(&self, release: Release) -> bool {
                false
                    $(|| is_newer(&self.$field, Release::$since, release))*
                    $($(|| self.$parent.has_newer(release))*)?
            }

            #[allow(unused_variables, reason = "of a type whose fields are all old, nothing is used")]
            fn drop_newer(&mut self, c: &Checker<'_>) {
                $(forget(&mut self.$field, Release::$since, &c.field($name));)*
                $($(self.$parent.drop_newer(&c.field($pname));)*)?
            }
        }
    )*};
}

newer! {
    AuthorizationPolicy {
        target_ref "targetRef" since V1_29,
        target_refs "targetRefs" since V1_29,
        => (rules "rules")
    }
    Rule { => (from "from") }
    RuleFrom { => (source "source") }
    Source {
        service_accounts "serviceAccounts" since V1_29,
        not_service_accounts "notServiceAccounts" since V1_29,
        trust_domains "trustDomains" since V1_30,
        not_trust_domains "notTrustDomains" since V1_30,
    }
    RequestAuthentication {
        target_ref "targetRef" since V1_29,
        target_refs "targetRefs" since V1_29,
        => (jwt_rules "jwtRules")
    }
    JwtRule {
        from_cookies "fromCookies" since V1_29,
        space_delimited_claims "spaceDelimitedClaims" since V1_29,
        timeout "timeout" since V1_29,
    }
    PeerAuthentication {}

    DestinationRule { => (traffic_policy "trafficPolicy"), (subsets "subsets") }
    Subset { => (traffic_policy "trafficPolicy") }
    TrafficPolicy {
        proxy_protocol "proxyProtocol" since V1_29,
        retry_budget "retryBudget" since V1_29,
        => (load_balancer "loadBalancer"), (connection_pool "connectionPool"),
            (outlier_detection "outlierDetection"), (tls "tls"), (port_level_settings "portLevelSettings")
    }
    PortTrafficPolicy {
        => (load_balancer "loadBalancer"), (connection_pool "connectionPool"),
            (outlier_detection "outlierDetection"), (tls "tls")
    }
    LoadBalancerSettings {
        warmup "warmup" since V1_29,
        zone_aware_lb_setting "zoneAwareLbSetting" since V1_31,
        => (consistent_hash "consistentHash")
    }
    ConsistentHashLb { => (http_cookie "httpCookie") }
    HttpCookie { attributes "attributes" since V1_29, }
    ConnectionPoolSettings { => (tcp "tcp"), (http "http") }
    TcpSettings { idle_timeout "idleTimeout" since V1_29, }
    HttpSettings {
        max_concurrent_streams "maxConcurrentStreams" since V1_29,
        http2_keep_alive "http2KeepAlive" since V1_31,
    }
    OutlierDetection { outlier_detection_http_error_codes "outlierDetectionHttpErrorCodes" since V1_31, }
    ClientTlsSettings { ca_crl "caCrl" since V1_29, }

    VirtualService { => (http "http") }
    VsHttpRoute {
        mirrors "mirrors" since V1_29,
        => (redirect "redirect"), (rewrite "rewrite"), (retries "retries"), (cors_policy "corsPolicy")
    }
    HttpRedirect { prefix_rewrite "prefixRewrite" since V1_31, }
    HttpRewrite { uri_regex_rewrite "uriRegexRewrite" since V1_29, }
    HttpRetry {
        backoff "backoff" since V1_29,
        retry_ignore_previous_hosts "retryIgnorePreviousHosts" since V1_29,
    }
    CorsPolicy { unmatched_preflights "unmatchedPreflights" since V1_29, }

    ServiceEntry {}
    WorkloadEntry {}
    ProxyConfig {}
    EnvoyFilter {
        target_refs "targetRefs" since V1_29,
        => (config_patches "configPatches")
    }
    EnvoyConfigObjectPatch { => (matches "match") }
    EnvoyConfigObjectMatch {
        waypoint "waypoint" since V1_29,
        => (route_configuration "routeConfiguration")
    }
    RouteConfigurationMatch { => (vhost "vhost") }
    VirtualHostMatch { domain_name "domainName" since V1_29, }

    Telemetry {
        target_ref "targetRef" since V1_29,
        target_refs "targetRefs" since V1_29,
        => (tracing "tracing")
    }
    Tracing {
        disable_context_propagation "disableContextPropagation" since V1_30,
        enable_istio_tags "enableIstioTags" since V1_29,
        => (custom_tags "customTags")
    }

    WasmPlugin {
        target_ref "targetRef" since V1_29,
        target_refs "targetRefs" since V1_29,
        fail_strategy "failStrategy" since V1_29,
        plugin_type "type" since V1_29,
    }
    TrafficExtension {}

    GatewayClass {}
    Gateway { infrastructure "infrastructure" since V1_29, }
    HttpRoute { => (rules "rules") }
    HttpRouteRule {
        name "name" since V1_29,
        timeouts "timeouts" since V1_29,
        retry "retry" since V1_29,
        session_persistence "sessionPersistence" since V1_29,
        => (filters "filters"), (backend_refs "backendRefs")
    }
    BackendRef { => (filters "filters") }
    RouteFilter {
        cors "cors" since V1_29,
        external_auth "externalAuth" since V1_29,
        => (request_mirror "requestMirror")
    }
    HttpRequestMirrorFilter { percent "percent" since V1_29, fraction "fraction" since V1_29, }
    // Kinds that 1.18 does not read at all.
    GrpcRoute {}
    TcpRoute {}
    TlsRoute {}
    ReferenceGrant {}
    BackendTlsPolicy {}
    XBackendTrafficPolicy {}
}

newer! {
    MeshConfig {
        hbone_idle_timeout "hboneIdleTimeout" since V1_29,
        inbound_traffic_policy "inboundTrafficPolicy" since V1_29,
        zone_aware_lb_setting "zoneAwareLbSetting" since V1_31,
        service_scope_configs "serviceScopeConfigs" since V1_29,
        default_traffic_policy "defaultTrafficPolicy" since V1_31,
        service_entry_visibility "serviceEntryVisibility" since V1_31,
        => (default_config "defaultConfig"), (outbound_traffic_policy "outboundTrafficPolicy"),
            (extension_providers "extensionProviders"), (default_http_retry_policy "defaultHttpRetryPolicy"),
            (mesh_mtls "meshMTLS"), (tls_defaults "tlsDefaults")
    }
    OutboundTrafficPolicy { tls "tls" since V1_29, }
    TlsConfig { cipher_suites "cipherSuites" since V1_29, }
    proxy::ProxyConfig {
        proxy_headers "proxyHeaders" since V1_29,
        file_flush_interval "fileFlushInterval" since V1_29,
        file_flush_min_size_kb "fileFlushMinSizeKb" since V1_29,
        stats_compression "statsCompression" since V1_29,
        connection_settings "connectionSettings" since V1_31,
        => (tracing "tracing"), (gateway_topology "gatewayTopology"),
            (private_key_provider "privateKeyProvider")
    }
    proxy::Tracing {
        enable_istio_tags "enableIstioTags" since V1_29,
        => (custom_tags "customTags"), (tls_settings "tlsSettings")
    }
    proxy::Topology { proxy_protocol "proxyProtocol" since V1_29, }
    proxy::PrivateKeyProvider { => (cryptomb "cryptomb"), (qat "qat") }
    proxy::KeyOperations { fallback "fallback" since V1_29, }
    ExtensionProvider {
        sds "sds" since V1_29,
        => (envoy_ext_authz_http "envoyExtAuthzHttp"), (envoy_ext_authz_grpc "envoyExtAuthzGrpc"),
            (zipkin "zipkin"), (opentelemetry "opentelemetry"), (envoy_file_access_log "envoyFileAccessLog")
    }
    provider::EnvoyExternalAuthorizationHttp { clear_route_cache "clearRouteCache" since V1_29, }
    provider::EnvoyExternalAuthorizationGrpc { clear_route_cache "clearRouteCache" since V1_29, }
    provider::EnvoyFileAccessLog { omit_empty_values "omitEmptyValues" since V1_29, }
    provider::ZipkinTracing {
        headers "headers" since V1_29,
        path "path" since V1_29,
        timeout "timeout" since V1_29,
        trace_context_option "traceContextOption" since V1_29,
    }
    provider::OpenTelemetryTracing {
        http "http" since V1_29,
        grpc "grpc" since V1_29,
        resource_detectors "resourceDetectors" since V1_29,
        service_attribute_enrichment "serviceAttributeEnrichment" since V1_29,
        dynatrace_sampler "dynatraceSampler" since V1_29,
    }
}

impl Newer for CustomTag {
    fn has_newer(&self, release: Release) -> bool {
        matches!(self, Self::Formatter(_)) && is_newer(self, Release::V1_29, release)
    }

    fn drop_newer(&mut self, c: &Checker<'_>) {
        if matches!(self, Self::Formatter(_)) {
            forget(self, Release::V1_29, &c.field("formatter"));
        }
    }
}
