//! What a DestinationRule inherits from the one of its namespace or mesh, which has no host: 1.18 knows that
//! behind a flag.
//!
//! Source: `inheritDestinationRule` of Istio's control plane, which merges protobuf's messages. A value that
//! is zero there is one that nobody sets, even in a wrapper: a child can not switch off what its parent
//! switches on.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{ByHost, MergedRule, RuleSpec};
use crate::Str;
use crate::hash::HashMap;
use crate::snapshot::Duration;
use crate::snapshot::networking::destination_rule::{
    ConnectionPoolSettings, ConsistentHashLb, HttpCookie, HttpSettings, KeepAliveSettings,
    LoadBalancerSettings, LocalityLoadBalancerSetting, OutlierDetection, TcpKeepalive, TcpSettings,
    TrafficPolicy, TunnelSettings,
};

/// What rules of some clients inherit, and what other namespaces export to these clients with it.
#[derive(Clone, Debug)]
pub(super) struct Inherited {
    /// The rule of the namespace, with what it inherits from the mesh's.
    pub(super) rule: MergedRule,
    /// The exported rules of each namespace.
    pub(super) exported: HashMap<Str, ByHost>,
}

impl Inherited {
    pub(super) fn new(
        rule: MergedRule,
        exported: &HashMap<Str, ByHost>,
        hosts: &BTreeSet<(Str, Str)>,
    ) -> Self {
        let mut exported = exported.clone();
        for (namespace, host) in hosts {
            if let Some(rules) = exported.get_mut(namespace) {
                rules.inherit(host, &rule);
            }
        }
        Self { rule, exported }
    }
}

impl MergedRule {
    /// The rule with what it inherits. Of the TLS settings of both only the child's count.
    pub(super) fn inheriting(mut self, parent: &Self) -> Self {
        let Some(policy) = parent.spec.traffic_policy.as_ref().filter(|_| parent.from != self.from) else {
            return self;
        };
        let mut spec = (*self.spec).clone();
        let own = spec.traffic_policy.take();
        spec.traffic_policy = Some(match &own {
            Some(own) => merged(policy, own, over_policy),
            None => policy.clone(),
        });
        self.spec = RuleSpec::Made(Arc::new(spec));
        self.from = parent.from.iter().chain(&self.from).cloned().collect();
        self
    }
}

/// A parent's message with a child's merged into it.
fn merged<T: Clone>(parent: &T, child: &T, over: impl FnOnce(&mut T, &T)) -> T {
    let mut merged = parent.clone();
    over(&mut merged, child);
    merged
}

/// Merges a message.
fn message<T: Clone>(to: &mut Option<T>, from: &Option<T>, over: impl FnOnce(&mut T, &T)) {
    match (to.as_mut(), from) {
        (Some(to), Some(from)) => over(to, from),
        (None, Some(from)) => *to = Some(from.clone()),
        (_, None) => {}
    }
}

/// Merges a value, which is set unless it is zero.
fn value<T: Clone + Default + PartialEq>(to: &mut T, from: &T) {
    if *from != T::default() {
        to.clone_from(from);
    }
}

/// Merges a span of time: its seconds and its nanoseconds are values of their own.
fn duration(to: &mut Option<Duration>, from: &Option<Duration>) {
    message(to, from, |to, from| {
        let mut parts = (to.secs(), to.subsec_nanos());
        value(&mut parts.0, &from.secs());
        value(&mut parts.1, &from.subsec_nanos());
        let whole = Duration::from_secs(parts.0).as_nanos();
        *to = Duration::from_nanos(whole.saturating_add(parts.1.into()));
    });
}

/// Merges what is one of several: what is set replaces whatever was.
fn choice<T: Clone>(to: &mut Option<T>, from: &Option<T>) -> bool {
    if from.is_some() {
        to.clone_from(from);
    }
    from.is_some()
}

fn over_policy(to: &mut TrafficPolicy, from: &TrafficPolicy) {
    message(&mut to.load_balancer, &from.load_balancer, over_balancer);
    message(&mut to.connection_pool, &from.connection_pool, over_pool);
    message(&mut to.outlier_detection, &from.outlier_detection, over_outliers);
    choice(&mut to.tls, &from.tls);
    to.port_level_settings.extend(from.port_level_settings.iter().cloned());
    message(&mut to.tunnel, &from.tunnel, |to: &mut TunnelSettings, from| {
        value(&mut to.protocol, &from.protocol);
        value(&mut to.target_host, &from.target_host);
        value(&mut to.target_port, &from.target_port);
    });
}

fn over_balancer(to: &mut LoadBalancerSettings, from: &LoadBalancerSettings) {
    if choice(&mut to.simple, &from.simple) {
        to.consistent_hash = None;
    }
    if from.consistent_hash.is_some() {
        to.simple = None;
        message(&mut to.consistent_hash, &from.consistent_hash, over_hash);
    }
    message(&mut to.locality_lb_setting, &from.locality_lb_setting, over_locality);
    duration(&mut to.warmup_duration_secs, &from.warmup_duration_secs);
}

fn over_hash(to: &mut ConsistentHashLb, from: &ConsistentHashLb) {
    let chosen = from.http_header_name.is_some()
        || from.http_cookie.is_some()
        || from.use_source_ip.is_some()
        || from.http_query_parameter_name.is_some();
    if chosen {
        to.http_header_name.clone_from(&from.http_header_name);
        to.use_source_ip = from.use_source_ip;
        to.http_query_parameter_name.clone_from(&from.http_query_parameter_name);
        if from.http_cookie.is_none() {
            to.http_cookie = None;
        }
        message(&mut to.http_cookie, &from.http_cookie, |to: &mut HttpCookie, from| {
            value(&mut to.name, &from.name);
            value(&mut to.path, &from.path);
            duration(&mut to.ttl, &from.ttl);
        });
    }
    value(&mut to.minimum_ring_size, &from.minimum_ring_size);
    if from.ring_hash.is_some() {
        to.maglev = None;
        message(&mut to.ring_hash, &from.ring_hash, |to, from| {
            value(&mut to.minimum_ring_size, &from.minimum_ring_size);
        });
    }
    if from.maglev.is_some() {
        to.ring_hash = None;
        message(&mut to.maglev, &from.maglev, |to, from| value(&mut to.table_size, &from.table_size));
    }
}

fn over_locality(to: &mut LocalityLoadBalancerSetting, from: &LocalityLoadBalancerSetting) {
    to.distribute.extend(from.distribute.iter().cloned());
    to.failover.extend(from.failover.iter().cloned());
    to.failover_priority.extend(from.failover_priority.iter().cloned());
    message(&mut to.enabled, &from.enabled, value);
}

fn over_pool(to: &mut ConnectionPoolSettings, from: &ConnectionPoolSettings) {
    message(&mut to.tcp, &from.tcp, |to: &mut TcpSettings, from| {
        value(&mut to.max_connections, &from.max_connections);
        duration(&mut to.connect_timeout, &from.connect_timeout);
        message(&mut to.tcp_keepalive, &from.tcp_keepalive, |to: &mut TcpKeepalive, from| {
            value(&mut to.probes, &from.probes);
            duration(&mut to.time, &from.time);
            duration(&mut to.interval, &from.interval);
        });
        duration(&mut to.max_connection_duration, &from.max_connection_duration);
        duration(&mut to.idle_timeout, &from.idle_timeout);
    });
    message(&mut to.http, &from.http, over_http);
}

fn over_http(to: &mut HttpSettings, from: &HttpSettings) {
    value(&mut to.http1_max_pending_requests, &from.http1_max_pending_requests);
    value(&mut to.http2_max_requests, &from.http2_max_requests);
    value(&mut to.max_requests_per_connection, &from.max_requests_per_connection);
    value(&mut to.max_retries, &from.max_retries);
    duration(&mut to.idle_timeout, &from.idle_timeout);
    value(&mut to.h2_upgrade_policy, &from.h2_upgrade_policy);
    value(&mut to.use_client_protocol, &from.use_client_protocol);
    value(&mut to.max_concurrent_streams, &from.max_concurrent_streams);
    message(&mut to.http2_keep_alive, &from.http2_keep_alive, |to: &mut KeepAliveSettings, from| {
        duration(&mut to.interval, &from.interval);
        duration(&mut to.timeout, &from.timeout);
    });
}

fn over_outliers(to: &mut OutlierDetection, from: &OutlierDetection) {
    value(&mut to.consecutive_errors, &from.consecutive_errors);
    value(&mut to.split_external_local_origin_errors, &from.split_external_local_origin_errors);
    message(&mut to.consecutive_local_origin_failures, &from.consecutive_local_origin_failures, value);
    message(&mut to.consecutive_gateway_errors, &from.consecutive_gateway_errors, value);
    message(&mut to.consecutive_5xx_errors, &from.consecutive_5xx_errors, value);
    duration(&mut to.interval, &from.interval);
    duration(&mut to.base_ejection_time, &from.base_ejection_time);
    value(&mut to.max_ejection_percent, &from.max_ejection_percent);
    value(&mut to.min_health_percent, &from.min_health_percent);
}
