//! Matches of routes that no request gets to.

use std::collections::{BTreeMap, BTreeSet};

use super::{Tally, overlap};
use crate::hash::HashMap;
use crate::lint::routing::Routed;
use crate::lint::{Context, gateway_routes, scope};
use crate::mesh::WaypointName;
use crate::mesh::virtual_service::VirtualService;
use crate::plan::Scope;
use crate::plan::routes::{matches, reach};
use crate::snapshot::networking::virtual_service::HttpMatchRequest;
use crate::snapshot::{Cause, Kind, ObjectRef};
use crate::trace::classes::idle::{Chains, Element, Idle, Prover};

/// A match, or a rule, that no request gets to.
pub(crate) struct IdleMatch {
    pub(crate) cause: Cause,
    /// What takes all that it would.
    pub(crate) by: Vec<Cause>,
    /// Whether it is all of a rule, and not one of several matches.
    pub(crate) is_rule: bool,
}

/// A match of what routes a Service; a rule that has none has no request.
struct Listed<'m> {
    virtual_service: &'m VirtualService,
    rule: usize,
    position: Option<usize>,
    request: Option<&'m HttpMatchRequest>,
}

/// Nobody has so many, and each is compared with those before it.
const MAX_ROUTES: usize = 300;

/// Matches of routes that no request gets to, in any chain of any waypoint.
pub(crate) fn routes(cx: &Context<'_>) -> Vec<IdleMatch> {
    let mut lists: HashMap<Vec<*const VirtualService>, bool> = HashMap::default();
    let mut suspected: Vec<&Routed<'_>> = Vec::new();
    for routed in cx.routing().services() {
        let key = routed.routes.iter().map(|routes| std::ptr::from_ref(*routes)).collect();
        if *lists.entry(key).or_insert_with(|| has_overlaps(&listed(&routed.routes))) {
            suspected.push(routed);
        }
    }
    if suspected.is_empty() {
        return Vec::new();
    }
    let mut known = MatchEvidence::default();
    suspected.iter().for_each(|routed| known.add(cx, routed));
    known.ask(cx, &suspected);
    known.idle()
}

fn listed<'m>(routes: &[&'m VirtualService]) -> Vec<Listed<'m>> {
    let mut all = Vec::new();
    for virtual_service in routes.iter().copied() {
        for (rule, http) in virtual_service.http.iter().enumerate() {
            if http.route.matches.is_empty() {
                all.push(Listed { virtual_service, rule, position: None, request: None });
            }
            let matches = http.route.matches.iter().enumerate();
            all.extend(matches.map(|(position, request)| Listed {
                virtual_service,
                rule,
                position: Some(position),
                request: Some(request),
            }));
        }
    }
    all
}

/// Whether any may have nothing left.
fn has_overlaps(all: &[Listed<'_>]) -> bool {
    all.len() <= MAX_ROUTES && (1..all.len()).any(|at| is_overlapped(all, at))
}

/// Whether those before one may leave nothing for it.
fn is_overlapped(all: &[Listed<'_>], at: usize) -> bool {
    let everything = HttpMatchRequest::default();
    let Some((narrow, before)) = all.get(..=at).and_then(<[_]>::split_last) else { return false };
    let narrow = narrow.request.unwrap_or(&everything);
    before.iter().any(|wide| overlap::of_matches(wide.request.unwrap_or(&everything), narrow))
}

impl Listed<'_> {
    /// What made it, the decisive thing first.
    fn cause(&self) -> Option<Cause> {
        let rule = self.virtual_service.http.get(self.rule)?;
        match self.position {
            Some(position) => rule.causes_of_match(position).into_iter().next(),
            None => rule.causes.first().cloned(),
        }
    }
}

/// What is known of matches that may be idle, and of those that may take what they would.
#[derive(Default)]
struct MatchEvidence<'m> {
    tally: Tally,
    /// Of all that routes the same Services.
    requests: BTreeMap<Cause, Option<&'m HttpMatchRequest>>,
    /// Objects that other proxies read as well, so that more than what waypoints make of them counts.
    elsewhere: BTreeMap<ObjectRef, bool>,
}

impl<'m> MatchEvidence<'m> {
    fn add(&mut self, cx: &Context<'m>, routed: &Routed<'m>) {
        let all = listed(&routed.routes);
        for (at, listed) in all.iter().enumerate() {
            let Some(cause) = listed.cause() else { continue };
            self.requests.insert(cause.clone(), listed.request);
            let object = &cause.object;
            if !self.elsewhere.contains_key(object) {
                self.elsewhere.insert(object.clone(), is_elsewhere(cx, listed.virtual_service, object));
            }
            if is_overlapped(&all, at) {
                self.tally.add(cause);
            }
        }
    }

    /// Asks the chains of Services for which something may be idle.
    fn ask(&mut self, cx: &Context<'m>, suspected: &[&Routed<'m>]) {
        let mut prover = Prover::default();
        let mut waypoints: BTreeMap<&WaypointName, Option<Chains<'m>>> = BTreeMap::new();
        for routed in suspected {
            let all = listed(&routed.routes);
            let is_open =
                |listed: &Listed<'_>| listed.cause().is_some_and(|cause| self.tally.is_open(&cause));
            if !all.iter().any(is_open) {
                continue;
            }
            let chains = waypoints
                .entry(&routed.waypoint.name)
                .or_insert_with(|| Chains::new(cx.resources_of(routed.waypoint)?));
            let Some(chains) = chains else {
                all.iter().filter_map(Listed::cause).for_each(|cause| self.tally.decides(&cause));
                continue;
            };
            for (_, chain) in chains.of_service(&routed.service.hostname) {
                prover.routes(&chain).iter().for_each(|element| self.tally.note(element));
            }
            self.behind_everything(cx, routed, &all);
        }
    }

    /// What nothing is sent of, since it stands behind what takes everything.
    fn behind_everything(&mut self, cx: &Context<'m>, routed: &Routed<'m>, all: &[Listed<'m>]) {
        let scope = Scope { mesh: cx.mesh, waypoint: routed.waypoint, rules: cx.mesh.rules };
        for port in routed.service.ports.iter().map(|port| port.number) {
            for virtual_service in routed.routes.iter().copied() {
                let Some((rule, position)) = reach::last(scope, virtual_service, port) else { continue };
                let last = Listed { virtual_service, rule, position, request: None };
                let Some(by) = last.cause() else { continue };
                let is_behind = |listed: &&Listed<'_>| {
                    let at = (listed.rule, listed.position);
                    std::ptr::eq(listed.virtual_service, virtual_service)
                        && at > (rule, position)
                        && listed.request.is_none_or(|request| matches::applies(scope, port, request))
                };
                for cause in all.iter().filter(is_behind).filter_map(Listed::cause) {
                    let idle = Some(Idle::Covered(vec![by.clone()]));
                    self.tally.note(&Element { cause, idle });
                }
            }
        }
    }

    fn idle(self) -> Vec<IdleMatch> {
        let Self { tally, requests, elsewhere } = self;
        let mut idle: BTreeMap<Cause, Vec<Cause>> = BTreeMap::new();
        for (cause, why) in tally.idle() {
            let (Idle::Covered(by) | Idle::Denied(by)) = why;
            let is_sure = by.iter().all(|wide| {
                let is_for_all =
                    requests.get(wide).is_some_and(|request| request.is_none_or(is_for_all_callers));
                let only_here = !elsewhere.get(&cause.object).copied().unwrap_or(true);
                is_for_all && (only_here || (wide.object == cause.object && is_of_gateway_api(&cause)))
            });
            if is_sure {
                idle.insert(cause, by);
            }
        }
        by_rule(idle, requests.keys())
    }
}

/// Sidecars and gateways read what waypoints do not: for whom a match is.
fn is_for_all_callers(request: &HttpMatchRequest) -> bool {
    request.source_labels.is_empty() && request.gateways.is_empty() && request.source_namespace.is_empty()
}

fn is_of_gateway_api(cause: &Cause) -> bool {
    matches!(cause.object.kind, Kind::HttpRoute | Kind::GrpcRoute)
}

/// Whether an object is for gateways, too, or a part of others.
fn is_elsewhere(cx: &Context<'_>, routes: &VirtualService, object: &ObjectRef) -> bool {
    if object.kind != Kind::VirtualService {
        let route = gateway_routes::all(cx.snapshot).find(|route| route.object == *object);
        return route.is_none_or(|route| !gateway_routes::is_only_for_mesh(cx.mesh.rules, &route));
    }
    let mut objects =
        cx.snapshot.virtual_services.iter().filter(|object| routes.origins.contains(&object.object_ref()));
    let is_delegate = routes.origins.first() != Some(object);
    is_delegate || objects.any(|object| scope::is_for_gateways(object))
}

/// Matches that are all that their rule has are told as one.
fn by_rule<'c>(idle: BTreeMap<Cause, Vec<Cause>>, all: impl Iterator<Item = &'c Cause>) -> Vec<IdleMatch> {
    let rule = |cause: &Cause| (cause.object.clone(), cause.field.position());
    let mut decides: BTreeSet<(ObjectRef, Option<usize>)> = BTreeSet::new();
    decides.extend(all.filter(|cause| !idle.contains_key(*cause)).map(rule));
    let mut found: Vec<IdleMatch> = Vec::new();
    for (cause, by) in idle {
        let is_rule = !decides.contains(&rule(&cause));
        match found.last_mut().filter(|last| is_rule && last.is_rule && rule(&last.cause) == rule(&cause)) {
            Some(last) => last.by.extend(by),
            None => found.push(IdleMatch { cause, by, is_rule }),
        }
    }
    for one in &mut found {
        one.by.sort();
        one.by.dedup();
    }
    found
}
