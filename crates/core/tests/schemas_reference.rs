//! Fields of the reference's inputs that no release has: a field that a schema has is never called unknown.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

use std::collections::BTreeMap;
use std::fs;

use waypoint_xds::limits::Limits;
use waypoint_xds::options::Validation;
use waypoint_xds::release::Release;
use waypoint_xds::snapshot::Snapshot;
use waypoint_xds::text::SourceFile;

/// The unknown fields of all inputs, by kind and path, and the first case that has each.
fn unknown() -> Option<BTreeMap<String, String>> {
    let mut found = BTreeMap::new();
    for folder in ["reference/cases", "pits"] {
        let there = reference_files::unless_skipped(folder, "unknown fields of the reference");
        let there = there.unwrap_or_else(|missing| panic!("{missing}"))?;
        let mut cases: Vec<_> = fs::read_dir(there).unwrap().map(|entry| entry.unwrap().path()).collect();
        cases.sort();
        for case in cases {
            let Ok(text) = fs::read_to_string(case.join("input.yaml")) else { continue };
            let reading = Snapshot::read([SourceFile::new("input.yaml", text)], &Limits::DEFAULT);
            for problem in reading.stray_fields(Release::LATEST, Validation::Strict) {
                let Some(object) = &problem.object else { continue };
                let name = case.file_name().unwrap().to_string_lossy().into_owned();
                let help = problem.help.as_deref().unwrap_or_default();
                let what = format!("{} {} {help}", object.kind, problem.field);
                found.entry(what).or_insert(name);
            }
        }
    }
    Some(found)
}

#[test]
fn fields_that_a_schema_has_are_not_unknown() {
    let Some(unknown) = unknown() else { return };
    let list: Vec<_> = unknown.iter().map(|(field, case)| format!("{case}: {field}")).collect();
    assert_eq!(list, EXPECTED, "{list:#?}");
}

/// Those that are there on purpose.
const EXPECTED: [&str; 5] = [
    "misspelt-field-from: AuthorizationPolicy spec.rules[0].form did you mean `from`?",
    "misspelt-field-backend: HTTPRoute spec.rules[0].backendRefs[0].wieght did you mean `weight`?",
    "misspelt-field-backend: HTTPRoute spec.rules[0].timeout did you mean `timeouts`?",
    "misspelt-field-retries: VirtualService spec.http[0].retires did you mean `retries`?",
    "misspelt-field-retries: VirtualService spec.http[0].timout did you mean `timeout`?",
];
