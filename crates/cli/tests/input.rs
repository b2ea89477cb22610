//! What is taken as input: files that are no objects, folders without a waypoint, what another release read.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may panic")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

const SERVICE: &str = "\
apiVersion: v1
kind: Service
metadata: {name: reviews, namespace: default}
spec: {clusterIP: 10.96.0.1, selector: {app: reviews}, ports: [{name: http, port: 9080}]}
";

/// What `istioctl x waypoint generate --service-account` printed in 1.18, with the pod that it is for.
const ARTICLE: &str = "\
apiVersion: gateway.networking.k8s.io/v1beta1
kind: Gateway
metadata:
  name: bookinfo-reviews
  namespace: default
  annotations: {istio.io/for-service-account: bookinfo-reviews}
spec: {gatewayClassName: istio-waypoint, listeners: [{name: mesh, port: 15008, protocol: HBONE}]}
---
apiVersion: v1
kind: Pod
metadata: {name: reviews-v1, namespace: default, labels: {app: reviews, istio.io/dataplane-mode: ambient}}
spec: {serviceAccountName: bookinfo-reviews, containers: [{name: c, image: reviews}]}
status: {phase: Running, podIP: 10.244.1.6}
---
";

const CRON_JOB: &str =
    "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: nightly}\nspec: {schedule: '@daily'}\n";

/// A folder of one test.
fn folder(test: &str, files: &[(&str, &str)]) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("input").join(test);
    let _ = fs::remove_dir_all(&folder);
    for (file, text) in files {
        let path = folder.join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_waypoint-xds"));
    command.current_dir(folder).args(arguments).stdin(Stdio::null()).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// The problems that a command tells: code, severity, message and help.
fn told(folder: &Path, arguments: &[&str]) -> Vec<[String; 4]> {
    let is_lint = arguments.first() == Some(&"lint");
    let format: &[&str] = if is_lint { &["-o", "json"] } else { &["--problems", "json"] };
    let output = run(folder, &[arguments, format].concat());
    let problems = if is_lint { &output.stdout } else { &output.stderr };
    let problems: Value = serde_json::from_slice(problems).unwrap();
    let word = |problem: &Value, key: &str| problem[key].as_str().unwrap_or_default().to_owned();
    let all = problems.as_array().unwrap().iter();
    all.map(|problem| ["code", "severity", "message", "help"].map(|key| word(problem, key))).collect()
}

fn with_code(problems: Vec<[String; 4]>, code: &str) -> Vec<[String; 4]> {
    problems.into_iter().filter(|[found, ..]| found == code).collect()
}

#[test]
fn the_article_s_file_says_which_release_it_is_for() {
    let folder = folder("article", &[("article.yaml", &format!("{ARTICLE}{SERVICE}"))]);
    for command in [&["translate"][..], &["status"], &["lint"], &["waypoint", "list"]] {
        let found = with_code(told(&folder, &[command, &["-f", "."]].concat()), "label-not-read");
        let [[_, severity, message, help]] = found.as_slice() else { panic!("{command:?}: {found:?}") };
        assert_eq!(severity, "warning");
        assert!(message.contains("serves nothing") && message.contains("Istio 1.18"), "{message}");
        assert!(help.contains("--release 1.18") && help.contains("istio.io/use-waypoint"), "{help}");
        let all = told(&folder, &[command, &["-f", "."]].concat());
        assert!(with_code(all, "unused-waypoint").is_empty(), "one cause is one problem");
        let then = told(&folder, &[command, &["-f", ".", "--release", "1.18"]].concat());
        assert!(with_code(then, "label-not-read").is_empty());
    }
    let old = run(&folder, &["pc", "clusters", "-f", ".", "--release", "1.18", "-q"]);
    assert!(text(&old.stdout).contains("reviews.default.svc.cluster.local"), "{}", text(&old.stdout));
}

#[test]
fn a_mesh_without_a_waypoint_is_a_problem_everywhere() {
    let folder = folder("none", &[("service.yaml", SERVICE)]);
    for command in
        [&["translate"][..], &["lint"], &["status"], &["cost"], &["zc", "service"], &["waypoint", "list"]]
    {
        let arguments = [command, &["-f", "."]].concat();
        let found = with_code(told(&folder, &arguments), "mesh-without-waypoint");
        let [[_, severity, _, help]] = found.as_slice() else { panic!("{command:?}: {found:?}") };
        assert!(severity == "warning" && help.contains("waypoint generate"), "{severity}: {help}");
        assert_eq!(run(&folder, &arguments).status.code(), Some(0), "{command:?}");
        assert_eq!(
            run(&folder, &[&arguments[..], &["--strict"]].concat()).status.code(),
            Some(1),
            "{command:?}"
        );
    }
    fs::write(folder.join("waypoint.yaml"), ARTICLE).unwrap();
    assert!(with_code(told(&folder, &["lint", "-f", "."]), "mesh-without-waypoint").is_empty());
    let chosen =
        run(&folder, &["lint", "-f", "service.yaml", "--ignore", "mesh-without-waypoint", "-o", "concise"]);
    assert!(!text(&chosen.stdout).contains("mesh-without-waypoint"));
}

#[test]
fn what_no_mesh_is_made_of_is_as_good_as_nothing() {
    let folder = folder("ignored", &[("jobs.yaml", &format!("{CRON_JOB}---\n{CRON_JOB}"))]);
    for arguments in [
        &["translate", "-f", "."][..],
        &["lint", "-f", "jobs.yaml"],
        &["status", "-f", "."],
        &["diff", ".", ".", "--release", "1.30..1.31"],
    ] {
        let output = run(&folder, arguments);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
        assert!(said.contains("2 CronJob") && said.contains("--allow-empty"), "{said}");
        assert_eq!(
            run(&folder, &[arguments, &["--allow-empty"]].concat()).status.code(),
            Some(0),
            "{arguments:?}"
        );
    }
    // What other objects are assumed of counts.
    let deployment = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\n\
        spec: {template: {metadata: {labels: {app: a}}, spec: {containers: [{name: c, image: i}]}}}\n";
    fs::write(folder.join("deployment.yaml"), deployment).unwrap();
    assert_eq!(run(&folder, &["translate", "-f", "deployment.yaml"]).status.code(), Some(0));
    let nothing = run(&folder, &["translate", "-f", "deployment.yaml", "--assume", "nothing"]);
    assert_eq!(nothing.status.code(), Some(2));
}

#[test]
fn files_of_a_folder_that_are_no_objects_are_passed_over_and_named_ones_are_not() {
    let others = [
        ("values.yaml", "kind: DaemonSet\nimage: {repository: a}\n"),
        ("mkdocs.yml", "site_name: every kind of apiVersion\nemoji: !!python/name:a.b\n"),
        ("dashboards/mesh.json", "{\"panels\": [{\"kind\": \"a\"}], \"apiVersion\": 1}"),
        ("tsconfig.json", "{\n  // Every kind.\n  \"apiVersion\": 1,\n}"),
    ];
    let folder = folder("others", &[&[("a.yaml", SERVICE)][..], &others].concat());
    let output = run(&folder, &["translate", "-f", ".", "--problems", "concise"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    for (file, _) in others {
        let named = run(&folder, &["translate", "-f", "a.yaml", "-f", file, "--problems", "concise"]);
        assert_eq!(named.status.code(), Some(1), "{file}: {}", text(&named.stderr));
        assert!(text(&named.stderr).contains(file), "{file}: {}", text(&named.stderr));
    }
}

#[test]
fn charts_and_kustomizations_are_named_wherever_they_are() {
    let chart = [
        ("deploy/a.yaml", SERVICE),
        ("deploy/chart/Chart.yaml", "apiVersion: v2\nname: c\n"),
        ("deploy/chart/templates/a.yaml", "apiVersion: v1\nkind: {{ .Values.kind }}\n"),
        ("deploy/over/kustomization.yaml", "resources: [b.yaml]\n"),
    ];
    let folder = folder("rendered", &chart);
    let done = |program: &str, arguments: &[&str]| {
        let output = Command::new(program).args(arguments).current_dir(&folder).output().unwrap();
        assert!(output.status.success(), "{program} {arguments:?}: {}", text(&output.stderr));
    };
    done("tar", &["-czf", "all.tar.gz", "deploy"]);
    done("git", &["init", "-q"]);
    done("git", &["add", "deploy"]);
    done("git", &["-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "-q", "-m", "all"]);
    for (path, help) in
        [("deploy", "`helm:deploy/chart`"), ("git:HEAD:deploy", "check it out"), ("all.tar.gz", "unpack it")]
    {
        for command in ["translate", "lint"] {
            let found = with_code(told(&folder, &[command, "-f", path]), "not-rendered");
            let [chart, kustomization] = found.as_slice() else { panic!("{command} {path}: {found:?}") };
            assert!(chart[1] == "note" && chart[2].contains("deploy/chart` is a Helm chart"), "{chart:?}");
            assert!(kustomization[2].contains("deploy/over` has a kustomization"), "{kustomization:?}");
            assert!(chart[3].contains(help), "{chart:?}");
        }
        assert_eq!(run(&folder, &["translate", "-f", path]).status.code(), Some(0), "{path}");
    }
    let piped = fs::File::open(folder.join("all.tar.gz")).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_waypoint-xds"));
    let output = command.args(["translate", "-f", "-"]).stdin(piped).output().unwrap();
    assert!(
        text(&output.stderr).contains("note[not-rendered]: `<stdin>/deploy/chart`"),
        "{}",
        text(&output.stderr)
    );
    // What is mended has them, too.
    let mended = run(&folder, &["lint", "-f", "deploy", "--fix", "-o", "concise"]);
    assert!(text(&mended.stdout).contains("note[not-rendered]"), "{}", text(&mended.stdout));
}

/// A list of objects, as `kubectl get KIND,KIND -o yaml` prints it.
fn list(objects: &[&str]) -> String {
    let item =
        |object: &&str| object.trim_end().lines().map(|line| format!("  {line}\n")).collect::<String>();
    let items = objects.iter().map(item).map(|item| format!("- {}", item.trim_start())).collect::<String>();
    format!("apiVersion: v1\nitems:\n{items}kind: List\nmetadata:\n  resourceVersion: \"\"\n")
}

const NAMESPACE: &str = "\
apiVersion: v1
kind: Namespace
metadata:
  name: default
  labels: {istio.io/dataplane-mode: ambient, istio.io/use-waypoint: waypoint}
";

const WAYPOINT: &str = "\
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: waypoint, namespace: default}
spec: {gatewayClassName: istio-waypoint, listeners: [{name: mesh, port: 15008, protocol: HBONE}]}
";

const POD: &str = "\
apiVersion: v1
kind: Pod
metadata: {name: reviews-1, namespace: default, labels: {app: reviews}}
spec: {containers: [{name: c, image: i}]}
status: {phase: Running, podIP: 10.244.1.6}
";

/// The clusters of the waypoint that a report has, from its folder and from its archive.
fn clusters_of(test: &str, files: &[(&str, &str)]) -> [String; 2] {
    let folder = folder(test, files);
    let root = Path::new(files[0].0).components().next().unwrap().as_os_str().to_str().unwrap().to_owned();
    let packed =
        Command::new("tar").args(["-czf", "all.tar.gz", &root]).current_dir(&folder).output().unwrap();
    assert!(packed.status.success(), "{}", text(&packed.stderr));
    [root.as_str(), "all.tar.gz"].map(|path| {
        let output =
            run(&folder, &["pc", "endpoints", "waypoint.default", "-f", path, "--problems", "concise"]);
        assert_eq!(output.status.code(), Some(0), "{path}: {}", text(&output.stderr));
        text(&output.stdout)
    })
}

#[test]
fn a_bug_report_is_read_as_istioctl_writes_it() {
    let namespaced = list(&[SERVICE, POD]);
    let (cluster, crs) = (list(&[NAMESPACE]), list(&[WAYPOINT]));
    let log = "2026-05-04T09:30:00Z\tinfo\tapiVersion: v1\nkind: Service\n";
    let events = "NAMESPACE   LAST SEEN   TYPE     REASON\ndefault     2m          Normal   Pulled\n";
    let all = list(&[NAMESPACE, SERVICE, POD]);
    for (test, resources, cluster) in
        [("bug-report", &namespaced, Some(&cluster)), ("bug-report-old", &all, None)]
    {
        let mut files = vec![
            ("bug-report/cluster/k8s-resources", resources.as_str()),
            ("bug-report/cluster/crs", &crs),
            ("bug-report/cluster/events", events),
            ("bug-report/cluster/cluster-context", "kind-ambient\nhttps://127.0.0.1:6443\n"),
            ("bug-report/cluster/nodes", "apiVersion: v1\nitems: []\nkind: List\n"),
            ("bug-report/istio/istio-system/istiod-1/discovery.log", log),
            ("bug-report/istio/istio-system/istiod-1/debug/configz", "[{\"kind\": \"VirtualService\"}]"),
            ("bug-report/proxies/default/reviews-1/config_dump?include_eds=true", "{\"configs\": []}"),
            ("bug-report/analyze/all-namespaces/analyze", "No validation issues found\n"),
            ("bug-report/versions", "client version: 1.31.0\n"),
            ("bug-report/bug-report.log", log),
        ];
        files.extend(cluster.map(|text| ("bug-report/cluster/k8s-cluster-resources", text.as_str())));
        let [folder, archive] = clusters_of(test, &files);
        assert!(folder.contains("10.244.1.6") && folder.contains("reviews.default"), "{test}: {folder}");
        assert_eq!(folder, archive);
    }
}

#[test]
fn a_must_gather_is_read_as_oc_writes_it() {
    let image = "must-gather.local.42/quay-io-must-gather-sha256-0a";
    let path = |rest: &str| format!("{image}/{rest}");
    let pods = list(&[POD]).replace("kind: List", "kind: PodList");
    let services = list(&[SERVICE]).replace("kind: List", "kind: ServiceList");
    let files = [
        (path("cluster-scoped-resources/core/namespaces/default.yaml"), NAMESPACE),
        (path("namespaces/default/core/pods.yaml"), pods.as_str()),
        (path("namespaces/default/core/services.yaml"), &services),
        (path("namespaces/default/pods/reviews-1/reviews-1.yaml"), POD),
        (path("namespaces/default/pods/reviews-1/c/c/logs/current.log"), "kind: x\napiVersion: y\n"),
        (path("namespaces/default/gateway.networking.k8s.io/gateways/waypoint.yaml"), WAYPOINT),
        (path("version"), "openshift/must-gather\n"),
        (path("event-filter.html"), "<html></html>"),
    ];
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), *text)).collect();
    let [folder, archive] = clusters_of("must-gather", &files);
    assert!(folder.contains("10.244.1.6") && folder.contains("reviews.default"), "{folder}");
    assert_eq!(folder, archive);
}

/// Two control planes beside each other, each with settings and a route of its own.
const REVISIONS: &str = "\
apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data: {mesh: 'accessLogFile: /dev/default'}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: istio-canary, namespace: istio-system}
data: {mesh: 'accessLogFile: /dev/canary'}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: istiod, namespace: istio-system, labels: {app: istiod, istio.io/rev: default}}
spec: {template: {spec: {containers: [{name: discovery, image: 'istio/pilot:1.30.2'}]}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: istiod-canary, namespace: istio-system, labels: {app: istiod, istio.io/rev: canary}}
spec: {template: {spec: {containers: [{name: discovery, image: 'istio/pilot:1.31.0'}]}}}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: waypoint, namespace: shop, labels: {istio.io/rev: canary}}
spec: {gatewayClassName: istio-waypoint, listeners: [{name: mesh, port: 15008, protocol: HBONE}]}
---
apiVersion: v1
kind: Service
metadata: {name: cart, namespace: shop, labels: {istio.io/use-waypoint: waypoint}}
spec: {clusterIP: 10.96.0.1, ports: [{name: http, port: 80}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: old, namespace: shop, labels: {istio.io/rev: default}}
spec: {hosts: [cart], http: [{name: of-default, route: [{destination: {host: cart}}]}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: new, namespace: shop, labels: {istio.io/rev: canary}}
spec: {hosts: [cart], http: [{name: of-canary, route: [{destination: {host: cart}}]}]}
";

#[test]
fn a_revision_has_its_own_settings_objects_and_release() {
    let folder = folder("revisions", &[("a.yaml", REVISIONS)]);
    let translated = |revision: &str| {
        let arguments =
            ["translate", "-f", "a.yaml", "-o", "json", "--release", "auto", "--revision", revision];
        let output = run(&folder, &arguments);
        (text(&output.stdout), text(&output.stderr))
    };
    for (own, release, other) in [("default", "1.30", "canary"), ("canary", "1.31", "default")] {
        let (resources, said) = translated(own);
        assert!(
            resources.contains(&format!("/dev/{own}")) && resources.contains(&format!("of-{own}")),
            "{own}"
        );
        assert!(!resources.contains(&format!("/dev/{other}")) && !resources.contains(&format!("of-{other}")));
        assert!(said.contains(&format!("is of Istio {release}")), "{said}");
        assert!(
            said.contains(&format!("control plane of revision `{own}` does not read this object")),
            "{said}"
        );
    }
    let findings = |arguments: &[&str]| {
        let all = told(&folder, &[&["lint", "-f", "a.yaml"], arguments].concat());
        all.into_iter().map(|[code, ..]| code).filter(|code| code == "waypoint-revision").count()
    };
    assert_eq!((findings(&[]), findings(&["--revision", "canary"])), (1, 0));
}

#[test]
fn a_revision_has_a_name() {
    let folder = folder("no-revision", &[("a.yaml", SERVICE)]);
    let output = run(&folder, &["translate", "-f", "a.yaml", "--revision", "no/name"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("`no/name` is no revision"), "{}", text(&output.stderr));
}

#[test]
fn two_revisions_are_compared() {
    let folder = folder("revisions-compared", &[("a.yaml", REVISIONS)]);
    let output = run(&folder, &["diff", "a.yaml", "--revision", "default..canary", "--only", "resources"]);
    let said = text(&output.stdout);
    assert!(said.contains("of-default") && said.contains("of-canary"), "{said}\n{}", text(&output.stderr));
}

#[test]
fn values_of_helm_charts_have_a_mesh_configuration_and_flags() {
    let values = "global: {hub: docker.io/istio}\npilot: {env: {PILOT_HTTP10: true}}\n\
                  meshConfig:\n  accessLogFile: /dev/values\n  acessLogFormat: x\n";
    let umbrella = "istiod:\n  env: {PILOT_HTTP10: true}\n  meshConfig: {accessLogFile: /dev/values}\n";
    let folder =
        folder("values", &[("a.yaml", REVISIONS), ("values.yaml", values), ("umbrella.yaml", umbrella)]);
    for file in ["values.yaml", "umbrella.yaml"] {
        let output = run(&folder, &["translate", "-f", "a.yaml", "-o", "json", "--helm-values", file]);
        let (resources, said) = (text(&output.stdout), text(&output.stderr));
        assert!(resources.contains("/dev/values") && !resources.contains("/dev/default"), "{file}: {said}");
        assert!(resources.contains("acceptHttp10"), "{file}");
        assert!(said.contains("feature flags of the given values: PILOT_HTTP10=true"), "{said}");
        assert_eq!(said.contains("values.yaml:5:"), file == "values.yaml", "{said}");
    }
    let wrong = told(&folder, &["translate", "-f", "a.yaml", "--helm-values", "a.yaml"]);
    assert_eq!(with_code(wrong, "mesh-config-elsewhere").len(), 1, "objects are no values");
}
