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
        for kind in ["listeners", "clusters", "routes", "secret", "ecds", "bootstrap"].iter().chain(last) {
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
fn tables_of_everything_are_istioctl_s() {
    let all = printed(&["pc", "all", "-f", SHOP, "-qq", "--istioctl", "--with-headers"]);
    let titles: Vec<&str> = all.lines().filter(|line| line.starts_with("------ ")).collect();
    let expected = ["BOOTSTRAP", "CLUSTER", "LISTENER", "ROUTE", "SECRET", "ENDPOINTS"];
    assert_eq!(titles, expected.map(|title| format!("------ {title} INFO ------")));
    let header =
        |start: &str| all.lines().any(|line| line.split_whitespace().collect::<Vec<_>>().join(" ") == start);
    assert!(header("NAME SERVICE FQDN PORT SUBSET DIRECTION TYPE DESTINATION RULE"), "{all}");
    assert!(header("NAME ADDRESSES PORT MATCH DESTINATION"), "{all}");
    assert!(header("NAME STATUS LOCALITY CLUSTER"), "{all}");
    for start in ["Istio Version:", "cluster/", "listener/main_internal ", "route/", "secret/", "endpoint/"] {
        assert!(all.lines().any(|line| line.starts_with(start)), "{start}: {all}");
    }
    // 1.18's are those of each kind.
    let old = |what: &str| printed(&["pc", what, "-f", SHOP, "-qq", "--release", "1.18"]);
    assert!(old("all").starts_with(&format!("{}\n{}\n", old("clusters"), old("listeners"))));
}

#[test]
fn json_of_listeners_is_in_the_order_of_the_dump() {
    let dump = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("order.json");
    let listener = |name: &str, port: u16| {
        serde_json::json!({"name": name, "activeState": {"listener": {
            "@type": "type.googleapis.com/envoy.config.listener.v3.Listener", "name": name,
            "address": {"socketAddress": {"address": "0.0.0.0", "portValue": port}},
            "filterChains": [{"name": "chain"}]}}})
    };
    let part = serde_json::json!({"configs": [{"@type": "type.googleapis.com/envoy.admin.v3.ListenersConfigDump",
        "dynamicListeners": [listener("later", 2), listener("earlier", 1)]}]});
    fs::write(&dump, part.to_string()).unwrap();
    let dump = dump.to_str().unwrap();
    let json: serde_json::Value =
        serde_json::from_str(&printed(&["pc", "listeners", "-f", dump, "-o", "json"])).unwrap();
    let names: Vec<&str> = json.as_array().unwrap().iter().map(|l| l["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["later", "earlier"]);
    let table = printed(&["pc", "listeners", "-f", dump, "--istioctl", "--port", "0", "--address", ""]);
    let ports: Vec<&str> = table.lines().filter_map(|line| line.split_whitespace().nth(1)).collect();
    assert_eq!(ports, ["PORT", "1", "2"]);
    // It has nothing else.
    for what in ["clusters", "routes", "bootstrap"] {
        let output = run(&["pc", what, "-f", dump]);
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(2) && said.contains(" in this config dump"), "{what}: {said}");
    }
}

#[test]
fn a_filter_is_what_its_type_says_but_to_istioctl() {
    let dump = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("renamed.json");
    let filter = serde_json::json!({"name": "mine", "typedConfig": {
        "@type": "type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy",
        "statPrefix": "mine", "cluster": "cart"}});
    let part = serde_json::json!({"configs": [{"@type": "type.googleapis.com/envoy.admin.v3.ListenersConfigDump",
        "dynamicListeners": [{"name": "mine", "activeState": {"listener": {
            "@type": "type.googleapis.com/envoy.config.listener.v3.Listener", "name": "mine",
            "filterChains": [{"name": "chain", "filters": [filter]}]}}}]}]});
    fs::write(&dump, part.to_string()).unwrap();
    let shown = |more: &[&str]| printed(&[&["pc", "listeners", "-f", dump.to_str().unwrap()], more].concat());
    assert!(shown(&["--type", "TCP"]).contains("Cluster: cart"));
    assert!(shown(&["--istioctl"]).contains("Non-HTTP/Non-TCP"));
}

#[test]
fn a_bootstrap_has_its_limit_of_connections() {
    let bootstrap: serde_json::Value =
        serde_json::from_str(&printed(&["pc", "bootstrap", "-f", SHOP, "-qq"])).unwrap();
    let monitor = &bootstrap["bootstrap"]["overloadManager"]["resourceMonitors"][0]["typedConfig"];
    assert_eq!(monitor["maxActiveDownstreamConnections"], "2147483647", "{monitor}");
}

#[test]
fn what_says_nothing_about_what_is_asked_for_is_refused() {
    for (arguments, stray) in [
        (&["clusters", "--istioctl"][..], "--istioctl"),
        (&["listeners", "--istioctl", "-o", "json"], "--istioctl"),
        (&["all", "--fqdn", "cart", "-o", "yaml"], "--fqdn"),
        (&["routes", "--port", "80"], "--port"),
        (&["routes", "--with-headers"], "--with-headers"),
    ] {
        let output = run(&[&["pc", "-f", SHOP], arguments].concat());
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(&format!("{stray} says nothing about")), "{said}");
    }
}

#[test]
fn secrets_are_told_as_istioctl_tells_them() {
    let secrets =
        |release: &str| printed(&["pc", "secret", "-f", "testdata/live/secrets.json", "--release", release]);
    let rows = |text: &str| -> Vec<Vec<String>> {
        text.lines().map(|line| line.split("     ").map(|cell| cell.trim().to_owned()).collect()).collect()
    };
    let newest = secrets("1.31");
    let header = "RESOURCE NAME           TYPE           STATUS      VALID CERT     SERIAL NUMBER";
    assert!(newest.starts_with(header), "{newest}");
    let found = rows(&newest);
    let words = |row: usize| found[row].iter().filter(|cell| !cell.is_empty()).cloned().collect::<Vec<_>>();
    assert_eq!(words(1), ["configmap://shop/ca", "WARMING", "false"], "what is waited for stands first");
    let until = ["2126-01-01T00:00:00Z", "2026-01-01T00:00:00Z"];
    let leaf = ["default", "Cert Chain", "ACTIVE", "true", "000000000000000000000000000a1b2c"];
    assert_eq!(words(2), [&leaf[..], &until[..]].concat());
    let authority = ["ROOTCA", "CA", "ACTIVE", "true", "0193a543fe2b0d9cd4847675394dfc54"];
    assert_eq!(words(3), [&authority[..], &until[..]].concat());
    assert_eq!(words(4)[..4], ["kubernetes://old", "Cert Chain", "ACTIVE", "false"], "it has expired");
    assert_eq!(words(5), ["file-root:system", "ACTIVE", "false"]);
    let old = secrets("1.18");
    assert!(old.contains(" a1b2c ") && old.contains(" UNINITIALIZED "), "{old}");
}

#[test]
fn trust_domains_are_a_column_where_all_are_known() {
    let federated = |release: &str| {
        printed(&["pc", "secret", "-f", "testdata/live/federated.json", "--release", release])
    };
    let newest = federated("1.31");
    assert!(newest.lines().next().unwrap().ends_with(" TRUST DOMAIN"), "{newest}");
    assert!(newest.lines().skip(1).all(|line| line.ends_with(" cluster.local")), "{newest}");
    assert!(!federated("1.18").contains("TRUST DOMAIN"));
}

#[test]
fn a_snapshot_s_waypoint_waits_for_the_secrets_that_it_needs() {
    let table = printed(&["pc", "secret", "-f", SHOP, "-qq"]);
    assert!(table.lines().any(|line| line.starts_with("default ") && line.contains(" WARMING ")), "{table}");
    assert!(table.lines().any(|line| line.starts_with("ROOTCA ")), "{table}");
    let json: serde_json::Value =
        serde_json::from_str(&printed(&["pc", "secret", "-f", SHOP, "-qq", "-o", "json"])).unwrap();
    assert_eq!(json["dynamicWarmingSecrets"].as_array().map(Vec::len), Some(table.lines().count() - 1));
}

#[test]
fn extensions_are_sorted_by_type_and_name() {
    let table = printed(&["pc", "ecds", "-f", "testdata/live/secrets.json"]);
    let types = "envoy.extensions.filters";
    assert_eq!(
        table,
        format!(
            "ECDS NAME     TYPE\nshop.b        {types}.http.wasm.v3.Wasm\nshop.a        {types}.network.wasm.v3.Wasm\n"
        )
    );
    let json: serde_json::Value =
        serde_json::from_str(&printed(&["pc", "ecds", "-f", "testdata/live/secrets.json", "-o", "json"]))
            .unwrap();
    assert_eq!(json["ecdsFilters"][0]["ecdsFilter"]["name"], "shop.b", "{json}");
    let made = printed(&["pc", "ecds", "-f", "testdata/cases/wasm-target-service.yaml", "-qq"]);
    assert!(made.lines().count() > 1, "{made}");
}

#[test]
fn secrets_and_extensions_have_no_wide_table_and_no_filters() {
    for arguments in [["secret", "-o", "wide"], ["ecds", "-o", "wide"], ["bootstrap", "-o", "wide"]] {
        let output = run(&[&["pc", "-f", SHOP], &arguments[..]].concat());
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    }
    for filter in [["--name", "x"], ["--port", "80"]] {
        let output = run(&[&["pc", "secret", "-f", SHOP], &filter[..]].concat());
        assert_eq!(output.status.code(), Some(2), "{filter:?}");
    }
}
