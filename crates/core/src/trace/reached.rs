//! Where requests go: to clusters by their odds, and on to the destinations.

use std::net::SocketAddr;

use super::action::percent;
use super::answer::AnswerDestination;
use super::cluster::{self, Cluster, Leads, PickAt};
use super::compiled::{Proxy, Tracer};
use super::connection::Connection;
use super::outcome::{Decision, Place, Target};
use super::walk::{End, Flow, Walk};
use super::ztunnel::{self, Peer, Peers};
use crate::mesh::Mesh;

/// A cluster that requests are sent to, and how often.
#[derive(Clone, Debug)]
pub(super) struct Share {
    pub(super) cluster: String,
    pub(super) odds: f64,
}

impl Share {
    /// All of the requests.
    pub(super) fn whole(cluster: &str) -> Self {
        Self { cluster: cluster.to_owned(), odds: 1.0 }
    }
}

/// Where a request may go.
#[derive(Clone, Debug)]
pub(super) enum Reached<'a> {
    /// A cluster of the waypoint.
    Cluster {
        cluster: &'a Cluster,
        odds: f64,
        /// Where the connection was meant to go.
        original: SocketAddr,
    },
    /// Without a waypoint.
    Straight(Box<Target>),
}

/// An endpoint that a request may go to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate {
    /// Where it is, if that is an address.
    pub(super) socket: Option<SocketAddr>,
    /// Its share of all requests.
    pub(super) odds: f64,
    /// Whether a tunnel leads there.
    pub(super) tunnelled: bool,
}

impl Reached<'_> {
    /// The result for those who want all of it.
    pub(super) fn target(&self, mesh: &Mesh) -> Target {
        match self {
            Self::Cluster { cluster, odds, original } => cluster.target(mesh, *odds, Some(*original)),
            Self::Straight(target) => Target::clone(target),
        }
    }

    /// The result for those who want the answer.
    pub(super) fn goes(&self) -> AnswerDestination<'_> {
        match self {
            Self::Cluster { cluster, odds, .. } => AnswerDestination {
                cluster: &cluster.name,
                service: cluster.service.as_deref(),
                subset: cluster.subset.as_deref(),
                probability: *odds,
            },
            Self::Straight(target) => AnswerDestination {
                cluster: "",
                service: target.service.as_deref(),
                subset: target.subset.as_deref(),
                probability: target.probability,
            },
        }
    }

    /// Calls for each endpoint that may be picked.
    pub(super) fn each(&self, mut each: impl FnMut(Candidate)) {
        match self {
            Self::Straight(target) => {
                for endpoint in &target.endpoints {
                    let odds = target.probability * endpoint.probability;
                    each(Candidate { socket: endpoint.address.parse().ok(), odds, tunnelled: false });
                }
            }
            Self::Cluster { cluster, odds, original } => match &cluster.leads {
                Leads::Original => each(Candidate { socket: Some(*original), odds: *odds, tunnelled: false }),
                Leads::Elsewhere => {}
                Leads::Endpoints { picks, .. } => {
                    for pick in picks {
                        let socket = match &pick.at {
                            PickAt::Known { socket, .. } => *socket,
                            PickAt::Original => Some(*original),
                        };
                        each(Candidate { socket, odds: odds * pick.share, tunnelled: pick.tunnelled });
                    }
                }
            },
        }
    }
}

/// How a walk ends at a cluster that takes nothing.
pub(super) struct Ends<'e, 'a> {
    pub(super) missing: &'e dyn Fn(String) -> End<'a>,
    pub(super) unhealthy: &'e dyn Fn(String) -> End<'a>,
    /// What it means that a cluster is missing.
    pub(super) missing_means: &'static str,
    /// What it means that nobody is ready.
    pub(super) unhealthy_means: &'static str,
}

/// Walks to the clusters that a request may go to, and on to the destinations.
pub(super) fn walk<'a>(
    walk: &mut Walk<'a>,
    proxy: &'a Proxy,
    clusters: &'a [Share],
    connection: &Connection<'a>,
    ends: &Ends<'_, 'a>,
) -> Flow<'a> {
    let original = connection.destination();
    let mut left = 1.0;
    let mut last = None;
    for Share { cluster: name, odds } in clusters.iter().filter(|share| share.odds > 0.0) {
        let found = proxy.cluster(walk.tracer, name);
        if walk.explains() {
            let target = match found {
                Some(cluster) => cluster.target(walk.mesh, *odds, Some(original)),
                None => cluster::absent(name, *odds),
            };
            note(walk, found, &target);
        }
        let end = match found {
            None => {
                let means = ends.missing_means;
                Some((ends.missing)(walk.say(|| format!("there is no cluster {name}: {means}"))))
            }
            Some(cluster) if cluster.is_empty() => {
                let means = ends.unhealthy_means;
                let reason = || format!("cluster {name} has no endpoint that is ready{means}");
                Some((ends.unhealthy)(walk.say(reason)))
            }
            Some(cluster) => {
                if matches!(cluster.leads, Leads::Elsewhere) {
                    walk.caveat(|| format!("the addresses behind {name} are not known from files"));
                }
                walk.reached.push(Reached::Cluster { cluster, odds: *odds, original });
                None
            }
        };
        let Some(end) = end else { continue };
        // Among what is left, so likely.
        let share = if left > 0.0 { (odds / left).min(1.0) } else { 1.0 };
        left -= odds;
        if left <= 1e-9 || share >= 1.0 {
            last = Some(end);
        } else {
            walk.by_chance(share, end);
        }
    }
    if let Some(end) = last.filter(|_| walk.reached.is_empty()) {
        return Flow::Break(end);
    }
    let peers = Peers {
        tunnelled: Peer { identity: Some(&proxy.identity), address: proxy.address },
        plain: Peer { identity: None, address: proxy.address },
    };
    Flow::Break(ztunnel::walk(walk, &peers))
}

fn note(walk: &mut Walk<'_>, found: Option<&Cluster>, target: &Target) {
    let decision = match found {
        Some(cluster) if !cluster.is_empty() => Decision::Taken,
        _ => Decision::Failed,
    };
    walk.step(Place::Waypoint, "cluster", decision, || told(found, target))
        .of(&target.cluster, "")
        .because(found.into_iter().flat_map(|cluster| &cluster.causes));
}

fn told(found: Option<&Cluster>, target: &Target) -> String {
    let name = &target.cluster;
    let Some(cluster) = found else { return format!("there is no cluster {name}") };
    let tls = target.tls.as_ref().map(|tls| format!(", by {tls}")).unwrap_or_default();
    let total = match &cluster.leads {
        Leads::Original => 1,
        Leads::Elsewhere => return format!("{name}: its addresses are found out when it is used{tls}"),
        Leads::Endpoints { total, .. } => *total,
    };
    let odds = match target.probability {
        all if all >= 1.0 => String::new(),
        odds => format!(" ({})", percent(odds)),
    };
    let addresses: Vec<&str> =
        target.endpoints.iter().map(|endpoint| endpoint.address.as_str()).take(5).collect();
    let more = target.endpoints.len().saturating_sub(addresses.len());
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let list = if addresses.is_empty() { String::new() } else { format!(": {}{more}", addresses.join(", ")) };
    format!("{name}{odds}: {} of {total} endpoints may be picked{tls}{list}", target.endpoints.len())
}

/// A cluster of this name as a target of copies.
pub(super) fn target(tracer: Tracer<'_>, proxy: &Proxy, name: &str, odds: f64) -> Target {
    match proxy.cluster(tracer, name) {
        Some(cluster) => cluster.target(tracer.mesh, odds, None),
        None => cluster::absent(name, odds),
    }
}
