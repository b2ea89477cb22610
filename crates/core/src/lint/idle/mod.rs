//! What never decides anything, at any waypoint: matches of routes, and rules of policies. It is proved, or
//! not said.
//!
//! A look at the objects tells what may be so at all, and hardly anything of a mesh may. Of that the chains
//! of all waypoints are asked: what decides in one of them decides.

mod overlap;
mod policies;
mod routes;

use std::collections::BTreeMap;

pub(crate) use policies::policies;
pub(crate) use routes::{IdleMatch, routes};

use crate::snapshot::Cause;
use crate::trace::classes::idle::Element;
pub(crate) use crate::trace::classes::idle::Idle;

/// What is known of some routes or rules while chain after chain is asked.
#[derive(Debug, Default)]
struct Tally(BTreeMap<Cause, State>);

#[derive(Debug, Default)]
enum State {
    /// It was in no chain yet.
    #[default]
    Unseen,
    /// Idle in all chains so far.
    Idle(Idle),
    /// It decides somewhere, or it is not proved that it does not.
    Decides,
}

impl Tally {
    fn add(&mut self, candidate: Cause) {
        self.0.entry(candidate).or_default();
    }

    /// Whether it is still open whether something is idle.
    fn is_open(&self, cause: &Cause) -> bool {
        self.0.get(cause).is_some_and(|state| !matches!(state, State::Decides))
    }

    /// Notes what is so in a chain.
    fn note(&mut self, Element { cause, idle }: &Element) {
        let Some(state) = self.0.get_mut(cause) else { return };
        *state = match (std::mem::take(state), idle) {
            (State::Decides, _) | (_, None) => State::Decides,
            (State::Unseen, Some(idle)) => State::Idle(idle.clone()),
            // What others do as well in one chain is less than what is refused in another.
            (State::Idle(before), Some(idle)) => State::Idle(before.max(idle.clone())),
        };
    }

    fn decides(&mut self, cause: &Cause) {
        self.note(&Element { cause: cause.clone(), idle: None });
    }

    /// What is idle in all chains that have it.
    fn idle(self) -> BTreeMap<Cause, Idle> {
        let idle = self.0.into_iter().filter_map(|(cause, state)| match state {
            State::Idle(idle) => Some((cause, idle)),
            State::Unseen | State::Decides => None,
        });
        idle.collect()
    }
}
