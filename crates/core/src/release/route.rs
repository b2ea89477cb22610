//! What tells releases apart in routes.

/// What is in a waypoint's routes.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct RouteRules {
    /// The version of VirtualService that a route's metadata names.
    pub virtual_service_version: &'static str,
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
    /// Whether matches for certain callers are looked at: those for labels never match, those for a namespace are for
    /// the waypoint's. Where they are, nothing is sent that follows a match of everything.
    pub match_callers: bool,
    /// Whether a match's `statPrefix` is known.
    pub stat_prefix: bool,
    /// Where the claims of a JWT are found.
    pub claims: ClaimMatching,
    /// Whether a header condition that says nothing asks for the header to be there.
    pub empty_match_is_present: bool,
    /// Whether `withoutHeaders` also takes requests that do not have the header.
    pub missing_header_is_empty: bool,
    /// The status codes that the default retry policy lists.
    pub default_retriable_status_codes: &'static [u32],
    /// Whether `retryIgnorePreviousHosts` and `backoff` are known.
    pub extended_retries: bool,
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
    /// Whether the port's protocol decides between a waypoint's `http` and `tcp` cluster; else it is always `http`.
    pub clusters_by_protocol: bool,
    /// Whether a destination without a host is the cluster `UnknownService`, and routes of the Gateway API answer
    /// with 500 when there is no such cluster.
    pub unknown_service: bool,
    /// How Gateway API routes are converted.
    pub gateway_api: GatewayApiRules,
}

/// How Gateway API routes are converted.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct GatewayApiRules {
    /// Whether GRPCRoute, TCPRoute and TLSRoute are read.
    pub all_kinds: bool,
    /// Whether parents have to be there, and may be ServiceEntries.
    pub checks_parents: bool,
    /// Whether the port of a parent reference counts.
    pub parent_ports: bool,
    /// Whether names of rules are known.
    pub rule_names: bool,
    /// Whether backends of other namespaces need a ReferenceGrant in the mesh, too.
    pub grants_in_mesh: bool,
    /// Whether values of headers are checked.
    pub checks_header_values: bool,
    /// Whether a redirect to another scheme changes the port as well.
    pub scheme_changes_port: bool,
    /// Whether changes of paths are told by markers in a VirtualService's `uri`.
    pub path_markers: bool,
    /// Whether `retry` and `timeouts` are known.
    pub retries_and_timeouts: bool,
    /// Whether the CORS filter is known.
    pub cors: bool,
    /// Whether a match of a method ranks before one without.
    pub methods_rank: bool,
    /// Whether a backend of kind `Hostname` may be the short name of a Service.
    pub resolves_short_names: bool,
    /// How several routes of one host become one VirtualService.
    pub merging: GatewayRouteMerging,
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoutesPerHost {
    /// The first.
    First,
    /// All of the waypoint's or the Service's namespace, one after the other.
    AllOfOwnOrServiceNamespace,
}

/// The route of a Service without VirtualServices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DefaultRoute {
    /// As of a sidecar's inbound listener: no retries.
    Inbound,
    /// As of a sidecar's outbound listener: the mesh's retries, the DestinationRule's hash policy.
    Outbound,
}

/// Where the claims of a JWT are found, and how they are written in a VirtualService.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClaimMatching {
    /// In the metadata of Istio's own filter; `@request.auth.claims.a.b`.
    IstioAuthn,
    /// In the payload that Envoy's JWT filter leaves; also `@request.auth.claims[a][b]`.
    JwtPayload,
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
    /// The matched prefix is replaced; markers of Gateway API routes go through as they are. An accident: only a
    /// sidecar's routes read them.
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

/// How several Gateway API routes of one host become one VirtualService.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GatewayRouteMerging {
    /// Appended to the oldest, which lends its name. An accident: hosts of one route may share what is appended.
    Shared,
    /// For each namespace, port and host, which give the name.
    ByHost,
}

/// The rules of 1.18.
pub(super) const V1_18: RouteRules = RouteRules {
    virtual_service_version: "v1alpha3",
    default_export: DefaultExport::OwnNamespaceOrEveryone,
    delegating: DelegatingRoutes::Last,
    own_gateway_routes_first: false,
    per_host: RoutesPerHost::First,
    default_route: DefaultRoute::Inbound,
    match_callers: false,
    stat_prefix: false,
    claims: ClaimMatching::IstioAuthn,
    empty_match_is_present: false,
    missing_header_is_empty: false,
    default_retriable_status_codes: &[503],
    extended_retries: false,
    cors: CorsPlacement::RouteAction,
    rewrites: Rewrites::PrefixOnly,
    several_mirrors: false,
    mirrors_keep_host: false,
    single_destination: SingleDestination::OfWeighted,
    hash_policies: false,
    unserved: UnservedDestination::OrMeshExternal,
    clusters_by_protocol: false,
    unknown_service: false,
    gateway_api: GatewayApiRules {
        all_kinds: false,
        checks_parents: false,
        parent_ports: false,
        rule_names: false,
        grants_in_mesh: true,
        checks_header_values: false,
        scheme_changes_port: false,
        path_markers: true,
        retries_and_timeouts: false,
        cors: false,
        methods_rank: false,
        resolves_short_names: true,
        merging: GatewayRouteMerging::Shared,
    },
};

/// The rules of 1.31.
pub(super) const V1_31: RouteRules = RouteRules {
    virtual_service_version: "v1",
    default_export: DefaultExport::AsDeclared,
    delegating: DelegatingRoutes::InOrder,
    own_gateway_routes_first: true,
    per_host: RoutesPerHost::AllOfOwnOrServiceNamespace,
    default_route: DefaultRoute::Outbound,
    match_callers: true,
    stat_prefix: true,
    claims: ClaimMatching::JwtPayload,
    empty_match_is_present: true,
    missing_header_is_empty: true,
    default_retriable_status_codes: &[],
    extended_retries: true,
    cors: CorsPlacement::FilterConfig,
    rewrites: Rewrites::Regex,
    several_mirrors: true,
    mirrors_keep_host: true,
    single_destination: SingleDestination::OfGiven,
    hash_policies: true,
    unserved: UnservedDestination::Others,
    clusters_by_protocol: true,
    unknown_service: true,
    gateway_api: GatewayApiRules {
        all_kinds: true,
        checks_parents: true,
        parent_ports: true,
        rule_names: true,
        grants_in_mesh: false,
        checks_header_values: true,
        scheme_changes_port: true,
        path_markers: false,
        retries_and_timeouts: true,
        cors: true,
        methods_rank: true,
        resolves_short_names: false,
        merging: GatewayRouteMerging::ByHost,
    },
};
