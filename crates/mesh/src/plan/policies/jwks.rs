//! Where proxies fetch the keys of tokens from themselves, where a flag asks for that.
//!
//! Source: `PILOT_JWT_ENABLE_REMOTE_JWKS` among the variables of
//! [pilot-discovery](https://istio.io/latest/docs/reference/commands/pilot-discovery/#envvars).

use std::collections::BTreeMap;

use crate::Str;
use crate::features::JwksFetch;
use crate::plan::Scope;
use crate::plan::names::{ClusterName, Direction};
use crate::plan::provider::Upstream;
use crate::snapshot::Cause;
use crate::snapshot::security::RequestAuthentication;

/// Where a proxy fetches keys from.
#[derive(Clone, Debug, PartialEq)]
pub struct KeyServer {
    /// The cluster that leads there.
    pub cluster: String,
    /// The object of that host; none where the mesh has none, and the cluster is a guess.
    pub(super) cause: Option<Cause>,
}

/// Where proxies fetch the keys of policies from, by the addresses of the keys (`jwksUri`): of those that
/// they fetch themselves.
pub(super) fn remote<'m>(
    scope: Scope<'m>,
    policies: impl IntoIterator<Item = &'m RequestAuthentication>,
) -> BTreeMap<&'m str, KeyServer> {
    let fetch = scope.mesh.options.features.pilot_jwt_enable_remote_jwks;
    if fetch == JwksFetch::Istiod {
        return BTreeMap::new();
    }
    let server_of = |uri: &'m Str| {
        let (host, port) = server(uri).unwrap_or_default();
        let known = Upstream::find(&scope.mesh.services, host, port);
        let known = known.map(|Upstream { cluster, cause, .. }| KeyServer { cluster, cause: Some(cause) });
        let guessed = || {
            let name = ClusterName { direction: Direction::Outbound, port, subset: "", hostname: host };
            KeyServer { cluster: name.into_string(), cause: None }
        };
        let server = known.or_else(|| (fetch == JwksFetch::Envoy).then(guessed));
        Some((uri.as_str(), server?))
    };
    addresses(policies).filter_map(server_of).collect()
}

/// The addresses of the keys that policies take.
fn addresses<'m>(
    policies: impl IntoIterator<Item = &'m RequestAuthentication>,
) -> impl Iterator<Item = &'m Str> {
    let rules = policies.into_iter().flat_map(|policy| &policy.jwt_rules);
    rules.map(|rule| &rule.jwks_uri).filter(|uri| !uri.is_empty())
}

/// The hosts of the keys that policies take, where proxies fetch them.
pub(in crate::plan) fn hosts<'m>(
    fetch: JwksFetch,
    policies: impl IntoIterator<Item = &'m RequestAuthentication>,
) -> impl Iterator<Item = &'m str> {
    let uris = addresses(policies).filter(move |_| fetch != JwksFetch::Istiod);
    uris.filter_map(|uri| server(uri)).map(|(host, _)| host)
}

/// The host and the port of a URL, as Go's `net/url` reads it.
pub fn server(url: &str) -> Option<(&str, u32)> {
    let (scheme, rest) = url.split_once("://")?;
    let usual = match scheme.to_ascii_lowercase().as_str() {
        "http" => 80,
        "https" => 443,
        _ => return None,
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let (host, port) = match authority.strip_prefix('[') {
        Some(bracketed) => {
            let (host, rest) = bracketed.split_once(']')?;
            (host, rest.strip_prefix(':').unwrap_or_default())
        }
        None => authority.split_once(':').unwrap_or((authority, "")),
    };
    Some((host, if port.is_empty() { usual } else { port.parse().ok()? }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_names_its_server() {
        assert_eq!(server("https://keys.example.com/jwks"), Some(("keys.example.com", 443)));
        assert_eq!(server("HTTP://u:p@keys:8080?x#y"), Some(("keys", 8080)));
        assert_eq!(server("https://[fd00::1]:8443/"), Some(("fd00::1", 8443)));
        assert_eq!(server("ftp://keys.example.com"), None);
        assert_eq!(server("https://keys:port/"), None);
        assert_eq!(server("keys.example.com"), None);
    }
}
