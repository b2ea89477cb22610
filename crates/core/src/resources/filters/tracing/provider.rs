//! Where spans go.

use envoy::config::core::v3::header_value_option::HeaderAppendAction;
use envoy::config::core::v3::http_uri::HttpUpstreamType;
use envoy::config::core::v3::{HeaderValue, HeaderValueOption, HttpService, HttpUri, TypedExtensionConfig};
use envoy::config::trace::v3::open_census_config::TraceContext;
use envoy::config::trace::v3::tracing::{Http, http::ConfigType};
use envoy::config::trace::v3::zipkin_config::{CollectorEndpointVersion, TraceContextOption};
use envoy::config::trace::v3::{
    DatadogConfig, OpenCensusConfig, OpenTelemetryConfig, SkyWalkingConfig, ZipkinConfig,
};
use envoy::extensions::tracers::opentelemetry::resource_detectors::v3::{
    DynatraceResourceDetectorConfig, EnvironmentResourceDetectorConfig,
};
use envoy::extensions::tracers::opentelemetry::samplers::v3::DynatraceSamplerConfig;
use envoy::google::protobuf::Any;

use super::join_path::join_path;
use crate::mesh::waypoint::Proxy;
use crate::plan::WaypointSettings;
use crate::plan::provider::Upstream;
use crate::plan::telemetry::{Sampler, Tracer};
use crate::resources::filters::extension_config;
use crate::resources::filters::provider::grpc;
use crate::resources::proto::duration;
use crate::rules::{ZipkinCollector, proxy_versions};
use crate::snapshot::Duration;
use crate::snapshot::mesh_config::provider::{
    self as given, HttpHeader, LightstepTracing, OpenCensusAgentTracing, OpenTelemetryTracing,
    ServiceAttributeEnrichment, ZipkinTracing,
};

/// Where Zipkin takes spans, unless the provider says otherwise.
const ZIPKIN_PATH: &str = "/api/v2/spans";
/// How long sending spans to Zipkin may take, unless the provider says otherwise: Envoy wants a timeout.
const ZIPKIN_TIMEOUT: Duration = Duration::from_secs(5);

/// A tracing provider in Envoy's terms.
#[derive(Debug)]
pub(super) struct Provided {
    /// The tracer.
    pub(super) http: Http,
    /// Whether there is a child span for the upstream.
    pub(super) starts_child_span: bool,
}

/// A provider in Envoy's terms.
pub(super) fn configure(settings: &WaypointSettings<'_>, tracer: &Tracer<'_>) -> Provided {
    match tracer {
        Tracer::Zipkin(zipkin, upstream) => {
            let config = zipkin_config(settings, zipkin, upstream);
            Provided::new("envoy.tracers.zipkin", envoy::any(&config))
        }
        Tracer::Datadog { upstream, sender, .. } => {
            let config = DatadogConfig {
                collector_cluster: upstream.cluster.clone(),
                collector_hostname: upstream.hostname.to_string(),
                service_name: sender.to_string(),
                ..DatadogConfig::default()
            };
            Provided::new("envoy.tracers.datadog", envoy::any(&config))
        }
        Tracer::SkyWalking(upstream) => {
            let config =
                SkyWalkingConfig { grpc_service: Some(grpc(upstream)), ..SkyWalkingConfig::default() };
            let provided = Provided::new("envoy.tracers.skywalking", envoy::any(&config));
            Provided { starts_child_span: true, ..provided }
        }
        Tracer::Lightstep(lightstep, upstream) => {
            // An accident: the tracer is called Lightstep's still.
            Provided::new("envoy.tracers.lightstep", envoy::any(&lightstep_config(lightstep, upstream)))
        }
        Tracer::OpenCensus(agent) => {
            Provided::new("envoy.tracers.opencensus", envoy::any(&open_census(agent)))
        }
        Tracer::OpenTelemetry { settings: otel, upstream, sampler, sender } => {
            let mut config = open_telemetry(settings.proxy, otel, upstream, sender);
            config.sampler = sampler.as_ref().map(dynatrace_sampler);
            Provided::new("envoy.tracers.opentelemetry", envoy::any(&config))
        }
    }
}

impl Provided {
    fn new(name: &str, config: Any) -> Self {
        let http = Http { name: name.to_owned(), config_type: Some(ConfigType::TypedConfig(config)) };
        Self { http, starts_child_span: false }
    }
}

fn zipkin_config(
    settings: &WaypointSettings<'_>,
    zipkin: &ZipkinTracing,
    upstream: &Upstream,
) -> ZipkinConfig {
    let is_since = |version| settings.proxy.version.is_since(version);
    let path = if zipkin.path.is_empty() { ZIPKIN_PATH } else { &zipkin.path };
    let common = ZipkinConfig {
        collector_endpoint_version: CollectorEndpointVersion::HttpJson.into(),
        trace_id_128bit: !zipkin.enable_64bit_trace_id,
        shared_span_context: Some(false.into()),
        ..ZipkinConfig::default()
    };
    let by_cluster = || ZipkinConfig {
        collector_cluster: upstream.cluster.clone(),
        collector_endpoint: path.to_owned(),
        collector_hostname: upstream.hostname.to_string(),
        ..common.clone()
    };
    if settings.rules.tracing.zipkin == ZipkinCollector::Cluster {
        return by_cluster();
    }
    let config = if is_since(proxy_versions::ZIPKIN_HTTP_SERVICE) {
        let uri = format!("http://{}{path}", upstream.hostname);
        let timeout = zipkin.timeout.unwrap_or(ZIPKIN_TIMEOUT);
        let service = http_service(uri, upstream, Some(timeout), &zipkin.headers);
        ZipkinConfig { collector_service: Some(service), ..common.clone() }
    } else {
        by_cluster()
    };
    let option = match zipkin.trace_context_option {
        given::TraceContextOption::UseB3WithW3cPropagation
            if is_since(proxy_versions::ZIPKIN_TRACE_CONTEXT) =>
        {
            TraceContextOption::UseB3WithW3cPropagation
        }
        _ => TraceContextOption::UseB3,
    };
    ZipkinConfig { trace_context_option: option.into(), ..config }
}

/// Lightstep, over OpenTelemetry: Envoy has no tracer of Lightstep's own any more.
fn lightstep_config(lightstep: &LightstepTracing, upstream: &Upstream) -> OpenTelemetryConfig {
    let mut service = grpc(upstream);
    service.initial_metadata = vec![header("lightstep-access-token", &lightstep.access_token)];
    OpenTelemetryConfig { grpc_service: Some(service), ..OpenTelemetryConfig::default() }
}

/// An agent of OpenCensus, by its address.
fn open_census(agent: &OpenCensusAgentTracing) -> OpenCensusConfig {
    const ALL: [TraceContext; 4] = [
        TraceContext::B3,
        TraceContext::CloudTraceContext,
        TraceContext::GrpcTraceBin,
        TraceContext::TraceContext,
    ];
    let context = |context: &given::TraceContext| match context {
        given::TraceContext::Unspecified => None,
        given::TraceContext::W3cTraceContext => Some(TraceContext::TraceContext),
        given::TraceContext::GrpcBin => Some(TraceContext::GrpcTraceBin),
        given::TraceContext::CloudTraceContext => Some(TraceContext::CloudTraceContext),
        given::TraceContext::B3 => Some(TraceContext::B3),
    };
    let contexts: Vec<TraceContext> = match agent.context.as_slice() {
        [] => ALL.into(),
        asked => asked.iter().filter_map(context).collect(),
    };
    let contexts: Vec<i32> = contexts.into_iter().map(i32::from).collect();
    OpenCensusConfig {
        ocagent_exporter_enabled: true,
        ocagent_address: format!("{}:{}", agent.service, agent.port),
        incoming_trace_context: contexts.clone(),
        outgoing_trace_context: contexts,
        ..OpenCensusConfig::default()
    }
}

/// All but the sampler.
fn open_telemetry(
    proxy: &Proxy,
    otel: &OpenTelemetryTracing,
    upstream: &Upstream,
    sender: &str,
) -> OpenTelemetryConfig {
    let conventions =
        otel.service_attribute_enrichment == ServiceAttributeEnrichment::OtelSemanticConventions;
    let mut config = OpenTelemetryConfig {
        service_name: if conventions { conventional_name(proxy) } else { sender.to_owned() },
        resource_detectors: detectors(otel, conventions),
        ..OpenTelemetryConfig::default()
    };
    if let Some(http) = &otel.http {
        let uri = join_path(&upstream.hostname, &http.path);
        config.http_service = Some(http_service(uri, upstream, http.timeout, &http.headers));
    } else {
        let mut service = grpc(upstream);
        if let Some(grpc) = &otel.grpc {
            service.timeout = grpc.timeout.map(duration);
            service.initial_metadata =
                grpc.initial_metadata.iter().map(|h| header(&h.name, value(h))).collect();
        }
        config.grpc_service = Some(service);
    }
    config
}

/// The name that OpenTelemetry's conventions give a Kubernetes workload.
fn conventional_name(proxy: &Proxy) -> String {
    let candidates = [
        proxy.annotations.get("resource.opentelemetry.io/service.name"),
        proxy.labels.get("app.kubernetes.io/instance"),
        proxy.labels.get("app.kubernetes.io/name"),
        Some(&proxy.workload_name),
        Some(&proxy.pod_name),
    ];
    let name = candidates.into_iter().flatten().find(|name| !name.is_empty());
    name.map_or_else(|| "unknown_service".to_owned(), |name| name.to_string())
}

fn detectors(otel: &OpenTelemetryTracing, conventions: bool) -> Vec<TypedExtensionConfig> {
    let asked = otel.resource_detectors.as_ref();
    let environment = || {
        extension_config(
            "envoy.tracers.opentelemetry.resource_detectors.environment",
            &EnvironmentResourceDetectorConfig::default(),
        )
    };
    let dynatrace = || {
        extension_config(
            "envoy.tracers.opentelemetry.resource_detectors.dynatrace",
            &DynatraceResourceDetectorConfig::default(),
        )
    };
    let asks_environment = asked.is_some_and(|a| a.environment.is_some());
    let mut detectors = Vec::new();
    detectors.extend(asks_environment.then(environment));
    detectors.extend(asked.is_some_and(|a| a.dynatrace.is_some()).then(dynatrace));
    // The conventions want the environment's attributes; added last where they weren't asked for.
    detectors.extend((conventions && !asks_environment).then(environment));
    detectors
}

fn dynatrace_sampler(sampler: &Sampler<'_>) -> TypedExtensionConfig {
    let Sampler { settings, upstream, http, path } = sampler;
    let uri = join_path(&upstream.hostname, path);
    let config = DynatraceSamplerConfig {
        tenant: settings.tenant.to_string(),
        cluster_id: settings.cluster_id,
        root_spans_per_minute: settings.root_spans_per_minute,
        http_service: Some(http_service(uri, upstream, http.timeout, &http.headers)),
    };
    extension_config("envoy.tracers.opentelemetry.samplers.dynatrace", &config)
}

fn http_service(
    uri: String,
    upstream: &Upstream,
    timeout: Option<Duration>,
    headers: &[HttpHeader],
) -> HttpService {
    HttpService {
        http_uri: Some(HttpUri {
            uri,
            timeout: timeout.map(duration),
            http_upstream_type: Some(HttpUpstreamType::Cluster(upstream.cluster.clone())),
        }),
        request_headers_to_add: headers.iter().map(|h| overwrite(header(&h.name, value(h)))).collect(),
        ..HttpService::default()
    }
}

fn overwrite(header: HeaderValue) -> HeaderValueOption {
    HeaderValueOption {
        header: Some(header),
        append_action: HeaderAppendAction::OverwriteIfExistsOrAdd.into(),
        ..HeaderValueOption::default()
    }
}

fn header(key: &str, value: &str) -> HeaderValue {
    HeaderValue { key: key.to_owned(), value: value.to_owned(), ..HeaderValue::default() }
}

/// A header's value. One that comes from the control plane's environment is empty here: there is no
/// environment.
fn value(header: &HttpHeader) -> &str {
    header.value.as_deref().unwrap_or_default()
}
