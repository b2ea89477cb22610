//! What distinguishes the releases' clusters and endpoints.

/// How DestinationRules for one host are merged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DestinationRuleMerge {
    /// Whatever their `exportTo`: the first that was set holds for the host.
    BySelector,
    /// Only those that are exported alike; rules with a workload selector come first.
    #[default]
    ByExportToAndSelector,
}

/// What clusters and their endpoints look like.
#[derive(Debug)]
#[non_exhaustive]
pub struct ClusterRules {
    /// Whether a DestinationRule's traffic policy, and a Service's resolution, hold for a waypoint's own clusters.
    pub inbound_policy: bool,
    /// Whether statistics have a name of their own, which ends where the cluster's name does: `name;`.
    pub alt_stat_name: bool,
    /// Whether the circuit breakers report what is left of their limits.
    pub track_remaining: bool,
    /// How a tunnel's destination travels with a connection.
    pub tunnel: TunnelMetadata,
    /// When endpoints of several localities share traffic by the localities' weights.
    pub locality_weights: LocalityWeights,
    /// Whether Envoy also knows the endpoints that are not ready, to tell how healthy a Service is.
    pub unhealthy_endpoints: bool,
    /// Whether a served Service whose names would be resolved, but has none, makes the control plane crash: an accident.
    pub crashes_without_names_to_resolve: bool,
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
    /// What TLS that a DestinationRule asks for means.
    pub tls: UpstreamTls,
    /// The `version` of Istio's networking API in `config` metadata.
    pub networking_version: &'static str,
    /// Whether the Services that extension providers and EnvoyFilters name get clusters.
    pub provider_clusters: bool,
    /// How a subset's mTLS is told from the DestinationRule.
    pub mtls_check: MtlsCheck,
    /// How `failoverPriority` orders endpoints.
    pub failover_priority: FailoverPriority,
    /// Whether Gateway API backend policies are DestinationRules too.
    pub backend_policies: bool,
    /// Whether ServiceEntries for one host of one namespace share their ports.
    pub merges_ports: bool,
    /// Whether clusters say how proxies are to find out about each other.
    pub peer_hints: bool,
    /// Whether clusters that resolve names have the state of their endpoints, and the tunnels to them.
    pub full_inline_endpoints: bool,
    /// Whether HBONE is spoken on all addresses of a workload, or only on the first.
    pub hbone_on_all_addresses: bool,
    /// Whether the host of a ServiceEntry without endpoints is said to be in the proxy's cluster.
    pub hosts_are_in_cluster: bool,
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
    /// To an address on port 15008, also inside another tunnel; any service account of the namespace is accepted.
    PortOverride,
}

/// What TLS that a DestinationRule asks for means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UpstreamTls {
    /// Endpoints with HBONE are reached by that instead; the server's name is verified whatever SNI is sent.
    InsteadOfHbone,
    /// It is spoken inside HBONE too; the server's name is verified where it is also the SNI, and not if the rule says
    /// so.
    InsideHbone,
}

/// How a subset's mTLS is told from the DestinationRule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MtlsCheck {
    /// By the first subset that an endpoint's labels fit.
    ByLabels,
    /// By the cluster's subset.
    BySubset,
}

/// How `failoverPriority` orders endpoints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailoverPriority {
    /// By its labels alone.
    Alone,
    /// By its labels, then by `failover`; another network only counts after all other labels.
    Layered,
}

/// Clusters of 1.18.
pub(super) const V1_18: ClusterRules = ClusterRules {
    inbound_policy: false,
    alt_stat_name: false,
    track_remaining: true,
    tunnel: TunnelMetadata::Tunnel,
    locality_weights: LocalityWeights::UnlessDisabled,
    unhealthy_endpoints: false,
    crashes_without_names_to_resolve: false,
    cares_resolver: false,
    metadata_exchange: MetadataExchange::Message,
    connect_originate: ConnectOriginate::Address,
    follow_client_protocol: false,
    h2_upgrade_wins: true,
    tls: UpstreamTls::InsteadOfHbone,
    networking_version: "v1alpha3",
    provider_clusters: false,
    mtls_check: MtlsCheck::ByLabels,
    failover_priority: FailoverPriority::Alone,
    backend_policies: false,
    merges_ports: false,
    peer_hints: false,
    full_inline_endpoints: false,
    hbone_on_all_addresses: false,
    hosts_are_in_cluster: false,
};

/// Clusters of 1.31.
pub(super) const V1_31: ClusterRules = ClusterRules {
    inbound_policy: true,
    alt_stat_name: true,
    track_remaining: false,
    tunnel: TunnelMetadata::OriginalDst,
    locality_weights: LocalityWeights::WhereConfigured,
    unhealthy_endpoints: true,
    crashes_without_names_to_resolve: true,
    cares_resolver: true,
    metadata_exchange: MetadataExchange::Struct,
    connect_originate: ConnectOriginate::PortOverride,
    follow_client_protocol: true,
    h2_upgrade_wins: false,
    tls: UpstreamTls::InsideHbone,
    networking_version: "v1",
    provider_clusters: true,
    mtls_check: MtlsCheck::BySubset,
    failover_priority: FailoverPriority::Layered,
    backend_policies: true,
    merges_ports: true,
    peer_hints: true,
    full_inline_endpoints: true,
    hbone_on_all_addresses: true,
    hosts_are_in_cluster: true,
};
