//! What a route does: answers, or changes the request and sends it to clusters.

use envoy::config::core::v3::HeaderValueOption;
use envoy::config::core::v3::data_source::Specifier;
use envoy::config::route::v3::RouteAction;
use envoy::config::route::v3::redirect_action::RedirectResponseCode;
use envoy::config::route::v3::route::Action;
use envoy::config::route::v3::route_action::{
    ClusterNotFoundResponseCode, ClusterSpecifier, HostRewriteSpecifier,
};
use envoy::config::route::v3::weighted_cluster::{ClusterWeight, cluster_weight};

use super::balance;
use super::cluster;
use super::headers::{self, Headers};
use super::manager::Http;
use super::outcome::{Because, Decision, Detail, Outcome, Place, Verdict};
use super::rewrite::{apply, location, rewritten};
use super::route::Found;
use super::routed;
use super::traffic;
use super::walk::{Flow, Walk};
use crate::mesh::Waypoint;
use crate::opened::OpenedRoute;
use crate::resources::WaypointResources;
use crate::resources::names::MAIN_INTERNAL;
use crate::snapshot::Cause;

/// Walks from the filters through the route.
pub(super) fn walk(
    walk: &mut Walk<'_>,
    waypoint: &Waypoint,
    resources: &WaypointResources,
    http: &mut Http<'_>,
) -> Flow {
    let Some(found) = http.route() else {
        let reason = "where the routes are is not known from files";
        return Flow::Break(Outcome::new(Verdict::Unknown, Place::Waypoint, reason));
    };
    let details = passed_over(walk, &found);
    let Some(route) = found.route else {
        let reason = match found.host {
            Some(_) => "no route fits the request".to_owned(),
            None => format!("no route is for host `{}`", http.headers.text(headers::AUTHORITY)),
        };
        walk.step(Place::Waypoint, "route", Decision::Failed, reason.clone())
            .of(MAIN_INTERNAL, "")
            .details(details);
        return Flow::Break(http.answer(Verdict::Failed, 404, reason));
    };
    let causes = causes(&route);
    walk.route = Some(routed::of(&route));
    walk.step(Place::Waypoint, "route", Decision::Taken, name(&route))
        .of(MAIN_INTERNAL, &route.pointer)
        .because(causes.first().cloned())
        .details(details);
    match &route.message.action {
        Some(Action::Route(action)) => forward(walk, waypoint, resources, &route, action, http),
        Some(Action::Redirect(redirect)) => {
            let status = match redirect.response_code() {
                RedirectResponseCode::MovedPermanently => 301,
                RedirectResponseCode::Found => 302,
                RedirectResponseCode::SeeOther => 303,
                RedirectResponseCode::TemporaryRedirect => 307,
                RedirectResponseCode::PermanentRedirect => 308,
            };
            let location = location(redirect, route.message, &http.headers);
            let reason = match &location {
                Some(location) => format!("redirected to {location}"),
                None => "redirected, by a regular expression that is not known here".to_owned(),
            };
            walk.step(Place::Waypoint, "redirect", Decision::Answered, reason.clone())
                .of(MAIN_INTERNAL, &route.pointer);
            let outcome = http.answer(Verdict::Answered, status, reason).by(causes.first().cloned());
            Flow::Break(Outcome { location, ..outcome })
        }
        Some(Action::DirectResponse(response)) => {
            let status = u16::try_from(response.status).unwrap_or_default();
            let body = match response.body.as_ref().and_then(|body| body.specifier.as_ref()) {
                Some(Specifier::InlineString(text)) => format!(" with body `{text}`"),
                Some(_) => " with a body".to_owned(),
                None => String::new(),
            };
            let reason = format!("answered {status}{body}");
            walk.step(Place::Waypoint, "direct response", Decision::Answered, reason.clone())
                .of(MAIN_INTERNAL, &route.pointer);
            Flow::Break(http.answer(Verdict::Answered, status, reason).by(causes.first().cloned()))
        }
        _ => Flow::Break(Outcome::new(
            Verdict::Unknown,
            Place::Waypoint,
            "what the route does is not known here",
        )),
    }
}

fn causes(route: &OpenedRoute<'_, '_>) -> Vec<Cause> {
    route.origin.map(|origin| origin.causes.clone()).unwrap_or_default()
}

/// What a route is called.
fn name(route: &OpenedRoute<'_, '_>) -> String {
    let position = route.position_in_host + 1;
    match route.message.name.as_str() {
        "" => format!("route {position}"),
        name => format!("route {position}, `{name}`"),
    }
}

/// The routes before the one that fits, and why they do not.
fn passed_over(walk: &mut Walk<'_>, found: &Found<'_>) -> Vec<Detail> {
    let mut details = Vec::new();
    for (route, condition) in &found.passed_over {
        let truth = condition.truth().known();
        if truth.is_none() {
            walk.may_change(format!("{}: {}", name(route), condition.why()));
        }
        details.push(Detail {
            fits: truth,
            text: format!("{}: {}", name(route), condition.why()),
            because: causes(route).first().cloned().map(Because),
        });
    }
    details
}

/// Sends a request to the clusters of a route.
fn forward(
    walk: &mut Walk<'_>,
    waypoint: &Waypoint,
    resources: &WaypointResources,
    route: &OpenedRoute<'_, '_>,
    action: &RouteAction,
    http: &mut Http<'_>,
) -> Flow {
    let clusters = match &action.cluster_specifier {
        Some(ClusterSpecifier::Cluster(name)) => vec![(name.clone(), 1.0)],
        Some(ClusterSpecifier::WeightedClusters(weighted)) => {
            let weight = |cluster: &ClusterWeight| cluster.weight.as_ref().map_or(0, |weight| weight.value);
            let odds = balance::shares(weighted.clusters.iter().map(weight));
            weighted.clusters.iter().map(|cluster| cluster.name.clone()).zip(odds).collect()
        }
        _ => {
            let reason = "which cluster the route leads to is not known from files";
            return Flow::Break(Outcome::new(Verdict::Unknown, Place::Waypoint, reason));
        }
    };
    let headers = http.headers.clone();
    change(walk, route, action, http);
    routed::note(walk, route, action);
    mirrors(walk, resources, action);
    walk.forwarded = Some(http.headers.clone());
    let status = match action.cluster_not_found_response_code() {
        ClusterNotFoundResponseCode::ServiceUnavailable => 503,
        ClusterNotFoundResponseCode::NotFound => 404,
        ClusterNotFoundResponseCode::InternalServerError => 500,
    };
    let cause = causes(route).first().cloned();
    let missing = |name: &str| {
        let reason = format!("there is no cluster {name}: its Service or subset does not exist");
        super::manager::answer(&headers, Verdict::Failed, status, reason).by(cause.clone())
    };
    let unhealthy = |name: &str| {
        let reason = format!("cluster {name} has no endpoint that is ready");
        super::manager::answer(&headers, Verdict::Failed, 503, reason).by(cause.clone())
    };
    let ends = cluster::Ends { missing: &missing, unhealthy: &unhealthy };
    if clusters.is_empty() || clusters.iter().all(|(_, odds)| *odds <= 0.0) {
        return Flow::Break(missing("of any weight"));
    }
    cluster::walk(walk, waypoint, resources, &clusters, http.connection, &ends)
}

/// The changes that a route makes to a request: headers of a single weighted cluster, of the route, of its host and of all; then
/// host and path.
fn change(walk: &mut Walk<'_>, route: &OpenedRoute<'_, '_>, action: &RouteAction, http: &mut Http<'_>) {
    let before = (http.headers.text(headers::PATH), http.headers.text(headers::AUTHORITY));
    let mut host = None;
    if let Some(ClusterSpecifier::WeightedClusters(weighted)) = &action.cluster_specifier {
        let changing = |cluster: &&ClusterWeight| {
            !cluster.request_headers_to_add.is_empty()
                || !cluster.request_headers_to_remove.is_empty()
                || cluster.host_rewrite_specifier.is_some()
        };
        match weighted.clusters.as_slice() {
            [only] => {
                remove_and_add(
                    &only.request_headers_to_remove,
                    &only.request_headers_to_add,
                    &mut http.headers,
                );
                if let Some(cluster_weight::HostRewriteSpecifier::HostRewriteLiteral(name)) =
                    &only.host_rewrite_specifier
                {
                    host = Some(name.clone());
                }
            }
            several if several.iter().any(|cluster| changing(&cluster)) => {
                walk.caveat(
                    "the destinations of the route change headers each in its way, which is not shown",
                );
            }
            _ => {}
        }
    }
    let (message, of_host) = (route.message, route.host);
    remove_and_add(&message.request_headers_to_remove, &message.request_headers_to_add, &mut http.headers);
    remove_and_add(&of_host.request_headers_to_remove, &of_host.request_headers_to_add, &mut http.headers);
    if let Some(HostRewriteSpecifier::HostRewriteLiteral(name)) = &action.host_rewrite_specifier {
        host = host.or_else(|| Some(name.clone()));
    } else if action.host_rewrite_specifier.is_some() {
        walk.caveat("the route rewrites the host in a way that is not known from files");
    }
    if let Some(host) = host {
        if action.append_x_forwarded_host {
            http.headers.add("x-forwarded-host", before.1.clone());
        }
        http.headers.set(headers::AUTHORITY, host);
    }
    let rewritten = rewritten(message, &action.prefix_rewrite, action.regex_rewrite.as_ref(), &before.0);
    match rewritten {
        Some(Some(path)) => http.headers.set(headers::PATH, path),
        Some(None) => {
            walk.caveat("the route rewrites the path by a regular expression that is not known here")
        }
        None => {}
    }
    let after = (http.headers.text(headers::PATH), http.headers.text(headers::AUTHORITY));
    for (what, before, after) in [("path", &before.0, &after.0), ("host", &before.1, &after.1)] {
        if before != after {
            walk.step(
                Place::Waypoint,
                "rewrite",
                Decision::Passed,
                format!("{what} `{before}` becomes `{after}`"),
            )
            .of(MAIN_INTERNAL, &route.pointer);
        }
    }
}

fn remove_and_add(remove: &[String], add: &[HeaderValueOption], headers: &mut Headers) {
    remove.iter().for_each(|name| headers.remove(name));
    apply(add, headers);
}

fn mirrors(walk: &mut Walk<'_>, resources: &WaypointResources, action: &RouteAction) {
    for policy in &action.request_mirror_policies {
        let odds = traffic::odds_or_always(policy.runtime_fraction.as_ref());
        let text = format!("a copy of {} of the requests goes to {}", percent(odds), policy.cluster);
        walk.step(Place::Waypoint, "mirror", Decision::Passed, text);
        let target = cluster::target(walk.mesh, resources, &policy.cluster, odds);
        walk.mirrors.push(target);
    }
}

/// Odds as people write them.
pub(super) fn percent(odds: f64) -> String {
    let percent = odds * 100.0;
    let rounded = (percent * 100.0).round() / 100.0;
    format!("{rounded} %")
}
