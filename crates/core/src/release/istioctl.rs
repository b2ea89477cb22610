//! What tells the releases apart in the tables that istioctl prints.

/// What `istioctl proxy-config` shows.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct IstioctlRules {
    /// Whether the resources of the bootstrap are shown too, or only what came over xDS.
    pub bootstrap_resources: bool,
    /// Whether the endpoints of clusters that DNS resolves are shown by name, or not until they are resolved.
    pub unresolved_endpoints: bool,
    /// Whether route configurations are shown by name, or in the order of what they came with.
    pub routes_by_name: bool,
}

/// The rules of 1.18.
pub(super) const V1_18: IstioctlRules =
    IstioctlRules { bootstrap_resources: true, unresolved_endpoints: false, routes_by_name: false };

/// The rules of 1.31.
pub(super) const V1_31: IstioctlRules =
    IstioctlRules { bootstrap_resources: false, unresolved_endpoints: true, routes_by_name: true };
