//! What the ztunnels of destinations decide of what a waypoint sends them: whoever asks, it is the waypoint
//! that comes to them.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::compare::Side;
use super::effect::add;
use crate::mesh::{Mesh, WaypointName};
use crate::trace::cluster::{Leads, PickAt};
use crate::trace::compiled::{Proxy, Tracer};
use crate::trace::condition::Truth;
use crate::trace::ztunnel::{Guard, Guards, Peer};
use crate::trace::ztunnel_condition::Connection;

/// The ztunnels behind a waypoint.
pub(super) struct Behind<'a> {
    tracer: Tracer<'a>,
    proxy: &'a Proxy,
    /// None for a release of which is not known what ztunnels get.
    guards: Option<&'a Guards>,
    /// The addresses of the workloads that the waypoint serves at their own addresses.
    workloads: Vec<IpAddr>,
}

impl<'a> Behind<'a> {
    pub(super) fn new(side: Side<'a>, name: &WaypointName) -> Option<Self> {
        let waypoint = side.mesh.waypoint(name)?;
        let workloads = waypoint.workloads.iter().filter_map(|id| side.mesh.workloads.get(*id));
        Some(Self {
            tracer: side.tracer,
            proxy: side.tracer.proxy(waypoint)?,
            guards: side.tracer.guards().ok(),
            workloads: workloads.flat_map(|workload| workload.addresses.iter().copied()).collect(),
        })
    }

    /// Whether the same policies are for everybody, and the waypoint comes as the same.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        (&self.proxy.identity, self.proxy.address) == (&other.proxy.identity, other.proxy.address)
            && policies(self.tracer.mesh, self.guards) == policies(other.tracer.mesh, other.guards)
    }

    /// What comes of connections to a cluster's endpoints, written so that it is the same where they decide
    /// the same.
    pub(super) fn of(&self, cluster: &str) -> Vec<u8> {
        let Some(guards) = self.guards else { return b"not known".to_vec() };
        let mut bytes = Vec::new();
        match self.proxy.cluster(self.tracer, cluster).map(|cluster| &cluster.leads) {
            Some(Leads::Endpoints { picks, .. }) => {
                for pick in picks {
                    let destination = match &pick.at {
                        PickAt::Known { socket: Some(destination), .. } => destination,
                        PickAt::Known { socket: None, .. } => continue,
                        PickAt::Original => {
                            self.add_workloads(guards, &mut bytes);
                            continue;
                        }
                    };
                    let identity = pick.tunnelled.then_some(self.proxy.identity.as_str());
                    let peer = Peer { identity, address: self.proxy.address };
                    let connection = Connection { peer, destination: *destination };
                    add(&mut bytes, self.decided(guards, connection).as_bytes());
                }
            }
            Some(Leads::Original) => self.add_workloads(guards, &mut bytes),
            Some(Leads::Elsewhere) | None => {}
        }
        bytes
    }

    /// What decides of connections to workloads' own addresses. Of which ports is not known: the same
    /// policies decide the same.
    fn add_workloads(&self, guards: &Guards, bytes: &mut Vec<u8>) {
        for guard in self.workloads.iter().filter_map(|address| guards.guard(*address)) {
            add(bytes, described(guard).as_bytes());
        }
    }

    fn decided(&self, guards: &Guards, connection: Connection<'_>) -> String {
        match guards.decides(connection) {
            Truth::Yes => "passes".to_owned(),
            Truth::No => "is refused".to_owned(),
            Truth::Unknown => guards.guard(connection.destination.ip()).map(described).unwrap_or_default(),
        }
    }
}

/// The policies of a workload, as data.
fn described(guard: Guard<'_>) -> String {
    let conditions = |policies: Vec<_>| format!("{policies:?}");
    let denying = conditions(guard.denying().map(|policy| &policy.condition).collect());
    let allowing = conditions(guard.allowing().map(|policy| &policy.condition).collect());
    [denying, allowing].join(" ")
}

/// The policies of each address of a mesh.
pub(super) fn policies(mesh: &Mesh, guards: Option<&Guards>) -> Option<BTreeMap<IpAddr, String>> {
    let guards = guards?;
    let addresses = mesh.workloads.iter().flat_map(|(_, workload)| workload.addresses.iter().copied());
    let mut known: BTreeMap<(&[usize], &[usize]), String> = BTreeMap::new();
    let of = |address: IpAddr| {
        let guard = guards.guard(address)?;
        Some((address, known.entry(guard.key()).or_insert_with(|| described(guard)).clone()))
    };
    Some(addresses.filter_map(of).collect())
}
