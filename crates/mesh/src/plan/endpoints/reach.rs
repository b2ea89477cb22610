//! How an endpoint is reached, and what Envoy is told of its state.

use super::EndpointPlan;
use super::candidate::{Candidate, ISTIO};
use crate::mesh::workload::WorkloadSource;
use crate::mesh::{Health, Mesh};
use crate::plan::names::Direction;
use crate::rules::ClusterRules;

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

/// How an endpoint is reached.
///
/// `mtls`: whether the endpoint's own mTLS may be used.
pub(super) fn endpoint<'m>(
    mesh: &Mesh,
    known: Candidate<'m>,
    direction: Direction,
    rules: &ClusterRules,
    mtls: bool,
) -> EndpointPlan<'m> {
    let tunnelled = takes_tunnel(&known, direction, rules);
    let socket = match direction {
        Direction::Outbound if tunnelled => Some(SocketLabel::Tunnel),
        _ => tls_mode(&known).filter(|_| mtls),
    };
    // An endpoint behind a waypoint's own tunnel may be made anew, so that its state is forgotten.
    let forgotten = tunnelled && direction == Direction::InboundVip && !rules.tunnel_keeps_health;
    EndpointPlan {
        tunnelled,
        socket,
        health: if forgotten { HealthState::Unknown } else { health(&known) },
        causes: known.causes(mesh),
        known,
    }
}

/// An endpoint of a cluster that resolves names, where such clusters know nothing but where it is.
pub(super) fn plain_endpoint<'m>(mesh: &Mesh, known: Candidate<'m>) -> EndpointPlan<'m> {
    EndpointPlan {
        tunnelled: false,
        socket: tls_mode(&known),
        health: HealthState::Unknown,
        causes: known.causes(mesh),
        known,
    }
}

fn tls_mode<'m>(known: &Candidate<'m>) -> Option<SocketLabel<'m>> {
    known.tls_mode.filter(|mode| *mode != DISABLED).map(SocketLabel::TlsMode)
}

/// Whether it is reached through HBONE.
///
/// Where workloads with a sidecar keep their own mTLS, those that a waypoint serves don't: waypoints know no other mTLS
/// than HBONE.
fn takes_tunnel(known: &Candidate<'_>, direction: Direction, rules: &ClusterRules) -> bool {
    let own_mtls =
        rules.sidecars_keep_mtls && direction == Direction::Outbound && known.tls_mode == Some(ISTIO);
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
