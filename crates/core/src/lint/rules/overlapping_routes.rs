//! `overlapping-routes`: several objects that route one Service.
//!
//! Since several VirtualServices count, their rules stand one after the other; before, only the first one's
//! do.

pub(super) mod same_match;

use std::collections::BTreeMap;

use crate::lint::list;
use crate::lint::routing::Routed;
use crate::lint::{Context, Rule};
use crate::mesh::virtual_service::{Semantics, VirtualService};
use crate::plan::Scope;
use crate::plan::routes::reach::{self, Reach};
use crate::problem::{Code, Problem, Severity};
use crate::rules::RoutesPerHost;
use crate::snapshot::{Kind, ObjectRef};

pub(super) const RULE: Rule = Rule {
    analyze: &["IST0109"],
    ..Rule::new(Code::OverlappingRoutes, include_str!("overlapping_routes.md"), check)
};

/// What becomes of the rules of the later of two objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Overlap {
    /// They are never reached.
    Hidden,
    /// They are of another kind than those before them: which kind comes first is nobody's promise.
    OtherKind,
    /// They follow.
    Behind,
}

/// The Services for which an object comes after others: by the object, what becomes of it, and the one before
/// it.
type Overlaps = BTreeMap<ObjectRef, BTreeMap<(Overlap, ObjectRef), Vec<String>>>;

fn check(cx: &Context<'_>) -> Vec<Problem> {
    let mut overlaps = Overlaps::new();
    for routed in cx.routing().services() {
        let candidates = candidates(cx, routed);
        for (i, later) in candidates.iter().enumerate().skip(1) {
            for earlier in candidates.iter().take(i) {
                let Some(overlap) = overlap(cx, routed, earlier, later) else { continue };
                if let (Some(first), Some(second)) = (earlier.origins.first(), later.origins.first()) {
                    let before = overlaps.entry(second.clone()).or_default();
                    let services = before.entry((overlap, first.clone())).or_default();
                    services.push(format!("`{}`", routed.service.hostname));
                }
            }
        }
    }
    // The worst is said of each object.
    let worst = overlaps.iter().filter_map(|(later, before)| Some((later, before.first_key_value()?)));
    let mut found: Vec<Problem> = worst
        .map(|(later, ((overlap, earlier), services))| problem(later, earlier, *overlap, services))
        .collect();
    found.extend(same_match::check(cx));
    found
}

/// The VirtualServices for a Service that its waypoint sees, each once.
fn candidates<'m>(cx: &Context<'m>, routed: &Routed<'m>) -> Vec<&'m VirtualService> {
    let mut all = match cx.mesh.rules.routes.per_host {
        RoutesPerHost::AllOfOwnOrServiceNamespace => routed.routes.clone(),
        RoutesPerHost::First => {
            let namespace = &routed.waypoint.name.namespace;
            cx.mesh.virtual_services.for_host(&routed.service.hostname, namespace)
        }
    };
    // One that names the mesh twice is listed twice.
    all.dedup_by(|one, other| std::ptr::eq(*one, *other));
    all
}

/// What becomes of the later of two VirtualServices of a Service; none where both can stand.
fn overlap(
    cx: &Context<'_>,
    routed: &Routed<'_>,
    earlier: &VirtualService,
    later: &VirtualService,
) -> Option<Overlap> {
    // Routes of the Gateway API are made to be put together.
    if (earlier.semantics, later.semantics) == (Semantics::GatewayApi, Semantics::GatewayApi) {
        return None;
    }
    // That more is said of one host than of all is how wildcards are used.
    if !names_host(later, routed) && names_host(earlier, routed) {
        return None;
    }
    let scope = Scope { mesh: cx.mesh, waypoint: routed.waypoint, rules: cx.mesh.rules };
    let only_first = cx.mesh.rules.routes.per_host == RoutesPerHost::First;
    let mut met = false;
    let mut left = false;
    for port in &routed.service.ports {
        let number = port.number;
        let (before, behind) = if port.protocol.is_http() || port.protocol.is_unsupported() {
            let of = |vs| reach::of_requests(scope, vs, number);
            (of(earlier), of(later))
        } else {
            let of = |vs| reach::of_connections(scope, vs, routed.service, number);
            (of(earlier), of(later))
        };
        if behind == Reach::Nothing {
            continue;
        }
        met |= before != Reach::Nothing || only_first;
        left |= before != Reach::Everything && !only_first;
    }
    match (met, left) {
        (false, _) => None,
        (true, false) => Some(Overlap::Hidden),
        (true, true) if earlier.semantics != later.semantics => Some(Overlap::OtherKind),
        (true, true) => Some(Overlap::Behind),
    }
}

/// Whether it has the Service's own host, not only a wildcard.
fn names_host(vs: &VirtualService, routed: &Routed<'_>) -> bool {
    vs.hosts.contains(&routed.service.hostname)
}

fn problem(later: &ObjectRef, earlier: &ObjectRef, overlap: Overlap, services: &[String]) -> Problem {
    let services = list::plain(services);
    let (severity, message) = match overlap {
        Overlap::Hidden => (
            Severity::Warning,
            format!(
                "{earlier} routes {services}, too, and comes first: no request gets to the rules of this one"
            ),
        ),
        Overlap::OtherKind => (
            Severity::Warning,
            format!(
                "{earlier} routes {services}, too: which of two kinds of routes comes first is not defined, \
                 and here the rules of this one come second"
            ),
        ),
        Overlap::Behind => (
            Severity::Note,
            format!(
                "{earlier} routes {services}, too, and comes first: the rules of this one follow its rules"
            ),
        ),
    };
    let help = if later.kind == earlier.kind {
        "put the rules of both into one object, in the order in which they are to be asked"
    } else {
        "keep one of the two kinds of routes for a Service"
    };
    Problem::new(Code::OverlappingRoutes, message)
        .severity(severity)
        .on(later.clone())
        .field(if later.kind == Kind::VirtualService { "spec.hosts" } else { "spec.parentRefs" })
        .help(help)
        .related_object(earlier.clone(), "", "what comes first")
}
