//! Checks that several kinds share.

use std::collections::BTreeSet;

use super::check::Checker;
use super::syntax;
use crate::Str;
use crate::problem::Code;
use crate::schema::{Limit, What};
use crate::snapshot::Kind;
use crate::snapshot::networking;
use crate::snapshot::selector::{PolicyTargetReference, WorkloadSelector};
use crate::snapshot::{Duration, Given, Labels};

/// What policies can be for, by group and kind.
const TARGETS: [(&str, &str); 4] = [
    ("", "Service"),
    ("networking.istio.io", "ServiceEntry"),
    ("gateway.networking.k8s.io", "Gateway"),
    ("gateway.networking.k8s.io", "GatewayClass"),
];
/// The schemas' limits.
const MAX_TARGETS: Limit = Limit::of(Kind::AuthorizationPolicy, "spec.targetRefs", What::MaxItems);
const LONGEST_TARGET: Limit = Limit::of(Kind::AuthorizationPolicy, "spec.targetRefs.name", What::MaxLength);
const LONGEST_LABEL: Limit =
    Limit::of(Kind::AuthorizationPolicy, "spec.selector.matchLabels[]", What::MaxLength);

/// A time that Istio takes: at least a millisecond, and no fraction of one.
pub(super) fn duration(c: &Checker<'_>, duration: &Duration) {
    if duration.as_nanos() < 1_000_000 {
        c.invalid(format!("`{duration}` is shorter than a millisecond"));
    } else if duration.as_nanos() % 1_000_000 != 0 {
        c.invalid(format!("`{duration}` is not a whole number of milliseconds"));
    }
}

/// A time that the schemas, but not the webhook, want to be at least a millisecond.
pub(super) fn schema_duration(c: &Checker<'_>, duration: &Duration) {
    if c.rules.schema_rules && duration.as_nanos() < 1_000_000 {
        c.invalid(format!("`{duration}` is shorter than a millisecond"));
    }
}

/// A port of TCP.
pub(super) fn port(c: &Checker<'_>, port: u32) {
    if !syntax::is_port(port) {
        c.invalid(format!("port {port} is not between 1 and 65535"));
    }
}

/// A port's name.
pub(super) fn port_name(c: &Checker<'_>, name: &str) {
    if !syntax::is_dns_label(name) {
        c.invalid(format!("`{name}` is no name of a port"));
    }
}

/// Labels of a subset, an endpoint or a match.
pub(super) fn labels(c: &Checker<'_>, labels: &Labels) {
    for (key, value) in labels {
        if let Err(refusal) = syntax::label(key, value) {
            c.key(key).invalid(refusal);
        }
    }
}

/// A policy's selector of workloads, `selector.matchLabels`.
pub(super) fn policy_selector(c: &Checker<'_>, selector: Option<&WorkloadSelector>) {
    c.some("selector", selector, |c, selector| {
        selector_labels(&c.field("matchLabels"), &selector.match_labels)
    });
}

/// A DestinationRule's selector, of the same type under another name.
pub(super) fn rule_selector(c: &Checker<'_>, selector: Option<&WorkloadSelector>) {
    c.some("workloadSelector", selector, |c, selector| {
        selector_labels(&c.field("matchLabels"), &selector.match_labels);
    });
}

/// The selector of a ServiceEntry or EnvoyFilter, `workloadSelector.labels`.
pub(super) fn workload_selector(c: &Checker<'_>, selector: Option<&networking::WorkloadSelector>) {
    c.some("workloadSelector", selector, |c, selector| selector_labels(&c.field("labels"), &selector.labels));
}

fn selector_labels(c: &Checker<'_>, labels: &Labels) {
    if labels.is_empty() {
        c.warn(
            Code::EmptySelector,
            "the selector has no labels: it applies to the whole namespace",
            "remove the selector, or add the labels that are meant",
        );
    }
    for (key, value) in labels {
        if key.is_empty() {
            c.key(key).invalid("a label's key is empty");
        }
        if key.contains('*') || value.contains('*') {
            c.key(key).invalid(format!("a selector takes no wildcard: `{key}: {value}`"));
        }
        let longest = LONGEST_LABEL.length(c.column).filter(|longest| value.chars().count() > *longest);
        if let Some(longest) = longest {
            c.key(key).invalid(format!("a label's value is longer than {longest} characters"));
        }
    }
}

/// What a policy is for: a selector or targets, not both.
pub(super) fn policy_scope(
    c: &Checker<'_>,
    selector: Option<&WorkloadSelector>,
    target: Option<&PolicyTargetReference>,
    targets: &Given<Vec<PolicyTargetReference>>,
) {
    let set = [selector.is_some(), target.is_some(), c.is_set(targets)];
    let set = set.into_iter().filter(|is_set| *is_set).count();
    if set > 1 {
        c.conflict("only one of `selector`, `targetRef` and `targetRefs` may be set");
    }
    policy_selector(c, selector);
    c.some("targetRef", target, target_ref);
    c.each("targetRefs", targets, target_ref);
    most_targets(c, targets);
}

/// At most as many targets as the schema takes.
pub(super) fn most_targets(c: &Checker<'_>, targets: &[PolicyTargetReference]) {
    c.field("targetRefs").at_most(targets.len(), MAX_TARGETS, "targets");
}

/// One thing that a policy is for.
pub(super) fn target_ref(c: &Checker<'_>, target: &PolicyTargetReference) {
    if target.name.is_empty() {
        c.field("name").missing("a target needs a name");
    } else if let Some(longest) =
        LONGEST_TARGET.length(c.column).filter(|longest| target.name.len() > *longest)
    {
        c.field("name").invalid(format!("a target's name is longer than {longest} characters"));
    }
    if !target.namespace.is_empty() {
        c.field("namespace").invalid("a target is always in the policy's own namespace");
    }
    // The webhook compares with `core` where the group is empty, so that `core` is one of its names.
    let group = if target.group == "core" { "" } else { target.group.as_str() };
    if !TARGETS.contains(&(group, target.kind.as_str())) {
        c.field("kind").invalid(format!(
            "`{}/{}` is no target: a Service, ServiceEntry, Gateway or GatewayClass is",
            target.group, target.kind
        ));
    }
}

/// Who may export to whom.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Exporter {
    /// Only ServiceEntries may export to nobody, `~`.
    ServiceEntry,
    /// A DestinationRule for some workloads only stays in its namespace.
    RuleWithSelector,
    /// All others.
    Other,
}

/// The namespaces that an object is exported to.
pub(super) fn export_to(c: &Checker<'_>, namespace: &str, export_to: &[Str], exporter: Exporter) {
    let field = c.field("exportTo");
    let mut seen = BTreeSet::new();
    for (index, entry) in export_to.iter().enumerate() {
        let c = field.index(index);
        let target = if entry == "." { namespace } else { entry.as_str() };
        if seen.contains(target) {
            c.conflict(format!("`{entry}` stands here twice"));
        } else if target == "~" && exporter != Exporter::ServiceEntry {
            c.invalid("only a ServiceEntry can be exported to nobody, `~`");
        } else if !matches!(target, "*" | "~") && !syntax::is_dns_label(target) {
            c.invalid(format!("`{entry}` is neither `.` nor `*` nor a namespace"));
        } else {
            seen.insert(target);
        }
    }
    if exporter == Exporter::RuleWithSelector
        && !seen.is_empty()
        && (seen.len() > 1 || !seen.contains(namespace))
    {
        field.invalid("a rule for some workloads can only be exported to its own namespace");
    }
    if export_to.len() > 1 && (seen.contains("*") || seen.contains("~")) {
        field.conflict("`*` and `~` exclude all others");
    }
}
