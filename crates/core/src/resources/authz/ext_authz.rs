//! The filters that ask external authorizers.
//!
//! Source: Envoy's
//! [ext_authz](https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/ext_authz_filter).

use std::collections::BTreeMap;

use envoy::config::core::v3::grpc_service::{EnvoyGrpc, TargetSpecifier};
use envoy::config::core::v3::http_uri::HttpUpstreamType;
use envoy::config::core::v3::{ApiVersion, GrpcService, HeaderValue, HttpUri};
use envoy::extensions::filters::http::ext_authz::v3::ext_authz::Services;
use envoy::extensions::filters::http::ext_authz::v3::{
    AuthorizationRequest, AuthorizationResponse, BufferSettings, ExtAuthz, HttpService,
};
use envoy::extensions::filters::network::ext_authz::v3::ExtAuthz as NetworkExtAuthz;
use envoy::google::protobuf::Duration;
use envoy::r#type::matcher::v3::{ListStringMatcher, MetadataMatcher, StringMatcher};
use envoy::r#type::v3::HttpStatus;

use super::{HTTP_RBAC, NETWORK_RBAC, matcher};
use crate::Str;
use crate::plan::policies::{Authorizer, AuthorizerProvider};
use crate::plan::provider::Upstream;
use crate::rules::{AuthorizerAuthority, SecurityRules};
use crate::snapshot::mesh_config::provider::{
    EnvoyExternalAuthorizationGrpc, EnvoyExternalAuthorizationHttp, RequestBody,
};

/// Begins the metadata in which the RBAC filter says which rule fitted.
pub(super) const SHADOW_STAT_PREFIX: &str = "istio_ext_authz_";
const DEFAULT_TIMEOUT_SECONDS: i64 = 600;

/// Asks about requests, where a rule fits whose name begins like this.
pub(super) fn http(authorizer: &Authorizer<'_>, rule_prefix: &str, rules: &SecurityRules) -> ExtAuthz {
    let upstream = &authorizer.upstream;
    let (services, fail_open, body) = match authorizer.provider {
        AuthorizerProvider::Http(config) => (
            Services::HttpService(http_service(config, upstream)),
            config.fail_open,
            &config.include_request_body_in_check,
        ),
        AuthorizerProvider::Grpc(config) => (
            Services::GrpcService(grpc_service(config, upstream, rules)),
            config.fail_open,
            &config.include_request_body_in_check,
        ),
    };
    let allowed_headers = match authorizer.provider {
        AuthorizerProvider::Http(config) => headers(&config.include_request_headers_in_check)
            .or_else(|| headers(&config.include_headers_in_check)),
        AuthorizerProvider::Grpc(_) => None,
    };
    ExtAuthz {
        transport_api_version: ApiVersion::V3.into(),
        failure_mode_allow: fail_open,
        status_on_error: authorizer.status_on_error.and_then(status),
        with_request_body: body.as_ref().map(buffer),
        filter_enabled_metadata: Some(condition(HTTP_RBAC, rule_prefix)),
        allowed_headers,
        services: Some(services),
        ..ExtAuthz::default()
    }
}

/// Asks about connections, where a rule fits whose name begins like this; none over HTTP.
pub(super) fn tcp(
    authorizer: &Authorizer<'_>,
    rule_prefix: &str,
    rules: &SecurityRules,
) -> Option<NetworkExtAuthz> {
    let AuthorizerProvider::Grpc(config) = authorizer.provider else { return None };
    Some(NetworkExtAuthz {
        stat_prefix: "tcp.".to_owned(),
        failure_mode_allow: config.fail_open,
        transport_api_version: ApiVersion::V3.into(),
        grpc_service: Some(grpc_service(config, &authorizer.upstream, rules)),
        filter_enabled_metadata: Some(condition(NETWORK_RBAC, rule_prefix)),
        ..NetworkExtAuthz::default()
    })
}

fn http_service(config: &EnvoyExternalAuthorizationHttp, upstream: &Upstream) -> HttpService {
    HttpService {
        server_uri: Some(HttpUri {
            // Envoy requires an address here and ignores it.
            uri: format!("http://{}", upstream.hostname),
            timeout: Some(timeout(config.timeout)),
            http_upstream_type: Some(HttpUpstreamType::Cluster(upstream.cluster.clone())),
        }),
        path_prefix: config.path_prefix.to_string(),
        authorization_request: request(&config.include_additional_headers_in_check),
        authorization_response: response(config),
        ..HttpService::default()
    }
}

fn grpc_service(
    config: &EnvoyExternalAuthorizationGrpc,
    upstream: &Upstream,
    rules: &SecurityRules,
) -> GrpcService {
    // Without an authority Envoy takes the cluster's name, whose bars are no characters of a host.
    let authority = match rules.authorizer_authority {
        AuthorizerAuthority::Cluster => upstream.cluster.replace('|', "_."),
        AuthorizerAuthority::Hostname => upstream.hostname.to_string(),
    };
    GrpcService {
        timeout: Some(timeout(config.timeout)),
        target_specifier: Some(TargetSpecifier::EnvoyGrpc(EnvoyGrpc {
            cluster_name: upstream.cluster.clone(),
            authority,
            ..EnvoyGrpc::default()
        })),
        ..GrpcService::default()
    }
}

fn buffer(body: &RequestBody) -> BufferSettings {
    BufferSettings {
        max_request_bytes: body.max_request_bytes,
        allow_partial_message: body.allow_partial_message,
        pack_as_bytes: body.pack_as_bytes,
    }
}

fn status(code: u32) -> Option<HttpStatus> {
    Some(HttpStatus { code: i32::try_from(code).ok()? })
}

fn timeout(timeout: Option<crate::snapshot::Duration>) -> Duration {
    timeout.map_or(Duration { seconds: DEFAULT_TIMEOUT_SECONDS, nanos: 0 }, |t| Duration {
        seconds: t.secs(),
        nanos: t.subsec_nanos(),
    })
}

fn request(additional: &BTreeMap<Str, Str>) -> Option<AuthorizationRequest> {
    let headers_to_add: Vec<_> = additional
        .iter()
        .map(|(key, value)| HeaderValue {
            key: key.to_string(),
            value: value.to_string(),
            ..HeaderValue::default()
        })
        .collect();
    (!headers_to_add.is_empty())
        .then(|| AuthorizationRequest { headers_to_add, ..AuthorizationRequest::default() })
}

fn response(config: &EnvoyExternalAuthorizationHttp) -> Option<AuthorizationResponse> {
    let response = AuthorizationResponse {
        allowed_upstream_headers: headers(&config.headers_to_upstream_on_allow),
        allowed_client_headers: headers(&config.headers_to_downstream_on_deny),
        allowed_client_headers_on_success: headers(&config.headers_to_downstream_on_allow),
        ..AuthorizationResponse::default()
    };
    (response != AuthorizationResponse::default()).then_some(response)
}

fn headers(names: &[Str]) -> Option<ListStringMatcher> {
    let patterns: Vec<_> =
        names.iter().map(|name| StringMatcher { ignore_case: true, ..matcher::string(name) }).collect();
    (!patterns.is_empty()).then_some(ListStringMatcher { patterns })
}

/// Asks only where the RBAC filter found one of this authorizer's rules to fit.
fn condition(rbac_filter: &str, rule_prefix: &str) -> MetadataMatcher {
    let key = format!("{SHADOW_STAT_PREFIX}shadow_effective_policy_id");
    let value = matcher::string_value(matcher::prefix(rule_prefix));
    matcher::metadata(rbac_filter, [key.as_str()], value)
}

#[cfg(test)]
mod tests {
    use crate::plan::policies::is_status;
    use envoy::r#type::v3::StatusCode;

    #[test]
    fn statuses_are_those_that_envoy_knows() {
        for code in 0..1000_i32 {
            assert_eq!(is_status(code.unsigned_abs()), StatusCode::try_from(code).is_ok(), "{code}");
        }
    }
}
