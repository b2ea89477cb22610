//! `proxy-config`: one document of everything, and listeners that can be told apart.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may panic")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

const SHOP: &str = "testdata/readme/shop.yaml";

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_waypoint-xds")).current_dir(root()).args(arguments).output().unwrap()
}

fn printed(arguments: &[&str]) -> String {
    let output = run(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn all_of_it_is_one_config_dump_that_is_read_again() {
    for release in ["1.18", "1.31"] {
        let dump = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("dump-{release}.json"));
        let all = printed(&["pc", "all", "-f", SHOP, "--release", release, "-o", "json", "-qq"]);
        assert!(serde_json::from_str::<serde_json::Value>(&all).unwrap()["configs"].is_array());
        fs::write(&dump, all).unwrap();
        // 1.18's istioctl does not show names that were not resolved, and of a dump nobody knows.
        let last = if release == "1.18" { &[][..] } else { &["endpoints", "all"] };
        for kind in ["listeners", "clusters", "routes", "bootstrap"].iter().chain(last) {
            for format in ["table", "json", "yaml"] {
                let of = |file: &str| {
                    printed(&["pc", kind, "-f", file, "--release", release, "-o", format, "-qq"])
                };
                assert_eq!(of(dump.to_str().unwrap()), of(SHOP), "{kind} of {release} as {format}");
            }
        }
    }
}

#[test]
fn listeners_and_chains_have_names_unless_istioctl_s_table_is_wanted() {
    let readable = printed(&["pc", "listeners", "-f", SHOP, "-qq"]);
    assert!(readable.starts_with("LISTENER "), "{readable}");
    let row = readable.lines().find(|line| line.contains("ip=240.241.250.183 -> port=80")).unwrap();
    let chain = "inbound-vip|80|http|cart.shop.svc.cluster.local";
    assert!(row.starts_with("envoy://main_internal ") && row.contains(&format!(" {chain} ")), "{readable}");
    assert!(readable.contains("\n0.0.0.0:15008 "), "{readable}");
    let own = printed(&["pc", "listeners", "-f", SHOP, "-qq", "--istioctl"]);
    assert!(own.starts_with("ADDRESSES PORT "), "{own}");
    // What 1.18's own istioctl prints can be read.
    let old = |more: &[&str]| {
        printed(&[&["pc", "listeners", "-f", SHOP, "-qq", "--release", "1.18"], more].concat())
    };
    assert_eq!(old(&[]), old(&["--istioctl"]));
}

#[test]
fn what_says_nothing_about_what_is_asked_for_is_refused() {
    for (arguments, stray) in [
        (&["clusters", "--istioctl"][..], "--istioctl"),
        (&["listeners", "--istioctl", "-o", "json"], "--istioctl"),
        (&["all", "--fqdn", "cart", "-o", "yaml"], "--fqdn"),
        (&["routes", "--port", "80"], "--port"),
    ] {
        let output = run(&[&["pc", "-f", SHOP], arguments].concat());
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(&format!("{stray} says nothing about")), "{said}");
    }
}
