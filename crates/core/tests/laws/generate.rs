//! Strategies for snapshots: small meshes in which much happens.
//!
//! Names come from short lists and creation times from three seconds (or none), so that objects meet: rules
//! for the same host, ties that names have to break, references to what may or may not be there.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Value, json};

use crate::document::{Document, Head};
use crate::policies;
use crate::routes;

/// The names that Services have, where they are there.
pub(crate) const SERVICES: &[&str] = &["reviews", "ratings", "cart"];

/// Ports of Services: name, number, what the pods listen on, protocol.
pub(crate) const PORTS: &[(&str, u16, u16, &str)] = &[
    ("http", 80, 8080, "TCP"),
    ("grpc-api", 9090, 9090, "TCP"),
    ("tcp", 9000, 9001, "TCP"),
    ("tls", 8443, 8443, "TCP"),
    ("web", 7000, 7000, "TCP"),
    ("redis", 6379, 6379, "TCP"),
    ("udp-log", 514, 514, "UDP"),
];

/// Which namespace objects are made for, and which they may name.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) namespace: &'static str,
    /// Told apart in addresses.
    pub(crate) number: u8,
    /// Namespaces whose Services and waypoints the objects may name, their own among them.
    pub(crate) neighbours: &'static [&'static str],
}

const INHABITED: &[&str] = &["alpha", "beta", "gamma"];

/// The namespace that no object elsewhere names, and whose objects name nothing elsewhere.
pub(crate) const STRANGER: Place = Place { namespace: "zeta", number: 9, neighbours: &["zeta"] };

pub(crate) const ROOT: &str = "istio-system";

/// A mesh of one to three namespaces and Istio's root namespace.
pub(crate) fn mesh() -> impl Strategy<Value = Vec<Document>> {
    let inhabited =
        |number: u8| Place { namespace: INHABITED[usize::from(number)], number, neighbours: INHABITED };
    (
        namespace(inhabited(0)),
        option::weighted(0.6, namespace(inhabited(1))),
        option::weighted(0.3, namespace(inhabited(2))),
        root(),
    )
        .prop_map(|(first, second, third, root)| {
            first
                .into_iter()
                .chain(second.into_iter().flatten())
                .chain(third.into_iter().flatten())
                .chain(root)
                .collect()
        })
}

/// Everything in one namespace.
pub(crate) fn namespace(place: Place) -> BoxedStrategy<Vec<Document>> {
    (
        namespace_itself(place),
        waypoints(place),
        services(place),
        service_entries(place),
        routes::virtual_services(place),
        routes::http_routes(place),
        policies::destination_rules(place),
        policies::authorization(place),
        policies::others(place),
    )
        .prop_map(
            |(itself, waypoints, services, entries, virtual_services, http_routes, rules, authz, others)| {
                std::iter::once(itself)
                    .chain(
                        [waypoints, services, entries, virtual_services, http_routes, rules, authz, others]
                            .concat(),
                    )
                    .collect()
            },
        )
        .boxed()
}

/// What stands in the root namespace holds for the whole mesh.
fn root() -> impl Strategy<Value = Vec<Document>> {
    let place = Place { namespace: ROOT, number: 8, neighbours: INHABITED };
    let namespace = Document::new(("v1", "Namespace"), "", ROOT, Head::default(), json!({}));
    (option::weighted(0.3, policies::others(place)), option::weighted(0.3, policies::authorization(place)))
        .prop_map(move |(others, authz)| {
            let objects = others.into_iter().chain(authz).flatten();
            std::iter::once(namespace.clone()).chain(objects).collect()
        })
}

/// A creation time, often the same as another object's.
pub(crate) fn created() -> impl Strategy<Value = Option<u8>> {
    option::weighted(0.8, 1..4_u8)
}

/// The number of a port that some Services have.
pub(crate) fn port() -> impl Strategy<Value = u16> {
    select(PORTS).prop_map(|(_, number, _, _)| number)
}

/// The host of a Service that may exist, as it can be said in this namespace.
pub(crate) fn host(place: Place) -> impl Strategy<Value = String> {
    let qualified = (select(SERVICES), select(place.neighbours))
        .prop_map(|(service, namespace)| format!("{service}.{namespace}.svc.cluster.local"));
    prop_oneof![
        4 => select(SERVICES).prop_map(str::to_owned),
        3 => qualified,
        1 => Just(format!("api.{}.example", place.namespace)),
        1 => Just("missing".to_owned()),
    ]
}

fn namespace_itself(place: Place) -> impl Strategy<Value = Document> {
    // A stranger names nobody else, so it may name itself: that changes nothing.
    let elsewhere = option::weighted(0.1, select(place.neighbours));
    (
        proptest::bool::weighted(0.9),
        option::weighted(0.8, select(&["waypoint", "second", "none"][..])),
        elsewhere,
    )
        .prop_map(move |(ambient, waypoint, elsewhere)| {
            let mut head = Head::default().label("kubernetes.io/metadata.name", place.namespace);
            if ambient {
                head = head.label("istio.io/dataplane-mode", "ambient");
            }
            if let Some(waypoint) = waypoint {
                head = head.label("istio.io/use-waypoint", waypoint);
            }
            if let Some(elsewhere) = elsewhere {
                head = head.label("istio.io/use-waypoint-namespace", elsewhere);
            }
            Document::new(("v1", "Namespace"), "", place.namespace, head, json!({}))
        })
}

fn waypoints(place: Place) -> impl Strategy<Value = Vec<Document>> {
    let traffic = || option::of(select(&["service", "all", "workload", "none"][..]));
    let gateway = move |name: &'static str, account: Option<&'static str>| {
        (created(), traffic(), select(&["Same", "All"][..])).prop_map(move |(created, traffic, from)| {
            let mut head = Head::created(created);
            if let Some(traffic) = traffic {
                head = head.label("istio.io/waypoint-for", traffic);
            }
            if let Some(account) = account {
                head = head.annotation("istio.io/for-service-account", account);
            }
            let listener = json!({
                "name": "mesh", "port": 15008, "protocol": "HBONE", "allowedRoutes": {"namespaces": {"from": from}},
            });
            Document::new(
                ("gateway.networking.k8s.io/v1", "Gateway"),
                place.namespace,
                name,
                head,
                json!({"spec": {"gatewayClassName": "istio-waypoint", "listeners": [listener]}}),
            )
        })
    };
    (
        option::weighted(0.9, gateway("waypoint", None)),
        option::weighted(0.2, gateway("second", None)),
        option::weighted(0.2, gateway("account-waypoint", Some("reviews"))),
    )
        .prop_map(|(first, second, third)| first.into_iter().chain(second).chain(third).collect())
}

/// Services with the pods that they select.
fn services(place: Place) -> impl Strategy<Value = Vec<Document>> {
    let each: Vec<_> = (1_u8..)
        .zip(SERVICES)
        .map(|(number, name)| {
            let service = (created(), subsequence(PORTS, 1..=3), service_label(), proptest::bool::weighted(0.1));
            let pods = vec((created(), select(&["v1", "v2"][..]), proptest::bool::weighted(0.85)), 0..=3);
            option::weighted(0.8, (service, pods)).prop_map(move |objects| {
                let Some(((created, ports, label, headless), pods)) = objects else { return Vec::new() };
                let ip = if headless { "None".to_owned() } else { format!("10.96.{}.{number}", place.number) };
                let mut head = Head::created(created).label("app", *name);
                if let Some(waypoint) = label {
                    head = head.label("istio.io/use-waypoint", waypoint);
                }
                let service = Document::new(
                    ("v1", "Service"),
                    place.namespace,
                    name,
                    head,
                    json!({"spec": {"clusterIP": ip, "ports": service_ports(&ports), "selector": {"app": name}}}),
                );
                let pods = (1_u8..).zip(pods).map(|(index, pod)| self::pod(place, name, number * 10 + index, pod));
                std::iter::once(service).chain(pods).collect()
            })
        })
        .collect();
    each.prop_map(|each| each.concat())
}

fn service_label() -> impl Strategy<Value = Option<&'static str>> {
    option::weighted(0.25, select(&["waypoint", "second", "account-waypoint", "none"][..]))
}

fn service_ports(ports: &[(&str, u16, u16, &str)]) -> Vec<Value> {
    ports
        .iter()
        .map(|(name, port, target, protocol)| {
            json!({"name": name, "port": port, "targetPort": target, "protocol": protocol})
        })
        .collect()
}

fn pod(place: Place, app: &str, number: u8, (created, version, ready): (Option<u8>, &str, bool)) -> Document {
    let ip = format!("10.244.{}.{number}", place.number);
    let head = Head::created(created)
        .label("app", app)
        .label("version", version)
        .annotation("ambient.istio.io/redirection", "enabled");
    let container = json!({"name": app, "image": format!("registry.example/{app}")});
    let ready = if ready { "True" } else { "False" };
    Document::new(
        ("v1", "Pod"),
        place.namespace,
        &format!("{app}-{number}"),
        head,
        json!({
            "spec": {"containers": [container], "nodeName": format!("node-{}", number % 2), "serviceAccountName": app},
            "status": {
                "phase": "Running", "podIP": ip, "podIPs": [{"ip": ip}],
                "conditions": [{"type": "Ready", "status": ready}],
            },
        }),
    )
}

fn service_entries(place: Place) -> impl Strategy<Value = Vec<Document>> {
    let entry = (created(), select(&["STATIC", "DNS", "NONE"][..]), service_label(), any::<bool>());
    vec(entry, 0..=2).prop_map(move |entries| {
        (1..)
            .zip(entries)
            .map(|(number, (created, resolution, label, inline))| {
                let mut head = Head::created(created);
                if let Some(waypoint) = label {
                    head = head.label("istio.io/use-waypoint", waypoint);
                }
                let mut spec = json!({
                    "hosts": [format!("api.{}.example", place.namespace)],
                    "addresses": [format!("10.97.{}.{number}", place.number)],
                    "location": "MESH_EXTERNAL",
                    "resolution": resolution,
                    "ports": [{"name": "http", "number": 80, "protocol": "HTTP"}],
                });
                match resolution {
                    "STATIC" if inline => {
                        spec["endpoints"] = json!([{"address": format!("10.98.{}.{number}", place.number)}]);
                    }
                    "STATIC" => spec["workloadSelector"] = json!({"labels": {"app": "cart"}}),
                    _ => {}
                }
                Document::new(
                    ("networking.istio.io/v1", "ServiceEntry"),
                    place.namespace,
                    &format!("entry-{number}"),
                    head,
                    json!({"spec": spec}),
                )
            })
            .collect()
    })
}
