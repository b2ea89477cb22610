//! A connection manager's tracing.
//!
//! Source: Envoy's [tracing](https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/observability/tracing) and
//! [Istio's](https://istio.io/latest/docs/tasks/observability/distributed-tracing/).

mod provider;
mod tags;

use envoy::extensions::filters::network::http_connection_manager::v3::RequestIdExtension;
use envoy::extensions::filters::network::http_connection_manager::v3::http_connection_manager::Tracing;
use envoy::extensions::request_id::uuid::v3::UuidRequestIdConfig;
use envoy::r#type::v3::Percent;

use crate::mesh::Service;
use crate::mesh::telemetry::{Applicable, TracingSpec, tracing_spec};
use crate::resources::Scope;
use crate::rules::ChildSpan;
use crate::snapshot::mesh_config::proxy;

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
    /// The tracing that the resources in force ask for, of the chains of a Service or of all.
    pub(crate) fn new(scope: &Scope<'_>, applicable: &Applicable<'_>, service: Option<&Service>) -> Self {
        let spec = tracing_spec(applicable, &scope.mesh.config);
        match &spec {
            None => Self { tracing: of_mesh(scope), ..Self::off() },
            Some(spec) if spec.disabled => Self::off(),
            Some(spec) => of_spec(scope, spec, service).unwrap_or_else(Self::off),
        }
    }

    fn off() -> Self {
        Self { tracing: None, router_starts_child_span: false, request_id: request_id(true) }
    }
}

/// Tracing as the mesh configuration asks for it: the provider is in the proxy's bootstrap.
fn of_mesh(scope: &Scope<'_>) -> Option<Tracing> {
    if !scope.mesh.config.enable_tracing {
        return None;
    }
    let settings = settings(scope);
    let istio_tags = settings.and_then(|t| t.enable_istio_tags).unwrap_or(true);
    Some(Tracing {
        custom_tags: tags::of(scope, istio_tags, None),
        max_path_tag_length: max_path_tag_length(scope),
        ..sampled(mesh_sampling(scope))
    })
}

/// Tracing as telemetry asks for it; none where the provider's service is not there.
fn of_spec(scope: &Scope<'_>, spec: &TracingSpec<'_>, service: Option<&Service>) -> Option<HcmTracing> {
    let rules = &scope.rules.tracing;
    let provided = provider::configure(scope, spec.provider?, service)?;
    let sampling = match spec.random_sampling_percentage {
        // A sampler of its own gets every span, and decides itself.
        _ if provided.samples => 100.0,
        Some(percentage) => percentage,
        None if rules.mesh_sampling => mesh_sampling(scope),
        None => 0.0,
    };
    let in_router = provided.starts_child_span && rules.child_span == ChildSpan::Router;
    let in_tracing = provided.starts_child_span && rules.child_span == ChildSpan::Tracing;
    let max_length = (provided.max_tag_length != 0).then(|| provided.max_tag_length.into());
    let tracing = Tracing {
        provider: Some(provided.http),
        custom_tags: tags::of(scope, spec.enable_istio_tags, spec.custom_tags),
        max_path_tag_length: max_length.or_else(|| max_path_tag_length(scope)),
        spawn_upstream_span: in_tracing.then(|| true.into()),
        no_context_propagation: spec.disable_context_propagation,
        ..sampled(sampling)
    };
    Some(HcmTracing {
        tracing: Some(tracing),
        router_starts_child_span: in_router,
        request_id: request_id(spec.use_request_id_for_trace_sampling),
    })
}

fn sampled(random: f64) -> Tracing {
    Tracing {
        client_sampling: Some(Percent { value: 100.0 }),
        random_sampling: Some(Percent { value: random }),
        overall_sampling: Some(Percent { value: 100.0 }),
        ..Tracing::default()
    }
}

/// The sampling of the proxy's configuration. One of more than 100 % counts as 1 %.
fn mesh_sampling(scope: &Scope<'_>) -> f64 {
    match settings(scope).map_or(0.0, |t| t.sampling) {
        0.0 => scope.mesh.options.features.pilot_trace_sampling,
        sampling if sampling > 100.0 => 1.0,
        sampling => sampling,
    }
}

fn max_path_tag_length(scope: &Scope<'_>) -> Option<envoy::google::protobuf::UInt32Value> {
    let length = settings(scope).map_or(0, |t| t.max_path_tag_length);
    (length != 0).then(|| length.into())
}

/// The tracing of the proxy's own configuration.
fn settings<'m>(scope: &Scope<'m>) -> Option<&'m proxy::Tracing> {
    scope.waypoint.proxy.config.tracing.as_ref()
}

fn request_id(for_sampling: bool) -> RequestIdExtension {
    let config = UuidRequestIdConfig {
        use_request_id_for_trace_sampling: Some(for_sampling.into()),
        ..Default::default()
    };
    RequestIdExtension { typed_config: Some(envoy::any(&config)) }
}
