//! What JSON says that Istio reads past, and what it leaves out that Envoy needs.

use serde_json::{Map, Value};

use super::error::{JsonError, JsonPath, Step};
use super::schema::{Field, Message, Presence, Shape};
use super::{named, type_name};

/// A place in JSON that is read, but not as it seems.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonRemark {
    /// Where, by the names of the JSON.
    pub path: JsonPath,
    /// What.
    pub kind: JsonRemarkKind,
}

/// What is odd about a place in JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum JsonRemarkKind {
    /// The message has no such field: what is in it is left out.
    UnknownField {
        /// The full name of the message.
        message: &'static str,
        /// The name in the JSON.
        field: String,
    },
    /// An extension of this name has no configuration that says its type. Envoy no longer looks extensions up
    /// by their names.
    NoTypedConfig {
        /// The name of the extension.
        name: String,
    },
}

/// What is odd about the JSON of the message of this full name, which
/// [`JsonRules::Jsonpb`](crate::JsonRules::Jsonpb) takes: in the order of the fields' names.
///
/// ```
/// use waypoint_xds_envoy_json::remarks;
///
/// let json = serde_json::json!({"name": "cart", "conect_timeout": "3s"});
/// let found = remarks("envoy.config.cluster.v3.Cluster", &json)?;
/// assert_eq!(found[0].path.to_string(), "conect_timeout");
/// # Ok::<(), waypoint_xds_envoy_json::JsonError>(())
/// ```
///
/// # Errors
///
/// When the name is of no message.
pub fn remarks(type_name: &str, json: &Value) -> Result<Vec<JsonRemark>, JsonError> {
    let mut walk = Walk { path: Vec::new(), found: Vec::new() };
    walk.message(named(type_name)?, json, Extensions::Told);
    Ok(walk.found)
}

/// Whether extensions without a type are told of: as Istio does it, not those in lists and in other messages'
/// types.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Extensions {
    Told,
    PassedOver,
}

struct Walk {
    /// Outermost first.
    path: Vec<Step>,
    found: Vec<JsonRemark>,
}

impl Walk {
    fn message(&mut self, message: &Message, json: &Value, extensions: Extensions) {
        let Some(json) = json.as_object() else { return };
        match message.shape {
            Shape::Object | Shape::Empty => self.object(message, json, false, extensions),
            Shape::Any => {
                let of_type = json.get("@type").and_then(Value::as_str).map(type_name);
                let message = of_type.and_then(Message::named);
                if let Some(message) = message.filter(|message| message.shape == Shape::Object) {
                    self.object(message, json, true, Extensions::PassedOver);
                }
            }
            _ => {}
        }
    }

    fn object(&mut self, message: &Message, json: &Map<String, Value>, in_any: bool, extensions: Extensions) {
        if extensions == Extensions::Told {
            self.extension(message, json);
        }
        for (name, value) in json.iter().filter(|(name, _)| !(in_any && *name == "@type")) {
            self.inside(Step::Name(name.clone()), |walk| match message.by_name(name) {
                Some((_, field)) => walk.field(field, value, extensions),
                None => {
                    walk.tell(JsonRemarkKind::UnknownField { message: message.name, field: name.clone() });
                }
            });
        }
    }

    /// Tells of an extension that has a name, and nothing that says its type.
    fn extension(&mut self, message: &Message, json: &Map<String, Value>) {
        let value = |name: &str| {
            let (_, field) = message.by_name(name)?;
            field.value_in(json).filter(|value| !value.is_null())
        };
        let takes_type = message.by_name("typedConfig").is_some();
        if takes_type && value("typedConfig").or_else(|| value("configDiscovery")).is_none() {
            let name = value("name").and_then(Value::as_str).unwrap_or_default().to_owned();
            self.tell(JsonRemarkKind::NoTypedConfig { name });
        }
    }

    fn field(&mut self, field: &Field, json: &Value, extensions: Extensions) {
        let Some(message) = field.kind.message() else { return };
        match (field.presence, json) {
            (Presence::Repeated, Value::Array(items)) => {
                for (index, item) in items.iter().enumerate() {
                    self.inside(Step::Index(index), |walk| {
                        walk.message(message, item, Extensions::PassedOver)
                    });
                }
            }
            (Presence::Map, Value::Object(entries)) => {
                let Some(value) = message.fields.get(1).and_then(|value| value.kind.message()) else {
                    return;
                };
                for (key, entry) in entries {
                    self.inside(Step::Name(key.clone()), |walk| {
                        walk.message(value, entry, Extensions::PassedOver)
                    });
                }
            }
            (Presence::Repeated | Presence::Map, _) => {}
            _ => self.message(message, json, extensions),
        }
    }

    fn inside(&mut self, step: Step, walk: impl FnOnce(&mut Self)) {
        self.path.push(step);
        walk(self);
        self.path.pop();
    }

    fn tell(&mut self, kind: JsonRemarkKind) {
        self.found.push(JsonRemark { path: self.path.iter().rev().cloned().collect(), kind });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str, json: &Value) -> Vec<(String, JsonRemarkKind)> {
        remarks(name, json).unwrap().into_iter().map(|found| (found.path.to_string(), found.kind)).collect()
    }

    #[test]
    fn fields_that_no_message_has_are_told_wherever_they_are() {
        let json = serde_json::json!({
            "conect_timeout": "3s",
            "loadAssignment": {"endpoints": [{"lb_endpoint": []}]},
            "typed_extension_protocol_options": {"a": {
                "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
                "explicit_http_config": {"http2_options": {}},
            }},
            "metadata": {"filter_metadata": {"any": {"thing": 1}}},
        });
        let unknown =
            |message, field: &str| JsonRemarkKind::UnknownField { message, field: field.to_owned() };
        let expected = [
            ("conect_timeout", unknown("envoy.config.cluster.v3.Cluster", "conect_timeout")),
            (
                "loadAssignment.endpoints[0].lb_endpoint",
                unknown("envoy.config.endpoint.v3.LocalityLbEndpoints", "lb_endpoint"),
            ),
            (
                "typed_extension_protocol_options.a.explicit_http_config.http2_options",
                unknown(
                    "envoy.extensions.upstreams.http.v3.HttpProtocolOptions.ExplicitHttpConfig",
                    "http2_options",
                ),
            ),
        ];
        let expected: Vec<_> = expected.map(|(path, kind)| (path.to_owned(), kind)).into();
        assert_eq!(of("envoy.config.cluster.v3.Cluster", &json), expected);
    }

    #[test]
    fn an_extension_needs_its_type() {
        const FILTER: &str = "envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter";
        let none = JsonRemarkKind::NoTypedConfig { name: "mine".to_owned() };
        assert_eq!(of(FILTER, &serde_json::json!({"name": "mine"})), [(String::new(), none)]);
        let discovered = serde_json::json!({"name": "mine", "config_discovery": {"type_urls": ["a/b"]}});
        assert_eq!(of(FILTER, &discovered), []);
        // Istio does not look into lists.
        let in_list = serde_json::json!({"filters": [{"name": "mine"}]});
        assert_eq!(of("envoy.config.listener.v3.FilterChain", &in_list), []);
    }
}
