//! An upstream Envoy accepts the static configuration of every waypoint: of every golden case, and of random
//! meshes.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test may panic, and tells why it is skipped"
)]

// The generators of the core's laws.
#[allow(dead_code, reason = "the laws take snapshots apart, too")]
#[path = "../../../core/tests/laws/document.rs"]
mod document;
#[allow(dead_code, reason = "only whole meshes are used here")]
#[path = "../../../core/tests/laws/generate.rs"]
mod generate;
#[path = "../../../core/tests/laws/policies.rs"]
mod policies;
#[path = "../../../core/tests/laws/routes.rs"]
mod routes;

mod files;
mod known;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use serde_json::Value;
use upstream_envoy::{leaves_machine, server_unless_skipped, validate};
use waypoint_xds::dialect::Dialect;
use waypoint_xds::options::{Options, Settings};
use waypoint_xds::release::Release;
use waypoint_xds::snapshot::{Reading, Snapshot};
use waypoint_xds::static_config::{StaticOptions, static_configuration};
use waypoint_xds::text::SourceFile;
use waypoint_xds::translation;
use waypoint_xds::view::json;

use files::Certificates;

/// How many random configurations are tried for each release.
const RANDOM: usize = 100;

/// One waypoint's configuration: what it is called, and what it says.
struct Case {
    name: String,
    configuration: Value,
}

/// The static configurations of every waypoint of a snapshot.
fn configurations(
    name: &str,
    reading: &Reading,
    options: &Options,
    certificates: &Certificates,
) -> Vec<Case> {
    let (mesh, _) = translation::mesh(reading, options);
    let how = StaticOptions {
        certs: Some(certificates.directory().display().to_string().into()),
        admin: Some(([127, 0, 0, 1], 0).into()),
        listen: Some(([127, 0, 0, 1], 0).into()),
        loopback: true,
    };
    let waypoints = mesh.waypoints.iter();
    waypoints
        .map(|waypoint| {
            let made = static_configuration(&mesh, waypoint, &how);
            let mut configuration = json::value(&made.bootstrap);
            let name = format!("{} {name} {}", options.release, waypoint.name);
            assert_eq!(leaves_machine(&configuration), Vec::<String>::new(), "{name}");
            certificates.stand_in(&mut configuration);
            Case { name, configuration }
        })
        .collect()
}

fn options(release: Release, beside: Settings) -> Options {
    let dialect = Some(Dialect::Envoy.to_string());
    let settings = Settings { release: Some(release.to_string()), dialect, ..beside };
    settings.options().expect("the cases' settings are good")
}

fn golden(certificates: &Certificates) -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/cases");
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let mut cases = Vec::new();
    for path in paths {
        let file = path.file_name().unwrap().to_string_lossy().into_owned();
        let Some(name) = file.strip_suffix(".yaml").filter(|name| !name.ends_with(".mesh")) else { continue };
        let text = std::fs::read_to_string(&path).unwrap();
        let beside = |kind: &str| path.with_file_name(format!("{name}.{kind}"));
        let settings = ::files::settings(&beside("mesh.yaml"), &beside("features")).unwrap();
        for &release in Release::ALL {
            let options = options(release, settings.clone());
            let reading = Snapshot::read([SourceFile::new(file.as_str(), text.as_str())], &options.limits);
            cases.extend(configurations(name, &reading, &options, certificates));
        }
    }
    cases
}

/// The same meshes in every run.
fn random(certificates: &Certificates) -> Vec<Case> {
    let mut cases = Vec::new();
    for &release in Release::ALL {
        let mut runner = TestRunner::deterministic();
        let options = options(release, Settings::default());
        let wanted = cases.len() + RANDOM;
        let mut number = 0;
        while cases.len() < wanted {
            let documents =
                generate::mesh().new_tree(&mut runner).expect("a strategy without filters").current();
            let file = SourceFile::new("input.yaml", document::file(&documents));
            let reading = Snapshot::read([file], &options.limits);
            cases.extend(configurations(&format!("random-{number}"), &reading, &options, certificates));
            number += 1;
        }
        cases.truncate(wanted);
    }
    cases
}

/// Asks Envoy about every case, and gives what it refuses and why.
fn refused(envoy: &Path, cases: &[Case], folder: &Path) -> Vec<(String, String)> {
    let next = AtomicUsize::new(0);
    let refused = Mutex::new(Vec::new());
    let worker = |number: usize| {
        let file = folder.join(format!("envoy-{number}.json"));
        while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
            if let Err(why) = validate(envoy, &case.configuration.to_string(), &file) {
                refused.lock().unwrap().push((case.name.clone(), why.to_string()));
            }
        }
    };
    let workers = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| {
        for number in 0..workers {
            scope.spawn(move || worker(number));
        }
    });
    let mut refused = refused.into_inner().unwrap();
    refused.sort();
    refused
}

/// Fails on what is refused and not known, and on what is known and not refused.
fn check(refused: &[(String, String)], known: &[(&str, &str)]) {
    let is_known =
        |name: &str, why: &str| known.iter().any(|(of, message)| *of == name && why.contains(message));
    let unknown: Vec<_> = refused.iter().filter(|(name, why)| !is_known(name, why)).collect();
    assert!(unknown.is_empty(), "Envoy refuses {} configurations: {unknown:#?}", unknown.len());
    let found: BTreeSet<&str> = refused.iter().map(|(name, _)| name.as_str()).collect();
    let gone: Vec<_> = known.iter().filter(|(name, _)| !found.contains(name)).collect();
    assert!(gone.is_empty(), "Envoy accepts these by now: remove them from the list {gone:#?}");
}

fn try_all(test: &str, make: fn(&Certificates) -> Vec<Case>, least: usize, known: &[(&str, &str)]) {
    let Some(envoy) = server_unless_skipped(test).unwrap_or_else(|why| panic!("{why}")) else { return };
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test);
    let certificates = Certificates::write(&folder);
    let cases = make(&certificates);
    assert!(cases.len() >= least, "only {} configurations", cases.len());
    check(&refused(&envoy, &cases, &folder), known);
}

#[test]
fn every_golden_case_is_accepted() {
    try_all("golden", golden, 450, known::GOLDEN);
}

#[test]
fn random_meshes_are_accepted() {
    try_all("random", random, 2 * RANDOM, known::RANDOM);
}
