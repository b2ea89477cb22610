//! A proxy's configuration: `defaultConfig` of a MeshConfig, or the annotation of a pod.

use super::port;
use crate::admission::check::Checker;
use crate::admission::{common, destination_rule, syntax};
use crate::snapshot::mesh_config::ProxyConfig;
use crate::snapshot::mesh_config::proxy::{
    AuthenticationPolicy, ConnectionSettings, KeyOperations, PrivateKeyProvider, RemoteService, Tracing,
};
use crate::snapshot::{Duration, Meta};

/// The smallest window that HTTP/2 has.
const SMALLEST_WINDOW: i32 = 65_535;

pub(super) fn check(c: &Checker<'_>, config: &ProxyConfig) {
    let needed = [
        ("configPath", &config.config_path),
        ("binaryPath", &config.binary_path),
        ("serviceCluster", &config.service_cluster),
        ("discoveryAddress", &config.discovery_address),
    ];
    for (name, text) in needed {
        if text.as_deref() == Some("") {
            c.field(name).missing("a proxy needs this");
        }
    }
    c.some("drainDuration", config.drain_duration.as_ref(), |c, time| {
        common::duration(c, time);
        if time.as_nanos() % 1_000_000_000 != 0 && time.as_nanos() % 1_000_000 == 0 {
            c.invalid(format!("`{time}` is not a whole number of seconds"));
        }
    });
    let of = |service: &Option<RemoteService>| service.as_ref().map(|service| service.address.clone());
    for (name, address) in [
        ("discoveryAddress", config.discovery_address.clone()),
        ("statsdUdpAddress", config.statsd_udp_address.clone()),
        ("envoyMetricsServiceAddress", config.envoy_metrics_service_address.clone()),
        ("envoyMetricsService", of(&config.envoy_metrics_service)),
        ("envoyAccessLogService", of(&config.envoy_access_log_service)),
    ] {
        c.some(name, address.filter(|address| !address.is_empty()).as_ref(), |c, text| address_of(c, text));
    }
    c.some("tracing", config.tracing.as_ref(), tracing);
    c.some("proxyAdminPort", config.proxy_admin_port.as_ref(), port);
    c.some("statusPort", config.status_port.as_ref(), port);
    if config.control_plane_auth_policy == Some(AuthenticationPolicy::Inherit) {
        c.field("controlPlaneAuthPolicy").invalid("`INHERIT` is no policy for the control plane");
    }
    c.some("privateKeyProvider", config.private_key_provider.as_ref(), private_key_provider);
    c.some("connectionSettings", config.connection_settings.as_ref(), connection_settings);
}

/// `host:port`.
fn address_of(c: &Checker<'_>, address: &str) {
    let Some((host, port)) = split(address) else {
        return c.invalid(format!("`{address}` is not `host:port`"));
    };
    match port.parse::<u32>() {
        Ok(port) => common::port(c, port),
        Err(_) => c.invalid(format!("the port `{port}` is no number")),
    }
    if syntax::host_name(host).is_err() && !syntax::is_ip(host) {
        c.invalid(format!("`{host}` is neither a host name nor an IP address"));
    }
}

/// Splits as Go does: an IPv6 address stands in brackets.
fn split(address: &str) -> Option<(&str, &str)> {
    let (host, port) = address.rsplit_once(':')?;
    match host.strip_prefix('[') {
        Some(rest) => Some((rest.strip_suffix(']')?, port)),
        None => (!host.contains(':')).then_some((host, port)),
    }
}

fn tracing(c: &Checker<'_>, tracing: &Tracing) {
    let on_host = |address: &str| address.replacen("$(HOST_IP)", "127.0.0.1", 1);
    c.some("lightstep", tracing.lightstep.as_ref(), |c, tracer| {
        address_of(&c.field("address"), &tracer.address);
        if tracer.access_token.is_empty() {
            c.field("accessToken").missing("the tracer needs a token");
        }
    });
    c.some("zipkin", tracing.zipkin.as_ref(), |c, tracer| {
        address_of(&c.field("address"), &on_host(&tracer.address));
    });
    c.some("datadog", tracing.datadog.as_ref(), |c, tracer| {
        address_of(&c.field("address"), &on_host(&tracer.address));
    });
    c.some("tlsSettings", tracing.tls_settings.as_ref(), |c, tls| {
        destination_rule::tls(c, &Meta::default(), tls);
    });
}

fn private_key_provider(c: &Checker<'_>, provider: &PrivateKeyProvider) {
    if provider.cryptomb.is_none() && provider.qat.is_none() {
        c.missing("the provider is missing: `cryptomb` or `qat`");
    }
    let delay = |c: &Checker<'_>, operations: &KeyOperations| match operations.poll_delay {
        None => c.field("pollDelay").missing("operations need a delay"),
        Some(delay) if delay.is_zero() => c.field("pollDelay").invalid("the delay is zero"),
        Some(_) => {}
    };
    c.some("cryptomb", provider.cryptomb.as_ref(), delay);
    c.some("qat", provider.qat.as_ref(), delay);
}

fn connection_settings(c: &Checker<'_>, settings: &ConnectionSettings) {
    let at_least = |name: &'static str, value: Option<i32>, least: i32| {
        if value.is_some_and(|value| value < least) {
            c.field(name).invalid(format!("the number is less than {least}"));
        }
    };
    at_least("listenerPerConnectionBufferLimitBytes", settings.listener_per_connection_buffer_limit_bytes, 0);
    at_least("clusterPerConnectionBufferLimitBytes", settings.cluster_per_connection_buffer_limit_bytes, 0);
    at_least("httpMaxConcurrentStreams", settings.http_max_concurrent_streams, 1);
    at_least("http2InitialStreamWindowSize", settings.http2_initial_stream_window_size, SMALLEST_WINDOW);
    at_least(
        "http2InitialConnectionWindowSize",
        settings.http2_initial_connection_window_size,
        SMALLEST_WINDOW,
    );
    at_least("listenerConnectionLimit", settings.listener_connection_limit, 1);
    at_least("globalDownstreamConnectionLimit", settings.global_downstream_connection_limit, 1);
    for (name, time) in [
        ("httpIdleTimeout", settings.http_idle_timeout),
        ("httpMaxConnectionDuration", settings.http_max_connection_duration),
        ("httpDrainTimeout", settings.http_drain_timeout),
        ("httpRequestTimeout", settings.http_request_timeout),
        ("httpRequestHeadersTimeout", settings.http_request_headers_timeout),
        ("httpStreamIdleTimeout", settings.http_stream_idle_timeout),
        ("httpMaxStreamDuration", settings.http_max_stream_duration),
    ] {
        if time.is_some_and(|time| time < Duration::ZERO) {
            c.field(name).invalid("the time is negative");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn addresses_are_split_as_go_splits_them() {
        assert_eq!(split("zipkin.istio-system:9411"), Some(("zipkin.istio-system", "9411")));
        assert_eq!(split("[fd00::1]:80"), Some(("fd00::1", "80")));
        assert_eq!(split("fd00::1:80"), None);
        assert_eq!(split("zipkin"), None);
    }
}
