//! Who may what: AuthorizationPolicies and RequestAuthentications.

use serde_json::{Value, json};

use super::dice::Dice;
use super::words::{CLIENTS, HEADERS, HOSTS, ISSUERS, METHODS, PATHS, PREFIXES, VALUES};

/// What stands in a RequestAuthentication for the key set, which only who signs tokens knows.
pub const KEY_SET: &str = "KEY-SET";

/// An AuthorizationPolicy.
pub(super) fn authorization(dice: &mut Dice, number: usize, release: &str) -> Value {
    let deny = dice.percent(40);
    let rules = dice.many(usize::from(deny), 3, |dice| rule(dice, release));
    let mut spec = json!({"action": if deny { "DENY" } else { "ALLOW" }, "rules": rules});
    bind(dice, &mut spec, release);
    let annotations = if dice.percent(5) { json!({"istio.io/dry-run": "true"}) } else { json!({}) };
    json!({
        "apiVersion": "security.istio.io/v1", "kind": "AuthorizationPolicy",
        "metadata": {"name": format!("policy-{number}"), "namespace": "shop", "annotations": annotations},
        "spec": spec,
    })
}

/// A RequestAuthentication with one or two issuers.
pub(super) fn authentication(dice: &mut Dice, number: usize, release: &str) -> Value {
    let rules = dice.many(1, 2, |dice| {
        let mut rule = json!({"issuer": dice.pick(ISSUERS), "jwks": KEY_SET});
        if dice.percent(25) {
            set(&mut rule, "audiences", json!([dice.pick(&["shop", "https://shop/"])]));
        }
        match dice.below(6) {
            0 => set(&mut rule, "fromHeaders", json!([{"name": "x-token", "prefix": "Token "}])),
            1 => set(&mut rule, "fromParams", json!(["token"])),
            _ => {}
        }
        if dice.percent(40) {
            set(&mut rule, "forwardOriginalToken", json!(true));
        }
        if dice.percent(15) {
            let claim = json!([{"header": "x-sub", "claim": dice.pick(&["sub", "org.team"])}]);
            set(&mut rule, "outputClaimToHeaders", claim);
        }
        rule
    });
    let mut spec = json!({"jwtRules": rules});
    bind(dice, &mut spec, release);
    json!({
        "apiVersion": "security.istio.io/v1beta1", "kind": "RequestAuthentication",
        "metadata": {"name": format!("tokens-{number}"), "namespace": "shop"}, "spec": spec,
    })
}

/// Binds a policy to the waypoint, to a Service, or to a namespace.
fn bind(dice: &mut Dice, spec: &mut Value, release: &str) {
    if release == "1.18" {
        if dice.percent(70) {
            set(spec, "selector", json!({"matchLabels": {"istio.io/gateway-name": "waypoint"}}));
        }
        return;
    }
    let target = match dice.below(10) {
        0..3 => json!({"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": "waypoint"}),
        3..8 => json!({"group": "", "kind": "Service", "name": "reviews"}),
        8 => json!({"group": "", "kind": "Service", "name": "ratings"}),
        _ => return,
    };
    set(spec, "targetRefs", json!([target]));
}

fn set(object: &mut Value, name: &str, value: Value) {
    if let Value::Object(fields) = object {
        fields.insert(name.to_owned(), value);
    }
}

fn rule(dice: &mut Dice, release: &str) -> Value {
    let mut rule = json!({});
    if dice.percent(50) {
        set(&mut rule, "from", json!(dice.many(1, 2, |dice| json!({"source": source(dice, release)}))));
    }
    if dice.percent(70) {
        set(&mut rule, "to", json!(dice.many(1, 2, |dice| json!({"operation": operation(dice, release)}))));
    }
    if dice.percent(35) {
        set(&mut rule, "when", json!(dice.many(1, 2, condition)));
    }
    rule
}

/// A field or its negation, maybe both.
fn either(dice: &mut Dice, object: &mut Value, name: &str, draw: impl Fn(&mut Dice) -> String) {
    let not = format!(
        "not{}{}",
        name.get(..1).unwrap_or_default().to_uppercase(),
        name.get(1..).unwrap_or_default()
    );
    let (plain, negated) = dice.pick(&[(true, false), (true, false), (false, true), (true, true)]);
    if plain {
        set(object, name, json!(dice.many(1, 2, &draw)));
    }
    if negated {
        set(object, &not, json!(dice.many(1, 2, &draw)));
    }
}

fn source(dice: &mut Dice, release: &str) -> Value {
    let mut source = json!({});
    let newest = release != "1.18";
    while source == json!({}) {
        if dice.percent(40) {
            either(dice, &mut source, "principals", principal);
        }
        if dice.percent(25) {
            either(dice, &mut source, "namespaces", |dice| {
                dice.pick(&["shop", "web", "sh*", "*b", "*"]).to_owned()
            });
        }
        if newest && source == json!({}) && dice.percent(15) {
            either(dice, &mut source, "serviceAccounts", |dice| {
                dice.pick(&["web", "shop/web", "web/guest", "admin"]).to_owned()
            });
        }
        if dice.percent(8) {
            either(dice, &mut source, "ipBlocks", block);
        }
        if dice.percent(8) {
            either(dice, &mut source, "remoteIpBlocks", block);
        }
        if dice.percent(12) {
            either(dice, &mut source, "requestPrincipals", request_principal);
        }
    }
    source
}

fn principal(dice: &mut Dice) -> String {
    let (namespace, account) = dice.pick(CLIENTS);
    match dice.below(6) {
        0 => format!("*/sa/{account}"),
        1 => format!("cluster.local/ns/{namespace}/*"),
        2 => "*".to_owned(),
        _ => format!("cluster.local/ns/{namespace}/sa/{account}"),
    }
}

/// Not 10.0.0.0/8: on one machine that is 127.0.0.0/8, where the clients are.
fn block(dice: &mut Dice) -> String {
    dice.pick(&["127.0.0.0/8", "127.0.0.1", "10.1.0.0/16", "0.0.0.0/0", "203.0.113.0/24"]).to_owned()
}

fn request_principal(dice: &mut Dice) -> String {
    dice.pick(&["*", "https://id.example/anna", "https://id.example/*", "*/anna", "test@issuer.example/bert"])
        .to_owned()
}

fn operation(dice: &mut Dice, release: &str) -> Value {
    let mut operation = json!({});
    while operation == json!({}) {
        if dice.percent(60) {
            either(dice, &mut operation, "paths", |dice| path(dice, release));
        }
        if dice.percent(35) {
            either(dice, &mut operation, "methods", |dice| {
                if dice.percent(20) { dice.pick(&["P*", "*T", "*", "get"]) } else { dice.pick(METHODS) }
                    .to_owned()
            });
        }
        if dice.percent(20) {
            either(dice, &mut operation, "hosts", |dice| {
                if dice.percent(40) {
                    dice.pick(&["reviews*", "*.example", "*", "*.cluster.local"])
                } else {
                    dice.pick(HOSTS)
                }
                .to_owned()
            });
        }
        if dice.percent(15) {
            either(dice, &mut operation, "ports", |dice| dice.pick(&["80", "90", "70", "9080"]).to_owned());
        }
    }
    operation
}

fn path(dice: &mut Dice, release: &str) -> String {
    match dice.below(10) {
        0..3 => format!("{}*", dice.pick(PREFIXES)),
        3 => dice.pick(&["*.jpg", "*/reviews", "*", "*b", "/a/*"]).to_owned(),
        4..6 if release != "1.18" => dice
            .pick(&[
                "/items/{*}",
                "/items/{**}",
                "/{*}/b",
                "/a/{*}/{**}",
                "/{**}",
                "/{**}/reviews",
                "/items/{*}.jpg",
                "/{*}",
            ])
            .to_owned(),
        _ => dice.pick(PATHS).to_owned(),
    }
}

fn condition(dice: &mut Dice) -> Value {
    let header = format!("request.headers[{}]", dice.pick(HEADERS));
    let (key, values): (&str, &[&str]) = match dice.below(12) {
        0..4 => (&header, VALUES),
        4 => ("source.namespace", &["shop", "web", "w*"]),
        5 => ("source.principal", &["cluster.local/ns/shop/sa/web", "*/sa/web", "*"]),
        6 => ("destination.port", &["80", "90", "70"]),
        7 => ("request.auth.claims[groups]", &["staff", "st*", "*"]),
        8 => ("request.auth.claims[iss]", ISSUERS),
        9 => ("request.auth.audiences", &["shop", "*"]),
        10 => ("request.auth.claims[org][team]", &["mesh", "m*"]),
        _ => ("remote.ip", &["127.0.0.1", "10.1.0.0/16"]),
    };
    let mut condition = json!({"key": key});
    let drawn = |dice: &mut Dice| {
        let value = dice.pick(values);
        let value = if value.is_empty() { "gold" } else { value };
        match dice.below(8) {
            0 if key.contains("headers") => format!("{}*", value.chars().take(2).collect::<String>()),
            1 if key.contains("headers") => format!("*{}", value.chars().skip(1).collect::<String>()),
            _ => value.to_owned(),
        }
    };
    let (plain, negated) = dice.pick(&[(true, false), (true, false), (false, true), (true, true)]);
    if plain {
        set(&mut condition, "values", json!(dice.many(1, 2, drawn)));
    }
    if negated {
        set(&mut condition, "notValues", json!(dice.many(1, 2, drawn)));
    }
    condition
}
