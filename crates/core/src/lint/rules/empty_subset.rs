//! `empty-subset`: subsets whose labels none of the Service's pods has.

use std::collections::{BTreeMap, BTreeSet};

use crate::Str;
use crate::lint::routing::Share;
use crate::lint::{Context, Rule, list};
use crate::mesh::{Service, ServiceId, Workload, hostname};
use crate::problem::{Code, Problem, Severity};
use crate::snapshot::networking::DestinationRule;
use crate::snapshot::networking::destination_rule::Subset;
use crate::snapshot::{Object, ObjectRef};

pub(super) const RULE: Rule = Rule {
    analyze: &["IST0101", "IST0173"],
    ..Rule::new(Code::EmptySubset, include_str!("empty_subset.md"), check)
};

/// The routes that send requests to a subset of a host, and the fields that do.
type Users<'a> = BTreeMap<(Str, &'a str), Vec<(&'a ObjectRef, &'a str)>>;

fn check(cx: &Context<'_>) -> Vec<Problem> {
    let mut users = Users::new();
    for router in cx.routers() {
        for edge in router.edges.iter().filter(|edge| edge.share != Share::Nothing && !edge.subset.is_empty())
        {
            users.entry((edge.host.clone(), edge.subset)).or_default().push((&router.object, &edge.field));
        }
    }
    cx.snapshot.destination_rules.iter().flat_map(|object| of_rule(cx, object, &users)).collect()
}

fn of_rule(cx: &Context<'_>, object: &Object<DestinationRule>, users: &Users<'_>) -> Vec<Problem> {
    if object.spec.subsets.is_empty() {
        return Vec::new();
    }
    let host = hostname::resolve(&object.spec.host, &object.meta.namespace);
    let services = cx.mesh.services.with_hostname(&host);
    let Some(service) = services.first().and_then(|id| cx.mesh.services.get(*id)) else { return Vec::new() };
    let Some(workloads) = workloads(cx, services).filter(|workloads| !workloads.is_empty()) else {
        return Vec::new();
    };
    let is_served = services.iter().any(|id| cx.waypoint_of(*id).is_some());
    let subsets = object
        .spec
        .subsets
        .iter()
        .enumerate()
        .filter(|(_, subset)| !workloads.iter().any(|workload| has_labels(workload, subset)));
    let problems = subsets.filter_map(|(i, subset)| {
        let used = users.get(&(host.clone(), subset.name.as_str())).map_or(&[][..], Vec::as_slice);
        let problem = problem(service, &workloads, subset, used);
        let problem = problem.on(object.object_ref()).field(format!("spec.subsets[{i}].labels"));
        (is_served || !used.is_empty()).then_some(problem)
    });
    problems.collect()
}

/// The workloads behind Services of one host; none if one of them is not in the snapshot, so that its labels
/// are not known.
fn workloads<'m>(cx: &Context<'m>, services: &[ServiceId]) -> Option<Vec<&'m Workload>> {
    let endpoints = services.iter().flat_map(|id| cx.mesh.endpoints.of(*id));
    endpoints.map(|endpoint| cx.mesh.workloads.get(endpoint.workload?)).collect()
}

fn has_labels(workload: &Workload, subset: &Subset) -> bool {
    subset.labels.iter().all(|(key, value)| workload.endpoint_label(key) == Some(value.as_str()))
}

fn problem(
    service: &Service,
    workloads: &[&Workload],
    subset: &Subset,
    used: &[(&ObjectRef, &str)],
) -> Problem {
    let labels: Vec<String> = subset.labels.iter().map(|(key, value)| format!("`{key}: {value}`")).collect();
    let object = service.source.object();
    let (severity, consequence) = if used.is_empty() {
        (Severity::Note, "no route leads to the subset")
    } else {
        (Severity::Warning, "requests that are sent to the subset fail")
    };
    let message = format!(
        "no workload of {object} has the labels of subset `{}` ({}): {consequence}",
        subset.name,
        labels.join(", ")
    );
    let mut problem =
        Problem::new(Code::EmptySubset, message).severity(severity).help(help(service, workloads, subset));
    for (route, field) in used.iter().take(5) {
        problem = problem.related_object((*route).clone(), *field, "sends requests to the subset");
    }
    problem
}

fn help(service: &Service, workloads: &[&Workload], subset: &Subset) -> String {
    let of_service = subset.labels.iter().all(|(key, value)| service.labels.get(key) == Some(value));
    if of_service && !subset.labels.is_empty() {
        return "the Service has these labels; a subset is chosen by those of its pods".to_owned();
    }
    let missing = subset.labels.iter().find(|(key, value)| {
        !workloads.iter().any(|workload| workload.endpoint_label(key) == Some(value.as_str()))
    });
    let Some((key, _)) = missing else {
        return "no workload has all of these labels at once: correct them, or start pods with them"
            .to_owned();
    };
    let values: BTreeSet<&str> =
        workloads.iter().filter_map(|workload| workload.endpoint_label(key)).collect();
    if values.is_empty() {
        return format!("none of its pods has a label `{key}`: correct the labels, or start pods with them");
    }
    let values: Vec<String> = values.iter().map(|value| format!("`{value}`")).collect();
    format!(
        "its pods have `{key}` with the value {}: correct the labels, or start pods with them",
        list::plain(&values)
    )
}
