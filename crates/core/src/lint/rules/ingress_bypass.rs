//! `ingress-bypass`: gateways for ingress that lead past what a waypoint enforces and routes.

use std::collections::{BTreeMap, BTreeSet};

use crate::lint::at_waypoint::AtWaypoint;
use crate::lint::concerns::Sort;
use crate::lint::ingress::{Published, published};
use crate::lint::naming::{is_known_namespace, label};
use crate::lint::{Context, Releases, Rule, list};
use crate::mesh::waypoint::INGRESS_USE_WAYPOINT;
use crate::mesh::{ServiceId, WaypointName};
use crate::problem::{Code, Problem, Severity};
use crate::release::Release;
use crate::snapshot::selector::WorkloadSelector;
use crate::snapshot::{Kind, ObjectRef};

/// In 1.18 gateways for ingress send to waypoints.
pub(super) const RULE: Rule = Rule {
    releases: Releases::Since(Release::V1_29),
    ..Rule::new(Code::IngressBypass, include_str!("ingress_bypass.md"), check)
};

/// Requests that gateways send to a Service past its waypoint.
struct Bypass {
    service: ObjectRef,
    gateways: BTreeSet<ObjectRef>,
    /// The routes by which gateways send them.
    routes: BTreeSet<ObjectRef>,
    /// What does not hold for them: policies, else routes.
    lost: BTreeSet<ObjectRef>,
}

fn check(cx: &Context<'_>) -> Vec<Problem> {
    let published = published(cx);
    if published.is_empty() {
        return Vec::new();
    }
    let guarded = Guarded::new(cx);
    let mut groups: BTreeMap<(String, WaypointName, Severity), Vec<Bypass>> = BTreeMap::new();
    for (id, routes) in &published {
        let Some((severity, bypass)) = bypass(cx, &guarded, *id, routes) else { continue };
        let Some(waypoint) = cx.waypoint_of(*id) else { continue };
        let key = (bypass.service.namespace.to_string(), waypoint.name.clone(), severity);
        groups.entry(key).or_default().push(bypass);
    }
    let problems = groups.into_iter().map(|((namespace, waypoint, severity), group)| {
        problem(cx, &namespace, &waypoint, &group).severity(severity)
    });
    problems.collect()
}

fn bypass(
    cx: &Context<'_>,
    guarded: &Guarded,
    id: ServiceId,
    published: &[Published],
) -> Option<(Severity, Bypass)> {
    let ingress = cx.mesh.bindings.of_service(id)?.ingress;
    if ingress == Some(true) {
        return None;
    }
    let service = cx.mesh.services.get(id)?.source.object();
    let AtWaypoint { policies, routes } = AtWaypoint::of(cx, id);
    // The gateway routes by those that are for it, too.
    let loses_routes = |route: &&Published| routes.iter().any(|other| *other != route.route);
    let (severity, lost, by): (_, _, Vec<&Published>) = if policies.is_empty() {
        (Severity::Note, routes.clone(), published.iter().filter(loses_routes).collect())
    } else {
        (Severity::Warning, policies, published.iter().collect())
    };
    if by.is_empty() {
        return None;
    }
    let gateways: BTreeSet<ObjectRef> = by.iter().flat_map(|route| &route.gateways).cloned().collect();
    // Who says `false`, or has policies for the gateway, knows.
    let is_known = ingress == Some(false) || gateways.iter().all(|gateway| guarded.has(gateway));
    let severity = if is_known { Severity::Note } else { severity };
    let routes = by.iter().map(|route| route.route.clone()).collect();
    Some((severity, Bypass { service, gateways, routes, lost }))
}

/// Gateways that have policies of their own.
struct Guarded {
    gateways: BTreeSet<ObjectRef>,
    /// The namespaces with policies that select pods of gateways.
    namespaces: BTreeSet<String>,
}

impl Guarded {
    fn new(cx: &Context<'_>) -> Self {
        let concerns = cx.concerns();
        let is_policy = |target: &&ObjectRef| {
            target.kind == Kind::Gateway
                && concerns.of(target).iter().any(|concern| concern.sort == Sort::Policy)
        };
        let selectors =
            cx.snapshot.authorization_policies.iter().map(|p| (&p.meta.namespace, &p.spec.selector));
        let others =
            cx.snapshot.request_authentications.iter().map(|p| (&p.meta.namespace, &p.spec.selector));
        let selects_gateway = |selector: &Option<WorkloadSelector>| {
            let labels = selector.iter().flat_map(|selector| selector.match_labels.iter());
            labels.into_iter().any(|(_, value)| value.contains("gateway"))
        };
        let selecting = selectors.chain(others).filter(|(_, selector)| selects_gateway(selector));
        Self {
            gateways: concerns.targets().filter(is_policy).cloned().collect(),
            namespaces: selecting.map(|(namespace, _)| namespace.to_string()).collect(),
        }
    }

    fn has(&self, gateway: &ObjectRef) -> bool {
        self.gateways.contains(gateway) || self.namespaces.contains(gateway.namespace.as_str())
    }
}

/// One finding for what one label mends: at the Service, or at the Namespace of several.
fn problem(cx: &Context<'_>, namespace: &str, waypoint: &WaypointName, group: &[Bypass]) -> Problem {
    let all = |of: fn(&Bypass) -> &BTreeSet<ObjectRef>| -> BTreeSet<&ObjectRef> {
        group.iter().flat_map(of).collect()
    };
    let services: BTreeSet<&ObjectRef> = group.iter().map(|bypass| &bypass.service).collect();
    let (gateways, routes, lost) = (all(|b| &b.gateways), all(|b| &b.routes), all(|b| &b.lost));
    let message = format!(
        "requests through {} go past waypoint `{waypoint}`: {} {} not hold for those to {}",
        list::few(&gateways),
        list::few(&lost),
        if lost.len() == 1 { "does" } else { "do" },
        list::few(&services),
    );
    let object = match services.first() {
        Some(service) if services.len() == 1 || !is_known_namespace(cx, namespace) => {
            ObjectRef::clone(service)
        }
        _ => ObjectRef::new(Kind::Namespace, "", namespace),
    };
    let problem = Problem::new(Code::IngressBypass, message)
        .on(object)
        .field(label(INGRESS_USE_WAYPOINT))
        .help(format!("label the Service or its Namespace `{INGRESS_USE_WAYPOINT}: \"true\"`"));
    let problem = routes.into_iter().take(5).fold(problem, |problem, route| {
        problem.related_object(route.clone(), "metadata.name", "it sends requests past the waypoint")
    });
    lost.into_iter().take(5).fold(problem, |problem, object| {
        problem.related_object(object.clone(), "metadata.name", "it does not hold for them")
    })
}
