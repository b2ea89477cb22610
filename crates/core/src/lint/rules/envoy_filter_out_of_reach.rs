//! `envoy-filter-out-of-reach`: EnvoyFilters, and patches of theirs, that no waypoint applies.

use crate::dataplane_mode::{self, has_proxy};
use crate::lint::envoy_patches::{self, Reason};
use crate::lint::providers::sends_to;
use crate::lint::references::{Referred, envoy_waypoints, references, referred, selected_envoy_waypoint};
use crate::lint::{Context, Rule, list};
use crate::mesh::{Namespaces, Waypoint, Workload};
use crate::problem::{Change, Code, Fix, Problem, Severity};
use crate::snapshot::networking::EnvoyFilter;
use crate::snapshot::networking::envoy_filter::PatchContext;
use crate::snapshot::{Kind, Labels, Object};

pub(super) const RULE: Rule = Rule {
    analyze: &["IST0152", "IST0153", "IST0154"],
    ..Rule::new(Code::EnvoyFilterOutOfReach, include_str!("envoy_filter_out_of_reach.md"), check)
};

type Filter = Object<EnvoyFilter>;

const HELP: &str = "name the waypoint in `targetRefs`: a Gateway of the filter's namespace, or, in the root namespace, the GatewayClass `istio-waypoint`";

fn check(cx: &Context<'_>) -> Vec<Problem> {
    let namespaces = Namespaces::new(cx.snapshot);
    let mut found = Vec::new();
    for filter in &cx.snapshot.envoy_filters {
        let selector = filter.spec.workload_selector.as_ref().map(|selector| &selector.labels);
        let selector = selector.filter(|labels| !labels.is_empty());
        if !cx.objects_name_waypoints {
            // Here the selector is what counts.
            let waypoint = selector.and_then(|labels| selected_envoy_waypoint(cx, &filter.meta, labels));
            found.extend(waypoint.into_iter().flat_map(|waypoint| patches(cx, filter, &[waypoint])));
        } else if !filter.spec.target_refs.is_empty() {
            found.extend(for_services(cx, filter));
            found.extend(patches(cx, filter, &targets(cx, filter)));
        } else if let Some(labels) = selector {
            found.extend(by_selector(cx, filter, labels));
        } else {
            found.extend(for_namespace(cx, &namespaces, filter));
        }
    }
    found
}

/// References to Services: no EnvoyFilter is for one.
fn for_services(cx: &Context<'_>, filter: &Filter) -> Vec<Problem> {
    let is_told = |field: &str| {
        cx.problems.iter().any(|problem| {
            problem.code == Code::TargetNotFound
                && problem.field == field
                && problem.object.as_ref() == Some(&filter.object_ref())
        })
    };
    let mut found = Vec::new();
    for (field, reference) in references(None, &filter.spec.target_refs) {
        if let Referred::Service(service) = referred(cx, &filter.meta, reference)
            && !is_told(&field)
        {
            let message = format!(
                "an EnvoyFilter is for a whole waypoint: with a reference to {} `{}` no waypoint applies it",
                service.kind, service.name
            );
            found.push(new(filter, field, message).help(HELP));
        }
    }
    found
}

/// The waypoints that a filter is for; none if it is for another gateway, too, so that its patches may be
/// meant for that.
fn targets<'m>(cx: &Context<'m>, filter: &Filter) -> Vec<&'m Waypoint> {
    let mut waypoints = Vec::new();
    for reference in &filter.spec.target_refs {
        match referred(cx, &filter.meta, reference) {
            Referred::Waypoint(waypoint) => waypoints.push(waypoint),
            Referred::Class => waypoints.extend(envoy_waypoints(cx)),
            Referred::Service(_) => {}
            Referred::Other => return Vec::new(),
        }
    }
    waypoints
}

/// A filter that selects workloads. Waypoints are never selected, and pods behind them have no Envoy.
fn by_selector(cx: &Context<'_>, filter: &Filter, labels: &Labels) -> Option<Problem> {
    let field = "spec.workloadSelector";
    if let Some(waypoint) = selected_envoy_waypoint(cx, &filter.meta, labels) {
        let message = format!(
            "waypoints apply only EnvoyFilters that name them in `targetRefs`: by its selector `{}` does not apply this one",
            waypoint.name
        );
        let problem = new(filter, field, message).help(HELP);
        return Some(problem.related_object(
            waypoint.gateway.object_ref(),
            "",
            "the selector has the labels of its pods",
        ));
    }
    let everywhere = filter.meta.namespace == cx.mesh.config.root_namespace;
    let is_selected = |workload: &Workload| {
        (everywhere || workload.namespace == filter.meta.namespace) && labels.is_subset(&workload.labels)
    };
    let selected: Vec<&Workload> =
        cx.mesh.workloads.iter().map(|(_, workload)| workload).filter(|w| is_selected(w)).collect();
    if selected.is_empty() || !selected.iter().all(|workload| has_no_proxy(workload)) {
        return None;
    }
    let names = list::few(selected.iter().map(|workload| workload.name.as_str()));
    let message =
        format!("the pods that it selects have no Envoy, in ambient mode: {names}; nothing applies it");
    Some(new(filter, field, message).help(HELP))
}

/// Whether a pod's traffic goes by ztunnel, and by no proxy of its own.
fn has_no_proxy(workload: &Workload) -> bool {
    workload.pod().is_some() && workload.hbone && !workload.native_hbone && !has_proxy(workload)
}

/// A filter for a whole namespace, or for the mesh. It may be meant for other proxies there.
fn for_namespace(cx: &Context<'_>, namespaces: &Namespaces, filter: &Filter) -> Option<Problem> {
    let namespace = filter.meta.namespace.as_str();
    let is_root = cx.mesh.config.root_namespace == namespace;
    let own = envoy_waypoints(cx).find(|waypoint| is_root || waypoint.name.namespace == namespace);
    let waypoint = own.or_else(|| {
        let mut services = cx.mesh.services.in_namespace(namespace).iter();
        services.find_map(|id| cx.waypoint_of(*id))
    })?;
    let mut contexts = filter
        .spec
        .config_patches
        .iter()
        .map(|patch| patch.matches.as_ref().map_or(PatchContext::Any, |matches| matches.context));
    let is_for_gateways = contexts.all(|context| context == PatchContext::Gateway);
    if is_root && is_for_gateways || has_other_proxies(cx, namespaces, namespace) {
        return None;
    }
    let message = format!(
        "waypoints apply only EnvoyFilters that name them in `targetRefs`: `{}` does not apply this one{}",
        waypoint.name,
        if is_root { ", which is for the other proxies of the mesh" } else { "" }
    );
    let problem = new(filter, "spec", message).help(HELP);
    Some(if is_root { problem.severity(Severity::Note) } else { problem })
}

/// Whether a namespace has proxies that are no waypoints: gateways, or sidecars.
fn has_other_proxies(cx: &Context<'_>, namespaces: &Namespaces, namespace: &str) -> bool {
    let is_waypoint =
        |name: &str| cx.mesh.waypoints.iter().any(|w| w.name.namespace == namespace && w.name.name == name);
    let gateways = cx.snapshot.gateways.iter().filter(|gateway| gateway.meta.namespace == namespace);
    let passed_over = cx.reading.passed_over.iter().map(|other| &other.object);
    let mut pods =
        cx.mesh.workloads.in_namespace(namespace).iter().filter_map(|id| cx.mesh.workloads.get(*id));
    dataplane_mode::are_injected(namespaces.labels(namespace))
        || gateways.into_iter().any(|gateway| !is_waypoint(&gateway.meta.name))
        || passed_over
            .into_iter()
            .any(|other| other.kind == Kind::IstioGateway && other.namespace == namespace)
        || pods.any(|pod| !pod.is_waypoint && has_proxy(pod))
}

/// The patches of a filter that its waypoints do not apply.
fn patches(cx: &Context<'_>, filter: &Filter, waypoints: &[&Waypoint]) -> Vec<Problem> {
    if waypoints.is_empty() {
        return Vec::new();
    }
    let serves = |host: &str| {
        let ids = cx.mesh.services.with_hostname(host);
        waypoints.iter().all(|waypoint| ids.iter().any(|id| waypoint.serves(*id)))
            && !is_asked_for(cx, filter, host)
    };
    let mut found = Vec::new();
    for (i, patch) in filter.spec.config_patches.iter().enumerate() {
        let Some(Reason { field, why, help, set }) = envoy_patches::reason(patch, serves) else { continue };
        let field = format!("spec.configPatches[{i}].{field}");
        let fix = set.map(|value| {
            let change = Change::Set(value.to_owned());
            Fix::new(format!("set the context to `{value}`"), filter.object_ref(), field.as_str(), change)
        });
        let problem = new(filter, field, why).help(help);
        found.push(match fix {
            Some(fix) => problem.fix(fix),
            None => problem,
        });
    }
    found
}

/// Whether a provider or the filter itself asks for an outbound cluster of a Service.
fn is_asked_for(cx: &Context<'_>, filter: &Filter, host: &str) -> bool {
    let annotated = filter.meta.annotations.get("envoyfilter.istio.io/referenced-services");
    let names = |service: &str| service == host || service.rsplit('/').next() == Some(host);
    annotated.is_some_and(|services| services.split(',').any(names))
        || cx.mesh.config.extension_providers.iter().filter_map(sends_to).any(|(service, _)| names(service))
}

fn new(filter: &Filter, field: impl Into<String>, message: impl Into<String>) -> Problem {
    Problem::new(Code::EnvoyFilterOutOfReach, message).on(filter.object_ref()).field(field)
}
