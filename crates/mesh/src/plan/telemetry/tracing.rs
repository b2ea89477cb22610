//! How requests are traced.

use std::collections::BTreeMap;

use crate::Str;
use crate::mesh::Service;
use crate::mesh::telemetry::{Applicable, TracingSpec, tracing_spec};
use crate::plan::Scope;
use crate::plan::provider::Upstream;
use crate::rules::{SpanSender, proxy_versions};
use crate::snapshot::mesh_config::provider::{
    DatadogTracing, DynatraceSampler, HttpService, LightstepTracing, OpenCensusAgentTracing,
    OpenTelemetryTracing, ZipkinTracing,
};
use crate::snapshot::mesh_config::{ExtensionProvider, proxy};
use crate::snapshot::telemetry::CustomTag;

/// Where Dynatrace says what is sampled, unless the sampler is told otherwise.
const DYNATRACE_SAMPLING: &str = "api/v2/samplingConfiguration";

/// How requests are traced.
#[derive(Clone, Debug, PartialEq)]
pub struct Tracing<'m> {
    /// Where spans go; none = to where the proxy's bootstrap says.
    pub tracer: Option<Tracer<'m>>,
    /// How many of a hundred requests are sampled.
    pub sampling: f64,
    /// Whether spans have Istio's own tags.
    pub istio_tags: bool,
    /// Additional tags, by name.
    pub custom_tags: Vec<(&'m Str, &'m CustomTag)>,
    /// The longest path in a tag; 0 = Envoy's default.
    pub max_path_tag_length: u32,
    /// Whether the request's id decides about sampling.
    pub use_request_id_for_sampling: bool,
    /// Whether the trace's context is kept from the upstream.
    pub disable_context_propagation: bool,
}

/// What takes the spans.
#[derive(Clone, Debug, PartialEq)]
pub enum Tracer<'m> {
    /// Zipkin.
    Zipkin(&'m ZipkinTracing, Upstream),
    /// Datadog's agent.
    Datadog {
        /// What the provider says.
        settings: &'m DatadogTracing,
        /// The agent.
        upstream: Upstream,
        /// Where the spans are said to come from.
        sender: Str,
    },
    /// Apache SkyWalking.
    SkyWalking(Upstream),
    /// Lightstep.
    Lightstep(&'m LightstepTracing, Upstream),
    /// An agent of OpenCensus, by its address: nobody looks for its service.
    OpenCensus(&'m OpenCensusAgentTracing),
    /// A collector of OpenTelemetry.
    OpenTelemetry {
        /// What the provider says.
        settings: &'m OpenTelemetryTracing,
        /// The collector.
        upstream: Upstream,
        /// What decides about sampling, if it is not the proxy.
        sampler: Option<Sampler<'m>>,
        /// Where the spans are said to come from.
        sender: Str,
    },
}

/// Dynatrace's sampler, and where it asks.
#[derive(Clone, Debug, PartialEq)]
pub struct Sampler<'m> {
    /// What the provider says.
    pub settings: &'m DynatraceSampler,
    /// The service that is asked.
    pub upstream: Upstream,
    /// How it is asked.
    pub http: &'m HttpService,
    /// The path.
    pub path: &'m str,
}

impl<'m> Tracing<'m> {
    /// The tracing that the resources in force ask for, of the chains of a Service or of all; none = nothing
    /// is traced.
    pub(super) fn new(
        scope: Scope<'m>,
        applicable: &Applicable<'m>,
        service: Option<&'m Service>,
    ) -> Option<Self> {
        match tracing_spec(applicable, &scope.mesh.config) {
            None => Self::of_mesh(scope),
            Some(spec) if spec.disabled => None,
            Some(spec) => Self::of_spec(scope, &spec, service),
        }
    }

    /// As the mesh configuration asks for it: the provider is in the proxy's bootstrap.
    fn of_mesh(scope: Scope<'m>) -> Option<Self> {
        let settings = settings(scope);
        scope.mesh.config.enable_tracing.then(|| Self {
            tracer: None,
            sampling: mesh_sampling(scope),
            istio_tags: settings.and_then(|t| t.enable_istio_tags).unwrap_or(true),
            custom_tags: configured_tags(scope),
            max_path_tag_length: settings.map_or(0, |t| t.max_path_tag_length),
            use_request_id_for_sampling: true,
            disable_context_propagation: false,
        })
    }

    /// As telemetry asks for it; none where the provider takes no spans, or its service is not there.
    fn of_spec(scope: Scope<'m>, spec: &TracingSpec<'m>, service: Option<&'m Service>) -> Option<Self> {
        let tracer = Tracer::of(scope, spec.provider?, service)?;
        let settings = settings(scope);
        let sampling = match spec.random_sampling_percentage {
            // A sampler of its own gets every span, and decides itself.
            _ if tracer.samples() => 100.0,
            Some(percentage) => percentage,
            None if scope.rules.tracing.mesh_sampling => mesh_sampling(scope),
            None => 0.0,
        };
        let max_path_tag_length = match tracer.max_tag_length() {
            0 => settings.map_or(0, |t| t.max_path_tag_length),
            length => length,
        };
        let custom_tags = match spec.custom_tags.filter(|tags| !tags.is_empty()) {
            Some(tags) => understood(scope, tags, scope.rules.tracing.tags_without_source),
            None => configured_tags(scope),
        };
        Some(Self {
            tracer: Some(tracer),
            sampling,
            istio_tags: spec.enable_istio_tags,
            custom_tags,
            max_path_tag_length,
            use_request_id_for_sampling: spec.use_request_id_for_trace_sampling,
            disable_context_propagation: spec.disable_context_propagation,
        })
    }

    /// The services that take spans, or are asked about them.
    pub(super) fn upstreams(&self) -> impl Iterator<Item = &Upstream> {
        let (spans, asked) = match &self.tracer {
            None | Some(Tracer::OpenCensus(_)) => (None, None),
            Some(
                Tracer::Zipkin(_, upstream)
                | Tracer::Datadog { upstream, .. }
                | Tracer::SkyWalking(upstream)
                | Tracer::Lightstep(_, upstream),
            ) => (Some(upstream), None),
            Some(Tracer::OpenTelemetry { upstream, sampler, .. }) => {
                (Some(upstream), sampler.as_ref().map(|sampler| &sampler.upstream))
            }
        };
        spans.into_iter().chain(asked)
    }
}

impl<'m> Tracer<'m> {
    /// What a provider is for spans; none if it takes none, or if its service is not there.
    fn of(scope: Scope<'m>, provider: &'m ExtensionProvider, service: Option<&'m Service>) -> Option<Self> {
        let rules = &scope.rules.tracing;
        let find = |service: &str, port| Upstream::find(&scope.mesh.services, service, port);
        if let Some(zipkin) = &provider.zipkin {
            return Some(Self::Zipkin(zipkin, find(&zipkin.service, zipkin.port)?));
        }
        if let Some(datadog) = &provider.datadog {
            let upstream = find(&datadog.service, datadog.port)?;
            return Some(Self::Datadog { settings: datadog, upstream, sender: sender(scope, service) });
        }
        if let Some(skywalking) = &provider.skywalking {
            return Some(Self::SkyWalking(find(&skywalking.service, skywalking.port)?));
        }
        if let Some(lightstep) = &provider.lightstep {
            let upstream = rules.lightstep.then(|| find(&lightstep.service, lightstep.port)).flatten()?;
            return Some(Self::Lightstep(lightstep, upstream));
        }
        if let Some(agent) = provider.opencensus.as_ref().filter(|_| rules.opencensus) {
            return Some(Self::OpenCensus(agent));
        }
        // Stackdriver needs to know its project in Google Cloud, which a proxy asks the machine for.
        let settings = provider.opentelemetry.as_ref()?;
        let upstream = find(&settings.service, settings.port)?;
        let sampler = match &settings.dynatrace_sampler {
            Some(sampler) => Some(Sampler::of(scope, sampler, settings, &upstream)?),
            None => None,
        };
        Some(Self::OpenTelemetry { settings, upstream, sampler, sender: sender(scope, service) })
    }

    /// The longest path in a tag; 0 = Envoy's default.
    const fn max_tag_length(&self) -> u32 {
        match self {
            Self::Zipkin(zipkin, _) => zipkin.max_tag_length,
            Self::Datadog { settings, .. } => settings.max_tag_length,
            Self::Lightstep(lightstep, _) => lightstep.max_tag_length,
            Self::OpenCensus(agent) => agent.max_tag_length,
            Self::OpenTelemetry { settings, .. } => settings.max_tag_length,
            Self::SkyWalking(_) => 0,
        }
    }

    /// Whether it decides itself what is sampled.
    const fn samples(&self) -> bool {
        matches!(self, Self::OpenTelemetry { sampler: Some(_), .. })
    }
}

impl<'m> Sampler<'m> {
    /// The sampler that a provider names; none where it has no service to ask.
    fn of(
        scope: Scope<'m>,
        settings: &'m DynatraceSampler,
        otel: &'m OpenTelemetryTracing,
        collector: &Upstream,
    ) -> Option<Self> {
        let Some(api) = &settings.http_service else {
            let http = otel.http.as_ref()?;
            return Some(Self { settings, upstream: collector.clone(), http, path: DYNATRACE_SAMPLING });
        };
        let upstream = Upstream::find(&scope.mesh.services, &api.service, api.port)?;
        let http = api.http.as_ref()?;
        Some(Self { settings, upstream, http, path: &http.path })
    }
}

/// Where spans are said to come from: the Service that was called or, as most releases have it, the waypoint.
fn sender(scope: Scope<'_>, service: Option<&Service>) -> Str {
    let Scope { waypoint, rules, .. } = scope;
    let proxy = &waypoint.proxy;
    match service.filter(|_| rules.tracing.sender == SpanSender::Service) {
        Some(service) => service.hostname.clone(),
        None => proxy.service_cluster(&waypoint.name.namespace, &proxy.labels, &rules.bootstrap),
    }
}

/// The additional tags of the proxy's configuration.
fn configured_tags(scope: Scope<'_>) -> Vec<(&Str, &CustomTag)> {
    settings(scope).map_or_else(Vec::new, |settings| understood(scope, &settings.custom_tags, false))
}

/// The tags that a proxy of this version understands; those without a source only where they are wanted.
fn understood<'m>(
    scope: Scope<'m>,
    tags: &'m BTreeMap<Str, CustomTag>,
    without_source: bool,
) -> Vec<(&'m Str, &'m CustomTag)> {
    let formatted = scope.waypoint.proxy.version.is_since(proxy_versions::FORMATTED_TAGS);
    let is_understood = |tag: &CustomTag| match tag {
        CustomTag::Formatter(_) => formatted,
        CustomTag::Unset => without_source,
        _ => true,
    };
    tags.iter().filter(|(_, tag)| is_understood(tag)).collect()
}

/// The sampling of the proxy's configuration. One of more than 100 % counts as 1 %.
fn mesh_sampling(scope: Scope<'_>) -> f64 {
    match settings(scope).map_or(0.0, |t| t.sampling) {
        0.0 => scope.mesh.options.features.pilot_trace_sampling,
        sampling if sampling > 100.0 => 1.0,
        sampling => sampling,
    }
}

/// The tracing of the proxy's own configuration.
fn settings(scope: Scope<'_>) -> Option<&proxy::Tracing> {
    scope.waypoint.proxy.config.tracing.as_ref()
}
