//! Strategies for what holds beside routes: DestinationRules, AuthorizationPolicies, and mesh-wide settings.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Value, json};

use crate::document::{Document, Head};
use crate::generate::{Place, SERVICES, created, host, port};

pub(crate) fn destination_rules(place: Place) -> impl Strategy<Value = Vec<Document>> {
    let rule = (
        created(),
        host(place),
        option::weighted(0.6, traffic_policy()),
        subsequence(&["v1", "v2"][..], 0..=2),
        option::weighted(0.3, traffic_policy()),
    );
    vec(rule, 0..=3).prop_map(move |rules| {
        (1..)
            .zip(rules)
            .map(|(number, (created, host, policy, versions, of_subset))| {
                let subset = |version: &&str| {
                    let mut subset = json!({"name": version, "labels": {"version": version}});
                    if let Some(policy) = &of_subset {
                        subset["trafficPolicy"] = policy.clone();
                    }
                    subset
                };
                let subsets: Vec<_> = versions.iter().map(subset).collect();
                let mut spec = json!({"host": host, "subsets": subsets});
                if let Some(policy) = policy {
                    spec["trafficPolicy"] = policy;
                }
                Document::new(
                    ("networking.istio.io/v1", "DestinationRule"),
                    place.namespace,
                    &format!("rule-{number}"),
                    Head::created(created),
                    json!({"spec": spec}),
                )
            })
            .collect()
    })
}

fn traffic_policy() -> impl Strategy<Value = Value> {
    let plain = || {
        prop_oneof![
            Just(("loadBalancer", json!({"simple": "ROUND_ROBIN"}))),
            Just(("loadBalancer", json!({"consistentHash": {"httpHeaderName": "x-user"}}))),
            Just(("connectionPool", json!({"tcp": {"maxConnections": 7}, "http": {"http2MaxRequests": 9}}))),
            Just(("outlierDetection", json!({"consecutive5xxErrors": 3, "interval": "10s"}))),
            Just(("tls", json!({"mode": "SIMPLE", "sni": "shop.example"}))),
        ]
    };
    (vec(plain(), 1..=2), option::weighted(0.2, (port(), plain()))).prop_map(|(fields, of_port)| {
        let mut policy: Value = fields.into_iter().map(|(field, value)| (field.to_owned(), value)).collect();
        if let Some((port, (field, value))) = of_port {
            policy["portLevelSettings"] = json!([{"port": {"number": port}, field: value}]);
        }
        policy
    })
}

pub(crate) fn authorization(place: Place) -> impl Strategy<Value = Vec<Document>> {
    let service = |name: &str| json!({"group": "", "kind": "Service", "name": name});
    let gateway = |name: &str| json!({"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": name});
    let scope = prop_oneof![
        3 => subsequence(SERVICES, 1..=2).prop_map(move |names| {
            let refs: Vec<_> = names.into_iter().map(service).collect();
            json!({"targetRefs": refs})
        }),
        2 => select(&["waypoint", "second"][..]).prop_map(move |name| json!({"targetRefs": [gateway(name)]})),
        1 => select(SERVICES).prop_map(|app| json!({"selector": {"matchLabels": {"app": app}}})),
        1 => Just(json!({})),
    ];
    let policy = (
        created(),
        scope,
        select(&["ALLOW", "DENY", "AUDIT"][..]),
        vec(authorization_rule(), 0..=2),
        any::<bool>(),
    );
    vec(policy, 0..=3).prop_map(move |policies| {
        (1..)
            .zip(policies)
            .map(|(number, (created, mut spec, action, rules, dry_run))| {
                spec["action"] = action.into();
                if !rules.is_empty() {
                    spec["rules"] = rules.into();
                }
                let mut head = Head::created(created);
                if dry_run && action != "AUDIT" {
                    head = head.annotation("istio.io/dry-run", "true");
                }
                Document::new(
                    ("security.istio.io/v1", "AuthorizationPolicy"),
                    place.namespace,
                    &format!("policy-{number}"),
                    head,
                    json!({"spec": spec}),
                )
            })
            .collect()
    })
}

fn authorization_rule() -> impl Strategy<Value = Value> {
    let source = prop_oneof![
        Just(json!({"principals": ["cluster.local/ns/alpha/sa/cart"]})),
        Just(json!({"namespaces": ["alpha", "other-*"]})),
        Just(json!({"notIpBlocks": ["10.0.0.0/8"]})),
    ];
    let operation = prop_oneof![
        Just(json!({"methods": ["GET", "HEAD"]})),
        Just(json!({"paths": ["/api/*", "*/admin"], "notMethods": ["POST"]})),
        port().prop_map(|port| json!({"ports": [port.to_string()]})),
    ];
    let condition = prop_oneof![
        Just(json!({"key": "request.headers[x-user]", "values": ["gold"]})),
        Just(json!({"key": "source.ip", "notValues": ["10.1.0.0/16"]})),
    ];
    (option::of(source), option::of(operation), option::weighted(0.3, condition)).prop_map(
        |(source, operation, condition)| {
            let mut rule = json!({});
            if let Some(source) = source {
                rule["from"] = json!([{"source": source}]);
            }
            if let Some(operation) = operation {
                rule["to"] = json!([{"operation": operation}]);
            }
            if let Some(condition) = condition {
                rule["when"] = json!([condition]);
            }
            rule
        },
    )
}

/// PeerAuthentications and Telemetry: one name each, or two of an age.
pub(crate) fn others(place: Place) -> impl Strategy<Value = Vec<Document>> {
    let peer = (created(), select(&["STRICT", "PERMISSIVE"][..]));
    let telemetry = (
        created(),
        prop_oneof![
            Just(json!({"accessLogging": [{"providers": [{"name": "envoy"}]}]})),
            Just(json!({"tracing": [{"randomSamplingPercentage": 10}]})),
            Just(json!({"metrics": [{"providers": [{"name": "prometheus"}], "overrides": [
                {"match": {"metric": "REQUEST_COUNT"}, "tagOverrides": {"method": {"value": "request.method"}}},
            ]}]})),
        ],
    );
    (vec(peer, 0..=2), vec(telemetry, 0..=2)).prop_map(move |(peers, telemetries)| {
        let peers = (1..).zip(peers).map(|(number, (created, mode))| {
            Document::new(
                ("security.istio.io/v1", "PeerAuthentication"),
                place.namespace,
                &format!("peer-{number}"),
                Head::created(created),
                json!({"spec": {"mtls": {"mode": mode}}}),
            )
        });
        let telemetries = (1..).zip(telemetries).map(|(number, (created, spec))| {
            Document::new(
                ("telemetry.istio.io/v1", "Telemetry"),
                place.namespace,
                &format!("telemetry-{number}"),
                Head::created(created),
                json!({"spec": spec}),
            )
        });
        peers.chain(telemetries).collect()
    })
}
