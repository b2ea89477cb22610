//! Load balancing: which endpoint of a cluster a request goes to.

use envoy::config::cluster::v3::cluster::common_lb_config::{
    LocalityConfigSpecifier, LocalityWeightedLbConfig,
};
use envoy::config::cluster::v3::cluster::{
    ClusterDiscoveryType, DiscoveryType, LbConfig, LbPolicy, LeastRequestLbConfig, MaglevLbConfig,
    RingHashLbConfig, RoundRobinLbConfig, SlowStartConfig,
};
use envoy::config::core::v3::RuntimeDouble;
use envoy::r#type::v3::Percent;

use super::draft::Draft;
use crate::features::Features;
use crate::plan::clusters::policy::ClusterPolicy;
use crate::resources::proto::duration;
use crate::snapshot::networking::destination_rule::{
    ConsistentHashLb, LoadBalancerSettings, SimpleLb, WarmupConfiguration,
};

/// The ring size of a consistent hash that names none.
const DEFAULT_RING_SIZE: u64 = 1024;

/// Applies a policy's load balancing.
///
/// Source: `loadBalancer` of a DestinationRule and `applyLoadBalancer` of Istio's control plane.
pub(super) fn apply(draft: &mut Draft, policy: &ClusterPolicy<'_>, features: &Features) {
    if draft.cluster.lb_policy() == LbPolicy::ClusterProvided {
        return;
    }
    if policy.locality_weighted {
        let weighted = LocalityConfigSpecifier::LocalityWeightedLbConfig(LocalityWeightedLbConfig {});
        draft.common_lb().locality_config_specifier = Some(weighted);
    }
    if draft.is(DiscoveryType::OriginalDst) {
        draft.cluster.set_lb_policy(LbPolicy::ClusterProvided);
        return;
    }
    if policy.for_redis {
        draft.cluster.set_lb_policy(LbPolicy::Maglev);
        return;
    }
    let settings = policy.settings.load_balancer;
    let default = if features.enable_legacy_lb_algorithm_default {
        SimpleLb::RoundRobin
    } else {
        SimpleLb::LeastRequest
    };
    apply_algorithm(draft, settings, default);
    if let Some(hash) = settings.and_then(|settings| settings.consistent_hash.as_ref()) {
        apply_hash(draft, hash);
    }
}

fn apply_algorithm(draft: &mut Draft, settings: Option<&LoadBalancerSettings>, default: SimpleLb) {
    let cluster = &mut draft.cluster;
    let slow_start_config = settings.and_then(slow_start);
    let asked = settings.and_then(|settings| settings.simple);
    match asked.filter(|asked| *asked != SimpleLb::Unspecified).unwrap_or(default) {
        SimpleLb::Random => cluster.set_lb_policy(LbPolicy::Random),
        SimpleLb::RoundRobin => {
            cluster.set_lb_policy(LbPolicy::RoundRobin);
            cluster.lb_config = slow_start_config.map(|slow| {
                let config = RoundRobinLbConfig { slow_start_config: Some(slow) };
                LbConfig::RoundRobinLbConfig(config.into())
            });
        }
        SimpleLb::Passthrough => {
            cluster.set_lb_policy(LbPolicy::ClusterProvided);
            cluster.cluster_discovery_type =
                Some(ClusterDiscoveryType::Type(DiscoveryType::OriginalDst.into()));
        }
        SimpleLb::LeastRequest | SimpleLb::LeastConn | SimpleLb::Unspecified => {
            cluster.set_lb_policy(LbPolicy::LeastRequest);
            cluster.lb_config = slow_start_config.map(|slow| {
                let config =
                    LeastRequestLbConfig { slow_start_config: Some(slow), ..LeastRequestLbConfig::default() };
                LbConfig::LeastRequestLbConfig(config.into())
            });
        }
    }
}

fn apply_hash(draft: &mut Draft, hash: &ConsistentHashLb) {
    let cluster = &mut draft.cluster;
    if let Some(maglev) = &hash.maglev {
        cluster.set_lb_policy(LbPolicy::Maglev);
        if maglev.table_size != 0 {
            let config = MaglevLbConfig { table_size: Some(maglev.table_size.into()) };
            cluster.lb_config = Some(LbConfig::MaglevLbConfig(config));
        }
        return;
    }
    cluster.set_lb_policy(LbPolicy::RingHash);
    let size = match &hash.ring_hash {
        Some(ring) => ring.minimum_ring_size,
        None if hash.minimum_ring_size == 0 => DEFAULT_RING_SIZE,
        None => hash.minimum_ring_size,
    };
    if size != 0 {
        let config = RingHashLbConfig { minimum_ring_size: Some(size.into()), ..RingHashLbConfig::default() };
        cluster.lb_config = Some(LbConfig::RingHashLbConfig(config.into()));
    }
}

/// How new endpoints warm up.
fn slow_start(settings: &LoadBalancerSettings) -> Option<SlowStartConfig> {
    if let Some(warmup) = &settings.warmup {
        return Some(warm_up(warmup));
    }
    let window = settings.warmup_duration_secs?;
    Some(SlowStartConfig { slow_start_window: Some(duration(window)), ..SlowStartConfig::default() })
}

fn warm_up(warmup: &WarmupConfiguration) -> SlowStartConfig {
    SlowStartConfig {
        slow_start_window: warmup.duration.map(duration),
        // Envoy requires a runtime key; Istio writes one that nobody can mean.
        aggression: Some(RuntimeDouble {
            default_value: warmup.aggression.unwrap_or(1.0),
            runtime_key: "(".to_owned(),
        }),
        min_weight_percent: Some(Percent { value: warmup.minimum_percent.unwrap_or(10.0) }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::Duration;
    use crate::snapshot::networking::destination_rule::{MagLev, RingHash};

    fn balanced(settings: &LoadBalancerSettings) -> Draft {
        let mut draft = Draft::new("c".to_owned(), DiscoveryType::Eds);
        apply_algorithm(&mut draft, Some(settings), SimpleLb::LeastRequest);
        if let Some(hash) = &settings.consistent_hash {
            apply_hash(&mut draft, hash);
        }
        draft
    }

    fn simple(simple: SimpleLb) -> LoadBalancerSettings {
        LoadBalancerSettings { simple: Some(simple), ..LoadBalancerSettings::default() }
    }

    #[test]
    fn every_algorithm_has_its_policy() {
        for (algorithm, policy) in [
            (SimpleLb::Unspecified, LbPolicy::LeastRequest),
            (SimpleLb::LeastConn, LbPolicy::LeastRequest),
            (SimpleLb::LeastRequest, LbPolicy::LeastRequest),
            (SimpleLb::Random, LbPolicy::Random),
            (SimpleLb::RoundRobin, LbPolicy::RoundRobin),
            (SimpleLb::Passthrough, LbPolicy::ClusterProvided),
        ] {
            assert_eq!(balanced(&simple(algorithm)).cluster.lb_policy(), policy, "{algorithm:?}");
        }
        assert!(balanced(&simple(SimpleLb::Passthrough)).is(DiscoveryType::OriginalDst));
    }

    #[test]
    fn a_hash_without_a_size_has_the_default_only_where_no_algorithm_is_named() {
        let ring = |size| {
            LbConfig::RingHashLbConfig(Box::new(RingHashLbConfig {
                minimum_ring_size: Some(size),
                ..RingHashLbConfig::default()
            }))
        };
        let hash =
            |hash| LoadBalancerSettings { consistent_hash: Some(hash), ..LoadBalancerSettings::default() };
        let plain = balanced(&hash(ConsistentHashLb::default()));
        assert_eq!(plain.cluster.lb_config, Some(ring(1024.into())));
        let old = balanced(&hash(ConsistentHashLb { minimum_ring_size: 7, ..ConsistentHashLb::default() }));
        assert_eq!(old.cluster.lb_config, Some(ring(7.into())));
        let named = balanced(&hash(ConsistentHashLb {
            ring_hash: Some(RingHash::default()),
            ..ConsistentHashLb::default()
        }));
        assert_eq!((named.cluster.lb_policy(), named.cluster.lb_config), (LbPolicy::RingHash, None));
        let maglev = balanced(&hash(ConsistentHashLb {
            maglev: Some(MagLev { table_size: 5 }),
            ..ConsistentHashLb::default()
        }));
        assert_eq!(maglev.cluster.lb_policy(), LbPolicy::Maglev);
    }

    #[test]
    fn warmup_has_defaults_and_beats_the_older_field() {
        let mut settings = LoadBalancerSettings {
            warmup_duration_secs: Some(Duration::from_secs(60)),
            ..simple(SimpleLb::RoundRobin)
        };
        let old = slow_start(&settings).unwrap();
        assert_eq!((old.slow_start_window.unwrap().seconds, old.aggression), (60, None));
        settings.warmup = Some(WarmupConfiguration {
            duration: Some(Duration::from_secs(5)),
            ..WarmupConfiguration::default()
        });
        let new = slow_start(&settings).unwrap();
        assert_eq!(new.slow_start_window.unwrap().seconds, 5);
        assert_eq!(new.aggression.unwrap().default_value, 1.0);
        assert_eq!(new.min_weight_percent.unwrap().value, 10.0);
    }
}
