//! What is assumed is marked in what the command line prints of our own, and in nothing that istioctl or
//! Envoy has.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

use std::io::Write as _;
use std::process::{Command, Stdio};

const REPOSITORY: &str = "\
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: waypoint, namespace: shop}
spec: {gatewayClassName: istio-waypoint, listeners: [{name: mesh, port: 15008, protocol: HBONE}]}
---
apiVersion: v1
kind: Service
metadata: {name: cart, namespace: shop, labels: {istio.io/use-waypoint: waypoint}}
spec: {selector: {app: cart}, ports: [{name: http, port: 80}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: cart, namespace: shop}
spec:
  selector: {matchLabels: {app: cart}}
  template: {metadata: {labels: {app: cart}}, spec: {containers: [{name: main, image: cart}]}}
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: maps, namespace: shop, labels: {istio.io/use-waypoint: waypoint}}
spec: {hosts: [maps.example.org], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}
";

/// What a command prints of the repository, on both streams.
fn run(arguments: &[&str]) -> (String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_waypoint-xds"));
    command
        .args(arguments)
        .args(["-f", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().expect("the command starts");
    child.stdin.take().unwrap().write_all(REPOSITORY.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", text(output.stderr.clone()));
    (text(output.stdout), text(output.stderr))
}

#[test]
fn a_note_tells_of_each_sort() {
    let (_, notes) = run(&["translate"]);
    for told in ["1 Pod of 1 Deployment", "240.241.0.0/16 for 1 Service", "240.240.0.0/16 for 1 ServiceEntry"]
    {
        assert!(notes.contains(told), "{told}: {notes}");
    }
}

#[test]
fn wide_tables_and_origins_are_marked() {
    let (listeners, _) = run(&["proxy-config", "listeners", "-o", "wide"]);
    let line = |name: &str| listeners.lines().find(|line| line.contains(name)).unwrap();
    assert!(line("Service shop/cart").contains("(assumed address)"), "{listeners}");
    assert!(line("ServiceEntry shop/maps").contains("(assumed address)"), "{listeners}");
    let (endpoints, _) = run(&["proxy-config", "endpoints", "-o", "wide"]);
    assert!(
        endpoints.lines().any(|line| line.contains("cart-assumed-0") && line.contains("(assumed)")),
        "{endpoints}"
    );
    let (origins, _) = run(&["translate", "--origins", "-o", "json"]);
    assert!(
        origins.contains(r#""assumed": true"#) && origins.contains(r#""assumedAddress": true"#),
        "{origins}"
    );
}

#[test]
fn istioctls_tables_and_resources_are_not() {
    for arguments in [
        ["proxy-config", "listeners", "--istioctl"].as_slice(),
        &["proxy-config", "endpoints"],
        &["translate", "-o", "json"],
    ] {
        let (printed, _) = run(arguments);
        assert!(
            !printed.contains("(assumed") && !printed.contains("waypoint-xds.io"),
            "{arguments:?}: {printed}"
        );
    }
}
