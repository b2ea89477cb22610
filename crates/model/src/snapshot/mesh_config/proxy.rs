//! `istio.mesh.v1alpha1.ProxyConfig`: `defaultConfig` of a MeshConfig, and the annotation
//! `proxy.istio.io/config`.
#![allow(missing_docs, reason = "the fields are those of the API type of the same name")]

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};

use crate::Str;
use crate::snapshot::message::{Duration, choice, message};
use crate::snapshot::networking::destination_rule::{ClientTlsSettings, TcpKeepalive};
use crate::snapshot::networking::proxy_config::ProxyImage;
use crate::snapshot::proto_json::ProtoJson;
use crate::snapshot::telemetry::CustomTag;

message! {
    /// The settings of a proxy, as they are written: what is absent here has Istio's default.
    ///
    /// At most one of `service_cluster` and `tracing_service_name` is set.
    pub struct ProxyConfig {
        config_path: Option<Str>,
        binary_path: Option<Str>,
        service_cluster: Option<Str>,
        tracing_service_name: Option<TracingServiceName>,
        drain_duration: Option<Duration>,
        discovery_address: Option<Str>,
        zipkin_address: Option<Str>,
        statsd_udp_address: Option<Str>,
        envoy_metrics_service_address: Option<Str>,
        proxy_admin_port: Option<i32>,
        availability_zone: Option<Str>,
        control_plane_auth_policy: Option<AuthenticationPolicy>,
        custom_config_file: Option<Str>,
        stat_name_length: Option<i32>,
        concurrency: Option<i32>,
        proxy_bootstrap_template_path: Option<Str>,
        interception_mode: Option<InboundInterceptionMode>,
        tracing: Option<Tracing>,
        envoy_access_log_service: Option<RemoteService>,
        envoy_metrics_service: Option<RemoteService>,
        proxy_metadata: BTreeMap<Str, Str>,
        runtime_values: BTreeMap<Str, Str>,
        status_port: Option<i32>,
        extra_stat_tags: Vec<Str>,
        gateway_topology: Option<Topology>,
        termination_drain_duration: Option<Duration>,
        mesh_id: Option<Str>,
        proxy_stats_matcher: Option<ProxyStatsMatcher>,
        hold_application_until_proxy_starts: Option<bool>,
        ca_certificates_pem: Vec<Str>,
        image: Option<ProxyImage>,
        private_key_provider: Option<PrivateKeyProvider>,
        proxy_headers: Option<ProxyHeaders>,
        file_flush_interval: Option<Duration>,
        file_flush_min_size_kb: Option<u32>,
        stats_compression: Option<bool>,
        connection_settings: Option<ConnectionSettings>,
    }

    /// At most one of the tracers is set.
    pub struct Tracing {
        zipkin: Option<Address>,
        lightstep: Option<Lightstep>,
        datadog: Option<Address>,
        stackdriver: Option<Stackdriver>,
        open_census_agent: Option<OpenCensusAgent>,
        custom_tags: BTreeMap<Str, CustomTag>,
        max_path_tag_length: u32,
        sampling: f64,
        tls_settings: Option<ClientTlsSettings>,
        enable_istio_tags: Option<bool>,
    }

    /// `Tracing.Zipkin` and `Tracing.Datadog`.
    pub struct Address {
        address: Str,
    }

    pub struct Lightstep {
        address: Str,
        access_token: Str,
    }

    pub struct Stackdriver {
        debug: bool,
        max_number_of_attributes: Option<i64>,
        max_number_of_annotations: Option<i64>,
        max_number_of_message_events: Option<i64>,
    }

    pub struct OpenCensusAgent {
        address: Str,
        context: Vec<super::provider::TraceContext>,
    }

    pub struct RemoteService {
        address: Str,
        tls_settings: Option<ClientTlsSettings>,
        tcp_keepalive: Option<TcpKeepalive>,
    }

    pub struct Topology {
        num_trusted_proxies: u32,
        forward_client_cert_details: ForwardClientCertDetails,
        proxy_protocol: Option<Empty>,
    }

    pub struct ProxyStatsMatcher {
        inclusion_prefixes: Vec<Str>,
        inclusion_suffixes: Vec<Str>,
        inclusion_regexps: Vec<Str>,
    }

    /// At most one of the two is set.
    pub struct PrivateKeyProvider {
        cryptomb: Option<KeyOperations>,
        qat: Option<KeyOperations>,
    }

    pub struct KeyOperations {
        poll_delay: Option<Duration>,
        fallback: Option<bool>,
    }

    pub struct ProxyHeaders {
        forwarded_client_cert: ForwardClientCertDetails,
        set_current_client_cert_details: Option<SetCurrentClientCertDetails>,
        request_id: Option<HeaderSwitch>,
        server: Option<ServerHeader>,
        attempt_count: Option<HeaderSwitch>,
        envoy_debug_headers: Option<HeaderSwitch>,
        metadata_exchange_headers: Option<MetadataExchangeHeaders>,
        preserve_http1_header_case: Option<bool>,
        x_forwarded_host: Option<HeaderOption>,
        x_forwarded_port: Option<HeaderOption>,
    }

    pub struct SetCurrentClientCertDetails {
        subject: Option<bool>,
        cert: Option<bool>,
        chain: Option<bool>,
        dns: Option<bool>,
        uri: Option<bool>,
    }

    pub struct ServerHeader {
        disabled: Option<bool>,
        value: Str,
    }

    /// A header that is sent unless it is disabled.
    pub struct HeaderSwitch {
        disabled: Option<bool>,
    }

    /// A header that is sent if it is enabled.
    pub struct HeaderOption {
        enabled: Option<bool>,
    }

    pub struct MetadataExchangeHeaders {
        mode: MetadataExchangeMode,
    }

    pub struct ConnectionSettings {
        profile: Profile,
        listener_per_connection_buffer_limit_bytes: Option<i32>,
        cluster_per_connection_buffer_limit_bytes: Option<i32>,
        http_idle_timeout: Option<Duration>,
        http_max_connection_duration: Option<Duration>,
        http_drain_timeout: Option<Duration>,
        http_request_timeout: Option<Duration>,
        http_request_headers_timeout: Option<Duration>,
        http_stream_idle_timeout: Option<Duration>,
        http_max_stream_duration: Option<Duration>,
        http_max_concurrent_streams: Option<i32>,
        http2_initial_stream_window_size: Option<i32>,
        http2_initial_connection_window_size: Option<i32>,
        http_headers_with_underscores_action: HeadersWithUnderscoresAction,
        http_merge_slashes: Option<bool>,
        http_path_with_escaped_slashes_action: PathWithEscapedSlashesAction,
        listener_connection_limit: Option<i32>,
        global_downstream_connection_limit: Option<i32>,
    }

    pub struct Empty {}
}

choice! {
    pub enum TracingServiceName {
        AppLabelAndNamespace = "APP_LABEL_AND_NAMESPACE",
        CanonicalNameOnly = "CANONICAL_NAME_ONLY",
        CanonicalNameAndNamespace = "CANONICAL_NAME_AND_NAMESPACE",
    }

    pub enum AuthenticationPolicy {
        None = "NONE",
        MutualTls = "MUTUAL_TLS",
        Inherit = "INHERIT",
    }

    pub enum InboundInterceptionMode {
        Redirect = "REDIRECT",
        Tproxy = "TPROXY",
        None = "NONE",
    }

    pub enum ForwardClientCertDetails {
        Undefined = "UNDEFINED",
        Sanitize = "SANITIZE",
        ForwardOnly = "FORWARD_ONLY",
        AppendForward = "APPEND_FORWARD",
        SanitizeSet = "SANITIZE_SET",
        AlwaysForwardOnly = "ALWAYS_FORWARD_ONLY",
    }

    pub enum MetadataExchangeMode {
        Undefined = "UNDEFINED",
        InMesh = "IN_MESH",
    }

    pub enum Profile {
        Sidecar = "SIDECAR",
        Edge = "EDGE",
    }

    pub enum HeadersWithUnderscoresAction {
        Unspecified = "HEADERS_WITH_UNDERSCORES_UNSPECIFIED",
        Allow = "HEADERS_WITH_UNDERSCORES_ALLOW",
        RejectRequest = "HEADERS_WITH_UNDERSCORES_REJECT_REQUEST",
        DropHeader = "HEADERS_WITH_UNDERSCORES_DROP_HEADER",
    }

    pub enum PathWithEscapedSlashesAction {
        Unspecified = "PATH_WITH_ESCAPED_SLASHES_UNSPECIFIED",
        KeepUnchanged = "KEEP_UNCHANGED",
        RejectRequest = "REJECT_REQUEST",
        UnescapeAndRedirect = "UNESCAPE_AND_REDIRECT",
        UnescapeAndForward = "UNESCAPE_AND_FORWARD",
    }
}

impl ProxyConfig {
    /// Reads the fields of a ProxyConfig, in either spelling (`proxyMetadata`, `proxy_metadata`).
    ///
    /// # Errors
    /// Those of the deserializer: a field of another type than the API's.
    pub fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut config = Self::deserialize(ProtoJson(deserializer))?;
        config.settle_oneofs();
        Ok(config)
    }

    /// This configuration with another one's settings over it: each field that the other one sets replaces
    /// the one here, except that `proxyMetadata` is merged key by key, and of `proxyHeaders` what
    /// [`ProxyHeaders`] says.
    #[must_use]
    pub fn overlaid_with(self, over: Self) -> Self {
        macro_rules! pick {
            ($($field:ident),*) => { Self {
                $($field: over.$field.or(self.$field),)*
                proxy_headers: super::merged(self.proxy_headers, over.proxy_headers, ProxyHeaders::overlaid_with),
                proxy_metadata: self.proxy_metadata.into_iter().chain(over.proxy_metadata).collect(),
                runtime_values: if over.runtime_values.is_empty() { self.runtime_values } else { over.runtime_values },
                extra_stat_tags: super::non_empty(over.extra_stat_tags, self.extra_stat_tags),
                ca_certificates_pem: super::non_empty(over.ca_certificates_pem, self.ca_certificates_pem),
            } };
        }
        pick!(
            config_path,
            binary_path,
            service_cluster,
            tracing_service_name,
            drain_duration,
            discovery_address,
            zipkin_address,
            statsd_udp_address,
            envoy_metrics_service_address,
            proxy_admin_port,
            availability_zone,
            control_plane_auth_policy,
            custom_config_file,
            stat_name_length,
            concurrency,
            proxy_bootstrap_template_path,
            interception_mode,
            tracing,
            envoy_access_log_service,
            envoy_metrics_service,
            status_port,
            gateway_topology,
            termination_drain_duration,
            mesh_id,
            proxy_stats_matcher,
            hold_application_until_proxy_starts,
            image,
            private_key_provider,
            file_flush_interval,
            file_flush_min_size_kb,
            stats_compression,
            connection_settings
        )
    }

    /// This configuration without the settings that have their zero value, where the API cannot tell that
    /// from none.
    #[must_use]
    pub fn without_zeros(self) -> Self {
        fn set<T: Default + PartialEq>(value: Option<T>) -> Option<T> {
            value.filter(|value| *value != T::default())
        }
        Self {
            config_path: set(self.config_path),
            binary_path: set(self.binary_path),
            discovery_address: set(self.discovery_address),
            zipkin_address: set(self.zipkin_address),
            statsd_udp_address: set(self.statsd_udp_address),
            envoy_metrics_service_address: set(self.envoy_metrics_service_address),
            proxy_admin_port: set(self.proxy_admin_port),
            availability_zone: set(self.availability_zone),
            control_plane_auth_policy: set(self.control_plane_auth_policy),
            custom_config_file: set(self.custom_config_file),
            stat_name_length: set(self.stat_name_length),
            proxy_bootstrap_template_path: set(self.proxy_bootstrap_template_path),
            interception_mode: set(self.interception_mode),
            status_port: set(self.status_port),
            mesh_id: set(self.mesh_id),
            ..self
        }
    }
}

impl ProxyHeaders {
    /// These settings with others over them. The others replace these, except for the five headers that Istio
    /// first had settings for: of those, what the others leave out stays. An accident: newer settings were
    /// not added there.
    fn overlaid_with(self, over: Self) -> Self {
        let undefined = over.forwarded_client_cert == ForwardClientCertDetails::Undefined;
        Self {
            forwarded_client_cert: if undefined {
                self.forwarded_client_cert
            } else {
                over.forwarded_client_cert
            },
            request_id: over.request_id.or(self.request_id),
            attempt_count: over.attempt_count.or(self.attempt_count),
            server: over.server.or(self.server),
            envoy_debug_headers: over.envoy_debug_headers.or(self.envoy_debug_headers),
            ..over
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> ProxyConfig {
        ProxyConfig::read(&mut serde_json::Deserializer::from_str(json)).unwrap()
    }

    #[test]
    fn five_headers_are_merged_and_the_others_replaced() {
        let base = read(
            r#"{"proxyHeaders": {"requestId": {"disabled": true}, "xForwardedHost": {"enabled": true}}}"#,
        );
        let over = read(r#"{"proxyHeaders": {"server": {"value": "mine"}}}"#);
        let headers = base.overlaid_with(over).proxy_headers.unwrap();
        assert!(headers.request_id.is_some() && headers.server.is_some());
        assert_eq!(headers.x_forwarded_host, None);
    }

    #[test]
    fn a_zero_is_no_setting_where_presence_is_not_known() {
        let config =
            read(r#"{"statusPort": 0, "concurrency": 0, "controlPlaneAuthPolicy": "NONE"}"#).without_zeros();
        assert_eq!((config.status_port, config.concurrency), (None, Some(0)));
        assert_eq!(config.control_plane_auth_policy, None);
    }
}
