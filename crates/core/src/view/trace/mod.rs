//! A trace as text, as JSON, and as HTML.

mod html;
mod json;
mod text;

pub use html::html;
pub use json::json;
pub use text::text;

pub(super) use json::Placed;

use crate::snapshot::Cause;
use crate::trace::Trace;

/// Every cause that is shown.
fn causes(trace: &Trace) -> Vec<&Cause> {
    let of_steps = trace.steps.iter().flat_map(|step| {
        step.because.iter().chain(step.details.iter().filter_map(|detail| detail.because.as_ref()))
    });
    let of_outcomes = trace.outcomes.iter().filter_map(|chance| chance.outcome.decided_by.as_ref());
    of_steps.chain(of_outcomes).chain(&trace.decided_by).map(|because| &because.0).collect()
}
