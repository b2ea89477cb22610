//! Whether ztunnel enforces a policy: the condition `ZtunnelAccepted` of policies that refer to nothing.
//!
//! Source: [L4 policies](https://istio.io/latest/docs/ambient/usage/l4-policy/).

use std::collections::BTreeMap;

use crate::Str;
use crate::mesh::Mesh;
use crate::snapshot::security::{Action, AuthorizationPolicy, Operation, Rule, Source};
use crate::snapshot::{Cause, FieldPath, Object};
use crate::status::condition::{Condition, Manager};
use crate::well_known::DRY_RUN;

const ACCEPTED: &str = "ZtunnelAccepted";

/// The conditions that ztunnel knows.
const L4_CONDITIONS: [&str; 5] =
    ["source.ip", "source.namespace", "source.principal", "destination.ip", "destination.port"];

/// The condition of a policy; none if it is not for ztunnel.
pub(super) fn accepted(
    mesh: &Mesh,
    policy: &Object<AuthorizationPolicy>,
    has_targets: bool,
) -> Option<Condition> {
    let unsupported = |status: bool, message: String, fields: Vec<FieldPath>| {
        let causes = fields.into_iter().map(|field| Cause::new(policy.object_ref(), field));
        Condition::new(ACCEPTED, status, "UnsupportedValue", message).because(causes)
    };
    let condition = if is_dry_run(policy)
        && !mesh.options.features.ambient_enable_dry_run_authorization_policy
    {
        let (namespace, name) = (&policy.meta.namespace, &policy.meta.name);
        let message = format!(
            "found policy \"{namespace}/{name}\" using dry-run annotation, but support for ambient dry-run \
             authorizationPolicies isn't enabled"
        );
        unsupported(false, message, vec![FieldPath::field("metadata.annotations[\"istio.io/dry-run\"]")])
    } else if has_targets {
        return None;
    } else {
        let consequence = match policy.spec.action {
            Action::Allow => {
                "Within an ALLOW policy, rules matching HTTP attributes are omitted. This will be more \
                 restrictive than requested."
            }
            Action::Deny => {
                "DENY policy with HTTP attributes is enforced without the HTTP rules. This will be more \
                 restrictive than requested."
            }
            other => {
                let message = format!("ztunnel does not support the {} action", other.as_str());
                let condition = unsupported(false, message, vec![FieldPath::field("spec.action")]);
                return Some(condition.by(Manager::AmbientZtunnelPolicy));
            }
        };
        let attributes = http_attributes(&policy.spec.rules);
        if attributes.is_empty() {
            Condition::new(ACCEPTED, true, "Accepted", "attached to ztunnel")
        } else {
            let found = attributes.keys().map(Str::as_str).collect::<Vec<_>>().join(", ");
            let message = format!(
                "ztunnel does not support HTTP attributes (found: {found}). In ambient mode you must use a \
                 waypoint proxy to enforce HTTP rules. {consequence}"
            );
            unsupported(true, message, attributes.into_values().collect())
        }
    };
    Some(condition.by(Manager::AmbientZtunnelPolicy))
}

/// What Go's `strconv.ParseBool` takes for true.
fn is_dry_run(policy: &Object<AuthorizationPolicy>) -> bool {
    let value = policy.meta.annotations.get(DRY_RUN).map(Str::as_str);
    matches!(value, Some("1" | "t" | "T" | "true" | "TRUE" | "True"))
}

/// The attributes that only a waypoint sees, each with the first field that asks for it.
fn http_attributes(rules: &[Rule]) -> BTreeMap<Str, FieldPath> {
    let mut found = BTreeMap::new();
    for (i, rule) in rules.iter().enumerate() {
        for (j, to) in rule.to.iter().enumerate() {
            for (name, pattern) in to.operation.iter().flat_map(http_operations) {
                found.entry(Str::new_static(name)).or_insert(FieldPath::at(pattern, [i, j]));
            }
        }
        for (j, from) in rule.from.iter().enumerate() {
            for (name, pattern) in from.source.iter().flat_map(http_sources) {
                found.entry(Str::new_static(name)).or_insert(FieldPath::at(pattern, [i, j]));
            }
        }
        for (j, when) in rule.when.iter().enumerate() {
            if !L4_CONDITIONS.contains(&when.key.as_str()) {
                found.entry(when.key.clone()).or_insert(FieldPath::at("spec.rules[].when[].key", [i, j]));
            }
        }
    }
    found
}

/// The name of an attribute, and where it stands.
type Attribute = (&'static str, &'static str);

fn http_operations(operation: &Operation) -> impl Iterator<Item = Attribute> {
    let fields = [
        (("hosts", "spec.rules[].to[].operation.hosts"), &operation.hosts),
        (("notHosts", "spec.rules[].to[].operation.notHosts"), &operation.not_hosts),
        (("methods", "spec.rules[].to[].operation.methods"), &operation.methods),
        (("notMethods", "spec.rules[].to[].operation.notMethods"), &operation.not_methods),
        (("paths", "spec.rules[].to[].operation.paths"), &operation.paths),
        (("notPaths", "spec.rules[].to[].operation.notPaths"), &operation.not_paths),
    ];
    fields.into_iter().filter(|(_, values)| !values.is_empty()).map(|(attribute, _)| attribute)
}

fn http_sources(source: &Source) -> impl Iterator<Item = Attribute> {
    let fields = [
        (("remoteIpBlocks", "spec.rules[].from[].source.remoteIpBlocks"), &source.remote_ip_blocks),
        (("notRemoteIpBlocks", "spec.rules[].from[].source.notRemoteIpBlocks"), &source.not_remote_ip_blocks),
        (("requestPrincipals", "spec.rules[].from[].source.requestPrincipals"), &source.request_principals),
        (
            ("notRequestPrincipals", "spec.rules[].from[].source.notRequestPrincipals"),
            &source.not_request_principals,
        ),
    ];
    fields.into_iter().filter(|(_, values)| !values.is_empty()).map(|(attribute, _)| attribute)
}
