//! What ztunnel can enforce of an AuthorizationPolicy: what stands below HTTP.
//!
//! Source: [L4 authorization](https://istio.io/latest/docs/ambient/usage/l4-policy/).

use std::collections::BTreeSet;

use envoy::istio::security::{self, Authorization, Group, Match, Rules, Scope};

use super::matches;
use crate::features::Features;
use crate::mesh::attachment;
use crate::snapshot::Object;
use crate::snapshot::security::{Action, AuthorizationPolicy, Condition, Operation, Rule, Source};
use crate::well_known::DRY_RUN;

/// What ztunnel makes of an AuthorizationPolicy.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Verdict {
    /// The policy that ztunnel gets, if it gets one.
    pub policy: Option<Authorization>,
    /// What it cannot do of it: the policy is left out, or enforced without that.
    pub unsupported: Option<Unsupported>,
}

/// What ztunnel cannot do of an AuthorizationPolicy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unsupported {
    /// To only tell what it would do, unless it is allowed to.
    DryRun,
    /// `AUDIT` and `CUSTOM`.
    Action(Action),
    /// To look at HTTP. A rule that allows is left out for it, one that denies does so without looking.
    Http {
        /// The attributes, sorted.
        attributes: BTreeSet<String>,
        /// Whether the policy denies.
        denies: bool,
    },
}

/// What ztunnel makes of a policy; neither a policy nor a reason for one that is for waypoints.
#[must_use]
pub fn verdict(object: &Object<AuthorizationPolicy>, root_namespace: &str, features: &Features) -> Verdict {
    let (meta, spec) = (&object.meta, &object.spec);
    let refused = |unsupported| Verdict { policy: None, unsupported: Some(unsupported) };
    let dry_run = meta.annotations.get(DRY_RUN).is_some_and(|value| matches::is_true(value));
    if dry_run && !features.ambient_enable_dry_run_authorization_policy {
        return refused(Unsupported::DryRun);
    }
    if !attachment::refers_to_nothing(object) {
        return Verdict::default();
    }
    let action = match spec.action {
        Action::Allow => security::Action::Allow,
        Action::Deny => security::Action::Deny,
        other => return refused(Unsupported::Action(other)),
    };
    let denies = action == security::Action::Deny;
    let mut attributes = BTreeSet::new();
    let mut groups = Vec::new();
    for rule in &spec.rules {
        let of_http = http_attributes(rule);
        // For Istio it is safer to deny too much.
        if denies || of_http.is_empty() {
            groups.push(Group { rules: rules(rule, &meta.namespace) });
        }
        attributes.extend(of_http);
    }
    let policy = Authorization {
        name: meta.name.to_string(),
        namespace: meta.namespace.to_string(),
        scope: scope(object, root_namespace).into(),
        action: action.into(),
        groups,
        dry_run,
        ..Authorization::default()
    };
    let unsupported = (!attributes.is_empty()).then_some(Unsupported::Http { attributes, denies });
    Verdict { policy: Some(policy), unsupported }
}

/// Whether the rule of a group can fit any connection: where each alternative of a clause is about HTTP only,
/// nothing of it is left, and ztunnel takes what is empty for what does not fit.
pub(crate) fn fires(group: &Group) -> bool {
    group.rules.iter().all(|rules| rules.matches.iter().any(|matching| *matching != Match::default()))
}

/// Whom a policy is for.
fn scope(object: &Object<AuthorizationPolicy>, root_namespace: &str) -> Scope {
    if object.spec.selector.is_some() {
        Scope::WorkloadSelector
    } else if object.meta.namespace == root_namespace {
        Scope::Global
    } else {
        Scope::Namespace
    }
}

/// The rules that all have to fit: one for the operations, one for the sources, one for each condition.
fn rules(rule: &Rule, namespace: &str) -> Vec<Rules> {
    let operations = rule.to.iter().map(|to| to.operation.as_ref().map(operation).unwrap_or_default());
    let sources =
        rule.from.iter().map(|from| from.source.as_ref().map(|s| source(s, namespace)).unwrap_or_default());
    let either: [Vec<Match>; 2] = [operations.collect(), sources.collect()];
    let either = either.into_iter().filter(|matches| !matches.is_empty()).map(|matches| Rules { matches });
    either.chain(rule.when.iter().map(|when| super::one(condition(when)))).collect()
}

fn operation(operation: &Operation) -> Match {
    Match {
        destination_ports: matches::ports(&operation.ports),
        not_destination_ports: matches::ports(&operation.not_ports),
        ..Match::default()
    }
}

fn source(source: &Source, namespace: &str) -> Match {
    Match {
        source_ips: matches::addresses(&source.ip_blocks),
        not_source_ips: matches::addresses(&source.not_ip_blocks),
        namespaces: matches::texts(&source.namespaces),
        not_namespaces: matches::texts(&source.not_namespaces),
        service_accounts: matches::service_accounts(&source.service_accounts, namespace),
        not_service_accounts: matches::service_accounts(&source.not_service_accounts, namespace),
        principals: matches::texts(&source.principals),
        not_principals: matches::texts(&source.not_principals),
        ..Match::default()
    }
}

/// A condition; one of HTTP says nothing, and so fits everything.
fn condition(when: &Condition) -> Match {
    let (values, not_values) = (&when.values, &when.not_values);
    match when.key.as_str() {
        "source.namespace" => Match {
            namespaces: matches::texts(values),
            not_namespaces: matches::texts(not_values),
            ..Match::default()
        },
        "source.principal" => Match {
            principals: matches::texts(values),
            not_principals: matches::texts(not_values),
            ..Match::default()
        },
        "source.ip" => Match {
            source_ips: matches::addresses(values),
            not_source_ips: matches::addresses(not_values),
            ..Match::default()
        },
        "destination.ip" => Match {
            destination_ips: matches::addresses(values),
            not_destination_ips: matches::addresses(not_values),
            ..Match::default()
        },
        "destination.port" => Match {
            destination_ports: matches::ports(values),
            not_destination_ports: matches::ports(not_values),
            ..Match::default()
        },
        _ => Match::default(),
    }
}

/// The conditions that stand below HTTP.
const CONDITIONS: [&str; 5] =
    ["source.ip", "source.namespace", "source.principal", "destination.ip", "destination.port"];

/// The attributes of HTTP that a rule looks at.
fn http_attributes(rule: &Rule) -> BTreeSet<String> {
    let operations = rule.to.iter().filter_map(|to| to.operation.as_ref()).flat_map(of_operation);
    let sources = rule.from.iter().filter_map(|from| from.source.as_ref()).flat_map(of_source);
    let used = operations.chain(sources).filter(|(_, used)| *used).map(|(name, _)| name);
    let keys = rule.when.iter().map(|when| when.key.as_str()).filter(|key| !CONDITIONS.contains(key));
    used.chain(keys).map(str::to_owned).collect()
}

fn of_operation(operation: &Operation) -> [(&'static str, bool); 6] {
    [
        ("hosts", !operation.hosts.is_empty()),
        ("notHosts", !operation.not_hosts.is_empty()),
        ("methods", !operation.methods.is_empty()),
        ("notMethods", !operation.not_methods.is_empty()),
        ("paths", !operation.paths.is_empty()),
        ("notPaths", !operation.not_paths.is_empty()),
    ]
}

fn of_source(source: &Source) -> [(&'static str, bool); 4] {
    [
        ("remoteIpBlocks", !source.remote_ip_blocks.is_empty()),
        ("notRemoteIpBlocks", !source.not_remote_ip_blocks.is_empty()),
        ("requestPrincipals", !source.request_principals.is_empty()),
        ("notRequestPrincipals", !source.not_request_principals.is_empty()),
    ]
}
