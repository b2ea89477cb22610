//! What an upstream Envoy refuses, and why: the case with its release and waypoint, and a part of Envoy's
//! message.
//!
//! These lists may only shrink: an entry that is not needed any more fails the test.

/// Of the golden cases.
pub(crate) const GOLDEN: &[(&str, &str)] = &[
    // 1.18 sends a waypoint no cluster for a collector in the mesh, and a tracer that names it: Istio's own
    // proxy refuses the listener for the same reason.
    (
        "1.18 telemetry-tracing default/waypoint",
        "envoy.tracers.zipkin: unknown cluster 'outbound|9411||zipkin.observe.svc.cluster.local'",
    ),
    (
        "1.18 flag-trace-sampling shop/waypoint",
        "envoy.tracers.zipkin: unknown cluster 'outbound|9411||zipkin.istio-system.svc.cluster.local'",
    ),
    ("1.18 proxy-versions shop/old", "envoy.tracers.zipkin: unknown cluster 'outbound|9411||zipkin.shop.svc"),
    (
        "1.18 proxy-versions shop/patched",
        "envoy.tracers.zipkin: unknown cluster 'outbound|9411||zipkin.shop.svc",
    ),
    (
        "1.18 proxy-versions shop/previous",
        "envoy.tracers.zipkin: unknown cluster 'outbound|9411||zipkin.shop.svc",
    ),
    // Operators, keys and modules that only Istio's own build, or a running agent, has.
    ("1.18 rules-access-logs shop/waypoint", "Not supported field in StreamInfo: REQ_WITHOUT_QUERY"),
    ("1.18 telemetry-opencensus default/waypoint", "envoy.config.trace.v3.OpenCensusConfig"),
    ("1.18 telemetry-stackdriver default/waypoint", "Unable to create Wasm plugin"),
    // Keys that are none: 1.18 sends them as they are written.
    ("1.18 rules-admission shop/waypoint", "invalid local jwks"),
    ("1.18 rules-security shop/waypoint", "invalid local jwks"),
    // A patch whose Lua is none: Istio does not look at it.
    ("1.18 rules-envoyfilters shop/waypoint", "script load error"),
    // Several names for one cluster that resolves a single one: Istio sends it so.
    ("1.18 rules-clusters shop/waypoint", "LOGICAL_DNS clusters must have a single"),
    ("1.29 rules-clusters shop/waypoint", "LOGICAL_DNS clusters must have a single"),
    ("1.30 rules-clusters shop/waypoint", "LOGICAL_DNS clusters must have a single"),
    ("1.31 rules-clusters shop/waypoint", "LOGICAL_DNS clusters must have a single"),
    // A range without addresses, for a Service that has none of the proxy's family: mended in 1.31.
    ("1.30 svc-ipv6-only default/waypoint", "cannot create a filter chain matcher"),
];

/// Of random meshes.
pub(crate) const RANDOM: &[(&str, &str)] = &[];
