//! SARIF, the Static Analysis Results Interchange Format, version 2.1.0.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Report, uri, with_help};
use crate::lint::{self, fingerprint};
use crate::problem::{Code, Fix, Place, Problem, Related, Replacement};
use crate::view::diagnostics::about;
use crate::view::explanation;

/// SARIF 2.1.0, as GitHub's code scanning and others read it: every code that was found with its explanation,
/// and each finding with its place, what is related to it, its fix, and a fingerprint that stays when lines
/// move.
///
/// ```
/// use waypoint_xds::problem::{Code, Problem};
/// use waypoint_xds::text::SourceFile;
/// use waypoint_xds::view::findings::{Report, sarif};
///
/// let file = SourceFile::new("shop.yaml", "kind: Pod\n");
/// let found = [Problem::new(Code::MethodCase, "no request has the method `get`")];
/// let log: serde_json::Value = serde_json::from_str(&sarif(&Report { found: &found, files: &[&file], folder: "" }))?;
/// assert_eq!(log["runs"][0]["results"][0]["ruleId"], "method-case");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[must_use]
pub fn sarif(report: &Report<'_>) -> String {
    let mut codes: Vec<Code> = report.found.iter().map(|problem| problem.code).collect();
    codes.sort_by_key(|code| code.id());
    codes.dedup();
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "waypoint-xds",
                "version": env!("CARGO_PKG_VERSION"),
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "informationUri": env!("CARGO_PKG_REPOSITORY"),
                "rules": codes.iter().map(|code| rule(*code)).collect::<Vec<_>>(),
            }},
            "columnKind": "unicodeCodePoints",
            "results": report.found.iter().map(|problem| result(report, problem, &codes)).collect::<Vec<_>>(),
        }],
    });
    format!("{log:#}\n")
}

/// A code, with the page of the rule that finds it.
fn rule(code: Code) -> Value {
    let mut rule = json!({
        "id": code.id(),
        "shortDescription": {"text": explanation::title(code)},
        "fullDescription": {"text": code.explanation()},
        "defaultConfiguration": {"level": code.severity().as_str()},
        "properties": {"tags": [code.group().as_str()]},
    });
    let page = lint::rule(code).map(|rule| rule.page);
    if let Some(rule) = rule.as_object_mut() {
        rule.insert(
            "help".into(),
            json!({"text": code.explanation(), "markdown": page.unwrap_or(code.explanation())}),
        );
        let uri = format!("{}/blob/main/docs/rules/{code}.md", env!("CARGO_PKG_REPOSITORY"));
        rule.insert("helpUri".into(), uri.into());
    }
    rule
}

fn result(report: &Report<'_>, problem: &Problem, codes: &[Code]) -> Value {
    let mut result = json!({
        "ruleId": problem.code.id(),
        "ruleIndex": codes.iter().position(|code| *code == problem.code),
        "level": problem.severity.as_str(),
        "message": {"text": with_help(problem)},
        "locations": [location(report, problem)],
        "partialFingerprints": {"waypointXds/v1": fingerprint(problem)},
    });
    if let Some(result) = result.as_object_mut() {
        let related: Vec<Value> =
            problem.related.iter().zip(1..).map(|(other, id)| related(report, other, id)).collect();
        if !related.is_empty() {
            result.insert("relatedLocations".into(), related.into());
        }
        if let Some(fix) = problem.fix.as_ref().filter(|fix| !fix.replacements.is_empty()) {
            result.insert("fixes".into(), json!([self::fix(report, fix)]));
        }
    }
    result
}

fn location(report: &Report<'_>, problem: &Problem) -> Value {
    let physical = match &problem.place {
        Some(place) => physical(report, place),
        None => {
            let uri = uri::of_path(&report.path(report.file_of(problem)));
            json!({"artifactLocation": {"uri": uri}, "region": {"startLine": 1}})
        }
    };
    let mut location = json!({"physicalLocation": physical});
    add_logical(&mut location, &about(problem.object.as_ref(), &problem.field, " "));
    location
}

fn related(report: &Report<'_>, other: &Related, id: u32) -> Value {
    let about = about(other.object.as_ref(), &other.field, " ");
    let mut location = json!({"id": id, "message": {"text": other.message}});
    if let (Some(place), Some(location)) = (&other.place, location.as_object_mut()) {
        location.insert("physicalLocation".into(), physical(report, place));
    }
    add_logical(&mut location, &about);
    location
}

/// Adds the object and field that a location is about.
fn add_logical(location: &mut Value, about: &str) {
    if let Some(location) = location.as_object_mut().filter(|_| !about.is_empty()) {
        location.insert("logicalLocations".into(), json!([{"fullyQualifiedName": about}]));
    }
}

fn physical(report: &Report<'_>, place: &Place) -> Value {
    json!({"artifactLocation": {"uri": uri::of_path(&report.path(&place.file))}, "region": region(place)})
}

fn region(place: &Place) -> Value {
    json!({
        "startLine": place.line,
        "startColumn": place.column,
        "endLine": place.end_line,
        "endColumn": place.end_column,
    })
}

fn fix(report: &Report<'_>, fix: &Fix) -> Value {
    let mut files: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for Replacement { place, text } in &fix.replacements {
        let replacement = json!({"deletedRegion": region(place), "insertedContent": {"text": text}});
        files.entry(uri::of_path(&report.path(&place.file))).or_default().push(replacement);
    }
    let changes: Vec<Value> = files
        .into_iter()
        .map(|(uri, replacements)| json!({"artifactLocation": {"uri": uri}, "replacements": replacements}))
        .collect();
    json!({"description": {"text": fix.message}, "artifactChanges": changes})
}
