//! What Istio's own control planes made of a few snapshots (`testdata/reference`), and what we make of them:
//! the same, field by field.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;
use waypoint_xds::Session;
use waypoint_xds::options::Settings;
use waypoint_xds::release::Release;
use waypoint_xds::text::SourceFile;
use waypoint_xds::view::json::{self, ResourceKind};

/// Resources by `<namespace>__<gateway>/<kind> <name>`.
type Resources = BTreeMap<String, Value>;

/// Arrays that Istio fills in no order: it walks a Go map.
fn unordered(release: Release) -> &'static [&'static str] {
    match release {
        Release::V1_18 => {
            &["accessLog", "filterChains", "lbEndpoints", "queryParameters", "rangeMatchers", "ranges"]
        }
        _ => &["lbEndpoints", "queryParameters"],
    }
}

/// A value whose unordered arrays are sorted, and whose whole numbers are integers.
fn normal(value: &Value, field: &str, unordered: &[&str]) -> Value {
    match value {
        Value::Object(fields) => {
            fields.iter().map(|(name, value)| (name.clone(), normal(value, name, unordered))).collect()
        }
        Value::Array(items) => {
            let mut items: Vec<Value> = items.iter().map(|item| normal(item, field, unordered)).collect();
            if unordered.contains(&field) {
                items.sort_by_cached_key(text);
            }
            Value::Array(items)
        }
        Value::Number(number) => match number.as_f64() {
            #[allow(clippy::cast_possible_truncation, reason = "a whole number that JSON writes as a double")]
            Some(double) if number.is_f64() && double.fract() == 0.0 => Value::from(double as i64),
            _ => value.clone(),
        },
        _ => value.clone(),
    }
}

/// A value as text, its fields in the order of their names.
fn text(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            let sorted: BTreeMap<&String, String> =
                fields.iter().map(|(name, value)| (name, text(value))).collect();
            let fields: Vec<String> =
                sorted.into_iter().map(|(name, value)| format!("{name}:{value}")).collect();
            format!("{{{}}}", fields.join(","))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(text).collect::<Vec<_>>().join(",")),
        other => other.to_string(),
    }
}

fn collect(waypoint: &str, kind: ResourceKind, array: &str, release: Release, all: &mut Resources) {
    let resources: Vec<Value> = serde_json::from_str(array).unwrap();
    for resource in resources {
        let name = resource.get("name").or_else(|| resource.get("clusterName"));
        let name = name.and_then(Value::as_str).unwrap_or_default();
        let key = format!("{waypoint}/{} {name}", kind.as_str());
        let before = all.insert(key.clone(), normal(&resource, "", unordered(release)));
        assert_eq!(before, None, "{key} is there twice");
    }
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    all.retain(|path| path.is_dir());
    all.sort();
    all
}

fn name(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

/// What the control plane sent.
fn expected(folder: &Path, release: Release) -> Resources {
    let mut all = Resources::new();
    for waypoint in entries(folder) {
        for kind in ResourceKind::ALL {
            let array = std::fs::read_to_string(waypoint.join(format!("{}.json", kind.as_str()))).unwrap();
            collect(&name(&waypoint), kind, &array, release, &mut all);
        }
    }
    all
}

/// What we would send.
fn found(case: &Path, release: Release) -> Resources {
    let input = SourceFile::new("input.yaml", std::fs::read_to_string(case.join("input.yaml")).unwrap());
    let beside = files::settings(&case.join("mesh.yaml"), &case.join("features")).unwrap();
    let options = Settings { release: Some(release.to_string()), ..beside }.options().unwrap();
    let session = Session::read([input], &options);
    let mut all = Resources::new();
    for waypoint in &session.translation().waypoints {
        let name = format!("{}__{}", waypoint.waypoint.namespace, waypoint.waypoint.name);
        for kind in ResourceKind::ALL {
            collect(&name, kind, &json::array(waypoint, kind), release, &mut all);
        }
    }
    all
}

#[test]
fn what_control_planes_made_is_what_we_make() {
    let cases = entries(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/reference"));
    let (mut compared, mut differ) = (0, Vec::new());
    for case in &cases {
        for folder in entries(&case.join("expected")) {
            let release: Release = name(&folder).strip_prefix("istio-").unwrap().parse().unwrap();
            let (expected, found) = (expected(&folder, release), found(case, release));
            compared += expected.len();
            let keys = expected.keys().chain(found.keys().filter(|key| !expected.contains_key(*key)));
            let other = keys.filter(|key| expected.get(*key) != found.get(*key));
            differ.extend(other.map(|key| format!("{} {release} {key}", name(case))));
        }
    }
    assert_eq!(differ, Vec::<String>::new());
    // What is missing is no success.
    assert_eq!((cases.len(), compared), (12, COMPARED));
}

/// How many resources there are.
const COMPARED: usize = 746;
