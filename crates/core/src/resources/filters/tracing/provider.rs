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

use crate::mesh::{Service, Waypoint};
use crate::resources::Scope;
use crate::resources::filters::extension_config;
use crate::resources::filters::provider::Upstream;
use crate::resources::proto::duration;
use crate::rules::{SpanSender, ZipkinCollector};
use crate::snapshot::Duration;
use crate::snapshot::mesh_config::ExtensionProvider;
use crate::snapshot::mesh_config::provider::{
    self as given, DynatraceSampler, HttpHeader, LightstepTracing, OpenCensusAgentTracing,
    OpenTelemetryTracing, ServiceAttributeEnrichment, ZipkinTracing,
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
    /// The longest path in a tag; 0 = Envoy's default.
    pub(super) max_tag_length: u32,
    /// Whether the tracer decides what is sampled.
    pub(super) samples: bool,
    /// Whether there is a child span for the upstream.
    pub(super) starts_child_span: bool,
}

/// A provider in Envoy's terms; none if it takes no spans, or if its service is not there.
///
/// `service`: the one whose chains it is for, if it is for one.
pub(super) fn configure(
    scope: &Scope<'_>,
    provider: &ExtensionProvider,
    service: Option<&Service>,
) -> Option<Provided> {
    let find = |service: &str, port| Upstream::find(scope.mesh, service, port);
    if let Some(zipkin) = &provider.zipkin {
        let config = zipkin_config(scope, zipkin, &find(&zipkin.service, zipkin.port)?);
        return Some(Provided::new("envoy.tracers.zipkin", envoy::any(&config), zipkin.max_tag_length));
    }
    if let Some(datadog) = &provider.datadog {
        let upstream = find(&datadog.service, datadog.port)?;
        let config = DatadogConfig {
            collector_cluster: upstream.cluster,
            collector_hostname: upstream.hostname.to_string(),
            service_name: service_name(scope.waypoint),
            ..DatadogConfig::default()
        };
        return Some(Provided::new("envoy.tracers.datadog", envoy::any(&config), datadog.max_tag_length));
    }
    if let Some(skywalking) = &provider.skywalking {
        let upstream = find(&skywalking.service, skywalking.port)?;
        let config = SkyWalkingConfig { grpc_service: Some(upstream.grpc()), ..SkyWalkingConfig::default() };
        let provided = Provided::new("envoy.tracers.skywalking", envoy::any(&config), 0);
        return Some(Provided { starts_child_span: true, ..provided });
    }
    if let Some(lightstep) = &provider.lightstep {
        return scope.rules.tracing.lightstep.then(|| lightstep_config(scope, lightstep)).flatten();
    }
    if let Some(agent) = provider.opencensus.as_ref().filter(|_| scope.rules.tracing.opencensus) {
        let config = envoy::any(&open_census(agent));
        return Some(Provided::new("envoy.tracers.opencensus", config, agent.max_tag_length));
    }
    // Stackdriver needs to know its project in Google Cloud, which a proxy asks the machine for.
    let otel = provider.opentelemetry.as_ref()?;
    let upstream = find(&otel.service, otel.port)?;
    let mut config = open_telemetry(scope, otel, &upstream)?;
    if let Some(service) = service.filter(|_| scope.rules.tracing.sender == SpanSender::Service) {
        config.service_name = service.hostname.to_string();
    }
    let provided = Provided::new("envoy.tracers.opentelemetry", envoy::any(&config), otel.max_tag_length);
    Some(Provided { samples: config.sampler.is_some(), ..provided })
}

impl Provided {
    fn new(name: &str, config: Any, max_tag_length: u32) -> Self {
        let http = Http { name: name.to_owned(), config_type: Some(ConfigType::TypedConfig(config)) };
        Self { http, max_tag_length, samples: false, starts_child_span: false }
    }
}

/// The cluster of Envoy's node, which names the sender of spans.
fn service_name(waypoint: &Waypoint) -> String {
    format!("{}.{}", waypoint.proxy.workload_name, waypoint.name.namespace)
}

fn zipkin_config(scope: &Scope<'_>, zipkin: &ZipkinTracing, upstream: &Upstream) -> ZipkinConfig {
    let path = if zipkin.path.is_empty() { ZIPKIN_PATH } else { &zipkin.path };
    let common = ZipkinConfig {
        collector_endpoint_version: CollectorEndpointVersion::HttpJson.into(),
        trace_id_128bit: !zipkin.enable_64bit_trace_id,
        shared_span_context: Some(false.into()),
        ..ZipkinConfig::default()
    };
    match scope.rules.tracing.zipkin {
        ZipkinCollector::Cluster => ZipkinConfig {
            collector_cluster: upstream.cluster.clone(),
            collector_endpoint: path.to_owned(),
            collector_hostname: upstream.hostname.to_string(),
            ..common
        },
        ZipkinCollector::HttpService => {
            let uri = format!("http://{}{path}", upstream.hostname);
            let timeout = zipkin.timeout.unwrap_or(ZIPKIN_TIMEOUT);
            let option = match zipkin.trace_context_option {
                given::TraceContextOption::UseB3 => TraceContextOption::UseB3,
                given::TraceContextOption::UseB3WithW3cPropagation => {
                    TraceContextOption::UseB3WithW3cPropagation
                }
            };
            ZipkinConfig {
                collector_service: Some(http_service(uri, upstream, Some(timeout), &zipkin.headers)),
                trace_context_option: option.into(),
                ..common
            }
        }
    }
}

/// Lightstep, over OpenTelemetry: Envoy has no tracer of Lightstep's own any more.
fn lightstep_config(scope: &Scope<'_>, lightstep: &LightstepTracing) -> Option<Provided> {
    let mut service = Upstream::find(scope.mesh, &lightstep.service, lightstep.port)?.grpc();
    service.initial_metadata = vec![header("lightstep-access-token", &lightstep.access_token)];
    let config = OpenTelemetryConfig { grpc_service: Some(service), ..OpenTelemetryConfig::default() };
    // An accident: the tracer is called Lightstep's still.
    Some(Provided::new("envoy.tracers.lightstep", envoy::any(&config), lightstep.max_tag_length))
}

/// An agent of OpenCensus, by its address: nobody looks for its service.
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

fn open_telemetry(
    scope: &Scope<'_>,
    otel: &OpenTelemetryTracing,
    upstream: &Upstream,
) -> Option<OpenTelemetryConfig> {
    let conventions =
        otel.service_attribute_enrichment == ServiceAttributeEnrichment::OtelSemanticConventions;
    let mut config = OpenTelemetryConfig {
        service_name: if conventions {
            conventional_name(scope.waypoint)
        } else {
            service_name(scope.waypoint)
        },
        resource_detectors: detectors(otel, conventions),
        ..OpenTelemetryConfig::default()
    };
    if let Some(http) = &otel.http {
        let uri = join_path(&upstream.hostname, &http.path);
        config.http_service = Some(http_service(uri, upstream, http.timeout, &http.headers));
    } else {
        let mut service = upstream.grpc();
        if let Some(grpc) = &otel.grpc {
            service.timeout = grpc.timeout.map(duration);
            service.initial_metadata =
                grpc.initial_metadata.iter().map(|h| header(&h.name, value(h))).collect();
        }
        config.grpc_service = Some(service);
    }
    if let Some(sampler) = &otel.dynatrace_sampler {
        config.sampler = Some(dynatrace_sampler(scope, sampler, otel, upstream)?);
    }
    Some(config)
}

/// The name that OpenTelemetry's conventions give a Kubernetes workload.
fn conventional_name(waypoint: &Waypoint) -> String {
    let proxy = &waypoint.proxy;
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

fn dynatrace_sampler(
    scope: &Scope<'_>,
    sampler: &DynatraceSampler,
    otel: &OpenTelemetryTracing,
    upstream: &Upstream,
) -> Option<TypedExtensionConfig> {
    let service = if let Some(api) = &sampler.http_service {
        let upstream = Upstream::find(scope.mesh, &api.service, api.port)?;
        let http = api.http.as_ref()?;
        http_service(join_path(&upstream.hostname, &http.path), &upstream, http.timeout, &http.headers)
    } else {
        let http = otel.http.as_ref()?;
        let uri = join_path(&upstream.hostname, "api/v2/samplingConfiguration");
        http_service(uri, upstream, http.timeout, &http.headers)
    };
    let config = DynatraceSamplerConfig {
        tenant: sampler.tenant.to_string(),
        cluster_id: sampler.cluster_id,
        root_spans_per_minute: sampler.root_spans_per_minute,
        http_service: Some(service),
    };
    Some(extension_config("envoy.tracers.opentelemetry.samplers.dynatrace", &config))
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

/// A header's value. One that comes from the control plane's environment is empty here: there is no environment.
fn value(header: &HttpHeader) -> &str {
    header.value.as_deref().unwrap_or_default()
}

/// A host and a path with one slash between them.
fn join_path(hostname: &str, path: &str) -> String {
    let mut joined = hostname.to_owned();
    for segment in path.split('/').filter(|segment| !matches!(*segment, "" | ".")) {
        joined.push('/');
        joined.push_str(segment);
    }
    if path.ends_with('/') {
        joined.push('/');
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_joined_with_one_slash() {
        assert_eq!(join_path("otel.svc", "v1/traces"), "otel.svc/v1/traces");
        assert_eq!(join_path("otel.svc", "/v1/traces"), "otel.svc/v1/traces");
        assert_eq!(join_path("otel.svc", "//v1//traces/"), "otel.svc/v1/traces/");
        assert_eq!(join_path("otel.svc", ""), "otel.svc");
    }
}
