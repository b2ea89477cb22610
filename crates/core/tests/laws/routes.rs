//! Strategies for VirtualServices and HTTPRoutes.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Value, json};

use crate::document::{Document, Head};
use crate::generate::{Place, SERVICES, created, host, port};

const PATHS: &[&str] = &["/", "/api", "/api/v1", "/health"];
const SUBSETS: &[&str] = &["v1", "v2", "absent"];

pub(crate) fn virtual_services(place: Place) -> impl Strategy<Value = Vec<Document>> {
    let kind = ("networking.istio.io/v1", "VirtualService");
    let hosts = prop_oneof![
        9 => vec(host(place), 1..=2),
        1 => Just(vec![format!("*.{}.svc.cluster.local", place.namespace)]),
    ];
    let route =
        (created(), hosts, vec(http_rule(place), 0..=3), option::weighted(0.3, weighted_destinations(place)));
    let delegate = vec(http_rule(place), 1..=2);
    (vec(route, 0..=3), option::weighted(0.3, delegate)).prop_map(move |(routes, delegate)| {
        let routes = (1..).zip(routes).map(|(number, (created, mut hosts, http, tcp))| {
            hosts.dedup();
            let mut spec = json!({"hosts": hosts});
            if !http.is_empty() {
                spec["http"] = http.into();
            }
            if let Some(route) = tcp {
                spec["tcp"] = json!([{"route": route}]);
            }
            let name = format!("route-{number}");
            Document::new(kind, place.namespace, &name, Head::created(created), json!({"spec": spec}))
        });
        let delegate = delegate.into_iter().map(|http| {
            Document::new(kind, place.namespace, "delegate", Head::default(), json!({"spec": {"http": http}}))
        });
        routes.chain(delegate).collect()
    })
}

fn http_rule(place: Place) -> impl Strategy<Value = Value> {
    let action = prop_oneof![
        8 => weighted_destinations(place).prop_map(|route| json!({"route": route})),
        1 => Just(json!({"redirect": {"uri": "/moved", "redirectCode": 308}})),
        1 => Just(json!({"directResponse": {"status": 503, "body": {"string": "closed"}}})),
        1 => Just(json!({"delegate": {"name": "delegate", "namespace": place.namespace}})),
    ];
    (vec(http_match(), 0..=2), action, vec(http_extra(place), 0..=2)).prop_map(
        |(matches, mut rule, extras)| {
            if !matches.is_empty() {
                rule["match"] = matches.into();
            }
            // The API refuses a redirect or a direct response that does more.
            if rule.get("route").is_some() {
                for (field, value) in extras {
                    rule[field] = value;
                }
            }
            rule
        },
    )
}

fn http_match() -> impl Strategy<Value = Value> {
    let path = (select(&["exact", "prefix"][..]), select(PATHS)).prop_map(|(kind, path)| json!({kind: path}));
    let header = select(&["gold", "beta"][..]).prop_map(|value| json!({"x-user": {"exact": value}}));
    (option::weighted(0.7, path), option::weighted(0.3, header), option::weighted(0.2, port())).prop_map(
        |(path, header, port)| {
            let mut found = json!({"method": {"exact": "GET"}});
            for (field, value) in [("uri", path), ("headers", header), ("port", port.map(Value::from))] {
                if let Some(value) = value {
                    found[field] = value;
                }
            }
            found
        },
    )
}

fn http_extra(place: Place) -> impl Strategy<Value = (&'static str, Value)> {
    prop_oneof![
        Just(("timeout", json!("2s"))),
        Just(("retries", json!({"attempts": 3, "retryOn": "5xx,reset"}))),
        Just(("rewrite", json!({"uri": "/new"}))),
        Just(("fault", json!({"delay": {"fixedDelay": "1s", "percentage": {"value": 12.5}}}))),
        Just(("headers", json!({"request": {"set": {"x-a": "1", "x-b": "2"}, "remove": ["x-c"]}}))),
        Just(("corsPolicy", json!({"allowOrigins": [{"exact": "https://shop.example"}], "maxAge": "60s"}))),
        host(place).prop_map(|host| ("mirror", json!({"host": host}))),
    ]
}

/// One destination, or two that share the traffic.
fn weighted_destinations(place: Place) -> impl Strategy<Value = Vec<Value>> {
    let destination = || {
        (host(place), option::weighted(0.4, select(SUBSETS)), option::weighted(0.3, port())).prop_map(
            |(host, subset, port)| {
                let mut destination = json!({"host": host});
                if let Some(subset) = subset {
                    destination["subset"] = subset.into();
                }
                if let Some(port) = port {
                    destination["port"] = json!({"number": port});
                }
                destination
            },
        )
    };
    prop_oneof![
        destination().prop_map(|one| vec![json!({"destination": one})]),
        (destination(), destination(), 1..100_u8).prop_map(|(one, other, weight)| vec![
            json!({"destination": one, "weight": weight}),
            json!({"destination": other, "weight": 100 - weight}),
        ]),
    ]
}

/// HTTPRoutes of Services, and the grant without which other namespaces' routes may not name them.
pub(crate) fn http_routes(place: Place) -> impl Strategy<Value = Vec<Document>> {
    let route = (
        created(),
        subsequence(SERVICES, 1..=2),
        vec((option::of(select(PATHS)), vec(backend(place), 0..=2)), 1..=2),
    );
    (vec(route, 0..=2), option::weighted(0.3, select(place.neighbours))).prop_map(move |(routes, granted)| {
        let routes = (1..).zip(routes).map(|(number, (created, parents, rules))| {
            let parents: Vec<_> = parents
                .iter()
                .map(|name| json!({"group": "", "kind": "Service", "name": name, "port": 80}))
                .collect();
            let rules: Vec<_> = rules.into_iter().map(http_route_rule).collect();
            Document::new(
                ("gateway.networking.k8s.io/v1", "HTTPRoute"),
                place.namespace,
                &format!("route-{number}"),
                Head::created(created),
                json!({"spec": {"parentRefs": parents, "rules": rules}}),
            )
        });
        let grant = granted.into_iter().map(|from| {
            let from = json!({"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "namespace": from});
            Document::new(
                ("gateway.networking.k8s.io/v1beta1", "ReferenceGrant"),
                place.namespace,
                "grant",
                Head::default(),
                json!({"spec": {"from": [from], "to": [{"group": "", "kind": "Service"}]}}),
            )
        });
        routes.chain(grant).collect()
    })
}

fn http_route_rule((path, backends): (Option<&str>, Vec<Value>)) -> Value {
    let mut rule = json!({"backendRefs": backends});
    if let Some(path) = path {
        rule["matches"] = json!([{"path": {"type": "PathPrefix", "value": path}}]);
    }
    rule
}

fn backend(place: Place) -> impl Strategy<Value = Value> {
    (select(SERVICES), option::weighted(0.3, select(place.neighbours)), port(), 0..5_u8).prop_map(
        |(name, namespace, port, weight)| {
            let mut backend = json!({"name": name, "port": port, "weight": weight});
            if let Some(namespace) = namespace {
                backend["namespace"] = namespace.into();
            }
            backend
        },
    )
}
