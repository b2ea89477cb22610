//! The objects that run the waypoints of `testdata/manifests/*.yaml`, and what is wrong with their
//! parameters, stand next to each: `<case>.<release>.out`. `UPDATE_GOLDEN=1 cargo test --test manifests`
//! writes them anew.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test may panic")]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use waypoint_xds::mesh::WaypointName;
use waypoint_xds::options::Options;
use waypoint_xds::release::Release;
use waypoint_xds::session::Session;
use waypoint_xds::text::SourceFile;
use waypoint_xds::view::diagnostics::Colour;
use waypoint_xds::view::{diagnostics, yaml};

/// Releases that differ in what parameters do.
const RELEASES: [Release; 2] = [Release::V1_18, Release::V1_31];

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../testdata/manifests")
}

fn cases() -> Vec<PathBuf> {
    let entries = fs::read_dir(folder()).expect("the cases").map(|entry| entry.unwrap().path());
    let mut cases: Vec<_> = entries.filter(|path| path.extension().is_some_and(|e| e == "yaml")).collect();
    cases.sort();
    cases
}

fn session(case: &Path, release: Release) -> Session {
    let name = case.file_name().unwrap().to_string_lossy().into_owned();
    let text = fs::read_to_string(case).expect("the case");
    Session::read([SourceFile::new(name, text)], &Options::for_release(release))
}

/// Every waypoint's objects, and what is said of them.
fn shown(case: &Path, release: Release) -> String {
    let session = session(case, release);
    let mut out = String::new();
    for waypoint in &session.mesh().waypoints {
        let made = session.manifests(waypoint);
        writeln!(out, "# {}", waypoint.name).unwrap();
        for object in &made.objects {
            write!(out, "---\n{}", yaml::to_string(object)).unwrap();
        }
        let own = session.problems().len();
        let all = session.problems_with(made.problems);
        assert!(all.len() >= own);
        let said: Vec<_> =
            all.into_iter().filter(|problem| problem.code.id() == "invalid-parameters").collect();
        write!(out, "{}", diagnostics::full(&said, &session.input().files, Colour::Never)).unwrap();
    }
    out
}

#[test]
fn objects_are_as_written() {
    let update = std::env::var_os("UPDATE_GOLDEN").is_some();
    let mut wrong = Vec::new();
    for case in cases() {
        for release in RELEASES {
            let text = shown(&case, release);
            let path = case.with_extension(format!("{release}.out"));
            if update {
                fs::write(&path, &text).expect("to write");
            } else if fs::read_to_string(&path).unwrap_or_default() != text {
                wrong.push(format!("{}:\n{text}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "objects differ (UPDATE_GOLDEN=1 writes them):\n{}", wrong.join("\n"));
}

#[test]
fn releases_of_today_make_the_same_of_parameters() {
    let kinds = |release| {
        let session = session(&folder().join("parameters.yaml"), release);
        let waypoint = session.waypoint(Some(&WaypointName::new("shop", "waypoint"))).expect("the waypoint");
        let objects = session.manifests(waypoint).objects;
        objects.iter().map(|object| object["kind"].to_string()).collect::<Vec<_>>()
    };
    assert_eq!(kinds(Release::V1_29), kinds(Release::V1_31));
    assert_eq!(kinds(Release::V1_30), kinds(Release::V1_31));
    assert_eq!(kinds(Release::V1_31).len(), 5);
}
