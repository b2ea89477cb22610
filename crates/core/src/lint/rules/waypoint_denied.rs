//! `waypoint-denied`: waypoints that do not admit the namespaces of those that name them, each once.

use std::collections::BTreeSet;

use crate::lint::naming::{self, User, affected, by_label, by_waypoint};
use crate::lint::{Context, Releases, Rule, list};
use crate::mesh::WaypointName;
use crate::mesh::waypoint::RefusalReason;
use crate::problem::{Code, Problem, Severity};
use crate::release::Release;
use crate::snapshot::gateway_api::gateway::{FromNamespaces, Listener};
use crate::well_known::NAMESPACE_NAME;

pub(super) const RULE: Rule = Rule {
    releases: Releases::Since(Release::V1_29),
    replaces: &[Code::WaypointDenied],
    ..Rule::new(Code::WaypointDenied, include_str!("waypoint_denied.md"), check)
};

fn check(cx: &Context<'_>) -> Vec<Problem> {
    let users = cx.users();
    let refused_for = |reason: RefusalReason| {
        users.iter().filter(move |user| user.refusal.is_some_and(|refusal| refusal.reason == reason))
    };
    let denied = by_waypoint(refused_for(RefusalReason::Denied).filter(|user| is_meant(cx, user)));
    let mut found: Vec<Problem> =
        denied.into_iter().filter_map(|(name, users)| not_admitted(cx, name, &users)).collect();
    found.extend(by_waypoint(refused_for(RefusalReason::CrossNamespace)).into_iter().flat_map(
        |(name, users)| {
            by_label(users).into_iter().map(move |(label, users)| {
            let message = format!(
                "only namespace `{}` may see {}: it cannot use waypoint `{name}` of another namespace",
                users.first().map_or("", |user| user.object.namespace.as_str()),
                affected(&users),
            );
            Problem::new(Code::WaypointDenied, message).on(label.object.clone()).field(label.field()).help(
                "use a waypoint of the entry's namespace, or change the mesh's `serviceEntryVisibility`",
            )
        })
        },
    ));
    found
}

/// Whether something would use the waypoint if it were admitted: a namespace's waypoint for Services is not
/// for its pods.
fn is_meant(cx: &Context<'_>, user: &User<'_>) -> bool {
    let target = cx.mesh.bindings.targets.lookup(&user.waypoint);
    user.naming.object == user.object || target.is_none_or(|(_, target)| target.is_for(user.traffic))
}

/// A waypoint that does not admit the namespaces of its users. Without a listener for HBONE it admits its own
/// only, which is told by another rule.
fn not_admitted(cx: &Context<'_>, name: &WaypointName, users: &[&User<'_>]) -> Option<Problem> {
    let gateway = naming::gateway(cx, name)?;
    let listener = naming::hbone_listener(gateway);
    if listener.is_none() && !naming::has_inbound_binding(cx, gateway) {
        return None;
    }
    let namespaces: BTreeSet<&str> = users.iter().map(|user| user.object.namespace.as_str()).collect();
    let from = listener.and_then(|(_, listener)| from(listener)).unwrap_or_default();
    let message = format!(
        "waypoint `{name}` does not admit {} {}: clients reach {} directly, without it",
        if namespaces.len() == 1 { "namespace" } else { "namespaces" },
        list::few(&namespaces),
        affected(users),
    );
    let position = listener.map_or(0, |(position, _)| position);
    let problem = Problem::new(Code::WaypointDenied, message)
        .on(gateway.object_ref())
        .field(format!("spec.listeners[{position}].allowedRoutes.namespaces"))
        .help(advice(from, &namespaces, &name.namespace));
    // What a selector selects is not known of a namespace that the snapshot lacks.
    let is_known = |namespace: &&str| naming::is_known_namespace(cx, namespace);
    let is_certain = from != FromNamespaces::Selector || namespaces.iter().any(is_known);
    let problem = if is_certain { problem } else { problem.severity(Severity::Note) };
    Some(by_label(users.iter().copied()).into_keys().take(5).fold(problem, |problem, label| {
        problem.related_object(label.object.clone(), label.field(), "names the waypoint")
    }))
}

fn from(listener: &Listener) -> Option<FromNamespaces> {
    listener.allowed_routes.as_ref()?.namespaces.as_ref()?.from
}

fn advice(from: FromNamespaces, namespaces: &BTreeSet<&str>, own: &str) -> String {
    match from {
        FromNamespaces::Selector if namespaces.contains(own) => format!(
            "let the selector select the waypoint's own namespace too, by `{NAMESPACE_NAME}: {own}` for instance"
        ),
        FromNamespaces::Selector => {
            "give the namespaces the labels that the selector asks for, or change the selector".to_owned()
        }
        _ => {
            "set `allowedRoutes.namespaces.from` to `All`, or to `Selector` with a label of the namespaces; \
              without it a waypoint admits its own namespace only"
                .to_owned()
        }
    }
}
