//! Which load balancing by locality is in force for a cluster.

use std::borrow::Cow;

use crate::Str;
use crate::mesh::{MeshSettings, Service, TrafficDistribution};
use crate::snapshot::networking::destination_rule::{LoadBalancerSettings, LocalityLoadBalancerSetting};
use crate::well_known::{HOSTNAME, NETWORK, REGION, SUB_ZONE, ZONE};

/// The load balancing by locality in force for a cluster.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Balancing<'a> {
    /// What is configured.
    pub(crate) setting: Cow<'a, LocalityLoadBalancerSetting>,
    /// Whether endpoints have priorities even without outlier detection.
    pub(crate) force_failover: bool,
}

impl<'a> Balancing<'a> {
    /// What holds for a Service: of the DestinationRule, else of the Service's traffic distribution, else the
    /// mesh's.
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

#[cfg(test)]
mod tests {
    use super::*;

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
