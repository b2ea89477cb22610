//! What is written, and where that cannot be done; colours; the excerpt of what is shown.
#![allow(clippy::unwrap_used, reason = "a test may panic")]
#![cfg(target_os = "linux")]

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

const SHOP: &str = include_str!("../../../testdata/readme/shop.yaml");
const TYPO: &str = include_str!("../../../testdata/readme/typo.yaml");

/// The variables that say something about colours.
const VARIABLES: [&str; 4] = ["NO_COLOR", "CLICOLOR_FORCE", "FORCE_COLOR", "TERM"];

fn folder(test: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("output").join(test);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("shop.yaml"), SHOP).unwrap();
    fs::write(folder.join("typo.yaml"), TYPO).unwrap();
    folder
}

fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_waypoint-xds"));
    VARIABLES.iter().for_each(|name| _ = command.env_remove(name));
    command.current_dir(folder).args(arguments).stdin(Stdio::null());
    command
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn fails_at(output: &Output, place: &str) {
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    let last = said.lines().last().unwrap_or_default();
    assert!(last.starts_with("error: ") && last.contains(place), "{said}");
}

#[test]
fn files_that_cannot_be_written_are_errors() {
    let folder = folder("files");
    let out =
        |name: &str| command(&folder, &["translate", "-f", "shop.yaml", "--out", name]).output().unwrap();
    fs::write(folder.join("file"), "").unwrap();
    fails_at(&out("file"), "file");
    fails_at(&out("file/below"), "file/below");
    // A disk that is full.
    fs::create_dir_all(folder.join("full/shop__waypoint")).unwrap();
    symlink("/dev/full", folder.join("full/shop__waypoint/clusters.json")).unwrap();
    fails_at(&out("full"), "full/shop__waypoint/clusters.json");
    assert!(!folder.join("full/.waypoint-xds.json").exists(), "it does not say that it has written all");
    let baseline = ["lint", "-f", "shop.yaml", "--write-baseline", "/dev/full"];
    fails_at(&command(&folder, &baseline).output().unwrap(), "/dev/full");
}

#[test]
fn a_folder_without_permission_is_an_error() {
    let folder = folder("permission");
    let closed = folder.join("closed");
    fs::create_dir(&closed).unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o500)).unwrap();
    // Whoever may do everything is not kept out.
    if fs::write(closed.join("probe"), "").is_ok() {
        return;
    }
    fails_at(
        &command(&folder, &["translate", "-f", "shop.yaml", "--out", "closed"]).output().unwrap(),
        "closed",
    );
    fails_at(&command(&folder, &["man", "closed/pages"]).output().unwrap(), "closed/pages");
}

#[test]
fn colours_are_for_those_who_want_them() {
    let folder = folder("colours");
    let has_colours = |arguments: &[&str], variables: &[(&str, &str)]| {
        let mut command = command(&folder, arguments);
        let output = command.envs(variables.iter().copied()).output().unwrap();
        let printed = text(&output.stdout) + &text(&output.stderr);
        assert!(printed.contains("unknown-field"), "{printed}");
        printed.contains("\u{1b}[")
    };
    for command in [["status", "-f", "typo.yaml"], ["lint", "-f", "typo.yaml"]] {
        for (variables, expected) in [
            (&[][..], false),
            (&[("CLICOLOR_FORCE", "1")], true),
            (&[("CLICOLOR_FORCE", "0")], false),
            (&[("FORCE_COLOR", "1")], true),
            (&[("FORCE_COLOR", "")], false),
            (&[("FORCE_COLOR", "1"), ("NO_COLOR", "1")], false),
            (&[("FORCE_COLOR", "1"), ("NO_COLOR", "")], true),
            (&[("FORCE_COLOR", "1"), ("TERM", "dumb")], true),
        ] {
            assert_eq!(has_colours(&command, variables), expected, "{command:?} {variables:?}");
        }
        let with = |color: &'static str| [&command[..], &["--color", color]].concat();
        assert!(has_colours(&with("always"), &[("NO_COLOR", "1")]));
        assert!(!has_colours(&with("never"), &[("FORCE_COLOR", "1")]));
        assert!(has_colours(&with("auto"), &[("FORCE_COLOR", "1")]));
    }
}

/// What is printed on a terminal, by `script` of util-linux.
fn on_a_terminal(folder: &Path, line: &str, variables: &[(&str, &str)]) -> Option<String> {
    let mut command = Command::new("script");
    VARIABLES.iter().for_each(|name| _ = command.env_remove(name));
    command.args(["-qec", line, "/dev/null"]).current_dir(folder).envs(variables.iter().copied());
    let output = command.stdin(Stdio::null()).output().ok()?;
    Some(text(&output.stdout))
}

#[test]
fn a_terminal_has_colours_unless_it_is_a_dumb_one() {
    let folder = folder("terminal");
    let program = env!("CARGO_BIN_EXE_waypoint-xds");
    for line in [format!("'{program}' lint -f typo.yaml"), format!("'{program}' status -f typo.yaml")] {
        for (variables, expected) in [
            (&[("TERM", "xterm")][..], true),
            (&[("TERM", "dumb")], false),
            (&[("TERM", "xterm"), ("NO_COLOR", "1")], false),
        ] {
            let Some(printed) = on_a_terminal(&folder, &line, variables) else { return };
            assert!(printed.contains("unknown-field"), "{printed}");
            assert_eq!(printed.contains("\u{1b}["), expected, "{line} {variables:?}: {printed}");
        }
    }
}

#[test]
fn an_excerpt_of_standard_input_shows_the_place_in_a_long_line() {
    let folder = folder("excerpt");
    let padding = "x".repeat(3000);
    let object = format!(
        r#"{{"apiVersion": "v1", "kind": "Service", "metadata": {{"name": "cart", "annotations": {{"a": "{padding}"}}}}, "spec": {{"ports": "none"}}}}"#
    );
    let mut child = command(&folder, &["status", "-f", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(object.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    let column = object.find("\"none\"").unwrap() + 1;
    assert!(said.contains(&format!("--> <stdin>:1:{column}")), "{said}");
    let excerpt = said.lines().find(|line| line.contains("\"ports\": \"none\"")).unwrap();
    assert!(excerpt.chars().count() < 200, "{excerpt}");
    let underlined = said.lines().find(|line| line.contains("^^^^^^")).unwrap();
    let column = |line: &str, text: &str| line.split(text).next().map(|before| before.chars().count());
    assert_eq!(column(underlined, "^"), column(excerpt, "\"none\""), "{said}");
}
