//! The fewest rows that say what comes of all requests of a space.

use decisions::{Condition as Diagram, Cube, TooMuch};

use super::marks::Order;
use super::space::{NoSpace, Space};
use super::{MAX_ROWS, Row};
use crate::snapshot::Cause;
use crate::trace::classes::told::conditions_among;
use crate::trace::outcome::{Chance, DecidedBy, Target, Trace, Verdict};
use crate::trace::request::{Protocol, Request};
use crate::trace::spec::RequestSpec;
use crate::trace::via::Via;

/// What comes of some requests.
pub(super) struct Outcome {
    /// The requests.
    of: Diagram,
    /// What comes of one of them.
    pub(super) trace: Trace,
    /// The rules that let them pass.
    pub(super) passed_by: Vec<Cause>,
    /// Whether files do not tell.
    pub(super) unknown: bool,
    /// What is looked at earlier comes first.
    order: Order,
}

/// What has to be the same of all requests of a row.
#[derive(PartialEq)]
struct Key<'o> {
    unknown: bool,
    chances: Vec<(u64, Verdict, Option<u16>, Option<&'o DecidedBy>)>,
    targets: Vec<(&'o str, u64, Vec<&'o str>)>,
    passed_by: &'o [Cause],
}

impl Outcome {
    fn key(&self) -> Key<'_> {
        if self.unknown {
            return Key { unknown: true, chances: Vec::new(), targets: Vec::new(), passed_by: &[] };
        }
        let chance = |chance: &'_ Chance| chance.probability.to_bits();
        let chances = self.trace.outcomes.iter().map(|one| {
            (chance(one), one.outcome.verdict, one.outcome.status, one.outcome.decided_by.as_ref())
        });
        let targets = self.trace.destinations.iter().map(|target| {
            let endpoints = target.endpoints.iter().map(|endpoint| endpoint.address.as_str()).collect();
            (target.cluster.as_str(), target.probability.to_bits(), endpoints)
        });
        Key {
            unknown: false,
            chances: chances.collect(),
            targets: targets.collect(),
            passed_by: &self.passed_by,
        }
    }
}

/// Everything that may come of the requests of a space, each once.
pub(super) fn outcomes(space: &mut Space<'_>) -> Result<Vec<Outcome>, NoSpace> {
    let mut all: Vec<Outcome> = Vec::new();
    for mark in space.diagrams.outcomes(space.decision) {
        let of = space.with_mark(mark)?;
        let Some(example) = space.example(of)? else { continue };
        let trace = space.tracer.trace(&example)?;
        let is_allowed = trace.outcomes.iter().any(|chance| chance.outcome.verdict == Verdict::Allowed);
        let passed_by = if is_allowed { space.marks.passed_by(mark) } else { Vec::new() };
        let unknown = space.marks.is_unknown(mark) || trace.verdict == Verdict::Unknown;
        let order = space.marks.order(mark);
        let outcome = Outcome { of, trace, passed_by, unknown, order };
        match all.iter_mut().find(|other| other.key() == outcome.key()) {
            Some(same) => {
                same.of = space.diagrams.or(same.of, of)?;
                same.order = outcome.order.min(std::mem::take(&mut same.order));
            }
            None => all.push(outcome),
        }
    }
    Ok(all)
}

/// The rows, each with its classes: the first that a request is in tells what comes of it.
pub(super) fn rows(space: &mut Space<'_>) -> Result<Vec<(Cube, Row)>, NoSpace> {
    let outcomes = outcomes(space)?;
    let outcomes = in_order(space, outcomes)?;
    let mut rows = Vec::new();
    let mut before = space.diagrams.not(space.asked)?;
    for outcome in &outcomes {
        let may = space.diagrams.or(before, outcome.of)?;
        let most = MAX_ROWS.saturating_sub(rows.len());
        let cover = space.diagrams.cover_within(outcome.of, may, most)?;
        for cube in &cover.cubes {
            let inside = space.diagrams.inside(cube)?;
            let own = space.diagrams.and(inside, outcome.of)?;
            let Some(example) = space.example(own)? else { continue };
            let known = (&space.domains, &space.diagrams);
            let in_words = conditions_among(known, space.asked, cube, own);
            rows.push((cube.clone(), outcome.row(in_words, space, &example)));
        }
        if !cover.is_complete {
            rows.push((Cube::default(), outcome.rest()));
            break;
        }
        before = may;
    }
    Ok(rows)
}

/// What takes the most rows comes last: it is what is left.
fn in_order(space: &mut Space<'_>, mut outcomes: Vec<Outcome>) -> Result<Vec<Outcome>, TooMuch> {
    let mut sizes = Vec::new();
    let impossible = space.diagrams.not(space.asked)?;
    for outcome in &outcomes {
        let may = space.diagrams.or(impossible, outcome.of)?;
        sizes.push(space.diagrams.cover_within(outcome.of, may, MAX_ROWS)?.cubes.len());
    }
    let last = (0..outcomes.len())
        .max_by_key(|at| (sizes.get(*at).copied(), outcomes.get(*at).map(|outcome| &outcome.order)));
    let last = last.map(|at| outcomes.remove(at));
    outcomes.sort_by(|one, other| one.order.cmp(&other.order));
    outcomes.extend(last);
    Ok(outcomes)
}

impl Outcome {
    fn row(&self, conditions: Vec<String>, space: &Space<'_>, example: &Request) -> Row {
        let trace = space.tracer.trace(example).ok();
        let same = trace.map(|trace| Self {
            of: self.of,
            unknown: self.unknown,
            trace,
            passed_by: self.passed_by.clone(),
            order: self.order.clone(),
        });
        let confirmed = same.as_ref().is_some_and(|same| same.key() == self.key());
        let told = same.as_ref().unwrap_or(self);
        let trace = &told.trace;
        let mut because: Vec<DecidedBy> = trace.decided_by.iter().cloned().collect();
        because.extend(self.passed_by.iter().cloned().map(DecidedBy));
        let reason = match (self.unknown, trace.verdict) {
            (true, Verdict::Unknown) | (false, _) => trace.reason.clone(),
            (true, _) => NOT_TOLD.to_owned(),
        };
        Row {
            conditions,
            verdict: if self.unknown { Verdict::Unknown } else { trace.verdict },
            status: trace.status.filter(|_| !self.unknown),
            reason,
            because,
            outcomes: if self.unknown || trace.outcomes.len() == 1 {
                Vec::new()
            } else {
                trace.outcomes.clone()
            },
            destinations: destinations(trace),
            example: Some(spec(example)),
            confirmed,
        }
    }

    /// What is left where there are more rows than are told.
    fn rest(&self) -> Row {
        Row {
            verdict: Verdict::Unknown,
            reason: format!("not told: more than {MAX_ROWS} rows are needed"),
            ..Row::default()
        }
    }
}

/// What is said of classes that are not decided.
const NOT_TOLD: &str = "files do not tell what comes of each of these requests";

fn destinations(trace: &Trace) -> Vec<Target> {
    let may_arrive = |chance: &Chance| matches!(chance.outcome.verdict, Verdict::Allowed | Verdict::Unknown);
    if trace.outcomes.iter().any(may_arrive) { trace.destinations.clone() } else { Vec::new() }
}

/// A request as plain data, with all that makes it what it is.
pub(super) fn spec(request: &Request) -> RequestSpec {
    let mut spec = RequestSpec::told(request);
    spec.via = (request.via != Via::Client).then(|| request.via.to_string());
    spec.protocol = match &request.protocol {
        Protocol::Tcp => Some("tcp".to_owned()),
        Protocol::Tls { sni: Some(name), .. } => Some(format!("tls:{name}")),
        Protocol::Tls { .. } => Some("tls".to_owned()),
        Protocol::Http1 | Protocol::Http2 | Protocol::Grpc => None,
    };
    spec
}

/// Rows for what cannot be decided.
pub(super) fn undecided(reason: String) -> Vec<Row> {
    vec![Row { verdict: Verdict::Unknown, reason: format!("not decided: {reason}"), ..Row::default() }]
}
