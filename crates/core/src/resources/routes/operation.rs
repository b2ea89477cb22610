//! The name of a route's spans (`decorator.operation`).

use envoy::config::route::v3::RouteMatch;
use envoy::config::route::v3::route_match::PathSpecifier;

use crate::strings::concat;

/// `host:port/path` for a route to one cluster, `name:port/path` (with the VirtualService's name) for any
/// other.
pub(super) fn operation(cluster: Option<&str>, matched: &RouteMatch, name: &str, port: u32) -> String {
    let (path, end) = path(matched);
    let (host, port) = cluster.and_then(host_and_port).unwrap_or((name, port));
    concat([host, ":", &port.to_string(), path, end])
}

/// The path, in two parts.
fn path(matched: &RouteMatch) -> (&str, &str) {
    match &matched.path_specifier {
        Some(PathSpecifier::Prefix(prefix)) => (prefix, "*"),
        Some(PathSpecifier::Path(path)) => (path, ""),
        Some(PathSpecifier::SafeRegex(regex)) => (&regex.regex, ""),
        _ => ("/", "*"),
    }
}

/// Host and port of a cluster's name, `direction|port|subset|host`.
fn host_and_port(cluster: &str) -> Option<(&str, u32)> {
    let mut parts = cluster.split('|');
    let (_, port, _, host) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    parts.next().is_none().then(|| (host, port.parse().unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_cluster_is_named_by_its_host() {
        let exact =
            RouteMatch { path_specifier: Some(PathSpecifier::Path("/a".into())), ..RouteMatch::default() };
        assert_eq!(operation(Some("outbound|80|v1|a.b"), &exact, "vs", 9080), "a.b:80/a");
        assert_eq!(operation(Some("UnknownService"), &exact, "vs", 9080), "vs:9080/a");
        let separated = PathSpecifier::PathSeparatedPrefix("/a".into());
        let separated = RouteMatch { path_specifier: Some(separated), ..RouteMatch::default() };
        assert_eq!(operation(None, &separated, "vs", 9080), "vs:9080/*");
    }
}
