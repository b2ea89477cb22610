use super::clusters::members::Members;
use super::clusters::transport::Sockets;
use super::clusters::{ClusterPlan, Discovery};
use super::host::{Host, Hosts, destination};
use super::{Scope, WaypointPlan, plan};
use crate::limits::Limits;
use crate::mesh::Mesh;
use crate::options::Options;
use crate::problem::Severity;
use crate::snapshot::networking::virtual_service::Destination;
use crate::snapshot::{Kind, Snapshot};
use crate::text::SourceFile;

/// A waypoint of the namespace `shop` that serves `web`; its routes send some requests to `far` in another
/// namespace.
const SHOP: &str = "
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio.io/dataplane-mode: ambient, istio.io/use-waypoint: waypoint}}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: waypoint, namespace: shop, labels: {istio.io/waypoint-for: service}}
spec:
  gatewayClassName: istio-waypoint
  listeners: [{name: mesh, port: 15008, protocol: HBONE}]
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec:
  selector: {app: web}
  clusterIP: 10.1.0.1
  ports: [{name: http, port: 80, targetPort: 8080}]
---
apiVersion: v1
kind: Pod
metadata:
  {name: web-1, namespace: shop, labels: {app: web, version: v2}, annotations: {ambient.istio.io/redirection: enabled}}
spec: {serviceAccountName: web, containers: [{name: web, ports: [{containerPort: 8080}]}]}
status:
  podIP: 10.2.0.1
  podIPs: [{ip: 10.2.0.1}]
  phase: Running
  conditions: [{type: Ready, status: 'True'}]
---
apiVersion: v1
kind: Service
metadata: {name: far, namespace: other}
spec: {clusterIP: 10.1.0.2, ports: [{name: http, port: 81}]}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: web, namespace: shop}
spec:
  host: web
  trafficPolicy: {outlierDetection: {minHealthPercent: 30}}
  subsets: [{name: v1, labels: {version: v1}}, {name: v2, labels: {version: v2}}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: web, namespace: shop}
spec:
  hosts: [web]
  http:
  - route:
    - {weight: 50, destination: {host: web, subset: v2}}
    - {weight: 50, destination: {host: far.other.svc.cluster.local}}
";

fn mesh() -> Mesh {
    let reading = Snapshot::read([SourceFile::new("shop.yaml", SHOP)], &Limits::DEFAULT);
    let (mesh, problems) = Mesh::of(&reading, &Options::default());
    assert!(problems.iter().all(|problem| problem.severity != Severity::Error), "{problems:?}");
    mesh
}

fn of(mesh: &Mesh) -> WaypointPlan<'_> {
    plan(mesh, mesh.waypoints.first().unwrap())
}

fn cluster<'p, 'm>(plan: &'p WaypointPlan<'m>, name: &str) -> &'p ClusterPlan<'m> {
    plan.clusters.iter().find(|cluster| cluster.name == name).unwrap()
}

#[test]
fn a_waypoint_has_clusters_of_what_it_serves_and_of_what_its_routes_name() {
    let mesh = mesh();
    let plan = of(&mesh);
    let names: Vec<&str> = plan.clusters.iter().map(|cluster| cluster.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "inbound-vip|80|http/v1|web.shop.svc.cluster.local",
            "inbound-vip|80|http/v2|web.shop.svc.cluster.local",
            "inbound-vip|80|http|web.shop.svc.cluster.local",
            "outbound|81||far.other.svc.cluster.local",
        ]
    );
}

#[test]
fn a_cluster_knows_how_its_endpoints_are_found_and_spoken_to() {
    let mesh = mesh();
    let plan = of(&mesh);
    let own = cluster(&plan, "inbound-vip|80|http|web.shop.svc.cluster.local");
    assert_eq!((own.discovery, &own.transport.sockets), (Discovery::Eds, &Sockets::Own(None)));
    assert_eq!(own.policy.as_ref().unwrap().min_health_percent, Some(30));
    let far = cluster(&plan, "outbound|81||far.other.svc.cluster.local");
    assert!(matches!(far.transport.sockets, Sockets::Detected(_)), "{:?}", far.transport);
}

#[test]
fn a_subset_has_the_endpoints_with_its_labels_and_says_why() {
    let mesh = mesh();
    let plan = of(&mesh);
    let count = |name| match &cluster(&plan, name).members {
        Members::Discovered(Some(found)) => found.localities.iter().map(|l| l.endpoints.len()).sum::<usize>(),
        other => panic!("{other:?}"),
    };
    assert_eq!(count("inbound-vip|80|http/v1|web.shop.svc.cluster.local"), 0);
    assert_eq!(count("inbound-vip|80|http/v2|web.shop.svc.cluster.local"), 1);
    let v2 = cluster(&plan, "inbound-vip|80|http/v2|web.shop.svc.cluster.local");
    let fields: Vec<_> = v2.causes.iter().map(|cause| cause.field.to_string()).collect();
    assert_eq!(fields, ["spec.ports[0]", "spec.subsets[1]", "spec.trafficPolicy"]);
}

#[test]
fn an_endpoint_says_how_it_is_reached_and_which_object_it_is() {
    let mesh = mesh();
    let plan = of(&mesh);
    let own = cluster(&plan, "inbound-vip|80|http|web.shop.svc.cluster.local");
    let Members::Discovered(Some(found)) = &own.members else { panic!("{:?}", own.members) };
    let endpoint = &found.localities[0].endpoints[0];
    assert_eq!(endpoint.server.address(), ("10.2.0.1", 8080));
    assert!(endpoint.tunnelled);
    let kinds: Vec<Kind> = endpoint.causes.iter().map(|cause| cause.object.kind).collect();
    assert_eq!(kinds, [Kind::Pod]);
}

#[test]
fn a_host_means_the_same_wherever_it_is_named() {
    let mesh = mesh();
    let waypoint = mesh.waypoints.first().unwrap();
    let scope = Scope { mesh: &mesh, waypoint, rules: mesh.rules };
    let hosts = Hosts::new(scope);
    let web = hosts.get("web.shop.svc.cluster.local").unwrap();
    assert!(web.served && web.rule.is_some());
    let alone = Host::new(scope, "web.shop.svc.cluster.local").unwrap();
    assert_eq!((alone.id, alone.served), (web.id, web.served));
    assert!(!hosts.get("far.other.svc.cluster.local").unwrap().served);
    assert!(hosts.get("nobody").is_none());

    let cluster = |host: &str, subset: &str| {
        let to = Destination { host: host.into(), subset: subset.into(), ..Destination::default() };
        destination::cluster_name(&mesh.rules.routes, &to, hosts.get(host), 8000)
    };
    assert_eq!(
        cluster("web.shop.svc.cluster.local", "v2"),
        "inbound-vip|80|http/v2|web.shop.svc.cluster.local"
    );
    assert_eq!(cluster("far.other.svc.cluster.local", ""), "outbound|81||far.other.svc.cluster.local");
    assert_eq!(cluster("nobody", ""), "inbound-vip|8000|http|nobody");
}
