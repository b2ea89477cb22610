//! What is wrong with a route, as Istio writes it into the route's status.

use super::backend::{self, Unresolved};
use super::parent;
use super::{Context, Refused, Unconvertible};
use crate::problem::{Code, Problem};
use crate::rules::HiddenGrpcRoutes;
use crate::snapshot::gateway_api::filter::RouteFilter;
use crate::snapshot::gateway_api::route::{
    BackendObjectReference, BackendRef, GrpcRouteRule, HttpRouteRule, L4RouteRule, ParentReference,
};
use crate::snapshot::{Object, ObjectRef, Resource};

/// A rule, as far as it refers to something.
pub(super) trait Rule {
    /// Its backends.
    fn backends(&self) -> &[BackendRef];
    /// Its filters.
    fn filters(&self) -> &[RouteFilter];
}

macro_rules! rule {
    ($($rule:ty),*) => {$(
        impl Rule for $rule {
            fn backends(&self) -> &[BackendRef] { &self.backend_refs }
            fn filters(&self) -> &[RouteFilter] { &self.filters }
        }
    )*};
}

rule!(HttpRouteRule, GrpcRouteRule);

impl Rule for L4RouteRule {
    fn backends(&self) -> &[BackendRef] {
        &self.backend_refs
    }

    fn filters(&self) -> &[RouteFilter] {
        &[]
    }
}

/// Parents in the mesh that are not there: the reason `NoMatchingParent` of the condition `Accepted`.
pub(super) fn missing_parents<T: Resource>(
    cx: &Context<'_>,
    object: &Object<T>,
    parents: &[ParentReference],
) -> Vec<Problem> {
    let missing = |(i, reference): (usize, &ParentReference)| {
        let missing = parent::missing(cx, reference, &object.meta.namespace)?;
        let message = format!("there is no {missing} to attach to (NoMatchingParent)");
        let problem = Problem::new(Code::ParentNotFound, message);
        Some(problem.on(object.object_ref()).field(format!("spec.parentRefs[{i}]")))
    };
    parents.iter().enumerate().filter_map(missing).collect()
}

/// The route as a whole is not converted.
pub(super) fn refused<T: Resource>(object: &Object<T>, refused: Refused) -> Problem {
    let (reason, why) = match refused.why {
        Unconvertible::Filter => ("InvalidFilter", "a filter is of a type that Istio does not know here"),
        Unconvertible::HeaderValue => ("InvalidFilter", "a header's value has control characters"),
        Unconvertible::Backend => {
            ("InvalidDestination", "a backend needs a port, and a Service's name, not its host")
        }
        Unconvertible::Pool => {
            ("InvalidDestination", "the Service of an InferencePool does not say who picks its endpoints")
        }
        Unconvertible::Mirror => ("BackendNotFound", "the backend of a mirror is not there"),
    };
    let problem =
        Problem::new(Code::RouteNotAccepted, format!("the route is not converted ({reason}): {why}"));
    problem.on(object.object_ref()).field(format!("spec.rules[{}]", refused.rule))
}

/// A GRPCRoute that an HTTPRoute takes the place of. Its status doesn't tell.
pub(super) fn hidden_by_http_route(route: ObjectRef, hidden: HiddenGrpcRoutes) -> Problem {
    let (message, help) = match hidden {
        HiddenGrpcRoutes::NamedAlike => (
            "Istio mistakes the route for the HTTPRoute of this namespace and name: it has no effect",
            "give one of them another name",
        ),
        HiddenGrpcRoutes::OfSameHost => (
            "Istio takes an HTTPRoute of this namespace for the same host and port in its place: there it has no effect",
            "say in the HTTPRoute what this route says, or attach one of them to a port",
        ),
    };
    Problem::new(Code::Ineffective, message).on(route).help(help)
}

/// Backends that can't be used: the condition `ResolvedRefs`. What is given no share is not looked at.
pub(super) fn unresolved_backends<T: Resource>(
    cx: &Context<'_>,
    object: &Object<T>,
    rules: &[impl Rule],
) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut look_at = |to: &BackendObjectReference, field: &dyn Fn() -> String| {
        let backend = backend::destination(cx, to, &object.meta.namespace);
        if let Some(problem) = backend.ok().and_then(|backend| backend.problem) {
            let message = unresolved(problem, to);
            let problem = Problem::new(Code::BackendNotResolved, message);
            problems.push(problem.on(object.object_ref()).field(field()));
        }
    };
    for (i, rule) in rules.iter().enumerate() {
        for (j, to) in rule.backends().iter().enumerate().filter(|(_, to)| backend::weight(to) != 0) {
            look_at(&backend::reference(to), &|| format!("spec.rules[{i}].backendRefs[{j}]"));
        }
        for (j, filter) in rule.filters().iter().enumerate() {
            if let Some(mirror) = &filter.request_mirror {
                look_at(&mirror.backend_ref, &|| {
                    format!("spec.rules[{i}].filters[{j}].requestMirror.backendRef")
                });
            }
        }
    }
    problems
}

fn unresolved(problem: Unresolved, to: &BackendObjectReference) -> String {
    let why = match problem {
        Unresolved::RefNotPermitted => "is in a namespace that does not grant the reference",
        Unresolved::InvalidKind => "is of a kind that is no backend",
        Unresolved::BackendNotFound => "does not exist",
    };
    format!("the backend `{}` {why} ({})", to.name, problem.as_str())
}
