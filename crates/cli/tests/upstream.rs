//! An upstream Envoy's words on the command line.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

use std::process::{Command, Output};

use serde_json::Value;

fn run(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_waypoint-xds"));
    command.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../..")).args(arguments);
    command.output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

const BOOKINFO: &str = "testdata/cases/bookinfo-namespace.yaml";

#[test]
fn a_static_bootstrap_is_complete() {
    let output = run(&[
        "bootstrap",
        "--static",
        "--dialect",
        "envoy",
        "-f",
        BOOKINFO,
        "--waypoint",
        "default/waypoint",
        "--certs",
        "pki",
        "--admin",
        "127.0.0.1:9901",
        "--listen",
        "127.0.0.1:15009",
        "--loopback",
        "--problems",
        "concise",
    ]);
    assert_eq!(output.status.code(), Some(0));
    let configuration: Value = serde_json::from_slice(&output.stdout).unwrap();
    let port = |pointer: &str| configuration.pointer(pointer).and_then(Value::as_u64);
    assert_eq!(port("/admin/address/socketAddress/portValue"), Some(9901));
    let listeners = configuration.pointer("/staticResources/listeners").and_then(Value::as_array).unwrap();
    let terminate = listeners.iter().find(|listener| listener["name"] == "connect_terminate").unwrap();
    assert_eq!(terminate.pointer("/address/socketAddress/portValue").and_then(Value::as_u64), Some(15009));
    assert!(text(&output.stdout).contains("\"pki/key.pem\""));
    let said = text(&output.stderr);
    assert!(said.contains("10.244.1.11 is 127.244.1.11\n"), "{said}");
    assert!(said.contains("note[telemetry-left-out]") && !said.contains("static-configuration"), "{said}");
}

#[test]
fn the_same_in_yaml() {
    let output = run(&[
        "bootstrap",
        "--static",
        "--dialect",
        "envoy",
        "-f",
        BOOKINFO,
        "--waypoint",
        "default/waypoint",
        "-o",
        "yaml",
    ]);
    assert_eq!(output.status.code(), Some(0));
    assert!(text(&output.stdout).contains("\nstaticResources:\n"));
    assert!(text(&output.stderr).contains("no directory was given"));
}

#[test]
fn what_is_only_for_static_configurations_needs_one() {
    let output = run(&["bootstrap", "-f", BOOKINFO, "--certs", "pki"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("--static"));
}

#[test]
fn every_command_about_resources_speaks_both_dialects() {
    for command in [&["translate"][..], &["proxy-config", "listeners", "-o", "json"]] {
        let speak = |dialect: &str| {
            let waypoint = ["-f", BOOKINFO, "--waypoint", "default/waypoint", "--dialect", dialect];
            text(&run(&[command, &waypoint].concat()).stdout)
        };
        assert!(speak("istio-proxy").contains("istio.hashable_string"), "{command:?}");
        let upstream = speak("envoy");
        assert!(
            upstream.contains("envoy.hashable_string") && !upstream.contains("istio.hashable_string"),
            "{command:?}"
        );
    }
}

/// What an upstream Envoy cannot do is an error, as the exit code says.
#[test]
fn what_has_no_equivalent_ends_with_1() {
    let case = "testdata/cases/wasm-target-service.yaml";
    assert_eq!(run(&["translate", "-f", case]).status.code(), Some(0));
    let output = run(&["translate", "-f", case, "--dialect", "envoy", "--problems", "concise"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("error[unsupported-extension] WasmPlugin default/quota"));
}
