//! `waypoint-xds lint`: what is chosen, how it is printed, what is written, and how the run ends.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

const POLICY: &str = r#"# A method in lower case.
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata:
  name: read
  namespace: shop
spec:
  action: DENY
  rules:
  - to:
    - operation:
        methods: ["get"] # never
---
apiVersion: v1
kind: Pod
metadata: {name: cart-1, namespace: shop, labels: {istio.io/dataplane-mode: ambient}}
spec: {}
status: {phase: Running, podIP: 10.244.0.1}
"#;

/// A folder with a snapshot in it, for one test.
struct Folder(PathBuf);

impl Folder {
    fn new(test: &str) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("lint").join(test);
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(path.join("team")).unwrap();
        let folder = Self(path);
        folder.write("team/shop.yaml", POLICY);
        folder
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.0.join(name), text).unwrap();
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.0.join(name)).unwrap()
    }

    fn lint(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_waypoint-xds"));
        command.current_dir(&self.0).args(["lint", "-f", "team/shop.yaml"]).args(arguments).output().unwrap()
    }

    /// The codes that are reported.
    fn codes(&self, arguments: &[&str]) -> Vec<String> {
        let found: Value =
            serde_json::from_str(&text(&self.lint(&[arguments, &["-o", "json"]].concat()).stdout)).unwrap();
        found.as_array().unwrap().iter().map(|problem| problem["code"].as_str().unwrap().to_owned()).collect()
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn has(codes: &[String], code: &str) -> bool {
    codes.iter().any(|found| found == code)
}

#[test]
fn codes_and_groups_are_chosen() {
    let folder = Folder::new("chosen");
    let all = folder.codes(&[]);
    assert!(has(&all, "method-case") && has(&all, "policy-at-ztunnel"), "{all:?}");
    assert_eq!(folder.codes(&["--select", "method-case"]), ["method-case"]);
    assert!(!has(&folder.codes(&["--ignore", "security,method-case"]), "policy-at-ztunnel"));
    let output = folder.lint(&["--select", "metod-case"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("did you mean `method-case`?"), "{}", text(&output.stderr));
}

#[test]
fn the_exit_code_is_by_severity() {
    let folder = Folder::new("exit-code");
    let code =
        |arguments: &[&str]| folder.lint(&[&["--select", "method-case"], arguments].concat()).status.code();
    assert_eq!(code(&[]), Some(0));
    assert_eq!(code(&["--fail-on", "warning"]), Some(1));
    assert_eq!(code(&["--fail-on", "note"]), Some(1));
    assert_eq!(code(&["--strict"]), Some(1));
    assert_eq!(code(&["--fail-on", "fatal"]), Some(2));
    let summary = text(&folder.lint(&["--select", "method-case"]).stderr);
    assert_eq!(summary, "1 warning in 1 file\n");
}

#[test]
fn a_file_of_settings_is_found_above_the_input() {
    let folder = Folder::new("settings");
    folder.write(
        "waypoint-xds.toml",
        "[lint]\nselect = [\"method-case\", \"policy-at-ztunnel\"]\nfail-on = \"warning\"\nseverity = { method-case = \"note\" }\n\n\
         [[lint.override]]\npaths = [\"team/*.yaml\"]\nnamespaces = [\"sh*\"]\nignore = [\"security\"]\n",
    );
    assert_eq!(folder.codes(&[]), ["method-case"]);
    assert_eq!(folder.lint(&[]).status.code(), Some(0), "it is a note");
    assert!(folder.codes(&["--no-config"]).len() > 1);
    assert_eq!(folder.codes(&["--select", "security"]), Vec::<String>::new());
    folder.write("team/other.toml", "[lint]\nignore = [\"all\"]\n");
    assert_eq!(folder.codes(&["--config", "team/other.toml"]), Vec::<String>::new());
    folder.write("waypoint-xds.toml", "[lint]\nignore = [\"securty\"]\n");
    let output = folder.lint(&[]);
    assert_eq!(output.status.code(), Some(2));
    let said = text(&output.stderr);
    assert!(said.contains("waypoint-xds.toml") && said.contains("did you mean `security`?"), "{said}");
}

#[test]
fn baselines_leave_what_is_new() {
    let folder = Folder::new("baseline");
    let output = folder.lint(&["--write-baseline", "known.json"]);
    assert_eq!((output.status.code(), text(&output.stdout)), (Some(0), String::new()));
    assert!(text(&output.stderr).contains("written to known.json"));
    assert_eq!(folder.codes(&["--baseline", "known.json"]), Vec::<String>::new());
    folder.write("team/shop.yaml", &format!("\n\n{}", POLICY.replace("[\"get\"]", "[\"get\", \"put\"]")));
    assert_eq!(folder.codes(&["--baseline", "known.json", "--select", "method-case"]), ["method-case"]);
    folder.write("waypoint-xds.toml", "[lint]\nbaseline = \"known.json\"\nselect = [\"method-case\"]\n");
    assert_eq!(folder.codes(&[]), ["method-case"], "named from the folder of the settings");
    assert_eq!(folder.lint(&["--baseline", "team/shop.yaml"]).status.code(), Some(2));
}

#[test]
fn fixes_are_shown_and_applied() {
    let folder = Folder::new("fix");
    let output = folder.lint(&["--diff", "--select", "method-case"]);
    let expected = r#"--- team/shop.yaml
+++ team/shop.yaml
@@ -9,7 +9,7 @@
   rules:
   - to:
     - operation:
-        methods: ["get"] # never
+        methods: ["GET"] # never
 ---
 apiVersion: v1
 kind: Pod
"#;
    assert_eq!(text(&output.stdout), expected);
    assert_eq!(folder.read("team/shop.yaml"), POLICY);
    let output = folder.lint(&["--fix", "--select", "method-case"]);
    assert_eq!(text(&output.stderr), "1 fix applied\nnothing found in 1 file\n");
    assert_eq!(folder.read("team/shop.yaml"), POLICY.replace("get", "GET"));
    let output = folder.lint(&["--fix", "--select", "method-case"]);
    assert!(text(&output.stderr).starts_with("0 fixes applied\n"));
}

#[test]
fn every_format_tells_the_finding() {
    let folder = Folder::new("formats");
    let place = "\"team/shop.yaml\"";
    for (format, expected) in [
        ("text", "warning[method-case]"),
        ("concise", "team/shop.yaml:12:19: warning[method-case]"),
        ("json", "\"code\":\"method-case\""),
        ("sarif", place),
        ("junit", place),
        ("github", "::warning file=team/shop.yaml,line=12"),
        ("gitlab", place),
        ("checkstyle", place),
    ] {
        let output = folder.lint(&["--select", "method-case", "-o", format]);
        assert!(text(&output.stdout).contains(expected), "{format}: {}", text(&output.stdout));
    }
}

#[test]
fn absolute_names_are_told_from_the_current_folder() {
    let folder = Folder::new("absolute");
    let path = fs::canonicalize(folder.0.join("team/shop.yaml")).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_waypoint-xds"));
    let current = fs::canonicalize(&folder.0).unwrap();
    let output =
        command.current_dir(current).args(["lint", "-o", "gitlab", "-f"]).arg(path).output().unwrap();
    assert!(text(&output.stdout).contains("\"path\":\"team/shop.yaml\""));
}

#[test]
fn codes_are_explained() {
    let explain = |arguments: &[&str]| {
        Command::new(env!("CARGO_BIN_EXE_waypoint-xds")).arg("explain").args(arguments).output().unwrap()
    };
    let page = text(&explain(&["method-case"]).stdout);
    assert!(
        page.starts_with("method-case\n") && page.contains("severity: warning") && page.contains("## Right")
    );
    assert!(text(&explain(&["yaml-syntax"]).stdout).contains("group:    input"));
    let table = text(&explain(&[]).stdout);
    assert!(table.starts_with("CODE ") && table.contains("\nmethod-case "));
    let unknown = explain(&["methd-case"]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(text(&unknown.stderr).contains("did you mean `method-case`?"));
}
