//! Every address that is dialled, as one of 127.0.0.0/8: a waypoint and its workloads on one machine.
//!
//! `10.244.1.6` becomes `127.244.1.6`: the first octet changes. Where that is taken, and for IPv6 and names, the next
//! free address of 127.254.0.0/16 and onwards is used, in the order of the addresses. Addresses of Services are only
//! matched, never dialled, and stay as they are, unless the waypoint passes connections on to them (`resolution: NONE`).

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use envoy::config::cluster::v3::Cluster;
use envoy::config::cluster::v3::cluster::{ClusterDiscoveryType, DiscoveryType};
use envoy::config::core::v3::socket_address::PortSpecifier;
use envoy::config::core::v3::{BindConfig, SocketAddress};
use envoy::{Message, Name};
use serde_json::{Map, Value, json};

use crate::Str;
use crate::json;
use crate::resources::names::ENCAP;
use crate::resources::{Resource, WaypointResources};

/// Where addresses go whose own place is taken, or that have none.
const POOL: u32 = u32::from_be_bytes([127, 254, 0, 1]);
/// The waypoint's own, and what is no address of anybody.
const RESERVED: &[Ipv4Addr] =
    &[Ipv4Addr::new(127, 0, 0, 0), Ipv4Addr::LOCALHOST, Ipv4Addr::new(127, 255, 255, 255)];
/// The fields of policies that hold a range of addresses, and how several are said.
const RANGES: &[(&str, &str, &str)] = &[
    ("destinationIp", "orRules", "rules"),
    ("sourceIp", "orIds", "ids"),
    ("directRemoteIp", "orIds", "ids"),
    ("remoteIp", "orIds", "ids"),
];

/// What became of every address, and of every name that would be resolved.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Loopback {
    addresses: BTreeMap<Str, Ipv4Addr>,
}

impl Loopback {
    /// Where an address (`10.244.1.6`, `fd00::1`) or a name is dialled; none where nobody dials it.
    #[must_use]
    pub fn get(&self, address: &str) -> Option<Ipv4Addr> {
        self.addresses.get(address).copied()
    }

    /// Every address, as the snapshot has it, and where it is dialled.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Ipv4Addr)> {
        self.addresses.iter().map(|(address, mapped)| (address.as_str(), *mapped))
    }

    /// Whether nothing is dialled.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.addresses.is_empty()
    }

    /// Maps everything that the resources, and clusters of the bootstrap, dial.
    pub(super) fn of(resources: &mut WaypointResources, own: &mut [Cluster]) -> Self {
        let mut dialled = Dialled::default();
        for endpoints in &resources.endpoints {
            dialled.endpoints(&json::value(&endpoints.message));
        }
        for cluster in resources.clusters.iter().map(|cluster| &cluster.message).chain(own.iter()) {
            dialled.endpoints(&cluster.load_assignment.as_deref().map(json::value).unwrap_or_default());
        }
        let passed_on = passed_on(resources);
        let listeners: Vec<Value> = resources.listeners.iter().map(|l| json::value(&l.message)).collect();
        for listener in &listeners {
            dialled.matched(listener, &chains_to(listener, &passed_on));
        }
        let loopback = Self { addresses: dialled.map() };
        for (resource, mut value) in resources.listeners.iter_mut().zip(listeners) {
            let chains = chains_to(&value, &passed_on);
            map_ranges(&mut value, &chains);
            loopback.rewrite_value(&mut value);
            put(resource, &value);
        }
        for endpoints in &mut resources.endpoints {
            loopback.rewrite(endpoints);
        }
        for cluster in &mut resources.clusters {
            loopback.rewrite(cluster);
        }
        for cluster in own {
            let mut value = json::value(cluster);
            loopback.rewrite_value(&mut value);
            if let Ok(mapped) = envoy::json::parse(&value) {
                *cluster = mapped;
            }
        }
        loopback
    }

    fn rewrite<M: Message + Name + Default>(&self, resource: &mut Resource<M>) {
        let mut value = json::value(&resource.message);
        self.rewrite_value(&mut value);
        put(resource, &value);
    }

    /// Says every mapped address anew, wherever it is named: alone or with a port. Names only where they are dialled,
    /// because they are also asked for, and stand in certificates.
    fn rewrite_value(&self, value: &mut Value) {
        match value {
            Value::String(text) => {
                if let Some(mapped) = self.say(text) {
                    *text = mapped;
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.rewrite_value(item)),
            Value::Object(fields) => {
                if let Some(Value::String(host)) =
                    fields.get_mut("socketAddress").and_then(|s| s.get_mut("address"))
                    && let Some(mapped) = self.get(host)
                {
                    *host = mapped.to_string();
                }
                let range = fields.contains_key("addressPrefix");
                if range && fields.get("prefixLen").and_then(Value::as_u64) == Some(128) {
                    let prefix = fields.get("addressPrefix").and_then(Value::as_str);
                    if prefix.is_some_and(|prefix| self.say(prefix).is_some()) {
                        fields.insert("prefixLen".to_owned(), 32.into());
                    }
                }
                fields.values_mut().for_each(|field| self.rewrite_value(field));
                // Behind: what it puts in is not to be looked at again.
                also_loopback(fields);
            }
            _ => {}
        }
    }

    fn say(&self, text: &str) -> Option<String> {
        if text.parse::<IpAddr>().is_ok() {
            return self.get(text).map(|ip| ip.to_string());
        }
        let address = text.parse::<SocketAddr>().ok()?;
        self.get(&address.ip().to_string()).map(|ip| SocketAddr::new(ip.into(), address.port()).to_string())
    }
}

fn put<M: Message + Name + Default>(resource: &mut Resource<M>, value: &Value) {
    // Every message survives its JSON. If one did not, it keeps its addresses, and the source address that clusters
    // are bound to keeps them from being reached.
    if let Ok(message) = envoy::json::parse(value) {
        resource.message = message;
    }
}

/// What leaves the process leaves from 127.0.0.1, from which no other machine can be reached: even if an address was
/// overlooked. Its own listeners have no such addresses.
pub(super) fn bind(cluster: &mut Cluster) {
    let original_dst = Some(ClusterDiscoveryType::Type(DiscoveryType::OriginalDst.into()));
    let resolved = matches!(cluster.cluster_discovery_type, Some(ClusterDiscoveryType::ClusterType(_)));
    let sockets = || json::value(cluster).to_string().contains("\"socketAddress\"");
    if cluster.cluster_discovery_type == original_dst || resolved || sockets() {
        cluster.upstream_bind_config = Some(Box::new(BindConfig {
            source_address: Some(SocketAddress {
                address: Ipv4Addr::LOCALHOST.to_string(),
                port_specifier: Some(PortSpecifier::PortValue(0)),
                ..SocketAddress::default()
            }),
            ..BindConfig::default()
        }));
    }
}

/// The clusters that pass a connection on to the address that was called.
fn passed_on(resources: &WaypointResources) -> BTreeSet<String> {
    let original_dst = Some(ClusterDiscoveryType::Type(DiscoveryType::OriginalDst.into()));
    let clusters = resources.clusters.iter().map(|cluster| &cluster.message);
    let passing = clusters.filter(|cluster| cluster.cluster_discovery_type == original_dst);
    passing.map(|cluster| cluster.name.clone()).chain([ENCAP.to_owned()]).collect()
}

/// The chains of a listener that lead to one of these clusters.
fn chains_to(listener: &Value, clusters: &BTreeSet<String>) -> BTreeSet<String> {
    let chains = listener.get("filterChains").and_then(Value::as_array).into_iter().flatten();
    let leading = chains.filter(|chain| names_cluster(chain, clusters));
    leading.filter_map(|chain| chain.get("name")?.as_str().map(str::to_owned)).collect()
}

fn names_cluster(value: &Value, clusters: &BTreeSet<String>) -> bool {
    match value {
        Value::Object(fields) => {
            let named = |key: &str| {
                fields.get(key).and_then(Value::as_str).is_some_and(|name| clusters.contains(name))
            };
            // A cluster among several weighted ones is only named.
            named("cluster")
                || (fields.contains_key("weight") && named("name"))
                || fields.values().any(|field| names_cluster(field, clusters))
        }
        Value::Array(items) => items.iter().any(|item| names_cluster(item, clusters)),
        _ => false,
    }
}

/// Whether a part of a matcher leads to one of these chains.
fn leads_to(matcher: &Value, chains: &BTreeSet<String>) -> bool {
    match matcher {
        Value::Object(fields) => {
            let action = fields.get("action").and_then(|action| action.get("name")).and_then(Value::as_str);
            action.is_some_and(|name| chains.contains(name))
                || fields.values().any(|field| leads_to(field, chains))
        }
        Value::Array(items) => items.iter().any(|item| leads_to(item, chains)),
        _ => false,
    }
}

/// Ranges of addresses that are passed on as they are called become ranges of 127.0.0.0/8.
fn map_ranges(value: &mut Value, chains: &BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            let leads = fields.get("onMatch").is_some_and(|on_match| leads_to(on_match, chains));
            if let (true, Some(Value::Array(ranges))) = (leads, fields.get_mut("ranges")) {
                for range in ranges.iter_mut() {
                    if let Some(mapped) = range.as_object().and_then(wide_range) {
                        *range = mapped;
                    }
                }
            }
            fields.values_mut().for_each(|field| map_ranges(field, chains));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| map_ranges(item, chains)),
        _ => {}
    }
}

/// A policy about a range of addresses is also about what the range is on this machine.
fn also_loopback(fields: &mut Map<String, Value>) {
    for (field, any_of, list) in RANGES {
        let Some(mapped) = fields.get(*field).and_then(Value::as_object).and_then(wide_range) else {
            continue;
        };
        let Some(range) = fields.remove(*field) else { continue };
        fields.insert((*any_of).to_owned(), json!({*list: [{*field: range}, {*field: mapped}]}));
    }
}

/// What a range of more than one IPv4 address is on this machine.
fn wide_range(range: &Map<String, Value>) -> Option<Value> {
    let prefix: Ipv4Addr = range.get("addressPrefix")?.as_str()?.parse().ok()?;
    let length = range.get("prefixLen").and_then(Value::as_u64).unwrap_or(0);
    if length >= 32 {
        return None;
    }
    let [_, b, c, d] = prefix.octets();
    let (mapped, length) =
        if length < 8 { (Ipv4Addr::new(127, 0, 0, 0), 8) } else { (Ipv4Addr::new(127, b, c, d), length) };
    Some(json!({"addressPrefix": mapped.to_string(), "prefixLen": length}))
}

/// What is dialled.
#[derive(Debug, Default)]
struct Dialled {
    addresses: BTreeSet<IpAddr>,
    names: BTreeSet<Str>,
}

impl Dialled {
    /// Every address of endpoints, and those that their metadata names.
    fn endpoints(&mut self, value: &Value) {
        match value {
            Value::Object(fields) => {
                if let Some(host) =
                    fields.get("socketAddress").and_then(|a| a.get("address")).and_then(Value::as_str)
                {
                    match host.parse() {
                        Ok(ip) => _ = self.addresses.insert(ip),
                        Err(_) => _ = self.names.insert(host.into()),
                    }
                }
                fields.values().for_each(|field| self.endpoints(field));
            }
            Value::Array(items) => items.iter().for_each(|item| self.endpoints(item)),
            Value::String(text) => {
                if let Ok(address) = text.parse::<SocketAddr>() {
                    self.addresses.insert(address.ip());
                }
            }
            _ => {}
        }
    }

    /// Every single address that a matcher sends to one of these chains.
    fn matched(&mut self, value: &Value, chains: &BTreeSet<String>) {
        match value {
            Value::Object(fields) => {
                if fields.get("onMatch").is_some_and(|on_match| leads_to(on_match, chains)) {
                    let ranges = fields.get("ranges").and_then(Value::as_array).into_iter().flatten();
                    self.addresses.extend(ranges.filter_map(single));
                }
                fields.values().for_each(|field| self.matched(field, chains));
            }
            Value::Array(items) => items.iter().for_each(|item| self.matched(item, chains)),
            _ => {}
        }
    }

    /// Gives everyone an address, in order.
    fn map(self) -> BTreeMap<Str, Ipv4Addr> {
        let mut taken: BTreeSet<Ipv4Addr> = RESERVED.iter().copied().collect();
        let mut mapped = BTreeMap::new();
        let mut homeless: Vec<Str> = Vec::new();
        let (local, others): (Vec<IpAddr>, Vec<IpAddr>) =
            self.addresses.into_iter().partition(|ip| ip.is_ipv4() && ip.is_loopback());
        // Who is there already stays, even among the reserved: nobody else is to move in.
        for ip in local {
            if let IpAddr::V4(ip) = ip {
                taken.insert(ip);
                mapped.insert(Str::from(ip.to_string()), ip);
            }
        }
        for ip in others {
            match ip {
                IpAddr::V4(v4) if taken.insert(natural(v4)) => {
                    mapped.insert(Str::from(ip.to_string()), natural(v4));
                }
                _ => homeless.push(ip.to_string().into()),
            }
        }
        let mut next = POOL;
        for address in homeless.into_iter().chain(self.names) {
            while !taken.insert(Ipv4Addr::from(next)) {
                next = next.wrapping_add(1);
            }
            mapped.insert(address, Ipv4Addr::from(next));
        }
        mapped
    }
}

fn natural(ip: Ipv4Addr) -> Ipv4Addr {
    let [_, b, c, d] = ip.octets();
    Ipv4Addr::new(127, b, c, d)
}

/// The only address of a range.
fn single(range: &Value) -> Option<IpAddr> {
    let prefix: IpAddr = range.get("addressPrefix")?.as_str()?.parse().ok()?;
    let length = range.get("prefixLen")?.as_u64()?;
    (length == if prefix.is_ipv4() { 32 } else { 128 }).then_some(prefix)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(addresses: &[&str], names: &[&str]) -> BTreeMap<Str, Ipv4Addr> {
        let addresses = addresses.iter().map(|a| a.parse().unwrap()).collect();
        Dialled { addresses, names: names.iter().map(|name| Str::from(*name)).collect() }.map()
    }

    #[test]
    fn the_first_octet_changes_and_collisions_move() {
        let mapped =
            map(&["192.244.1.6", "10.244.1.6", "fd00::1", "127.0.0.1", "10.0.0.1"], &["api.example"]);
        let of = |address: &str| mapped[address].to_string();
        assert_eq!(of("10.244.1.6"), "127.244.1.6");
        assert_eq!(of("127.0.0.1"), "127.0.0.1");
        // In the order of the addresses: 10.0.0.1 would be the waypoint itself.
        assert_eq!(of("10.0.0.1"), "127.254.0.1");
        assert_eq!(of("192.244.1.6"), "127.254.0.2");
        assert_eq!(of("fd00::1"), "127.254.0.3");
        assert_eq!(of("api.example"), "127.254.0.4");
    }

    #[test]
    fn addresses_are_said_anew_wherever_they_stand() {
        let loopback = Loopback { addresses: map(&["10.244.1.6", "fd00::1"], &["api.example"]) };
        let mut value = json!({
            "a": ["10.244.1.6", "10.244.1.6:15008", "[fd00::1]:80", "10.96.0.1", "x 10.244.1.6", "api.example"],
            "endpoint": {"socketAddress": {"address": "api.example", "portValue": 80}},
            "range": {"addressPrefix": "fd00::1", "prefixLen": 128},
        });
        loopback.rewrite_value(&mut value);
        assert_eq!(
            value,
            json!({
                "a": ["127.244.1.6", "127.244.1.6:15008", "127.254.0.1:80", "10.96.0.1", "x 10.244.1.6", "api.example"],
                "endpoint": {"socketAddress": {"address": "127.254.0.2", "portValue": 80}},
                "range": {"addressPrefix": "127.254.0.1", "prefixLen": 32},
            })
        );
    }

    #[test]
    fn ranges_move_where_they_are_passed_on() {
        let matcher = |chain: &str| {
            let range = json!({"addressPrefix": "240.2.0.0", "prefixLen": 16});
            json!([{"ranges": [range], "onMatch": {"action": {"name": chain}}}])
        };
        let chains = BTreeSet::from(["direct".to_owned()]);
        let [mut passed_on, mut served] = [matcher("direct"), matcher("cart")];
        map_ranges(&mut passed_on, &chains);
        map_ranges(&mut served, &chains);
        assert_eq!(passed_on[0]["ranges"][0], json!({"addressPrefix": "127.2.0.0", "prefixLen": 16}));
        assert_eq!(served, matcher("cart"));
    }

    #[test]
    fn policies_about_ranges_are_about_both() {
        let mut value =
            json!({"notId": {"directRemoteIp": {"addressPrefix": "10.244.0.0", "prefixLen": 16}}});
        Loopback::default().rewrite_value(&mut value);
        let either = json!([
            {"directRemoteIp": {"addressPrefix": "10.244.0.0", "prefixLen": 16}},
            {"directRemoteIp": {"addressPrefix": "127.244.0.0", "prefixLen": 16}},
        ]);
        assert_eq!(value, json!({"notId": {"orIds": {"ids": either}}}));
        let everything = json!({"addressPrefix": "0.0.0.0"});
        assert_eq!(wide_range(everything.as_object().unwrap()).unwrap()["prefixLen"], 8);
    }
}
