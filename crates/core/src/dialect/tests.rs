//! Each rewrite on the smallest message that shows it.

use std::collections::BTreeSet;

use envoy::config::cluster::v3::Cluster;
use envoy::config::endpoint::v3::ClusterLoadAssignment;
use envoy::config::listener::v3::Listener;
use envoy::{Message, Name};
use serde_json::{Value, json};

use super::unsupported::UnsupportedExtensions;
use super::{Dialect, convert, destination, known, leftovers, listener, upstream};
use crate::json as view;
use crate::mesh::WaypointName;
use crate::problem::{Code, Problem, Severity};
use crate::resources::{Resource, WaypointResources};

fn unsupported() -> UnsupportedExtensions {
    UnsupportedExtensions::new(&WaypointName::new("shop", "waypoint"))
}

fn read<M: Message + Name + Default>(value: &Value) -> M {
    envoy::json::parse(value).unwrap()
}

/// A type by its last part's URL.
fn url(name: &str) -> String {
    format!("type.googleapis.com/{name}")
}

/// What 1.18 writes for a message that only Istio's Envoy knows.
fn typed_struct(name: &str) -> Value {
    json!({"@type": url("udpa.type.v1.TypedStruct"), "typeUrl": url(name)})
}

/// What becomes of network filters, and what is said about it.
fn network(filters: &Value) -> (Vec<Value>, Vec<Problem>) {
    let mut listener: Listener = read(&json!({"name": "l", "filterChains": [{"filters": filters}]}));
    let mut unsupported = unsupported();
    listener::rewrite(&mut listener, &BTreeSet::from(["fetched".to_owned()]), &mut unsupported);
    let value = view::value(&listener);
    let filters = value.pointer("/filterChains/0/filters").and_then(Value::as_array).cloned();
    (filters.unwrap_or_default(), unsupported.problems())
}

/// What becomes of HTTP filters, and what is said about it.
fn http(filters: &Value) -> (Vec<Value>, Vec<Problem>) {
    let manager = json!({
        "@type": url("envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"),
        "httpFilters": filters,
    });
    let (network, problems) = network(&json!([{"name": "hcm", "typedConfig": manager}]));
    let filters = network[0].pointer("/typedConfig/httpFilters").and_then(Value::as_array).cloned();
    (filters.unwrap_or_default(), problems)
}

/// What a filter sets: when, which key, by which factory, from what.
fn sets(filter: &Value, when: &str) -> Vec<(String, String, String, String)> {
    let text = |value: &Value, pointer: &str| {
        value.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let values = filter.pointer(&format!("/typedConfig/{when}")).and_then(Value::as_array);
    let set = |value: &Value| {
        let format = text(value, "/formatString/textFormatSource/inlineString");
        (text(value, "/objectKey"), text(value, "/factoryKey"), format, text(value, "/sharedWithUpstream"))
    };
    values.into_iter().flatten().map(set).collect()
}

fn set(key: &str, factory: &str, format: &str) -> (String, String, String, String) {
    (key.to_owned(), factory.to_owned(), format.to_owned(), "ONCE".to_owned())
}

#[test]
fn istios_own_proxy_is_told_the_same() {
    let listener: Listener = read(&json!({"listenerFilters": [
        {"name": "set_dst_address", "typedConfig": typed_struct("istio.set_internal_dst_address.v1.Config")},
    ]}));
    let resources =
        WaypointResources { listeners: vec![Resource { message: listener, origins: vec![] }], ..empty() };
    assert_eq!(convert(Dialect::IstioProxy, resources.clone()), (resources, vec![]));
}

#[test]
fn the_peer_is_known_once_tls_is_established() {
    let (filters, problems) = network(
        &json!([{"name": "istio_authn", "typedConfig": typed_struct("io.istio.network.authn.Config")}]),
    );
    assert_eq!(problems, []);
    let hashable = "envoy.hashable_string";
    assert_eq!(
        sets(&filters[0], "onDownstreamTlsHandshake"),
        [
            set("io.istio.peer_principal", hashable, "%DOWNSTREAM_PEER_URI_SAN%"),
            set("io.istio.local_principal", hashable, "%DOWNSTREAM_LOCAL_URI_SAN%"),
        ]
    );
}

#[test]
fn hashable_strings_are_envoys_own() {
    let value = |factory: &str| {
        json!({"objectKey": "k", "factoryKey": factory, "sharedWithUpstream": "ONCE",
            "formatString": {"textFormatSource": {"inlineString": "f"}}})
    };
    let config = |kind: &str, when: &str| {
        let name = format!("envoy.extensions.filters.{kind}.set_filter_state.v3.Config");
        json!([{"name": "n", "typedConfig": {"@type": url(&name), when: [value("istio.hashable_string"), value("envoy.string")]}}])
    };
    let expected = [set("k", "envoy.hashable_string", "f"), set("k", "envoy.string", "f")];
    let (filters, _) = http(&config("http", "onRequestHeaders"));
    assert_eq!(sets(&filters[0], "onRequestHeaders"), expected);
    for when in ["onNewConnection", "onDownstreamTlsHandshake", "onDownstreamData"] {
        let (filters, _) = network(&config("network", when));
        assert_eq!(sets(&filters[0], when), expected, "{when}");
    }
}

#[test]
fn the_authority_is_the_original_destination() {
    let filter = json!([{"name": "connect_authority", "typedConfig": typed_struct("io.istio.http.connect_authority.Config")}]);
    let key = "envoy.filters.listener.original_dst.local_ip";
    let (filters, problems) = http(&filter);
    assert_eq!(
        (sets(&filters[0], "onRequestHeaders"), problems),
        (vec![set(key, "", "%REQ(:AUTHORITY)%")], vec![])
    );
    let (filters, _) = network(&filter);
    let passed_on = format!("%FILTER_STATE({key}:PLAIN)%");
    assert_eq!(sets(&filters[0], "onNewConnection"), [set(key, "", &passed_on)]);
}

#[test]
fn routes_need_not_switch_on_what_took_its_place() {
    let manager = json!({
        "@type": url("envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"),
        "routeConfig": {"virtualHosts": [{"routes": [{"typedPerFilterConfig": {
            "connect_authority": typed_struct("io.istio.http.connect_authority.Config"),
            "envoy.filters.http.fault": {"@type": url("envoy.extensions.filters.http.fault.v3.HTTPFault")},
        }}]}]},
    });
    let (filters, problems) = network(&json!([{"name": "hcm", "typedConfig": manager}]));
    let left = filters[0].pointer("/typedConfig/routeConfig/virtualHosts/0/routes/0/typedPerFilterConfig");
    let names: Vec<_> = left.unwrap().as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!((names, problems), (vec!["envoy.filters.http.fault"], vec![]));
}

#[test]
fn listeners_take_their_destination_from_envoys_own_filter() {
    let mut listener: Listener = read(&json!({"listenerFilters": [
        {"name": "set_dst_address", "typedConfig": typed_struct("istio.set_internal_dst_address.v1.Config")},
        {"name": "odd", "typedConfig": typed_struct("io.istio.odd.Config")},
    ]}));
    let mut unsupported = unsupported();
    listener::rewrite(&mut listener, &BTreeSet::new(), &mut unsupported);
    let names: Vec<_> = listener.listener_filters.iter().map(|filter| filter.name.as_str()).collect();
    assert_eq!(names, ["envoy.filters.listener.original_dst"]);
    assert_eq!(unsupported.problems().len(), 1);
}

#[test]
fn endpoints_say_their_destination_where_envoy_looks() {
    let mut assignment: ClusterLoadAssignment =
        read(&json!({"endpoints": [{"lbEndpoints": [{"metadata": {"filterMetadata": {
            "istio": {"workload": "w"},
            "tunnel": {"address": "10.0.0.1:15008", "destination": "10.0.0.1:9080"},
        }}}]}]}));
    destination::in_endpoints(&mut assignment);
    let metadata =
        view::value(&assignment).pointer("/endpoints/0/lbEndpoints/0/metadata/filterMetadata").cloned();
    let expected = json!({
        "istio": {"workload": "w"},
        "envoy.filters.listener.original_dst": {"local": "10.0.0.1:9080"},
    });
    assert_eq!(metadata, Some(expected));
}

#[test]
fn sockets_pass_the_destination_on() {
    let socket = json!({"name": "internal_upstream", "typedConfig": {
        "@type": url("envoy.extensions.transport_sockets.internal_upstream.v3.InternalUpstreamTransport"),
        "passthroughMetadata": [{"kind": {"host": {}}, "name": "tunnel"}, {"kind": {"host": {}}, "name": "istio"}],
    }});
    let mut cluster: Cluster =
        read(&json!({"transportSocket": socket, "transportSocketMatches": [{"transportSocket": socket}]}));
    destination::in_cluster(&mut cluster);
    let value = view::value(&cluster);
    for socket in ["/transportSocket", "/transportSocketMatches/0/transportSocket"] {
        let name =
            |index: usize| value.pointer(&format!("{socket}/typedConfig/passthroughMetadata/{index}/name"));
        assert_eq!(name(0), Some(&json!("envoy.filters.listener.original_dst")), "{socket}");
        assert_eq!(name(1), Some(&json!("istio")), "{socket}");
    }
}

#[test]
fn the_port_of_tunnels_is_the_clusters() {
    let port = |cluster: Value| {
        let mut cluster: Cluster = read(&cluster);
        destination::in_cluster(&mut cluster);
        view::value(&cluster).pointer("/originalDstLbConfig/upstreamPortOverride").cloned()
    };
    assert_eq!(port(json!({"name": "connect_originate", "type": "ORIGINAL_DST"})), Some(json!(15008)));
    assert_eq!(port(json!({"name": "passthrough", "type": "ORIGINAL_DST"})), None);
    let own = json!({"name": "connect_originate", "type": "ORIGINAL_DST", "originalDstLbConfig": {"upstreamPortOverride": 1}});
    assert_eq!(port(own), Some(json!(1)));
}

#[test]
fn telemetry_is_named_once() {
    let stats = json!({"name": "istio.stats", "typedConfig": typed_struct("stats.PluginConfig")});
    let peers = json!({"name": "peers", "typedConfig": typed_struct("io.istio.http.peer_metadata.Config")});
    let (filters, problems) = http(&json!([stats, peers, stats]));
    assert!(filters.is_empty());
    let [problem] = problems.as_slice() else { panic!("{problems:?}") };
    assert_eq!((problem.code, problem.severity), (Code::TelemetryLeftOut, Severity::Note));
    assert!(problem.message.ends_with("`istio.stats`, `peers`"), "{}", problem.message);
    assert_eq!(problem.object.as_ref().map(ToString::to_string).as_deref(), Some("Gateway shop/waypoint"));
}

#[test]
fn what_carries_meaning_is_an_error() {
    let (filters, problems) = network(&json!([
        {"name": "mine", "typedConfig": typed_struct("io.istio.unheard.of.Config")},
        {"name": "envoy.filters.network.tcp_proxy", "typedConfig": {"@type": url("envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy")}},
    ]));
    assert_eq!(filters.len(), 1);
    let [problem] = problems.as_slice() else { panic!("{problems:?}") };
    assert_eq!((problem.code, problem.severity), (Code::UnsupportedExtension, Severity::Error));
    assert!(problem.message.contains("`io.istio.unheard.of.Config`"), "{}", problem.message);
}

#[test]
fn filters_without_a_configuration_go() {
    let discovered = |name: &str| json!({"name": name, "configDiscovery": {"configSource": {"ads": {}}}});
    let (filters, _) = http(&json!([discovered("fetched"), discovered("other")]));
    assert_eq!(filters.iter().map(|filter| filter["name"].clone()).collect::<Vec<_>>(), ["other"]);
    let (filters, _) = network(&json!([discovered("fetched"), discovered("other")]));
    assert_eq!(filters.len(), 1);
}

#[test]
fn tunnels_carry_no_baggage_that_nobody_filled() {
    let header = |key: &str, value: &str| json!({"header": {"key": key, "value": value}});
    let (filters, problems) = network(&json!([{"name": "tcp", "typedConfig": {
        "@type": url("envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy"),
        "tunnelingConfig": {"headersToAdd": [
            header("baggage", "%FILTER_STATE(io.istio.baggage:PLAIN)%"), header("x-istio-source", "waypoint"),
        ]},
    }}]));
    let headers = filters[0].pointer("/typedConfig/tunnelingConfig/headersToAdd").unwrap();
    assert_eq!(headers, &json!([header("x-istio-source", "waypoint")]));
    assert_eq!(problems.len(), 1);
}

#[test]
fn clusters_exchange_no_metadata() {
    let config = typed_struct("envoy.tcp.metadataexchange.config.MetadataExchange");
    let mut cluster: Cluster =
        read(&json!({"filters": [{"name": "istio.metadata_exchange", "typedConfig": config}]}));
    known::cluster_filters(&mut cluster.filters, &mut unsupported());
    assert!(cluster.filters.is_empty());
}

#[test]
fn what_is_left_in_is_told() {
    let listener: Listener = read(&json!({
        "name": "l",
        "listenerFilters": [{"name": "x", "typedConfig": typed_struct("io.istio.x.Config")}],
        "accessLog": [{"name": "a", "filter": {"extensionFilter": {"name": "cel", "typedConfig": {
            "@type": url("envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter"),
            "expression": "filter_state.upstream_peer.app == 'a'",
        }}}}],
    }));
    let resources =
        WaypointResources { listeners: vec![Resource { message: listener, origins: vec![] }], ..empty() };
    let mut unsupported = unsupported();
    leftovers::report(&resources, &mut unsupported);
    let said: Vec<_> = unsupported.problems().into_iter().map(|problem| problem.message).collect();
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(said[0].contains("asks for `upstream_peer`"), "{said:?}");
    assert!(said[1].contains("`io.istio.x.Config`"), "{said:?}");
    // The listener filter is not left in: leftovers alone does not know that the rewrite takes it out.
    assert_eq!(upstream(resources).1.len(), 2);
}

fn empty() -> WaypointResources {
    WaypointResources {
        waypoint: WaypointName::new("shop", "waypoint"),
        listeners: vec![],
        clusters: vec![],
        routes: vec![],
        endpoints: vec![],
        extensions: vec![],
    }
}

#[test]
fn tokens_are_read_by_a_script() {
    let config = json!({
        "@type": url("istio.envoy.config.filter.http.authn.v2alpha1.FilterConfig"),
        "policy": {"origins": [{"jwt": {"issuer": "https://id.example"}}], "originIsOptional": true, "principalBinding": "USE_ORIGIN"},
    });
    let (filters, problems) = http(&json!([{"name": "istio_authn", "typedConfig": config}]));
    let script =
        filters[0].pointer("/typedConfig/defaultSourceCode/inlineString").and_then(Value::as_str).unwrap();
    assert!(script.starts_with("local issuers = {\"https://id.example\"}\n"), "{script}");
    assert_eq!(problems, []);
}

#[test]
fn modules_that_the_agent_fetches_are_left_out() {
    let wasm = |name: &str, code: Value| {
        let config = json!({"@type": url("envoy.extensions.filters.http.wasm.v3.Wasm"), "config": {"vmConfig": {"code": code}}});
        Resource { message: read(&json!({"name": name, "typedConfig": config})), origins: vec![] }
    };
    let fetched =
        json!({"remote": {"httpUri": {"uri": "oci://registry.example/f", "cluster": "_", "timeout": "1s"}}});
    let local = json!({"local": {"filename": "/f.wasm"}});
    let reachable = json!({"remote": {"httpUri": {"uri": "https://files.example/f", "cluster": "files", "timeout": "1s"}}});
    let extensions = vec![wasm("fetched", fetched), wasm("local", local), wasm("reachable", reachable)];
    let (spoken, problems) = upstream(WaypointResources { extensions, ..empty() });
    let names: Vec<_> = spoken.extensions.iter().map(|extension| extension.message.name.as_str()).collect();
    assert_eq!(names, ["local", "reachable"]);
    assert!(problems[0].message.contains("oci://registry.example/f"), "{problems:?}");
}

#[test]
fn dialects_are_words() {
    for dialect in Dialect::ALL {
        assert_eq!(dialect.as_str().parse(), Ok(*dialect));
    }
    assert!("Envoy".parse::<Dialect>().is_err());
}
