//! DestinationRules that no waypoint reads.

use std::collections::{BTreeMap, BTreeSet};

use super::{Served, problem};
use crate::Str;
use crate::lint::Context;
use crate::lint::routing::Routed;
use crate::mesh::destination_rule::{Client, MergedRule};
use crate::mesh::hostname::resolve;
use crate::mesh::{Service, Waypoint};
use crate::problem::Problem;
use crate::snapshot::networking::DestinationRule;
use crate::snapshot::{Object, ObjectRef};

/// The waypoints whose routes lead to a host.
type Callers<'m> = BTreeMap<Str, Vec<&'m Waypoint>>;

pub(super) fn check(cx: &Context<'_>, served: &Served<'_, '_>) -> Vec<Problem> {
    let callers = callers(cx);
    let rules = cx.snapshot.destination_rules.iter();
    rules.filter_map(|object| unread(cx, object, served, &callers)).collect()
}

fn callers<'m>(cx: &Context<'m>) -> Callers<'m> {
    let mut callers = BTreeMap::<Str, BTreeMap<_, &'m Waypoint>>::new();
    for router in cx.routers() {
        for edge in &router.edges {
            let of_host = callers.entry(edge.host.clone()).or_default();
            for routed in cx.routing().of(&router.object) {
                of_host
                    .insert((&routed.waypoint.name.namespace, &routed.waypoint.name.name), routed.waypoint);
            }
        }
    }
    callers.into_iter().map(|(host, waypoints)| (host, waypoints.into_values().collect())).collect()
}

/// A rule for a Service behind a waypoint that neither that waypoint reads nor another one that sends
/// requests there.
fn unread(
    cx: &Context<'_>,
    object: &Object<DestinationRule>,
    served: &Served<'_, '_>,
    callers: &Callers<'_>,
) -> Option<Problem> {
    let host = resolve(&object.spec.host, &object.meta.namespace);
    let routed = served.get(host.as_str())?;
    let name = object.object_ref();
    let is_read = |rule: Option<&MergedRule>| {
        rule.is_some_and(|rule| rule.from.iter().any(|cause| cause.object == name))
    };
    let calls = |service: &Service| {
        callers.get(&host).into_iter().flatten().any(|waypoint| {
            is_read(rule(cx, waypoint, service, true)) || is_read(rule(cx, waypoint, service, false))
        })
    };
    if routed.iter().any(|r| is_read(rule(cx, r.waypoint, r.service, false)) || calls(r.service))
        || cx.has_sidecars(&object.meta.namespace)
    {
        return None;
    }
    let found = why(cx, object, routed.first()?)?;
    let problem = problem(name, found.field, found.message).help(found.help);
    Some(problem.related_object(found.related, "", found.what))
}

/// What a waypoint reads of a Service, as who answers for it or as its client.
fn rule<'m>(
    cx: &Context<'m>,
    waypoint: &Waypoint,
    service: &Service,
    is_client: bool,
) -> Option<&'m MergedRule> {
    let labels = is_client.then_some(&waypoint.proxy.labels);
    cx.mesh.destination_rules.get(Client { namespace: &waypoint.name.namespace, labels }, service)
}

/// Why a rule is not read.
struct Why {
    field: &'static str,
    message: String,
    help: String,
    related: ObjectRef,
    what: &'static str,
}

fn why(cx: &Context<'_>, object: &Object<DestinationRule>, routed: &Routed<'_>) -> Option<Why> {
    let Routed { waypoint, service, .. } = routed;
    let (own, root) = (&object.meta.namespace, &cx.mesh.config.root_namespace);
    let of_waypoint = &waypoint.name.namespace;
    let related = service.source.object();
    let the_service =
        |field, message, help| Why { field, message, help, related: related.clone(), what: "the Service" };
    if object.spec.workload_selector.is_some() {
        return Some(the_service(
            "spec.workloadSelector",
            format!(
                "the waypoint `{}` does not read rules with a `workloadSelector`: they are for clients",
                waypoint.name
            ),
            "leave `workloadSelector` out".to_owned(),
        ));
    }
    if !is_exported(cx, object, of_waypoint) {
        return Some(the_service(
            if object.spec.export_to.is_empty() { "" } else { "spec.exportTo" },
            format!(
                "the DestinationRule is not exported to namespace `{of_waypoint}`, where the waypoint of \
                 `{}` is: it does not read these settings",
                service.hostname
            ),
            format!("export it to `{of_waypoint}`"),
        ));
    }
    if ![of_waypoint, &service.namespace, root].contains(&own) {
        return Some(the_service(
            "spec.host",
            format!(
                "the waypoint `{}` of `{}` reads the settings of the Service's namespace and of its own, not \
                 of namespace `{own}`",
                waypoint.name, service.hostname
            ),
            format!("move it to namespace `{}`", service.namespace),
        ));
    }
    // One in the root namespace is there for where there is no other.
    let instead = rule(cx, waypoint, service, false).filter(|_| own != root)?;
    let other = instead.from.first()?.object.clone();
    Some(Why {
        field: "spec.host",
        message: format!(
            "the waypoint `{}` of `{}` takes one namespace's settings only, and finds {other} first",
            waypoint.name, service.hostname
        ),
        help: "put the settings of both into one DestinationRule".to_owned(),
        related: other,
        what: "the rule that it takes",
    })
}

/// Whether proxies of a namespace may see a rule.
fn is_exported(cx: &Context<'_>, object: &Object<DestinationRule>, namespace: &str) -> bool {
    let own = object.meta.namespace.as_str();
    let default = &cx.mesh.config.default_destination_rule_export_to;
    let names = if object.spec.export_to.is_empty() { default } else { &object.spec.export_to };
    let names: BTreeSet<&str> = names.iter().map(|name| if name == "." { own } else { name }).collect();
    names.is_empty() || names.contains("*") || names.contains(namespace)
}
