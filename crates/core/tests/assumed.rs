//! What is assumed is marked wherever a result leads to it: in origins, wide tables, the graph, descriptions.
#![allow(clippy::expect_used, reason = "a test may panic")]

use serde_json::Value;
use waypoint_xds::describe::{Subject, SubjectKind};
use waypoint_xds::options::{Assume, Options};
use waypoint_xds::resources::WaypointResources;
use waypoint_xds::session::Session;
use waypoint_xds::text::SourceFile;
use waypoint_xds::view::json::{self, ResourceKind};
use waypoint_xds::view::{origins, ztunnel};

/// As it lies in Git: a Service without an address, a Deployment instead of Pods, a ServiceEntry without
/// addresses; and a Service and a Pod that are from a cluster.
const REPOSITORY: &str = r#"
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: waypoint, namespace: shop}
spec: {gatewayClassName: istio-waypoint, listeners: [{name: mesh, port: 15008, protocol: HBONE}]}
---
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio.io/use-waypoint: waypoint, istio.io/dataplane-mode: ambient}}
---
apiVersion: v1
kind: Service
metadata: {name: cart, namespace: shop}
spec: {selector: {app: cart}, ports: [{name: http, port: 80}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: cart, namespace: shop}
spec:
  selector: {matchLabels: {app: cart}}
  template:
    metadata: {labels: {app: cart}}
    spec: {containers: [{name: main, image: cart}]}
---
apiVersion: v1
kind: Service
metadata: {name: till, namespace: shop}
spec: {clusterIP: 10.96.0.7, selector: {app: till}, ports: [{name: http, port: 80}]}
---
apiVersion: v1
kind: Pod
metadata: {name: till-1, namespace: shop, labels: {app: till}}
spec: {containers: [{name: main, image: till}]}
status: {podIP: 10.244.0.7, phase: Running, conditions: [{type: Ready, status: "True"}]}
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: maps, namespace: shop}
spec: {hosts: [maps.example.org], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}
"#;

fn session(assume: Assume) -> Session {
    let mut options = Options::default();
    options.assume = assume;
    Session::read([SourceFile::new("shop.yaml", REPOSITORY)], &options)
}

fn waypoint(session: &Session) -> &WaypointResources {
    session.translation().waypoints.first().expect("a waypoint")
}

/// All objects in the origins of a list that say of themselves what `mark` says.
fn marked(origins: &Value, mark: &str) -> Vec<String> {
    let entries = origins.as_object().into_iter().flatten().flat_map(|(_, entries)| entries.as_array());
    let makers = entries.flatten().filter_map(|entry| entry.get("objects")?.as_array()).flatten();
    let mut found: Vec<String> = makers
        .filter(|maker| maker.get(mark) == Some(&true.into()))
        .map(|maker| maker["name"].to_string())
        .collect();
    found.sort();
    found.dedup();
    found
}

#[test]
fn origins_are_marked_in_json() {
    let session = session(Assume::All);
    let made = origins::origins(waypoint(&session), &session.places());
    let made = json::to_value(&made);
    assert_eq!(marked(&made["endpoints"], "assumed"), [r#""cart-assumed-0""#]);
    assert_eq!(marked(&made["listeners"], "assumedAddress"), [r#""cart""#, r#""maps""#]);
    assert!(marked(&made["listeners"], "assumed").iter().all(|name| name == r#""cart-assumed-0""#));
}

#[test]
fn wide_tables_are_marked_and_others_are_not() {
    let session = session(Assume::All);
    let text = |kind, wide| session.table(waypoint(&session), kind, wide).to_string();
    let line = |kind, name: &str| {
        let table = text(kind, true);
        table.lines().find(|line| line.contains(name)).map(str::to_owned).expect("a row")
    };
    assert!(line(ResourceKind::Endpoints, "cart-assumed-0").trim_end().ends_with("(assumed)"));
    assert!(line(ResourceKind::Listeners, "Service shop/cart").contains("(assumed address)"));
    assert!(!line(ResourceKind::Endpoints, "till-1").contains("assumed"));
    for kind in ResourceKind::ALL {
        assert!(!text(kind, false).contains("assumed"), "{kind:?}");
    }
    let wide = session.ztunnel_table(ztunnel::Kind::Workloads, true).expect("a known release").to_string();
    let is_marked = |line: &str| line.contains("cart-assumed-0") && line.contains(") (assumed)");
    assert!(wide.lines().any(is_marked), "{wide}");
}

#[test]
fn nodes_of_the_graph_are_marked() {
    let session = session(Assume::All);
    let graph = session.graph(waypoint(&session));
    let assumed: Vec<&str> =
        graph.nodes.iter().filter(|node| node.assumed).map(|node| node.kind.as_str()).collect();
    assert!(assumed.contains(&"chain") && assumed.contains(&"endpoint"), "{assumed:?}");
    assert!(assumed.iter().all(|kind| ["chain", "endpoint"].contains(kind)), "{assumed:?}");
    let of = |name: &str| {
        let made = |node: &&waypoint_xds::view::graph::Node<'_>| {
            node.origins.first().is_some_and(|maker| maker.object.name == name)
        };
        graph.nodes.iter().find(made).expect("a node")
    };
    assert!(!of("till-1").assumed && of("cart-assumed-0").assumed);
    let value = json::to_value(&graph);
    let nodes = value["nodes"].as_array().expect("nodes");
    assert_eq!(nodes.iter().filter(|node| node.get("assumed") == Some(&true.into())).count(), assumed.len());
}

#[test]
fn descriptions_say_which_addresses_are_assumed() {
    let session = session(Assume::All);
    let addresses = |kind, name| {
        let found = session.describe(&Subject::new(kind, name, Some("shop"))).expect("an object");
        waypoint_xds::view::description::json(&found).expect("a JSON")["addresses"].to_string()
    };
    assert!(addresses(SubjectKind::Service, "cart").contains("(assumed)"));
    assert!(addresses(SubjectKind::Service, "maps").contains("(allocated) (assumed)"));
    assert!(addresses(SubjectKind::Pod, "cart-assumed-0").contains("(assumed)"));
    assert_eq!(addresses(SubjectKind::Service, "till"), r#"["10.96.0.7"]"#);
    assert_eq!(addresses(SubjectKind::Pod, "till-1"), r#"["10.244.0.7"]"#);
}

#[test]
fn resources_do_not_tell_it() {
    let session = session(Assume::All);
    assert!(!json::translation(session.translation()).contains("waypoint-xds.io"));
}

#[test]
fn where_nothing_is_assumed_only_istios_own_addresses_are_marked() {
    let session = session(Assume::Nothing);
    let made = json::to_value(&origins::origins(waypoint(&session), &session.places()));
    assert_eq!(marked(&made["listeners"], "assumedAddress"), [r#""maps""#]);
    for list in ["listeners", "clusters", "endpoints"] {
        assert!(marked(&made[list], "assumed").is_empty(), "{list}");
    }
}
