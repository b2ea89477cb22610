//! `istioctl proxy-config endpoints`: what Envoy's `/clusters` would list.

use envoy::config::cluster::v3::Cluster;
use envoy::config::core::v3::address::Address as Kind;
use envoy::config::core::v3::envoy_internal_address::AddressNameSpecifier;
use envoy::config::core::v3::socket_address::PortSpecifier;
use envoy::config::core::v3::{Address, HealthStatus, Locality};
use envoy::config::endpoint::v3::lb_endpoint::HostIdentifier;
use envoy::config::endpoint::v3::{ClusterLoadAssignment, LbEndpoint, LocalityLbEndpoints};

use serde_json::{Value, json};

use super::clusters::discovery_type;
use super::{Filter, ProxyConfig, given, sort_key};
use crate::resources::Part;
use crate::view::json::value;
use crate::view::table::Table;

/// One endpoint of one cluster.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct Row {
    /// The address: an IP address or name, `unix://…`, or `envoy://listener/endpoint`.
    pub address: String,
    /// The port, 0 where the address has none.
    pub port: u32,
    /// The cluster.
    pub cluster: String,
    /// Envoy's name of its health status.
    pub status: &'static str,
}

/// The endpoints that a filter admits, in istioctl's order: by address, port and cluster.
#[must_use]
pub fn select(config: &ProxyConfig, filter: &Filter) -> Vec<Row> {
    let mut rows: Vec<Row> =
        config.endpoints.iter().flat_map(rows).filter(|row| admits(filter, row)).collect();
    rows.sort();
    rows
}

/// The endpoints that clusters have themselves. Those that DNS resolves are only known by name.
pub(crate) fn of_clusters(clusters: &[Cluster], unresolved: bool) -> Vec<ClusterLoadAssignment> {
    let known = |cluster: &&Cluster| unresolved || !is_resolved_by_dns(cluster);
    let assignment = |cluster: &Cluster| {
        let own = cluster.load_assignment.as_ref()?;
        Some(ClusterLoadAssignment { cluster_name: cluster.name.clone(), ..(**own).clone() })
    };
    clusters.iter().filter(known).filter_map(assignment).collect()
}

/// What a proxy that was just started reports: nothing was seen to fail yet. In the tables of the reference,
/// endpoints that the control plane calls unhealthy are no exception.
pub(super) fn make_healthy(assignment: &mut ClusterLoadAssignment) {
    let endpoints = assignment.endpoints.iter_mut().flat_map(|locality| &mut locality.lb_endpoints);
    for endpoint in endpoints {
        // One that cannot be read has no health to report.
        let _ = endpoint.change(|endpoint| endpoint.health_status = HealthStatus::Healthy.into());
    }
}

fn is_resolved_by_dns(cluster: &Cluster) -> bool {
    matches!(discovery_type(cluster), "STRICT_DNS" | "LOGICAL_DNS")
}

fn rows(assignment: &ClusterLoadAssignment) -> impl Iterator<Item = Row> + '_ {
    grouped(assignment).map(|(_, row)| row)
}

/// The endpoints of an assignment, each with those of its locality.
fn grouped(assignment: &ClusterLoadAssignment) -> impl Iterator<Item = (&LocalityLbEndpoints, Row)> {
    let cluster = &assignment.cluster_name;
    readable(assignment).filter_map(move |(group, endpoint)| {
        let Some(HostIdentifier::Endpoint(target)) = &endpoint.host_identifier else { return None };
        let (address, port) = describe(target.address.as_ref());
        Some((group, Row { address, port, cluster: cluster.clone(), status: status(&endpoint) }))
    })
}

/// The endpoints of an assignment that can be read.
fn readable(assignment: &ClusterLoadAssignment) -> impl Iterator<Item = (&LocalityLbEndpoints, LbEndpoint)> {
    let groups = assignment.endpoints.iter();
    let all = groups.flat_map(|group| group.lb_endpoints.iter().map(move |endpoint| (group, endpoint)));
    all.filter_map(|(group, endpoint)| Some((group, endpoint.decode().ok()?)))
}

/// Envoy reports an endpoint of unknown health as healthy.
pub(in crate::view) fn status(endpoint: &LbEndpoint) -> &'static str {
    match HealthStatus::try_from(endpoint.health_status) {
        Ok(HealthStatus::Unknown) | Err(_) => HealthStatus::Healthy.as_str_name(),
        Ok(known) => known.as_str_name(),
    }
}

/// The endpoints that a filter admits in the table of `istioctl proxy-config all`, by cluster: with their
/// localities instead of what Envoy found out about them.
pub(super) fn localities(config: &ProxyConfig, filter: &Filter) -> Table {
    let mut assignments: Vec<&ClusterLoadAssignment> = config.endpoints.iter().collect();
    assignments.sort_by_key(|assignment| sort_key(&assignment.cluster_name));
    let mut table = Table::new(&["NAME", "STATUS", "LOCALITY", "CLUSTER"], 5);
    for assignment in assignments {
        for (group, row) in grouped(assignment) {
            if admits(filter, &row) {
                let (subject, part) = (row.cluster.clone(), part(&row));
                let [address, status, _, cluster] = cells(row);
                let locality = locality(group.locality.as_ref());
                table.push(&subject, part, vec![format!("endpoint/{address}"), status, locality, cluster]);
            }
        }
    }
    table
}

/// Region, zone and sub-zone, as far as they are known.
fn locality(locality: Option<&Locality>) -> String {
    let Some(Locality { region, zone, sub_zone }) = locality else { return String::new() };
    let known = [region, zone, sub_zone].into_iter().enumerate();
    let known = known.take_while(|(place, name)| *place == 0 || !name.is_empty());
    known.map(|(_, name)| name.as_str()).collect::<Vec<_>>().join("/")
}

/// An address as istioctl shows it, and its port (0 for none).
pub(in crate::view) fn describe(address: Option<&Address>) -> (String, u32) {
    match address.and_then(|a| a.address.as_ref()) {
        Some(Kind::SocketAddress(socket)) => {
            let port = match &socket.port_specifier {
                Some(PortSpecifier::PortValue(port)) => *port,
                Some(PortSpecifier::NamedPort(_)) | None => 0,
            };
            (socket.address.clone(), port)
        }
        Some(Kind::Pipe(pipe)) => (format!("unix://{}", pipe.path), 0),
        Some(Kind::EnvoyInternalAddress(internal)) => match &internal.address_name_specifier {
            Some(AddressNameSpecifier::ServerListenerName(name)) => {
                (format!("envoy://{name}/{}", internal.endpoint_id), 0)
            }
            None => ("unknown".to_owned(), 0),
        },
        None => ("unknown".to_owned(), 0),
    }
}

fn admits(filter: &Filter, row: &Row) -> bool {
    let same = |wanted: &Option<String>, found: &str| {
        given(wanted).is_none_or(|wanted| wanted.eq_ignore_ascii_case(found))
    };
    same(&filter.address, &row.address)
        && filter.given_port().is_none_or(|port| port == row.port)
        && same(&filter.cluster, &row.cluster)
        && same(&filter.status, row.status)
}

/// The clusters that have an endpoint which the filter admits, as `envoy.admin.v3.ClusterStatus`, with all
/// their endpoints: what istioctl prints with `-o json`.
#[must_use]
pub fn statuses(config: &ProxyConfig, filter: &Filter) -> Value {
    config
        .endpoints
        .iter()
        .filter(|assignment| rows(assignment).any(|row| admits(filter, &row)))
        .map(|assignment| {
            let hosts: Vec<Value> =
                readable(assignment).filter_map(|(_, endpoint)| host_status(endpoint)).collect();
            json!({"name": assignment.cluster_name, "hostStatuses": hosts})
        })
        .collect()
}

fn host_status(endpoint: LbEndpoint) -> Option<Value> {
    let Some(HostIdentifier::Endpoint(target)) = &endpoint.host_identifier else { return None };
    Some(json!({
        "address": value(target.address.as_ref()?),
        "healthStatus": {"edsHealthStatus": status(&endpoint)},
        "weight": endpoint.load_balancing_weight.map_or(1, |weight| weight.value),
    }))
}

/// The table of endpoints.
#[must_use]
pub fn table(config: &ProxyConfig, filter: &Filter) -> Table {
    let mut table = Table::new(&["ENDPOINT", "STATUS", "OUTLIER CHECK", "CLUSTER"], 5);
    for row in select(config, filter) {
        table.push(&row.cluster.clone(), part(&row), cells(row).into());
    }
    table
}

/// The endpoint as its origin names it: `10.1.0.5:8080`, also behind a listener of the same proxy.
fn part(row: &Row) -> Part {
    match row.address.strip_prefix("envoy://").and_then(|address| address.split_once('/')) {
        Some((_, "")) => Part::Resource,
        Some((_, endpoint)) => Part::Endpoint(endpoint.into()),
        None => Part::Endpoint(smol_str::format_smolstr!("{}:{}", row.address, row.port)),
    }
}

fn cells(row: Row) -> [String; 4] {
    let endpoint = if row.port == 0 { row.address } else { format!("{}:{}", row.address, row.port) };
    [endpoint, row.status.to_owned(), "OK".to_owned(), row.cluster]
}
