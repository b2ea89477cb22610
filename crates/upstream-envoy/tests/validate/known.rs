//! What an upstream Envoy refuses, and why: the case with its release and waypoint, and a part of Envoy's
//! message.
//!
//! These lists may only shrink: an entry that is not needed any more fails the test.

/// Of the golden cases.
pub(crate) const GOLDEN: &[(&str, &str)] = &[
    // 1.18 sends a waypoint no cluster for a collector in the mesh, and a tracer that names it: Istio's own
    // proxy refuses the listener for the same reason.
    (
        "1.18 telemetry-tracing default/waypoint",
        "envoy.tracers.zipkin: unknown cluster 'outbound|9411||zipkin.observe.svc.cluster.local'",
    ),
    (
        "1.18 flag-trace-sampling shop/waypoint",
        "envoy.tracers.zipkin: unknown cluster 'outbound|9411||zipkin.istio-system.svc.cluster.local'",
    ),
    ("1.18 proxy-versions shop/old", "envoy.tracers.zipkin: unknown cluster 'outbound|9411||zipkin.shop.svc"),
    (
        "1.18 proxy-versions shop/patched",
        "envoy.tracers.zipkin: unknown cluster 'outbound|9411||zipkin.shop.svc",
    ),
    (
        "1.18 proxy-versions shop/previous",
        "envoy.tracers.zipkin: unknown cluster 'outbound|9411||zipkin.shop.svc",
    ),
    // Operators, keys and modules that only Istio's own build, or a running agent, has.
    ("1.18 rules-access-logs shop/waypoint", "Not supported field in StreamInfo: REQ_WITHOUT_QUERY"),
    ("1.18 telemetry-opencensus default/waypoint", "envoy.config.trace.v3.OpenCensusConfig"),
    ("1.18 telemetry-stackdriver default/waypoint", "Unable to create Wasm plugin"),
    // Keys that are none: 1.18 sends them as they are written.
    ("1.18 rules-admission shop/waypoint", "invalid local jwks"),
    ("1.18 rules-security shop/waypoint", "invalid local jwks"),
    // A patch whose Lua is none: Istio does not look at it.
    ("1.18 rules-envoyfilters shop/waypoint", "script load error"),
    // Several names for one cluster that resolves a single one: Istio sends it so.
    ("1.30 rules-clusters shop/waypoint", "LOGICAL_DNS clusters must have a single"),
    ("1.31 rules-clusters shop/waypoint", "LOGICAL_DNS clusters must have a single"),
    // A range without addresses, for a Service that has none of the proxy's family: mended in 1.31.
    ("1.30 svc-ipv6-only default/waypoint", "cannot create a filter chain matcher"),
    // Filters, scripts, names, addresses and secrets that cases make up: Istio sends them unseen.
    ("1.18 authz-ip-zones shop/waypoint", "Failed to create CIDR range: malformed IP address: fe80::3%e"),
    ("1.18 odd-webhook-warnings shop/waypoint", "Didn't find a registered implementation for 'mine'"),
    ("1.18 dr-tls-certificates shop/waypoint", "Unknown static certificate validation context: default"),
    (
        "1.18 envoyfilter-bare-chains shop/waypoint",
        "terminal filter named envoy.filters.network.tcp_proxy of typ",
    ),
    (
        "1.18 envoyfilter-chain-matches shop/waypoint",
        "terminal filter named envoy.filters.network.tcp_proxy of typ",
    ),
    (
        "1.18 envoyfilter-extension-asked shop/waypoint",
        "Didn't find a registered implementation for 'of-default-chai",
    ),
    (
        "1.18 envoyfilter-filter-names shop/waypoint",
        "terminal filter named envoy.filters.network.tcp_proxy of typ",
    ),
    ("1.18 envoyfilter-filters-unnamed shop/waypoint", "script load error: [string"),
    (
        "1.18 envoyfilter-listener-unnamed shop/waypoint",
        "error adding listener 'envoy:///': no filter chains specifie",
    ),
    ("1.18 envoyfilter-order-targeted shop/waypoint", "script load error: [string"),
    (
        "1.18 envoyfilter-stopped shop/waypoint",
        "error adding listener 'envoy://any/': no filter chains speci",
    ),
    ("1.18 envoyfilter-values shop/waypoint", "node {"),
    ("1.18 jwt-space-delimited-claims shop/waypoint", "invalid local jwks"),
    (
        "1.18 telemetry-access-log-formats shop/waypoint",
        "Not supported field in StreamInfo: REQ_WITHOUT_QUERY",
    ),
    (
        "1.18 telemetry-context-kept shop/current",
        "envoy.tracers.zipkin: unknown cluster 'outbound|9411||zipkin",
    ),
    (
        "1.18 telemetry-context-kept shop/previous",
        "envoy.tracers.zipkin: unknown cluster 'outbound|9411||zipkin",
    ),
    ("1.18 telemetry-datadog shop/waypoint", "envoy.tracers.datadog: unknown cluster 'outbound|8126||agent"),
    ("1.18 telemetry-stackdriver-off shop/waypoint", "Unable to create Wasm plugin"),
    ("1.18 telemetry-stackdriver-overrides shop/waypoint", "Unable to create Wasm plugin"),
    ("1.18 telemetry-stackdriver-spelling shop/waypoint", "Unable to create Wasm plugin"),
    ("1.18 telemetry-stackdriver-unmatched shop/waypoint", "Unable to create Wasm plugin"),
    ("1.18 vs-match-claims shop/waypoint", "route_config {"),
    ("1.18 wasm-urls shop/waypoint", "Invalid path: file:/opt/filter.wasm"),
    ("1.29 dr-tls-certificates shop/waypoint", "Unknown static certificate validation context: default"),
    (
        "1.29 envoyfilter-bare-chains shop/waypoint",
        "terminal filter named envoy.filters.network.tcp_proxy of typ",
    ),
    (
        "1.29 envoyfilter-chain-matches shop/waypoint",
        "Didn't find a registered implementation for 'at-15008' with",
    ),
    (
        "1.29 envoyfilter-extension-asked shop/waypoint",
        "Didn't find a registered implementation for 'of-default-chai",
    ),
    (
        "1.29 envoyfilter-filter-names shop/waypoint",
        "terminal filter named envoy.filters.network.tcp_proxy of typ",
    ),
    ("1.29 envoyfilter-filters-unnamed shop/waypoint", "script load error: [string"),
    (
        "1.29 envoyfilter-listener-unnamed shop/waypoint",
        "error adding listener 'envoy://named/': no filter chains spe",
    ),
    ("1.29 envoyfilter-order-targeted shop/waypoint", "script load error: [string"),
    (
        "1.29 envoyfilter-stopped shop/waypoint",
        "error adding listener 'envoy://any/': no filter chains speci",
    ),
    ("1.29 envoyfilter-values shop/waypoint", "node {"),
    ("1.29 jwt-space-delimited-claims shop/waypoint", "has invalid local jwks"),
    (
        "1.29 rules-dynamic-dns-tls shop/waypoint",
        "dynamic_forward_proxy cluster must have auto_sni and auto_sa",
    ),
    (
        "1.29 telemetry-access-log-formats shop/waypoint",
        "Not supported field in StreamInfo: REQ_WITHOUT_QUERY",
    ),
    ("1.29 telemetry-otel-export shop/waypoint", "http_service {"),
    ("1.29 telemetry-tag-without-value far/waypoint", "route_config {"),
    ("1.29 telemetry-tag-without-value shop/waypoint", "route_config {"),
    ("1.29 wasm-urls shop/waypoint", "Invalid path: file:/opt/filter.wasm"),
    ("1.30 dr-tls-certificates shop/waypoint", "Unknown static certificate validation context: default"),
    (
        "1.30 envoyfilter-bare-chains shop/waypoint",
        "terminal filter named envoy.filters.network.tcp_proxy of typ",
    ),
    (
        "1.30 envoyfilter-chain-matches shop/waypoint",
        "Didn't find a registered implementation for 'at-15008' with",
    ),
    (
        "1.30 envoyfilter-extension-asked shop/waypoint",
        "Didn't find a registered implementation for 'of-default-chai",
    ),
    (
        "1.30 envoyfilter-filter-names shop/waypoint",
        "terminal filter named envoy.filters.network.tcp_proxy of typ",
    ),
    ("1.30 envoyfilter-filters-unnamed shop/waypoint", "script load error: [string"),
    (
        "1.30 envoyfilter-listener-unnamed shop/waypoint",
        "error adding listener 'envoy://named/': no filter chains spe",
    ),
    ("1.30 envoyfilter-order-targeted shop/waypoint", "script load error: [string"),
    (
        "1.30 envoyfilter-stopped shop/waypoint",
        "error adding listener 'envoy://any/': no filter chains speci",
    ),
    ("1.30 envoyfilter-values shop/waypoint", "node {"),
    ("1.30 flag-multi-network-other-family shop/waypoint", "range_matchers {"),
    ("1.30 jwt-space-delimited-claims shop/waypoint", "has invalid local jwks"),
    ("1.30 networks-ambient-no-address shop/waypoint", "range_matchers {"),
    ("1.30 rules-dynamic-dns-ipv6 shop/waypoint", "range_matchers {"),
    ("1.30 se-dynamic-dns-ipv6 shop/waypoint", "range_matchers {"),
    (
        "1.30 telemetry-access-log-formats shop/waypoint",
        "Not supported field in StreamInfo: REQ_WITHOUT_QUERY",
    ),
    ("1.30 telemetry-otel-export shop/waypoint", "http_service {"),
    ("1.30 telemetry-tag-without-value far/waypoint", "route_config {"),
    ("1.30 telemetry-tag-without-value shop/waypoint", "route_config {"),
    ("1.30 wasm-urls shop/waypoint", "Invalid path: file:/opt/filter.wasm"),
    ("1.31 dr-tls-certificates shop/waypoint", "Unknown static certificate validation context: default"),
    (
        "1.31 envoyfilter-bare-chains shop/waypoint",
        "terminal filter named envoy.filters.network.tcp_proxy of typ",
    ),
    (
        "1.31 envoyfilter-chain-matches shop/waypoint",
        "Didn't find a registered implementation for 'at-15008' with",
    ),
    (
        "1.31 envoyfilter-extension-asked shop/waypoint",
        "Didn't find a registered implementation for 'of-default-chai",
    ),
    (
        "1.31 envoyfilter-filter-names shop/waypoint",
        "terminal filter named envoy.filters.network.tcp_proxy of typ",
    ),
    ("1.31 envoyfilter-filters-unnamed shop/waypoint", "script load error: [string"),
    (
        "1.31 envoyfilter-listener-unnamed shop/waypoint",
        "error adding listener 'envoy://named/': no filter chains spe",
    ),
    ("1.31 envoyfilter-order-targeted shop/waypoint", "script load error: [string"),
    (
        "1.31 envoyfilter-stopped shop/waypoint",
        "error adding listener 'envoy://any/': no filter chains speci",
    ),
    ("1.31 envoyfilter-values shop/waypoint", "node {"),
    ("1.31 jwt-space-delimited-claims shop/waypoint", "invalid local jwks"),
    (
        "1.31 telemetry-access-log-formats shop/waypoint",
        "Not supported field in StreamInfo: REQ_WITHOUT_QUERY",
    ),
    ("1.31 telemetry-otel-export shop/waypoint", "http_service {"),
    ("1.31 telemetry-tag-without-value far/waypoint", "route_config {"),
    ("1.31 telemetry-tag-without-value shop/waypoint", "route_config {"),
    ("1.31 wasm-urls shop/waypoint", "Invalid path: file:/opt/filter.wasm"),
];

/// Of random meshes.
pub(crate) const RANDOM: &[(&str, &str)] = &[];
