//! Access logs, from mesh configuration or telemetry's providers.
//!
//! Source: Envoy's
//! [access logs](https://www.envoyproxy.io/docs/envoy/latest/configuration/observability/access_log/overview) and
//! [Istio's](https://istio.io/latest/docs/tasks/observability/logs/access-log/).

mod filter;
mod format;
mod provider;

use envoy::config::accesslog::v3::{AccessLog, AccessLogFilter};

use crate::mesh::telemetry::{AccessLogger, Applicable, access_loggers};
use crate::resources::Scope;

/// Where access logs are written, each already packed; what they are filtered by differs from place to place.
#[derive(Clone, Debug, Default)]
pub(crate) struct AccessLogs {
    tcp: Vec<Logger>,
    http: Vec<Logger>,
    listener: Vec<Logger>,
    tunnel: Vec<Logger>,
}

#[derive(Clone, Debug)]
struct Logger {
    log: AccessLog,
    /// The CEL expression of telemetry.
    expression: Option<AccessLogFilter>,
}

impl AccessLogs {
    /// The access logs that the resources in force ask for.
    pub(crate) fn new(scope: &Scope<'_>, applicable: &Applicable<'_>) -> Self {
        let asked = access_loggers(applicable, &scope.mesh.config).unwrap_or_default();
        let mut all = Vec::new();
        // What a provider cannot make an access log of does not count: if nothing is left, the older settings of the
        // mesh configuration hold, as if telemetry had said nothing.
        let mut counted = false;
        for AccessLogger { provider, filter, disabled } in asked {
            let Some(log) = provider::access_log(scope, provider) else { continue };
            counted = true;
            if !disabled {
                all.push(Logger { log, expression: filter.as_deref().map(filter::cel) });
            }
        }
        let mut logs = if counted {
            Self { tcp: all.clone(), http: all.clone(), listener: all.clone(), tunnel: all }
        } else {
            Self::of_mesh(scope)
        };
        if scope.mesh.config.disable_envoy_listener_log {
            logs.listener.clear();
        }
        logs
    }

    fn of_mesh(scope: &Scope<'_>) -> Self {
        let (config, rules) = (&scope.mesh.config, &scope.rules.access_logs);
        let plain = |log| Logger { log, expression: None };
        let path = Some(config.access_log_file.as_str()).filter(|path| !path.is_empty());
        let file: Vec<Logger> =
            path.map(|path| plain(format::mesh_file(path, config, rules))).into_iter().collect();
        let service = config.enable_envoy_access_log_service;
        let with = |make: &dyn Fn() -> AccessLog| {
            let grpc = service.then(|| plain(make()));
            file.iter().cloned().chain(grpc).collect()
        };
        Self {
            tcp: with(&|| provider::tcp_of_mesh("tcp_envoy_accesslog", rules)),
            http: with(&|| provider::http_of_mesh(rules)),
            listener: with(&|| provider::tcp_of_mesh("listener_envoy_accesslog", rules)),
            tunnel: file,
        }
    }

    /// The access logs of a TCP proxy.
    pub(crate) fn tcp(&self) -> Vec<AccessLog> {
        logs(&self.tcp, None)
    }

    /// The access logs of a connection manager.
    pub(crate) fn http(&self) -> Vec<AccessLog> {
        logs(&self.http, None)
    }

    /// The access logs of a listener: connections for which there was no chain.
    pub(crate) fn listener(&self) -> Vec<AccessLog> {
        logs(&self.listener, Some(&filter::response_flag("NR")))
    }

    /// The access logs where a tunnel begins: connections that failed, of which the cause is not seen elsewhere.
    pub(crate) fn originate(&self) -> Vec<AccessLog> {
        logs(&self.tunnel, Some(&filter::response_flag("UF")))
    }

    /// The access logs where a tunnel ends: requests that were refused.
    pub(crate) fn terminate(&self) -> Vec<AccessLog> {
        logs(&self.tunnel, Some(&filter::status_at_least(400)))
    }
}

fn logs(loggers: &[Logger], place: Option<&AccessLogFilter>) -> Vec<AccessLog> {
    loggers
        .iter()
        .map(|logger| {
            let filters = place.cloned().into_iter().chain(logger.expression.clone()).collect();
            AccessLog { filter: filter::all_of(filters), ..logger.log.clone() }
        })
        .collect()
}
