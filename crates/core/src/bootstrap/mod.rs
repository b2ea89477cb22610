//! The bootstrap: what a waypoint's agent writes for its Envoy to start with.
//!
//! It names the control plane, and holds what xDS doesn't deliver: the clusters of the agent and of a tracing
//! collector, and the listeners for health checks and statistics.
//!
//! | module | knows |
//! |---|---|
//! | `agent` | the agent's settings: the proxy's effective configuration |
//! | `proxy_config` | that configuration as proto JSON |
//! | `node` | who the proxy says that it is |
//! | `stats` | which statistics are kept, how they are tagged, and where they go |
//! | `clusters`, `listeners` | the static resources |
//! | `tracing` | the tracer |
//! | `tls` | TLS to the services that the bootstrap knows |
//! | `template` | how Istio's template writes it |
//!
//! Sources: `tools/packaging/common/envoy_bootstrap.json` and the agent of each release; Envoy's
//! [Bootstrap](https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/bootstrap/v3/bootstrap.proto).

pub(crate) mod agent;
mod clusters;
mod listeners;
mod node;
pub(crate) mod proxy_config;
mod stats;
mod template;
mod tls;
mod tracing;

use std::collections::BTreeMap;

use envoy::config::accesslog::v3::{AccessLog, access_log};
use envoy::config::bootstrap::v3::bootstrap::application_log_config::LogFormat;
use envoy::config::bootstrap::v3::bootstrap::application_log_config::log_format::LogFormat as LogFormatKind;
use envoy::config::bootstrap::v3::bootstrap::{
    ApplicationLogConfig, DeferredStatOptions, DynamicResources, StaticResources,
};
use envoy::config::bootstrap::v3::runtime_layer::{AdminLayer, LayerSpecifier};
use envoy::config::bootstrap::v3::{Admin, Bootstrap, LayeredRuntime, RuntimeLayer};
use envoy::config::core::v3::api_config_source::ApiType;
use envoy::config::core::v3::config_source::ConfigSourceSpecifier;
use envoy::config::core::v3::grpc_service::{EnvoyGrpc, TargetSpecifier};
use envoy::config::core::v3::{
    AggregatedConfigSource, ApiConfigSource, ApiVersion, ConfigSource, GrpcService, TypedExtensionConfig,
};
use envoy::config::overload::v3::resource_monitor::ConfigType as MonitorConfig;
use envoy::config::overload::v3::{OverloadManager, ResourceMonitor};
use envoy::config::trace::v3::Tracing;
use envoy::config::trace::v3::tracing::http::ConfigType as TracerConfig;
use envoy::extensions::access_loggers::file::v3::FileAccessLog;
use envoy::extensions::resource_monitors::downstream_connections::v3::DownstreamConnectionsConfig;
use envoy::google::protobuf::{Any, Struct};
use envoy::udpa::r#type::v1::TypedStruct;
use envoy::xds::r#type::v3::TypedStruct as XdsTypedStruct;
use serde_json::{Value, json};

use crate::mesh::{Mesh, Waypoint};
use crate::resources::proto::{duration, socket};
use crate::rules::{ConnectionLimit, RuntimeFlag};
use crate::snapshot::Duration;

use agent::Agent;

pub(crate) use template::written;

/// The runtime flag for the number of connections, of which one release takes the value only.
const MAX_CONNECTIONS: &str = "overload.global_downstream_max_connections";

/// The bootstrap of a waypoint's Envoy, as the JSON that its agent writes: the keys are spelled, and ordered,
/// as Istio's template writes them.
#[must_use]
pub fn bootstrap(mesh: &Mesh, waypoint: &Waypoint) -> Value {
    template::written(&message(mesh, waypoint))
}

/// The bootstrap of a waypoint's Envoy.
///
/// Where Istio's agent would refuse to start (an address without a port, a Stackdriver tracer outside of
/// Google Cloud), the part that it stumbles over is left out.
#[must_use]
pub fn message(mesh: &Mesh, waypoint: &Waypoint) -> Bootstrap {
    let agent = Agent::new(mesh, waypoint);
    Bootstrap {
        application_log_config: agent.rules.application_log_format.then(application_log),
        node: Some(node::node(&agent)),
        layered_runtime: Some(layered_runtime(&agent)),
        bootstrap_extensions: extensions(),
        stats_flush_interval: stats::flush_interval(&agent).map(duration),
        stats_eviction: stats::eviction(&agent),
        stats_config: Some(stats::config(&agent)),
        admin: Some(admin(&agent)),
        dynamic_resources: Some(dynamic_resources()),
        static_resources: Some(StaticResources {
            clusters: clusters::clusters(&agent),
            listeners: listeners::listeners(&agent),
            ..StaticResources::default()
        }),
        overload_manager: overload_manager(&agent),
        tracing: tracing::tracing(&agent),
        stats_sinks: stats::sinks(&agent),
        deferred_stat_options: agent
            .rules
            .deferred_stats
            .then_some(DeferredStatOptions { enable_deferred_creation_stats: true }),
        ..Bootstrap::default()
    }
}

fn application_log() -> ApplicationLogConfig {
    let text = "%Y-%m-%dT%T.%fZ\t%l\tenvoy %n %g:%#\t%v\tthread=%t".to_owned();
    ApplicationLogConfig { log_format: Some(LogFormat { log_format: Some(LogFormatKind::TextFormat(text)) }) }
}

/// The release's flags with those of `runtimeValues` over them. An empty value unsets a flag.
fn layered_runtime(agent: &Agent<'_>) -> LayeredRuntime {
    let rules = agent.rules;
    let mut flags: BTreeMap<&str, Value> = rules
        .runtime
        .iter()
        .map(|(name, flag)| match flag {
            RuntimeFlag::Text(text) => (*name, json!(text)),
            RuntimeFlag::Boolean(flag) => (*name, json!(flag)),
        })
        .collect();
    for (name, value) in &agent.config.runtime_values {
        match value.as_str() {
            "" => flags.remove(name.as_str()),
            "true" | "false" if rules.typed_runtime => flags.insert(name, json!(value == "true")),
            text => flags.insert(name, json!(text)),
        };
    }
    let layer =
        |name: &str, specifier| RuntimeLayer { name: name.to_owned(), layer_specifier: Some(specifier) };
    LayeredRuntime {
        layers: vec![
            layer("global config", LayerSpecifier::StaticLayer(structure(&json!(flags)))),
            layer("admin", LayerSpecifier::AdminLayer(AdminLayer {})),
        ],
    }
}

/// A JSON object as Protobuf's.
fn structure(object: &Value) -> Struct {
    envoy::json::parse(object).unwrap_or_default()
}

fn extensions() -> Vec<TypedExtensionConfig> {
    let extension = |name: &str, of: &str, value: Value| TypedExtensionConfig {
        name: name.to_owned(),
        typed_config: Some(envoy::any(&TypedStruct {
            type_url: format!("type.googleapis.com/{of}"),
            value: Some(structure(&value)),
        })),
    };
    vec![
        extension(
            "metadata_discovery",
            "istio.workload.BootstrapExtension",
            json!({"config_source": {"ads": {}}}),
        ),
        extension(
            "envoy.bootstrap.internal_listener",
            "envoy.extensions.bootstrap.internal_listener.v3.InternalListener",
            json!({"buffer_size_kb": 64}),
        ),
    ]
}

/// What configures an extension of which the message isn't among Envoy's: that of a release, or of a build.
fn as_struct(name: &str, value: &Value) -> Any {
    let type_url = format!("type.googleapis.com/{name}");
    envoy::any(&XdsTypedStruct { type_url, value: Some(structure(value)) })
}

/// Whether a tracer is one of [`as_struct`]'s, which no upstream Envoy knows.
pub(crate) fn is_as_struct(tracing: &Tracing) -> bool {
    let config = tracing.http.as_ref().and_then(|http| http.config_type.as_ref());
    matches!(config, Some(TracerConfig::TypedConfig(any)) if envoy::unpack::<XdsTypedStruct>(any).is_ok())
}

fn admin(agent: &Agent<'_>) -> Admin {
    let nowhere = FileAccessLog { path: "/dev/null".to_owned(), ..FileAccessLog::default() };
    Admin {
        access_log: vec![AccessLog {
            name: "envoy.access_loggers.file".to_owned(),
            config_type: Some(access_log::ConfigType::TypedConfig(envoy::any(&nowhere))),
            ..AccessLog::default()
        }],
        profile_path: "/var/lib/istio/data/envoy.prof".to_owned(),
        address: Some(socket(agent.family.localhost(), agent.admin_port())),
        ..Admin::default()
    }
}

/// Everything else comes over one delta stream from the control plane, through the agent.
fn dynamic_resources() -> DynamicResources {
    let ads = ConfigSource {
        config_source_specifier: Some(ConfigSourceSpecifier::Ads(AggregatedConfigSource::default())),
        initial_fetch_timeout: Some(duration(Duration::ZERO)),
        resource_api_version: ApiVersion::V3.into(),
        ..ConfigSource::default()
    };
    DynamicResources {
        lds_config: Some(ads.clone()),
        cds_config: Some(ads),
        ads_config: Some(ApiConfigSource {
            api_type: ApiType::DeltaGrpc.into(),
            set_node_on_first_message_only: true,
            transport_api_version: ApiVersion::V3.into(),
            grpc_services: vec![GrpcService {
                target_specifier: Some(TargetSpecifier::EnvoyGrpc(EnvoyGrpc {
                    cluster_name: clusters::XDS.to_owned(),
                    ..EnvoyGrpc::default()
                })),
                ..GrpcService::default()
            }],
            ..ApiConfigSource::default()
        }),
        ..DynamicResources::default()
    }
}

fn overload_manager(agent: &Agent<'_>) -> Option<OverloadManager> {
    if agent.rules.connection_limit != ConnectionLimit::OverloadManager {
        return None;
    }
    let metadata = agent.config.proxy_metadata.get("ISTIO_META_GLOBAL_DOWNSTREAM_MAX_CONNECTIONS");
    let wanted = [metadata, agent.config.runtime_values.get(MAX_CONNECTIONS)];
    let limit = wanted.into_iter().flatten().find_map(|text| text.parse::<i64>().ok());
    let limit = DownstreamConnectionsConfig {
        max_active_downstream_connections: limit.unwrap_or(i64::from(i32::MAX)),
    };
    Some(OverloadManager {
        resource_monitors: vec![ResourceMonitor {
            name: "envoy.resource_monitors.global_downstream_max_connections".to_owned(),
            config_type: Some(MonitorConfig::TypedConfig(envoy::any(&limit))),
        }],
        ..OverloadManager::default()
    })
}
