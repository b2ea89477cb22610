//! What `istioctl ztunnel-config` prints, for what ztunnels of a mesh hold or for the config dump of one.
//!
//! Source: <https://istio.io/latest/docs/reference/commands/istioctl/#istioctl-ztunnel-config>.

mod dump;
mod json;
mod located;
mod made;
mod table;

use std::str::FromStr;

use serde_json::{Value, json};

pub use dump::parse;
pub use json::{policy, service, workload};
pub use located::{LocatedTable, add_origins, located};
pub use table::{policies, services, workloads};

use crate::resources::Origin;
use crate::view::table::Table;
use crate::ztunnel::ZtunnelResources;

/// What a ztunnel holds.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct ZtunnelConfig {
    /// Its workloads.
    pub workloads: Vec<Workload>,
    /// Its Services.
    pub services: Vec<Service>,
    /// Its policies.
    pub policies: Vec<Policy>,
    /// Whether it holds certificates or connections, which are not shown.
    pub holds_more: bool,
}

impl From<&ZtunnelResources> for ZtunnelConfig {
    fn from(resources: &ZtunnelResources) -> Self {
        made::config(resources)
    }
}

/// A workload, with what is shown of it.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Workload {
    /// Its uid.
    pub uid: String,
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its IP addresses.
    pub addresses: Vec<String>,
    /// Its hostname, where it has no address.
    pub hostname: String,
    /// Its node.
    pub node: String,
    /// Its waypoint: `namespace/hostname` or `network/address`.
    pub waypoint: Option<String>,
    /// `HBONE` or `TCP`.
    pub protocol: String,
    /// Whether it is healthy.
    pub healthy: bool,
    /// All of it.
    pub json: Value,
    /// What made it; nothing in a config dump.
    pub origins: Vec<Origin>,
}

/// A Service, with what is shown of it.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Service {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its hostname.
    pub hostname: String,
    /// Its addresses, each `network/address`.
    pub addresses: Vec<String>,
    /// Its waypoint: `namespace/hostname` or `network/address`.
    pub waypoint: Option<String>,
    /// How many of its endpoints are healthy.
    pub healthy_endpoints: usize,
    /// How many endpoints it has.
    pub endpoints: usize,
    /// All of it.
    pub json: Value,
    /// What made it; nothing in a config dump.
    pub origins: Vec<Origin>,
}

/// A policy, with what is shown of it.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Policy {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// `Allow` or `Deny`.
    pub action: String,
    /// `Global`, `Namespace` or `WorkloadSelector`.
    pub scope: String,
    /// All of it.
    pub json: Value,
    /// What made it; nothing in a config dump.
    pub origins: Vec<Origin>,
}

/// Narrows what is shown, as istioctl's flags do. Texts are compared in any case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// The namespace.
    pub namespace: Option<String>,
    /// Workloads: the name.
    pub name: Option<String>,
    /// Workloads: one of the addresses.
    pub address: Option<String>,
    /// Workloads: the node.
    pub node: Option<String>,
}

/// The kinds of resources of ztunnel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Workloads.
    Workloads,
    /// Services.
    Services,
    /// Policies.
    Policies,
}

impl Kind {
    /// All three, in istioctl's order.
    pub const ALL: [Self; 3] = [Self::Workloads, Self::Services, Self::Policies];

    /// `workloads`, `services` or `policies`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Workloads => "workloads",
            Self::Services => "services",
            Self::Policies => "policies",
        }
    }
}

/// A word that is no kind of resources of ztunnel.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is nothing that ztunnel gets: expected workloads, services or policies")]
pub struct UnknownKind(String);

impl FromStr for Kind {
    type Err = UnknownKind;

    fn from_str(word: &str) -> Result<Self, UnknownKind> {
        let found = Self::ALL.into_iter().find(|kind| kind.as_str() == word);
        found.ok_or_else(|| UnknownKind(word.to_owned()))
    }
}

/// A kind of resources as the table that istioctl prints.
#[must_use]
pub fn table(config: &ZtunnelConfig, kind: Kind, filter: &Filter) -> Table {
    match kind {
        Kind::Workloads => workloads(config, filter),
        Kind::Services => services(config, filter),
        Kind::Policies => policies(config, filter),
    }
}

/// A kind of resources as a JSON array.
#[must_use]
pub fn values(config: &ZtunnelConfig, kind: Kind, filter: &Filter) -> Value {
    match kind {
        Kind::Workloads => table::selected(&config.workloads, filter).map(|row| row.json.clone()).collect(),
        Kind::Services => table::selected(&config.services, filter).map(|row| row.json.clone()).collect(),
        Kind::Policies => table::selected(&config.policies, filter).map(|row| row.json.clone()).collect(),
    }
}

/// Everything as one JSON object: `workloads`, `services` and `policies`.
#[must_use]
pub fn all(config: &ZtunnelConfig) -> Value {
    let of = |kind| values(config, kind, &Filter::default());
    json!({
        "workloads": of(Kind::Workloads),
        "services": of(Kind::Services),
        "policies": of(Kind::Policies),
    })
}

/// Everything as `istioctl ztunnel-config all` prints it. The tables of certificates and connections, of
/// which nothing is known, are empty.
#[must_use]
pub fn summary(config: &ZtunnelConfig, with_headers: bool) -> String {
    let filter = Filter::default();
    let mut tables = vec![
        ("WORKLOAD INFO", workloads(config, &filter)),
        ("SERVICE INFO", services(config, &filter)),
        ("POLICY INFO", policies(config, &filter)),
    ];
    if !config.holds_more {
        tables.push(("SECRET INFO", table::no_certificates()));
        tables.push(("CONNECTIONS INFO", table::no_connections()));
    }
    let header = |name| if with_headers { format!("------ {name} ------\n\n") } else { String::new() };
    tables.iter().map(|(name, table)| format!("\n{}{table}", header(name))).collect()
}
