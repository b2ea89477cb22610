//! `ignored-field`: fields that Istio accepts and waypoints do nothing with.

mod destination_rule;
mod outbound;

use crate::lint::{Context, Rule, gateway_routes};
use crate::mesh::ServiceSource;
use crate::problem::{Code, Problem, Severity};
use crate::snapshot::security::{MutualTls, MutualTlsMode};
use crate::snapshot::{Kind, ObjectRef};

pub(super) const RULE: Rule = Rule::new(Code::IgnoredField, include_str!("ignored_field.md"), check);

fn check(cx: &Context<'_>) -> Vec<Problem> {
    let mut found = destination_rule::check(cx);
    found.extend(session_affinity(cx));
    found.extend(session_persistence(cx));
    found.extend(disabled_mtls(cx));
    found.extend(outbound::check(cx));
    if !cx.mesh.rules.listeners.tcp_routing {
        found.extend(routes_of_connections(cx));
    }
    found
}

fn problem(object: ObjectRef, field: impl Into<String>, message: impl Into<String>) -> Problem {
    Problem::new(Code::IgnoredField, message).on(object).field(field)
}

/// Services that want a client to stay with a pod, where a waypoint chooses the pod.
fn session_affinity(cx: &Context<'_>) -> Vec<Problem> {
    let services = cx.routing().services().iter().filter(|routed| {
        matches!(&routed.service.source, ServiceSource::Kubernetes(object)
            if object.spec.session_affinity == "ClientIP")
            && !routed.service.addresses.is_empty()
            && !destination_rule::has_hash(cx, routed)
    });
    services
        .map(|routed| {
            let object = routed.service.source.object();
            let message = format!(
                "the waypoint `{}` chooses a pod for each request and does not keep `sessionAffinity`",
                routed.waypoint.name
            );
            problem(object, "spec.sessionAffinity", message)
                .help("use `consistentHash` of a DestinationRule, by a cookie or a header")
        })
        .collect()
}

/// `sessionPersistence` of HTTPRoutes, GRPCRoutes and XBackendTrafficPolicies.
fn session_persistence(cx: &Context<'_>) -> Vec<Problem> {
    let not_kept = |object: ObjectRef, field: String| {
        let message =
            "Istio does not implement `sessionPersistence`: requests of one session go to different pods";
        problem(object, field, message)
            .help("use `consistentHash` of a DestinationRule, by a cookie or a header")
    };
    let mut found = Vec::new();
    for route in gateway_routes::all(cx.snapshot).filter(|route| cx.routing().has(&route.object)) {
        let persistent =
            route.rules.iter().enumerate().filter(|(_, rule)| rule.session_persistence.is_some());
        found.extend(
            persistent
                .map(|(i, _)| not_kept(route.object.clone(), format!("spec.rules[{i}].sessionPersistence"))),
        );
    }
    for policy in &cx.snapshot.x_backend_traffic_policies {
        let is_for_served = policy.spec.target_refs.iter().any(|target| {
            let service = ObjectRef::new(Kind::Service, policy.meta.namespace.clone(), target.name.clone());
            target.kind == "Service" && cx.services_of(&service).any(|(id, _)| cx.waypoint_of(id).is_some())
        });
        if policy.spec.session_persistence.is_some() && is_for_served {
            found.push(not_kept(policy.object_ref(), "spec.sessionPersistence".to_owned()));
        }
    }
    found
}

/// PeerAuthentications that switch mTLS off: ztunnels always take it.
fn disabled_mtls(cx: &Context<'_>) -> Vec<Problem> {
    if cx.mesh.waypoints.is_empty() {
        return Vec::new();
    }
    let mut found = Vec::new();
    for object in &cx.snapshot.peer_authentications {
        if cx.has_sidecars(&object.meta.namespace) {
            continue;
        }
        let is_disabled = |tls: &MutualTls| tls.mode == MutualTlsMode::Disable;
        let general =
            object.spec.mtls.iter().filter(|tls| is_disabled(tls)).map(|_| "spec.mtls.mode".to_owned());
        let ports = object.spec.port_level_mtls.iter().filter(|(_, tls)| is_disabled(tls));
        let ports = ports.map(|(port, _)| format!("spec.portLevelMtls[\"{port}\"].mode"));
        found.extend(general.chain(ports).map(|field| {
            let message =
                "mode `DISABLE` has no effect in ambient mode: clients in the mesh use mTLS all the same";
            problem(object.object_ref(), field, message)
                .severity(Severity::Note)
                .help("write `PERMISSIVE` if clients outside of the mesh are to be let in")
        }));
    }
    found
}

/// Routes of connections, in releases whose waypoints know those of HTTP only.
fn routes_of_connections(cx: &Context<'_>) -> Vec<Problem> {
    let release = cx.mesh.rules.release;
    let message = |what: &str| {
        format!("a waypoint of release {release} does not route connections: {what} has no effect")
    };
    let help = "route HTTP, or use a later release";
    let mut found = Vec::new();
    for object in &cx.snapshot.virtual_services {
        let name = object.object_ref();
        if !cx.routing().has(&name) {
            continue;
        }
        let lists = [("tls", !object.spec.tls.is_empty()), ("tcp", !object.spec.tcp.is_empty())];
        for (list, _) in lists.into_iter().filter(|(_, is_there)| *is_there) {
            let message = message(&format!("`{list}`"));
            found.push(problem(name.clone(), format!("spec.{list}"), message).help(help));
        }
    }
    for route in gateway_routes::all(cx.snapshot).filter(|route| cx.routing().has(&route.object)) {
        if matches!(route.object.kind, Kind::TcpRoute | Kind::TlsRoute) {
            found.push(problem(route.object, "spec.rules", message("the route")).help(help));
        }
    }
    found
}
