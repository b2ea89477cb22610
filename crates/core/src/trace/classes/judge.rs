//! What a comparison says of single requests.

use std::collections::BTreeMap;
use std::net::IpAddr;

use decisions::{Cube, Limits};

use super::access::arrived::{Arrival, of_token};
use super::attribute::Attribute;
use super::compare::{One, Side, each};
use super::domain::Example;
use super::sides::{Found, Requests};
use super::told::{ClassDiff, Compared, DestinationDiff};
use crate::mesh::WaypointName;
use crate::trace::request::Request;
use crate::trace::texts::Scratch;
use crate::trace::walk::Walk;

/// A comparison of a waypoint that can be asked about single requests: those of a log, those of a test.
pub struct Judge<'a> {
    waypoint: WaypointName,
    old: Side<'a>,
    new: Side<'a>,
    destinations: Vec<One<'a>>,
    /// The destinations by the positions of their chains on the old side.
    by_position: BTreeMap<usize, usize>,
}

/// What a comparison says of a request.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Judgement<'j> {
    /// Nothing differs for any request to its destination.
    Equal,
    /// Nothing differs for it, but for others.
    Same,
    /// It is in this class of requests of which something else comes.
    Differs(&'j ClassDiff),
    /// It is not decided whether anything differs, or not told.
    NotDecided,
}

impl<'a> Judge<'a> {
    /// Compares a waypoint.
    #[must_use]
    pub fn new(waypoint: &WaypointName, (old, new): (Side<'a>, Side<'a>), limits: &Limits) -> Self {
        let destinations = each(waypoint, (old, new), limits);
        let positions = destinations.iter().enumerate().filter_map(|(at, one)| Some((one.at.0?, at)));
        let by_position = positions.collect();
        Self { waypoint: waypoint.clone(), old, new, destinations, by_position }
    }

    /// What is told of the comparison.
    #[must_use]
    pub fn destinations(&self) -> Vec<DestinationDiff> {
        let told =
            |one: &One<'_>| DestinationDiff::new(&self.waypoint, one.chain, one.found.compared.clone());
        self.destinations.iter().map(told).collect()
    }

    /// What is said of a request; nothing of one that does not get to the same destination on both sides, or
    /// is not like those that the comparison is about: one that a proxy refuses before it looks at policies,
    /// one with a header twice, one to a workload that the waypoint does not serve, which no ztunnel sends
    /// there.
    #[must_use]
    pub fn says(&self, request: &Request) -> Option<Judgement<'_>> {
        if ![self.old, self.new].into_iter().all(|side| self.may_get_to(side, request)) {
            return None;
        }
        let (mut one, mut other) = (Scratch::default(), Scratch::default());
        let mut walk = Walk::new(self.old.tracer, request, &mut one, false);
        let was = Arrival::of(&mut walk, self.old.tracer, request)?;
        let mut walk = Walk::new(self.new.tracer, request, &mut other, false);
        let is = Arrival::of(&mut walk, self.new.tracer, request)?;
        let destination = self.destinations.get(*self.by_position.get(&was.chain?)?)?;
        if destination.at.1 != is.chain {
            return None;
        }
        destination.found.says(&was, &is)
    }

    /// Whether a request to a workload's own address is one that the waypoint serves.
    fn may_get_to(&self, side: Side<'_>, request: &Request) -> bool {
        let Ok(address) = request.destination.host.parse::<IpAddr>() else { return true };
        let there = side.mesh.workloads.with_address(address);
        let served = side.mesh.waypoint(&self.waypoint).map_or(&[][..], |waypoint| &waypoint.workloads);
        there.is_empty() || there.iter().any(|id| served.contains(id))
    }
}

impl Found {
    fn says(&self, was: &Arrival<'_>, is: &Arrival<'_>) -> Option<Judgement<'_>> {
        let (classes, complete) = match &self.compared {
            Compared::Equal => return Some(Judgement::Equal),
            Compared::NotDecided { .. } => return Some(Judgement::NotDecided),
            Compared::Added | Compared::Removed => return None,
            Compared::Differs { classes, complete, .. } => (classes, *complete),
        };
        let position = self.requests.as_ref()?.position(was, is)?;
        let class = position.and_then(|position| classes.get(position));
        Some(match class {
            Some(class) => Judgement::Differs(class),
            None if complete => Judgement::Same,
            None => Judgement::NotDecided,
        })
    }
}

impl Requests {
    /// The class that a request is in; nothing for one that there may not be, or of which not all is known.
    fn position(&self, was: &Arrival<'_>, is: &Arrival<'_>) -> Option<Option<usize>> {
        let mut own = Vec::with_capacity(self.domains.len());
        for (_, attribute, domain) in self.domains.iter() {
            own.push(domain.class(&self.value(attribute, was, is)?)?);
        }
        if self.diagrams.outcome(self.possible, &own) != Some(1) {
            return None;
        }
        let holds = |cube: &Cube| {
            cube.attributes().all(|(at, classes)| own.get(at).is_some_and(|class| classes.contains(*class)))
        };
        Some(self.cubes.iter().position(holds))
    }

    /// The value of an attribute.
    fn value(&self, attribute: &Attribute, was: &Arrival<'_>, is: &Arrival<'_>) -> Option<Example> {
        let is_of_tokens = *attribute == Attribute::Token || attribute.is_of_tokens();
        match (is_of_tokens, self.tokens) {
            (false, _) => was.value(attribute),
            (true, false) => None,
            (true, true) => of_token(attribute, [was.said(), is.said()]),
        }
    }
}
