//! The Test Anything Protocol.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::Report;
use crate::view::yaml;

/// The [Test Anything Protocol](https://testanything.org/tap-version-14-specification.html), version 14: what
/// failed has a block of YAML that tells why.
#[must_use]
pub fn tap(report: &Report) -> String {
    let errors = report.errors().count();
    let mut out = format!("TAP version 14\n1..{}\n", report.tests.len() + errors);
    let mut number = 0;
    let mut line = |name: &str, about: Option<Value>| {
        number += 1;
        let not = if about.is_some() { "not " } else { "" };
        // Writing to a string does not fail.
        let _ = writeln!(out, "{not}ok {number} - {}", described(name));
        let Some(about) = about else { return };
        let _ = writeln!(out, "  ---");
        yaml::to_string(&about).lines().for_each(|line| {
            let _ = writeln!(out, "  {line}");
        });
        let _ = writeln!(out, "  ...");
    };
    for test in &report.tests {
        let about = test.failure.as_ref().map(|failure| {
            json!({
                "at": {"file": test.file, "line": test.line},
                "message": failure.message(),
                "differences": failure.differences(),
                "way": failure.way().lines().collect::<Vec<_>>(),
            })
        });
        line(&test.name, about);
    }
    for problem in report.errors() {
        let place = problem.place.as_ref();
        let at = place.map(|place| json!({"file": place.file, "line": place.line, "column": place.column}));
        let name = place.map_or_else(String::new, |place| place.file.to_string());
        line(&name, Some(json!({"at": at, "message": problem.message})));
    }
    out
}

/// A description: one line, in which `#` starts no directive.
fn described(name: &str) -> String {
    name.replace('\\', "\\\\").replace('#', "\\#").replace(['\n', '\r'], " ")
}
