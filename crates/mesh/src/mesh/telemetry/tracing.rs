//! How a waypoint traces.

use std::collections::BTreeMap;

use super::{Applicable, defaults, provider};
use crate::Str;
use crate::mesh::MeshSettings;
use crate::snapshot::mesh_config::ExtensionProvider;
use crate::snapshot::telemetry::{CustomTag, TelemetryMode, Tracing};

/// How requests to a server are traced.
#[derive(Clone, Debug, PartialEq)]
pub struct TracingSpec<'m> {
    /// The provider that takes the spans; without one nothing is traced.
    pub provider: Option<&'m ExtensionProvider>,
    /// Whether it was switched off.
    pub disabled: bool,
    /// How much is sampled, if telemetry says so.
    pub random_sampling_percentage: Option<f64>,
    /// Additional tags.
    pub custom_tags: Option<&'m BTreeMap<Str, CustomTag>>,
    /// Whether the request's id decides about sampling.
    pub use_request_id_for_trace_sampling: bool,
    /// Whether spans have Istio's own tags.
    pub enable_istio_tags: bool,
    /// Whether the trace's context is kept from the upstream.
    pub disable_context_propagation: bool,
}

/// How requests are traced. None if neither telemetry nor the mesh's default providers say anything of it:
/// then the mesh configuration's older settings hold.
#[must_use]
pub fn tracing_spec<'m>(applicable: &Applicable<'m>, config: &'m MeshSettings) -> Option<TracingSpec<'m>> {
    let default = defaults(config, |p| &p.tracing).first().copied();
    if default.is_none() && applicable.iter().all(|t| t.spec.tracing.is_empty()) {
        return None;
    }
    let mut spec = TracingSpec {
        provider: default.and_then(|name| provider(config, name)),
        disabled: false,
        random_sampling_percentage: None,
        custom_tags: None,
        use_request_id_for_trace_sampling: true,
        enable_istio_tags: true,
        disable_context_propagation: false,
    };
    for tracing in applicable.iter().flat_map(|t| &t.object.spec.tracing).filter(|t| is_for_servers(t)) {
        merge(&mut spec, tracing, config);
    }
    spec.disabled |= spec.provider.is_none();
    Some(spec)
}

fn merge<'m>(spec: &mut TracingSpec<'m>, over: &'m Tracing, config: &'m MeshSettings) {
    // One provider per direction: of several, the first.
    if let Some(reference) = over.providers.first() {
        spec.provider = provider(config, &reference.name);
    }
    if let Some(disabled) = over.disable_span_reporting {
        spec.disabled = disabled;
    }
    // An empty list takes back what was said before.
    if over.custom_tags.is_some() {
        spec.custom_tags = over.custom_tags.as_ref();
    }
    if over.random_sampling_percentage.is_some() {
        spec.random_sampling_percentage = over.random_sampling_percentage;
    }
    if let Some(use_request_id) = over.use_request_id_for_trace_sampling {
        spec.use_request_id_for_trace_sampling = use_request_id;
    }
    if let Some(enable) = over.enable_istio_tags {
        spec.enable_istio_tags = enable;
    }
    if let Some(disable) = over.disable_context_propagation {
        spec.disable_context_propagation = disable;
    }
}

/// A waypoint takes requests: it is a server.
fn is_for_servers(tracing: &Tracing) -> bool {
    tracing.matches.as_ref().is_none_or(|m| m.mode != TelemetryMode::Client)
}
