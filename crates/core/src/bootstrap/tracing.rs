//! The tracer that `defaultConfig.tracing` of the mesh configuration names, and the cluster of its collector.

use serde_json::{Value, json};

use super::agent::{Agent, host_and_port};
use super::clusters::DnsCluster;
use super::{node, tls};
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
        refresh_rate: (name == ZIPKIN).then_some("30s"),
        http2,
    })
}

/// The tracer of connection managers that have none of their own.
///
/// Stackdriver is left out: its agent doesn't start outside of Google Cloud, and what it needs to know of its project
/// isn't in a snapshot.
pub(super) fn tracing(agent: &Agent<'_>) -> Option<Value> {
    let tracing = agent.config.tracing.as_ref()?;
    let (name, message, fields) = if let Some(open_census) = &tracing.open_census_agent {
        open_census_agent(open_census).filter(|_| agent.rules.open_census)?
    } else {
        let collector = collector(agent)?;
        host_and_port(collector.address)?;
        match collector.name {
            ZIPKIN => ("zipkin", "ZipkinConfig", zipkin()),
            LIGHTSTEP => ("lightstep", "LightstepConfig", lightstep(agent)),
            _ => ("datadog", "DatadogConfig", datadog(agent)),
        }
    };
    let mut config = json!({"@type": format!("type.googleapis.com/envoy.config.trace.v3.{message}")});
    if let (Value::Object(config), Value::Object(fields)) = (&mut config, fields) {
        config.extend(fields);
    }
    Some(json!({"http": {"name": format!("envoy.tracers.{name}"), "typed_config": config}}))
}

fn zipkin() -> Value {
    json!({
        "collector_cluster": ZIPKIN,
        "collector_endpoint": "/api/v2/spans",
        "collector_endpoint_version": "HTTP_JSON",
        "trace_id_128bit": true,
        "shared_span_context": false,
    })
}

/// The agent writes the token beside the bootstrap.
fn lightstep(agent: &Agent<'_>) -> Value {
    let folder = agent.config_path().trim_start_matches("./");
    json!({"collector_cluster": LIGHTSTEP, "access_token_file": format!("{folder}/lightstep_access_token.txt")})
}

fn datadog(agent: &Agent<'_>) -> Value {
    json!({"collector_cluster": DATADOG, "service_name": node::service_cluster(agent)})
}

fn open_census_agent(tracer: &OpenCensusAgent) -> Option<(&'static str, &'static str, Value)> {
    if tracer.address.is_empty() {
        return None;
    }
    let contexts: Vec<&str> = match tracer.context.as_slice() {
        [] => ALL_CONTEXTS.to_vec(),
        some => some.iter().filter_map(|context| trace_context(*context)).collect(),
    };
    let fields = json!({
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
    Some(("opencensus", "OpenCensusConfig", fields))
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
