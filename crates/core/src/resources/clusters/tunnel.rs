//! The clusters that every waypoint has: the ways between its listeners, and to the workloads' HBONE port.

use envoy::config::cluster::v3::Cluster;
use envoy::config::cluster::v3::cluster::{
    ClusterDiscoveryType, DiscoveryType, LbConfig, LbPolicy, OriginalDstLbConfig,
};
use envoy::config::core::v3::TransportSocket;
use envoy::config::core::v3::{
    Http1ProtocolOptions, Http2ProtocolOptions, HttpProtocolOptions as CommonOptions,
};
use envoy::config::endpoint::v3::lb_endpoint::HostIdentifier;
use envoy::config::endpoint::v3::{ClusterLoadAssignment, Endpoint, LbEndpoint, LocalityLbEndpoints};
use envoy::extensions::transport_sockets::tls::v3::common_tls_context::ValidationContextType;
use envoy::extensions::transport_sockets::tls::v3::{CommonTlsContext, UpstreamTlsContext};
use envoy::extensions::upstreams::http::v3::HttpProtocolOptions;
use envoy::extensions::upstreams::http::v3::http_protocol_options::explicit_http_config::ProtocolConfig;
use envoy::google::protobuf;
use envoy::r#type::matcher::v3::string_matcher::MatchPattern;
use envoy::r#type::metadata::v3::MetadataKey;
use envoy::r#type::metadata::v3::metadata_key::PathSegment;
use envoy::r#type::metadata::v3::metadata_key::path_segment::Segment;

use super::baggage;
use super::connection_pool::{breakers, unlimited};
use super::draft::{as_client, explicit, http_extension};
use super::transport_socket::{self, ORIGINAL_DST, Sockets};
use crate::resources::Scope;
use crate::resources::endpoints::lb_endpoint::internal_address;
use crate::resources::names::{
    CONNECT_ORIGINATE, ENCAP, INNER_CONNECT_ORIGINATE, MAIN_INTERNAL, OUTER_CONNECT_ORIGINATE,
};
use crate::resources::proto::duration;
use crate::resources::tls::{connect_tls_context, uri_san};
use crate::rules::ConnectOriginate;
use crate::snapshot::Duration;

/// Where HBONE is spoken.
const HBONE_PORT: u32 = 15008;
/// How long idle connections between a waypoint's own listeners are kept.
const IDLE_TIMEOUT: Duration = Duration::from_secs(300);
/// How long connections to workloads may take, where the mesh has no say.
const FIXED_CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// How long workloads that are no longer called are remembered.
const CLEANUP_INTERVAL: Duration = Duration::from_secs(60);

/// The clusters that every waypoint has.
pub(super) fn clusters(scope: &Scope<'_>, sockets: &Sockets) -> Vec<Cluster> {
    let plain = transport_socket::internal("internal_upstream", sockets.raw_buffer.clone());
    let between = |name, listener| {
        internal(
            scope,
            name,
            listener,
            plain.clone(),
            HttpProtocolOptions {
                common_http_protocol_options: Some(idle_after(IDLE_TIMEOUT)),
                upstream_protocol_options: Some(as_client(Http1ProtocolOptions::default())),
                ..HttpProtocolOptions::default()
            },
        )
    };
    let mut encap = between(ENCAP, CONNECT_ORIGINATE);
    if scope.mesh.options.features.ambient_enable_baggage {
        encap.filters.push(baggage::discovery());
    }
    let mut clusters = vec![between(MAIN_INTERNAL, MAIN_INTERNAL), encap, connect_originate(scope)];
    if scope.rules.listeners.double_hbone && scope.mesh.options.features.ambient_enable_multi_network_waypoint
    {
        clusters.extend([inner_connect_originate(scope), outer_connect_originate(scope)]);
    }
    clusters
}

/// A cluster that leads to an internal listener.
fn internal(
    scope: &Scope<'_>,
    name: &str,
    listener: &str,
    socket: TransportSocket,
    http: HttpProtocolOptions,
) -> Cluster {
    let endpoint =
        Endpoint { address: Some(internal_address(listener, String::new())), ..Endpoint::default() };
    let endpoint =
        LbEndpoint { host_identifier: Some(HostIdentifier::Endpoint(endpoint)), ..LbEndpoint::default() };
    let locality = LocalityLbEndpoints { lb_endpoints: vec![endpoint], ..LocalityLbEndpoints::default() };
    let mut cluster = named(scope, name, DiscoveryType::Static);
    cluster.load_assignment = Some(Box::new(ClusterLoadAssignment {
        cluster_name: name.to_owned(),
        endpoints: vec![locality],
        ..ClusterLoadAssignment::default()
    }));
    cluster.typed_extension_protocol_options = http_extension(&http);
    cluster.transport_socket = Some(socket);
    cluster
}

/// The way to workloads: their identities have to be of the waypoint's namespace, or of its service account.
fn connect_originate(scope: &Scope<'_>) -> Cluster {
    let mut context = connect_tls_context(scope.mesh);
    // The first releases check the workloads' namespace even where no trust domain is.
    let any_identity = scope.mesh.options.features.pilot_skip_validate_trust_domain
        && scope.rules.clusters.connect_originate == ConnectOriginate::PortOverride;
    if !any_identity {
        accept(&mut context, identity(scope));
    }
    let mut cluster = to_original_destination(scope, CONNECT_ORIGINATE, context);
    match scope.rules.clusters.connect_originate {
        ConnectOriginate::Address => {
            cluster.connect_timeout = Some(duration(FIXED_CONNECT_TIMEOUT));
            cluster.typed_extension_protocol_options = http_extension(&connect(scope, None));
        }
        ConnectOriginate::PortOverride => {
            cluster.typed_extension_protocol_options =
                http_extension(&connect(scope, Some(idle_after(hbone_idle(scope)))));
            let waypoint = PathSegment { segment: Some(Segment::Key("waypoint".to_owned())) };
            let key = MetadataKey { key: ORIGINAL_DST.to_owned(), path: vec![waypoint] };
            cluster.lb_config = Some(port_override(Some(key)));
        }
    }
    cluster
}

/// The outer one of two tunnels into another network.
fn outer_connect_originate(scope: &Scope<'_>) -> Cluster {
    let context = connect_tls_context(scope.mesh);
    let mut cluster = to_original_destination(scope, OUTER_CONNECT_ORIGINATE, context);
    cluster.typed_extension_protocol_options = http_extension(&connect(scope, Some(unpooled(scope))));
    cluster.lb_config = Some(port_override(None));
    cluster
}

/// The inner one of two tunnels into another network, inside the outer one.
fn inner_connect_originate(scope: &Scope<'_>) -> Cluster {
    let tls = transport_socket::internal("internal_upstream_with_tls", tls(connect_tls_context(scope.mesh)));
    let http = connect(scope, Some(unpooled(scope)));
    internal(scope, INNER_CONNECT_ORIGINATE, OUTER_CONNECT_ORIGINATE, tls, http)
}

fn to_original_destination(scope: &Scope<'_>, name: &str, context: CommonTlsContext) -> Cluster {
    let mut cluster = named(scope, name, DiscoveryType::OriginalDst);
    cluster.set_lb_policy(LbPolicy::ClusterProvided);
    cluster.connect_timeout = Some(duration(scope.mesh.config.connect_timeout));
    cluster.cleanup_interval = Some(duration(CLEANUP_INTERVAL));
    cluster.transport_socket = Some(tls(context));
    cluster
}

fn named(scope: &Scope<'_>, name: &str, kind: DiscoveryType) -> Cluster {
    let rules = &scope.rules.clusters;
    let mut cluster = Cluster {
        name: name.to_owned(),
        cluster_discovery_type: Some(ClusterDiscoveryType::Type(kind.into())),
        ..Cluster::default()
    };
    if rules.alt_stat_name {
        cluster.alt_stat_name = [name, scope.rules.mesh.stat_name_end].concat();
    }
    if rules.tunnel_circuit_breakers {
        cluster.circuit_breakers = breakers(unlimited(rules));
    }
    cluster
}

fn tls(context: CommonTlsContext) -> TransportSocket {
    let context = UpstreamTlsContext { common_tls_context: Some(context), ..UpstreamTlsContext::default() };
    transport_socket::socket("tls", &context)
}

/// The identities of the workloads behind the waypoint.
fn identity(scope: &Scope<'_>) -> MatchPattern {
    let trust_domain = &scope.mesh.config.trust_domain;
    let accounts = format!("spiffe://{trust_domain}/ns/{}/sa/", scope.waypoint.name.namespace);
    match &scope.waypoint.for_service_account {
        Some(account) => MatchPattern::Exact(format!("{accounts}{account}")),
        None => MatchPattern::Prefix(accounts),
    }
}

/// Also accepts this identity.
fn accept(context: &mut CommonTlsContext, identity: MatchPattern) {
    if let Some(ValidationContextType::CombinedValidationContext(combined)) =
        &mut context.validation_context_type
    {
        let default = combined.default_validation_context.get_or_insert_default();
        default.match_typed_subject_alt_names.push(uri_san(identity));
    }
}

/// HTTP/2 with CONNECT.
fn connect(scope: &Scope<'_>, common_http_protocol_options: Option<CommonOptions>) -> HttpProtocolOptions {
    let features = &scope.mesh.options.features;
    let window = |size: u32| (size != 0).then(|| size.into());
    let http2 = Http2ProtocolOptions {
        allow_connect: true,
        initial_stream_window_size: window(features.pilot_hbone_initial_stream_window_size),
        initial_connection_window_size: window(features.pilot_hbone_initial_connection_window_size),
        ..Http2ProtocolOptions::default()
    };
    HttpProtocolOptions {
        common_http_protocol_options,
        upstream_protocol_options: Some(explicit(ProtocolConfig::Http2ProtocolOptions(http2))),
        ..HttpProtocolOptions::default()
    }
}

fn idle_after(time: Duration) -> CommonOptions {
    CommonOptions { idle_timeout: Some(duration(time)), ..CommonOptions::default() }
}

/// One request per connection: a pool would stick to one backend of the other network.
fn unpooled(scope: &Scope<'_>) -> CommonOptions {
    CommonOptions { max_requests_per_connection: Some(1.into()), ..idle_after(hbone_idle(scope)) }
}

fn hbone_idle(scope: &Scope<'_>) -> Duration {
    scope.mesh.config.hbone_idle_timeout
}

fn port_override(metadata_key: Option<MetadataKey>) -> LbConfig {
    LbConfig::OriginalDstLbConfig(Box::new(OriginalDstLbConfig {
        upstream_port_override: Some(protobuf::UInt32Value { value: HBONE_PORT }),
        metadata_key,
        ..OriginalDstLbConfig::default()
    }))
}
