//! What would fit a route or a rule of a policy: requests start from there.

use serde_json::{Map, Value};

use super::dice::Dice;
use super::words::{CLIENTS, PATH_PATTERNS, VALUE_PATTERNS, VALUES};

/// What a match or a rule asks for, with a value that fits.
#[derive(Clone, Debug, Default)]
pub(super) struct Near {
    pub(super) service: Option<String>,
    pub(super) port: Option<u16>,
    pub(super) method: Option<String>,
    pub(super) path: Option<String>,
    pub(super) host: Option<String>,
    pub(super) headers: Vec<(String, String)>,
    pub(super) parameters: Vec<(String, String)>,
    pub(super) client: Option<(String, String)>,
    pub(super) claims: Map<String, Value>,
    pub(super) grpc: bool,
}

impl Near {
    /// Both, where the other says something.
    pub(super) fn and(mut self, other: Self) -> Self {
        self.service = other.service.or(self.service);
        self.port = other.port.or(self.port);
        self.method = other.method.or(self.method);
        self.path = other.path.or(self.path);
        self.host = other.host.or(self.host);
        self.headers.extend(other.headers);
        self.parameters.extend(other.parameters);
        self.client = other.client.or(self.client);
        self.claims.extend(other.claims);
        self.grpc |= other.grpc;
        self
    }
}

/// A route's match of the snapshot.
pub(super) fn route(objects: &[Value], dice: &mut Dice) -> Near {
    let routes: Vec<&Value> = objects
        .iter()
        .filter(|object| matches!(kind(object), "VirtualService" | "HTTPRoute" | "GRPCRoute"))
        .collect();
    let Some(object) = routes.get(dice.below(routes.len())) else { return Near::default() };
    match kind(object) {
        "VirtualService" => virtual_service(object, dice),
        "HTTPRoute" => http_route(object, dice),
        _ => grpc_route(object, dice),
    }
}

/// A policy's rule.
pub(super) fn policy(objects: &[Value], dice: &mut Dice) -> Near {
    let policies: Vec<&Value> =
        objects.iter().filter(|object| kind(object) == "AuthorizationPolicy").collect();
    let Some(object) = policies.get(dice.below(policies.len())) else { return Near::default() };
    let mut near = Near { service: target(object), ..Near::default() };
    let rule = one_of(object.pointer("/spec/rules"), dice);
    if let Some(source) = one_of(rule.get("from"), dice).get("source") {
        from(source, &mut near, dice);
    }
    if let Some(operation) = one_of(rule.get("to"), dice).get("operation") {
        to(operation, &mut near, dice);
    }
    for condition in rule.get("when").and_then(Value::as_array).into_iter().flatten() {
        when(condition, &mut near, dice);
    }
    near
}

fn kind(object: &Value) -> &str {
    object.get("kind").and_then(Value::as_str).unwrap_or_default()
}

fn target(object: &Value) -> Option<String> {
    let target = object.pointer("/spec/targetRefs/0").filter(|target| kind(target) == "Service")?;
    text(target, "name")
}

fn text(object: &Value, name: &str) -> Option<String> {
    object.get(name).and_then(Value::as_str).map(str::to_owned)
}

/// An item of a list; nothing of no list.
fn one_of(list: Option<&Value>, dice: &mut Dice) -> Value {
    list.and_then(Value::as_array).map(|list| dice.pick(list)).unwrap_or_default()
}

fn virtual_service(object: &Value, dice: &mut Dice) -> Near {
    let host = one_of(object.pointer("/spec/hosts"), dice);
    let service = host.as_str().and_then(|host| host.split('.').next()).filter(|name| *name != "*");
    let mut near = Near { service: service.map(str::to_owned), ..Near::default() };
    let route = one_of(object.pointer("/spec/http"), dice);
    let matched = one_of(route.get("match"), dice);
    near.path = matched.get("uri").map(|uri| fitting(uri, PATH_PATTERNS, dice));
    near.method =
        matched.get("method").map(|method| fitting(method, &[("G.*", "GET"), ("(?i)get", "GET")], dice));
    near.host = matched
        .get("authority")
        .map(|host| fitting(host, &[("reviews.*", "reviews.shop"), (".*[.]example", "other.example")], dice));
    near.headers = keyed(matched.get("headers"), dice);
    near.parameters = keyed(matched.get("queryParams"), dice);
    if let Some(port) = matched.get("port").and_then(Value::as_u64) {
        near.port = u16::try_from(port).ok();
    }
    if route.get("corsPolicy").is_some() && dice.percent(50) {
        near.method = Some("OPTIONS".to_owned());
        let origin = dice.pick(&["https://shop.example", "http://shop.example", "https://other", "null"]);
        near.headers.push(("origin".to_owned(), origin.to_owned()));
        if dice.percent(80) {
            near.headers.push((
                "access-control-request-method".to_owned(),
                dice.pick(&["GET", "PUT", ""]).to_owned(),
            ));
        }
    }
    near
}

/// A text that fits Istio's `StringMatch`.
fn fitting(matched: &Value, patterns: &[(&str, &str)], dice: &mut Dice) -> String {
    if let Some(exact) = text(matched, "exact") {
        return exact;
    }
    if let Some(prefix) = text(matched, "prefix") {
        return prefix + dice.pick(&["", "", "/", "/more", "x"]);
    }
    let regex = text(matched, "regex").unwrap_or_default();
    sample(&regex, patterns).unwrap_or_else(|| dice.pick(VALUES).to_owned())
}

fn sample(regex: &str, patterns: &[(&str, &str)]) -> Option<String> {
    patterns.iter().find(|(pattern, _)| *pattern == regex).map(|(_, sample)| (*sample).to_owned())
}

fn keyed(matched: Option<&Value>, dice: &mut Dice) -> Vec<(String, String)> {
    let fields = matched.and_then(Value::as_object).into_iter().flatten();
    fields.map(|(name, matched)| (name.clone(), fitting(matched, VALUE_PATTERNS, dice))).collect()
}

fn parent(object: &Value) -> Near {
    let parent = object.pointer("/spec/parentRefs/0");
    Near { service: parent.and_then(|parent| text(parent, "name")), ..Near::default() }
}

fn http_route(object: &Value, dice: &mut Dice) -> Near {
    let mut near = parent(object);
    let rule = one_of(object.pointer("/spec/rules"), dice);
    let matched = one_of(rule.get("matches"), dice);
    near.path = matched.get("path").map(|path| {
        let value = text(path, "value").unwrap_or_default();
        match path.get("type").and_then(Value::as_str) {
            Some("PathPrefix") => value + dice.pick(&["", "", "/", "/more", "x"]),
            Some("RegularExpression") => sample(&value, PATH_PATTERNS).unwrap_or(value),
            _ => value,
        }
    });
    near.method = text(&matched, "method");
    near.headers = listed(matched.get("headers"));
    near.parameters = listed(matched.get("queryParams"));
    near
}

/// Names and values that fit a list of the Gateway API's matches.
fn listed(matched: Option<&Value>) -> Vec<(String, String)> {
    let all = matched.and_then(Value::as_array).into_iter().flatten();
    all.filter_map(|one| {
        let value = text(one, "value")?;
        Some((text(one, "name")?, sample(&value, VALUE_PATTERNS).unwrap_or(value)))
    })
    .collect()
}

fn grpc_route(object: &Value, dice: &mut Dice) -> Near {
    let mut near = parent(object);
    let rule = one_of(object.pointer("/spec/rules"), dice);
    let matched = one_of(rule.get("matches"), dice);
    let wanted = |name: &str, other: &str| {
        let found = matched.pointer(&format!("/method/{name}")).and_then(Value::as_str);
        found.filter(|found| !found.contains('*')).unwrap_or(other).to_owned()
    };
    near.path = Some(format!("/{}/{}", wanted("service", "shop.Reviews"), wanted("method", "List")));
    near.headers = listed(matched.get("headers"));
    near.port = Some(90);
    near.grpc = true;
    near
}

/// One of the values of a field of a policy.
fn value(object: &Value, name: &str, dice: &mut Dice) -> Option<String> {
    one_of(object.get(name), dice).as_str().map(str::to_owned)
}

fn from(source: &Value, near: &mut Near, dice: &mut Dice) {
    for name in ["principals", "notPrincipals"] {
        let Some(principal) = value(source, name, dice) else { continue };
        let mut parts = principal.rsplit('/');
        let account = parts.next().filter(|account| *account != "*");
        let namespace = parts.nth(1).filter(|namespace| *namespace != "*");
        near.client = client(namespace, account, dice);
    }
    for name in ["namespaces", "notNamespaces"] {
        let Some(namespace) = value(source, name, dice) else { continue };
        near.client =
            client(Some(&namespace).filter(|name| !name.contains('*')).map(String::as_str), None, dice);
    }
    for name in ["serviceAccounts", "notServiceAccounts"] {
        let Some(account) = value(source, name, dice) else { continue };
        let (namespace, account) = account.split_once('/').unwrap_or(("shop", &account));
        near.client = Some((namespace.to_owned(), account.to_owned()));
    }
    for name in ["remoteIpBlocks", "notRemoteIpBlocks"] {
        if value(source, name, dice).is_some() && dice.percent(50) {
            let from = dice.pick(&["203.0.113.9", "10.1.2.3", "nonsense", "203.0.113.9, 10.0.0.1"]);
            near.headers.push(("x-forwarded-for".to_owned(), from.to_owned()));
        }
    }
    for name in ["requestPrincipals", "notRequestPrincipals"] {
        let Some(principal) = value(source, name, dice) else { continue };
        let (issuer, subject) = principal.rsplit_once('/').unwrap_or(("*", "anna"));
        if issuer != "*" {
            near.claims.insert("iss".to_owned(), issuer.into());
        }
        near.claims.insert("sub".to_owned(), if subject == "*" { "anna" } else { subject }.into());
    }
}

fn client(namespace: Option<&str>, account: Option<&str>, dice: &mut Dice) -> Option<(String, String)> {
    let fits = |(of, name): &&(&str, &str)| {
        namespace.is_none_or(|namespace| namespace == *of) && account.is_none_or(|account| account == *name)
    };
    let all: Vec<(&str, &str)> = CLIENTS.iter().filter(fits).copied().collect();
    let (namespace, account) = *all.get(dice.below(all.len()))?;
    Some((namespace.to_owned(), account.to_owned()))
}

fn to(operation: &Value, near: &mut Near, dice: &mut Dice) {
    for name in ["notPaths", "paths"] {
        near.path = value(operation, name, dice).map(|path| starred(&path, dice)).or(near.path.take());
    }
    for name in ["notMethods", "methods"] {
        let method = value(operation, name, dice).map(|method| match method.as_str() {
            "P*" => "POST".to_owned(),
            "*T" => "PUT".to_owned(),
            "*" => "GET".to_owned(),
            _ => method,
        });
        near.method = method.or(near.method.take());
    }
    for name in ["notHosts", "hosts"] {
        near.host = value(operation, name, dice).map(|host| host.replace('*', "x")).or(near.host.take());
    }
    for name in ["notPorts", "ports"] {
        near.port = value(operation, name, dice).and_then(|port| port.parse().ok()).or(near.port);
    }
}

/// A path that fits stars and templates.
fn starred(path: &str, dice: &mut Dice) -> String {
    path.replace("{**}", dice.pick(&["x", "x/y", "", "x/", "a=b"]))
        .replace("{*}", dice.pick(&["x", "1", "", "%20"]))
        .replace('*', dice.pick(&["", "x", "x/y"]))
}

fn when(condition: &Value, near: &mut Near, dice: &mut Dice) {
    let key = text(condition, "key").unwrap_or_default();
    let name = if dice.percent(70) { "values" } else { "notValues" };
    let value =
        value(condition, name, dice).unwrap_or_else(|| dice.pick(VALUES).to_owned()).replace('*', "x");
    if let Some(header) = bracketed(&key, "request.headers") {
        near.headers.push((header.to_owned(), value));
    } else if let Some(claim) = key.strip_prefix("request.auth.claims") {
        let value = match claim {
            "[groups]" => dice.pick(&[
                Value::from(value.as_str()),
                Value::from(vec!["guests", value.as_str()]),
                Value::from(format!("guests {value}")),
            ]),
            _ => value.into(),
        };
        match claim {
            "[org][team]" => near.claims.insert("org".to_owned(), serde_json::json!({"team": value})),
            claim => near.claims.insert(claim.trim_matches(['[', ']']).to_owned(), value),
        };
    } else if key == "request.auth.audiences" {
        near.claims.insert("aud".to_owned(), value.into());
    } else if key == "source.namespace" {
        near.client = client(Some(&value), None, dice);
    } else if key == "destination.port" {
        near.port = value.parse().ok().or(near.port);
    }
}

fn bracketed<'k>(key: &'k str, name: &str) -> Option<&'k str> {
    key.strip_prefix(name)?.strip_prefix('[')?.strip_suffix(']')
}
