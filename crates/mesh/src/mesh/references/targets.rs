//! What policies are for: `targetRefs` that name nothing, or something that no waypoint serves.
//!
//! The reasons are those of Istio's condition `WaypointAccepted`.

use std::cell::OnceCell;
use std::sync::Arc;

use super::Known;
use crate::Str;
use crate::hash::{HashMap, HashSet};
use crate::mesh::{ServiceId, hostname};
use crate::nearest::{did_you_mean, nearest};
use crate::problem::{Code, Problem};
use crate::snapshot::selector::PolicyTargetReference;
use crate::snapshot::{self, Kind, Object, ObjectRef, Resource, Snapshot};
use crate::well_known::{GATEWAY_GROUP, ISTIO_GROUP, WAYPOINT_CLASS};

/// How many names are listed at most.
const FEW: usize = 5;

/// The references of a policy: the older, single one, and the list.
type References<'a> = (Option<&'a PolicyTargetReference>, &'a [PolicyTargetReference]);

/// Targets that no waypoint ever looks at.
pub(super) fn problems(known: Known<'_>) -> Vec<Problem> {
    let s = known.snapshot;
    let targets = Targets::new(known);
    let mut problems = targets.of(&s.authorization_policies, |p| (p.target_ref.as_ref(), &p.target_refs));
    problems.extend(targets.of(&s.request_authentications, |p| (p.target_ref.as_ref(), &p.target_refs)));
    problems.extend(targets.of(&s.telemetries, |p| (p.target_ref.as_ref(), &p.target_refs)));
    problems.extend(targets.of(&s.wasm_plugins, |p| (p.target_ref.as_ref(), &p.target_refs)));
    problems.extend(targets.of(&s.traffic_extensions, |p| (None, &p.target_refs)));
    problems
        .extend(targets.of(&s.envoy_filters, |p| (None, &p.target_refs)).into_iter().filter(is_not_found));
    problems
}

/// What can be a target.
struct Targets<'a> {
    known: Known<'a>,
    /// The hosts that a waypoint serves. Of several Services with one host a waypoint lists one, and none of
    /// them is without a waypoint.
    served: HashSet<&'a str>,
    there: OnceCell<There<'a>>,
}

/// The objects that there are, as far as they may be targets.
struct There<'a> {
    /// Their names, by kind and namespace.
    names: HashMap<(Kind, &'a str), Vec<&'a str>>,
    /// The first namespace that has one of a kind and name.
    namespaces: HashMap<(Kind, &'a str), &'a str>,
}

impl<'a> There<'a> {
    fn new(snapshot: &'a Snapshot) -> Self {
        let (mut names, mut namespaces) = (HashMap::default(), HashMap::default());
        let may_be = |kind| matches!(kind, Kind::Service | Kind::ServiceEntry | Kind::Gateway);
        for (kind, meta, _) in snapshot.metadata().filter(|(kind, ..)| may_be(*kind)) {
            let (namespace, name) = (meta.namespace.as_str(), meta.name.as_str());
            names.entry((kind, namespace)).or_insert_with(Vec::new).push(name);
            namespaces.entry((kind, name)).or_insert(namespace);
        }
        Self { names, namespaces }
    }
}

impl<'a> Targets<'a> {
    fn new(known: Known<'a>) -> Self {
        let served = known.waypoints.iter().flat_map(|waypoint| &waypoint.services);
        let served = served.filter_map(|id| known.services.get(*id)).map(|s| s.hostname.as_str()).collect();
        Self { known, served, there: OnceCell::new() }
    }

    fn of<T: Resource>(
        &self,
        objects: &[Arc<Object<T>>],
        references: impl Fn(&T) -> References<'_>,
    ) -> Vec<Problem> {
        let mut problems = Vec::new();
        for object in objects {
            let (single, list) = references(&object.spec);
            let single =
                single.filter(|_| list.is_empty()).map(|target| ("spec.targetRef".to_owned(), target));
            let list = list.iter().enumerate().map(|(i, target)| (format!("spec.targetRefs[{i}]"), target));
            for (field, target) in single.into_iter().chain(list) {
                let found = self.problem(&object.meta.namespace, target);
                problems.extend(found.map(|problem| problem.on(object.object_ref()).field(field)));
            }
        }
        problems
    }

    /// What is wrong with a reference of a policy in a namespace, if anything is.
    fn problem(&self, namespace: &str, target: &PolicyTargetReference) -> Option<Problem> {
        let object = |kind| ObjectRef::new(kind, namespace, &*target.name);
        match (target.group.as_str(), target.kind.as_str()) {
            ("" | "core", "Service") => {
                let hosts = [hostname::of_service(&target.name, namespace)];
                self.served(object(Kind::Service), &hosts)
            }
            (ISTIO_GROUP, "ServiceEntry") => {
                let entry = snapshot::find(&self.known.snapshot.service_entries, namespace, &target.name);
                let hosts = entry.map_or(&[][..], |entry| &entry.spec.hosts);
                self.served(object(Kind::ServiceEntry), hosts)
            }
            (GATEWAY_GROUP, "Gateway") => {
                let gateway = snapshot::find(&self.known.snapshot.gateways, namespace, &target.name);
                gateway.is_none().then(|| self.not_there(&object(Kind::Gateway)))
            }
            (GATEWAY_GROUP, "GatewayClass")
                if target.name == WAYPOINT_CLASS && namespace != self.known.root_namespace =>
            {
                let root = self.known.root_namespace;
                Some(not_found(format!(
                    "a policy for the GatewayClass has to be in the root namespace, `{root}`"
                )))
            }
            _ => None,
        }
    }

    /// An object that is not there, and what is there instead: what its name may have been meant for, or all
    /// of its kind and namespace where these are few.
    fn not_there(&self, object: &ObjectRef) -> Problem {
        let (kind, namespace) = (object.kind, object.namespace.as_str());
        let there = self.there().names.get(&(kind, namespace)).map(Vec::as_slice).unwrap_or_default();
        let problem = not_found(format!("there is no {object}"));
        let elsewhere = || self.there().namespaces.get(&(kind, object.name.as_str())).copied();
        if let Some(near) = nearest(&object.name, there.iter().copied()) {
            problem.help(did_you_mean([near]))
        } else if let Some(elsewhere) = elsewhere() {
            problem.help(format!(
                "{kind} `{elsewhere}/{}` is in another namespace: a policy is for targets in its own",
                object.name
            ))
        } else if (1..=FEW).contains(&there.len()) {
            let listed: Vec<String> = there.iter().map(|name| format!("`{name}`")).collect();
            problem.help(format!("namespace `{namespace}` has {kind} {}", listed.join(", ")))
        } else if there.is_empty() {
            problem.help(format!("add it, or remove the target: namespace `{namespace}` has no {kind}"))
        } else {
            problem.help("name one that is there, or remove the target")
        }
    }

    /// What is there; looked at once, and only where something is not.
    fn there(&self) -> &There<'a> {
        self.there.get_or_init(|| There::new(self.known.snapshot))
    }

    /// What is wrong with a reference to an object that makes Services of these hosts.
    fn served(&self, object: ObjectRef, hosts: &[Str]) -> Option<Problem> {
        let services = self.known.services;
        let is_its = |id: &ServiceId| services.get(*id).is_some_and(|s| s.source.object() == object);
        let mut there =
            hosts.iter().filter(|host| services.with_hostname(host).iter().any(is_its)).peekable();
        if there.peek().is_none() {
            Some(self.not_there(&object))
        } else if !there.any(|host| self.served.contains(host.as_str())) {
            Some(Problem::new(Code::TargetWithoutWaypoint, format!("no waypoint serves {object}")))
        } else {
            None
        }
    }
}

/// Whether the target is not there. Whether a waypoint serves it is another matter for an EnvoyFilter, which
/// is never for a Service.
fn is_not_found(problem: &Problem) -> bool {
    problem.code == Code::TargetNotFound
}

fn not_found(message: String) -> Problem {
    Problem::new(Code::TargetNotFound, message)
}
