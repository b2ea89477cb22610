//! External authorizers: the extension providers that CUSTOM policies name.
//!
//! Source: [external authorization](https://istio.io/latest/docs/tasks/security/authorization/authz-custom/)
//! and `envoyExtAuthzHttp`, `envoyExtAuthzGrpc` of the
//! [mesh configuration](https://istio.io/latest/docs/reference/config/istio.mesh.v1alpha1/).

use std::collections::BTreeMap;

use crate::admission::mesh_config::is_service;
use crate::admission::syntax::url_scheme;
use crate::mesh::{Mesh, Services};
use crate::plan::provider::Upstream;
use crate::snapshot::mesh_config::provider::{
    EnvoyExternalAuthorizationGrpc, EnvoyExternalAuthorizationHttp,
};

/// An external authorizer.
#[derive(Clone, Debug, PartialEq)]
pub struct Authorizer<'m> {
    /// How it is asked.
    pub provider: AuthorizerProvider<'m>,
    /// The service that is asked.
    pub upstream: Upstream,
    /// The HTTP status of requests about which it could not be asked, if one is given.
    pub status_on_error: Option<u32>,
}

/// How an external authorizer is asked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum AuthorizerProvider<'m> {
    /// Over HTTP: about requests only.
    Http(&'m EnvoyExternalAuthorizationHttp),
    /// Over gRPC: about connections, too.
    Grpc(&'m EnvoyExternalAuthorizationGrpc),
}

/// Why an external authorizer cannot be asked: policies that name it deny.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// Its name cannot be a part of a metadata key.
    #[error("the name is not one that a metadata key can have")]
    Name,
    /// Its port is none.
    #[error("the port is not between 1 and 65535")]
    Port,
    /// Its service is not there.
    #[error("no service has that host, or several namespaces have")]
    Service,
    /// Its status is none.
    #[error("there is no such HTTP status")]
    Status,
    /// Its path prefix is none.
    #[error("the path prefix is not a path")]
    PathPrefix,
    /// It names all headers, which cannot be.
    #[error("a lone `*` cannot be a header's name")]
    Wildcard,
}

/// The external authorizers of a mesh, by name.
#[derive(Clone, Debug, Default)]
pub struct Authorizers<'m>(pub BTreeMap<&'m str, Result<Authorizer<'m>, Unusable>>);

impl<'m> Authorizers<'m> {
    /// Reads the mesh configuration's providers.
    pub fn new(mesh: &'m Mesh) -> Self {
        let mut all = BTreeMap::new();
        let in_metadata = mesh.rules.security.authorizer_in_names;
        for provider in &mesh.config.extension_providers {
            let authorizer = if let Some(http) = &provider.envoy_ext_authz_http {
                over_http(http, &mesh.services)
            } else if let Some(grpc) = &provider.envoy_ext_authz_grpc {
                over_grpc(grpc, &mesh.services)
            } else {
                continue;
            };
            let usable = is_usable(&provider.name, in_metadata);
            let checked = if usable { authorizer } else { Err(Unusable::Name) };
            all.insert(provider.name.as_str(), checked);
        }
        Self(all)
    }

    /// Why the one of this name cannot be asked; nothing if it can, or if there is none.
    pub fn unusable(&self, name: &str) -> Option<Unusable> {
        self.0.get(name)?.as_ref().err().copied()
    }

    /// Whether there is one of this name.
    pub fn contains(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// The one of this name, if it can be asked.
    pub(super) fn get(&self, name: &str) -> Option<&Authorizer<'m>> {
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

fn over_http<'m>(
    config: &'m EnvoyExternalAuthorizationHttp,
    services: &Services,
) -> Result<Authorizer<'m>, Unusable> {
    let upstream = backend(&config.service, config.port, services)?;
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
    Ok(Authorizer { provider: AuthorizerProvider::Http(config), upstream, status_on_error })
}

fn over_grpc<'m>(
    config: &'m EnvoyExternalAuthorizationGrpc,
    services: &Services,
) -> Result<Authorizer<'m>, Unusable> {
    let upstream = backend(&config.service, config.port, services)?;
    let status_on_error = status(&config.status_on_error)?;
    Ok(Authorizer { provider: AuthorizerProvider::Grpc(config), upstream, status_on_error })
}

/// The service that is asked: `host` where only one namespace has that, or `namespace/host`.
fn backend(service: &str, port: u32, services: &Services) -> Result<Upstream, Unusable> {
    if !(1..=65535).contains(&port) {
        return Err(Unusable::Port);
    }
    let upstream = Upstream::find(services, service, port).filter(|_| is_service(service));
    upstream.ok_or(Unusable::Service)
}

fn status(text: &str) -> Result<Option<u32>, Unusable> {
    if text.is_empty() {
        return Ok(None);
    }
    let code: i32 = text.parse().map_err(|_| Unusable::Status)?;
    u32::try_from(code).ok().filter(|code| is_status(*code)).map(Some).ok_or(Unusable::Status)
}

/// The HTTP statuses that Envoy's API has a name for, and 0 for none.
pub const fn is_status(code: u32) -> bool {
    matches!(
        code,
        0 | 100
            | 200..=208
            | 226
            | 300..=305
            | 307
            | 308
            | 400..=417
            | 421..=424
            | 426
            | 428
            | 429
            | 431
            | 500..=508
            | 510
            | 511
    )
}

/// A path begins with a slash, and is a URL.
fn check_path_prefix(prefix: &str) -> Result<(), Unusable> {
    if prefix.is_empty() || (prefix.starts_with('/') && url_scheme(prefix).is_some()) {
        Ok(())
    } else {
        Err(Unusable::PathPrefix)
    }
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
        assert_eq!(status("503"), Ok(Some(503)));
        assert_eq!(status(""), Ok(None));
        assert_eq!(status("999"), Err(Unusable::Status));
        assert_eq!(status("-1"), Err(Unusable::Status));
        assert_eq!(status("busy"), Err(Unusable::Status));
    }

    #[test]
    fn path_prefixes_are_paths() {
        assert_eq!(check_path_prefix("/check%20it"), Ok(()));
        assert_eq!(check_path_prefix("check"), Err(Unusable::PathPrefix));
        assert_eq!(check_path_prefix("/100%"), Err(Unusable::PathPrefix));
        assert_eq!(check_path_prefix("/a?b=100%"), Ok(()));
    }
}
