//! What tells the releases apart in listeners.

use super::table::table;

table! {
    /// What is in a waypoint's listeners.
    pub struct ListenerRules {
        /// How the listener inside a tunnel learns what the tunnel's request said.
        pub tunnel_state: TunnelState,
        /// How HBONE connections are served.
        pub tunnel_server: TunnelServer,
        /// Whether HBONE connections are spread evenly over Envoy's workers: they are few and long.
        pub balanced_tunnels: bool,
        /// Whether HBONE is served on IPv6, too, where the proxy has both families.
        pub dual_stack_tunnels: bool,
        /// How clients that went away without a word are found.
        pub tunnel_keepalive: Option<Keepalive>,
        /// Whether there are listeners and clusters for tunnels into other networks. An accident: every
        /// waypoint has them.
        pub double_hbone: bool,
        /// How chains are called.
        pub chain_names: ChainNames,
        /// Which addresses of a Service or workload are matched.
        pub matched_addresses: MatchedAddresses,
        /// Whether a Service without an address gets a match without ranges, which Envoy refuses. An
        /// accident.
        pub matches_without_ranges: bool,
        /// Whether protocol detection is left out for ports where the protocol is known.
        pub inspectors_by_port: bool,
        /// Whether filters of their own find out who the peers are.
        pub peer_metadata: bool,
        /// Whether applications can be told who their client is, where an annotation of the waypoint asks for
        /// it.
        pub client_identity_header: bool,
        /// Whether requests to wildcard hosts are resolved on demand.
        pub dynamic_forward_proxy: bool,
        /// How `istio.stats` is configured.
        pub stats: StatsConfig,
        /// Whether VirtualServices and DestinationRules have a say in TCP chains.
        pub tcp_routing: bool,
        /// Whether the mesh configuration's pattern for statistics knows the Service of a TCP chain.
        pub service_in_tcp_stats: bool,
        /// Whether `100 Continue` is passed on.
        pub proxy_100_continue: bool,
        /// Whether Stackdriver has a filter, for metrics and access logs. Two accidents of the same time: if
        /// it gets metrics, it also gets access logs that were switched off; and where nothing says which
        /// metrics are switched off, each of them is, instead of all at once.
        pub stackdriver: bool,
    }
}

/// How the listener inside a tunnel learns what the tunnel's request said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TunnelState {
    /// By filters of Istio's own: `connect_authority`, `connect_baggage`, `istio_authn`, `set_dst_address`.
    IstioFilters,
    /// By Envoy's filter state, which `set_filter_state` fills and `original_dst` reads.
    FilterState,
}

/// How HBONE connections are served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TunnelServer {
    /// With a fixed server name.
    Fixed {
        /// The value of the `server` header.
        server_name: &'static str,
    },
    /// As ProxyConfig's `proxyHeaders` say.
    AsConfigured,
}

/// How clients that went away without a word are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keepalive {
    /// Seconds between HTTP/2 pings.
    pub interval: u32,
    /// Seconds to wait for their answer.
    pub timeout: u32,
}

/// How chains for Services are called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChainNames {
    /// `inbound-vip|9080||host-http`.
    ProtocolSuffix,
    /// As their cluster: `inbound-vip|9080|http|host`.
    Cluster,
}

/// Which addresses of a Service or workload are matched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MatchedAddresses {
    /// The first one.
    Primary,
    /// All of the families that the proxy has, of a Service of the whole mesh those in other clusters too, in
    /// the order of their text.
    All,
    /// Those of the proxy's families, as the Service has them, or the first one where that is none.
    AllOrPrimary,
}

/// How `istio.stats` is configured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatsConfig {
    /// Always alike: telemetry's overrides are not heeded.
    Fixed,
    /// By telemetry's metrics.
    Metrics,
}
