//! `waypoint-locked-out`: ztunnel does not let the waypoint in.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use envoy::istio::security::{Authorization, Match};

use super::default_deny_misses_waypoint::{Guarded, is_default_deny};
use crate::hash::HashMap;
use crate::lint::ambient::{Destination, Way};
use crate::lint::identity::Identity;
use crate::lint::list::few;
use crate::lint::rule::Releases;
use crate::lint::{Context, Rule};
use crate::mesh::selector_index::SelectorIndex;
use crate::mesh::{ServiceSource, Waypoint, WaypointName};
use crate::problem::{Code, Problem};
use crate::release::Release;
use crate::snapshot::security::{Action, AuthorizationPolicy};
use crate::snapshot::{IntOrString, Object, ObjectRef};
use crate::ztunnel::policies::authorization::{Unsupported, verdict};

/// ztunnel of 1.18 applies no policies to what comes from a workload's waypoint.
pub(super) const RULE: Rule = Rule {
    releases: Releases::Since(Release::V1_29),
    ..Rule::new(Code::WaypointLockedOut, include_str!("waypoint_locked_out.md"), check)
};

fn check(cx: &Context<'_>) -> Vec<Problem> {
    if cx.mesh.options.features.pilot_auto_allow_waypoint_policy {
        return Vec::new();
    }
    let policies = policies(cx);
    if policies.is_empty() {
        return Vec::new();
    }
    let index = Index::new(cx, &policies);
    let guarded = Guarded::new(cx);
    let mut identities: BTreeMap<&WaypointName, Identity<'_>> = BTreeMap::new();
    let mut blamed: BTreeMap<ObjectRef, Blame<'_>> = BTreeMap::new();
    for destination in cx.ambient().all().filter(|destination| !destination.ways.is_empty()) {
        let over = index.over(destination);
        for way in destination.ways.iter().filter(|_| !over.is_empty()) {
            let waypoint = way.waypoint;
            let identity =
                identities.entry(&waypoint.name).or_insert_with(|| Identity::of(cx.mesh, waypoint));
            if let Some(policy) = blame(cx, &over, *way, identity, &guarded) {
                let blame = blamed.entry(policy.object.object_ref()).or_insert_with(|| Blame::new(policy));
                blame.add(way, identity);
            }
        }
    }
    blamed.into_iter().map(|(object, blame)| blame.problem(object)).collect()
}

/// A policy as ztunnel has it.
struct Policy<'m> {
    object: &'m Arc<Object<AuthorizationPolicy>>,
    made: Authorization,
    /// Whether rules are left out for being about HTTP: another finding tells.
    is_less: bool,
}

impl Policy<'_> {
    /// How narrow it is.
    fn rank(&self, root: &str) -> (bool, bool, bool) {
        (
            !self.made.groups.is_empty(),
            self.object.spec.selector.is_some(),
            self.object.meta.namespace != root,
        )
    }
}

fn policies<'m>(cx: &Context<'m>) -> Vec<Policy<'m>> {
    let all = cx.snapshot.authorization_policies.iter();
    let made = all.filter_map(|object| {
        let verdict = verdict(object, &cx.mesh.config.root_namespace, &cx.mesh.options.features);
        let is_less = matches!(verdict.unsupported, Some(Unsupported::Http { .. }));
        let made = verdict.policy.filter(|made| !made.dry_run)?;
        Some(Policy { object, made, is_less })
    });
    made.collect()
}

/// The policies by what they are for.
struct Index<'p, 'm> {
    policies: &'p [Policy<'m>],
    root: &'m str,
    wide: HashMap<&'p str, Vec<usize>>,
    selecting: SelectorIndex<'p, usize>,
}

impl<'p, 'm> Index<'p, 'm> {
    fn new(cx: &Context<'m>, policies: &'p [Policy<'m>]) -> Self {
        let mut wide: HashMap<&str, Vec<usize>> = HashMap::default();
        let mut selecting = Vec::new();
        for (i, policy) in policies.iter().enumerate() {
            let namespace = policy.object.meta.namespace.as_str();
            match policy.object.spec.selector.as_ref().map(|s| &s.match_labels).filter(|s| !s.is_empty()) {
                Some(labels) => selecting.push((namespace, labels, i)),
                None => wide.entry(namespace).or_default().push(i),
            }
        }
        let root = cx.mesh.config.root_namespace.as_str();
        Self { policies, root, wide, selecting: SelectorIndex::new(&selecting) }
    }

    /// The policies for a workload.
    fn over(&self, destination: &Destination<'_>) -> Vec<&'p Policy<'m>> {
        let own = destination.namespace;
        let namespaces = std::iter::once(own).chain(Some(self.root).filter(|root| *root != own));
        let mut found: Vec<usize> = Vec::new();
        for namespace in namespaces {
            found.extend(self.wide.get(namespace).into_iter().flatten());
            found.extend(self.selecting.matching(namespace, destination.labels));
        }
        found.sort_unstable();
        found.into_iter().filter_map(|i| self.policies.get(i)).collect()
    }
}

/// The policy that certainly keeps a waypoint out: a DENY that fits it, else the narrowest ALLOW where none
/// fits.
fn blame<'p, 'm>(
    cx: &Context<'m>,
    over: &[&'p Policy<'m>],
    way: Way<'_>,
    identity: &Identity<'_>,
    guarded: &Guarded<'m>,
) -> Option<&'p Policy<'m>> {
    let with = |action| over.iter().copied().filter(move |policy| policy.object.spec.action == action);
    let ports = ports(cx, way);
    if let Some(deny) = with(Action::Deny).find(|policy| denies(policy, identity, &ports)) {
        return Some(deny);
    }
    let mut allows = with(Action::Allow).peekable();
    allows.peek()?;
    let allows: Vec<_> = allows.collect();
    if allows.iter().any(|policy| policy.is_less || identity.fits(&policy.made, None) != Some(false)) {
        return None;
    }
    let root = cx.mesh.config.root_namespace.as_str();
    let narrowest = allows.into_iter().max_by_key(|policy| policy.rank(root))?;
    // What lets every client in by a waypoint, and nobody past it, is told as a default deny that misses the
    // waypoint.
    let is_told = is_default_deny(narrowest.object) && !guarded.has(&way);
    (!is_told).then_some(narrowest)
}

/// Whether a DENY that tells callers apart certainly fits a waypoint.
fn denies(policy: &Policy<'_>, identity: &Identity<'_>, ports: &BTreeSet<u32>) -> bool {
    let tells_apart = |m: &Match| {
        let texts = [&m.principals, &m.not_principals, &m.namespaces, &m.not_namespaces];
        let accounts = [&m.service_accounts, &m.not_service_accounts];
        texts.iter().any(|list| !list.is_empty()) || accounts.iter().any(|list| !list.is_empty())
    };
    let groups = policy.made.groups.iter();
    let mut of_callers =
        groups.filter(|group| group.rules.iter().flat_map(|rules| &rules.matches).any(tells_apart));
    of_callers.any(|group| {
        identity.fits_group(group, None) == Some(true)
            || ports.iter().any(|port| identity.fits_group(group, Some(*port)) == Some(true))
    })
}

/// The ports of the pods to which a waypoint sends.
fn ports(cx: &Context<'_>, way: Way<'_>) -> BTreeSet<u32> {
    let Some((id, service)) = way.service else { return BTreeSet::new() };
    let of_endpoints = cx.mesh.endpoints.of(id).iter().map(|endpoint| endpoint.port);
    let mut ports: BTreeSet<u32> = of_endpoints.collect();
    if let ServiceSource::Kubernetes(object) = &service.source {
        let declared = object.spec.ports.iter().filter_map(|port| match port.target_port {
            Some(IntOrString::Int(target)) => u32::try_from(target).ok(),
            Some(IntOrString::Name(_)) => None,
            None => u32::try_from(port.port).ok(),
        });
        ports.extend(declared);
    }
    ports
}

/// What a policy keeps out.
struct Blame<'m> {
    denies: bool,
    field: &'static str,
    waypoints: BTreeMap<WaypointName, (&'m Waypoint, String)>,
    behind: BTreeSet<String>,
}

impl<'m> Blame<'m> {
    fn new(policy: &Policy<'_>) -> Self {
        let field = if policy.object.spec.rules.is_empty() { "spec" } else { "spec.rules" };
        Self {
            denies: policy.object.spec.action == Action::Deny,
            field,
            waypoints: BTreeMap::new(),
            behind: BTreeSet::new(),
        }
    }

    fn add(&mut self, way: &Way<'m>, identity: &Identity<'_>) {
        let found = (way.waypoint, identity.principal().to_owned());
        self.waypoints.entry(way.waypoint.name.clone()).or_insert(found);
        self.behind.extend(way.service.map(|(_, service)| service.object_name().to_string()));
    }

    fn problem(self, object: ObjectRef) -> Problem {
        let principals = few(self.waypoints.values().map(|(_, principal)| principal));
        let (does, help) = if self.denies {
            ("denies", format!("add {principals} to `notPrincipals`, so that the waypoint is not denied"))
        } else {
            ("does not admit", format!("add the principal {principals}"))
        };
        let behind =
            if self.behind.is_empty() { "workloads behind it".to_owned() } else { few(&self.behind) };
        let message = format!(
            "ztunnel sees the waypoint as the source, {principals}, which this policy {does}: requests to \
             {behind} through the waypoint are refused"
        );
        let problem = Problem::new(Code::WaypointLockedOut, message).on(object).field(self.field).help(help);
        self.waypoints.into_values().take(5).fold(problem, |problem, (waypoint, _)| {
            problem.related_object(waypoint.gateway.object_ref(), "", "this waypoint is refused")
        })
    }
}
