//! What tells the releases apart in what they make of Gateway API routes.

use super::table::table;

table! {
    /// How Gateway API routes are converted.
    pub struct GatewayApiRules {
        /// Whether parents have to be there, and may be ServiceEntries.
        pub checks_parents: bool,
        /// Whether backends have to be Kubernetes' Services, or any host that the mesh knows.
        pub checks_backends: bool,
        /// The status with which a rule of an HTTPRoute answers that has no backends.
        pub no_backends_status: u32,
        /// Whether the port of a parent reference counts.
        pub parent_ports: bool,
        /// Whether backends of other namespaces need a ReferenceGrant in the mesh, too.
        pub grants_in_mesh: bool,
        /// Whether values of headers are checked.
        pub checks_header_values: bool,
        /// Whether a redirect to another scheme changes the port as well.
        pub scheme_changes_port: bool,
        /// Whether changes of paths are told by markers in a VirtualService's `uri`.
        pub path_markers: bool,
        /// Whether a match of a method ranks before one without.
        pub methods_rank: bool,
        /// How several routes of one host become one VirtualService.
        pub merging: GatewayRouteMerging,
        /// Which GRPCRoutes HTTPRoutes of their namespace hide.
        pub hidden_grpc_routes: HiddenGrpcRoutes,
        /// Whether an XBackendTrafficPolicy says over what interval its retry budget counts.
        pub retry_budget_interval: bool,
        /// Whether a backend of kind `Hostname` may be the short name of a Service.
        pub resolves_short_names: bool,
    }
}

/// How several Gateway API routes of one host become one VirtualService.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GatewayRouteMerging {
    /// Appended to the oldest, which lends its name. An accident: hosts of one route may share what is
    /// appended.
    Shared,
    /// For each namespace, port and host, which give the name.
    ByHost,
}

/// Which GRPCRoutes HTTPRoutes of their namespace hide: an accident, both are kept under one name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HiddenGrpcRoutes {
    /// Those of the same name.
    NamedAlike,
    /// Those for the same host and port: there they have no effect.
    OfSameHost,
}
