//! Gateway API routes that attach to Services and ServiceEntries, as VirtualServices.
//!
//! Istio knows only one model of routing: it converts HTTPRoutes, GRPCRoutes, TCPRoutes and TLSRoutes to
//! VirtualServices of one host each. Those for Gateways never reach a waypoint and are left out here.
//!
//! | module | knows |
//! |---|---|
//! | `parent` | what a route attaches to |
//! | `http`, `grpc`, `l4` | the rules of each kind |
//! | `filter`, `cors` | their filters |
//! | `backend` | their backends |
//! | `order` | which rule is asked first |
//! | `merge`, `shared` | several HTTPRoutes and GRPCRoutes of one host |
//! | `report` | what is wrong with a route |

mod backend;
mod cors;
mod filter;
mod grpc;
mod http;
mod l4;
mod merge;
mod order;
mod parent;
mod report;
mod shared;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::rc::Rc;

pub use backend::{is_weightless, reference};
use parent::Parent;

use crate::Str;
use crate::features::Features;
use crate::hash::HashSet;
use crate::mesh::Services;
use crate::mesh::age::Age;
use crate::mesh::virtual_service::{HttpRule, VirtualService};
use crate::problem::Problem;
use crate::rules::{GatewayRouteMerging, HiddenGrpcRoutes, Rules};
use crate::snapshot::gateway_api::route::{self, ParentReference};
use crate::snapshot::networking::virtual_service::HttpMatchRequest;
use crate::snapshot::{Object, ObjectRef, Resource, Snapshot, Timestamp};

/// What the conversion looks things up in.
struct Context<'a> {
    snapshot: &'a Snapshot,
    rules: &'static Rules,
    services: &'a Services,
    features: &'a Features,
    grants: backend::Grants<'a>,
}

impl Context<'_> {
    fn created(&self, at: Option<Timestamp>) -> i64 {
        at.map_or(self.rules.mesh.assumed_creation, |at| at.0)
    }
}

/// Why a rule cannot be converted. In Istio that spoils the whole object: it becomes no route at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unconvertible {
    /// A filter that Istio does not know.
    Filter,
    /// A header's value with control characters.
    HeaderValue,
    /// A backend that is no reference to anything: no port, a host name for a Service.
    Backend,
    /// An InferencePool whose Service does not say who picks its endpoints.
    Pool,
    /// A copy of the requests for a backend that is not there (only in releases that are strict about that).
    Mirror,
}

/// What keeps a rule, and with it the route, from being converted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Refused {
    /// The rule's position.
    rule: usize,
    /// What is wrong with it.
    why: Unconvertible,
}

impl Unconvertible {
    /// The same of the rule at this position.
    fn of_rule(self, rule: usize) -> Refused {
        Refused { rule, why: self }
    }
}

/// The VirtualServices for all routes of a snapshot. What is wrong with routes goes to `problems`.
pub(crate) fn convert(
    snapshot: &Snapshot,
    rules: &'static Rules,
    services: &Services,
    features: &Features,
    problems: &mut Vec<Problem>,
) -> Vec<VirtualService> {
    let grants = backend::Grants::new(snapshot);
    let cx = Context { snapshot, rules, services, features, grants };
    let mut http = http_parts(&cx, &snapshot.http_routes, http::rules, problems);
    let mut out = Vec::new();
    let grpc = http_parts(&cx, &snapshot.grpc_routes, grpc::rules, problems);
    add_unless_hidden(&mut http, grpc, rules.gateway_api.hidden_grpc_routes, problems);
    for route in &snapshot.tcp_routes {
        let converted = converted(&cx, route, l4::tcp_rules, problems);
        out.extend(converted.into_iter().flat_map(|(parents, rules)| l4::tcp(&cx, route, &parents, &rules)));
    }
    for route in &snapshot.tls_routes {
        let converted = converted(&cx, route, l4::tls_rules, problems);
        out.extend(converted.into_iter().flat_map(|(parents, rules)| l4::tls(&cx, route, &parents, &rules)));
    }
    out.extend(match rules.gateway_api.merging {
        GatewayRouteMerging::Shared => shared::merge(&cx, http),
        GatewayRouteMerging::ByHost => merge::merge(&cx, http),
    });
    out
}

/// The part of an HTTPRoute or GRPCRoute for one host.
#[derive(Clone, Debug)]
struct HttpPart {
    /// The route's namespace.
    namespace: Str,
    /// The port that the route attached to, if it named one.
    port: Option<i32>,
    /// The host.
    host: Str,
    /// Creation time of the route.
    created: i64,
    /// The route's name, and which of the route's parts this is.
    name: Str,
    count: usize,
    rules: Rc<[HttpRule]>,
    origin: ObjectRef,
}

impl HttpPart {
    fn age(&self) -> Age<'_> {
        Age { created: self.created, name: &self.name, namespace: &self.namespace }
    }

    /// What tells it from others of one host.
    fn key(&self) -> (Str, Str, usize) {
        (self.namespace.clone(), self.name.clone(), self.count)
    }

    /// The port and host that it is asked for.
    fn asked(&self) -> (Option<i32>, Str) {
        (self.port, self.host.clone())
    }

    fn http_rules(&self) -> Vec<HttpRule> {
        self.rules.to_vec()
    }
}

/// A kind of route, as far as all kinds are alike.
trait Route {
    type Rule: report::Rule;

    /// What it attaches to.
    fn parents(&self) -> &[ParentReference];
    /// Its rules.
    fn rules(&self) -> &[Self::Rule];
}

macro_rules! route {
    ($($route:ident has $rule:ident,)*) => {$(
        impl Route for route::$route {
            type Rule = route::$rule;

            fn parents(&self) -> &[ParentReference] { &self.parent_refs }
            fn rules(&self) -> &[route::$rule] { &self.rules }
        }
    )*};
}

route! {
    HttpRoute has HttpRouteRule,
    GrpcRoute has GrpcRouteRule,
    TcpRoute has L4RouteRule,
    TlsRoute has L4RouteRule,
}

/// What a route attaches to and what it is converted to; none if that is nothing. What is wrong with it is
/// told.
fn converted<T: Resource + Route, R>(
    cx: &Context<'_>,
    object: &Object<T>,
    convert: impl Fn(&Context<'_>, &Object<T>) -> Result<R, Refused>,
    problems: &mut Vec<Problem>,
) -> Option<(Vec<Parent>, R)> {
    problems.extend(report::missing_parents(cx, object, object.spec.parents()));
    let attached = parent::attached(cx, object.spec.parents(), &object.meta.namespace);
    if attached.is_empty() {
        return None;
    }
    problems.extend(report::unresolved_backends(cx, object, object.spec.rules()));
    match convert(cx, object) {
        Ok(converted) => Some((attached, converted)),
        Err(refused) => {
            problems.push(report::refused(object, refused));
            None
        }
    }
}

/// The parts of all routes of one kind.
fn http_parts<T: Resource + Route>(
    cx: &Context<'_>,
    objects: &[std::sync::Arc<Object<T>>],
    rules: impl Fn(&Context<'_>, &Object<T>) -> Result<Vec<HttpRule>, Refused>,
    problems: &mut Vec<Problem>,
) -> Vec<HttpPart> {
    let mut out = Vec::new();
    for object in objects {
        let Some((attached, converted)) = converted(cx, object, &rules, problems) else { continue };
        if converted.is_empty() {
            continue;
        }
        let rules: Rc<[HttpRule]> = converted.into();
        let mut count = 0;
        for parent in attached {
            let port = parent.port.filter(|_| cx.rules.gateway_api.parent_ports);
            let rules = port.map_or_else(|| Rc::clone(&rules), |port| for_port(&rules, port));
            for host in parent.hosts {
                out.push(HttpPart {
                    namespace: object.meta.namespace.clone(),
                    port,
                    host,
                    created: cx.created(object.meta.creation_timestamp),
                    name: object.meta.name.clone(),
                    count,
                    rules: Rc::clone(&rules),
                    origin: object.object_ref(),
                });
                count += 1;
            }
        }
    }
    out
}

/// Adds the parts of GRPCRoutes that no HTTPRoute hides. An accident: Istio keeps both kinds in one
/// collection, under names that may be the same, where those of HTTPRoutes come first.
fn add_unless_hidden(
    http: &mut Vec<HttpPart>,
    grpc: Vec<HttpPart>,
    hidden: HiddenGrpcRoutes,
    problems: &mut Vec<Problem>,
) {
    let key = |part: &HttpPart| match hidden {
        HiddenGrpcRoutes::NamedAlike => (Some(part.key()), None),
        HiddenGrpcRoutes::OfSameHost => (None, Some((part.namespace.clone(), part.asked()))),
    };
    let taken: HashSet<_> = http.iter().map(key).collect();
    let (lost, kept): (Vec<_>, Vec<_>) = grpc.into_iter().partition(|part| taken.contains(&key(part)));
    let lost: BTreeSet<ObjectRef> = lost.into_iter().map(|part| part.origin).collect();
    problems.extend(lost.into_iter().map(|route| report::hidden_by_http_route(route, hidden)));
    http.extend(kept);
}

/// The same rules for one port only.
fn for_port(rules: &[HttpRule], port: i32) -> Rc<[HttpRule]> {
    let port = u32::try_from(port).unwrap_or_default();
    let for_port = |rule: &HttpRule| {
        let mut rule = rule.clone();
        let matches = &mut rule.route.matches;
        if matches.is_empty() {
            matches.push(HttpMatchRequest::default());
        }
        for request in matches {
            request.port = port;
        }
        rule
    };
    rules.iter().map(for_port).collect()
}

/// The name of a rule: its own, or one from its place in the object.
fn rule_name<T>(object: &Object<T>, name: Option<&Str>, position: usize) -> Str {
    match name {
        Some(name) => name.clone(),
        None => format!("{}.{}.{position}", object.meta.namespace, object.meta.name).into(),
    }
}
