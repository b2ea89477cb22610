//! Names in a VirtualService: short host names, gateways and `exportTo` mean something in its namespace.

use std::collections::BTreeSet;
use std::net::IpAddr;

use crate::Str;
use crate::mesh::ExportTo;
use crate::release::{DefaultExport, RouteRules};
use crate::snapshot::networking::VirtualService;
use crate::snapshot::networking::virtual_service::{Destination, RouteDestination};

/// The domain of Kubernetes' Services.
pub(crate) const DOMAIN_SUFFIX: &str = "cluster.local";

/// A copy of the spec with full host names.
///
/// Gateways need no resolving: it only keeps `mesh` from being one's name.
pub(super) fn full_names(spec: &VirtualService, namespace: &str) -> VirtualService {
    let mut out = spec.clone();
    for host in &mut out.hosts {
        *host = full_name(host, namespace);
    }
    for route in &mut out.http {
        let destinations = route.route.iter_mut().filter_map(|to| to.destination.as_mut());
        let mirrors = route.mirrors.iter_mut().filter_map(|to| to.destination.as_mut());
        for destination in destinations.chain(&mut route.mirror).chain(mirrors) {
            resolve(destination, namespace);
        }
    }
    let tcp = out.tcp.iter_mut().flat_map(|rule| &mut rule.route);
    let tls = out.tls.iter_mut().flat_map(|rule| &mut rule.route);
    for RouteDestination { destination, .. } in tcp.chain(tls) {
        if let Some(destination) = destination {
            resolve(destination, namespace);
        }
    }
    out
}

fn resolve(destination: &mut Destination, namespace: &str) {
    destination.host = full_name(&destination.host, namespace);
}

/// A name without a dot is a Service of the namespace; `*` and addresses are no such names.
fn full_name(host: &Str, namespace: &str) -> Str {
    if host.is_empty() || host == "*" || host.contains('.') || host.parse::<IpAddr>().is_ok() {
        return host.clone();
    }
    let namespace = if namespace.is_empty() { String::new() } else { format!(".{namespace}") };
    format!("{host}{namespace}.svc.{DOMAIN_SUFFIX}").into()
}

/// The names in `exportTo`, `.` resolved; those of the mesh's default (`*` unless set) if there are none.
pub(super) fn export_names(export_to: &[Str], default: Option<&[Str]>, namespace: &str) -> BTreeSet<Str> {
    let everyone = [Str::new_static("*")];
    let names = if export_to.is_empty() { default.unwrap_or(&everyone) } else { export_to };
    names.iter().map(|name| if name == "." { namespace.into() } else { name.clone() }).collect()
}

/// Whom a VirtualService is exported to: `*` beats `~`, which beats names.
pub(super) fn export_to(
    rules: &RouteRules,
    export_to: &[Str],
    default: Option<&[Str]>,
    namespace: &str,
) -> ExportTo {
    if export_to.is_empty() && rules.default_export == DefaultExport::OwnNamespaceOrEveryone {
        return own_namespace_or_everyone(default, namespace);
    }
    let names = export_names(export_to, default, namespace);
    if names.contains("*") {
        ExportTo::Everyone
    } else if names.is_empty() || names.contains("~") {
        ExportTo::Nobody
    } else {
        ExportTo::Namespaces(names.into_iter().collect())
    }
}

/// The mesh's default as older releases read it: other names in it export to nobody, and `.` beats `*`.
fn own_namespace_or_everyone(default: Option<&[Str]>, namespace: &str) -> ExportTo {
    let has = |wanted: &str| default.is_some_and(|names| names.iter().any(|name| name == wanted));
    if has(".") {
        ExportTo::Namespaces(vec![namespace.into()])
    } else if default.is_none() || has("*") {
        ExportTo::Everyone
    } else {
        ExportTo::Nobody
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::release::Release;

    #[test]
    fn short_names_are_services_of_the_namespace() {
        let full = |host: &str| full_name(&host.into(), "shop");
        assert_eq!(full("reviews"), "reviews.shop.svc.cluster.local");
        for kept in ["", "*", "a.b", "*.a.b", "10.0.0.1", "::1"] {
            assert_eq!(full(kept), kept);
        }
    }

    #[test]
    fn stars_beat_tildes_and_dots_are_the_own_namespace() {
        let rules = |release: Release| &release.rules().routes;
        let resolve = |release, names: &[&str]| {
            let names: Vec<Str> = names.iter().map(|n| Str::from(*n)).collect();
            export_to(rules(release), &names, None, "shop")
        };
        for release in Release::ALL {
            assert_eq!(resolve(*release, &["~", "*"]), ExportTo::Everyone);
            assert_eq!(resolve(*release, &["~", "a"]), ExportTo::Nobody);
            assert_eq!(resolve(*release, &[".", "a"]), ExportTo::Namespaces(vec!["a".into(), "shop".into()]));
            assert_eq!(resolve(*release, &[]), ExportTo::Everyone);
        }
    }

    #[test]
    fn older_releases_ignore_names_in_the_default() {
        let default = ["a".into()];
        let resolve = |release: Release| export_to(&release.rules().routes, &[], Some(&default), "shop");
        assert_eq!(resolve(Release::V1_18), ExportTo::Nobody);
        assert_eq!(resolve(Release::V1_31), ExportTo::Namespaces(vec!["a".into()]));
    }
}
