//! The network filters of a chain.

use envoy::config::listener::v3::filter::ConfigType;
use envoy::extensions::filters::network::ext_authz::v3::ExtAuthz;
use envoy::extensions::filters::network::rbac::v3::Rbac;
use envoy::extensions::filters::network::set_filter_state::v3 as network_state;
use envoy::extensions::filters::network::tcp_proxy::v3::TcpProxy;
use envoy::extensions::filters::network::tcp_proxy::v3::tcp_proxy::ClusterSpecifier;

use super::connection::Connection;
use super::matchers::Metadata;
use super::outcome::{Decision, Outcome, Place, Verdict};
use super::rbac::Subject;
use super::walk::{Flow, Walk};
use super::{authz, balance, cluster, manager, verdict};
use crate::dialect::typed;
use crate::mesh::Waypoint;
use crate::opened::{NetworkFilter, OpenedChain, OpenedFilter};
use crate::resources::WaypointResources;
use crate::resources::names::MAIN_INTERNAL;

/// Filters that only report, or whose effects have no part in who gets what.
const HARMLESS: &[&str] = &[
    "envoy.tcp.metadataexchange.config.MetadataExchange",
    "envoy.extensions.network_filters.peer_metadata.Config",
    "stats.PluginConfig",
    "envoy.extensions.filters.network.mongo_proxy.v3.MongoProxy",
    "envoy.extensions.filters.network.mysql_proxy.v3.MySQLProxy",
];

/// What a filter keeps of a connection for later.
pub(super) fn keep(connection: &mut Connection, filter: &OpenedFilter<'_>) {
    let Some(ConfigType::TypedConfig(any)) = &filter.message.config_type else { return };
    match &*typed::type_name(any) {
        "io.istio.network.authn.Config" => connection.keep_identity(),
        "envoy.extensions.filters.network.set_filter_state.v3.Config" => {
            let config = envoy::unpack::<network_state::Config>(any).unwrap_or_default();
            connection.keep(&config.on_new_connection);
            connection.keep(&config.on_downstream_tls_handshake);
        }
        _ => {}
    }
}

/// Walks through the filters of a chain.
pub(super) fn walk(
    walk: &mut Walk<'_>,
    waypoint: &Waypoint,
    resources: &WaypointResources,
    chain: &OpenedChain<'_>,
    connection: Connection,
) -> Flow {
    let mut metadata = Metadata::new();
    for filter in &chain.filters {
        match &filter.config {
            NetworkFilter::Rbac(config) => rbac(walk, filter, config, &connection, &mut metadata)?,
            NetworkFilter::Http(manager) => {
                if !walk.request.protocol.is_http() {
                    let reason =
                        "the chain is for HTTP, and something else is spoken: the connection is closed";
                    walk.step(Place::Waypoint, "HTTP", Decision::Failed, reason)
                        .of(MAIN_INTERNAL, &filter.pointer);
                    return Flow::Break(Outcome::new(Verdict::Failed, Place::Waypoint, reason));
                }
                return manager::walk(walk, waypoint, resources, chain, manager, &connection);
            }
            NetworkFilter::Tcp(proxy) => return tcp(walk, waypoint, resources, filter, proxy, &connection),
            NetworkFilter::Other => other(walk, filter, &metadata)?,
        }
    }
    Flow::Continue(())
}

fn rbac(
    walk: &mut Walk<'_>,
    filter: &OpenedFilter<'_>,
    config: &Rbac,
    connection: &Connection,
    metadata: &mut Metadata,
) -> Flow {
    let shown = metadata.clone();
    let subject = Subject { connection, remote: &connection.client, headers: None, metadata: &shown };
    let place = (MAIN_INTERNAL, format!("{}/typedConfig", filter.pointer));
    let verdict = verdict::judged(
        walk,
        &filter.message.name,
        (place.0, &place.1),
        (config.rules.as_ref(), config.shadow_rules.as_ref()),
        subject,
    );
    verdict.tell("envoy.filters.network.rbac", &config.shadow_rules_stat_prefix, metadata);
    match verdict.denied {
        Some(outcome) => Flow::Break(Outcome { status: None, grpc_status: None, ..outcome }),
        None => Flow::Continue(()),
    }
}

fn other(walk: &mut Walk<'_>, filter: &OpenedFilter<'_>, metadata: &Metadata) -> Flow {
    let name = &filter.message.name;
    let Some(ConfigType::TypedConfig(any)) = &filter.message.config_type else {
        unknown(walk, filter);
        return Flow::Continue(());
    };
    let type_name = typed::type_name(any);
    match &*type_name {
        // What it keeps was kept outside already.
        "envoy.extensions.filters.network.set_filter_state.v3.Config"
        | "io.istio.http.connect_authority.Config"
        | "io.istio.network.authn.Config" => {}
        harmless if HARMLESS.contains(&harmless) => {}
        "envoy.extensions.filters.network.ext_authz.v3.ExtAuthz" => {
            let config = envoy::unpack::<ExtAuthz>(any).unwrap_or_default();
            let answer = authz::Question {
                name,
                pointer: &filter.pointer,
                enabled: config.filter_enabled_metadata.as_ref(),
                fails_open: config.failure_mode_allow,
                only_tried: config.shadow_mode,
            };
            if let Flow::Break(outcome) = authz::ask(walk, &answer, metadata) {
                return Flow::Break(Outcome { status: None, grpc_status: None, ..outcome });
            }
        }
        _ => unknown(walk, filter),
    }
    Flow::Continue(())
}

fn unknown(walk: &mut Walk<'_>, filter: &OpenedFilter<'_>) {
    let text = format!("what filter `{}` does is not known from files", filter.message.name);
    walk.step(Place::Waypoint, &filter.message.name, Decision::Unknown, text.clone())
        .of(MAIN_INTERNAL, &filter.pointer);
    walk.may_change(text);
}

/// Bytes go to a cluster.
fn tcp(
    walk: &mut Walk<'_>,
    waypoint: &Waypoint,
    resources: &WaypointResources,
    filter: &OpenedFilter<'_>,
    proxy: &TcpProxy,
    connection: &Connection,
) -> Flow {
    let clusters: Vec<(String, f64)> = match &proxy.cluster_specifier {
        Some(ClusterSpecifier::Cluster(name)) => vec![(name.clone(), 1.0)],
        Some(ClusterSpecifier::WeightedClusters(weighted)) => {
            let odds = balance::shares(weighted.clusters.iter().map(|cluster| cluster.weight));
            weighted.clusters.iter().map(|cluster| cluster.name.clone()).zip(odds).collect()
        }
        None => Vec::new(),
    };
    let names: Vec<&str> = clusters.iter().map(|(name, _)| name.as_str()).collect();
    let tunnel =
        proxy.tunneling_config.as_ref().map(|tunnel| format!(", in a tunnel to {}", tunnel.hostname));
    let text = format!("bytes go to {}{}", names.join(" or "), tunnel.unwrap_or_default());
    walk.step(Place::Waypoint, &filter.message.name, Decision::Passed, text)
        .of(MAIN_INTERNAL, &filter.pointer);
    let missing = |name: &str| {
        let reason = format!("there is no cluster {name}: the connection is closed");
        Outcome::new(Verdict::Failed, Place::Waypoint, reason)
    };
    let unhealthy = |name: &str| {
        let reason = format!("cluster {name} has no endpoint that is ready: the connection is closed");
        Outcome::new(Verdict::Failed, Place::Waypoint, reason)
    };
    let ends = cluster::Ends { missing: &missing, unhealthy: &unhealthy };
    cluster::walk(walk, waypoint, resources, &clusters, connection, &ends)
}
