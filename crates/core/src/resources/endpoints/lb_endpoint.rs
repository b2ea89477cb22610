//! One endpoint as Envoy gets it: where it is, and what is known about it.

use envoy::config::core::v3::address::Address as AddressKind;
use envoy::config::core::v3::envoy_internal_address::AddressNameSpecifier;
use envoy::config::core::v3::{Address, EnvoyInternalAddress, HealthStatus, Metadata, Pipe};
use envoy::config::endpoint::v3::endpoint::AdditionalAddress;
use envoy::config::endpoint::v3::lb_endpoint::HostIdentifier;
use envoy::config::endpoint::v3::{Endpoint as EnvoyEndpoint, LbEndpoint};

use crate::Str;
use crate::mesh::workload::{Workload, WorkloadSource, naming};
use crate::plan::endpoints::candidate::Candidate;
use crate::plan::endpoints::networks::ThroughGateway;
use crate::plan::endpoints::{EndpointPlan, External, HealthState, Server, SocketLabel};
use crate::plan::names::{CONNECT_ORIGINATE, INNER_CONNECT_ORIGINATE};
use crate::resources::clusters::transport_socket::{ORIGINAL_DST, TUNNEL};
use crate::resources::istio_metadata;
use crate::resources::proto::socket;
use crate::rules::{ClusterRules, TunnelMetadata};
use crate::strings::concat;

/// Where HBONE is spoken.
const HBONE_PORT: &str = "15008";
/// The metadata by which a cluster chooses among its transport sockets.
const TRANSPORT_SOCKET_MATCH: &str = "envoy.transport_socket_match";
/// The length that metadata usually doesn't exceed, in bytes.
const USUAL_LENGTH: usize = 224;
/// How a path of a Unix domain socket is marked.
const UNIX: &str = "unix://";

/// An endpoint as Envoy gets it.
pub(super) fn lb_endpoint(plan: &EndpointPlan<'_>, rules: &ClusterRules) -> LbEndpoint {
    let (address, port) = plan.server.address();
    let tunnel = plan.tunnelled.then(|| join(address, port));
    let metadata = metadata(plan, rules, tunnel.as_deref());
    let listener = match &plan.server {
        Server::Known(_) => CONNECT_ORIGINATE,
        Server::Gateway(_) => INNER_CONNECT_ORIGINATE,
    };
    let (address, others) = match tunnel {
        Some(destination) => (internal_address(listener, destination), Vec::new()),
        None => (self::address(address, port), additional(plan.server.other_addresses(), port)),
    };
    LbEndpoint {
        health_status: health_status(plan.health).into(),
        metadata: Some(metadata),
        load_balancing_weight: Some(plan.weight.into()),
        host_identifier: Some(HostIdentifier::Endpoint(EnvoyEndpoint {
            address: Some(address),
            additional_addresses: others,
            ..EnvoyEndpoint::default()
        })),
    }
}

/// Addresses that are tried beside the first.
fn additional(others: &[Str], port: u32) -> Vec<AdditionalAddress> {
    others.iter().map(|other| AdditionalAddress { address: Some(address(other, port)) }).collect()
}

/// What an endpoint says: where its tunnel ends (`tunnel`), which of the cluster's transport sockets is for
/// it, and which workload it is.
fn metadata(plan: &EndpointPlan<'_>, rules: &ClusterRules, tunnel: Option<&str>) -> Metadata {
    let mut metadata = Metadata::with_capacity(USUAL_LENGTH);
    if let Some(tunnel) = tunnel.filter(|_| rules.tunnel == TunnelMetadata::OriginalDst) {
        metadata.write(ORIGINAL_DST, |fields| fields.text("local", &[tunnel]));
    }
    if let Some(label) = plan.socket {
        let (key, value) = match label {
            SocketLabel::Tunnel => ("tunnel", "http"),
            SocketLabel::TlsMode(mode) => ("tlsMode", mode),
        };
        metadata.write(TRANSPORT_SOCKET_MATCH, |fields| fields.text(key, &[value]));
    }
    let inside = match plan.server {
        Server::Gateway(ThroughGateway { tunnelled, .. }) => tunnelled,
        Server::Known(_) => None,
    };
    if plan.says_workload || inside.is_some() {
        metadata.write(istio_metadata::ISTIO, |fields| {
            if let Some((host, port)) = inside {
                let target = join(host, port);
                fields.object("double_hbone", |fields| fields.text("hbone_target_address", &[&target]));
            }
            if plan.says_workload {
                match &plan.server {
                    Server::Known(known) => {
                        describe(known, plan.external.as_deref(), rules, |parts| {
                            fields.text("workload", parts)
                        });
                    }
                    Server::Gateway(through) => fields.text("workload", &[";;;;", through.cluster]),
                }
            }
        });
    }
    if let Some(tunnel) = tunnel.filter(|_| rules.tunnel == TunnelMetadata::Tunnel) {
        let (server, _) = plan.server.address();
        metadata.write(TUNNEL, |fields| {
            fields.text("address", &parts(server, HBONE_PORT));
            fields.text("destination", &[tunnel]);
        });
    }
    metadata
}

/// `workload;namespace;canonical name;canonical revision;cluster`, for telemetry: in parts.
fn describe(
    known: &Candidate<'_>,
    external: Option<&External>,
    rules: &ClusterRules,
    write: impl FnOnce(&[&str]),
) {
    let nothing = Str::default();
    let (workload, namespace, name, revision, cluster) = match (known.alias, known.workload) {
        (Some(alias), _) => {
            let name = naming::canonical_name(&alias.labels, &nothing);
            ("", &nothing, name, naming::canonical_revision(&alias.labels), "")
        }
        (None, Some(workload)) => {
            let Workload { workload_name, namespace, canonical_name, canonical_revision, .. } = workload;
            let cluster = if is_host(workload) && !rules.hosts_are_in_cluster { "" } else { known.cluster };
            (workload_name.as_str(), namespace, canonical_name.clone(), canonical_revision.clone(), cluster)
        }
        (None, None) => ("", &nothing, nothing.clone(), nothing.clone(), known.cluster.as_str()),
    };
    let namespace = external.map_or(namespace, |external| &external.namespace);
    let canonical = external.and_then(|external| external.canonical.clone());
    let (name, revision) = canonical.unwrap_or((name, revision));
    write(&[workload, ";", namespace, ";", &name, ";", unless_latest(&revision), ";", cluster]);
}

/// A revision; the default is not said.
fn unless_latest(revision: &str) -> &str {
    if revision == "latest" { "" } else { revision }
}

/// Whether it is only the host of a ServiceEntry that names no endpoints.
fn is_host(workload: &Workload) -> bool {
    matches!(&workload.source, WorkloadSource::ServiceEntryEndpoint(object, _) if object.spec.endpoints.is_empty())
}

fn health_status(state: HealthState) -> HealthStatus {
    match state {
        HealthState::Unknown => HealthStatus::Unknown,
        HealthState::Healthy => HealthStatus::Healthy,
        HealthState::Unhealthy => HealthStatus::Unhealthy,
        HealthState::Draining => HealthStatus::Draining,
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
    concat(parts(host, itoa::Buffer::new().format(port)))
}

/// The same in parts.
fn parts<'a>(host: &'a str, port: &'a str) -> [&'a str; 4] {
    if host.contains(':') { ["[", host, "]:", port] } else { ["", host, ":", port] }
}
