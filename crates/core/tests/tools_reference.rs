//! istioctl's tables, bootstraps and the objects that run waypoints, against the reference.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may fail")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use envoy::{Message, Name};
use serde_json::{Value, json};
use waypoint_xds::bootstrap::bootstrap;
use waypoint_xds::limits::Limits;
use waypoint_xds::manifests::manifests;
use waypoint_xds::mesh::{DataPlane, Mesh, Waypoint};
use waypoint_xds::options::{Options, Settings};
use waypoint_xds::release::Release;
use waypoint_xds::snapshot::Snapshot;
use waypoint_xds::text::{SourceFile, Unread, documents};
use waypoint_xds::view::json::{self, ResourceKind};
use waypoint_xds::view::proxy_config::{self, Filter, Form, ProxyConfig, XdsResources};
use waypoint_xds::view::{config_dump, yaml};
use waypoint_xds::{resources, translation};

fn folders(parent: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = fs::read_dir(parent)
        .map(|d| d.map(|e| e.unwrap().path()).filter(|p| p.is_dir()).collect())
        .unwrap_or_default();
    found.sort();
    found
}

/// The cases that istioctl and the agent were asked about, too: those that tell what the control plane
/// was given. Others only have what it sent.
fn cases(release: Release) -> Vec<PathBuf> {
    let file = objects_of(release);
    let folder = reference_files::unless_skipped("reference/cases", "tools against the reference");
    let Some(folder) = folder.unwrap_or_else(|missing| panic!("{missing}")) else { return Vec::new() };
    let asked: Vec<PathBuf> =
        folders(&folder).into_iter().filter(|case| expected(case, release).join(file).is_file()).collect();
    assert!(!asked.is_empty(), "no case of {release} has {file}");
    asked
}

fn expected(case: &Path, release: Release) -> PathBuf {
    case.join(format!("expected/istio-{release}"))
}

fn name(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

fn value(path: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

fn messages<M: Message + Name + Default>(folder: &Path, kind: ResourceKind) -> Vec<M> {
    let list = value(&folder.join(format!("{}.json", kind.as_str())));
    list.as_array().unwrap().iter().map(|json| envoy::json::parse(json).unwrap()).collect()
}

/// What the control plane sent, whoever generated it.
fn held(folder: &Path, release: Release) -> ProxyConfig {
    let resources = XdsResources {
        listeners: messages(folder, ResourceKind::Listeners),
        clusters: messages(folder, ResourceKind::Clusters),
        routes: messages(folder, ResourceKind::Routes),
        endpoints: messages(folder, ResourceKind::Endpoints),
        ..XdsResources::default()
    };
    let config = ProxyConfig::new(&resources, waypoint_xds::rules::Rules::of(release));
    match release {
        Release::V1_18 => {
            let bootstrap = config_dump::bootstrap(&value(&folder.join("bootstrap.json"))).unwrap();
            config.with_bootstrap(&bootstrap, waypoint_xds::rules::Rules::of(release))
        }
        _ => config,
    }
}

/// The rows of 1.18's listener table, whose matches are in no order, grouped by listener and chain.
fn by_chain(text: &str) -> Vec<(String, Vec<String>)> {
    let mut groups: Vec<(String, Vec<String>)> = Vec::new();
    for line in text.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let chain = match words.as_slice() {
            [listener, chain, ..] if chain.contains(['|', '-']) => format!("{listener} {chain}"),
            [listener, ..] => (*listener).to_owned(),
            [] => String::new(),
        };
        match groups.last_mut() {
            Some((last, rows)) if *last == chain => rows.push(line.to_owned()),
            _ => groups.push((chain, vec![line.to_owned()])),
        }
    }
    for (_, rows) in &mut groups {
        rows.sort();
    }
    groups
}

fn differ(release: Release, kind: ResourceKind, ours: &str, theirs: &str) -> bool {
    if release == Release::V1_18 && kind == ResourceKind::Listeners {
        return by_chain(ours) != by_chain(theirs);
    }
    ours != theirs
}

fn first_difference(ours: &str, theirs: &str) -> String {
    let lines = ours.lines().zip(theirs.lines()).find(|(a, b)| a != b);
    match lines {
        Some((ours, theirs)) => format!("  ours   {ours}\n  theirs {theirs}"),
        None => format!("  {} lines instead of {}", ours.lines().count(), theirs.lines().count()),
    }
}

/// Of which the reference corrected the endpoints and left the table as it was.
const STALE_TABLE: (Release, &str, ResourceKind) =
    (Release::V1_31, "svc-deleting-pod", ResourceKind::Endpoints);

fn check_tables(release: Release) {
    let mut differences = String::new();
    let form = Form::of(waypoint_xds::rules::Rules::of(release));
    for case in cases(release) {
        for folder in folders(&expected(&case, release)).iter().filter(|f| f.join("istioctl").is_dir()) {
            let config = held(folder, release);
            for kind in ResourceKind::ALL {
                let ours = proxy_config::table(&config, kind, &Filter::default(), form).to_string();
                let theirs =
                    fs::read_to_string(folder.join(format!("istioctl/{}.txt", kind.as_str()))).unwrap();
                let stale = (release, name(&case).as_str(), kind) == STALE_TABLE;
                if !stale && differ(release, kind, &ours, &theirs) {
                    let what = format!("{} {} {}", name(&case), name(folder), kind.as_str());
                    writeln!(differences, "{what}\n{}", first_difference(&ours, &theirs)).unwrap();
                }
            }
        }
    }
    assert!(differences.is_empty(), "{differences}");
}

#[test]
fn tables_are_those_of_1_18() {
    check_tables(Release::V1_18);
}

#[test]
fn tables_are_those_of_1_31() {
    check_tables(Release::V1_31);
}

/// The file with the objects that the reference was made with: all, or those added to the input.
const fn objects_of(release: Release) -> &'static str {
    match release {
        Release::V1_18 => "synthesized.yaml",
        _ => "effective-input.yaml",
    }
}

/// The mesh of a case, with the objects that the reference was made with besides the case's own.
fn mesh_of(case: &Path, release: Release) -> Mesh {
    let settings = ::files::settings(&case.join("mesh.yaml"), &case.join("features")).unwrap();
    let options = Settings { release: Some(release.to_string()), ..settings }.options().unwrap();
    let objects = expected(case, release).join(objects_of(release));
    let inputs = match release {
        Release::V1_18 => vec![case.join("input.yaml"), objects],
        _ => vec![objects],
    };
    let files = inputs.iter().map(|path| SourceFile::new(name(path), fs::read_to_string(path).unwrap()));
    translation::mesh(&Snapshot::read(files, &options.limits), &options).0
}

fn folder_of(case: &Path, release: Release, waypoint: &Waypoint) -> PathBuf {
    expected(case, release).join(format!("{}__{}", waypoint.name.namespace, waypoint.name.name))
}

/// Where two values differ first.
fn difference(ours: &Value, theirs: &Value, path: &str) -> Option<String> {
    match (ours, theirs) {
        (Value::Object(a), Value::Object(b)) => {
            let keys: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
            keys.into_iter().find_map(|key| {
                difference(
                    a.get(key).unwrap_or(&Value::Null),
                    b.get(key).unwrap_or(&Value::Null),
                    &format!("{path}.{key}"),
                )
            })
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => a
            .iter()
            .zip(b)
            .enumerate()
            .find_map(|(index, (a, b))| difference(a, b, &format!("{path}[{index}]"))),
        _ => (ours != theirs).then(|| format!("{path}: ours {ours}, theirs {theirs}")),
    }
}

/// Every waypoint of the reference has the bootstrap that is there for it.
fn compare_bootstraps(case: &Path, mesh: &Mesh, differences: &mut String) {
    let mut left: Vec<PathBuf> = folders(&expected(case, Release::V1_18));
    for waypoint in &mesh.waypoints {
        let folder = folder_of(case, Release::V1_18, waypoint);
        left.retain(|path| *path != folder);
        if !folder.is_dir() {
            continue;
        }
        let ours = bootstrap(mesh, waypoint);
        if let Some(text) = difference(&ours, &value(&folder.join("bootstrap.json")), "") {
            writeln!(differences, "{} {}: {text}", name(case), waypoint.name).unwrap();
        }
    }
    if !left.is_empty() {
        writeln!(differences, "{}: no bootstrap for {left:?}", name(case)).unwrap();
    }
}

/// Of 1.31 there are no bootstraps, but what each proxy told of itself, as far as its control plane could
/// know.
fn compare_nodes(case: &Path, mesh: &Mesh, differences: &mut String) {
    // Only the agent itself knows these, or its container.
    let only_ours = [
        "EXIT_ON_ZERO_ACTIVE_CONNECTIONS",
        "NAME",
        "NODE_NAME",
        "OWNER",
        "PILOT_SAN",
        "WORKLOAD_IDENTITY_SOCKET_FILE",
    ];
    for waypoint in &mesh.waypoints {
        let folder = folder_of(case, Release::V1_31, waypoint);
        if !folder.is_dir() {
            continue;
        }
        let mut ours = bootstrap(mesh, waypoint)["node"].take();
        let mut theirs = value(&folder.join("proxy.json"))["node"].take();
        for key in only_ours.into_iter().filter(|key| theirs["metadata"].get(key).is_none()) {
            ours["metadata"].as_object_mut().unwrap().remove(key);
        }
        if theirs["metadata"]["PROXY_CONFIG"].get("concurrency").is_none() {
            ours["metadata"]["PROXY_CONFIG"].as_object_mut().unwrap().remove("concurrency");
        }
        for node in [&mut ours, &mut theirs] {
            node.as_object_mut().unwrap().remove("locality");
        }
        if let Some(text) = difference(&ours, &theirs, "node") {
            writeln!(differences, "{} {}: {text}", name(case), waypoint.name).unwrap();
        }
    }
}

/// The documents of a YAML text.
fn yaml_documents(path: &Path) -> Vec<Value> {
    let file = SourceFile::new(name(path), fs::read_to_string(path).unwrap());
    documents(&file, &Limits::DEFAULT)
        .map(|d| d.unwrap().root().decode::<Value>(&Unread::new()).unwrap())
        .collect()
}

/// Without what an API server adds to every object, or the reference's own made up.
fn as_applied(mut object: Value) -> Value {
    let fields = object.as_object_mut().unwrap();
    fields.remove("status");
    let metadata = fields["metadata"].as_object_mut().unwrap();
    for key in ["creationTimestamp", "generation", "uid"] {
        metadata.remove(key);
    }
    for owner in metadata.get_mut("ownerReferences").and_then(Value::as_array_mut).into_iter().flatten() {
        owner.as_object_mut().unwrap().remove("uid");
    }
    if let Some(spec) = fields.get_mut("spec").and_then(Value::as_object_mut) {
        for key in [
            "strategy",
            "clusterIP",
            "clusterIPs",
            "ipFamilies",
            "type",
            "internalTrafficPolicy",
            "sessionAffinity",
        ] {
            spec.remove(key);
        }
        for port in spec.get_mut("ports").and_then(Value::as_array_mut).into_iter().flatten() {
            port.as_object_mut().unwrap().remove("targetPort");
        }
    }
    if let Some(Value::Object(metadata)) = object.pointer_mut("/spec/template/metadata") {
        metadata.remove("creationTimestamp");
    }
    for variable in object
        .pointer_mut("/spec/template/spec/containers/0/env")
        .and_then(Value::as_array_mut)
        .into_iter()
        .flatten()
    {
        if let Some(Value::Object(reference)) = variable.pointer_mut("/valueFrom/resourceFieldRef")
            && reference.get("divisor") == Some(&json!("0"))
        {
            reference.remove("divisor");
        }
    }
    object
}

fn identity(object: &Value) -> (String, String, String) {
    let text = |pointer| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
    (text("/kind"), text("/metadata/namespace"), text("/metadata/name"))
}

/// The objects that run a waypoint are those that the reference was made with. Those that the case brought
/// itself are not Istio's.
fn compare_manifests(case: &Path, mesh: &Mesh, kinds: &[&str], differences: &mut String) {
    let given: BTreeSet<_> = yaml_documents(&case.join("input.yaml")).iter().map(identity).collect();
    let release = mesh.rules.release;
    let objects = yaml_documents(&expected(case, release).join(objects_of(release)));
    let theirs: BTreeMap<_, _> = objects.into_iter().map(|o| (identity(&o), as_applied(o))).collect();
    // What another data plane runs on has other objects.
    for waypoint in mesh.waypoints.iter().filter(|waypoint| waypoint.data_plane == DataPlane::Envoy) {
        let made = manifests(mesh, waypoint).objects;
        // One case has a ConfigMap of parameters, which asks for more.
        assert!(made.len() >= 3, "{} {}", name(case), waypoint.name);
        for ours in made.into_iter().filter(|o| kinds.contains(&o["kind"].as_str().unwrap())) {
            let id = identity(&ours);
            let theirs = theirs.get(&id).unwrap_or(&Value::Null);
            if !given.contains(&id)
                && let Some(text) = difference(&as_applied(ours), theirs, "")
            {
                writeln!(differences, "{} {id:?}: {text}", name(case)).unwrap();
            }
        }
    }
}

#[test]
fn bootstraps_and_manifests_are_those_of_1_18() {
    let mut differences = String::new();
    for case in cases(Release::V1_18) {
        let mesh = mesh_of(&case, Release::V1_18);
        compare_bootstraps(&case, &mesh, &mut differences);
        let kinds = ["ServiceAccount", "Deployment", "Service"];
        compare_manifests(&case, &mesh, &kinds, &mut differences);
    }
    assert!(differences.is_empty(), "{differences}");
}

/// Waypoints whose node is another one in the reference, which only shrinks: pods of their own with names
/// that no Deployment gives, or in namespaces that the control plane does not look at; and one whose network
/// only its Gateway tells.
const OTHER_NODES: [&str; 12] = [
    "min-gateway-network",
    "pub-d-traffic-distribution-page",
    "pub-i55466-failover-priority",
    "pub-i56042-same-zone-same-node",
    "pub-i61774-ipv6-only-waypoint-dual-vips",
    "pub-q-discovery-selectors",
    "pub-r-discovery-doesnotexist",
    "pub-r-discovery-exists-none",
    "pub-r-discovery-in",
    "pub-r-discovery-labels",
    "pub-r60310b-ipv6-headless",
    "pub-s-pc-tracing-name",
];

/// There are no Deployments in the reference of 1.31.
#[test]
fn nodes_and_manifests_are_those_of_1_31() {
    let mut differences = String::new();
    for case in cases(Release::V1_31) {
        let mesh = mesh_of(&case, Release::V1_31);
        if !OTHER_NODES.contains(&name(&case).as_str()) {
            compare_nodes(&case, &mesh, &mut differences);
        }
        compare_manifests(&case, &mesh, &["ServiceAccount", "Service"], &mut differences);
    }
    assert!(differences.is_empty(), "{differences}");
}

const SNAPSHOT: &str = "\
{apiVersion: v1, kind: Service, metadata: {name: reviews, namespace: default},
 spec: {clusterIP: 10.96.0.7, selector: {app: reviews}, ports: [{name: http, port: 9080}]}}
---
{apiVersion: v1, kind: Pod, metadata: {name: reviews-v1, namespace: default, labels: {app: reviews}},
 spec: {serviceAccountName: reviews}, status: {phase: Running, podIP: 10.244.0.7}}
---
{apiVersion: gateway.networking.k8s.io/v1beta1, kind: Gateway, metadata: {name: waypoint, namespace: default},
 spec: {gatewayClassName: istio-waypoint, listeners: [{name: mesh, port: 15008, protocol: HBONE}]}}
";

#[test]
fn a_dump_of_ours_is_read_back() {
    let options = Options::for_release(Release::V1_18);
    let reading = Snapshot::read([SourceFile::new("s.yaml", SNAPSHOT)], &options.limits);
    let (mesh, _) = translation::mesh(&reading, &options);
    let generated = resources::generate(&mesh, &mesh.waypoints[0]);
    assert!(!generated.endpoints.is_empty());
    let dump = config_dump::parse(&json::config_dump(&generated)).unwrap();
    assert!(dump.unread.is_empty(), "{:?}", dump.unread);
    let config = ProxyConfig::of(&generated, mesh.rules);
    for kind in ResourceKind::ALL {
        let shown = |config| proxy_config::values(config, kind, &Filter::default(), Form::Chains);
        assert_eq!(shown(&dump.config), shown(&config), "{}", kind.as_str());
    }
}

#[test]
fn manifests_are_read_back_as_yaml() {
    let options = Options::for_release(Release::V1_31);
    let reading = Snapshot::read([SourceFile::new("s.yaml", SNAPSHOT)], &options.limits);
    let (mesh, _) = translation::mesh(&reading, &options);
    for object in manifests(&mesh, &mesh.waypoints[0]).objects {
        let file = SourceFile::new("m.yaml", yaml::to_string(&object));
        let document = documents(&file, &Limits::DEFAULT).next().unwrap().unwrap();
        assert_eq!(document.root().decode::<Value>(&Unread::new()).unwrap(), object);
    }
}
