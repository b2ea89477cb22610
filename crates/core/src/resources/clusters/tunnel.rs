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
use super::connection_pool::Unlimited;
use super::draft::{as_client, explicit, http_extension};
use super::transport_socket::{self, ORIGINAL_DST, SharedSockets};
use crate::plan::WaypointSettings;
use crate::plan::clusters::tunnel::{Identities, TunnelPlan};
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
pub(super) fn clusters(
    settings: WaypointSettings<'_>,
    plan: &TunnelPlan,
    sockets: &SharedSockets,
) -> Vec<Cluster> {
    let plain = transport_socket::internal("internal_upstream", sockets.raw_buffer.clone());
    let between = |name, listener| {
        internal(
            settings,
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
    if settings.features.ambient_enable_baggage {
        encap.filters.push(baggage::discovery());
    }
    let mut clusters = vec![between(MAIN_INTERNAL, MAIN_INTERNAL), encap, connect_originate(settings, plan)];
    if plan.into_other_networks {
        clusters.extend([inner_connect_originate(settings), outer_connect_originate(settings)]);
    }
    clusters
}

/// A cluster that leads to an internal listener.
fn internal(
    settings: WaypointSettings<'_>,
    name: &str,
    listener: &str,
    socket: TransportSocket,
    http: HttpProtocolOptions,
) -> Cluster {
    let endpoint =
        Endpoint { address: Some(internal_address(listener, String::new())), ..Endpoint::default() };
    let endpoint =
        LbEndpoint { host_identifier: Some(HostIdentifier::Endpoint(endpoint)), ..LbEndpoint::default() };
    let locality =
        LocalityLbEndpoints { lb_endpoints: vec![endpoint.into()], ..LocalityLbEndpoints::default() };
    let mut cluster = named(settings, name, DiscoveryType::Static);
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
fn connect_originate(settings: WaypointSettings<'_>, plan: &TunnelPlan) -> Cluster {
    let mut context = connect_tls_context(settings.mesh, settings.features, settings.proxy);
    if let Some(identities) = &plan.workloads {
        accept(&mut context, identities);
    }
    let mut cluster = to_original_destination(settings, CONNECT_ORIGINATE, context);
    match settings.rules.clusters.connect_originate {
        ConnectOriginate::Address => {
            cluster.connect_timeout = Some(duration(FIXED_CONNECT_TIMEOUT));
            cluster.typed_extension_protocol_options = http_extension(&connect(settings, None));
        }
        ConnectOriginate::PortOverride => {
            cluster.typed_extension_protocol_options =
                http_extension(&connect(settings, Some(idle_after(hbone_idle(settings)))));
            let waypoint = PathSegment { segment: Some(Segment::Key("waypoint".to_owned())) };
            let key = MetadataKey { key: ORIGINAL_DST.to_owned(), path: vec![waypoint] };
            cluster.lb_config = Some(port_override(Some(key)));
        }
    }
    cluster
}

/// The outer one of two tunnels into another network.
fn outer_connect_originate(settings: WaypointSettings<'_>) -> Cluster {
    let context = connect_tls_context(settings.mesh, settings.features, settings.proxy);
    let mut cluster = to_original_destination(settings, OUTER_CONNECT_ORIGINATE, context);
    cluster.typed_extension_protocol_options = http_extension(&connect(settings, Some(unpooled(settings))));
    cluster.lb_config = Some(port_override(None));
    cluster
}

/// The inner one of two tunnels into another network, inside the outer one.
fn inner_connect_originate(settings: WaypointSettings<'_>) -> Cluster {
    let tls = transport_socket::internal(
        "internal_upstream_with_tls",
        tls(connect_tls_context(settings.mesh, settings.features, settings.proxy)),
    );
    let http = connect(settings, Some(unpooled(settings)));
    internal(settings, INNER_CONNECT_ORIGINATE, OUTER_CONNECT_ORIGINATE, tls, http)
}

fn to_original_destination(settings: WaypointSettings<'_>, name: &str, context: CommonTlsContext) -> Cluster {
    let mut cluster = named(settings, name, DiscoveryType::OriginalDst);
    cluster.set_lb_policy(LbPolicy::ClusterProvided);
    cluster.connect_timeout = Some(duration(settings.mesh.connect_timeout));
    cluster.cleanup_interval = Some(duration(CLEANUP_INTERVAL));
    cluster.transport_socket = Some(tls(context));
    cluster
}

fn named(settings: WaypointSettings<'_>, name: &str, kind: DiscoveryType) -> Cluster {
    let rules = &settings.rules.clusters;
    let mut cluster = Cluster {
        name: name.to_owned(),
        cluster_discovery_type: Some(ClusterDiscoveryType::Type(kind.into())),
        ..Cluster::default()
    };
    if rules.alt_stat_name {
        cluster.alt_stat_name = [name, settings.rules.mesh.stat_name_end].concat();
    }
    if rules.tunnel_circuit_breakers {
        cluster.circuit_breakers = Some(Unlimited::new(rules, settings.features).breakers);
    }
    cluster
}

fn tls(context: CommonTlsContext) -> TransportSocket {
    let context = UpstreamTlsContext { common_tls_context: Some(context), ..UpstreamTlsContext::default() };
    transport_socket::socket("tls", &context)
}

/// Also accepts these identities.
fn accept(context: &mut CommonTlsContext, identities: &Identities) {
    let pattern = match identities {
        Identities::Prefix(start) => MatchPattern::Prefix(start.clone()),
        Identities::Exact(name) => MatchPattern::Exact(name.clone()),
    };
    if let Some(ValidationContextType::CombinedValidationContext(combined)) =
        &mut context.validation_context_type
    {
        let default = combined.default_validation_context.get_or_insert_default();
        default.match_typed_subject_alt_names.push(uri_san(pattern));
    }
}

/// HTTP/2 with CONNECT.
fn connect(
    settings: WaypointSettings<'_>,
    common_http_protocol_options: Option<CommonOptions>,
) -> HttpProtocolOptions {
    let features = settings.features;
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
fn unpooled(settings: WaypointSettings<'_>) -> CommonOptions {
    CommonOptions { max_requests_per_connection: Some(1.into()), ..idle_after(hbone_idle(settings)) }
}

fn hbone_idle(settings: WaypointSettings<'_>) -> Duration {
    settings.mesh.hbone_idle_timeout
}

fn port_override(metadata_key: Option<MetadataKey>) -> LbConfig {
    LbConfig::OriginalDstLbConfig(Box::new(OriginalDstLbConfig {
        upstream_port_override: Some(protobuf::UInt32Value { value: HBONE_PORT }),
        metadata_key,
        ..OriginalDstLbConfig::default()
    }))
}
