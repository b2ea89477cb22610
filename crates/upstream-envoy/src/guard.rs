//! What in a configuration could reach another machine.

use std::net::{IpAddr, SocketAddr};

use serde_json::{Map, Value};

/// Everything in a configuration that is, or could lead, outside of 127.0.0.0/8: one line each, none if there
/// is nothing.
///
/// Addresses that are bound count too, and destinations that endpoints name in their metadata. A cluster that
/// dials whatever was called, or whatever a name resolves to, has to be bound to a source address of
/// 127.0.0.0/8, from which the kernel reaches no other machine.
#[must_use]
pub fn leaves_machine(configuration: &Value) -> Vec<String> {
    let mut found = Vec::new();
    walk(configuration, "", &mut found);
    found
}

fn walk(value: &Value, path: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (key, field) in fields {
                let path = format!("{path}/{key}");
                match key.as_str() {
                    "socketAddress" | "socket_address" | "sourceAddress" | "source_address" => {
                        socket(field, &path, found);
                    }
                    "clusters" => clusters(field, &path, found),
                    "lbEndpoints" | "lb_endpoints" => destinations(field, &path, found),
                    _ => {}
                }
                walk(field, &path, found);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                walk(item, &format!("{path}/{index}"), found);
            }
        }
        _ => {}
    }
}

fn socket(socket: &Value, path: &str, found: &mut Vec<String>) {
    let Some(address) = socket.get("address").and_then(Value::as_str) else { return };
    if !address.parse().is_ok_and(is_loopback) {
        found.push(format!("{path}: `{address}`"));
    }
}

fn is_loopback(ip: IpAddr) -> bool {
    ip.is_ipv4() && ip.is_loopback()
}

/// Whatever endpoints say, in their metadata, about where they are.
fn destinations(value: &Value, path: &str, found: &mut Vec<String>) {
    match value {
        Value::String(text) if text.parse::<SocketAddr>().is_ok_and(|address| !is_loopback(address.ip())) => {
            found.push(format!("{path}: `{text}`"));
        }
        Value::Object(fields) => {
            fields.iter().for_each(|(key, field)| destinations(field, &format!("{path}/{key}"), found))
        }
        Value::Array(items) => items.iter().for_each(|item| destinations(item, path, found)),
        _ => {}
    }
}

fn clusters(value: &Value, path: &str, found: &mut Vec<String>) {
    for cluster in value.as_array().into_iter().flatten().filter_map(Value::as_object) {
        let dials_anything = text(cluster, &["type"]) == Some("ORIGINAL_DST")
            || get(cluster, &["clusterType", "cluster_type"]).is_some();
        let bound = get(cluster, &["upstreamBindConfig", "upstream_bind_config"])
            .and_then(Value::as_object)
            .is_some_and(|bind| get(bind, &["sourceAddress", "source_address"]).is_some());
        if dials_anything && !bound {
            let name = text(cluster, &["name"]).unwrap_or_default();
            found.push(format!("{path}: `{name}` dials anything, and is not bound to 127.0.0.1"));
        }
    }
}

fn get<'v>(fields: &'v Map<String, Value>, keys: &[&str]) -> Option<&'v Value> {
    keys.iter().find_map(|key| fields.get(*key))
}

fn text<'v>(fields: &'v Map<String, Value>, keys: &[&str]) -> Option<&'v str> {
    get(fields, keys).and_then(Value::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn endpoint(address: &str, local: &str) -> Value {
        json!({"clusters": [{"name": "c", "type": "STATIC", "loadAssignment": {"endpoints": [{"lbEndpoints": [{
            "endpoint": {"address": {"socketAddress": {"address": address, "portValue": 80}}},
            "metadata": {"filterMetadata": {"envoy.filters.listener.original_dst": {"local": local}}},
        }]}]}}]})
    }

    #[test]
    fn endpoints_are_of_this_machine() {
        assert_eq!(leaves_machine(&endpoint("127.244.1.6", "127.244.1.6:80")), Vec::<String>::new());
        for (address, local) in [
            ("10.244.1.6", "127.244.1.6:80"),
            ("127.244.1.6", "10.244.1.6:80"),
            ("::1", "127.0.0.1:80"),
            ("api.example", "127.0.0.1:80"),
        ] {
            assert_eq!(leaves_machine(&endpoint(address, local)).len(), 1, "{address} {local}");
        }
    }

    #[test]
    fn bound_addresses_count() {
        let listener = json!({"listeners": [{"address": {"socket_address": {"address": "0.0.0.0"}}}]});
        assert_eq!(leaves_machine(&listener).len(), 1);
    }

    #[test]
    fn clusters_that_dial_anything_are_bound() {
        let cluster = json!({"clusters": [{"name": "c", "type": "ORIGINAL_DST"}]});
        assert_eq!(leaves_machine(&cluster).len(), 1);
        let bound = json!({"clusters": [{"name": "c", "type": "ORIGINAL_DST",
            "upstreamBindConfig": {"sourceAddress": {"address": "127.0.0.1", "portValue": 0}}}]});
        assert_eq!(leaves_machine(&bound), Vec::<String>::new());
        let elsewhere = json!({"clusters": [{"name": "c", "clusterType": {},
            "upstreamBindConfig": {"sourceAddress": {"address": "10.0.0.1", "portValue": 0}}}]});
        assert_eq!(leaves_machine(&elsewhere).len(), 1);
    }
}
