//! What is given as a mesh configuration and is something that has one in it: values of a Helm chart, or an
//! object.

use crate::Str;
use crate::problem::{Code, Problem};
use crate::snapshot::ControlPlane;

/// What Istio's charts have in their own values.
const DEFAULTS: &str = "_internal_defaults_do_not_edit";

/// What is to be said of unknown fields together, if they tell that this is no mesh configuration.
pub(super) fn problem(unknown: &[Str]) -> Option<Problem> {
    let has = |key: &str| unknown.iter().any(|field| field == key);
    let new = |message: &str, field: &str, help: &str| {
        Problem::new(Code::MeshConfigElsewhere, message).field(field).help(help)
    };
    // Of an object everybody may leave the kind and the metadata unread.
    if has("data") {
        let message = "this is a ConfigMap and not the mesh configuration in it: nothing of it holds";
        return Some(new(
            message,
            "data",
            "give the text of its key `mesh`, or give it along with the other objects",
        ));
    }
    if has("spec") {
        let message = "this is an object and not the mesh configuration in it: nothing of it holds";
        return Some(new(message, "spec", "give what stands below its `meshConfig`"));
    }
    if has(ControlPlane::MESH_CONFIG) {
        let message = "these are values of Istio's Helm charts: the settings below `meshConfig` do not hold";
        return Some(new(
            message,
            ControlPlane::MESH_CONFIG,
            "give them as values (`--helm-values`), or what stands below `meshConfig`, without that key",
        ));
    }
    let is_value = |field: &&Str| *field == DEFAULTS || ControlPlane::VALUES.contains(&field.as_str());
    let value = unknown.iter().find(is_value)?;
    let message = "these are values of Istio's Helm charts and no mesh configuration: nothing of them holds";
    Some(new(
        message,
        value,
        "give them as values (`--helm-values`), or what stands below their `meshConfig`, without that key",
    ))
}

/// Whether an unknown field is one of the configuration itself, not one in a field of it.
pub(super) fn is_at_top(field: &str) -> bool {
    !field.contains(['.', '['])
}
