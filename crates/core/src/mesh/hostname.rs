//! How objects write hosts, and what they mean.

use std::net::IpAddr;

use crate::Str;

/// The suffix of every Kubernetes Service's hostname.
pub const DOMAIN_SUFFIX: &str = "cluster.local";

/// The fully qualified hostname that an object in `namespace` means by `host`: a name without a dot is a Service of
/// that namespace. Wildcards and addresses are what they are.
///
/// ```
/// use waypoint_xds::mesh::hostname::resolve;
///
/// assert_eq!(resolve("reviews", "shop"), "reviews.shop.svc.cluster.local");
/// assert_eq!(resolve("reviews.other", "shop"), "reviews.other");
/// assert_eq!(resolve("*", "shop"), "*");
/// ```
#[must_use]
pub fn resolve(host: &str, namespace: &str) -> Str {
    let qualified = host.is_empty() || host == "*" || host.contains('.') || host.parse::<IpAddr>().is_ok();
    if qualified || namespace.is_empty() {
        return host.into();
    }
    [host, namespace, "svc", DOMAIN_SUFFIX].join(".").into()
}
