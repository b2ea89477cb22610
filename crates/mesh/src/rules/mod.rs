//! Everything that tells the releases of Istio apart.
//!
//! A release is a [`Rules`] value: for each area a table of constants, of flags and of choices, each named by
//! what it decides. Generators read the rules; none asks which release it runs for. An area's file says what
//! can differ, a release's file (`v1_31.rs`, …) what it does: the latest in full, every other one as what
//! differs from its neighbour. One more release is one more file and, where it does something that no other
//! did, a new variant of a choice.

mod access_logs;
mod admission;
mod bootstrap;
mod clusters;
mod envoy_filters;
mod filter_names;
mod gateway_api;
mod istioctl;
mod listeners;
mod manifests;
mod mesh;
mod networks;
mod policies;
pub mod proxy_versions;
mod registry;
mod routes;
mod security;
mod status;
mod table;
mod tracing;
mod v1_18;
mod v1_29;
mod v1_30;
mod v1_31;
mod waypoints;

pub use access_logs::AccessLogRules;
pub use admission::{AdmissionRules, HttpMatches, LeastAggression};
pub use bootstrap::{BootstrapRules, ConnectionLimit, RuntimeFlag};
pub use clusters::{
    ClusterRules, ConnectOriginate, DestinationRuleMerge, FailoverPriority, LocalityWeights,
    MetadataExchange, MtlsCheck, TunnelMetadata, UnreadyEndpoints, VerifiedHost,
};
pub use envoy_filters::{ClusterRemoval, EnvoyFilterRules, FilterRemoval, MismatchedTypes, PatchOrder};
pub use filter_names::FilterNames;
pub use gateway_api::{GatewayApiRules, GatewayRouteMerging, HiddenGrpcRoutes};
pub use istioctl::{IstioctlRules, ListenerTable, SecretTable};
pub use listeners::{
    ChainNames, Keepalive, ListenerRules, MatchedAddresses, StatsConfig, TunnelServer, TunnelState,
};
pub use manifests::{ContainerLayout, Environment, ManifestRules, ServicePorts};
pub use mesh::{AgeTie, MESH_CONFIG, MeshRules, ProfileProviders, ROOT_NAMESPACE};
pub use networks::NetworkRules;
pub use policies::{ExtensionNames, ExtensionOrder, PolicyAttachment, PolicyRules};
pub use registry::{
    ExternalName, HashedAddresses, HboneAddresses, InlineEndpointName, PrimaryAddress, RegistryRules,
    SameHost,
};
pub use routes::{
    CorsPlacement, DefaultExport, DefaultRoute, DelegatingRoutes, Rewrites, RouteRules, RoutesPerHost,
    SingleDestination, UnservedDestination,
};
pub use security::{
    AuthorizerAuthority, HeaderValueMatch, MissingKeys, RequestIdentity, SecurityRules, SeveralAuthorizers,
};
pub use status::StatusRules;
pub use tracing::{ChildSpan, CrashingTracers, SpanSender, TracingRules, ZipkinCollector};
pub use waypoints::{
    Attachment, CopiedMetadata, ObjectNames, OutOfMesh, PodNames, WaypointClasses, WaypointRules,
};

pub use crate::release;
use crate::release::Release;
use table::release_rules;

release_rules! {
    /// What a release does.
    pub struct Rules {
        /// The release that these are the rules of.
        pub release: Release,
        /// What holds for the mesh as a whole.
        pub mesh: MeshRules,
        /// What an API server and the webhook admit.
        pub admission: AdmissionRules,
        /// What the registry of services and workloads makes of its objects.
        pub registry: RegistryRules,
        /// What a waypoint is.
        pub waypoints: WaypointRules,
        /// What binds to a waypoint.
        pub policies: PolicyRules,
        /// How Gateway API routes are converted.
        pub gateway_api: GatewayApiRules,
        /// What is in listeners.
        pub listeners: ListenerRules,
        /// What is in routes.
        pub routes: RouteRules,
        /// What clusters and their endpoints look like.
        pub clusters: ClusterRules,
        /// How endpoints of other networks and clusters are reached.
        pub networks: NetworkRules,
        /// How policies become filters.
        pub security: SecurityRules,
        /// What is in access logs.
        pub access_logs: AccessLogRules,
        /// What is in traces.
        pub tracing: TracingRules,
        /// How EnvoyFilters patch.
        pub envoy_filters: EnvoyFilterRules,
        /// What is in a proxy's bootstrap.
        pub bootstrap: BootstrapRules,
        /// What the objects that run a waypoint look like.
        pub manifests: ManifestRules,
        /// What is written into statuses.
        pub status: StatusRules,
        /// What istioctl shows.
        pub istioctl: IstioctlRules,
    }
}

impl Rules {
    /// What a release does differently from others.
    #[must_use]
    pub const fn of(release: Release) -> &'static Self {
        match release {
            Release::V1_18 => &v1_18::RULES,
            Release::V1_29 => &v1_29::RULES,
            Release::V1_30 => &v1_30::RULES,
            // The newest; a test demands that every other one is above.
            _ => &v1_31::RULES,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Release, Rules};

    #[test]
    fn every_release_has_its_own_rules() {
        for release in Release::ALL {
            assert_eq!(Rules::of(*release).release, *release);
        }
    }
}
