//! One route: a rule of a VirtualService (`http[]`) under one of its matches.

use envoy::config::core::v3::Metadata;
use envoy::config::route::v3::route::Action;
use envoy::config::route::v3::route_action::{
    ClusterNotFoundResponseCode, ClusterSpecifier, HostRewriteSpecifier, RequestMirrorPolicy,
};
use envoy::config::route::v3::route_match::PathSpecifier;
use envoy::config::route::v3::weighted_cluster::{ClusterWeight, cluster_weight};
use envoy::config::route::v3::{Decorator, Route, RouteAction, RouteMatch, WeightedCluster};
use envoy::r#type::matcher::v3::RegexMatchAndSubstitute;

use super::headers::HeaderChanges;
use super::retry::Retries;
use super::{cors, fault, fraction, hash, matches, operation, redirect, session};
use crate::mesh::virtual_service::{Semantics, VirtualService};
use crate::plan::WaypointSettings;
use crate::plan::routes::{
    Destinations, Forward, HttpAction, HttpDestination, HttpRule, Mirror, MirrorShare,
};
use crate::re2;
use crate::resources::istio_metadata::{ISTIO, config};
use crate::resources::proto::duration;
use crate::rules::{CorsPlacement, Rewrites, Rules};
use crate::snapshot::networking::virtual_service::{HttpMatchRequest, HttpRewrite, HttpRoute};

/// Where a route is made: for which port, from which VirtualService.
#[derive(Clone, Copy)]
pub(super) struct Context<'a> {
    pub(super) settings: &'a WaypointSettings<'a>,
    pub(super) retries: &'a Retries<'a>,
    pub(super) virtual_service: &'a VirtualService,
    /// What names the VirtualService in each of its routes.
    pub(super) metadata: &'a Metadata,
    pub(super) port: u32,
}

/// Translates a rule under one match (none: everything).
pub(super) fn route(cx: Context<'_>, planned: &HttpRule<'_>, request: Option<&HttpMatchRequest>) -> Route {
    let rule = planned.rule;
    let rules = &cx.settings.rules.routes;
    let matched = matches::route_match(rules, cx.virtual_service.semantics, request);
    let mut name = rule.name.to_string();
    if let Some(request) = request.filter(|request| !request.name.is_empty()) {
        name.push('.');
        name.push_str(&request.name);
    }
    let changes = HeaderChanges::new(rule.headers.as_deref());
    let mut out = Route {
        name,
        metadata: Some(cx.metadata.clone()),
        stat_prefix: request
            .filter(|_| rules.stat_prefix)
            .map(|r| r.stat_prefix.to_string())
            .unwrap_or_default(),
        request_headers_to_add: changes.request_to_add,
        request_headers_to_remove: changes.request_to_remove,
        response_headers_to_add: changes.response_to_add,
        response_headers_to_remove: changes.response_to_remove,
        ..Route::default()
    };
    out.action = match &planned.action {
        HttpAction::Redirect(redirect) => redirect::redirect(cx.virtual_service.semantics, redirect, cx.port)
            .map(|redirect| Action::Redirect(Box::new(redirect))),
        HttpAction::DirectResponse(response) => {
            Some(Action::DirectResponse(Box::new(redirect::direct_response(response))))
        }
        HttpAction::Forward(to) => {
            Some(Action::Route(Box::new(forward(cx, rule, to, changes.authority, &matched, &mut out))))
        }
    };
    out.decorator = Some(Decorator {
        operation: operation::operation(cluster(&out), &matched, &cx.virtual_service.name, cx.port),
        ..Decorator::default()
    });
    out.r#match = Some(matched);
    if let Some(fault) = &rule.fault {
        out.typed_per_filter_config.insert(fault::FILTER.to_owned(), envoy::any(&fault::fault(fault)));
    }
    if let Some(policy) = rule.cors_policy.as_ref().filter(|_| rules.cors == CorsPlacement::FilterConfig) {
        out.typed_per_filter_config.insert(cors::FILTER.to_owned(), envoy::any(&cors::filter_policy(policy)));
    }
    if let HttpAction::Forward(Forward { session: Some(session), .. }) = &planned.action {
        out.typed_per_filter_config
            .insert(session::FILTER.to_owned(), envoy::any(&session::session(*session)));
    }
    out
}

/// The cluster of a route, if there is one.
fn cluster(route: &Route) -> Option<&str> {
    let Some(Action::Route(action)) = &route.action else { return None };
    match &action.cluster_specifier {
        Some(ClusterSpecifier::Cluster(name)) => Some(name),
        _ => None,
    }
}

/// What names the VirtualService that a route comes from, as a path of the Kubernetes API.
pub(super) fn metadata(rules: &Rules, virtual_service: &VirtualService) -> Metadata {
    let VirtualService { namespace, name, .. } = virtual_service;
    let config = config(rules.mesh.networking_version, namespace, "virtual-service", name);
    let mut metadata = Metadata::default();
    metadata.write(ISTIO, |istio| istio.text("config", &config));
    metadata
}

/// What forwards to a rule's destinations, and what these change in the route.
fn forward(
    cx: Context<'_>,
    rule: &HttpRoute,
    to: &Forward<'_>,
    authority: Option<String>,
    matched: &RouteMatch,
    out: &mut Route,
) -> RouteAction {
    let rules = &cx.settings.rules.routes;
    let timeout = duration(rule.timeout.unwrap_or(cx.settings.features.istio_default_request_timeout));
    let mut action = RouteAction {
        timeout: Some(timeout),
        // `maxStreamDuration` would be today's way; Istio keeps this one for its behaviour with retries.
        max_grpc_timeout: Some(timeout),
        cors: rule
            .cors_policy
            .as_ref()
            .filter(|_| rules.cors == CorsPlacement::RouteAction)
            .map(|policy| Box::new(cors::action_policy(policy))),
        request_mirror_policies: mirrors(cx, &to.mirrors),
        ..RouteAction::default()
    };
    let gateway_api = cx.virtual_service.semantics == Semantics::GatewayApi;
    if gateway_api && rules.missing_cluster_is_500 {
        action.cluster_not_found_response_code = ClusterNotFoundResponseCode::InternalServerError.into();
    }
    let mut authority = authority;
    if let Some(rewrite) = &rule.rewrite {
        rewrite_path(cx, rewrite, matched, &mut action);
        if !rewrite.authority.is_empty() {
            authority = Some(rewrite.authority.to_string());
        }
    }
    action.host_rewrite_specifier = authority.map(HostRewriteSpecifier::HostRewriteLiteral);
    let consistent = destinations(&to.to, out, &mut action);
    action.retry_policy = cx.retries.policy(rule.retries.as_deref(), consistent);
    action
}

fn rewrite_path(cx: Context<'_>, rewrite: &HttpRewrite, matched: &RouteMatch, action: &mut RouteAction) {
    action.append_x_forwarded_host = appends_x_forwarded_host(cx.settings);
    if cx.settings.rules.routes.rewrites == Rewrites::PrefixOnly {
        action.prefix_rewrite = rewrite.uri.to_string();
        return;
    }
    if let Some(regex) = &rewrite.uri_regex_rewrite {
        action.regex_rewrite = Some(substitution(&regex.matches, &regex.rewrite));
    } else if rewrite.uri == "/" && cx.virtual_service.semantics == Semantics::GatewayApi {
        // The prefix goes away; Envoy would leave an empty path, or two slashes.
        let prefix = match &matched.path_specifier {
            Some(PathSpecifier::PathSeparatedPrefix(prefix)) => prefix.as_str(),
            _ => "",
        };
        action.regex_rewrite = Some(substitution(&format!("^{}(/?)(.*)", re2::quote_meta(prefix)), "/\\2"));
    } else {
        action.prefix_rewrite = rewrite.uri.to_string();
    }
}

fn substitution(pattern: &str, substitution: &str) -> RegexMatchAndSubstitute {
    RegexMatchAndSubstitute {
        pattern: Some(matches::regex_matcher(pattern)),
        substitution: substitution.to_owned(),
    }
}

/// What gets copies.
fn mirrors(cx: Context<'_>, mirrors: &[Mirror]) -> Vec<RequestMirrorPolicy> {
    let keeps_host =
        cx.settings.rules.routes.mirrors_keep_host && cx.settings.features.disable_shadow_host_suffix;
    let policy = |Mirror { cluster, share }: &Mirror| RequestMirrorPolicy {
        cluster: cluster.clone(),
        runtime_fraction: Some(fraction::fixed(match share {
            MirrorShare::Whole(percent) => fraction::hundredths(*percent),
            MirrorShare::Exact(percent) => fraction::of_percent(*percent),
        })),
        trace_sampled: Some(false.into()),
        disable_shadow_host_suffix_append: keeps_host,
        ..RequestMirrorPolicy::default()
    };
    mirrors.iter().map(policy).collect()
}

/// Whether a rewritten request keeps its old host in `X-Forwarded-Host`.
fn appends_x_forwarded_host(settings: &WaypointSettings<'_>) -> bool {
    let headers = settings.proxy.config.proxy_headers.as_ref();
    let option = headers.and_then(|headers| headers.x_forwarded_host.as_ref());
    option.is_some_and(|option| option.enabled == Some(true))
}

/// Fills in where requests go. Says whether retries have to stay on the host that a request is hashed to.
fn destinations(to: &Destinations<'_>, out: &mut Route, action: &mut RouteAction) -> bool {
    action.hash_policy = to.iter().filter_map(|to| to.hash.as_ref()).map(hash::policy).collect();
    let only = match to {
        Destinations::Single(only) => only,
        Destinations::Weighted(all) => {
            let clusters = all.iter().map(cluster_weight).collect();
            let clusters = WeightedCluster { clusters, ..WeightedCluster::default() };
            action.cluster_specifier = Some(ClusterSpecifier::WeightedClusters(clusters));
            return false;
        }
    };
    action.cluster_specifier = Some(ClusterSpecifier::Cluster(only.cluster.clone()));
    // The destination's own changes come after the route's, and the route's authority wins.
    let changes = HeaderChanges::new(only.headers);
    out.request_headers_to_add.extend(changes.request_to_add);
    out.request_headers_to_remove.extend(changes.request_to_remove);
    out.response_headers_to_add.extend(changes.response_to_add);
    out.response_headers_to_remove.extend(changes.response_to_remove);
    if action.host_rewrite_specifier.is_none() {
        action.host_rewrite_specifier = changes.authority.map(HostRewriteSpecifier::HostRewriteLiteral);
    }
    only.is_hashed
}

fn cluster_weight(to: &HttpDestination<'_>) -> ClusterWeight {
    let changes = HeaderChanges::new(to.headers);
    ClusterWeight {
        name: to.cluster.clone(),
        weight: Some(to.weight.into()),
        request_headers_to_add: changes.request_to_add,
        request_headers_to_remove: changes.request_to_remove,
        response_headers_to_add: changes.response_to_add,
        response_headers_to_remove: changes.response_to_remove,
        host_rewrite_specifier: changes
            .authority
            .map(cluster_weight::HostRewriteSpecifier::HostRewriteLiteral),
        ..ClusterWeight::default()
    }
}
