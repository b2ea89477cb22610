//! What tells releases apart in routes.

use super::table::table;

table! {
    /// What is in a waypoint's routes.
    pub struct RouteRules {
        /// How the mesh's default `exportTo` of VirtualServices is read.
        pub default_export: DefaultExport,
        /// Where VirtualServices stand that delegate some of their rules.
        pub delegating: DelegatingRoutes,
        /// Whether Gateway API routes of the waypoint's own namespace come before other public routes.
        pub own_gateway_routes_first: bool,
        /// Which of the VirtualServices of one host count.
        pub per_host: RoutesPerHost,
        /// The route of a Service without VirtualServices.
        pub default_route: DefaultRoute,
        /// Whether a default route says which Service it is for, in its operation's name.
        pub default_route_host: bool,
        /// Whether the DestinationRule says what requests of a default route are hashed by.
        pub default_route_hash: bool,
        /// Whether the size of direct responses is set where there is only a default route.
        pub default_route_body_size: bool,
        /// Whether matches for certain callers are looked at: those for labels never match, those for a
        /// namespace are for the waypoint's.
        pub match_callers: bool,
        /// Whether nothing is sent that follows a match of everything.
        pub ends_at_catch_all: bool,
        /// Whether a match's `statPrefix` is known.
        pub stat_prefix: bool,
        /// Whether a header condition that says nothing asks for the header to be there.
        pub empty_match_is_present: bool,
        /// Whether `withoutHeaders` also takes requests that do not have the header.
        pub missing_header_is_empty: bool,
        /// The status codes that the default retry policy lists.
        pub default_retriable_status_codes: &'static [u32],
        /// Where a CORS policy stands.
        pub cors: CorsPlacement,
        /// How paths are rewritten.
        pub rewrites: Rewrites,
        /// Whether a route may have several mirrors.
        pub several_mirrors: bool,
        /// Whether the host of mirrored requests stays as it is, without `-shadow`.
        pub mirrors_keep_host: bool,
        /// When a route leads to one cluster instead of weighted ones.
        pub single_destination: SingleDestination,
        /// Whether the DestinationRule of a destination says what requests are hashed by.
        pub hash_policies: bool,
        /// Which destinations are outbound clusters.
        pub unserved: UnservedDestination,
        /// Whether the port's protocol decides between a waypoint's `http` and `tcp` cluster; else it is
        /// always `http`.
        pub clusters_by_protocol: bool,
        /// Whether a destination without a host is the cluster `UnknownService`.
        pub unknown_service: bool,
        /// Whether routes of the Gateway API answer with 500 when their cluster is missing.
        pub missing_cluster_is_500: bool,
    }
}

/// How the mesh's default `exportTo` of VirtualServices is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DefaultExport {
    /// Only `.` and `*` mean something in it.
    OwnNamespaceOrEveryone,
    /// As a VirtualService's own.
    AsDeclared,
}

/// Where VirtualServices stand that delegate some of their rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DelegatingRoutes {
    /// Behind all others. An accident: they are merged after those have been listed.
    Last,
    /// Where their age puts them.
    InOrder,
}

/// Which of the VirtualServices of one host count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RoutesPerHost {
    /// The first.
    First,
    /// All of the waypoint's or the Service's namespace, one after the other.
    #[default]
    AllOfOwnOrServiceNamespace,
}

/// The route of a Service without VirtualServices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DefaultRoute {
    /// As of a sidecar's inbound listener: no retries.
    Inbound,
    /// The same, with retries of what no server has seen; but not of gRPC.
    InboundRetried,
    /// As of a sidecar's outbound listener: the mesh's retries, the DestinationRule's hash policy.
    Outbound,
}

/// Where a CORS policy stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CorsPlacement {
    /// On the route's action, as older versions of Envoy want it.
    RouteAction,
    /// In the configuration of the CORS filter for the route.
    FilterConfig,
}

/// How paths are rewritten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rewrites {
    /// The matched prefix is replaced; markers of Gateway API routes go through as they are. An accident:
    /// only a sidecar's routes read them.
    PrefixOnly,
    /// Regular expressions are known, and used to take a prefix away.
    Regex,
}

/// When a route leads to one cluster instead of weighted ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SingleDestination {
    /// When only one destination has a weight.
    OfWeighted,
    /// When only one destination is given.
    OfGiven,
}

/// Which destinations are outbound clusters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnservedDestination {
    /// What this waypoint does not serve.
    Others,
    /// What this waypoint does not serve, or lies outside the mesh.
    OrMeshExternal,
}
