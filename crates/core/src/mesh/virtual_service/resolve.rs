//! Names in a VirtualService: short host names, gateways and `exportTo` mean something in its namespace.

use std::collections::BTreeSet;

use crate::Str;
use crate::mesh::{ExportTo, hostname};
use crate::release::{DefaultExport, RouteRules};
use crate::snapshot::networking::VirtualService;
use crate::snapshot::networking::virtual_service::{Destination, RouteDestination};

/// A copy of the spec with full host names.
///
/// Gateways need no resolving: it only keeps `mesh` from being one's name.
pub(super) fn full_names(spec: &VirtualService, namespace: &str) -> VirtualService {
    let mut out = spec.clone();
    for host in &mut out.hosts {
        *host = hostname::resolve(host, namespace);
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
    destination.host = hostname::resolve(&destination.host, namespace);
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
