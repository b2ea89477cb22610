//! What `trace` says of requests in `testdata/trace/shop.yaml` stands next to it, one file for each.
//! `UPDATE_GOLDEN=1 cargo test --test trace` writes them anew.
#![allow(clippy::expect_used, reason = "a test may panic")]

use std::fs;
use std::path::PathBuf;

use serde_json::json;
use waypoint_xds::dialect::Dialect;
use waypoint_xds::kind::Kind;
use waypoint_xds::live::{Live, NotALiveWaypoint};
use waypoint_xds::options::Options;
use waypoint_xds::release::Release;
use waypoint_xds::session::Session;
use waypoint_xds::text::SourceFile;
use waypoint_xds::trace::{NoSuchThing, Request, RequestSpec, Source, Trace, Verdict};
use waypoint_xds::view::{config_dump, json, trace};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../testdata/trace")
}

fn session(release: Release, dialect: Dialect) -> Session {
    let text = fs::read_to_string(folder().join("shop.yaml")).expect("the snapshot");
    let mut options = Options::for_release(release);
    options.dialect = dialect;
    Session::read([SourceFile::new("shop.yaml", text)], &options)
}

fn get(source: &str, destination: &str, path: &str) -> Request {
    let source = source.parse().expect("a source");
    let mut request = Request::new(source, destination.parse().expect("a destination"));
    request.path = path.to_owned();
    request
}

const WEB: &str = "pod/front-1.web";
const STRANGER: &str = "sa/stranger.shop";
const CART: &str = "cart.shop:80";

/// A request, and what comes of it in the newest release.
#[derive(serde::Deserialize)]
struct Expected {
    name: String,
    verdict: Verdict,
    status: Option<u16>,
    request: RequestSpec,
}

/// `testdata/trace/requests.json`, which the other doors are given, too.
fn requests() -> Vec<(String, Request, Verdict, Option<u16>)> {
    let text = fs::read_to_string(folder().join("requests.json")).expect("the requests");
    let expected: Vec<Expected> = serde_json::from_str(&text).expect("a list of requests");
    let read = |expected: Expected| {
        let request = Request::try_from(expected.request).expect("a request");
        (expected.name, request, expected.verdict, expected.status)
    };
    expected.into_iter().map(read).collect()
}

#[test]
fn traces_are_as_written() {
    let update = std::env::var_os("UPDATE_GOLDEN").is_some();
    let session = session(Release::LATEST, Dialect::IstioProxy);
    let places = session.places();
    let mut wrong = Vec::new();
    for (name, request, verdict, status) in requests() {
        let traced = session.trace(&request).expect("a source and a destination");
        let text =
            [false, true].map(|explain| trace::text(&traced, &places, explain)).join("\n--explain-all:\n");
        assert_eq!((traced.verdict, traced.status), (verdict, status), "{name}: {text}");
        let odds: f64 = traced.outcomes.iter().map(|chance| chance.probability).sum();
        assert!((odds - 1.0).abs() < 1e-9, "{name}: odds are {odds}");
        let path = folder().join(format!("{name}.txt"));
        if update {
            fs::write(&path, &text).expect("to write");
        } else if fs::read_to_string(&path).unwrap_or_default() != text {
            wrong.push(text);
        }
    }
    assert!(wrong.is_empty(), "traces differ (UPDATE_GOLDEN=1 writes them):\n{}", wrong.join("\n"));
}

#[test]
fn both_dialects_come_to_the_same() {
    for &release in Release::ALL {
        let [istio, envoy] = [Dialect::IstioProxy, Dialect::Envoy].map(|dialect| session(release, dialect));
        for (name, request, ..) in requests() {
            let [istio, envoy] = [&istio, &envoy].map(|session| session.trace(&request).expect("a trace"));
            assert_eq!(
                (istio.verdict, istio.status, &istio.reason, istio.destinations, istio.request),
                (envoy.verdict, envoy.status, &envoy.reason, envoy.destinations, envoy.request),
                "{name} in {release}"
            );
        }
    }
}

#[test]
fn json_has_what_other_checks_read() {
    let session = session(Release::LATEST, Dialect::IstioProxy);
    let traced = session.trace(&get(WEB, CART, "/cart/secrets")).expect("a trace");
    let value = trace::json(&traced, &session.places()).expect("JSON");
    assert_eq!(value["verdict"], "denied");
    assert_eq!(value["status"], 403);
    assert_eq!(value["waypoint"], "shop/waypoint");
    let by = &value["decidedBy"];
    assert_eq!(
        (&by["kind"], &by["namespace"], &by["name"]),
        (&json!("AuthorizationPolicy"), &json!("shop"), &json!("no-secrets"))
    );
    assert_eq!(by["field"], "spec.rules[0]");
    assert_eq!(by["place"]["file"], "shop.yaml");
    assert!(by["place"]["line"].is_u64());
    assert_eq!(value["destinations"], json!([]));
    assert!(value["steps"].as_array().is_some_and(|steps| steps.len() > 3));

    let split = session.trace(&get(WEB, CART, "/cart/split")).expect("a trace");
    let value = trace::json(&split, &session.places()).expect("JSON");
    assert_eq!(value["destinations"][0]["subset"], "v1");
    assert_eq!(value["destinations"][0]["probability"], 0.9);
    assert_eq!(
        (&value["request"]["method"], &value["request"]["path"], &value["request"]["host"]),
        (&json!("GET"), &json!("/cart/split"), &json!("cart.shop"))
    );
    assert!(value["request"]["headers"].is_object());
    assert!(value["decidedBy"].is_null());
}

fn spec(json: serde_json::Value) -> Request {
    let spec: RequestSpec = serde_json::from_value(json).expect("a request as plain data");
    Request::try_from(spec).expect("a request")
}

#[test]
fn a_name_is_a_pod_else_an_account_else_a_workload() {
    let session = session(Release::LATEST, Dialect::IstioProxy);
    let of = |from: &str| {
        let traced =
            session.trace(&spec(json!({"from": from, "to": CART, "path": "/cart"}))).expect("a trace");
        (traced.verdict, traced.caveats)
    };
    // A pod, its service account, and a name that nobody has.
    assert_eq!(of("web/front-1").0, Verdict::Allowed);
    assert_eq!(of("web/front").0, Verdict::Allowed);
    let (verdict, caveats) = of("shop/nobody");
    assert_eq!(verdict, Verdict::Denied);
    assert!(caveats.iter().any(|caveat| caveat.contains("it was taken as a service account")), "{caveats:?}");
}

#[test]
fn a_seed_picks_one_of_what_may_come() {
    let session = session(Release::LATEST, Dialect::IstioProxy);
    let picked = |seed: u32| {
        let json = json!({"from": "web/front", "to": CART, "path": "/cart/split", "seed": seed.to_string()});
        session.trace(&spec(json)).expect("a trace")
    };
    let mut subsets = std::collections::BTreeMap::new();
    for seed in 0..200 {
        let traced = picked(seed);
        let [target] = traced.destinations.as_slice() else { panic!("{:?}", traced.destinations) };
        assert_eq!(target.endpoints.len(), 1);
        *subsets.entry(target.subset.clone()).or_insert(0) += 1;
    }
    let v1 = subsets.get(&Some("v1".to_owned())).copied().unwrap_or_default();
    assert!((165..195).contains(&v1), "nine of ten go to v1: {subsets:?}");
    assert_eq!(picked(7).destinations, picked(7).destinations);
}

#[test]
fn a_token_is_sent_as_it_is_and_said_not_to_be_verified() {
    let session = session(Release::LATEST, Dialect::IstioProxy);
    // {"iss": "https://id.example.com", "sub": "anna", "aud": "shop", "groups": ["staff"]}
    let token = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUuY29tIiwic3ViIjoiYW5uYSIsImF1ZCI6InNob3AiLCJncm91cHMiOlsic3RhZmYiXX0.c2ln";
    let traced = session.trace(&spec(json!({"from": STRANGER, "to": CART, "path": "/cart", "token": token})));
    let traced = traced.expect("a trace");
    assert_eq!(traced.verdict, Verdict::Allowed);
    assert!(traced.caveats.contains(&"signatures and times of tokens were not looked at".to_owned()));
}

#[test]
fn gateways_go_past_a_waypoint_unless_told_otherwise() {
    let text = fs::read_to_string(folder().join("shop.yaml")).expect("the snapshot");
    let gateway = "
---
apiVersion: v1
kind: Pod
metadata: {name: gateway-1, namespace: ingress, labels: {istio: ingressgateway}}
spec: {serviceAccountName: gateway, containers: [{name: istio-proxy, image: auto}]}
status: {phase: Running, podIP: 10.244.9.9}
";
    let read = |text: String| {
        Session::read([SourceFile::new("shop.yaml", text + gateway)], &Options::for_release(Release::LATEST))
    };
    let labelled = text.replace(
        "istio.io/use-waypoint: waypoint",
        "istio.io/use-waypoint: waypoint, istio.io/ingress-use-waypoint: 'true'",
    );
    assert_ne!(text, labelled);
    let ask = |session: &Session, from: &str, via: serde_json::Value| {
        session.trace(&spec(json!({"from": from, "to": CART, "path": "/cart", "via": via}))).expect("a trace")
    };
    let past = ask(&read(text), "ingress/gateway-1", json!(null));
    assert_eq!((past.verdict, past.waypoint), (Verdict::Allowed, None));
    assert!(past.steps.iter().any(|step| step.text.contains("past waypoint shop/waypoint")));

    let session = read(labelled);
    for (from, via) in [
        ("ingress/gateway-1", json!(null)),
        ("outside", json!("ingress")),
        ("sa/gateway.ingress", json!("ingress")),
    ] {
        let through = ask(&session, from, via);
        assert_eq!(through.waypoint.as_deref(), Some("shop/waypoint"), "{from}");
        // No rule is for the gateway.
        assert_eq!((through.verdict, through.status), (Verdict::Denied, Some(403)), "{from}");
        assert!(through.caveats.iter().any(|caveat| caveat.contains("as it leaves the gateway")), "{from}");
    }
    let none = Session::read([SourceFile::new("empty.yaml", "")], &Options::default());
    let error = none.trace(&spec(json!({"from": "outside", "to": CART, "via": "ingress"}))).map(|_| ());
    assert_eq!(error, Err(NoSuchThing::Gateway));
}

#[test]
fn a_config_dump_comes_to_the_same() {
    for dialect in [Dialect::IstioProxy, Dialect::Envoy] {
        let session = session(Release::LATEST, dialect);
        let [resources] = session.translation().waypoints.as_slice() else { panic!("one waypoint") };
        let text = json::config_dump(resources);
        let snapshot = fs::read_to_string(folder().join("shop.yaml")).expect("the snapshot");
        let live = |files: Vec<SourceFile>| {
            let dump = config_dump::parse(&text).expect("a config dump");
            assert!(dump.unread.is_empty(), "{:?}", dump.unread);
            Live::new(dump, Some(&resources.waypoint), files, &session.mesh().options)
                .expect("a live waypoint")
        };
        let (alone, beside) = (live(Vec::new()), live(vec![SourceFile::new("shop.yaml", snapshot)]));
        for (name, mut request, ..) in requests() {
            let own = session.trace(&request).expect("a trace");
            let other = beside.trace(&request).expect("a trace");
            let seen =
                |trace: &Trace| (trace.verdict, trace.status, trace.reason.clone(), trace.request.clone());
            assert_eq!(seen(&own), seen(&other), "{name}");
            if own.waypoint.is_none() || name == "a-sidecar" {
                continue;
            }
            // Alone it knows no pods, and so no service accounts of theirs.
            if let Source::Pod { namespace, .. } = &request.source {
                request.source =
                    Source::ServiceAccount { namespace: namespace.clone(), name: "front".into() };
            }
            let traced = alone.trace(&request).expect("a trace");
            assert_eq!((own.verdict, own.status), (traced.verdict, traced.status), "{name}");
            assert_eq!(own.destinations.len(), traced.destinations.len(), "{name}");
            if let Some(by) = own.decided_by.filter(|by| by.0.object.kind == Kind::AuthorizationPolicy) {
                assert_eq!(Some(by.0.object), traced.decided_by.map(|by| by.0.object), "{name}");
            }
        }
    }
}

#[test]
fn a_config_dump_that_tells_too_little_is_refused() {
    let session = session(Release::LATEST, Dialect::IstioProxy);
    let resources = session.translation().waypoints.first().expect("a waypoint");
    let text = json::config_dump(resources);
    let options = Options::default();
    let live = |text: &str, name| {
        Live::new(config_dump::parse(text).expect("a dump"), name, [], &options)
            .map(|live| live.waypoint().clone())
    };
    assert_eq!(live(&text, None), Err(NotALiveWaypoint::NoName));
    let mut value: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let parts = value["configs"].as_array_mut().expect("parts");
    parts.push(json!({
        "@type": "type.googleapis.com/envoy.admin.v3.BootstrapConfigDump",
        "bootstrap": {"node": {"id": "waypoint~10.0.0.1~w.shop~shop.svc.cluster.local", "metadata": {
            "NAMESPACE": "shop", "LABELS": {"gateway.networking.k8s.io/gateway-name": "waypoint"}
        }}},
    }));
    assert_eq!(live(&value.to_string(), None).map(|name| name.to_string()), Ok("shop/waypoint".to_owned()));
    let parts = value["configs"].as_array_mut().expect("parts");
    parts.retain(|part| !part["@type"].as_str().is_some_and(|name| name.ends_with("EndpointsConfigDump")));
    assert_eq!(live(&value.to_string(), None), Err(NotALiveWaypoint::NoEndpoints));
}

#[test]
fn who_is_not_there_is_told() {
    let session = session(Release::LATEST, Dialect::IstioProxy);
    let error = |request: &Request| session.trace(request).map(|_| ()).unwrap_err();
    assert!(matches!(error(&get("pod/nobody.web", CART, "/")), NoSuchThing::Pod { .. }));
    assert!(matches!(error(&get(WEB, "nothing.shop:80", "/")), NoSuchThing::Destination(_)));
    // Short names are those of the client's namespace.
    assert!(matches!(error(&get(WEB, "cart:80", "/")), NoSuchThing::Destination(_)));
    assert!(session.trace(&get(STRANGER, "cart:80", "/")).is_ok());
    assert!(session.trace(&get(STRANGER, "cart.shop.svc.cluster.local:80", "/")).is_ok());
}
