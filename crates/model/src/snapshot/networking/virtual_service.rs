//! `VirtualService`.
#![allow(missing_docs, reason = "the fields are those of the API type of the same name")]

use std::collections::BTreeMap;

use super::{Percent, PortSelector};
use crate::Str;
use crate::snapshot::Labels;
use crate::snapshot::message::{Duration, choice, message, oneof};

message! {
    /// The spec of a `VirtualService`.
    pub struct VirtualService {
        hosts: Vec<Str>,
        gateways: Vec<Str>,
        http: Vec<HttpRoute>,
        tls: Vec<TlsRoute>,
        tcp: Vec<TcpRoute>,
        export_to: Vec<Str>,
    }

    pub struct Destination {
        host: Str,
        subset: Str,
        port: Option<PortSelector>,
    }

    /// What a route rarely has is boxed: routes are copied to be given full names.
    pub struct HttpRoute {
        name: Str,
        #[serde(rename = "match")]
        matches: Vec<HttpMatchRequest>,
        route: Vec<HttpRouteDestination>,
        redirect: Option<Box<HttpRedirect>>,
        direct_response: Option<HttpDirectResponse>,
        delegate: Option<Delegate>,
        rewrite: Option<Box<HttpRewrite>>,
        timeout: Option<Duration>,
        retries: Option<Box<HttpRetry>>,
        fault: Option<Box<HttpFaultInjection>>,
        mirror: Option<Destination>,
        mirrors: Vec<HttpMirrorPolicy>,
        /// The schema knows both spellings.
        #[serde(alias = "mirror_percent")]
        mirror_percent: Option<u32>,
        mirror_percentage: Option<Percent>,
        cors_policy: Option<Box<CorsPolicy>>,
        headers: Option<Box<Headers>>,
    }

    pub struct Delegate {
        name: Str,
        namespace: Str,
    }

    pub struct Headers {
        request: Option<HeaderOperations>,
        response: Option<HeaderOperations>,
    }

    pub struct HeaderOperations {
        set: BTreeMap<Str, Str>,
        add: BTreeMap<Str, Str>,
        remove: Vec<Str>,
    }

    #[derive(Eq, Hash)]
    pub struct HttpMatchRequest {
        name: Str,
        uri: Option<StringMatch>,
        scheme: Option<StringMatch>,
        method: Option<StringMatch>,
        authority: Option<StringMatch>,
        headers: BTreeMap<Str, StringMatch>,
        port: u32,
        source_labels: Labels,
        gateways: Vec<Str>,
        query_params: BTreeMap<Str, StringMatch>,
        ignore_uri_case: bool,
        without_headers: BTreeMap<Str, StringMatch>,
        source_namespace: Str,
        stat_prefix: Str,
    }

    pub struct HttpRouteDestination {
        destination: Option<Destination>,
        weight: i32,
        headers: Option<Box<Headers>>,
    }

    pub struct RouteDestination {
        destination: Option<Destination>,
        weight: i32,
    }

    pub struct TlsRoute {
        #[serde(rename = "match")]
        matches: Vec<TlsMatchAttributes>,
        route: Vec<RouteDestination>,
    }

    pub struct TcpRoute {
        #[serde(rename = "match")]
        matches: Vec<L4MatchAttributes>,
        route: Vec<RouteDestination>,
    }

    #[derive(Eq, Hash)]
    pub struct L4MatchAttributes {
        destination_subnets: Vec<Str>,
        port: u32,
        source_subnet: Str,
        source_labels: Labels,
        gateways: Vec<Str>,
        source_namespace: Str,
    }

    #[derive(Eq, Hash)]
    pub struct TlsMatchAttributes {
        sni_hosts: Vec<Str>,
        destination_subnets: Vec<Str>,
        port: u32,
        source_labels: Labels,
        gateways: Vec<Str>,
        source_namespace: Str,
    }

    /// At most one of `port` and `derive_port` is set.
    pub struct HttpRedirect {
        uri: Str,
        authority: Str,
        port: Option<u32>,
        derive_port: Option<RedirectPortSelection>,
        scheme: Str,
        redirect_code: u32,
        /// Not in every release's schema.
        prefix_rewrite: Str,
    }

    pub struct HttpDirectResponse {
        status: u32,
        body: Option<HttpBody>,
    }

    pub struct HttpRewrite {
        uri: Str,
        authority: Str,
        uri_regex_rewrite: Option<RegexRewrite>,
    }

    pub struct RegexRewrite {
        #[serde(rename = "match")]
        matches: Str,
        rewrite: Str,
    }

    pub struct HttpRetry {
        attempts: i32,
        per_try_timeout: Option<Duration>,
        retry_on: Str,
        retry_remote_localities: Option<bool>,
        retry_ignore_previous_hosts: Option<bool>,
        backoff: Option<Duration>,
    }

    pub struct CorsPolicy {
        allow_origin: Vec<Str>,
        allow_origins: Vec<StringMatch>,
        allow_methods: Vec<Str>,
        allow_headers: Vec<Str>,
        expose_headers: Vec<Str>,
        max_age: Option<Duration>,
        allow_credentials: Option<bool>,
        unmatched_preflights: UnmatchedPreflights,
    }

    pub struct HttpFaultInjection {
        delay: Option<Delay>,
        abort: Option<Abort>,
    }

    /// At most one of `fixed_delay` and `exponential_delay` is set.
    pub struct Delay {
        percent: i32,
        fixed_delay: Option<Duration>,
        exponential_delay: Option<Duration>,
        percentage: Option<Percent>,
    }

    /// At most one of `http_status`, `grpc_status` and `http2_error` is set.
    pub struct Abort {
        http_status: Option<i32>,
        grpc_status: Option<Str>,
        http2_error: Option<Str>,
        percentage: Option<Percent>,
    }

    pub struct HttpMirrorPolicy {
        destination: Option<Destination>,
        percentage: Option<Percent>,
    }
}

oneof! {
    /// How a string has to look.
    #[derive(Eq, Hash)]
    pub enum StringMatch {
        #[default]
        /// Nothing said: any value will do; of a header, that it is there.
        Any,
        Exact(Str) = "exact",
        Prefix(Str) = "prefix",
        /// An RE2 expression that covers the whole value.
        Regex(Str) = "regex",
    }
}

oneof! {
    /// The body of a direct response.
    pub enum HttpBody {
        #[default]
        Empty,
        String(Str) = "string",
        /// In base64.
        Bytes(Str) = "bytes",
    }
}

choice! {
    pub enum RedirectPortSelection {
        FromProtocolDefault = "FROM_PROTOCOL_DEFAULT",
        FromRequestPort = "FROM_REQUEST_PORT",
    }

    pub enum UnmatchedPreflights {
        Unspecified = "UNSPECIFIED",
        Forward = "FORWARD",
        Ignore = "IGNORE",
    }
}
