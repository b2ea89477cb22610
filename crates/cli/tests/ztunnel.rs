//! `ztunnel-config` on the command line.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::process::{Command, Output};

use serde_json::Value;

const WORKLOADS: &str = "testdata/cases/ztunnel-workloads.yaml";

fn run(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_waypoint-xds"));
    command.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../..")).arg("ztunnel-config").args(arguments);
    command.output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// The names of the workloads that are printed.
fn workloads(arguments: &[&str]) -> Vec<String> {
    let output = run(&[&["workload", "-o", "json", "-f", WORKLOADS], arguments].concat());
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let rows: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    rows.iter().map(|row| row.get("name").and_then(Value::as_str).unwrap().to_owned()).collect()
}

#[test]
fn filters_are_istioctl_s() {
    assert_eq!(workloads(&["--node", "N1"]), ["web-5b9f8d7c6d-abcde"]);
    assert_eq!(workloads(&["--address", "fd00::1"]), ["web-5b9f8d7c6d-abcde"]);
    assert_eq!(workloads(&["vm.shop"]), ["vm"]);
    assert!(workloads(&["vm.elsewhere"]).is_empty());
    assert!(workloads(&["--workload-namespace", "elsewhere"]).is_empty());
}

#[test]
fn words_that_say_nothing_are_refused() {
    for (arguments, stray) in [
        (&["service", "web"][..], "NAME says nothing about service"),
        (&["policy", "--address", "10.0.0.1"], "--address says nothing about policy"),
        (&["all", "--workload-namespace", "shop"], "--workload-namespace says nothing about all"),
        (&["workload", "--with-headers"], "--with-headers says nothing about workload"),
    ] {
        let output = run(&[arguments, &["-f", WORKLOADS]].concat());
        assert_eq!(output.status.code(), Some(2));
        assert!(text(&output.stderr).contains(stray), "{}", text(&output.stderr));
    }
}

#[test]
fn all_is_one_object() {
    let output = run(&["all", "-o", "json", "-f", WORKLOADS]);
    let all: Value = serde_json::from_slice(&output.stdout).unwrap();
    let keys: Vec<&String> = all.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["workloads", "services", "policies"]);
    let address = all.pointer("/services/0/addresses/0/address").and_then(Value::as_str);
    assert_eq!(address, Some("240.240.0.1"));
}

#[test]
fn wide_tables_name_the_label_behind_a_waypoint() {
    let output = text(&run(&["service", "-o", "wide", "-f", WORKLOADS]).stdout);
    let web = output.lines().find(|line| line.contains(" web ")).unwrap();
    let origins = "Service shop/web (testdata/cases/ztunnel-workloads.yaml:34), \
        Namespace shop (testdata/cases/ztunnel-workloads.yaml:8), \
        Gateway shop/gate (testdata/cases/ztunnel-workloads.yaml:10)";
    assert!(web.ends_with(origins), "{web}");
}

#[test]
fn a_config_dump_is_read_too() {
    let dump = std::env::temp_dir().join(format!("ztunnel-dump-{}.json", std::process::id()));
    let text_of_dump = r#"{"workloads": [{"uid": "u", "name": "w", "namespace": "n", "workloadIps": ["10.0.0.1"],
        "protocol": "HBONE", "status": "Healthy", "node": ""}], "services": [], "policies": []}"#;
    std::fs::write(&dump, text_of_dump).unwrap();
    let output = run(&["workload", "-f", dump.to_str().unwrap()]);
    let mut other = Command::new(env!("CARGO_BIN_EXE_waypoint-xds"));
    let other = other.args(["status", "-f"]).arg(&dump).output().unwrap();
    std::fs::remove_file(&dump).unwrap();
    assert_eq!(other.status.code(), Some(2));
    let said = text(&other.stderr);
    assert!(
        said.contains("is the config dump of a ztunnel: `waypoint-xds ztunnel-config -f` reads it"),
        "{said}"
    );
    let table = "NAMESPACE POD NAME ADDRESS  NODE WAYPOINT PROTOCOL\nn         w        10.0.0.1      None     HBONE\n";
    assert_eq!(text(&output.stdout), table);
}

#[test]
fn an_older_release_is_refused() {
    let output = run(&["all", "-f", WORKLOADS, "--release", "1.18"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("what ztunnel gets is not known for Istio 1.18"));
}
