//! What is noted on the way.

use std::ops::ControlFlow;

use super::headers::Headers;
use super::outcome::{
    Because, Chance, Decision, Detail, Outcome, Place, Pointer, Step, Target, Trace, Verdict,
};
use super::request::Request;
use super::routed::Routed;
use crate::mesh::Mesh;
use crate::snapshot::Cause;
use crate::translation::Translation;

/// Whether the walk goes on, or how it ends.
pub(super) type Flow<T = ()> = ControlFlow<Outcome, T>;

/// A walk, and what was noted.
pub(super) struct Walk<'a> {
    pub(super) mesh: &'a Mesh,
    pub(super) translation: &'a Translation,
    pub(super) request: &'a Request,
    pub(super) waypoint: Option<String>,
    pub(super) route: Option<Routed>,
    pub(super) steps: Vec<Step>,
    pub(super) caveats: Vec<String>,
    pub(super) destinations: Vec<Target>,
    pub(super) mirrors: Vec<Target>,
    /// The request as it goes on.
    pub(super) forwarded: Option<Headers>,
    /// What may come of it by chance, and has been walked.
    decided: Vec<Chance>,
    /// The odds of what is still to be walked.
    remaining: f64,
    /// What is not known and may refuse the request.
    may_refuse: Vec<String>,
    /// What is not known and may do anything.
    may_change: Vec<String>,
}

impl<'a> Walk<'a> {
    pub(super) fn new(mesh: &'a Mesh, translation: &'a Translation, request: &'a Request) -> Self {
        Self {
            mesh,
            translation,
            request,
            waypoint: None,
            route: None,
            steps: Vec::new(),
            caveats: Vec::new(),
            destinations: Vec::new(),
            mirrors: Vec::new(),
            forwarded: None,
            decided: Vec::new(),
            remaining: 1.0,
            may_refuse: Vec::new(),
            may_change: Vec::new(),
        }
    }

    /// Notes a step; the last one is there to be completed.
    pub(super) fn step(
        &mut self,
        at: Place,
        what: impl Into<String>,
        decision: Decision,
        text: impl Into<String>,
    ) -> Noted<'_> {
        self.steps.push(Step {
            at,
            what: what.into(),
            resource: None,
            decision,
            text: text.into(),
            because: Vec::new(),
            details: Vec::new(),
        });
        Noted(self.steps.last_mut())
    }

    pub(super) fn caveat(&mut self, text: impl Into<String>) {
        let text = text.into();
        if !self.caveats.contains(&text) {
            self.caveats.push(text);
        }
    }

    /// Something that may refuse the request, and is not known to.
    pub(super) fn may_refuse(&mut self, text: impl Into<String>) {
        self.may_refuse.push(text.into());
    }

    /// Something that may do anything.
    pub(super) fn may_change(&mut self, text: impl Into<String>) {
        self.may_change.push(text.into());
    }

    /// Something that may come of what is still to be walked, by chance; whether anything is left then.
    pub(super) fn by_chance(&mut self, probability: f64, outcome: Outcome) -> bool {
        let outcome = self.qualified(outcome);
        self.decided.push(Chance { probability: self.remaining * probability, outcome });
        self.remaining *= 1.0 - probability;
        self.remaining > 0.0
    }

    /// An outcome with what is not known on the way to it.
    fn qualified(&self, outcome: Outcome) -> Outcome {
        let unknown = match outcome.verdict {
            // Whoever refuses first: it is refused.
            Verdict::Denied | Verdict::Unknown => self.may_change.first(),
            _ => self.may_change.first().or(self.may_refuse.first()),
        };
        let Some(unknown) = unknown.filter(|_| outcome.verdict != Verdict::Unknown) else { return outcome };
        let reason = format!("{unknown}; otherwise: {}", outcome.reason);
        Outcome {
            verdict: Verdict::Unknown,
            reason,
            ..Outcome::new(Verdict::Unknown, outcome.decided_at, "")
        }
    }

    /// The trace of a walk that has ended.
    pub(super) fn end(mut self, outcome: Outcome) -> Trace {
        if self.remaining > 0.0 {
            let outcome = self.qualified(outcome);
            self.decided.push(Chance { probability: self.remaining, outcome });
        }
        let mut outcomes = self.decided;
        outcomes.sort_by(|a, b| b.probability.total_cmp(&a.probability));
        let likeliest = outcomes.first().map(|chance| chance.outcome.clone());
        let likeliest =
            likeliest.unwrap_or_else(|| Outcome::new(Verdict::Unknown, Place::Client, "nothing was walked"));
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
            waypoint: self.waypoint,
            route: self.route,
            outcomes,
            destinations: self.destinations,
            mirrors: self.mirrors,
            request: self.forwarded.filter(|_| arrives).map(|headers| headers.forwarded()),
            caveats: self.caveats,
            steps: self.steps,
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

    pub(super) fn because(self, causes: impl IntoIterator<Item = Cause>) -> Self {
        self.change(|step| step.because.extend(causes.into_iter().map(Because)))
    }

    pub(super) fn details(self, details: Vec<Detail>) -> Self {
        self.change(|step| step.details = details)
    }

    fn change(mut self, change: impl FnOnce(&mut Step)) -> Self {
        if let Some(step) = &mut self.0 {
            change(step);
        }
        self
    }
}
