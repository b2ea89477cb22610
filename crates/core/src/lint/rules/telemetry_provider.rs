//! `telemetry-provider`: Telemetry that names a provider which is not there, or cannot do what it is named
//! for.

use std::collections::BTreeSet;

use crate::lint::providers::{Signal, sends_to, without_port};
use crate::lint::telemetry::{all_in_force, in_force};
use crate::lint::{Context, Rule, list, ports};
use crate::mesh::telemetry::provider;
use crate::plan::provider::Upstream;
use crate::problem::{Code, Problem};
use crate::snapshot::Object;
use crate::snapshot::telemetry::{ProviderRef, Telemetry, TelemetryMode};

pub(super) const RULE: Rule =
    Rule::new(Code::TelemetryProvider, include_str!("telemetry_provider.md"), check);

/// What does not happen for want of a provider.
const fn consequence(signal: Signal) -> &'static str {
    match signal {
        Signal::AccessLogging => "no access log is written to it",
        Signal::Metrics => "it gets no metrics",
        Signal::Tracing => "no request is traced",
    }
}

fn check(cx: &Context<'_>) -> Vec<Problem> {
    let mut found: Vec<Problem> =
        all_in_force(cx).into_iter().flat_map(|object| of_object(cx, object)).collect();
    found.extend(logs_without_provider(cx));
    found
}

/// Telemetry for access logs that names no provider where there is no default one: nothing is logged any
/// more.
fn logs_without_provider(cx: &Context<'_>) -> Vec<Problem> {
    let mut found = Vec::new();
    if cx.mesh.config.default_providers.access_logging.as_ref().is_some_and(|names| !names.is_empty()) {
        return found;
    }
    let mut seen = BTreeSet::new();
    for there in in_force(cx) {
        let settings = |object: &Object<Telemetry>| {
            let mut all = object.spec.access_logging.iter();
            all.position(|logs| logs.matches.as_ref().is_none_or(|m| m.mode != TelemetryMode::Client))
        };
        // What is mended there is mended for those that override it.
        let broadest = there.objects.iter().find_map(|bound| Some((bound.object, settings(bound)?)));
        let mut all = there.objects.iter().flat_map(|bound| &bound.object.spec.access_logging);
        let is_without = all.all(|logs| logs.providers.is_empty() && logs.disabled != Some(true));
        if let Some((object, position)) = broadest
            && is_without
            && seen.insert(object.object_ref())
        {
            let message = format!(
                "no provider is named here, and the mesh configuration has no default one for access logs: waypoint `{}` writes none",
                there.waypoint.name
            );
            let problem = Problem::new(Code::TelemetryProvider, message).on(object.object_ref());
            found.push(problem.field(format!("spec.accessLogging[{position}]")).help(
                "name one in `providers` (`envoy` writes to the mesh configuration's `accessLogFile`), or list it in `defaultProviders.accessLogging`",
            ));
        }
    }
    found
}

fn of_object(cx: &Context<'_>, object: &Object<Telemetry>) -> Vec<Problem> {
    let spec = &object.spec;
    let is_for_servers = |mode: Option<TelemetryMode>| mode != Some(TelemetryMode::Client);
    let logs = spec.access_logging.iter().map(|l| (l.matches.as_ref().map(|m| m.mode), &l.providers));
    let traces = spec.tracing.iter().map(|t| (t.matches.as_ref().map(|m| m.mode), &t.providers));
    let metrics = spec.metrics.iter().map(|m| (None, &m.providers));
    let all = (logs.enumerate().map(|(i, named)| (Signal::AccessLogging, i, named)))
        .chain(metrics.enumerate().map(|(i, named)| (Signal::Metrics, i, named)))
        .chain(traces.enumerate().map(|(i, named)| (Signal::Tracing, i, named)));
    let mut found = Vec::new();
    for (signal, i, (_, providers)) in all.filter(|(_, _, (mode, _))| is_for_servers(*mode)) {
        for (j, reference) in providers.iter().enumerate() {
            let field = format!("spec.{}[{i}].providers[{j}].name", signal.field());
            let problem = problem(cx, signal, reference);
            found.extend(problem.map(|problem| problem.on(object.object_ref()).field(field)));
        }
    }
    found
}

fn problem(cx: &Context<'_>, signal: Signal, reference: &ProviderRef) -> Option<Problem> {
    let (name, consequence) = (&reference.name, consequence(signal));
    let new = |message: String| Problem::new(Code::TelemetryProvider, message);
    let Some(provider) = provider(&cx.mesh.config, name) else {
        let message = format!("the mesh configuration has no provider `{name}`: {consequence}");
        return Some(new(message).help(known(cx, signal)));
    };
    if !signal.is_taken_by(provider) {
        let message = format!("the provider `{name}` is not one for {}: {consequence}", signal.noun());
        return Some(new(message).help(known(cx, signal)));
    }
    let (service, port) = sends_to(provider)?;
    if Upstream::find(&cx.mesh.services, service, port).is_some() {
        let (service, port) = without_port(&cx.mesh.services, provider)?;
        let message = format!(
            "the provider `{name}` sends to port {port} of `{}`, which has no such port{}: {consequence}",
            service.hostname,
            ports::what_it_is(service, port),
        );
        let help = format!("{}, in the mesh configuration", ports::help(service, port));
        return Some(new(message).help(help).related_object(
            service.source.object(),
            "spec.ports",
            "this Service has other ports",
        ));
    }
    let message = format!(
        "there is no Service or ServiceEntry `{service}`, which the provider `{name}` sends to: {consequence}"
    );
    Some(new(message).help(
        "name a Service by its full name in the provider's `service`, with `namespace/` before it where several namespaces have that host",
    ))
}

/// The providers that there are for something.
fn known(cx: &Context<'_>, signal: Signal) -> String {
    let providers = cx.mesh.config.extension_providers.iter();
    let names: Vec<&str> = providers
        .filter(|provider| signal.is_taken_by(provider))
        .map(|provider| provider.name.as_str())
        .collect();
    if names.is_empty() {
        return format!(
            "add a provider for {} to `extensionProviders` of the mesh configuration",
            signal.noun()
        );
    }
    let names = list::few(names);
    format!(
        "name one for {} that the mesh configuration has ({names}), or add it to its `extensionProviders`",
        signal.noun()
    )
}
