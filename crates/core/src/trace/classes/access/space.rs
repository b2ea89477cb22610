//! All requests of one way to a destination, by what tells them apart.

use decisions::{ClassSet, Condition as Diagram, Cube, Decision, Diagrams, Limits, TooMuch};

use super::marks::{Mark, Marks};
use super::straight;
use super::wanted::Wanted;
use super::way::{self, Known, Plan};
use crate::trace::classes::attribute::{AllAsked, Attribute};
use crate::trace::classes::condition::{Builder, Destination, Fixed};
use crate::trace::classes::domain::Domains;
use crate::trace::classes::example::Template;
use crate::trace::classes::ztunnel::Given;
use crate::trace::client::NoSuchThing;
use crate::trace::compiled::Tracer;
use crate::trace::request::{Request, Source};
use crate::trace::source::Sender;

/// All requests of one way to a destination.
pub(super) struct Space<'a> {
    pub(super) tracer: Tracer<'a>,
    pub(super) domains: Domains,
    pub(super) diagrams: Diagrams,
    pub(super) marks: Marks,
    /// The mark of each class.
    pub(super) decision: Decision,
    /// The requests that there may be, and that are asked about.
    pub(super) asked: Diagram,
    template: Template<'a>,
    /// The chain that they go through.
    pub(super) chain: Option<usize>,
}

/// Why there is no space.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoSpace {
    #[error(transparent)]
    Text(#[from] decisions::text::TextError),
    #[error(transparent)]
    TooMuch(#[from] TooMuch),
    #[error(transparent)]
    NoSuchThing(#[from] NoSuchThing),
}

/// What a space is about.
pub(super) struct Question<'q> {
    /// A request of it.
    pub(super) base: Request,
    /// Whether it is the only one who asks; otherwise anybody does who gets there the same way.
    pub(super) only: bool,
    /// Whether clients outside of the mesh are among those who ask.
    pub(super) outside: bool,
    /// What the requests have in common that are asked about.
    pub(super) wanted: &'q [Wanted],
    pub(super) limits: &'q Limits,
}

impl<'a> Space<'a> {
    pub(super) fn new(tracer: Tracer<'a>, plan: &Plan<'a>, question: &Question<'_>) -> Result<Self, NoSpace> {
        let known = if question.only { way::known(tracer.mesh, &question.base)? } else { Known::default() };
        let given = given(&known, question.outside);
        let mut asked = AllAsked::default();
        match plan {
            Plan::Through { inner, .. } => inner.ask(&mut asked),
            Plan::Straight { guarded, .. } => straight::ask(guarded, given, &mut asked),
            Plan::Same { .. } => {}
        }
        let is_through = matches!(plan, Plan::Through { .. });
        let wanted = question.wanted.iter().filter(|wanted| !wanted.is_known(&known));
        let wanted: Vec<&Wanted> = wanted.collect();
        wanted.iter().for_each(|wanted| wanted.ask(is_through, &mut asked));
        if let Plan::Through { inner, .. } = plan {
            inner.ask_of_tokens(&mut asked);
        }
        if known.principal.is_some() {
            asked.0.remove(&Attribute::Principal);
        }
        if known.address.is_some() {
            asked.0.remove(&Attribute::Client);
        }
        let domains = Domains::new(asked, question.limits)?;
        let fixed = fixed(plan, &known);
        let mut builder = Builder::new(&domains, question.limits, fixed);
        let mut marks = Marks::default();
        builder.diagrams.unknown_comes_to(marks.number(Mark::Unknown));
        let (decision, mut possible) = match plan {
            Plan::Through { inner, .. } => {
                (inner.decide(&mut builder, &mut marks)?, inner.possible(&mut builder)?)
            }
            Plan::Straight { guarded, .. } => {
                (straight::decide(&mut builder, &mut marks, guarded, given)?, Diagram::YES)
            }
            Plan::Same { .. } => (Decision::always(marks.number(Mark::Same)), Diagram::YES),
        };
        for one in wanted {
            let holds = one.holds(is_through, &mut builder)?;
            possible = builder.diagrams.and(possible, holds)?;
        }
        // Nobody is outside where clients in the mesh are asked about, and the other way round.
        let anybody = matches!(plan, Plan::Straight { .. }) && !question.outside;
        if !is_through && !anybody && domains.get(&Attribute::Peer).is_some() {
            let present = builder.sent(&Attribute::Peer, |domain| Some(domain.present()))?;
            let is_outside = question.outside || question.base.source == Source::Outside;
            let who = if is_outside { builder.diagrams.not(present)? } else { present };
            possible = builder.diagrams.and(possible, who)?;
        }
        let diagrams = builder.diagrams;
        let tokens = match plan {
            Plan::Through { inner, .. } => inner.tokens(),
            _ => None,
        };
        let template = Template::new(tracer.mesh, question.base.clone(), tokens);
        let chain = match plan {
            Plan::Through { position, .. } => Some(*position),
            _ => None,
        };
        Ok(Self { tracer, domains, diagrams, marks, decision, asked: possible, template, chain })
    }

    /// A request of some classes, without what it need not have; none where there is no such.
    pub(super) fn example(&mut self, mut of: Diagram) -> Result<Option<Request>, TooMuch> {
        let absent: ClassSet = std::iter::once(0).collect();
        for position in 0..self.domains.len() {
            let may_be_absent = self
                .domains
                .at(position)
                .is_some_and(|(attribute, domain)| domain.may_be_absent && *attribute != Attribute::Peer);
            if !may_be_absent {
                continue;
            }
            let without = self.diagrams.test(position, &absent)?;
            let less = self.diagrams.and(of, without)?;
            if less != Diagram::NO {
                of = less;
            }
        }
        let cover = self.diagrams.cover(of, 1)?;
        Ok(cover.cubes.first().map(|cube| self.request(cube)))
    }

    fn request(&self, cube: &Cube) -> Request {
        self.template.request(&self.domains, cube)
    }

    /// The requests with a mark that are asked about.
    pub(super) fn with_mark(&mut self, mark: u32) -> Result<Diagram, TooMuch> {
        let there = self.diagrams.comes_to(self.decision, mark)?;
        let there = self.diagrams.and(there, self.asked)?;
        self.diagrams.comes_to(there.into(), 1)
    }
}

/// What is given of those who open connections.
fn given(known: &Known, outside: bool) -> Given<'_> {
    let has_identity = matches!(known.sender, Some(Sender::Ztunnel | Sender::Gateway));
    let identity = match (&known.principal, known.sender) {
        (_, None) => outside.then_some(None),
        (Some(id), _) if has_identity => Some(Some(id.as_str())),
        (_, Some(_)) => Some(None),
    };
    Given { identity, source: known.address, ..Given::default() }
}

fn fixed<'f>(plan: &'f Plan<'_>, known: &'f Known) -> Fixed<'f> {
    let Plan::Through { inner, to, .. } = plan else { return Fixed::default() };
    Fixed {
        destination: Some(Destination { address: to.ip(), port: to.port() }),
        principal: known.principal.as_deref(),
        client: known.address,
        changed: Some(&inner.changed),
        ..Fixed::default()
    }
}
