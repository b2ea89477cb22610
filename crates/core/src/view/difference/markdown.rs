//! A comparison as the Markdown of a comment on a pull request.

use std::fmt::Write as _;

use super::behaviour;
use super::place::Sides;
use super::text::{is_shown, of_field, of_told, of_update, summary};
use crate::diff::{Change, Diff, Presence, WaypointDiff};
use crate::problem::Problem;
use crate::trace::classes::{Came, ClassDiff, Compared};
use crate::view::diagnostics;
use crate::view::origins::Places;

/// Lists longer than this are folded.
const FOLDED: usize = 5;

/// A comparison as Markdown: who gets a push, a table of waypoints, then what differs, long lists folded.
#[must_use]
pub fn markdown(diff: &Diff, old: &Places<'_>, new: &Places<'_>) -> String {
    let sides = Sides::new(diff, old, new);
    let mut page = "### waypoint-xds\n".to_owned();
    if !diff.waypoints.is_empty() {
        // Writing to a string does not fail.
        let _ = writeln!(page, "\n**Push:** {}.", summary(diff));
    }
    let shown: Vec<&WaypointDiff> = diff.waypoints.iter().filter(|waypoint| is_shown(waypoint)).collect();
    if !shown.is_empty() {
        page.push_str("\n| waypoint | |\n|---|---|\n");
        for waypoint in &shown {
            let _ = writeln!(page, "| `{}` | {} |", waypoint.waypoint, of_update(waypoint));
        }
    }
    of_behaviour(diff, &sides, &mut page);
    for waypoint in shown.into_iter().filter(|waypoint| waypoint.presence == Presence::Both) {
        let entries: Vec<String> = resources(waypoint, &sides);
        section(&format!("Resources of `{}`", waypoint.waypoint), &entries, &mut page);
    }
    let findings = &diff.findings;
    section("New findings", &problems(&findings.introduced), &mut page);
    section("Fixed findings", &problems(&findings.fixed), &mut page);
    let conditions = diff.statuses.iter().flat_map(|status| {
        status.conditions.iter().map(move |condition| {
            let of = condition.of.as_ref().map(|of| format!(" of {of}")).unwrap_or_default();
            let (old, new) = (of_told(condition.old.as_ref()), of_told(condition.new.as_ref()));
            format!("- `{}` {}{of}: {old} → {new}\n", status.object, condition.condition_type)
        })
    });
    section("Statuses", &conditions.collect::<Vec<_>>(), &mut page);
    page
}

/// What differs for requests: a row for each class.
fn of_behaviour(diff: &Diff, sides: &Sides<'_>, page: &mut String) {
    if diff.behaviour.is_empty() {
        return;
    }
    let _ = writeln!(page, "\n**Requests:** {}.", behaviour::summary(&diff.behaviour));
    let mut rows = Vec::new();
    for destination in diff.behaviour.iter().filter(|one| one.compared != Compared::Equal) {
        let name = behaviour::destination(destination);
        match &destination.compared {
            Compared::Added => rows.push(format!("| {name} | | not served | served | |\n")),
            Compared::Removed => rows.push(format!("| {name} | | served | not served | |\n")),
            Compared::NotDecided { reason } => {
                rows.push(format!("| {name} | not decided: {reason} | | | |\n"))
            }
            Compared::Differs { classes, .. } if classes.is_empty() => {
                rows.push(format!("| {name} | {} | | | |\n", behaviour::NOBODY));
            }
            Compared::Differs { classes, .. } => {
                rows.extend(classes.iter().map(|class| row(&name, class, sides)))
            }
            _ => {}
        }
    }
    if !rows.is_empty() {
        let table =
            format!("| destination | where | was | is | example |\n|---|---|---|---|---|\n{}", rows.concat());
        let _ = if rows.len() > FOLDED {
            write!(
                page,
                "\n<details><summary>{} classes of requests</summary>\n\n{table}\n</details>\n",
                rows.len()
            )
        } else {
            write!(page, "\n{table}")
        };
    }
}

fn row(name: &str, class: &ClassDiff, sides: &Sides<'_>) -> String {
    let told = |came: &Came, from: Option<String>| {
        let from = from.map(|from| format!(" ({from})")).unwrap_or_default();
        format!("{}{from}", behaviour::came(came))
    };
    let old = told(&class.old, class.old.because.as_ref().map(|because| sides.old_one(because)));
    let new = told(&class.new, class.new.because.as_ref().map(|because| sides.new_one(because)));
    let new = std::iter::once(new).chain(class.also.iter().cloned()).collect::<Vec<_>>().join("; ");
    let cells =
        [name.to_owned(), behaviour::conditions(class), old, new, code(&behaviour::example(&class.example))];
    format!("| {} |\n", cells.map(|cell| cell.replace('|', "\\|")).join(" | "))
}

/// A heading and a list, which is folded if it is long.
fn section(title: &str, entries: &[String], page: &mut String) {
    if entries.is_empty() {
        return;
    }
    let count = entries.len();
    let list = entries.concat();
    let _ = if count > FOLDED {
        write!(page, "\n<details><summary>{title} ({count})</summary>\n\n{list}\n</details>\n")
    } else {
        write!(page, "\n**{title}**\n\n{list}")
    };
}

fn resources(waypoint: &WaypointDiff, sides: &Sides<'_>) -> Vec<String> {
    let entries = waypoint.resources.iter().map(|resource| {
        let (kind, name) = (resource.kind.as_str(), code(&resource.name));
        match &resource.change {
            Change::Added { because } => {
                let from = because.as_ref().map(|because| format!(", from {}", sides.new_one(because)));
                format!("- {kind}: {name} is new{}\n", from.unwrap_or_default())
            }
            Change::Removed { because } => {
                let from = because.as_ref().map(|because| format!(", was from {}", sides.old_one(because)));
                format!("- {kind}: {name} is gone{}\n", from.unwrap_or_default())
            }
            Change::Changed { fields } => {
                let mut entry = format!("- {kind}: {name}\n");
                for field in fields {
                    let from =
                        sides.of_field(field).map(|maker| format!(" from {maker}")).unwrap_or_default();
                    let _ = writeln!(entry, "  - {}{from}", code(&of_field(field)));
                }
                entry
            }
        }
    });
    entries.collect()
}

/// Text as code, whatever backticks it has.
pub(in crate::view) fn code(text: &str) -> String {
    let mut fence = "`".to_owned();
    while text.contains(&fence) {
        fence.push('`');
    }
    let gap = if fence.len() > 1 { " " } else { "" };
    format!("{fence}{gap}{text}{gap}{fence}")
}

fn problems(problems: &[Problem]) -> Vec<String> {
    diagnostics::concise(problems).lines().map(|line| format!("- {line}\n")).collect()
}
