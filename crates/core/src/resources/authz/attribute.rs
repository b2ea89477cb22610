//! What a condition of a rule is about.
//!
//! Source:
//! [authorization policy conditions](https://istio.io/latest/docs/reference/config/security/conditions/).

use crate::Str;

/// An attribute of the destination or of the operation: Envoy calls what matches it a permission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// `hosts`
    Host,
    /// `methods`
    Method,
    /// `paths`
    Path,
    /// `ports`, `destination.port`
    DestinationPort,
    /// `destination.ip`
    DestinationIp,
    /// `connection.sni`
    Sni,
    /// `experimental.envoy.filters.a.b[c]`: the filter and the key, if it is well formed.
    Metadata(Option<(Str, Str)>),
}

/// An attribute of the caller or of the request: Envoy calls what matches it a principal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Caller {
    /// `principals`, `source.principal`
    Principal,
    /// `serviceAccounts`, `source.serviceAccount`
    ServiceAccount,
    /// `trustDomains`, `source.trustDomain`
    TrustDomain,
    /// `namespaces`, `source.namespace`
    Namespace,
    /// `ipBlocks`, `source.ip`
    SourceIp,
    /// `remoteIpBlocks`, `remote.ip`
    RemoteIp,
    /// `requestPrincipals`, `request.auth.principal`
    RequestPrincipal,
    /// `request.auth.audiences`
    Audiences,
    /// `request.auth.presenter`
    Presenter,
    /// `request.headers[name]`: the name, if it is well formed.
    Header(Option<Str>),
    /// `request.auth.claims[a][b]`: the path, if it is well formed.
    Claim(Option<Vec<Str>>),
}

/// Either kind of attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Attribute {
    /// Becomes a permission.
    Target(Target),
    /// Becomes a principal.
    Caller(Caller),
}

const HEADERS: &str = "request.headers";
const CLAIMS: &str = "request.auth.claims";

impl Attribute {
    /// The attribute that a `when` is about, or none if there is no such attribute.
    pub(crate) fn of_key(key: &str) -> Option<Self> {
        Some(match key {
            "destination.ip" => Self::Target(Target::DestinationIp),
            "destination.port" => Self::Target(Target::DestinationPort),
            "connection.sni" => Self::Target(Target::Sni),
            "source.ip" => Self::Caller(Caller::SourceIp),
            "remote.ip" => Self::Caller(Caller::RemoteIp),
            "source.namespace" => Self::Caller(Caller::Namespace),
            "source.trustDomain" => Self::Caller(Caller::TrustDomain),
            "source.serviceAccount" => Self::Caller(Caller::ServiceAccount),
            "source.principal" => Self::Caller(Caller::Principal),
            "request.auth.principal" => Self::Caller(Caller::RequestPrincipal),
            "request.auth.audiences" => Self::Caller(Caller::Audiences),
            "request.auth.presenter" => Self::Caller(Caller::Presenter),
            _ if key.starts_with("experimental.envoy.filters.") => {
                Self::Target(Target::Metadata(metadata_key(key)))
            }
            _ => {
                if let Some(rest) = key.strip_prefix(HEADERS) {
                    Self::Caller(Caller::Header(bracketed(rest).map(Str::new)))
                } else {
                    Self::Caller(Caller::Claim(claim_path(key.strip_prefix(CLAIMS)?)))
                }
            }
        })
    }
}

/// The filter and the key of `experimental.envoy.filters.a.b[c]`: `envoy.filters.a.b` and `c`.
fn metadata_key(key: &str) -> Option<(Str, Str)> {
    let key = key.strip_prefix("experimental.").unwrap_or(key);
    let (filter, name) = key.strip_suffix(']').unwrap_or(key).split_once('[')?;
    Some((filter.into(), name.into()))
}

fn bracketed(text: &str) -> Option<&str> {
    text.strip_prefix('[')?.strip_suffix(']')
}

/// `[a][b]` is a path of two claims. Where the brackets don't pair up, all between the first and the last is
/// one name.
fn claim_path(text: &str) -> Option<Vec<Str>> {
    let mut claims = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let Some((name, after)) =
            rest.strip_prefix('[').and_then(|r| r.split_once(']')).filter(|(name, _)| !name.contains('['))
        else {
            return bracketed(text).map(|name| vec![name.into()]);
        };
        claims.push(name.into());
        rest = after;
    }
    Some(claims)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims(key: &str) -> Option<Vec<Str>> {
        match Attribute::of_key(key) {
            Some(Attribute::Caller(Caller::Claim(path))) => path,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn claims_nest() {
        assert_eq!(claims("request.auth.claims[iss]").unwrap(), ["iss"]);
        assert_eq!(claims("request.auth.claims[realm][roles]").unwrap(), ["realm", "roles"]);
        assert_eq!(claims("request.auth.claims[a[b]").unwrap(), ["a[b"]);
        assert_eq!(claims("request.auth.claims[a]b"), None);
        assert_eq!(claims("request.auth.claims").unwrap(), [""; 0]);
    }

    #[test]
    fn metadata_has_a_filter_and_a_key() {
        let key = Attribute::of_key("experimental.envoy.filters.http.x[y]");
        let expected = Target::Metadata(Some(("envoy.filters.http.x".into(), "y".into())));
        assert_eq!(key, Some(Attribute::Target(expected)));
        let broken = Attribute::of_key("experimental.envoy.filters.http.x");
        assert_eq!(broken, Some(Attribute::Target(Target::Metadata(None))));
    }

    #[test]
    fn headers_need_brackets() {
        let header = |key| Attribute::of_key(key).unwrap();
        assert_eq!(header("request.headers[X-A]"), Attribute::Caller(Caller::Header(Some("X-A".into()))));
        assert_eq!(header("request.headers"), Attribute::Caller(Caller::Header(None)));
        assert_eq!(Attribute::of_key("request.foo"), None);
    }
}
