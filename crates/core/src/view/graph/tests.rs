use std::collections::BTreeSet;

use crate::limits::Limits;
use crate::options::Options;
use crate::release::Release;
use crate::snapshot::{Reading, Snapshot};
use crate::text::SourceFile;
use crate::translate;
use crate::view::json;
use crate::view::origins::Places;

use super::*;

/// The article's cluster: reviews v1 and v2 divide the traffic 90/10.
const BOOKINFO: &str = include_str!("../../../testdata/bookinfo-reviews-sa.yaml");
const MIRROR: &str = include_str!("../../../testdata/vs-mirror.yaml");

fn with_graph(yaml: &str, release: Release, check: impl Fn(&Graph<'_>, &WaypointResources)) {
    let reading: Reading = Snapshot::read([SourceFile::new("mesh.yaml", yaml)], &Limits::DEFAULT);
    let translation = translate(&reading, &Options::for_release(release));
    assert!(!translation.waypoints.is_empty());
    for resources in &translation.waypoints {
        check(&graph(resources, &Places::new(&reading)), resources);
    }
}

fn node<'g, 'a>(graph: &'g Graph<'a>, id: &str) -> &'g Node<'a> {
    graph.nodes.iter().find(|node| node.id == id).unwrap_or_else(|| panic!("no node {id}"))
}

fn edges<'g>(graph: &'g Graph<'_>, from: &str) -> Vec<(&'g str, &'g str, Option<u32>)> {
    let all = graph.edges.iter().filter(|edge| edge.from == from);
    all.map(|edge| (edge.to.as_str(), edge.label.as_str(), edge.weight)).collect()
}

#[test]
fn traffic_goes_from_listener_to_pod() {
    with_graph(BOOKINFO, Release::V1_18, |graph, _| {
        let chain = "chain:main_internal/inbound-vip|9080||reviews.default.svc.cluster.local-http";
        let route = "route:main_internal/inbound-vip|9080||reviews.default.svc.cluster.local-http/inbound|http|9080/0";
        let v1 = "cluster:inbound-vip|9080|http/v1|reviews.default.svc.cluster.local";
        let v2 = "cluster:inbound-vip|9080|http/v2|reviews.default.svc.cluster.local";
        let pod = "endpoint:envoy://connect_originate/10.244.1.6:9080";
        assert_eq!(
            edges(graph, "chain:connect_terminate/default"),
            [("route:connect_terminate/default/default/0", "", None)]
        );
        assert_eq!(
            edges(graph, "route:connect_terminate/default/default/0"),
            [("cluster:main_internal", "", None)]
        );
        assert_eq!(edges(graph, "endpoint:envoy://main_internal/"), [("listener:main_internal", "", None)]);
        let first = edges(graph, "listener:main_internal").into_iter().find(|edge| edge.0 == chain);
        assert_eq!(first.map(|edge| edge.1), Some("ip=10.96.104.108 -> port=9080"));
        assert_eq!(edges(graph, chain), [(route, "", None)]);
        assert_eq!(edges(graph, route), [(v1, "", Some(90)), (v2, "", Some(10))]);
        assert_eq!(edges(graph, v2), [(pod, "", Some(1))]);
        assert_eq!(edges(graph, pod), [("listener:connect_originate", "", None)]);
        assert_eq!(edges(graph, "chain:connect_originate/"), [("cluster:connect_originate", "", None)]);

        let shown = node(graph, pod);
        assert_eq!((shown.detail.as_str(), shown.shared), ("reviews-v2", true), "{shown:?}");
        assert!(!node(graph, v2).shared);
        assert_eq!(node(graph, v2).service.as_deref(), Some("reviews.default.svc.cluster.local"));
        let made: Vec<_> =
            node(graph, route).origins.iter().map(|m| (m.object.to_string(), m.line, m.end_line)).collect();
        assert_eq!(made, [("VirtualService default/reviews".to_owned(), Some(478), Some(486))]);
    });
}

#[test]
fn many_ways_are_counted() {
    with_graph(BOOKINFO, Release::V1_18, |graph, _| {
        let direct = edges(graph, "listener:main_internal");
        let direct =
            direct.iter().find(|edge| edge.0 == "chain:main_internal/direct-http").expect("a chain for pods");
        assert!(direct.1.starts_with("ip=10.244.2.11 -> application-protocol='h2c', "), "{direct:?}");
        assert!(direct.1.ends_with(" and 3 more"), "{direct:?}");
    });
}

#[test]
fn mirrors_are_edges_too() {
    for release in [Release::V1_18, Release::V1_31] {
        with_graph(MIRROR, release, |graph, _| {
            assert!(graph.edges.iter().any(|edge| edge.label.starts_with("mirror")), "{release}");
        });
    }
}

#[test]
fn every_edge_leads_somewhere_and_every_pointer_points_at_something() {
    for release in [Release::V1_18, Release::V1_31] {
        with_graph(BOOKINFO, release, |graph, resources| {
            let ids: BTreeSet<&str> = graph.nodes.iter().map(|node| node.id.as_str()).collect();
            assert_eq!(ids.len(), graph.nodes.len());
            assert!(graph.edges.iter().all(|e| ids.contains(e.from.as_str()) && ids.contains(e.to.as_str())));
            for location in graph.nodes.iter().filter_map(|node| node.resource.as_ref()) {
                let all: serde_json::Value =
                    serde_json::from_str(&json::array(resources, location.kind)).expect("JSON");
                let named = |r: &&serde_json::Value| {
                    r.get("name").or(r.get("clusterName")) == Some(&location.name.as_str().into())
                };
                let found = all.as_array().and_then(|all| all.iter().find(named)).expect("the resource");
                assert!(found.pointer(&location.pointer).is_some(), "{location:?}");
            }
        });
    }
}

#[test]
fn a_cluster_that_is_not_sent_has_a_node() {
    with_graph(BOOKINFO, Release::V1_18, |whole, resources| {
        let gone = resources
            .clusters
            .iter()
            .find(|c| c.message.name.contains("|http/v1|"))
            .expect("a cluster of a Service");
        let name = gone.message.name.clone();
        assert!(node(whole, &builder::cluster_id(&name)).resource.is_some());
        let mut without = resources.clone();
        without.clusters.retain(|cluster| cluster.message.name != name);
        let reading = Snapshot::read([], &Limits::DEFAULT);
        let places = Places::new(&reading);
        let graph = graph(&without, &places);
        let unsent = node(&graph, &builder::cluster_id(&name));
        assert_eq!((unsent.resource.as_ref(), unsent.detail.as_str()), (None, "not sent"));
    });
}

const GUARDED: &str = r#"
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: gate, namespace: shop}
spec: {gatewayClassName: istio-waypoint, listeners: [{name: mesh, port: 15008, protocol: HBONE}]}
---
apiVersion: v1
kind: Service
metadata: {name: cart, namespace: shop, labels: {istio.io/use-waypoint: gate}}
spec: {clusterIP: 10.96.0.1, ports: [{name: http, port: 80}, {name: tcp, port: 90}]}
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: readers, namespace: shop}
spec:
  targetRefs: [{group: "", kind: Service, name: cart}]
  rules: [{from: [{source: {namespaces: [shop]}}]}, {from: [{source: {namespaces: [bank]}}]}]
---
apiVersion: security.istio.io/v1
kind: RequestAuthentication
metadata: {name: tokens, namespace: shop}
spec:
  targetRefs: [{group: "", kind: Service, name: cart}]
  jwtRules: [{issuer: https://id.example, jwksUri: https://id.example/jwks}]
---
apiVersion: extensions.istio.io/v1alpha1
kind: WasmPlugin
metadata: {name: filter, namespace: shop}
spec:
  targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: gate}]
  url: oci://registry.example/filter:1
"#;

#[test]
fn what_is_applied_in_a_chain_is_told_once_for_each_object() {
    for release in [Release::V1_29, Release::V1_30, Release::V1_31] {
        let reading = Snapshot::read([SourceFile::new("shop.yaml", GUARDED)], &Limits::DEFAULT);
        let session = crate::session::Session::new(reading, &Options::for_release(release));
        let resources = session.translation().waypoints.first().unwrap();
        let graph = session.graph(resources);
        let attached = |chain: &str| -> Vec<(AttachedKind, String, u32)> {
            let id = format!("chain:main_internal/inbound-vip|{chain}|cart.shop.svc.cluster.local");
            let found = &node(&graph, &id).attached;
            found.iter().map(|a| (a.kind, a.label.clone(), a.origins[0].line.unwrap())).collect()
        };
        let mut http = attached("80|http");
        http.sort();
        // The lines of the fields that bind them: the rule, the rule for tokens, the reference to the
        // Gateway.
        let expected = [
            (AttachedKind::Authorization, "shop/readers".to_owned(), 17),
            (AttachedKind::Authentication, "shop/tokens".to_owned(), 24),
            (AttachedKind::Extension, "shop/filter".to_owned(), 30),
        ];
        assert_eq!(http, expected, "{release}");
        assert_eq!(
            attached("90|tcp"),
            [(AttachedKind::Authorization, "shop/readers".to_owned(), 17)],
            "{release}"
        );
        // Each leads to its JSON.
        let listener =
            resources.listeners.iter().find(|listener| listener.message.name == "main_internal").unwrap();
        let json = json::value(&listener.message);
        for attached in graph.nodes.iter().flat_map(|node| &node.attached) {
            assert!(json.pointer(&attached.resource.pointer).is_some(), "{}", attached.resource.pointer);
        }
    }
}
