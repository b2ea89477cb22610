//! Resources as canonical proto JSON.

use envoy::{Message, Name};
use serde::Serialize;
use serde_json::{Value, json};

pub use crate::json::{message, value};

use crate::resources::{Resource, WaypointResources};
use crate::translation::Translation;
use crate::view::proxy_config::routes;

/// The four kinds of resources of a waypoint, as its files are called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ResourceKind {
    /// LDS
    Listeners,
    /// CDS
    Clusters,
    /// RDS
    Routes,
    /// EDS
    Endpoints,
}

impl ResourceKind {
    /// All four, in the order in which Envoy would ask for them.
    pub const ALL: [Self; 4] = [Self::Listeners, Self::Clusters, Self::Routes, Self::Endpoints];

    /// `listeners`, `clusters`, `routes` or `endpoints`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Listeners => "listeners",
            Self::Clusters => "clusters",
            Self::Routes => "routes",
            Self::Endpoints => "endpoints",
        }
    }
}

/// The name of no kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown kind of resources `{0}`: expected listeners, clusters, routes or endpoints")]
pub struct UnknownKind(String);

impl std::str::FromStr for ResourceKind {
    type Err = UnknownKind;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == s).ok_or_else(|| UnknownKind(s.to_owned()))
    }
}

/// One kind of a waypoint's resources as a JSON array with one resource a line, sorted by name.
#[must_use]
pub fn array(resources: &WaypointResources, kind: ResourceKind) -> String {
    match kind {
        ResourceKind::Listeners => lines(&resources.listeners),
        ResourceKind::Clusters => lines(&resources.clusters),
        ResourceKind::Routes => lines(&resources.routes),
        ResourceKind::Endpoints => lines(&resources.endpoints),
    }
}

fn lines<M: Message + Name>(resources: &[Resource<M>]) -> String {
    let items: Vec<String> = resources.iter().map(|r| message(&r.message)).collect();
    format!("[{}]\n", items.join(",\n "))
}

/// Every waypoint of a translation as one JSON object: `namespace/name` → kind → resources.
#[must_use]
pub fn translation(translation: &Translation) -> String {
    let waypoints: Vec<String> = translation
        .waypoints
        .iter()
        .map(|waypoint| {
            let kinds: Vec<String> = ResourceKind::ALL
                .iter()
                .map(|kind| format!("\"{}\": {}", kind.as_str(), array(waypoint, *kind).trim_end()))
                .collect();
            format!("{}: {{\n{}}}", Value::from(waypoint.waypoint.to_string()), kinds.join(",\n"))
        })
        .collect();
    format!("{{{}}}\n", waypoints.join(",\n"))
}

/// One waypoint as Envoy's admin endpoint `/config_dump?include_eds` would print it: what xDS delivered,
/// without the bootstrap. As there, the route configurations inside listeners are listed as static ones.
///
/// Source: `envoy.admin.v3.ConfigDump`.
#[must_use]
pub fn config_dump(waypoint: &WaypointResources) -> String {
    let listeners =
        typed(&waypoint.listeners).map(|l| json!({"name": l.get("name"), "activeState": {"listener": l}}));
    let clusters = typed(&waypoint.clusters).map(|c| json!({"cluster": c}));
    let routes = typed(&waypoint.routes).map(|r| json!({"routeConfig": r}));
    let endpoints = typed(&waypoint.endpoints).map(|e| json!({"endpointConfig": e}));
    let inline = waypoint.listeners.iter().flat_map(|listener| routes::inline(&listener.message));
    let inline: Vec<Value> = inline.map(|r| json!({"routeConfig": typed_value(&r)})).collect();
    let dump = |name: &str, field: &str, items: Vec<Value>| {
        let mut part = serde_json::Map::new();
        part.insert("@type".to_owned(), format!("type.googleapis.com/envoy.admin.v3.{name}").into());
        part.insert(field.to_owned(), items.into());
        part
    };
    let mut routes = dump("RoutesConfigDump", "dynamicRouteConfigs", routes.collect());
    routes.insert("staticRouteConfigs".to_owned(), inline.into());
    pretty(&json!({"configs": [
        dump("ClustersConfigDump", "dynamicActiveClusters", clusters.collect()),
        dump("ListenersConfigDump", "dynamicListeners", listeners.collect()),
        routes,
        dump("EndpointsConfigDump", "dynamicEndpointConfigs", endpoints.collect()),
    ]}))
}

/// Messages as they stand inside an `Any`.
fn typed<M: Message + Name>(resources: &[Resource<M>]) -> impl Iterator<Item = Value> {
    resources.iter().map(|resource| typed_value(&resource.message))
}

pub(in crate::view) fn typed_value<M: Message + Name>(message: &M) -> Value {
    let mut fields = serde_json::Map::new();
    fields.insert("@type".to_owned(), envoy::type_url::<M>().into());
    if let Value::Object(message) = value(message) {
        fields.extend(message);
    }
    Value::Object(fields)
}

/// Anything of ours as a JSON value.
#[must_use]
pub fn to_value<T: serde::Serialize>(data: &T) -> Value {
    // Our types have string keys only, so that they always have a value.
    serde_json::to_value(data).unwrap_or_default()
}

/// JSON text with one field a line, indented by two blanks: what `translate --out` writes and golden files
/// hold, so that a change is a change of few lines. The order of fields and the way in which numbers and
/// strings are written stay.
///
/// ```
/// use waypoint_xds::view::json::indented;
///
/// assert_eq!(indented(r#"{"a":[1,"x, y"],"b":{}}"#), "{\n  \"a\": [\n    1,\n    \"x, y\"\n  ],\n  \"b\": {}\n}\n");
/// ```
#[must_use]
pub fn indented(json: &str) -> String {
    let mut out = String::with_capacity(json.len() * 2);
    let mut depth = 0_usize;
    let mut characters = json.chars().filter(|c| !c.is_control()).peekable();
    while let Some(character) = characters.next() {
        match character {
            '"' => string(&mut out, &mut characters),
            '{' | '[' => {
                out.push(character);
                skip_blanks(&mut characters);
                match characters.next_if(|next| matches!(next, '}' | ']')) {
                    Some(end) => out.push(end),
                    None => {
                        depth += 1;
                        line(&mut out, depth);
                    }
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                line(&mut out, depth);
                out.push(character);
            }
            ',' => {
                out.push(',');
                line(&mut out, depth);
            }
            ':' => out.push_str(": "),
            ' ' => {}
            other => out.push(other),
        }
    }
    out.push('\n');
    out
}

/// A new line at a depth.
fn line(out: &mut String, depth: usize) {
    out.push('\n');
    out.extend(std::iter::repeat_n("  ", depth));
}

/// The rest of a string.
fn string(out: &mut String, characters: &mut impl Iterator<Item = char>) {
    out.push('"');
    while let Some(character) = characters.next() {
        out.push(character);
        match character {
            '\\' => out.extend(characters.next()),
            '"' => return,
            _ => {}
        }
    }
}

fn skip_blanks(characters: &mut std::iter::Peekable<impl Iterator<Item = char>>) {
    while characters.next_if_eq(&' ').is_some() {}
}

/// A value as istioctl prints it: indented by four blanks.
#[must_use]
pub fn pretty(value: &Value) -> String {
    let mut out = Vec::new();
    let formatter = serde_json::ser::PrettyFormatter::with_indent(b"    ");
    let mut serializer = serde_json::Serializer::with_formatter(&mut out, formatter);
    // A value is always writable to memory.
    let _ = serde::Serialize::serialize(value, &mut serializer);
    out.push(b'\n');
    String::from_utf8_lossy(&out).into_owned()
}
