//! GitLab's report of code quality.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Report, with_help};
use crate::lint::fingerprint;
use crate::problem::{Problem, Severity};

#[derive(Serialize)]
struct Issue {
    description: String,
    check_name: &'static str,
    fingerprint: String,
    severity: &'static str,
    location: Location,
}

#[derive(Serialize)]
struct Location {
    path: String,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: u32,
    end: u32,
}

/// GitLab's report of code quality, which merge requests show: a JSON array, an issue a line.
///
/// ```
/// use waypoint_xds::problem::{Code, Problem};
/// use waypoint_xds::text::SourceFile;
/// use waypoint_xds::view::findings::{Report, gitlab};
///
/// let file = SourceFile::new("./shop.yaml", "kind: Pod\n");
/// let found = [Problem::new(Code::MissingName, "no name")];
/// let issues: serde_json::Value = serde_json::from_str(&gitlab(&Report { found: &found, files: &[&file], folder: "" }))?;
/// assert_eq!(issues[0]["location"]["path"], "shop.yaml");
/// assert_eq!(issues[0]["severity"], "critical");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[must_use]
pub fn gitlab(report: &Report<'_>) -> String {
    let mut known = BTreeMap::new();
    let issues = report.found.iter().map(|problem| issue(report, problem, &mut known));
    let lines: Vec<String> = issues.filter_map(|issue| serde_json::to_string(&issue).ok()).collect();
    if lines.is_empty() { "[]\n".to_owned() } else { format!("[\n{}\n]\n", lines.join(",\n")) }
}

fn issue(report: &Report<'_>, problem: &Problem, known: &mut BTreeMap<String, usize>) -> Issue {
    let mut fingerprint = fingerprint(problem);
    // Of issues with one fingerprint GitLab shows one.
    let before = known.entry(fingerprint.clone()).or_default();
    *before += 1;
    if *before > 1 {
        fingerprint = format!("{fingerprint}-{before}");
    }
    let (begin, end) = problem.place.as_ref().map_or((1, 1), |place| (place.line, place.end_line));
    Issue {
        description: with_help(problem).replace('\n', ". "),
        check_name: problem.code.id(),
        fingerprint,
        severity: match problem.severity {
            Severity::Error => "critical",
            Severity::Warning => "major",
            Severity::Note => "info",
        },
        location: Location { path: report.path(report.file_of(problem)), lines: Lines { begin, end } },
    }
}
