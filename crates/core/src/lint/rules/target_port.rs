//! `target-port`: ports of pods in policies that waypoints enforce.

use std::collections::BTreeSet;

use crate::lint::clauses::List;
use crate::lint::enforced::Enforced;
use crate::lint::list::few;
use crate::lint::rule::Releases;
use crate::lint::{Context, Rule};
use crate::mesh::{Service, ServiceId, ServiceSource};
use crate::problem::{Code, Problem};
use crate::release::Release;
use crate::resources::authz::attribute::Target;
use crate::snapshot::IntOrString;
use crate::snapshot::security::Action;

/// A waypoint of 1.18 also sees what is sent to the pods themselves, always.
pub(super) const RULE: Rule = Rule {
    releases: Releases::Since(Release::V1_29),
    ..Rule::new(Code::TargetPort, include_str!("target_port.md"), check)
};

fn check(cx: &Context<'_>) -> Vec<Problem> {
    let mut found = Vec::new();
    for enforced in cx.enforced() {
        // At the addresses of workloads the port is the pod's.
        if enforced.services.is_empty() || enforced.waypoints.iter().any(|w| !w.workloads.is_empty()) {
            continue;
        }
        let rules: Vec<_> = enforced.rules().collect();
        let ports = rules.iter().flat_map(|rule| rule.all()).filter(|c| c.is_of(&Target::DestinationPort));
        let lists: Vec<List<'_>> =
            ports.flat_map(|clause| clause.lists()).filter(|l| !l.is_empty()).collect();
        if lists.is_empty() {
            continue;
        }
        let known = Ports::of(cx, enforced);
        found.extend(lists.into_iter().filter_map(|list| known.problem(enforced, list)));
    }
    found
}

/// The ports of the Services that a policy is enforced for.
struct Ports<'m> {
    of_services: BTreeSet<u32>,
    of_pods: BTreeSet<(u32, u32, &'m str)>,
    names: Vec<&'m str>,
}

impl<'m> Ports<'m> {
    fn of(cx: &Context<'m>, enforced: &Enforced<'m>) -> Self {
        let mut known = Self { of_services: BTreeSet::new(), of_pods: BTreeSet::new(), names: Vec::new() };
        for (id, service) in
            enforced.services.iter().filter_map(|(id, _)| Some((*id, cx.mesh.services.get(*id)?)))
        {
            known.names.push(service.object_name());
            known.of_services.extend(service.ports.iter().map(|port| port.number));
            known.of_pods.extend(target_ports(cx, id, service));
        }
        known
    }

    /// What is wrong with a list of ports: none of them is a Service's, and one is a pod's.
    fn problem(&self, enforced: &Enforced<'_>, list: List<'_>) -> Option<Problem> {
        let ports: Vec<u32> = list.values.iter().filter_map(|value| value.parse().ok()).collect();
        if ports.len() < list.values.len() || ports.iter().any(|port| self.of_services.contains(port)) {
            return None;
        }
        let of_pod = self.of_pods.iter().find(|(target, ..)| ports.contains(target));
        let consequence = match (list.is_negative(), enforced.action()) {
            (false, Action::Allow) => "nobody is let in by the rule",
            (false, Action::Deny) => "nothing is denied by the rule",
            (false, _) => "the rule never holds",
            (true, _) => "no port is left out",
        };
        let problem = match of_pod {
            Some((target, port, service)) => Problem::new(
                Code::TargetPort,
                format!(
                    "`{target}` is the port of the pods behind Service `{service}`, and a waypoint sees the \
                     Service's, `{port}`: {consequence}"
                ),
            )
            .help(format!("write `{port}`")),
            // Ports that are left out are often left out everywhere. Of a waypoint's Services the snapshot
            // may lack some.
            None if list.is_negative()
                || !enforced.services.iter().all(|(_, by)| Enforced::names_service(*by)) =>
            {
                return None;
            }
            None => Problem::new(
                Code::TargetPort,
                format!("no Service of this policy has port {}: {consequence}", few(&ports)),
            )
            .help(format!("write a port of {}: {}", few(&self.names), few(&self.of_services))),
        };
        Some(problem.on(enforced.policy.object_ref()).field(list.field()))
    }
}

/// The ports of pods behind the ports of a Service, where they are other ones.
fn target_ports<'m>(cx: &Context<'m>, id: ServiceId, service: &'m Service) -> Vec<(u32, u32, &'m str)> {
    let name = service.object_name().as_str();
    let declared: Vec<(u32, u32)> = match &service.source {
        ServiceSource::Kubernetes(object) => {
            let ports = object.spec.ports.iter().filter_map(|port| match port.target_port {
                Some(IntOrString::Int(target)) => {
                    Some((u32::try_from(target).ok()?, u32::try_from(port.port).ok()?))
                }
                _ => None,
            });
            ports.collect()
        }
        ServiceSource::ServiceEntry(_) => {
            service.ports.iter().filter_map(|port| Some((port.target_port?, port.number))).collect()
        }
    };
    let named = cx.mesh.endpoints.of(id).iter().filter_map(|endpoint| {
        let port = service.ports.iter().find(|port| port.name == endpoint.service_port)?;
        Some((endpoint.port, port.number))
    });
    let all = declared.into_iter().chain(named);
    all.filter(|(target, port)| target != port).map(|(target, port)| (target, port, name)).collect()
}
