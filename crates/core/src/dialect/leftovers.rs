//! What nobody rewrote: extensions in places that no rewrite looks at, and expressions about what Istio's extensions
//! would have found out.

use envoy::config::cluster::v3::Cluster;
use envoy::config::listener::v3::Listener;
use serde_json::Value;

use super::known::{Extension, extension};
use super::losses::Losses;
use super::typed::{is_typed_struct, last_part};
use crate::json;
use crate::resources::{Resource, WaypointResources};

/// What only Istio's extensions know, and expressions may ask for.
const PEER_ATTRIBUTES: &[&str] = &["downstream_peer", "upstream_peer"];

/// Tells of everything that is still there.
pub(super) fn report(resources: &WaypointResources, losses: &mut Losses) {
    for Resource { message, origins } in &resources.listeners {
        losses.made_by(origins);
        walk(&message.name, &json::value::<Listener>(message), losses);
    }
    for Resource { message, origins } in &resources.clusters {
        losses.made_by(origins);
        walk(&message.name, &json::value::<Cluster>(message), losses);
    }
    for Resource { message, origins } in &resources.routes {
        losses.made_by(origins);
        walk(&message.name, &json::value(message), losses);
    }
    for Resource { message, origins } in &resources.extensions {
        losses.made_by(origins);
        walk(&message.name, &json::value(message), losses);
    }
}

fn walk(resource: &str, value: &Value, losses: &mut Losses) {
    match value {
        Value::Object(fields) => {
            if let Some(name) = fields.get("@type").and_then(Value::as_str).map(last_part) {
                let inner = fields.get("typeUrl").and_then(Value::as_str).map(last_part);
                let name = inner.filter(|_| is_typed_struct(name)).unwrap_or(name);
                if extension(name) != Extension::Upstream {
                    losses.left_in(resource, name);
                }
                if name == "envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter" {
                    expression(resource, fields.get("expression"), losses);
                }
            }
            fields.values().for_each(|field| walk(resource, field, losses));
        }
        Value::Array(items) => items.iter().for_each(|item| walk(resource, item, losses)),
        Value::String(text)
            if ["%FILTER_STATE(", "%CEL("].iter().any(|asks| text.contains(asks))
                && peer_attribute(text).is_some() =>
        {
            losses.unknown_peers();
        }
        _ => {}
    }
}

fn expression(resource: &str, expression: Option<&Value>, losses: &mut Losses) {
    let Some(text) = expression.and_then(Value::as_str) else { return };
    if let Some(attribute) = peer_attribute(text) {
        losses.expression(resource, text, attribute);
    }
}

fn peer_attribute(text: &str) -> Option<&'static str> {
    PEER_ATTRIBUTES.iter().copied().find(|attribute| text.contains(attribute))
}
