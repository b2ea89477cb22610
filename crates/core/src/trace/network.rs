//! The network filters of a chain.

use envoy::config::listener::v3::filter::ConfigType;
use envoy::extensions::filters::network::ext_authz::v3::ExtAuthz;
use envoy::extensions::filters::network::rbac::v3::Rbac;
use envoy::extensions::filters::network::set_filter_state::v3 as network_state;
use envoy::extensions::filters::network::tcp_proxy::v3::TcpProxy;
use envoy::extensions::filters::network::tcp_proxy::v3::tcp_proxy::ClusterSpecifier;

use super::asked::Subject;
use super::authz::Authorizer;
use super::balance;
use super::compiled::Proxy;
use super::connection::{Connection, Keep};
use super::http;
use super::manager::Manager;
use super::metadata::Metadata;
use super::outcome::{Decision, Place, Verdict};
use super::reached::{self, Ends, Share};
use super::tunnel::TunnelFilter;
use super::verdict::RbacFilter;
use super::walk::{End, Flow, Walk};
use crate::dialect::typed;
use crate::opened::{self, OpenedChain, OpenedFilter};
use crate::resources::names::MAIN_INTERNAL;
use crate::snapshot::Cause;

/// A filter chain, ready.
#[derive(Clone, Debug)]
pub(super) struct Chain {
    pub(super) name: String,
    pub(super) pointer: String,
    pub(super) causes: Vec<Cause>,
    pub(super) filters: Vec<NetworkFilter>,
}

/// A network filter.
#[derive(Clone, Debug)]
pub(super) enum NetworkFilter {
    Rbac(Box<RbacFilter>),
    Authorizer(Box<Authorizer>),
    Http(Box<Manager>),
    Tcp(Box<Tcp>),
    Unknown { name: String, pointer: String, cause: Option<Cause> },
}

/// A filter that sends bytes to clusters.
#[derive(Clone, Debug)]
pub(super) struct Tcp {
    name: String,
    pointer: String,
    pub(super) clusters: Vec<Share>,
    /// The host that a tunnel is asked for.
    pub(super) tunnel: Option<String>,
}

/// Filters that only report, or whose effects have no part in who gets what.
const HARMLESS: &[&str] = &[
    "envoy.tcp.metadataexchange.config.MetadataExchange",
    "envoy.extensions.network_filters.peer_metadata.Config",
    "stats.PluginConfig",
    "envoy.extensions.filters.network.mongo_proxy.v3.MongoProxy",
    "envoy.extensions.filters.network.mysql_proxy.v3.MySQLProxy",
    // What these keep was kept outside already.
    "envoy.extensions.filters.network.set_filter_state.v3.Config",
    "io.istio.http.connect_authority.Config",
    "io.istio.network.authn.Config",
];

/// What a filter keeps of a connection for later.
pub(super) fn kept(filter: &OpenedFilter<'_>) -> Option<TunnelFilter> {
    let Some(ConfigType::TypedConfig(any)) = &filter.message.config_type else { return None };
    match &*typed::type_name(any) {
        "io.istio.network.authn.Config" => Some(TunnelFilter::KeepIdentity),
        "envoy.extensions.filters.network.set_filter_state.v3.Config" => {
            let config = envoy::unpack::<network_state::Config>(any).ok()?;
            let mut all = Keep::all(&config.on_new_connection);
            all.extend(Keep::all(&config.on_downstream_tls_handshake));
            Some(TunnelFilter::Keep(all))
        }
        _ => None,
    }
}

impl Chain {
    /// Gets a chain ready.
    pub(super) fn new(chain: &OpenedChain<'_>) -> Self {
        let causes = chain.origin.map(|origin| origin.causes.clone()).unwrap_or_default();
        let filters = chain.filters.iter().filter_map(|filter| NetworkFilter::new(filter));
        Self {
            name: chain.message.name.clone(),
            pointer: chain.pointer.clone(),
            filters: filters.collect(),
            causes,
        }
    }
}

impl NetworkFilter {
    /// Gets a filter ready; none for one that has no part in who gets what.
    fn new(filter: &OpenedFilter<'_>) -> Option<Self> {
        let name = &filter.message.name;
        Some(match &filter.config {
            opened::NetworkFilter::Rbac(config) => {
                let Rbac { rules, shadow_rules, shadow_rules_stat_prefix: prefix, .. } = &**config;
                let pointer = format!("{}/typedConfig", filter.pointer);
                let place = (MAIN_INTERNAL, pointer.as_str());
                Self::Rbac(Box::new(RbacFilter::new(
                    name,
                    place,
                    (rules.as_ref(), shadow_rules.as_ref()),
                    prefix,
                )))
            }
            opened::NetworkFilter::Http(manager) => Self::Http(Box::new(Manager::new(manager))),
            opened::NetworkFilter::Tcp(proxy) => Self::Tcp(Box::new(Tcp::new(filter, proxy))),
            opened::NetworkFilter::Other => return Self::other(filter),
        })
    }

    fn other(filter: &OpenedFilter<'_>) -> Option<Self> {
        let (name, pointer) = (&filter.message.name, &filter.pointer);
        let unknown = || Self::Unknown {
            name: name.clone(),
            pointer: pointer.clone(),
            cause: filter.origin().and_then(|origin| origin.causes.first()).cloned(),
        };
        let Some(ConfigType::TypedConfig(any)) = &filter.message.config_type else { return Some(unknown()) };
        match &*typed::type_name(any) {
            harmless if HARMLESS.contains(&harmless) => None,
            "envoy.extensions.filters.network.ext_authz.v3.ExtAuthz" => {
                let Ok(config) = envoy::unpack::<ExtAuthz>(any) else { return Some(unknown()) };
                Some(Self::Authorizer(Box::new(Authorizer {
                    name: name.clone(),
                    pointer: pointer.clone(),
                    enabled: config.filter_enabled_metadata.as_ref().map(Into::into),
                    fails_open: config.failure_mode_allow,
                    only_tried: config.shadow_mode,
                })))
            }
            _ => Some(unknown()),
        }
    }
}

impl Tcp {
    fn new(filter: &OpenedFilter<'_>, proxy: &TcpProxy) -> Self {
        let clusters = match &proxy.cluster_specifier {
            Some(ClusterSpecifier::Cluster(name)) => vec![Share::whole(name)],
            Some(ClusterSpecifier::WeightedClusters(weighted)) => {
                let odds = balance::shares(weighted.clusters.iter().map(|cluster| cluster.weight));
                let names = weighted.clusters.iter().map(|cluster| cluster.name.clone());
                names.zip(odds).map(|(cluster, odds)| Share { cluster, odds }).collect()
            }
            None => Vec::new(),
        };
        Self {
            name: filter.message.name.clone(),
            pointer: filter.pointer.clone(),
            clusters,
            tunnel: proxy.tunneling_config.as_ref().map(|tunnel| tunnel.hostname.clone()),
        }
    }
}

/// Walks through the filters of a chain.
pub(super) fn walk<'a>(
    walk: &mut Walk<'a>,
    proxy: &'a Proxy,
    chain: &'a Chain,
    connection: Connection<'a>,
) -> Flow<'a> {
    let mut metadata = Metadata::default();
    for filter in &chain.filters {
        match filter {
            NetworkFilter::Rbac(filter) => {
                let subject = Subject::new(&connection, connection.client, None, &metadata);
                let verdict = filter.judge(walk, subject);
                verdict.tell("envoy.filters.network.rbac", &mut metadata);
                if let Some(end) = verdict.denied {
                    return Flow::Break(end);
                }
            }
            NetworkFilter::Authorizer(authorizer) => {
                authorizer.ask(walk, &metadata)?;
            }
            NetworkFilter::Http(manager) => {
                if !walk.request.protocol.is_http() {
                    let reason =
                        "the chain is for HTTP, and something else is spoken: the connection is closed";
                    walk.step(Place::Waypoint, "HTTP", Decision::Failed, reason)
                        .of(MAIN_INTERNAL, &manager.filter);
                    return Flow::Break(End::new(Verdict::Failed, Place::Waypoint, walk.say(reason)));
                }
                return http::walk(walk, proxy, manager, connection);
            }
            NetworkFilter::Tcp(tcp) => return self::tcp(walk, proxy, tcp, &connection),
            NetworkFilter::Unknown { name, pointer, cause } => {
                let text = || format!("what filter `{name}` does is not known from files");
                walk.step(Place::Waypoint, name.as_str(), Decision::Unknown, text)
                    .of(MAIN_INTERNAL, pointer)
                    .because(cause.as_ref());
                walk.may_change(text);
            }
        }
    }
    Flow::Continue(())
}

/// Bytes go to a cluster.
fn tcp<'a>(walk: &mut Walk<'a>, proxy: &'a Proxy, tcp: &'a Tcp, connection: &Connection<'a>) -> Flow<'a> {
    let text = || {
        let names: Vec<&str> = tcp.clusters.iter().map(|share| share.cluster.as_str()).collect();
        let tunnel = tcp.tunnel.as_ref().map(|host| format!(", in a tunnel to {host}"));
        format!("bytes go to {}{}", names.join(" or "), tunnel.unwrap_or_default())
    };
    walk.step(Place::Waypoint, tcp.name.as_str(), Decision::Passed, text).of(MAIN_INTERNAL, &tcp.pointer);
    let closed = |reason| End::new(Verdict::Failed, Place::Waypoint, reason);
    let ends = Ends {
        missing: &closed,
        unhealthy: &closed,
        missing_means: "the connection is closed",
        unhealthy_means: ": the connection is closed",
    };
    reached::walk(walk, proxy, &tcp.clusters, connection, &ends)
}
