//! Connection pools: timeouts, limits and HTTP options.

use envoy::Encoded;
use envoy::config::cluster::v3::CircuitBreakers;
use envoy::config::cluster::v3::circuit_breakers::Thresholds;
use envoy::config::cluster::v3::circuit_breakers::thresholds::RetryBudget;
use envoy::config::core::v3::KeepaliveSettings;
use envoy::r#type::v3::Percent;

use super::draft::Draft;
use super::outlier::positive;
use crate::features::Features;
use crate::mesh::MeshSettings;
use crate::mesh::destination_rule::PortPolicy;
use crate::plan::clusters::policy::ClusterPolicy;
use crate::resources::proto::duration;
use crate::rules::ClusterRules;
use crate::snapshot::Duration;
use crate::snapshot::networking::destination_rule as api;

/// Circuit breakers that never break: Envoy's own limits are too low while pods come and go.
#[derive(Clone, Debug)]
pub(super) struct Unlimited {
    limits: Thresholds,
    /// As most clusters have them.
    pub(super) breakers: Encoded<CircuitBreakers>,
}

impl Unlimited {
    /// Those of a release and its flags.
    pub(super) fn new(rules: &ClusterRules, features: &Features) -> Self {
        let limits = Thresholds {
            max_connections: Some(u32::MAX.into()),
            max_pending_requests: Some(u32::MAX.into()),
            max_requests: Some(u32::MAX.into()),
            max_retries: Some(u32::MAX.into()),
            track_remaining: rules.track_remaining || !features.disable_track_remaining_cb_metrics,
            ..Thresholds::default()
        };
        Self { limits, breakers: breakers(limits) }
    }

    /// Circuit breakers with these limits.
    fn with(&self, limits: Thresholds) -> Encoded<CircuitBreakers> {
        if limits == self.limits { self.breakers.clone() } else { breakers(limits) }
    }
}

fn breakers(limits: Thresholds) -> Encoded<CircuitBreakers> {
    CircuitBreakers { thresholds: vec![limits], ..CircuitBreakers::default() }.into()
}

/// Applies a policy's connection pool and retry budget, or the defaults: no limits, unless it has its own.
///
/// Source: `connectionPool` and `retryBudget` of a DestinationRule; Envoy's
/// [`CircuitBreakers`](https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/cluster/v3/circuit_breaker.proto).
pub(super) fn apply(
    draft: &mut Draft,
    policy: &PortPolicy<'_>,
    config: &MeshSettings,
    unlimited: &Unlimited,
) {
    let tcp = policy.connection_pool.and_then(|pool| pool.tcp.as_ref());
    let http = policy.connection_pool.and_then(|pool| pool.http.as_ref());

    let mut limits = Thresholds { retry_budget: policy.retry_budget.map(retry_budget), ..unlimited.limits };
    if let Some(http) = http {
        limits.max_requests = positive(http.http2_max_requests).or(limits.max_requests);
        limits.max_pending_requests =
            positive(http.http1_max_pending_requests).or(limits.max_pending_requests);
        limits.max_retries = positive(http.max_retries).or(limits.max_retries);
    }
    limits.max_connections = tcp.and_then(|tcp| positive(tcp.max_connections)).or(limits.max_connections);
    draft.cluster.circuit_breakers = Some(unlimited.with(limits));

    let timeout = tcp.and_then(|tcp| tcp.connect_timeout).unwrap_or(config.connect_timeout);
    draft.cluster.connect_timeout = Some(duration(timeout));
    for keepalive in [config.tcp_keepalive.as_ref(), tcp.and_then(|tcp| tcp.tcp_keepalive.as_ref())] {
        apply_keepalive(draft, keepalive);
    }
    apply_http_options(draft, tcp, http);
    if http.is_some_and(|http| http.use_client_protocol) {
        draft.speak_as_client();
    }
}

fn apply_http_options(draft: &mut Draft, tcp: Option<&api::TcpSettings>, http: Option<&api::HttpSettings>) {
    let idle_timeout =
        http.and_then(|http| http.idle_timeout).or_else(|| tcp.and_then(|tcp| tcp.idle_timeout));
    let max_requests = http.and_then(|http| positive(http.max_requests_per_connection));
    let max_duration = tcp.and_then(|tcp| tcp.max_connection_duration);
    let max_streams = http.and_then(|http| positive(http.max_concurrent_streams));
    let keepalive = http.and_then(|http| http.http2_keep_alive.as_ref());
    let any = idle_timeout.is_some()
        || max_requests.is_some()
        || max_duration.is_some()
        || max_streams.is_some()
        || keepalive.is_some();
    if !any {
        return;
    }
    let common = draft.http().common_http_protocol_options.get_or_insert_default();
    common.idle_timeout = idle_timeout.map(duration);
    common.max_requests_per_connection = max_requests;
    common.max_connection_duration = max_duration.map(duration);
    if let Some(http2) = draft.http2() {
        http2.max_concurrent_streams = max_streams;
        http2.connection_keepalive = keepalive.map(|keepalive| KeepaliveSettings {
            interval: keepalive.interval.map(duration),
            timeout: keepalive.timeout.map(duration),
            ..KeepaliveSettings::default()
        });
    }
}

/// Adds one level's keepalive to what broader levels set.
fn apply_keepalive(draft: &mut Draft, settings: Option<&api::TcpKeepalive>) {
    let Some(settings) = settings else { return };
    let options = draft.cluster.upstream_connection_options.get_or_insert_default();
    let keepalive = options.tcp_keepalive.get_or_insert_default();
    let seconds = |span: Option<Duration>| span.and_then(|s| u32::try_from(s.secs()).ok()).map(Into::into);
    if settings.probes > 0 {
        keepalive.keepalive_probes = Some(settings.probes.into());
    }
    keepalive.keepalive_time = seconds(settings.time).or(keepalive.keepalive_time);
    keepalive.keepalive_interval = seconds(settings.interval).or(keepalive.keepalive_interval);
}

fn retry_budget(budget: &api::RetryBudget) -> RetryBudget {
    let concurrency = if budget.min_retry_concurrency > 0 { budget.min_retry_concurrency } else { 3 };
    RetryBudget {
        budget_percent: Some(Percent { value: budget.percent.unwrap_or(20.0) }),
        budget_interval: budget.budget_interval.map(duration),
        min_retry_concurrency: Some(concurrency.into()),
    }
}

/// Makes the cluster speak HTTP/2 where that was asked for.
pub(super) fn upgrade_to_http2(draft: &mut Draft, policy: &ClusterPolicy<'_>, rules: &ClusterRules) {
    if policy.upgrades_to_http2 {
        draft.speak_http2(rules.h2_upgrade_wins);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::release::Release;
    use crate::rules::Rules;
    use envoy::config::cluster::v3::cluster::DiscoveryType;

    fn draft() -> Draft {
        Draft::new("c".to_owned(), DiscoveryType::Eds)
    }

    fn unlimited() -> Unlimited {
        Unlimited::new(&Rules::of(Release::V1_31).clusters, &Features::default())
    }

    fn pool(tcp: api::TcpSettings, http: api::HttpSettings) -> api::ConnectionPoolSettings {
        api::ConnectionPoolSettings { tcp: Some(tcp), http: Some(http) }
    }

    fn policy(pool: &api::ConnectionPoolSettings) -> PortPolicy<'_> {
        let mut policy = PortPolicy::default();
        policy.connection_pool = Some(pool);
        policy
    }

    #[test]
    fn limits_that_are_set_replace_the_unlimited_ones() {
        let tcp = api::TcpSettings { max_connections: 7, ..api::TcpSettings::default() };
        let http = api::HttpSettings { max_retries: 2, ..api::HttpSettings::default() };
        let mut draft = draft();
        apply(&mut draft, &policy(&pool(tcp, http)), &MeshSettings::default(), &unlimited());
        let limits = draft.cluster.circuit_breakers.unwrap().decode().unwrap().thresholds.remove(0);
        assert_eq!(limits.max_connections, Some(7.into()));
        assert_eq!(limits.max_retries, Some(2.into()));
        assert_eq!(limits.max_requests, Some(u32::MAX.into()));
        assert_eq!(draft.cluster.connect_timeout.unwrap().seconds, 10);
        assert_eq!(draft.http, None);
    }

    #[test]
    fn a_rules_keepalive_adds_to_the_meshs() {
        let keepalive = |probes, time| api::TcpKeepalive {
            probes,
            time: Some(Duration::from_secs(time)),
            ..api::TcpKeepalive::default()
        };
        let mut config = MeshSettings::default();
        config.tcp_keepalive = Some(keepalive(3, 10));
        let tcp = api::TcpSettings { tcp_keepalive: Some(keepalive(0, 20)), ..api::TcpSettings::default() };
        let mut draft = draft();
        let pool = pool(tcp, api::HttpSettings::default());
        apply(&mut draft, &policy(&pool), &config, &unlimited());
        let options = draft.cluster.upstream_connection_options.unwrap().tcp_keepalive.unwrap();
        assert_eq!((options.keepalive_probes, options.keepalive_time), (Some(3.into()), Some(20.into())));
    }

    #[test]
    fn a_retry_budget_has_defaults() {
        let budget = retry_budget(&api::RetryBudget::default());
        assert_eq!(budget.budget_percent, Some(Percent { value: 20.0 }));
        assert_eq!(budget.min_retry_concurrency, Some(3.into()));
    }
}
