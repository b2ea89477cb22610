//! Every case of `testdata/cases`, and of `testdata/clusters` (those of several clusters), gives, for every
//! release, what `testdata/golden/<release>/<case>.<kind>.json` hold, and the problems of
//! `<case>.problems.txt`: a file for each kind of resource that there is any of, one field a line.
//!
//! Most releases differ little from the next: of those there is only the difference,
//! `<case>.<kind>.json.diff` and `<case>.problems.txt.diff`.
//!
//! Beside them, `<case>.extensions.json` has the configurations that the waypoints' Envoys ask for by name.
//!
//! Some are also said for an upstream Envoy, in `<case>.envoy.<kind>.json`. Those that are about ztunnel also
//! give what it gets, in `<case>.ztunnel.json` and, as istioctl's tables, `<case>.ztunnel.txt`. Those that
//! are about statuses also give these, in `<case>.status.json`, and where the snapshot's say something else,
//! in `<case>.status.problems.txt`.
//!
//! `cargo xtask golden --update` writes those files and removes stale ones.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::Value;
use waypoint_xds::dialect::Dialect;
use waypoint_xds::mesh::Mesh;
use waypoint_xds::options::{Options, Settings};
use waypoint_xds::release::Release;
use waypoint_xds::resources::WaypointResources;
use waypoint_xds::snapshot::{Reading, Snapshot};
use waypoint_xds::text::SourceFile;
use waypoint_xds::view::json::ResourceKind;
use waypoint_xds::view::ztunnel::ZtunnelConfig;
use waypoint_xds::view::{self, diagnostics, json, statuses};
use waypoint_xds::{Translation, status, translate, translation, ztunnel};

/// Cases that are also said for an upstream Envoy: `<case>.envoy.<kind>.json`.
const IN_BOTH_DIALECTS: &[&str] = &[
    "bookinfo-namespace",
    "bookinfo-reviews-sa",
    "dr-client-namespace",
    "jwt-with-authz",
    "wasm-target-service",
];

fn testdata() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata")
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> =
        std::fs::read_dir(folder).map(|d| d.map(|e| e.unwrap().path()).collect()).unwrap_or_default();
    all.sort();
    all
}

/// Releases whose files are there in full; of others there is what differs from the next newer one.
const IN_FULL: [Release; 2] = [Release::V1_18, Release::LATEST];

/// The text of every golden file of a release, by file name.
fn golden(release: Release) -> BTreeMap<String, String> {
    let own = generate(release);
    if IN_FULL.contains(&release) {
        return own;
    }
    let next = Release::ALL.iter().copied().find(|other| *other > release).unwrap();
    let next = generate(next);
    let names: BTreeSet<&String> = own.keys().chain(next.keys()).collect();
    names
        .into_iter()
        .filter_map(|name| Some((format!("{name}.diff"), difference(name, &next, &own)?)))
        .collect()
}

/// What differs between a file of two releases, a line for each value or problem; none if nothing does.
fn difference(name: &str, old: &BTreeMap<String, String>, new: &BTreeMap<String, String>) -> Option<String> {
    let lines = |files: &BTreeMap<String, String>| -> Vec<String> {
        let Some(text) = files.get(name) else { return Vec::new() };
        if name.ends_with(".txt") {
            return text.lines().map(str::to_owned).collect();
        }
        let mut found = Vec::new();
        flatten(&serde_json::from_str(text).unwrap(), String::new(), &mut found);
        found
    };
    let (old, new) = (lines(old), lines(new));
    let only = |these: &[String], those: &[String], sign: char| -> Vec<(String, char)> {
        let those: BTreeSet<&String> = those.iter().collect();
        these.iter().filter(|line| !those.contains(line)).map(|line| (line.clone(), sign)).collect()
    };
    let mut all = only(&old, &new, '-');
    all.extend(only(&new, &old, '+'));
    all.sort_by(|a, b| place(&a.0).cmp(place(&b.0)).then(b.1.cmp(&a.1)));
    let text: String = all.into_iter().map(|(line, sign)| format!("{sign} {line}\n")).collect();
    (!text.is_empty()).then_some(text)
}

/// Where the value of a line stands.
fn place(line: &str) -> &str {
    line.split_once(": ").map_or(line, |(place, _)| place)
}

/// Every value with its place: names, or positions where there are none, joined by `/`.
fn flatten(value: &Value, place: String, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            for (key, value) in fields {
                flatten(value, format!("{place}/{key}"), found);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for (index, item) in items.iter().enumerate() {
                let name = ["name", "clusterName"].iter().find_map(|key| item.get(key)?.as_str());
                let step = name.map_or_else(|| index.to_string(), str::to_owned);
                flatten(item, format!("{place}/{step}"), found);
            }
        }
        other => found.push(format!("{place}: {other}")),
    }
}

/// An input with its settings.
struct Case {
    name: String,
    sources: Vec<SourceFile>,
    settings: Settings,
}

/// The cases of one cluster: a file each.
fn one_cluster() -> Vec<Case> {
    let case = |input: &PathBuf| {
        let file = input.file_name().unwrap().to_string_lossy().into_owned();
        let name = file.strip_suffix(".yaml").filter(|name| !name.ends_with(".mesh"))?;
        let beside = |kind: &str| input.with_file_name(format!("{name}.{kind}"));
        Some(Case {
            name: name.to_owned(),
            sources: vec![SourceFile::new("input.yaml", std::fs::read_to_string(input).unwrap())],
            settings: ::files::settings(&beside("mesh.yaml"), &beside("features")).unwrap(),
        })
    };
    files(&testdata().join("cases")).iter().filter_map(case).collect()
}

/// The cases of several clusters: a folder each, with a file for each cluster, `1-east.yaml` for the first.
fn several_clusters() -> Vec<Case> {
    let source = |path: &PathBuf| {
        let file = path.file_name().unwrap().to_string_lossy().into_owned();
        let (_, cluster) = file.strip_suffix(".yaml")?.split_once('-')?;
        let text = std::fs::read_to_string(path).unwrap();
        Some(SourceFile::new(format!("{cluster}.yaml"), text).in_cluster(cluster))
    };
    let case = |folder: &PathBuf| Case {
        name: format!("clusters-{}", folder.file_name().unwrap().to_string_lossy()),
        sources: files(folder).iter().filter_map(source).collect(),
        settings: ::files::settings(&folder.join("mesh.yaml"), &folder.join("features")).unwrap(),
    };
    files(&testdata().join("clusters")).iter().map(case).collect()
}

/// What is made of every case for a release, by file name.
fn generate(release: Release) -> BTreeMap<String, String> {
    let mut golden = BTreeMap::new();
    for Case { name, sources, settings } in one_cluster().into_iter().chain(several_clusters()) {
        let case = name.as_str();
        let mut options = settings.options().unwrap();
        options.release = release;
        let reading = Snapshot::read(sources, &options.limits);
        add(&mut golden, case, &translate(&reading, &options));
        if case.starts_with("ztunnel-") || case.starts_with("clusters-") {
            add_ztunnel(&mut golden, case, &translation::mesh(&reading, &options).0);
        }
        if case.starts_with("status-") {
            add_statuses(&mut golden, case, &reading, &options);
        }
        if IN_BOTH_DIALECTS.contains(&case) {
            options.dialect = Dialect::Envoy;
            add(&mut golden, &format!("{case}.envoy"), &translate(&reading, &options));
        }
    }
    golden
}

fn add(golden: &mut BTreeMap<String, String>, name: &str, translation: &Translation) {
    for kind in ResourceKind::ALL {
        let file = format!("{name}.{}.json", kind.as_str());
        add_of_each(golden, file, translation, |waypoint| json::array(waypoint, kind));
    }
    add_of_each(golden, format!("{name}.extensions.json"), translation, extensions);
    let problems = diagnostics::concise(&translation.problems);
    if !problems.is_empty() {
        golden.insert(format!("{name}.problems.txt"), problems);
    }
}

/// A file with the array of each waypoint that has one with something in it, if any has.
fn add_of_each(
    golden: &mut BTreeMap<String, String>,
    file: String,
    translation: &Translation,
    array: impl Fn(&WaypointResources) -> String,
) {
    let named = |waypoint: &WaypointResources| -> Option<String> {
        let array = array(waypoint);
        let name = Value::from(waypoint.waypoint.to_string());
        (array.trim_end() != "[]").then(|| format!("{name}: {}", array.trim_end()))
    };
    let waypoints: Vec<String> = translation.waypoints.iter().filter_map(named).collect();
    if !waypoints.is_empty() {
        golden.insert(file, json::indented(&format!("{{{}}}", waypoints.join(","))));
    }
}

/// The configurations of extensions that a waypoint's Envoy asks for by name.
fn extensions(waypoint: &WaypointResources) -> String {
    let all: Vec<String> = waypoint.extensions.iter().map(|e| json::message(&e.message)).collect();
    format!("[{}]", all.join(","))
}

/// What ztunnel gets, and the table; nothing for releases of which it is not known.
fn add_ztunnel(golden: &mut BTreeMap<String, String>, case: &str, mesh: &Mesh) {
    let Ok(resources) = ztunnel::generate(mesh) else { return };
    let config = ZtunnelConfig::from(&resources);
    let all = view::ztunnel::all(&config).to_string();
    golden.insert(format!("{case}.ztunnel.json"), json::indented(&all));
    golden.insert(format!("{case}.ztunnel.txt"), view::ztunnel::summary(&config, true));
}

/// The statuses.
fn add_statuses(golden: &mut BTreeMap<String, String>, case: &str, reading: &Reading, options: &Options) {
    let found = status::statuses(&translation::mesh(reading, options).0);
    golden.insert(format!("{case}.status.json"), json::indented(&statuses::json(&found).to_string()));
    let mut problems = Vec::new();
    translation::add(reading, &mut problems, status::differences(reading, &found));
    if !problems.is_empty() {
        golden.insert(format!("{case}.status.problems.txt"), diagnostics::concise(&problems));
    }
}

fn check(release: Release) {
    let folder = testdata().join(format!("golden/{release}"));
    let wanted = golden(release);
    assert!(!wanted.is_empty(), "no case in testdata/cases");
    let found: BTreeMap<String, String> = files(&folder)
        .iter()
        .map(|path| {
            (path.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read_to_string(path).unwrap())
        })
        .collect();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::create_dir_all(&folder).unwrap();
        for stale in found.keys().filter(|name| !wanted.contains_key(*name)) {
            std::fs::remove_file(folder.join(stale)).unwrap();
        }
        for (name, text) in wanted.iter().filter(|(name, text)| found.get(*name) != Some(text)) {
            std::fs::write(folder.join(name), text).unwrap();
        }
        return;
    }
    let differ: Vec<String> = wanted
        .keys()
        .chain(found.keys())
        .filter(|name| wanted.get(*name) != found.get(*name))
        .map(|name| match (wanted.get(name), found.get(name)) {
            (Some(wanted), Some(found)) => format!("{name}: {}", first_difference(found, wanted)),
            (Some(_), None) => format!("{name}: missing"),
            _ => format!("{name}: stale"),
        })
        .collect();
    assert!(differ.is_empty(), "{} golden files of {release} differ:\n{}", differ.len(), differ.join("\n"));
}

/// The first line that differs, around the first character that does.
fn first_difference(old: &str, new: &str) -> String {
    for (number, (old, new)) in old.lines().zip(new.lines()).enumerate() {
        if old != new {
            let same = old.chars().zip(new.chars()).take_while(|(a, b)| a == b).count();
            let around =
                |line: &str| line.chars().skip(same.saturating_sub(40)).take(120).collect::<String>();
            return format!("line {}:\n  - …{}\n  + …{}", number + 1, around(old), around(new));
        }
    }
    format!("{} lines became {}", old.lines().count(), new.lines().count())
}

#[test]
fn release_1_18() {
    check(Release::V1_18);
}

#[test]
fn release_1_29() {
    check(Release::V1_29);
}

#[test]
fn release_1_30() {
    check(Release::V1_30);
}

#[test]
fn every_release_has_golden_files() {
    let folders: BTreeSet<String> = files(&testdata().join("golden"))
        .iter()
        .filter(|path| path.is_dir())
        .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
        .collect();
    assert_eq!(folders, Release::ALL.iter().map(ToString::to_string).collect());
}

#[test]
fn release_1_31() {
    check(Release::V1_31);
}
