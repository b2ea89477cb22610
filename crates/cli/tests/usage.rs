//! What every command has in common: what is read, how much is said, and how a run ends.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A policy with an error, a warning and a note's worth of other things.
const SHOP: &str = "\
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: waypoint, namespace: shop}
spec: {gatewayClassName: istio-waypoint, listeners: [{name: mesh, port: 15008, protocol: HBONE}]}
---
apiVersion: v1
kind: Service
metadata: {name: cart, namespace: shop, labels: {istio.io/use-waypoint: waypoint}}
spec: {clusterIP: 10.96.0.1, ports: [{name: http, port: 80}], from: 7}
---
apiVersion: v1
kind: Service
metadata: {name: cart, name: other, namespace: shop}
spec: {clusterIP: 10.96.0.2, ports: [{name: http, port: 80}]}
";

/// A folder of one test, with the shop in it.
fn folder(test: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("usage").join(test);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("shop.yaml"), SHOP).unwrap();
    folder
}

fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_waypoint-xds"));
    command.current_dir(folder).args(arguments).stdin(Stdio::null());
    command
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    command(folder, arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Every command that reports problems, with what it needs.
const COMMANDS: [&[&str]; 12] = [
    &["translate", "-f", "shop.yaml"],
    &["pc", "clusters", "-f", "shop.yaml"],
    &["zc", "service", "-f", "shop.yaml"],
    &["bootstrap", "-f", "shop.yaml"],
    &["waypoint", "list", "-f", "shop.yaml"],
    &["status", "-f", "shop.yaml"],
    &["cost", "-f", "shop.yaml"],
    &["trace", "outside", "cart.shop:80", "-f", "shop.yaml"],
    &["describe", "service", "cart.shop", "-f", "shop.yaml"],
    &["access", "--to", "shop/cart", "-f", "shop.yaml"],
    &["diff", "shop.yaml", "shop.yaml"],
    &["test", "--allow-empty", "-f", "shop.yaml"],
];

#[test]
fn every_command_that_reports_problems_counts_them() {
    let folder = folder("counts");
    for arguments in COMMANDS {
        let output = run(&folder, arguments);
        let said = text(&output.stderr);
        let last = said.lines().last().unwrap_or_default();
        assert!(
            last.starts_with("1 error, 1 warning") && last.ends_with(" in 1 file"),
            "{arguments:?}: {said}"
        );
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
    }
}

/// A policy that the API server refuses.
const REFUSED: &str = "\
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: refused, namespace: shop}
spec: {action: PERHAPS}
";

#[test]
fn what_is_left_out_of_an_answer_counts_whatever_the_answer_is() {
    let folder = folder("answers");
    fs::write(folder.join("mesh.yaml"), include_str!("../../../testdata/trace/shop.yaml")).unwrap();
    fs::write(folder.join("refused.yaml"), REFUSED).unwrap();
    for arguments in [
        &["trace", "web/front", "cart.shop:80", "--path", "/cart", "-f", "mesh.yaml"][..],
        &["describe", "service", "cart.shop", "-f", "mesh.yaml"],
        &["access", "--from", "web/front", "-f", "mesh.yaml"],
    ] {
        let whole = run(&folder, arguments);
        assert_eq!(whole.status.code(), Some(0), "{arguments:?}: {}", text(&whole.stderr));
        let less = run(&folder, &[arguments, &["-f", "refused.yaml", "--problems", "json"]].concat());
        assert_eq!(less.status.code(), Some(1), "{arguments:?}");
        assert_eq!(text(&less.stdout), text(&whole.stdout), "{arguments:?}");
        let told: serde_json::Value = serde_json::from_slice(&less.stderr).unwrap();
        assert!(told.to_string().contains("refused.yaml"), "{told}");
    }
}

#[test]
fn whoever_is_not_found_may_be_refused() {
    let folder = folder("not-found");
    fs::write(folder.join("other.yaml"), SHOP.replace("[{name: http, port: 80}]", "none")).unwrap();
    for arguments in [
        &["trace", "outside", "cart.shop:80", "-f", "other.yaml"][..],
        &["describe", "service", "cart.shop", "-f", "other.yaml"],
        &["access", "--to", "shop/cart", "-f", "other.yaml"],
    ] {
        let output = run(&folder, arguments);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains("error[wrong-type]"), "{arguments:?}: {said}");
    }
}

#[test]
fn warnings_count_where_they_are_to() {
    let folder = folder("strict");
    fs::write(folder.join("warned.yaml"), SHOP.replace(", from: 7", "")).unwrap();
    for command in COMMANDS {
        let arguments: Vec<&str> =
            command.iter().map(|word| if *word == "shop.yaml" { "warned.yaml" } else { word }).collect();
        // No pod is behind the Service: the request fails.
        let code = if arguments.first() == Some(&"trace") { 1 } else { 0 };
        let output = run(&folder, &arguments);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", text(&output.stderr));
        let strict = run(&folder, &[&arguments[..], &["--strict"]].concat());
        assert_eq!(strict.status.code(), Some(1), "{arguments:?}");
    }
}

#[test]
fn a_comparison_tells_what_both_sides_leave_out_and_counts_the_new_one_s() {
    let folder = folder("sides");
    fs::write(
        folder.join("good.yaml"),
        SHOP.replace(", from: 7", "").replace("name: cart, name: other", "name: o"),
    )
    .unwrap();
    for (old, new, code) in [("shop.yaml", "good.yaml", 0), ("good.yaml", "shop.yaml", 1)] {
        let output = run(&folder, &["diff", old, new, "--problems", "concise"]);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{said}");
        assert_eq!(said.matches("error[unknown-field]").count(), 1, "{said}");
        assert_eq!(said.contains("warning[duplicate-key]"), new == "shop.yaml", "{said}");
    }
}

#[test]
fn what_is_for_programs_is_not_followed_by_a_count() {
    let folder = folder("programs");
    for (format, end) in [("json", "]\n"), ("github", "\n")] {
        let said = text(&run(&folder, &["status", "-f", "shop.yaml", "--problems", format]).stderr);
        assert!(said.ends_with(end) && !said.contains(" in 1 file"), "{said}");
    }
}

#[test]
fn a_quiet_run_says_errors_only_and_a_quieter_one_nothing() {
    let folder = folder("quiet");
    for arguments in COMMANDS {
        let loud = run(&folder, arguments);
        let quiet = run(&folder, &[arguments, &["-q", "--problems", "concise"]].concat());
        let silent = run(&folder, &[arguments, &["-qq"]].concat());
        let said = text(&quiet.stderr);
        assert!(said.lines().count() == 1 && said.contains("error[unknown-field]"), "{arguments:?}: {said}");
        assert_eq!(text(&silent.stderr), "", "{arguments:?}");
        for other in [&quiet, &silent] {
            assert_eq!(
                (&other.stdout, other.status.code()),
                (&loud.stdout, loud.status.code()),
                "{arguments:?}"
            );
        }
    }
    let out = run(&folder, &["translate", "-f", "shop.yaml", "--out", "out", "-qq"]);
    assert_eq!((text(&out.stderr), out.status.code()), (String::new(), Some(1)));
    let lint = run(&folder, &["lint", "-f", "shop.yaml", "-q"]);
    assert!(lint.stderr.is_empty() && !lint.stdout.is_empty());
}

#[test]
fn a_limit_is_set_by_its_name() {
    let folder = folder("limits");
    let deep = run(&folder, &["status", "-f", "shop.yaml", "--limit", "depth=2", "--problems", "concise"]);
    assert!(text(&deep.stderr).contains("error[too-deep]: nested deeper than the limit of 2 levels"));
    for (limit, message) in [
        ("width=1", "unknown limit `width`: expected one of bytes, depth, values, aliases, problems"),
        ("depth=x", "expected a whole number, found `x`"),
        ("depth", "expected NAME=N"),
        ("depth=257", "limit `depth`: expected at most 256, found 257"),
    ] {
        let refused = run(&folder, &["status", "-f", "shop.yaml", "--limit", limit]);
        assert!(text(&refused.stderr).contains(message), "{}", text(&refused.stderr));
        assert_eq!(refused.status.code(), Some(2));
    }
}

#[cfg(target_os = "linux")]
#[test]
fn what_has_no_end_is_read_up_to_the_limit() {
    let folder = folder("endless");
    let arguments = ["status", "-f", "/dev/zero", "--limit", "bytes=1000000", "--problems", "concise"];
    let said = text(&run(&folder, &arguments).stderr);
    assert!(
        said.contains("error[file-too-large]: the file has more bytes than the limit of 1000000"),
        "{said}"
    );
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn packed_files_read_as_what_they_hold_from_standard_input_too() {
    let folder = folder("packed");
    fs::write(folder.join("shop.yaml.gz"), gzip(SHOP.as_bytes())).unwrap();
    let arguments = ["translate", "-q", "-f"];
    let plain = run(&folder, &[&arguments[..], &["shop.yaml"]].concat()).stdout;
    assert_eq!(run(&folder, &[&arguments[..], &["shop.yaml.gz"]].concat()).stdout, plain);
    let mut piped = command(&folder, &[&arguments[..], &["-"]].concat());
    let mut child = piped.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(&gzip(SHOP.as_bytes())).unwrap();
    assert_eq!(child.wait_with_output().unwrap().stdout, plain);
}

#[test]
fn a_dump_where_objects_are_expected_names_its_command() {
    let folder = folder("dumps");
    let envoy = run(&folder, &["translate", "-f", "shop.yaml", "-qq", "-o", "config-dump"]).stdout;
    fs::write(folder.join("envoy.json"), envoy).unwrap();
    fs::write(folder.join("ztunnel.json"), r#"{"workloads": [], "services": [], "policies": []}"#).unwrap();
    for (file, command) in [("envoy.json", "proxy-config"), ("ztunnel.json", "ztunnel-config")] {
        for arguments in [&["status", "-f", file][..], &["lint", "-f", file], &["translate", "-f", file]] {
            let output = run(&folder, arguments);
            let said = text(&output.stderr);
            assert!(said.contains(&format!("`{file}` is the config dump of")), "{arguments:?}: {said}");
            assert!(said.contains(&format!("`waypoint-xds {command} -f` reads it")), "{arguments:?}: {said}");
            assert_eq!(output.status.code(), Some(2));
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn what_cannot_be_written_is_an_error() {
    let folder = folder("full");
    let full = || fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    for arguments in [&["translate", "-qq", "-f", "shop.yaml"][..], &["explain"], &["completion", "bash"]] {
        let output = command(&folder, arguments).stdout(full()).stderr(Stdio::piped()).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(text(&output.stderr).starts_with("error: <stdout>: "), "{}", text(&output.stderr));
    }
    // Where nobody can be told, the exit code tells.
    let output = command(&folder, COMMANDS[0]).stdout(Stdio::null()).stderr(full()).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn there_is_a_man_page_for_every_command() {
    let folder = folder("man");
    assert_eq!(run(&folder, &["man", "pages"]).status.code(), Some(0));
    for (page, says) in [
        ("waypoint-xds.1", "waypoint\\-xds\\-lint(1)"),
        ("waypoint-xds-lint.1", "\\-\\-fail\\-on"),
        ("waypoint-xds-waypoint-list.1", "\\-\\-namespace"),
    ] {
        let page = fs::read_to_string(folder.join("pages").join(page)).unwrap();
        assert!(page.contains(says), "{page}");
    }
    assert!(!folder.join("pages/waypoint-xds-man.1").exists());
}

#[test]
fn a_waypoint_is_named_as_istioctl_names_it_everywhere() {
    let folder = folder("names");
    for name in ["waypoint.shop", "shop/waypoint"] {
        for arguments in [
            &["translate", "-f", "shop.yaml", "-q", "--waypoint", name][..],
            &["bootstrap", "-f", "shop.yaml", "-q", "--waypoint", name],
        ] {
            let output = run(&folder, arguments);
            assert!(!output.stdout.is_empty(), "{arguments:?}: {}", text(&output.stderr));
        }
    }
    for none in ["waypoint", ".shop", "waypoint.", "a/b/c", "waypoint.elsewhere"] {
        let output = run(&folder, &["translate", "-f", "shop.yaml", "-q", "--waypoint", none]);
        assert_eq!(output.status.code(), Some(2), "{none}");
    }
}

#[test]
fn whatever_stops_a_run_is_told_in_one_way() {
    let folder = folder("prefix");
    for arguments in [
        &["translate", "-f", "no-such-file.yaml"][..],
        &["translate", "-f", "shop.yaml", "--release", "0.1"],
        &["translate", "-f", "shop.yaml", "--no-such-option"],
        &["pc", "clusters", "nobody", "-f", "shop.yaml", "-q"],
        &["trace", "outside", "nobody.shop:80", "-f", "shop.yaml", "-qq"],
        &["explain", "no-such-code"],
        &["no-such-command"],
    ] {
        let output = run(&folder, arguments);
        let said = text(&output.stderr);
        let last = said.lines().filter(|line| line.starts_with("error: ")).count();
        assert_eq!((output.status.code(), last), (Some(2), 1), "{arguments:?}: {said}");
        assert!(!said.contains("waypoint-xds: "), "{said}");
    }
}

#[test]
fn options_that_change_nothing_are_refused() {
    let folder = folder("stray");
    let dump = run(&folder, &["pc", "all", "-f", "shop.yaml", "-o", "json", "-qq"]);
    fs::write(folder.join("dump.json"), dump.stdout).unwrap();
    fs::write(folder.join("ztunnel.json"), r#"{"workloads": [], "services": [], "policies": []}"#).unwrap();
    let of_dump = ["pc", "clusters", "-f", "dump.json"];
    let of_ztunnel = ["zc", "all", "-f", "ztunnel.json"];
    assert_eq!(run(&folder, &of_dump).status.code(), Some(0));
    assert_eq!(
        run(&folder, &[&of_dump[..], &["--release", "1.30"]].concat()).status.code(),
        Some(0),
        "a layout"
    );
    assert_eq!(run(&folder, &of_ztunnel).status.code(), Some(0));
    for (arguments, stray) in [
        (&of_dump[..], &["waypoint.shop"][..]),
        (&of_dump, &["waypoint", "-n", "shop"]),
        (&of_dump, &["--waypoint", "shop/waypoint"]),
        (&of_dump, &["--feature", "PILOT_ENABLE_TELEMETRY_LABEL=false"]),
        (&of_dump, &["--assume", "nothing"]),
        (&of_dump, &["--dialect", "envoy"]),
        (&of_dump, &["--mesh-config", "shop.yaml"]),
        (&of_ztunnel, &["--feature", "PILOT_ENABLE_TELEMETRY_LABEL=false"]),
        (&of_ztunnel, &["--release", "1.30"]),
        (&["lint", "-f", "shop.yaml"], &["--problems", "json"]),
        (&["status", "-f", "shop.yaml"], &["--dialect", "envoy"]),
        (&["zc", "all", "-f", "shop.yaml"], &["--dialect", "envoy"]),
        (&["cost", "-f", "shop.yaml"], &["--dialect", "envoy"]),
        (&["waypoint", "list", "-f", "shop.yaml"], &["--dialect", "envoy"]),
        (&["bootstrap", "-f", "shop.yaml"], &["--dialect", "envoy"]),
    ] {
        let output = run(&folder, &[arguments, stray].concat());
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?} {stray:?}: {said}");
        assert!(said.contains(" says nothing about ") && output.stdout.is_empty(), "{said}");
    }
}

#[test]
fn values_that_no_resource_has_are_refused() {
    let folder = folder("values");
    for arguments in [
        &["pc", "endpoints", "-f", "shop.yaml", "--status", "SICK"][..],
        &["pc", "listeners", "-f", "shop.yaml", "--type", "SMTP"],
        &["pc", "listeners", "-f", "shop.yaml", "--port", "65536"],
    ] {
        let output = run(&folder, arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", text(&output.stderr));
    }
    let rows = |kind: &str, filter: &[&str]| {
        let arguments = [&["pc", kind, "-f", "shop.yaml", "-qq"], filter].concat();
        text(&run(&folder, &arguments).stdout).lines().count()
    };
    // In any case, as istioctl takes them.
    assert!(rows("listeners", &["--type", "http"]) > 1);
    assert_eq!(rows("endpoints", &["--status", "healthy"]), rows("endpoints", &["--status", "HEALTHY"]));
}

#[test]
fn validate_says_how_bad_an_unknown_field_is() {
    let folder = folder("validate");
    let shop = "apiVersion: v1\nkind: Service\nmetadata: {name: cart, namespace: shop}\n\
                spec: {clusterIP: 10.96.0.1, ports: [{name: http, port: 80, protcol: TCP}]}\n";
    fs::write(folder.join("shop.yaml"), shop).unwrap();
    for (validate, code, words) in [
        (&[][..], 1, "error[unknown-field]"),
        (&["--validate", "strict"], 1, "error[unknown-field]"),
        (&["--validate", "warn"], 0, "warning[unknown-field]"),
    ] {
        let output = run(&folder, &[&["lint", "-f", "shop.yaml", "--fail-on", "error"], validate].concat());
        let all = text(&output.stdout) + &text(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{validate:?}: {all}");
        assert!(all.contains(words), "{validate:?}: {all}");
        assert!(all.contains("did you mean `protocol`?"), "{validate:?}: {all}");
    }
    let output = run(&folder, &["lint", "-f", "shop.yaml", "--validate", "ignore"]);
    let all = text(&output.stdout) + &text(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{all}");
    assert!(!all.contains("unknown-field"), "{all}");
    for (validate, code) in [("strict", 1), ("warn", 0), ("ignore", 0)] {
        let output = run(&folder, &["translate", "-f", "shop.yaml", "--validate", validate]);
        assert_eq!(output.status.code(), Some(code), "{validate}: {}", text(&output.stderr));
    }
    let output = run(&folder, &["translate", "-f", "shop.yaml", "--validate", "warn", "--strict"]);
    assert_eq!(output.status.code(), Some(1), "warnings count: {}", text(&output.stderr));
}
