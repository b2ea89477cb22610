//! Deployments and others that make Pods: what the API server asks of their templates.

use super::{common, pod};
use crate::admission::check::Checker;
use crate::problem::{Code, Problem};
use crate::rules::Rules;
use crate::snapshot::Kind;
use crate::snapshot::kubernetes::PodController;
use crate::snapshot::passed_over::PassedOver;

/// What the API server refuses of controllers. They are no part of a snapshot, and their Pods are assumed all
/// the same.
pub(in crate::admission) fn controllers(objects: &[PassedOver], rules: &'static Rules) -> Vec<Problem> {
    let mut problems = Vec::new();
    for object in objects {
        if let Some(controller) = &object.controller {
            let kind = object.object.kind;
            problems.extend(Checker::run(rules, &object.object, |c| check(c, kind, controller)).problems);
        }
    }
    problems
}

fn check(root: &Checker<'_>, kind: Kind, controller: &PodController) {
    let c = &root.field("spec");
    if controller.replicas.is_some_and(|replicas| replicas < 0) {
        c.field("replicas").fault(
            Code::InvalidValue,
            "there cannot be fewer than no Pods",
            "write 0, or the number of Pods that are meant",
        );
    }
    let template = c.field("template");
    let labels = &controller.template.metadata.labels;
    common::labels(&template.field("metadata").field("labels"), labels);
    selector(c, kind, controller);
    pod::spec(&template.field("spec"), &controller.template.spec);
}

/// A controller selects the Pods that it makes. The API server makes a Job's selector itself.
fn selector(c: &Checker<'_>, kind: Kind, controller: &PodController) {
    let (selector, labels) = (&controller.selector.match_labels, &controller.template.metadata.labels);
    let field = c.field("selector");
    let c = &field.field("matchLabels");
    common::labels(c, selector);
    if kind == Kind::Job {
        return;
    }
    for (key, value) in selector.iter().filter(|(key, value)| labels.get(key) != Some(value)) {
        c.key(key).fault(
            Code::ConflictingFields,
            format!("the Pods of the template do not have the label `{key}: {value}`"),
            "write the same label in `spec.template.metadata.labels`",
        );
    }
}
