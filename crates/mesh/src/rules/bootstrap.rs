//! What tells the releases apart in a proxy's bootstrap.

use super::table::table;

table! {
    /// What is in the bootstrap that a waypoint's agent writes for its Envoy.
    ///
    /// Source: `tools/packaging/common/envoy_bootstrap.json` of each release, and the agent that fills it in.
    pub struct BootstrapRules {
        /// The build that the proxy's image names.
        pub proxy_sha: Option<&'static str>,
        /// The collector that the agent sends traces to where no configuration says anything about tracing.
        pub zipkin_address: Option<&'static str>,
        /// Whether the variables of `proxyMetadata` are the agent's environment, or only the source of
        /// `ISTIO_META_…`.
        pub proxy_metadata_is_environment: bool,
        /// Whether the node's metadata name the socket of the workload's identity and whether peers are
        /// discovered.
        pub agent_features_in_metadata: bool,
        /// Whether the node's metadata name the network of the pod's label.
        pub network_in_metadata: bool,
        /// The labels that hold an application's name, the preferred one first.
        pub app_labels: &'static [&'static str],
        /// Envoy's runtime flags.
        pub runtime: &'static [(&'static str, RuntimeFlag)],
        /// Whether runtime values `true` and `false` are booleans, or texts like all others.
        pub typed_runtime: bool,
        /// How statistics are tagged: a tag's name, and where its value is in a statistic's name. Tags that
        /// the configuration adds come behind [`EXTRA_TAGS_BEHIND`](Self::EXTRA_TAGS_BEHIND).
        pub stats_tags: &'static [(&'static str, &'static str)],
        /// The expression that lets the statistics of routes through.
        pub route_stats: &'static str,
        /// Whether annotations can set how often statistics are flushed and evicted, and the buckets of
        /// histograms.
        pub stats_annotations: bool,
        /// Whether Envoy's log has a format.
        pub application_log_format: bool,
        /// How many connections Envoy accepts.
        pub connection_limit: ConnectionLimit,
        /// Whether the listeners of the bootstrap have names, and work however loaded Envoy is.
        pub protected_listeners: bool,
        /// Whether statistics are compressed for scrapers that want that.
        pub stats_compression: bool,
        /// Whether statistics are created when they are needed.
        pub deferred_stats: bool,
        /// Whether an OpenCensus agent can be the tracer.
        pub open_census: bool,
    }
}

impl BootstrapRules {
    /// The tag behind which the configuration's own tags stand.
    pub const EXTRA_TAGS_BEHIND: &'static str = "mongo_prefix";
}

/// The value of a runtime flag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuntimeFlag {
    /// A text, which Envoy reads as a number or boolean.
    Text(&'static str),
    /// A boolean: Envoy's newer flags take no text.
    Boolean(bool),
}

/// How many connections Envoy accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectionLimit {
    /// A runtime flag says so.
    Runtime,
    /// The overload manager says so.
    OverloadManager,
}

pub(super) const MAX_CONNECTIONS: RuntimeFlag = RuntimeFlag::Text("2147483647");
pub(super) const USE_ORIGINAL_DST: &str =
    "envoy.deprecated_features:envoy.config.listener.v3.Listener.hidden_envoy_deprecated_use_original_dst";

type StatsTag = (&'static str, &'static str);

const TCP_PREFIX: StatsTag = ("tcp_prefix", r"^tcp\.((.*?)\.)\w+?$");
const RESPONSE_CODE: StatsTag = ("response_code", r"_rq(_(\d{3}))$");
const RESPONSE_CODE_CLASS: StatsTag = ("response_code_class", r"_rq(_(\dxx))$");
const LISTENER_HTTP_PREFIX: StatsTag = (
    "http_conn_manager_listener_prefix",
    r"^listener(?=\.).*?\.http\.(((?:[_.[:digit:]]*|[_\[\]aAbBcCdDeEfF[:digit:]]*))\.)",
);
const LISTENER_ADDRESS: StatsTag =
    ("listener_address", r"^listener\.(((?:[_.[:digit:]]*|[_\[\]aAbBcCdDeEfF[:digit:]]*))\.)");
const MONGO_PREFIX: StatsTag =
    ("mongo_prefix", r"^mongo\.(.+?)\.(collection|cmd|cx_|op_|delays_|decoding_)(.*?)$");
const CACHE: StatsTag = ("cache", r"(cache\.(.+?)\.)");
const COMPONENT: StatsTag = ("component", r"(component\.(.+?)\.)");
const TAG: StatsTag = ("tag", r"(tag\.(.+?);\.)");
const WASM_FILTER: StatsTag = ("wasm_filter", r"(wasm_filter\.(.+?)\.)");
const AUTHZ_RESULT: StatsTag = ("authz_enforce_result", r"rbac(\.(allowed|denied))");
const AUTHZ_DRY_RUN_ACTION: StatsTag = ("authz_dry_run_action", r"(\.istio_dry_run_(allow|deny)_)");
const AUTHZ_DRY_RUN_RESULT: StatsTag = ("authz_dry_run_result", r"(\.shadow_(allowed|denied))");

/// The tags of today's statistics, in whose names `;` ends what a tag takes.
pub(super) const STATS_TAGS: &[StatsTag] = &[
    ("cluster_name", r"^cluster(\.(.+);)"),
    ("http_conn_manager_prefix", r"^http\.(((?:[_.[:digit:]\w]*|[_\[\]aAbBcCdDeEfF[:digit:]\w\:]*));\.)"),
    ("thread_name", r"^server(\.(.+))\.watchdog"),
    TCP_PREFIX,
    RESPONSE_CODE,
    RESPONSE_CODE_CLASS,
    LISTENER_HTTP_PREFIX,
    LISTENER_ADDRESS,
    MONGO_PREFIX,
    CACHE,
    COMPONENT,
    TAG,
    WASM_FILTER,
    AUTHZ_RESULT,
    AUTHZ_DRY_RUN_ACTION,
    AUTHZ_DRY_RUN_RESULT,
];

/// The tags of older statistics, where only dots end what a tag takes.
pub(super) const OLD_STATS_TAGS: &[StatsTag] = &[
    ("cluster_name", r"^cluster\.((.+?(\..+?\.svc\.cluster\.local)?)\.)"),
    TCP_PREFIX,
    RESPONSE_CODE,
    RESPONSE_CODE_CLASS,
    LISTENER_HTTP_PREFIX,
    ("http_conn_manager_prefix", r"^http\.(((?:[_.[:digit:]]*|[_\[\]aAbBcCdDeEfF[:digit:]]*))\.)"),
    LISTENER_ADDRESS,
    MONGO_PREFIX,
    CACHE,
    COMPONENT,
    TAG,
    WASM_FILTER,
    AUTHZ_RESULT,
    AUTHZ_DRY_RUN_ACTION,
    AUTHZ_DRY_RUN_RESULT,
];
