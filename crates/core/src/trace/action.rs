//! What a route does: answers, or changes the request and sends it to clusters.

use envoy::config::core::v3::HeaderValueOption;
use envoy::config::core::v3::data_source::Specifier;
use envoy::config::route::v3::redirect_action::RedirectResponseCode;
use envoy::config::route::v3::route::Action;
use envoy::config::route::v3::route_action::{
    ClusterNotFoundResponseCode, ClusterSpecifier, HostRewriteSpecifier,
};
use envoy::config::route::v3::weighted_cluster::{ClusterWeight, cluster_weight};
use envoy::config::route::v3::{self as message, RedirectAction, RetryPolicy, RouteAction};

use super::balance;
use super::compiled::Proxy;
use super::headers::{self, Headers};
use super::http::Http;
use super::manager::answer;
use super::outcome::{DecidedBy, Decision, Detail, Place, Verdict};
use super::reached::{self, Ends, Share};
use super::rewrite::{apply, location, rewritten};
use super::route::{Route, RouteLookup};
use super::routed;
use super::traffic;
use super::walk::{End, Flow, Walk};
use crate::opened::OpenedRoute;
use crate::resources::names::MAIN_INTERNAL;

/// What a route does.
#[derive(Clone, Debug)]
pub(super) enum RouteDoes {
    Forward(Box<Forward>),
    Redirect(Box<Redirect>),
    /// It answers, with a status and a body.
    Respond {
        status: u16,
        body: Option<String>,
    },
    Unknown,
}

/// Requests are sent to clusters.
#[derive(Clone, Debug)]
pub(super) struct Forward {
    /// None if it is not known.
    pub(super) clusters: Option<Vec<Share>>,
    /// The status where there is no such cluster.
    missing: u16,
    pub(super) action: RouteAction,
    /// The route, without what it does.
    pub(super) route: message::Route,
    /// The changes that the virtual host makes to headers.
    pub(super) host_removes: Vec<String>,
    pub(super) host_adds: Vec<HeaderValueOption>,
    /// The retries of the route, else those of its host.
    pub(super) retries: Option<RetryPolicy>,
}

/// Requests are sent elsewhere.
#[derive(Clone, Debug)]
pub(super) struct Redirect {
    status: u16,
    pub(super) action: RedirectAction,
    /// The route, without what it does.
    route: message::Route,
}

impl RouteDoes {
    /// What a route does.
    pub(super) fn new(opened: &OpenedRoute<'_, '_>) -> Self {
        let route = || message::Route { action: None, ..opened.message.clone() };
        match &opened.message.action {
            Some(Action::Route(action)) => Self::Forward(Box::new(Forward {
                clusters: clusters(action),
                missing: match action.cluster_not_found_response_code() {
                    ClusterNotFoundResponseCode::ServiceUnavailable => 503,
                    ClusterNotFoundResponseCode::NotFound => 404,
                    ClusterNotFoundResponseCode::InternalServerError => 500,
                },
                action: RouteAction::clone(action),
                route: route(),
                host_removes: opened.host.request_headers_to_remove.clone(),
                host_adds: opened.host.request_headers_to_add.clone(),
                retries: retries(action).or_else(|| opened.host.retry_policy.as_deref().cloned()),
            })),
            Some(Action::Redirect(action)) => Self::Redirect(Box::new(Redirect {
                status: match action.response_code() {
                    RedirectResponseCode::MovedPermanently => 301,
                    RedirectResponseCode::Found => 302,
                    RedirectResponseCode::SeeOther => 303,
                    RedirectResponseCode::TemporaryRedirect => 307,
                    RedirectResponseCode::PermanentRedirect => 308,
                },
                action: RedirectAction::clone(action),
                route: route(),
            })),
            Some(Action::DirectResponse(response)) => Self::Respond {
                status: u16::try_from(response.status).unwrap_or_default(),
                body: match response.body.as_ref().and_then(|body| body.specifier.as_ref()) {
                    Some(Specifier::InlineString(text)) => Some(format!(" with body `{text}`")),
                    Some(_) => Some(" with a body".to_owned()),
                    None => None,
                },
            },
            _ => Self::Unknown,
        }
    }
}

/// The retries of a route itself.
fn retries(action: &RouteAction) -> Option<RetryPolicy> {
    action.retry_policy.as_ref()?.decode().ok()
}

/// The clusters of a route, with their odds; none if it is not known which.
fn clusters(action: &RouteAction) -> Option<Vec<Share>> {
    match &action.cluster_specifier {
        Some(ClusterSpecifier::Cluster(name)) => Some(vec![Share::whole(name)]),
        Some(ClusterSpecifier::WeightedClusters(weighted)) => {
            let weight = |cluster: &ClusterWeight| cluster.weight.as_ref().map_or(0, |weight| weight.value);
            let odds = balance::shares(weighted.clusters.iter().map(weight));
            let names = weighted.clusters.iter().map(|cluster| cluster.name.clone());
            Some(names.zip(odds).map(|(cluster, odds)| Share { cluster, odds }).collect())
        }
        _ => None,
    }
}

/// Walks from the filters through the route.
pub(super) fn walk<'a>(walk: &mut Walk<'a>, proxy: &'a Proxy, http: &mut Http<'a>) -> Flow<'a> {
    let Some(found) = http.route() else {
        let reason = "where the routes are is not known from files";
        return Flow::Break(End::new(Verdict::Unknown, Place::Waypoint, walk.say(reason)));
    };
    if let Some(route) = found.unknown {
        let subject = http.chosen_by();
        walk.may_change(|| format!("{}: {}", route.called(), route.condition.why(subject)));
    }
    let Some(route) = found.route else {
        let reason = walk.say(|| match found.host {
            Some(_) if http.headers.hides_scheme() => {
                "an empty `X-Forwarded-Proto` hides the scheme: no route fits".to_owned()
            }
            Some(_) => "no route fits the request".to_owned(),
            None => {
                format!("no route is for host `{}`", http.headers.text(headers::AUTHORITY).as_str())
            }
        });
        walk.step(Place::Waypoint, "route", Decision::Failed, reason.as_str())
            .of(MAIN_INTERNAL, "")
            .details(|| passed_over(&found, http));
        return Flow::Break(http.answer(Verdict::Failed, 404, reason));
    };
    walk.routed(|| routed::of(route));
    walk.step(Place::Waypoint, "route", Decision::Taken, || route.called())
        .of(MAIN_INTERNAL, &route.pointer)
        .because(route.cause())
        .details(|| passed_over(&found, http));
    match &route.does {
        RouteDoes::Forward(forward) => self::forward(walk, proxy, route, forward, http),
        RouteDoes::Redirect(redirect) => {
            let location =
                walk.explains().then(|| location(&redirect.action, &redirect.route, &http.headers)).flatten();
            let reason = walk.say(|| match &location {
                Some(location) => format!("redirected to {location}"),
                None => "redirected, by a regular expression that is not known here".to_owned(),
            });
            walk.step(Place::Waypoint, "redirect", Decision::Answered, reason.as_str())
                .of(MAIN_INTERNAL, &route.pointer);
            let end = http.answer(Verdict::Answered, redirect.status, reason).by(route.cause());
            Flow::Break(End { location, ..end })
        }
        RouteDoes::Respond { status, body } => {
            let reason = walk.say(|| format!("answered {status}{}", body.as_deref().unwrap_or_default()));
            walk.step(Place::Waypoint, "direct response", Decision::Answered, reason.as_str())
                .of(MAIN_INTERNAL, &route.pointer);
            Flow::Break(http.answer(Verdict::Answered, *status, reason).by(route.cause()))
        }
        RouteDoes::Unknown => {
            let reason = walk.say("what the route does is not known here");
            Flow::Break(End::new(Verdict::Unknown, Place::Waypoint, reason))
        }
    }
}

/// The routes before the one that fits, and why they do not.
fn passed_over(found: &RouteLookup<'_>, http: &Http<'_>) -> Vec<Detail> {
    let subject = http.chosen_by();
    let all = found.host.iter().flat_map(|host| &host.routes);
    let before = all.take_while(|route| found.route.is_none_or(|taken| !std::ptr::eq(taken, *route)));
    before
        .map(|route| Detail {
            fits: route.condition.truth(subject).known(),
            text: format!("{}: {}", route.called(), route.condition.why(subject)),
            because: route.cause().cloned().map(DecidedBy),
        })
        .collect()
}

/// Sends a request to the clusters of a route.
fn forward<'a>(
    walk: &mut Walk<'a>,
    proxy: &'a Proxy,
    route: &'a Route,
    forward: &'a Forward,
    http: &mut Http<'a>,
) -> Flow<'a> {
    let Some(clusters) = &forward.clusters else {
        let reason = walk.say("which cluster the route leads to is not known from files");
        return Flow::Break(End::new(Verdict::Unknown, Place::Waypoint, reason));
    };
    let is_grpc = http.headers.is_grpc();
    // Nothing that decides looks at the request after that.
    if walk.explains() {
        change(walk, route, forward, http);
        routed::note(walk, route, forward);
        mirrors(walk, proxy, &forward.action);
        walk.forward(&http.headers);
    }
    let missing = |reason| answer(is_grpc, Verdict::Failed, forward.missing, reason).by(route.cause());
    let unhealthy = |reason| answer(is_grpc, Verdict::Failed, 503, reason).by(route.cause());
    if clusters.iter().all(|share| share.odds <= 0.0) {
        let reason = walk.say("there is no cluster of any weight: its Service or subset does not exist");
        return Flow::Break(missing(reason));
    }
    let ends = Ends {
        missing: &missing,
        unhealthy: &unhealthy,
        missing_means: "its Service or subset does not exist",
        unhealthy_means: "",
    };
    reached::walk(walk, proxy, clusters, &http.connection, &ends)
}

/// The changes that a route makes to a request: headers of a single weighted cluster, of the route, of its
/// host and of all; then host and path.
fn change<'a>(walk: &mut Walk<'a>, route: &'a Route, forward: &'a Forward, http: &mut Http<'a>) {
    let Forward { action, route: message, .. } = forward;
    let text = |http: &Http<'_>, name| http.headers.text(name).as_str().to_owned();
    let before = (text(http, headers::PATH), text(http, headers::AUTHORITY));
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
    remove_and_add(&message.request_headers_to_remove, &message.request_headers_to_add, &mut http.headers);
    remove_and_add(&forward.host_removes, &forward.host_adds, &mut http.headers);
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
    let after = (text(http, headers::PATH), text(http, headers::AUTHORITY));
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

fn remove_and_add<'a>(remove: &[String], add: &'a [HeaderValueOption], headers: &mut Headers<'a>) {
    remove.iter().for_each(|name| headers.remove(name));
    apply(add, headers);
}

fn mirrors<'a>(walk: &mut Walk<'a>, proxy: &'a Proxy, action: &RouteAction) {
    for policy in &action.request_mirror_policies {
        let odds = traffic::odds_or_always(policy.runtime_fraction.as_ref());
        let text = format!("a copy of {} of the requests goes to {}", percent(odds), policy.cluster);
        walk.step(Place::Waypoint, "mirror", Decision::Passed, text);
        let tracer = walk.tracer;
        walk.mirror(|| reached::target(tracer, proxy, &policy.cluster, odds));
    }
}

/// Odds as people write them.
pub(super) fn percent(odds: f64) -> String {
    let percent = odds * 100.0;
    let rounded = (percent * 100.0).round() / 100.0;
    format!("{rounded} %")
}
