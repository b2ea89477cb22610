//! What `diff` says of `testdata/diff/<case>.old.yaml` and `.new.yaml` stands next to them, as text, Markdown
//! and JSON; of `release.yaml` what the newest release of Istio changes.
//! `UPDATE_GOLDEN=1 cargo test --test diff` writes it anew.
#![allow(clippy::expect_used, clippy::panic, reason = "a test may panic")]

use std::fs;
use std::path::{Path, PathBuf};

use waypoint_xds::diff::{Change, Diff, Presence};
use waypoint_xds::live::Live;
use waypoint_xds::names::WaypointName;
use waypoint_xds::options::Options;
use waypoint_xds::release::Release;
use waypoint_xds::session::Session;
use waypoint_xds::text::SourceFile;
use waypoint_xds::trace::classes::Compared;
use waypoint_xds::view::{config_dump, difference, json, resource};

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata").join(name)
}

fn read(path: &Path, release: Release) -> Session {
    let name = path.file_name().expect("a name").to_string_lossy().into_owned();
    let text = fs::read_to_string(path).expect("a snapshot");
    Session::read([SourceFile::new(name, text)], &Options::for_release(release))
}

/// The pairs of sessions, by case.
fn cases() -> Vec<(String, Session, Session)> {
    let mut cases = Vec::new();
    for entry in fs::read_dir(folder("diff")).expect("the folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        if let Some(case) = name.strip_suffix(".old.yaml") {
            let new = path.with_file_name(format!("{case}.new.yaml"));
            cases.push((case.to_owned(), read(&path, Release::LATEST), read(&new, Release::LATEST)));
        }
    }
    let path = folder("diff/release.yaml");
    cases.push(("release".to_owned(), read(&path, Release::V1_30), read(&path, Release::LATEST)));
    cases.sort_by(|a, b| a.0.cmp(&b.0));
    assert!(cases.len() >= 5, "there are cases");
    cases
}

#[test]
fn differences_read_as_they_should() {
    let mut wrong = Vec::new();
    for (case, old, new) in cases() {
        let (diff, places) = (old.diff(&new), (old.places(), new.places()));
        let json = difference::json(&diff, &places.0, &places.1).expect("JSON");
        for (extension, found) in [
            ("txt", difference::text(&diff, &places.0, &places.1)),
            ("md", difference::markdown(&diff, &places.0, &places.1)),
            ("json", json::pretty(&json)),
        ] {
            let path = folder("diff").join(format!("{case}.{extension}"));
            if std::env::var_os("UPDATE_GOLDEN").is_some() {
                fs::write(&path, &found).expect("a file");
            } else if fs::read_to_string(&path).unwrap_or_default() != found {
                wrong.push(path.display().to_string());
            }
        }
    }
    assert!(wrong.is_empty(), "these differ (UPDATE_GOLDEN=1 writes them anew):\n{}", wrong.join("\n"));
}

/// `testdata/diff/policy.live.json` is the config dump of waypoint `shop/waypoint` that holds what
/// `policy.old.yaml` makes.
#[test]
fn a_live_waypoint_is_compared_with_files() {
    let path = |name: &str| folder("diff").join(format!("policy.{name}"));
    let (old, new) = (read(&path("old.yaml"), Release::LATEST), read(&path("new.yaml"), Release::LATEST));
    let name: WaypointName = "shop/waypoint".parse().expect("a name");
    let dump = json::config_dump(old.translation().waypoint(&name).expect("its resources"));
    let text = serde_json::from_str::<serde_json::Value>(&dump).expect("JSON").to_string() + "\n";
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(path("live.json"), &text).expect("a file");
    }
    assert_eq!(fs::read_to_string(path("live.json")).expect("the dump"), text);

    let drift = |file: &str| {
        let dump = config_dump::parse(&text).expect("a dump");
        let options = Options::for_release(Release::LATEST);
        let file = SourceFile::new(file.to_owned(), fs::read_to_string(path(file)).expect("a snapshot"));
        let live = Live::new(dump, Some(&name), [file], &options);
        live.expect("a live waypoint").drift()
    };
    assert!(drift("old.yaml").is_empty(), "{:#?}", drift("old.yaml"));

    let (found, wanted) = (drift("new.yaml"), old.diff(&new));
    let classes = |diff: &Diff| -> Vec<String> {
        let here = diff.behaviour.iter().filter(|one| one.waypoint.as_ref() == Some(&name));
        let told = here.map(|one| match &one.compared {
            Compared::Differs { classes, .. } => {
                format!(
                    "{:?} {:?}",
                    one.host,
                    classes.iter().map(|class| &class.conditions).collect::<Vec<_>>()
                )
            }
            other => format!("{:?} {other:?}", one.host),
        });
        told.collect()
    };
    assert_eq!(classes(&found), classes(&wanted));
    let names = |diff: &Diff| -> Vec<String> {
        let here = diff.waypoints.iter().filter(|waypoint| waypoint.waypoint == name);
        let all = here.flat_map(|waypoint| &waypoint.resources);
        all.map(|resource| format!("{:?} {}", resource.kind, resource.name)).collect()
    };
    assert_eq!(names(&found), names(&wanted));
}

/// What is added one way is removed the other way.
fn mirrored(diff: &Diff, back: &Diff) {
    assert_eq!(diff.findings.introduced, back.findings.fixed);
    assert_eq!(diff.findings.fixed, back.findings.introduced);
    for (one, other) in diff.waypoints.iter().zip(&back.waypoints) {
        let expected = match one.presence {
            Presence::Added => Presence::Removed,
            Presence::Removed => Presence::Added,
            Presence::Both => Presence::Both,
        };
        assert_eq!((&one.waypoint, expected), (&other.waypoint, other.presence));
        assert_eq!(one.resources.len(), other.resources.len());
        for (one, other) in one.resources.iter().zip(&other.resources) {
            assert_eq!((one.kind, &one.name), (other.kind, &other.name));
            match (&one.change, &other.change) {
                (Change::Added { .. }, Change::Removed { .. })
                | (Change::Removed { .. }, Change::Added { .. }) => {}
                (Change::Changed { fields }, Change::Changed { fields: back }) => {
                    assert!(!fields.is_empty() && !back.is_empty(), "{} differs in nothing", one.name);
                }
                (one, other) => panic!("{one:?} is not the other way round {other:?}"),
            }
        }
    }
}

/// Resources that are told of are exactly those whose bytes differ.
fn exact(diff: &Diff, old: &Session, new: &Session) {
    for waypoint in &diff.waypoints {
        let bytes = |session: &Session| {
            let resources = session.translation().waypoint(&waypoint.waypoint);
            let lists = resource::List::ALL.into_iter();
            let all = resources.into_iter().flat_map(|resources| {
                lists.clone().flat_map(|list| {
                    resource::all(resources, list)
                        .into_iter()
                        .map(move |one| ((list, one.name().to_owned()), one.to_bytes()))
                })
            });
            all.collect::<std::collections::BTreeMap<_, _>>()
        };
        let (old, new) = (bytes(old), bytes(new));
        let names = old.keys().chain(new.keys()).collect::<std::collections::BTreeSet<_>>();
        let differ: Vec<_> = names.into_iter().filter(|name| old.get(*name) != new.get(*name)).collect();
        let told: Vec<_> = waypoint.resources.iter().map(|one| (one.kind, one.name.clone())).collect();
        let mut told: Vec<_> = told.iter().collect();
        told.sort();
        assert_eq!(told, differ);
    }
}

#[test]
fn what_is_told_is_what_differs() {
    for (case, old, new) in cases() {
        let diff = old.diff(&new);
        assert!(!diff.is_empty(), "{case}");
        assert!(old.diff(&old).is_empty() && new.diff(&new).is_empty(), "{case}");
        mirrored(&diff, &new.diff(&old));
        exact(&diff, &old, &new);
    }
}

/// Neighbours among the golden cases have little to do with each other: everything is told then, and nothing
/// else.
#[test]
fn any_two_snapshots_can_be_compared() {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder("cases"))
        .expect("the folder")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "yaml"))
        .filter(|path| !path.to_string_lossy().ends_with(".mesh.yaml"))
        .collect();
    paths.sort();
    let sessions: Vec<Session> = paths.iter().step_by(12).map(|path| read(path, Release::LATEST)).collect();
    assert!(sessions.len() > 10);
    for (old, new) in sessions.iter().zip(sessions.iter().skip(1)) {
        let diff = old.diff(new);
        mirrored(&diff, &new.diff(old));
        exact(&diff, old, new);
    }
}
