//! Admission against the reference: the same objects are refused, the same fields dropped, and the same
//! objects warned of as by the control planes of the releases.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use waypoint_xds::admission::admit;
use waypoint_xds::limits::Limits;
use waypoint_xds::options::Options;
use waypoint_xds::problem::{Code, Problem, Severity};
use waypoint_xds::release::Release;
use waypoint_xds::snapshot::{Object, Reading, Resource, Snapshot};
use waypoint_xds::text::SourceFile;

/// What happened to objects: `refused VirtualService default/cart`.
type Verdicts = BTreeSet<String>;

fn cases() -> Vec<PathBuf> {
    let folder = reference_files::unless_skipped("reference/cases", "admission against the reference");
    let Some(folder) = folder.unwrap_or_else(|missing| panic!("{missing}")) else { return Vec::new() };
    let mut cases: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.sort();
    cases
}

fn read(path: &Path) -> Reading {
    let text = fs::read_to_string(path).unwrap();
    Snapshot::read([SourceFile::new("input.yaml", text)], &Limits::DEFAULT)
}

/// Our verdicts.
fn ours(case: &Path, release: Release) -> Verdicts {
    let reading = read(&case.join("input.yaml"));
    let admitted = admit(reading.snapshot, &Options::for_release(release));
    let mut verdicts = Verdicts::new();
    for problem in reading.problems.iter().chain(&admitted.problems) {
        let Some(object) = &problem.object else { continue };
        verdicts.extend(verdict(problem).map(|what| format!("{what} {object}")));
    }
    verdicts
}

fn verdict(problem: &Problem) -> Option<String> {
    match (problem.code, problem.severity) {
        (_, Severity::Error) => Some("refused".into()),
        (Code::UnsupportedField, _) => Some(format!("dropped {} of", problem.field)),
        (Code::DuplicateKey | Code::ReplacedObject | Code::UnknownKind, _) => None,
        _ => Some("warned of".into()),
    }
}

/// The verdicts in `skipped.txt` of 1.18, where the case has one.
fn of_1_18(case: &Path) -> Option<Verdicts> {
    let text = fs::read_to_string(case.join("expected/istio-1.18/skipped.txt")).ok()?;
    let mut verdicts = Verdicts::new();
    for line in text.lines() {
        let mut parts = line.splitn(3, ": ");
        let (Some(sort), Some(subject), Some(what)) = (parts.next(), parts.next(), parts.next()) else {
            continue;
        };
        let object = subject.split_once(' ').map_or(subject, |(_, object)| object);
        if sort == "skipped" && !what.starts_with("kind unknown") {
            verdicts.insert(format!("refused {object}"));
        } else if let Some(fields) = what.strip_prefix("fields unknown to the 1.18 CRD dropped: ") {
            verdicts.extend(fields.split(", ").map(|field| format!("dropped {field} of {object}")));
        } else if what.starts_with("validation warning: ") {
            verdicts.insert(format!("warned of {object}"));
        }
    }
    Some(verdicts)
}

/// The verdicts in `log.txt` of 1.31, of a case that has one. Later families of cases were made by other
/// means, which wrote no verdicts.
fn of_1_31(case: &Path) -> Option<Verdicts> {
    let name = case.file_name()?.to_string_lossy();
    if ["min-", "pub-", "hrs-", "foc-"].iter().any(|family| name.starts_with(family)) {
        return None;
    }
    let text = fs::read_to_string(case.join("expected/istio-1.31/log.txt")).ok()?;
    let mut verdicts = Verdicts::new();
    for line in text.lines() {
        let Some((subject, _)) = line.strip_prefix("dumper\t").and_then(|line| line.split_once(": ")) else {
            continue;
        };
        // Cases of different age tell it differently; of the API server's verdict some say `rejected` alone.
        let refused = ["REJECTED by istiod's validation webhook ", "rejected by webhook ", "rejected "];
        if let Some(object) = refused.iter().find_map(|prefix| subject.strip_prefix(prefix)) {
            verdicts.insert(format!("refused {object}"));
        } else if let Some(object) = subject.strip_prefix("webhook warning ") {
            verdicts.insert(format!("warned of {object}"));
        }
    }
    Some(verdicts)
}

/// Compares the verdicts of every case. Of a rule that never applies we warn in 1.18 too, where the webhook
/// overlooked those behind a rule without a match.
fn compare(release: Release, theirs: impl Fn(&Path) -> Option<Verdicts>) {
    let mut differences = String::new();
    for case in cases() {
        let Some(theirs) = theirs(&case) else { continue };
        let ours = ours(&case, release);
        let excused =
            |verdict: &String| release == Release::V1_18 && verdict.starts_with("warned of VirtualService");
        let more: Vec<_> = ours.difference(&theirs).filter(|verdict| !excused(verdict)).collect();
        let less: Vec<_> = theirs.difference(&ours).collect();
        if !more.is_empty() || !less.is_empty() {
            let name = case.file_name().unwrap().to_string_lossy();
            writeln!(differences, "{name}\n  only ours:   {more:?}\n  only theirs: {less:?}").unwrap();
        }
    }
    assert!(differences.is_empty(), "Istio {release}:\n{differences}");
}

#[test]
fn admission_is_that_of_1_18() {
    compare(Release::V1_18, of_1_18);
}

#[test]
fn admission_is_that_of_1_31() {
    compare(Release::V1_31, of_1_31);
}

/// Objects that differ from those of the same name that the control plane saw.
fn changed<T: Resource + PartialEq>(ours: &[Arc<Object<T>>], theirs: &[Arc<Object<T>>]) -> Vec<String> {
    let key = |object: &Object<T>| (object.meta.namespace.clone(), object.meta.name.clone());
    let theirs: BTreeMap<_, _> = theirs.iter().map(|object| (key(object), &object.spec)).collect();
    // Proto JSON writes 64-bit integers as text, which no schema takes: such an object cannot be read back.
    let differs =
        |object: &&Arc<Object<T>>| theirs.get(&key(object)).is_some_and(|spec| **spec != object.spec);
    ours.iter().filter(differs).map(|object| object.object_ref().to_string()).collect()
}

#[test]
fn objects_are_those_that_1_31_saw() {
    let mut differences = Vec::new();
    let seen = "expected/istio-1.31/effective-input.yaml";
    for case in cases().into_iter().filter(|case| case.join(seen).exists()) {
        let admitted = |path: &str| {
            let mut snapshot = admit(read(&case.join(path)).snapshot, &Options::default()).snapshot;
            // What the control plane itself wrote.
            snapshot
                .service_entries
                .iter_mut()
                .for_each(|e| Arc::make_mut(e).spec.status = Default::default());
            snapshot
        };
        let (ours, theirs) = (admitted("input.yaml"), admitted(seen));
        macro_rules! compare {
            ($($list:ident)*) => {$(
                let objects = changed(&ours.$list, &theirs.$list);
                differences.extend(objects.into_iter().map(|object| format!("{}: {object}", case.display())));
            )*};
        }
        compare!(services endpoint_slices gateway_classes http_routes grpc_routes tcp_routes tls_routes);
        compare!(reference_grants virtual_services destination_rules service_entries workload_entries);
        compare!(envoy_filters proxy_configs authorization_policies request_authentications);
        compare!(peer_authentications telemetries wasm_plugins);
    }
    assert!(differences.is_empty(), "{differences:#?}");
}
