//! `telemetry-mode`: Telemetry for clients only, which holds at no waypoint.

use crate::lint::telemetry::all_in_force;
use crate::lint::{Context, Rule, scope};
use crate::mesh::attachment::refers_to_nothing;
use crate::problem::{Code, Problem};
use crate::snapshot::Object;
use crate::snapshot::telemetry::{Telemetry, TelemetryMode};

pub(super) const RULE: Rule = Rule::new(Code::TelemetryMode, include_str!("telemetry_mode.md"), check);

fn check(cx: &Context<'_>) -> Vec<Problem> {
    let objects = all_in_force(cx).into_iter().filter(|object| !may_be_for_others(cx, object));
    objects.flat_map(of_object).collect()
}

/// Whether sidecars or gateways may read it, which are clients.
fn may_be_for_others(cx: &Context<'_>, object: &Object<Telemetry>) -> bool {
    let namespace = &object.meta.namespace;
    refers_to_nothing(object)
        && (cx.mesh.config.root_namespace == *namespace
            || cx.has_sidecars(namespace)
            || scope::may_be_for_gateways(cx, object))
}

/// Lists of which everything is for clients. Where something is for servers, the rest may be for others.
fn of_object(object: &Object<Telemetry>) -> Vec<Problem> {
    let spec = &object.spec;
    let is_client = |mode: Option<TelemetryMode>| mode == Some(TelemetryMode::Client);
    let are_for_clients =
        |modes: &[Option<TelemetryMode>]| !modes.is_empty() && modes.iter().all(|mode| is_client(*mode));
    let logs: Vec<_> = spec.access_logging.iter().map(|l| l.matches.as_ref().map(|m| m.mode)).collect();
    let traces: Vec<_> = spec.tracing.iter().map(|t| t.matches.as_ref().map(|m| m.mode)).collect();
    let mut fields = Vec::new();
    for (list, modes) in [("accessLogging", logs), ("tracing", traces)] {
        if are_for_clients(&modes) {
            fields.push(format!("spec.{list}[0].match.mode"));
        }
    }
    for (i, metrics) in spec.metrics.iter().enumerate() {
        let modes: Vec<_> = metrics.overrides.iter().map(|o| o.matches.as_ref().map(|m| m.mode)).collect();
        if are_for_clients(&modes) {
            fields.push(format!("spec.metrics[{i}].overrides[0].match.mode"));
        }
    }
    let problem = |field: String| {
        let message = "a waypoint is the server of its clients: mode `CLIENT` holds for nothing there";
        Problem::new(Code::TelemetryMode, message)
            .on(object.object_ref())
            .field(field)
            .help("use the mode `SERVER`, or leave `mode` out")
    };
    fields.into_iter().map(problem).collect()
}
