//! The numbers and tables of the article "Istio Ambient Waypoint Proxy Made Simple", and the command line's
//! manners.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn testdata(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata").join(name).to_str().unwrap().to_owned()
}

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_waypoint-xds")).args(arguments).output().expect("the command starts")
}

/// The rows of a table, blanks folded.
fn rows(text: &str) -> Vec<String> {
    text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

fn table(what: &str) -> Vec<String> {
    let input = testdata("cases/bookinfo-reviews-sa.yaml");
    let waypoint = "default/bookinfo-reviews";
    let output = run(&["proxy-config", what, "-f", &input, "--waypoint", waypoint, "--release", "1.18"]);
    assert_eq!(output.status.code(), Some(0));
    rows(&String::from_utf8(output.stdout).unwrap())
}

#[test]
fn the_articles_clusters() {
    let article = "\
SERVICE FQDN PORT SUBSET DIRECTION TYPE DESTINATION RULE
agent - - - STATIC
connect_originate - - - ORIGINAL_DST
encap - - - STATIC
kubernetes.default.svc.cluster.local 443 tcp inbound-vip EDS
main_internal - - - STATIC
prometheus_stats - - - STATIC
reviews.default.svc.cluster.local 9080 http inbound-vip EDS
reviews.default.svc.cluster.local 9080 http/v1 inbound-vip EDS
reviews.default.svc.cluster.local 9080 http/v2 inbound-vip EDS
reviews.default.svc.cluster.local 9080 http/v3 inbound-vip EDS
sds-grpc - - - STATIC
xds-grpc - - - STATIC
zipkin - - - STRICT_DNS";
    assert_eq!(table("clusters"), rows(article));
}

#[test]
fn the_articles_endpoints() {
    let article = "\
ENDPOINT STATUS OUTLIER CHECK CLUSTER
127.0.0.1:15000 HEALTHY OK prometheus_stats
127.0.0.1:15020 HEALTHY OK agent
envoy://connect_originate/ HEALTHY OK encap
envoy://connect_originate/10.244.1.6:9080 HEALTHY OK inbound-vip|9080|http/v2|reviews.default.svc.cluster.local
envoy://connect_originate/10.244.1.6:9080 HEALTHY OK inbound-vip|9080|http|reviews.default.svc.cluster.local
envoy://connect_originate/10.244.2.11:9080 HEALTHY OK inbound-vip|9080|http/v1|reviews.default.svc.cluster.local
envoy://connect_originate/10.244.2.11:9080 HEALTHY OK inbound-vip|9080|http|reviews.default.svc.cluster.local
envoy://connect_originate/10.244.2.14:9080 HEALTHY OK inbound-vip|9080|http/v3|reviews.default.svc.cluster.local
envoy://connect_originate/10.244.2.14:9080 HEALTHY OK inbound-vip|9080|http|reviews.default.svc.cluster.local
envoy://main_internal/ HEALTHY OK main_internal
unix://./etc/istio/proxy/XDS HEALTHY OK xds-grpc
unix://./var/run/secrets/workload-spiffe-uds/socket HEALTHY OK sds-grpc";
    assert_eq!(table("endpoints"), rows(article));
}

/// The last row of the comparison of sidecars and waypoints.
fn total(case: &str, rule: &str) -> String {
    let output = run(&["cost", "-f", &testdata(case), "--rule", rule]);
    rows(&String::from_utf8(output.stdout).unwrap()).pop().unwrap()
}

#[test]
fn the_articles_table_of_configurations() {
    assert_eq!(total("cases/scale-blog.yaml", "namespace"), "TOTAL 50 500 4 12,500 100 0.8 %");
}

#[test]
fn the_articles_small_example() {
    assert_eq!(total("cases/scope-two-by-two.yaml", "mesh"), "TOTAL 4 4 2 16 4 25 %");
}

#[test]
fn good_objects_survive_bad_ones() {
    let out = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("mixed");
    let _ = std::fs::remove_dir_all(&out);
    let inputs = [testdata("broken"), testdata("cases/bookinfo-reviews-sa.yaml")];
    let out_name = out.to_str().unwrap();
    let output =
        run(&["translate", "-f", &inputs[0], "-f", &inputs[1], "--release", "1.18", "--out", out_name]);
    assert_eq!(output.status.code(), Some(1), "there are errors in the input");
    let problems = String::from_utf8(output.stderr).unwrap();
    for word in ["error[yaml-syntax]", "error[wrong-type]", "warning[duplicate-key]", "error[too-deep]", "^"]
    {
        assert!(problems.contains(word), "{word}");
    }
    let clusters = std::fs::read_to_string(out.join("default__bookinfo-reviews/clusters.json")).unwrap();
    assert!(clusters.contains("inbound-vip|9080|http/v1|reviews.default.svc.cluster.local"));
}

#[test]
fn wrong_usage_is_exit_code_2() {
    let input = testdata("cases/bookinfo-reviews-sa.yaml");
    for arguments in [
        &["translate", "-f", &input, "--release", "1.17"][..],
        &["translate", "-f", "no-such-file.yaml"],
        &["proxy-config", "clusters", "-f", &input, "--waypoint", "default/none"],
        &["proxy-config", "clusters", "-f", &input, "--waypoint", "nonsense"],
        &["proxy-config", "clusters", "bookinfo-reviews.elsewhere", "-f", &input],
        &["proxy-config", "clusters", "bookinfo-reviews", "-n", "elsewhere", "-f", &input],
        &["proxy-config", "clusters", "a", "-f", &input, "--waypoint", "default/bookinfo-reviews"],
        &["translate", "-f", &input, "--feature", "PILOT_NONSENSE=true"],
        &["translate", "-f", "/dev/null"],
        &["translate", "-f", &input, "-o", "yaml", "--out", "nowhere"],
        &["translate", "-f", &input, "--exclude", "a/["],
        &["proxy-config", "clusters", "-f", &input, "--direction", "sideways"],
        &["proxy-config", "clusters", "-f", &input, "--name", "x"],
        &["proxy-config", "routes", "-f", &input, "--fqdn", "x"],
    ] {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(!output.stderr.is_empty() && output.stdout.is_empty(), "{arguments:?}");
    }
}

#[test]
fn warnings_count_when_strict() {
    let input = testdata("cases/authz-target-gateway.yaml");
    assert_eq!(run(&["translate", "-f", &input]).status.code(), Some(0));
    assert_eq!(run(&["translate", "-f", &input, "--strict"]).status.code(), Some(1));
}

#[test]
fn a_waypoint_is_named_as_istioctl_names_proxies() {
    let input = testdata("cases/bookinfo-reviews-sa.yaml");
    let shown = |which: &[&str]| {
        let arguments = [&["proxy-config", "clusters"], which, &["-f", &input, "--release", "1.18"]].concat();
        let output = run(&arguments);
        assert_eq!(output.status.code(), Some(0), "{which:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let by_path = shown(&["--waypoint", "default/bookinfo-reviews"]);
    assert!(by_path.contains("reviews.default.svc.cluster.local"));
    for which in
        [&["bookinfo-reviews"][..], &["bookinfo-reviews.default"], &["bookinfo-reviews", "-n", "default"]]
    {
        assert_eq!(shown(which), by_path);
    }
}

#[test]
fn the_articles_picture_has_a_circle_for_each_configuration() {
    let input = testdata("cases/scope-two-by-two.yaml");
    let output = run(&["cost", "-f", &input, "--rule", "mesh", "-o", "svg"]);
    let picture = String::from_utf8(output.stdout).unwrap();
    // 16 by sidecars, 4 by waypoints.
    assert_eq!(picture.matches("<circle").count(), 20, "{picture}");
    assert!(
        picture.contains("Sidecars: 16 configurations")
            && picture.contains("Waypoints: 4 configurations (25 %)")
    );
}
