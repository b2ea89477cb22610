//! Expectations from what comes now, written into the file of tests.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::file::Case;
use super::{compare, found};
use crate::limits::Limits;
use crate::problem::Place;
use crate::text::edit::{self, TextEdit};
use crate::text::{Node, SourceFile, documents};
use crate::trace::{Trace, Verdict};

/// A file of tests with what was recorded.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Recorded {
    /// The file, with its comments and its layout.
    pub file: SourceFile,
    /// How many tests were changed.
    pub tests: usize,
    /// Tests that could not be, and why: lower case, no full stop.
    pub left: Vec<(Place, String)>,
}

/// A case and what came of it, with the position of its document in the file.
pub type Came<'c> = (usize, &'c Case, &'c Trace);

/// Writes what comes of requests into their tests: of a test that expects nothing its verdict, status, who
/// decided and where it goes; of another one those fields that are not met. What differs between the variants
/// of a test is left as it is.
#[must_use]
pub fn record<'c>(file: &SourceFile, limits: &Limits, came: impl IntoIterator<Item = Came<'c>>) -> Recorded {
    let mut tests: BTreeMap<(usize, usize), Vec<(&Case, &Trace)>> = BTreeMap::new();
    for (document, case, trace) in came {
        tests.entry((document, case.position.0)).or_default().push((case, trace));
    }
    let mut recorded = Recorded { file: file.clone(), tests: 0, left: Vec::new() };
    for ((document, test), variants) in tests {
        let Some(place) = variants.first().map(|(case, _)| case.place.clone()) else { continue };
        let (changes, varying) = changes(&variants);
        if !varying.is_empty() {
            let why = format!("what comes differs between the variants: {}", varying.join(", "));
            recorded.left.push((place.clone(), why));
        }
        let mut changed = false;
        for (field, value) in changes {
            match written(&recorded.file, limits, (document, test), (&field, value.as_ref())) {
                Some(file) => {
                    recorded.file = file;
                    changed = true;
                }
                None => {
                    let why = format!("{field} cannot be written into a text like this");
                    recorded.left.push((place.clone(), why));
                }
            }
        }
        recorded.tests += usize::from(changed);
    }
    recorded
}

/// What becomes of the fields of an expectation: a value, or nothing. And the fields that differ between
/// variants.
fn changes(variants: &[(&Case, &Trace)]) -> (Vec<(String, Option<Value>)>, Vec<String>) {
    let fields: BTreeMap<String, Vec<Option<Value>>> =
        variants.iter().fold(BTreeMap::new(), |mut all, (case, trace)| {
            for (field, value) in changes_of(case, trace) {
                all.entry(field).or_insert_with(Vec::new).push(value);
            }
            all
        });
    let (mut changes, mut varying) = (Vec::new(), Vec::new());
    for (field, values) in fields {
        match values.first() {
            Some(first) if values.len() == variants.len() && values.iter().all(|value| value == first) => {
                changes.push((field, first.clone()));
            }
            _ => varying.push(field),
        }
    }
    // As they are printed, not by name.
    changes.sort_by_key(|(field, _)| FIELDS.iter().position(|known| known == field));
    (changes, varying)
}

/// The fields that are recorded where nothing is expected yet, in their order.
const FIELDS: [&str; 6] = ["verdict", "status", "grpcStatus", "decidedBy", "location", "destinations"];

fn changes_of(case: &Case, trace: &Trace) -> Vec<(String, Option<Value>)> {
    if case.written.is_empty() {
        let known = FIELDS.into_iter().map(|field| (field, found::of(field, trace, None)));
        let said = known.filter(|(field, value)| match *field {
            "destinations" => trace.verdict == Verdict::Allowed && *value != Value::Array(Vec::new()),
            _ => *value != "none",
        });
        return said.map(|(field, value)| (field.to_owned(), Some(short(field, value)))).collect();
    }
    let differences = compare::differences(&case.expected, &case.written, trace);
    differences
        .into_iter()
        .map(|difference| changed(&difference.field, &difference.expected, difference.found))
        .collect()
}

/// What becomes of a field that is not met.
fn changed(field: &str, expected: &Value, found: Value) -> (String, Option<Value>) {
    let is_number = matches!(field, "status" | "grpcStatus");
    let names_field = expected.as_str().is_none_or(|text| text.split_whitespace().count() > 2);
    let value = match found {
        // A number that is not there is expected by saying nothing.
        found if is_number && found == "none" => None,
        found if field == "request" && found == "none" => None,
        found if names_field => Some(found),
        found => Some(short(field, found)),
    };
    (field.to_owned(), value)
}

/// An object without the field in it: positions change more often than names.
fn short(field: &str, value: Value) -> Value {
    match (field, value.as_str()) {
        ("decidedBy" | "routedBy", Some(text)) => {
            text.split_whitespace().take(2).collect::<Vec<_>>().join(" ").into()
        }
        _ => value,
    }
}

/// The file with a field of an expectation changed.
fn written(
    file: &SourceFile,
    limits: &Limits,
    (document, test): (usize, usize),
    (field, value): (&str, Option<&Value>),
) -> Option<SourceFile> {
    let document = documents(file, limits).nth(document)?.ok()?;
    let test = document.root().get("tests")?.items().nth(test)?;
    let edit = field_edit(test, field, value)?;
    let (start, end) = (edit.span.start as usize, edit.span.end as usize);
    let text = [file.text().get(..start)?, &edit.text, file.text().get(end..)?].concat();
    Some(SourceFile::new(file.name().clone(), text))
}

fn field_edit(test: Node<'_>, field: &str, value: Option<&Value>) -> Option<TextEdit> {
    let path = format!("expect.{field}");
    let is_null = test.get("expect").is_some_and(|expect| !expect.is_mapping());
    match value {
        // `expect:` without anything behind it.
        Some(value) if is_null => {
            let only: Map<String, Value> = [(field.to_owned(), value.clone())].into_iter().collect();
            edit::write(test, "expect", &only.into())
        }
        Some(value) => edit::write(test, &path, value),
        None => edit::remove(test, &path),
    }
}
