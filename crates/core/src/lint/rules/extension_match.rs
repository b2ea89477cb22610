//! `extension-match`: extensions for a waypoint whose `match` holds at none.

use crate::lint::references::{Referred, envoy_waypoints, references, referred, selected_envoy_waypoint};
use crate::lint::{Context, Rule};
use crate::mesh::{Service, ServiceId};
use crate::problem::{Code, Problem};
use crate::snapshot::extensions::{PluginType, TrafficSelector};
use crate::snapshot::selector::{PolicyTargetReference, WorkloadMode, WorkloadSelector};
use crate::snapshot::{Meta, ObjectRef};

pub(super) const RULE: Rule = Rule::new(Code::ExtensionMatch, include_str!("extension_match.md"), check);

/// What of both kinds of extensions matters here.
struct Extension<'m> {
    object: ObjectRef,
    meta: &'m Meta,
    selector: Option<&'m WorkloadSelector>,
    target_ref: Option<&'m PolicyTargetReference>,
    target_refs: &'m [PolicyTargetReference],
    matches: &'m [TrafficSelector],
    /// Whether it sees bytes: else requests.
    is_for_bytes: bool,
}

fn check(cx: &Context<'_>) -> Vec<Problem> {
    let plugins = cx.snapshot.wasm_plugins.iter().map(|plugin| Extension {
        object: plugin.object_ref(),
        meta: &plugin.meta,
        selector: plugin.spec.selector.as_ref(),
        target_ref: plugin.spec.target_ref.as_ref(),
        target_refs: &plugin.spec.target_refs,
        matches: &plugin.spec.matches,
        is_for_bytes: plugin.spec.plugin_type == PluginType::Network,
    });
    let extensions = cx.snapshot.traffic_extensions.iter().map(|extension| Extension {
        object: extension.object_ref(),
        meta: &extension.meta,
        selector: extension.spec.selector.as_ref(),
        target_ref: None,
        target_refs: &extension.spec.target_refs,
        matches: &extension.spec.matches,
        is_for_bytes: extension.spec.wasm.as_ref().is_some_and(|w| w.plugin_type == PluginType::Network),
    });
    plugins.chain(extensions).filter_map(|extension| problem(cx, &extension)).collect()
}

fn problem(cx: &Context<'_>, extension: &Extension<'_>) -> Option<Problem> {
    if extension.matches.is_empty() {
        return None;
    }
    let services = reached(cx, extension)?;
    // Requests are looked at without their port.
    let has_port = |number: u32| {
        extension.is_for_bytes && (services.is_empty() || services.iter().any(|s| s.port(number).is_some()))
    };
    let is_client = |selector: &TrafficSelector| selector.mode == WorkloadMode::Client;
    let holds = |selector: &TrafficSelector| {
        !is_client(selector)
            && (selector.ports.is_empty() || selector.ports.iter().any(|port| has_port(port.number)))
    };
    if extension.matches.iter().any(holds) {
        return None;
    }
    let (why, field, help) = if extension.matches.iter().all(is_client) {
        (
            "a waypoint is the server of its clients, so that no `match` of mode `CLIENT` holds there",
            "mode",
            "use the mode `SERVER`, or leave `match` out",
        )
    } else if extension.is_for_bytes {
        (
            "no Service that it is for has one of the ports in its `match`",
            "ports",
            "name the Service's port, or leave `ports` out",
        )
    } else {
        (
            "a waypoint does not look at ports for extensions of HTTP, so that no `match` with `ports` holds there",
            "ports",
            "leave `ports` out; to limit it to some Services, name them in `targetRefs`",
        )
    };
    let field = match extension.matches {
        [_] => format!("spec.match[0].{field}"),
        _ => "spec.match".to_owned(),
    };
    let message = format!("{why}: the extension is added nowhere");
    Some(Problem::new(Code::ExtensionMatch, message).on(extension.object.clone()).field(field).help(help))
}

/// The Services whose waypoint has an extension, as far as they are known; nothing if no waypoint has it.
fn reached<'m>(cx: &Context<'m>, extension: &Extension<'_>) -> Option<Vec<&'m Service>> {
    let services = |ids: &[ServiceId]| -> Vec<&'m Service> {
        ids.iter().filter_map(|id| cx.mesh.services.get(*id)).collect()
    };
    if !cx.objects_name_waypoints {
        let labels = &extension.selector?.match_labels;
        return Some(services(&selected_envoy_waypoint(cx, extension.meta, labels)?.services));
    }
    let mut found = None;
    for (_, reference) in references(extension.target_ref, extension.target_refs) {
        let more = match referred(cx, extension.meta, reference) {
            Referred::Waypoint(waypoint) => services(&waypoint.services),
            Referred::Class => envoy_waypoints(cx).flat_map(|w| services(&w.services)).collect(),
            Referred::Service(object) => {
                let served = cx.services_of(&object).filter(|(id, _)| cx.waypoint_of(*id).is_some());
                let served: Vec<_> = served.map(|(_, service)| service).collect();
                if served.is_empty() {
                    continue;
                }
                served
            }
            Referred::Other => return None,
        };
        found.get_or_insert_with(Vec::new).extend(more);
    }
    found
}
