//! Whose tunnels a waypoint takes.

use decisions::{Condition as Diagram, Decision, TooMuch};

use super::attribute::{AllAsked, Attribute};
use super::chain::{Sink, through};
use super::compare::Side;
use super::condition::Builder;
use super::effect::Effect;
use super::language;
use crate::mesh::WaypointName;
use crate::trace::matchers::TextTest;
use crate::trace::tunnel::Outside;

/// The listeners that end tunnels, on both sides.
pub(super) struct Clients<'a> {
    old: Option<&'a Outside>,
    new: Option<&'a Outside>,
    /// Whether they take the same.
    same: bool,
}

impl<'a> Clients<'a> {
    pub(super) fn new(waypoint: &WaypointName, old: Side<'a>, new: Side<'a>) -> Self {
        let outside = |side: Side<'a>| {
            let waypoint = side.mesh.waypoint(waypoint)?;
            side.tracer.proxy(waypoint)?.outside.as_ref()
        };
        let (old, new) = (outside(old), outside(new));
        Self { old, new, same: old.map(described) == new.map(described) }
    }

    /// Adds whose certificates are taken.
    pub(super) fn ask(&self, asked: &mut AllAsked) {
        for test in certificates(self.old).chain(certificates(self.new)) {
            asked.text(Attribute::Principal, language::named(test));
        }
    }

    /// Those who get in on either side.
    pub(super) fn possible(&self, builder: &mut Builder<'_>) -> Result<Diagram, TooMuch> {
        let (old, new) = (taken(builder, self.old)?, taken(builder, self.new)?);
        builder.diagrams.or(old, new)
    }

    /// The listener of a side, before what comes after it.
    pub(super) fn before(
        &self,
        builder: &mut Builder<'_>,
        sink: &mut Sink<'_>,
        after: Decision,
    ) -> Result<Decision, TooMuch> {
        if self.same {
            return Ok(after);
        }
        let outside = if sink.side == super::effect::Side::Old { self.old } else { self.new };
        let policies = outside.map(Outside::policies).unwrap_or_default();
        let after = through(builder, sink, policies.into(), Diagram::YES, after)?;
        let taken = taken(builder, outside)?;
        let refused = Decision::always(sink.effects.number(Effect::NoTunnel));
        builder.diagrams.choose(taken, after, refused)
    }
}

/// What a listener takes, written so that it is the same where that is.
fn described(outside: &Outside) -> (Option<String>, String) {
    (outside.certificates.as_ref().map(|tests| format!("{tests:?}")), outside.policies())
}

fn certificates(outside: Option<&Outside>) -> impl Iterator<Item = &TextTest> {
    outside.and_then(|outside| outside.certificates.as_ref()).into_iter().flatten()
}

/// Whose certificates are taken.
fn taken(builder: &mut Builder<'_>, outside: Option<&Outside>) -> Result<Diagram, TooMuch> {
    if outside.is_none_or(|outside| outside.certificates.is_none()) {
        return Ok(Diagram::YES);
    }
    let any = builder.any_principal(certificates(outside))?;
    builder.may_hold(any)
}
