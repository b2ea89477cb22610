//! Policies alone, against a plain enumeration: a small universe of requests, and policies as Istio's
//! documentation explains them.

use generate::traffic::{Dice, universe};
use serde_json::{Value, json};
use waypoint_xds::release::Release;
use waypoint_xds::trace::classes::Judgement;
use waypoint_xds::trace::{Request, Via};

use super::diffs::{number, read, waypoint};

const CLIENTS: &[(&str, &str)] = &[("shop", "web"), ("shop", "admin"), ("web", "web")];
const METHODS: &[&str] = &["GET", "POST", "PUT"];
const PATHS: &[&str] = &["/", "/a", "/a/b", "/ab", "/items/1"];
const TIERS: &[Option<&str>] = &[None, Some("gold"), Some("golden")];

/// A request of the universe.
#[derive(Clone, Copy, Debug)]
struct Ask {
    client: (&'static str, &'static str),
    method: &'static str,
    path: &'static str,
    tier: Option<&'static str>,
}

fn everything() -> Vec<Ask> {
    let mut all = Vec::new();
    for &client in CLIENTS {
        for &method in METHODS {
            for &path in PATHS {
                all.extend(TIERS.iter().map(|&tier| Ask { client, method, path, tier }));
            }
        }
    }
    all
}

impl Ask {
    fn request(self) -> Request {
        let (namespace, account) = self.client;
        let id = format!("spiffe://cluster.local/ns/{namespace}/sa/{account}");
        let to = "reviews.shop.svc.cluster.local:80".parse().expect("a destination");
        let mut request = Request::new(id.parse().expect("a source"), to);
        request.via = Via::Waypoint(waypoint());
        request.method = self.method.to_owned();
        request.path = self.path.to_owned();
        request.headers.extend(self.tier.map(|tier| ("x-tier".to_owned(), tier.to_owned())));
        request
    }

    /// The value of a field of a source, of an operation, or of a condition.
    fn value(self, field: &str) -> Option<String> {
        let (namespace, account) = self.client;
        match field {
            "principals" => Some(format!("cluster.local/ns/{namespace}/sa/{account}")),
            "namespaces" => Some(namespace.to_owned()),
            "methods" => Some(self.method.to_owned()),
            "paths" => Some(self.path.to_owned()),
            _ => self.tier.map(str::to_owned),
        }
    }
}

/// Fields with what may stand in them.
const SOURCE: &[(&str, &[&str])] = &[
    (
        "principals",
        &[
            "cluster.local/ns/shop/sa/web",
            "cluster.local/ns/shop/*",
            "*/sa/web",
            "cluster.local/ns/web/sa/web",
            "*",
        ],
    ),
    ("namespaces", &["shop", "w*", "*b", "nowhere"]),
];
const OPERATION: &[(&str, &[&str])] = &[
    ("methods", &["GET", "P*", "*T", "PUT", "DELETE"]),
    ("paths", &["/a", "/a*", "*b", "/items/*", "/", "*"]),
];
const HEADER: &[(&str, &[&str])] = &[("values", &["gold", "gold*", "*n", "silver"])];

/// `notPaths` for `paths`.
fn negated(field: &str) -> String {
    let (first, rest) = field.split_at(1);
    format!("not{}{rest}", first.to_uppercase())
}

/// An object with some of these fields, or their negations.
fn fields(dice: &mut Dice, known: &[(&str, &[&str])]) -> Value {
    let mut object = json!({});
    while object == json!({}) {
        for (field, words) in known {
            let draw = |dice: &mut Dice| json!(dice.many(1, 2, |dice| dice.pick(words).to_owned()));
            if dice.percent(40) {
                object[*field] = draw(dice);
            }
            if dice.percent(20) {
                object[negated(field)] = draw(dice);
            }
        }
    }
    object
}

fn rule(dice: &mut Dice) -> Value {
    let mut rule = json!({});
    if dice.percent(60) {
        rule["from"] = json!(dice.many(1, 2, |dice| json!({"source": fields(dice, SOURCE)})));
    }
    if dice.percent(60) {
        rule["to"] = json!(dice.many(1, 2, |dice| json!({"operation": fields(dice, OPERATION)})));
    }
    if dice.percent(35) {
        let mut condition = fields(dice, HEADER);
        condition["key"] = json!("request.headers[x-tier]");
        rule["when"] = json!([condition]);
    }
    rule
}

fn policy(dice: &mut Dice, number: usize) -> Value {
    let deny = dice.percent(40);
    let mut spec = json!({
        "action": if deny { "DENY" } else { "ALLOW" },
        "targetRefs": [{"group": "", "kind": "Service", "name": "reviews"}],
    });
    let rules = dice.many(0, 2, rule);
    if !rules.is_empty() {
        spec["rules"] = json!(rules);
    }
    json!({
        "apiVersion": "security.istio.io/v1", "kind": "AuthorizationPolicy",
        "metadata": {"name": format!("policy-{number}"), "namespace": "shop"}, "spec": spec,
    })
}

fn is_like(pattern: &str, value: &str) -> bool {
    match (pattern.strip_prefix('*'), pattern.strip_suffix('*')) {
        (Some(""), _) => !value.is_empty(),
        (Some(suffix), _) => value.ends_with(suffix),
        (None, Some(prefix)) => value.starts_with(prefix),
        (None, None) => value == pattern,
    }
}

fn list<'v>(object: &'v Value, field: &str) -> impl Iterator<Item = &'v Value> {
    object.get(field).and_then(Value::as_array).into_iter().flatten()
}

/// All fields hold: any of the values, and none of those that it must not be.
fn holds(object: &Value, known: &[(&str, &[&str])], ask: Ask) -> bool {
    known.iter().all(|(field, _)| {
        let value = ask.value(field);
        let fits = |pattern: &Value| {
            value.as_deref().is_some_and(|value| is_like(pattern.as_str().unwrap_or_default(), value))
        };
        let wanted = object.get(*field).is_none() || list(object, field).any(fits);
        wanted && !list(object, &negated(field)).any(fits)
    })
}

fn fits(rule: &Value, ask: Ask) -> bool {
    let any = |list_of: &str, inner: &str, known| {
        rule.get(list_of).is_none() || list(rule, list_of).any(|one| holds(&one[inner], known, ask))
    };
    any("from", "source", SOURCE)
        && any("to", "operation", OPERATION)
        && list(rule, "when").all(|condition| holds(condition, HEADER, ask))
}

/// Whether policies let a request pass: none denies it, and one allows it if any allows anything.
fn passes(policies: &[Value], ask: Ask) -> bool {
    let fit = |action: &str| {
        let of_action = policies.iter().filter(|policy| policy["spec"]["action"] == action);
        let all: Vec<&Value> = of_action.collect();
        let fits = all.iter().any(|policy| list(&policy["spec"], "rules").any(|rule| fits(rule, ask)));
        (!all.is_empty(), fits)
    };
    let ((_, denied), (any, allowed)) = (fit("DENY"), fit("ALLOW"));
    !denied && (!any || allowed)
}

/// One policy in another's place, one gone, or one more.
fn changed(policies: &[Value], dice: &mut Dice) -> Vec<Value> {
    let mut after = policies.to_vec();
    let at = dice.below(after.len());
    match (dice.below(4), after.is_empty()) {
        (0, false) => {
            after.remove(at);
        }
        (1, _) | (_, true) => after.push(policy(dice, 9)),
        _ => after[at] = policy(dice, at),
    }
    after
}

/// `cargo xtask diffs --policies 1000` takes more of them.
#[test]
fn policies_decide_what_a_plain_enumeration_says() {
    let seed = number("DIFFS_SEED", 1);
    let (mut differing, mut asked) = (0, 0);
    for number in 0..number("DIFFS_POLICIES", 15) {
        let mut dice = Dice::new(seed + number);
        let before: Vec<Value> = (0..dice.below(4)).map(|number| policy(&mut dice.apart(), number)).collect();
        let after = changed(&before, &mut dice);
        let with = |policies: &[Value]| read(&[universe(), policies.to_vec()].concat(), Release::LATEST);
        let (old, new) = (with(&before), with(&after));
        let judge = old.judge(&new, &waypoint()).expect("the waypoint");
        for ask in everything() {
            let differs = passes(&before, ask) != passes(&after, ask);
            let says = judge.says(&ask.request()).expect("a request like those that are compared");
            let told = matches!(says, Judgement::Differs(_));
            assert_eq!(told, differs, "seed {number}: {ask:?}, {says:?}\n{before:#?}\n{after:#?}");
            differing += usize::from(differs);
            asked += 1;
        }
    }
    println!("{asked} requests enumerated, {differing} differ");
    assert!(differing > 0, "nothing differs");
}
