//! `ingress-routes-twice`: what a gateway for ingress has routed, a waypoint routes again.

use crate::lint::ingress::{Published, published};
use crate::lint::naming::label;
use crate::lint::{Context, Releases, Rule, list};
use crate::mesh::virtual_service::{HttpRule, VirtualService};
use crate::mesh::waypoint::INGRESS_USE_WAYPOINT;
use crate::mesh::{Service, ServiceId};
use crate::problem::{Code, Problem, Severity};
use crate::release::Release;
use crate::snapshot::{Kind, ObjectRef};

pub(super) const RULE: Rule = Rule {
    releases: Releases::Since(Release::V1_29),
    ..Rule::new(Code::IngressRoutesTwice, include_str!("ingress_routes_twice.md"), check)
};

fn check(cx: &Context<'_>) -> Vec<Problem> {
    let uses_waypoint =
        |id: ServiceId| cx.mesh.bindings.of_service(id).is_some_and(|binding| binding.ingress == Some(true));
    let published = published(cx).into_iter().filter(|(id, _)| uses_waypoint(*id));
    let mut found: Vec<Problem> = Vec::new();
    for (id, routes) in published {
        let Some(service) = cx.mesh.services.get(id) else { continue };
        let mesh_routes = cx.routes_of(id);
        if mesh_routes.is_empty() {
            found.extend(routes.iter().filter_map(|route| choice_lost(service, route)));
        }
        for mesh_route in mesh_routes {
            found.extend(problem(service, &routes, mesh_route));
        }
    }
    found
}

/// What a waypoint's route does to requests that a gateway has routed.
enum Harm<'m> {
    /// The gateway's choice of a subset is lost.
    ChoiceLost,
    /// Both change the path or the host.
    RewrittenTwice,
    /// The waypoint answers whatever comes to the rule.
    Answered(&'m HttpRule),
    /// It routes again, which may be meant.
    RoutedAgain,
}

/// What a label has to do with it.
const BECAUSE: &str = "gateways send to the waypoint because of this label";

/// The object whose label it is.
fn labelled(service: &Service) -> ObjectRef {
    if service.labels.contains_key(INGRESS_USE_WAYPOINT) {
        service.source.object()
    } else {
        ObjectRef::new(Kind::Namespace, "", service.namespace.clone())
    }
}

/// A gateway's choice of subsets where no route is for the mesh: the gateway sends to the waypoint, and that
/// to any endpoint.
fn choice_lost(service: &Service, published: &Published) -> Option<Problem> {
    let ((owner, field), others) = published.subsets.split_first()?;
    let message = format!(
        "with `{INGRESS_USE_WAYPOINT}` gateways send requests to the waypoint of `{}`, which chooses among \
         all of its endpoints: the subset that this route chooses is lost",
        service.source.object(),
    );
    let problem = Problem::new(Code::IngressRoutesTwice, message)
        .on(owner.clone())
        .field(field.as_str())
        .help(
            "choose the subset by a route for the mesh: a VirtualService for the host of the Service, \
             without `gateways`; or take the label away",
        )
        .related_object(labelled(service), label(INGRESS_USE_WAYPOINT), BECAUSE);
    Some(others.iter().take(5).fold(problem, |problem, (owner, field)| {
        problem.related_object(owner.clone(), field.as_str(), "this choice is lost, too")
    }))
}

fn problem(service: &Service, published: &[Published], mesh_route: &VirtualService) -> Option<Problem> {
    let object = mesh_route.origins.first()?;
    let others = || published.iter().filter(|route| !mesh_route.origins.contains(&route.route));
    let rewrites = mesh_route.http.iter().any(|rule| rule.route.rewrite.is_some());
    let answer = mesh_route.http.iter().find(|rule| {
        rule.route.matches.is_empty()
            && (rule.route.direct_response.is_some() || rule.route.redirect.is_some())
    });
    // One object for both, too, changes the path twice.
    let harm = if rewrites && published.iter().any(|route| route.rewrites) {
        Harm::RewrittenTwice
    } else if others().any(|route| !route.subsets.is_empty()) {
        Harm::ChoiceLost
    } else if let Some(rule) = answer.filter(|_| others().next().is_some()) {
        Harm::Answered(rule)
    } else if others().next().is_some() {
        Harm::RoutedAgain
    } else {
        return None;
    };
    let by: Vec<&ObjectRef> = published.iter().map(|route| &route.route).collect();
    let (consequence, field) = match &harm {
        Harm::ChoiceLost => ("the subset that they chose is lost".to_owned(), String::new()),
        Harm::RewrittenTwice => ("paths or hosts are rewritten twice".to_owned(), String::new()),
        Harm::Answered(rule) => {
            let field = rule.causes.first().map(|cause| cause.field.to_string()).unwrap_or_default();
            (format!("a rule of `{object}` answers them itself"), field)
        }
        Harm::RoutedAgain => (format!("the rules of `{object}` hold for them, too"), String::new()),
    };
    let service_ref = service.source.object();
    let message = format!(
        "with `{INGRESS_USE_WAYPOINT}` the waypoint routes requests to `{service_ref}` again that {} routed \
         at the gateway: {consequence}",
        list::few(by.iter()),
    );
    let field = match object.kind {
        _ if !field.is_empty() => field,
        Kind::VirtualService => "spec.hosts".to_owned(),
        _ => "spec.parentRefs".to_owned(),
    };
    let severity = if matches!(harm, Harm::RoutedAgain) { Severity::Note } else { Severity::Warning };
    let problem = Problem::new(Code::IngressRoutesTwice, message)
        .on(object.clone())
        .field(field)
        .severity(severity)
        .help("decide at one of the two: leave the gateway's routes plain, or take the label away")
        .related_object(labelled(service), label(INGRESS_USE_WAYPOINT), BECAUSE);
    Some(others().take(5).fold(problem, |problem, route| {
        problem.related_object(route.route.clone(), "metadata.name", "it has routed the requests already")
    }))
}
