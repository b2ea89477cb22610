//! `unknown-principal`: sources in policies that no client is: no pod runs as the account, or those that do
//! are outside of the mesh.

use std::collections::{BTreeMap, BTreeSet};

use crate::dataplane_mode::{self, INJECT};
use crate::lint::clauses::{self, Clause};
use crate::lint::naming::{is_ambient, is_known_namespace, label, namespace_labels};
use crate::lint::{Context, Rule, list, scope};
use crate::mesh::Workload;
use crate::mesh::workload::{DATAPLANE_MODE, pod};
use crate::nearest::nearest;
use crate::problem::{Code, Problem, Severity};
use crate::resources::authz::attribute::{Attribute, Caller};
use crate::snapshot::security::{Action, AuthorizationPolicy};
use crate::snapshot::{self, Kind, Object, ObjectRef};
use crate::well_known::{EAST_WEST_CLASS, REMOTE_CLASS, REVISION};

pub(super) const RULE: Rule = Rule::new(Code::UnknownPrincipal, include_str!("unknown_principal.md"), check);

/// The account of pods that name none.
const DEFAULT: &str = "default";

/// Why a pod is outside of the mesh.
#[derive(Clone, Copy)]
enum Reason {
    /// It is on the network of its node.
    HostNetwork,
    /// Its label says so.
    Label,
    /// Its namespace is not in ambient mode, and it has no sidecar.
    Namespace,
}

/// Some clients: whether any of them may be in the mesh, else why the first one is not.
#[derive(Default)]
struct Clients {
    may_be_inside: bool,
    outside: Option<(Reason, ObjectRef)>,
}

impl Clients {
    fn add(&mut self, object: impl FnOnce() -> ObjectRef, reason: Option<Reason>) {
        match reason {
            None => self.may_be_inside = true,
            Some(reason) => {
                self.outside.get_or_insert_with(|| (reason, object()));
            }
        }
    }

    /// Why all of them are outside; nothing where one may be inside, or where there is none.
    fn outside(&self) -> Option<&(Reason, ObjectRef)> {
        self.outside.as_ref().filter(|_| !self.may_be_inside)
    }
}

/// The clients of a namespace.
#[derive(Default)]
struct Namespace<'m> {
    by_account: BTreeMap<&'m str, Clients>,
    all: Clients,
    /// Whether there are pods that are not only assumed of what makes them.
    has_pods: bool,
}

/// Who there is.
struct Everybody<'a, 'm> {
    cx: &'a Context<'m>,
    namespaces: BTreeMap<&'m str, Namespace<'m>>,
    /// The Gateways of each namespace: their pods have accounts that are called like them.
    gateways: BTreeMap<&'m str, Vec<&'m str>>,
    /// The namespaces whose accounts are in the snapshot.
    with_accounts: BTreeSet<&'m str>,
    /// Whether there are clients in other clusters.
    has_others: bool,
}

impl<'a, 'm> Everybody<'a, 'm> {
    fn new(cx: &'a Context<'m>) -> Self {
        let mut namespaces: BTreeMap<&'m str, Namespace<'m>> = BTreeMap::new();
        let mut may_be_outside: BTreeMap<&'m str, bool> = BTreeMap::new();
        let mesh = cx.mesh;
        for (_, workload) in mesh.workloads.iter() {
            let name = workload.namespace.as_str();
            let by_namespace = *may_be_outside.entry(name).or_insert_with(|| is_outside(cx, name));
            let reason = reason(cx, workload, by_namespace);
            let namespace = namespaces.entry(name).or_default();
            let account = namespace.by_account.entry(workload.service_account.as_str()).or_default();
            account.add(|| workload.source.object(), reason);
            namespace.all.add(|| workload.source.object(), reason);
            namespace.has_pods |= workload.pod().is_some_and(|pod| !pod.meta.is_assumed());
        }
        let mut gateways: BTreeMap<&'m str, Vec<&'m str>> = BTreeMap::new();
        for gateway in &cx.snapshot.gateways {
            gateways.entry(gateway.meta.namespace.as_str()).or_default().push(gateway.meta.name.as_str());
        }
        for waypoint in &mesh.waypoints {
            let accounts = gateways.entry(waypoint.name.namespace.as_str()).or_default();
            accounts.push(waypoint.proxy.service_account.as_str());
        }
        let classes = cx.snapshot.gateways.iter().map(|gateway| &gateway.spec.gateway_class_name);
        let accounts = cx.snapshot.service_accounts.iter();
        Self {
            cx,
            namespaces,
            gateways,
            with_accounts: accounts.map(|account| account.meta.namespace.as_str()).collect(),
            has_others: classes.into_iter().any(|class| class == EAST_WEST_CLASS || class == REMOTE_CLASS),
        }
    }

    /// Whether a Gateway's pods may run as an account.
    fn is_of_gateway(&self, namespace: &str, account: &str) -> bool {
        let mut gateways = self.gateways.get(namespace).into_iter().flatten();
        gateways.any(|gateway| {
            account.strip_prefix(gateway).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
        })
    }

    /// What is wrong with a source.
    fn problem(&self, policy: &Object<AuthorizationPolicy>, named: &Named<'_>) -> Option<Problem> {
        let Named { value, namespace, account } = *named;
        let known = self.namespaces.get(namespace).filter(|_| !self.has_others)?;
        let clients = match account {
            None => &known.all,
            Some(account) if self.is_of_gateway(namespace, account) => return None,
            Some(account) => match known.by_account.get(account) {
                Some(clients) => clients,
                None => return self.unknown(policy, named, known, account),
            },
        };
        let (reason, object) = clients.outside()?;
        let whose = match account {
            Some(account) => {
                format!("the pods of namespace `{namespace}` that run as service account `{account}`")
            }
            None => format!("the pods of namespace `{namespace}`"),
        };
        let (why, help) = match reason {
            Reason::HostNetwork => (
                "are on the network of their nodes".to_owned(),
                "run them without `hostNetwork`: ztunnel does not take connections of the node's network"
                    .to_owned(),
            ),
            Reason::Label => (
                format!("are not in the mesh, by the label `{DATAPLANE_MODE}`"),
                "take the label off the pods".to_owned(),
            ),
            Reason::Namespace => {
                ("are not in the mesh".to_owned(), format!("label the Namespace `{DATAPLANE_MODE}: ambient`"))
            }
        };
        let message = format!("{whose} {why}: they have no identity, and nobody fits `{value}`");
        let problem = Problem::new(Code::UnknownPrincipal, message).help(help);
        Some(match reason {
            Reason::Namespace => {
                let object = ObjectRef::new(Kind::Namespace, "", namespace.to_owned());
                problem.related_object(object, "metadata.labels", "this Namespace is not in ambient mode")
            }
            Reason::HostNetwork => {
                problem.related_object(object.clone(), "spec.hostNetwork", "this pod is one of them")
            }
            Reason::Label => {
                problem.related_object(object.clone(), label(DATAPLANE_MODE), "this pod is one of them")
            }
        })
    }

    /// A source that no pod of its namespace is. Where the pods are assumed, or the namespace is Istio's own,
    /// there may be others.
    fn unknown(
        &self,
        policy: &Object<AuthorizationPolicy>,
        named: &Named<'_>,
        known: &Namespace<'_>,
        account: &str,
    ) -> Option<Problem> {
        let Named { value, namespace, .. } = *named;
        let cx = self.cx;
        let is_there = snapshot::find(&cx.snapshot.service_accounts, namespace, account).is_some();
        if is_there {
            return None;
        }
        let names = || known.by_account.keys().copied().filter(|name| !name.is_empty());
        let meant = nearest(account, names().chain([DEFAULT]));
        let is_whole = self.with_accounts.contains(namespace) || cx.mesh.config.root_namespace != namespace;
        if meant.is_none() && !(known.has_pods && is_whole) {
            return None;
        }
        let own = &policy.meta.namespace;
        let elsewhere = || {
            let mut others = self.namespaces.iter();
            let found = others.find(|(_, other)| other.by_account.contains_key(account));
            found.map(|(name, _)| *name).filter(|_| !value.contains('/'))
        };
        let help = if let Some(meant) = meant {
            let before = value.rsplit_once('/').map_or_else(String::new, |(before, _)| format!("{before}/"));
            format!("write `{before}{meant}`, if account `{meant}` is meant")
        } else if let Some(other) = elsewhere() {
            format!("write `{other}/{value}`: an account without a namespace is one of the policy's, `{own}`")
        } else {
            format!(
                "name an account that its pods run as ({}), or have the clients run as this one by \
                 `serviceAccountName`",
                list::few(names())
            )
        };
        let message = format!(
            "no pod of namespace `{namespace}` runs as service account `{account}`: nobody fits `{value}`"
        );
        // Its pods may be in other files, unless the snapshot has the namespace's accounts, or one that is meant.
        let is_sure = meant.is_some() || elsewhere().is_some() || self.with_accounts.contains(namespace);
        let severity = if is_sure { Severity::Warning } else { Severity::Note };
        Some(Problem::new(Code::UnknownPrincipal, message).severity(severity).help(help))
    }
}

fn check(cx: &Context<'_>) -> Vec<Problem> {
    let mut everybody = None;
    let mut found = Vec::new();
    for policy in &cx.snapshot.authorization_policies {
        if !matches!(policy.spec.action, Action::Allow | Action::Deny) {
            continue;
        }
        let rules: Vec<_> = clauses::rules(&policy.spec).collect();
        let mut wrong = Vec::new();
        for clause in rules.iter().flat_map(|rule| rule.all()) {
            for (value, field) in clause.values.each() {
                let Some(named) = named(cx, policy, clause, value) else { continue };
                let everybody = everybody.get_or_insert_with(|| Everybody::new(cx));
                let problem = everybody.problem(policy, &named);
                wrong.extend(problem.map(|problem| problem.on(policy.object_ref()).field(field)));
            }
        }
        if !wrong.is_empty() && scope::is_for_ambient(cx, &**policy) {
            found.extend(wrong);
        }
    }
    found
}

/// Whom a value names.
struct Named<'v> {
    value: &'v str,
    namespace: &'v str,
    /// None where it is all of the namespace.
    account: Option<&'v str>,
}

/// Whom a value of a clause names, if it says so without wildcards.
fn named<'v>(
    cx: &Context<'_>,
    policy: &'v Object<AuthorizationPolicy>,
    clause: &Clause<'_>,
    value: &'v str,
) -> Option<Named<'v>> {
    let Attribute::Caller(caller) = &clause.attribute else { return None };
    if value.contains('*') {
        return None;
    }
    let (namespace, account) = match caller {
        Caller::Namespace => (value, None),
        Caller::ServiceAccount => {
            let own = policy.meta.namespace.as_str();
            let (namespace, account) = value.split_once('/').unwrap_or((own, value));
            (namespace, Some(account))
        }
        Caller::Principal => {
            let (domain, rest) = value.split_once("/ns/")?;
            let (namespace, account) = rest.split_once("/sa/")?;
            if account.contains('/') || !is_own_domain(cx, domain) {
                return None;
            }
            (namespace, Some(account))
        }
        _ => return None,
    };
    (account != Some("")).then_some(Named { value, namespace, account })
}

/// Whether a trust domain is the mesh's.
fn is_own_domain(cx: &Context<'_>, domain: &str) -> bool {
    let config = &cx.mesh.config;
    domain == "cluster.local"
        || config.trust_domain == domain
        || config.trust_domain_aliases.iter().any(|alias| alias == domain)
}

/// Whether the pods of a namespace are outside of the mesh unless they say otherwise. Where it has Services
/// with a waypoint, `namespace-not-ambient` tells.
fn is_outside(cx: &Context<'_>, namespace: &str) -> bool {
    let has_waypoint =
        || cx.mesh.services.in_namespace(namespace).iter().any(|id| cx.waypoint_of(*id).is_some());
    is_known_namespace(cx, namespace)
        && !is_ambient(cx, namespace)
        && cx.mesh.config.root_namespace != namespace
        && !has_waypoint()
}

/// Why a workload is certainly outside of the mesh.
fn reason(cx: &Context<'_>, workload: &Workload, outside_by_namespace: bool) -> Option<Reason> {
    let pod = workload.pod()?;
    let is_proxy = workload.is_waypoint || workload.gateway().is_some();
    let has_proxy = dataplane_mode::has_proxy(workload) || dataplane_mode::has_sidecar(workload);
    if workload.hbone || is_proxy || has_proxy || pod::is_terminal(&pod.spec) {
        return None;
    }
    if pod.spec.host_network {
        return Some(Reason::HostNetwork);
    }
    let labels = &workload.labels;
    let asks_for_sidecar = labels.get(INJECT).is_some_and(|value| value == "true")
        || labels.contains_key(REVISION)
        || dataplane_mode::are_injected(namespace_labels(cx, &workload.namespace));
    if asks_for_sidecar {
        return None;
    }
    match labels.get(DATAPLANE_MODE) {
        Some(mode) => (mode == "none").then_some(Reason::Label),
        None => outside_by_namespace.then_some(Reason::Namespace),
    }
}
