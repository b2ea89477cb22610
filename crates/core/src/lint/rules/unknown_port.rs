//! `unknown-port`: destinations and backends with a port that the Service does not have, or without one where
//! Istio cannot choose; port settings of DestinationRules for such a port.

use std::collections::BTreeSet;

use crate::lint::ports;
use crate::lint::routing::{Edge, Router, Share};
use crate::lint::{Context, Rule};
use crate::mesh::{Service, hostname};
use crate::problem::{Code, Problem, Severity};
use crate::snapshot::Object;
use crate::snapshot::networking::DestinationRule;
use crate::snapshot::networking::destination_rule::TrafficPolicy;

pub(super) const RULE: Rule = Rule {
    analyze: &["IST0101", "IST0112"],
    ..Rule::new(Code::UnknownPort, include_str!("unknown_port.md"), check)
};

fn check(cx: &Context<'_>) -> Vec<Problem> {
    let mut found = Vec::new();
    for router in cx.routers() {
        for edge in router.edges.iter().filter(|edge| edge.share != Share::Nothing) {
            let services = services(cx, &edge.host);
            let Some(first) = services.first() else { continue };
            match edge.port {
                Some(port) if services.iter().all(|service| service.port(port).is_none()) => {
                    found.push(named(router, edge, first, port));
                }
                None => found.extend(left_open(cx, router, edge, first)),
                Some(_) => {}
            }
        }
    }
    found.extend(cx.snapshot.destination_rules.iter().flat_map(|object| of_rule(cx, object)));
    found
}

/// The Services with a hostname.
fn services<'m>(cx: &Context<'m>, host: &str) -> Vec<&'m Service> {
    let services = &cx.mesh.services;
    services.with_hostname(host).iter().filter_map(|id| services.get(*id)).collect()
}

/// A port that is not there.
fn named(router: &Router<'_>, edge: &Edge<'_>, service: &Service, port: u32) -> Problem {
    let object = service.source.object();
    let consequence = match edge.share {
        Share::Copies => "no copies are sent",
        _ if edge.is_http => "requests that take the route fail",
        _ => "connections that take the route fail",
    };
    let what = ports::what_it_is(service, port);
    let problem = Problem::new(
        Code::UnknownPort,
        format!("{object} has no port {port}{what}: there is no cluster for it, so that {consequence}"),
    );
    problem
        .on(router.object.clone())
        .field(edge.port_field())
        .help(ports::help(service, port))
        .related_object(object, "spec.ports", format!("it has {}", ports::list(service)))
}

/// No port where the destination has several: Istio takes the number of the port that the request came to.
fn left_open(
    cx: &Context<'_>,
    router: &Router<'_>,
    edge: &Edge<'_>,
    destination: &Service,
) -> Option<Problem> {
    if destination.ports.len() < 2 {
        return None;
    }
    let arriving: BTreeSet<u32> = cx
        .routing()
        .of(&router.object)
        .flat_map(|routed| &routed.service.ports)
        .filter(|port| edge.ports.is_empty() || edge.ports.contains(&port.number))
        .filter(|port| ports::takes(port.protocol, edge.is_http))
        .map(|port| port.number)
        .collect();
    let missing: Vec<String> = arriving
        .iter()
        .filter(|port| destination.port(**port).is_none())
        .map(|port| format!("`{port}`"))
        .collect();
    if missing.is_empty() {
        return None;
    }
    let all = missing.len() == arriving.len();
    let object = destination.source.object();
    let message = format!(
        "the destination names no port and {object} has several: the port that the request came to is taken, \
         and it has no port {}, so that these requests fail",
        missing.join(", ")
    );
    let severity = if all { Severity::Warning } else { Severity::Note };
    Some(
        Problem::new(Code::UnknownPort, message)
            .severity(severity)
            .on(router.object.clone())
            .field(edge.field.clone())
            .help(format!("name the port: {}", ports::list(destination)))
            .related_object(object, "spec.ports", "the ports that it has"),
    )
}

/// Settings for ports of a host that has no such port.
fn of_rule(cx: &Context<'_>, object: &Object<DestinationRule>) -> Vec<Problem> {
    let spec = &object.spec;
    let host = hostname::resolve(&spec.host, &object.meta.namespace);
    let services = services(cx, &host);
    let served = |service: &&Service| {
        cx.services_of(&service.source.object()).any(|(id, _)| cx.waypoint_of(id).is_some())
    };
    let Some(first) = services.first().filter(|_| services.iter().any(served)) else { return Vec::new() };
    let general = spec.traffic_policy.iter().map(|policy| ("spec.trafficPolicy".to_owned(), policy));
    let subsets = spec.subsets.iter().enumerate().filter_map(|(i, subset)| {
        Some((format!("spec.subsets[{i}].trafficPolicy"), subset.traffic_policy.as_ref()?))
    });
    let mut found = Vec::new();
    for (path, policy) in general.chain(subsets) {
        for (i, port) in ports_of(policy) {
            if services.iter().any(|service| service.port(port).is_some()) {
                continue;
            }
            let service = first.source.object();
            let what = ports::what_it_is(first, port);
            let message = format!("{service} has no port {port}{what}: these settings have no effect");
            let problem = Problem::new(Code::UnknownPort, message);
            found.push(
                problem
                    .on(object.object_ref())
                    .field(format!("{path}.portLevelSettings[{i}].port.number"))
                    .help(ports::help(first, port))
                    .related_object(service, "spec.ports", format!("it has {}", ports::list(first))),
            );
        }
    }
    found
}

fn ports_of(policy: &TrafficPolicy) -> impl Iterator<Item = (usize, u32)> {
    let all = policy.port_level_settings.iter().enumerate();
    all.filter_map(|(i, settings)| Some((i, settings.port.as_ref()?.number)))
}
