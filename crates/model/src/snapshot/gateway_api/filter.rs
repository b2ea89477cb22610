//! Filters of HTTPRoute and GRPCRoute.
#![allow(missing_docs, reason = "the fields are those of the API type of the same name")]

use super::route::BackendObjectReference;
use crate::Str;
use crate::snapshot::message::{choice, message};

message! {
    /// A filter of an HTTPRoute or GRPCRoute: of the members only that of the type is set.
    pub struct RouteFilter {
        #[serde(rename = "type")]
        filter_type: Option<FilterType>,
        request_header_modifier: Option<HttpHeaderFilter>,
        response_header_modifier: Option<HttpHeaderFilter>,
        request_mirror: Option<HttpRequestMirrorFilter>,
        request_redirect: Option<HttpRequestRedirectFilter>,
        url_rewrite: Option<HttpUrlRewriteFilter>,
        cors: Option<HttpCorsFilter>,
        external_auth: Option<HttpExternalAuthFilter>,
        extension_ref: Option<LocalObjectReference>,
    }

    pub struct HttpHeaderFilter {
        set: Vec<HttpHeader>,
        add: Vec<HttpHeader>,
        remove: Vec<Str>,
    }

    pub struct HttpHeader {
        name: Str,
        value: Str,
    }

    pub struct HttpRequestMirrorFilter {
        backend_ref: BackendObjectReference,
        percent: Option<i32>,
        fraction: Option<Fraction>,
    }

    pub struct Fraction {
        numerator: i32,
        /// 100 unless said.
        denominator: Option<i32>,
    }

    pub struct HttpRequestRedirectFilter {
        scheme: Option<Str>,
        hostname: Option<Str>,
        path: Option<HttpPathModifier>,
        port: Option<i32>,
        status_code: Option<i32>,
    }

    pub struct HttpUrlRewriteFilter {
        hostname: Option<Str>,
        path: Option<HttpPathModifier>,
    }

    pub struct HttpPathModifier {
        #[serde(rename = "type")]
        modifier_type: Option<PathModifierType>,
        replace_full_path: Option<Str>,
        replace_prefix_match: Option<Str>,
    }

    /// Since 1.27.
    pub struct HttpCorsFilter {
        allow_origins: Vec<Str>,
        allow_credentials: Option<bool>,
        allow_methods: Vec<Str>,
        allow_headers: Vec<Str>,
        expose_headers: Vec<Str>,
        /// Seconds, 5 unless said.
        max_age: Option<i32>,
    }

    pub struct HttpExternalAuthFilter {
        protocol: Str,
        backend_ref: BackendObjectReference,
        grpc: Option<GrpcAuthConfig>,
        http: Option<HttpAuthConfig>,
        forward_body: Option<ForwardBodyConfig>,
    }

    pub struct GrpcAuthConfig {
        allowed_headers: Vec<Str>,
    }

    pub struct HttpAuthConfig {
        path: Str,
        allowed_headers: Vec<Str>,
        allowed_response_headers: Vec<Str>,
    }

    pub struct ForwardBodyConfig {
        max_size: u16,
    }

    pub struct LocalObjectReference {
        group: Str,
        kind: Str,
        name: Str,
    }
}

choice! {
    pub enum FilterType {
        RequestHeaderModifier = "RequestHeaderModifier",
        ResponseHeaderModifier = "ResponseHeaderModifier",
        RequestMirror = "RequestMirror",
        RequestRedirect = "RequestRedirect",
        UrlRewrite = "URLRewrite",
        ExtensionRef = "ExtensionRef",
        Cors = "CORS",
        ExternalAuth = "ExternalAuth",
    }

    pub enum PathModifierType {
        ReplaceFullPath = "ReplaceFullPath",
        ReplacePrefixMatch = "ReplacePrefixMatch",
    }
}
