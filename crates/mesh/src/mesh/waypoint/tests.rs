use super::{Binding, NamedBy, RefusalReason};
use crate::admission::admit;
use crate::limits::Limits;
use crate::mesh::{Health, Mesh};
use crate::options::{Options, Readiness};
use crate::problem::Code;
use crate::release::Release;
use crate::snapshot::Snapshot;
use crate::text::SourceFile;

fn mesh(release: Release, readiness: Readiness, text: &str) -> Mesh {
    let reading = Snapshot::read([SourceFile::new("test", text)], &Limits::DEFAULT);
    let mut options = Options::for_release(release);
    options.readiness = readiness;
    Mesh::new(admit(reading.snapshot, &options), options)
}

fn namespace(name: &str, labels: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Namespace\nmetadata: {{name: {name}, labels: {{team: blue, {labels}}}}}\n---\n"
    )
}

fn gateway(namespace: &str, name: &str, labels: &str, routes: &str) -> String {
    format!(
        "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\n\
         metadata: {{name: {name}, namespace: {namespace}, labels: {{team: blue, {labels}}}}}\n\
         spec: {{gatewayClassName: istio-waypoint, listeners: [{{name: mesh, port: 15008, protocol: HBONE{routes}}}]}}\n---\n"
    )
}

fn service(name: &str, labels: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Service\nmetadata: {{name: {name}, namespace: a, labels: {{team: blue, {labels}}}}}\n\
         spec: {{clusterIP: 10.0.0.1, selector: {{app: {name}}}, \
         ports: [{{name: http, port: 80, protocol: TCP, targetPort: web}}]}}\n---\n"
    )
}

fn pod(name: &str, app: &str, account: &str, ready: bool) -> String {
    let ready = if ready { "True" } else { "False" };
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}, namespace: a, labels: {{app: {app}}}}}\n\
         spec: {{serviceAccountName: {account}, containers: [{{name: c, ports: [{{name: web, containerPort: 8080, protocol: TCP}}]}}]}}\n\
         status: {{phase: Running, podIP: 10.1.0.{}, conditions: [{{type: Ready, status: '{ready}'}}]}}\n---\n",
        name.len()
    )
}

/// The names of the Services and workloads that a waypoint serves.
fn served(mesh: &Mesh, waypoint: &str) -> Vec<String> {
    let waypoint = mesh.waypoints.iter().find(|w| w.name.to_string() == waypoint);
    let Some(waypoint) = waypoint else { return vec!["no such waypoint".to_owned()] };
    let services =
        waypoint.services.iter().filter_map(|id| mesh.services.get(*id)).map(|s| s.name.to_string());
    let workloads =
        waypoint.workloads.iter().filter_map(|id| mesh.workloads.get(*id)).map(|w| w.name.to_string());
    services.chain(workloads).collect()
}

fn codes(mesh: &Mesh) -> Vec<Code> {
    mesh.problems.iter().map(|p| p.code).filter(|code| *code != Code::ReadinessAssumed).collect()
}

#[test]
fn an_objects_label_beats_its_namespaces() {
    let text = namespace("a", "istio.io/use-waypoint: wide")
        + &gateway("a", "wide", "istio.io/waypoint-for: all", "")
        + &gateway("a", "own", "", "")
        + &service("inherits", "")
        + &service("chooses", "istio.io/use-waypoint: own")
        + &service("opts-out", "istio.io/use-waypoint: none")
        + &service("errs", "istio.io/use-waypoint: missing")
        + &pod("p", "other", "default", true);
    let mesh = mesh(Release::V1_31, Readiness::Assumed, &text);
    assert_eq!(served(&mesh, "a/wide"), ["inherits", "p"]);
    assert_eq!(served(&mesh, "a/own"), ["chooses"]);
    assert_eq!(codes(&mesh), [Code::WaypointNotReady]);
}

#[test]
fn without_an_address_a_waypoint_is_ready_only_by_assumption() {
    let text =
        namespace("a", "istio.io/use-waypoint: wide") + &gateway("a", "wide", "", "") + &service("s", "");
    assert_eq!(served(&mesh(Release::V1_31, Readiness::Assumed, &text), "a/wide"), ["s"]);
    let observed = mesh(Release::V1_31, Readiness::Observed, &text);
    assert!(served(&observed, "a/wide").is_empty());
    assert_eq!(codes(&observed), [Code::WaypointNotReady, Code::UnusedWaypoint]);
}

#[test]
fn another_namespace_has_to_be_admitted() {
    let label = "istio.io/use-waypoint: shared, istio.io/use-waypoint-namespace: infra";
    let with = |routes: &str| {
        let text = namespace("a", label) + &gateway("infra", "shared", "", routes) + &service("s", "");
        mesh(Release::V1_31, Readiness::Assumed, &text)
    };
    assert_eq!(codes(&with("")), [Code::WaypointDenied, Code::UnusedWaypoint]);
    let all = with(", allowedRoutes: {namespaces: {from: All}}");
    assert_eq!(served(&all, "infra/shared"), ["s"]);
    let selector = |label: &str| {
        with(&format!(
            ", allowedRoutes: {{namespaces: {{from: Selector, selector: {{matchLabels: {{team: {label}}}}}}}}}"
        ))
    };
    assert_eq!(served(&selector("blue"), "infra/shared"), ["s"]);
    assert!(served(&selector("red"), "infra/shared").is_empty());
}

#[test]
fn a_waypoint_is_for_some_traffic_only() {
    let text = namespace("a", "istio.io/use-waypoint: w")
        + &gateway("a", "w", "istio.io/waypoint-for: workload", "")
        + &service("s", "")
        + &pod("p", "s", "default", true);
    let mesh = mesh(Release::V1_31, Readiness::Assumed, &text);
    assert_eq!(served(&mesh, "a/w"), ["p"]);
    assert_eq!(codes(&mesh), [Code::WaypointTraffic]);
}

#[test]
fn a_canary_serves_next_to_the_primary() {
    let canary = "istio.io/use-waypoint: one, istio.io/use-waypoint-canary: two";
    let text = namespace("a", "")
        + &gateway("a", "one", "", "")
        + &gateway("a", "two", "", "")
        + &service("s", canary);
    let mesh = mesh(Release::V1_31, Readiness::Assumed, &text);
    assert_eq!(served(&mesh, "a/one"), ["s"]);
    assert_eq!(served(&mesh, "a/two"), ["s"]);
}

#[test]
fn service_accounts_take_their_workloads_from_the_namespace() {
    let narrow = gateway("a", "narrow", "", "")
        .replace("labels:", "annotations: {istio.io/for-service-account: special}, labels:");
    let without_selector = service("anyone", "").replace("selector: {app: anyone},", "");
    let text = gateway("a", "wide", "", "")
        + &narrow
        + &service("special", "")
        + &service("plain", "")
        + &service("idle", "")
        + &without_selector
        + &pod("p1", "special", "special", true)
        + &pod("p22", "plain", "default", false);
    let mesh = mesh(Release::V1_18, Readiness::Assumed, &text);
    assert_eq!(served(&mesh, "a/narrow"), ["anyone", "special", "p1"]);
    assert_eq!(served(&mesh, "a/wide"), ["anyone", "plain", "p22"]);
}

#[test]
fn endpoints_come_from_pods() {
    let text = service("s", "") + &pod("p1", "s", "default", true) + &pod("p22", "s", "default", false);
    let mesh = mesh(Release::V1_31, Readiness::Assumed, &text);
    let id = mesh.services.lookup("s.a.svc.cluster.local", "a");
    let endpoints = id.map_or(&[][..], |id| mesh.endpoints.of(id));
    let short: Vec<_> = endpoints.iter().map(|e| (e.address.as_str(), e.port, e.health)).collect();
    assert_eq!(short, [("10.1.0.2", 8080, Health::Healthy), ("10.1.0.3", 8080, Health::Unhealthy)]);
}

#[test]
fn slices_of_the_snapshot_win() {
    let slice = "apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\n\
        metadata: {name: s-1, namespace: a, labels: {kubernetes.io/service-name: s}}\naddressType: IPv4\n\
        ports: [{name: http, port: 9090, protocol: TCP}]\nendpoints: [{addresses: [10.9.9.9]}]\n---\n";
    let text = service("s", "") + &pod("p1", "s", "default", true) + slice;
    let mesh = mesh(Release::V1_31, Readiness::Assumed, &text);
    let id = mesh.services.lookup("s.a.svc.cluster.local", "a");
    let endpoints = id.map_or(&[][..], |id| mesh.endpoints.of(id));
    let short: Vec<_> = endpoints.iter().map(|e| (e.address.as_str(), e.port, e.workload)).collect();
    assert_eq!(short, [("10.9.9.9", 9090, None)]);
}

#[test]
fn a_derived_proxy_is_what_istio_would_deploy() {
    let text = gateway("default", "waypoint", "istio.io/waypoint-for: all", "");
    let old = mesh(Release::V1_18, Readiness::Assumed, &text);
    let proxy = old.waypoints.first().map(|w| &w.proxy);
    assert_eq!(proxy.map(|p| p.pod_name.as_str()), Some("waypoint-istio-waypoint-gkmmt6bl8r-tkvdp"));
    assert_eq!(proxy.map(|p| p.service_account.as_str()), Some("waypoint-istio-waypoint"));
    let new = mesh(Release::V1_31, Readiness::Assumed, &text);
    let proxy = new.waypoints.first().map(|w| &w.proxy);
    assert_eq!(proxy.map(|p| p.pod_name.as_str()), Some("waypoint-054d616c-f6cac"));
    assert_eq!(proxy.and_then(|p| p.labels.get("istio.io/waypoint-for")).map(|v| v.as_str()), Some("all"));
}

#[test]
fn a_binding_says_where_the_waypoint_is_named_and_why_there_is_none() {
    let text = namespace("a", "istio.io/use-waypoint: wide, istio.io/ingress-use-waypoint: 'true'")
        + &gateway("a", "wide", "", "")
        + &service("inherits", "")
        + &service("opts-out", "istio.io/use-waypoint: none")
        + &service("errs", "istio.io/use-waypoint: missing")
        + &service("gate", "gateway.istio.io/managed: istio.io-mesh-controller")
        + &pod("p", "other", "default", true);
    let mesh = mesh(Release::V1_31, Readiness::Assumed, &text);
    let of = |name: &str| {
        let found = mesh.services.iter().find(|(_, service)| service.name == name);
        mesh.bindings.of_service(found.unwrap().0).unwrap()
    };
    let inherits = of("inherits");
    let waypoint = mesh.bindings.waypoint(inherits).map(|target| target.name().to_string());
    assert_eq!(waypoint.as_deref(), Some("a/wide"));
    assert_eq!((inherits.named_by, inherits.ingress), (Some(NamedBy::Namespace), Some(true)));
    let opts_out = of("opts-out");
    assert_eq!(opts_out.named_by, Some(NamedBy::Object));
    assert!(opts_out.waypoint.is_none() && opts_out.refusal.is_none());
    let refusal = of("errs").refusal.as_ref().unwrap();
    assert_eq!(
        (refusal.waypoint.to_string().as_str(), refusal.reason),
        ("a/missing", RefusalReason::NotReady)
    );
    assert_eq!(of("gate"), &Binding::default());
    // The namespace's waypoint is for services only: no mistake of the pod.
    let (pod, _) = mesh.workloads.iter().next().unwrap();
    let pod = mesh.bindings.of_workload(pod).unwrap();
    assert!(pod.waypoint.is_none() && pod.refusal.is_none());
}
