//! `telemetry-scope`: Telemetry for a waypoint that does not hold for some of its Services.

use std::collections::BTreeSet;

use crate::lint::references::{Referred, envoy_waypoints, references, referred};
use crate::lint::{Context, Releases, Rule, list};
use crate::mesh::{Service, Waypoint};
use crate::problem::{Code, Problem};
use crate::release::Release;
use crate::snapshot::Object;
use crate::snapshot::telemetry::Telemetry;

pub(super) const RULE: Rule = Rule {
    releases: Releases::Since(Release::V1_29),
    ..Rule::new(Code::TelemetryScope, include_str!("telemetry_scope.md"), check)
};

fn check(cx: &Context<'_>) -> Vec<Problem> {
    let mut found = Vec::new();
    for object in &cx.snapshot.telemetries {
        let spec = &object.spec;
        for (field, reference) in references(spec.target_ref.as_ref(), &spec.target_refs) {
            let services = match referred(cx, &object.meta, reference) {
                Referred::Waypoint(waypoint) => beyond(cx, object, waypoint),
                Referred::Class => envoy_waypoints(cx).flat_map(|w| beyond(cx, object, w)).collect(),
                Referred::Service(_) | Referred::Other => continue,
            };
            found.extend(problem(object, field, &services));
        }
    }
    found
}

/// The Services of a waypoint that are in another namespace than the Telemetry, and that have none of their
/// own either.
fn beyond<'m>(cx: &Context<'m>, object: &Object<Telemetry>, waypoint: &'m Waypoint) -> Vec<&'m Service> {
    let services = waypoint.services.iter().filter_map(|id| cx.mesh.services.get(*id));
    let foreign = services.filter(|service| service.namespace != object.meta.namespace);
    let has_own = |service: &Service| {
        let applicable = cx.mesh.telemetries.applicable(waypoint, Some(service));
        applicable.iter().any(|bound| bound.object.meta.namespace == service.namespace)
    };
    foreign.filter(|service| !has_own(service)).collect()
}

fn problem(object: &Object<Telemetry>, field: String, services: &[&Service]) -> Option<Problem> {
    let namespaces: BTreeSet<&str> = services.iter().map(|service| service.namespace.as_str()).collect();
    namespaces.first()?;
    let message = format!(
        "Telemetry for a waypoint holds for Services of the Telemetry's own namespace, `{}`: not for {}, which the waypoint serves, too",
        object.meta.namespace,
        list::few(services.iter().map(|service| service.hostname.as_str()))
    );
    let one = if namespaces.len() == 1 { "the namespace" } else { "each of the namespaces" };
    let mut problem = Problem::new(Code::TelemetryScope, message).on(object.object_ref()).field(field).help(
        format!("add Telemetry without `targetRefs`, or for the Service, in {one} {}", list::few(namespaces)),
    );
    for service in services.iter().take(5) {
        problem = problem.related_object(service.source.object(), "", "the Telemetry does not hold for it");
    }
    Some(problem)
}
