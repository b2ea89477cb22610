//! What stands inside of messages: seen, and changed.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail")]

use prost::Message as _;
use serde_json::json;

use waypoint_xds_envoy::config::core::v3::{Address, SocketAddress};
use waypoint_xds_envoy::config::listener::v3::filter::ConfigType;
use waypoint_xds_envoy::config::listener::v3::{Filter, Listener};
use waypoint_xds_envoy::google::protobuf::Any;
use waypoint_xds_envoy::inside::{Change, Visit, change, read, visit};

fn listener() -> Listener {
    let mut listener: Listener = waypoint_xds_envoy::json::parse(&json!({
        "name": "one",
        "address": {"socketAddress": {"address": "10.0.0.1", "portValue": 80}},
        "metadata": {"filterMetadata": {"istio": {"at": "10.0.0.2", "list": ["10.0.0.3", 7, {"deep": "x"}]}}},
        "filterChains": [{"filters": [
            {"name": "tcp", "typedConfig": {
                "@type": "type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy",
                "statPrefix": "s", "cluster": "c",
            }},
        ]}],
    }))
    .unwrap();
    let unknown = Any { type_url: "type.googleapis.com/nobody.Knows".to_owned(), value: vec![7, 7].into() };
    let filter = Filter { name: "other".to_owned(), config_type: Some(ConfigType::TypedConfig(unknown)) };
    listener.filter_chains[0].filters.push(filter);
    listener
}

#[derive(Default)]
struct Seen {
    texts: Vec<(String, String)>,
    anys: Vec<String>,
    addresses: Vec<usize>,
}

impl Visit for Seen {
    fn message(&mut self, name: &str, wire: &[u8]) {
        if let Some(Address {
            address: Some(waypoint_xds_envoy::config::core::v3::address::Address::SocketAddress(socket)),
        }) = read(name, wire)
        {
            self.addresses.push(socket.address.len());
        }
    }

    fn any(&mut self, name: &str) {
        self.anys.push(name.to_owned());
    }

    fn text(&mut self, name: &str, text: &str) {
        self.texts.push((name.to_owned(), text.to_owned()));
    }
}

#[test]
fn everything_inside_is_seen_by_its_name() {
    let mut seen = Seen::default();
    visit(&listener(), &mut seen).unwrap();
    assert_eq!(seen.anys, ["envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy", "nobody.Knows"]);
    assert_eq!(seen.addresses, [8]);
    for (name, text) in [
        ("name", "one"),
        ("address", "10.0.0.1"),
        ("at", "10.0.0.2"),
        ("list", "10.0.0.3"),
        ("deep", "x"),
        ("cluster", "c"),
    ] {
        assert!(seen.texts.contains(&(name.to_owned(), text.to_owned())), "{name}: {:?}", seen.texts);
    }
}

struct Move;

impl Change for Move {
    fn text(&mut self, text: &str) -> Option<String> {
        Some(format!("127{}", text.strip_prefix("10")?))
    }

    fn message(&mut self, name: &str, wire: Vec<u8>) -> Vec<u8> {
        match read::<SocketAddress>(name, &wire) {
            Some(socket) => SocketAddress { resolver_name: socket.address.clone(), ..socket }.encode_to_vec(),
            None => wire,
        }
    }
}

#[test]
fn texts_change_before_the_messages_around_them() {
    let mut moved = listener();
    change(&mut moved, &mut Move).unwrap();
    let before = waypoint_xds_envoy::json::to_json(&listener()).unwrap();
    let after = waypoint_xds_envoy::json::to_json(&moved).unwrap();
    let expected = before
        .replace("\"10.0.0", "\"127.0.0")
        .replace("\"portValue\":80", "\"portValue\":80,\"resolverName\":\"127.0.0.1\"");
    assert_eq!(after, expected);
}

#[test]
fn what_nobody_changes_stays() {
    struct Nothing;
    impl Change for Nothing {}
    let mut same = listener();
    change(&mut same, &mut Nothing).unwrap();
    assert_eq!(same, listener());
}
