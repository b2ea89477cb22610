//! The configuration of a live proxy: what Envoy's `/config_dump?include_eds` and
//! `istioctl proxy-config all -o json` print.
//!
//! A proxy may be of any version: fields that are not known are passed over, extensions of which the type
//! isn't known are kept by that name only, and a resource that can't be read doesn't keep others from being
//! shown.
//!
//! Source: `envoy.admin.v3.ConfigDump`.

use envoy::config::bootstrap::v3::Bootstrap;
use envoy::config::cluster::v3::Cluster;
use envoy::config::endpoint::v3::ClusterLoadAssignment;
use envoy::config::listener::v3::Listener;
use envoy::config::route::v3::RouteConfiguration;
use envoy::extensions::transport_sockets::tls::v3::Secret;
use envoy::json::{JsonError, JsonRules};
use envoy::{Message, Name};
use serde_json::{Map, Value, json};

use super::json::{typed_value, value};
use super::proxy_config::secrets::{HeldSecret, State};
use super::proxy_config::{ProxyConfig, endpoints, extensions, secrets};
use crate::json::snake_case_key;

const TYPE: &str = "@type";
pub(super) const PART_OF_DUMP: &str = "type.googleapis.com/envoy.admin.v3.";
/// Other versions' fields don't matter.
const LENIENT: JsonRules = JsonRules::Lenient;

/// What was read of a config dump.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct ConfigDump {
    /// What the proxy holds.
    pub config: ProxyConfig,
    /// The resources that could not be read.
    pub unread: Vec<Unread>,
}

/// A resource of a dump that could not be read.
#[derive(Debug, thiserror::Error)]
#[error("{section} `{name}` can't be read: {error}")]
#[non_exhaustive]
pub struct Unread {
    /// The part of the dump: `dynamicListeners` for instance.
    section: &'static str,
    /// The resource's name, if it has one.
    name: String,
    /// Why.
    #[source]
    error: JsonError,
}

/// Reads a config dump; `None` where the text is something else.
#[must_use]
pub fn parse(text: &str) -> Option<ConfigDump> {
    if !text.trim_start().starts_with('{') {
        return None;
    }
    let dump: Value = serde_json::from_str(text).ok()?;
    let parts = dump.get("configs")?.as_array()?;
    let is_part = |part: &Value| type_of(part).is_some_and(|name| name.starts_with(PART_OF_DUMP));
    (!parts.is_empty() && parts.iter().all(is_part)).then(|| read(parts))
}

/// What a proxy holds as a config dump, which [`parse`] reads again: the order of each kind is kept, but not
/// which resources came over xDS.
#[must_use]
pub fn of(config: &ProxyConfig) -> Value {
    let part = |name: &str, field: &str, items: Vec<Value>| {
        let mut part = Map::new();
        part.insert(TYPE.to_owned(), format!("{PART_OF_DUMP}{name}").into());
        part.insert(field.to_owned(), items.into());
        Value::Object(part)
    };
    let clusters = config.clusters.iter().map(|c| json!({"cluster": typed_value(c)})).collect();
    let listener = |l: &Listener| json!({"name": l.name, "activeState": {"listener": typed_value(l)}});
    let routes = config.routes.iter().map(|r| json!({"routeConfig": typed_value(r)})).collect();
    let endpoints = config.endpoints.iter().map(|e| json!({"endpointConfig": typed_value(e)})).collect();
    let mut parts = Vec::new();
    if let Some(bootstrap) = &config.bootstrap {
        parts.push(json!({TYPE: format!("{PART_OF_DUMP}BootstrapConfigDump"), "bootstrap": bootstrap}));
    }
    parts.extend([
        part("ClustersConfigDump", "dynamicActiveClusters", clusters),
        part("ListenersConfigDump", "dynamicListeners", config.listeners.iter().map(listener).collect()),
        part("RoutesConfigDump", "dynamicRouteConfigs", routes),
        part("EndpointsConfigDump", "dynamicEndpointConfigs", endpoints),
        extensions::dump(config),
        secrets::dump(config),
    ]);
    json!({"configs": parts})
}

fn type_of(value: &Value) -> Option<&str> {
    value.get(TYPE)?.as_str()
}

fn read(parts: &[Value]) -> ConfigDump {
    let mut reader = Reader { parts, unread: Vec::new() };
    let mut listeners: Vec<Listener> =
        reader.resources("ListenersConfigDump", "dynamicListeners", &["activeState", "listener"]);
    listeners.extend(reader.resources::<Listener>("ListenersConfigDump", "staticListeners", &["listener"]));
    let mut clusters: Vec<Cluster> =
        reader.resources("ClustersConfigDump", "dynamicActiveClusters", &["cluster"]);
    clusters.extend(reader.resources::<Cluster>("ClustersConfigDump", "staticClusters", &["cluster"]));
    let mut routes: Vec<RouteConfiguration> =
        reader.resources("RoutesConfigDump", "dynamicRouteConfigs", &["routeConfig"]);
    routes.extend(reader.resources::<RouteConfiguration>(
        "RoutesConfigDump",
        "staticRouteConfigs",
        &["routeConfig"],
    ));
    let mut listed: Vec<ClusterLoadAssignment> =
        reader.resources("EndpointsConfigDump", "staticEndpointConfigs", &["endpointConfig"]);
    listed.extend(reader.resources::<ClusterLoadAssignment>(
        "EndpointsConfigDump",
        "dynamicEndpointConfigs",
        &["endpointConfig"],
    ));
    let config = ProxyConfig {
        listeners,
        routes,
        endpoints: with_inline(listed, &clusters),
        clusters,
        extensions: reader.resources("EcdsConfigDump", "ecdsFilters", &["ecdsFilter"]),
        secrets: reader.secrets(),
        bootstrap: reader.bootstrap(),
    };
    ConfigDump { config, unread: reader.unread }
}

/// Dumps list endpoints only where they were asked to; what clusters say themselves is known without.
fn with_inline(listed: Vec<ClusterLoadAssignment>, clusters: &[Cluster]) -> Vec<ClusterLoadAssignment> {
    let names: std::collections::BTreeSet<String> = listed.iter().map(|e| e.cluster_name.clone()).collect();
    let inline =
        endpoints::of_clusters(clusters, true).into_iter().filter(|e| !names.contains(&e.cluster_name));
    inline.chain(listed.iter().cloned()).collect()
}

struct Reader<'d> {
    parts: &'d [Value],
    unread: Vec<Unread>,
}

impl<'d> Reader<'d> {
    /// The parts of the dump of a type: there may be several.
    fn sections(&self, part: &'static str) -> impl Iterator<Item = &'d Value> + use<'d> {
        let is_wanted =
            move |section: &&Value| type_of(section).and_then(|t| t.strip_prefix(PART_OF_DUMP)) == Some(part);
        self.parts.iter().filter(is_wanted)
    }

    /// The resources of a list, each behind a path of fields.
    fn resources<M: Message + Name + Default>(
        &mut self,
        part: &'static str,
        section: &'static str,
        path: &[&str],
    ) -> Vec<M> {
        let entries = self.sections(part).filter_map(|dump| field(dump, section)?.as_array()).flatten();
        let found = entries.filter_map(|entry| path.iter().try_fold(entry, |value, key| field(value, key)));
        let mut messages = Vec::new();
        for resource in found {
            match message(resource) {
                Ok(message) => messages.push(message),
                Err(error) => self.unread.push(Unread { section, name: name_of(resource), error }),
            }
        }
        messages
    }

    /// The secrets that were sent: those that stand in the bootstrap are not shown.
    fn secrets(&mut self) -> Vec<HeldSecret> {
        let mut held = Vec::new();
        for (section, is_active) in [("dynamicWarmingSecrets", false), ("dynamicActiveSecrets", true)] {
            let entries =
                self.sections("SecretsConfigDump").filter_map(|dump| field(dump, section)?.as_array());
            for entry in entries.flatten() {
                let name = name_of(entry);
                let version = field(entry, "versionInfo").and_then(Value::as_str);
                let state = match is_active {
                    false => State::Warming,
                    true if version == Some("uninitialized") => State::Uninitialized,
                    true => State::Active,
                };
                match field(entry, "secret").map_or_else(|| Ok(Secret::default()), message) {
                    Ok(secret) => held.push(HeldSecret { name, secret, state }),
                    Err(error) => self.unread.push(Unread { section, name, error }),
                }
            }
        }
        held
    }

    fn bootstrap(&self) -> Option<Value> {
        let bootstrap = self.sections("BootstrapConfigDump").find_map(|dump| field(dump, "bootstrap"))?;
        Some(canonical_bootstrap(bootstrap))
    }
}

fn name_of(resource: &Value) -> String {
    let name = field(resource, "name").or_else(|| field(resource, "clusterName"));
    name.and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// A field by its name in JSON, or by that in `.proto` files, which Envoy's own dumps have.
fn field<'v>(value: &'v Value, name: &str) -> Option<&'v Value> {
    let fields = value.as_object()?;
    fields.get(name).or_else(|| fields.get(&snake_case_key(name)))
}

/// The canonical JSON of a bootstrap in either spelling; as it is, where it can't be read.
pub(super) fn canonical_bootstrap(json: &Value) -> Value {
    bootstrap(json).map_or_else(|_| json.clone(), |message| value(&message))
}

/// Reads a bootstrap in either spelling, as Envoy's own dumps and Istio's agent write it.
///
/// # Errors
///
/// When a field that is known holds something else.
pub fn bootstrap(json: &Value) -> Result<Bootstrap, JsonError> {
    message(json)
}

fn message<M: Message + Name + Default>(json: &Value) -> Result<M, JsonError> {
    let mut known = without_unknown_types(json);
    if let Value::Object(fields) = &mut known {
        fields.shift_remove(TYPE);
    }
    envoy::json::parse_with(&known, LENIENT)
}

/// The same, with nothing but the type of what is of an unknown type.
fn without_unknown_types(json: &Value) -> Value {
    match json {
        Value::Object(fields) => match type_of(json) {
            Some(url) if !envoy::json::is_known(url.rsplit('/').next().unwrap_or(url)) => {
                json!({TYPE: url, "value": ""})
            }
            _ => {
                let kept: Map<String, Value> =
                    fields.iter().map(|(key, value)| (key.clone(), without_unknown_types(value))).collect();
                kept.into()
            }
        },
        Value::Array(items) => items.iter().map(without_unknown_types).collect(),
        scalar => scalar.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cluster_dump(cluster: &Value) -> String {
        json!({"configs": [{
            "@type": "type.googleapis.com/envoy.admin.v3.ClustersConfigDump",
            "version_info": "1",
            "static_clusters": [{"cluster": cluster, "last_updated": "2023-06-07T00:00:00Z"}],
        }]})
        .to_string()
    }

    #[test]
    fn only_a_dump_is_one() {
        assert!(parse("kind: Pod\n").is_none());
        assert!(parse(r#"{"kind": "List", "items": []}"#).is_none());
        assert!(parse(r#"{"configs": []}"#).is_none());
        assert!(parse(r#"{"configs": [{"@type": "x"}]}"#).is_none());
        assert!(parse("{broken").is_none());
        assert!(parse(&cluster_dump(&json!({"name": "a"}))).is_some());
    }

    #[test]
    fn envoys_spelling_and_unknown_things_are_read() {
        let cluster = json!({
            "@type": "type.googleapis.com/envoy.config.cluster.v3.Cluster",
            "name": "a",
            "lb_policy": "NOT_INVENTED_YET",
            "field_of_the_future": {"x": 1},
            "load_assignment": {"cluster_name": "a", "endpoints": [{"lb_endpoints": [
                {"endpoint": {"address": {"socket_address": {"address": "10.0.0.1", "port_value": 80}}}},
            ]}]},
            "transport_socket": {"name": "s", "typed_config": {"@type": "type.googleapis.com/of.the.Future", "x": 1}},
        });
        let dump = parse(&cluster_dump(&cluster)).unwrap();
        assert!(dump.unread.is_empty(), "{:?}", dump.unread);
        assert_eq!(dump.config.clusters[0].name, "a");
        assert_eq!(dump.config.endpoints.len(), 1);
        assert!(dump.config.clusters[0].transport_socket.is_some());
    }

    #[test]
    fn what_cannot_be_read_is_told_and_loses_nothing_else() {
        let mut dump: Value =
            serde_json::from_str(&cluster_dump(&json!({"name": "bad", "connect_timeout": []}))).unwrap();
        dump["configs"][0]["dynamic_active_clusters"] = json!([{"cluster": {"name": "good"}}]);
        let dump = parse(&dump.to_string()).unwrap();
        assert_eq!(dump.config.clusters.iter().map(|c| c.name.as_str()).collect::<Vec<_>>(), ["good"]);
        assert!(
            dump.unread[0].to_string().starts_with("staticClusters `bad` can't be read"),
            "{}",
            dump.unread[0]
        );
    }
}
