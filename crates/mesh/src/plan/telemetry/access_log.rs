//! Where access logs are written.

use crate::Str;
use crate::mesh::telemetry::{AccessLogger, Applicable, access_loggers};
use crate::plan::Scope;
use crate::plan::provider::Upstream;
use crate::snapshot::mesh_config::ExtensionProvider;
use crate::snapshot::mesh_config::provider::{EnvoyFileAccessLog, EnvoyGrpcAccessLog, EnvoyOpenTelemetryLog};

/// Where access logs are written.
#[derive(Clone, Debug, PartialEq)]
pub enum AccessLogs<'m> {
    /// As the older settings of the mesh configuration say.
    OfMesh,
    /// To providers.
    Providers(Vec<AccessLog<'m>>),
}

/// One access log.
#[derive(Clone, Debug, PartialEq)]
pub struct AccessLog<'m> {
    /// Where it is written.
    pub sink: LogSink<'m>,
    /// The CEL expression that selects what is logged; none = all.
    pub filter: Option<Str>,
}

/// Where an access log is written.
#[derive(Clone, Debug, PartialEq)]
pub enum LogSink<'m> {
    /// The provider that every mesh has: a file whose format is the mesh configuration's.
    MeshFile(&'m EnvoyFileAccessLog),
    /// A file with a format of its own.
    File(&'m EnvoyFileAccessLog),
    /// A gRPC service for requests.
    HttpGrpc(&'m EnvoyGrpcAccessLog, Upstream),
    /// A gRPC service for connections.
    TcpGrpc(&'m EnvoyGrpcAccessLog, Upstream),
    /// A collector of OpenTelemetry.
    OpenTelemetry(&'m EnvoyOpenTelemetryLog, Upstream),
}

impl<'m> AccessLogs<'m> {
    pub(super) fn new(scope: Scope<'m>, applicable: &Applicable<'m>) -> Self {
        let asked = access_loggers(applicable, &scope.mesh.config).unwrap_or_default();
        let mut all = Vec::new();
        // What a provider cannot make an access log of does not count: if nothing is left, the older settings
        // of the mesh configuration hold, as if telemetry had said nothing.
        let mut counted = false;
        for AccessLogger { provider, filter, disabled } in asked {
            let Some(sink) = LogSink::of(scope, provider) else { continue };
            counted = true;
            if !disabled {
                all.push(AccessLog { sink, filter });
            }
        }
        if counted { Self::Providers(all) } else { Self::OfMesh }
    }

    /// The services that take logs.
    pub(super) fn upstreams(&self) -> impl Iterator<Item = &Upstream> {
        let logs = match self {
            Self::OfMesh => &[][..],
            Self::Providers(logs) => logs,
        };
        logs.iter().filter_map(|log| match &log.sink {
            LogSink::MeshFile(_) | LogSink::File(_) => None,
            LogSink::HttpGrpc(_, to) | LogSink::TcpGrpc(_, to) | LogSink::OpenTelemetry(_, to) => Some(to),
        })
    }
}

impl<'m> LogSink<'m> {
    /// What a provider is for access logs; none if it takes none, or if its service is not there.
    fn of(scope: Scope<'m>, provider: &'m ExtensionProvider) -> Option<Self> {
        let find = |service: &str, port| Upstream::find(&scope.mesh.services, service, port);
        if let Some(file) = &provider.envoy_file_access_log {
            let is_built_in =
                provider.name == "envoy" && file.log_format.is_none() && !file.omit_empty_values;
            return Some(if is_built_in { Self::MeshFile(file) } else { Self::File(file) });
        }
        if let Some(http) = &provider.envoy_http_als {
            return Some(Self::HttpGrpc(http, find(&http.service, http.port)?));
        }
        if let Some(tcp) = &provider.envoy_tcp_als {
            return Some(Self::TcpGrpc(tcp, find(&tcp.service, tcp.port)?));
        }
        let otel = provider.envoy_otel_als.as_ref()?;
        Some(Self::OpenTelemetry(otel, find(&otel.service, otel.port)?))
    }
}
