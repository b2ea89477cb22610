//! Fields of the mesh configuration, which has no schema: by hand, from the definitions of its messages.

use super::{Checker, Column, Newer, Releases, forget, is_newer, newer};
use crate::snapshot::mesh_config::{
    ExtensionProvider, MeshConfig, OutboundTrafficPolicy, TlsConfig, provider, proxy,
};

newer! {
    MeshConfig {
        in "1.29+": hbone_idle_timeout "hboneIdleTimeout";
        in "1.29+": inbound_traffic_policy "inboundTrafficPolicy";
        in "1.29+": zone_aware_lb_setting "zoneAwareLbSetting";
        in "1.29+": service_scope_configs "serviceScopeConfigs";
        in "1.31+": default_traffic_policy "defaultTrafficPolicy";
        in "1.31+": service_entry_visibility "serviceEntryVisibility";
        below: default_config "defaultConfig";
        below: outbound_traffic_policy "outboundTrafficPolicy";
        below: extension_providers "extensionProviders";
        below: default_http_retry_policy "defaultHttpRetryPolicy";
        below: mesh_mtls "meshMTLS";
        below: tls_defaults "tlsDefaults";
    }
    OutboundTrafficPolicy { in "1.29+": tls "tls"; }
    TlsConfig { in "1.29+": cipher_suites "cipherSuites"; }
    proxy::ProxyConfig {
        in "1.29+": proxy_headers "proxyHeaders";
        in "1.29+": file_flush_interval "fileFlushInterval";
        in "1.29+": file_flush_min_size_kb "fileFlushMinSizeKb";
        in "1.29+": stats_compression "statsCompression";
        in "1.31+": connection_settings "connectionSettings";
        below: tracing "tracing";
        below: gateway_topology "gatewayTopology";
        below: private_key_provider "privateKeyProvider";
    }
    proxy::Tracing {
        in "1.29+": enable_istio_tags "enableIstioTags";
        below: custom_tags "customTags";
        below: tls_settings "tlsSettings";
    }
    proxy::Topology { in "1.29+": proxy_protocol "proxyProtocol"; }
    proxy::PrivateKeyProvider {
        below: cryptomb "cryptomb";
        below: qat "qat";
    }
    proxy::KeyOperations { in "1.29+": fallback "fallback"; }
    ExtensionProvider {
        in "1.29+": sds "sds";
        below: envoy_ext_authz_http "envoyExtAuthzHttp";
        below: envoy_ext_authz_grpc "envoyExtAuthzGrpc";
        below: zipkin "zipkin";
        below: opentelemetry "opentelemetry";
        below: envoy_file_access_log "envoyFileAccessLog";
    }
    provider::EnvoyExternalAuthorizationHttp { in "1.29+": clear_route_cache "clearRouteCache"; }
    provider::EnvoyExternalAuthorizationGrpc { in "1.29+": clear_route_cache "clearRouteCache"; }
    provider::EnvoyFileAccessLog { in "1.29+": omit_empty_values "omitEmptyValues"; }
    provider::ZipkinTracing {
        in "1.29+": headers "headers";
        in "1.29+": path "path";
        in "1.29+": timeout "timeout";
        in "1.29+": trace_context_option "traceContextOption";
    }
    provider::OpenTelemetryTracing {
        in "1.29+": http "http";
        in "1.29+": grpc "grpc";
        in "1.29+": resource_detectors "resourceDetectors";
        in "1.30+": service_attribute_enrichment "serviceAttributeEnrichment";
        in "1.29+": dynatrace_sampler "dynatraceSampler";
    }
}
