//! `bypassed-address`: Services whose clients use an address that leads past their waypoint.

use std::collections::BTreeSet;

use crate::lint::at_waypoint::AtWaypoint;
use crate::lint::concerns::Concerns;
use crate::lint::naming::{Naming, is_external_name};
use crate::lint::{Context, Releases, Rule, list};
use crate::mesh::peer_authentication::MtlsMode;
use crate::mesh::selector_index::SelectorIndex;
use crate::mesh::waypoint::{INGRESS_USE_WAYPOINT, NamedBy, USE_WAYPOINT};
use crate::mesh::{Service, ServiceId, ServiceSource, WaypointName, Workload, WorkloadId};
use crate::problem::{Code, Problem, Severity};
use crate::release::Release;
use crate::snapshot::{Object, kubernetes};

/// In 1.18 waypoints are for workloads, whatever the address.
pub(super) const RULE: Rule = Rule {
    releases: Releases::Since(Release::V1_29),
    ..Rule::new(Code::BypassedAddress, include_str!("bypassed_address.md"), check)
};

fn check(cx: &Context<'_>) -> Vec<Problem> {
    let concerns = cx.concerns();
    let pods = Pods::new(cx);
    let bound = cx.mesh.services.iter().filter_map(|(id, service)| Bound::new(cx, id, service));
    bound
        .filter_map(|bound| match bound.object.spec.service_type.as_str() {
            _ if is_external_name(bound.service) => external_name(concerns, &bound),
            // Istio made it for itself: nobody calls it.
            _ if bound.service.one_port => None,
            _ if bound.object.spec.cluster_ip == "None" => headless(cx, concerns, &pods, &bound),
            "LoadBalancer" | "NodePort" => from_outside(cx, &pods, &bound),
            _ if !bound.object.spec.external_ips.is_empty() => from_outside(cx, &pods, &bound),
            _ => None,
        })
        .collect()
}

/// A Kubernetes Service with a waypoint.
struct Bound<'m> {
    id: ServiceId,
    service: &'m Service,
    object: &'m Object<kubernetes::Service>,
    waypoint: WaypointName,
    /// Whether its own label names the waypoint, not its Namespace's.
    by_itself: bool,
}

impl<'m> Bound<'m> {
    fn new(cx: &Context<'m>, id: ServiceId, service: &'m Service) -> Option<Self> {
        let ServiceSource::Kubernetes(object) = &service.source else { return None };
        let binding = cx.mesh.bindings.of_service(id)?;
        let waypoint = cx.mesh.bindings.waypoint(binding)?.name();
        cx.mesh.waypoint(&waypoint)?;
        Some(Self { id, service, object, waypoint, by_itself: binding.named_by == Some(NamedBy::Object) })
    }

    /// A finding at its label, or at a field of its spec.
    fn problem(&self, message: String, field: &str) -> Problem {
        let object = self.object.object_ref();
        let label = Naming { object: object.clone(), key: USE_WAYPOINT };
        let field = if self.by_itself { label.field() } else { field.to_owned() };
        Problem::new(Code::BypassedAddress, message).on(object).field(field)
    }
}

/// The workloads of each Service.
struct Pods<'a, 'm> {
    cx: &'a Context<'m>,
    selectors: SelectorIndex<'m, ServiceId>,
}

impl<'a, 'm> Pods<'a, 'm> {
    fn new(cx: &'a Context<'m>) -> Self {
        let services = cx.mesh.services.iter().filter(|(_, service)| service.is_kubernetes());
        let selectors: Vec<_> = services.map(|(id, s)| (s.namespace.as_str(), &s.selector, id)).collect();
        Self { cx, selectors: SelectorIndex::new(&selectors) }
    }

    fn of(&self, service: &Service) -> Vec<(WorkloadId, &'m Workload)> {
        if service.selector.is_empty() {
            return Vec::new();
        }
        let workloads = &self.cx.mesh.workloads;
        let ids = workloads.in_namespace(&service.namespace).iter();
        let all = ids.filter_map(|id| Some((*id, workloads.get(*id)?)));
        all.filter(|(_, workload)| service.selector.is_subset(&workload.labels)).collect()
    }

    /// Whether clients can call the same pods by another Service, which has an address and a waypoint.
    fn have_other_service(&self, pods: &[(WorkloadId, &Workload)]) -> bool {
        let services = &self.cx.mesh.services;
        pods.iter().any(|(_, workload)| {
            let ids = self.selectors.matching(&workload.namespace, &workload.labels);
            let mut others = ids.filter_map(|id| Some((id, services.get(id)?)));
            others.any(|(id, service)| !service.addresses.is_empty() && self.cx.waypoint_of(id).is_some())
        })
    }
}

fn external_name(concerns: &Concerns, bound: &Bound<'_>) -> Option<Problem> {
    let object = bound.object.object_ref();
    let concerns = concerns.of(&object);
    if !bound.by_itself && concerns.is_empty() {
        return None;
    }
    let message = format!(
        "an ExternalName Service is another name for `{}`, without an address of its own: clients of \
         `{object}` never come to waypoint `{}`",
        bound.object.spec.external_name, bound.waypoint,
    );
    let problem = bound
        .problem(message, "spec.type")
        .help("write a ServiceEntry for the host, and name the waypoint there");
    Some(concerns.iter().take(5).fold(problem, |problem, concern| {
        problem.related_object(concern.object.clone(), concern.field.clone(), "it has no effect")
    }))
}

fn headless(
    cx: &Context<'_>,
    concerns: &Concerns,
    pods: &Pods<'_, '_>,
    bound: &Bound<'_>,
) -> Option<Problem> {
    let object = bound.object.object_ref();
    let workloads = pods.of(bound.service);
    let (served, past): (Vec<_>, Vec<_>) =
        workloads.iter().partition(|(id, _)| cx.waypoint_of_workload(*id).is_some());
    let is_gateway = |(_, workload): &(_, &Workload)| workload.gateway().is_some() || workload.is_waypoint;
    if past.is_empty() && !served.is_empty() || !workloads.is_empty() && workloads.iter().all(is_gateway) {
        return None;
    }
    let concerns = concerns.of(&object);
    let is_meant = bound.by_itself || !concerns.is_empty();
    if !is_meant && pods.have_other_service(&workloads) {
        return None;
    }
    let message = format!(
        "clients of `{object}`, which is headless, call its pods by their own addresses: that goes past waypoint `{}`",
        bound.waypoint
    );
    let problem = bound.problem(message, "spec.clusterIP").help(
        "let clients call a Service with a cluster IP, or name a waypoint for the pods, one with the label \
         `istio.io/waypoint-for: workload` or `all`",
    );
    // Pods that the snapshot lacks may have a waypoint of their own.
    let problem = if is_meant || !workloads.is_empty() { problem } else { problem.severity(Severity::Note) };
    let problem = concerns.iter().take(5).fold(problem, |problem, concern| {
        problem.related_object(concern.object.clone(), concern.field.clone(), "it has no effect")
    });
    Some(past.iter().take(3).fold(problem, |problem, (_, workload)| {
        problem.related_object(workload.source.object(), "metadata.labels", "it has no waypoint of its own")
    }))
}

/// Clients outside of the cluster are led to the pods by the nodes.
fn from_outside(cx: &Context<'_>, pods: &Pods<'_, '_>, bound: &Bound<'_>) -> Option<Problem> {
    let AtWaypoint { policies, routes } = AtWaypoint::of(cx, bound.id);
    let is_gateway = |(_, workload): &(_, &Workload)| workload.gateway().is_some() || workload.is_waypoint;
    if policies.is_empty() && routes.is_empty() || pods.of(bound.service).iter().any(is_gateway) {
        return None;
    }
    let (service_type, object) = (&bound.object.spec.service_type, bound.object.object_ref());
    let affected: BTreeSet<_> = policies.iter().chain(&routes).collect();
    let message = format!(
        "clients outside of the cluster come to the pods of `{object}` by the nodes, past waypoint `{}`: {} {} not hold for them",
        bound.waypoint,
        list::few(&affected),
        if affected.len() == 1 { "does" } else { "do" },
    );
    let namespace = &bound.service.namespace;
    let is_closed = cx.mesh.peer_authentications.of_namespace(namespace) == MtlsMode::Strict
        || (cx.snapshot.authorization_policies.iter()).any(|policy| {
            policy.meta.namespace == *namespace
                && policy.spec.target_refs.is_empty()
                && policy.spec.target_ref.is_none()
        });
    let is_note = policies.is_empty() || is_closed || service_type == "NodePort";
    let field = if service_type.is_empty() { "spec.externalIPs" } else { "spec.type" };
    let problem = Problem::new(Code::BypassedAddress, message)
        .on(object)
        .field(field)
        .severity(if is_note { Severity::Note } else { Severity::Warning })
        .help(format!(
            "publish the Service by a gateway for ingress, with the label `{}: \"true\"`",
            INGRESS_USE_WAYPOINT
        ));
    Some(affected.into_iter().take(5).fold(problem, |problem, object| {
        problem.related_object(object.clone(), "metadata.name", "it is enforced at the waypoint only")
    }))
}
