//! The chains of two waypoints, compared.

use std::collections::{BTreeMap, BTreeSet};

use decisions::Limits;
use envoy::config::listener::v3::{FilterChain, Listener};

use super::behind::Behind;
use super::domain::TextClasses;
use super::effect::Clusters;
use super::sides::{Found, Sides, workload};
use super::told::{Compared, DestinationDiff};
use crate::hash::HashSet;
use crate::mesh::{Mesh, WaypointName};
use crate::resources::names::MAIN_INTERNAL;
use crate::resources::{Resource, WaypointResources};
use crate::trace::compiled::Tracer;

/// One waypoint on a side, with what answers requests there.
#[derive(Clone, Copy)]
pub struct Side<'a> {
    /// The mesh.
    pub mesh: &'a Mesh,
    /// The waypoint's resources.
    pub resources: &'a WaypointResources,
    /// What answers.
    pub tracer: Tracer<'a>,
}

/// The destinations of a waypoint that is on one side, with that they are served or not.
#[must_use]
pub fn alone(waypoint: &WaypointName, side: Side<'_>, compared: &Compared) -> Vec<DestinationDiff> {
    let Some(listener) = listener(side.resources) else { return Vec::new() };
    let names: BTreeSet<&str> =
        listener.message.filter_chains.iter().map(|chain| chain.name.as_str()).collect();
    let served = names.into_iter().filter(|name| is_reached(name, waypoint, [side.mesh]));
    served.map(|name| DestinationDiff::new(waypoint, name, compared.clone())).collect()
}

/// The destinations of a waypoint, each with what differs for requests to it. What takes more than the limits
/// is not decided.
#[must_use]
pub fn compare(
    waypoint: &WaypointName,
    sides: (Side<'_>, Side<'_>),
    limits: &Limits,
) -> Vec<DestinationDiff> {
    let told = |one: One<'_>| DestinationDiff::new(waypoint, one.chain, one.found.compared);
    each(waypoint, sides, limits).into_iter().map(told).collect()
}

/// A chain of either side, and what comparing it comes to.
pub(super) struct One<'l> {
    pub(super) chain: &'l str,
    /// Where the chain is on each side.
    pub(super) at: Positions,
    pub(super) found: Found,
}

/// Compares each chain.
pub(super) fn each<'l>(
    waypoint: &WaypointName,
    (old_side, new_side): (Side<'l>, Side<'l>),
    limits: &Limits,
) -> Vec<One<'l>> {
    let (Some(old), Some(new)) = (listener(old_side.resources), listener(new_side.resources)) else {
        return Vec::new();
    };
    let mut leads = (Clusters::new(old_side.resources), Clusters::new(new_side.resources));
    // Where nothing is refused behind a waypoint, nothing differs there.
    if ![old_side, new_side].iter().all(|side| side.tracer.is_unguarded())
        && let (Some(before), Some(after)) =
            (Behind::new(old_side, waypoint), Behind::new(new_side, waypoint))
        && !before.is_like(&after)
    {
        leads.0.add(|cluster| before.of(cluster));
        leads.1.add(|cluster| after.of(cluster));
    }
    let changed = Names::new(leads.0.changed(&leads.1));
    let chains = chains(&old.message, &new.message);
    let texts = TextClasses::default();
    let sides =
        Sides { waypoint, old: old_side, new: new_side, leads: (&leads.0, &leads.1), limits, texts: &texts };
    let one = |(name, (before, after)): (&'l str, Positions)| {
        let found = match (before, after) {
            (Some(before), Some(after)) => {
                let same = chain_at(old, before) == chain_at(new, after);
                if same && !chain_at(new, after).is_some_and(|chain| changed.are_in(chain)) {
                    Compared::Equal.into()
                } else {
                    sides.compare(name, (old, before), (new, after))
                }
            }
            (None, Some(_)) => Compared::Added.into(),
            (_, None) => Compared::Removed.into(),
        };
        One { chain: name, at: (before, after), found }
    };
    let reached =
        chains.into_iter().filter(|(name, _)| is_reached(name, waypoint, [old_side.mesh, new_side.mesh]));
    reached.map(one).collect()
}

/// Whether anybody gets to a chain. Those for workloads that are called by their own addresses are there even
/// where there is no such workload.
fn is_reached<'m>(chain: &str, waypoint: &WaypointName, meshes: impl IntoIterator<Item = &'m Mesh>) -> bool {
    called(chain).0.is_some() || meshes.into_iter().any(|mesh| workload(mesh, waypoint).is_some())
}

/// The positions of a chain on both sides.
pub(super) type Positions = (Option<usize>, Option<usize>);

fn listener(resources: &WaypointResources) -> Option<&Resource<Listener>> {
    resources.listeners.iter().find(|listener| listener.message.name == MAIN_INTERNAL)
}

fn chain_at(listener: &Resource<Listener>, position: usize) -> Option<&FilterChain> {
    listener.message.filter_chains.get(position)
}

/// The chains of both sides by name.
fn chains<'l>(old: &'l Listener, new: &'l Listener) -> BTreeMap<&'l str, Positions> {
    let mut chains: BTreeMap<&str, Positions> = BTreeMap::new();
    for (position, chain) in old.filter_chains.iter().enumerate() {
        chains.entry(&chain.name).or_default().0.get_or_insert(position);
    }
    for (position, chain) in new.filter_chains.iter().enumerate() {
        chains.entry(&chain.name).or_default().1.get_or_insert(position);
    }
    chains
}

/// Names of clusters, by their length: a chain is searched once for all that are as long.
struct Names<'n>(BTreeMap<usize, HashSet<&'n [u8]>>);

impl<'n> Names<'n> {
    fn new(names: impl IntoIterator<Item = &'n str>) -> Self {
        let mut by_length: BTreeMap<usize, HashSet<&[u8]>> = BTreeMap::new();
        for name in names.into_iter().filter(|name| !name.is_empty()) {
            by_length.entry(name.len()).or_default().insert(name.as_bytes());
        }
        Self(by_length)
    }

    /// Whether a chain names any of them, as far as its encoded configuration tells.
    fn are_in(&self, chain: &FilterChain) -> bool {
        if self.0.is_empty() {
            return false;
        }
        let bytes = envoy::Message::encode_to_vec(chain);
        self.0.iter().any(|(length, names)| bytes.windows(*length).any(|window| names.contains(window)))
    }
}

/// The host and the port that a chain is for: `inbound-vip|80|http|cart.shop.svc.cluster.local`.
pub(super) fn called(chain: &str) -> (Option<&str>, Option<u16>) {
    let mut parts = chain.split('|');
    let (_, port, _, host) = (parts.next(), parts.next(), parts.next(), parts.next());
    let host = host.map(|host| host.strip_suffix("-http").or(host.strip_suffix("-tcp")).unwrap_or(host));
    (host, port.and_then(|port| port.parse().ok()))
}
