//! Services and ServiceEntries that no waypoint serves, because nothing names one for them. Those that name
//! one and do not get it are told of by other rules.

use super::Context;
use super::naming::{Naming, has_waypoint, is_ambient, is_external_name, namespace_labels};
use crate::hash::{HashMap, HashSet};
use crate::mesh::selector_index::SelectorIndex;
use crate::mesh::waypoint::{Binding, NamedBy, USE_WAYPOINT};
use crate::mesh::{Service, ServiceId};
use crate::snapshot::{Kind, ObjectRef};
use crate::well_known::MANAGED;

/// A Service or ServiceEntry that no waypoint serves.
pub(crate) struct Unserved<'m> {
    /// One of its Services: a ServiceEntry has one for each host.
    pub(crate) service: &'m Service,
    /// Whether its namespace is in ambient mode, has pods that are, or speaks of waypoints.
    pub(crate) in_mesh: bool,
    reason: Reason,
}

/// Why nothing names a waypoint for a Service.
enum Reason {
    /// No label does.
    NoLabel,
    /// This label opts out.
    OptOut(Naming),
}

impl Unserved<'_> {
    /// The label by which it opts out.
    pub(crate) fn opt_out(&self) -> Option<&Naming> {
        match &self.reason {
            Reason::NoLabel => None,
            Reason::OptOut(naming) => Some(naming),
        }
    }
}

/// Every Service and ServiceEntry that no waypoint serves.
pub(crate) fn unserved<'m>(cx: &Context<'m>) -> HashMap<ObjectRef, Unserved<'m>> {
    let served = cx.mesh.waypoints.iter().flat_map(|waypoint| &waypoint.services);
    let served: HashSet<&str> =
        served.filter_map(|id| cx.mesh.services.get(*id)).map(|service| service.hostname.as_str()).collect();
    let captured: HashSet<&str> = (cx.mesh.workloads.iter())
        .filter(|(_, workload)| workload.hbone && workload.pod().is_some() && workload.gateway().is_none())
        .map(|(_, workload)| workload.namespace.as_str())
        .collect();
    let selecting = if cx.objects_name_waypoints { HashSet::default() } else { selecting(cx) };
    let mut found = HashMap::default();
    let mut excluded = HashSet::default();
    for (id, service) in cx.mesh.services.iter() {
        let object = service.source.object();
        let reason = if served.contains(service.hostname.as_str()) || !can_be_served(service) {
            None
        } else if cx.objects_name_waypoints {
            cx.mesh.bindings.of_service(id).and_then(|binding| reason(binding, service))
        } else {
            // Without its pods it is not known whether a waypoint of the namespace is for it.
            let is_known = selecting.contains(&id) || !has_waypoint(cx, &service.namespace);
            is_known.then_some(Reason::NoLabel)
        };
        match reason {
            Some(reason) => {
                let in_mesh = is_in_mesh(cx, service, &captured);
                found.entry(object).or_insert(Unserved { service, in_mesh, reason });
            }
            None => {
                excluded.insert(object);
            }
        }
    }
    found.retain(|object, _| !excluded.contains(object));
    found
}

/// Why nothing names a waypoint for a Service; none if something does.
fn reason(binding: &Binding, service: &Service) -> Option<Reason> {
    if binding.waypoint.is_some() || binding.refusal.is_some() {
        return None;
    }
    let object = match binding.named_by {
        None => return Some(Reason::NoLabel),
        Some(NamedBy::Object) => service.source.object(),
        Some(NamedBy::Namespace) => ObjectRef::new(Kind::Namespace, "", service.namespace.clone()),
    };
    Some(Reason::OptOut(Naming { object, key: USE_WAYPOINT }))
}

/// Whether a Service is one that could have a waypoint.
fn can_be_served(service: &Service) -> bool {
    !is_external_name(service) && !service.labels.contains_key(MANAGED)
}

fn is_in_mesh(cx: &Context<'_>, service: &Service, captured: &HashSet<&str>) -> bool {
    let namespace = &service.namespace;
    let names_waypoint = || {
        service.labels.contains_key(USE_WAYPOINT)
            || namespace_labels(cx, namespace).contains_key(USE_WAYPOINT)
    };
    is_ambient(cx, namespace)
        || captured.contains(namespace.as_str())
        || cx.objects_name_waypoints && names_waypoint()
}

/// The Services that select a workload of the snapshot.
fn selecting(cx: &Context<'_>) -> HashSet<ServiceId> {
    let selectors: Vec<_> =
        cx.mesh.services.iter().map(|(id, s)| (s.namespace.as_str(), &s.selector, id)).collect();
    let index = SelectorIndex::new(&selectors);
    let workloads = cx.mesh.workloads.iter();
    workloads.flat_map(|(_, workload)| index.matching(&workload.namespace, &workload.labels)).collect()
}
