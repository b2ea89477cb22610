//! The address that the proxy's pods are reached at.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Template, metadata};
use crate::json::object;
use crate::rules::ServicePorts;
use crate::well_known::TRAFFIC_DISTRIBUTION;

/// The longest name of a port that Istio makes.
const MAX_NAME: usize = 63;

/// The Service.
pub(super) fn make(template: &Template<'_>) -> Value {
    let by_listeners = template.rules.ports == ServicePorts::Listeners;
    let mut annotations = metadata::annotations(template);
    if by_listeners && !annotations.contains_key(TRAFFIC_DISTRIBUTION) {
        annotations.extend([(TRAFFIC_DISTRIBUTION, "PreferClose")]);
    }
    let labels = metadata::labels(template);
    let ports =
        if by_listeners { listener_ports(template) } else { vec![port("https-hbone", 15_008, "https")] };
    let wanted = template.gateway.meta.annotations.get("networking.istio.io/service-type");
    let service_type = wanted.map_or("ClusterIP", |value| value.as_str());
    let address = template.gateway.spec.addresses.first().filter(|_| service_type == "LoadBalancer");
    json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata::make(template, &template.name, &annotations, &labels, true),
        "spec": object([
            ("ipFamilyPolicy", by_listeners.then(|| json!("PreferDualStack"))),
            ("loadBalancerIP", address.filter(|_| by_listeners).map(|address| json!(address.value))),
            ("ports", Some(ports.into())),
            ("selector", Some(json!(metadata::selector(template)))),
            ("type", by_listeners.then(|| json!(service_type))),
        ]),
    })
}

fn port(name: &str, number: i32, protocol: &str) -> Value {
    json!({"name": name, "port": number, "protocol": "TCP", "appProtocol": protocol})
}

/// One port for health checks, and one for each port that a listener has.
fn listener_ports(template: &Template<'_>) -> Vec<Value> {
    let mut names = BTreeSet::from(["status-port".to_owned()]);
    let mut numbers = BTreeSet::new();
    let mut ports = vec![port("status-port", 15_021, "tcp")];
    for (index, listener) in template.gateway.spec.listeners.iter().enumerate() {
        if !numbers.insert(listener.port) {
            continue;
        }
        let protocol = listener.protocol.to_ascii_lowercase();
        let wanted = match listener.name.replace('.', "-") {
            none if none.is_empty() => format!("{protocol}-{index}"),
            name => name,
        };
        let name = unique(&wanted, listener.port, &names);
        ports.push(port(&name, listener.port, &protocol));
        names.insert(name);
    }
    ports
}

/// The name, or, where it is taken, the name with the port's number behind it.
fn unique(name: &str, number: i32, taken: &BTreeSet<String>) -> String {
    let mut suffix = format!("-{number}");
    let mut candidate = shortened(name, MAX_NAME);
    while taken.contains(&candidate) {
        candidate = shortened(name, MAX_NAME.saturating_sub(suffix.len())) + &suffix;
        suffix.push('x');
    }
    candidate
}

fn shortened(name: &str, length: usize) -> String {
    name.chars().take(length).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_taken_gets_the_port() {
        let taken = BTreeSet::from(["mesh".to_owned(), "mesh-80".to_owned()]);
        assert_eq!(unique("other", 80, &taken), "other");
        assert_eq!(unique("mesh", 81, &taken), "mesh-81");
        assert_eq!(unique("mesh", 80, &taken), "mesh-80x");
        assert_eq!(unique(&"a".repeat(70), 80, &taken).len(), MAX_NAME);
    }
}
