//! What came of tests, for people.

use std::fmt::Write as _;

use super::{Failure, Report, Test, shown};
use crate::expect::Difference;
use crate::view::words::counted;

/// Every test by file; of one that failed the difference of what is expected (`-`) and what came (`+`), and
/// the way of the request.
#[must_use]
pub fn text(report: &Report) -> String {
    let mut out = String::new();
    for (file, tests) in report.by_file() {
        // Writing to a string does not fail.
        let _ = writeln!(out, "{file}");
        tests.iter().for_each(|test| one(&mut out, test));
    }
    if !out.is_empty() {
        out.push('\n');
    }
    let failed = report.failed();
    let _ = write!(out, "{}: {} passed", counted(report.tests.len(), "test"), report.tests.len() - failed);
    if failed > 0 {
        let _ = write!(out, ", {failed} failed");
    }
    let errors = report.errors().count();
    if errors > 0 {
        let _ = write!(out, "; {} in files of tests", counted(errors, "error"));
    }
    out.push('\n');
    out
}

fn one(out: &mut String, test: &Test) {
    let Some(failure) = &test.failure else {
        let _ = writeln!(out, "  ✓ {}", test.name);
        return;
    };
    let _ = writeln!(out, "  ✗ {} ({}:{})", test.name, test.file, test.line);
    match failure {
        Failure::Differs { differences, .. } => differences.iter().for_each(|each| difference(out, each)),
        other => {
            let _ = writeln!(out, "    {}", other.message());
        }
    }
    for line in failure.way().lines() {
        let indent = if line.is_empty() { "" } else { "      " };
        let _ = writeln!(out, "{indent}{line}");
    }
}

fn difference(out: &mut String, Difference { field, expected, found }: &Difference) {
    let _ = writeln!(out, "    - {field}: {}", shown(expected));
    let _ = writeln!(out, "    + {field}: {}", shown(found));
}
