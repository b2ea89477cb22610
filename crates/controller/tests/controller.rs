//! A controller without a cluster: objects come and go, and waypoints are told.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may panic")]

use controller::{Change, Controller, Watched};
use serde_json::{Value, json};
use waypoint_xds::options::Options;

fn pod(name: &str, ip: &str) -> Watched {
    let pod = json!({
        "metadata": {"name": name, "namespace": "shop", "labels": {"app": "cart"}, "uid": name},
        "spec": {"serviceAccountName": "cart", "containers": [{"name": "main", "image": "cart"}]},
        "status": {"phase": "Running", "podIP": ip, "podIPs": [{"ip": ip}], "conditions": [{"type": "Ready", "status": "True"}]},
    });
    Watched::Pod(serde_json::from_value(pod).unwrap())
}

fn service(port: u16) -> Watched {
    let service = json!({
        "metadata": {"name": "cart", "namespace": "shop", "uid": "cart"},
        "spec": {"clusterIP": "10.96.0.7", "selector": {"app": "cart"}, "ports": [{"name": "http", "port": port, "targetPort": 8080}]},
    });
    Watched::Service(serde_json::from_value(service).unwrap())
}

fn namespace(name: &str, labels: Value) -> Watched {
    let namespace = json!({"metadata": {"name": name, "labels": labels, "uid": name}});
    Watched::Namespace(serde_json::from_value(namespace).unwrap())
}

fn gateway() -> Watched {
    let gateway = json!({
        "apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway",
        "metadata": {"name": "waypoint", "namespace": "shop", "uid": "waypoint"},
        "spec": {"gatewayClassName": "istio-waypoint", "listeners": [{"name": "mesh", "port": 15008, "protocol": "HBONE"}]},
        "status": {"addresses": [{"type": "IPAddress", "value": "10.96.0.8"}]},
    });
    Watched::Other(serde_json::from_value(gateway).unwrap())
}

fn names(change: &Change) -> Vec<String> {
    change.told.iter().map(|resources| resources.waypoint.to_string()).collect()
}

fn clusters(change: &Change) -> Vec<&str> {
    change.told.iter().flat_map(|told| &told.clusters).map(|cluster| cluster.message.name.as_str()).collect()
}

#[test]
fn waypoints_are_told_what_is_new_for_them_and_nothing_else() {
    let mut controller = Controller::new(Options::default());
    controller.apply(namespace(
        "shop",
        json!({"istio.io/use-waypoint": "waypoint", "istio.io/dataplane-mode": "ambient"}),
    ));
    controller.apply(service(80));
    controller.apply(pod("cart-1", "10.244.0.1"));
    assert_eq!(controller.reconcile().unwrap(), Change::default(), "there is no waypoint yet");

    controller.apply(gateway());
    let change = controller.reconcile().unwrap();
    assert_eq!(names(&change), ["shop/waypoint"]);
    assert!(clusters(&change).contains(&"inbound-vip|80|http|cart.shop.svc.cluster.local"));

    // A namespace that comes first in every list changes nothing for it.
    controller.apply(namespace("another", json!({})));
    assert_eq!(controller.reconcile().unwrap(), Change::default());

    controller.apply(service(8123));
    let change = controller.reconcile().unwrap();
    assert!(clusters(&change).contains(&"inbound-vip|8123|http|cart.shop.svc.cluster.local"));

    controller.apply(pod("cart-2", "10.244.0.2"));
    let change = controller.reconcile().unwrap();
    let endpoints = format!("{:?}", change.told[0].endpoints);
    assert!(endpoints.contains("10.244.0.2"), "{endpoints}");

    controller.delete(&gateway());
    let change = controller.reconcile().unwrap();
    assert_eq!((change.told.len(), change.gone.len()), (0, 1));
    assert_eq!(change.gone[0].to_string(), "shop/waypoint");
}
