//! A comparison for a terminal.

use std::fmt::Write as _;

use super::behaviour;
use super::place::Sides;
use super::{bytes, short};
use crate::diff::{
    Change, ChangedField, ConditionValue, Diff, Difference, Presence, StatusDiff, WaypointDiff,
};
use crate::problem::Problem;
use crate::trace::classes::{ClassDiff, Compared};
use crate::view::diagnostics;
use crate::view::origins::Places;
use crate::view::words::counted;

/// A comparison as text: who gets a push in a sentence, then what differs, with the lines that make the
/// difference.
#[must_use]
pub fn text(diff: &Diff, old: &Places<'_>, new: &Places<'_>) -> String {
    let sides = Sides::new(diff, old, new);
    // Without waypoints that is not what was asked for.
    let mut page =
        if diff.waypoints.is_empty() { String::new() } else { format!("push: {}\n", summary(diff)) };
    of_behaviour(diff, &sides, &mut page);
    for waypoint in diff.waypoints.iter().filter(|waypoint| is_shown(waypoint)) {
        page.push('\n');
        of_waypoint(waypoint, &sides, &mut page);
    }
    findings(diff, &mut page);
    if !diff.statuses.is_empty() {
        page.push_str("\nstatuses\n");
        diff.statuses.iter().for_each(|status| of_status(status, &sides, &mut page));
    }
    page
}

fn of_behaviour(diff: &Diff, sides: &Sides<'_>, page: &mut String) {
    if diff.behaviour.is_empty() {
        return;
    }
    // Writing to a string does not fail.
    let gap = if page.is_empty() { "" } else { "\n" };
    let _ = writeln!(page, "{gap}requests: {}", behaviour::summary(&diff.behaviour));
    for destination in diff.behaviour.iter().filter(|one| one.compared != Compared::Equal) {
        let _ = writeln!(page, "  {}", behaviour::destination(destination));
        match &destination.compared {
            Compared::Added => page.push_str("    the waypoint serves it now\n"),
            Compared::Removed => page.push_str("    the waypoint does not serve it any more\n"),
            Compared::NotDecided { reason } => {
                let _ = writeln!(page, "    not decided: {reason}");
            }
            Compared::Differs { classes, complete, undecided } => {
                classes.iter().for_each(|class| of_class(class, sides, page));
                if classes.is_empty() {
                    let _ = writeln!(page, "    {}", behaviour::NOBODY);
                }
                if let Some(reason) = undecided {
                    let _ = writeln!(page, "    not decided: {reason}");
                } else if !complete {
                    page.push_str("    and more\n");
                }
            }
            _ => {}
        }
    }
}

fn of_class(class: &ClassDiff, sides: &Sides<'_>, page: &mut String) {
    let _ = writeln!(page, "    {}", behaviour::conditions(class));
    let _ = writeln!(page, "      e.g. {}", behaviour::example(&class.example));
    for (when, came, located) in [
        ("was", &class.old, class.old.because.as_ref().map(|because| sides.old_one(because))),
        ("is", &class.new, class.new.because.as_ref().map(|because| sides.new_one(because))),
    ] {
        let from = located.map(|from| format!(", from {from}")).unwrap_or_default();
        let _ = writeln!(page, "      {when:<3} {}{from}", behaviour::came(came));
    }
    for also in &class.also {
        let _ = writeln!(page, "      and {also}");
    }
    if !class.confirmed {
        page.push_str(
            "      it goes the same way: load balancing, health checks or the like differ (see the resources)\n",
        );
    }
}

pub(super) fn is_shown(waypoint: &WaypointDiff) -> bool {
    waypoint.presence != Presence::Both || !waypoint.resources.is_empty()
}

/// Who gets how much of a push, in a sentence.
pub(super) fn summary(diff: &Diff) -> String {
    let told = diff.told().count();
    let all = diff.waypoints.len();
    if told == 0 {
        return format!("to none of {}", counted(all, "waypoint"));
    }
    let resources: usize = diff.told().map(|waypoint| waypoint.update.resources).sum();
    let sent: usize = diff.told().map(|waypoint| waypoint.update.bytes).sum();
    let sidecars = diff.sidecars;
    format!(
        "to {told} of {}, {}, {} (with sidecars: to {} in these namespaces, or to all {} in the mesh)",
        counted(all, "waypoint"),
        counted(resources, "resource"),
        bytes(sent),
        sidecars.of_namespaces,
        sidecars.of_mesh,
    )
}

/// `3 of 14 resources differ, 2.1 of 18.3 kB`.
pub(super) fn of_update(waypoint: &WaypointDiff) -> String {
    let update = waypoint.update;
    match waypoint.presence {
        Presence::Added => {
            format!("is new: {}, {}", counted(update.resources, "resource"), bytes(update.bytes))
        }
        Presence::Removed => format!("is gone, with {}", counted(update.resources, "resource")),
        Presence::Both => format!(
            "{} of {} differ, {} of {}",
            update.resources,
            counted(update.of_resources, "resource"),
            bytes(update.bytes),
            bytes(update.of_bytes),
        ),
    }
}

fn of_waypoint(waypoint: &WaypointDiff, sides: &Sides<'_>, page: &mut String) {
    // Writing to a string does not fail.
    let _ = writeln!(page, "waypoint {}: {}", waypoint.waypoint, of_update(waypoint));
    if waypoint.presence != Presence::Both {
        return;
    }
    for resource in &waypoint.resources {
        let list = resource.kind.as_str();
        let kind = list.strip_suffix('s').unwrap_or(list);
        match &resource.change {
            Change::Added { because } => {
                let _ = writeln!(page, "  + {kind} {}", resource.name);
                let _ = because
                    .iter()
                    .try_for_each(|because| writeln!(page, "      from {}", sides.new_one(because)));
            }
            Change::Removed { because } => {
                let _ = writeln!(page, "  - {kind} {}", resource.name);
                let _ = because
                    .iter()
                    .try_for_each(|because| writeln!(page, "      was from {}", sides.old_one(because)));
            }
            Change::Changed { fields } => {
                let _ = writeln!(page, "  ~ {kind} {}", resource.name);
                of_fields(fields, sides, page);
            }
        }
    }
}

/// The fields of a resource; those that one thing made stand together.
fn of_fields(fields: &[ChangedField], sides: &Sides<'_>, page: &mut String) {
    let mut before = None;
    for field in fields {
        let maker = sides.of_field(field);
        if maker != before {
            let _ = maker.iter().try_for_each(|maker| writeln!(page, "      from {maker}"));
            before = maker;
        }
        let _ = writeln!(page, "      {}", of_field(field));
    }
}

/// `/filterChains/0/name: "a" → "b"`.
pub(super) fn of_field(field: &ChangedField) -> String {
    let pointer = &field.field.pointer;
    match &field.field.way {
        Difference::Added { new } => format!("+ {pointer}: {}", short(new)),
        Difference::Removed { old } => format!("- {pointer}: {}", short(old)),
        Difference::Changed { old, new } => format!("~ {pointer}: {} → {}", short(old), short(new)),
        Difference::Moved { old, new } => {
            format!("~ {pointer}: order {} → {}", old.join(", "), new.join(", "))
        }
    }
}

fn findings(diff: &Diff, page: &mut String) {
    let findings = &diff.findings;
    if findings.introduced.is_empty() && findings.fixed.is_empty() {
        return;
    }
    let _ = writeln!(
        page,
        "\nfindings: {} new, {} fixed, {} unchanged",
        findings.introduced.len(),
        findings.fixed.len(),
        findings.unchanged,
    );
    let mut list = |sign: &str, problems: &[Problem]| {
        for line in diagnostics::concise(problems).lines() {
            let _ = writeln!(page, "  {sign} {line}");
        }
    };
    list("+", &findings.introduced);
    list("-", &findings.fixed);
}

fn of_status(status: &StatusDiff, sides: &Sides<'_>, page: &mut String) {
    let sign = match status.presence {
        Presence::Added => '+',
        Presence::Removed => '-',
        Presence::Both => '~',
    };
    let _ = writeln!(page, "  {sign} {}", status.object);
    for condition in &status.conditions {
        let of = condition.of.as_ref().map(|of| format!(" of {of}")).unwrap_or_default();
        let _ = writeln!(
            page,
            "      {}{of}: {} → {}",
            condition.condition_type,
            of_told(condition.old.as_ref()),
            of_told(condition.new.as_ref()),
        );
        if let Some(because) = condition.new.as_ref().and_then(|told| told.because.as_ref()) {
            let _ = writeln!(page, "      from {}", sides.new_one(because));
        }
    }
}

/// `True (Accepted)`, or that nothing is said.
pub(super) fn of_told(told: Option<&ConditionValue>) -> String {
    told.map_or_else(|| "nothing".to_owned(), |told| format!("{:?} ({})", told.status, told.reason))
}
