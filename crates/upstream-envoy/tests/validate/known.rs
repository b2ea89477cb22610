//! What an upstream Envoy refuses, and why: the case with its release and waypoint, and a part of Envoy's message.
//!
//! These lists may only shrink: an entry that is not needed any more fails the test.

/// Of the golden cases.
pub(crate) const GOLDEN: &[(&str, &str)] = &[
    // 1.18 sends a waypoint no cluster for a collector in the mesh, and a tracer that names it: Istio's own proxy
    // refuses the listener for the same reason.
    (
        "1.18 telemetry-tracing default/waypoint",
        "envoy.tracers.zipkin: unknown cluster 'outbound|9411||zipkin.observe.svc.cluster.local'",
    ),
];

/// Of random meshes.
pub(crate) const RANDOM: &[(&str, &str)] = &[];
