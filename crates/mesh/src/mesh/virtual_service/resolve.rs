//! Names in a VirtualService: short host names, gateways and `exportTo` mean something in its namespace.

use std::collections::BTreeSet;

use crate::Str;
use crate::mesh::ExportTo;
use crate::mesh::hostname::Resolver;
use crate::rules::{DefaultExport, RouteRules};
use crate::snapshot::networking::virtual_service::{HttpRoute, RouteDestination};

/// A rule of `http` with full host names.
pub(super) fn http_route(route: &HttpRoute, names: &mut Resolver<'_>) -> HttpRoute {
    let mut out = route.clone();
    let destinations = out.route.iter_mut().filter_map(|to| to.destination.as_mut());
    let mirrors = out.mirrors.iter_mut().filter_map(|to| to.destination.as_mut());
    for destination in destinations.chain(&mut out.mirror).chain(mirrors) {
        destination.host = names.resolve(&destination.host);
    }
    out
}

/// Gives destinations of `tls` and `tcp` full host names.
pub(super) fn destinations<'d>(
    routes: impl Iterator<Item = &'d mut RouteDestination>,
    names: &mut Resolver<'_>,
) {
    for destination in routes.filter_map(|to| to.destination.as_mut()) {
        destination.host = names.resolve(&destination.host);
    }
}

/// The names in `exportTo`, `.` resolved; those of the mesh's default if there are none.
pub(super) fn export_names(export_to: &[Str], default: &[Str], namespace: &str) -> BTreeSet<Str> {
    let names = if export_to.is_empty() { default } else { export_to };
    names.iter().map(|name| if name == "." { namespace.into() } else { name.clone() }).collect()
}

/// Whom a VirtualService is exported to: `*` beats `~`, which beats names.
pub(super) fn export_to(rules: &RouteRules, export_to: &[Str], default: &[Str], namespace: &str) -> ExportTo {
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
fn own_namespace_or_everyone(default: &[Str], namespace: &str) -> ExportTo {
    let has = |wanted: &str| default.iter().any(|name| name == wanted);
    if has(".") {
        ExportTo::Namespaces(vec![namespace.into()])
    } else if has("*") {
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
        let rules = |release: Release| &crate::rules::Rules::of(release).routes;
        let resolve = |release, names: &[&str]| {
            let names: Vec<Str> = names.iter().map(|n| Str::from(*n)).collect();
            export_to(rules(release), &names, &["*".into()], "shop")
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
        let resolve =
            |release: Release| export_to(&crate::rules::Rules::of(release).routes, &[], &default, "shop");
        assert_eq!(resolve(Release::V1_18), ExportTo::Nobody);
        assert_eq!(resolve(Release::V1_31), ExportTo::Namespaces(vec!["a".into()]));
    }
}
