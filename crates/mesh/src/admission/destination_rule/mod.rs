//! DestinationRule.

mod load_balancer;
pub(super) mod locality;

use std::collections::BTreeSet;

use super::check::Checker;
use super::common::{self, Exporter};
use super::{istio_metadata, syntax};
use crate::problem::Code;
use crate::schema::{Limit, What};
use crate::snapshot::networking::DestinationRule;
use crate::snapshot::networking::destination_rule::{
    ClientTlsSettings, ConnectionPoolSettings, H2UpgradePolicy, HttpSettings, OutlierDetection,
    PortTrafficPolicy, RetryBudget, Subset, TcpSettings, TlsMode, TrafficPolicy, TunnelSettings,
};
use crate::snapshot::{Kind, Meta};

/// The most ports that the schema takes settings for.
const MAX_PORTS: Limit =
    Limit::of(Kind::DestinationRule, "spec.trafficPolicy.portLevelSettings", What::MaxItems);

/// `inherited`: whether a rule without a host is one that others inherit from.
pub(super) fn check(root: &Checker<'_>, meta: &Meta, rule: &DestinationRule, inherited: bool) {
    istio_metadata::check(root, meta, None);
    let c = &root.field("spec");
    if inherited && rule.host.is_empty() {
        without_host(c, rule);
    } else if let Err(refusal) = syntax::wildcard_host_name(&rule.host) {
        c.field("host").invalid(refusal);
    }
    c.some("trafficPolicy", rule.traffic_policy.as_ref(), |c, policy| traffic_policy(c, meta, policy));
    let mut names = BTreeSet::new();
    c.each("subsets", &rule.subsets, |c, one| {
        if !names.insert(one.name.clone()) && !c.rules.duplicate_subsets {
            c.field("name").conflict(format!("the name `{}` stands here twice", one.name));
        }
        subset(c, meta, one);
    });
    let exporter =
        if rule.workload_selector.is_some() { Exporter::RuleWithSelector } else { Exporter::Other };
    common::export_to(c, &meta.namespace, &rule.export_to, exporter);
    common::rule_selector(c, rule.workload_selector.as_ref());
}

/// What a rule for all hosts has no say in.
fn without_host(c: &Checker<'_>, rule: &DestinationRule) {
    let settings = rule.traffic_policy.as_ref().is_some_and(|policy| !policy.port_level_settings.is_empty());
    let refused = [
        ("workloadSelector", rule.workload_selector.is_some()),
        ("subsets", !rule.subsets.is_empty()),
        ("exportTo", !rule.export_to.is_empty()),
        ("trafficPolicy.portLevelSettings", settings),
    ];
    for (field, _) in refused.into_iter().filter(|(_, is_set)| *is_set) {
        c.field(field).conflict(format!("a rule without `host` has no `{field}`"));
    }
}

fn subset(c: &Checker<'_>, meta: &Meta, subset: &Subset) {
    subset_name(&c.field("name"), &subset.name);
    common::labels(&c.field("labels"), &subset.labels);
    c.some("trafficPolicy", subset.traffic_policy.as_ref(), |c, policy| traffic_policy(c, meta, policy));
}

/// A subset's name becomes part of clusters' names.
pub(super) fn subset_name(c: &Checker<'_>, name: &str) {
    if name.is_empty() {
        c.missing("a subset needs a name");
    } else if !syntax::is_dns_label(name) {
        c.invalid(format!("`{name}` is no name of a subset: letters, digits and `-`, at most 63 characters"));
    }
}

fn traffic_policy(c: &Checker<'_>, meta: &Meta, policy: &TrafficPolicy) {
    if *policy == TrafficPolicy::default() {
        return c.missing("the traffic policy is empty");
    }
    if policy.tunnel.is_some() && policy.proxy_protocol.is_some() {
        return c.conflict("only one of `tunnel` and `proxyProtocol` may be set");
    }
    let outlier = policy.outlier_detection.as_ref();
    c.some("outlierDetection", outlier, outliers);
    c.some("connectionPool", policy.connection_pool.as_ref(), pool);
    c.some("loadBalancer", policy.load_balancer.as_ref(), |c, lb| load_balancer::check(c, lb, outlier));
    c.some("tls", policy.tls.as_ref(), |c, settings| tls(c, meta, settings));
    c.each("portLevelSettings", &policy.port_level_settings, |c, port| port_policy(c, meta, port));
    let most = MAX_PORTS.length(c.column).filter(|most| policy.port_level_settings.len() > *most);
    if let Some(most) = most {
        c.field("portLevelSettings").invalid(format!("there are more than {most}"));
    }
    c.some("tunnel", policy.tunnel.as_ref(), tunnel);
    c.some("retryBudget", policy.retry_budget.as_ref(), retry_budget);
}

fn port_policy(c: &Checker<'_>, meta: &Meta, policy: &PortTrafficPolicy) {
    if policy.port.is_none() {
        c.field("port").missing("settings of a port need the port");
    }
    let outlier = policy.outlier_detection.as_ref();
    let empty = outlier.is_none()
        && policy.connection_pool.is_none()
        && policy.load_balancer.is_none()
        && policy.tls.is_none();
    if empty {
        return c.missing("the port has no settings");
    }
    c.some("outlierDetection", outlier, outliers);
    c.some("connectionPool", policy.connection_pool.as_ref(), pool);
    c.some("loadBalancer", policy.load_balancer.as_ref(), |c, lb| load_balancer::check(c, lb, outlier));
    c.some("tls", policy.tls.as_ref(), |c, settings| tls(c, meta, settings));
}

fn tunnel(c: &Checker<'_>, tunnel: &TunnelSettings) {
    if !matches!(tunnel.protocol.as_str(), "" | "CONNECT" | "POST") {
        c.field("protocol").invalid(format!("`{}` is neither CONNECT nor POST", tunnel.protocol));
    }
    let host = &tunnel.target_host;
    if syntax::host_name(host).is_err() && !syntax::is_ip(host) {
        c.field("targetHost").invalid(format!("`{host}` is neither a host name nor an IP address"));
    }
    common::port(&c.field("targetPort"), tunnel.target_port);
}

fn retry_budget(c: &Checker<'_>, budget: &RetryBudget) {
    if budget.percent.is_some_and(|percent| !(0.0..=100.0).contains(&percent)) {
        c.field("percent").invalid("the percentage is not between 0 and 100");
    }
}

fn percent(c: &Checker<'_>, percent: i32) {
    if !(0..=100).contains(&percent) {
        c.invalid(format!("{percent} is not between 0 and 100"));
    }
}

fn outliers(c: &Checker<'_>, outlier: &OutlierDetection) {
    outlier_detection(c, outlier);
    c.each("outlierDetectionHttpErrorCodes", &outlier.outlier_detection_http_error_codes, |c, code| {
        if !(100..=599).contains(code) {
            c.invalid(format!("{code} is no status of HTTP"));
        }
    });
}

/// What a mesh configuration's outlier detection has to be, too.
pub(super) fn outlier_detection(c: &Checker<'_>, outlier: &OutlierDetection) {
    c.some("baseEjectionTime", outlier.base_ejection_time.as_ref(), common::duration);
    c.some("interval", outlier.interval.as_ref(), common::duration);
    if outlier.consecutive_errors != 0 {
        c.field("consecutiveErrors").warn(
            Code::Deprecated,
            "`consecutiveGatewayErrors` and `consecutive5xxErrors` take the place of this field",
            "use `consecutive5xxErrors`, or `consecutiveGatewayErrors` for 502, 503 and 504 only",
        );
    }
    let local = outlier.consecutive_local_origin_failures.unwrap_or_default();
    if !outlier.split_external_local_origin_errors && local > 0 {
        c.field("consecutiveLocalOriginFailures")
            .conflict("this needs `splitExternalLocalOriginErrors: true`");
    }
    percent(&c.field("maxEjectionPercent"), outlier.max_ejection_percent);
    percent(&c.field("minHealthPercent"), outlier.min_health_percent);
}

fn pool(c: &Checker<'_>, pool: &ConnectionPoolSettings) {
    connection_pool(c, pool);
    c.some("http", pool.http.as_ref(), http2_keep_alive);
}

/// What a mesh configuration's connection pool has to be, too.
pub(super) fn connection_pool(c: &Checker<'_>, pool: &ConnectionPoolSettings) {
    if pool.http.is_none() && pool.tcp.is_none() {
        return c.missing("the connection pool has no settings");
    }
    c.some("http", pool.http.as_ref(), http_settings);
    c.some("tcp", pool.tcp.as_ref(), tcp_settings);
}

fn not_negative(c: &Checker<'_>, fields: &[(&'static str, i32)]) {
    for &(name, value) in fields {
        if value < 0 {
            c.field(name).invalid(format!("{value} is negative"));
        }
    }
}

fn http_settings(c: &Checker<'_>, http: &HttpSettings) {
    not_negative(
        c,
        &[
            ("http1MaxPendingRequests", http.http1_max_pending_requests),
            ("http2MaxRequests", http.http2_max_requests),
            ("maxRequestsPerConnection", http.max_requests_per_connection),
            ("maxRetries", http.max_retries),
            ("maxConcurrentStreams", http.max_concurrent_streams),
        ],
    );
    c.some("idleTimeout", http.idle_timeout.as_ref(), common::duration);
    if http.h2_upgrade_policy == H2UpgradePolicy::Upgrade && http.use_client_protocol {
        c.field("useClientProtocol").conflict("the client's protocol cannot be used and upgraded");
    }
}

fn http2_keep_alive(c: &Checker<'_>, http: &HttpSettings) {
    c.some("http2KeepAlive", http.http2_keep_alive.as_ref(), |c, keep_alive| {
        for (name, value) in [("interval", keep_alive.interval), ("timeout", keep_alive.timeout)] {
            match value {
                Some(value) => common::duration(&c.field(name), &value),
                None => c.field(name).missing("HTTP/2 keep-alive needs an interval and a timeout"),
            }
        }
    });
}

fn tcp_settings(c: &Checker<'_>, tcp: &TcpSettings) {
    not_negative(c, &[("maxConnections", tcp.max_connections)]);
    c.some("connectTimeout", tcp.connect_timeout.as_ref(), common::duration);
    c.some("maxConnectionDuration", tcp.max_connection_duration.as_ref(), common::duration);
    // No time at all switches the timeout off; less than a millisecond counts as none.
    let idle = tcp.idle_timeout.filter(|idle| idle.as_nanos() / 1_000_000 != 0);
    c.some("idleTimeout", idle.as_ref(), common::duration);
    if c.rules.schema_rules {
        c.some("tcpKeepalive", tcp.tcp_keepalive.as_ref(), |c, keepalive| {
            c.some("time", keepalive.time.as_ref(), common::duration);
            c.some("interval", keepalive.interval.as_ref(), common::duration);
        });
    }
}

/// TLS to a server; `meta` is that of the object that asks for it.
pub(super) fn tls(c: &Checker<'_>, meta: &Meta, tls: &ClientTlsSettings) {
    let (simple, mutual) = (tls.mode == TlsMode::Simple, tls.mode == TlsMode::Mutual);
    if c.rules.skip_verify_checked {
        config_map(&c.field("credentialName"), meta, &tls.credential_name);
        let verifies = !tls.ca_certificates.is_empty()
            || !tls.subject_alt_names.is_empty()
            || (simple && !tls.credential_name.is_empty());
        if tls.insecure_skip_verify == Some(true) && (simple || mutual) && verifies {
            c.field("insecureSkipVerify").conflict("this excludes certificates and names to verify with");
        }
    }
    if (simple || mutual) && !tls.credential_name.is_empty() {
        let files = [&tls.client_certificate, &tls.private_key, &tls.ca_certificates, &tls.ca_crl];
        if files.iter().any(|file| !file.is_empty()) {
            c.field("credentialName").conflict("this excludes certificates in files");
        }
        return;
    }
    for (name, file) in [("clientCertificate", &tls.client_certificate), ("privateKey", &tls.private_key)] {
        if mutual && file.is_empty() {
            c.field(name).missing("MUTUAL needs a certificate and its key");
        }
    }
}

/// `configmap://namespace/name`, in the rule's own namespace. What follows is passed over.
fn config_map(c: &Checker<'_>, meta: &Meta, credential: &str) {
    let Some(place) = credential.strip_prefix("configmap://") else { return };
    let mut steps = place.split('/');
    match (steps.next(), steps.next()) {
        (Some(namespace), Some(name)) if !namespace.is_empty() && !name.is_empty() => {
            if namespace != meta.namespace {
                c.invalid("a ConfigMap has to be in the rule's own namespace");
            }
        }
        _ => c.invalid(format!("`{credential}` is not `configmap://NAMESPACE/NAME`")),
    }
}
