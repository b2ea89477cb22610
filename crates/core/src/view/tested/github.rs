//! GitHub's workflow commands.

use std::fmt::Write as _;

use super::{Report, Test};
use crate::problem::Place;
use crate::view::diagnostics::{self, data, property};

/// GitHub's workflow commands, which show what failed in a pull request's changes: at the first field that is
/// not met.
#[must_use]
pub fn github(report: &Report) -> String {
    let mut out = String::new();
    for test in &report.tests {
        let Some(failure) = &test.failure else { continue };
        let line = place(test).map_or(test.line, |place| place.line);
        // Writing to a string does not fail.
        let _ = writeln!(
            out,
            "::error file={},line={line},title={}::{}",
            property(&test.file),
            property(&test.name),
            data(&failure.message())
        );
    }
    out + &diagnostics::github(&report.problems)
}

/// Where the first field stands that is not met.
fn place(test: &Test) -> Option<&Place> {
    let first = test.failure.as_ref()?.differences().first()?;
    test.fields.get(&first.field)
}
