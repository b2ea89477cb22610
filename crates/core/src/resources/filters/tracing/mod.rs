//! A connection manager's tracing.
//!
//! Source: Envoy's
//! [tracing](https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/observability/tracing) and
//! [Istio's](https://istio.io/latest/docs/tasks/observability/distributed-tracing/).

mod join_path;
mod provider;
mod tags;

use envoy::extensions::filters::network::http_connection_manager::v3::RequestIdExtension;
use envoy::extensions::filters::network::http_connection_manager::v3::http_connection_manager::Tracing;
use envoy::extensions::request_id::uuid::v3::UuidRequestIdConfig;
use envoy::r#type::v3::Percent;

use crate::plan::WaypointSettings;
use crate::plan::telemetry as plan;
use crate::rules::{ChildSpan, proxy_versions};

/// What tracing does to a connection manager.
#[derive(Clone, Debug)]
pub(crate) struct HcmTracing {
    /// Its tracing; none if it is off.
    pub(crate) tracing: Option<Tracing>,
    /// Whether the router starts a child span.
    pub(crate) router_starts_child_span: bool,
    /// How requests get their id.
    pub(crate) request_id: RequestIdExtension,
}

impl HcmTracing {
    /// The tracing of a plan; none = nothing is traced.
    pub(crate) fn new(settings: &WaypointSettings<'_>, tracing: Option<&plan::Tracing<'_>>) -> Self {
        let Some(planned) = tracing else {
            return Self { tracing: None, router_starts_child_span: false, request_id: request_id(true) };
        };
        let provided = planned.tracer.as_ref().map(|tracer| provider::configure(settings, tracer));
        let child_span = settings.rules.tracing.child_span;
        let starts_child_span = provided.as_ref().is_some_and(|provided| provided.starts_child_span);
        let max_length = planned.max_path_tag_length;
        let tracing = Tracing {
            client_sampling: Some(Percent { value: 100.0 }),
            random_sampling: Some(Percent { value: planned.sampling }),
            overall_sampling: Some(Percent { value: 100.0 }),
            provider: provided.map(|provided| provided.http),
            custom_tags: tags::of(settings, planned),
            max_path_tag_length: (max_length != 0).then(|| max_length.into()),
            spawn_upstream_span: (starts_child_span && child_span == ChildSpan::Tracing).then(|| true.into()),
            no_context_propagation: planned.disable_context_propagation
                && settings.proxy.version.is_since(proxy_versions::NO_CONTEXT_PROPAGATION),
            ..Tracing::default()
        };
        Self {
            tracing: Some(tracing),
            router_starts_child_span: starts_child_span && child_span == ChildSpan::Router,
            request_id: request_id(planned.use_request_id_for_sampling),
        }
    }
}

fn request_id(for_sampling: bool) -> RequestIdExtension {
    let config = UuidRequestIdConfig {
        use_request_id_for_trace_sampling: Some(for_sampling.into()),
        ..Default::default()
    };
    RequestIdExtension { typed_config: Some(envoy::any(&config)) }
}
