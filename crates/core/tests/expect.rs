//! Tests for a mesh: files in `testdata/tests`, about the snapshot in `testdata/trace`. What every reporter
//! prints stands beside them. `UPDATE_GOLDEN=1 cargo test --test expect` writes it anew.
#![allow(clippy::expect_used, clippy::panic, reason = "a test may panic")]

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use waypoint_xds::Session;
use waypoint_xds::dialect::Dialect;
use waypoint_xds::expect::{self, SCHEMA};
use waypoint_xds::limits::Limits;
use waypoint_xds::options::Options;
use waypoint_xds::session::Suites;
use waypoint_xds::text::{SourceFile, Unread, documents};
use waypoint_xds::view::tested::{self, Covered};
use waypoint_xds::view::{diagnostics, json};

fn testdata(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata").join(path)
}

/// A file of tests, by its path in their folder.
fn source(path: &str) -> SourceFile {
    let bytes = fs::read(testdata("tests").join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
    SourceFile::from_bytes(path, &bytes)
}

fn session(dialect: Dialect) -> Session {
    let text = fs::read_to_string(testdata("trace/shop.yaml")).expect("the snapshot");
    let mut options = Options::default();
    options.dialect = dialect;
    Session::read([SourceFile::new("shop.yaml", text)], &options)
}

fn suites(session: &Session, files: &[SourceFile]) -> Suites {
    session.suites(files, &|path| {
        let text =
            fs::read_to_string(testdata("tests").join(path)).map_err(|error| error.kind().to_string())?;
        Ok(vec![SourceFile::new(path, text)])
    })
}

/// Compares a text with the file that it stands in.
fn golden(path: &str, text: &str) {
    let path = testdata("tests").join(path);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, text).expect("to write");
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(text, expected, "{} differs (UPDATE_GOLDEN=1 writes it)", path.display());
}

#[test]
fn all_that_is_expected_of_the_shop_comes_in_both_dialects() {
    for dialect in [Dialect::IstioProxy, Dialect::Envoy] {
        let report = suites(&session(dialect), &[source("shop.test.yaml")]).run();
        assert!(report.passed(), "{}", tested::text(&report));
        assert!(report.tests.len() > 15, "tests are lost");
    }
}

#[test]
fn what_fails_is_told_in_every_format() {
    let session = session(Dialect::IstioProxy);
    let files = ["failing.test.yaml", "broken/header.test.yaml"].map(source);
    let report = suites(&session, &files).run();
    let failed: Vec<&str> =
        report.tests.iter().filter(|test| !test.passed()).map(|test| test.name.as_str()).collect();
    let expected =
        ["writers may write", "odds & ends <#1>", "rewritten", "nothing is expected", "who is that"];
    assert_eq!(failed, expected);
    assert_eq!(report.failed(), expected.len());
    golden("failing.txt", &tested::text(&report));
    golden("failing.junit.xml", &tested::junit(&report));
    golden("failing.tap", &tested::tap(&report));
    golden("failing.github.txt", &tested::github(&report));
    golden("failing.json", &json::pretty(&tested::json(&report).expect("JSON")));
}

#[test]
fn claims_are_proved_or_refuted_by_a_request() {
    let session = session(Dialect::IstioProxy);
    let report = suites(&session, &[source("claims.test.yaml")]).run();
    assert!(report.passed(), "{}", tested::text(&report));
    assert!(report.tests.len() >= 7, "tests are lost");
    let report = suites(&session, &[source("claims.failing.test.yaml")]).run();
    assert_eq!(report.failed(), report.tests.len());
    // What is claimed reaches nothing, and nothing of it is recorded.
    assert!(report.tests.iter().all(|test| test.trace.is_none()));
    golden("claims.failing.txt", &tested::text(&report));
    golden("claims.failing.json", &json::pretty(&tested::json(&report).expect("JSON")));
}

#[test]
fn coverage_tells_what_no_test_has_reached() {
    let session = session(Dialect::IstioProxy);
    let mut suites = suites(&session, &[source("shop.test.yaml")]);
    let covered = |suites: &Suites| {
        let mut coverage = session.coverage();
        suites
            .run()
            .tests
            .iter()
            .filter_map(|test| test.trace.as_ref())
            .for_each(|trace| coverage.add(trace));
        coverage
    };
    let all = covered(&suites);
    suites.keep(&["the front reads carts".to_owned(), "one of ten".to_owned()]);
    let some = covered(&suites);
    assert!(some.percent(None) < all.percent(None) && all.percent(None) <= 100.0);
    let places = session.places();
    let report = Covered::new(&some, &places);
    golden("coverage.txt", &report.text());
    golden("coverage.lcov", &report.lcov());
    golden("coverage.json", &json::pretty(&report.json()));
    // Nothing that is there is counted twice, and nothing is reached that is not there.
    let hits: u64 = some.points().map(|(_, hits)| hits).sum();
    assert!(hits > 0);
    assert_eq!(some.count(None).1, session.coverage().count(None).1);
    assert_eq!(session.coverage().count(None).0, 0);
}

#[test]
fn what_is_wrong_with_a_file_of_tests_is_told_with_its_place() {
    let mut names: Vec<String> = fs::read_dir(testdata("tests/broken"))
        .expect("the folder")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .filter(|name| name.ends_with(".yaml"))
        .collect();
    names.sort();
    assert!(names.len() >= 8, "broken files are lost");
    let mut told = String::new();
    for name in names {
        let file = source(&format!("broken/{name}"));
        let reading = expect::read(&file, &Limits::DEFAULT);
        let is_empty = name.starts_with("empty.");
        assert_eq!(reading.problems.iter().any(|problem| problem.is_error()), !is_empty, "{name}");
        told += &format!(
            "{name}\n{}\n",
            diagnostics::full(&reading.problems, [&file], diagnostics::Colour::Never)
        );
    }
    golden("broken.out", &told);
}

#[test]
fn no_bytes_make_reading_fail() {
    let text = fs::read(testdata("tests/shop.test.yaml")).expect("the tests");
    for cut in (0..text.len()).step_by(7) {
        let mut bytes = text.get(..cut).unwrap_or_default().to_vec();
        let whole = expect::read(&SourceFile::from_bytes("cut", &bytes), &Limits::DEFAULT);
        assert!(whole.suites.len() <= 1);
        bytes.extend(b": [{\0");
        let torn = expect::read(&SourceFile::from_bytes("cut", &bytes), &Limits::DEFAULT);
        assert!(torn.problems.iter().any(waypoint_xds::problem::Problem::is_error));
    }
}

#[test]
fn what_comes_is_recorded_and_then_passes() {
    let session = session(Dialect::IstioProxy);
    let file = source("record.test.yaml");
    let suites = |file: &SourceFile| suites(&session, std::slice::from_ref(file));
    let record = |file: &SourceFile| {
        let suites = suites(file);
        let report = suites.run();
        let came = suites
            .cases()
            .zip(&report.tests)
            .filter_map(|((suite, case, _), test)| Some((suite.document, case, test.trace.as_ref()?)));
        expect::record(file, &Limits::DEFAULT, came)
    };
    let recorded = record(&file);
    let left: String = recorded
        .left
        .iter()
        .map(|(place, why)| format!("# {}:{}: {why}\n", place.file, place.line))
        .collect();
    golden("record.out", &format!("{}{left}", recorded.file.text()));
    assert_eq!(recorded.tests, 7);
    let report = suites(&recorded.file).run();
    let failed: Vec<&str> =
        report.tests.iter().filter(|test| !test.passed()).map(|test| test.name.as_str()).collect();
    let varying = ["each in its way [method=GET]", "each in its way [method=POST]"];
    assert_eq!(failed, varying, "{}", tested::text(&report));
    let again = record(&recorded.file);
    assert_eq!(again.file.text(), recorded.file.text(), "what is recorded is what comes");
}

/// A file of tests as JSON.
fn value(file: &SourceFile) -> Value {
    let document = documents(file, &Limits::DEFAULT).next().expect("a document").expect("YAML");
    document.root().decode(&Unread::new()).expect("a value")
}

#[test]
fn the_schema_takes_what_is_read_and_nothing_else() {
    let schema: Value = serde_json::from_str(SCHEMA).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    for name in ["shop.test.yaml", "failing.test.yaml", "record.test.yaml"] {
        let errors: Vec<String> =
            validator.iter_errors(&value(&source(name))).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{name}: {errors:?}");
    }
    for name in ["empty-list", "header", "header-fields", "no-tests"] {
        assert!(!validator.is_valid(&value(&source(&format!("broken/{name}.test.yaml")))), "{name}");
    }
    // Each test of the file of wrong fields is wrong; what only a request can tell, a schema cannot.
    let wrong = value(&source("broken/fields.test.yaml"));
    let tests = wrong["tests"].as_array().expect("tests");
    let mut taken = 0;
    for test in tests {
        let mut alone = wrong.clone();
        alone["tests"] = serde_json::json!([test]);
        taken += usize::from(validator.is_valid(&alone));
    }
    assert_eq!(
        (tests.len(), taken),
        (20, 6),
        "paths, sources, claims, kinds, objects and durations are texts"
    );
}
