//! Endpoints of other networks: those that a network's gateways stand for.
//!
//! Source:
//! [models of networks](https://istio.io/latest/docs/ops/deployment/deployment-models/#multiple-networks).

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::candidate::{Candidate, ISTIO};
use super::reach::says_workload;
use super::select::Target;
use super::{EndpointPlan, HealthState, LocalityPlan, Server, SocketLabel};
use crate::mesh::network_gateways::{NetworkGateway, Reachable};
use crate::plan::Scope;
use crate::plan::names::Direction;
use crate::rules::NetworkRules;
use crate::snapshot::Cause;
use crate::well_known::{CLUSTER, NETWORK};

/// A gateway that stands for endpoints of its network.
#[derive(Clone, Copy, Debug)]
pub struct ThroughGateway<'m> {
    /// The gateway.
    pub gateway: &'m NetworkGateway,
    /// The cluster that telemetry is told.
    pub cluster: &'m str,
    /// The host and port that are asked for in a tunnel inside the one to the gateway; none where the gateway
    /// takes Istio's own mTLS.
    pub tunnelled: Option<(&'m str, u32)>,
}

impl ThroughGateway<'_> {
    /// A label of a gateway: its network and its cluster.
    pub(super) fn label(&self, key: &str) -> &str {
        match key {
            NETWORK => &self.gateway.network,
            CLUSTER => &self.gateway.cluster,
            _ => "",
        }
    }
}

/// How one waypoint's clusters reach other networks.
struct Way<'m> {
    scope: Scope<'m>,
    direction: Direction,
    rules: &'static NetworkRules,
    gateways: &'m Reachable,
    /// The network that the waypoint's proxy says it is in.
    network: &'m str,
    /// Whether networks are told apart in ambient mode, so that gateways take HBONE.
    ambient: bool,
    /// Whether a workload behind a tunnel must not be spoken to in its own mTLS. Endpoints behind tunnels
    /// have no address of their own to remember them by: in releases that go by what they remember, what
    /// holds for one holds for all.
    tunnels_refused: bool,
}

/// What becomes of an endpoint.
enum Outcome<'m> {
    /// It is reached as it is.
    Direct,
    /// It is not reached.
    Left,
    /// These gateways stand for it.
    Through(Vec<&'m NetworkGateway>),
}

/// Replaces the endpoints of other networks by those networks' gateways. Shares of traffic are multiplied, so
/// that they can be divided among the gateways.
pub(super) fn through_gateways<'m>(
    scope: Scope<'m>,
    direction: Direction,
    target: &Target<'m>,
    mut localities: Vec<LocalityPlan<'m>>,
) -> Vec<LocalityPlan<'m>> {
    let gateways = scope.mesh.network_gateways.reachable(target.service.resolution.resolves_names());
    let ambient = scope.mesh.options.features.ambient_enable_multi_network;
    if gateways.is_empty() && !ambient {
        return localities;
    }
    let way = Way {
        scope,
        direction,
        rules: &scope.rules.networks,
        gateways,
        network: scope.waypoint.proxy.network(),
        ambient,
        tunnels_refused: localities
            .iter()
            .flat_map(|locality| &locality.endpoints)
            .any(|endpoint| endpoint.tunnelled && !endpoint.mtls),
    };
    for locality in &mut localities {
        way.replace(locality, target);
    }
    localities
}

/// A share of traffic multiplied, as long as it stays below the most that there can be.
fn scaled(weight: u32, scale: u32) -> u32 {
    if weight < u32::MAX / scale { weight * scale } else { u32::MAX }
}

impl<'m> Way<'m> {
    fn replace(&self, locality: &mut LocalityPlan<'m>, target: &Target<'m>) {
        let scale = self.gateways.scale();
        let mut shares: BTreeMap<&'m NetworkGateway, (u32, Vec<Cause>)> = BTreeMap::new();
        let mut kept = Vec::with_capacity(locality.endpoints.len());
        for mut endpoint in std::mem::take(&mut locality.endpoints) {
            endpoint.weight = scaled(endpoint.weight, scale);
            match self.outcome(&endpoint) {
                Outcome::Direct => kept.push(endpoint),
                Outcome::Left => locality.left_out.append(&mut endpoint.causes),
                Outcome::Through(gateways) => {
                    let count = u32::try_from(gateways.len()).unwrap_or(u32::MAX).max(1);
                    for gateway in gateways {
                        let (share, causes) = shares.entry(gateway).or_default();
                        *share = share.wrapping_add(endpoint.weight / count);
                        causes.extend_from_slice(&endpoint.causes);
                    }
                }
            }
        }
        let gateways = shares.into_iter().map(|(gateway, (share, behind))| {
            let mut causes = vec![gateway.cause.clone()];
            causes.extend(gateway.node.clone().map(Cause::from));
            causes.extend(behind);
            self.endpoint(gateway, share.max(1), causes, target)
        });
        kept.extend(gateways);
        locality.weight = kept.iter().fold(0_u32, |sum, endpoint| sum.wrapping_add(endpoint.weight));
        locality.endpoints = kept;
    }

    fn outcome(&self, endpoint: &EndpointPlan<'m>) -> Outcome<'m> {
        let Server::Known(known) = &endpoint.server else { return Outcome::Direct };
        let gateways = self.to(known);
        let reachable: Vec<_> = gateways.iter().copied().filter(|gateway| self.has_family(gateway)).collect();
        let is_near = self.network.is_empty() || known.network.is_empty() || self.network == *known.network;
        if self.ambient && !is_near {
            let allowed = self.scope.mesh.options.features.ambient_enable_multi_network_waypoint;
            let kept_in = !allowed && self.scope.waypoint.proxy.is_managed();
            if kept_in || reachable.is_empty() {
                return Outcome::Left;
            }
        }
        let leaves = self.rules.leaves_unnamed_network && self.network.is_empty() && !gateways.is_empty();
        if !leaves && (is_near || gateways.is_empty()) {
            return if known.endpoint.address.is_empty() { Outcome::Left } else { Outcome::Direct };
        }
        let passes = !reachable.is_empty() && (self.ambient || self.speaks_mtls(endpoint));
        if passes { Outcome::Through(reachable) } else { Outcome::Left }
    }

    /// The gateways to the network of an endpoint.
    fn to(&self, known: &Candidate<'_>) -> Vec<&'m NetworkGateway> {
        let mut gateways = self.gateways.to(known.network, known.cluster);
        gateways.retain(|gateway| !self.ambient || gateway.hbone_port != 0);
        gateways
    }

    /// Whether the proxy has an address of a gateway's family.
    fn has_family(&self, gateway: &NetworkGateway) -> bool {
        let proxy = &self.scope.waypoint.proxy;
        let (ipv4, ipv6) = (proxy.supports_ipv4(), proxy.supports_ipv6());
        if !self.rules.gateways_of_own_family || ipv4 == ipv6 {
            return true;
        }
        gateway.address.parse().is_ok_and(|ip: IpAddr| {
            let ip = ip.to_canonical();
            if ip.is_ipv4() { ipv4 } else { ipv6 }
        })
    }

    /// Whether a workload speaks Istio's mTLS, which is what gateways for it go by.
    fn speaks_mtls(&self, endpoint: &EndpointPlan<'_>) -> bool {
        if self.rules.asks_endpoint_for_mtls {
            endpoint.socket == Some(SocketLabel::TlsMode(ISTIO))
        } else {
            endpoint.mtls && !(endpoint.tunnelled && self.tunnels_refused)
        }
    }

    /// The endpoint that a gateway is.
    fn endpoint(
        &self,
        gateway: &'m NetworkGateway,
        weight: u32,
        causes: Vec<Cause>,
        target: &Target<'m>,
    ) -> EndpointPlan<'m> {
        let destination = (target.service.hostname.as_str(), target.port.number);
        let proxy = &self.scope.waypoint.proxy;
        let cluster = if self.rules.gateways_have_clusters { &gateway.cluster } else { &proxy.cluster };
        let socket = match (self.ambient, self.direction) {
            (true, Direction::Outbound) => Some(SocketLabel::Tunnel),
            (true, Direction::InboundVip) => None,
            (false, _) => Some(SocketLabel::TlsMode(ISTIO)),
        };
        EndpointPlan {
            server: Server::Gateway(ThroughGateway {
                gateway,
                cluster,
                tunnelled: self.ambient.then_some(destination),
            }),
            weight,
            tunnelled: self.ambient,
            mtls: !self.ambient,
            socket,
            health: HealthState::Unknown,
            says_workload: says_workload(self.scope.mesh),
            external: None,
            causes,
        }
    }
}
