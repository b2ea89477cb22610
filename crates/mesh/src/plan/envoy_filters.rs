//! The EnvoyFilters of a waypoint: patches, and Services that they need clusters of.
//!
//! Source: [EnvoyFilter](https://istio.io/latest/docs/reference/config/networking/envoy-filter/).

use std::borrow::Cow;
use std::sync::Arc;

use regex::Regex;

use super::Scope;
use crate::mesh::age;
use crate::mesh::attachment::Precedence;
use crate::re2;
use crate::rules::{PatchOrder, Rules};
use crate::snapshot::networking::EnvoyFilter;
use crate::snapshot::networking::envoy_filter::{EnvoyConfigObjectPatch, ProxyMatch};
use crate::snapshot::{Cause, FieldPath, Object};
use crate::version::Version;

/// The annotation of an EnvoyFilter that names Services.
const REFERENCED_SERVICES: &str = "envoyfilter.istio.io/referenced-services";

/// A patch that is for a waypoint's proxy.
#[derive(Clone, Debug, PartialEq)]
pub struct EnvoyPatch<'m> {
    /// What it says.
    pub patch: &'m EnvoyConfigObjectPatch,
    /// It in its EnvoyFilter.
    pub cause: Cause,
}

/// The patches of a waypoint, in the order in which they are applied.
pub(super) fn patches(scope: Scope<'_>) -> Vec<EnvoyPatch<'_>> {
    let mut patches = Vec::new();
    for filter in in_order(scope) {
        for (position, patch) in filter.spec.config_patches.iter().enumerate() {
            if is_for_proxy(patch, scope) {
                let field = FieldPath::at("spec.configPatches[]", [position]);
                patches.push(EnvoyPatch { patch, cause: Cause::new(filter.object_ref(), field) });
            }
        }
    }
    patches
}

/// The EnvoyFilters of a waypoint, in the order in which they are applied.
fn in_order(scope: Scope<'_>) -> Vec<&Arc<Object<EnvoyFilter>>> {
    let bindings = &scope.mesh.policies.envoy_filters;
    let bound = bindings.of_waypoint(scope.waypoint, Precedence::RootFirst);
    let mut filters: Vec<_> = bindings.at(&bound.of(None)).map(|bound| bound.object).collect();
    filters.sort_by(|a, b| {
        let priority = a.spec.priority.cmp(&b.spec.priority);
        let namespace = {
            let is_root = |filter: &Object<EnvoyFilter>| filter.meta.namespace == *bindings.root_namespace();
            is_root(b).cmp(&is_root(a))
        };
        let age = || age::compare_as_texts(&a.meta, &b.meta, scope.rules);
        match scope.rules.envoy_filters.order {
            PatchOrder::NamespaceFirst => namespace.then(priority).then_with(age),
            PatchOrder::PriorityFirst => priority.then(namespace).then_with(age),
        }
    });
    filters
}

/// The Services that a waypoint's EnvoyFilters need clusters of: `host` or `namespace/host`, in the
/// annotation `envoyfilter.istio.io/referenced-services`, with commas between them.
pub(crate) fn referenced_services<'m>(scope: &Scope<'m>) -> Vec<&'m str> {
    let bindings = &scope.mesh.policies.envoy_filters;
    let bound = bindings.of_waypoint(scope.waypoint, Precedence::RootFirst);
    let positions = bound.of(None);
    let filters = bindings.at(&positions).map(|bound| bound.object);
    let annotated = filters.filter_map(|filter| filter.meta.annotations.get(REFERENCED_SERVICES));
    annotated.flat_map(|services| services.split(',')).collect()
}

/// Whether a patch is for proxies of this version and with this metadata.
fn is_for_proxy(patch: &EnvoyConfigObjectPatch, scope: Scope<'_>) -> bool {
    let proxy = patch.matches.as_ref().and_then(|m| m.proxy.as_ref());
    proxy.is_none_or(|proxy| {
        fits_version(proxy, scope.rules, &scope.waypoint.proxy.version)
            && proxy
                .metadata
                .iter()
                .all(|(key, value)| metadata(key, scope).is_some_and(|found| found == value.as_str()))
    })
}

/// Whether the version of a proxy fits; an expression that is too long fits none.
fn fits_version(proxy: &ProxyMatch, rules: &Rules, version: &Version) -> bool {
    let expression = proxy.proxy_version.as_str();
    let too_long = rules.envoy_filters.longest_version_expression.is_some_and(|most| expression.len() > most);
    // What is no expression restricts nothing; admission refuses it.
    expression.is_empty()
        || !too_long
            && re2::as_rust(expression)
                .and_then(|expression| Regex::new(&expression).ok())
                .is_none_or(|regex| regex.is_match(version.as_str()))
}

/// What the waypoint's proxy says of itself under a key, as far as it is text. What its agent and its
/// container say beats what it is configured with.
fn metadata<'m>(key: &str, scope: Scope<'m>) -> Option<Cow<'m, str>> {
    let Scope { waypoint, rules, mesh, .. } = scope;
    let proxy = &waypoint.proxy;
    let of_agent = match key {
        "INSTANCE_IPS" if !proxy.addresses.is_empty() => Some(proxy.instance_ips().into()),
        "NAME" => Some(proxy.pod_name.as_str().into()),
        "NAMESPACE" => Some(waypoint.name.namespace.as_str().into()),
        _ => None,
    };
    let mut of_container = waypoint.container_metadata(&mesh.config.mesh_id, &rules.bootstrap);
    let mut configured = proxy.configured_metadata().map(|(known, value)| (known, value.as_str()));
    of_agent
        .or_else(|| of_container.find(|(known, _)| *known == key).map(|(_, value)| value))
        .or_else(|| configured.find(|(known, _)| *known == key).map(|(_, value)| value.into()))
}
