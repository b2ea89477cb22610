//! Objects of kinds that no waypoint depends on: what is to be said of them, and of what they make.

use std::sync::Arc;

use super::Labels;
use super::control_plane::ControlPlane;
use super::faults;
use super::items::Item;
use super::kubernetes::PodController;
use super::object::Source;
use crate::kind::Kind;
use crate::names::ObjectRef;
use crate::problem::Problem;
use crate::text::{DecodeError, Node, every_fault};

/// An object of a kind that no waypoint depends on.
#[derive(Clone, Debug, PartialEq)]
pub struct PassedOver {
    /// What it is.
    pub object: ObjectRef,
    /// Its own labels.
    pub labels: Labels,
    pub(crate) annotations: Labels,
    /// The labels of what it is a template for: the pods of a Deployment, the entries of a WorkloadGroup.
    pub template_labels: Labels,
    /// What it says of a control plane, if it is one's or installs one.
    pub control_plane: Option<Arc<ControlPlane>>,
    /// Whether it was never applied to a cluster.
    pub is_new: bool,
    /// What it says of its pods, if it makes any and no other object makes it.
    pub controller: Option<Arc<PodController>>,
    /// Where it was written.
    pub source: Source,
}

impl PassedOver {
    /// What an object says of itself, as far as it can be read; with what is wrong if what it says of pods
    /// cannot.
    pub(super) fn new(item: Item<'_>, kind: Kind, source: Source) -> (Self, Vec<Problem>) {
        let node = item.node;
        let text = |key: &str| node.get("metadata").and_then(|metadata| metadata.get(key)?.as_str());
        let namespace = if kind.is_namespaced() { text("namespace").unwrap_or("default") } else { "" };
        let object = ObjectRef::new(kind, namespace, text("name").unwrap_or_default());
        let (errors, controller) = controller(item, kind);
        let problems = faults::told(&errors, item, &object).collect();
        let template = match kind {
            Kind::WorkloadGroup => "spec.metadata.labels",
            _ => "spec.template.metadata.labels",
        };
        let own_labels = labels(node, "metadata.labels");
        let control_plane = ControlPlane::of_object(node, kind, &own_labels).map(Arc::new);
        let is_set = |key: &str| text(key).is_some_and(|value| !value.is_empty());
        let passed_over = Self {
            object,
            labels: own_labels,
            annotations: labels(node, "metadata.annotations"),
            template_labels: labels(node, template),
            control_plane,
            is_new: !is_set("creationTimestamp") && !is_set("uid"),
            controller,
            source,
        };
        (passed_over, problems)
    }
}

fn labels(node: Node<'_>, path: &str) -> Labels {
    let entries = node.find(path).into_iter().flat_map(Node::entries);
    entries.filter_map(|(key, value)| Some((key, value.as_str()?))).collect()
}

/// What an object says of the pods that it makes.
fn controller(item: Item<'_>, kind: Kind) -> (Vec<DecodeError>, Option<Arc<PodController>>) {
    let makes_pods = matches!(
        kind,
        Kind::Deployment | Kind::StatefulSet | Kind::DaemonSet | Kind::ReplicaSet | Kind::Job | Kind::Rollout
    );
    // A ReplicaSet that a Deployment has made is another name for it.
    let is_made = item.node.find("metadata.ownerReferences").is_some();
    if !makes_pods || is_made {
        return (Vec::new(), None);
    }
    let (errors, spec) = every_fault(|unread| item.node.field("spec", unread));
    let spec = spec.filter(|_| errors.is_empty());
    (errors, spec.map(Arc::new))
}
