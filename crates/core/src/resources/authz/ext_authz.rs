//! External authorizers: the extension providers that CUSTOM policies name.
//!
//! Source: [external authorization](https://istio.io/latest/docs/tasks/security/authorization/authz-custom/) and
//! `envoyExtAuthzHttp`, `envoyExtAuthzGrpc` of the
//! [mesh configuration](https://istio.io/latest/docs/reference/config/istio.mesh.v1alpha1/).

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
use envoy::r#type::v3::{HttpStatus, StatusCode};

use super::matcher;
use crate::Str;
use crate::mesh::{Mesh, Services as MeshServices};
use crate::resources::names::{ClusterName, Direction};
use crate::rules::AuthorizerAuthority;
use crate::snapshot::mesh_config::provider::{
    EnvoyExternalAuthorizationGrpc, EnvoyExternalAuthorizationHttp, RequestBody,
};

/// Begins the name of every rule that asks an external authorizer.
pub(super) const RULE_PREFIX: &str = "istio-ext-authz";
/// Begins the metadata in which the RBAC filter says which rule fitted.
pub(super) const SHADOW_STAT_PREFIX: &str = "istio_ext_authz_";
const DEFAULT_TIMEOUT_SECONDS: i64 = 600;

/// An external authorizer, as filters without their condition.
#[derive(Clone, Debug)]
pub(super) struct Authorizer {
    pub(super) http: ExtAuthz,
    /// Only one that speaks gRPC can be asked about a TCP connection.
    pub(super) tcp: Option<NetworkExtAuthz>,
}

/// Why an external authorizer cannot be asked: policies that name it deny.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unusable {
    #[error("another provider has the same name")]
    Duplicate,
    #[error("the name is not one that a metadata key can have")]
    Name,
    #[error("the port is not between 1 and 65535")]
    Port,
    #[error("no service has that host, or several namespaces have")]
    Service,
    #[error("there is no such HTTP status")]
    Status,
    #[error("the path prefix is not a path")]
    PathPrefix,
    #[error("a lone `*` cannot be a header's name")]
    Wildcard,
}

/// The external authorizers of a mesh, by name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Authorizers(pub(super) BTreeMap<Str, Result<Authorizer, Unusable>>);

impl Authorizers {
    /// Reads the mesh configuration's providers.
    pub(crate) fn new(mesh: &Mesh) -> Self {
        let mut all = BTreeMap::new();
        let rules = &mesh.rules.security;
        for provider in &mesh.config.extension_providers {
            let authorizer = if let Some(http) = &provider.envoy_ext_authz_http {
                over_http(http, &mesh.services)
            } else if let Some(grpc) = &provider.envoy_ext_authz_grpc {
                over_grpc(grpc, &mesh.services, rules.authorizer_authority)
            } else {
                continue;
            };
            let checked = match () {
                () if all.contains_key(&provider.name) => Err(Unusable::Duplicate),
                () if !is_usable(&provider.name, rules.authorizer_in_names) => Err(Unusable::Name),
                () => authorizer,
            };
            all.insert(provider.name.clone(), checked);
        }
        Self(all)
    }

    /// Why the one of this name cannot be asked; nothing if it can, or if there is none.
    pub(crate) fn unusable(&self, name: &str) -> Option<Unusable> {
        self.0.get(name)?.as_ref().err().copied()
    }

    /// Whether there is one of this name.
    pub(crate) fn contains(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// The one of this name, if it can be asked.
    pub(super) fn get(&self, name: &str) -> Option<&Authorizer> {
        self.0.get(name)?.as_ref().ok()
    }
}

/// The name becomes a part of metadata keys, where the release puts it there.
fn is_usable(name: &str, in_metadata: bool) -> bool {
    let label = || {
        name.len() <= 63
            && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            && !name.starts_with('-')
            && !name.ends_with('-')
    };
    !name.is_empty() && (!in_metadata || label())
}

fn over_http(
    config: &EnvoyExternalAuthorizationHttp,
    services: &MeshServices,
) -> Result<Authorizer, Unusable> {
    let backend = Backend::new(&config.service, config.port, services)?;
    let status_on_error = status(&config.status_on_error)?;
    check_path_prefix(&config.path_prefix)?;
    let lists = [
        &config.include_request_headers_in_check,
        &config.include_headers_in_check,
        &config.headers_to_downstream_on_deny,
        &config.headers_to_downstream_on_allow,
        &config.headers_to_upstream_on_allow,
    ];
    if lists.into_iter().flatten().any(|header| header == "*") {
        return Err(Unusable::Wildcard);
    }
    let service = HttpService {
        server_uri: Some(HttpUri {
            // Envoy requires an address here and ignores it.
            uri: format!("http://{}", backend.hostname),
            timeout: Some(timeout(config.timeout)),
            http_upstream_type: Some(HttpUpstreamType::Cluster(backend.cluster)),
        }),
        path_prefix: config.path_prefix.to_string(),
        authorization_request: request(&config.include_additional_headers_in_check),
        authorization_response: response(config),
        ..HttpService::default()
    };
    let http = ExtAuthz {
        allowed_headers: headers(&config.include_request_headers_in_check)
            .or_else(|| headers(&config.include_headers_in_check)),
        ..http_filter(
            Services::HttpService(service),
            config.fail_open,
            status_on_error,
            &config.include_request_body_in_check,
        )
    };
    Ok(Authorizer { http, tcp: None })
}

fn over_grpc(
    config: &EnvoyExternalAuthorizationGrpc,
    services: &MeshServices,
    authority: AuthorizerAuthority,
) -> Result<Authorizer, Unusable> {
    let backend = Backend::new(&config.service, config.port, services)?;
    let status_on_error = status(&config.status_on_error)?;
    // Without an authority Envoy takes the cluster's name, whose bars are no characters of a host.
    let authority = match authority {
        AuthorizerAuthority::Cluster => backend.cluster.replace('|', "_."),
        AuthorizerAuthority::Hostname => backend.hostname.to_string(),
    };
    let grpc = GrpcService {
        timeout: Some(timeout(config.timeout)),
        target_specifier: Some(TargetSpecifier::EnvoyGrpc(EnvoyGrpc {
            cluster_name: backend.cluster,
            authority,
            ..EnvoyGrpc::default()
        })),
        ..GrpcService::default()
    };
    let tcp = NetworkExtAuthz {
        stat_prefix: "tcp.".to_owned(),
        failure_mode_allow: config.fail_open,
        transport_api_version: ApiVersion::V3.into(),
        grpc_service: Some(grpc.clone()),
        ..NetworkExtAuthz::default()
    };
    let http = http_filter(
        Services::GrpcService(grpc),
        config.fail_open,
        status_on_error,
        &config.include_request_body_in_check,
    );
    Ok(Authorizer { http, tcp: Some(tcp) })
}

fn http_filter(
    services: Services,
    fail_open: bool,
    status_on_error: Option<HttpStatus>,
    body: &Option<RequestBody>,
) -> ExtAuthz {
    ExtAuthz {
        transport_api_version: ApiVersion::V3.into(),
        failure_mode_allow: fail_open,
        status_on_error,
        with_request_body: body.as_ref().map(|body| BufferSettings {
            max_request_bytes: body.max_request_bytes,
            allow_partial_message: body.allow_partial_message,
            pack_as_bytes: body.pack_as_bytes,
        }),
        services: Some(services),
        ..ExtAuthz::default()
    }
}

/// Where an authorizer is.
struct Backend {
    hostname: Str,
    cluster: String,
}

impl Backend {
    /// Finds `host` or `namespace/host`. A host that is in several namespaces needs one.
    fn new(service: &str, port: u32, services: &MeshServices) -> Result<Self, Unusable> {
        if !(1..=65535).contains(&port) {
            return Err(Unusable::Port);
        }
        let found = match service.split('/').collect::<Vec<_>>().as_slice() {
            [namespace, host] => services.lookup(host, namespace),
            // No fully qualified name begins with a star.
            _ if service.starts_with('*') => None,
            _ => {
                let ids = services.with_hostname(service);
                let namespace = |id| services.get(id).map(|s| &s.namespace);
                let first = ids.first().copied();
                first.filter(|id| ids.iter().all(|other| namespace(*other) == namespace(*id)))
            }
        };
        let hostname = found.and_then(|id| services.get(id)).ok_or(Unusable::Service)?.hostname.clone();
        let name = ClusterName { direction: Direction::Outbound, port, subset: "", hostname: &hostname };
        Ok(Self { cluster: name.to_string(), hostname })
    }
}

fn status(text: &str) -> Result<Option<HttpStatus>, Unusable> {
    if text.is_empty() {
        return Ok(None);
    }
    let code: i32 = text.parse().map_err(|_| Unusable::Status)?;
    let code = StatusCode::try_from(code).map_err(|_| Unusable::Status)?;
    Ok(Some(HttpStatus { code: code.into() }))
}

/// A path begins with a slash, has no control characters and is properly escaped.
fn check_path_prefix(prefix: &str) -> Result<(), Unusable> {
    let mut escapes = prefix.split('%').skip(1);
    let escaped =
        escapes.all(|rest| rest.get(..2).is_some_and(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit())));
    let plain = !prefix.bytes().any(|b| b.is_ascii_control());
    if prefix.is_empty() || (prefix.starts_with('/') && escaped && plain) {
        Ok(())
    } else {
        Err(Unusable::PathPrefix)
    }
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
pub(super) fn condition(rbac_filter: &str, rule_prefix: &str) -> MetadataMatcher {
    let key = format!("{SHADOW_STAT_PREFIX}shadow_effective_policy_id");
    let value = matcher::string_value(matcher::prefix(rule_prefix));
    matcher::metadata(rbac_filter, [key.as_str()], value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_checked_where_they_become_keys() {
        assert!(is_usable("Ask_OPA", false));
        assert!(!is_usable("Ask_OPA", true));
        assert!(!is_usable("opa-", true));
        assert!(!is_usable("", false));
    }

    #[test]
    fn statuses_are_those_that_envoy_knows() {
        assert_eq!(status("503"), Ok(Some(HttpStatus { code: 503 })));
        assert_eq!(status(""), Ok(None));
        assert_eq!(status("999"), Err(Unusable::Status));
        assert_eq!(status("busy"), Err(Unusable::Status));
    }

    #[test]
    fn path_prefixes_are_paths() {
        assert_eq!(check_path_prefix("/check%20it"), Ok(()));
        assert_eq!(check_path_prefix("check"), Err(Unusable::PathPrefix));
        assert_eq!(check_path_prefix("/100%"), Err(Unusable::PathPrefix));
    }
}
