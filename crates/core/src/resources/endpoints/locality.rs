//! Load balancing by locality: shares and priorities relative to where the proxy runs.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use envoy::config::core::v3::Locality as EnvoyLocality;
use envoy::config::endpoint::v3::LocalityLbEndpoints;

use crate::Str;
use crate::mesh::MeshSettings;
use crate::mesh::workload::Locality;
use crate::mesh::{Service, TrafficDistribution};
use crate::resources::Scope;
use crate::resources::endpoints::candidate::{Candidate, HOSTNAME, REGION, SUB_ZONE, ZONE, label};
use crate::rules::FailoverPriority;
use crate::snapshot::networking::destination_rule::{
    Distribute, Failover, LoadBalancerSettings, LocalityLoadBalancerSetting,
};
use crate::well_known::NETWORK;

/// The load balancing by locality in force for a cluster.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Balancing<'a> {
    /// What is configured.
    pub(crate) setting: Cow<'a, LocalityLoadBalancerSetting>,
    /// Whether endpoints have priorities even without outlier detection.
    pub(crate) force_failover: bool,
}

impl<'a> Balancing<'a> {
    /// What holds for a Service: of the DestinationRule, else of the Service's traffic distribution, else the mesh's.
    ///
    /// Zone-aware load balancing wins over that by locality, and does nothing: waypoints have no cluster of
    /// themselves, which it needs.
    pub(crate) fn effective(
        config: &'a MeshSettings,
        rule: Option<&'a LoadBalancerSettings>,
        service: &Service,
    ) -> Option<Self> {
        if rule.is_some_and(|rule| rule.zone_aware_lb_setting.is_some()) {
            return None;
        }
        if let Some(setting) = rule.and_then(|rule| rule.locality_lb_setting.as_ref()) {
            return Self::unless_disabled(Cow::Borrowed(setting));
        }
        if let Some(keys) = preferred(service.traffic_distribution) {
            let failover_priority = keys.iter().map(|key| Str::new_static(key)).collect();
            let setting =
                LocalityLoadBalancerSetting { failover_priority, ..LocalityLoadBalancerSetting::default() };
            return Some(Self { setting: Cow::Owned(setting), force_failover: true });
        }
        if config.zone_aware_lb {
            return None;
        }
        Self::unless_disabled(Cow::Borrowed(&config.locality_lb_setting))
    }

    fn unless_disabled(setting: Cow<'a, LocalityLoadBalancerSetting>) -> Option<Self> {
        (setting.enabled != Some(false)).then_some(Self { setting, force_failover: false })
    }
}

/// The labels in which preferred endpoints agree with the client, the most important first.
fn preferred(distribution: TrafficDistribution) -> Option<&'static [&'static str]> {
    match distribution {
        TrafficDistribution::Any => None,
        TrafficDistribution::PreferSameZone => Some(&[NETWORK, REGION, ZONE]),
        TrafficDistribution::PreferSameNode => Some(&[NETWORK, REGION, ZONE, SUB_ZONE, HOSTNAME]),
    }
}

/// Gives endpoints the weights and priorities that they have for this waypoint's proxy.
///
/// `candidates` are the endpoints of each locality, where labels may decide; without them they don't.
pub(crate) fn apply(
    localities: &mut Vec<LocalityLbEndpoints>,
    candidates: &[Vec<Candidate<'_>>],
    balancing: &Balancing<'_>,
    failover: bool,
    scope: &Scope<'_>,
) {
    let proxy = &scope.waypoint.proxy;
    let setting = balancing.setting.as_ref();
    if !setting.distribute.is_empty() {
        distribute(localities, &proxy.locality, &setting.distribute);
        return;
    }
    if !failover {
        return;
    }
    if setting.failover_priority.is_empty() {
        by_distance(localities, &proxy.locality, &setting.failover);
        return;
    }
    let priority = scope.rules.clusters.failover_priority;
    if !candidates.is_empty() {
        let wanted = wanted_labels(&setting.failover_priority, |key| {
            let own = label(&proxy.labels, &proxy.locality, &proxy.node_name, key);
            if own.is_empty() && key == NETWORK { &scope.mesh.networks.own } else { own }
        });
        by_labels(localities, candidates, &wanted, priority);
    }
    if priority == FailoverPriority::Layered && !setting.failover.is_empty() {
        by_distance(localities, &proxy.locality, &setting.failover);
    }
}

/// Shares traffic between localities as the first fitting rule says; others get none.
fn distribute(localities: &mut [LocalityLbEndpoints], own: &Locality, rules: &[Distribute]) {
    let own = envoy_locality(own);
    let Some(rule) = rules.iter().find(|rule| covers(&rule.from, Some(&own))) else { return };
    let mut rest: BTreeSet<usize> = (0..localities.len()).collect();
    for (pattern, share) in &rule.to {
        let chosen: Vec<usize> = rest
            .iter()
            .copied()
            .filter(|i| localities.get(*i).is_some_and(|l| covers(pattern, l.locality.as_ref())))
            .collect();
        let weight =
            |i: &usize| localities.get(*i).and_then(|l| l.load_balancing_weight).map_or(1, |w| w.value);
        let total: f64 = chosen.iter().map(|i| f64::from(weight(i))).sum();
        for i in chosen {
            rest.remove(&i);
            if let Some(locality) = localities.get_mut(i) {
                let own = f64::from(locality.load_balancing_weight.map_or(1, |w| w.value));
                let part = (own * f64::from(*share) / total).ceil();
                if part > 0.0 {
                    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
                    let part = part as u32;
                    locality.load_balancing_weight = Some(part.into());
                }
            }
        }
    }
    for i in rest {
        if let Some(locality) = localities.get_mut(i) {
            locality.lb_endpoints.clear();
        }
    }
}

/// Whether a pattern such as `region/zone/*` covers a locality.
fn covers(pattern: &str, locality: Option<&EnvoyLocality>) -> bool {
    let mut parts = pattern.split('/');
    let mut fits = |value: &str, optional: bool| match parts.next() {
        Some("*") => true,
        Some("") | None if optional => true,
        part => part.unwrap_or_default() == value,
    };
    let (region, zone, sub_zone) =
        locality.map_or(("", "", ""), |l| (l.region.as_str(), l.zone.as_str(), l.sub_zone.as_str()));
    fits(region, false) && fits(zone, true) && fits(sub_zone, true)
}

/// Prefers what is near: same subzone, zone, region, then the regions to fail over to.
fn by_distance(localities: &mut [LocalityLbEndpoints], own: &Locality, failover: &[Failover]) {
    let mut target = failover.iter().filter(|f| f.from == own.region).map(|f| f.to.as_str());
    let target = target.next();
    for locality in &mut *localities {
        let place = locality.locality.clone().unwrap_or_default();
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

/// A label and the value that preferred endpoints have.
type Wanted<'a> = (&'a str, &'a str);

/// The labels of `failoverPriority`: `key=value`, or `key` for the proxy's own value.
fn wanted_labels<'a>(priority: &'a [Str], own: impl Fn(&str) -> &'a str) -> Vec<Wanted<'a>> {
    let fixed: BTreeMap<&str, &str> = priority.iter().filter_map(|entry| split_label(entry)).collect();
    let key = |entry: &'a Str| entry.split('=').next().unwrap_or_default();
    priority.iter().map(key).map(|key| (key, fixed.get(key).copied().unwrap_or_else(|| own(key)))).collect()
}

/// `key=value`; more than one `=` counts as no value.
fn split_label(entry: &str) -> Option<(&str, &str)> {
    entry.split_once('=').filter(|(_, value)| !value.contains('='))
}

/// Splits localities by how many of the wanted labels their endpoints have, the first ones counting most.
fn by_labels(
    localities: &mut Vec<LocalityLbEndpoints>,
    candidates: &[Vec<Candidate<'_>>],
    wanted: &[Wanted<'_>],
    priority: FailoverPriority,
) {
    let mut split = Vec::new();
    for (locality, candidates) in std::mem::take(localities).into_iter().zip(candidates) {
        let mut groups: BTreeMap<u32, LocalityLbEndpoints> = BTreeMap::new();
        let LocalityLbEndpoints { lb_endpoints, .. } = &locality;
        for (endpoint, candidate) in lb_endpoints.iter().zip(candidates) {
            let distance = label_distance(candidate, wanted, priority);
            let group = groups.entry(distance).or_insert_with(|| LocalityLbEndpoints {
                locality: locality.locality.clone(),
                proximity: locality.proximity,
                load_balancing_weight: Some(0.into()),
                priority: distance,
                ..LocalityLbEndpoints::default()
            });
            let weight = endpoint.load_balancing_weight.map_or(0, |w| w.value);
            let sum = group.load_balancing_weight.map_or(0, |w| w.value).wrapping_add(weight);
            group.load_balancing_weight = Some(sum.into());
            group.lb_endpoints.push(endpoint.clone());
        }
        split.extend(groups.into_values());
    }
    *localities = split;
    close_gaps(localities);
}

/// How far an endpoint is by labels: 0 where all agree, more the earlier the first difference.
fn label_distance(candidate: &Candidate<'_>, wanted: &[Wanted<'_>], priority: FailoverPriority) -> u32 {
    let lowest = u32::try_from(wanted.len()).unwrap_or(u32::MAX);
    let mut other_network = 0;
    for (step, (key, value)) in (0..).zip(wanted) {
        if candidate.label(key) == *value {
            continue;
        }
        if step == 0 && *key == NETWORK && priority == FailoverPriority::Layered {
            // Endpoints of another network come after all of this one, and are told apart by the other labels.
            other_network = lowest;
            continue;
        }
        return lowest - step + other_network;
    }
    other_network
}

/// Priorities count from 0 without gaps: Envoy requires that.
fn close_gaps(localities: &mut [LocalityLbEndpoints]) {
    let used: BTreeSet<u32> = localities.iter().map(|l| l.priority).collect();
    let ranks: BTreeMap<u32, u32> = used.into_iter().zip(0..).collect();
    for locality in localities {
        locality.priority = ranks.get(&locality.priority).copied().unwrap_or_default();
    }
}

/// A place as Envoy writes it.
pub(crate) fn envoy_locality(place: &Locality) -> EnvoyLocality {
    EnvoyLocality {
        region: place.region.to_string(),
        zone: place.zone.to_string(),
        sub_zone: place.sub_zone.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use envoy::config::endpoint::v3::LbEndpoint;

    fn place(text: &str) -> Locality {
        let mut parts = text.split('/').map(Str::from);
        let mut next = || parts.next().unwrap_or_default();
        Locality { region: next(), zone: next(), sub_zone: next() }
    }

    fn localities(places: &[(&str, u32)]) -> Vec<LocalityLbEndpoints> {
        let of = |(text, weight): &(&str, u32)| LocalityLbEndpoints {
            locality: Some(envoy_locality(&place(text))),
            lb_endpoints: vec![LbEndpoint::default()],
            load_balancing_weight: Some((*weight).into()),
            ..LocalityLbEndpoints::default()
        };
        places.iter().map(of).collect()
    }

    fn priorities(localities: &[LocalityLbEndpoints]) -> Vec<u32> {
        localities.iter().map(|l| l.priority).collect()
    }

    #[test]
    fn near_localities_come_first_without_gaps() {
        let own = place("r1/z1/s1");
        let mut all = localities(&[("r1/z1/s1", 1), ("r1/z1/s2", 1), ("r1/z2", 1), ("r2", 1), ("r3", 1)]);
        by_distance(&mut all, &own, &[]);
        assert_eq!(priorities(&all), [0, 1, 2, 3, 3]);
        let failover = [Failover { from: "r1".into(), to: "r3".into() }];
        let mut all = localities(&[("r1/z2", 1), ("r2", 1), ("r3", 1)]);
        by_distance(&mut all, &own, &failover);
        assert_eq!(priorities(&all), [0, 2, 1]);
    }

    #[test]
    fn shares_are_split_by_weight_and_the_rest_gets_none() {
        let mut all = localities(&[("r1/z1", 1), ("r1/z2", 3), ("r2/z1", 1), ("r3/z1", 1)]);
        let to = [("r1/*".into(), 80), ("r2/*".into(), 20)].into();
        let rules = [
            Distribute { from: "r9/*".into(), ..Distribute::default() },
            Distribute { from: "r1/*".into(), to },
        ];
        distribute(&mut all, &place("r1/z1"), &rules);
        let weights: Vec<u32> = all.iter().filter_map(|l| l.load_balancing_weight).map(|w| w.value).collect();
        assert_eq!(weights, [20, 60, 20, 1]);
        assert_eq!(all.iter().map(|l| l.lb_endpoints.len()).collect::<Vec<_>>(), [1, 1, 1, 0]);
    }

    #[test]
    fn patterns_cover_what_they_leave_out() {
        let covered = |pattern: &str| covers(pattern, Some(&envoy_locality(&place("r/z/s"))));
        for pattern in ["*", "r", "r/*", "r/z", "r/z/*", "r/z/s", "*/z"] {
            assert!(covered(pattern), "{pattern}");
        }
        for pattern in ["", "q", "r/y", "r/z/t"] {
            assert!(!covered(pattern), "{pattern}");
        }
    }

    #[test]
    fn wanted_labels_have_the_proxys_value_unless_they_name_one() {
        let priority: Vec<Str> = ["zone".into(), "app=web".into(), "odd=a=b".into()].into();
        let wanted = wanted_labels(&priority, |key| if key == "zone" { "z1" } else { "own" });
        assert_eq!(wanted, [("zone", "z1"), ("app", "web"), ("odd", "own")]);
    }

    #[test]
    fn the_mesh_balances_by_locality_unless_it_or_a_rule_says_no() {
        let setting =
            |enabled| LocalityLoadBalancerSetting { enabled, ..LocalityLoadBalancerSetting::default() };
        let disabled = Balancing::unless_disabled(Cow::Owned(setting(Some(false))));
        assert_eq!(disabled, None);
        assert!(Balancing::unless_disabled(Cow::Owned(setting(None))).is_some());
        assert_eq!(preferred(TrafficDistribution::Any), None);
        assert_eq!(preferred(TrafficDistribution::PreferSameZone).map(<[_]>::len), Some(3));
    }
}
