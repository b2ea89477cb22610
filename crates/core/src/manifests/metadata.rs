//! Labels, annotations and owners of what runs a waypoint.

use serde_json::{Map, Value, json};

use super::Template;
use crate::Str;
use crate::json::object;
use crate::rules::{CopiedMetadata, OutOfMesh};
use crate::snapshot::Labels;
use crate::well_known::{MANAGED, MANAGED_WAYPOINT};

const GATEWAY_CLASS: &str = "gateway.networking.k8s.io/gateway-class-name";
/// Annotations that are about the Gateway only.
const OWN_ANNOTATIONS: [&str; 4] = [
    "kubectl.kubernetes.io/last-applied-configuration",
    "gateway.istio.io/name-override",
    "gateway.istio.io/service-account",
    "gateway.istio.io/controller-version",
];
/// Keys that `infrastructure` can't set.
const RESERVED_PREFIX: &str = "gateway.networking.k8s.io/";
/// Scraping of statistics, as the agent merges them.
const PROMETHEUS: [(&str, &str); 3] = [
    ("prometheus.io/path", "/stats/prometheus"),
    ("prometheus.io/port", "15020"),
    ("prometheus.io/scrape", "true"),
];

/// Sorted pairs; later ones replace earlier ones.
pub(super) type Pairs = Labels;

fn add(pairs: &mut Pairs, more: &[(&str, &str)]) {
    pairs.extend(more.iter().map(|(key, value)| (Str::from(*key), Str::from(*value))));
}

/// `None` where there is nothing.
fn shown(pairs: &Pairs) -> Option<Value> {
    (!pairs.is_empty()).then(|| json!(pairs))
}

/// The metadata of an object called `name`.
pub(super) fn make(
    template: &Template<'_>,
    name: &str,
    annotations: &Pairs,
    labels: &Pairs,
    owned: bool,
) -> Value {
    object([
        ("annotations", shown(annotations)),
        ("labels", shown(labels)),
        ("name", Some(json!(name))),
        ("namespace", Some(json!(template.gateway.meta.namespace))),
        ("ownerReferences", owned.then(|| json!([owner(template)]))),
    ])
}

fn owner(template: &Template<'_>) -> Value {
    json!({
        "apiVersion": template.rules.gateway_api_version,
        "kind": "Gateway",
        "name": template.gateway.meta.name,
        "uid": template.gateway.meta.uid,
    })
}

/// The annotations that every object gets.
pub(super) fn annotations(template: &Template<'_>) -> Pairs {
    let infrastructure = template.gateway.spec.infrastructure.as_ref().map(|i| &i.annotations);
    let pairs = copied(template, infrastructure, &template.gateway.meta.annotations);
    pairs.into_iter().filter(|(key, _)| !OWN_ANNOTATIONS.contains(&key.as_str())).collect()
}

/// The labels that every object gets.
pub(super) fn labels(template: &Template<'_>) -> Pairs {
    let mut pairs = copied_labels(template);
    add_gateway_labels(template, &mut pairs);
    pairs
}

fn copied_labels(template: &Template<'_>) -> Pairs {
    let infrastructure = template.gateway.spec.infrastructure.as_ref().map(|i| &i.labels);
    copied(template, infrastructure, &template.gateway.meta.labels)
}

fn copied(template: &Template<'_>, infrastructure: Option<&Pairs>, own: &Pairs) -> Pairs {
    let asked = infrastructure.filter(|pairs| !pairs.is_empty());
    match asked.filter(|_| template.release.waypoints.copied_metadata == CopiedMetadata::OfInfrastructure) {
        Some(pairs) => {
            let free = pairs.iter().filter(|(key, _)| !key.starts_with(RESERVED_PREFIX));
            free.map(|(key, value)| (key.clone(), value.clone())).collect()
        }
        None if template.copies_metadata => own.clone(),
        None => Pairs::new(),
    }
}

fn add_gateway_labels(template: &Template<'_>, pairs: &mut Pairs) {
    let rules = &template.release.waypoints;
    if rules.gateway_class_label {
        let gateway = template.gateway;
        let class = gateway.spec.gateway_class_name.as_str();
        add(pairs, &[(rules.gateway_name_label, &gateway.meta.name), (GATEWAY_CLASS, class)]);
    }
    add(pairs, &[(MANAGED, MANAGED_WAYPOINT)]);
}

/// An object with the label that only controllers set, whatever patches say.
pub(super) fn with_controller(mut object: Map<String, Value>) -> Value {
    let metadata = object.entry("metadata").or_insert_with(|| json!({}));
    if let Some(metadata) = metadata.as_object_mut() {
        let labels = metadata.entry("labels").or_insert_with(|| json!({}));
        if let Some(labels) = labels.as_object_mut() {
            labels.insert(MANAGED.to_owned(), json!(MANAGED_WAYPOINT));
        }
    }
    Value::Object(object)
}

/// The label that only controllers set, alone.
pub(super) fn managed() -> Pairs {
    let mut pairs = Pairs::new();
    add(&mut pairs, &[(MANAGED, MANAGED_WAYPOINT)]);
    pairs
}

/// The annotations of the proxy's pods.
pub(super) fn of_pods(template: &Template<'_>) -> Pairs {
    let mut pairs = annotations(template);
    add(&mut pairs, &[("istio.io/rev", "default")]);
    if template.release.waypoints.out_of_mesh == OutOfMesh::Annotation {
        add(&mut pairs, &[("ambient.istio.io/redirection", "disabled")]);
    }
    add(&mut pairs, &PROMETHEUS);
    pairs
}

/// The labels of the proxy's pods: nothing intercepts their traffic.
pub(super) fn labels_of_pods(template: &Template<'_>) -> Pairs {
    let mut pairs = Pairs::new();
    add(
        &mut pairs,
        &[
            ("sidecar.istio.io/inject", "false"),
            ("service.istio.io/canonical-name", &template.name),
            ("service.istio.io/canonical-revision", "latest"),
        ],
    );
    if template.release.waypoints.out_of_mesh == OutOfMesh::Label {
        add(&mut pairs, &[("istio.io/dataplane-mode", "none")]);
    }
    pairs.extend(copied_labels(template));
    add_gateway_labels(template, &mut pairs);
    pairs.extend(selector(template));
    pairs
}

/// The label by which pods are selected.
pub(super) fn selector(template: &Template<'_>) -> Pairs {
    let mut pairs = Pairs::new();
    add(&mut pairs, &[(template.release.waypoints.gateway_name_label, &template.gateway.meta.name)]);
    pairs
}
