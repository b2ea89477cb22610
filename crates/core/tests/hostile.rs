//! Inputs that are made to hurt: each gives the problems that are written next to it, the good object in it
//! survives, and everything can be asked of it in every release. `UPDATE_GOLDEN=1 cargo test --test hostile`
//! writes the expectations anew.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use hostile::{RECIPES, Recipe, everything};
use waypoint_xds::Session;
use waypoint_xds::options::Options;
use waypoint_xds::release::Release;
use waypoint_xds::text::SourceFile;
use waypoint_xds::view::diagnostics::{Colour, concise, full};

/// Longer texts take long without optimization: `cargo run --release -p hostile` takes those, too.
const TESTED: usize = 200;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../testdata/hostile")
}

fn inputs() -> Vec<PathBuf> {
    let mut inputs: Vec<PathBuf> = fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension != "out"))
        .collect();
    inputs.sort();
    inputs
}

fn read(path: &Path, release: Release) -> Session {
    let name = path.file_name().unwrap().to_string_lossy().into_owned();
    let file = SourceFile::from_bytes(name, &fs::read(path).unwrap());
    Session::read([file], &Options::for_release(release))
}

/// Problems as on the terminal, then what was kept.
fn outcome(session: &Session) -> String {
    let problems = &session.translation().problems;
    let mut out = full(problems, session.input().files.iter(), Colour::Never);
    let kept: Vec<String> =
        session.input().snapshot.sources().map(|(object, _)| object.to_string()).collect();
    let summary = &session.input().summary;
    let errors = problems.iter().filter(|problem| problem.is_error()).count();
    let _ = writeln!(
        out,
        "\n{errors} errors, {} other problems; kept {kept:?}, {} left out, {} documents unreadable",
        problems.len() - errors,
        summary.objects_left_out(),
        summary.unreadable_documents,
    );
    out
}

/// What is said of a recipe's input: how much, and the first of it.
fn said(recipe: &Recipe) -> String {
    let size = recipe.size.min(TESTED);
    let file = SourceFile::new(format!("{}.yaml", recipe.name), recipe.text(size));
    let session = Session::read([file], &Options::default());
    assert!(everything(&session) > 0);
    let problems = &session.translation().problems;
    let first = concise(problems.get(..3).unwrap_or(problems));
    let first: String = first.lines().map(|line| format!("    {line:.200}\n")).collect();
    format!(
        "{} of {size}: {} objects, {} problems\n{first}",
        recipe.name,
        session.input().summary.objects_read(),
        problems.len()
    )
}

/// Compares with a file, or writes it.
fn expect(path: &Path, outcome: &str, wrong: &mut Vec<String>) {
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(path, outcome).unwrap();
    } else if fs::read_to_string(path).unwrap_or_default() != outcome {
        wrong.push(format!("{}:\n{outcome}", path.display()));
    }
}

#[test]
fn hostile_inputs_give_the_problems_next_to_them() {
    let mut wrong = Vec::new();
    for input in inputs() {
        expect(&input.with_added_extension("out"), &outcome(&read(&input, Release::LATEST)), &mut wrong);
    }
    assert!(wrong.is_empty(), "UPDATE_GOLDEN=1 writes these:\n{}", wrong.join("\n"));
}

#[test]
fn everything_can_be_asked_of_a_hostile_input() {
    for input in inputs() {
        for &release in Release::ALL {
            assert!(everything(&read(&input, release)) > 0, "{}", input.display());
        }
    }
}

#[test]
fn large_inputs_are_survived() {
    let mut wrong = Vec::new();
    expect(&folder().join("recipes.out"), &RECIPES.iter().map(said).collect::<String>(), &mut wrong);
    assert!(wrong.is_empty(), "UPDATE_GOLDEN=1 writes this:\n{}", wrong.join("\n"));
}

#[test]
fn no_expectation_is_left_without_its_input() {
    let is_stale = |path: &PathBuf| {
        path.extension().is_some_and(|extension| extension == "out") && !path.with_extension("").exists()
    };
    let all = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    let stale: Vec<PathBuf> = all.filter(is_stale).filter(|path| !path.ends_with("recipes.out")).collect();
    assert_eq!(stale, Vec::<PathBuf>::new());
}

#[test]
fn good_objects_survive() {
    for input in inputs() {
        // Of a file that is not UTF-8 nothing is read.
        let text = String::from_utf8(fs::read(&input).unwrap()).unwrap_or_default();
        if text.contains("name: good") {
            assert!(
                outcome(&read(&input, Release::LATEST)).contains("Service default/good"),
                "{}",
                input.display()
            );
        }
    }
}
