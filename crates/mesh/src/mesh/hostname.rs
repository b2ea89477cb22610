//! How objects write hosts, and what they mean.

use std::net::Ipv6Addr;

use crate::Str;
use crate::features::Features;
use crate::snapshot::Kind;
use crate::strings::concat;

/// The suffix of every Kubernetes Service's hostname.
pub const DOMAIN_SUFFIX: &str = "cluster.local";
/// The domain of the hosts that ServiceImports make.
const CLUSTERSET_SUFFIX: &str = "clusterset.local";

/// The fully qualified hostname that an object in `namespace` means by `host`: a name without a dot is a
/// Service of that namespace. Wildcards and addresses are what they are.
///
/// ```
/// # use waypoint_xds_mesh as waypoint_xds;
/// use waypoint_xds::mesh::hostname::resolve;
///
/// assert_eq!(resolve("reviews", "shop"), "reviews.shop.svc.cluster.local");
/// assert_eq!(resolve("reviews.other", "shop"), "reviews.other");
/// assert_eq!(resolve("*", "shop"), "*");
/// ```
#[must_use]
pub fn resolve(host: &str, namespace: &str) -> Str {
    if is_short(host, namespace) { of_service(host, namespace) } else { host.into() }
}

/// Whether an object in `namespace` means a Service of that namespace by `host`.
pub fn is_short(host: &str, namespace: &str) -> bool {
    // An address without a dot is one of IPv6.
    let is_address = || host.contains(':') && host.parse::<Ipv6Addr>().is_ok();
    !(host.is_empty() || host == "*" || host.contains('.') || namespace.is_empty() || is_address())
}

/// The hostname of a Kubernetes Service.
pub fn of_service(name: &str, namespace: &str) -> Str {
    concat(parts_of_service(name, namespace)).into()
}

/// The host of a backend of a route: a Service, or a ServiceImport, which has one of its own where those make
/// such hosts, and else is the Service of the same name.
pub fn of_backend(kind: &str, name: &str, namespace: &str, features: &Features) -> Str {
    let is_imported = kind == Kind::ServiceImport.name() && features.has_clusterset_hosts();
    if is_imported { of_import(name, namespace) } else { of_service(name, namespace) }
}

/// The hostname of a Service in all clusters that export it, where ServiceImports make such hosts.
pub(super) fn of_import(name: &str, namespace: &str) -> Str {
    concat([name, ".", namespace, ".svc.", CLUSTERSET_SUFFIX]).into()
}

/// The parts that [`of_service`] puts together.
pub fn parts_of_service<'a>(name: &'a str, namespace: &'a str) -> [&'a str; 5] {
    [name, ".", namespace, ".svc.", DOMAIN_SUFFIX]
}

/// Whether two hosts have names in common, either of which may be a wildcard.
pub fn overlap(a: &str, b: &str) -> bool {
    match (a.strip_prefix('*'), b.strip_prefix('*')) {
        (Some(a), Some(b)) => a.ends_with(b) || b.ends_with(a),
        (Some(a), None) => b.ends_with(a),
        (None, Some(b)) => a.ends_with(b),
        (None, None) => a == b,
    }
}

/// Resolves hosts as [`resolve`] does, in one namespace, and remembers the last one: what stands in one
/// object mostly means the same few hosts again and again, which then share their text.
pub struct Resolver<'a> {
    namespace: &'a str,
    last: Option<(Str, Str)>,
}

impl<'a> Resolver<'a> {
    /// A resolver for the objects of a namespace.
    pub fn new(namespace: &'a str) -> Self {
        Self { namespace, last: None }
    }

    /// The fully qualified hostname that `host` means.
    pub fn resolve(&mut self, host: &Str) -> Str {
        match &self.last {
            Some((last, full)) if last == host => full.clone(),
            _ => {
                let full = resolve(host, self.namespace);
                self.last = Some((host.clone(), full.clone()));
                full
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_no_names() {
        for address in ["10.0.0.1", "fd00::1", "::"] {
            assert_eq!(resolve(address, "shop"), address);
        }
        assert_eq!(resolve("a:b", "shop"), "a:b.shop.svc.cluster.local");
    }

    #[test]
    fn a_resolver_resolves_whatever_came_before() {
        let mut resolver = Resolver::new("shop");
        let hosts = ["a", "a", "b", "b.c", "a"].map(|host| resolver.resolve(&host.into()));
        let full = |name: &str| of_service(name, "shop");
        assert_eq!(hosts, [full("a"), full("a"), full("b"), "b.c".into(), full("a")]);
    }
}
