//! Access logs, of the mesh configuration or of telemetry's providers.
//!
//! Source: Envoy's
//! [access logs](https://www.envoyproxy.io/docs/envoy/latest/configuration/observability/access_log/overview)
//! and [Istio's](https://istio.io/latest/docs/tasks/observability/logs/access-log/).

mod filter;
mod format;
mod provider;

use envoy::config::accesslog::v3::{AccessLog, AccessLogFilter};

use crate::plan::WaypointSettings;
use crate::plan::telemetry as plan;

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
    /// The access logs of a plan.
    pub(crate) fn new(settings: &WaypointSettings<'_>, logs: &plan::AccessLogs<'_>) -> Self {
        let mut logs = match logs {
            plan::AccessLogs::OfMesh => Self::of_mesh(settings),
            plan::AccessLogs::Providers(logs) => {
                let logger = |log: &plan::AccessLog<'_>| Logger {
                    log: provider::access_log(settings, &log.sink),
                    expression: log.filter.as_deref().map(filter::cel),
                };
                let all: Vec<Logger> = logs.iter().map(logger).collect();
                Self { tcp: all.clone(), http: all.clone(), listener: all.clone(), tunnel: all }
            }
        };
        if settings.mesh.disable_envoy_listener_log {
            logs.listener.clear();
        }
        logs
    }

    fn of_mesh(settings: &WaypointSettings<'_>) -> Self {
        let (config, rules) = (settings.mesh, &settings.rules.access_logs);
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

    /// The access logs where a tunnel begins: connections that failed, of which the cause is not seen
    /// elsewhere.
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
