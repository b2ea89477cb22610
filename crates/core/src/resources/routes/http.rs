//! One route: a rule of a VirtualService (`http[]`) under one of its matches.

use std::collections::BTreeSet;

use envoy::Encoded;
use envoy::config::core::v3::Metadata;
use envoy::config::route::v3::route_action::{
    ClusterNotFoundResponseCode, ClusterSpecifier, HostRewriteSpecifier, RequestMirrorPolicy,
};
use envoy::config::route::v3::route_match::PathSpecifier;
use envoy::config::route::v3::weighted_cluster::{ClusterWeight, cluster_weight};
use envoy::config::route::v3::{Decorator, Route, RouteAction, RouteMatch, WeightedCluster};
use envoy::r#type::matcher::v3::RegexMatchAndSubstitute;

use super::destination::{self, Host};
use super::headers::HeaderChanges;
use super::retry::Retries;
use super::{cors, fault, fraction, hash, matches, operation, redirect};
use crate::mesh::virtual_service::MESH_GATEWAY;
use crate::mesh::virtual_service::{Semantics, VirtualService};
use crate::re2;
use crate::resources::istio_metadata::{ISTIO, config};
use crate::resources::proto::duration;
use crate::resources::{Scope, field};
use crate::rules::{CorsPlacement, Rewrites, Rules, SingleDestination};
use crate::snapshot::Cause;
use crate::snapshot::message::Duration;
use crate::snapshot::networking::Percent;
use crate::snapshot::networking::destination_rule::ConsistentHashLb;
use crate::snapshot::networking::virtual_service::{
    Destination, HttpMatchRequest, HttpRewrite, HttpRoute, HttpRouteDestination,
};

/// Where a route is made: for which port, from which VirtualService.
#[derive(Clone, Copy)]
pub(super) struct Context<'a, 'm> {
    pub(super) scope: Scope<'m>,
    pub(super) retries: &'a Retries<'m>,
    pub(super) virtual_service: &'a VirtualService,
    /// What names the VirtualService in each of its routes.
    pub(super) metadata: &'a Encoded<Route>,
    pub(super) port: u32,
    /// The hostname that the routes are for.
    pub(super) hostname: &'a str,
    /// What is known of it: most destinations are what requests were meant for.
    pub(super) host: Host<'m>,
}

impl<'m> Context<'_, 'm> {
    /// What is known of a destination's host.
    fn host(&self, hostname: &str) -> Host<'m> {
        if hostname == self.hostname { self.host } else { Host::new(self.scope, hostname) }
    }
}

/// Translates a rule under one match (none: everything), which has been translated to `matched`.
pub(super) fn route(
    cx: Context<'_, '_>,
    rule: &HttpRoute,
    request: Option<&HttpMatchRequest>,
    matched: &RouteMatch,
    fields: &mut Encoded<Route>,
) {
    let rules = &cx.scope.rules.routes;
    let mut name = rule.name.to_string();
    if let Some(request) = request.filter(|request| !request.name.is_empty()) {
        name.push('.');
        name.push_str(&request.name);
    }
    let changes = HeaderChanges::new(rule.headers.as_deref());
    let mut out = Route {
        name,
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
    fields.message(field::route::MATCH, matched);
    let mut cluster = None;
    if let Some(redirect) = &rule.redirect {
        if let Some(redirect) = redirect::redirect(cx.virtual_service.semantics, redirect, cx.port) {
            fields.message(field::route::REDIRECT, &redirect);
        }
    } else if let Some(response) = &rule.direct_response {
        fields.message(field::route::DIRECT_RESPONSE, &redirect::direct_response(response));
    } else {
        let (action, consistent) = forward(cx, rule, changes.authority, matched, &mut out);
        fields.nest(field::route::ROUTE, |fields| {
            cluster =
                write(action, fields, |fields| cx.retries.write(rule.retries.as_deref(), consistent, fields));
        });
    }
    fields.append(cx.metadata);
    out.decorator = Some(Decorator {
        operation: operation::operation(cluster.as_deref(), matched, &cx.virtual_service.name, cx.port),
        ..Decorator::default()
    });
    if let Some(fault) = &rule.fault {
        out.typed_per_filter_config.insert(fault::FILTER.to_owned(), envoy::any(&fault::fault(fault)));
    }
    if let Some(policy) = rule.cors_policy.as_ref().filter(|_| rules.cors == CorsPlacement::FilterConfig) {
        out.typed_per_filter_config.insert(cors::FILTER.to_owned(), envoy::any(&cors::filter_policy(policy)));
    }
    fields.merge(&out);
}

/// Whether a match is for this port and, in releases that look at it, for callers that a waypoint can answer for:
/// gateways are asked first, and only without any the labels and namespace are, which are the waypoint's own.
pub(super) fn applies(scope: Scope<'_>, port: u32, request: &HttpMatchRequest) -> bool {
    if request.port != 0 && request.port != port {
        return false;
    }
    if !scope.rules.routes.match_callers {
        return true;
    }
    if !request.source_labels.is_empty() {
        return false;
    }
    if request.gateways.is_empty() {
        request.source_namespace.is_empty() || request.source_namespace == scope.waypoint.name.namespace
    } else {
        request.gateways.iter().any(|g| g == MESH_GATEWAY)
    }
}

/// The part of a route that names the VirtualService it comes from, as a path of the Kubernetes API.
pub(super) fn metadata(rules: &Rules, virtual_service: &VirtualService) -> Encoded<Route> {
    let VirtualService { namespace, name, .. } = virtual_service;
    made_by(&config(rules.mesh.networking_version, namespace, "virtual-service", name))
}

/// The part of a route that names what it comes from.
fn made_by(config: &[&str]) -> Encoded<Route> {
    let mut route = Encoded::default();
    route.nest::<Metadata>(field::route::METADATA, |metadata| {
        metadata.filter(ISTIO, |fields| fields.field_text("config", config));
    });
    route
}

/// What forwards to a rule's destinations, without retries, and what these change in the route. Says whether retries have
/// to stay on the host that a request is hashed to.
fn forward(
    cx: Context<'_, '_>,
    rule: &HttpRoute,
    authority: Option<String>,
    matched: &RouteMatch,
    out: &mut Route,
) -> (RouteAction, bool) {
    let rules = &cx.scope.rules.routes;
    let timeout = duration(rule.timeout.unwrap_or(Duration::ZERO));
    let mut action = RouteAction {
        timeout: Some(timeout),
        // `maxStreamDuration` would be today's way; Istio keeps this one for its behaviour with retries.
        max_grpc_timeout: Some(timeout),
        cors: rule
            .cors_policy
            .as_ref()
            .filter(|_| rules.cors == CorsPlacement::RouteAction)
            .map(|policy| Box::new(cors::action_policy(policy))),
        request_mirror_policies: mirrors(cx, rule),
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
    let consistent = destinations(cx, rule, out, &mut action);
    (action, consistent)
}

/// Writes an action with its retries, in the order of the fields, and gives its cluster if there is one.
fn write(
    action: RouteAction,
    fields: &mut Encoded<RouteAction>,
    retries: impl FnOnce(&mut Encoded<RouteAction>),
) -> Option<String> {
    let RouteAction { cluster_specifier, prefix_rewrite, host_rewrite_specifier, timeout, .. } = action;
    let begin = RouteAction {
        cluster_specifier,
        prefix_rewrite,
        host_rewrite_specifier,
        timeout,
        ..RouteAction::default()
    };
    fields.merge(&begin);
    retries(fields);
    fields.merge(&RouteAction {
        cluster_specifier: None,
        prefix_rewrite: String::new(),
        host_rewrite_specifier: None,
        timeout: None,
        ..action
    });
    match begin.cluster_specifier {
        Some(ClusterSpecifier::Cluster(name)) => Some(name),
        _ => None,
    }
}

fn rewrite_path(cx: Context<'_, '_>, rewrite: &HttpRewrite, matched: &RouteMatch, action: &mut RouteAction) {
    action.append_x_forwarded_host = appends_x_forwarded_host(cx.scope);
    if cx.scope.rules.routes.rewrites == Rewrites::PrefixOnly {
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

/// `mirror`, then `mirrors`.
fn mirrors(cx: Context<'_, '_>, rule: &HttpRoute) -> Vec<RequestMirrorPolicy> {
    let rules = &cx.scope.rules.routes;
    let first = rule.mirror.as_ref().and_then(|to| {
        let percent = match (&rule.mirror_percentage, rule.mirror_percent) {
            (None, Some(percent)) => (percent > 0).then(|| fraction::hundredths(percent)),
            (percentage, _) => mirrored(percentage.as_ref()),
        };
        Some((to, percent?))
    });
    let others = rule.mirrors.iter().filter(|_| rules.several_mirrors);
    let others = others
        .filter_map(|mirror| Some((mirror.destination.as_ref()?, mirrored(mirror.percentage.as_ref())?)));
    first
        .into_iter()
        .chain(others)
        .map(|(to, percent)| RequestMirrorPolicy {
            cluster: destination::cluster_name(cx.scope, to, cx.host(&to.host), cx.port),
            runtime_fraction: Some(fraction::fixed(percent)),
            trace_sampled: Some(false.into()),
            disable_shadow_host_suffix_append: rules.mirrors_keep_host
                && cx.scope.mesh.options.features.disable_shadow_host_suffix,
            ..RequestMirrorPolicy::default()
        })
        .collect()
}

/// What else had a say in a route: the Services of other hosts that it names, which decide whose cluster a destination
/// is, and the DestinationRules that say what requests are hashed by.
pub(super) fn destination_causes(cx: Context<'_, '_>, rule: &HttpRoute) -> Vec<Cause> {
    let (mut causes, mut seen) = (Vec::new(), BTreeSet::new());
    let mut add = |to: &Destination, hashed: bool| {
        let host = cx.host(&to.host);
        let foreign = host.service.filter(|_| to.host != cx.hostname).map(|service| service.source.object());
        let rule = host.rule.filter(|_| hashed && hash::of_destination(to, host).is_some());
        let rules = rule.into_iter().flat_map(|rule| rule.causes().iter().cloned());
        for cause in foreign.map(Cause::from).into_iter().chain(rules) {
            if seen.insert(cause.clone()) {
                causes.push(cause);
            }
        }
    };
    rule.route.iter().filter_map(|to| to.destination.as_ref()).for_each(|to| add(to, true));
    let mirrors = rule.mirrors.iter().filter_map(|mirror| mirror.destination.as_ref());
    rule.mirror.iter().chain(mirrors).for_each(|to| add(to, false));
    causes
}

/// Whether a rewritten request keeps its old host in `X-Forwarded-Host`.
fn appends_x_forwarded_host(scope: Scope<'_>) -> bool {
    let headers = scope.waypoint.proxy.config.proxy_headers.as_ref();
    let option = headers.and_then(|headers| headers.x_forwarded_host.as_ref());
    option.is_some_and(|option| option.enabled == Some(true))
}

/// All requests are mirrored unless a percentage is given; none at zero.
fn mirrored(percentage: Option<&Percent>) -> Option<envoy::r#type::v3::FractionalPercent> {
    match percentage {
        None => Some(fraction::hundredths(100)),
        Some(percentage) => (percentage.value > 0.0).then(|| fraction::of_percent(percentage.value)),
    }
}

/// A destination, and what is known of its host.
struct Target<'a, 'm> {
    given: &'a HttpRouteDestination,
    /// None if it is missing, which admission has refused.
    destination: Option<(&'a Destination, Host<'m>)>,
}

impl<'a, 'm> Target<'a, 'm> {
    fn new(cx: Context<'_, 'm>, given: &'a HttpRouteDestination) -> Self {
        let destination = given.destination.as_ref().map(|to| (to, cx.host(&to.host)));
        Self { given, destination }
    }

    fn cluster(&self, cx: Context<'_, '_>) -> String {
        let name = |(to, host)| destination::cluster_name(cx.scope, to, host, cx.port);
        self.destination.map(name).unwrap_or_default()
    }

    fn hash(&self) -> Option<&'m ConsistentHashLb> {
        let (to, host) = self.destination?;
        hash::of_destination(to, host)
    }
}

/// Fills in where requests go. Says whether retries have to stay on the host that a request is hashed to.
fn destinations(cx: Context<'_, '_>, rule: &HttpRoute, out: &mut Route, action: &mut RouteAction) -> bool {
    let all = rule.route.as_slice();
    // A destination of weight 0 gets nothing, unless it is the only one.
    let weighted = all.iter().filter(|to| to.weight != 0 || all.len() == 1);
    let weighted: Vec<_> = weighted.map(|to| Target::new(cx, to)).collect();
    action.hash_policy = weighted.iter().filter_map(|to| hash::policy(to.hash()?)).collect();

    let single = match (cx.scope.rules.routes.single_destination, weighted.as_slice()) {
        (SingleDestination::OfGiven, [only]) if all.len() == 1 => Some(only),
        (SingleDestination::OfWeighted, [only]) => Some(only),
        _ => None,
    };
    let Some(only) = single else {
        let clusters = weighted.iter().map(|to| cluster_weight(cx, to)).collect();
        let clusters = WeightedCluster { clusters, ..WeightedCluster::default() };
        action.cluster_specifier = Some(ClusterSpecifier::WeightedClusters(clusters));
        return false;
    };
    action.cluster_specifier = Some(ClusterSpecifier::Cluster(only.cluster(cx)));
    // The destination's own changes come after the route's, and the route's authority wins.
    let changes = HeaderChanges::new(only.given.headers.as_deref());
    out.request_headers_to_add.extend(changes.request_to_add);
    out.request_headers_to_remove.extend(changes.request_to_remove);
    out.response_headers_to_add.extend(changes.response_to_add);
    out.response_headers_to_remove.extend(changes.response_to_remove);
    if action.host_rewrite_specifier.is_none() {
        action.host_rewrite_specifier = changes.authority.map(HostRewriteSpecifier::HostRewriteLiteral);
    }
    only.hash().is_some()
}

fn cluster_weight(cx: Context<'_, '_>, to: &Target<'_, '_>) -> ClusterWeight {
    let changes = HeaderChanges::new(to.given.headers.as_deref());
    ClusterWeight {
        name: to.cluster(cx),
        weight: Some(u32::try_from(to.given.weight).unwrap_or_default().into()),
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

#[cfg(test)]
mod tests {
    use super::*;
    use envoy::config::route::v3::RetryPolicy;
    use envoy::google::protobuf::Struct;

    #[test]
    fn what_made_a_route_is_in_its_metadata() {
        let istio: Struct = [("config", "it")].into_iter().collect();
        let mut metadata = Metadata::default();
        metadata.set("istio", &istio);
        assert_eq!(made_by(&["it"]), Encoded::of(&Route { metadata: Some(metadata), ..Route::default() }));
    }

    #[test]
    fn an_action_is_written_in_the_order_of_its_fields() {
        let action = RouteAction {
            cluster_specifier: Some(ClusterSpecifier::Cluster("c".to_owned())),
            prefix_rewrite: "/p".to_owned(),
            host_rewrite_specifier: Some(HostRewriteSpecifier::HostRewriteLiteral("h".to_owned())),
            timeout: Some(duration(Duration::ZERO)),
            max_grpc_timeout: Some(duration(Duration::ZERO)),
            append_x_forwarded_host: true,
            ..RouteAction::default()
        };
        let retries = Some(Box::new(RetryPolicy { retry_on: "5xx".to_owned(), ..RetryPolicy::default() }));
        let mut fields = Encoded::default();
        let cluster = write(action.clone(), &mut fields, |fields| {
            fields.merge(&RouteAction { retry_policy: retries.clone(), ..RouteAction::default() });
        });
        assert_eq!(cluster.as_deref(), Some("c"));
        assert_eq!(fields, Encoded::of(&RouteAction { retry_policy: retries, ..action }));
    }
}
