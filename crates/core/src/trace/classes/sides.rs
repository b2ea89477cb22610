//! Both sides of a chain.

use std::net::IpAddr;

use decisions::text::TextError;
use decisions::{Condition as Diagram, Cube, Decision, Diagrams, Limits, TooMuch};
use envoy::config::listener::v3::Listener;

use super::attribute::AllAsked;
use super::chain::{Both, Sink};
use super::clients::Clients;
use super::compare::{Side, called};
use super::condition::{Builder, Destination, Fixed};
use super::domain::{Domains, TextClasses};
use super::effect::{self, Effects};
use super::example::{self, Template};
use super::tokens::Tokens;
use super::told::{Compared, MAX_CLASSES, class, conditions_among, not_known};
use crate::mesh::{Mesh, WaypointName};
use crate::opened::{OpenedChain, OpenedListener};
use crate::resources::Resource;
use crate::trace::request::{self, Protocol, Request};
use crate::trace::via::Via;

/// Both sides of a waypoint.
pub(super) struct Sides<'a, 'p> {
    pub(super) waypoint: &'a WaypointName,
    pub(super) old: Side<'p>,
    pub(super) new: Side<'p>,
    /// Where their clusters lead.
    pub(super) leads: (&'a effect::Clusters, &'a effect::Clusters),
    pub(super) limits: &'a Limits,
    /// What was found for other chains.
    pub(super) texts: &'a TextClasses,
}

/// What comparing comes to, with the requests that it is about.
pub(super) struct Found {
    pub(super) compared: Compared,
    pub(super) requests: Option<Requests>,
}

/// The requests that a comparison is about.
pub(super) struct Requests {
    pub(super) domains: Domains,
    pub(super) diagrams: Diagrams,
    /// Those that there may be.
    pub(super) possible: Diagram,
    /// Those of each class that differs, in the order of the classes.
    pub(super) cubes: Vec<Cube>,
    /// Whether it is known what comes of tokens.
    pub(super) tokens: bool,
}

impl From<Compared> for Found {
    fn from(compared: Compared) -> Self {
        Self { compared, requests: None }
    }
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

/// The address of a workload that is called through a waypoint.
pub(super) fn workload(mesh: &Mesh, waypoint: &WaypointName) -> Option<IpAddr> {
    let waypoint = mesh.waypoint(waypoint)?;
    let workloads = waypoint.workloads.iter().filter_map(|id| mesh.workloads.get(*id));
    workloads.flat_map(|workload| workload.addresses.first()).next().copied()
}

fn opened(listener: &Resource<Listener>, position: usize) -> Option<OpenedChain<'_>> {
    OpenedListener::chain(&listener.message, &listener.origins, position)
}

impl Sides<'_, '_> {
    /// Compares a chain, at its positions on both sides.
    pub(super) fn compare(
        &self,
        name: &str,
        (old, before): (&Resource<Listener>, usize),
        (new, after): (&Resource<Listener>, usize),
    ) -> Found {
        let found = match (opened(old, before), opened(new, after)) {
            (Some(old), Some(new)) => self.both(name, &Both::new(old), &Both::new(new)),
            _ => Err(NotCompared::NoChain),
        };
        found.unwrap_or_else(|error| Compared::NotDecided { reason: error.to_string() }.into())
    }

    fn both(&self, name: &str, old: &Both<'_>, new: &Both<'_>) -> Result<Found, NotCompared> {
        let clients = Clients::new(self.waypoint, self.old, self.new);
        let tokens = old.tokens().zip(new.tokens()).and_then(|(old, new)| Tokens::new(old, new));
        let mut asked = AllAsked::default();
        old.ask(&mut asked);
        new.ask(&mut asked);
        clients.ask(&mut asked);
        if let Some(tokens) = &tokens {
            tokens.ask(&mut asked);
        }
        let domains = Domains::sharing(asked, self.limits, self.texts)?;
        let (host, port) = called(name);
        let fixed = Fixed { destination: self.destination(host, port), ..Fixed::default() };
        let mut builder = Builder::new(&domains, self.limits, fixed);
        let mut effects = Effects::default();
        let changed = tokens
            .as_ref()
            .map(|tokens| (tokens.changed(effect::Side::Old), tokens.changed(effect::Side::New)));
        let mut decide = |both: &Both<'_>, clusters, side| {
            let changed =
                changed.as_ref().map(|(old, new)| if side == effect::Side::Old { old } else { new });
            let blind = tokens.as_ref().is_some_and(|tokens| tokens.is_blind(side));
            builder.fixed = Fixed { changed, blind, ..fixed };
            let mut sink = Sink { effects: &mut effects, clusters, tokens: tokens.as_ref(), side };
            builder.diagrams.unknown_comes_to(sink.unknown());
            let decision = both.decide(&mut builder, &mut sink)?;
            clients.before(&mut builder, &mut sink, decision)
        };
        let was = decide(old, self.leads.0, effect::Side::Old)?;
        let is = decide(new, self.leads.1, effect::Side::New)?;
        if was == is && !builder.diagrams.outcomes(was).into_iter().any(|outcome| effects.is_unknown(outcome))
        {
            return Ok(Compared::Equal.into());
        }
        builder.fixed = fixed;
        let mut possible = clients.possible(&mut builder)?;
        if let Some(tokens) = &tokens {
            let may_be = tokens.possible(&mut builder)?;
            possible = builder.diagrams.and(possible, may_be)?;
        }
        let template = Template {
            mesh: self.new.mesh,
            base: self.base((host, port), new.is_http()),
            tokens: tokens.as_ref().and_then(Tokens::any),
            adds_audiences: !tokens.as_ref().is_some_and(|tokens| tokens.asks_of_audiences(&domains)),
        };
        let (compared, cubes) = self.classes(&mut builder, &effects, (was, is), (possible, &template))?;
        let Builder { diagrams, .. } = builder;
        let requests = Requests { diagrams, possible, cubes, tokens: tokens.is_some(), domains };
        Ok(Found { compared, requests: Some(requests) })
    }

    /// A request without anything that tells classes apart.
    fn base(&self, (host, port): (Option<&str>, Option<u16>), is_http: bool) -> Request {
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
        if !is_http {
            base.protocol = Protocol::Tcp;
        }
        base
    }

    /// The address and the port that connections of a chain are meant for.
    fn destination(&self, host: Option<&str>, port: Option<u16>) -> Option<Destination> {
        let mesh = self.new.mesh;
        let ids = mesh.services.with_hostname(host?);
        let service = ids.iter().find_map(|id| mesh.services.get(*id))?;
        let address = service.addresses.first()?;
        Some(Destination { address: address.ip, port: port? })
    }

    /// The classes that differ. A class may have requests that there are not, where that says it shorter.
    fn classes(
        &self,
        builder: &mut Builder<'_>,
        effects: &Effects,
        (was, is): (Decision, Decision),
        (possible, template): (Diagram, &Template<'_>),
    ) -> Result<(Compared, Vec<Cube>), NotCompared> {
        let pairs = builder.diagrams.pairs(was, is)?;
        let impossible = builder.diagrams.not(possible)?;
        let (mut classes, mut cubes) = (Vec::new(), Vec::new());
        let (mut complete, mut undecided) = (true, None);
        for number in builder.diagrams.outcomes(pairs) {
            let pair = builder.diagrams.pair(number);
            let Some((was, is)) = pair.filter(|(was, is)| was != is || effects.is_unknown(*is)) else {
                continue;
            };
            let there = builder.diagrams.comes_to(pairs, number)?;
            let there = builder.diagrams.and(there, possible)?;
            let may = builder.diagrams.or(there, impossible)?;
            let most = MAX_CLASSES.saturating_sub(classes.len());
            let is_unknown = effects.is_unknown(was) || effects.is_unknown(is);
            let cover = builder.diagrams.cover_within(there, may, if is_unknown { 1 } else { most })?;
            complete &= cover.is_complete || is_unknown;
            for cube in cover.cubes {
                let inside = builder.diagrams.inside(&cube)?;
                let own = builder.diagrams.and(inside, there)?;
                let words = conditions_among((builder.domains, &builder.diagrams), possible, &cube, own);
                if is_unknown {
                    undecided.get_or_insert_with(|| not_known(&words));
                    continue;
                }
                let Some(request) = example(builder, own, template)? else { continue };
                classes.push(class(words, &request, (self.old.tracer, self.new.tracer)));
                cubes.push(cube);
            }
        }
        let compared = match (classes.is_empty(), undecided) {
            (true, None) if complete => Compared::Equal,
            (true, Some(reason)) => Compared::NotDecided { reason },
            (_, undecided) => {
                Compared::Differs { classes, complete: complete && undecided.is_none(), undecided }
            }
        };
        Ok((compared, cubes))
    }
}

/// A request of a class, if there is any.
fn example(
    builder: &mut Builder<'_>,
    of: Diagram,
    template: &Template<'_>,
) -> Result<Option<Request>, TooMuch> {
    let cover = builder.diagrams.cover(of, 1)?;
    Ok(cover.cubes.first().map(|cube| template.request(builder.domains, cube)))
}
