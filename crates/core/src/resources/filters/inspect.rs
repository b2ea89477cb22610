//! Listener filters: what is found out about a connection before a chain is chosen for it.
//!
//! Source: Envoy's [listener
//! filters](https://www.envoyproxy.io/docs/envoy/latest/configuration/listeners/listener_filters/listener_filters).

use envoy::config::listener::v3::listener_filter::ConfigType;
use envoy::config::listener::v3::listener_filter_chain_match_predicate::{MatchSet, Rule};
use envoy::config::listener::v3::{ListenerFilter, ListenerFilterChainMatchPredicate};
use envoy::extensions::filters::listener::http_inspector::v3::HttpInspector;
use envoy::extensions::filters::listener::original_dst::v3::OriginalDst;
use envoy::extensions::filters::listener::tls_inspector::v3::TlsInspector;
use envoy::google::protobuf::Any;
use envoy::r#type::v3::Int32Range;

use super::typed_struct;

/// How much of a client's first bytes the TLS inspector buffers at first; Envoy's default is 64 KiB.
const TLS_INSPECTOR_BUFFER: u32 = 512;

/// Takes the destination from what the previous listener left.
pub(crate) fn original_dst() -> ListenerFilter {
    filter("envoy.filters.listener.original_dst", envoy::any(&OriginalDst::default()))
}

/// 1.18: takes the destination from what the previous listener left.
pub(crate) fn set_dst_address() -> ListenerFilter {
    filter("set_dst_address", typed_struct("istio.set_internal_dst_address.v1.Config", None))
}

/// Tells HTTP from anything else; not on the ports in `except`, which are ascending.
pub(crate) fn http_inspector(except: &[u32]) -> ListenerFilter {
    ListenerFilter {
        filter_disabled: on_ports(except),
        ..filter("envoy.filters.listener.http_inspector", envoy::any(&HttpInspector::default()))
    }
}

/// Reads the server name of a TLS client; not on the ports in `except`, which are ascending.
pub(crate) fn tls_inspector(except: &[u32]) -> ListenerFilter {
    let config = TlsInspector {
        initial_read_buffer_size: Some(TLS_INSPECTOR_BUFFER.into()),
        ..TlsInspector::default()
    };
    ListenerFilter {
        filter_disabled: on_ports(except),
        ..filter("envoy.filters.listener.tls_inspector", envoy::any(&config))
    }
}

fn filter(name: &str, config: Any) -> ListenerFilter {
    ListenerFilter {
        name: name.to_owned(),
        config_type: Some(ConfigType::TypedConfig(config)),
        ..ListenerFilter::default()
    }
}

/// A predicate for connections to these ports: none for no port, a bare range for one.
fn on_ports(ports: &[u32]) -> Option<ListenerFilterChainMatchPredicate> {
    let mut rules: Vec<_> =
        ports.iter().map(|port| predicate(Rule::DestinationPortRange(only(*port)))).collect();
    match rules.len() {
        0 | 1 => rules.pop(),
        _ => Some(predicate(Rule::OrMatch(MatchSet { rules }))),
    }
}

fn predicate(rule: Rule) -> ListenerFilterChainMatchPredicate {
    ListenerFilterChainMatchPredicate { rule: Some(rule) }
}

/// A range with one port in it: the end is exclusive.
fn only(port: u32) -> Int32Range {
    let start = i32::try_from(port).unwrap_or(i32::MAX - 1);
    Int32Range { start, end: start + 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_excluded_by_ranges() {
        assert_eq!(http_inspector(&[]).filter_disabled, None);
        let one = http_inspector(&[80]).filter_disabled.unwrap();
        assert_eq!(one.rule, Some(Rule::DestinationPortRange(Int32Range { start: 80, end: 81 })));
        let Some(Rule::OrMatch(two)) = tls_inspector(&[80, 443]).filter_disabled.unwrap().rule else {
            panic!("several ports are alternatives");
        };
        assert_eq!(two.rules.len(), 2);
    }
}
