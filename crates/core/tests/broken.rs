//! Every broken input gives the problems that are written next to it, and the good objects in it survive.
//! `UPDATE_GOLDEN=1 cargo test --test broken` writes the expectations anew.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use waypoint_xds::limits::Limits;
use waypoint_xds::snapshot::Snapshot;
use waypoint_xds::text::SourceFile;
use waypoint_xds::view::diagnostics::{Colour, full};

/// Longer lines are cut in the expectations.
const WIDE: usize = 240;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../testdata/broken")
}

fn inputs() -> Vec<PathBuf> {
    let is_input =
        |path: &Path| path.extension().is_some_and(|extension| extension == "yaml" || extension == "json");
    let mut inputs: Vec<PathBuf> = fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| is_input(path))
        .collect();
    inputs.sort();
    inputs
}

/// Problems as on the terminal, then what was kept and ignored.
fn outcome(path: &Path) -> String {
    let name = path.file_name().unwrap().to_string_lossy().into_owned();
    let reading =
        Snapshot::read([SourceFile::new(name, fs::read_to_string(path).unwrap())], &Limits::DEFAULT);
    let mut out = full(&reading.problems, &reading.files, Colour::Never);
    for line in out.lines() {
        assert!(line.chars().count() <= WIDE, "{line}");
    }
    let kept: Vec<String> = reading.snapshot.sources().map(|(object, _)| object.to_string()).collect();
    let summary = &reading.summary;
    let errors = reading.problems.iter().filter(|problem| problem.is_error()).count();
    let _ = writeln!(
        out,
        "\n{errors} errors, {} other problems; kept {:?}, {} ignored, {} left out, {} documents unreadable",
        reading.problems.len() - errors,
        kept,
        summary.objects_ignored(),
        summary.objects_left_out(),
        summary.unreadable_documents,
    );
    out
}

#[test]
fn broken_inputs_give_the_problems_next_to_them() {
    let update = std::env::var_os("UPDATE_GOLDEN").is_some();
    let mut wrong = Vec::new();
    for input in inputs() {
        let expectation = input.with_added_extension("out");
        let outcome = outcome(&input);
        if update {
            fs::write(&expectation, &outcome).unwrap();
        } else if fs::read_to_string(&expectation).unwrap_or_default() != outcome {
            wrong.push(format!("{}:\n{outcome}", input.display()));
        }
    }
    assert!(wrong.is_empty(), "UPDATE_GOLDEN=1 writes these:\n{}", wrong.join("\n"));
}

#[test]
fn no_expectation_is_left_without_its_input() {
    let stale: Vec<PathBuf> = fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension().is_some_and(|extension| extension == "out") && !path.with_extension("").exists()
        })
        .collect();
    assert_eq!(stale, Vec::<PathBuf>::new());
}

#[test]
fn good_objects_survive() {
    for input in inputs() {
        let text = fs::read_to_string(&input).unwrap();
        if text.contains("name: good\n") {
            assert!(outcome(&input).contains("Service default/good"), "{}", input.display());
        }
    }
}
