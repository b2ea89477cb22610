//! `waypoint-xds test`: exit codes, what is written, and that tests and snapshots do not disturb each other.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

fn testdata(path: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata").join(path).display().to_string()
}

/// A folder of one test, with the shop and its tests.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("test-{name}"));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::copy(testdata("trace/shop.yaml"), folder.join("shop.yaml")).unwrap();
    folder
}

fn with(folder: &Path, file: &str) {
    std::fs::copy(testdata(&format!("tests/{file}")), folder.join(file.rsplit('/').next().unwrap())).unwrap();
}

fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_waypoint-xds"));
    command.args(arguments).current_dir(folder);
    command
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    command(folder, arguments).output().expect("the command starts")
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[test]
fn the_exit_code_tells_how_it_ended() {
    let folder = folder("codes");
    let none = run(&folder, &["test", "-f", "."]);
    assert_eq!(code(&none), 2);
    assert!(text(&none.stderr).contains("no test found"), "{}", text(&none.stderr));
    assert_eq!(code(&run(&folder, &["test", "-f", ".", "--allow-empty"])), 0);

    with(&folder, "shop.test.yaml");
    let passed = run(&folder, &["test", "-f", ".", "-q"]);
    assert_eq!((code(&passed), text(&passed.stderr)), (0, ""), "{}", text(&passed.stdout));
    assert_eq!(code(&run(&folder, &["test", "-f", ".", "--strict"])), 1, "there are warnings");
    std::fs::write(folder.join("refused.yaml"), "apiVersion: v1\nkind: Service\nmetadata: {name: _}\n")
        .unwrap();
    let refused = run(&folder, &["test", "-f", "."]);
    assert!(text(&refused.stdout).ends_with("18 tests: 18 passed\n"), "{}", text(&refused.stdout));
    assert_eq!(code(&refused), 1, "of a mesh that lacks something");
    std::fs::remove_file(folder.join("refused.yaml")).unwrap();
    assert_eq!(code(&run(&folder, &["test", "-f", ".", "--filter", "no such name"])), 2);
    assert_eq!(code(&run(&folder, &["test", "-f", ".", "--min-coverage", "10"])), 0);
    let little = run(&folder, &["test", "-f", ".", "--min-coverage", "100%", "--filter", "refused"]);
    assert_eq!(code(&little), 1);
    assert!(text(&little.stderr).contains("less than 100 %"), "{}", text(&little.stderr));
    assert_eq!(code(&run(&folder, &["test", "-f", ".", "--min-coverage", "101"])), 2);

    std::fs::create_dir(folder.join("setup")).unwrap();
    std::fs::copy(testdata("tests/setup/ops.yaml"), folder.join("setup/ops.yaml")).unwrap();
    with(&folder, "failing.test.yaml");
    assert_eq!(code(&run(&folder, &["test", "-f", "shop.yaml", "failing.test.yaml"])), 1);
    with(&folder, "broken/fields.test.yaml");
    let broken = run(&folder, &["test", "-f", "shop.yaml", "."]);
    assert_eq!(code(&broken), 2);
    assert!(text(&broken.stdout).contains("✓ the front reads carts"), "the others are run all the same");
    assert!(text(&broken.stderr).contains("did you mean `request`?"), "{}", text(&broken.stderr));
}

#[test]
fn a_file_that_is_to_be_added_has_to_be_there() {
    let folder = folder("setup");
    with(&folder, "failing.test.yaml");
    let output = run(&folder, &["test", "-f", "shop.yaml", "failing.test.yaml"]);
    assert_eq!(code(&output), 2);
    let said = text(&output.stderr);
    assert!(said.contains("failing.test.yaml:4:9") && said.contains("setup/ops.yaml"), "{said}");
}

#[test]
fn tests_and_snapshots_do_not_disturb_each_other() {
    let folder = folder("apart");
    let before = run(&folder, &["lint", "-f", ".", "-o", "concise"]);
    for file in ["shop.test.yaml", "broken/syntax.test.yaml", "broken/fields.test.yaml"] {
        with(&folder, file);
    }
    let after = run(&folder, &["lint", "-f", ".", "-o", "concise"]);
    assert_eq!((text(&before.stdout), code(&before)), (text(&after.stdout), code(&after)));
    let named = run(&folder, &["lint", "-f", "shop.yaml", "-f", "syntax.test.yaml", "-o", "concise"]);
    assert_eq!(text(&named.stdout).replace("shop.yaml", "./shop.yaml"), text(&before.stdout));
}

#[test]
fn order_and_bytes_do_not_depend_on_threads() {
    let folder = folder("order");
    with(&folder, "shop.test.yaml");
    let first = run(&folder, &["test", "-f", ".", "-o", "json", "--coverage"]);
    let again = run(&folder, &["test", "-f", ".", "-o", "json", "--coverage"]);
    assert_eq!(first.stdout, again.stdout);
    let value: serde_json::Value = serde_json::from_slice(&first.stdout).unwrap();
    assert_eq!(value["passed"], true);
    assert!(value["coverage"]["all"]["percent"].as_f64().unwrap() > 50.0);
}

#[test]
fn coverage_and_the_schema_are_written() {
    let folder = folder("files");
    with(&folder, "shop.test.yaml");
    let output = run(&folder, &["test", "-f", ".", "--lcov", "lcov.info", "-o", "tap"]);
    assert_eq!(code(&output), 0);
    assert!(text(&output.stdout).starts_with("TAP version 14\n1.."));
    let lcov = std::fs::read_to_string(folder.join("lcov.info")).unwrap();
    assert!(lcov.starts_with("TN:\nSF:./shop.yaml\nDA:") && lcov.ends_with("end_of_record\n"), "{lcov}");
    let schema = run(&folder, &["test", "--schema"]);
    let schema: serde_json::Value = serde_json::from_slice(&schema.stdout).unwrap();
    assert_eq!(schema["properties"]["kind"]["const"], "MeshTest");
}

#[test]
fn what_comes_is_recorded() {
    let folder = folder("record");
    with(&folder, "record.test.yaml");
    let output = run(&folder, &["test", "-f", ".", "--record"]);
    assert_eq!(code(&output), 1, "of one test, what comes differs between the variants");
    assert!(
        text(&output.stderr).contains("7 tests recorded in ./record.test.yaml"),
        "{}",
        text(&output.stderr)
    );
    let recorded = std::fs::read_to_string(folder.join("record.test.yaml")).unwrap();
    let expected = std::fs::read_to_string(testdata("tests/record.out")).unwrap();
    assert!(expected.starts_with(&recorded), "{recorded}");
    let again = run(&folder, &["test", "-f", ".", "--record"]);
    assert!(!text(&again.stderr).contains("recorded in"), "{}", text(&again.stderr));
}

#[test]
fn watching_runs_again_when_a_file_changes() {
    let folder = folder("watch");
    with(&folder, "shop.test.yaml");
    let mut child = command(&folder, &["test", "-f", ".", "--watch", "--filter", "refused"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command starts");
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut waiting = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut summary = || lines.find_map(|line| line.ok().filter(|line| line.contains("passed"))).unwrap();
    assert_eq!(summary(), "3 tests: 3 passed");
    // What is not waited for yet would not be seen.
    waiting.find(|line| line.as_ref().is_ok_and(|line| line == "waiting for changes")).unwrap().unwrap();
    let path = folder.join("shop.test.yaml");
    let changed = std::fs::read_to_string(&path).unwrap().replace("[POST, PUT, DELETE]", "[POST]");
    std::fs::write(&path, changed).unwrap();
    assert_eq!(summary(), "1 test: 1 passed");
    child.kill().unwrap();
    child.wait().unwrap();
}
