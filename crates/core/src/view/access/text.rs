//! Who may do what, for a terminal.

use std::fmt::Write as _;

use super::{located, words};
use crate::trace::classes::access::{Access, Row, WayAccess};
use crate::view::difference::example;
use crate::view::origins::{Located, Places};

/// Who may do what: for each destination and each way there its rows, with the lines that decide. Of the rows
/// of a way the first that a request is in counts.
#[must_use]
pub fn text(access: &Access, places: &Places<'_>) -> String {
    let located = located(access, places);
    let mut page = String::new();
    for (at, destination) in access.destinations.iter().enumerate() {
        let gap = if at > 0 { "\n" } else { "" };
        // Writing to a string does not fail.
        let _ = writeln!(page, "{gap}{}", words::destination(destination));
        for way in &destination.ways {
            let _ = writeln!(page, "  {}", words::way(way, access));
            of_way(way, &located, &mut page);
        }
    }
    page
}

fn of_way(way: &WayAccess, located: &Located<'_>, page: &mut String) {
    for row in &way.rows {
        let requests = words::conditions(row, way.rows.len() == 1);
        let _ = writeln!(page, "    {}: {requests}", words::comes(row));
        let _ = writeln!(page, "      {}", words::because(row, located));
        of_example(row, page);
    }
}

fn of_example(row: &Row, page: &mut String) {
    let Some(spec) = &row.example else { return };
    let doubt = if row.confirmed { "" } else { " (a trace says otherwise of it)" };
    let _ = writeln!(page, "      e.g. {}{doubt}", example(spec));
}
