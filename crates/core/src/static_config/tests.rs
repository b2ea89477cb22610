//! Whole configurations of small snapshots.

use serde_json::Value;

use super::{StaticConfiguration, StaticOptions, static_configuration};
use crate::dialect::Dialect;
use crate::json;
use crate::options::Options;
use crate::problem::{Code, Severity};
use crate::release::Release;
use crate::snapshot::Snapshot;
use crate::text::SourceFile;
use crate::translation;

/// A waypoint for Services and workloads, in 1.18's way and today's.
const SHOP: &str = r"
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio.io/dataplane-mode: ambient, istio.io/use-waypoint: waypoint}}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: waypoint, namespace: shop, labels: {istio.io/waypoint-for: all}}
spec:
  gatewayClassName: istio-waypoint
  listeners: [{name: mesh, port: 15008, protocol: HBONE}]
---
apiVersion: v1
kind: Service
metadata: {name: cart, namespace: shop}
spec:
  clusterIP: 10.96.0.7
  ports: [{name: http, port: 80, targetPort: 8080}]
  selector: {app: cart}
---
apiVersion: v1
kind: Pod
metadata: {name: cart-1, namespace: shop, labels: {app: cart}, annotations: {ambient.istio.io/redirection: enabled}}
spec: {serviceAccountName: cart, containers: [{name: c, image: i}]}
status: {phase: Running, podIP: 10.244.1.6, podIPs: [{ip: 10.244.1.6}], conditions: [{type: Ready, status: 'True'}]}
---
apiVersion: security.istio.io/v1beta1
kind: AuthorizationPolicy
metadata: {name: from-pods, namespace: shop}
spec:
  targetRefs: [{kind: Gateway, group: gateway.networking.k8s.io, name: waypoint}]
  rules: [{from: [{source: {ipBlocks: [10.244.0.0/16]}}]}]
";

fn configuration(text: &str, release: Release, how: &StaticOptions) -> StaticConfiguration {
    let mut options = Options::for_release(release);
    options.dialect = Dialect::Envoy;
    let reading = Snapshot::read([SourceFile::new("f.yaml", text)], &options.limits);
    let (mesh, _) = translation::mesh(&reading, &options);
    static_configuration(&mesh, &mesh.waypoints[0], how)
}

fn on_loopback() -> StaticOptions {
    StaticOptions { certs: Some("certs".into()), loopback: true, ..StaticOptions::default() }
}

fn each_release(check: impl Fn(Release)) {
    Release::ALL.iter().copied().for_each(check);
}

#[test]
fn nothing_is_left_to_discover() {
    each_release(|release| {
        let made = configuration(SHOP, release, &on_loopback());
        let text = json::value(&made.bootstrap).to_string();
        for left in
            ["\"ads\"", "sdsConfig", "\"EDS\"", "edsConfig", "configDiscovery", "\"rds\"", "dynamicResources"]
        {
            assert!(!text.contains(left), "{release}: {left}");
        }
        let secrets = &made.bootstrap.static_resources.as_ref().unwrap().secrets;
        let names: Vec<_> = secrets.iter().map(|secret| secret.name.as_str()).collect();
        assert_eq!(names, ["ROOTCA", "default"], "{release}");
        assert!(text.contains("\"certs/key.pem\"") && text.contains("\"certs/root-cert.pem\""), "{release}");
    });
}

#[test]
fn pods_move_to_this_machine_and_services_stay() {
    each_release(|release| {
        let made = configuration(SHOP, release, &on_loopback());
        assert_eq!(made.loopback.get("10.244.1.6").unwrap().to_string(), "127.244.1.6", "{release}");
        assert_eq!(made.loopback.get("10.96.0.7"), None, "{release}");
        let text = json::value(&made.bootstrap.static_resources.unwrap_or_default()).to_string();
        assert!(!text.contains("10.244.1.6"), "{release}");
        // Where it is dialled, and where its own address is called.
        assert!(text.contains("\"127.244.1.6:8080\"") && text.contains("\"127.244.1.6\""), "{release}");
        assert!(text.contains("\"10.96.0.7\""), "{release}");
    });
}

#[test]
fn policies_follow_the_pods() {
    let made = configuration(SHOP, Release::V1_31, &on_loopback());
    let text = json::value(&made.bootstrap).to_string();
    let either = r#"{"orIds":{"ids":[{"directRemoteIp":{"addressPrefix":"10.244.0.0","prefixLen":16}},{"directRemoteIp":{"addressPrefix":"127.244.0.0","prefixLen":16}}]}}"#;
    assert!(text.contains(either), "{text}");
}

#[test]
fn without_loopback_addresses_are_those_of_the_cluster() {
    each_release(|release| {
        let how = StaticOptions { certs: Some("certs".into()), ..StaticOptions::default() };
        let made = configuration(SHOP, release, &how);
        let value = json::value(&made.bootstrap);
        let text = value.to_string();
        assert!(made.loopback.is_empty() && text.contains("\"10.244.1.6:8080\""), "{release}");
        assert!(text.contains("\"0.0.0.0\""), "{release}: connect_terminate listens where a waypoint does");
        assert!(!text.contains("upstreamBindConfig"), "{release}");
    });
}

#[test]
fn tunnels_and_the_admin_interface_are_where_they_are_wanted() {
    let how = StaticOptions {
        admin: Some(([127, 0, 0, 1], 9901).into()),
        listen: Some(([127, 0, 0, 2], 0).into()),
        ..on_loopback()
    };
    let value = json::value(&configuration(SHOP, Release::V1_31, &how).bootstrap);
    let socket = |value: &Value| value.pointer("/address/socketAddress").cloned().unwrap_or_default();
    assert_eq!(socket(&value["admin"]), serde_json::json!({"address": "127.0.0.1", "portValue": 9901}));
    let listeners = value.pointer("/staticResources/listeners").and_then(Value::as_array).unwrap();
    let terminate = listeners.iter().find(|listener| listener["name"] == "connect_terminate").unwrap();
    assert_eq!(socket(terminate), serde_json::json!({"address": "127.0.0.2", "portValue": 0}));
}

#[test]
fn whoever_gives_no_certificates_is_told_where_they_are_looked_for() {
    let how = StaticOptions { loopback: true, ..StaticOptions::default() };
    let made = configuration(SHOP, Release::V1_31, &how);
    let told = made.problems.iter().find(|problem| problem.code == Code::StaticConfiguration).unwrap();
    assert!(told.message.contains("`certs`") && told.object.is_some(), "{told:?}");
    let with = configuration(SHOP, Release::V1_31, &on_loopback());
    assert!(with.problems.iter().all(|problem| problem.code != Code::StaticConfiguration));
}

/// An address that is passed on as it was called is dialled, so that it moves even though it is a Service's.
#[test]
fn addresses_that_are_passed_on_move_too() {
    let entry = r"
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: outside, namespace: shop}
spec:
  hosts: [outside.example]
  addresses: [240.1.0.9]
  ports: [{name: tcp, number: 4460, protocol: TCP}]
  resolution: NONE
";
    let made = configuration(&format!("{SHOP}{entry}"), Release::V1_31, &on_loopback());
    assert_eq!(made.loopback.get("240.1.0.9").unwrap().to_string(), "127.1.0.9");
    let text = json::value(&made.bootstrap).to_string();
    let single = r#"{"addressPrefix":"127.1.0.9","prefixLen":32}"#;
    assert!(text.contains(single) && !text.contains("\"240."), "{text}");
}

#[test]
fn a_collector_without_a_cluster_is_an_error() {
    let telemetry = r"
---
apiVersion: telemetry.istio.io/v1
kind: Telemetry
metadata: {name: t, namespace: istio-system}
spec: {tracing: [{providers: [{name: z}], randomSamplingPercentage: 100}]}
";
    let mesh_config =
        "extensionProviders: [{name: z, zipkin: {service: zipkin.nowhere.svc.cluster.local, port: 9411}}]";
    let settings = crate::options::Settings {
        release: Some("1.18".to_owned()),
        mesh_config: Some(mesh_config.to_owned()),
        ..Default::default()
    };
    let options = settings.options().unwrap();
    let zipkin = r"
---
apiVersion: v1
kind: Service
metadata: {name: zipkin, namespace: nowhere}
spec: {clusterIP: 10.96.0.9, ports: [{name: http, port: 9411}], selector: {app: zipkin}}
";
    let text = format!("{SHOP}{telemetry}{zipkin}");
    let reading = Snapshot::read([SourceFile::new("f.yaml", text)], &options.limits);
    let (mesh, _) = translation::mesh(&reading, &options);
    let made = static_configuration(&mesh, &mesh.waypoints[0], &on_loopback());
    let refused: Vec<_> =
        made.problems.iter().filter(|problem| problem.severity == Severity::Error).collect();
    assert!(
        refused.iter().any(|p| p.message.contains("`outbound|9411||zipkin.nowhere.svc.cluster.local`")),
        "{refused:?}"
    );
}
