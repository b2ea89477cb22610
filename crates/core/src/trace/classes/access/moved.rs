//! Destinations that clients in the mesh get to in another way after a change: through another waypoint,
//! through one or none, or past all of them by other policies of ztunnels.
//!
//! The whole way is compared: what tells requests apart on either side are the classes, and what comes of a
//! class is what comes of one of its requests, which is traced.

use std::collections::BTreeMap;

use decisions::{Condition as Diagram, Decision, TooMuch};

use super::marks::{Mark, Marks};
use super::space::NoSpace;
use super::straight;
use super::way::{self, Plan};
use crate::Str;
use crate::hash::HashMap;
use crate::mesh::{Mesh, ServiceId, WaypointName};
use crate::trace::classes::Limits;
use crate::trace::classes::attribute::{AllAsked, Attribute};
use crate::trace::classes::condition::{self, Builder, Fixed};
use crate::trace::classes::domain::Domains;
use crate::trace::classes::example::{self, Template};
use crate::trace::classes::tokens::Tokens;
use crate::trace::classes::told::{
    Compared, DestinationDiff, MAX_CLASSES, Moved, class, conditions, not_known,
};
use crate::trace::classes::ztunnel::Given;
use crate::trace::client::used;
use crate::trace::compiled::Tracer;
use crate::trace::destination::ResolvedDestination;
use crate::trace::jwt::JwtFilter;
use crate::trace::outcome::{Trace, Verdict};
use crate::trace::request::{Destination, Protocol, Request};

/// The destinations of both sides that are got to in another way. Those past waypoints are looked at where
/// the policies of any workload differ.
pub(in crate::trace::classes) fn moved(
    (old, new): (Tracer<'_>, Tracer<'_>),
    policies_differ: bool,
    limits: &Limits,
) -> Vec<DestinationDiff> {
    let before = services(old.mesh);
    let one = |((host, port), after): ((Str, u16), ServiceId)| {
        let before = *before.get(&(host.clone(), port))?;
        let (from, to) = (uses(old.mesh, before, port), uses(new.mesh, after, port));
        if from == to && (from.is_some() || !policies_differ) {
            return None;
        }
        let destination = Destination { host: host.clone(), port: Some(port) };
        let compared = compare((old, new), &destination, limits);
        let compared = match compared {
            Ok(compared) => compared?,
            Err(error) => Compared::NotDecided { reason: error.to_string() },
        };
        let moved = (from != to).then(|| Moved { from: from.cloned(), to: to.cloned() });
        Some(DestinationDiff::moved(host.to_string(), port, moved, compared))
    };
    services(new.mesh).into_iter().filter_map(one).collect()
}

/// The Services of a mesh by host and port.
fn services(mesh: &Mesh) -> BTreeMap<(Str, u16), ServiceId> {
    let mut all = BTreeMap::new();
    for (id, service) in mesh.services.iter().filter(|(_, service)| !service.hostname.starts_with('*')) {
        for port in service.ports.iter().filter_map(|port| u16::try_from(port.number).ok()) {
            all.entry((service.hostname.clone(), port)).or_insert(id);
        }
    }
    all
}

/// The waypoint that the ztunnels of clients use for a Service.
fn uses(mesh: &Mesh, service: ServiceId, port: u16) -> Option<&WaypointName> {
    let way = ResolvedDestination { service: Some(service), workload: None, ip: None, port };
    used(mesh, &way).0.map(|waypoint| &waypoint.name)
}

/// What differs; nothing where the same policies of ztunnels are all there is.
fn compare(
    (old, new): (Tracer<'_>, Tracer<'_>),
    to: &Destination,
    limits: &Limits,
) -> Result<Option<Compared>, NoSpace> {
    let mut base = Request::new(example::somebody(new.mesh), to.clone());
    let mut plans = (way::plan(old, &base)?, way::plan(new, &base)?);
    if !is_http(&plans.0) && !is_http(&plans.1) {
        base.protocol = Protocol::Tcp;
        plans = (way::plan(old, &base)?, way::plan(new, &base)?);
    }
    let past = match &plans {
        (Plan::Straight { guarded: before, .. }, Plan::Straight { guarded: after, .. }) => {
            let described = |all: &[straight::Guarded<'_>]| -> Vec<String> {
                all.iter().map(straight::Guarded::described).collect()
            };
            if described(before) == described(after) {
                return Ok(None);
            }
            true
        }
        _ => false,
    };
    let domains = domains(&plans, limits)?;
    let mut both =
        Both { builder: Builder::new(&domains, limits, Fixed::default()), base: &base, outcomes: Vec::new() };
    let (was, may_be) = both.side(old, &plans.0)?;
    let (is, possible) = both.side(new, &plans.1)?;
    let possible = both.builder.diagrams.and(may_be, possible)?;
    let compared = both.compare((old, new), (was, is), possible)?;
    if let (Some(before), Some(after)) = (tokens(&plans.0), tokens(&plans.1))
        && !Tokens::new(Some(before), Some(after)).is_some_and(|tokens| tokens.same)
    {
        // A request with a token that only one of them takes is none that both are asked about.
        return Ok(Some(without_tokens(compared)));
    }
    Ok(Some(match compared {
        Compared::Differs { classes, complete: true, undecided: None } if past && classes.is_empty() => {
            Compared::Equal
        }
        compared => compared,
    }))
}

/// The filter that takes tokens on the way.
fn tokens<'p>(plan: &Plan<'p>) -> Option<&'p JwtFilter> {
    match plan {
        Plan::Through { inner, .. } => inner.tokens(),
        Plan::Straight { .. } | Plan::Same { .. } => None,
    }
}

/// What is told where two waypoints take other tokens.
fn without_tokens(compared: Compared) -> Compared {
    let reason = "the waypoints take other tokens".to_owned();
    match compared {
        Compared::Differs { classes, undecided, .. } if !classes.is_empty() => {
            Compared::Differs { classes, complete: false, undecided: undecided.or(Some(reason)) }
        }
        Compared::NotDecided { reason } => Compared::NotDecided { reason },
        _ => Compared::NotDecided { reason },
    }
}

fn is_http(plan: &Plan<'_>) -> bool {
    matches!(plan, Plan::Through { inner, .. } if inner.is_http())
}

/// The classes that either side tells apart. Whoever opens a connection to a ztunnel is the client that a
/// waypoint sees.
fn domains((old, new): &(Plan<'_>, Plan<'_>), limits: &Limits) -> Result<Domains, NoSpace> {
    let mut asked = AllAsked::default();
    for plan in [old, new] {
        match plan {
            Plan::Through { inner, .. } => inner.ask(&mut asked),
            Plan::Straight { guarded, .. } => straight::ask(guarded, Given::default(), &mut asked),
            Plan::Same { .. } => {}
        }
    }
    for plan in [old, new] {
        if let Plan::Through { inner, .. } = plan {
            inner.ask_of_tokens(&mut asked);
        }
    }
    if let Some(peer) = asked.0.remove(&Attribute::Peer) {
        asked.0.entry(Attribute::Principal).or_default().texts.extend(peer.texts);
    }
    let mut domains = Domains::new(asked, limits)?;
    domains.alias(Attribute::Peer, &Attribute::Principal);
    Ok(domains)
}

/// What is known of all requests of a way, whoever asks.
fn fixed<'p>(plan: &'p Plan<'_>) -> Fixed<'p> {
    let Plan::Through { inner, to, .. } = plan else { return Fixed::default() };
    let destination = condition::Destination { address: to.ip(), port: to.port() };
    Fixed { destination: Some(destination), changed: Some(&inner.changed), ..Fixed::default() }
}

/// What comes of a request, as far as the client and its destination see it.
#[derive(PartialEq)]
struct Key {
    chances: Vec<(u64, Verdict, Option<u16>)>,
    leads: Vec<(u64, Vec<String>)>,
}

impl Key {
    fn of(trace: &Trace) -> Self {
        let chances = trace
            .outcomes
            .iter()
            .map(|chance| (chance.probability.to_bits(), chance.outcome.verdict, chance.outcome.status));
        let chances: Vec<_> = chances.collect();
        let arrives = chances.iter().any(|(_, verdict, _)| *verdict == Verdict::Allowed);
        let targets = trace.destinations.iter().filter(|_| arrives).map(|target| {
            let endpoints = target.endpoints.iter().map(|endpoint| endpoint.address.clone()).collect();
            (target.probability.to_bits(), endpoints)
        });
        Self { leads: targets.collect(), chances }
    }
}

/// Both sides of a destination, over the same classes.
struct Both<'p> {
    builder: Builder<'p>,
    base: &'p Request,
    /// What comes of requests, by number from 1; 0 is what is not known.
    outcomes: Vec<Key>,
}

const NOT_KNOWN: u32 = 0;

impl<'p> Both<'p> {
    /// What comes of the requests of a side, and which there may be.
    fn side(&mut self, tracer: Tracer<'_>, plan: &'p Plan<'_>) -> Result<(Decision, Diagram), NoSpace> {
        let mut marks = Marks::default();
        let builder = &mut self.builder;
        builder.fixed = fixed(plan);
        builder.diagrams.unknown_comes_to(marks.number(Mark::Unknown));
        let (decision, possible) = match plan {
            Plan::Through { inner, .. } => (inner.decide(builder, &mut marks)?, inner.possible(builder)?),
            Plan::Straight { guarded, .. } => {
                (straight::decide(builder, &mut marks, guarded, Given::default())?, Diagram::YES)
            }
            Plan::Same { .. } => (Decision::always(marks.number(Mark::Same)), Diagram::YES),
        };
        let mut numbers: HashMap<u32, u32> = HashMap::default();
        for mark in self.builder.diagrams.outcomes(decision) {
            let of = self.builder.diagrams.comes_to(decision, mark)?;
            let of = self.builder.diagrams.and(of, possible)?;
            let Some(request) = self.example(of, tracer.mesh, Some(plan))? else { continue };
            let trace = tracer.trace(&request)?;
            let unknown = marks.is_unknown(mark) || trace.verdict == Verdict::Unknown;
            numbers.insert(mark, if unknown { NOT_KNOWN } else { self.number(Key::of(&trace)) });
        }
        let decided = self
            .builder
            .diagrams
            .map(decision, &mut |mark| numbers.get(&mark).copied().unwrap_or(NOT_KNOWN))?;
        Ok((decided, possible))
    }

    fn number(&mut self, key: Key) -> u32 {
        let known = self.outcomes.iter().position(|other| *other == key);
        let at = known.unwrap_or_else(|| {
            self.outcomes.push(key);
            self.outcomes.len() - 1
        });
        u32::try_from(at + 1).unwrap_or(NOT_KNOWN)
    }

    fn example(
        &mut self,
        of: Diagram,
        mesh: &Mesh,
        plan: Option<&Plan<'_>>,
    ) -> Result<Option<Request>, TooMuch> {
        let tokens = plan.and_then(tokens);
        let template = Template::new(mesh, self.base.clone(), tokens);
        let cover = self.builder.diagrams.cover(of, 1)?;
        Ok(cover.cubes.first().map(|cube| template.request(self.builder.domains, cube)))
    }

    fn compare(
        &mut self,
        sides: (Tracer<'_>, Tracer<'_>),
        (was, is): (Decision, Decision),
        possible: Diagram,
    ) -> Result<Compared, NoSpace> {
        let template = Template::new(sides.1.mesh, self.base.clone(), None);
        let diagrams = &mut self.builder.diagrams;
        let pairs = diagrams.pairs(was, is)?;
        let (mut classes, mut complete, mut undecided) = (Vec::new(), true, None);
        for number in diagrams.outcomes(pairs) {
            let Some((was, is)) = diagrams.pair(number).filter(|(was, is)| was != is || *is == NOT_KNOWN)
            else {
                continue;
            };
            let there = diagrams.comes_to(pairs, number)?;
            let there = diagrams.and(there, possible)?;
            let cover = diagrams.cover(there, MAX_CLASSES.saturating_sub(classes.len()))?;
            if was == NOT_KNOWN || is == NOT_KNOWN {
                let first = cover.cubes.first();
                let words = first.map(|cube| not_known(&conditions(self.builder.domains, cube)));
                undecided = undecided.or(words);
                continue;
            }
            complete &= cover.is_complete;
            for cube in &cover.cubes {
                let request = template.request(self.builder.domains, cube);
                classes.push(class(conditions(self.builder.domains, cube), &request, sides));
            }
        }
        Ok(match (classes.is_empty(), undecided) {
            (true, Some(reason)) => Compared::NotDecided { reason },
            (_, undecided) => {
                Compared::Differs { classes, complete: complete && undecided.is_none(), undecided }
            }
        })
    }
}
