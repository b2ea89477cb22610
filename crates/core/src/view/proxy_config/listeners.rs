//! `istioctl proxy-config listeners`, in the form of 1.18 with `--waypoint` and in today's.

use envoy::Name;
use envoy::config::core::v3::Address;
use envoy::config::core::v3::address::Address as Kind;
use envoy::config::core::v3::socket_address::PortSpecifier;
use envoy::config::listener::v3::filter::ConfigType;
use envoy::config::listener::v3::listener::ListenerSpecifier;
use envoy::config::listener::v3::{Filter as NetworkFilter, FilterChain, FilterChainMatch, Listener};
use envoy::config::route::v3::route::Action;
use envoy::config::route::v3::route_action::ClusterSpecifier;
use envoy::config::route::v3::route_match::PathSpecifier;
use envoy::config::route::v3::{RouteConfiguration, VirtualHost};
use envoy::extensions::filters::network::http_connection_manager::v3::HttpConnectionManager;
use envoy::extensions::filters::network::tcp_proxy::v3::TcpProxy;
use envoy::extensions::filters::network::tcp_proxy::v3::tcp_proxy::ClusterSpecifier as TcpClusterSpecifier;

use super::routes::path;
use super::{Filter, ProxyConfig, given};
use crate::opened::{HTTP_CONNECTION_MANAGER, OpenedChain, OpenedListener, OpenedManager, TCP_PROXY};
use crate::resources::Part;
use crate::rules::{ListenerTable, Rules};
use crate::view::table::Table;

mod matcher;

const BLACK_HOLE: &str = "BlackHoleCluster";

/// Which of istioctl's listener tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// 1.18's `--waypoint`: `LISTENER CHAIN MATCH DESTINATION`, one row per way to reach a chain.
    Chains,
    /// The same columns for any release, with the addresses of listeners that have one.
    Ways,
    /// Today's: `ADDRESSES PORT MATCH DESTINATION`.
    Addresses {
        /// Whether internal listeners, which istioctl prints without an address, are shown with their names.
        names: bool,
    },
}

impl Form {
    /// The table of a release's istioctl.
    #[must_use]
    pub const fn of(rules: &Rules) -> Self {
        match rules.istioctl.listener_table {
            ListenerTable::Chains => Self::Chains,
            ListenerTable::Addresses => Self::Addresses { names: false },
        }
    }

    /// The same table, with the names of internal listeners or without; 1.18's always has them.
    #[must_use]
    pub const fn with_names(self, names: bool) -> Self {
        match self {
            Self::Addresses { .. } => Self::Addresses { names },
            other => other,
        }
    }

    /// A table in which everything has its name: 1.18's own has, and later ones do not.
    #[must_use]
    pub const fn readable(self) -> Self {
        match self {
            Self::Chains => Self::Chains,
            Self::Ways | Self::Addresses { .. } => Self::Ways,
        }
    }

    /// Whether a match by whole segments of a path is shown: 1.18 doesn't know it.
    pub(super) const fn shows_path_separated_prefixes(self) -> bool {
        !matches!(self, Self::Chains)
    }
}

/// The listeners that a filter admits, in the order of the config dump, as istioctl's JSON has them.
#[must_use]
pub fn select<'c>(config: &'c ProxyConfig, filter: &Filter, form: Form) -> Vec<&'c Listener> {
    config.listeners.iter().filter(|listener| admits(filter, listener, form)).collect()
}

/// The listeners that a filter admits, in the order of istioctl's table.
fn sorted<'c>(config: &'c ProxyConfig, filter: &Filter, form: Form) -> Vec<&'c Listener> {
    let mut listeners = select(config, filter, form);
    let kind = |listener| kind(listener, form);
    match form {
        // Internal listeners have neither port nor address, and so come first.
        Form::Chains | Form::Ways => listeners.sort_by_key(|l| {
            (port(l), address(l), if is_internal(l) { l.name.clone() } else { kind(l).to_owned() })
        }),
        Form::Addresses { .. } => listeners.sort_by_key(|l| (port(l), address(l), kind(l))),
    }
    listeners
}

fn admits(filter: &Filter, listener: &Listener, form: Form) -> bool {
    let has_address = |wanted: &str| {
        let additional = listener.additional_addresses.iter().map(|a| host(a.address.as_ref()));
        std::iter::once(address(listener)).chain(additional).any(|found| found.eq_ignore_ascii_case(wanted))
    };
    given(&filter.address).is_none_or(has_address)
        && filter.given_port().is_none_or(|wanted| wanted == port(listener))
        && given(&filter.listener_type).is_none_or(|wanted| wanted.eq_ignore_ascii_case(kind(listener, form)))
}

/// The table of listeners.
#[must_use]
pub fn table(config: &ProxyConfig, filter: &Filter, form: Form) -> Table {
    let header = match form {
        Form::Chains | Form::Ways => ["LISTENER", "CHAIN", "MATCH", "DESTINATION"],
        Form::Addresses { .. } => ["ADDRESSES", "PORT", "MATCH", "DESTINATION"],
    };
    let mut table = Table::new(&header, 1);
    for listener in sorted(config, filter, form) {
        let rows = match form {
            Form::Chains | Form::Ways => chain_rows(listener, form),
            Form::Addresses { names } => address_rows(listener, names),
        };
        for (chain, row) in rows {
            table.push(&listener.name, Part::FilterChain(chain.into()), row);
        }
    }
    table
}

/// The rows of a listener, each with the name of its filter chain.
fn chain_rows(listener: &Listener, form: Form) -> Vec<(&str, Vec<String>)> {
    let mut rows = Vec::new();
    let name = if form == Form::Ways && !is_internal(listener) {
        format!("{}:{}", address(listener), port(listener))
    } else {
        format!("envoy://{}", listener.name)
    };
    for opened in OpenedListener::new(listener, &[]).chains {
        let destination = destination(&opened, form);
        let chain = opened.message;
        let ways = match &listener.filter_chain_matcher {
            None => vec![chain_match(chain.filter_chain_match.as_deref())],
            Some(tree) => matcher::ways_to(&chain.name, tree),
        };
        rows.extend(ways.into_iter().map(|way| {
            (chain.name.as_str(), vec![name.clone(), chain.name.clone(), way, destination.clone()])
        }));
    }
    rows
}

/// The rows of a listener, each with the name of its filter chain.
fn address_rows(listener: &Listener, names: bool) -> Vec<(&str, Vec<String>)> {
    let mut addresses = vec![address(listener)];
    addresses.extend(listener.additional_addresses.iter().map(|a| host(a.address.as_ref())));
    let addresses = match addresses.join(",") {
        none if none.is_empty() && names => format!("envoy://{}", listener.name),
        some => some,
    };
    let mut ends: Vec<(String, String, &str)> = OpenedListener::new(listener, &[])
        .chains
        .iter()
        .map(|chain| {
            let way = chain_match(chain.message.filter_chain_match.as_deref());
            (way, destination(chain, Form::Addresses { names }), chain.message.name.as_str())
        })
        .collect();
    ends.sort_by(|a, b| b.1.cmp(&a.1));
    let port = port(listener).to_string();
    ends.into_iter()
        .map(|(way, destination, chain)| (chain, vec![addresses.clone(), port.clone(), way, destination]))
        .collect()
}

fn chains(listener: &Listener) -> impl Iterator<Item = &FilterChain> {
    listener.filter_chains.iter().chain(&listener.default_filter_chain)
}

pub(in crate::view) fn is_internal(listener: &Listener) -> bool {
    matches!(listener.listener_specifier, Some(ListenerSpecifier::InternalListener(_)))
}

pub(in crate::view) fn address(listener: &Listener) -> String {
    host(listener.address.as_ref())
}

fn host(address: Option<&Address>) -> String {
    match address.and_then(|a| a.address.as_ref()) {
        Some(Kind::SocketAddress(socket)) => socket.address.clone(),
        Some(Kind::Pipe(pipe)) => pipe.path.clone(),
        _ => String::new(),
    }
}

pub(in crate::view) fn port(listener: &Listener) -> u32 {
    match listener.address.as_ref().and_then(|a| a.address.as_ref()) {
        Some(Kind::SocketAddress(socket)) => match socket.port_specifier {
            Some(PortSpecifier::PortValue(port)) => port,
            _ => 0,
        },
        _ => 0,
    }
}

/// `HTTP`, `TCP`, `HTTP+TCP` or `UNKNOWN`, by the filters of the chains.
fn kind(listener: &Listener, form: Form) -> &'static str {
    let (mut http, mut tcp) = (false, false);
    for filter in chains(listener).flat_map(|chain| &chain.filters) {
        match carried(filter, form) {
            Some(Carried::Http) => http = true,
            Some(Carried::Bytes) => tcp |= !leads_nowhere(filter),
            None => {}
        }
    }
    match (http, tcp) {
        (true, true) => "HTTP+TCP",
        (true, false) => "HTTP",
        (false, true) => "TCP",
        (false, false) => "UNKNOWN",
    }
}

/// What a filter carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Carried {
    Http,
    Bytes,
}

/// What a filter carries: istioctl's tables go by its name, ours by what Envoy goes by, the type of its
/// configuration.
fn carried(filter: &NetworkFilter, form: Form) -> Option<Carried> {
    let is = |name: &str, message: &str| match (form, &filter.config_type) {
        (Form::Ways, Some(ConfigType::TypedConfig(any))) => any.type_url.rsplit('/').next() == Some(message),
        _ => filter.name == name,
    };
    if is(HTTP_CONNECTION_MANAGER, &HttpConnectionManager::full_name()) {
        Some(Carried::Http)
    } else if is(TCP_PROXY, &TcpProxy::full_name()) {
        Some(Carried::Bytes)
    } else {
        None
    }
}

/// Whether a TCP proxy's configuration mentions the black hole anywhere: istioctl looks at the bytes.
fn leads_nowhere(filter: &NetworkFilter) -> bool {
    matches!(&filter.config_type, Some(ConfigType::TypedConfig(any))
        if any.value.windows(BLACK_HOLE.len()).any(|bytes| bytes == BLACK_HOLE.as_bytes()))
}

/// A chain's match criteria; `ALL` if it has none.
pub(in crate::view) fn chain_match(criteria: Option<&FilterChainMatch>) -> String {
    let Some(criteria) = criteria else { return "ALL".to_owned() };
    let mut parts = Vec::new();
    if !criteria.server_names.is_empty() {
        parts.push(format!("SNI: {}", criteria.server_names.join(",")));
    }
    if !criteria.transport_protocol.is_empty() {
        parts.push(format!("Trans: {}", criteria.transport_protocol));
    }
    if !criteria.application_protocols.is_empty() {
        parts.push(protocols(&criteria.application_protocols));
    }
    let port = criteria.destination_port.map(|port| format!(":{}", port.value)).unwrap_or_default();
    if !criteria.prefix_ranges.is_empty() {
        let ranges: Vec<String> = criteria
            .prefix_ranges
            .iter()
            .map(|range| format!("{}/{}", range.address_prefix, range.prefix_len.unwrap_or_default().value))
            .collect();
        parts.push(format!("Addr: {}{port}", ranges.join(",")));
    } else if !port.is_empty() {
        parts.push(format!("Addr: *{port}"));
    }
    if parts.is_empty() { "ALL".to_owned() } else { parts.join("; ") }
}

/// istioctl has names for the lists of protocols that Istio uses.
fn protocols(all: &[String]) -> String {
    let list: Vec<&str> = all.iter().map(String::as_str).collect();
    match list.as_slice() {
        ["http/1.0", "http/1.1", "h2c", "istio-http/1.0", "istio-http/1.1", "istio-h2"] => {
            "App: HTTP TLS".to_owned()
        }
        ["istio", "istio-http/1.0", "istio-http/1.1", "istio-h2"] => "App: Istio HTTP Plain".to_owned(),
        ["istio-peer-exchange", "istio"] => "App: TCP TLS".to_owned(),
        ["http/1.0", "http/1.1", "h2c"] => "App: HTTP".to_owned(),
        other => format!("App: {}", other.join(",")),
    }
}

/// Where a chain leads to.
fn destination(chain: &OpenedChain<'_>, form: Form) -> String {
    for filter in &chain.filters {
        let end = match carried(filter.message, form) {
            Some(Carried::Http) => filter.carries_http().map(|opened| match opened {
                Ok(manager) => described(manager, form),
                Err(error) => error.to_string(),
            }),
            Some(Carried::Bytes) if !leads_nowhere(filter.message) => {
                filter.carries_bytes().map(|opened| match opened {
                    Ok(proxy) => proxied(proxy),
                    Err(error) => error.to_string(),
                })
            }
            _ => None,
        };
        if let Some(end) = end {
            return end;
        }
    }
    "Non-HTTP/Non-TCP".to_owned()
}

/// Where a TCP proxy sends bytes.
fn proxied(proxy: &TcpProxy) -> String {
    match &proxy.cluster_specifier {
        Some(TcpClusterSpecifier::Cluster(name)) => cluster(name),
        _ => cluster(""),
    }
}

/// Where a connection manager sends requests.
fn described(manager: &OpenedManager<'_>, form: Form) -> String {
    match (manager.routes(), manager.discovers()) {
        (Some(routes), _) => describe(routes.message, form),
        (None, Some(name)) if !name.is_empty() => format!("Route: {name}"),
        _ => "HTTP".to_owned(),
    }
}

fn cluster(name: &str) -> String {
    if name.contains("Cluster") { name.to_owned() } else { format!("Cluster: {name}") }
}

fn describe(configuration: &RouteConfiguration, form: Form) -> String {
    if let Some(name) = only_cluster(configuration) {
        return cluster(&name);
    }
    let hosts: Vec<String> =
        configuration.virtual_hosts.iter().map(|host| describe_host(host, form)).collect();
    format!("Inline Route: {}", hosts.join("; "))
}

fn describe_host(host: &VirtualHost, form: Form) -> String {
    let routes = host.routes.iter().map(|route| route.decode().unwrap_or_default());
    let paths: Vec<String> = routes.map(|route| path(route.r#match.as_ref(), form)).collect();
    let paths = paths.join(", ");
    match host.domains.as_slice() {
        [any] if any == "*" => paths,
        [] => paths,
        domains => format!("{} {paths}", domains.join("/")),
    }
}

/// The cluster that everything goes to, where there is nothing but one route for all paths.
fn only_cluster(configuration: &RouteConfiguration) -> Option<String> {
    let [host] = configuration.virtual_hosts.as_slice() else { return None };
    let ([domain], [route]) = (host.domains.as_slice(), host.routes.as_slice()) else { return None };
    let route = route.decode().ok()?;
    let everything =
        matches!(route.r#match.as_ref()?.path_specifier.as_ref()?, PathSpecifier::Prefix(p) if p == "/");
    match (route.action?, domain == "*" && everything) {
        (Action::Route(action), true) => match action.cluster_specifier? {
            ClusterSpecifier::Cluster(name) => Some(name),
            _ => None,
        },
        _ => None,
    }
}
