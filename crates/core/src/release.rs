//! The releases of Istio whose layout we know, and everything that tells them apart.
//!
//! This is the one place that distinguishes releases: a [`Rules`] value per release, made of constants and of
//! choices. Generators read the rules; they never ask which release they run for. A third release is a third
//! constant here (and, where it does something no release did before, a new variant of a choice).

mod bootstrap;
mod cluster;
mod envoy_filter;
mod istioctl;
mod manifests;
mod mesh;
mod route;
mod security;

pub use bootstrap::{BootstrapRules, ConnectionLimit, RuntimeFlag};
pub use cluster::{
    ClusterRules, ConnectOriginate, DestinationRuleMerge, FailoverPriority, LocalityWeights,
    MetadataExchange, MtlsCheck, TunnelMetadata, UpstreamTls,
};
pub use envoy_filter::{
    ClusterRemoval, EnvoyFilterRules, FilterNames, FilterRemoval, MismatchedTypes, PatchOrder,
};
pub use istioctl::IstioctlRules;
pub use manifests::{ContainerLayout, CopiedMetadata, ManifestRules, ServicePorts};
pub use mesh::MESH_CONFIG;
pub use route::{
    ClaimMatching, CorsPlacement, DefaultExport, DefaultRoute, DelegatingRoutes, GatewayApiRules,
    GatewayRouteMerging, Rewrites, RouteRules, RoutesPerHost, SingleDestination, UnservedDestination,
};
pub use security::{ExternalAuthorizers, HeaderValueMatch, MissingKeys, RequestIdentity, SecurityRules};

mod registry;

use std::fmt;
use std::str::FromStr;

pub use registry::{ExternalName, InlineEndpointName, PrimaryAddress, RegistryRules, WaypointDeployment};

/// A release of Istio.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Release {
    /// Istio 1.18: waypoints as they were introduced, per namespace or per service account.
    V1_18,
    /// Istio 1.31: `istio.io/use-waypoint`, `targetRefs` and Gateway API routes.
    #[default]
    V1_31,
}

impl Release {
    /// Every known release, oldest first.
    pub const ALL: &'static [Self] = &[Self::V1_18, Self::V1_31];

    /// The newest known release.
    pub const LATEST: Self = Self::V1_31;

    /// The release's name as users write it: `1.18`, `1.31`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V1_18 => "1.18",
            Self::V1_31 => "1.31",
        }
    }

    /// What this release does differently from others.
    #[must_use]
    pub const fn rules(self) -> &'static Rules {
        match self {
            Self::V1_18 => &V1_18,
            Self::V1_31 => &V1_31,
        }
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The name of a release that this library does not know.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown release `{given}`: expected 1.18 or 1.31")]
pub struct UnknownRelease {
    given: String,
}

impl FromStr for Release {
    type Err = UnknownRelease;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        let wanted = s.trim_start_matches("istio-").trim_start_matches('v');
        Self::ALL
            .iter()
            .copied()
            .find(|r| r.as_str() == wanted)
            .ok_or_else(|| UnknownRelease { given: s.to_owned() })
    }
}

/// What distinguishes one release from another.
#[derive(Debug)]
#[non_exhaustive]
pub struct Rules {
    /// The release that these are the rules of.
    pub release: Release,
    /// What the mesh configuration of the release's ambient profile has beyond [`MESH_CONFIG`], as YAML.
    pub mesh_config: &'static str,
    /// Which table istioctl prints of listeners.
    pub listener_table: ListenerTable,
    /// What else istioctl shows.
    pub istioctl: IstioctlRules,
    /// Which classes are those of waypoints.
    pub waypoint_classes: WaypointClasses,
    /// How a waypoint finds what it serves.
    pub attachment: Attachment,
    /// The creation time of an object that has none, in seconds since the epoch.
    pub assumed_creation: i64,
    /// Which of several Services with the same hostname and namespace counts.
    pub same_host: SameHost,
    /// What the registry of services and workloads makes of its objects.
    pub registry: RegistryRules,
    /// How DestinationRules for one host are merged.
    pub destination_rules: DestinationRuleMerge,
    /// What clusters and their endpoints look like.
    pub clusters: ClusterRules,
    /// What becomes of the profile's default providers where the mesh configuration names some.
    pub default_providers: ProfileProviders,
    /// Which of two objects of the same age comes first.
    pub age_tie: AgeTie,
    /// How policies bind to a waypoint.
    pub policy_attachment: PolicyAttachment,
    /// How extensions are called.
    pub extension_names: ExtensionNames,
    /// What is in listeners.
    pub listeners: ListenerRules,
    /// What is in access logs.
    pub access_logs: AccessLogRules,
    /// What is in traces.
    pub tracing: TracingRules,
    /// How policies become filters.
    pub security: SecurityRules,
    /// What is in routes.
    pub routes: RouteRules,
    /// How EnvoyFilters patch.
    pub envoy_filters: EnvoyFilterRules,
    /// What is in a proxy's bootstrap.
    pub bootstrap: BootstrapRules,
    /// What the objects that run a waypoint look like.
    pub manifests: ManifestRules,
}

/// What becomes of the profile's default providers where the mesh configuration names some.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProfileProviders {
    /// They hold for what it names none for: metrics, traces or access logs.
    Merged,
    /// They are gone: the chart leaves its own out where `defaultProviders` is given.
    Replaced,
}

/// Which of two objects of the same age comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AgeTie {
    /// By the text `name.namespace`. An accident: `a-b` comes before `a`, because `-` sorts before the dot.
    NameDotNamespace,
    /// By name, then by namespace.
    NameThenNamespace,
}

/// How policies (telemetry, extensions, authorization, authentication) bind to a waypoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PolicyAttachment {
    /// By a selector of the waypoint's own pod.
    Selector,
    /// By references to the Gateway, its class or a Service; selectors never match a waypoint.
    TargetRefs,
}

/// How extensions are called, and where they are looked for first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExtensionNames {
    /// As their object: `namespace.name`. The root namespace's come before the waypoint's.
    OfObject,
    /// As the `TrafficExtension` into which a WasmPlugin is translated. The waypoint's namespace comes first.
    Translated,
}

/// What is in a waypoint's listeners.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct ListenerRules {
    /// How the listener inside a tunnel learns what the tunnel's request said.
    pub tunnel_state: TunnelState,
    /// How HBONE connections are served.
    pub tunnel_server: TunnelServer,
    /// Whether there are listeners for tunnels into other networks. An accident: every waypoint has them.
    pub double_hbone: bool,
    /// How chains are called.
    pub chain_names: ChainNames,
    /// What ends a statistics prefix.
    pub stat_prefix_end: &'static str,
    /// Which addresses of a Service or workload are matched.
    pub matched_addresses: MatchedAddresses,
    /// Whether protocol detection is left out for ports where the protocol is known.
    pub inspectors_by_port: bool,
    /// Whether filters of their own find out who the peers are.
    pub peer_metadata: bool,
    /// How `istio.stats` is configured.
    pub stats: StatsConfig,
    /// Whether Stackdriver has a filter, for metrics and access logs.
    pub stackdriver: bool,
    /// Whether VirtualServices and DestinationRules have a say in TCP chains.
    pub tcp_routing: bool,
    /// Whether `100 Continue` is passed on.
    pub proxy_100_continue: bool,
    /// Whether ProxyConfig's `proxyHeaders` and `connectionSettings` are known.
    pub proxy_settings: bool,
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
    /// As ProxyConfig's `proxyHeaders` say, with keepalive, and connections spread evenly over Envoy's workers.
    Balanced {
        /// Seconds between HTTP/2 pings.
        keepalive_interval: u32,
        /// Seconds to wait for their answer.
        keepalive_timeout: u32,
    },
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
    /// All of the families that the proxy has.
    All,
}

/// How `istio.stats` is configured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatsConfig {
    /// Always alike: telemetry's overrides are not heeded.
    Fixed,
    /// By telemetry's metrics.
    Metrics,
}

/// What is in access logs.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct AccessLogRules {
    /// Whether listeners and tunnels have access logs too, or only the chains inside the tunnel.
    pub everywhere: bool,
    /// The operator for the upstream's cluster in the default formats.
    pub upstream_cluster: &'static str,
    /// The filter state objects that gRPC access logs carry by default.
    pub filter_state: &'static [&'static str],
    /// Those that a gRPC access log of a telemetry provider carries by default.
    pub provider_filter_state: &'static [&'static str],
    /// Whether `%METADATA` needs a formatter, or is built in.
    pub metadata_formatter: bool,
    /// Whether JSON formats have options.
    pub json_format_options: bool,
    /// Whether OpenTelemetry's built-in labels are left out, and formatters are named.
    pub otel_formatters: bool,
}

/// What is in traces.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct TracingRules {
    /// Whether spans say who the peers are, and which cluster this is.
    pub peer_tags: bool,
    /// Whether the sampling of the mesh configuration holds where telemetry gives none; else it is 0.
    pub mesh_sampling: bool,
    /// How spans are sent to Zipkin.
    pub zipkin: ZipkinCollector,
    /// How a child span for the upstream is asked for.
    pub child_span: ChildSpan,
    /// Whether Lightstep is known.
    pub lightstep: bool,
    /// Whether Lightstep makes the control plane crash: an accident.
    pub crashes_on_lightstep: bool,
    /// Whether OpenCensus is known.
    pub opencensus: bool,
}

/// How spans are sent to Zipkin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ZipkinCollector {
    /// By cluster, endpoint and hostname.
    Cluster,
    /// By an HTTP service, with headers and a timeout.
    HttpService,
}

/// How a child span for the upstream is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChildSpan {
    /// Of the router.
    Router,
    /// Of the connection manager.
    Tracing,
}

/// Which table istioctl prints of listeners.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListenerTable {
    /// `LISTENER CHAIN MATCH DESTINATION`: every way into every filter chain (1.18's `--waypoint`).
    Chains,
    /// `ADDRESSES PORT MATCH DESTINATION`.
    Addresses,
}

/// Which GatewayClasses are those of waypoints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaypointClasses {
    /// `istio-waypoint`, whoever controls it.
    ByName,
    /// Those whose controller is Istio's for waypoints.
    ByController,
}

/// How a waypoint finds the services and workloads that it serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attachment {
    /// By its Gateway's namespace and the annotation `istio.io/for-service-account`; Services by their selectors.
    ServiceAccount,
    /// By the label `istio.io/use-waypoint` of objects and namespaces.
    UseWaypointLabel,
}

/// Which of several Services with the same hostname and namespace counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SameHost {
    /// The one created last. An accident: the index is a map that later Services overwrite.
    #[default]
    Latest,
    /// The Kubernetes Service, else the one created first.
    KubernetesThenOldest,
}

/// The rules of 1.18.
static V1_18: Rules = Rules {
    release: Release::V1_18,
    mesh_config: mesh::V1_18,
    listener_table: ListenerTable::Chains,
    istioctl: istioctl::V1_18,
    waypoint_classes: WaypointClasses::ByName,
    attachment: Attachment::ServiceAccount,
    assumed_creation: 1_686_096_000,
    same_host: SameHost::Latest,
    registry: registry::V1_18,
    destination_rules: DestinationRuleMerge::BySelector,
    clusters: cluster::V1_18,
    default_providers: ProfileProviders::Merged,
    age_tie: AgeTie::NameDotNamespace,
    policy_attachment: PolicyAttachment::Selector,
    extension_names: ExtensionNames::OfObject,
    listeners: ListenerRules {
        tunnel_state: TunnelState::IstioFilters,
        tunnel_server: TunnelServer::Fixed { server_name: "waypoint-envoy" },
        double_hbone: false,
        chain_names: ChainNames::ProtocolSuffix,
        stat_prefix_end: "",
        matched_addresses: MatchedAddresses::Primary,
        inspectors_by_port: false,
        peer_metadata: false,
        stats: StatsConfig::Fixed,
        stackdriver: true,
        tcp_routing: false,
        proxy_100_continue: false,
        proxy_settings: false,
    },
    access_logs: AccessLogRules {
        everywhere: false,
        upstream_cluster: "%UPSTREAM_CLUSTER%",
        filter_state: WASM_FILTER_STATE,
        provider_filter_state: WASM_FILTER_STATE,
        metadata_formatter: true,
        json_format_options: false,
        otel_formatters: false,
    },
    tracing: TracingRules {
        peer_tags: false,
        mesh_sampling: false,
        zipkin: ZipkinCollector::Cluster,
        child_span: ChildSpan::Router,
        lightstep: true,
        crashes_on_lightstep: false,
        opencensus: true,
    },
    security: security::V1_18,
    routes: route::V1_18,
    envoy_filters: envoy_filter::V1_18,
    bootstrap: bootstrap::V1_18,
    manifests: manifests::V1_18,
};

/// What the peer metadata filters of older releases leave in the filter state.
const WASM_FILTER_STATE: &[&str] =
    &["wasm.upstream_peer", "wasm.upstream_peer_id", "wasm.downstream_peer", "wasm.downstream_peer_id"];

/// The rules of 1.31.
static V1_31: Rules = Rules {
    release: Release::V1_31,
    mesh_config: mesh::V1_31,
    listener_table: ListenerTable::Addresses,
    istioctl: istioctl::V1_31,
    waypoint_classes: WaypointClasses::ByController,
    attachment: Attachment::UseWaypointLabel,
    assumed_creation: 1_704_067_200,
    same_host: SameHost::KubernetesThenOldest,
    registry: registry::V1_31,
    destination_rules: DestinationRuleMerge::ByExportToAndSelector,
    clusters: cluster::V1_31,
    default_providers: ProfileProviders::Replaced,
    age_tie: AgeTie::NameThenNamespace,
    policy_attachment: PolicyAttachment::TargetRefs,
    extension_names: ExtensionNames::Translated,
    listeners: ListenerRules {
        tunnel_state: TunnelState::FilterState,
        tunnel_server: TunnelServer::Balanced { keepalive_interval: 10, keepalive_timeout: 20 },
        double_hbone: true,
        chain_names: ChainNames::Cluster,
        stat_prefix_end: ";",
        matched_addresses: MatchedAddresses::All,
        inspectors_by_port: true,
        peer_metadata: true,
        stats: StatsConfig::Metrics,
        stackdriver: false,
        tcp_routing: true,
        proxy_100_continue: true,
        proxy_settings: true,
    },
    access_logs: AccessLogRules {
        everywhere: true,
        upstream_cluster: "%UPSTREAM_CLUSTER_RAW%",
        filter_state: &[
            "upstream_peer",
            "downstream_peer",
            "wasm.upstream_peer",
            "wasm.upstream_peer_id",
            "wasm.downstream_peer",
            "wasm.downstream_peer_id",
        ],
        provider_filter_state: &["upstream_peer", "downstream_peer"],
        metadata_formatter: false,
        json_format_options: true,
        otel_formatters: true,
    },
    tracing: TracingRules {
        peer_tags: true,
        mesh_sampling: true,
        zipkin: ZipkinCollector::HttpService,
        child_span: ChildSpan::Tracing,
        lightstep: false,
        crashes_on_lightstep: true,
        opencensus: false,
    },
    security: security::V1_31,
    routes: route::V1_31,
    envoy_filters: envoy_filter::V1_31,
    bootstrap: bootstrap::V1_31,
    manifests: manifests::V1_31,
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back() {
        for release in Release::ALL {
            assert_eq!(release.to_string().parse(), Ok(*release));
        }
        assert_eq!("istio-1.18".parse(), Ok(Release::V1_18));
        assert!("1.17".parse::<Release>().unwrap_err().to_string().contains("1.17"));
    }
}
