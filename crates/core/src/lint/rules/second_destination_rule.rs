//! `second-destination-rule`: DestinationRules whose traffic policy is dropped, because another one for the
//! same host comes first.

use std::collections::{BTreeMap, BTreeSet};

use crate::hash::HashSet;
use crate::lint::{Context, Rule};
use crate::mesh::destination_rule::{Client, MergedRule};
use crate::mesh::hostname::resolve;
use crate::problem::{Code, Problem};
use crate::snapshot::networking::DestinationRule;
use crate::snapshot::{self, Kind, Object, ObjectRef};

pub(super) const RULE: Rule =
    Rule::new(Code::SecondDestinationRule, include_str!("second_destination_rule.md"), check);

/// A rule whose policy is dropped, and the one whose policy counts.
struct Dropped<'m> {
    later: &'m Object<DestinationRule>,
    first: &'m Object<DestinationRule>,
}

fn check(cx: &Context<'_>) -> Vec<Problem> {
    let mut seen = HashSet::default();
    let mut counting: BTreeSet<ObjectRef> = BTreeSet::new();
    let mut dropped: BTreeMap<ObjectRef, Dropped<'_>> = BTreeMap::new();
    for routed in cx.routing().services() {
        let client = Client { namespace: &routed.waypoint.name.namespace, labels: None };
        let Some(rule) = cx.mesh.destination_rules.get(client, routed.service) else { continue };
        // One for many hosts is that of many Services.
        if !seen.insert(std::ptr::from_ref(rule)) {
            continue;
        }
        let mut objects = with_policy(cx, rule).into_iter();
        let Some(first) = objects.next() else { continue };
        counting.insert(first.object_ref());
        for later in objects {
            dropped.entry(later.object_ref()).or_insert(Dropped { later, first });
        }
    }
    // What one waypoint drops may count for another.
    let told = dropped.iter().filter(|(name, both)| {
        !counting.contains(*name) && both.later.spec.traffic_policy != both.first.spec.traffic_policy
    });
    told.map(|(_, both)| problem(both)).collect()
}

/// The DestinationRules for one host that a rule was made from and that have a policy for all of it, in the
/// order in which they count; none if others have their say, too.
fn with_policy<'m>(cx: &Context<'m>, rule: &MergedRule) -> Vec<&'m Object<DestinationRule>> {
    if rule.from.iter().any(|cause| cause.object.kind != Kind::DestinationRule) {
        return Vec::new();
    }
    let all = &cx.snapshot.destination_rules;
    let objects =
        rule.from.iter().filter_map(|from| snapshot::find(all, &from.object.namespace, &from.object.name));
    let objects = objects.map(|object| &**object).filter(|object| {
        object.spec.traffic_policy.is_some()
            && object.spec.workload_selector.is_none()
            && resolve(&object.spec.host, &object.meta.namespace) == rule.host
    });
    objects.collect()
}

fn problem(both: &Dropped<'_>) -> Problem {
    let first = both.first.object_ref();
    let keeps = if both.later.spec.subsets.is_empty() { "" } else { ", only its subsets hold" };
    let message = format!(
        "{first} is for the same host and comes first: of several traffic policies for all of a host the \
         first counts, and this one is dropped{keeps}"
    );
    Problem::new(Code::SecondDestinationRule, message)
        .on(both.later.object_ref())
        .field("spec.trafficPolicy")
        .help("put the settings of both into one DestinationRule")
        .related_object(first, "spec.trafficPolicy", "this one counts")
}
