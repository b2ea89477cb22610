use envoy::config::cluster::v3::Cluster;
use envoy::config::listener::v3::Listener;
use envoy::config::route::v3::RouteConfiguration;
use serde_json::{Value, json};

use super::Patches;
use crate::mesh::WaypointName;
use crate::release::Release;
use crate::resources::{Resource, WaypointResources};
use crate::snapshot::networking::EnvoyFilter;
use crate::snapshot::{Kind, ObjectRef};

const HCM: &str = "envoy.filters.network.http_connection_manager";
const HCM_TYPE: &str =
    "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager";
const LUA_TYPE: &str = "type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua";
const ROUTER_TYPE: &str = "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router";

fn patches(release: Release, config_patches: Value) -> Patches {
    let filter: EnvoyFilter = serde_json::from_value(json!({"configPatches": config_patches})).unwrap();
    let mut patches = Patches::none(crate::rules::Rules::of(release));
    let origin = ObjectRef::new(Kind::EnvoyFilter, "ns", "patch");
    for patch in &filter.config_patches {
        patches.add(patch, &origin.clone().into());
    }
    patches
}

fn resource<M: envoy::Message + envoy::Name + Default>(value: &Value) -> Resource<M> {
    Resource { message: envoy::json::parse(value).unwrap(), origins: Vec::new() }
}

fn resources(listeners: &[Value], clusters: &[Value]) -> WaypointResources {
    WaypointResources {
        waypoint: WaypointName { namespace: "ns".into(), name: "waypoint".into() },
        listeners: listeners.iter().map(resource::<Listener>).collect(),
        clusters: clusters.iter().map(resource::<Cluster>).collect(),
        routes: Vec::new(),
        endpoints: Vec::new(),
        extensions: Vec::new(),
    }
}

fn main_internal() -> Value {
    json!({
        "name": "main_internal",
        "filterChains": [
            {"name": "http", "filters": [{"name": HCM, "typedConfig": {
                "@type": HCM_TYPE,
                "statPrefix": "x",
                "httpFilters": [
                    {"name": "envoy.filters.http.lua", "typedConfig": {"@type": LUA_TYPE}},
                    {"name": "envoy.filters.http.router", "typedConfig": {"@type": ROUTER_TYPE}},
                ],
            }}]},
            {"name": "tcp", "filters": [{"name": "a"}, {"name": "b"}, {"name": "a"}]},
        ],
    })
}

/// The names of a listener's filters, chain by chain, with the HTTP filters in brackets.
fn outline(listener: &Value) -> String {
    let names = |list: &Value| -> Vec<String> {
        let items = list.as_array().cloned().unwrap_or_default();
        items.iter().map(|f| f["name"].as_str().unwrap_or("?").replace("envoy.filters.http.", "")).collect()
    };
    let chains = listener["filterChains"].as_array().cloned().unwrap_or_default();
    let chain = |chain: &Value| {
        let filters = names(&chain["filters"]).join(",").replace(HCM, "hcm");
        let http = names(&chain["filters"][0]["typedConfig"]["httpFilters"]);
        let http = if http.is_empty() { String::new() } else { format!("[{}]", http.join(",")) };
        format!("{}:{filters}{http}", chain["name"].as_str().unwrap_or_default())
    };
    chains.iter().map(chain).collect::<Vec<_>>().join(" ")
}

fn patched_listener(release: Release, config_patches: Value) -> Value {
    let mut resources = resources(&[main_internal()], &[]);
    patches(release, config_patches).apply(&mut resources);
    let listener = resources.listeners.first().map(|l| envoy::json::to_json(&l.message).unwrap());
    listener.map_or(Value::Null, |json| serde_json::from_str(&json).unwrap())
}

fn patched(release: Release, config_patches: Value) -> String {
    outline(&patched_listener(release, config_patches))
}

fn http_match(sub_filter: &str) -> Value {
    json!({"context": "SIDECAR_INBOUND",
        "listener": {"filterChain": {"filter": {"name": HCM, "subFilter": {"name": sub_filter}}}}})
}

#[test]
fn http_filters_are_put_before_and_after() {
    for (operation, expected) in [
        ("INSERT_BEFORE", "lua,new,router"),
        ("INSERT_AFTER", "lua,router,new"),
        ("INSERT_FIRST", "new,lua,router"),
        ("ADD", "lua,router,new"),
        ("REPLACE", "lua,new"),
        ("REMOVE", "lua"),
    ] {
        let patch = json!([{"applyTo": "HTTP_FILTER", "match": http_match("envoy.filters.http.router"),
            "patch": {"operation": operation, "value": {"name": "new"}}}]);
        for release in [Release::V1_18, Release::V1_31] {
            let expected = format!("http:hcm[{expected}] tcp:a,b,a");
            assert_eq!(patched(release, patch.clone()), expected, "{operation} {release}");
        }
    }
}

#[test]
fn a_patch_for_another_side_is_none() {
    let mut matches = http_match("envoy.filters.http.router");
    matches["context"] = json!("GATEWAY");
    let patch = json!([{"applyTo": "HTTP_FILTER", "match": matches,
        "patch": {"operation": "ADD", "value": {"name": "new"}}}]);
    assert_eq!(patched(Release::V1_31, patch), outline(&main_internal()));
}

#[test]
fn network_filters_are_removed_by_name() {
    let remove = |name: &str| {
        json!([{"applyTo": "NETWORK_FILTER", "match": {"listener": {"filterChain": {"filter": {"name": name}}}},
            "patch": {"operation": "REMOVE"}}])
    };
    for release in [Release::V1_18, Release::V1_31] {
        assert_eq!(patched(release, remove("a")), "http:hcm[lua,router] tcp:b");
    }
}

#[test]
fn a_removal_that_names_no_filter_depends_on_the_release() {
    let patch = json!([{"applyTo": "NETWORK_FILTER", "match": {"listener": {"filterChain": {"name": "tcp"}}},
        "patch": {"operation": "REMOVE"}}]);
    assert_eq!(patched(Release::V1_18, patch.clone()), "http:hcm[lua,router] tcp:");
    assert_eq!(patched(Release::V1_31, patch), "http:hcm[lua,router] tcp:a,b,a");
}

#[test]
fn chains_are_removed_and_added() {
    let patch = json!([
        {"applyTo": "FILTER_CHAIN", "match": {"listener": {"filterChain": {"name": "tcp"}}},
            "patch": {"operation": "REMOVE"}},
        {"applyTo": "FILTER_CHAIN", "patch": {"operation": "ADD", "value": {"name": "new", "filters": [{"name": "n"}]}}},
    ]);
    assert_eq!(patched(Release::V1_31, patch), "http:hcm[lua,router] new:n");
}

#[test]
fn configurations_are_merged_inside_any() {
    let patch = json!([{"applyTo": "NETWORK_FILTER", "match": {"listener": {"filterChain": {"filter": {"name": HCM}}}},
        "patch": {"operation": "MERGE", "value": {"typed_config": {"@type": HCM_TYPE, "xff_num_trusted_hops": 5}}}}]);
    let listener = patched_listener(Release::V1_31, patch);
    let config = &listener["filterChains"][0]["filters"][0]["typedConfig"];
    assert_eq!((&config["xffNumTrustedHops"], &config["statPrefix"]), (&json!(5), &json!("x")));
    assert_eq!(outline(&listener), outline(&main_internal()));
}

#[test]
fn a_configuration_of_another_type_ends_patching_or_is_relabelled() {
    let patch = json!([
        {"applyTo": "HTTP_FILTER", "match": http_match("envoy.filters.http.router"),
            "patch": {"operation": "MERGE", "value": {"typed_config": {"@type": LUA_TYPE}}}},
        {"applyTo": "NETWORK_FILTER", "match": {"listener": {"filterChain": {"name": "tcp"}}},
            "patch": {"operation": "ADD", "value": {"name": "new"}}},
    ]);
    assert_eq!(patched(Release::V1_31, patch.clone()), "http:hcm[lua,router] tcp:a,b,a");
    assert_eq!(patched(Release::V1_18, patch), "http:hcm[lua,router] tcp:a,b,a,new");
}

#[test]
fn listeners_are_removed_merged_and_added() {
    let named = json!({"listener": {"name": "main_internal"}});
    let remove = json!([{"applyTo": "LISTENER", "match": named, "patch": {"operation": "REMOVE"}}]);
    assert_eq!(patched_listener(Release::V1_31, remove), Value::Null);
    let merge = json!([{"applyTo": "LISTENER", "match": named,
        "patch": {"operation": "MERGE", "value": {"stat_prefix": "merged"}}}]);
    assert_eq!(patched_listener(Release::V1_31, merge)["statPrefix"], "merged");
    let mut resources = resources(&[main_internal()], &[]);
    let add = json!([{"applyTo": "LISTENER", "patch": {"operation": "ADD", "value": {"name": "anywhere"}}},
        {"applyTo": "LISTENER", "match": {"context": "GATEWAY"}, "patch": {"operation": "ADD", "value": {"name": "no"}}}]);
    patches(Release::V1_31, add).apply(&mut resources);
    let names: Vec<_> = resources.listeners.iter().map(|l| l.message.name.as_str()).collect();
    assert_eq!(names, ["anywhere", "main_internal"]);
    assert_eq!(resources.listeners[0].origins[0].causes[0].object.name, "patch");
}

#[test]
fn an_internal_listener_has_no_port() {
    let merge = json!([{"applyTo": "LISTENER", "match": {"listener": {"portNumber": 8080}},
        "patch": {"operation": "MERGE", "value": {"stat_prefix": "merged"}}}]);
    assert_eq!(patched_listener(Release::V1_31, merge)["statPrefix"], Value::Null);
}

#[test]
fn merging_into_one_listener_filter_stops_at_the_others() {
    const INSPECTOR: &str =
        "type.googleapis.com/envoy.extensions.filters.listener.http_inspector.v3.HttpInspector";
    const ORIGINAL_DST: &str =
        "type.googleapis.com/envoy.extensions.filters.listener.original_dst.v3.OriginalDst";
    let mut listener = main_internal();
    listener["listenerFilters"] = json!([{"name": "original_dst", "typedConfig": {"@type": ORIGINAL_DST}},
        {"name": "http_inspector", "typedConfig": {"@type": INSPECTOR}}]);
    let mut resources = resources(&[listener], &[]);
    let before = resources.listeners[0].message.clone();
    let merge = json!([{"applyTo": "LISTENER_FILTER", "match": {"listener": {"listenerFilter": "http_inspector"}},
        "patch": {"operation": "MERGE", "value": {"typed_config": {"@type": INSPECTOR, "max_request_headers_kb": 5}}}}]);
    patches(Release::V1_31, merge).apply(&mut resources);
    assert_eq!(resources.listeners[0].message, before);
}

#[test]
fn only_clusters_to_others_are_patched() {
    let clusters = ["inbound-vip|80|http|a", "outbound|80||a", "outbound|81||a"];
    let clusters = clusters.map(|name| json!({"name": name, "connectTimeout": "10s"}));
    let mut resources = resources(&[], &clusters);
    let patch = json!([
        {"applyTo": "CLUSTER", "match": {"cluster": {"service": "a", "portNumber": 80}},
            "patch": {"operation": "MERGE", "value": {"connect_timeout": "0.5s"}}},
        {"applyTo": "CLUSTER", "match": {"cluster": {"name": "outbound|81||a"}}, "patch": {"operation": "REMOVE"}},
        {"applyTo": "CLUSTER", "match": {"context": "SIDECAR_INBOUND"},
            "patch": {"operation": "ADD", "value": {"name": "new"}}},
        {"applyTo": "CLUSTER", "patch": {"operation": "ADD", "value": {"name": "nowhere"}}},
    ]);
    patches(Release::V1_31, patch).apply(&mut resources);
    let found: Vec<_> = resources
        .clusters
        .iter()
        .map(|c| (c.message.name.as_str(), c.message.connect_timeout.map(|t| (t.seconds, t.nanos))))
        .collect();
    assert_eq!(
        found,
        [("inbound-vip|80|http|a", Some((10, 0))), ("new", None), ("outbound|80||a", Some((0, 500_000_000)))]
    );
}

fn patched_routes(config_patches: Value) -> Vec<String> {
    let routes = json!({"name": "inbound-vip|80|http|a", "virtualHosts": [{"name": "inbound|http|80", "domains": ["*"],
        "routes": [{"name": "one", "route": {"cluster": "c"}}, {"name": "two", "redirect": {}}]}]});
    let mut routes: RouteConfiguration = envoy::json::parse(&routes).unwrap();
    patches(Release::V1_31, config_patches).default_routes(&mut routes);
    routes.virtual_hosts.iter().flat_map(|h| &h.routes).map(|r| r.decode().unwrap().name).collect()
}

#[test]
fn routes_are_placed_merged_and_removed() {
    let patch = |operation: &str, wanted: Value| {
        json!([{"applyTo": "HTTP_ROUTE", "match": {"routeConfiguration": {"portNumber": 80, "vhost": {"route": wanted}}},
            "patch": {"operation": operation, "value": {"name": "new"}}}])
    };
    let two = || json!({"name": "two"});
    assert_eq!(patched_routes(patch("INSERT_BEFORE", two())), ["one", "new", "two"]);
    assert_eq!(patched_routes(patch("INSERT_AFTER", two())), ["one", "two", "new"]);
    assert_eq!(patched_routes(patch("INSERT_FIRST", two())), ["new", "one", "two"]);
    assert_eq!(patched_routes(patch("INSERT_FIRST", json!({"name": "three"}))), ["one", "two"]);
    assert_eq!(patched_routes(patch("MERGE", json!({"action": "REDIRECT"}))), ["one", "new"]);
    assert_eq!(patched_routes(patch("REMOVE", json!({"action": "ROUTE"}))), ["two"]);
    assert_eq!(patched_routes(patch("REPLACE", two())), ["one", "two"]);
}

#[test]
fn virtual_hosts_are_replaced_and_removed() {
    let patch = |operation: &str, port: u32| {
        json!([{"applyTo": "VIRTUAL_HOST",
            "match": {"routeConfiguration": {"portNumber": port, "vhost": {"domainName": "*"}}},
            "patch": {"operation": operation, "value": {"name": "other", "routes": [{"name": "new"}]}}}])
    };
    assert_eq!(patched_routes(patch("REPLACE", 80)), ["new"]);
    assert_eq!(patched_routes(patch("ADD", 80)), ["one", "two", "new"]);
    assert_eq!(patched_routes(patch("REMOVE", 80)), [""; 0]);
    assert_eq!(patched_routes(patch("REMOVE", 81)), ["one", "two"]);
}
