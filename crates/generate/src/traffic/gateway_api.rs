//! The Gateway API's routes: HTTPRoutes and GRPCRoutes.

use serde_json::{Value, json};

use super::dice::Dice;
use super::words::{
    GRPC, HEADERS, METHODS, PARAMETERS, PATH_PATTERNS, PATHS, PREFIXES, VALUE_PATTERNS, VALUES,
};

/// An HTTPRoute of a Service.
pub(super) fn http_route(dice: &mut Dice, number: usize) -> Value {
    let mut rules = dice.many(1, 4, |dice| {
        let mut rule = json!({"matches": dice.many(1, 2, http_match)});
        let filters = http_filters(dice);
        let redirects = filters.iter().any(|filter| filter.get("requestRedirect").is_some());
        set(&mut rule, "filters", json!(filters));
        if !redirects {
            set(&mut rule, "backendRefs", backends(dice));
            if dice.percent(15) {
                set(&mut rule, "timeouts", json!({"request": "5s"}));
            }
        }
        rule
    });
    if dice.percent(60) {
        rules.push(json!({"backendRefs": backends(dice)}));
    }
    route(dice, "HTTPRoute", "v1beta1", number, rules, &["reviews", "reviews", "ratings", "reviews-v2"])
}

/// A GRPCRoute of a Service.
pub(super) fn grpc_route(dice: &mut Dice, number: usize) -> Value {
    let rules = dice.many(1, 3, |dice| {
        let matches = dice.many(0, 2, |dice| {
            let (service, method) = dice.pick(GRPC);
            let mut wanted = match dice.below(4) {
                0 => json!({"service": service}),
                1 => json!({"method": method}),
                _ => json!({"service": service, "method": method}),
            };
            if dice.percent(25) {
                wanted = json!({"type": "RegularExpression", "service": "shop[.].*", "method": "L.*"});
            }
            let mut matched = json!({"method": wanted});
            if dice.percent(25) {
                set(&mut matched, "headers", json!([header(dice)]));
            }
            matched
        });
        let mut rule = json!({"backendRefs": backends(dice)});
        if !matches.is_empty() {
            set(&mut rule, "matches", json!(matches));
        }
        rule
    });
    route(dice, "GRPCRoute", "v1", number, rules, &["reviews"])
}

fn route(
    dice: &mut Dice,
    kind: &str,
    version: &str,
    number: usize,
    rules: Vec<Value>,
    services: &[&str],
) -> Value {
    let mut parent = json!({"group": "", "kind": "Service", "name": dice.pick(services)});
    let port = if kind == "GRPCRoute" { 90 } else { 80 };
    if dice.percent(40) {
        set(&mut parent, "port", json!(port));
    }
    json!({
        "apiVersion": format!("gateway.networking.k8s.io/{version}"), "kind": kind,
        "metadata": {"name": format!("{}-{number}", kind.to_lowercase()), "namespace": "shop"},
        "spec": {"parentRefs": [parent], "rules": rules},
    })
}

fn set(object: &mut Value, name: &str, value: Value) {
    if let Value::Object(fields) = object {
        fields.insert(name.to_owned(), value);
    }
}

fn backends(dice: &mut Dice) -> Value {
    let backend = |dice: &mut Dice| {
        let name = dice.pick(&["reviews", "reviews", "reviews-v2", "ratings", "nobody", "missing"]);
        json!({"name": name, "port": 80})
    };
    let mut all = if dice.percent(70) { vec![backend(dice)] } else { dice.many(2, 3, backend) };
    if all.len() > 1 {
        for (one, weight) in all.iter_mut().zip(dice.pick(&[[1, 1, 1], [90, 10, 0], [0, 3, 1]])) {
            set(one, "weight", json!(weight));
        }
    }
    json!(all)
}

fn http_match(dice: &mut Dice) -> Value {
    let mut matched = json!({});
    if dice.percent(80) {
        let path = match dice.below(10) {
            0..4 => json!({"type": "PathPrefix", "value": dice.pick(PREFIXES)}),
            4..7 => json!({"type": "Exact", "value": dice.pick(PATHS)}),
            _ => json!({"type": "RegularExpression", "value": dice.pick(PATH_PATTERNS).0}),
        };
        set(&mut matched, "path", path);
    }
    if dice.percent(35) {
        set(&mut matched, "headers", json!(dice.many(1, 2, header)));
    }
    if dice.percent(25) {
        let parameter = dice.many(1, 1, |dice| valued(dice, PARAMETERS));
        set(&mut matched, "queryParams", json!(parameter));
    }
    if dice.percent(25) {
        set(&mut matched, "method", json!(dice.pick(METHODS)));
    }
    matched
}

fn header(dice: &mut Dice) -> Value {
    valued(dice, HEADERS)
}

fn valued(dice: &mut Dice, names: &[&str]) -> Value {
    let name = dice.pick(names);
    if dice.percent(30) {
        return json!({"type": "RegularExpression", "name": name, "value": dice.pick(VALUE_PATTERNS).0});
    }
    let value = dice.pick(VALUES);
    json!({"name": name, "value": if value.is_empty() { "gold" } else { value }})
}

fn http_filters(dice: &mut Dice) -> Vec<Value> {
    let mut filters = Vec::new();
    if dice.percent(20) {
        let redirect = redirect(dice);
        return vec![json!({"type": "RequestRedirect", "requestRedirect": redirect})];
    }
    if dice.percent(25) {
        let modifier = json!({
            "set": [{"name": dice.pick(&["x-user", "x-new", "Host"]), "value": "set.example"}],
            "add": [{"name": dice.pick(&["x-tier", "X-Mixed"]), "value": "added"}],
            "remove": [dice.pick(&["end-user", "accept"])],
        });
        filters.push(json!({"type": "RequestHeaderModifier", "requestHeaderModifier": modifier}));
    }
    if dice.percent(25) {
        let mut rewrite = json!({});
        if dice.percent(70) {
            set(&mut rewrite, "path", replaced_path(dice));
        }
        if dice.percent(50) || rewrite == json!({}) {
            set(&mut rewrite, "hostname", json!("inside.example"));
        }
        filters.push(json!({"type": "URLRewrite", "urlRewrite": rewrite}));
    }
    if dice.percent(12) {
        let name = dice.pick(&["ratings", "reviews-v2"]);
        let mirror = json!({"backendRef": {"name": name, "port": 80}});
        filters.push(json!({"type": "RequestMirror", "requestMirror": mirror}));
    }
    if dice.percent(12) {
        let modifier = json!({"set": [{"name": "x-answer", "value": "42"}]});
        filters.push(json!({"type": "ResponseHeaderModifier", "responseHeaderModifier": modifier}));
    }
    filters
}

fn replaced_path(dice: &mut Dice) -> Value {
    if dice.percent(50) {
        json!({"type": "ReplaceFullPath", "replaceFullPath": dice.pick(&["/whole", "/", "/whole/"])})
    } else {
        json!({"type": "ReplacePrefixMatch", "replacePrefixMatch": dice.pick(&["/start", "/", "/start/"])})
    }
}

fn redirect(dice: &mut Dice) -> Value {
    let mut redirect = json!({"statusCode": dice.pick(&[301, 302])});
    if dice.percent(50) {
        set(&mut redirect, "path", replaced_path(dice));
    }
    if dice.percent(50) {
        set(&mut redirect, "hostname", json!("elsewhere.example"));
    }
    if dice.percent(40) {
        set(&mut redirect, "scheme", json!(dice.pick(&["http", "https"])));
    }
    if dice.percent(30) {
        set(&mut redirect, "port", json!(dice.pick(&[80, 443, 8080])));
    }
    redirect
}
