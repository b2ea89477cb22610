//! What a waypoint has only where somebody asks for it: a HorizontalPodAutoscaler, a PodDisruptionBudget.

use serde_json::{Value, json};

use super::{Template, metadata};

/// The HorizontalPodAutoscaler: one pod at most, until a patch says more.
pub(super) fn autoscaler(template: &Template<'_>) -> Value {
    let target = json!({"apiVersion": "apps/v1", "kind": "Deployment", "name": template.name});
    make(
        template,
        ("autoscaling/v2", "HorizontalPodAutoscaler"),
        &json!({"scaleTargetRef": target, "maxReplicas": 1}),
    )
}

/// The PodDisruptionBudget: it selects the proxy's pods, and says nothing of them until a patch does.
pub(super) fn budget(template: &Template<'_>) -> Value {
    make(
        template,
        ("policy/v1", "PodDisruptionBudget"),
        &json!({"selector": {"matchLabels": metadata::selector(template)}}),
    )
}

fn make(template: &Template<'_>, (api_version, kind): (&str, &str), spec: &Value) -> Value {
    let (annotations, labels) = (metadata::annotations(template), metadata::labels(template));
    json!({
        "apiVersion": api_version,
        "kind": kind,
        "metadata": metadata::make(template, &template.name, &annotations, &labels, true),
        "spec": spec,
    })
}
