//! Who may do what: as text, JSON and Markdown.

mod markdown;
mod text;
mod words;

pub use markdown::markdown;
pub use text::text;

use serde_json::Value;

use super::origins::{Located, Places};
use super::trace::Placed;
use crate::snapshot::Cause;
use crate::trace::classes::access::{Access, Row};

/// Who may do what as JSON: what [`Access`] has, with the `place` of every cause
/// (`{file, line, column, endLine}`, null where it stands nowhere).
///
/// # Errors
///
/// Those of `serde_json`; access has nothing that is no JSON.
pub fn json(access: &Access, places: &Places<'_>) -> Result<Value, serde_json::Error> {
    let mut value = serde_json::to_value(access)?;
    let placed = Placed { located: located(access, places) };
    for (at, destination) in access.destinations.iter().enumerate() {
        for (way, of_way) in destination.ways.iter().enumerate() {
            for (number, row) in of_way.rows.iter().enumerate() {
                let pointer = format!("/destinations/{at}/ways/{way}/rows/{number}");
                for (number, because) in row.because.iter().enumerate() {
                    let because_at = value.pointer_mut(&format!("{pointer}/because/{number}"));
                    placed.cause(because_at, Some(because));
                }
                for (number, chance) in row.outcomes.iter().enumerate() {
                    let by = value.pointer_mut(&format!("{pointer}/outcomes/{number}/decidedBy"));
                    placed.cause(by, chance.outcome.decided_by.as_ref());
                }
            }
        }
    }
    Ok(value)
}

/// Where everything stands that decides.
fn located<'a>(access: &'a Access, places: &Places<'_>) -> Located<'a> {
    places.locate_causes(rows(access).flat_map(causes))
}

fn rows(access: &Access) -> impl Iterator<Item = &Row> {
    access.destinations.iter().flat_map(|destination| &destination.ways).flat_map(|way| &way.rows)
}

fn causes(row: &Row) -> impl Iterator<Item = &Cause> {
    let of_outcomes = row.outcomes.iter().filter_map(|chance| chance.outcome.decided_by.as_ref());
    row.because.iter().chain(of_outcomes).map(|because| &because.0)
}
