//! `tls-twice`: TLS that is started for a port whose clients speak TLS already.

use std::collections::BTreeMap;

use crate::Str;
use crate::hash::HashSet;
use crate::lint::references::envoy_waypoints;
use crate::lint::{Context, Releases, Rule, list};
use crate::mesh::destination_rule::{Client, MergedRule, PortPolicy};
use crate::mesh::hostname::{self, resolve};
use crate::mesh::{Port, Service, Waypoint};
use crate::problem::{Code, Problem};
use crate::release::Release;
use crate::snapshot::gateway_api::route::BackendRef;
use crate::snapshot::networking::DestinationRule;
use crate::snapshot::networking::destination_rule::{ClientTlsSettings, TlsMode};
use crate::snapshot::{self, Cause, Kind, ObjectRef};
use crate::well_known::ISTIO_GROUP;

pub(super) const RULE: Rule = Rule {
    releases: Releases::Since(Release::V1_29),
    ..Rule::new(Code::TlsTwice, include_str!("tls_twice.md"), check)
};

/// A port of a Service that is TLS already, and what starts TLS for it.
struct DoubleTls<'m> {
    service: &'m Service,
    port: &'m Port,
    mode: TlsMode,
}

fn check(cx: &Context<'_>) -> Vec<Problem> {
    let routed = Routed::new(cx);
    let mut found: BTreeMap<(ObjectRef, String), Vec<DoubleTls<'_>>> = BTreeMap::new();
    for waypoint in envoy_waypoints(cx) {
        for service in waypoint.services.iter().filter_map(|id| cx.mesh.services.get(*id)) {
            for port in service.ports.iter().filter(|port| port.protocol.is_tls()) {
                if let Some((mode, place)) = started(cx, waypoint, service, port)
                    && !routed.leads_to(service, port)
                {
                    found.entry(place).or_default().push(DoubleTls { service, port, mode });
                }
            }
        }
    }
    found.into_iter().filter_map(|((object, field), ports)| problem(object, field, &ports)).collect()
}

/// The TLS that is started for a port, and the field that says so.
fn started(
    cx: &Context<'_>,
    waypoint: &Waypoint,
    service: &Service,
    port: &Port,
) -> Option<(TlsMode, (ObjectRef, String))> {
    let client = Client { namespace: &waypoint.name.namespace, labels: None };
    let rule = cx.mesh.destination_rules.get(client, service)?;
    let policy = PortPolicy::of(rule.spec.traffic_policy.as_ref()?, port.number);
    let mode = policy.tls.filter(|tls| starts_tls(tls))?.mode;
    Some((mode, place(cx, rule, port)?))
}

fn starts_tls(tls: &ClientTlsSettings) -> bool {
    matches!(tls.mode, TlsMode::Simple | TlsMode::Mutual)
}

/// The field of the object that a rule has its TLS for a port from.
fn place(cx: &Context<'_>, rule: &MergedRule, port: &Port) -> Option<(ObjectRef, String)> {
    let own = rule.from.iter().find_map(|cause| {
        let object = &cause.object;
        let found = snapshot::find(&cx.snapshot.destination_rules, &object.namespace, &object.name)
            .filter(|_| object.kind == Kind::DestinationRule)?;
        Some((object.clone(), field(&found.spec, port)?))
    });
    let backend = |cause: &Cause| {
        let is_backend_policy = cause.object.kind == Kind::BackendTlsPolicy;
        is_backend_policy.then(|| (cause.object.clone(), cause.field.to_string()))
    };
    own.or_else(|| rule.from.iter().find_map(backend))
}

fn field(rule: &DestinationRule, port: &Port) -> Option<String> {
    let policy = rule.traffic_policy.as_ref()?;
    let of_port = policy
        .port_level_settings
        .iter()
        .enumerate()
        .find(|(_, settings)| settings.port.as_ref().is_some_and(|p| p.number == port.number));
    let (tls, field) = match of_port {
        Some((i, settings)) => (&settings.tls, format!("spec.trafficPolicy.portLevelSettings[{i}].tls.mode")),
        None => (&policy.tls, "spec.trafficPolicy.tls.mode".to_owned()),
    };
    tls.as_ref().is_some_and(starts_tls).then_some(field)
}

fn problem(object: ObjectRef, field: String, found: &[DoubleTls<'_>]) -> Option<Problem> {
    let first = found.first()?;
    let ports = found.iter().map(|found| format!("{}:{}", found.service.hostname, found.port.number));
    let (plural, are) = if found.len() == 1 { ("", "is") } else { ("s", "are") };
    let message = format!(
        "the port{plural} {} {are} declared as TLS, which clients start: with {} here the waypoint puts TLS around TLS",
        list::few(ports),
        first.mode.as_str()
    );
    let mut problem = Problem::new(Code::TlsTwice, message).on(object).field(field).help(
        "declare the port's protocol as `HTTP` and have clients send plain HTTP, or leave TLS to the clients and remove this",
    );
    for DoubleTls { service, port, .. } in found.iter().take(5) {
        let position = service.ports.iter().position(|other| other == *port).unwrap_or_default();
        let field = format!("spec.ports[{position}]");
        problem = problem.related_object(service.source.object(), field, "this port is TLS already");
    }
    Some(problem)
}

/// The hosts and ports that routes lead HTTP to: who sends there in clear text wants TLS to be started.
#[derive(Default)]
struct Routed {
    /// With the port, or with none for whichever there is.
    destinations: HashSet<(Str, Option<u32>)>,
}

impl Routed {
    fn new(cx: &Context<'_>) -> Self {
        let mut routed = Self::default();
        for object in &cx.snapshot.virtual_services {
            let namespace = &object.meta.namespace;
            for destination in object.spec.http.iter().flat_map(|rule| &rule.route) {
                let Some(destination) = &destination.destination else { continue };
                let port = destination.port.as_ref().map(|port| port.number);
                routed.destinations.insert((resolve(&destination.host, namespace), port));
            }
        }
        for route in &cx.snapshot.http_routes {
            let backends = route.spec.rules.iter().flat_map(|rule| &rule.backend_refs);
            routed.add(backends, &route.meta.namespace);
        }
        for route in &cx.snapshot.grpc_routes {
            let backends = route.spec.rules.iter().flat_map(|rule| &rule.backend_refs);
            routed.add(backends, &route.meta.namespace);
        }
        routed
    }

    fn add<'b>(&mut self, backends: impl Iterator<Item = &'b BackendRef>, namespace: &str) {
        for backend in backends {
            let namespace = backend.namespace.as_deref().unwrap_or(namespace);
            let host = match backend.group.as_deref() {
                Some(ISTIO_GROUP) => backend.name.clone(),
                _ => hostname::of_service(&backend.name, namespace),
            };
            self.destinations.insert((host, backend.port.and_then(|port| u32::try_from(port).ok())));
        }
    }

    fn leads_to(&self, service: &Service, port: &Port) -> bool {
        let has = |port| self.destinations.contains(&(service.hostname.clone(), port));
        has(Some(port.number)) || has(None)
    }
}
