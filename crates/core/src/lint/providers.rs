//! Extension providers of the mesh configuration: what they take, and where they send it.

use crate::mesh::{Service, Services};
use crate::snapshot::mesh_config::ExtensionProvider;

/// What Telemetry names providers for.
#[derive(Clone, Copy)]
pub(super) enum Signal {
    AccessLogging,
    Metrics,
    Tracing,
}

impl Signal {
    /// The field of Telemetry.
    pub(super) const fn field(self) -> &'static str {
        match self {
            Self::AccessLogging => "accessLogging",
            Self::Metrics => "metrics",
            Self::Tracing => "tracing",
        }
    }

    /// What a provider gets.
    pub(super) const fn noun(self) -> &'static str {
        match self {
            Self::AccessLogging => "access logs",
            Self::Metrics => "metrics",
            Self::Tracing => "traces",
        }
    }

    /// Whether a provider takes this.
    pub(super) const fn is_taken_by(self, provider: &ExtensionProvider) -> bool {
        let p = provider;
        match self {
            Self::AccessLogging => {
                p.envoy_file_access_log.is_some()
                    || p.envoy_http_als.is_some()
                    || p.envoy_tcp_als.is_some()
                    || p.envoy_otel_als.is_some()
                    || p.stackdriver.is_some()
            }
            Self::Metrics => p.prometheus.is_some() || p.stackdriver.is_some(),
            Self::Tracing => p.takes_spans(),
        }
    }
}

/// The Service that a provider sends to and its port, if it needs one to be there.
pub(super) fn sends_to(provider: &ExtensionProvider) -> Option<(&str, u32)> {
    /// The first member that is set.
    macro_rules! first {
        ($($member:ident),*) => {
            None$(.or(provider.$member.as_ref().map(|given| (given.service.as_str(), given.port))))*
        };
    }
    first!(
        envoy_ext_authz_http,
        envoy_ext_authz_grpc,
        zipkin,
        lightstep,
        datadog,
        skywalking,
        opentelemetry,
        envoy_http_als,
        envoy_tcp_als,
        envoy_otel_als
    )
}

/// The Service that a provider sends to and the port, where the Service has other ones only.
pub(super) fn without_port<'m>(
    services: &'m Services,
    provider: &ExtensionProvider,
) -> Option<(&'m Service, u32)> {
    let (host, port) = sends_to(provider)?;
    let service = services.get(services.of_provider(host)?)?;
    let has_others = !service.ports.is_empty() && service.port(port).is_none();
    has_others.then_some((service, port))
}
