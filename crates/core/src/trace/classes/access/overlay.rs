//! One decision laid over another.

use decisions::{Decision, TooMuch};

use super::marks::{Mark, Marks};
use crate::hash::HashMap;
use crate::trace::classes::condition::Builder;

/// What comes first, and where that is nothing, what comes after it.
pub(super) fn overlay(
    builder: &mut Builder<'_>,
    marks: &mut Marks,
    first: Decision,
    after: Decision,
) -> Result<Decision, TooMuch> {
    joined(builder, marks, first, after, |marks, first, after| match marks.get(first) {
        Some(Mark::Nothing) => after,
        Some(Mark::Fault { route, .. }) => {
            let route = *route;
            marks.number(Mark::Fault { route, after })
        }
        _ => first,
    })
}

/// What two decisions come to together.
pub(super) fn joined(
    builder: &mut Builder<'_>,
    marks: &mut Marks,
    one: Decision,
    other: Decision,
    mut join: impl FnMut(&mut Marks, u32, u32) -> u32,
) -> Result<Decision, TooMuch> {
    let pairs = builder.diagrams.pairs(one, other)?;
    let mut joined: HashMap<u32, u32> = HashMap::default();
    for number in builder.diagrams.outcomes(pairs) {
        if let Some((one, other)) = builder.diagrams.pair(number) {
            joined.insert(number, join(marks, one, other));
        }
    }
    let unknown = marks.number(Mark::Unknown);
    builder.diagrams.map(pairs, &mut |number| joined.get(&number).copied().unwrap_or(unknown))
}
