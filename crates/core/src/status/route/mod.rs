//! The status of HTTPRoutes, GRPCRoutes, TCPRoutes and TLSRoutes, for each of their parents.
//!
//! | module | knows |
//! |---|---|
//! | [`parent`] | which parents accept a route, and why others don't |
//! | [`rules`] | what is wrong with the rules |
//! | [`backend`] | what is wrong with a backend |

mod backend;
mod parent;
mod rules;

use std::collections::{BTreeMap, BTreeSet};

use self::parent::{Attempt, Denial, Parent};
use super::condition::{Condition, Fault, ParentStatus, RouteKind, Status};
use super::gateway::Attached;
use super::{Context, scope};
use crate::Str;
use crate::snapshot::gateway_api::route::{self, ParentReference};
use crate::snapshot::{Cause, FieldPath, Object, Resource};

/// A kind of routes, as far as all kinds are alike.
trait Route: Resource {
    const ROUTE: RouteKind;

    fn parents(&self) -> &[ParentReference];
    /// The names that it is for; none for those of TCP.
    fn hostnames(&self) -> &[Str];
    /// What is wrong with its rules.
    fn fault(cx: &Context<'_>, object: &Object<Self>, side: Side) -> Option<Fault>;
}

/// On which side of a mesh a route works: that decides whether references into other namespaces have to be
/// granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    /// Between the mesh's workloads.
    Mesh,
    /// At a gateway.
    Gateway,
}

macro_rules! routes {
    ($($spec:ident is $kind:ident, for $hostnames:expr, by $fault:expr;)*) => {$(
        impl Route for route::$spec {
            const ROUTE: RouteKind = RouteKind::$kind;

            fn parents(&self) -> &[ParentReference] { &self.parent_refs }
            fn hostnames(&self) -> &[Str] {
                let hostnames: fn(&Self) -> &[Str] = $hostnames;
                hostnames(self)
            }
            fn fault(cx: &Context<'_>, object: &Object<Self>, side: Side) -> Option<Fault> {
                $fault(cx, object, side)
            }
        }
    )*};
}

routes! {
    HttpRoute is Http, for |spec| &spec.hostnames, by rules::http;
    GrpcRoute is Grpc, for |spec| &spec.hostnames, by rules::grpc;
    TcpRoute is Tcp, for |_| &[], by rules::tcp;
    TlsRoute is Tls, for |spec| &spec.hostnames, by rules::tls;
}

/// The statuses of all routes, and how many are attached to each listener.
pub(super) fn statuses(cx: &Context<'_>) -> (Vec<Status>, Attached) {
    let (mut statuses, mut attached) = (Vec::new(), Attached::new());
    let snapshot = &cx.mesh.snapshot;
    add(cx, &snapshot.http_routes, &mut statuses, &mut attached);
    add(cx, &snapshot.grpc_routes, &mut statuses, &mut attached);
    add(cx, &snapshot.tcp_routes, &mut statuses, &mut attached);
    add(cx, &snapshot.tls_routes, &mut statuses, &mut attached);
    (statuses, attached)
}

fn add<T: Route>(
    cx: &Context<'_>,
    objects: &[std::sync::Arc<Object<T>>],
    statuses: &mut Vec<Status>,
    attached: &mut Attached,
) {
    let seen = |object: &&std::sync::Arc<Object<T>>| scope::is_of_revision(cx.mesh, &object.meta);
    for object in objects.iter().filter(seen) {
        let attempts = parent::attempts(cx, object);
        count(&attempts, attached);
        if scope::is_mine(cx.mesh, &object.meta) {
            statuses.push(status(cx, object, &attempts));
        }
    }
}

/// Counts a route once for each listener that accepts it.
fn count(attempts: &[Attempt<'_>], attached: &mut Attached) {
    let mut counted = BTreeSet::new();
    for attempt in attempts.iter().filter(|attempt| attempt.denial.is_none()) {
        if let Parent::Listener { namespace, owner, listener } = &attempt.parent {
            let key = ((*namespace).clone(), (*owner).clone(), (*listener).clone());
            if counted.insert(key.clone()) {
                *attached.entry(key).or_default() += 1;
            }
        }
    }
}

fn status<T: Route>(cx: &Context<'_>, object: &Object<T>, attempts: &[Attempt<'_>]) -> Status {
    let is_mesh = |attempt: &Attempt<'_>| matches!(attempt.parent, Parent::Mesh);
    let fault_of = |side, wanted: bool| wanted.then(|| T::fault(cx, object, side)).flatten();
    let of_mesh = fault_of(Side::Mesh, attempts.iter().any(is_mesh));
    let of_gateways = fault_of(Side::Gateway, !attempts.iter().all(is_mesh));
    let mut by_reference: BTreeMap<usize, Vec<&Attempt<'_>>> = BTreeMap::new();
    for attempt in attempts {
        by_reference.entry(attempt.reference).or_default().push(attempt);
    }
    let mut status = Status::of(object.object_ref());
    for (index, attempts) in by_reference {
        let Some(reference) = object.spec.parents().get(index) else { continue };
        let in_mesh = attempts.iter().any(|attempt| is_mesh(attempt));
        let fault = if in_mesh { &of_mesh } else { &of_gateways };
        let cause = Cause::new(object.object_ref(), FieldPath::at("spec.parentRefs[]", [index]));
        let mut conditions = vec![accepted(&attempts, cause), resolved(fault.clone())];
        if cx.mesh.rules.status.ambient {
            conditions.push(waypoints(&attempts));
        }
        status.parents.push(ParentStatus {
            reference: reference.clone(),
            controller: cx.mesh.options.features.pilot_gateway_api_controller_name.clone(),
            conditions,
        });
    }
    status
}

/// Whether one parent accepts the route. Of several refusals that of the listener which came closest counts.
fn accepted(attempts: &[&Attempt<'_>], cause: Cause) -> Condition {
    let closest = attempts.iter().map(|attempt| rank(attempt.denial.as_ref())).min().unwrap_or_default();
    let closest = attempts.iter().filter(|attempt| rank(attempt.denial.as_ref()) == closest);
    let denials: Vec<&Denial> = closest.filter_map(|attempt| attempt.denial.as_ref()).collect();
    if let Some(first) = denials.first() {
        let messages: Vec<&str> = denials.iter().map(|denial| denial.message.as_str()).collect();
        let denied = Condition::new("Accepted", false, first.reason.as_str(), messages.join("; "));
        return denied.because([cause]);
    }
    let message = match attempts.iter().filter(|attempt| attempt.denial.is_none()).count() {
        count @ 2.. => format!("Route was valid, bound to {count} parents"),
        _ => "Route was valid".to_owned(),
    };
    Condition::new("Accepted", true, "Accepted", message)
}

fn rank(denial: Option<&Denial>) -> u8 {
    denial.map_or(0, |denial| denial.reason.rank())
}

fn resolved(fault: Option<Fault>) -> Condition {
    match fault {
        Some(fault) => fault.condition("ResolvedRefs"),
        None => Condition::new("ResolvedRefs", true, "ResolvedRefs", "All references resolved"),
    }
}

/// Whether the parent has a waypoint. Istio says yes in any case; only the message tells.
fn waypoints(attempts: &[&Attempt<'_>]) -> Condition {
    let without = attempts.iter().find_map(|attempt| attempt.without_waypoint.clone());
    let (message, causes) = match without {
        Some(fault) => (fault.message, fault.causes),
        None => ("All waypoints resolved".to_owned(), Vec::new()),
    };
    Condition::new("ResolvedWaypoints", true, "ResolvedWaypoints", message).because(causes)
}
