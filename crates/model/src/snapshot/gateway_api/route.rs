//! `HTTPRoute`, `GRPCRoute`, `TCPRoute` and `TLSRoute`.
#![allow(missing_docs, reason = "the fields are those of the API type of the same name")]

use super::filter::RouteFilter;
use crate::Str;
use crate::snapshot::message::{Duration, choice, message};

message! {
    /// What a route attaches to: a Service or ServiceEntry, for a mesh.
    pub struct ParentReference {
        /// `gateway.networking.k8s.io` unless said.
        group: Option<Str>,
        /// `Gateway` unless said.
        kind: Option<Str>,
        namespace: Option<Str>,
        name: Str,
        section_name: Option<Str>,
        port: Option<i32>,
    }

    /// `BackendObjectReference`; group and kind are those of a Service unless said.
    pub struct BackendObjectReference {
        group: Option<Str>,
        kind: Option<Str>,
        name: Str,
        namespace: Option<Str>,
        port: Option<i32>,
    }

    /// `BackendRef`, `HTTPBackendRef` and `GRPCBackendRef`; those of TCP and TLS have no filters.
    pub struct BackendRef {
        group: Option<Str>,
        kind: Option<Str>,
        name: Str,
        namespace: Option<Str>,
        port: Option<i32>,
        /// 1 unless said.
        weight: Option<i32>,
        filters: Vec<RouteFilter>,
    }

    /// The spec of an `HTTPRoute`.
    pub struct HttpRoute {
        parent_refs: Vec<ParentReference>,
        hostnames: Vec<Str>,
        rules: Vec<HttpRouteRule>,
    }

    pub struct HttpRouteRule {
        name: Option<Str>,
        /// The path prefix `/` unless said; admission fills that in.
        matches: Option<Vec<HttpRouteMatch>>,
        filters: Vec<RouteFilter>,
        backend_refs: Vec<BackendRef>,
        timeouts: Option<HttpRouteTimeouts>,
        retry: Option<HttpRouteRetry>,
        session_persistence: Option<SessionPersistence>,
    }

    pub struct HttpRouteMatch {
        path: Option<HttpPathMatch>,
        headers: Vec<HttpHeaderMatch>,
        query_params: Vec<HttpHeaderMatch>,
        method: Option<Str>,
    }

    pub struct HttpPathMatch {
        /// `PathPrefix` unless said.
        #[serde(rename = "type")]
        match_type: Option<PathMatchType>,
        /// `/` unless said.
        value: Option<Str>,
    }

    /// `HTTPHeaderMatch`, `HTTPQueryParamMatch` and `GRPCHeaderMatch`.
    pub struct HttpHeaderMatch {
        #[serde(rename = "type")]
        match_type: Option<HeaderMatchType>,
        name: Str,
        value: Str,
    }

    pub struct HttpRouteTimeouts {
        request: Option<Duration>,
        backend_request: Option<Duration>,
    }

    pub struct HttpRouteRetry {
        codes: Vec<i32>,
        attempts: Option<i64>,
        backoff: Option<Duration>,
    }

    pub struct SessionPersistence {
        session_name: Option<Str>,
        absolute_timeout: Option<Duration>,
        #[serde(rename = "type")]
        persistence_type: Option<Str>,
        cookie_config: Option<CookieConfig>,
    }

    pub struct CookieConfig {
        lifetime_type: Option<Str>,
    }

    /// The spec of a `GRPCRoute`.
    pub struct GrpcRoute {
        parent_refs: Vec<ParentReference>,
        hostnames: Vec<Str>,
        rules: Vec<GrpcRouteRule>,
    }

    pub struct GrpcRouteRule {
        name: Option<Str>,
        matches: Vec<GrpcRouteMatch>,
        filters: Vec<RouteFilter>,
        backend_refs: Vec<BackendRef>,
        session_persistence: Option<SessionPersistence>,
    }

    pub struct GrpcRouteMatch {
        method: Option<GrpcMethodMatch>,
        headers: Vec<HttpHeaderMatch>,
    }

    pub struct GrpcMethodMatch {
        #[serde(rename = "type")]
        match_type: Option<HeaderMatchType>,
        service: Option<Str>,
        method: Option<Str>,
    }

    /// The spec of a `TCPRoute`.
    pub struct TcpRoute {
        parent_refs: Vec<ParentReference>,
        rules: Vec<L4RouteRule>,
    }

    /// The spec of a `TLSRoute`.
    pub struct TlsRoute {
        parent_refs: Vec<ParentReference>,
        hostnames: Vec<Str>,
        rules: Vec<L4RouteRule>,
    }

    /// A rule of a TCPRoute or TLSRoute.
    pub struct L4RouteRule {
        name: Option<Str>,
        backend_refs: Vec<BackendRef>,
    }
}

choice! {
    pub enum PathMatchType {
        PathPrefix = "PathPrefix",
        Exact = "Exact",
        RegularExpression = "RegularExpression",
    }

    /// Of headers, query parameters and gRPC methods.
    pub enum HeaderMatchType {
        Exact = "Exact",
        RegularExpression = "RegularExpression",
    }
}
