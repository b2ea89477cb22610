//! Which parts of a traffic policy hold for one port of one subset.

use super::MergedRule;
use crate::snapshot::networking::destination_rule::{
    ClientTlsSettings, ConnectionPoolSettings, ConsistentHashLb, LoadBalancerSettings, OutlierDetection,
    ProxyProtocol, RetryBudget, TlsMode, TrafficPolicy,
};

/// The parts of a traffic policy that hold for one port: borrowed, so that choosing them costs nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct PortPolicy<'a> {
    /// Limits of connections and requests.
    pub connection_pool: Option<&'a ConnectionPoolSettings>,
    /// When an endpoint that fails is left out.
    pub outlier_detection: Option<&'a OutlierDetection>,
    /// How endpoints are chosen.
    pub load_balancer: Option<&'a LoadBalancerSettings>,
    /// TLS to the endpoints.
    pub tls: Option<&'a ClientTlsSettings>,
    /// The PROXY protocol to the endpoints.
    pub proxy_protocol: Option<&'a ProxyProtocol>,
    /// How many retries may be under way.
    pub retry_budget: Option<&'a RetryBudget>,
}

impl<'a> PortPolicy<'a> {
    /// What `policy` says for `port`.
    ///
    /// Settings of the port replace those of the destination as a whole: what they leave out has its default,
    /// it is not inherited
    /// ([`portLevelSettings`](https://istio.io/latest/docs/reference/config/networking/destination-rule/#TrafficPolicy)).
    #[must_use]
    pub fn of(policy: &'a TrafficPolicy, port: u32) -> Self {
        Self::of_port(policy, port).unwrap_or_else(|| Self::of_destination(policy))
    }

    /// What a destination's and a subset's policy say together for `port`: the subset's parts win.
    #[must_use]
    pub fn merged(
        destination: Option<&'a TrafficPolicy>,
        subset: Option<&'a TrafficPolicy>,
        port: u32,
    ) -> Option<Self> {
        let base = destination.map(|policy| Self::of(policy, port));
        let Some(subset) = subset else { return base };
        let Some(base) = base else { return Some(Self::of(subset, port)) };
        Some(match Self::of_port(subset, port) {
            // The port's own settings in a subset replace everything that can be set for a port.
            Some(own) => Self { proxy_protocol: base.proxy_protocol, retry_budget: base.retry_budget, ..own },
            None => Self::of_destination(subset).or(base),
        })
    }

    /// The parts that are set here, else those of `fallback`.
    #[must_use]
    pub fn or(self, fallback: Self) -> Self {
        Self {
            connection_pool: self.connection_pool.or(fallback.connection_pool),
            outlier_detection: self.outlier_detection.or(fallback.outlier_detection),
            load_balancer: self.load_balancer.or(fallback.load_balancer),
            tls: self.tls.or(fallback.tls),
            proxy_protocol: self.proxy_protocol.or(fallback.proxy_protocol),
            retry_budget: self.retry_budget.or(fallback.retry_budget),
        }
    }

    fn of_destination(policy: &'a TrafficPolicy) -> Self {
        Self {
            connection_pool: policy.connection_pool.as_ref(),
            outlier_detection: policy.outlier_detection.as_ref(),
            load_balancer: policy.load_balancer.as_ref(),
            tls: policy.tls.as_ref(),
            proxy_protocol: policy.proxy_protocol.as_ref(),
            retry_budget: policy.retry_budget.as_ref(),
        }
    }

    fn of_port(policy: &'a TrafficPolicy, port: u32) -> Option<Self> {
        let own =
            policy.port_level_settings.iter().find(|s| s.port.as_ref().is_some_and(|p| p.number == port))?;
        Some(Self {
            connection_pool: own.connection_pool.as_ref(),
            outlier_detection: own.outlier_detection.as_ref(),
            load_balancer: own.load_balancer.as_ref(),
            tls: own.tls.as_ref(),
            proxy_protocol: None,
            retry_budget: None,
        })
    }
}

/// What a rule says for one port of one of its subsets (of the destination as a whole, if there is no such
/// subset).
#[must_use]
pub fn port_policy<'a>(rule: &'a MergedRule, subset: &str, port: u32) -> Option<PortPolicy<'a>> {
    let subset = rule.subset(subset).and_then(|s| s.traffic_policy.as_ref());
    PortPolicy::merged(rule.spec.traffic_policy.as_ref(), subset, port)
}

/// The consistent hash that routes to a destination use: of the subset's port, the subset, the port, the
/// destination.
///
/// `port` is the one that the route names. Unlike in [`PortPolicy::of`], settings of the port without a hash
/// leave the destination's in force.
#[must_use]
pub fn consistent_hash<'a>(
    destination: Option<&'a TrafficPolicy>,
    subset: Option<&'a TrafficPolicy>,
    port: Option<u32>,
) -> Option<&'a ConsistentHashLb> {
    [subset, destination].into_iter().flatten().find_map(|policy| {
        let own = port.and_then(|port| {
            let number = |s: &&_| port_number(s) == Some(port);
            policy.port_level_settings.iter().find(number)?.load_balancer.as_ref()?.consistent_hash.as_ref()
        });
        own.or_else(|| policy.load_balancer.as_ref()?.consistent_hash.as_ref())
    })
}

/// The TLS mode that a traffic policy asks for on `port`; settings of the port without TLS leave the
/// destination's.
#[must_use]
pub fn tls_mode(policy: Option<&TrafficPolicy>, port: u32) -> Option<TlsMode> {
    let policy = policy?;
    let mut own = policy.port_level_settings.iter().filter(|s| port_number(s) == Some(port));
    let own = own.find_map(|s| s.tls.as_ref());
    own.or(policy.tls.as_ref()).map(|tls| tls.mode)
}

fn port_number(settings: &crate::snapshot::networking::destination_rule::PortTrafficPolicy) -> Option<u32> {
    settings.port.as_ref().map(|p| p.number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::networking::PortSelector;
    use crate::snapshot::networking::destination_rule::{PortTrafficPolicy, SimpleLb};

    fn lb(simple: SimpleLb) -> LoadBalancerSettings {
        LoadBalancerSettings { simple: Some(simple), ..LoadBalancerSettings::default() }
    }

    fn hash(header: &str) -> LoadBalancerSettings {
        let hash = ConsistentHashLb { http_header_name: Some(header.into()), ..ConsistentHashLb::default() };
        LoadBalancerSettings { consistent_hash: Some(hash), ..LoadBalancerSettings::default() }
    }

    fn tls(mode: TlsMode) -> ClientTlsSettings {
        ClientTlsSettings { mode, ..ClientTlsSettings::default() }
    }

    fn on_port(number: u32, load_balancer: Option<LoadBalancerSettings>) -> PortTrafficPolicy {
        PortTrafficPolicy {
            port: Some(PortSelector { number }),
            load_balancer,
            ..PortTrafficPolicy::default()
        }
    }

    #[test]
    fn settings_of_a_port_replace_the_destinations() {
        let policy = TrafficPolicy {
            tls: Some(tls(TlsMode::Simple)),
            proxy_protocol: Some(ProxyProtocol::default()),
            port_level_settings: vec![on_port(80, Some(lb(SimpleLb::Random)))],
            ..TrafficPolicy::default()
        };
        let on_80 = PortPolicy::of(&policy, 80);
        assert_eq!(on_80.load_balancer, Some(&lb(SimpleLb::Random)));
        assert_eq!((on_80.tls, on_80.proxy_protocol), (None, None));
        let on_81 = PortPolicy::of(&policy, 81);
        assert_eq!(on_81.tls.map(|t| t.mode), Some(TlsMode::Simple));
        assert_eq!(on_81.load_balancer, None);
    }

    #[test]
    fn a_subset_adds_to_the_destination() {
        let destination = TrafficPolicy {
            tls: Some(tls(TlsMode::Simple)),
            load_balancer: Some(lb(SimpleLb::Random)),
            retry_budget: Some(RetryBudget::default()),
            ..TrafficPolicy::default()
        };
        let subset = TrafficPolicy {
            load_balancer: Some(lb(SimpleLb::RoundRobin)),
            port_level_settings: vec![on_port(80, None)],
            ..TrafficPolicy::default()
        };
        let merged = PortPolicy::merged(Some(&destination), Some(&subset), 81).unwrap();
        assert_eq!(merged.load_balancer, Some(&lb(SimpleLb::RoundRobin)));
        assert_eq!(merged.tls.map(|t| t.mode), Some(TlsMode::Simple));
        let merged = PortPolicy::merged(Some(&destination), Some(&subset), 80).unwrap();
        assert_eq!((merged.load_balancer, merged.tls), (None, None));
        assert!(merged.retry_budget.is_some());
        assert_eq!(PortPolicy::merged(None, None, 80), None);
        assert!(PortPolicy::merged(None, Some(&subset), 81).is_some());
    }

    #[test]
    fn the_hash_of_the_most_specific_place_wins() {
        let policy = |header: &str| TrafficPolicy {
            load_balancer: Some(hash(header)),
            port_level_settings: vec![on_port(80, Some(hash(&format!("{header}-80")))), on_port(81, None)],
            ..TrafficPolicy::default()
        };
        let v1 = policy("v1");
        let header = |subset: Option<&TrafficPolicy>, port| {
            consistent_hash(Some(&policy("all")), subset, port).and_then(|h| h.http_header_name.clone())
        };
        assert_eq!(header(Some(&v1), Some(80)).as_deref(), Some("v1-80"));
        assert_eq!(header(Some(&v1), Some(81)).as_deref(), Some("v1"));
        assert_eq!(header(None, Some(80)).as_deref(), Some("all-80"));
        assert_eq!(header(None, None).as_deref(), Some("all"));
    }

    #[test]
    fn tls_of_a_port_beats_the_destinations() {
        let with_tls = |number, mode| PortTrafficPolicy { tls: Some(tls(mode)), ..on_port(number, None) };
        let policy = TrafficPolicy {
            tls: Some(tls(TlsMode::IstioMutual)),
            port_level_settings: vec![with_tls(80, TlsMode::Disable), on_port(81, None)],
            ..TrafficPolicy::default()
        };
        assert_eq!(tls_mode(Some(&policy), 80), Some(TlsMode::Disable));
        assert_eq!(tls_mode(Some(&policy), 81), Some(TlsMode::IstioMutual));
        assert_eq!(tls_mode(None, 80), None);
    }
}
