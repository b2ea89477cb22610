//! `tracing-off`: Telemetry for tracing that names no provider, where there is no default one.

use std::collections::BTreeSet;

use crate::lint::telemetry::{InForce, in_force};
use crate::lint::{Context, Rule};
use crate::problem::{Code, Problem};
use crate::snapshot::Object;
use crate::snapshot::telemetry::{Telemetry, TelemetryMode, Tracing};

pub(super) const RULE: Rule =
    Rule { analyze: &["IST0157"], ..Rule::new(Code::TracingOff, include_str!("tracing_off.md"), check) };

fn check(cx: &Context<'_>) -> Vec<Problem> {
    if cx.mesh.config.default_providers.tracing.as_ref().is_some_and(|names| !names.is_empty()) {
        return Vec::new();
    }
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    for there in in_force(cx) {
        // What is mended there is mended for those that override it.
        let broadest = there.objects.iter().find_map(|bound| Some((bound.object, settings(bound).next()?)));
        if let Some((object, (position, _))) = broadest
            && is_without_provider(&there)
            && seen.insert(object.object_ref())
        {
            found.push(problem(cx, object, position, &there));
        }
    }
    found
}

/// The settings for tracing that hold for servers, as a waypoint is one, with their positions.
fn settings(telemetry: &Object<Telemetry>) -> impl Iterator<Item = (usize, &Tracing)> {
    let all = telemetry.spec.tracing.iter().enumerate();
    all.filter(|(_, tracing)| tracing.matches.as_ref().is_none_or(|m| m.mode != TelemetryMode::Client))
}

/// Whether nobody names a provider, and nobody wants no spans either.
fn is_without_provider(there: &InForce<'_>) -> bool {
    let mut all = there.objects.iter().flat_map(|bound| settings(bound));
    all.all(|(_, tracing)| tracing.providers.is_empty() && tracing.disable_span_reporting != Some(true))
}

fn problem(cx: &Context<'_>, object: &Object<Telemetry>, position: usize, there: &InForce<'_>) -> Problem {
    let config = &cx.mesh.config;
    let is_on = config.enable_tracing && config.default_config.tracing.is_some();
    let consequence = if is_on { "switches off the tracing that is on without it" } else { "traces nothing" };
    let message = format!(
        "no provider is named here, and the mesh configuration has no default one for tracing: waypoint `{}` {consequence}",
        there.waypoint.name
    );
    Problem::new(Code::TracingOff, message)
        .on(object.object_ref())
        .field(format!("spec.tracing[{position}]"))
        .help("name one of the mesh configuration's `extensionProviders` in `providers`, or list it in its `defaultProviders.tracing`")
}
