//! The mesh configuration of the ambient profile: what holds where nobody says otherwise.

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

/// What 1.18 adds.
pub(super) const V1_18: &str = "\
defaultConfig:
  tracing: {zipkin: {address: 'zipkin.istio-system:9411'}}
";

/// What 1.31 adds.
pub(super) const V1_31: &str = "\
inboundTrafficPolicy: {mode: PASSTHROUGH}
serviceScopeConfigs:
- scope: GLOBAL
  servicesSelector: {matchExpressions: [{key: istio.io/global, operator: In, values: ['true']}]}
defaultConfig:
  image: {imageType: distroless}
";
