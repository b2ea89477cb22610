//! Every origin is a field: for all golden cases in all releases, what made a resource or a part of it names
//! an object of the snapshot and a field that the object has, and that field has a line and a column.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use envoy::Message;
use waypoint_xds::options::{Options, Settings};
use waypoint_xds::release::Release;
use waypoint_xds::resources::{Origin, Part};
use waypoint_xds::snapshot::{Kind, ObjectRef, Snapshot};
use waypoint_xds::text::SourceFile;
use waypoint_xds::translate;
use waypoint_xds::view::origins::Places;

fn cases() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/cases");
    let mut all: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    all.retain(|path| {
        path.extension().is_some_and(|e| e == "yaml") && !path.to_string_lossy().ends_with(".mesh.yaml")
    });
    all.sort();
    assert!(!all.is_empty());
    all
}

#[test]
fn every_origin_is_a_field_that_stands_somewhere() {
    let mut fields = 0;
    for (path, release) in cases().iter().flat_map(|path| Release::ALL.iter().map(move |r| (path, r))) {
        let settings = Settings {
            release: Some(release.to_string()),
            mesh_config: std::fs::read_to_string(path.with_extension("mesh.yaml")).ok(),
            ..Settings::default()
        };
        let options = settings.options().unwrap();
        let file = SourceFile::new("input.yaml", std::fs::read_to_string(path).unwrap());
        let reading = Snapshot::read([file], &options.limits);
        let translation = translate(&reading, &options);
        let places = Places::new(&reading);
        for waypoint in &translation.waypoints {
            let located = places.locate(waypoint.origins());
            for origin in waypoint.origins() {
                for cause in &origin.causes {
                    let maker = located.maker(cause);
                    let here = || {
                        format!("{} {release}: {:?}: {maker} {}", path.display(), origin.part, maker.field)
                    };
                    let source =
                        reading.snapshot.source(&cause.object).unwrap_or_else(|| panic!("{}", here()));
                    assert!(maker.line.is_some() && maker.column.is_some(), "{}", here());
                    // A match that the API server fills in stands nowhere; its rule does.
                    let filled_in = || maker.field.strip_suffix(".matches[0]");
                    let stands = |field: &str| reading.files.has(source, field);
                    let found = stands(&maker.field) || filled_in().is_some_and(stands);
                    assert!(cause.field.is_root() || found, "{}", here());
                    fields += usize::from(!cause.field.is_root());
                }
                let decisive = origin.causes.first().filter(|cause| !cause.field.is_root());
                let of_rule = matches!(origin.part, Part::Route { .. });
                assert!(
                    !of_rule || origin.causes.is_empty() || decisive.is_some(),
                    "{} {release}: {:?} has no field",
                    path.display(),
                    origin.part
                );
            }
        }
    }
    assert!(fields > 1000, "{fields}");
}

/// The documents of a case, each an object.
fn documents(text: &str) -> Vec<&str> {
    text.split("\n---\n").collect()
}

/// A resource as it is sent, by kind and name, and the objects that made it or a part of it.
type Made = BTreeMap<(String, &'static str, String), (Vec<u8>, BTreeSet<ObjectRef>)>;

fn made(documents: &[&str], options: &Options) -> Made {
    let reading = Snapshot::read([SourceFile::new("input.yaml", documents.join("\n---\n"))], &options.limits);
    let translation = translate(&reading, options);
    let mut made = Made::new();
    for waypoint in &translation.waypoints {
        let mut add = |kind, name: &str, message: Vec<u8>, origins: &[Origin]| {
            let objects = origins.iter().flat_map(|o| &o.causes).map(|cause| cause.object.clone()).collect();
            made.insert((waypoint.waypoint.to_string(), kind, name.to_owned()), (message, objects));
        };
        for r in &waypoint.listeners {
            add("listener", &r.message.name, r.message.encode_to_vec(), &r.origins);
        }
        for r in &waypoint.clusters {
            add("cluster", &r.message.name, r.message.encode_to_vec(), &r.origins);
        }
        for r in &waypoint.endpoints {
            add("endpoints", &r.message.cluster_name, r.message.encode_to_vec(), &r.origins);
        }
    }
    made
}

/// What is not said yet, by kind of object and resource: the Namespaces and Gateways that decide whom another
/// Gateway admits; the Gateways of other networks, and the Namespaces that name a network; what takes a host
/// from another object, and what is told of a port that no chain is made for. The list only shrinks.
const UNSAID: [(Kind, &str); 7] = [
    (Kind::Namespace, "listener"),
    (Kind::Gateway, "listener"),
    (Kind::Gateway, "endpoints"),
    (Kind::Namespace, "endpoints"),
    (Kind::Namespace, "cluster"),
    (Kind::Service, "listener"),
    (Kind::ServiceEntry, "listener"),
];
/// And at most so many of these in all cases.
const UNSAID_AT_MOST: usize = 16;

/// Every object of a golden case without which a resource is another one is among the origins of that
/// resource.
#[test]
fn an_object_that_changes_a_resource_is_among_its_origins() {
    // All of them take a minute without optimization: `ALL_CASES=1` asks for that.
    let step = if std::env::var_os("ALL_CASES").is_some() { 1 } else { 5 };
    let mut missed: BTreeMap<String, usize> = BTreeMap::new();
    let (mut seen, mut unsaid) = (0, 0);
    for path in cases().into_iter().step_by(step) {
        let settings = Settings {
            mesh_config: std::fs::read_to_string(path.with_extension("mesh.yaml")).ok(),
            ..Settings::default()
        };
        let options = settings.options().unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        let all = documents(&text);
        let whole = made(&all, &options);
        for (position, document) in all.iter().enumerate() {
            let rest: Vec<&str> =
                all.iter().enumerate().filter(|(i, _)| *i != position).map(|(_, d)| *d).collect();
            let alone = Snapshot::read([SourceFile::new("one.yaml", *document)], &options.limits);
            let Some((object, _)) = alone.snapshot.sources().next() else { continue };
            let without = made(&rest, &options);
            for (key, (message, origins)) in &whole {
                let Some((other, _)) = without.get(key) else { continue };
                if other == message {
                    continue;
                }
                seen += 1;
                if !origins.contains(&object) && UNSAID.contains(&(object.kind, key.1)) {
                    unsaid += 1;
                } else if !origins.contains(&object) {
                    *missed.entry(format!("{} -> {}", object.kind, key.1)).or_default() += 1;
                    if std::env::var_os("SHOW_MISSED").is_some() {
                        eprintln!("{}: {object} changes {key:?}", path.display());
                    }
                }
            }
        }
    }
    assert!(seen > 300, "{seen}");
    assert!(unsaid <= UNSAID_AT_MOST, "{unsaid}");
    assert!(missed.is_empty(), "of {seen} changes:\n{missed:#?}");
}
