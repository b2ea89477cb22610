//! Values: at the edges of what a field may have, or what its name says.

use proptest::prelude::*;
use proptest::sample::select;
use schemas::{Field, Type, What};
use serde_json::{Value, json};

use crate::universe;

/// Words for which a text is searched that nobody gave a meaning.
const WORDS: &[&str] = &["a", "x-user", "v1", "reviews", "/", "*", "GET", "", "no such thing", "ä€", "a.b/c"];
/// Spans of time, some no longer than nothing.
const TIMES: &[&str] = &["1s", "250ms", "0s", "1h30m", "1ms", "10s", "500us", "5"];
/// Parts of field names that say that a text is a span of time.
const TIME_NAMES: &[&str] = &[
    "timeout",
    "interval",
    "duration",
    "ttl",
    "delay",
    "backoff",
    "time",
    "maxage",
    "request",
    "warmupdurationsecs",
];

/// A value that is neither list nor map.
pub(crate) fn scalar(field: &Field, depth: usize, release: usize, path: &str) -> BoxedStrategy<Value> {
    let values: Vec<String> = field.values(release).map(str::to_owned).collect();
    if !values.is_empty() {
        let is_text = field.shape.of == Type::String;
        let value = move |text: String| {
            if is_text { text.into() } else { text.parse::<i64>().map_or(Value::Null, Value::from) }
        };
        return select(values).prop_map(value).boxed();
    }
    match field.shape.of {
        Type::Boolean => any::<bool>().prop_map(Value::from).boxed(),
        Type::Integer => integer(field, depth, release, path).boxed(),
        Type::Number => number(field, depth, release).boxed(),
        Type::IntOrString => prop_oneof![
            universe::port().prop_map(Value::from),
            select(&["http", "80", ""][..]).prop_map(Value::from)
        ]
        .boxed(),
        Type::String => text(field, depth, release, path),
        Type::Object => Just(json!({})).boxed(),
        Type::Any => any_value(path),
    }
}

/// A key of a map.
pub(crate) fn key(path: &str) -> BoxedStrategy<String> {
    let name = last(path);
    if name.contains("label") || name == "selector" {
        return select(universe::LABELS).prop_map(|(key, _)| key.to_owned()).boxed();
    }
    if name.contains("mtls") {
        return universe::port().prop_map(|port| port.to_string()).boxed();
    }
    if name == "ports" {
        return select(&["http", "tcp", "grpc-api"][..]).prop_map(str::to_owned).boxed();
    }
    select(&["x-user", "end-user", "cookie", "region1/zone1/*", ":method", "a"][..])
        .prop_map(str::to_owned)
        .boxed()
}

fn integer(field: &Field, depth: usize, release: usize, path: &str) -> BoxedStrategy<Value> {
    let limit = |what| field.fact(what, depth, release).and_then(|limit| limit.parse::<i64>().ok());
    let (least, most) = (limit(What::Min).unwrap_or(-1), limit(What::Max).unwrap_or(i64::from(i32::MAX)));
    let name = last(path);
    let edges = vec![least, most, least.saturating_add(1), 0, 1, 2, 50, 100, 503];
    let edges: Vec<i64> = edges.into_iter().filter(|value| (least..=most).contains(value)).collect();
    let edges = select(edges).prop_map(Value::from);
    if name.contains("port") || name == "number" {
        return prop_oneof![6 => universe::port().prop_map(Value::from), 1 => edges].boxed();
    }
    if name.contains("weight") || name.contains("percent") {
        return prop_oneof![select(&[0_i64, 1, 10, 90, 100][..]).prop_map(Value::from), edges].boxed();
    }
    edges.boxed()
}

fn number(field: &Field, depth: usize, release: usize) -> impl Strategy<Value = Value> + use<> {
    let limit = |what| field.fact(what, depth, release).and_then(|limit| limit.parse::<f64>().ok());
    let (least, most) = (limit(What::Min).unwrap_or(0.0), limit(What::Max).unwrap_or(1e6));
    select(vec![least, most, 0.0, 1.0, 0.01, 33.3, 100.0]).prop_map(Value::from)
}

fn text(field: &Field, depth: usize, release: usize, path: &str) -> BoxedStrategy<Value> {
    let edges = edges(field, depth, release);
    let meant = match universe::text(path) {
        Some(meant) => meant,
        None if TIME_NAMES.iter().any(|part| last(path).contains(part)) => {
            select(TIMES).prop_map(str::to_owned).boxed()
        }
        None => return edges.prop_map(Value::from).boxed(),
    };
    prop_oneof![9 => meant, 1 => edges].prop_map(Value::from).boxed()
}

/// Texts as long and as short as they may be, as their pattern says, and words.
fn edges(field: &Field, depth: usize, release: usize) -> BoxedStrategy<String> {
    let words = select(WORDS).prop_map(str::to_owned).boxed();
    let pattern = field.fact(What::Pattern, depth, release);
    // Anchors and flags are no part of what a text is drawn from.
    let plain = pattern.map(|pattern| pattern.trim_start_matches('^').trim_end_matches('$').to_owned());
    let drawn = plain.and_then(|plain| prop::string::string_regex(&plain).ok());
    let most = field.fact(What::MaxLength, depth, release).and_then(|limit| limit.parse::<usize>().ok());
    match (drawn, most.filter(|most| *most <= 320)) {
        (Some(drawn), _) => prop_oneof![3 => drawn, 1 => words].boxed(),
        (None, Some(most)) => prop_oneof![6 => words, 1 => Just("a".repeat(most))].boxed(),
        (None, None) => words,
    }
}

/// Where a schema takes everything: patches of Envoy's configuration, and settings of plugins.
fn any_value(path: &str) -> BoxedStrategy<Value> {
    let patches = vec![
        json!({"connect_timeout": "3s"}),
        json!({"name": "envoy.filters.http.lua", "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua", "inline_code": "--"}}),
        json!({"route": {"timeout": "7s"}}),
        json!({"typed_config": {"@type": "type.googleapis.com/envoy.extensions.filters.network.\
            http_connection_manager.v3.HttpConnectionManager", "server_name": "s"}}),
        json!({}),
    ];
    if path.starts_with("EnvoyFilter") {
        return select(patches).boxed();
    }
    select(vec![json!({}), json!({"a": {"b": [1, "x", null, true]}})]).boxed()
}

/// The name of the field, in lower case.
fn last(path: &str) -> String {
    path.rsplit('.').next().unwrap_or_default().to_lowercase()
}
