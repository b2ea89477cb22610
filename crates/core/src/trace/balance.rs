//! Which endpoints of a cluster may be picked, and how often.
//!
//! Source: [load
//! balancing](https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/upstream/load_balancing/load_balancing).

use std::collections::BTreeMap;

use envoy::config::cluster::v3::Cluster;
use envoy::config::cluster::v3::cluster::common_lb_config::LocalityConfigSpecifier;
use envoy::config::core::v3::HealthStatus;
use envoy::config::endpoint::v3::ClusterLoadAssignment;

use crate::opened::OpenedEndpoint;

/// Each weight as a share of all.
pub(super) fn shares(weights: impl Iterator<Item = u32> + Clone) -> Vec<f64> {
    let total: f64 = weights.clone().map(f64::from).sum();
    weights.map(|weight| if total > 0.0 { f64::from(weight) / total } else { 0.0 }).collect()
}

/// The endpoints that may be picked, with their shares: by priority and health, then by weight.
pub(super) fn choose<'e, 'r>(
    cluster: &Cluster,
    assignment: &ClusterLoadAssignment,
    all: &'e [OpenedEndpoint<'r>],
) -> Vec<(&'e OpenedEndpoint<'r>, f64)> {
    let common = cluster.common_lb_config.as_ref();
    let panic = common.and_then(|common| common.healthy_panic_threshold.as_ref());
    let panic = panic.map_or(50.0, |threshold| threshold.value);
    let factor = assignment.policy.as_ref().and_then(|policy| policy.overprovisioning_factor.as_ref());
    let factor = factor.map_or(1.4, |factor| f64::from(factor.value) / 100.0);
    let by_locality = common.is_some_and(|common| {
        matches!(common.locality_config_specifier, Some(LocalityConfigSpecifier::LocalityWeightedLbConfig(_)))
    });
    let mut priorities: BTreeMap<u32, Vec<&OpenedEndpoint<'_>>> = BTreeMap::new();
    for endpoint in all {
        priorities.entry(endpoint.group.priority).or_default().push(endpoint);
    }
    let health: Vec<f64> = priorities
        .values()
        .map(|members| {
            let healthy = members.iter().filter(|member| is_healthy(member)).count();
            (factor * ratio(healthy, members.len())).min(1.0)
        })
        .collect();
    let total = health.iter().sum::<f64>().min(1.0);
    let mut chosen = Vec::new();
    let mut left = 1.0_f64;
    for (members, health) in priorities.values().zip(health) {
        // With nobody healthy anywhere the first priority takes all, if there is any panic.
        let load = if total > 0.0 { (health / total).min(left) } else { left };
        left -= load;
        let healthy = members.iter().filter(|member| is_healthy(member)).count();
        let panics = total < 1.0 && ratio(healthy, members.len()) * 100.0 < panic;
        let takers: Vec<&OpenedEndpoint<'_>> =
            members.iter().copied().filter(|member| panics || is_healthy(member)).collect();
        if load > 0.0 && !takers.is_empty() {
            chosen.extend(spread(&takers, load, by_locality && !panics));
        }
    }
    chosen
}

fn ratio(part: usize, of: usize) -> f64 {
    let number = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    if of == 0 { 0.0 } else { number(part) / number(of) }
}

fn is_healthy(endpoint: &OpenedEndpoint<'_>) -> bool {
    matches!(endpoint.message.health_status(), HealthStatus::Unknown | HealthStatus::Healthy)
}

/// Spreads a load by weights, of localities first where they count.
fn spread<'e, 'r>(
    takers: &[&'e OpenedEndpoint<'r>],
    load: f64,
    by_locality: bool,
) -> Vec<(&'e OpenedEndpoint<'r>, f64)> {
    let weight = |endpoint: &OpenedEndpoint<'_>| {
        endpoint.message.load_balancing_weight.as_ref().map_or(1, |weight| weight.value)
    };
    let locality = |endpoint: &OpenedEndpoint<'_>| {
        endpoint.group.load_balancing_weight.as_ref().map_or(0, |weight| weight.value)
    };
    if !by_locality {
        let odds = shares(takers.iter().map(|endpoint| weight(endpoint)));
        return takers.iter().copied().zip(odds.into_iter().map(|odds| odds * load)).collect();
    }
    let mut groups: Vec<Vec<&'e OpenedEndpoint<'r>>> = Vec::new();
    for taker in takers {
        let same = groups
            .iter_mut()
            .find(|group| group.first().is_some_and(|first| std::ptr::eq(first.group, taker.group)));
        match same {
            Some(group) => group.push(taker),
            None => groups.push(vec![taker]),
        }
    }
    let odds = shares(groups.iter().map(|group| group.first().map_or(0, |first| locality(first))));
    let spread_group = |(group, odds): (&Vec<&'e OpenedEndpoint<'r>>, f64)| spread(group, load * odds, false);
    groups.iter().zip(odds).filter(|(_, odds)| *odds > 0.0).flat_map(spread_group).collect()
}

#[cfg(test)]
mod tests {
    use envoy::config::cluster::v3::cluster::CommonLbConfig;
    use envoy::config::core::v3::{Address, SocketAddress};
    use envoy::config::endpoint::v3::lb_endpoint::HostIdentifier;
    use envoy::config::endpoint::v3::{Endpoint, LbEndpoint, LocalityLbEndpoints};
    use envoy::r#type::v3::Percent;

    use envoy::config::core::v3::address::Address as AddressKind;
    use envoy::config::core::v3::socket_address::PortSpecifier;

    use super::*;
    use crate::opened::endpoints;

    fn group(priority: u32, all: &[(HealthStatus, u32)]) -> LocalityLbEndpoints {
        let endpoint = |(position, (health, weight)): (usize, &(HealthStatus, u32))| {
            let socket = SocketAddress {
                address: format!("10.0.{priority}.{position}"),
                port_specifier: Some(PortSpecifier::PortValue(80)),
                ..SocketAddress::default()
            };
            let address = Address { address: Some(AddressKind::SocketAddress(socket)) };
            LbEndpoint {
                health_status: (*health).into(),
                load_balancing_weight: Some((*weight).into()),
                host_identifier: Some(HostIdentifier::Endpoint(Endpoint {
                    address: Some(address),
                    ..Endpoint::default()
                })),
                ..LbEndpoint::default()
            }
        };
        LocalityLbEndpoints {
            priority,
            lb_endpoints: all.iter().enumerate().map(|each| endpoint(each).into()).collect(),
            ..LocalityLbEndpoints::default()
        }
    }

    fn chosen(panic: Option<f64>, groups: Vec<LocalityLbEndpoints>) -> Vec<(String, f64)> {
        let threshold = panic.map(|value| Percent { value });
        let common = CommonLbConfig { healthy_panic_threshold: threshold, ..CommonLbConfig::default() };
        let cluster = Cluster { common_lb_config: Some(common), ..Cluster::default() };
        let assignment = ClusterLoadAssignment { endpoints: groups, ..ClusterLoadAssignment::default() };
        let all: Vec<_> = endpoints(&assignment).collect();
        let chosen = choose(&cluster, &assignment, &all);
        let address = |endpoint: &OpenedEndpoint<'_>| match &endpoint.address.address {
            Some(AddressKind::SocketAddress(socket)) => socket.address.clone(),
            _ => String::new(),
        };
        chosen.into_iter().map(|(endpoint, odds)| (address(endpoint), (odds * 100.0).round())).collect()
    }

    fn named(address: &str, percent: f64) -> (String, f64) {
        (address.to_owned(), percent)
    }

    #[test]
    fn weights_are_shares_of_the_healthy() {
        use HealthStatus::{Healthy, Unhealthy};
        let group = || vec![group(0, &[(Healthy, 3), (Unhealthy, 5), (Healthy, 1)])];
        assert_eq!(chosen(Some(0.0), group()), [named("10.0.0.0", 75.0), named("10.0.0.2", 25.0)]);
    }

    #[test]
    fn with_few_healthy_ones_all_are_picked_unless_that_is_switched_off() {
        use HealthStatus::{Healthy, Unhealthy};
        let group = || vec![group(0, &[(Healthy, 1), (Unhealthy, 1), (Unhealthy, 1), (Unhealthy, 1)])];
        assert_eq!(chosen(Some(0.0), group()), [named("10.0.0.0", 100.0)]);
        assert_eq!(chosen(None, group()).len(), 4);
        let nobody = || vec![self::group(0, &[(Unhealthy, 1)])];
        assert_eq!(chosen(Some(0.0), nobody()), []);
        assert_eq!(chosen(None, nobody()), [named("10.0.0.0", 100.0)]);
    }

    #[test]
    fn the_next_priority_takes_what_the_first_cannot() {
        use HealthStatus::{Healthy, Unhealthy};
        let half = || group(0, &[(Healthy, 1), (Unhealthy, 1)]);
        let spare = || group(1, &[(Healthy, 1)]);
        // Half of them carry 1.4 times as much.
        assert_eq!(
            chosen(Some(0.0), vec![half(), spare()]),
            [named("10.0.0.0", 70.0), named("10.0.1.0", 30.0)]
        );
        let dead = group(0, &[(Unhealthy, 1)]);
        assert_eq!(chosen(Some(0.0), vec![dead, spare()]), [named("10.0.1.0", 100.0)]);
        let whole = group(0, &[(Healthy, 1)]);
        assert_eq!(chosen(Some(0.0), vec![whole, spare()]), [named("10.0.0.0", 100.0)]);
    }
}
