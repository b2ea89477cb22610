//! Routes, and the clusters that they lead to.

use envoy::config::core::v3::RuntimeFractionalPercent;
use envoy::config::route::v3::route::Action;
use envoy::config::route::v3::route_action::{ClusterSpecifier, RequestMirrorPolicy};
use envoy::config::route::v3::route_match::PathSpecifier;
use envoy::config::route::v3::{Route, RouteAction, RouteMatch, VirtualHost};
use envoy::r#type::v3::fractional_percent::DenominatorType;

use crate::opened::OpenedRoutes;
use crate::view::location::Location;
use crate::view::proxy_config::Form;
use crate::view::proxy_config::routes::path;

use super::NodeKind;
use super::builder::{Builder, NewNode, causes, cluster_id};

/// Adds the routes of a chain (by its id) and the edges from the chain to them and from them to clusters.
/// Their JSON is in the resource at `whole`.
pub(super) fn add<'a>(
    builder: &mut Builder<'a>,
    chain: &str,
    whole: &Location,
    routes: &OpenedRoutes<'_, 'a>,
) {
    for opened in routes.routes() {
        let (host, route) = (opened.host, &opened.message);
        let id = builder.fresh(format!("route:{}/{}/{}", suffix(chain), host.name, opened.position_in_host));
        builder.node(NewNode {
            id: id.clone(),
            kind: NodeKind::Route,
            label: label(route),
            detail: detail(host, route),
            service: None,
            resource: Some(whole.below(&opened.pointer)),
            causes: causes(opened.origin),
            attached: Vec::new(),
        });
        builder.edge(chain, id.clone(), String::new(), None);
        add_destinations(builder, &id, route);
    }
}

/// A chain's id without its kind.
fn suffix(id: &str) -> &str {
    id.split_once(':').map_or(id, |(_, rest)| rest)
}

/// The path that a route asks for.
fn label(route: &Route) -> String {
    let matched = route.r#match.as_ref();
    match matched.and_then(|m| m.path_specifier.as_ref()) {
        Some(PathSpecifier::ConnectMatcher(_)) => "CONNECT".to_owned(),
        Some(PathSpecifier::PathMatchPolicy(policy)) => policy.name.clone(),
        // The tables of 1.18 leave out paths that were new then; a graph is no release's.
        _ => path(matched, Form::Addresses { names: true }),
    }
}

/// What else a route asks for, the hosts that it is for, and its answer if it gives one itself.
fn detail(host: &VirtualHost, route: &Route) -> String {
    let mut parts = conditions(route.r#match.as_ref());
    match host.domains.as_slice() {
        [any] if any == "*" => {}
        [first, .., last] if host.domains.len() > 2 => parts.push(format!("for {first} … {last}")),
        domains => parts.push(format!("for {}", domains.join(", "))),
    }
    match &route.action {
        Some(Action::DirectResponse(response)) => parts.push(format!("answers {}", response.status)),
        Some(Action::Redirect(_)) => parts.push("redirects".to_owned()),
        Some(Action::Route(_) | Action::FilterAction(_) | Action::NonForwardingAction(_)) | None => {}
    }
    parts.join("; ")
}

fn conditions(matched: Option<&RouteMatch>) -> Vec<String> {
    let Some(matched) = matched else { return Vec::new() };
    let headers = matched
        .headers
        .iter()
        .map(|h| format!("{}header {}", if h.invert_match { "not " } else { "" }, h.name));
    let queries = matched.query_parameters.iter().map(|q| format!("query {}", q.name));
    headers.chain(queries).collect()
}

fn add_destinations(builder: &mut Builder<'_>, id: &str, route: &Route) {
    let Some(Action::Route(action)) = &route.action else { return };
    for (cluster, weight) in clusters(action) {
        builder.edge(id, cluster_id(cluster), String::new(), weight);
    }
    for mirror in action.request_mirror_policies.iter().filter(|mirror| !mirror.cluster.is_empty()) {
        builder.edge(id, cluster_id(&mirror.cluster), mirrored(mirror), None);
    }
}

/// The clusters that a route divides its requests among.
fn clusters(action: &RouteAction) -> Vec<(&str, Option<u32>)> {
    match &action.cluster_specifier {
        Some(ClusterSpecifier::Cluster(name)) => vec![(name, None)],
        Some(ClusterSpecifier::WeightedClusters(weighted)) => {
            let weight =
                |c: &envoy::config::route::v3::weighted_cluster::ClusterWeight| c.weight.map(|w| w.value);
            weighted.clusters.iter().map(|c| (c.name.as_str(), weight(c))).collect()
        }
        _ => Vec::new(),
    }
}

/// `mirror`, with the share of the requests if it is not all of them.
fn mirrored(mirror: &RequestMirrorPolicy) -> String {
    match mirror.runtime_fraction.as_ref().and_then(percent) {
        Some(percent) if percent < 100.0 => format!("mirror {percent} %"),
        _ => "mirror".to_owned(),
    }
}

fn percent(fraction: &RuntimeFractionalPercent) -> Option<f64> {
    let value = fraction.default_value?;
    let parts = match DenominatorType::try_from(value.denominator).ok()? {
        DenominatorType::Hundred => 1.0,
        DenominatorType::TenThousand => 100.0,
        DenominatorType::Million => 10_000.0,
    };
    Some(f64::from(value.numerator) / parts)
}
