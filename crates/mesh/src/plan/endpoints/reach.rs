//! How an endpoint is reached, and what Envoy is told of its state.

use super::candidate::{Candidate, ISTIO};
use super::{EndpointPlan, Server};
use crate::mesh::workload::WorkloadSource;
use crate::mesh::{Health, Mesh};
use crate::plan::Scope;
use crate::plan::names::Direction;

/// What workloads say that speak no mTLS by themselves.
pub const DISABLED: &str = "disabled";

/// What an endpoint says by which a cluster chooses how to speak to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SocketLabel<'m> {
    /// That it takes HBONE.
    Tunnel,
    /// Which mTLS its workload speaks by itself (`security.istio.io/tlsMode`).
    TlsMode(&'m str),
}

/// What Envoy is told of an endpoint's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HealthState {
    /// Nothing: it is used.
    Unknown,
    /// It is ready.
    Healthy,
    /// It is not.
    Unhealthy,
    /// It shuts down: only requests that have to stay with it go there.
    Draining,
}

/// Whether the waypoint's proxy opens HBONE tunnels to endpoints.
pub(super) fn sends_hbone(scope: Scope<'_>) -> bool {
    !scope.rules.clusters.tunnels_can_be_off || !scope.waypoint.proxy.sends_no_hbone()
}

/// How an endpoint is reached.
///
/// `hbone`: whether the proxy opens tunnels. `mtls`: whether the endpoint's own mTLS may be used.
pub(super) fn endpoint<'m>(
    scope: Scope<'_>,
    known: Candidate<'m>,
    direction: Direction,
    (hbone, mtls): (bool, bool),
) -> EndpointPlan<'m> {
    let (mesh, rules) = (scope.mesh, &scope.rules.clusters);
    let keeps_mtls = rules.sidecars_keep_mtls && !mesh.options.features.pilot_prefer_sending_hbone;
    let tunnelled = hbone && takes_tunnel(&known, direction, keeps_mtls);
    let socket = match direction {
        Direction::Outbound if tunnelled => Some(SocketLabel::Tunnel),
        _ if mesh.options.features.enable_auto_mtls_check_policies => tls_mode(&known).filter(|_| mtls),
        _ => unchecked_tls_mode(mesh, &known),
    };
    // An endpoint behind a waypoint's own tunnel may be made anew, so that its state is forgotten.
    let forgotten = tunnelled && direction == Direction::InboundVip && !rules.tunnel_keeps_health;
    EndpointPlan {
        tunnelled,
        mtls,
        socket,
        health: if forgotten { HealthState::Unknown } else { health(&known) },
        says_workload: says_workload(mesh),
        external: None,
        causes: known.causes(mesh),
        weight: weight(&known),
        server: Server::Known(known),
    }
}

/// An endpoint of a cluster that resolves names, where such clusters know nothing but where it is.
pub(super) fn plain_endpoint<'m>(mesh: &Mesh, known: Candidate<'m>) -> EndpointPlan<'m> {
    EndpointPlan {
        tunnelled: false,
        mtls: true,
        socket: unchecked_tls_mode(mesh, &known),
        health: HealthState::Unknown,
        says_workload: says_workload(mesh),
        external: None,
        causes: known.causes(mesh),
        weight: weight(&known),
        server: Server::Known(known),
    }
}

/// Whether endpoints say which workload they are.
pub(super) fn says_workload(mesh: &Mesh) -> bool {
    let features = &mesh.options.features;
    features.pilot_enable_telemetry_label && features.pilot_endpoint_telemetry_label
}

/// Its share of the traffic.
fn weight(known: &Candidate<'_>) -> u32 {
    known.endpoint.weight.max(1)
}

fn tls_mode<'m>(known: &Candidate<'m>) -> Option<SocketLabel<'m>> {
    known.tls_mode.filter(|mode| *mode != DISABLED).map(SocketLabel::TlsMode)
}

/// The same where nobody checks whether the endpoint may use its own mTLS. That is so in 1.18 only, which
/// says it together with what telemetry asks for.
fn unchecked_tls_mode<'m>(mesh: &Mesh, known: &Candidate<'m>) -> Option<SocketLabel<'m>> {
    tls_mode(known).filter(|_| says_workload(mesh))
}

/// Whether it is reached through HBONE.
///
/// Where workloads with a sidecar keep their own mTLS (`keeps_mtls`), those that a waypoint serves don't:
/// waypoints know no other mTLS than HBONE.
fn takes_tunnel(known: &Candidate<'_>, direction: Direction, keeps_mtls: bool) -> bool {
    let own_mtls = keeps_mtls && direction == Direction::Outbound && known.tls_mode == Some(ISTIO);
    !own_mtls && known.hbone
}

/// Only Kubernetes knows the state of an endpoint.
fn health(known: &Candidate<'_>) -> HealthState {
    let of_kubernetes = known.workload.is_none_or(|w| matches!(w.source, WorkloadSource::Pod(_)));
    match known.endpoint.health {
        _ if known.draining => HealthState::Draining,
        Health::Unhealthy => HealthState::Unhealthy,
        _ if of_kubernetes => HealthState::Healthy,
        _ => HealthState::Unknown,
    }
}
