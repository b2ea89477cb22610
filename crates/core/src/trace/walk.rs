//! What is noted on the way.
//!
//! There is one walk, explained or not. What is only told is made where somebody wants to hear it: see
//! [`IntoText`].

use std::borrow::Borrow;
use std::ops::ControlFlow;

use smallvec::SmallVec;

use super::answer::{Answer, Possible};
use super::compiled::Tracer;
use super::headers::Headers;
use super::outcome::{
    Chance, DecidedBy, Decision, Detail, Forwarded, Outcome, Place, Pointer, Step, Target, Trace, Verdict,
};
use super::reached::Reached;
use super::request::Request;
use super::routed::Routed;
use super::texts::{Scratch, Texts};
use crate::mesh::{Mesh, WaypointName};
use crate::snapshot::Cause;

/// Whether the walk goes on, or how it ends.
pub(super) type Flow<'a, T = ()> = ControlFlow<End<'a>, T>;

/// How a walk ends.
#[derive(Clone, Debug)]
pub(super) struct End<'a> {
    pub(super) verdict: Verdict,
    pub(super) status: Option<u16>,
    pub(super) grpc_status: Option<u16>,
    pub(super) location: Option<String>,
    /// Why; empty where nothing is explained.
    pub(super) reason: String,
    pub(super) decided_at: Place,
    pub(super) by: Option<&'a Cause>,
}

impl<'a> End<'a> {
    pub(super) fn new(verdict: Verdict, decided_at: Place, reason: impl Into<String>) -> Self {
        Self {
            verdict,
            status: None,
            grpc_status: None,
            location: None,
            reason: reason.into(),
            decided_at,
            by: None,
        }
    }

    pub(super) fn status(self, status: u16) -> Self {
        Self { status: Some(status), ..self }
    }

    pub(super) fn by(self, by: Option<&'a Cause>) -> Self {
        Self { by, ..self }
    }

    fn possible(&self, probability: f64) -> Possible<'a> {
        Possible {
            probability,
            verdict: self.verdict,
            status: self.status,
            grpc_status: self.grpc_status,
            decided_at: self.decided_at,
            decided_by: self.by,
        }
    }
}

impl From<End<'_>> for Outcome {
    fn from(end: End<'_>) -> Self {
        Self {
            verdict: end.verdict,
            status: end.status,
            grpc_status: end.grpc_status,
            location: end.location,
            reason: end.reason,
            decided_at: end.decided_at,
            decided_by: end.by.cloned().map(DecidedBy),
        }
    }
}

/// A text, or how it is made.
pub(super) trait IntoText {
    fn into_text(self) -> String;
}

impl IntoText for &str {
    fn into_text(self) -> String {
        self.to_owned()
    }
}

impl IntoText for String {
    fn into_text(self) -> String {
        self
    }
}

impl<F: FnOnce() -> String> IntoText for F {
    fn into_text(self) -> String {
        self()
    }
}

/// A walk, and what was noted.
pub(super) struct Walk<'a> {
    pub(super) tracer: Tracer<'a>,
    pub(super) mesh: &'a Mesh,
    pub(super) request: &'a Request,
    pub(super) texts: Texts<'a>,
    pub(super) waypoint: Option<&'a WaypointName>,
    /// Where the request goes.
    pub(super) reached: SmallVec<[Reached<'a>; 2]>,
    /// What may come of it by chance, and has been walked.
    decided: SmallVec<[(f64, End<'a>); 2]>,
    /// The odds of what is still to be walked.
    remaining: f64,
    /// What is not known and may refuse the request: the first of it.
    may_refuse: Option<String>,
    /// What is not known and may do anything: the first of it.
    may_change: Option<String>,
    /// What is told of it; nothing where nothing is explained.
    notes: Option<Notes>,
}

/// What is told of a walk.
#[derive(Default)]
struct Notes {
    route: Option<Routed>,
    steps: Vec<Step>,
    caveats: Vec<String>,
    mirrors: Vec<Target>,
    /// The request as it goes on.
    forwarded: Option<Forwarded>,
}

impl<'a> Walk<'a> {
    pub(super) fn new(
        tracer: Tracer<'a>,
        request: &'a Request,
        scratch: &'a mut Scratch,
        explains: bool,
    ) -> Self {
        Self {
            tracer,
            mesh: tracer.mesh,
            request,
            texts: scratch.texts(),
            waypoint: None,
            reached: SmallVec::new(),
            decided: SmallVec::new(),
            remaining: 1.0,
            may_refuse: None,
            may_change: None,
            notes: explains.then(Notes::default),
        }
    }

    /// Whether anybody wants to hear why.
    pub(super) const fn explains(&self) -> bool {
        self.notes.is_some()
    }

    /// A text that is told; empty where nothing is explained.
    pub(super) fn say(&self, text: impl IntoText) -> String {
        if self.explains() { text.into_text() } else { String::new() }
    }

    /// Notes a step, which is there to be completed.
    pub(super) fn step(
        &mut self,
        at: Place,
        what: impl IntoText,
        decision: Decision,
        text: impl IntoText,
    ) -> Noted<'_> {
        let Some(notes) = &mut self.notes else { return Noted(None) };
        notes.steps.push(Step {
            at,
            what: what.into_text(),
            resource: None,
            decision,
            text: text.into_text(),
            because: Vec::new(),
            details: Vec::new(),
        });
        Noted(notes.steps.last_mut())
    }

    pub(super) fn caveat(&mut self, text: impl IntoText) {
        let Some(notes) = &mut self.notes else { return };
        let text = text.into_text();
        if !notes.caveats.contains(&text) {
            notes.caveats.push(text);
        }
    }

    /// Notes the route that is taken.
    pub(super) fn routed(&mut self, route: impl FnOnce() -> Routed) {
        if let Some(notes) = &mut self.notes {
            notes.route = Some(route());
        }
    }

    /// Notes a copy of the request.
    pub(super) fn mirror(&mut self, target: impl FnOnce() -> Target) {
        if let Some(notes) = &mut self.notes {
            notes.mirrors.push(target());
        }
    }

    /// Notes the request as it goes on.
    pub(super) fn forward(&mut self, headers: &Headers<'_>) {
        if let Some(notes) = &mut self.notes {
            notes.forwarded = Some(headers.forwarded());
        }
    }

    /// Something that may refuse the request, and is not known to.
    pub(super) fn may_refuse(&mut self, text: impl IntoText) {
        if self.may_refuse.is_none() {
            self.may_refuse = Some(self.say(text));
        }
    }

    /// Something that may do anything.
    pub(super) fn may_change(&mut self, text: impl IntoText) {
        if self.may_change.is_none() {
            self.may_change = Some(self.say(text));
        }
    }

    /// Something that may come of what is still to be walked, by chance.
    pub(super) fn by_chance(&mut self, probability: f64, end: End<'a>) {
        let end = self.qualified(end);
        self.decided.push((self.remaining * probability, end));
        self.remaining *= 1.0 - probability;
    }

    /// An end with what is not known on the way to it.
    fn qualified(&self, end: End<'a>) -> End<'a> {
        let unknown = match end.verdict {
            // Whoever refuses first: it is refused.
            Verdict::Denied | Verdict::Unknown => self.may_change.as_ref(),
            _ => self.may_change.as_ref().or(self.may_refuse.as_ref()),
        };
        let Some(unknown) = unknown.filter(|_| end.verdict != Verdict::Unknown) else { return end };
        let reason = self.say(|| format!("{unknown}; otherwise: {}", end.reason));
        End::new(Verdict::Unknown, end.decided_at, reason)
    }

    /// The result of a walk that has ended.
    pub(super) fn end(mut self, end: End<'a>) -> Ended<'a> {
        if self.remaining > 0.0 {
            let end = self.qualified(end);
            self.decided.push((self.remaining, end));
        }
        let mut outcomes = self.decided;
        outcomes.sort_by(|(a, _), (b, _)| b.total_cmp(a));
        Ended { mesh: self.mesh, waypoint: self.waypoint, outcomes, reached: self.reached, notes: self.notes }
    }
}

/// A walk that has ended.
pub(super) struct Ended<'a> {
    mesh: &'a Mesh,
    waypoint: Option<&'a WaypointName>,
    /// The likeliest first.
    outcomes: SmallVec<[(f64, End<'a>); 2]>,
    reached: SmallVec<[Reached<'a>; 2]>,
    notes: Option<Notes>,
}

impl<'a> Ended<'a> {
    /// What comes of the request.
    pub(super) fn answer(self) -> Answer<'a> {
        let outcomes = self.outcomes.iter().map(|(probability, end)| end.possible(*probability));
        Answer::new(self.waypoint, outcomes.collect(), self.reached)
    }

    /// What comes of the request, and why.
    pub(super) fn trace(self) -> Trace {
        let notes = self.notes.unwrap_or_default();
        let chance = |(probability, end): (f64, End<'_>)| Chance { probability, outcome: end.into() };
        let outcomes: Vec<Chance> = self.outcomes.into_iter().map(chance).collect();
        let likeliest = outcomes.first().map(|chance| chance.outcome.clone());
        let likeliest = likeliest
            .unwrap_or_else(|| End::new(Verdict::Unknown, Place::Client, "nothing was walked").into());
        let arrives = outcomes
            .iter()
            .any(|chance| matches!(chance.outcome.verdict, Verdict::Allowed | Verdict::Unknown));
        Trace {
            verdict: likeliest.verdict,
            status: likeliest.status,
            grpc_status: likeliest.grpc_status,
            reason: likeliest.reason,
            decided_at: likeliest.decided_at,
            decided_by: likeliest.decided_by,
            waypoint: self.waypoint.map(ToString::to_string),
            route: notes.route,
            outcomes,
            destinations: self.reached.iter().map(|reached| reached.target(self.mesh)).collect(),
            mirrors: notes.mirrors,
            request: notes.forwarded.filter(|_| arrives),
            caveats: notes.caveats,
            steps: notes.steps,
        }
    }
}

/// A step that was noted.
pub(super) struct Noted<'w>(Option<&'w mut Step>);

impl Noted<'_> {
    /// The resource that it is about.
    pub(super) fn of(self, name: &str, pointer: &str) -> Self {
        self.change(|step| {
            step.resource = Some(Pointer { name: name.to_owned(), pointer: pointer.to_owned() });
        })
    }

    /// The resource that it is about, and a field below a pointer.
    pub(super) fn at(self, name: &str, pointer: &str, field: &str) -> Self {
        self.change(|step| {
            step.resource = Some(Pointer { name: name.to_owned(), pointer: [pointer, field].concat() });
        })
    }

    pub(super) fn because(self, causes: impl IntoIterator<Item: Borrow<Cause>>) -> Self {
        self.change(|step| {
            step.because.extend(causes.into_iter().map(|cause| DecidedBy(cause.borrow().clone())));
        })
    }

    pub(super) fn details(self, details: impl FnOnce() -> Vec<Detail>) -> Self {
        self.change(|step| step.details = details())
    }

    fn change(mut self, change: impl FnOnce(&mut Step)) -> Self {
        if let Some(step) = &mut self.0 {
            change(step);
        }
        self
    }
}
