//! The comparison of sidecars and waypoints as a table.

use crate::cost::{Change, Cost, Distribution, NamespaceCost};
use crate::view::table::Table;

/// The columns.
const HEADER: [&str; 8] = [
    "NAMESPACE",
    "SERVICES",
    "SIDECARS",
    "WAYPOINTS",
    "SIDECAR CONFIG",
    "WAYPOINT CONFIG",
    "WAYPOINTS/SIDECARS",
    "PUSHES PER CHANGE",
];
const PADDING: usize = 3;

/// One row per namespace and one for all, as in the article, and what one changed Service costs.
#[must_use]
pub fn table(cost: &Cost) -> Table {
    let mut table = Table::new(&HEADER, PADDING);
    table.rows.extend(cost.namespaces.iter().map(row_of));
    let sum = |count: fn(&NamespaceCost) -> u64| grouped(cost.namespaces.iter().map(count).sum());
    let counts = [sum(|n| n.services), sum(|n| n.sidecars), sum(|n| n.waypoints)];
    table.rows.push(row("TOTAL".to_owned(), counts, cost.total, String::new()));
    table
}

/// The row of one namespace alone.
#[must_use]
pub fn of_namespace(namespace: &NamespaceCost) -> Table {
    let mut table = Table::new(&HEADER, PADDING);
    table.rows.push(row_of(namespace));
    table
}

fn row_of(namespace: &NamespaceCost) -> Vec<String> {
    let counts = [namespace.services, namespace.sidecars, namespace.waypoints].map(grouped);
    row(namespace.namespace.to_string(), counts, namespace.distribution, pushes(namespace.change))
}

/// Who gets a push when one Service changes: `250 sidecars or 2 waypoints`.
#[must_use]
pub fn pushes(change: Change) -> String {
    format!("{} or {}", counted(change.sidecars, "sidecar"), counted(change.waypoints, "waypoint"))
}

fn row(
    name: String,
    [services, sidecars, waypoints]: [String; 3],
    both: Distribution,
    pushes: String,
) -> Vec<String> {
    let (sidecar, waypoint) = (grouped(both.sidecars), grouped(both.waypoints));
    vec![name, services, sidecars, waypoints, sidecar, waypoint, percent(both), pushes]
}

/// Waypoints' share, `0.8 %`, without decimals where there are none: `25 %`.
#[must_use]
pub fn percent(both: Distribution) -> String {
    match both.percent() {
        None => "-".to_owned(),
        Some(percent) if percent == percent.round() => format!("{percent:.0} %"),
        Some(percent) if percent < 0.1 => format!("{percent:.3} %"),
        Some(percent) => format!("{percent:.1} %"),
    }
}

pub(super) fn counted(number: u64, noun: &str) -> String {
    format!("{} {noun}{}", grouped(number), if number == 1 { "" } else { "s" })
}

/// With commas between groups of three digits.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        assert_eq!([0, 100, 12_500, 1_234_567].map(grouped), ["0", "100", "12,500", "1,234,567"]);
    }

    #[test]
    fn percents_have_the_decimals_that_they_need() {
        let percent_of = |waypoints, sidecars| percent(Distribution { sidecars, waypoints });
        assert_eq!([percent_of(100, 12_500), percent_of(4, 16), percent_of(1, 0)], ["0.8 %", "25 %", "-"]);
    }
}
