//! Defaults of the Gateway API's kinds.

use crate::Str;
use crate::snapshot::gateway_api::filter::RouteFilter;
use crate::snapshot::gateway_api::gateway::{AllowedRoutes, FromNamespaces, Gateway, Listener, ListenerSet};
use crate::snapshot::gateway_api::route::{
    BackendObjectReference, BackendRef, GrpcRoute, HeaderMatchType, HttpHeaderMatch, HttpRoute,
    HttpRouteMatch, HttpRouteRule, L4RouteRule, ParentReference, PathMatchType, SessionPersistence, TcpRoute,
    TlsRoute,
};
use crate::well_known::GATEWAY_GROUP;

/// Addresses are IP addresses, and no namespace may add listeners.
pub(super) fn fill_gateway(gateway: &mut Gateway) {
    for address in gateway.addresses.iter_mut().chain(&mut gateway.status.addresses) {
        fill(&mut address.address_type, || "IPAddress".into());
    }
    if let Some(allowed) = &mut gateway.allowed_listeners {
        let namespaces = allowed.namespaces.get_or_insert_default();
        fill(&mut namespaces.from, || FromNamespaces::None);
    }
    fill_listeners(&mut gateway.listeners);
}

pub(super) fn fill_listener_set(set: &mut ListenerSet) {
    fill(&mut set.parent_ref.group, || GATEWAY_GROUP.into());
    fill(&mut set.parent_ref.kind, || "Gateway".into());
    fill_listeners(&mut set.listeners);
}

/// Listeners admit the routes of their own namespace.
fn fill_listeners(listeners: &mut [Listener]) {
    for listener in listeners {
        let routes = listener.allowed_routes.get_or_insert_with(AllowedRoutes::default);
        let namespaces = routes.namespaces.get_or_insert_default();
        fill(&mut namespaces.from, || FromNamespaces::Same);
        for kind in &mut routes.kinds {
            fill(&mut kind.group, || GATEWAY_GROUP.into());
        }
        if let Some(tls) = &mut listener.tls {
            fill(&mut tls.mode, || "Terminate".into());
        }
    }
}

/// A rule without matches, and a route without rules, matches every path.
pub(super) fn fill_http_route(route: &mut HttpRoute) {
    fill_parents(&mut route.parent_refs);
    if route.rules.is_empty() {
        route.rules.push(HttpRouteRule::default());
    }
    for rule in &mut route.rules {
        let matches = rule.matches.get_or_insert_with(|| vec![HttpRouteMatch::default()]);
        for request in matches {
            let path = request.path.get_or_insert_default();
            fill(&mut path.match_type, || PathMatchType::PathPrefix);
            fill(&mut path.value, || "/".into());
            fill_types(&mut request.headers);
            fill_types(&mut request.query_params);
        }
        fill_filters(&mut rule.filters);
        fill_backends(&mut rule.backend_refs);
        fill_session(rule.session_persistence.as_mut());
    }
}

pub(super) fn fill_grpc_route(route: &mut GrpcRoute) {
    fill_parents(&mut route.parent_refs);
    for rule in &mut route.rules {
        for request in &mut rule.matches {
            if let Some(method) = &mut request.method {
                fill(&mut method.match_type, || HeaderMatchType::Exact);
            }
            fill_types(&mut request.headers);
        }
        let of_backends = rule.backend_refs.iter_mut().flat_map(|backend| &mut backend.filters);
        rule.filters.iter_mut().chain(of_backends).for_each(only_of_grpc);
        fill_filters(&mut rule.filters);
        fill_backends(&mut rule.backend_refs);
        fill_session(rule.session_persistence.as_mut());
    }
}

pub(super) fn fill_tcp_route(route: &mut TcpRoute) {
    fill_parents(&mut route.parent_refs);
    route.rules.iter_mut().for_each(fill_l4_rule);
}

pub(super) fn fill_tls_route(route: &mut TlsRoute) {
    fill_parents(&mut route.parent_refs);
    route.rules.iter_mut().for_each(fill_l4_rule);
}

/// Backends of TCP and TLS are of the type of HTTP's here, and have no filters.
fn fill_l4_rule(rule: &mut L4RouteRule) {
    rule.backend_refs.iter_mut().for_each(|backend| backend.filters.clear());
    fill_backends(&mut rule.backend_refs);
}

/// Drops what only an HTTPRoute's filters have: those of a GRPCRoute are of the same type here.
fn only_of_grpc(filter: &mut RouteFilter) {
    filter.request_redirect = None;
    filter.url_rewrite = None;
    filter.cors = None;
    filter.external_auth = None;
}

fn fill_types(matches: &mut [HttpHeaderMatch]) {
    for one in matches {
        fill(&mut one.match_type, || HeaderMatchType::Exact);
    }
}

fn fill_backends(backends: &mut [BackendRef]) {
    for backend in backends {
        fill_backend(backend);
        fill_filters(&mut backend.filters);
    }
}

fn fill_session(session: Option<&mut SessionPersistence>) {
    if let Some(session) = session {
        fill(&mut session.persistence_type, || "Cookie".into());
        if let Some(cookie) = &mut session.cookie_config {
            fill(&mut cookie.lifetime_type, || "Session".into());
        }
    }
}

fn fill_filters(filters: &mut [RouteFilter]) {
    for filter in filters {
        if let Some(mirror) = &mut filter.request_mirror {
            fill_object(&mut mirror.backend_ref);
            if let Some(fraction) = &mut mirror.fraction {
                fill(&mut fraction.denominator, || 100);
            }
        }
        if let Some(redirect) = &mut filter.request_redirect {
            fill(&mut redirect.status_code, || 302);
        }
        if let Some(cors) = &mut filter.cors {
            fill(&mut cors.max_age, || 5);
        }
        if let Some(auth) = &mut filter.external_auth {
            fill_object(&mut auth.backend_ref);
        }
    }
}

fn fill_parents(parents: &mut [ParentReference]) {
    for parent in parents {
        fill(&mut parent.group, || GATEWAY_GROUP.into());
        fill(&mut parent.kind, || "Gateway".into());
    }
}

fn fill_backend(backend: &mut BackendRef) {
    fill(&mut backend.group, Str::default);
    fill(&mut backend.kind, || "Service".into());
    fill(&mut backend.weight, || 1);
}

fn fill_object(backend: &mut BackendObjectReference) {
    fill(&mut backend.group, Str::default);
    fill(&mut backend.kind, || "Service".into());
}

fn fill<T>(field: &mut Option<T>, default: impl FnOnce() -> T) {
    field.get_or_insert_with(default);
}
