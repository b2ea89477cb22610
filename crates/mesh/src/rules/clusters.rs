//! What distinguishes the releases' clusters and endpoints.

use super::table::table;

table! {
    /// What clusters and their endpoints look like.
    pub struct ClusterRules {
        /// How DestinationRules for one host are merged.
        pub destination_rule_merge: DestinationRuleMerge,
        /// Whether a DestinationRule's traffic policy holds for a waypoint's own clusters.
        pub inbound_policy: bool,
        /// Whether a Service's resolution decides how a waypoint's own clusters find endpoints; else they are
        /// asked for.
        pub inbound_resolution: bool,
        /// Whether connections to wherever the client went are made to the Service's target port.
        pub original_dst_target_port: bool,
        /// Whether a waypoint's own clusters have only the workloads that it serves.
        pub only_served_endpoints: bool,
        /// Whether every cluster has a name for its statistics, or only those for which it is configured.
        pub alt_stat_name: bool,
        /// Whether clusters for tunnels have circuit breakers.
        pub tunnel_circuit_breakers: bool,
        /// Whether the circuit breakers report what is left of their limits.
        pub track_remaining: bool,
        /// How a tunnel's destination travels with a connection.
        pub tunnel: TunnelMetadata,
        /// Whether an endpoint behind a waypoint's own tunnel still says how healthy it is.
        pub tunnel_keeps_health: bool,
        /// Whether a workload with a sidecar keeps its own mTLS, except where a waypoint serves it.
        pub sidecars_keep_mtls: bool,
        /// Whether a proxy can say that it opens no tunnels to endpoints (`DISABLE_HBONE_SEND`).
        pub tunnels_can_be_off: bool,
        /// When endpoints of several localities share traffic by the localities' weights.
        pub locality_weights: LocalityWeights,
        /// Whether the sum of the shares of endpoints that are discovered starts from zero again where it is
        /// too large; else it is the largest that there can be.
        pub locality_weights_wrap: bool,
        /// Of which Services Envoy also knows the endpoints that are not ready, to tell how healthy they are.
        pub unready_endpoints: UnreadyEndpoints,
        /// Whether a minimum of healthy endpoints that a rule asks for holds where those that are not ready
        /// are sent, too; else there is none then.
        pub minimum_holds: bool,
        /// Whether endpoints of clusters that do not resolve names say of Services outside of the mesh which
        /// they are of, where a flag has that said.
        pub says_external: bool,
        /// Whether the label `istio.io/persistent-session-header` makes clients stay with an endpoint.
        pub persistent_session_header: bool,
        /// Whether names are resolved by c-ares with a limit of queries, and with jitter.
        pub cares_resolver: bool,
        /// How the filter that exchanges metadata between proxies is written.
        pub metadata_exchange: MetadataExchange,
        /// How connections to the workloads' HBONE port are made.
        pub connect_originate: ConnectOriginate,
        /// Whether an undeclared protocol is passed on as the client spoke it.
        pub follow_client_protocol: bool,
        /// Whether an upgrade to HTTP/2 wins over a protocol that was already chosen.
        pub h2_upgrade_wins: bool,
        /// Whether TLS that a DestinationRule asks for is spoken inside HBONE, too, or instead of it.
        pub tls_inside_hbone: bool,
        /// Which name a server's certificate has to have where the DestinationRule gives none.
        pub verified_host: VerifiedHost,
        /// Whether a client's credential can be kept elsewhere than in a Secret; else such names are taken
        /// for those of Secrets.
        pub more_credential_stores: bool,
        /// Whether a DestinationRule's `insecureSkipVerify` is heeded.
        pub insecure_skip_verify: bool,
        /// Whether clusters that resolve hosts on demand are told that servers may be unverified where a rule
        /// gives an SNI, too; else only where they are not verified.
        pub fixed_sni_is_unverified: bool,
        /// Whether it is where the proxy shows a certificate of its own.
        pub insecure_with_own_certificate: bool,
        /// Whether a flag can keep such a proxy from showing it to Services outside of the mesh.
        pub own_certificate_may_stay_inside: bool,
        /// Whether the Services that extension providers and EnvoyFilters name get clusters.
        pub provider_clusters: bool,
        /// How a subset's mTLS is told from the DestinationRule.
        pub mtls_check: MtlsCheck,
        /// How `failoverPriority` orders endpoints.
        pub failover_priority: FailoverPriority,
        /// Whether `failoverPriority` counts in clusters that resolve names.
        pub names_have_labels: bool,
        /// Whether ServiceEntries for one host of one namespace share their ports; else each Service of a
        /// host has clusters of its own.
        pub merges_ports: bool,
        /// Whether clusters say how proxies are to find out about each other.
        pub peer_hints: bool,
        /// Whether clusters whose DestinationRule asks for TLS tell proxies to leave the ALPN as it is.
        pub keeps_alpn: bool,
        /// Whether clusters that resolve names have the state of their endpoints, and the tunnels to them.
        pub full_inline_endpoints: bool,
        /// Whether a served Service whose names would be resolved, but has none, makes the control plane
        /// crash: an accident.
        pub crashes_without_names_to_resolve: bool,
        /// Whether endpoints that tunnels lead to make the control plane crash where flags keep it from
        /// saying who they are: an accident.
        pub crashes_on_unnamed_tunnels: bool,
        /// Whether `istio.io/connect-strategy` can ask that connections to all resolved addresses are tried
        /// at once.
        pub races_connections: bool,
        /// Whether names in several localities, some of which labels prefer, make the control plane crash: an
        /// accident.
        pub crashes_on_labels_of_names: bool,
        /// Whether wildcard hosts that are resolved on demand can be destinations.
        pub wildcard_destinations: bool,
        /// Whether hosts that are resolved on demand are looked up in the proxy's address families; else in
        /// IPv4 only.
        pub on_demand_families: bool,
        /// Whether the host of a ServiceEntry without endpoints is said to be in the proxy's cluster.
        pub hosts_are_in_cluster: bool,
    }
}

/// How a tunnel's destination travels with a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TunnelMetadata {
    /// Metadata `tunnel`: the tunnel's own address and the destination behind it.
    Tunnel,
    /// Metadata `envoy.filters.listener.original_dst`: the destination.
    OriginalDst,
}

/// When endpoints of several localities share traffic by the localities' weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LocalityWeights {
    /// Wherever load balancing by locality is not disabled.
    UnlessDisabled,
    /// Where it is configured.
    WhereConfigured,
}

/// How the filter that exchanges metadata between proxies is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetadataExchange {
    /// As its own message.
    Message,
    /// As a struct, asking for discovery of workloads.
    Struct,
}

/// How connections to the workloads' HBONE port are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectOriginate {
    /// To an address with port; the waypoint's service account, if it is for one, is the only one accepted.
    Address,
    /// To an address on port 15008, also inside another tunnel; any service account of the namespace is
    /// accepted.
    PortOverride,
}

/// Which name a server's certificate has to have where the DestinationRule gives none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VerifiedHost {
    /// The host that the client asked for.
    Requested,
    /// The same, but any where the DestinationRule gives an SNI.
    RequestedUnlessSni,
}

/// Of which Services Envoy also knows the endpoints that are not ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnreadyEndpoints {
    /// Of none.
    OfNone,
    /// Of those that say which of their endpoints are preferred (`trafficDistribution`).
    OfDistributed,
    /// Of all, unless the DestinationRule wants a minimum of healthy ones, which would make Envoy panic and
    /// use them.
    OfAll,
}

/// How a subset's mTLS is told from the DestinationRule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MtlsCheck {
    /// By the first subset that an endpoint's labels fit.
    ByLabels,
    /// By the cluster's subset alone.
    BySubset,
    /// By the cluster's subset, else by what the rule says in general.
    BySubsetOrRule,
}

/// How `failoverPriority` orders endpoints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailoverPriority {
    /// By its labels alone.
    Alone,
    /// By its labels, then by `failover`.
    ThenRegions,
    /// The same; another network only counts after all other labels.
    NetworkLast,
}

/// How DestinationRules for one host are merged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DestinationRuleMerge {
    /// Whatever their `exportTo`: the first that was set holds for the host.
    BySelector,
    /// Only those that are exported alike; rules with a workload selector come first.
    #[default]
    ByExportToAndSelector,
}
