//! Every rule's page: the wrong snapshot has the finding, the right one has neither an error nor a warning.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]

use std::fs;
use std::path::PathBuf;

use waypoint_xds::lint::{RULES, Releases, Rule};
use waypoint_xds::options::{Options, Settings};
use waypoint_xds::problem::{Code, Problem, Severity};
use waypoint_xds::release::Release;
use waypoint_xds::session::Session;
use waypoint_xds::text::SourceFile;
use waypoint_xds::view::diagnostics;

/// The blocks of a page below a heading: what is behind the three backticks of each, and its text.
fn blocks<'p>(page: &'p str, heading: &str) -> Vec<(&'p str, String)> {
    let section = page.split_once(&format!("\n## {heading}\n")).map_or("", |(_, rest)| rest);
    let section = section.split("\n## ").next().unwrap_or_default();
    let mut found = Vec::new();
    let mut lines = section.lines();
    while let Some(line) = lines.next() {
        if let Some(info) = line.strip_prefix("```") {
            let text: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
            found.push((info, text.join("\n") + "\n"));
        }
    }
    found
}

/// What is said of the snapshot below a heading. The first block is `yaml`, with flags as `NAME=VALUE` behind
/// it; one of `yaml mesh-config` is the mesh configuration.
fn lint(rule: &Rule, heading: &str) -> Vec<Problem> {
    let blocks = blocks(rule.page, heading);
    let code = rule.code;
    let (info, snapshot) = blocks
        .iter()
        .find(|(info, _)| *info != "yaml mesh-config")
        .unwrap_or_else(|| panic!("{code}: no snapshot"));
    let mesh_config =
        blocks.iter().find(|(info, _)| *info == "yaml mesh-config").map(|(_, text)| text.clone());
    let flags = info.strip_prefix("yaml").unwrap_or_else(|| panic!("{code}: `{info}` is not YAML"));
    let flags = flags.split_whitespace().map(|flag| flag.split_once('=').expect("NAME=VALUE"));
    let release = match rule.releases {
        Releases::Until(release) => release,
        _ => Release::LATEST,
    };
    let settings = Settings {
        release: Some(release.to_string()),
        mesh_config_name: mesh_config.as_ref().map(|_| "mesh.yaml".to_owned()),
        mesh_config,
        features: flags.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        ..Settings::default()
    };
    let options: Options = settings.options().expect("settings that are there");
    Session::read([SourceFile::new("page.yaml", snapshot.as_str())], &options).lint()
}

/// A page is about one thing, and need not have a waypoint for it.
fn is_loud(problem: &&Problem) -> bool {
    problem.severity <= Severity::Warning && problem.code != Code::MeshWithoutWaypoint
}

#[test]
fn pages_are_as_they_say() {
    assert!(!RULES.is_empty());
    for rule in RULES {
        let code = rule.code;
        assert!(rule.page.starts_with("# "), "{code}: the page has a title");
        assert!(!rule.title().ends_with('.'), "{code}: a title is no sentence");
        let wrong = lint(rule, "Wrong");
        let found: Vec<&Problem> = wrong.iter().filter(|problem| problem.code == code).collect();
        let json = serde_json::to_string(&wrong).expect("JSON");
        assert_eq!(serde_json::from_str::<Vec<Problem>>(&json).expect("problems"), wrong, "{code}: as JSON");
        assert!(!found.is_empty(), "{code}: not found in its wrong snapshot, but {wrong:#?}");
        for problem in found {
            assert!(problem.place.is_some(), "{code}: no place in {problem:?}");
            assert!(problem.help.is_some(), "{code}: no help in {problem:?}");
            assert!(!problem.message.ends_with('.'), "{code}: {}", problem.message);
        }
        let right = lint(rule, "Right");
        let loud: Vec<&Problem> = right.iter().filter(is_loud).collect();
        assert!(loud.is_empty(), "{code}: the right snapshot is not quiet: {loud:#?}");
        assert!(right.iter().all(|problem| problem.code != code), "{code}: found in its right snapshot");
    }
}

/// `testdata/lint/CASE.yaml` (with `CASE.mesh.yaml`, `CASE.features` and `CASE.release`) → `CASE.out`: the
/// findings, one a line. `UPDATE_GOLDEN=1 cargo test --test lint` writes them anew.
#[test]
fn cases_have_the_findings_next_to_them() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../testdata/lint");
    let update = std::env::var_os("UPDATE_GOLDEN").is_some();
    let mut cases: Vec<String> = fs::read_dir(&folder)
        .expect("the folder of the cases")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("a name"))
        .filter_map(|name| name.strip_suffix(".yaml").filter(|case| !case.contains('.')).map(str::to_owned))
        .collect();
    cases.sort();
    assert!(!cases.is_empty());
    let mut wrong = Vec::new();
    for case in &cases {
        let beside = |suffix: &str| fs::read_to_string(folder.join(format!("{case}.{suffix}"))).ok();
        let mesh_config = beside("mesh.yaml");
        let flags = beside("features").unwrap_or_default();
        let flags = flags.lines().filter_map(|line| line.split_once('='));
        let settings = Settings {
            release: beside("release").map(|release| release.trim().to_owned()),
            mesh_config_name: mesh_config.as_ref().map(|_| format!("{case}.mesh.yaml")),
            mesh_config,
            features: flags.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            ..Settings::default()
        };
        let options = settings.options().expect("settings that are there");
        let text = beside("yaml").expect("the case");
        let found = Session::read([SourceFile::new(format!("{case}.yaml"), text)], &options).lint();
        let found = diagnostics::concise(&found);
        if update {
            fs::write(folder.join(format!("{case}.out")), &found).expect("to write");
        } else if beside("out").as_deref() != Some(&*found) {
            wrong.push(format!("{case}:\n{found}"));
        }
    }
    assert!(wrong.is_empty(), "findings differ (UPDATE_GOLDEN=1 writes them):\n{}", wrong.join("\n"));
}

/// What is not there has the nearest that is, or a short list of it.
#[test]
fn what_is_not_there_is_told_with_what_is() {
    let gateway = |name: &str| {
        format!(
            "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {{name: {name}, namespace: shop}}\n\
             spec: {{gatewayClassName: istio-waypoint, listeners: [{{name: mesh, port: 15008, protocol: HBONE}}]}}\n---\n"
        )
    };
    let service = |label: &str| {
        format!(
            "apiVersion: v1\nkind: Service\nmetadata: {{name: cart, namespace: shop, labels: {{istio.io/use-waypoint: \
             {label}}}}}\nspec: {{clusterIP: 10.96.0.1, ports: [{{name: http, port: 80}}]}}\n---\n"
        )
    };
    let policy = |source: &str| {
        format!(
            "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {{name: p, namespace: shop}}\n\
             spec: {{targetRefs: [{{kind: Service, group: '', name: cart}}], rules: [{{from: [{{source: {{{source}}}}}]}}]}}\n"
        )
    };
    for (text, code, help) in [
        (gateway("waypoint") + &service("waypont"), "waypoint-not-ready", "did you mean `waypoint`?"),
        (
            gateway("inner") + &gateway("outer") + &service("edge"),
            "waypoint-not-ready",
            "the waypoints of namespace `shop` are `inner` and `outer`",
        ),
        (
            service("edge"),
            "waypoint-not-ready",
            "add a Gateway `shop/edge` of class `istio-waypoint`, or remove the label",
        ),
        (
            gateway("waypoint") + &service("waypoint") + &policy("namespaces: [defualt]"),
            "unknown-namespace",
            "write `default`, if namespace `default` is meant",
        ),
    ] {
        let session = Session::read([SourceFile::new("shop.yaml", text.as_str())], &Options::default());
        let found: Vec<Problem> = session.lint();
        let told = found.iter().find(|problem| problem.code.id() == code);
        let told = told.unwrap_or_else(|| panic!("{code}: not found, but {found:#?}"));
        assert_eq!(told.help.as_deref(), Some(help), "{code}");
    }
}
