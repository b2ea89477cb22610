//! `translate --out`: files that can be reviewed, and none that a run before has left.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const WAYPOINT: &str = "
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: NAME, namespace: shop}
spec: {gatewayClassName: istio-waypoint, listeners: [{name: mesh, port: 15008, protocol: HBONE}]}
";

const ROUTE: &str = "
apiVersion: v1
kind: Service
metadata: {name: cart, namespace: shop, labels: {istio.io/use-waypoint: one}}
spec: {clusterIP: 10.96.0.1, ports: [{name: http, port: 80}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: cart, namespace: shop}
spec:
  hosts: [cart]
  http:
  - route:
    - {destination: {host: cart}, weight: WEIGHT}
    - {destination: {host: cart, subset: v2}, weight: 5}
";

/// A folder of this test, empty.
fn folder(name: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).unwrap();
    path
}

fn translate(folder: &Path, snapshot: &str) {
    let input = folder.join("input.yaml");
    fs::write(&input, snapshot).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_waypoint-xds"));
    let output = command
        .args(["translate", "--allow-empty", "-f"])
        .arg(&input)
        .arg("--out")
        .arg(folder.join("out"))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
}

fn exists(folder: &Path, file: &str) -> bool {
    folder.join("out").join(file).exists()
}

#[test]
fn what_is_no_longer_written_goes_and_nothing_else() {
    let folder = folder("stale");
    let two = [WAYPOINT.replace("NAME", "one"), WAYPOINT.replace("NAME", "two")].join("---");
    translate(&folder, &two);
    assert!(exists(&folder, "shop__one/listeners.json") && exists(&folder, "shop__two/listeners.json"));
    fs::write(folder.join("out/notes.txt"), "mine").unwrap();
    fs::write(folder.join("out/shop__one/mine.json"), "{}").unwrap();
    translate(&folder, &WAYPOINT.replace("NAME", "one"));
    assert!(exists(&folder, "shop__one/listeners.json") && !exists(&folder, "shop__two"));
    translate(&folder, "");
    assert!(exists(&folder, "notes.txt") && exists(&folder, "shop__one/mine.json"));
    assert!(!exists(&folder, "shop__one/listeners.json"));
}

#[test]
fn nothing_to_write_makes_the_folder_all_the_same() {
    let folder = folder("nothing");
    translate(&folder, "");
    assert!(folder.join("out").is_dir());
}

#[test]
fn a_changed_weight_is_a_change_of_its_line() {
    let folder = folder("weight");
    let snapshot = [WAYPOINT.replace("NAME", "one"), ROUTE.to_owned()].join("---");
    let mut written = ["95", "90"].map(|weight| {
        translate(&folder, &snapshot.replace("WEIGHT", weight));
        fs::read_to_string(folder.join("out/shop__one/listeners.json")).unwrap()
    });
    let [old, new] = &mut written;
    let changed: Vec<(&str, &str)> = old.lines().zip(new.lines()).filter(|(old, new)| old != new).collect();
    assert_eq!(old.lines().count(), new.lines().count());
    let weights: Vec<(&str, &str)> = changed.iter().map(|(old, new)| (old.trim(), new.trim())).collect();
    assert_eq!(weights, [("\"weight\": 95", "\"weight\": 90")]);
}

#[test]
fn a_list_that_is_none_is_told_of() {
    let folder = folder("list");
    fs::create_dir_all(folder.join("out")).unwrap();
    fs::write(folder.join("out/.waypoint-xds.json"), "[]").unwrap();
    fs::write(folder.join("input.yaml"), WAYPOINT.replace("NAME", "one")).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_waypoint-xds"));
    command.args(["translate", "-f"]).arg(folder.join("input.yaml")).arg("--out").arg(folder.join("out"));
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains(".waypoint-xds.json"));
}
