//! Where a gateway's Service is reached from outside of its cluster: by a load balancer, by addresses of its
//! own, or through Nodes.
//!
//! Source: Istio's annotation
//! [`traffic.istio.io/nodeSelector`](https://istio.io/latest/docs/reference/config/annotations/).

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::Str;
use crate::snapshot::kubernetes::{Node, Service};
use crate::snapshot::{Labels, Object, ObjectRef};

/// The annotation that says through which Nodes a Service of type NodePort is reached: their labels, as JSON.
const NODE_SELECTOR: &str = "traffic.istio.io/nodeSelector";

/// The addresses of a Service; those of Nodes, where it has none itself and says which Nodes, each with its
/// Node.
pub(super) fn addresses(
    service: &Object<Service>,
    nodes: &[Arc<Object<Node>>],
) -> BTreeMap<Str, Option<ObjectRef>> {
    let spec = &service.spec;
    let ingress = spec.status.load_balancer.ingress.iter();
    let ingress = ingress.filter(|_| spec.service_type == "LoadBalancer");
    let balanced = ingress.map(|ingress| if ingress.ip.is_empty() { &ingress.hostname } else { &ingress.ip });
    let all = balanced.chain(&spec.external_ips);
    let own: BTreeMap<Str, Option<ObjectRef>> =
        all.filter(|address| !address.is_empty()).map(|address| (address.clone(), None)).collect();
    match node_selector(service).filter(|_| own.is_empty()) {
        Some(selector) => {
            let chosen = nodes.iter().filter(|node| selector.is_subset(&node.meta.labels));
            let found = chosen.filter_map(|node| Some((external_ip(&node.spec)?, node)));
            found.map(|(address, node)| (address.clone(), Some(node.object_ref()))).collect()
        }
        None => own,
    }
}

/// The port at which a port of a Service is reached from outside: the Nodes' own, where the Service is
/// reached through Nodes.
pub(super) fn port(service: &Object<Service>, port: u32) -> u32 {
    let ports = node_selector(service).map(|_| service.spec.ports.as_slice()).unwrap_or_default();
    let found = ports.iter().find(|known| i64::from(known.port) == i64::from(port));
    found.map_or(port, |known| u32::try_from(known.node_port).unwrap_or_default())
}

/// The labels of the Nodes through which a Service is reached. What cannot be read selects all.
fn node_selector(service: &Object<Service>) -> Option<Labels> {
    let selector = service.meta.annotations.get(NODE_SELECTOR)?;
    let read = || serde_json::from_str::<Labels>(selector).unwrap_or_default();
    (service.spec.service_type == "NodePort").then(read)
}

/// The first address at which a Node is reached from outside.
fn external_ip(node: &Node) -> Option<&Str> {
    let external = |address: &&crate::snapshot::kubernetes::NodeAddress| {
        address.address_type == "ExternalIP" && !address.address.is_empty()
    };
    node.status.addresses.iter().find(external).map(|address| &address.address)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;
    use crate::snapshot::Snapshot;
    use crate::text::SourceFile;

    const NODES: &str = "
apiVersion: v1
kind: Node
metadata: {name: a, labels: {role: gateway}}
status: {addresses: [{type: InternalIP, address: 10.0.0.1}, {type: ExternalIP, address: 203.0.113.1}]}
---
apiVersion: v1
kind: Node
metadata: {name: b}
status: {addresses: [{type: ExternalIP, address: 203.0.113.2}, {type: ExternalIP, address: 203.0.113.3}]}
---
apiVersion: v1
kind: Node
metadata: {name: c, labels: {role: gateway}}
status: {addresses: [{type: InternalIP, address: 10.0.0.3}]}
";

    /// Where a Service with this annotation, of this type and with more in its spec, is reached, and at which
    /// port instead of 15443.
    fn reached(selector: &str, kind: &str, more: &str) -> (Vec<String>, u32) {
        let service = format!(
            "---
apiVersion: v1
kind: Service
metadata: {{name: g, namespace: net, annotations: {{{selector}}}}}
spec: {{type: {kind}, clusterIP: 10.0.0.9, ports: [{{name: tls, port: 15443, nodePort: 31443}}]{more}}}
"
        );
        let reading =
            Snapshot::read([SourceFile::new("a.yaml", NODES.to_owned() + &service)], &Limits::DEFAULT);
        assert_eq!(reading.problems, []);
        let service = reading.snapshot.services.first().unwrap();
        let all = addresses(service, &reading.snapshot.nodes);
        (all.keys().map(ToString::to_string).collect(), port(service, 15443))
    }

    #[test]
    fn a_node_port_is_reached_through_the_nodes_that_are_chosen() {
        let of = |selector: &str, kind: &str, more: &str| {
            reached(&format!("traffic.istio.io/nodeSelector: '{selector}'"), kind, more)
        };
        let all = ["203.0.113.1", "203.0.113.2"].map(str::to_owned).to_vec();
        assert_eq!(of(r#"{"role": "gateway"}"#, "NodePort", ""), (all[..1].to_vec(), 31443));
        assert_eq!(of("{}", "NodePort", ""), (all.clone(), 31443));
        assert_eq!(of("no JSON", "NodePort", ""), (all, 31443), "what cannot be read selects all");
        assert_eq!(of(r#"{"role": "other"}"#, "NodePort", ""), (Vec::new(), 31443));
        assert_eq!(
            of("{}", "NodePort", ", externalIPs: [203.0.113.9]").0,
            ["203.0.113.9"],
            "its own come first"
        );
        assert_eq!(of("{}", "ClusterIP", ""), (Vec::new(), 15443));
        assert_eq!(reached("", "NodePort", ""), (Vec::new(), 15443));
    }
}
