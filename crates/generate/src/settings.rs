//! Mesh configurations and feature flags: no schema has them, so that what they may be stands here.

use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Map, Value};

/// How many fields and how many flags are drawn, at most.
const FIELDS: usize = 5;
const FLAGS: usize = 4;

/// Fields of a MeshConfig with values at the edges of what they may have, as JSON: of each the first is an
/// ordinary one. Some are refused, or known to some releases only.
pub const MESH_CONFIG: &[(&str, &[&str])] = &[
    ("accessLogEncoding", &[r#""JSON""#, "0", "9"]),
    ("accessLogFile", &[r#""/dev/stdout""#, r#""""#]),
    ("accessLogFormat", &[r#""%REQ(:PATH)%\n""#, r#""{\"a\": \"%START_TIME%\"}""#, r#""""#]),
    ("caCertificates", &[r#"[{"pem": "x"}]"#, r#"[{"pem": "x", "spiffeBundleUrl": "y"}]"#]),
    ("connectTimeout", &[r#""3s""#, r#""1m30s""#, r#""0s""#, r#""2h""#]),
    ("defaultDestinationRuleExportTo", &[r#"["."]"#, "[]", r#"["shop"]"#]),
    (
        "defaultConfig",
        &[
            r#"{"concurrency": "2", "proxyMetadata": {"ISTIO_META_NETWORK": "n"}}"#,
            r#"{"proxyMetadata": {"ISTIO_META_DISABLE_HBONE_SEND": "true", "ISTIO_META_ISTIO_VERSION": "1.28.1"}}"#,
            r#"{"proxyMetadata": {"ISTIO_META_REQUESTED_NETWORK_VIEW": "n,m"}}"#,
            r#"{"tracing": {"sampling": "NaN", "zipkin": {"address": "z:9411"}}}"#,
            r#"{"tracing": {"sampling": 200, "maxPathTagLength": 1, "customTags": {"t": {"header": {"name": "x"}}}}}"#,
            r#"{"proxyHeaders": {"requestId": {"disabled": true}, "preserveHttp1HeaderCase": true}}"#,
            r#"{"gatewayTopology": {"numTrustedProxies": 3}, "statsdUdpAddress": "s:1"}"#,
            r#"{"envoyAccessLogService": {"address": "als:9090"}, "meshId": "m", "drainDuration": "45s"}"#,
        ],
    ),
    ("defaultHttpRetryPolicy", &[r#"{"attempts": 3}"#, r#"{"attempts": 0}"#, r#"{"retryOn": "5xx"}"#]),
    (
        "defaultProviders",
        &[r#"{"metrics": ["prometheus"]}"#, r#"{"tracing": ["zipkin"], "accessLogging": ["logs"]}"#, "{}"],
    ),
    ("defaultServiceExportTo", &[r#"["."]"#, r#"["*"]"#, "[]", r#"["~"]"#]),
    ("defaultTrafficPolicy", &[r#"{"connectionPool": {"tcp": {"maxConnections": 7}}}"#, "{}"]),
    ("defaultVirtualServiceExportTo", &[r#"["."]"#, "[]"]),
    ("disableEnvoyListenerLog", &["true", "false"]),
    (
        "discoverySelectors",
        &[r#"[{"matchLabels": {"a": "b"}}]"#, r#"[{"matchExpressions": [{"key": "a", "operator": "No"}]}]"#],
    ),
    ("dnsRefreshRate", &[r#""5s""#, r#""0s""#]),
    ("enableAutoMtls", &["false", "true"]),
    ("enableEnvoyAccessLogService", &["true"]),
    ("enablePrometheusMerge", &["false"]),
    ("enableTracing", &["false", "true"]),
    (
        "extensionProviders",
        &[
            r#"[{"name": "zipkin", "zipkin": {"service": "reviews.default.svc.cluster.local", "port": "9080"}}]"#,
            r#"[{"name": "logs", "envoyFileAccessLog": {"path": "/dev/stdout", "logFormat": {"labels": {"a": "b"}}}}]"#,
            r#"[{"name": "authz", "envoyExtAuthzHttp": {"service": "reviews.default.svc.cluster.local", "port": 9080}}]"#,
            r#"[{"name": "otel", "opentelemetry": {"service": "nowhere", "port": 4317}}]"#,
            r#"[{"name": "two", "prometheus": {}, "stackdriver": {}}, {"name": "two"}]"#,
            r#"[{}]"#,
        ],
    ),
    ("h2UpgradePolicy", &[r#""UPGRADE""#, "1"]),
    ("hboneIdleTimeout", &[r#""10s""#]),
    ("inboundClusterStatName", &[r#""%SERVICE%_%SERVICE_PORT%""#, r#""%%""#]),
    ("inboundTrafficPolicy", &[r#"{"mode": "LOCALHOST"}"#]),
    (
        "localityLbSetting",
        &[
            r#"{"failoverPriority": ["topology.kubernetes.io/region"]}"#,
            r#"{"distribute": [{"from": "a/*", "to": {"a/*": 90, "b/*": 10}}]}"#,
            r#"{"failover": [{"from": "a", "to": "b"}]}"#,
            r#"{"enabled": false}"#,
        ],
    ),
    ("meshMTLS", &[r#"{"minProtocolVersion": "TLSV1_3"}"#]),
    ("outboundClusterStatName", &[r#""%SERVICE_FQDN%""#]),
    ("outboundTrafficPolicy", &[r#"{"mode": "REGISTRY_ONLY"}"#, r#"{"mode": 3}"#, r#"{"mode": 7}"#]),
    (
        "pathNormalization",
        &[r#"{"normalization": "NONE"}"#, r#"{"normalization": "DECODE_AND_MERGE_SLASHES"}"#],
    ),
    ("protocolDetectionTimeout", &[r#""1s""#, r#""1us""#]),
    ("proxyListenPort", &["15001", r#""15001""#, "0"]),
    ("rootNamespace", &[r#""istio-system""#, r#""default""#, r#""""#]),
    (
        "serviceEntryVisibility",
        &[
            r#"{"defaultVisibility": "NAMESPACE"}"#,
            r#"{"applyToSidecars": true, "policies": [{"visibility": "NONE"}]}"#,
        ],
    ),
    ("serviceScopeConfigs", &[r#"[{"scope": "GLOBAL"}]"#, "[]"]),
    (
        "serviceSettings",
        &[r#"[{"settings": {"clusterLocal": true}, "hosts": ["*.default.svc.cluster.local"]}]"#],
    ),
    ("tcpKeepalive", &[r#"{"time": "10s", "probes": 3}"#, "{}"]),
    ("tlsDefaults", &[r#"{"ecdhCurves": ["P-256"]}"#, r#"{"minProtocolVersion": "TLSV1_3"}"#]),
    ("trustDomain", &[r#""shop.example""#, r#""""#]),
    ("trustDomainAliases", &[r#"["old.example"]"#, r#"["old.example", "old.example"]"#]),
    ("verifyCertificateAtClient", &["true"]),
    ("zoneAwareLbSetting", &["{}"]),
];

/// Values of a feature flag: every flag takes some of them.
const VALUES: &[&str] =
    &["true", "false", "1", "0", "7", "50", "1s", "", "a,b", "10.0.0.0/8", "header", "fips-140-2"];

/// A MeshConfig of some fields.
pub fn mesh_config() -> impl Strategy<Value = Value> {
    let fields = subsequence(MESH_CONFIG, 0..=FIELDS);
    (fields, prop::collection::vec(any::<prop::sample::Index>(), FIELDS)).prop_map(|(fields, which)| {
        let values = fields.into_iter().zip(which).filter_map(|((name, values), which)| {
            let value = serde_json::from_str(values.get(which.index(values.len()))?).ok()?;
            Some((name.to_owned(), value))
        });
        Value::Object(values.collect::<Map<_, _>>())
    })
}

/// Some of these feature flags with values, which not every flag takes.
pub fn features(names: &'static [&'static str]) -> impl Strategy<Value = Vec<(&'static str, &'static str)>> {
    prop::collection::vec((select(names), select(VALUES)), 0..=FLAGS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_is_json_and_every_field_is_there_once() {
        assert!(MESH_CONFIG.iter().all(|(_, values)| !values.is_empty()));
        for (name, value) in
            MESH_CONFIG.iter().flat_map(|(name, values)| values.iter().map(move |v| (name, v)))
        {
            assert!(serde_json::from_str::<Value>(value).is_ok(), "{name}: {value}");
        }
        let mut names: Vec<&str> = MESH_CONFIG.iter().map(|(name, _)| *name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), MESH_CONFIG.len());
    }
}
