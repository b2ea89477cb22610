//! A cluster while it is being made.

use envoy::config::cluster::v3::Cluster;
use envoy::config::cluster::v3::cluster::{
    ClusterDiscoveryType, CommonLbConfig, DiscoveryType, EdsClusterConfig, LbPolicy,
};
use envoy::config::core::v3::config_source::ConfigSourceSpecifier;
use envoy::config::core::v3::{
    AggregatedConfigSource, ApiVersion, ConfigSource, Http1ProtocolOptions, Http2ProtocolOptions,
};
use envoy::extensions::upstreams::http::v3::HttpProtocolOptions;
use envoy::extensions::upstreams::http::v3::http_protocol_options::explicit_http_config::ProtocolConfig;
use envoy::extensions::upstreams::http::v3::http_protocol_options::{
    ExplicitHttpConfig, UpstreamProtocolOptions, UseDownstreamHttpConfig,
};
use envoy::google::protobuf::{self, Any};

/// The key of the HTTP options among a cluster's extensions.
pub(super) const HTTP_PROTOCOL_OPTIONS: &str = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";

/// A cluster while it is being made: its HTTP options are packed last.
#[derive(Clone, Debug, Default)]
pub(super) struct Draft {
    /// The message.
    pub(super) cluster: Cluster,
    /// Its HTTP options, if it has any.
    pub(super) http: Option<Box<HttpProtocolOptions>>,
}

impl Draft {
    /// A cluster of this kind.
    pub(super) fn new(name: String, kind: DiscoveryType) -> Self {
        let cluster = Cluster {
            name,
            cluster_discovery_type: Some(ClusterDiscoveryType::Type(kind.into())),
            common_lb_config: Some(CommonLbConfig::default()),
            ..Cluster::default()
        };
        Self { cluster, http: None }
    }

    /// Whether this is its kind.
    pub(super) fn is(&self, kind: DiscoveryType) -> bool {
        self.cluster.cluster_discovery_type == Some(ClusterDiscoveryType::Type(kind.into()))
    }

    /// How it balances loads.
    pub(super) fn common_lb(&mut self) -> &mut CommonLbConfig {
        self.cluster.common_lb_config.get_or_insert_default()
    }

    /// Its HTTP options.
    pub(super) fn http(&mut self) -> &mut HttpProtocolOptions {
        self.http.get_or_insert_default()
    }

    /// Its HTTP/2 options, if it speaks nothing else.
    pub(super) fn http2(&mut self) -> Option<&mut Http2ProtocolOptions> {
        let options = self.http.as_mut()?.upstream_protocol_options.as_mut()?;
        let UpstreamProtocolOptions::ExplicitHttpConfig(explicit) = options else { return None };
        let Some(ProtocolConfig::Http2ProtocolOptions(http2)) = &mut explicit.protocol_config else {
            return None;
        };
        Some(http2)
    }

    /// Makes it speak HTTP/2; `force` also where another protocol was chosen before.
    pub(super) fn speak_http2(&mut self, force: bool) {
        let chosen = &mut self.http().upstream_protocol_options;
        if force || chosen.is_none() {
            *chosen = Some(explicit(ProtocolConfig::Http2ProtocolOptions(Http2ProtocolOptions::default())));
        }
    }

    /// Makes it speak HTTP/1.1 with these options.
    pub(super) fn speak_http1(&mut self, options: Http1ProtocolOptions) {
        self.http().upstream_protocol_options = Some(explicit(ProtocolConfig::HttpProtocolOptions(options)));
    }

    /// Makes it speak what the client speaks; options for HTTP/1.1 that were chosen before stay.
    pub(super) fn speak_as_client(&mut self) {
        let chosen = &mut self.http().upstream_protocol_options;
        let http1 = match chosen.take() {
            Some(UpstreamProtocolOptions::ExplicitHttpConfig(ExplicitHttpConfig {
                protocol_config: Some(ProtocolConfig::HttpProtocolOptions(options)),
            })) => options,
            _ => Http1ProtocolOptions::default(),
        };
        *chosen = Some(as_client(http1));
    }

    /// The finished message.
    pub(super) fn finish(mut self) -> Cluster {
        if self.is(DiscoveryType::OriginalDst) {
            self.cluster.set_lb_policy(LbPolicy::ClusterProvided);
        }
        if self.is(DiscoveryType::Eds) {
            self.cluster.eds_cluster_config = Some(eds(&self.cluster.name));
        }
        if let Some(mut http) = self.http {
            // Envoy requires a choice.
            http.upstream_protocol_options.get_or_insert_with(|| {
                explicit(ProtocolConfig::HttpProtocolOptions(Http1ProtocolOptions::default()))
            });
            self.cluster.typed_extension_protocol_options = http_extension(&http);
        }
        self.cluster
    }
}

/// HTTP options as a cluster has them.
pub(super) fn http_extension(http: &HttpProtocolOptions) -> std::collections::BTreeMap<String, Any> {
    [(HTTP_PROTOCOL_OPTIONS.to_owned(), envoy::any(http))].into()
}

/// The protocol that the client speaks.
pub(super) fn as_client(http1: Http1ProtocolOptions) -> UpstreamProtocolOptions {
    UpstreamProtocolOptions::UseDownstreamProtocolConfig(UseDownstreamHttpConfig {
        http_protocol_options: Some(http1),
        http2_protocol_options: Some(Http2ProtocolOptions::default()),
        http3_protocol_options: None,
    })
}

/// This protocol and no other.
pub(super) fn explicit(protocol: ProtocolConfig) -> UpstreamProtocolOptions {
    UpstreamProtocolOptions::ExplicitHttpConfig(ExplicitHttpConfig { protocol_config: Some(protocol) })
}

/// Endpoints come over the connection that the cluster came over, and are waited for.
fn eds(name: &str) -> EdsClusterConfig {
    EdsClusterConfig {
        service_name: name.to_owned(),
        eds_config: Some(ConfigSource {
            config_source_specifier: Some(ConfigSourceSpecifier::Ads(AggregatedConfigSource {})),
            initial_fetch_timeout: Some(protobuf::Duration::default()),
            resource_api_version: ApiVersion::V3.into(),
            ..ConfigSource::default()
        }),
    }
}
