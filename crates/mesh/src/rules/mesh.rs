//! What tells the releases apart in what holds for a whole mesh.

use super::table::table;

table! {
    /// What holds in a mesh where nobody says otherwise.
    pub struct MeshRules {
        /// The version that proxies announce, and that their images have.
        pub version: &'static str,
        /// What the mesh configuration of the release's ambient profile has beyond [`MESH_CONFIG`], as YAML.
        pub profile: &'static str,
        /// What becomes of the profile's default providers where the mesh configuration names some.
        pub default_providers: ProfileProviders,
        /// Whether networks that are not valid keep the mesh configuration beside them from being read.
        pub networks_come_first: bool,
        /// The creation time of an object that has none, in seconds since the epoch.
        pub assumed_creation: i64,
        /// Which of two objects of the same age comes first.
        pub age_tie: AgeTie,
        /// The version of Istio's networking API in the `config` of Envoy's metadata.
        pub networking_version: &'static str,
        /// What ends a name in Envoy's statistics, so that tags can be told from it.
        pub stat_name_end: &'static str,
        /// Whether the mesh configuration's patterns of such names can have `%SERVICE_NAME%` and
        /// `%TARGET_PORT%`; else these stay as they are.
        pub stat_service_names: bool,
    }
}

/// The root namespace of all profiles, in which istiod reads its mesh configuration.
pub const ROOT_NAMESPACE: &str = "istio-system";

/// What the profiles of all releases have, as YAML.
pub const MESH_CONFIG: &str = "\
trustDomain: cluster.local
rootNamespace: istio-system
enableTracing: true
enablePrometheusMerge: true
enableAutoMtls: true
connectTimeout: 10s
protocolDetectionTimeout: 0s
dnsRefreshRate: 60s
localityLbSetting: {enabled: true}
outboundTrafficPolicy: {mode: ALLOW_ANY}
defaultServiceExportTo: ['*']
defaultVirtualServiceExportTo: ['*']
defaultDestinationRuleExportTo: ['*']
defaultProviders: {metrics: [prometheus]}
defaultConfig:
  discoveryAddress: istiod.istio-system.svc:15012
  proxyMetadata: {ISTIO_META_ENABLE_HBONE: 'true'}
extensionProviders:
- {name: prometheus, prometheus: {}}
- {name: stackdriver, stackdriver: {}}
- {name: envoy, envoyFileAccessLog: {path: /dev/stdout}}
";

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
