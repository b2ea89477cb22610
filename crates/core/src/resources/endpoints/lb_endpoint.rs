//! One endpoint as Envoy gets it: where it is, and what is known about it.

use envoy::Encoded;
use envoy::config::core::v3::address::Address as AddressKind;
use envoy::config::core::v3::envoy_internal_address::AddressNameSpecifier;
use envoy::config::core::v3::{Address, EnvoyInternalAddress, HealthStatus, Metadata, Pipe};
use envoy::config::endpoint::v3::lb_endpoint::HostIdentifier;
use envoy::config::endpoint::v3::{Endpoint as EnvoyEndpoint, LbEndpoint};

use crate::Str;
use crate::mesh::Endpoint;
use crate::mesh::endpoint::Health;
use crate::mesh::workload::{Workload, WorkloadSource, naming};
use crate::resources::clusters::transport_socket::{ORIGINAL_DST, TUNNEL};
use crate::resources::endpoints::candidate::{CLUSTER_ID, Candidate, ISTIO};
use crate::resources::istio_metadata;
use crate::resources::names::{CONNECT_ORIGINATE, Direction};
use crate::resources::proto::socket;
use crate::rules::{ClusterRules, TunnelMetadata};

/// Where HBONE is spoken.
const HBONE_PORT: u32 = 15008;
/// What workloads say that speak no mTLS by themselves.
pub(crate) const DISABLED: &str = "disabled";
/// The metadata by which a cluster chooses among its transport sockets.
const TRANSPORT_SOCKET_MATCH: &str = "envoy.transport_socket_match";
/// The length that metadata usually doesn't exceed, in bytes.
const USUAL_LENGTH: usize = 224;
/// How a path of a Unix domain socket is marked.
const UNIX: &str = "unix://";

/// An endpoint as Envoy gets it.
///
/// `mtls`: whether the endpoint's own mTLS may be used.
pub(crate) fn lb_endpoint(
    candidate: &Candidate<'_>,
    direction: Direction,
    rules: &ClusterRules,
    mtls: bool,
) -> LbEndpoint {
    let Endpoint { address, port, .. } = candidate.endpoint;
    let tunnel = takes_tunnel(candidate, direction, rules).then(|| join(address, *port));
    let tls_mode = candidate.tls_mode.filter(|mode| mtls && *mode != DISABLED);
    let socket = match &tunnel {
        Some(_) if direction == Direction::Outbound => Some(("tunnel", "http")),
        _ => tls_mode.map(|mode| ("tlsMode", mode)),
    };
    let metadata = metadata(candidate, rules, socket, tunnel.as_deref());
    // An endpoint behind a waypoint's own tunnel may be made anew, so that its state is forgotten.
    let forgotten = tunnel.is_some() && direction == Direction::InboundVip && !rules.tunnel_keeps_health;
    let address = match tunnel {
        Some(destination) => internal_address(CONNECT_ORIGINATE, destination),
        None => self::address(address, *port),
    };
    LbEndpoint {
        health_status: if forgotten { 0 } else { health_status(candidate).into() },
        metadata: Some(metadata),
        load_balancing_weight: Some(candidate.endpoint.weight.max(1).into()),
        host_identifier: Some(HostIdentifier::Endpoint(EnvoyEndpoint {
            address: Some(address),
            ..EnvoyEndpoint::default()
        })),
    }
}

/// An endpoint of a cluster that resolves names, where such clusters know nothing but where it is.
pub(crate) fn plain_lb_endpoint(candidate: &Candidate<'_>, rules: &ClusterRules) -> LbEndpoint {
    let tls_mode = candidate.tls_mode.filter(|mode| *mode != DISABLED);
    let metadata = metadata(candidate, rules, tls_mode.map(|mode| ("tlsMode", mode)), None);
    let address = Some(address(&candidate.endpoint.address, candidate.endpoint.port));
    LbEndpoint {
        metadata: Some(metadata),
        load_balancing_weight: Some(candidate.endpoint.weight.max(1).into()),
        host_identifier: Some(HostIdentifier::Endpoint(EnvoyEndpoint {
            address,
            ..EnvoyEndpoint::default()
        })),
        ..LbEndpoint::default()
    }
}

/// What an endpoint says: where its tunnel ends (`tunnel`), which of the cluster's transport sockets is for it, and which workload
/// it is. Filters are told in the order of their names.
fn metadata(
    candidate: &Candidate<'_>,
    rules: &ClusterRules,
    socket: Option<(&str, &str)>,
    tunnel: Option<&str>,
) -> Metadata {
    let mut metadata = Encoded::with_capacity(USUAL_LENGTH);
    if let Some(tunnel) = tunnel.filter(|_| rules.tunnel == TunnelMetadata::OriginalDst) {
        metadata.filter(ORIGINAL_DST, |fields| fields.field_text("local", &[tunnel]));
    }
    if let Some((key, value)) = socket {
        metadata.filter(TRANSPORT_SOCKET_MATCH, |fields| fields.field_text(key, &[value]));
    }
    metadata.filter(istio_metadata::ISTIO, |fields| {
        describe(candidate, rules, |parts| fields.field_text("workload", parts));
    });
    if let Some(tunnel) = tunnel.filter(|_| rules.tunnel == TunnelMetadata::Tunnel) {
        let server = join(&candidate.endpoint.address, HBONE_PORT);
        metadata.filter(TUNNEL, |fields| {
            fields.field_text("address", &[&server]);
            fields.field_text("destination", &[tunnel]);
        });
    }
    metadata.into()
}

/// Whether it is reached through HBONE.
///
/// Where workloads with a sidecar keep their own mTLS, those that a waypoint serves don't: waypoints know no other mTLS
/// than HBONE.
fn takes_tunnel(candidate: &Candidate<'_>, direction: Direction, rules: &ClusterRules) -> bool {
    let own_mtls =
        rules.sidecars_keep_mtls && direction == Direction::Outbound && candidate.tls_mode == Some(ISTIO);
    !own_mtls && candidate.hbone
}

/// `workload;namespace;canonical name;canonical revision;cluster`, for telemetry: in parts.
fn describe(candidate: &Candidate<'_>, rules: &ClusterRules, write: impl FnOnce(&[&str])) {
    if let Some(alias) = candidate.alias {
        let name = naming::canonical_name(&alias.labels, &Str::default());
        let revision = naming::canonical_revision(&alias.labels);
        return write(&[";;", &name, ";", unless_latest(&revision), ";"]);
    }
    let Some(workload) = candidate.workload else { return write(&[";;;;", CLUSTER_ID]) };
    let Workload { workload_name, namespace, canonical_name, canonical_revision, .. } = workload;
    let revision = unless_latest(canonical_revision);
    let cluster = if is_host(workload) && !rules.hosts_are_in_cluster { "" } else { CLUSTER_ID };
    write(&[workload_name, ";", namespace, ";", canonical_name, ";", revision, ";", cluster]);
}

/// A revision; the default is not said.
fn unless_latest(revision: &str) -> &str {
    if revision == "latest" { "" } else { revision }
}

/// Whether it is only the host of a ServiceEntry that names no endpoints.
fn is_host(workload: &Workload) -> bool {
    matches!(&workload.source, WorkloadSource::ServiceEntryEndpoint(object, _) if object.spec.endpoints.is_empty())
}

/// Only Kubernetes knows the state of an endpoint.
fn health_status(candidate: &Candidate<'_>) -> HealthStatus {
    let of_kubernetes = candidate.workload.is_none_or(|w| matches!(w.source, WorkloadSource::Pod(_)));
    match candidate.endpoint.health {
        _ if candidate.draining => HealthStatus::Draining,
        Health::Unhealthy => HealthStatus::Unhealthy,
        _ if of_kubernetes => HealthStatus::Healthy,
        _ => HealthStatus::Unknown,
    }
}

/// An address: of a host and port, or of a Unix domain socket where there is no port.
pub(crate) fn address(host: &str, port: u32) -> Address {
    if port != 0 {
        return socket(host, port);
    }
    let path = host.strip_prefix(UNIX).unwrap_or(host).to_owned();
    Address { address: Some(AddressKind::Pipe(Pipe { path, ..Pipe::default() })) }
}

/// The address of an internal listener; the id tells apart endpoints behind the same listener.
pub(crate) fn internal_address(listener: &str, endpoint_id: String) -> Address {
    let internal = EnvoyInternalAddress {
        endpoint_id,
        address_name_specifier: Some(AddressNameSpecifier::ServerListenerName(listener.to_owned())),
    };
    Address { address: Some(AddressKind::EnvoyInternalAddress(internal)) }
}

/// A host and port in one text.
fn join(host: &str, port: u32) -> String {
    let port = port.to_string();
    if host.contains(':') { ["[", host, "]:", &port].concat() } else { [host, ":", &port].concat() }
}
