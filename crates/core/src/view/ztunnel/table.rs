//! istioctl's tables.

use super::{Filter, Policy, Service, Workload, ZtunnelConfig};
use crate::hash::HashMap;
use crate::resources::{Origin, Part};
use crate::view::table::Table;

/// What can be shown in a table.
pub(super) trait Row {
    /// By what istioctl sorts.
    fn key(&self) -> (String, String, String);
    /// Whether it is shown.
    fn fits(&self, filter: &Filter) -> bool;
    /// What made it.
    fn origins(&self) -> &[Origin];
}

/// What a filter leaves, sorted.
pub(super) fn selected<'r, R: Row>(rows: &'r [R], filter: &Filter) -> impl Iterator<Item = &'r R> {
    let mut rows: Vec<&R> = rows.iter().filter(|row| row.fits(filter)).collect();
    rows.sort_by_cached_key(|row| row.key());
    rows.into_iter()
}

fn is(wanted: Option<&String>, value: &str) -> bool {
    wanted.is_none_or(|wanted| wanted.eq_ignore_ascii_case(value))
}

impl Row for Workload {
    fn key(&self) -> (String, String, String) {
        (format!("{}.{}", self.namespace, self.name), self.node.clone(), String::new())
    }

    fn fits(&self, filter: &Filter) -> bool {
        let has_address = |wanted: &String| self.addresses.iter().any(|ip| wanted.eq_ignore_ascii_case(ip));
        is(filter.namespace.as_ref(), &self.namespace)
            && is(filter.name.as_ref(), &self.name)
            && is(filter.node.as_ref(), &self.node)
            && filter.address.as_ref().is_none_or(has_address)
    }

    fn origins(&self) -> &[Origin] {
        &self.origins
    }
}

impl Row for Service {
    fn key(&self) -> (String, String, String) {
        (self.namespace.clone(), self.name.clone(), self.hostname.clone())
    }

    fn fits(&self, filter: &Filter) -> bool {
        is(filter.namespace.as_ref(), &self.namespace)
    }

    fn origins(&self) -> &[Origin] {
        &self.origins
    }
}

impl Row for Policy {
    fn key(&self) -> (String, String, String) {
        (self.namespace.clone(), self.name.clone(), String::new())
    }

    fn fits(&self, filter: &Filter) -> bool {
        is(filter.namespace.as_ref(), &self.namespace)
    }

    fn origins(&self) -> &[Origin] {
        &self.origins
    }
}

/// The table of workloads.
#[must_use]
pub fn workloads(config: &ZtunnelConfig, filter: &Filter) -> Table {
    let names = Names::new(config);
    let mut table = table(&["NAMESPACE", "POD NAME", "ADDRESS", "NODE", "WAYPOINT", "PROTOCOL"]);
    for row in selected(&config.workloads, filter) {
        let addresses = row.addresses.join(",");
        table.push(
            &row.uid,
            Part::Resource,
            vec![
                row.namespace.clone(),
                row.name.clone(),
                if addresses.is_empty() { row.hostname.clone() } else { addresses },
                row.node.clone(),
                names.of_waypoint(row.waypoint.as_deref()),
                row.protocol.clone(),
            ],
        );
    }
    table
}

/// The table of Services.
#[must_use]
pub fn services(config: &ZtunnelConfig, filter: &Filter) -> Table {
    let names = Names::new(config);
    let mut table = table(&["NAMESPACE", "SERVICE NAME", "SERVICE VIP", "WAYPOINT", "ENDPOINTS"]);
    for row in selected(&config.services, filter) {
        let without_network = |address: &String| match address.split_once('/') {
            Some((_, ip)) => ip.to_owned(),
            None => String::new(),
        };
        let addresses: Vec<String> = row.addresses.iter().map(without_network).collect();
        table.push(
            &[&*row.namespace, &*row.hostname].join("/"),
            Part::Resource,
            vec![
                row.namespace.clone(),
                row.name.clone(),
                addresses.join(","),
                names.of_waypoint(row.waypoint.as_deref()),
                format!("{}/{}", row.healthy_endpoints, row.endpoints),
            ],
        );
    }
    table
}

/// The table of policies.
#[must_use]
pub fn policies(config: &ZtunnelConfig, filter: &Filter) -> Table {
    let mut table = table(&["NAMESPACE", "POLICY NAME", "ACTION", "SCOPE"]);
    for row in selected(&config.policies, filter) {
        let cells = vec![row.namespace.clone(), row.name.clone(), row.action.clone(), row.scope.clone()];
        table.push(&[&*row.namespace, &*row.name].join("/"), Part::Resource, cells);
    }
    table
}

/// The table of certificates where there are none.
pub(super) fn no_certificates() -> Table {
    const COLUMNS: [&str; 7] =
        ["CERTIFICATE NAME", "TYPE", "STATUS", "VALID CERT", "SERIAL NUMBER", "NOT AFTER", "NOT BEFORE"];
    Table::new(&COLUMNS, 5)
}

/// The table of connections where there are none.
pub(super) fn no_connections() -> Table {
    table(&["WORKLOAD", "DIRECTION", "LOCAL", "REMOTE", "REMOTE TARGET", "PROTOCOL"])
}

fn table(columns: &[&str]) -> Table {
    Table::new(columns, 1)
}

/// The names of Services by where they are reached.
struct Names<'c>(HashMap<String, &'c str>);

impl<'c> Names<'c> {
    fn new(config: &'c ZtunnelConfig) -> Self {
        let mut names = HashMap::default();
        for service in &config.services {
            let hostname = [&*service.namespace, &*service.hostname].join("/");
            for address in std::iter::once(hostname).chain(service.addresses.iter().cloned()) {
                names.entry(address).or_insert(&*service.name);
            }
        }
        Self(names)
    }

    /// What istioctl calls a waypoint: the name of its Service.
    fn of_waypoint(&self, destination: Option<&str>) -> String {
        let Some(destination) = destination else { return "None".to_owned() };
        self.0.get(destination).map_or("NA", |name| name).to_owned()
    }
}
