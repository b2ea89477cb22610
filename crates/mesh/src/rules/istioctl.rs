//! What tells the releases apart in the tables that istioctl prints.

use super::table::table;

table! {
    /// What `istioctl proxy-config` shows.
    pub struct IstioctlRules {
        /// Which table is printed of listeners.
        pub listener_table: ListenerTable,
        /// Whether the resources of the bootstrap are shown too, or only what came over xDS.
        pub bootstrap_resources: bool,
        /// Whether the endpoints of clusters that DNS resolves are shown by name, or not until they are
        /// resolved.
        pub unresolved_endpoints: bool,
        /// Whether route configurations are shown by name, or in the order of what they came with.
        pub routes_by_name: bool,
        /// Which table is printed of secrets.
        pub secrets: SecretTable,
    }
}

/// Which table istioctl prints of secrets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretTable {
    /// Serial numbers as they are.
    Plain,
    /// Serial numbers of 32 digits, and trust domains where all are known.
    TrustDomains,
}

/// Which table istioctl prints of listeners.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListenerTable {
    /// `LISTENER CHAIN MATCH DESTINATION`: every way into every filter chain (1.18's `--waypoint`).
    Chains,
    /// `ADDRESSES PORT MATCH DESTINATION`.
    Addresses,
}
