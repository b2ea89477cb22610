//! A trace as JSON.

use serde_json::{Value, json};

use super::causes;
use crate::trace::{DecidedBy, Trace};
use crate::view::origins::{Located, Places};

/// A trace as JSON: what [`Trace`] has, with the `place` of every cause (`{file, line, column, endLine}`,
/// null where it stands nowhere).
///
/// # Errors
///
/// Those of `serde_json`; a trace has nothing that is no JSON.
pub fn json(trace: &Trace, places: &Places<'_>) -> Result<Value, serde_json::Error> {
    let mut value = serde_json::to_value(trace)?;
    let located = places.locate_causes(causes(trace));
    let placed = Placed { located };
    placed.cause(value.get_mut("decidedBy"), trace.decided_by.as_ref());
    for (at, chance) in trace.outcomes.iter().enumerate() {
        let by = value.pointer_mut(&format!("/outcomes/{at}/decidedBy"));
        placed.cause(by, chance.outcome.decided_by.as_ref());
    }
    for (at, step) in trace.steps.iter().enumerate() {
        for (number, because) in step.because.iter().enumerate() {
            placed.cause(value.pointer_mut(&format!("/steps/{at}/because/{number}")), Some(because));
        }
        for (number, detail) in step.details.iter().enumerate() {
            let because = value.pointer_mut(&format!("/steps/{at}/details/{number}/because"));
            placed.cause(because, detail.because.as_ref());
        }
    }
    Ok(value)
}

/// Where causes stand, to be added to their JSON.
pub(in crate::view) struct Placed<'a> {
    pub(in crate::view) located: Located<'a>,
}

impl Placed<'_> {
    /// Adds the place of a cause to its JSON.
    pub(in crate::view) fn cause(&self, value: Option<&mut Value>, because: Option<&DecidedBy>) {
        let (Some(Value::Object(fields)), Some(DecidedBy(cause))) = (value, because) else { return };
        let maker = self.located.maker(cause);
        let place = maker.file.as_ref().map(|file| {
            json!({"file": file, "line": maker.line, "column": maker.column, "endLine": maker.end_line})
        });
        fields.insert("place".to_owned(), place.unwrap_or_default());
    }
}
