//! Routes of the Gateway API as rules look at them: all kinds alike.

use crate::Str;
use crate::features::Features;
use crate::mesh::hostname;
use crate::rules::Rules;
use crate::snapshot::gateway_api::filter::RouteFilter;
use crate::snapshot::gateway_api::route::{
    BackendObjectReference, BackendRef, GrpcRouteRule, HttpRouteRule, L4RouteRule, ParentReference,
    SessionPersistence,
};
use crate::snapshot::{Kind, ObjectRef, Snapshot};
use crate::well_known::{GATEWAY_GROUP, ISTIO_GROUP};

/// An HTTPRoute, GRPCRoute, TCPRoute or TLSRoute.
pub(crate) struct GatewayRoute<'m> {
    pub(crate) object: ObjectRef,
    pub(crate) parents: &'m [ParentReference],
    /// None of a TCPRoute.
    pub(crate) hostnames: &'m [Str],
    pub(crate) rules: Vec<Rule<'m>>,
}

/// A rule of one.
pub(crate) struct Rule<'m> {
    pub(crate) backends: &'m [BackendRef],
    /// None of TCPRoutes and TLSRoutes.
    pub(crate) filters: &'m [RouteFilter],
    pub(crate) session_persistence: Option<&'m SessionPersistence>,
}

impl Rule<'_> {
    /// Whether it answers with a redirect, and so needs no backend.
    pub(crate) fn redirects(&self) -> bool {
        self.filters.iter().any(|filter| filter.request_redirect.is_some())
    }
}

impl<'m> From<&'m HttpRouteRule> for Rule<'m> {
    fn from(rule: &'m HttpRouteRule) -> Self {
        Self {
            backends: &rule.backend_refs,
            filters: &rule.filters,
            session_persistence: rule.session_persistence.as_ref(),
        }
    }
}

impl<'m> From<&'m GrpcRouteRule> for Rule<'m> {
    fn from(rule: &'m GrpcRouteRule) -> Self {
        Self {
            backends: &rule.backend_refs,
            filters: &rule.filters,
            session_persistence: rule.session_persistence.as_ref(),
        }
    }
}

impl<'m> From<&'m L4RouteRule> for Rule<'m> {
    fn from(rule: &'m L4RouteRule) -> Self {
        Self { backends: &rule.backend_refs, filters: &[], session_persistence: None }
    }
}

/// Every route of the snapshot.
pub(crate) fn all(snapshot: &Snapshot) -> impl Iterator<Item = GatewayRoute<'_>> {
    let http = snapshot.http_routes.iter().map(|route| GatewayRoute {
        object: route.object_ref(),
        parents: &route.spec.parent_refs,
        hostnames: &route.spec.hostnames,
        rules: route.spec.rules.iter().map(Rule::from).collect(),
    });
    let grpc = snapshot.grpc_routes.iter().map(|route| GatewayRoute {
        object: route.object_ref(),
        parents: &route.spec.parent_refs,
        hostnames: &route.spec.hostnames,
        rules: route.spec.rules.iter().map(Rule::from).collect(),
    });
    let tcp = snapshot.tcp_routes.iter().map(|route| GatewayRoute {
        object: route.object_ref(),
        parents: &route.spec.parent_refs,
        hostnames: &[],
        rules: route.spec.rules.iter().map(Rule::from).collect(),
    });
    let tls = snapshot.tls_routes.iter().map(|route| GatewayRoute {
        object: route.object_ref(),
        parents: &route.spec.parent_refs,
        hostnames: &route.spec.hostnames,
        rules: route.spec.rules.iter().map(Rule::from).collect(),
    });
    http.chain(grpc).chain(tcp).chain(tls)
}

/// What a parent reference of a route in `namespace` names: a Service, a ServiceEntry or a Gateway; none of
/// other kinds.
pub(crate) fn parent(rules: &Rules, reference: &ParentReference, namespace: &str) -> Option<ObjectRef> {
    // Releases that do not look parents up take the group that holds where none is written, too.
    let any_group = !rules.gateway_api.checks_parents;
    let group = reference.group.as_deref().unwrap_or(GATEWAY_GROUP);
    let kind = match (group, reference.kind.as_deref().unwrap_or("Gateway")) {
        ("", "Service") => Kind::Service,
        (GATEWAY_GROUP, "Service") if any_group => Kind::Service,
        (ISTIO_GROUP, "ServiceEntry") => Kind::ServiceEntry,
        (GATEWAY_GROUP, "Gateway") => Kind::Gateway,
        _ => return None,
    };
    let namespace = reference.namespace.as_deref().unwrap_or(namespace);
    Some(ObjectRef::new(kind, namespace, reference.name.clone()))
}

/// Whether a route has parents and all of them are Services or ServiceEntries.
pub(crate) fn is_only_for_mesh(rules: &Rules, route: &GatewayRoute<'_>) -> bool {
    let of_mesh = |reference: &ParentReference| {
        parent(rules, reference, &route.object.namespace).is_some_and(|parent| parent.kind != Kind::Gateway)
    };
    !route.parents.is_empty() && route.parents.iter().all(of_mesh)
}

/// The hostname that a backend of a route in `namespace` means; none of a kind that is no backend.
pub(crate) fn backend_host(
    features: &Features,
    backend: &BackendObjectReference,
    namespace: &str,
) -> Option<Str> {
    let target = backend.namespace.as_deref().unwrap_or(namespace);
    match (backend.group.as_deref().unwrap_or_default(), backend.kind.as_deref().unwrap_or("Service")) {
        (group, kind)
            if (group, kind) == ("", "Service")
                || kind == "ServiceImport" && group == features.mcs_api_group =>
        {
            Some(hostname::of_backend(kind, &backend.name, target, features))
        }
        (ISTIO_GROUP, "Hostname") => Some(backend.name.clone()),
        _ => None,
    }
}
