//! Istio's own routes: VirtualServices and DestinationRules.

use serde_json::{Map, Value, json};

use super::dice::Dice;
use super::words::{
    CLIENTS, HEADERS, HOSTS, METHODS, PARAMETERS, PATH_PATTERNS, PATHS, PREFIXES, VALUE_PATTERNS, VALUES,
};

/// A VirtualService for one or two of the Services.
pub(super) fn virtual_service(dice: &mut Dice, number: usize) -> Value {
    let reviews = "reviews.shop.svc.cluster.local";
    let hosts = dice.pick(&[
        json!(["reviews"]),
        json!([reviews]),
        json!(["reviews"]),
        json!(["ratings"]),
        json!(["reviews", "ratings"]),
        json!(["reviews-v2"]),
        json!(["*.shop.svc.cluster.local"]),
    ]);
    let mut http = dice.many(1, 5, |dice| http_route(dice, 80));
    // A last route that takes everything else makes the mesh one that carries traffic.
    if dice.percent(70) {
        http.push(http_route(dice, 0));
    }
    let mut spec = json!({"hosts": hosts, "http": http});
    if dice.percent(15) {
        set(&mut spec, "tcp", json!([{"route": destinations(dice)}]));
    }
    json!({
        "apiVersion": "networking.istio.io/v1beta1", "kind": "VirtualService",
        "metadata": {"name": format!("routes-{number}"), "namespace": "shop"}, "spec": spec,
    })
}

/// Subsets of a Service, by version.
pub(super) fn destination_rule(dice: &mut Dice, service: &str) -> Value {
    let subsets =
        ["v1", "v2", "v3", "v9"].map(|version| json!({"name": version, "labels": {"version": version}}));
    let mut spec = json!({"host": service, "subsets": subsets});
    if dice.percent(30) {
        let simple = dice.pick(&["RANDOM", "ROUND_ROBIN", "LEAST_REQUEST"]);
        set(&mut spec, "trafficPolicy", json!({"loadBalancer": {"simple": simple}}));
    }
    json!({
        "apiVersion": "networking.istio.io/v1beta1", "kind": "DestinationRule",
        "metadata": {"name": service, "namespace": "shop"}, "spec": spec,
    })
}

fn set(object: &mut Value, name: &str, value: Value) {
    if let Value::Object(fields) = object {
        fields.insert(name.to_owned(), value);
    }
}

fn http_route(dice: &mut Dice, with_matches: usize) -> Value {
    let mut route = json!({});
    if dice.percent(30) {
        set(&mut route, "name", json!(format!("r{}", dice.below(100))));
    }
    if dice.percent(with_matches) {
        set(&mut route, "match", json!(dice.many(1, 2, http_match)));
    }
    match dice.below(10) {
        0 => set(&mut route, "redirect", redirect(dice)),
        1 => {
            let status = dice.pick(&[200, 204, 404, 418, 503]);
            set(&mut route, "directResponse", json!({"status": status, "body": {"string": "here"}}));
        }
        _ => forward(dice, &mut route),
    }
    if dice.percent(15) {
        set(&mut route, "corsPolicy", cors(dice));
    }
    if dice.percent(20) {
        set(&mut route, "headers", header_operations(dice));
    }
    if dice.percent(15) {
        let status = dice.pick(&[400, 503, 555]);
        let share = dice.pick(&[100.0, 100.0, 50.0, 20.0, 0.5, 0.0]);
        let fault = json!({"abort": {"httpStatus": status, "percentage": {"value": share}}});
        set(&mut route, "fault", fault);
    }
    route
}

fn forward(dice: &mut Dice, route: &mut Value) {
    set(route, "route", destinations(dice));
    if dice.percent(30) {
        let mut rewrite = json!({});
        match dice.below(4) {
            0 | 1 => set(&mut rewrite, "uri", json!(dice.pick(&["/", "/new", "/new/", "/n?x=y"]))),
            2 => {
                let (pattern, to) = dice.pick(&[
                    ("^/items/(.*)", "/things/\\1"),
                    ("a", "b"),
                    ("/([^/]*)/", "/\\1-\\0/"),
                    ("[0-9]", ""),
                ]);
                let regex = json!({"match": pattern, "rewrite": to});
                set(&mut rewrite, "uriRegexRewrite", regex);
            }
            _ => {}
        }
        if dice.percent(50) || rewrite == json!({}) {
            set(&mut rewrite, "authority", json!("inside.example"));
        }
        set(route, "rewrite", rewrite);
    }
    if dice.percent(12) {
        set(route, "mirror", json!({"host": dice.pick(&["ratings", "reviews-v2", "nobody"])}));
        set(route, "mirrorPercentage", json!({"value": dice.pick(&[100.0, 100.0, 0.0])}));
    }
    if dice.percent(15) {
        set(route, "timeout", json!(dice.pick(&["3s", "0s", "10s"])));
    }
    if dice.percent(15) {
        set(
            route,
            "retries",
            json!({"attempts": dice.below(3), "retryOn": "connect-failure,refused-stream"}),
        );
    }
}

/// One destination, or several with weights.
fn destinations(dice: &mut Dice) -> Value {
    let destination = |dice: &mut Dice| {
        let host =
            dice.pick(&["reviews", "reviews", "reviews", "ratings", "reviews-v2", "nobody", "missing"]);
        let mut destination = json!({"host": host});
        if host == "reviews" && dice.percent(60) {
            set(&mut destination, "subset", json!(dice.pick(&["v1", "v1", "v2", "v2", "v3", "v9", "none"])));
        }
        if dice.percent(15) {
            set(&mut destination, "port", json!({"number": dice.pick(&[80, 90, 81])}));
        }
        json!({"destination": destination})
    };
    let mut all = match dice.below(10) {
        0..7 => vec![destination(dice)],
        _ => dice.many(2, 3, destination),
    };
    if all.len() > 1 {
        for (one, weight) in all.iter_mut().zip(dice.pick(&[[50, 50, 0], [90, 10, 20], [1, 2, 3], [0, 5, 1]]))
        {
            set(one, "weight", json!(weight));
        }
    } else if dice.percent(10) {
        // With several, each would change headers in its own way.
        let operations = header_operations(dice);
        all.iter_mut().for_each(|one| set(one, "headers", operations.clone()));
    }
    json!(all)
}

fn redirect(dice: &mut Dice) -> Value {
    let mut redirect = json!({});
    if dice.percent(60) {
        set(&mut redirect, "uri", json!(dice.pick(&["/there", "/there?x=y", "/"])));
    }
    if dice.percent(50) {
        set(&mut redirect, "authority", json!("elsewhere.example"));
    }
    if dice.percent(30) {
        set(&mut redirect, "scheme", json!(dice.pick(&["http", "https"])));
    }
    if dice.percent(20) {
        set(&mut redirect, "port", json!(dice.pick(&[80, 443, 8080])));
    }
    if dice.percent(40) {
        set(&mut redirect, "redirectCode", json!(dice.pick(&[301, 302, 303, 307, 308])));
    }
    if redirect == json!({}) {
        set(&mut redirect, "uri", json!("/there"));
    }
    redirect
}

fn cors(dice: &mut Dice) -> Value {
    let origin = dice.pick(&[
        json!({"exact": "https://shop.example"}),
        json!({"prefix": "https://"}),
        json!({"regex": "https://.*[.]example"}),
        json!({"exact": "*"}),
    ]);
    let mut cors = json!({"allowOrigins": [origin], "allowMethods": ["GET", "POST"]});
    if dice.percent(30) {
        set(&mut cors, "unmatchedPreflights", json!(dice.pick(&["FORWARD", "IGNORE"])));
    }
    cors
}

fn header_operations(dice: &mut Dice) -> Value {
    let name = |dice: &mut Dice| dice.pick(&["x-user", "x-tier", "x-new", "X-Mixed", "user-agent"]);
    let value = |dice: &mut Dice| dice.pick(&["set", "gold", "a,b", "100%%", ""]);
    let mut request = json!({});
    if dice.percent(50) {
        set(&mut request, "set", json!({name(dice): value(dice)}));
    }
    if dice.percent(50) {
        set(&mut request, "add", json!({name(dice): value(dice)}));
    }
    if dice.percent(40) {
        set(&mut request, "remove", json!([name(dice)]));
    }
    if dice.percent(10) {
        set(&mut request, "set", json!({"Host": "headers.example"}));
    }
    let mut operations = json!({"request": request});
    if dice.percent(30) {
        set(&mut operations, "response", json!({"set": {"x-answer": "42"}}));
    }
    operations
}

fn http_match(dice: &mut Dice) -> Value {
    let mut matched = json!({});
    if dice.percent(75) {
        let uri = match dice.below(10) {
            0..4 => json!({"prefix": dice.pick(PREFIXES)}),
            4..7 => json!({"exact": dice.pick(PATHS)}),
            _ => json!({"regex": dice.pick(PATH_PATTERNS).0}),
        };
        set(&mut matched, "uri", uri);
        if dice.percent(20) {
            set(&mut matched, "ignoreUriCase", json!(true));
        }
    }
    if dice.percent(20) {
        set(&mut matched, "method", word(dice, METHODS, &[("G.*", ""), ("(?i)get", "")]));
    }
    if dice.percent(12) {
        set(&mut matched, "authority", word(dice, HOSTS, &[("reviews.*", ""), (".*[.]example", "")]));
    }
    if dice.percent(35) {
        set(&mut matched, "headers", keyed(dice, HEADERS));
    }
    if dice.percent(12) {
        set(&mut matched, "withoutHeaders", keyed(dice, HEADERS));
    }
    if dice.percent(25) {
        set(&mut matched, "queryParams", keyed(dice, PARAMETERS));
    }
    if dice.percent(6) {
        set(&mut matched, "scheme", json!({"exact": dice.pick(&["http", "https"])}));
    }
    if dice.percent(8) {
        set(&mut matched, "port", json!(dice.pick(&[80, 90, 81])));
    }
    if dice.percent(5) {
        set(&mut matched, "sourceNamespace", json!(dice.pick(CLIENTS).0));
    }
    if matched == json!({}) {
        set(&mut matched, "uri", json!({"prefix": dice.pick(PREFIXES)}));
    }
    matched
}

/// Texts by name.
fn keyed(dice: &mut Dice, names: &[&str]) -> Value {
    let all = dice.many(1, 2, |dice| {
        let name = dice.pick(names).to_owned();
        let value = if dice.percent(12) { json!({}) } else { word(dice, VALUES, VALUE_PATTERNS) };
        (name, value)
    });
    Value::Object(all.into_iter().collect::<Map<_, _>>())
}

/// A text that is matched as a whole, by its beginning or by a pattern.
fn word(dice: &mut Dice, words: &[&str], patterns: &[(&str, &str)]) -> Value {
    match dice.below(4) {
        0 => {
            // Envoy refuses a whole listener for an empty beginning.
            let whole = Some(dice.pick(words)).filter(|word| !word.is_empty()).unwrap_or("gold");
            let kept = whole.chars().count().div_ceil(2);
            json!({"prefix": whole.chars().take(kept).collect::<String>()})
        }
        1 => json!({"regex": dice.pick(patterns).0}),
        _ => json!({"exact": dice.pick(words)}),
    }
}
