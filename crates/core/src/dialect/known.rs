//! Which extensions an upstream Envoy has, and what those were for that it has not.

use envoy::config::cluster::v3 as cluster;
use envoy::google::protobuf::Any;

use super::typed;
use super::unsupported::UnsupportedExtensions;

/// What becomes of an extension.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extension {
    /// Upstream has it.
    Upstream,
    /// Upstream lacks it; it only reports what happens.
    Telemetry,
    /// Upstream lacks it, and it changes what happens, or nobody knows what it does.
    Meaning,
}

/// Istio's extensions, and Envoy's contrib ones, that only report.
const TELEMETRY: &[&str] = &[
    "stats.PluginConfig",
    "io.istio.http.peer_metadata.Config",
    "io.istio.http.connect_baggage.Config",
    "envoy.tcp.metadataexchange.config.MetadataExchange",
    "envoy.extensions.network_filters.peer_metadata.Config",
    "envoy.extensions.network_filters.peer_metadata.UpstreamConfig",
    "envoy.extensions.filters.network.mysql_proxy.v3.MySQLProxy",
];

/// Where upstream's messages are.
const UPSTREAM: &[&str] = &["envoy.", "xds.", "google.", "udpa.", "opentelemetry.", "cel."];

/// Those among them that are in Envoy's contrib build only, which Istio's proxy takes some of.
const CONTRIB: &[&str] = &[
    "envoy.extensions.compression.qat",
    "envoy.extensions.config.v3alpha.",
    "envoy.extensions.filters.http.checksum.",
    "envoy.extensions.filters.http.dynamo.",
    "envoy.extensions.filters.http.golang.",
    "envoy.extensions.filters.http.language.",
    "envoy.extensions.filters.http.peak_ewma.",
    "envoy.extensions.filters.http.squash.",
    "envoy.extensions.filters.http.sxg.",
    "envoy.extensions.filters.network.client_ssl_auth.",
    "envoy.extensions.filters.network.golang.",
    "envoy.extensions.filters.network.kafka",
    "envoy.extensions.filters.network.mysql_proxy.",
    "envoy.extensions.filters.network.postgres",
    "envoy.extensions.filters.network.rocketmq_proxy.",
    "envoy.extensions.filters.network.sip_proxy.",
    "envoy.extensions.matching.input_matchers.hyperscan.",
    "envoy.extensions.private_key_providers.",
    "envoy.extensions.regex_engines.hyperscan.",
    "envoy.extensions.router.cluster_specifier.golang.",
    "envoy.extensions.vcl.",
    "envoy.tcp.metadataexchange.",
    "envoy.extensions.network_filters.peer_metadata.",
];

/// What becomes of the extension that is configured by messages of this name.
pub(super) fn extension(type_name: &str) -> Extension {
    let starts = |prefixes: &[&str]| prefixes.iter().any(|prefix| type_name.starts_with(prefix));
    if TELEMETRY.contains(&type_name) {
        Extension::Telemetry
    } else if starts(UPSTREAM) && !starts(CONTRIB) {
        Extension::Upstream
    } else {
        Extension::Meaning
    }
}

/// Whether an extension stays; if not, its loss is noted. `name` is the name that the configuration gives it.
pub(super) fn keep(name: &str, config: &Any, unsupported: &mut UnsupportedExtensions) -> bool {
    let type_name = typed::type_name(config);
    match extension(&type_name) {
        Extension::Upstream => return true,
        Extension::Telemetry => unsupported.telemetry(name),
        Extension::Meaning => unsupported.left_out(name, &type_name),
    }
    false
}

/// Leaves out the network filters of a cluster that upstream lacks.
pub(super) fn cluster_filters(filters: &mut Vec<cluster::Filter>, unsupported: &mut UnsupportedExtensions) {
    filters.retain(|filter| {
        filter.typed_config.as_ref().is_none_or(|config| keep(&filter.name, config, unsupported))
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn istios_and_contribs_are_told_from_upstreams() {
        let upstream = "envoy.extensions.filters.http.rbac.v3.RBAC";
        assert_eq!(extension(upstream), Extension::Upstream);
        assert_eq!(extension("stats.PluginConfig"), Extension::Telemetry);
        assert_eq!(extension("io.istio.network.authn.Config"), Extension::Meaning);
        assert_eq!(extension("envoy.extensions.filters.http.golang.v3alpha.Config"), Extension::Meaning);
        assert_eq!(extension("com.example.Filter"), Extension::Meaning);
    }
}
