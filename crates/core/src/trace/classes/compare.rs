//! The chains of two waypoints, compared.

use std::collections::{BTreeMap, BTreeSet};

use decisions::text::TextError;
use decisions::{Decision, Limits, TooMuch};
use envoy::config::listener::v3::{FilterChain, Listener};

use super::attribute::AllAsked;
use super::behind::Behind;
use super::chain::{Both, Sink};
use super::condition::{Builder, Destination, Fixed};
use super::domain::Domains;
use super::effect::{self, Clusters, Effects};
use super::example::{self, Template};
use super::told::{Compared, DestinationDiff, MAX_CLASSES, class, not_known};
use crate::hash::HashSet;
use crate::mesh::{Mesh, WaypointName};
use crate::opened::{OpenedChain, OpenedListener};
use crate::resources::names::MAIN_INTERNAL;
use crate::resources::{Resource, WaypointResources};
use crate::trace::compiled::Tracer;
use crate::trace::request::{self, Protocol, Request};
use crate::trace::via::Via;

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

/// The destinations of a waypoint, each with what differs for requests to it. What takes more than the limits is not decided.
#[must_use]
pub fn compare(
    waypoint: &WaypointName,
    (old_side, new_side): (Side<'_>, Side<'_>),
    limits: &Limits,
) -> Vec<DestinationDiff> {
    let (Some(old), Some(new)) = (listener(old_side.resources), listener(new_side.resources)) else {
        return Vec::new();
    };
    let mut leads = (Clusters::new(old_side.resources), Clusters::new(new_side.resources));
    if let (Some(before), Some(after)) = (Behind::new(old_side, waypoint), Behind::new(new_side, waypoint))
        && !before.is_like(&after)
    {
        leads.0.add(|cluster| before.of(cluster));
        leads.1.add(|cluster| after.of(cluster));
    }
    let changed = Names::new(leads.0.changed(&leads.1));
    let chains = chains(&old.message, &new.message);
    let one = |(name, (before, after)): (&str, Positions)| {
        let compared = match (before, after) {
            (Some(before), Some(after)) => {
                let same = chain_at(old, before) == chain_at(new, after);
                if same && !chain_at(new, after).is_some_and(|chain| changed.are_in(chain)) {
                    Compared::Equal
                } else {
                    let sides =
                        Sides { waypoint, old: old_side, new: new_side, leads: (&leads.0, &leads.1), limits };
                    sides.compare(name, (old, before), (new, after))
                }
            }
            (None, Some(_)) => Compared::Added,
            (_, None) => Compared::Removed,
        };
        DestinationDiff::new(waypoint, name, compared)
    };
    let reached =
        chains.into_iter().filter(|(name, _)| is_reached(name, waypoint, [old_side.mesh, new_side.mesh]));
    reached.map(one).collect()
}

/// Whether anybody gets to a chain. Those for workloads that are called by their own addresses are there even where there is
/// no such workload.
fn is_reached<'m>(chain: &str, waypoint: &WaypointName, meshes: impl IntoIterator<Item = &'m Mesh>) -> bool {
    called(chain).0.is_some() || meshes.into_iter().any(|mesh| workload(mesh, waypoint).is_some())
}

/// The address of a workload that is called through a waypoint.
fn workload(mesh: &Mesh, waypoint: &WaypointName) -> Option<std::net::IpAddr> {
    let waypoint = mesh.waypoints.iter().find(|other| other.name == *waypoint)?;
    let workloads = waypoint.workloads.iter().filter_map(|id| mesh.workloads.get(*id));
    workloads.flat_map(|workload| workload.addresses.first()).next().copied()
}

type Positions = (Option<usize>, Option<usize>);

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

fn opened(listener: &Resource<Listener>, position: usize) -> Option<OpenedChain<'_>> {
    OpenedListener::chain(&listener.message, &listener.origins, position)
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

/// Both sides of a chain.
struct Sides<'a, 'p> {
    waypoint: &'a WaypointName,
    old: Side<'p>,
    new: Side<'p>,
    leads: (&'a Clusters, &'a Clusters),
    limits: &'a Limits,
}

/// Why a chain is not compared.
#[derive(Debug, thiserror::Error)]
enum NotCompared {
    #[error(transparent)]
    Text(#[from] TextError),
    #[error(transparent)]
    TooMuch(#[from] TooMuch),
    #[error("the chain is not there")]
    NoChain,
}

impl Sides<'_, '_> {
    fn compare(
        &self,
        name: &str,
        (old, before): (&Resource<Listener>, usize),
        (new, after): (&Resource<Listener>, usize),
    ) -> Compared {
        let compared = match (opened(old, before), opened(new, after)) {
            (Some(old), Some(new)) => self.both(name, &Both::new(old), &Both::new(new)),
            _ => Err(NotCompared::NoChain),
        };
        compared.unwrap_or_else(|error| Compared::NotDecided { reason: error.to_string() })
    }

    fn both(&self, name: &str, old: &Both<'_>, new: &Both<'_>) -> Result<Compared, NotCompared> {
        let mut asked = AllAsked::default();
        old.ask(&mut asked);
        new.ask(&mut asked);
        let domains = Domains::new(asked, self.limits)?;
        let (host, port) = called(name);
        let destination = self.destination(host, port);
        let fixed = Fixed { destination, ..Fixed::default() };
        let mut builder = Builder::new(&domains, self.limits, fixed);
        let mut effects = Effects::default();
        let mut decide = |both: &Both<'_>, clusters, side| {
            let mut sink = Sink { effects: &mut effects, clusters, side };
            builder.diagrams.unknown_comes_to(sink.unknown());
            both.decide(&mut builder, &mut sink)
        };
        let (was, is) =
            (decide(old, self.leads.0, effect::Side::Old)?, decide(new, self.leads.1, effect::Side::New)?);
        if was == is && !builder.diagrams.outcomes(was).into_iter().any(|outcome| effects.is_unknown(outcome))
        {
            return Ok(Compared::Equal);
        }
        // Any port will do for a workload.
        const ANY_PORT: u16 = 8080;
        let address =
            workload(self.new.mesh, self.waypoint).or_else(|| workload(self.old.mesh, self.waypoint));
        let address = address.map(|address| address.to_string()).unwrap_or_default();
        let to = request::Destination {
            host: host.unwrap_or(&address).into(),
            port: Some(port.unwrap_or(ANY_PORT)),
        };
        let mut base = Request::new(example::somebody(self.new.mesh), to);
        base.via = Via::Waypoint(self.waypoint.clone());
        if !new.is_http() {
            base.protocol = Protocol::Tcp;
        }
        let template = Template { mesh: self.new.mesh, base, tokens: None };
        self.classes(&mut builder, &effects, (was, is), &template)
    }

    /// The address and the port that connections of a chain are meant for.
    fn destination(&self, host: Option<&str>, port: Option<u16>) -> Option<Destination> {
        let mesh = self.new.mesh;
        let ids = mesh.services.with_hostname(host?);
        let service = ids.iter().find_map(|id| mesh.services.get(*id))?;
        let address = service.addresses.first()?;
        Some(Destination { address: address.ip, port: port? })
    }

    fn classes(
        &self,
        builder: &mut Builder<'_>,
        effects: &Effects,
        (was, is): (Decision, Decision),
        template: &Template<'_>,
    ) -> Result<Compared, NotCompared> {
        let pairs = builder.diagrams.pairs(was, is)?;
        let (mut classes, mut complete, mut undecided) = (Vec::new(), true, None);
        for number in builder.diagrams.outcomes(pairs) {
            let Some((was, is)) = builder.diagrams.pair(number).filter(|(was, is)| was != is) else {
                continue;
            };
            let there = builder.diagrams.comes_to(pairs, number)?;
            let cover = builder.diagrams.cover(there, MAX_CLASSES.saturating_sub(classes.len()))?;
            if effects.is_unknown(was) || effects.is_unknown(is) {
                undecided =
                    undecided.or_else(|| cover.cubes.first().map(|cube| not_known(builder.domains, cube)));
                continue;
            }
            complete &= cover.is_complete;
            for cube in &cover.cubes {
                let request = template.request(builder.domains, cube);
                classes.push(class(builder.domains, cube, &request, (self.old.tracer, self.new.tracer)));
            }
        }
        Ok(match (classes.is_empty(), undecided) {
            (true, None) if complete => Compared::Equal,
            (true, Some(reason)) => Compared::NotDecided { reason },
            (_, undecided) => {
                Compared::Differs { classes, complete: complete && undecided.is_none(), undecided }
            }
        })
    }
}
