//! The objects of a cluster: the real `kubectl` asks a small API server on this machine.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may panic")]

mod http;
mod kubernetes;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use kubernetes::{Server, kubectl_unless_skipped, shop};

/// A cluster, and a folder of one test.
struct Cluster {
    server: Server,
    folder: PathBuf,
    kubectl: PathBuf,
    config: PathBuf,
}

impl Cluster {
    /// None where there is no `kubectl`, and need not be one.
    fn start(test: &str) -> Option<Self> {
        let kubectl = kubectl_unless_skipped(test)?;
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("snapshot").join(test);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        let server = Server::start(shop());
        let config = server.write_config(&folder);
        Some(Self { server, folder, kubectl, config })
    }

    fn run(&self, program: &str, arguments: &[&str]) -> Output {
        let path = std::env::join_paths(
            std::iter::once(self.kubectl.clone())
                .chain(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())),
        );
        let mut command = Command::new(program);
        // What kubectl keeps of a cluster stays in the folder.
        command.env("PATH", path.unwrap()).env("HOME", &self.folder).env("KUBECONFIG", &self.config);
        command.current_dir(&self.folder).args(arguments).stdin(Stdio::null()).output().unwrap()
    }

    fn waypoint_xds(&self, arguments: &[&str]) -> Output {
        self.run(env!("CARGO_BIN_EXE_waypoint-xds"), arguments)
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn a_cluster_is_copied_without_its_secrets() {
    let Some(cluster) = Cluster::start("copied") else { return };
    let output = cluster.waypoint_xds(&["snapshot", "-o", "snapshot.yaml"]);
    let said = text(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert!(
        said.contains(
            "note[not-listed]: not in the snapshot, since they may not be listed: serviceaccounts\n"
        ),
        "{said}"
    );
    assert!(said.contains("it runs Istio 1.30: read it with --release 1.30"), "{said}");

    let snapshot = fs::read_to_string(cluster.folder.join("snapshot.yaml")).unwrap();
    // More than one answer of the server holds.
    for name in ["cart-0", "cart-4", "other", "name: waypoint", "of-the-cluster", "labels: {a: b}"] {
        assert!(snapshot.contains(name), "{name} of\n{snapshot}");
    }
    assert!(!snapshot.contains("nobody's business"), "a ConfigMap that nothing names");
    let asked = cluster.server.asked();
    assert!(asked.iter().all(|path| !path.contains("secrets")), "{asked:#?}");
    assert!(asked.iter().any(|path| path.contains("/pods?") && path.contains("limit=500")), "{asked:#?}");
    assert!(asked.iter().any(|path| path.contains("/pods?") && path.contains("continue=6")), "{asked:#?}");
}

#[test]
fn the_commands_do_the_same() {
    let Some(cluster) = Cluster::start("commands") else { return };
    let snapshot = text(&cluster.waypoint_xds(&["snapshot", "--context", "here", "-q"]).stdout);
    let script = text(&cluster.waypoint_xds(&["snapshot", "--context", "here", "--print-command"]).stdout);
    assert!(!script.contains("secret"), "{script}");
    let output = cluster.run("sh", &["-c", &script]);
    let printed = text(&output.stdout);
    assert!(printed.contains("labels: {a: b}") && !printed.contains("nobody's business"), "{printed}");
    fs::write(cluster.folder.join("script.yaml"), &printed).unwrap();
    fs::write(cluster.folder.join("snapshot.yaml"), snapshot).unwrap();
    let said = text(&output.stderr);
    let [script, snapshot] = ["script.yaml", "snapshot.yaml"].map(|file| {
        let output = cluster.waypoint_xds(&["waypoint", "list", "-o", "json", "-f", file]);
        assert!(output.status.success(), "{file}: {}", text(&output.stderr));
        text(&output.stdout)
    });
    assert_eq!(script, snapshot);
    assert!(said.contains("doesn't have a resource type \"sidecars\""), "a kind that is not there: {said}");
}

#[test]
fn a_cluster_is_read_in_one_go_with_istiod_s_settings() {
    let Some(cluster) = Cluster::start("read") else { return };
    assert!(cluster.waypoint_xds(&["snapshot", "-o", "snapshot.yaml"]).status.success());
    // What is read from a cluster is of the cluster's release.
    let read = cluster.waypoint_xds(&["translate", "-f", "cluster:here"]);
    let copied = cluster.waypoint_xds(&["translate", "-f", "snapshot.yaml", "--release", "auto"]);
    let (read, said) = (text(&read.stdout), text(&read.stderr));
    assert_eq!(read, text(&copied.stdout), "{said}");
    assert!(said.contains("note[not-listed]: not in the snapshot"), "{said}");
    assert!(said.contains("is of Istio 1.30"), "{said}");
    assert!(read.contains("10.244.1.4"), "all pods are endpoints");
    assert!(read.contains("/dev/of-the-cluster"), "its mesh configuration");
    assert!(read.contains("777777"), "a feature flag of istiod's Deployment");
    let set = ["--feature", "PILOT_HBONE_INITIAL_STREAM_WINDOW_SIZE=888888"];
    let set = cluster
        .waypoint_xds(&[&["translate", "-f", "snapshot.yaml", "--release", "auto"], set.as_slice()].concat());
    let set = text(&set.stdout);
    assert!(set.contains("888888") && !set.contains("777777"), "the caller has the last word");
}

#[test]
fn namespaces_are_asked_for_alone() {
    let Some(cluster) = Cluster::start("namespaces") else { return };
    let output = cluster.waypoint_xds(&["snapshot", "-n", "shop", "no-such", "-o", "snapshot.yaml"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let snapshot = fs::read_to_string(cluster.folder.join("snapshot.yaml")).unwrap();
    assert!(snapshot.contains("cart-4") && snapshot.contains("of-the-cluster"), "{snapshot}");
    assert!(!snapshot.contains("elsewhere"), "{snapshot}");
    let asked = cluster.server.asked();
    assert!(asked.iter().all(|path| !path.starts_with("/api/v1/pods")), "{asked:#?}");
}

#[test]
fn a_snapshot_that_cannot_be_written_is_an_error() {
    let Some(cluster) = Cluster::start("full") else { return };
    for file in ["/dev/full", "no-such-folder/snapshot.yaml"] {
        let output = cluster.waypoint_xds(&["snapshot", "-o", file]);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.starts_with(&format!("error: {file}: ")), "{said}");
    }
}

#[test]
fn a_kustomization_is_rendered() {
    let Some(cluster) = Cluster::start("kustomization") else { return };
    let folder = cluster.folder.join("over");
    fs::create_dir_all(&folder).unwrap();
    let service = "apiVersion: v1\nkind: Service\nmetadata: {name: cart, namespace: shop}\n\
        spec: {clusterIP: 10.96.0.1, ports: [{name: http, port: 80}]}\n";
    fs::write(folder.join("service.yaml"), service).unwrap();
    fs::write(folder.join("kustomization.yaml"), "namePrefix: small-\nresources: [service.yaml]\n").unwrap();
    let services = |path: &str| {
        let output = cluster.waypoint_xds(&["zc", "service", "-f", path, "--problems", "concise"]);
        assert!(output.status.success(), "{}", text(&output.stderr));
        (text(&output.stdout), text(&output.stderr))
    };
    let (rendered, _) = services("kustomize:over");
    assert!(rendered.contains(" small-cart "), "{rendered}");
    let (as_they_are, said) = services("over");
    assert!(
        !as_they_are.contains("small-cart") && said.contains("`over` has a kustomization"),
        "{as_they_are}{said}"
    );
    fs::write(folder.join("kustomization.yaml"), "resources: [gone.yaml]\n").unwrap();
    let broken = cluster.waypoint_xds(&["zc", "service", "-f", "kustomize:over"]);
    assert_eq!(broken.status.code(), Some(2));
    assert!(text(&broken.stderr).contains("gone.yaml"), "{}", text(&broken.stderr));
}

#[test]
fn what_cannot_be_reached_is_an_error() {
    let Some(cluster) = Cluster::start("unreachable") else { return };
    for arguments in [
        ["snapshot", "--context", "nowhere"],
        ["lint", "-f", "cluster:nowhere"],
        ["lint", "-f", "cluster:no-such"],
    ] {
        let output = cluster.waypoint_xds(&arguments);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains("`kubectl --context no") && said.contains("api-resources"), "{said}");
        assert!(output.stdout.is_empty());
    }
}
