//! What is read more than once: by `diff` for both sides, by `--watch` on every change.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

const SHOP: &str = include_str!("../../../testdata/readme/shop.yaml");

fn folder(test: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("again").join(test);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_waypoint-xds"));
    command.current_dir(folder).args(arguments).stdin(Stdio::null());
    command
}

#[test]
fn standard_input_does_for_both_sides() {
    let folder = folder("diff");
    fs::write(folder.join("shop.yaml"), SHOP).unwrap();
    let arguments = |path| ["diff", path, "--release", "1.30..1.31", "--only", "resources", "-o", "json"];
    let named = command(&folder, &arguments("shop.yaml")).output().unwrap();
    let mut piped = command(&folder, &arguments("-"));
    let mut child = piped.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(SHOP.as_bytes()).unwrap();
    let piped = String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap();
    let named = String::from_utf8(named.stdout).unwrap();
    assert!(named.contains("inbound-vip|80|http|cart.shop.svc.cluster.local"), "{named}");
    assert_eq!(piped.replace("<stdin>", "shop.yaml"), named);
}

/// A program that is ended with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The lines that a program says on standard error.
fn said(child: &mut Child) -> Receiver<String> {
    let (sender, lines) = channel();
    let stderr = BufReader::new(child.stderr.take().unwrap());
    std::thread::spawn(move || stderr.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
    lines
}

/// Waits for a line.
fn wait_for(lines: &Receiver<String>, wanted: &str) {
    loop {
        let line =
            lines.recv_timeout(Duration::from_secs(30)).unwrap_or_else(|_| panic!("no `{wanted}` was said"));
        if line.contains(wanted) {
            return;
        }
    }
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn a_change_of_a_packed_file_is_seen() {
    let folder = folder("watch");
    fs::create_dir(folder.join("deploy")).unwrap();
    let file = folder.join("deploy/shop.yaml.gz");
    fs::write(&file, gzip(SHOP)).unwrap();
    let mut watching = command(&folder, &["translate", "-f", "deploy", "--out", "out", "--watch"]);
    let mut running = Running(watching.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap());
    let lines = said(&mut running.0);
    wait_for(&lines, "waiting for changes");
    let written = || fs::read_to_string(folder.join("out/shop__waypoint/clusters.json")).unwrap();
    assert!(!written().contains("inbound-vip|8123|http|"));
    fs::write(&file, gzip(&SHOP.replace("port: 80\n", "port: 8123\n"))).unwrap();
    wait_for(&lines, "waiting for changes");
    assert!(written().contains("|8123|"), "{}", written());
}

#[test]
fn what_a_run_writes_is_no_change_of_its_input() {
    let folder = folder("own");
    fs::write(folder.join("shop.yaml"), SHOP).unwrap();
    let mut watching = command(&folder, &["translate", "-f", ".", "--out", "out", "--watch", "-q"]);
    let mut running = Running(watching.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap());
    let lines = said(&mut running.0);
    wait_for(&lines, "waiting for changes");
    let more = lines.recv_timeout(Duration::from_secs(1));
    assert!(more.is_err(), "it ran again: {more:?}");
    fs::write(folder.join("shop.yaml"), SHOP.replace("port: 80\n", "port: 8123\n")).unwrap();
    wait_for(&lines, "waiting for changes");
    assert!(fs::read_to_string(folder.join("out/shop__waypoint/clusters.json")).unwrap().contains("|8123|"));
    assert!(lines.recv_timeout(Duration::from_secs(1)).is_err());
}

/// The lines that a program prints on standard output.
fn printed(child: &mut Child) -> Receiver<String> {
    let (sender, lines) = channel();
    let stdout = BufReader::new(child.stdout.take().unwrap());
    std::thread::spawn(move || stdout.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
    lines
}

/// What was printed, until nothing more comes.
fn all(lines: &Receiver<String>) -> Vec<String> {
    std::iter::from_fn(|| lines.recv_timeout(Duration::from_millis(500)).ok()).collect()
}

#[test]
fn commands_that_look_at_something_look_again() {
    for (name, arguments) in [
        ("lint", &["lint", "-f", "."][..]),
        ("status", &["status", "-f", "."]),
        ("describe", &["describe", "service", "cart.shop", "-f", "."]),
        ("trace", &["trace", "outside", "cart.shop:80", "-f", "."]),
        ("diff", &["diff", ".", "--release", "1.30..1.31"]),
    ] {
        let folder = folder(name);
        fs::write(folder.join("shop.yaml"), SHOP).unwrap();
        let mut watching = command(&folder, &[arguments, &["--watch", "-o", "json", "-q"]].concat());
        let watching = watching.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut running = Running(watching.spawn().unwrap());
        let (waits, lines) = (said(&mut running.0), printed(&mut running.0));
        wait_for(&waits, "waiting for changes");
        let before = all(&lines);
        fs::write(folder.join("more.yaml"), "apiVersion: v1\nkind: Service\nmetadata: {name: _}\n").unwrap();
        wait_for(&waits, "waiting for changes");
        let after = all(&lines);
        assert!(!before.is_empty() && !after.is_empty(), "{name}");
        if name == "lint" {
            let tells = |lines: &[String]| lines.iter().any(|line| line.contains("more.yaml"));
            assert!(!tells(&before) && tells(&after), "{after:?}");
        }
    }
}

#[test]
fn a_file_of_settings_is_watched_too() {
    let folder = folder("settings");
    fs::write(folder.join("shop.yaml"), SHOP).unwrap();
    fs::write(folder.join("lint.toml"), "").unwrap();
    let arguments = ["lint", "-f", "shop.yaml", "--config", "lint.toml", "--watch", "-q", "-o", "concise"];
    let mut watching = command(&folder, &arguments);
    let mut running = Running(watching.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap());
    let (waits, lines) = (said(&mut running.0), printed(&mut running.0));
    wait_for(&waits, "waiting for changes");
    assert!(!all(&lines).is_empty());
    fs::write(folder.join("lint.toml"), "[lint]\nignore = [\"all\"]\n").unwrap();
    wait_for(&waits, "waiting for changes");
    assert_eq!(all(&lines), Vec::<String>::new());
}

#[test]
fn standard_input_cannot_be_watched() {
    for arguments in
        [&["translate", "-f", "-"][..], &["lint", "-f", "-"], &["diff", "-", "--release", "1.30..1.31"]]
    {
        let output = command(&folder("stdin"), &[arguments, &["--watch"]].concat()).output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        assert!(String::from_utf8(output.stderr).unwrap().contains("standard input cannot be read again"));
    }
}
