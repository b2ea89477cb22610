//! Every origin is a field: for all golden cases in all releases, what made a resource or a part of it names
//! an object of the snapshot and a field that the object has, and that field has a line and a column.
#![allow(
    clippy::unwrap_used,
    clippy::string_slice,
    clippy::print_stderr,
    reason = "a test may panic, and print"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use envoy::Message;
use waypoint_xds::options::{Options, Settings};
use waypoint_xds::release::Release;
use waypoint_xds::resources::{Origin, Part};
use waypoint_xds::session::Session;
use waypoint_xds::snapshot::{Kind, Meta, ObjectRef, Snapshot};
use waypoint_xds::text::SourceFile;
use waypoint_xds::translate;

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

/// What a case is translated with.
fn options(case: &Path, release: Option<Release>) -> Options {
    let beside = |extension: &str| case.with_extension(extension);
    let settings = ::files::settings(&beside("mesh.yaml"), &beside("features")).unwrap();
    Settings { release: release.map(|release| release.to_string()), ..settings }.options().unwrap()
}

#[test]
fn every_origin_is_a_field_that_stands_somewhere() {
    let mut fields = 0;
    for (path, release) in cases().iter().flat_map(|path| Release::ALL.iter().map(move |r| (path, r))) {
        let options = options(path, Some(*release));
        let file = SourceFile::new("input.yaml", std::fs::read_to_string(path).unwrap());
        let session = Session::new(Snapshot::read([file], &options.limits), &options);
        let (reading, places) = (session.input(), session.places());
        let is_assumed =
            |object: &ObjectRef| session.mesh().snapshot.meta(object).is_some_and(Meta::is_assumed);
        for waypoint in &session.translation().waypoints {
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
                    // So does the object that what is assumed was made of, such as an InferencePool's
                    // Service.
                    let found =
                        stands(&maker.field) || filled_in().is_some_and(stands) || is_assumed(&cause.object);
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
        for r in &waypoint.routes {
            add("routes", &r.message.name, r.message.encode_to_vec(), &r.origins);
        }
        for r in &waypoint.extensions {
            add("extension", &r.message.name, r.message.encode_to_vec(), &r.origins);
        }
    }
    made
}

/// What is not said yet, by kind of object and resource: the Namespaces and Gateways that decide whom another
/// Gateway admits; the Gateways of other networks, and the Namespaces that name a network; what takes a host
/// from another object, and what is told of a port that no chain is made for; the mesh configuration, which
/// holds for everything; the Service of a gateway that a flag drops, PeerAuthentications that a flag has left
/// unasked, DestinationRules of hosts that several ServiceEntries have, and the InferencePools of listeners.
/// The list only shrinks; new cases may show what was missing in it.
const UNSAID: [(Kind, &str); 14] = [
    (Kind::PeerAuthentication, "endpoints"),
    (Kind::Service, "cluster"),
    (Kind::DestinationRule, "cluster"),
    (Kind::ConfigMap, "endpoints"),
    (Kind::ConfigMap, "cluster"),
    (Kind::InferencePool, "listener"),
    (Kind::ConfigMap, "listener"),
    (Kind::Namespace, "listener"),
    (Kind::Gateway, "listener"),
    (Kind::Gateway, "endpoints"),
    (Kind::Namespace, "endpoints"),
    (Kind::Namespace, "cluster"),
    (Kind::Service, "listener"),
    (Kind::ServiceEntry, "listener"),
];

/// What differs from the whole case where one of its documents is another, and is not said to be made by it:
/// how often, by kind of object and resource.
#[derive(Default)]
struct Missed {
    /// Resources that differ.
    seen: usize,
    /// Those of [`UNSAID`].
    unsaid: usize,
    /// The others.
    missed: BTreeMap<String, usize>,
}

impl Missed {
    fn compare(&mut self, case: &Path, whole: &Made, object: &ObjectRef, changed: &Made) {
        for (key, (message, origins)) in whole {
            let Some((other, new_origins)) = changed.get(key) else { continue };
            if other == message {
                continue;
            }
            self.seen += 1;
            // What only now makes a part of it is told now: a Pod that is no longer over.
            if origins.contains(object) || new_origins.contains(object) {
                continue;
            }
            if UNSAID.contains(&(object.kind, key.1)) {
                self.unsaid += 1;
                continue;
            }
            *self.missed.entry(format!("{} -> {}", object.kind, key.1)).or_default() += 1;
            if std::env::var_os("SHOW_MISSED").is_some() {
                eprintln!("{}: {object} changes {key:?}", case.display());
            }
        }
    }

    /// Fails where something is missed, or more is unsaid than before.
    fn check(&self, at_least: usize, unsaid: usize) {
        assert!(self.seen > at_least, "{}", self.seen);
        assert!(self.unsaid <= unsaid, "{}", self.unsaid);
        assert!(self.missed.is_empty(), "of {} changes:\n{:#?}", self.seen, self.missed);
    }
}

/// Each document of a case with the object that it is.
fn objects(documents: &[&str], options: &Options) -> Vec<(usize, ObjectRef)> {
    let object = |(position, document): (usize, &&str)| {
        let alone = Snapshot::read([SourceFile::new("one.yaml", *document)], &options.limits);
        Some((position, alone.snapshot.sources().next()?.0))
    };
    documents.iter().enumerate().filter_map(object).collect()
}

/// One of so many cases, or all where `ALL_CASES` asks for them: that takes minutes without optimization. A
/// case is chosen by its name, so that a new one changes nothing about the others.
fn sample(step: u32) -> impl Iterator<Item = PathBuf> {
    let step = if std::env::var_os("ALL_CASES").is_some() { 1 } else { step };
    let number = |path: &Path| {
        let name = path.file_stem().unwrap_or_default().as_encoded_bytes();
        name.iter().fold(0_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(*byte)))
    };
    cases().into_iter().filter(move |path| number(path).is_multiple_of(step))
}

/// Every object of a golden case without which a resource is another one is among the origins of that
/// resource.
#[test]
fn an_object_that_changes_a_resource_is_among_its_origins() {
    let mut missed = Missed::default();
    for path in sample(5) {
        let options = options(&path, None);
        let text = std::fs::read_to_string(&path).unwrap();
        let all = documents(&text);
        let whole = made(&all, &options);
        for (position, object) in objects(&all, &options) {
            let rest: Vec<&str> =
                all.iter().enumerate().filter(|(i, _)| *i != position).map(|(_, d)| *d).collect();
            missed.compare(&path, &whole, &object, &made(&rest, &options));
        }
    }
    missed.check(300, 23);
}

/// A document with one of its values changed, for each of them: numbers are one more, words one letter
/// longer.
fn mutations(document: &str) -> Vec<String> {
    let values = regex::Regex::new(r"[:\[,-] *([A-Za-z0-9][A-Za-z0-9./*-]*)(?:[,\]}\n]|$)").unwrap();
    let change = |value: regex::Match<'_>| {
        let changed = match value.as_str() {
            "true" => "false".to_owned(),
            "false" => "true".to_owned(),
            text => text.parse::<u32>().map_or(format!("{text}x"), |number| (number + 1).to_string()),
        };
        [&document[..value.start()], &changed, &document[value.end()..]].concat()
    };
    values.captures_iter(document).filter_map(|found| found.get(1)).map(change).collect()
}

/// Every object of a golden case of which a field changes a resource is among the origins of that resource.
#[test]
fn an_object_with_a_field_that_changes_a_resource_is_among_its_origins() {
    let mut missed = Missed::default();
    for path in sample(17) {
        let options = options(&path, None);
        let text = std::fs::read_to_string(&path).unwrap();
        let all = documents(&text);
        let whole = made(&all, &options);
        for (position, object) in objects(&all, &options) {
            for mutation in mutations(all[position]) {
                let mut changed = all.clone();
                changed[position] = &mutation;
                missed.compare(&path, &whole, &object, &made(&changed, &options));
            }
        }
    }
    missed.check(300, 55);
}
