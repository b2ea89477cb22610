//! A ProxyConfig as proto JSON: what has its zero value is left out, keys are in the order of the API.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::Str;
use crate::resources::proto::duration;
use crate::snapshot::Duration;
use crate::snapshot::mesh_config::proxy::{
    AuthenticationPolicy, ConnectionSettings, ForwardClientCertDetails, InboundInterceptionMode,
    KeyOperations, MetadataExchangeMode, OpenCensusAgent, PrivateKeyProvider, Profile, ProxyConfig,
    ProxyHeaders, ProxyStatsMatcher, RemoteService, Stackdriver, Topology, Tracing,
};
use crate::snapshot::networking::destination_rule::{ClientTlsSettings, TcpKeepalive, TlsMode};
use crate::snapshot::telemetry::CustomTag;

/// The fields of a message that are there.
#[derive(Default)]
struct Fields(Map<String, Value>);

impl Fields {
    /// A message, or a field of which presence is known.
    fn put(&mut self, key: &str, value: Option<impl Into<Value>>) -> &mut Self {
        if let Some(value) = value {
            self.0.insert(key.to_owned(), value.into());
        }
        self
    }

    /// A scalar of which presence isn't known: its zero value is none.
    fn scalar<T: Into<Value> + Default + PartialEq>(&mut self, key: &str, value: Option<T>) -> &mut Self {
        self.put(key, value.filter(|value| *value != T::default()))
    }

    fn text(&mut self, key: &str, value: &str) -> &mut Self {
        self.put(key, (!value.is_empty()).then(|| value.to_owned()))
    }

    fn texts(&mut self, key: &str, values: &[Str]) -> &mut Self {
        self.put(key, (!values.is_empty()).then(|| json!(values)))
    }

    fn map(&mut self, key: &str, values: &BTreeMap<Str, Str>) -> &mut Self {
        self.put(key, (!values.is_empty()).then(|| json!(values)))
    }

    fn time(&mut self, key: &str, span: Option<Duration>) -> &mut Self {
        self.put(key, span.map(|span| crate::json::value(&duration(span))))
    }

    fn done(&mut self) -> Value {
        Value::Object(std::mem::take(&mut self.0))
    }
}

/// The name of an enumeration's value, unless it is the one that a missing field means.
fn choice<T: Default + PartialEq + Copy>(
    value: Option<T>,
    name: fn(T) -> &'static str,
) -> Option<&'static str> {
    value.filter(|value| *value != T::default()).map(name)
}

fn or_empty(text: Option<&Str>) -> &str {
    text.map_or("", Str::as_str)
}

/// A proxy's configuration.
///
/// All of it is told to the control plane. Every field of the API is named here, by what else it decides for
/// a waypoint, or with the reason why nothing: one more does not compile.
pub(crate) fn json_of(config: &ProxyConfig) -> Value {
    let ProxyConfig {
        // What the control plane sends: listeners, routes, tracers, tags, tunnels, the network.
        proxy_headers,
        connection_settings,
        tracing: spans,
        proxy_metadata,
        // What the bootstrap holds: who the proxy is, whom it asks, what it listens on and counts.
        config_path,
        service_cluster,
        tracing_service_name,
        discovery_address,
        statsd_udp_address,
        proxy_admin_port,
        envoy_access_log_service,
        envoy_metrics_service,
        runtime_values,
        status_port,
        extra_stat_tags,
        proxy_stats_matcher,
        stats_compression,
        mesh_id,
        // What the pod is made of: its image, and Envoy's threads.
        image,
        concurrency,
        // Arguments of Envoy's process and of the agent that starts it.
        binary_path,
        drain_duration,
        termination_drain_duration,
        file_flush_interval,
        file_flush_min_size_kb,
        // Certificate authorities that the agent trusts besides its own, and how it signs: in secrets, not in
        // resources.
        ca_certificates_pem,
        private_key_provider,
        // Files inside of the image, in place of the whole bootstrap: nobody here knows what is in them.
        custom_config_file,
        proxy_bootstrap_template_path,
        // Of gateways: who stands in front of them.
        gateway_topology,
        // Of sidecars: which connections come to them, and what waits for them. The container's environment
        // says that a waypoint's mode is `REDIRECT`.
        interception_mode,
        hold_application_until_proxy_starts,
        // Nothing reads them any more: agents speak mTLS, and find out the zone by themselves.
        control_plane_auth_policy,
        availability_zone,
        stat_name_length,
        zipkin_address,
        envoy_metrics_service_address,
    } = config;
    let mut fields = Fields::default();
    fields
        .text("configPath", or_empty(config_path.as_ref()))
        .text("binaryPath", or_empty(binary_path.as_ref()));
    match tracing_service_name {
        Some(by) => fields.put("tracingServiceName", Some(by.as_str())),
        None => fields.put("serviceCluster", service_cluster.as_ref().map(Str::as_str)),
    };
    fields
        .time("drainDuration", *drain_duration)
        .text("discoveryAddress", or_empty(discovery_address.as_ref()))
        .text("zipkinAddress", or_empty(zipkin_address.as_ref()))
        .text("statsdUdpAddress", or_empty(statsd_udp_address.as_ref()))
        .text("envoyMetricsServiceAddress", or_empty(envoy_metrics_service_address.as_ref()))
        .scalar("proxyAdminPort", *proxy_admin_port)
        .text("availabilityZone", or_empty(availability_zone.as_ref()))
        .put("controlPlaneAuthPolicy", choice(*control_plane_auth_policy, AuthenticationPolicy::as_str))
        .text("customConfigFile", or_empty(custom_config_file.as_ref()))
        .scalar("statNameLength", *stat_name_length)
        .put("concurrency", *concurrency)
        .text("proxyBootstrapTemplatePath", or_empty(proxy_bootstrap_template_path.as_ref()))
        .put("interceptionMode", choice(*interception_mode, InboundInterceptionMode::as_str))
        .put("tracing", spans.as_ref().map(tracing))
        .put("envoyAccessLogService", envoy_access_log_service.as_ref().map(remote_service))
        .put("envoyMetricsService", envoy_metrics_service.as_ref().map(remote_service))
        .map("proxyMetadata", proxy_metadata)
        .map("runtimeValues", runtime_values)
        .scalar("statusPort", *status_port)
        .texts("extraStatTags", extra_stat_tags)
        .put("gatewayTopology", gateway_topology.as_ref().map(topology))
        .time("terminationDrainDuration", *termination_drain_duration)
        .text("meshId", or_empty(mesh_id.as_ref()))
        .put("proxyStatsMatcher", proxy_stats_matcher.as_ref().map(stats_matcher))
        .put("holdApplicationUntilProxyStarts", *hold_application_until_proxy_starts)
        .texts("caCertificatesPem", ca_certificates_pem)
        .put("image", image.as_ref().map(|i| Fields::default().text("imageType", &i.image_type).done()))
        .put("privateKeyProvider", private_key_provider.as_ref().map(self::private_key_provider))
        .put("proxyHeaders", proxy_headers.as_ref().map(self::proxy_headers))
        .time("fileFlushInterval", *file_flush_interval)
        .put("fileFlushMinSizeKb", *file_flush_min_size_kb)
        .put("statsCompression", *stats_compression)
        .put("connectionSettings", connection_settings.as_ref().map(self::connection_settings))
        .done()
}

fn tracing(tracing: &Tracing) -> Value {
    let address = |address: &Str| Fields::default().text("address", address).done();
    let tags: Map<String, Value> =
        tracing.custom_tags.iter().map(|(name, tag)| (name.to_string(), custom_tag(tag))).collect();
    Fields::default()
        .put("zipkin", tracing.zipkin.as_ref().map(|t| address(&t.address)))
        .put(
            "lightstep",
            tracing.lightstep.as_ref().map(|t| {
                Fields::default().text("address", &t.address).text("accessToken", &t.access_token).done()
            }),
        )
        .put("datadog", tracing.datadog.as_ref().map(|t| address(&t.address)))
        .put("stackdriver", tracing.stackdriver.as_ref().map(stackdriver))
        .put("openCensusAgent", tracing.open_census_agent.as_ref().map(open_census_agent))
        .put("customTags", (!tags.is_empty()).then_some(tags))
        .scalar("maxPathTagLength", Some(tracing.max_path_tag_length))
        .put("sampling", (tracing.sampling != 0.0).then(|| number(tracing.sampling)))
        .put("tlsSettings", tracing.tls_settings.as_ref().map(tls_settings))
        .put("enableIstioTags", tracing.enable_istio_tags)
        .done()
}

/// Proto JSON writes a whole `double` without a fraction.
fn number(value: f64) -> Value {
    let wire = envoy::google::protobuf::DoubleValue { value };
    crate::json::value(&wire)
}

fn custom_tag(tag: &CustomTag) -> Value {
    let named = |kind: &str, name: &str, default: &str| json!({kind: Fields::default().text("name", name).text("defaultValue", default).done()});
    match tag {
        CustomTag::Unset => json!({}),
        CustomTag::Literal(literal) => {
            json!({"literal": Fields::default().text("value", &literal.value).done()})
        }
        CustomTag::Environment(variable) => named("environment", &variable.name, &variable.default_value),
        CustomTag::Header(header) => named("header", &header.name, &header.default_value),
        CustomTag::Formatter(formatter) => {
            json!({"formatter": Fields::default().text("value", &formatter.value).done()})
        }
    }
}

/// 64-bit numbers are texts in proto JSON.
fn stackdriver(tracer: &Stackdriver) -> Value {
    let count = |value: Option<i64>| value.map(|value| value.to_string());
    Fields::default()
        .scalar("debug", Some(tracer.debug))
        .put("maxNumberOfAttributes", count(tracer.max_number_of_attributes))
        .put("maxNumberOfAnnotations", count(tracer.max_number_of_annotations))
        .put("maxNumberOfMessageEvents", count(tracer.max_number_of_message_events))
        .done()
}

fn open_census_agent(tracer: &OpenCensusAgent) -> Value {
    let contexts: Vec<&str> = tracer.context.iter().map(|context| context.as_str()).collect();
    Fields::default()
        .text("address", &tracer.address)
        .put("context", (!contexts.is_empty()).then_some(contexts))
        .done()
}

fn remote_service(service: &RemoteService) -> Value {
    Fields::default()
        .text("address", &service.address)
        .put("tlsSettings", service.tls_settings.as_ref().map(tls_settings))
        .put("tcpKeepalive", service.tcp_keepalive.as_ref().map(keepalive))
        .done()
}

fn tls_settings(tls: &ClientTlsSettings) -> Value {
    Fields::default()
        .put("mode", choice(Some(tls.mode), TlsMode::as_str))
        .text("clientCertificate", &tls.client_certificate)
        .text("privateKey", &tls.private_key)
        .text("caCertificates", &tls.ca_certificates)
        .text("credentialName", &tls.credential_name)
        .texts("subjectAltNames", &tls.subject_alt_names)
        .text("sni", &tls.sni)
        .put("insecureSkipVerify", tls.insecure_skip_verify)
        .text("caCrl", &tls.ca_crl)
        .done()
}

fn keepalive(keepalive: &TcpKeepalive) -> Value {
    Fields::default()
        .scalar("probes", Some(keepalive.probes))
        .time("time", keepalive.time)
        .time("interval", keepalive.interval)
        .done()
}

fn topology(topology: &Topology) -> Value {
    Fields::default()
        .scalar("numTrustedProxies", Some(topology.num_trusted_proxies))
        .put("forwardClientCertDetails", forwarded(topology.forward_client_cert_details))
        .put("proxyProtocol", topology.proxy_protocol.as_ref().map(|_| json!({})))
        .done()
}

fn forwarded(details: ForwardClientCertDetails) -> Option<&'static str> {
    choice(Some(details), ForwardClientCertDetails::as_str)
}

fn stats_matcher(matcher: &ProxyStatsMatcher) -> Value {
    Fields::default()
        .texts("inclusionPrefixes", &matcher.inclusion_prefixes)
        .texts("inclusionSuffixes", &matcher.inclusion_suffixes)
        .texts("inclusionRegexps", &matcher.inclusion_regexps)
        .done()
}

fn private_key_provider(provider: &PrivateKeyProvider) -> Value {
    let operations = |operations: &KeyOperations| {
        Fields::default().time("pollDelay", operations.poll_delay).put("fallback", operations.fallback).done()
    };
    Fields::default()
        .put("cryptomb", provider.cryptomb.as_ref().map(operations))
        .put("qat", provider.qat.as_ref().map(operations))
        .done()
}

fn proxy_headers(headers: &ProxyHeaders) -> Value {
    let switch = |disabled: Option<bool>| Fields::default().put("disabled", disabled).done();
    let option = |enabled: Option<bool>| Fields::default().put("enabled", enabled).done();
    let exchange = |mode: MetadataExchangeMode| {
        Fields::default().put("mode", choice(Some(mode), MetadataExchangeMode::as_str)).done()
    };
    let details = headers.set_current_client_cert_details.as_ref().map(|details| {
        Fields::default()
            .put("subject", details.subject)
            .put("cert", details.cert)
            .put("chain", details.chain)
            .put("dns", details.dns)
            .put("uri", details.uri)
            .done()
    });
    let server = headers
        .server
        .as_ref()
        .map(|server| Fields::default().put("disabled", server.disabled).text("value", &server.value).done());
    Fields::default()
        .put("forwardedClientCert", forwarded(headers.forwarded_client_cert))
        .put("setCurrentClientCertDetails", details)
        .put("requestId", headers.request_id.as_ref().map(|h| switch(h.disabled)))
        .put("server", server)
        .put("attemptCount", headers.attempt_count.as_ref().map(|h| switch(h.disabled)))
        .put("envoyDebugHeaders", headers.envoy_debug_headers.as_ref().map(|h| switch(h.disabled)))
        .put("metadataExchangeHeaders", headers.metadata_exchange_headers.as_ref().map(|h| exchange(h.mode)))
        .put("preserveHttp1HeaderCase", headers.preserve_http1_header_case)
        .put("xForwardedHost", headers.x_forwarded_host.as_ref().map(|h| option(h.enabled)))
        .put("xForwardedPort", headers.x_forwarded_port.as_ref().map(|h| option(h.enabled)))
        .done()
}

fn connection_settings(settings: &ConnectionSettings) -> Value {
    use crate::snapshot::mesh_config::proxy::{HeadersWithUnderscoresAction, PathWithEscapedSlashesAction};
    let underscores = settings.http_headers_with_underscores_action;
    let slashes = settings.http_path_with_escaped_slashes_action;
    Fields::default()
        .put("profile", choice(Some(settings.profile), Profile::as_str))
        .put("listenerPerConnectionBufferLimitBytes", settings.listener_per_connection_buffer_limit_bytes)
        .put("clusterPerConnectionBufferLimitBytes", settings.cluster_per_connection_buffer_limit_bytes)
        .time("httpIdleTimeout", settings.http_idle_timeout)
        .time("httpMaxConnectionDuration", settings.http_max_connection_duration)
        .time("httpDrainTimeout", settings.http_drain_timeout)
        .time("httpRequestTimeout", settings.http_request_timeout)
        .time("httpRequestHeadersTimeout", settings.http_request_headers_timeout)
        .time("httpStreamIdleTimeout", settings.http_stream_idle_timeout)
        .time("httpMaxStreamDuration", settings.http_max_stream_duration)
        .put("httpMaxConcurrentStreams", settings.http_max_concurrent_streams)
        .put("http2InitialStreamWindowSize", settings.http2_initial_stream_window_size)
        .put("http2InitialConnectionWindowSize", settings.http2_initial_connection_window_size)
        .put(
            "httpHeadersWithUnderscoresAction",
            choice(Some(underscores), HeadersWithUnderscoresAction::as_str),
        )
        .put("httpMergeSlashes", settings.http_merge_slashes)
        .put("httpPathWithEscapedSlashesAction", choice(Some(slashes), PathWithEscapedSlashesAction::as_str))
        .put("listenerConnectionLimit", settings.listener_connection_limit)
        .put("globalDownstreamConnectionLimit", settings.global_downstream_connection_limit)
        .done()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_is_kept_where_presence_is_known() {
        let config = ProxyConfig {
            concurrency: Some(0),
            proxy_admin_port: Some(0),
            drain_duration: Some(Duration::from_millis(1500)),
            tracing: Some(Tracing { sampling: 10.0, ..Tracing::default() }),
            ..ProxyConfig::default()
        };
        let text = json_of(&config).to_string();
        assert_eq!(text, r#"{"drainDuration":"1.500s","concurrency":0,"tracing":{"sampling":10}}"#);
    }

    #[test]
    fn a_oneof_holds_even_its_empty_member() {
        let datadog = Some(crate::snapshot::mesh_config::proxy::Address::default());
        let tracing = Tracing { datadog, ..Tracing::default() };
        let config = ProxyConfig { tracing: Some(tracing), ..ProxyConfig::default() };
        assert_eq!(json_of(&config), json!({"tracing": {"datadog": {}}}));
    }
}
