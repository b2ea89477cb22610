//! What the fuzz targets do with an input, so that a stable compiler can check and run it.

use std::hint::black_box;

use envoy::config::listener::v3::Listener;
use generate::Dice;
use hostile::everything;
use waypoint_xds::Session;
use waypoint_xds::describe::Subject;
use waypoint_xds::limits::Limits;
use waypoint_xds::lint::Selection;
use waypoint_xds::names::WaypointName;
use waypoint_xds::options::{Options, Settings};
use waypoint_xds::release::Release;
use waypoint_xds::snapshot::Snapshot;
use waypoint_xds::text::SourceFile;
use waypoint_xds::trace::{Request, Via};
use waypoint_xds::view::diagnostics::{self, Colour};
use waypoint_xds::view::json::{self, ResourceKind};
use waypoint_xds::view::proxy_config::{self, Filter, Form};
use waypoint_xds::view::{config_dump, trace, ztunnel};

/// Small limits, so that they are reached.
fn limits() -> Limits {
    let mut limits = Limits::DEFAULT;
    (limits.bytes, limits.depth, limits.values, limits.problems) = (1 << 20, 32, 100_000, 100);
    limits
}

fn options(release: Release) -> Options {
    let mut options = Options::for_release(release);
    options.limits = limits();
    options
}

/// Reads any bytes as a file, and prints what is wrong with it: every place has to be one of the text.
pub fn read(bytes: &[u8]) {
    let reading = Snapshot::read([SourceFile::from_bytes("input.yaml", bytes)], &limits());
    for place in reading.problems.iter().filter_map(|problem| problem.place.as_ref()) {
        let text = reading.files.named(&place.file).expect("the place is in the file").text();
        assert!(text.get(place.start as usize..place.end as usize).is_some(), "{place:?}");
    }
    for (object, source) in reading.snapshot.sources() {
        assert!(reading.files.place(source, "metadata.name").is_some(), "{object}");
    }
    for colour in [Colour::Never, Colour::Always] {
        black_box(diagnostics::full(&reading.problems, &reading.files, colour));
    }
}

/// Reads any bytes as a file, and asks everything of it in every release.
pub fn translate(bytes: &[u8]) {
    let file = SourceFile::from_bytes("input.yaml", bytes);
    for &release in Release::ALL {
        black_box(everything(&Session::read([file.clone()], &options(release))));
    }
}

/// Mends what lint can mend: what is written has to read as well as before.
pub fn mend(bytes: &[u8]) {
    let session = Session::read([SourceFile::from_bytes("input.yaml", bytes)], &options(Release::LATEST));
    let errors = |session: &Session| session.input().problems.iter().filter(|p| p.is_error()).count();
    let mended = session.mended(Session::lint);
    assert!(errors(&mended.session) <= errors(&session));
}

thread_local! {
    /// Made once: they are as large as the schemas.
    static DICE: Vec<Dice> = Release::ALL.iter().map(|release| Dice::new(release.as_str())).collect();
}

/// Draws a snapshot from the schemas of a release, of which each byte is a choice, and does with it what
/// [`translate`] does.
pub fn snapshot(bytes: &[u8]) {
    let Some((first, choices)) = bytes.split_first() else { return };
    let dice = |all: &Vec<Dice>| all.get(usize::from(*first) % all.len()).map(|dice| dice.throw(choices));
    if let Some(drawn) = DICE.with(dice) {
        translate(generate::text(&drawn).as_bytes());
    }
}

/// What parts the texts of [`mesh`].
const PART: &str = "\n%%\n";

/// Any texts as what is read beside objects: a mesh configuration, the annotation of a waypoint's pods with
/// the configuration of its proxy, and a file of tests, with a line `%%` between them.
pub fn mesh(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let mut parts = text.split(PART);
    let mut next = || parts.next().unwrap_or_default();
    let (config, annotation, tests) = (next(), next(), next());
    let annotations = serde_json::json!({"proxy.istio.io/config": annotation});
    let gateway = serde_json::json!({
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "Gateway",
        "metadata": {"name": "other", "namespace": "shop", "annotations": annotations},
        "spec": {
            "gatewayClassName": "istio-waypoint",
            "listeners": [{"name": "mesh", "port": 15008, "protocol": "HBONE"}],
        },
    });
    let files = [SourceFile::new("shop.yaml", MESH), SourceFile::new("other.yaml", gateway.to_string())];
    for &release in Release::ALL {
        let mut options = options(release);
        options.mesh_config = Some(SourceFile::new("mesh.yaml", config));
        let session = Session::read(files.clone(), &options);
        black_box(json::translation(session.translation()));
        for waypoint in &session.mesh().waypoints {
            black_box((session.bootstrap(waypoint), session.manifests(waypoint)));
        }
    }
    let session = Session::read(files, &options(Release::LATEST));
    let tests = [SourceFile::new("mesh.test.yaml", tests)];
    black_box(session.suites(&tests, &|path| Err(format!("{path}: there are no files here"))).run());
}

/// Reads any bytes as the JSON of a listener, the richest message. What can be read has to be written as JSON
/// that reads back as the same.
pub fn json(bytes: &[u8]) {
    let Ok(value) = serde_json::from_slice(bytes) else { return };
    let Ok(listener) = envoy::json::parse::<Listener>(&value) else { return };
    // An `Any` of a type that is not known has no JSON.
    let Ok(written) = envoy::json::to_json(&listener) else { return };
    let value = serde_json::from_str(&written).expect("what was written is JSON");
    let back: Listener = envoy::json::parse(&value).expect("what was written can be read");
    let again = envoy::json::to_json(&back).expect("what was read can be written");
    // Not the messages themselves: NaN is not equal to itself.
    assert_eq!(written, again);
}

/// Reads any bytes as the config dump of a live Envoy or ztunnel, and prints its tables.
pub fn dump(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Some(dump) = config_dump::parse(text) {
        for &release in Release::ALL {
            let form = Form::of(waypoint_xds::rules::Rules::of(release));
            for kind in ResourceKind::ALL {
                black_box(proxy_config::table(&dump.config, kind, &Filter::default(), form).to_string());
                black_box(proxy_config::values(&dump.config, kind, &Filter::default(), form));
            }
        }
    }
    if let Some(dump) = ztunnel::parse(text) {
        black_box(ztunnel::summary(&dump, true));
        black_box(ztunnel::all(&dump));
    }
}

/// A mesh in which there is something to ask for.
const MESH: &str = include_str!("../../testdata/trace/shop.yaml");

/// Any texts as what the bindings are given: settings and a selection as JSON, then the words of a request
/// and the name of an object, a line each.
pub fn doors(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let mut lines = text.split('\n');
    let mut next = || lines.next().unwrap_or_default();
    let Ok(settings) = serde_json::from_str::<Settings>(next()) else { return };
    let Ok(mut options) = settings.options() else { return };
    options.limits = limits();
    let session = Session::read([SourceFile::new("shop.yaml", MESH)], &options);
    black_box(json::translation(session.translation()));
    if let Ok(selection) = serde_json::from_str::<Selection>(next()) {
        black_box(session.lint_with(&selection));
    }
    if let (Ok(source), Ok(destination)) = (next().parse(), next().parse()) {
        let mut request = Request::new(source, destination);
        (request.method, request.path) = (next().to_owned(), next().to_owned());
        request.headers = next().split(' ').filter_map(|pair| pair.split_once('=')).map(owned).collect();
        request.via = next().parse::<WaypointName>().map_or(request.via, Via::Waypoint);
        let places = session.places();
        black_box(session.trace(&request).map(|found| trace::text(&found, &places, true)).ok());
    }
    if let Ok(kind) = next().parse() {
        black_box(session.describe(&Subject::new(kind, next(), None)).ok());
    }
}

fn owned((name, value): (&str, &str)) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

/// A waypoint, and a patch of Envoy's configuration.
const PATCHED: &str = "\
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: waypoint, namespace: shop}
spec: {gatewayClassName: istio-waypoint, listeners: [{name: mesh, port: 15008, protocol: HBONE}]}
---
apiVersion: v1
kind: Service
metadata: {name: cart, namespace: shop, labels: {istio.io/use-waypoint: waypoint}}
spec: {clusterIP: 10.96.0.1, ports: [{name: http, port: 80}]}
---
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: {name: patch, namespace: shop}
spec:
  targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: waypoint}]
  configPatches:
";

/// Any bytes as a patch of an EnvoyFilter, in YAML's flow style.
pub fn patch(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let file = SourceFile::new("input.yaml", format!("{PATCHED}  - {}\n", text.replace('\n', " ")));
    for &release in Release::ALL {
        let session = Session::read([file.clone()], &options(release));
        black_box(json::translation(session.translation()));
    }
}
