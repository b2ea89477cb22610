//! How Istio's template writes a bootstrap: in the spelling of `.proto` files, with its own order of keys,
//! and with some fields said though they have their default.
//!
//! A layout lists the keys of an object in the template's order. What a layout does not list comes behind, in
//! the order of the message.

use envoy::config::bootstrap::v3::Bootstrap;
use serde_json::{Map, Value, json};

use super::clusters::{AGENT, PROMETHEUS_STATS, SECRETS, XDS};
use super::stats;
use crate::json::snake_case;

/// The type of an extension that is said as a struct, because Envoy's API has no such message (any more).
const AS_STRUCT: &str = "type.googleapis.com/xds.type.v3.TypedStruct";

/// How a value is written.
enum Layout {
    /// As canonical JSON says it, with keys as in `.proto` files.
    Plain,
    /// As it is: its keys are no fields.
    Verbatim,
    /// An object with these keys first.
    Object(&'static [Key]),
    /// A list of such values.
    List(&'static Layout),
    /// A static cluster.
    Cluster,
    /// A tag of statistics.
    Tag,
    /// Seconds with no more digits than needed.
    Seconds,
    /// Floating point numbers.
    Doubles,
    /// A number of 64 bits, which canonical JSON has as a text.
    Integer,
    /// A number in an object: an accident of how Istio prints this message.
    Wrapped,
    /// What configures an extension.
    Extension,
}

use Layout::{Cluster, Doubles, Extension, Integer, List, Object, Plain, Seconds, Tag, Verbatim, Wrapped};

/// A key of an object, how its value is written, and what is written if it has none.
struct Key(&'static str, Layout, Option<&'static str>);

const fn key(name: &'static str) -> Key {
    Key(name, Plain, None)
}

const fn of(name: &'static str, layout: Layout) -> Key {
    Key(name, layout, None)
}

const fn or(name: &'static str, default: &'static str) -> Key {
    Key(name, Plain, Some(default))
}

const BOOTSTRAP: Layout = Object(&[
    key("application_log_config"),
    of("node", Object(&[key("id"), key("cluster"), key("locality"), of("metadata", Verbatim)])),
    of("layered_runtime", Object(&[of("layers", List(&LAYER))])),
    key("bootstrap_extensions"),
    of("stats_flush_interval", Seconds),
    of("stats_eviction_interval", Seconds),
    of("stats_config", STATS_CONFIG),
    of("admin", Object(&[key("access_log"), key("profile_path"), key("address")])),
    of(
        "dynamic_resources",
        Object(&[of("lds_config", ADS), of("cds_config", ADS), of("ads_config", STREAM)]),
    ),
    of("static_resources", Object(&[of("clusters", List(&Cluster)), of("listeners", List(&LISTENER))])),
    of("overload_manager", Object(&[of("resource_monitors", List(&EXTENDED))])),
    of("tracing", Object(&[of("http", EXTENDED)])),
    of("stats_sinks", List(&EXTENDED)),
    key("deferred_stat_options"),
]);
const LAYER: Layout = Object(&[key("name"), of("static_layer", Verbatim), key("admin_layer")]);
const STATS_CONFIG: Layout = Object(&[
    key("use_all_default_tags"),
    of("stats_tags", List(&Tag)),
    of("histogram_bucket_settings", List(&Object(&[key("match"), of("buckets", Doubles)]))),
    key("stats_matcher"),
]);
const ADS: Layout = Object(&[key("ads"), key("initial_fetch_timeout"), key("resource_api_version")]);
const STREAM: Layout = Object(&[
    key("api_type"),
    key("set_node_on_first_message_only"),
    key("transport_api_version"),
    key("grpc_services"),
]);
const EXTENDED: Layout = Object(&[key("name"), of("typed_config", Extension)]);

/// The keys of all extensions, each in the template's order.
const EXTENSION: &[Key] = &[
    key("@type"),
    key("collector_cluster"),
    key("collector_endpoint"),
    key("collector_endpoint_version"),
    key("trace_id_128bit"),
    key("shared_span_context"),
    key("ocagent_exporter_enabled"),
    key("ocagent_address"),
    key("incoming_trace_context"),
    key("outgoing_trace_context"),
    of(
        "trace_config",
        Object(&[
            key("constant_sampler"),
            key("max_number_of_annotations"),
            key("max_number_of_attributes"),
            key("max_number_of_message_events"),
            key("max_number_of_links"),
        ]),
    ),
    key("transport_api_version"),
    key("grpc_service"),
    of("max_active_downstream_connections", Integer),
];

const LISTENER: Layout = Object(&[
    key("name"),
    of("address", TCP_ADDRESS),
    key("ignore_global_conn_limit"),
    key("bypass_overload_manager"),
    of("filter_chains", List(&Object(&[of("filters", List(&MANAGER))]))),
]);
const MANAGER: Layout =
    Object(&[key("name"), of("typed_config", Object(&[key("@type"), or("codec_type", "AUTO")]))]);
const TCP_ADDRESS: Layout =
    Object(&[of("socket_address", Object(&[or("protocol", "TCP"), key("address"), key("port_value")]))]);

/// The agent's own ports and its socket for certificates.
const OF_THE_POD: &[Key] = &[
    key("name"),
    key("alt_stat_name"),
    key("type"),
    key("typed_extension_protocol_options"),
    key("connect_timeout"),
    or("lb_policy", "ROUND_ROBIN"),
    of("load_assignment", Object(&[key("cluster_name"), of("endpoints", List(&LOCALITY))])),
];
const LOCALITY: Layout = Object(&[of("lb_endpoints", List(&ENDPOINT))]);
const ENDPOINT: Layout = Object(&[of("endpoint", Object(&[of("address", TCP_ADDRESS)]))]);

/// The agent's socket for the control plane.
const CONTROL_PLANE: &[Key] = &[
    key("name"),
    key("alt_stat_name"),
    key("type"),
    key("connect_timeout"),
    or("lb_policy", "ROUND_ROBIN"),
    key("load_assignment"),
    of("circuit_breakers", Object(&[of("thresholds", List(&Object(&[or("priority", "DEFAULT")])))])),
    key("upstream_connection_options"),
    key("max_requests_per_connection"),
    key("typed_extension_protocol_options"),
];

/// What is resolved by DNS.
const OUTSIDE: &[Key] = &[
    key("name"),
    key("alt_stat_name"),
    key("transport_socket"),
    of("upstream_connection_options", Object(&[of("tcp_keepalive", KEEPALIVE)])),
    key("typed_extension_protocol_options"),
    key("type"),
    key("respect_dns_ttl"),
    key("dns_lookup_family"),
    key("dns_refresh_rate"),
    key("connect_timeout"),
    or("lb_policy", "ROUND_ROBIN"),
    key("load_assignment"),
];
const KEEPALIVE: Layout = Object(&[
    of("keepalive_probes", Wrapped),
    of("keepalive_time", Wrapped),
    of("keepalive_interval", Wrapped),
]);

/// A bootstrap as the template writes it.
pub(crate) fn written(bootstrap: &Bootstrap) -> Value {
    // Nothing in it is unknown, and its JSON is JSON.
    let canonical = envoy::json::to_json(bootstrap).unwrap_or_default();
    lay_out(serde_json::from_str(&canonical).unwrap_or_default(), &BOOTSTRAP)
}

fn lay_out(value: Value, layout: &Layout) -> Value {
    match (layout, value) {
        (Verbatim, value) => value,
        (Object(keys), Value::Object(fields)) => object(fields, keys),
        (Cluster, Value::Object(fields)) => {
            let keys = cluster(fields.get("name").and_then(Value::as_str).unwrap_or_default());
            object(fields, keys)
        }
        (Tag, Value::Object(fields)) => tag(fields),
        (Extension, Value::Object(fields)) => object(without_struct(fields), EXTENSION),
        (List(layout), Value::Array(items)) => items.into_iter().map(|item| lay_out(item, layout)).collect(),
        (Doubles, Value::Array(items)) => {
            items.iter().map(|item| item.as_f64().map_or(Value::Null, Value::from)).collect()
        }
        (Integer, Value::String(text)) => text.parse::<i64>().map_or(Value::String(text), Value::from),
        (Seconds, Value::String(text)) => shortest(&text).into(),
        (Wrapped, number) => json!({"value": number}),
        (_, value) => snake_case(value),
    }
}

fn cluster(name: &str) -> &'static [Key] {
    match name {
        PROMETHEUS_STATS | AGENT | SECRETS => OF_THE_POD,
        XDS => CONTROL_PLANE,
        _ => OUTSIDE,
    }
}

fn object(mut fields: Map<String, Value>, keys: &[Key]) -> Value {
    let mut ordered = Map::new();
    for Key(name, layout, default) in keys {
        let found = fields.keys().find(|key| is_same(key, name)).cloned();
        let value = found.and_then(|key| fields.shift_remove(&key)).map(|value| lay_out(value, layout));
        if let Some(value) = value.or_else(|| default.map(Value::from)) {
            ordered.insert((*name).to_owned(), value);
        }
    }
    if let Value::Object(rest) = snake_case(Value::Object(fields)) {
        ordered.extend(rest);
    }
    ordered.into()
}

/// Whether a key of JSON is that of a field: `traceId128bit` is `trace_id_128bit`.
fn is_same(json: &str, field: &str) -> bool {
    let letters = field.chars().filter(|character| *character != '_');
    json.chars().filter(|character| *character != '_').map(|c| c.to_ascii_lowercase()).eq(letters)
}

/// The tags that a configuration adds are written the other way round.
fn tag(mut fields: Map<String, Value>) -> Value {
    let text = |key: &str| fields.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let is_extra = text("regex") == stats::extra_tag(&text("tagName"));
    let name = fields.shift_remove("tagName").unwrap_or_default();
    let regex = fields.shift_remove("regex").unwrap_or_default();
    if is_extra {
        json!({"regex": regex, "tag_name": name})
    } else {
        json!({"tag_name": name, "regex": regex})
    }
}

/// What is said as a struct, as the message that it stands for.
fn without_struct(mut fields: Map<String, Value>) -> Map<String, Value> {
    if fields.get("@type").and_then(Value::as_str) != Some(AS_STRUCT) {
        return fields;
    }
    let mut message = Map::new();
    message.insert("@type".to_owned(), fields.shift_remove("typeUrl").unwrap_or_default());
    if let Some(Value::Object(value)) = fields.shift_remove("value") {
        message.extend(value);
    }
    message
}

/// `1.500s` as `1.5s`.
fn shortest(text: &str) -> String {
    match text.strip_suffix('s').filter(|number| number.contains('.')) {
        Some(number) => format!("{}s", number.trim_end_matches('0')),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_found_in_either_spelling() {
        assert!(is_same("traceId128bit", "trace_id_128bit"));
        assert!(is_same("@type", "@type"));
        assert!(!is_same("name", "named"));
    }

    #[test]
    fn seconds_have_no_more_digits_than_needed() {
        assert_eq!(shortest("1.500s"), "1.5s");
        assert_eq!(shortest("10s"), "10s");
    }

    #[test]
    fn defaults_are_written_and_what_is_not_listed_comes_last() {
        const LAYOUT: Layout = Object(&[or("protocol", "TCP"), key("address"), key("port_value")]);
        let fields = json!({"rest": {"aB": 1}, "portValue": 80, "address": "a"});
        let expected = r#"{"protocol":"TCP","address":"a","port_value":80,"rest":{"a_b":1}}"#;
        assert_eq!(lay_out(fields, &LAYOUT).to_string(), expected);
    }
}
