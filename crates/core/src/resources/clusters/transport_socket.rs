//! Transport sockets: plain text, TLS, the PROXY protocol, and the way into a tunnel.
//!
//! What is the same for all clusters is made once per waypoint ([`SharedSockets`]): packing messages is what
//! costs.

use envoy::Encoded;
use envoy::config::cluster::v3::cluster::TransportSocketMatch;
use envoy::config::core::v3::proxy_protocol_config::Version;
use envoy::config::core::v3::transport_socket::ConfigType;
use envoy::config::core::v3::{ProxyProtocolConfig, TransportSocket};
use envoy::extensions::transport_sockets::internal_upstream::v3::InternalUpstreamTransport;
use envoy::extensions::transport_sockets::internal_upstream::v3::internal_upstream_transport::MetadataValueSource;
use envoy::extensions::transport_sockets::proxy_protocol::v3::ProxyProtocolUpstreamTransport;
use envoy::extensions::transport_sockets::raw_buffer::v3::RawBuffer;
use envoy::extensions::transport_sockets::tls::v3::UpstreamTlsContext;
use envoy::google::protobuf::Struct;
use envoy::r#type::metadata::v3::MetadataKind;
use envoy::r#type::metadata::v3::metadata_kind::{Cluster, Host, Kind};

use super::baggage::PEER_METADATA;
use crate::rules::TunnelMetadata;
use crate::snapshot::networking::destination_rule as api;

/// The key of the metadata that says where a tunnel leads ([`TunnelMetadata::OriginalDst`]).
pub(crate) const ORIGINAL_DST: &str = "envoy.filters.listener.original_dst";
/// The key of that metadata in older releases ([`TunnelMetadata::Tunnel`]).
pub(crate) const TUNNEL: &str = "tunnel";
/// The names of the sockets, in the two spellings that Istio uses.
const RAW_BUFFER: &str = "raw_buffer";
const INTERNAL_UPSTREAM: &str = "internal_upstream";
const TLS: &str = "envoy.transport_sockets.tls";
const PROXY_PROTOCOL: &str = "envoy.transport_sockets.upstream_proxy_protocol";

/// The sockets that are the same for all clusters of a waypoint.
#[derive(Clone, Debug)]
pub(super) struct SharedSockets {
    tunnel: TunnelMetadata,
    /// Whether what is learned of peers is passed on.
    baggage: bool,
    /// Plain text.
    pub(super) raw_buffer: TransportSocket,
    /// Plain text into an internal listener, for a waypoint's own clusters.
    pub(super) own: TransportSocket,
    /// HBONE for endpoints that take it, else plain text.
    pub(super) hbone_or_plain: [Encoded<TransportSocketMatch>; 2],
}

impl SharedSockets {
    /// The sockets of a release.
    pub(super) fn new(tunnel: TunnelMetadata, baggage: bool) -> Self {
        let raw_buffer = socket(RAW_BUFFER, &RawBuffer {});
        let hbone = hbone(tunnel, baggage, named(raw_buffer.clone()));
        Self {
            tunnel,
            baggage,
            own: own(tunnel, baggage, raw_buffer.clone()),
            hbone_or_plain: [hbone.into(), plain(&raw_buffer).into()],
            raw_buffer,
        }
    }

    /// Into an internal listener, with what a waypoint's own clusters pass on.
    pub(super) fn own_with(&self, inner: TransportSocket) -> TransportSocket {
        own(self.tunnel, self.baggage, inner)
    }

    /// HBONE for endpoints that take it, around this.
    pub(super) fn hbone_with(&self, inner: TransportSocket) -> Encoded<TransportSocketMatch> {
        hbone(self.tunnel, self.baggage, inner).into()
    }

    /// HBONE for endpoints that take it, in plain text inside.
    pub(super) fn hbone(&self) -> Encoded<TransportSocketMatch> {
        let [hbone, _] = &self.hbone_or_plain;
        hbone.clone()
    }

    /// Plain text, where nothing else fits.
    pub(super) fn plain(&self) -> Encoded<TransportSocketMatch> {
        let [_, plain] = &self.hbone_or_plain;
        plain.clone()
    }
}

/// A socket with this configuration.
pub(super) fn socket<M: envoy::Message + envoy::Name>(name: &str, config: &M) -> TransportSocket {
    TransportSocket { name: name.to_owned(), config_type: Some(ConfigType::TypedConfig(envoy::any(config))) }
}

/// TLS.
pub(super) fn tls(context: &UpstreamTlsContext) -> TransportSocket {
    socket(TLS, context)
}

/// The PROXY protocol around another socket.
pub(super) fn proxy_protocol(settings: &api::ProxyProtocol, inner: TransportSocket) -> TransportSocket {
    let version = match settings.version {
        api::ProxyProtocolVersion::V1 => Version::V1,
        api::ProxyProtocolVersion::V2 => Version::V2,
    };
    socket(
        PROXY_PROTOCOL,
        &ProxyProtocolUpstreamTransport {
            config: Some(ProxyProtocolConfig { version: version.into(), ..ProxyProtocolConfig::default() }),
            transport_socket: Some(inner),
            ..ProxyProtocolUpstreamTransport::default()
        },
    )
}

/// Into an internal listener, passing nothing on.
pub(super) fn internal(name: &str, inner: TransportSocket) -> TransportSocket {
    socket(
        name,
        &InternalUpstreamTransport { transport_socket: Some(inner), ..InternalUpstreamTransport::default() },
    )
}

/// A socket for endpoints whose metadata `envoy.transport_socket_match` has this value.
pub(super) fn matching(
    name: &str,
    label: Option<(&'static str, &str)>,
    inner: TransportSocket,
) -> TransportSocketMatch {
    TransportSocketMatch {
        name: name.to_owned(),
        r#match: label.map(|label| [label].into_iter().collect::<Struct>()),
        transport_socket: Some(inner),
    }
}

fn own(tunnel: TunnelMetadata, baggage: bool, inner: TransportSocket) -> TransportSocket {
    let mut passed_on = match tunnel {
        TunnelMetadata::Tunnel => vec![of_host(TUNNEL)],
        TunnelMetadata::OriginalDst => vec![of_host(ORIGINAL_DST), of_host("istio")],
    };
    passed_on.extend(of_peers(baggage));
    through(INTERNAL_UPSTREAM, passed_on, inner)
}

/// What is learned of peers.
fn of_peers(baggage: bool) -> impl Iterator<Item = MetadataValueSource> {
    let sources = [value_source(Kind::Cluster(Cluster {}), PEER_METADATA), of_host(PEER_METADATA)];
    sources.into_iter().filter(move |_| baggage)
}

fn hbone(tunnel: TunnelMetadata, baggage: bool, inner: TransportSocket) -> TransportSocketMatch {
    let destination = match tunnel {
        TunnelMetadata::Tunnel => TUNNEL,
        TunnelMetadata::OriginalDst => ORIGINAL_DST,
    };
    let mut passed_on =
        vec![of_host(destination), value_source(Kind::Cluster(Cluster {}), "istio"), of_host("istio")];
    passed_on.extend(of_peers(baggage));
    let name = "envoy.transport_sockets.internal_upstream";
    matching("hbone", Some(("tunnel", "http")), through(name, passed_on, inner))
}

fn plain(raw_buffer: &TransportSocket) -> TransportSocketMatch {
    TransportSocketMatch {
        r#match: Some(Struct::default()),
        ..matching("tlsMode-disabled", None, named(raw_buffer.clone()))
    }
}

/// Plain text under the longer name that Istio gives it in outbound clusters.
fn named(raw_buffer: TransportSocket) -> TransportSocket {
    TransportSocket { name: "envoy.transport_sockets.raw_buffer".to_owned(), ..raw_buffer }
}

fn through(
    name: &str,
    passthrough_metadata: Vec<MetadataValueSource>,
    inner: TransportSocket,
) -> TransportSocket {
    socket(name, &InternalUpstreamTransport { passthrough_metadata, transport_socket: Some(inner) })
}

fn of_host(name: &str) -> MetadataValueSource {
    value_source(Kind::Host(Host {}), name)
}

fn value_source(kind: Kind, name: &str) -> MetadataValueSource {
    MetadataValueSource { kind: Some(MetadataKind { kind: Some(kind) }), name: name.to_owned() }
}
