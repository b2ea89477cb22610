//! `client-side-waypoint`: waypoints that are meant to see what their clients send.

use std::collections::{BTreeMap, BTreeSet};

use crate::hash::HashSet;
use crate::lint::concerns::{Concern, Sort};
use crate::lint::naming::{self, User, has_waypoint, is_ambient};
use crate::lint::unserved::Unserved;
use crate::lint::{Context, Rule, list};
use crate::mesh::selector_index::SelectorIndex;
use crate::mesh::waypoint::{RefusalReason, Traffic};
use crate::mesh::{Waypoint, WaypointName};
use crate::problem::{Code, Problem, Severity};
use crate::snapshot::security::AuthorizationPolicy;
use crate::snapshot::{self, Kind, Object, ObjectRef};

pub(super) const RULE: Rule =
    Rule::new(Code::ClientSideWaypoint, include_str!("client_side_waypoint.md"), check);

fn check(cx: &Context<'_>) -> Vec<Problem> {
    let mut found = routes(cx);
    found.extend(policies(cx));
    found.extend(labelled_clients(cx));
    found
}

/// Whether a route for a Service without waypoint is one at its clients' waypoint: that of another namespace
/// or, where waypoints are for service accounts, of another account.
pub(super) fn is_at_client(cx: &Context<'_>, concern: &Concern, unserved: &Unserved<'_>) -> bool {
    let namespace = &concern.object.namespace;
    let of_account = || {
        cx.mesh.waypoints.iter().any(|w| w.name.namespace == *namespace && w.for_service_account.is_some())
    };
    let is_other =
        *namespace != unserved.service.namespace || unserved.service.is_kubernetes() && of_account();
    matches!(concern.sort, Sort::VirtualService { .. })
        && unserved.opt_out().is_none()
        && is_other
        && is_ambient(cx, namespace)
        && has_waypoint(cx, namespace)
}

/// VirtualServices of a namespace with a waypoint for Services without one.
fn routes(cx: &Context<'_>) -> Vec<Problem> {
    let (unserved, concerns) = (cx.unserved(), cx.concerns());
    let mut by_route: BTreeMap<&Concern, Vec<ObjectRef>> = BTreeMap::new();
    let mut targets: Vec<(&ObjectRef, &Unserved<'_>)> =
        concerns.targets().filter_map(|t| Some((t, unserved.get(t)?))).collect();
    targets.sort_by_key(|(target, _)| *target);
    for (target, unserved) in targets {
        for concern in concerns.of(target).iter().filter(|concern| is_at_client(cx, concern, unserved)) {
            by_route.entry(concern).or_default().push(target.clone());
        }
    }
    let has_sidecars = cx.has_sidecars_anywhere();
    let problems = by_route.into_iter().map(|(concern, services)| {
        let namespace = &concern.object.namespace;
        let message = format!(
            "a waypoint sees what is sent to what it serves, never what its namespace sends: these routes \
             for {} are used by no waypoint",
            list::few(&services),
        );
        let is_note = has_sidecars || concern.sort == (Sort::VirtualService { also_for_gateways: true });
        let problem = Problem::new(Code::ClientSideWaypoint, message)
            .on(concern.object.clone())
            .field(concern.field.clone())
            .severity(if is_note { Severity::Note } else { Severity::Warning })
            .help("give the Service that is called a waypoint, and put the routes into its namespace");
        let waypoint = cx.mesh.waypoints.iter().find(|waypoint| waypoint.name.namespace == *namespace);
        let problem = waypoint.into_iter().fold(problem, |problem, waypoint| {
            problem.related_object(
                waypoint.gateway.object_ref(),
                "metadata.name",
                "the waypoint of the clients",
            )
        });
        services.into_iter().take(5).fold(problem, |problem, service| {
            problem.related_object(service, "metadata.name", "no waypoint serves it")
        })
    });
    problems.collect()
}

/// Policies at a waypoint that name hosts which it does not serve.
fn policies(cx: &Context<'_>) -> Vec<Problem> {
    let concerns = cx.concerns();
    let mut found = Vec::new();
    let mut told = HashSet::default();
    for waypoint in &cx.mesh.waypoints {
        let serves: HashSet<&str> = waypoint
            .services
            .iter()
            .filter_map(|id| cx.mesh.services.get(*id))
            .map(|service| service.hostname.as_str())
            .collect();
        let services = waypoint.services.iter().filter_map(|id| cx.mesh.services.get(*id));
        let targets = services.map(|service| service.source.object()).chain([waypoint.gateway.object_ref()]);
        for concern in targets.collect::<BTreeSet<_>>().iter().flat_map(|target| concerns.of(target)) {
            if concern.object.kind != Kind::AuthorizationPolicy || !told.insert(&concern.object) {
                continue;
            }
            let policies = &cx.snapshot.authorization_policies;
            let policy = snapshot::find(policies, &concern.object.namespace, &concern.object.name);
            found.extend(policy.and_then(|policy| foreign_hosts(cx, policy, waypoint, &serves)));
        }
    }
    found
}

fn foreign_hosts(
    cx: &Context<'_>,
    policy: &Object<AuthorizationPolicy>,
    waypoint: &Waypoint,
    serves: &HashSet<&str>,
) -> Option<Problem> {
    let mut foreign: BTreeSet<(String, ObjectRef)> = BTreeSet::new();
    let mut first = None;
    for (i, rule) in policy.spec.rules.iter().enumerate() {
        for (j, to) in rule.to.iter().enumerate() {
            for (k, host) in to.operation.iter().flat_map(|operation| &operation.hosts).enumerate() {
                let name = host.split(':').next().unwrap_or_default().to_ascii_lowercase();
                let known = cx.mesh.services.with_hostname(&name).first();
                let Some(service) = known.and_then(|id| cx.mesh.services.get(*id)) else { continue };
                let is_clear = service.mesh_external || service.is_kubernetes();
                if is_clear && !serves.contains(name.as_str()) {
                    first.get_or_insert_with(|| format!("spec.rules[{i}].to[{j}].operation.hosts[{k}]"));
                    foreign.insert((name, service.source.object()));
                }
            }
        }
    }
    let message = format!(
        "waypoint `{}` does not serve {}: it never sees the requests that its namespace sends there, so that \
         the rule never matches",
        waypoint.name,
        list::few(foreign.iter().map(|(host, _)| host)),
    );
    let problem = Problem::new(Code::ClientSideWaypoint, message)
        .on(policy.object_ref())
        .field(first?)
        .help("name the waypoint with `istio.io/use-waypoint` on the ServiceEntry or Service that is called");
    Some(foreign.into_iter().take(5).fold(problem, |problem, (_, object)| {
        problem.related_object(object, "metadata.labels", "the waypoint does not serve it")
    }))
}

/// Pods that are no Service's and have a label for a waypoint that is for Services.
fn labelled_clients(cx: &Context<'_>) -> Vec<Problem> {
    let users = cx.users();
    let clients = clients(cx, users);
    let mut by_waypoint: BTreeMap<(&WaypointName, &str), Vec<&User<'_>>> = BTreeMap::new();
    for user in users.iter().filter(|user| clients.contains(&user.object)) {
        by_waypoint.entry((&user.waypoint, &user.object.namespace)).or_default().push(user);
    }
    let problems = by_waypoint.into_iter().filter_map(|((waypoint, _), users)| {
        let first = users.first()?;
        let message = format!(
            "the label does nothing: waypoint `{waypoint}` is for what is sent to Services, it sees neither \
             what is sent to {} directly nor what these pods send",
            list::few(users.iter().map(|user| &user.object)),
        );
        Some(
            Problem::new(Code::ClientSideWaypoint, message)
                .on(first.object.clone())
                .field(first.naming.field())
                .help("label what the pods call: its Service, ServiceEntry or Namespace")
                .related_object(naming::gateway_ref(waypoint), "metadata.name", "the waypoint"),
        )
    });
    problems.collect()
}

/// Of the pods that do not get their waypoint, for it is for Services, those that no Service selects: it is
/// likely that they are labelled for what they send.
pub(super) fn clients(cx: &Context<'_>, users: &[User<'_>]) -> BTreeSet<ObjectRef> {
    let is_refused = |user: &&User<'_>| {
        let refused = user.refusal.is_some_and(|r| r.reason == RefusalReason::Traffic(Traffic::Workload));
        refused && user.object.kind == Kind::Pod && user.naming.object == user.object
    };
    let mut refused: BTreeSet<ObjectRef> =
        users.iter().filter(is_refused).map(|user| user.object.clone()).collect();
    if refused.is_empty() {
        return refused;
    }
    let services = cx.mesh.services.iter().filter(|(_, service)| !service.selector.is_empty());
    let selectors: Vec<_> = services.map(|(id, s)| (s.namespace.as_str(), &s.selector, id)).collect();
    let index = SelectorIndex::new(&selectors);
    let pods = &cx.snapshot.pods;
    refused.retain(|object| {
        let pod = snapshot::find(pods, &object.namespace, &object.name);
        pod.is_some_and(|pod| index.matching(&object.namespace, &pod.meta.labels).next().is_none())
    });
    refused
}
