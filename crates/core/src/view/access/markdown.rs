//! Who may do what, as Markdown.

use std::fmt::Write as _;

use super::{located, words};
use crate::trace::classes::access::Access;
use crate::view::difference::{code, example};
use crate::view::origins::Places;

/// Who may do what, as Markdown: a heading for each destination, a table for each way there.
#[must_use]
pub fn markdown(access: &Access, places: &Places<'_>) -> String {
    let located = located(access, places);
    let mut page = String::new();
    for (at, destination) in access.destinations.iter().enumerate() {
        let gap = if at > 0 { "\n" } else { "" };
        // Writing to a string does not fail.
        let _ = writeln!(page, "{gap}### {}", code(&words::destination(destination)));
        for way in &destination.ways {
            let name = words::way(way, access);
            let _ = writeln!(
                page,
                "\n{name}\n\n| requests | what comes of them | why | example |\n|---|---|---|---|"
            );
            for row in &way.rows {
                let cells = [
                    words::conditions(row, way.rows.len() == 1),
                    words::comes(row),
                    words::because(row, &located),
                    row.example.as_ref().map(|spec| code(&example(spec))).unwrap_or_default(),
                ];
                let _ = writeln!(page, "| {} |", cells.map(|cell| cell.replace('|', "\\|")).join(" | "));
            }
        }
    }
    page
}
