//! Everything around the resources: who the proxy says it is, its admin interface, its clusters for
//! telemetry.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use envoy::config::accesslog::v3::{AccessLog, access_log};
use envoy::config::bootstrap::v3::bootstrap::StaticResources;
use envoy::config::bootstrap::v3::{Admin, Bootstrap, LayeredRuntime};
use envoy::config::cluster::v3::Cluster;
use envoy::config::core::v3::{Address, Node};
use envoy::config::listener::v3::Listener;
use envoy::config::metrics::v3::StatsConfig;
use envoy::config::trace::v3::Tracing;
use envoy::extensions::access_loggers::file::v3::FileAccessLog;
use envoy::extensions::bootstrap::internal_listener::v3::InternalListener;
use envoy::extensions::transport_sockets::tls::v3::Secret;
use envoy::google::protobuf::UInt32Value;

use super::StaticOptions;
use crate::bootstrap;
use crate::mesh::{Mesh, Waypoint};
use crate::resources::WaypointResources;
use crate::resources::filters::extension_config;
use crate::resources::names::CONNECT_TERMINATE;
use crate::resources::proto::socket;

const LOCALHOST: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
/// Where the admin interface of a waypoint is.
const ADMIN_PORT: u16 = 15000;
/// Where a waypoint takes tunnels.
const HBONE_PORT: u16 = 15008;
/// How much one of the waypoint's own listeners buffers for another, as in Istio's bootstrap.
const INTERNAL_BUFFER_KB: u32 = 64;
/// The bootstrap's clusters that lead to the agent and, through it, to the control plane.
const OF_THE_AGENT: &[&str] = &["xds-grpc", "sds-grpc", "agent", "prometheus_stats"];

/// What stays of the bootstrap that a waypoint's agent would write. Its limit of connections does not.
pub(super) struct Surroundings {
    node: Option<Node>,
    runtime: Option<LayeredRuntime>,
    stats: Option<StatsConfig>,
    tracing: Option<Tracing>,
    /// The clusters of collectors.
    pub(super) clusters: Vec<Cluster>,
}

impl Surroundings {
    /// Of a waypoint.
    pub(super) fn of(mesh: &Mesh, waypoint: &Waypoint) -> Self {
        let bootstrap = bootstrap::message(mesh, waypoint);
        let clusters = bootstrap.static_resources.map(|resources| resources.clusters).unwrap_or_default();
        // Without Istio's selection: who looks at one waypoint wants to see all of its statistics.
        let stats = bootstrap.stats_config.map(|stats| StatsConfig { stats_matcher: None, ..stats });
        Self {
            node: bootstrap.node,
            runtime: bootstrap.layered_runtime,
            stats,
            tracing: bootstrap.tracing.filter(|tracing| !bootstrap::is_as_struct(tracing)),
            clusters: clusters
                .into_iter()
                .filter(|cluster| !OF_THE_AGENT.contains(&cluster.name.as_str()))
                .collect(),
        }
    }
}

/// The whole configuration.
pub(super) fn bootstrap(
    around: Surroundings,
    resources: WaypointResources,
    secrets: Vec<Secret>,
    options: &StaticOptions,
) -> Bootstrap {
    let mut listeners: Vec<Listener> =
        resources.listeners.into_iter().map(|listener| listener.message).collect();
    let on_loopback = options.loopback.then_some(SocketAddr::new(LOCALHOST, HBONE_PORT));
    if let Some(listen) = options.listen.or(on_loopback) {
        for listener in listeners.iter_mut().filter(|listener| listener.name == CONNECT_TERMINATE) {
            listener.address = Some(address(listen));
            listener.additional_addresses.clear();
        }
    }
    let mut clusters: Vec<Cluster> = resources.clusters.into_iter().map(|cluster| cluster.message).collect();
    // What a snapshot names beats what the bootstrap has.
    let own =
        around.clusters.into_iter().filter(|own| clusters.iter().all(|cluster| cluster.name != own.name));
    let own: Vec<Cluster> = own.collect();
    clusters.extend(own);
    let internal = InternalListener { buffer_size_kb: Some(UInt32Value { value: INTERNAL_BUFFER_KB }) };
    Bootstrap {
        node: around.node,
        static_resources: Some(StaticResources { listeners, clusters, secrets }),
        admin: Some(admin(options.admin.unwrap_or(SocketAddr::new(LOCALHOST, ADMIN_PORT)))),
        bootstrap_extensions: vec![extension_config("envoy.bootstrap.internal_listener", &internal)],
        layered_runtime: around.runtime,
        stats_config: around.stats,
        tracing: around.tracing,
        ..Bootstrap::default()
    }
}

fn admin(at: SocketAddr) -> Admin {
    let nowhere = FileAccessLog { path: "/dev/null".to_owned(), ..FileAccessLog::default() };
    Admin {
        address: Some(address(at)),
        access_log: vec![AccessLog {
            name: "envoy.access_loggers.file".to_owned(),
            config_type: Some(access_log::ConfigType::TypedConfig(envoy::any(&nowhere))),
            ..AccessLog::default()
        }],
        ..Admin::default()
    }
}

fn address(at: SocketAddr) -> Address {
    socket(&at.ip().to_string(), at.port().into())
}
