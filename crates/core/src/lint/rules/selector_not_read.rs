//! `selector-not-read`: extensions and Telemetry that select pods which only ztunnel and waypoints stand
//! before.

use crate::dataplane_mode;
use crate::lint::ambient::Destination;
use crate::lint::references::selected_envoy_waypoint;
use crate::lint::{Context, Releases, Rule, scope};
use crate::mesh::attachment::refers_to_nothing;
use crate::mesh::workload::pod;
use crate::mesh::{DataPlane, Waypoint, Workload, WorkloadSource};
use crate::problem::{Code, Problem};
use crate::release::Release;
use crate::snapshot::selector::WorkloadSelector;
use crate::snapshot::{Labels, Meta, ObjectRef};

/// In 1.18 waypoints go by selectors.
pub(super) const RULE: Rule = Rule {
    releases: Releases::Since(Release::V1_29),
    ..Rule::new(Code::SelectorNotRead, include_str!("selector_not_read.md"), check)
};

/// An object without `targetRefs`.
struct Chooser<'m> {
    object: ObjectRef,
    meta: &'m Meta,
    /// The labels that it selects pods by, if there are any.
    labels: Option<&'m Labels>,
}

impl<'m> Chooser<'m> {
    fn new(object: ObjectRef, meta: &'m Meta, selector: Option<&'m WorkloadSelector>) -> Self {
        let labels = selector.map(|selector| &selector.match_labels).filter(|labels| !labels.is_empty());
        Self { object, meta, labels }
    }
}

fn check(cx: &Context<'_>) -> Vec<Problem> {
    let s = cx.snapshot;
    let plugins = s.wasm_plugins.iter().filter(|plugin| {
        let spec = &plugin.spec;
        spec.target_ref.is_none() && spec.target_refs.is_empty()
    });
    let plugins = plugins.map(|p| Chooser::new(p.object_ref(), &p.meta, p.spec.selector.as_ref()));
    let extensions = s.traffic_extensions.iter().filter(|extension| extension.spec.target_refs.is_empty());
    let extensions = extensions.map(|e| Chooser::new(e.object_ref(), &e.meta, e.spec.selector.as_ref()));
    let telemetries = s.telemetries.iter().filter(|telemetry| refers_to_nothing(&***telemetry));
    // Waypoints read that of a whole namespace.
    let telemetries = telemetries
        .map(|t| Chooser::new(t.object_ref(), &t.meta, t.spec.selector.as_ref()))
        .filter(|chooser| chooser.labels.is_some());
    plugins.chain(extensions).chain(telemetries).filter_map(|chooser| problem(cx, &chooser)).collect()
}

fn problem(cx: &Context<'_>, chooser: &Chooser<'_>) -> Option<Problem> {
    let kind = chooser.object.kind;
    let namespace = &chooser.meta.namespace;
    if may_be_for_others(cx, chooser) {
        return None;
    }
    let selected = chooser.labels.and_then(|labels| selected_envoy_waypoint(cx, chooser.meta, labels));
    let mut destinations = cx.ambient().selected(namespace.as_str(), chooser.labels);
    let waypoint = selected.or_else(|| destinations.find_map(before))?;
    let why = match (selected, chooser.labels) {
        (Some(_), _) => "a selector, be it for their own pods".to_owned(),
        (None, Some(_)) => "a selector, and the pods that it selects have no sidecar".to_owned(),
        (None, None) => format!("no `targetRefs`, and the pods of namespace `{namespace}` have no sidecar"),
    };
    let message = format!("waypoints do not read a {kind} with {why}: it has no effect");
    let field = if chooser.labels.is_some() { "spec.selector" } else { "spec" };
    let help = if chooser.labels.is_some() {
        "name the Service, or the waypoint's Gateway, by `targetRefs` instead of a selector"
    } else {
        "name the Services, or the waypoint's Gateway, by `targetRefs`"
    };
    Some(
        Problem::new(Code::SelectorNotRead, message)
            .on(chooser.object.clone())
            .field(field)
            .help(help)
            .related_object(waypoint.gateway.object_ref(), "", "this waypoint does not read it"),
    )
}

/// The first waypoint that Envoy runs before a workload.
fn before<'m>(destination: &Destination<'m>) -> Option<&'m Waypoint> {
    let mut waypoints = destination.ways.iter().map(|way| way.waypoint);
    waypoints.find(|waypoint| waypoint.data_plane == DataPlane::Envoy)
}

/// Whether a sidecar or a gateway may read it: one of the pods that it selects is neither behind ztunnel nor
/// a waypoint's.
fn may_be_for_others(cx: &Context<'_>, chooser: &Chooser<'_>) -> bool {
    let namespace = &chooser.meta.namespace;
    let everywhere = cx.mesh.config.root_namespace == *namespace;
    let has_sidecars = if everywhere { cx.has_sidecars_anywhere() } else { cx.has_sidecars(namespace) };
    if has_sidecars || (everywhere && chooser.labels.is_none()) {
        return true;
    }
    let mut gateways = cx.snapshot.gateways.iter().map(|gateway| &gateway.meta);
    if chooser.labels.is_none()
        && gateways.any(|meta| meta.namespace == *namespace && !scope::is_waypoint(cx, namespace, &meta.name))
    {
        return true;
    }
    let is_selected = |workload: &Workload| {
        chooser.labels.is_none_or(|labels| labels.is_subset(&workload.labels))
            && !workload.pod().is_some_and(|pod| pod::is_terminal(&pod.spec))
    };
    let is_other = |workload: &Workload| {
        let is_plain = workload.hbone && workload.gateway().is_none() && !dataplane_mode::has_proxy(workload);
        let is_external = matches!(workload.source, WorkloadSource::ServiceEntryEndpoint(..));
        !is_plain && !workload.is_waypoint && !is_external
    };
    let is_read = |workload: &Workload| is_selected(workload) && is_other(workload);
    let workloads = &cx.mesh.workloads;
    if everywhere {
        return workloads.iter().any(|(_, workload)| is_read(workload));
    }
    let mut own = workloads.in_namespace(namespace).iter().filter_map(|id| workloads.get(*id));
    own.any(is_read)
}
