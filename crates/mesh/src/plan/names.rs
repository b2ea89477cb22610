//! How clusters, chains and routes are called.

use std::fmt;

use crate::rules::MeshRules;
use crate::strings::concat;

/// The direction of a cluster's traffic, as its name spells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// A destination that this waypoint serves.
    InboundVip,
    /// A destination that another proxy, or none, serves.
    Outbound,
}

impl Direction {
    /// `inbound-vip` or `outbound`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InboundVip => "inbound-vip",
            Self::Outbound => "outbound",
        }
    }
}

/// A name in statistics that a pattern of the mesh configuration makes up: the values of what it can name, in
/// the order in which they are put in.
pub fn stat_name(pattern: &str, values: &[(&str, &str)], rules: &MeshRules) -> String {
    let is_known = |key: &str| rules.stat_service_names || !matches!(key, "%SERVICE_NAME%" | "%TARGET_PORT%");
    let known = values.iter().filter(|(key, _)| is_known(key));
    known.fold(pattern.to_owned(), |name, (key, value)| name.replace(key, value))
}

/// The name of a cluster: `direction|port|subset|hostname`.
///
/// A waypoint's own clusters carry the protocol family in the subset: `http`, `tcp`, `http/v1`.
///
/// ```
/// # use waypoint_xds_mesh as waypoint_xds;
/// use waypoint_xds::plan::names::{ClusterName, Direction};
///
/// let name = ClusterName { direction: Direction::InboundVip, port: 9080, subset: "http/v1", hostname: "reviews" };
/// assert_eq!(name.to_string(), "inbound-vip|9080|http/v1|reviews");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClusterName<'a> {
    /// Whose destination it is.
    pub direction: Direction,
    /// The Service's port.
    pub port: u32,
    /// The subset, possibly empty.
    pub subset: &'a str,
    /// The Service's hostname.
    pub hostname: &'a str,
}

impl ClusterName<'_> {
    /// The name as a text, without the machinery of formatting: thousands of them are made.
    #[must_use]
    pub fn into_string(self) -> String {
        let port = self.port.to_string();
        concat([self.direction.as_str(), "|", &port, "|", self.subset, "|", self.hostname])
    }
}

impl fmt::Display for ClusterName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}|{}|{}|{}", self.direction.as_str(), self.port, self.subset, self.hostname)
    }
}

/// The listener that terminates the callers' HBONE tunnels, and things named after it.
pub const CONNECT_TERMINATE: &str = "connect_terminate";
/// The listener that applies every policy.
pub const MAIN_INTERNAL: &str = "main_internal";
/// The listener that opens HBONE tunnels to the workloads.
pub const CONNECT_ORIGINATE: &str = "connect_originate";
/// The cluster that leads to [`CONNECT_ORIGINATE`] for traffic to a workload's own address.
pub const ENCAP: &str = "encap";
/// The listener, and the cluster that leads to it, for the inner one of two tunnels into another network.
pub const INNER_CONNECT_ORIGINATE: &str = "inner_connect_originate";
/// The same for the outer one.
pub const OUTER_CONNECT_ORIGINATE: &str = "outer_connect_originate";
