//! Load balancing by locality: shares and priorities relative to where the proxy runs.

use std::collections::{BTreeMap, BTreeSet};

use super::LocalityPlan;
use super::candidate::label;
use super::labels::{by_labels, wanted_labels};
use crate::mesh::Locality;
use crate::mesh::balancing::Balancing;
use crate::plan::Scope;
use crate::rules::FailoverPriority;
use crate::snapshot::networking::destination_rule::{Distribute, Failover};
use crate::well_known::NETWORK;

/// Where endpoints run that no workload is known of.
pub(super) static NOWHERE: Locality = Locality::UNKNOWN;

impl LocalityPlan<'_> {
    /// Where its endpoints run.
    pub fn at(&self) -> &Locality {
        self.place.unwrap_or(&NOWHERE)
    }
}

/// Gives endpoints the weights and priorities that they have for this waypoint's proxy.
///
/// Says whether it mattered where that proxy runs, and what it is labelled.
///
/// `labelled`: of how many localities, from the first, the endpoints' labels are known. With none they decide
/// nothing.
pub(crate) fn apply(
    localities: &mut Vec<LocalityPlan<'_>>,
    balancing: &Balancing<'_>,
    failover: bool,
    labelled: usize,
    scope: Scope<'_>,
) -> bool {
    let proxy = &scope.waypoint.proxy;
    let setting = balancing.setting.as_ref();
    if !setting.distribute.is_empty() {
        distribute(localities, &proxy.locality, &setting.distribute);
        return true;
    }
    if !failover {
        return false;
    }
    if setting.failover_priority.is_empty() {
        by_distance(localities, &proxy.locality, &setting.failover);
        return true;
    }
    let priority = scope.rules.clusters.failover_priority;
    if labelled > 0 {
        let wanted = wanted_labels(&setting.failover_priority, |key| {
            let own = label(&proxy.labels, (&proxy.locality, &proxy.node_name, &proxy.cluster), key);
            if own.is_empty() && key == NETWORK { network_of_proxy(scope) } else { own }
        });
        by_labels(localities, &wanted, priority, labelled);
    }
    if priority != FailoverPriority::Alone && !setting.failover.is_empty() {
        by_distance(localities, &proxy.locality, &setting.failover);
    }
    true
}

/// The network that the waypoint's proxy is taken to be in, whose labels do not name one.
fn network_of_proxy(scope: Scope<'_>) -> &str {
    let Scope { mesh, waypoint, rules, .. } = scope;
    let proxy = &waypoint.proxy;
    let assigned = mesh.networks.assigned.of(proxy.addresses.first().copied());
    if rules.networks.assigns_proxies && !assigned.is_empty() { assigned } else { proxy.network() }
}

/// Shares traffic between localities as the first fitting rule says; others get none.
fn distribute(localities: &mut [LocalityPlan<'_>], own: &Locality, rules: &[Distribute]) {
    let Some(rule) = rules.iter().find(|rule| covers(&rule.from, own)) else { return };
    let mut rest: BTreeSet<usize> = (0..localities.len()).collect();
    for (pattern, share) in &rule.to {
        let chosen: Vec<usize> = rest
            .iter()
            .copied()
            .filter(|i| localities.get(*i).is_some_and(|l| covers(pattern, l.at())))
            .collect();
        // One that has no endpoints left counts, too. Sums and products are cut off as Istio's are.
        let own = |locality: &LocalityPlan<'_>| locality.weight.max(1);
        let weights = chosen.iter().filter_map(|i| localities.get(*i)).map(own);
        let total = f64::from(weights.fold(0, u32::wrapping_add));
        for i in chosen {
            rest.remove(&i);
            if let Some(locality) = localities.get_mut(i) {
                let part = (f64::from(own(locality).wrapping_mul(*share)) / total).ceil();
                if part > 0.0 {
                    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
                    let part = part as u32;
                    locality.weight = part;
                }
            }
        }
    }
    for i in rest {
        if let Some(locality) = localities.get_mut(i) {
            locality.gets_traffic = false;
        }
    }
}

/// Whether a pattern such as `region/zone/*` covers a locality.
fn covers(pattern: &str, place: &Locality) -> bool {
    let mut parts = pattern.split('/');
    let mut fits = |value: &str, optional: bool| match parts.next() {
        Some("*") => true,
        None if optional => true,
        part => part.unwrap_or_default() == value,
    };
    fits(&place.region, false) && fits(&place.zone, true) && fits(&place.sub_zone, true)
}

/// Prefers what is near: same subzone, zone, region, then the regions to fail over to.
fn by_distance(localities: &mut [LocalityPlan<'_>], own: &Locality, failover: &[Failover]) {
    let mut target = failover.iter().filter(|f| f.from == own.region).map(|f| f.to.as_str());
    let target = target.next();
    for locality in &mut *localities {
        let place = locality.at();
        let distance = if place.region != own.region {
            if target.is_some_and(|to| to != place.region) { 4 } else { 3 }
        } else if place.zone != own.zone {
            2
        } else {
            u32::from(place.sub_zone != own.sub_zone)
        };
        // Below a priority that labels gave, distance decides among five steps.
        locality.priority = locality.priority.saturating_mul(5).saturating_add(distance);
    }
    close_gaps(localities);
}

/// Priorities count from 0 without gaps: Envoy requires that.
pub(super) fn close_gaps(localities: &mut [LocalityPlan<'_>]) {
    let used: BTreeSet<u32> = localities.iter().map(|l| l.priority).collect();
    let ranks: BTreeMap<u32, u32> = used.into_iter().zip(0..).collect();
    for locality in localities {
        locality.priority = ranks.get(&locality.priority).copied().unwrap_or_default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(texts: &[&str]) -> Vec<Locality> {
        texts.iter().map(|text| Locality::parse(text)).collect()
    }

    fn localities<'m>(places: &'m [Locality], weights: &[u32]) -> Vec<LocalityPlan<'m>> {
        let of = |(place, weight): (&'m Locality, &u32)| LocalityPlan {
            place: Some(place),
            weight: *weight,
            priority: 0,
            gets_traffic: true,
            endpoints: Vec::new(),
            left_out: Vec::new(),
        };
        places.iter().zip(weights).map(of).collect()
    }

    fn priorities(localities: &[LocalityPlan<'_>]) -> Vec<u32> {
        localities.iter().map(|l| l.priority).collect()
    }

    #[test]
    fn near_localities_come_first_without_gaps() {
        let own = Locality::parse("r1/z1/s1");
        let known = places(&["r1/z1/s1", "r1/z1/s2", "r1/z2", "r2", "r3"]);
        let mut all = localities(&known, &[1; 5]);
        by_distance(&mut all, &own, &[]);
        assert_eq!(priorities(&all), [0, 1, 2, 3, 3]);
        let failover = [Failover { from: "r1".into(), to: "r3".into() }];
        let known = places(&["r1/z2", "r2", "r3"]);
        let mut all = localities(&known, &[1; 3]);
        by_distance(&mut all, &own, &failover);
        assert_eq!(priorities(&all), [0, 2, 1]);
    }

    #[test]
    fn shares_are_split_by_weight_and_the_rest_gets_none() {
        let known = places(&["r1/z1", "r1/z2", "r2/z1", "r3/z1"]);
        let mut all = localities(&known, &[1, 3, 1, 1]);
        let to = [("r1/*".into(), 80), ("r2/*".into(), 20)].into();
        let rules = [
            Distribute { from: "r9/*".into(), ..Distribute::default() },
            Distribute { from: "r1/*".into(), to },
        ];
        distribute(&mut all, &Locality::parse("r1/z1"), &rules);
        assert_eq!(all.iter().map(|l| l.weight).collect::<Vec<_>>(), [20, 60, 20, 1]);
        assert_eq!(all.iter().map(|l| l.gets_traffic).collect::<Vec<_>>(), [true, true, true, false]);
    }

    #[test]
    fn patterns_cover_what_they_leave_out() {
        let covered = |pattern: &str| covers(pattern, &Locality::parse("r/z/s"));
        for pattern in ["*", "r", "r/*", "r/z", "r/z/*", "r/z/s", "*/z"] {
            assert!(covered(pattern), "{pattern}");
        }
        for pattern in ["", "q", "r/y", "r/z/t"] {
            assert!(!covered(pattern), "{pattern}");
        }
    }
}
