//! The network filters around, and instead of, a connection manager.
//!
//! Source: Envoy's [network
//! filters](https://www.envoyproxy.io/docs/envoy/latest/configuration/listeners/network_filters/network_filters)
//! and, for `istio_authn` and `istio.metadata_exchange`, Istio's build of Envoy.

use std::collections::BTreeSet;

use envoy::Encoded;
use envoy::config::cluster::v3::cluster::DnsLookupFamily;
use envoy::config::listener::v3::Filter;
use envoy::config::listener::v3::filter::ConfigType;
use envoy::extensions::filters::common::set_filter_state::v3::filter_state_value::SharedWithUpstream::{
    Once, Transitive,
};
use envoy::extensions::filters::common::set_filter_state::v3::filter_state_value::{
    SharedWithUpstream, Value,
};
use envoy::extensions::filters::network::http_connection_manager::v3::HttpConnectionManager;
use envoy::extensions::filters::network::mongo_proxy::v3::MongoProxy;
use envoy::extensions::filters::network::mysql_proxy::v3::MySqlProxy;
use envoy::extensions::filters::network::redis_proxy::v3::RedisProxy;
use envoy::extensions::filters::network::redis_proxy::v3::redis_proxy::prefix_routes::Route;
use envoy::extensions::filters::network::redis_proxy::v3::redis_proxy::{ConnPoolSettings, PrefixRoutes};
use envoy::extensions::filters::network::set_filter_state::v3 as set_filter_state;
use envoy::extensions::filters::network::sni_dynamic_forward_proxy::v3 as sni_dynamic_forward_proxy;
use envoy::extensions::filters::network::sni_dynamic_forward_proxy::v3::filter_config::PortSpecifier;
use envoy::extensions::filters::network::tcp_proxy::v3::TcpProxy;
use envoy::extensions::formatter::cel::v3::Cel;
use envoy::google::protobuf::{self, Any, Duration, Struct};

use super::http::{CONNECT_AUTHORITY, CONNECT_AUTHORITY_CONFIG, ORIGINAL_DST_LOCAL, dns_cache};
use super::{extension_config, fields, filter_state, typed_struct};
use crate::Str;

/// A filter with its configuration.
pub(crate) fn filter(name: &str, config: Any) -> Filter {
    Filter { name: name.to_owned(), config_type: Some(ConfigType::TypedConfig(config)) }
}

/// HTTP.
pub(crate) fn http_connection_manager(config: impl Into<Encoded<HttpConnectionManager>>) -> Filter {
    filter("envoy.filters.network.http_connection_manager", config.into().into_any())
}

/// Bytes.
pub(crate) fn tcp_proxy(config: &TcpProxy) -> Filter {
    filter("envoy.filters.network.tcp_proxy", envoy::any(config))
}

/// Statistics of MongoDB's protocol.
pub(crate) fn mongo_proxy(stat_prefix: &str) -> Filter {
    let config = MongoProxy { stat_prefix: stat_prefix.to_owned(), ..MongoProxy::default() };
    filter("envoy.filters.network.mongo_proxy", envoy::any(&config))
}

/// Statistics of MySQL's protocol.
pub(crate) fn mysql_proxy(stat_prefix: &str) -> Filter {
    let config = MySqlProxy { stat_prefix: stat_prefix.to_owned(), ..MySqlProxy::default() };
    filter("envoy.filters.network.mysql_proxy", envoy::any(&config))
}

/// Commands of Redis, each to the server of its key.
pub(crate) fn redis_proxy(stat_prefix: &str, cluster: &str) -> Filter {
    let timeout = Duration { seconds: 5, nanos: 0 };
    let settings = ConnPoolSettings { op_timeout: Some(timeout), ..ConnPoolSettings::default() };
    let route = Route { cluster: cluster.to_owned(), ..Route::default() };
    let config = RedisProxy {
        stat_prefix: stat_prefix.to_owned(),
        settings: Some(settings),
        latency_in_micros: true,
        prefix_routes: Some(PrefixRoutes { catch_all_route: Some(route), ..PrefixRoutes::default() }),
        ..RedisProxy::default()
    };
    filter("envoy.filters.network.redis_proxy", envoy::any(&config))
}

/// 1.18: keeps the identity of the TLS peer for what is inside the tunnel.
pub(crate) fn istio_authn_shared() -> Filter {
    let config = fields([("shared", true.into())]);
    filter("istio_authn", typed_struct("io.istio.network.authn.Config", Some(config)))
}

/// 1.18: passes the tunnel's authority on to the next listener.
pub(crate) fn connect_authority_istio() -> Filter {
    filter(CONNECT_AUTHORITY, typed_struct(CONNECT_AUTHORITY_CONFIG, None))
}

/// Passes the tunnel's authority on to the next listener.
pub(crate) fn connect_authority() -> Filter {
    let format = format!("%FILTER_STATE({ORIGINAL_DST_LOCAL}:PLAIN)%");
    let config = set_filter_state::Config {
        on_new_connection: vec![filter_state(ORIGINAL_DST_LOCAL, "", &format, Once)],
        ..set_filter_state::Config::default()
    };
    filter(CONNECT_AUTHORITY, envoy::any(&config))
}

/// With several networks: the address that a Service's connections were meant for. That of the tunnel, where
/// there is one, or else the Service's own, `address:port`.
pub(crate) fn service_destination(address: &str) -> Filter {
    let key = ORIGINAL_DST_LOCAL;
    let format = format!("%CEL('{key}' in filter_state ? filter_state['{key}']: r'{address}')%");
    let object = "envoy.network.transport_socket.original_dst_address";
    let mut value = filter_state(object, "", &format, SharedWithUpstream::None);
    if let Some(Value::FormatString(format)) = &mut value.value {
        format.formatters = vec![extension_config("envoy.formatter.cel", &Cel::default())];
    }
    let config =
        set_filter_state::Config { on_new_connection: vec![value], ..set_filter_state::Config::default() };
    filter("set_dst_address", envoy::any(&config))
}

/// Where the metadata of the chosen endpoint says that the two tunnels of a connection into another network
/// lead. `text` is the factory of texts.
pub(crate) fn propagate_endpoint_metadata(text: &str) -> Filter {
    let config = set_filter_state::Config {
        on_new_connection: vec![
            filter_state(
                ORIGINAL_DST_LOCAL,
                "",
                "%DYNAMIC_METADATA(envoy.filters.listener.original_dst:local)%",
                Transitive,
            ),
            filter_state(
                "istio.double_hbone.hbone_target_address",
                text,
                "%DYNAMIC_METADATA(istio:double_hbone:hbone_target_address)%",
                Transitive,
            ),
        ],
        ..set_filter_state::Config::default()
    };
    filter("propagate_endpoint_metadata", envoy::any(&config))
}

/// Finds out who the peers of a TCP connection are, with these labels of theirs beside the usual ones.
pub(crate) fn metadata_exchange(labels: &BTreeSet<Str>) -> Filter {
    let config = metadata_exchange_fields(labels);
    filter(
        "istio.metadata_exchange",
        typed_struct("envoy.tcp.metadataexchange.config.MetadataExchange", Some(config)),
    )
}

/// The configuration of what exchanges metadata with other proxies over TCP.
pub(crate) fn metadata_exchange_fields(labels: &BTreeSet<Str>) -> Struct {
    let labels: Vec<protobuf::Value> = labels.iter().map(|label| label.as_str().into()).collect();
    let mut fields = fields([("protocol", "istio-peer-exchange".into()), ("enable_discovery", true.into())]);
    if !labels.is_empty() {
        fields.fields.insert("additional_labels".to_owned(), labels.into());
    }
    fields
}

/// Finds out who answers at the other end of a tunnel, from the baggage of its response.
pub(crate) fn hbone_peer_metadata() -> Filter {
    let config = fields([("baggage_key", "io.istio.baggage".into())]);
    let name = "envoy.extensions.network_filters.peer_metadata.Config";
    filter("upstream_hbone_peer_metadata", typed_struct(name, Some(config)))
}

/// Resolves the host that a TLS client names: for Services with wildcard hosts.
pub(crate) fn sni_dynamic_forward_proxy(hostname: &str, port: u32, family: DnsLookupFamily) -> Filter {
    let config = sni_dynamic_forward_proxy::FilterConfig {
        dns_cache_config: Some(dns_cache(hostname, family)),
        port_specifier: Some(PortSpecifier::PortValue(port)),
        ..sni_dynamic_forward_proxy::FilterConfig::default()
    };
    filter("envoy.extensions.filters.network.sni_dynamic_forward_proxy", envoy::any(&config))
}
