//! `istioctl proxy-config clusters`.

use envoy::config::cluster::v3::Cluster;
use envoy::config::cluster::v3::cluster::{ClusterDiscoveryType, DiscoveryType};

use super::{Filter, ProxyConfig, managed_by, name_parts, sort_key};
use crate::resources::Part;
use crate::view::table::Table;

/// The clusters that a filter admits, in istioctl's order.
#[must_use]
pub fn select<'c>(config: &'c ProxyConfig, filter: &Filter) -> Vec<&'c Cluster> {
    let mut clusters: Vec<&Cluster> = config.clusters.iter().filter(|c| admits(filter, &c.name)).collect();
    clusters.sort_by_key(|c| sort_key(&c.name));
    clusters
}

/// istioctl looks for each filter anywhere in the name.
fn admits(filter: &Filter, name: &str) -> bool {
    let has = |part: &Option<String>| part.as_ref().is_none_or(|part| name.contains(part.as_str()));
    has(&filter.fqdn)
        && has(&filter.direction)
        && has(&filter.subset)
        && filter.given_port().is_none_or(|port| name.contains(&format!("|{port}|")))
}

/// The table of clusters.
#[must_use]
pub fn table(config: &ProxyConfig, filter: &Filter) -> Table {
    let mut table =
        Table::new(&["SERVICE FQDN", "PORT", "SUBSET", "DIRECTION", "TYPE", "DESTINATION RULE"], 5);
    for cluster in select(config, filter) {
        table.push(&cluster.name, Part::Resource, row(cluster));
    }
    table
}

fn row(cluster: &Cluster) -> Vec<String> {
    let dash = || "-".to_owned();
    let [fqdn, port, subset, direction] = match name_parts(&cluster.name) {
        Some(parts) => [
            parts.hostname.to_owned(),
            parts.port.to_string(),
            if parts.subset.is_empty() { dash() } else { parts.subset.to_owned() },
            parts.direction.to_owned(),
        ],
        None => [cluster.name.clone(), dash(), dash(), dash()],
    };
    vec![
        fqdn,
        port,
        subset,
        direction,
        discovery_type(cluster).to_owned(),
        managed_by(cluster.metadata.as_ref()),
    ]
}

/// How the cluster finds its endpoints. A custom type (dynamic forward proxy) shows as the field's default,
/// STATIC, in istioctl too.
pub(in crate::view) fn discovery_type(cluster: &Cluster) -> &'static str {
    match &cluster.cluster_discovery_type {
        Some(ClusterDiscoveryType::Type(number)) => {
            DiscoveryType::try_from(*number).map_or("STATIC", |t| t.as_str_name())
        }
        Some(ClusterDiscoveryType::ClusterType(_)) | None => "STATIC",
    }
}
