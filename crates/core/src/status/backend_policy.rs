//! The status of BackendTLSPolicies and XBackendTrafficPolicies, for each of their ancestors: what they are
//! for, and the Gateways whose routes lead there.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::condition::{Condition, Fault, ParentStatus, Status};
use super::{Context, scope};
use crate::Str;
use crate::snapshot::gateway_api::policy::LocalPolicyTargetReference;
use crate::snapshot::gateway_api::route::{BackendRef, ParentReference};
use crate::snapshot::gateway_api::{BackendTlsPolicy, XBackendTrafficPolicy};
use crate::snapshot::{self, Cause, FieldPath, Kind, Meta, Object};
use crate::well_known::{GATEWAY_GROUP, IGNORE_POLICY_ATTACHMENT, ISTIO_GROUP, WAYPOINT_CONTROLLER};

/// The controller that speaks of the mesh.
const MESH: Str = Str::new_static(WAYPOINT_CONTROLLER);

/// The Gateway API's limit.
const MAX_ANCESTORS: usize = 16;

/// The statuses of all policies for backends.
pub(super) fn statuses(cx: &Context<'_>) -> Vec<Status> {
    let snapshot = &cx.mesh.snapshot;
    let mut statuses = Vec::new();
    if cx.mesh.rules.status.backend_policies {
        let gateways = gateways_of_backends(cx);
        let by_target = by_target(&snapshot.backend_tls_policies);
        let policies = snapshot.backend_tls_policies.iter().filter(|policy| is_mine(cx, &policy.meta));
        statuses.extend(policies.map(|policy| of_tls(cx, policy, &gateways, &by_target)));
        let policies = snapshot.x_backend_traffic_policies.iter().filter(|policy| is_mine(cx, &policy.meta));
        statuses.extend(policies.map(|policy| of_traffic(cx, policy)));
    }
    statuses
}

fn is_mine(cx: &Context<'_>, meta: &Meta) -> bool {
    scope::is_of_revision(cx.mesh, meta) && scope::is_mine(cx.mesh, meta)
}

fn is_ignored(meta: &Meta) -> bool {
    meta.annotations.get(IGNORE_POLICY_ATTACHMENT).is_some_and(|value| value.eq_ignore_ascii_case("true"))
}

/// What a policy refers to: group, kind, name and section, in a namespace.
type Key<'m> = (&'m str, &'m str, &'m str, &'m str, Option<&'m str>);
/// The policies that refer to each target.
type ByTarget<'m> = BTreeMap<Key<'m>, Vec<&'m Object<BackendTlsPolicy>>>;
/// The Gateways whose routes lead to a backend, by the backend's kind, namespace and name.
type ByBackend<'m> = BTreeMap<(&'m str, &'m str, &'m str), BTreeSet<(&'m str, &'m str)>>;

fn key<'m>(namespace: &'m str, target: &'m LocalPolicyTargetReference) -> Key<'m> {
    (namespace, &target.group, &target.kind, &target.name, target.section_name.as_deref())
}

fn by_target(policies: &[Arc<Object<BackendTlsPolicy>>]) -> ByTarget<'_> {
    let mut by_target = ByTarget::new();
    for policy in policies.iter().filter(|policy| !is_ignored(&policy.meta)) {
        for target in &policy.spec.target_refs {
            by_target.entry(key(&policy.meta.namespace, target)).or_default().push(policy);
        }
    }
    by_target
}

/// What a policy says of itself, whatever its targets.
struct Verdict {
    accepted: Result<String, Fault>,
    /// None for policies that refer to nothing but targets.
    resolved: Option<Result<(), Fault>>,
}

impl Verdict {
    fn new(resolved: bool) -> Self {
        let valid = || "Configuration is valid".to_owned();
        Self { accepted: Ok(valid()), resolved: resolved.then_some(Ok(())) }
    }

    fn conditions(&self) -> Vec<Condition> {
        let accepted = match &self.accepted {
            Ok(message) => Condition::new("Accepted", true, "Accepted", message.clone()),
            Err(fault) => fault.clone().condition("Accepted"),
        };
        let resolved = self.resolved.as_ref().map(|resolved| match resolved {
            Ok(()) => Condition::new("ResolvedRefs", true, "ResolvedRefs", "Configuration is valid"),
            Err(fault) => fault.clone().condition("ResolvedRefs"),
        });
        std::iter::once(accepted).chain(resolved).collect()
    }

    fn of(&self, reference: ParentReference, controller: &Str) -> ParentStatus {
        ParentStatus { reference, controller: controller.clone(), conditions: self.conditions() }
    }
}

fn of_tls(
    cx: &Context<'_>,
    policy: &Object<BackendTlsPolicy>,
    by_backend: &ByBackend<'_>,
    by_target: &ByTarget<'_>,
) -> Status {
    let mut status = Status::of(policy.object_ref());
    if is_ignored(&policy.meta) {
        status.parents = policy.spec.target_refs.iter().map(ignored).collect();
        return status;
    }
    let mut verdict = Verdict::new(true);
    certificate(cx, policy, &mut verdict);
    let namespace = policy.meta.namespace.as_str();
    let mut gateways: BTreeSet<(&str, &str)> = BTreeSet::new();
    for (i, target) in policy.spec.target_refs.iter().enumerate() {
        let cause = Cause::new(policy.object_ref(), FieldPath::at("spec.targetRefs[]", [i]));
        // A fault of one target stays for those after it: an accident.
        if let Some(message) = unknown_target(cx, namespace, target) {
            let message = format!("targetRefs invalid: {message}");
            verdict.accepted = Err(Fault::new("TargetNotFound", message).at(cause));
        } else {
            let others = by_target.get(&key(namespace, target));
            if let Some(winner) = others.into_iter().flatten().find(|other| comes_before(other, policy)) {
                let name = &winner.meta.name;
                let message =
                    format!("Conflicts with BackendTLSPolicy \"{name}\" targeting the same backend");
                let fault = Fault::new("Conflicted", message).at(cause);
                verdict.accepted = Err(fault.at(winner.object_ref().into()));
            }
            let backend = (target.kind.as_str(), namespace, target.name.as_str());
            gateways.extend(by_backend.get(&backend).into_iter().flatten());
        }
        status.parents.push(verdict.of(to_target(target), &MESH));
    }
    let to_gateway = |(_, name): (&str, &str)| ParentReference {
        group: Some(GATEWAY_GROUP.into()),
        kind: Some("Gateway".into()),
        name: name.into(),
        ..ParentReference::default()
    };
    let controller = &cx.mesh.options.features.pilot_gateway_api_controller_name;
    status.parents.extend(gateways.into_iter().map(|g| verdict.of(to_gateway(g), controller)));
    status.parents.truncate(MAX_ANCESTORS);
    status
}

fn of_traffic(cx: &Context<'_>, policy: &Object<XBackendTrafficPolicy>) -> Status {
    let mut status = Status::of(policy.object_ref());
    if is_ignored(&policy.meta) {
        status.parents = policy.spec.target_refs.iter().map(ignored).collect();
        return status;
    }
    let mut verdict = Verdict::new(false);
    if policy.spec.session_persistence.is_some() {
        let message =
            "Configuration is valid, but Istio does not support the following fields: sessionPersistence";
        verdict.accepted = Ok(message.to_owned());
    }
    for (i, target) in policy.spec.target_refs.iter().enumerate() {
        let unknown = match unknown_target(cx, &policy.meta.namespace, target) {
            None if target.kind != "Service" => Some(format!("unsupported reference kind: {}", target.kind)),
            unknown => unknown,
        };
        if let Some(message) = unknown {
            let cause = Cause::new(policy.object_ref(), FieldPath::at("spec.targetRefs[]", [i]));
            let message = format!("targetRefs invalid: {message}");
            verdict.accepted = Err(Fault::new("TargetNotFound", message).at(cause));
        }
        status.parents.push(verdict.of(to_target(target), &MESH));
    }
    status.parents.truncate(MAX_ANCESTORS);
    status
}

fn to_target(target: &LocalPolicyTargetReference) -> ParentReference {
    ParentReference {
        group: Some(target.group.clone()),
        kind: Some(target.kind.clone()),
        name: target.name.clone(),
        section_name: target.section_name.clone(),
        ..ParentReference::default()
    }
}

fn ignored(target: &LocalPolicyTargetReference) -> ParentStatus {
    let message = format!("Ignored by Istio due to annotation {IGNORE_POLICY_ATTACHMENT}=true");
    let mut verdict = Verdict::new(false);
    verdict.accepted = Err(Fault::new("IgnoredByIstio", message));
    verdict.of(to_target(target), &MESH)
}

/// Whether another policy for the same backend wins: the older one, then the one whose name comes first.
fn comes_before(other: &Object<BackendTlsPolicy>, policy: &Object<BackendTlsPolicy>) -> bool {
    let age = |policy: &Object<BackendTlsPolicy>| (policy.meta.creation_timestamp, policy.meta.name.clone());
    other.object_ref() != policy.object_ref() && age(other) < age(policy)
}

/// Why a target is none, if it is.
fn unknown_target(cx: &Context<'_>, namespace: &str, target: &LocalPolicyTargetReference) -> Option<String> {
    let snapshot = &cx.mesh.snapshot;
    let (kind, name) = (target.kind.as_str(), target.name.as_str());
    let ports: Option<Vec<&Str>> = match (target.group.as_str(), kind) {
        ("", "Service") => snapshot::find(&snapshot.services, namespace, name)
            .map(|object| object.spec.ports.iter().map(|port| &port.name).collect()),
        (ISTIO_GROUP, "ServiceEntry") => snapshot::find(&snapshot.service_entries, namespace, name)
            .map(|object| object.spec.ports.iter().map(|port| &port.name).collect()),
        ("", "ConfigMap") if cx.exists(Kind::ConfigMap, namespace, name) => {
            return Some(format!("unsupported reference kind: {kind}"));
        }
        ("", "Secret") if cx.exists(Kind::Secret, namespace, name) => {
            return Some(format!("unsupported reference kind: {kind}"));
        }
        ("", "ConfigMap" | "Secret") => None,
        _ => return Some(format!("unsupported kind {kind}")),
    };
    let Some(ports) = ports else {
        return Some(format!("reference {namespace}/{name} (of kind {kind}) not found"));
    };
    let section = target.section_name.as_ref().filter(|section| !section.is_empty())?;
    (!ports.contains(&section))
        .then(|| format!("sectionName \"{section}\" does not exist in {kind} {namespace}/{name}"))
}

/// Looks at the certificates that a backend's are checked by.
fn certificate(cx: &Context<'_>, policy: &Object<BackendTlsPolicy>, verdict: &mut Verdict) {
    let validation = &policy.spec.validation;
    if let Some(known) = &validation.well_known_ca_certificates {
        if known != "System" {
            let fault = Fault::new("Invalid", format!("Unknown wellKnownCACertificates: {known}"));
            verdict.accepted = Err(fault);
        }
        return;
    }
    let [reference, others @ ..] = validation.ca_certificate_refs.as_slice() else { return };
    if !others.is_empty()
        && let Ok(message) = &mut verdict.accepted
    {
        message.push_str("; warning: only the first caCertificateRefs will be used");
    }
    let (kind, name, namespace) = (&reference.kind, &reference.name, &policy.meta.namespace);
    let missing = || format!("reference {namespace}/{name} (of kind {kind}) not found");
    let unsupported =
        |error: String| ("InvalidKind", format!("Certificate reference invalid: {error}"), error);
    let found = match (reference.group.as_str(), kind.as_str()) {
        ("", "ConfigMap") => match snapshot::find(&cx.mesh.snapshot.config_maps, namespace, name) {
            Some(map) => match missing_root(&map.spec.data) {
                Some(error) => ("InvalidCACertificateRef", format!("Certificate invalid: {error}"), error),
                None => return,
            },
            None => {
                let error = missing();
                ("InvalidCACertificateRef", format!("Certificate reference not found: {error}"), error)
            }
        },
        ("", "Service" | "Secret") | (ISTIO_GROUP, "ServiceEntry") => {
            let kind = match kind.as_str() {
                "Service" => Kind::Service,
                "Secret" => Kind::Secret,
                _ => Kind::ServiceEntry,
            };
            if cx.exists(kind, namespace, name) {
                unsupported(format!("unsupported reference kind: {kind}"))
            } else {
                let error = missing();
                ("InvalidCACertificateRef", format!("Certificate reference not found: {error}"), error)
            }
        }
        _ => {
            let error = format!("unsupported kind {kind}");
            ("InvalidKind", format!("Certificate reference not supported: {error}"), error)
        }
    };
    let (reason, message, error) = found;
    let cause = || {
        let field = FieldPath::at("spec.validation.caCertificateRefs[]", [0]);
        Cause::new(policy.object_ref(), field)
    };
    verdict.resolved = Some(Err(Fault::new(reason, message).at(cause())));
    let message = format!("Certificate reference invalid: {error}");
    verdict.accepted = Err(Fault::new("NoValidCACertificate", message).at(cause()));
}

/// Why a ConfigMap holds no root certificate, if it does not.
fn missing_root(data: &BTreeMap<Str, Str>) -> Option<String> {
    const KEYS: [&str; 2] = ["cacert", "ca.crt"];
    if KEYS.iter().any(|key| data.get(*key).is_some_and(|value| !value.is_empty())) {
        return None;
    }
    if let Some(key) = KEYS.iter().find(|key| data.contains_key(**key)) {
        return Some(format!("found key \"{key}\", but it was empty"));
    }
    let keys: Vec<&str> = data.keys().map(Str::as_str).collect();
    let found = match keys.as_slice() {
        [first, second, third, others @ ..] => {
            format!("{first}, {second}, {third}, and {} more...", others.len())
        }
        few => few.join(", "),
    };
    Some(format!("found secret, but didn't have expected keys cacert or ca.crt; found: {found}"))
}

/// The Gateways that routes attach to, by the backends that these lead to.
fn gateways_of_backends<'m>(cx: &Context<'m>) -> ByBackend<'m> {
    let snapshot: &'m snapshot::Snapshot = &cx.mesh.snapshot;
    let mut found = ByBackend::new();
    for route in &snapshot.http_routes {
        let backends = route.spec.rules.iter().flat_map(|rule| &rule.backend_refs);
        add(&mut found, &route.meta.namespace, &route.spec.parent_refs, backends);
    }
    for route in &snapshot.grpc_routes {
        let backends = route.spec.rules.iter().flat_map(|rule| &rule.backend_refs);
        add(&mut found, &route.meta.namespace, &route.spec.parent_refs, backends);
    }
    let l4 = snapshot.tcp_routes.iter().map(|r| (&r.meta, &r.spec.parent_refs, &r.spec.rules));
    let tls = snapshot.tls_routes.iter().map(|r| (&r.meta, &r.spec.parent_refs, &r.spec.rules));
    for (meta, parents, rules) in l4.chain(tls) {
        let backends = rules.iter().flat_map(|rule| &rule.backend_refs);
        add(&mut found, &meta.namespace, parents, backends);
    }
    found
}

fn add<'m>(
    found: &mut ByBackend<'m>,
    namespace: &'m str,
    parents: &'m [ParentReference],
    backends: impl Iterator<Item = &'m BackendRef>,
) {
    let is_gateway = |parent: &&ParentReference| {
        parent.kind.as_deref().unwrap_or("Gateway") == "Gateway"
            && parent.group.as_deref().unwrap_or(GATEWAY_GROUP) == GATEWAY_GROUP
    };
    let gateways: Vec<(&str, &str)> = parents
        .iter()
        .filter(is_gateway)
        .map(|parent| (parent.namespace.as_deref().unwrap_or(namespace), parent.name.as_str()))
        .collect();
    for to in backends.filter(|_| !gateways.is_empty()) {
        let kind = to.kind.as_deref().unwrap_or("Service");
        let backend = (kind, to.namespace.as_deref().unwrap_or(namespace), to.name.as_str());
        found.entry(backend).or_default().extend(&gateways);
    }
}
