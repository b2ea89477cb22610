//! The bootstrap: what a waypoint's agent writes for its Envoy to start with.
//!
//! It names the control plane, and holds what xDS doesn't deliver: the clusters of the agent and of a tracing
//! collector, and the listeners for health checks and statistics. The keys are spelled, and ordered, as Istio's
//! template writes them.
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
//!
//! Sources: `tools/packaging/common/envoy_bootstrap.json` and the agent of each release; Envoy's
//! [Bootstrap](https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/bootstrap/v3/bootstrap.proto).

pub(crate) mod agent;
mod clusters;
mod listeners;
mod node;
pub(crate) mod proxy_config;
mod stats;
mod tls;
mod tracing;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::json::object;
use crate::mesh::{Mesh, Waypoint};
use crate::rules::{ConnectionLimit, RuntimeFlag};

use agent::Agent;

/// The runtime flag for the number of connections, of which one release takes the value only.
const MAX_CONNECTIONS: &str = "overload.global_downstream_max_connections";

/// The bootstrap of a waypoint's Envoy, as the JSON that its agent writes.
///
/// Where Istio's agent would refuse to start (an address without a port, a Stackdriver tracer outside of Google
/// Cloud), the part that it stumbles over is left out.
#[must_use]
pub fn bootstrap(mesh: &Mesh, waypoint: &Waypoint) -> Value {
    let agent = Agent::new(mesh, waypoint);
    object([
        ("application_log_config", agent.rules.application_log_format.then(application_log)),
        ("node", Some(node::node(&agent))),
        ("layered_runtime", Some(layered_runtime(&agent))),
        ("bootstrap_extensions", Some(extensions())),
        ("stats_flush_interval", stats::flush_interval(&agent)),
        ("stats_eviction_interval", stats::eviction_interval(&agent)),
        ("stats_config", Some(stats::config(&agent))),
        ("admin", Some(admin(&agent))),
        ("dynamic_resources", Some(dynamic_resources())),
        (
            "static_resources",
            Some(json!({"clusters": clusters::clusters(&agent), "listeners": listeners::listeners(&agent)})),
        ),
        ("overload_manager", overload_manager(&agent)),
        ("tracing", tracing::tracing(&agent)),
        ("stats_sinks", stats::sinks(&agent)),
        (
            "deferred_stat_options",
            agent.rules.deferred_stats.then(|| json!({"enable_deferred_creation_stats": true})),
        ),
    ])
}

fn application_log() -> Value {
    json!({"log_format": {"text_format": "%Y-%m-%dT%T.%fZ\t%l\tenvoy %n %g:%#\t%v\tthread=%t"}})
}

/// The release's flags with those of `runtimeValues` over them. An empty value unsets a flag.
fn layered_runtime(agent: &Agent<'_>) -> Value {
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
    json!({"layers": [
        {"name": "global config", "static_layer": flags},
        {"name": "admin", "admin_layer": {}},
    ]})
}

fn extensions() -> Value {
    let extension = |name: &str, of: &str, value: Value| {
        json!({"name": name, "typed_config": {
            "@type": "type.googleapis.com/udpa.type.v1.TypedStruct",
            "type_url": format!("type.googleapis.com/{of}"),
            "value": value,
        }})
    };
    json!([
        extension(
            "metadata_discovery",
            "istio.workload.BootstrapExtension",
            json!({"config_source": {"ads": {}}})
        ),
        extension(
            "envoy.bootstrap.internal_listener",
            "envoy.extensions.bootstrap.internal_listener.v3.InternalListener",
            json!({"buffer_size_kb": 64}),
        ),
    ])
}

fn admin(agent: &Agent<'_>) -> Value {
    json!({
        "access_log": [{
            "name": "envoy.access_loggers.file",
            "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog",
                "path": "/dev/null",
            },
        }],
        "profile_path": "/var/lib/istio/data/envoy.prof",
        "address": {"socket_address": {"address": agent.family.localhost(), "port_value": agent.admin_port()}},
    })
}

/// Everything else comes over one delta stream from the control plane, through the agent.
fn dynamic_resources() -> Value {
    let ads = json!({"ads": {}, "initial_fetch_timeout": "0s", "resource_api_version": "V3"});
    json!({
        "lds_config": ads,
        "cds_config": ads,
        "ads_config": {
            "api_type": "DELTA_GRPC",
            "set_node_on_first_message_only": true,
            "transport_api_version": "V3",
            "grpc_services": [{"envoy_grpc": {"cluster_name": clusters::XDS}}],
        },
    })
}

fn overload_manager(agent: &Agent<'_>) -> Option<Value> {
    if agent.rules.connection_limit != ConnectionLimit::OverloadManager {
        return None;
    }
    let metadata = agent.config.proxy_metadata.get("ISTIO_META_GLOBAL_DOWNSTREAM_MAX_CONNECTIONS");
    let wanted = [metadata, agent.config.runtime_values.get(MAX_CONNECTIONS)];
    let limit = wanted.into_iter().flatten().find_map(|text| text.parse::<i64>().ok());
    Some(json!({"resource_monitors": [{
        "name": "envoy.resource_monitors.global_downstream_max_connections",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.resource_monitors.downstream_connections.v3.\
                      DownstreamConnectionsConfig",
            "max_active_downstream_connections": limit.unwrap_or(i64::from(i32::MAX)),
        },
    }]}))
}
