//! `mesh-config-elsewhere`: settings of the mesh that stand where they are not read. What is given as a mesh
//! configuration and is none, admission tells.

use crate::admission::mesh_config::source;
use crate::lint::{Context, Rule};
use crate::problem::{Code, Problem, Severity};
use crate::rules::ROOT_NAMESPACE;
use crate::snapshot::Object;
use crate::snapshot::kubernetes::ConfigMap;

pub(super) const RULE: Rule =
    Rule::new(Code::MeshConfigElsewhere, include_str!("mesh_config_elsewhere.md"), check);

/// The ConfigMap that istiod reads, and the keys of it.
const CONFIG_MAP: &str = "istio";
const MESH: &str = "mesh";
const NETWORKS: &str = "meshNetworks";

fn check(cx: &Context<'_>) -> Vec<Problem> {
    if source(cx.snapshot, &cx.mesh.options).is_some() || cx.mesh.options.mesh_config.is_some() {
        return Vec::new();
    }
    let installations = cx.reading.passed_over.iter().filter_map(|other| {
        let (field, _) = other.control_plane.as_ref()?.mesh_config.as_ref()?;
        let message = format!(
            "the mesh configuration in {} is not read: no setting of it holds here",
            other.object.kind
        );
        let help = format!("give what stands below `{field}` as the mesh configuration");
        let problem = Problem::new(Code::MeshConfigElsewhere, message).on(other.object.clone());
        Some(problem.field(*field).help(help))
    });
    let config_maps = cx.snapshot.config_maps.iter().filter_map(|object| of_config_map(object));
    installations.chain(config_maps).collect()
}

/// A ConfigMap that looks like the one with the mesh configuration.
fn of_config_map(object: &Object<ConfigMap>) -> Option<Problem> {
    let (name, namespace, data) = (&object.meta.name, &object.meta.namespace, &object.spec.data);
    let new = |message: String| Problem::new(Code::MeshConfigElsewhere, message).on(object.object_ref());
    let place = format!("the key `{MESH}` of the ConfigMap `{ROOT_NAMESPACE}/{CONFIG_MAP}`");
    if name == CONFIG_MAP && namespace == ROOT_NAMESPACE {
        let other = data.keys().find(|key| *key != NETWORKS)?;
        let message = format!(
            "the mesh configuration is {place}, which has a key `{other}` instead: no setting of it holds"
        );
        return Some(new(message).field("data").help(format!("call the key `{MESH}`")));
    }
    data.get(MESH)?;
    if name == CONFIG_MAP {
        let message = format!("the mesh configuration is {place}: no setting of this one holds here");
        let help = "move it to that namespace, or give its text as the mesh configuration";
        return Some(new(message).field("metadata.namespace").help(help));
    }
    let revision = name.strip_prefix("istio-").filter(|_| namespace == ROOT_NAMESPACE)?;
    let message =
        format!("this is the mesh configuration of revision `{revision}`: no setting of it holds here");
    let help = "give its text as the mesh configuration, if it is this control plane that is meant";
    Some(new(message).field("metadata.name").help(help).severity(Severity::Note))
}
