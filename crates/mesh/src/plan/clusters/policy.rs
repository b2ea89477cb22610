//! What the DestinationRule of a destination and the mesh say about its cluster.

use super::Discovery;
use super::destination::Destination;
use crate::mesh::balancing::Balancing;
use crate::mesh::destination_rule::PortPolicy;
use crate::mesh::{Port, Protocol, Service, TrafficDistribution};
use crate::plan::Scope;
use crate::plan::names::Direction;
use crate::rules::{ClusterRules, LocalityWeights, UnreadyEndpoints};
use crate::snapshot::mesh_config;
use crate::snapshot::networking::destination_rule::H2UpgradePolicy;

/// What is said about a cluster.
#[derive(Clone, Debug)]
pub struct ClusterPolicy<'m> {
    /// What the DestinationRule says for the port and the subset, and for destinations of others what the
    /// mesh says where it says nothing.
    pub settings: PortPolicy<'m>,
    /// Whether HTTP/2 is spoken though something else was declared.
    pub upgrades_to_http2: bool,
    /// The share of healthy endpoints below which those that are not healthy get requests too (a panic); none
    /// for Envoy's own.
    pub min_health_percent: Option<i32>,
    /// Whether localities share traffic by their weights.
    pub locality_weighted: bool,
    /// Whether it is the key of a command that chooses the endpoint: Redis is spoken.
    pub for_redis: bool,
    /// How load is balanced by locality.
    pub(super) balancing: Option<Balancing<'m>>,
}

impl ClusterPolicy<'_> {
    /// Whether endpoints have priorities.
    pub(super) fn fails_over(&self) -> bool {
        let force = self.balancing.as_ref().is_some_and(|balancing| balancing.force_failover);
        force || self.settings.outlier_detection.is_some()
    }
}

/// What is said about the cluster of a destination; nothing in a release where nothing is said of a
/// waypoint's own.
pub(super) fn policy<'m>(scope: Scope<'m>, to: &Destination<'m>) -> Option<ClusterPolicy<'m>> {
    let settings = to.policy.unwrap_or_default();
    let settings = match to.direction {
        Direction::InboundVip if !scope.rules.clusters.inbound_policy => return None,
        Direction::InboundVip => settings,
        Direction::Outbound => settings.or(mesh_defaults(scope)),
    };
    // What is resolved on demand has no endpoints to choose among.
    let balances = to.discovery != Discovery::DynamicForwardProxy;
    let config = &scope.mesh.config;
    let balancing =
        balances.then(|| Balancing::effective(config, settings.load_balancer, to.service)).flatten();
    let asked = min_health_percent(scope, to, &settings);
    let unready = (balances && sends_unready(scope, to.service)).then_some(0);
    let holds = scope.rules.clusters.minimum_holds;
    let mut policy = ClusterPolicy {
        settings,
        upgrades_to_http2: upgrades_to_http2(
            &scope.rules.clusters,
            config.h2_upgrade_policy,
            to.port,
            &settings,
        ),
        min_health_percent: if holds { asked.or(unready) } else { unready.or(asked) },
        locality_weighted: false,
        for_redis: scope.mesh.options.features.pilot_enable_redis_filter
            && to.port.protocol == Protocol::Redis,
        balancing,
    };
    policy.locality_weighted = locality_weighted(scope, &policy);
    Some(policy)
}

/// What the mesh says where no DestinationRule does.
fn mesh_defaults(scope: Scope<'_>) -> PortPolicy<'_> {
    let defaults = &scope.mesh.config.default_traffic_policy;
    PortPolicy {
        connection_pool: defaults.connection_pool.as_ref(),
        outlier_detection: defaults.outlier_detection.as_ref(),
        ..PortPolicy::default()
    }
}

/// Whether a rule, or the mesh for declared HTTP, asks for HTTP/2.
fn upgrades_to_http2(
    rules: &ClusterRules,
    of_mesh: mesh_config::H2UpgradePolicy,
    port: &Port,
    settings: &PortPolicy<'_>,
) -> bool {
    let http = settings.connection_pool.and_then(|pool| pool.http.as_ref());
    let yields = !rules.h2_upgrade_wins && http.is_some_and(|http| http.use_client_protocol);
    match http.map(|http| http.h2_upgrade_policy) {
        _ if yields => false,
        Some(H2UpgradePolicy::Upgrade) => true,
        Some(H2UpgradePolicy::DoNotUpgrade) => false,
        Some(H2UpgradePolicy::Default) | None => {
            port.protocol.is_http() && of_mesh == mesh_config::H2UpgradePolicy::Upgrade
        }
    }
}

/// The minimum that outlier detection asks for. Where the endpoints of others are sent whatever their health,
/// no share of them may be too small: a panic would send requests to those that are not ready.
fn min_health_percent(scope: Scope<'_>, to: &Destination<'_>, settings: &PortPolicy<'_>) -> Option<i32> {
    let asked = settings.outlier_detection?.min_health_percent;
    let always_sent = scope.mesh.options.features.pilot_send_unhealthy_endpoints;
    let always_healthy =
        always_sent || (to.direction == Direction::Outbound && prefers_endpoints(to.service));
    Some(if always_healthy { 0 } else { asked })
}

/// Whether endpoints that are not ready are sent too: a panic would give them requests.
fn sends_unready(scope: Scope<'_>, service: &Service) -> bool {
    let features = &scope.mesh.options.features;
    match scope.rules.clusters.unready_endpoints {
        _ if features.pilot_send_unhealthy_endpoints => true,
        UnreadyEndpoints::OfNone => false,
        UnreadyEndpoints::OfAll if features.pilot_auto_send_unhealthy_endpoints => true,
        UnreadyEndpoints::OfDistributed | UnreadyEndpoints::OfAll => prefers_endpoints(service),
    }
}

/// Whether a Service prefers some of its endpoints: all are then sent whatever their health.
fn prefers_endpoints(service: &Service) -> bool {
    service.traffic_distribution != TrafficDistribution::Any
}

fn locality_weighted(scope: Scope<'_>, policy: &ClusterPolicy<'_>) -> bool {
    if scope.mesh.options.features.enable_locality_weighted_lb_config {
        return true;
    }
    let Some(balancing) = &policy.balancing else { return false };
    match scope.rules.clusters.locality_weights {
        LocalityWeights::UnlessDisabled => true,
        LocalityWeights::WhereConfigured => {
            let setting = &balancing.setting;
            let fails_over = !setting.failover.is_empty() || !setting.failover_priority.is_empty();
            (policy.fails_over() && fails_over) || !setting.distribute.is_empty()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mesh::Protocol;
    use crate::release::Release;
    use crate::snapshot::networking::destination_rule::{ConnectionPoolSettings, HttpSettings};

    #[test]
    fn an_upgrade_wins_over_the_clients_protocol_only_where_it_did() {
        let http = HttpSettings {
            use_client_protocol: true,
            h2_upgrade_policy: H2UpgradePolicy::Upgrade,
            ..HttpSettings::default()
        };
        let pool = ConnectionPoolSettings { tcp: None, http: Some(http) };
        let settings = PortPolicy { connection_pool: Some(&pool), ..PortPolicy::default() };
        let port = Port { name: "p".into(), number: 80, protocol: Protocol::Http, target_port: None };
        for (release, wins) in [(Release::V1_18, true), (Release::V1_31, false)] {
            let rules = &crate::rules::Rules::of(release).clusters;
            let of_mesh = mesh_config::H2UpgradePolicy::default();
            assert_eq!(upgrades_to_http2(rules, of_mesh, &port, &settings), wins, "{release}");
        }
    }

    #[test]
    fn the_mesh_upgrades_declared_http_only() {
        let rules = &crate::rules::Rules::of(Release::V1_31).clusters;
        let upgraded = |protocol| {
            let port = Port { name: "p".into(), number: 80, protocol, target_port: None };
            let of_mesh = mesh_config::H2UpgradePolicy::Upgrade;
            upgrades_to_http2(rules, of_mesh, &port, &PortPolicy::default())
        };
        assert!(upgraded(Protocol::Http) && !upgraded(Protocol::Tcp));
    }
}
