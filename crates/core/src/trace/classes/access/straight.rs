//! Connections that go past waypoints, by the policies of the workloads' ztunnels.

use std::net::{IpAddr, SocketAddr};

use decisions::{Decision, TooMuch};

use super::marks::{Mark, Marks};
use super::overlay::joined;
use crate::trace::classes::attribute::AllAsked;
use crate::trace::classes::condition::Builder;
use crate::trace::classes::ztunnel::{self, Decides, Given};
use crate::trace::ztunnel::{Guard, Guards};
use crate::trace::ztunnel_condition::ConnectionTest;

/// A workload that a connection may lead to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Guarded<'g> {
    guard: Guard<'g>,
    to: SocketAddr,
}

/// Workloads are alike that have the same policies, as far as those look at where a connection leads.
pub(super) type Alike<'g> = (&'g [usize], &'g [usize], u16, Option<IpAddr>);

impl<'g> Guarded<'g> {
    /// Nothing where no ztunnel guards the address.
    pub(super) fn new(guards: &'g Guards, to: SocketAddr) -> Option<Self> {
        Some(Self { guard: guards.guard(to.ip())?, to })
    }

    pub(super) fn alike(&self) -> Alike<'g> {
        let (denying, allowing) = self.guard.key();
        let mut looks_at_address = false;
        for policy in self.guard.denying().chain(self.guard.allowing()) {
            policy.condition.each(&mut |test| {
                looks_at_address |= matches!(test, ConnectionTest::Destination(_));
            });
        }
        (denying, allowing, self.to.port(), looks_at_address.then_some(self.to.ip()))
    }

    /// Its policies, and where it is, as data.
    pub(super) fn described(&self) -> String {
        let conditions = |policies: Vec<_>| format!("{policies:?}");
        let denying = conditions(self.guard.denying().map(|policy| &policy.condition).collect());
        let allowing = conditions(self.guard.allowing().map(|policy| &policy.condition).collect());
        format!("{} {denying} {allowing}", self.to)
    }

    fn given<'i>(&self, client: Given<'i>) -> Given<'i> {
        Given { destination: Some(self.to.ip()), port: Some(self.to.port()), ..client }
    }
}

/// Of workloads that are alike the first.
pub(super) fn distinct<'g>(all: impl IntoIterator<Item = Guarded<'g>>) -> Vec<Guarded<'g>> {
    let mut distinct: Vec<Guarded<'_>> = Vec::new();
    for guarded in all {
        if !distinct.iter().any(|other| other.alike() == guarded.alike()) {
            distinct.push(guarded);
        }
    }
    distinct
}

/// Adds everything that is asked.
pub(super) fn ask(all: &[Guarded<'_>], client: Given<'_>, asked: &mut AllAsked) {
    all.iter().for_each(|guarded| ztunnel::ask_all(guarded.guard, guarded.given(client), asked));
}

/// What tells connections apart that may lead to any of these workloads.
pub(super) fn decide(
    builder: &mut Builder<'_>,
    marks: &mut Marks,
    all: &[Guarded<'_>],
    client: Given<'_>,
) -> Result<Decision, TooMuch> {
    let mut decision = Decision::always(marks.number(Mark::Same));
    for guarded in all {
        let one =
            ztunnel::decide(builder, guarded.guard, guarded.given(client), &mut |decides| match decides {
                Decides::Denies(policy) => marks.guard(true, Some((&policy.name, policy.cause.as_ref()))),
                Decides::Allows(policy) => marks.guard(false, Some((&policy.name, policy.cause.as_ref()))),
                Decides::NothingAllows => marks.guard(false, None),
                Decides::AllowsOthers => marks.guard(true, None),
            })?;
        decision = if decision == Decision::always(marks.number(Mark::Same)) {
            one
        } else {
            joined(builder, marks, decision, one, |marks, one, other| marks.number(Mark::Both(one, other)))?
        };
    }
    Ok(decision)
}
