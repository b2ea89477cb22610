//! What tells the releases apart in access logs.

use super::table::table;

table! {
    /// What is in access logs.
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
        /// Whether OpenTelemetry's built-in labels are left out.
        pub otel_only_own_labels: bool,
        /// Whether the formatters that OpenTelemetry's logs need are named.
        pub otel_formatters: bool,
    }
}
