//! `telemetry.istio.io`: access logs, metrics and traces.
#![allow(missing_docs, reason = "the fields are those of the API type of the same name")]

use std::collections::BTreeMap;

use super::Given;
use super::message::{Duration, choice, message, oneof};
use super::selector::{PolicyTargetReference, WorkloadMode, WorkloadSelector};
use crate::Str;

message! {
    /// The spec of a `Telemetry`.
    pub struct Telemetry {
        selector: Option<WorkloadSelector>,
        target_ref: Option<PolicyTargetReference>,
        target_refs: Given<Vec<PolicyTargetReference>>,
        tracing: Vec<Tracing>,
        metrics: Vec<Metrics>,
        access_logging: Vec<AccessLogging>,
    }

    pub struct ProviderRef {
        name: Str,
    }

    pub struct Tracing {
        #[serde(rename = "match")]
        matches: Option<TracingSelector>,
        providers: Vec<ProviderRef>,
        random_sampling_percentage: Option<f64>,
        disable_span_reporting: Option<bool>,
        disable_context_propagation: Option<bool>,
        /// An empty list is one, and counts.
        custom_tags: Option<BTreeMap<Str, CustomTag>>,
        use_request_id_for_trace_sampling: Option<bool>,
        enable_istio_tags: Option<bool>,
    }

    pub struct TracingSelector {
        mode: TelemetryMode,
    }

    pub struct Literal {
        value: Str,
    }

    pub struct Environment {
        name: Str,
        default_value: Str,
    }

    pub struct RequestHeader {
        name: Str,
        default_value: Str,
    }

    pub struct Formatter {
        value: Str,
    }

    pub struct Metrics {
        providers: Vec<ProviderRef>,
        overrides: Vec<MetricsOverrides>,
        reporting_interval: Option<Duration>,
    }

    pub struct MetricsOverrides {
        #[serde(rename = "match")]
        matches: Option<MetricSelector>,
        disabled: Option<bool>,
        tag_overrides: BTreeMap<Str, TagOverride>,
    }

    /// At most one of `metric` and `custom_metric` is set; neither means all metrics.
    pub struct MetricSelector {
        metric: Option<IstioMetric>,
        custom_metric: Option<Str>,
        mode: TelemetryMode,
    }

    pub struct TagOverride {
        operation: TagOperation,
        value: Str,
    }

    pub struct AccessLogging {
        #[serde(rename = "match")]
        matches: Option<LogSelector>,
        providers: Vec<ProviderRef>,
        disabled: Option<bool>,
        filter: Option<LogFilter>,
    }

    pub struct LogSelector {
        mode: TelemetryMode,
    }

    pub struct LogFilter {
        expression: Str,
    }
}

oneof! {
    /// Where the value of a tag comes from.
    pub enum CustomTag {
        #[default]
        Unset,
        Literal(Literal) = "literal",
        Environment(Environment) = "environment",
        Header(RequestHeader) = "header",
        /// Since 1.28.
        Formatter(Formatter) = "formatter",
    }
}

choice! {
    /// `istio.telemetry.v1alpha1.WorkloadMode`; unlike the selector's its zero value is both.
    pub enum TelemetryMode {
        ClientAndServer = "CLIENT_AND_SERVER",
        Client = "CLIENT",
        Server = "SERVER",
    }

    pub enum TagOperation {
        Upsert = "UPSERT",
        Remove = "REMOVE",
    }

    pub enum IstioMetric {
        AllMetrics = "ALL_METRICS",
        RequestCount = "REQUEST_COUNT",
        RequestDuration = "REQUEST_DURATION",
        RequestSize = "REQUEST_SIZE",
        ResponseSize = "RESPONSE_SIZE",
        TcpOpenedConnections = "TCP_OPENED_CONNECTIONS",
        TcpClosedConnections = "TCP_CLOSED_CONNECTIONS",
        TcpSentBytes = "TCP_SENT_BYTES",
        TcpReceivedBytes = "TCP_RECEIVED_BYTES",
        GrpcRequestMessages = "GRPC_REQUEST_MESSAGES",
        GrpcResponseMessages = "GRPC_RESPONSE_MESSAGES",
    }
}

impl TelemetryMode {
    /// This mode in the terms of `istio.type.v1beta1`.
    pub const fn as_workload_mode(self) -> WorkloadMode {
        match self {
            Self::ClientAndServer => WorkloadMode::ClientAndServer,
            Self::Client => WorkloadMode::Client,
            Self::Server => WorkloadMode::Server,
        }
    }
}
