//! The tracer that `defaultConfig.tracing` of the mesh configuration names, and the cluster of its collector.

use envoy::config::trace::v3::tracing::Http;
use envoy::config::trace::v3::tracing::http::ConfigType;
use envoy::config::trace::v3::zipkin_config::CollectorEndpointVersion;
use envoy::config::trace::v3::{DatadogConfig, LightstepConfig, Tracing, ZipkinConfig};
use envoy::google::protobuf::Any;
use serde_json::json;

use super::agent::{Agent, host_and_port};
use super::clusters::DnsCluster;
use super::{as_struct, tls};
use crate::snapshot::Duration;
use crate::snapshot::mesh_config::provider::TraceContext;
use crate::snapshot::mesh_config::proxy::OpenCensusAgent;

const ZIPKIN: &str = "zipkin";
const LIGHTSTEP: &str = "lightstep";
const DATADOG: &str = "datadog_agent";
/// The name that a collector's certificate has to show where the settings name none.
const TRACER_SNI: &str = "tracer";
/// What an OpenCensus tracer reads and writes where the configuration says nothing.
const ALL_CONTEXTS: [&str; 4] = ["TRACE_CONTEXT", "GRPC_TRACE_BIN", "CLOUD_TRACE_CONTEXT", "B3"];

/// The collector's cluster, for tracers that have one.
pub(super) fn collector<'a>(agent: &'a Agent<'_>) -> Option<DnsCluster<'a>> {
    let tracing = agent.config.tracing.as_ref()?;
    let (name, address, http2) = if let Some(zipkin) = &tracing.zipkin {
        (ZIPKIN, &zipkin.address, false)
    } else if let Some(lightstep) = &tracing.lightstep {
        (LIGHTSTEP, &lightstep.address, true)
    } else {
        (DATADOG, &tracing.datadog.as_ref()?.address, false)
    };
    Some(DnsCluster {
        name,
        address,
        transport_socket: tracing
            .tls_settings
            .as_ref()
            .and_then(|tls| tls::transport_socket(tls, TRACER_SNI, http2)),
        keepalive: None,
        refresh_rate: (name == ZIPKIN).then_some(Duration::from_secs(30)),
        http2,
    })
}

/// The tracer of connection managers that have none of their own.
///
/// Stackdriver is left out: its agent doesn't start outside of Google Cloud, and what it needs to know of its
/// project isn't in a snapshot.
pub(super) fn tracing(agent: &Agent<'_>) -> Option<Tracing> {
    let tracing = agent.config.tracing.as_ref()?;
    let (name, config) = if let Some(open_census) = &tracing.open_census_agent {
        open_census_agent(open_census).filter(|_| agent.rules.open_census)?
    } else {
        let collector = collector(agent)?;
        host_and_port(collector.address)?;
        match collector.name {
            ZIPKIN => ("zipkin", envoy::any(&zipkin())),
            LIGHTSTEP => ("lightstep", envoy::any(&lightstep(agent))),
            _ => ("datadog", envoy::any(&datadog(agent))),
        }
    };
    let name = format!("envoy.tracers.{name}");
    Some(Tracing { http: Some(Http { name, config_type: Some(ConfigType::TypedConfig(config)) }) })
}

fn zipkin() -> ZipkinConfig {
    ZipkinConfig {
        collector_cluster: ZIPKIN.to_owned(),
        collector_endpoint: "/api/v2/spans".to_owned(),
        collector_endpoint_version: CollectorEndpointVersion::HttpJson.into(),
        trace_id_128bit: true,
        shared_span_context: Some(false.into()),
        ..ZipkinConfig::default()
    }
}

/// The agent writes the token beside the bootstrap.
#[allow(deprecated, reason = "Istio's template still writes the field")]
fn lightstep(agent: &Agent<'_>) -> LightstepConfig {
    let folder = agent.config_path().trim_start_matches("./");
    LightstepConfig {
        collector_cluster: LIGHTSTEP.to_owned(),
        access_token_file: format!("{folder}/lightstep_access_token.txt"),
        ..LightstepConfig::default()
    }
}

fn datadog(agent: &Agent<'_>) -> DatadogConfig {
    DatadogConfig {
        collector_cluster: DATADOG.to_owned(),
        service_name: agent.service_cluster(),
        ..DatadogConfig::default()
    }
}

/// Envoy has no such tracer any more, and no message for it.
fn open_census_agent(tracer: &OpenCensusAgent) -> Option<(&'static str, Any)> {
    if tracer.address.is_empty() {
        return None;
    }
    let contexts: Vec<&str> = match tracer.context.as_slice() {
        [] => ALL_CONTEXTS.to_vec(),
        some => some.iter().filter_map(|context| trace_context(*context)).collect(),
    };
    let config = json!({
        "ocagent_exporter_enabled": true,
        "ocagent_address": tracer.address,
        "incoming_trace_context": contexts,
        "outgoing_trace_context": contexts,
        "trace_config": {
            "constant_sampler": {"decision": "ALWAYS_PARENT"},
            "max_number_of_annotations": 200,
            "max_number_of_attributes": 200,
            "max_number_of_message_events": 200,
            "max_number_of_links": 200,
        },
    });
    Some(("opencensus", as_struct("envoy.config.trace.v3.OpenCensusConfig", &config)))
}

const fn trace_context(context: TraceContext) -> Option<&'static str> {
    match context {
        TraceContext::Unspecified => None,
        TraceContext::W3cTraceContext => Some("TRACE_CONTEXT"),
        TraceContext::GrpcBin => Some("GRPC_TRACE_BIN"),
        TraceContext::CloudTraceContext => Some("CLOUD_TRACE_CONTEXT"),
        TraceContext::B3 => Some("B3"),
    }
}
