//! What was changed, as `diff -u` tells it.

use similar::TextDiff;
use waypoint_xds::snapshot::Files;

/// The differences of files that have the same names, in their order.
pub(super) fn unified(before: &Files, after: &Files) -> String {
    let changed = before.iter().zip(after).filter(|(before, after)| before.text() != after.text());
    changed
        .map(|(before, after)| {
            let difference = TextDiff::from_lines(before.text(), after.text());
            difference.unified_diff().context_radius(3).header(before.name(), after.name()).to_string()
        })
        .collect()
}
