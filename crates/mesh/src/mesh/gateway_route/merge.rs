//! Routes of one host are asked as one: their rules are sorted together.

use std::collections::BTreeMap;

use super::{Context, HttpPart, order};
use crate::mesh::virtual_service::VirtualService;

/// One VirtualService for each namespace of routes, port and host.
pub(super) fn merge(cx: &Context<'_>, parts: Vec<HttpPart>) -> Vec<VirtualService> {
    let mut by_key = BTreeMap::<_, Vec<HttpPart>>::new();
    for part in parts {
        by_key.entry((part.namespace.clone(), part.port, part.host.clone())).or_default().push(part);
    }
    by_key.into_values().filter_map(|parts| merge_parts(cx, parts)).collect()
}

/// The oldest route lends its age. Of the same age, they are ordered by the names that Istio gives their
/// parts, in which a tilde follows the route's own: `a-b` comes before `a`.
fn merge_parts(cx: &Context<'_>, mut parts: Vec<HttpPart>) -> Option<VirtualService> {
    parts.sort_by_cached_key(|part| (part.created, format!("{}~{}~", part.name, part.count)));
    let first = parts.first()?;
    let (namespace, host) = (first.namespace.clone(), first.host.clone());
    let port = first.port.map(|port| format!("~{port}")).unwrap_or_default();
    let name = format!("{namespace}{port}~{host}").into();
    let mut out = VirtualService::of_gateway_route(name, namespace, first.created, host, Vec::new());
    for part in parts {
        out.add_origin(&part.origin);
        out.http.extend(part.http_rules());
    }
    order::sort(&cx.rules.gateway_api, &mut out.http, |rule| &rule.route);
    Some(out)
}
