//! SARIF: what is printed is as the schema of SARIF 2.1.0 asks for, and as GitHub's code scanning does.
#![allow(clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test may panic")]

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use waypoint_xds::options::Options;
use waypoint_xds::session::Session;
use waypoint_xds::text::SourceFile;
use waypoint_xds::view::findings::{Report, sarif};

fn testdata() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata")
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The SARIF of a folder's snapshots, one log for each.
fn logs(folder: &str) -> Vec<(String, Value)> {
    let mut paths: Vec<PathBuf> = fs::read_dir(testdata().join(folder))
        .expect("the folder")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "yaml"))
        .collect();
    paths.sort();
    let log = |path: &PathBuf| {
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        let file = SourceFile::from_bytes(name.as_str(), &fs::read(path).expect("to read"));
        let session = Session::read([file], &Options::default());
        let found = session.lint();
        let files: Vec<&SourceFile> = session.input().files.iter().collect();
        let text = sarif(&Report { found: &found, files: &files, folder: "" });
        (name, serde_json::from_str(&text).expect("JSON"))
    };
    paths.iter().map(log).collect()
}

#[test]
fn the_schema_of_sarif_accepts_it() {
    let schema = read(&testdata().join("sarif/sarif-schema-2.1.0.json"));
    // One of its patterns has a bracket too many, which JavaScript takes for a character.
    let schema = schema.replace("{2}]?$", "{2}\\\\]?$");
    let schema: Value = serde_json::from_str(&schema).expect("a schema");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    assert!(!validator.is_valid(&serde_json::json!({"version": "2.1.0"})), "it has to have runs");
    for (name, log) in logs("lint").into_iter().chain(logs("broken")) {
        let errors: Vec<String> = validator.iter_errors(&log).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{name}: {errors:#?}");
    }
}

/// What GitHub asks for beyond the schema: "SARIF support for code scanning".
#[test]
fn code_scanning_accepts_it() {
    let mut results = 0;
    let mut fixes = 0;
    for (name, log) in logs("lint") {
        let run = &log["runs"][0];
        let rules = run["tool"]["driver"]["rules"].as_array().expect("rules");
        for rule in rules {
            for text in ["/shortDescription/text", "/fullDescription/text", "/help/text", "/help/markdown"] {
                let length = rule.pointer(text).and_then(Value::as_str).map_or(0, str::len);
                assert!(length > 0, "{name}: {rule}");
            }
            let short = rule["shortDescription"]["text"].as_str().unwrap_or_default();
            assert!(short.chars().count() < 1024, "{name}: {short}");
        }
        for result in run["results"].as_array().expect("results") {
            let index =
                usize::try_from(result["ruleIndex"].as_u64().expect("an index")).expect("a small one");
            assert_eq!(rules.get(index).map(|rule| &rule["id"]), Some(&result["ruleId"]), "{name}");
            let location = &result["locations"][0]["physicalLocation"];
            assert!(location["artifactLocation"]["uri"].is_string(), "{name}: {result}");
            assert!(location["region"]["startLine"].as_u64() > Some(0), "{name}: {result}");
            assert!(result["partialFingerprints"]["waypointXds/v1"].is_string(), "{name}: {result}");
            fixes += usize::from(result["fixes"].is_array());
            results += 1;
        }
    }
    assert!(results > 0 && fixes > 0, "{results} results, {fixes} fixes");
}
