//! Extension providers of a MeshConfig: external authorization, tracing, access logs, metrics.
#![allow(missing_docs, reason = "the fields are those of the API type of the same name")]

use std::collections::BTreeMap;

use crate::Str;
use crate::snapshot::extensions::Struct;
use crate::snapshot::message::{Duration, choice, message};

message! {
    /// A provider that policies and telemetry name; at most one member beside the name is set.
    pub struct ExtensionProvider {
        name: Str,
        envoy_ext_authz_http: Option<EnvoyExternalAuthorizationHttp>,
        envoy_ext_authz_grpc: Option<EnvoyExternalAuthorizationGrpc>,
        zipkin: Option<ZipkinTracing>,
        lightstep: Option<LightstepTracing>,
        datadog: Option<DatadogTracing>,
        stackdriver: Option<Stackdriver>,
        opencensus: Option<OpenCensusAgentTracing>,
        skywalking: Option<SkyWalkingTracing>,
        opentelemetry: Option<OpenTelemetryTracing>,
        prometheus: Option<PrometheusMetrics>,
        envoy_file_access_log: Option<EnvoyFileAccessLog>,
        envoy_http_als: Option<EnvoyGrpcAccessLog>,
        envoy_tcp_als: Option<EnvoyGrpcAccessLog>,
        envoy_otel_als: Option<EnvoyOpenTelemetryLog>,
        sds: Option<Sds>,
    }

    pub struct RequestBody {
        max_request_bytes: u32,
        allow_partial_message: bool,
        pack_as_bytes: bool,
    }

    pub struct EnvoyExternalAuthorizationHttp {
        service: Str,
        port: u32,
        timeout: Option<Duration>,
        path_prefix: Str,
        fail_open: bool,
        clear_route_cache: bool,
        status_on_error: Str,
        include_headers_in_check: Vec<Str>,
        include_request_headers_in_check: Vec<Str>,
        include_additional_headers_in_check: BTreeMap<Str, Str>,
        include_request_body_in_check: Option<RequestBody>,
        headers_to_upstream_on_allow: Vec<Str>,
        headers_to_downstream_on_deny: Vec<Str>,
        headers_to_downstream_on_allow: Vec<Str>,
    }

    pub struct EnvoyExternalAuthorizationGrpc {
        service: Str,
        port: u32,
        timeout: Option<Duration>,
        fail_open: bool,
        clear_route_cache: bool,
        status_on_error: Str,
        include_request_body_in_check: Option<RequestBody>,
    }

    pub struct ZipkinTracing {
        service: Str,
        port: u32,
        max_tag_length: u32,
        #[serde(rename = "enable64bitTraceId")]
        enable_64bit_trace_id: bool,
        path: Str,
        trace_context_option: TraceContextOption,
        timeout: Option<Duration>,
        headers: Vec<HttpHeader>,
    }

    pub struct LightstepTracing {
        service: Str,
        port: u32,
        access_token: Str,
        max_tag_length: u32,
    }

    pub struct DatadogTracing {
        service: Str,
        port: u32,
        max_tag_length: u32,
    }

    pub struct Stackdriver {
        debug: bool,
        max_number_of_attributes: Option<i64>,
        max_number_of_annotations: Option<i64>,
        max_number_of_message_events: Option<i64>,
        max_tag_length: u32,
        logging: Option<StackdriverLogging>,
    }

    pub struct StackdriverLogging {
        labels: BTreeMap<Str, Str>,
    }

    pub struct OpenCensusAgentTracing {
        service: Str,
        port: u32,
        context: Vec<TraceContext>,
        max_tag_length: u32,
    }

    pub struct SkyWalkingTracing {
        service: Str,
        port: u32,
        access_token: Str,
    }

    pub struct OpenTelemetryTracing {
        service: Str,
        port: u32,
        max_tag_length: u32,
        http: Option<HttpService>,
        grpc: Option<GrpcService>,
        resource_detectors: Option<ResourceDetectors>,
        service_attribute_enrichment: ServiceAttributeEnrichment,
        dynatrace_sampler: Option<DynatraceSampler>,
    }

    pub struct DynatraceSampler {
        tenant: Str,
        cluster_id: i32,
        root_spans_per_minute: u32,
        http_service: Option<DynatraceApi>,
    }

    pub struct DynatraceApi {
        service: Str,
        port: u32,
        http: Option<HttpService>,
    }

    pub struct PrometheusMetrics {}

    pub struct EnvoyFileAccessLog {
        path: Str,
        log_format: Option<LogFormat>,
        omit_empty_values: bool,
    }

    /// In a file's format at most one of the two is set; OpenTelemetry's may have both.
    pub struct LogFormat {
        text: Option<Str>,
        labels: Option<Struct>,
    }

    /// `EnvoyHttpGrpcV3LogProvider`, and `EnvoyTcpGrpcV3LogProvider`, which has no headers.
    pub struct EnvoyGrpcAccessLog {
        service: Str,
        port: u32,
        log_name: Str,
        filter_state_objects_to_log: Vec<Str>,
        additional_request_headers_to_log: Vec<Str>,
        additional_response_headers_to_log: Vec<Str>,
        additional_response_trailers_to_log: Vec<Str>,
    }

    pub struct EnvoyOpenTelemetryLog {
        service: Str,
        port: u32,
        log_name: Str,
        log_format: Option<LogFormat>,
    }

    pub struct Sds {
        name: Str,
        service: Str,
        port: u32,
    }

    pub struct HttpService {
        path: Str,
        timeout: Option<Duration>,
        headers: Vec<HttpHeader>,
    }

    /// At most one of `value` and `env_name` is set.
    pub struct HttpHeader {
        name: Str,
        value: Option<Str>,
        env_name: Option<Str>,
    }

    pub struct GrpcService {
        timeout: Option<Duration>,
        initial_metadata: Vec<HttpHeader>,
    }

    pub struct ResourceDetectors {
        environment: Option<Detector>,
        dynatrace: Option<Detector>,
    }

    pub struct Detector {}
}

impl ExtensionProvider {
    /// Whether spans can be sent to it.
    #[must_use]
    pub const fn takes_spans(&self) -> bool {
        self.zipkin.is_some()
            || self.lightstep.is_some()
            || self.datadog.is_some()
            || self.stackdriver.is_some()
            || self.opencensus.is_some()
            || self.skywalking.is_some()
            || self.opentelemetry.is_some()
    }
}

choice! {
    pub enum TraceContextOption {
        UseB3 = "USE_B3",
        UseB3WithW3cPropagation = "USE_B3_WITH_W3C_PROPAGATION",
    }

    pub enum TraceContext {
        Unspecified = "UNSPECIFIED",
        W3cTraceContext = "W3C_TRACE_CONTEXT",
        GrpcBin = "GRPC_BIN",
        CloudTraceContext = "CLOUD_TRACE_CONTEXT",
        B3 = "B3",
    }

    pub enum ServiceAttributeEnrichment {
        IstioCanonical = "ISTIO_CANONICAL",
        OtelSemanticConventions = "OTEL_SEMANTIC_CONVENTIONS",
    }
}

/// The base's providers, those of the same name replaced, and then the new ones.
pub(super) fn by_name(base: Vec<ExtensionProvider>, over: Vec<ExtensionProvider>) -> Vec<ExtensionProvider> {
    let mut providers = base;
    for provider in over {
        match providers.iter_mut().find(|p| p.name == provider.name) {
            Some(same) => *same = provider,
            None => providers.push(provider),
        }
    }
    providers
}
