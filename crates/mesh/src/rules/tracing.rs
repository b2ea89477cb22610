//! What tells the releases apart in traces.

use super::table::table;

table! {
    /// What is in traces.
    pub struct TracingRules {
        /// Whether spans say who the peers are.
        pub peer_tags: bool,
        /// Who OpenTelemetry and Datadog are told sends the spans.
        pub sender: SpanSender,
        /// Whether spans say which cluster this is.
        pub cluster_tag: bool,
        /// Whether the sampling of the mesh configuration holds where telemetry gives none; else it is 0.
        pub mesh_sampling: bool,
        /// How spans are sent to Zipkin.
        pub zipkin: ZipkinCollector,
        /// How a child span for the upstream is asked for.
        pub child_span: ChildSpan,
        /// Whether Lightstep is known.
        pub lightstep: bool,
        /// Whether OpenCensus is known.
        pub opencensus: bool,
        /// Which tracing providers make the control plane crash: an accident.
        pub crashes_on: CrashingTracers,
        /// Whether tags of telemetry that have no source are there, without a value: an accident.
        pub tags_without_source: bool,
    }
}

/// Which tracing providers make the control plane crash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CrashingTracers {
    /// Those that take no spans.
    NoTracers,
    /// Lightstep's, which is no longer known.
    Lightstep,
}

/// How spans are sent to Zipkin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ZipkinCollector {
    /// By cluster, endpoint and hostname.
    Cluster,
    /// By an HTTP service, with headers and a timeout.
    HttpService,
}

/// How a child span for the upstream is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChildSpan {
    /// Of the router.
    Router,
    /// Of the connection manager.
    Tracing,
}

/// Who OpenTelemetry and Datadog are told sends the spans.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpanSender {
    /// The waypoint.
    Waypoint,
    /// The Service that was called; the waypoint where a workload was.
    Service,
}
