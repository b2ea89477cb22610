//! `no-waypoint`: HTTP configuration of what no waypoint serves.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::Str;
use crate::hash::HashMap;
use crate::lint::concerns::Sort;
use crate::lint::naming::{Naming, is_known_namespace};
use crate::lint::unserved::Unserved;
use crate::lint::{Context, Rule, list};
use crate::mesh::selector_index::SelectorIndex;
use crate::mesh::waypoint::USE_WAYPOINT;
use crate::mesh::{ServiceId, Workload};
use crate::problem::{Code, Problem, Severity};
use crate::snapshot::selector::WorkloadSelector;
use crate::snapshot::{Kind, Labels, Object, ObjectRef, Resource};
use crate::well_known::WAYPOINT_CLASS;

use super::client_side_waypoint::is_at_client;

pub(super) const RULE: Rule = Rule::new(Code::NoWaypoint, include_str!("no_waypoint.md"), check);

/// An object that does nothing, for want of a waypoint.
struct Idle {
    object: ObjectRef,
    field: String,
    /// The Service or ServiceEntry that it is for.
    service: ObjectRef,
    opt_out: Option<Naming>,
    is_note: bool,
}

fn check(cx: &Context<'_>) -> Vec<Problem> {
    let unserved = cx.unserved();
    let mut idle = routes(cx, unserved);
    let s = cx.snapshot;
    let services = cx.mesh.services.iter();
    let selectors: Vec<_> = services.map(|(id, s)| (s.namespace.as_str(), &s.selector, id)).collect();
    let selectors = SelectorIndex::new(&selectors);
    let mut by_selector = BySelector { cx, unserved, selectors, idle: &mut idle };
    by_selector.add(&s.request_authentications, |p| {
        (p.selector.as_ref(), p.target_ref.is_some() || !p.target_refs.is_empty())
    });
    by_selector
        .add(&s.wasm_plugins, |p| (p.selector.as_ref(), p.target_ref.is_some() || !p.target_refs.is_empty()));
    by_selector.add(&s.traffic_extensions, |p| (p.selector.as_ref(), !p.target_refs.is_empty()));
    let mut groups: BTreeMap<(Str, Option<Naming>, bool), Vec<Idle>> = BTreeMap::new();
    for idle in idle {
        let key = (idle.service.namespace.clone(), idle.opt_out.clone(), idle.is_note);
        groups.entry(key).or_default().push(idle);
    }
    groups.into_values().filter_map(|group| problem(cx, &group)).collect()
}

/// Routes for Services without a waypoint.
fn routes(cx: &Context<'_>, unserved: &HashMap<ObjectRef, Unserved<'_>>) -> Vec<Idle> {
    let concerns = cx.concerns();
    // Sidecars read routes, too.
    let has_sidecars = cx.has_sidecars_anywhere();
    let mut found = Vec::new();
    for target in concerns.targets() {
        let Some(unserved) = unserved.get(target).filter(|unserved| unserved.in_mesh) else { continue };
        let routes = concerns.of(target).iter().filter(|concern| concern.sort.is_route());
        for route in routes.filter(|route| !is_at_client(cx, route, unserved)) {
            found.push(Idle {
                object: route.object.clone(),
                field: route.field.clone(),
                service: target.clone(),
                opt_out: unserved.opt_out().cloned(),
                is_note: has_sidecars || route.sort == Sort::VirtualService { also_for_gateways: true },
            });
        }
    }
    found
}

/// Finds what is for pods by their labels, and for HTTP only.
struct BySelector<'a, 'm> {
    cx: &'a Context<'m>,
    unserved: &'a HashMap<ObjectRef, Unserved<'m>>,
    /// The selectors of Services.
    selectors: SelectorIndex<'m, ServiceId>,
    idle: &'a mut Vec<Idle>,
}

impl BySelector<'_, '_> {
    fn add<T: Resource>(
        &mut self,
        objects: &[Arc<Object<T>>],
        target: impl Fn(&T) -> (Option<&WorkloadSelector>, bool),
    ) {
        for object in objects {
            let (selector, has_references) = target(&object.spec);
            let namespace = &object.meta.namespace;
            // In the root namespace it is for gateways, too.
            if has_references || *namespace == self.cx.mesh.config.root_namespace {
                continue;
            }
            let labels = selector.map(|selector| selector.match_labels.clone()).unwrap_or_default();
            let Some(service) = self.only_unserved(namespace, &labels) else { continue };
            let field = if labels.is_empty() { "spec" } else { "spec.selector" };
            self.idle.push(Idle {
                object: object.object_ref(),
                field: field.to_owned(),
                opt_out: self.unserved.get(&service).and_then(|unserved| unserved.opt_out().cloned()),
                service,
                is_note: false,
            });
        }
    }

    /// The first of the Services of the pods with these labels, if no waypoint serves any of them, and
    /// nothing but ztunnel stands before the pods.
    fn only_unserved(&self, namespace: &str, labels: &Labels) -> Option<ObjectRef> {
        let mesh = self.cx.mesh;
        let workloads =
            mesh.workloads.in_namespace(namespace).iter().filter_map(|id| mesh.workloads.get(*id));
        let selected: Vec<&Workload> =
            workloads.filter(|workload| labels.is_subset(&workload.labels)).collect();
        let is_plain =
            |workload: &&Workload| workload.hbone && workload.gateway().is_none() && !workload.is_waypoint;
        let has_gateway = self.cx.snapshot.gateways.iter().any(|gateway| gateway.meta.namespace == namespace);
        if !selected.iter().all(is_plain)
            || labels.is_empty() && has_gateway
            || self.cx.has_sidecars(namespace)
        {
            return None;
        }
        let asks_for_them = |id: &ServiceId| {
            let selector = mesh.services.get(*id).map(|service| &service.selector);
            selector.is_some_and(|selector| !selector.is_empty() && labels.is_subset(selector))
        };
        let of_pods =
            selected.iter().flat_map(|workload| self.selectors.matching(namespace, &workload.labels));
        let ids = mesh.services.in_namespace(namespace).iter().copied().filter(asks_for_them).chain(of_pods);
        let services =
            ids.collect::<BTreeSet<ServiceId>>().into_iter().filter_map(|id| mesh.services.get(id));
        let objects: BTreeSet<ObjectRef> = services.map(|service| service.source.object()).collect();
        let is_unserved = |object| self.unserved.get(object).is_some_and(|unserved| unserved.in_mesh);
        let are_unserved = objects.iter().all(is_unserved);
        objects.into_iter().next().filter(|_| are_unserved)
    }
}

/// One finding for what is mended at once: at the object where it is alone, else at the Service, or the
/// Namespace of several.
fn problem(cx: &Context<'_>, group: &[Idle]) -> Option<Problem> {
    let first = group.first()?;
    let objects: BTreeSet<&ObjectRef> = group.iter().map(|idle| &idle.object).collect();
    let services: BTreeSet<&ObjectRef> = group.iter().map(|idle| &idle.service).collect();
    let namespace = &first.service.namespace;
    let message = format!(
        "no waypoint serves {}, and only waypoints read {}: {} no effect{}",
        list::few(&services),
        list::few(&objects),
        if objects.len() == 1 { "it has" } else { "they have" },
        if first.is_note { " for clients in ambient mode" } else { "" },
    );
    let mut problem = Problem::new(Code::NoWaypoint, message);
    if first.is_note {
        problem = problem.severity(Severity::Note);
    }
    let (on, field) = match &first.opt_out {
        _ if objects.len() == 1 => (first.object.clone(), first.field.clone()),
        Some(naming) => (naming.object.clone(), naming.field()),
        None if services.len() > 1 && is_known_namespace(cx, namespace) => {
            (ObjectRef::new(Kind::Namespace, "", namespace.clone()), "metadata.labels".to_owned())
        }
        None => (first.service.clone(), "metadata.labels".to_owned()),
    };
    problem = problem.on(on.clone()).field(field);
    problem = match &first.opt_out {
        Some(naming) => problem.help("remove the label `none`, or what has no effect").related_object(
            naming.object.clone(),
            naming.field(),
            "it opts out of the waypoint by this label",
        ),
        None if !cx.objects_name_waypoints => problem.help(format!(
            "add a waypoint for namespace `{namespace}`, a Gateway of class `{WAYPOINT_CLASS}`"
        )),
        None => problem.help(format!(
            "label the Service or its Namespace with `{USE_WAYPOINT}` and the name of a waypoint"
        )),
    };
    let mut seen = BTreeSet::from([&on]);
    for idle in group {
        if seen.len() <= 5 && seen.insert(&idle.object) {
            problem = problem.related_object(idle.object.clone(), idle.field.clone(), "it has no effect");
        }
    }
    Some(problem)
}
