//! Requests near the edges: what would fit a route or a rule, and then a change or two.

use serde_json::{Map, Value, json};

use super::dice::Dice;
use super::near::{self, Near};
use super::universe::{PODS, SERVICES};
use super::words::{CLIENTS, HEADERS, HOSTS, ISSUERS, METHODS, PARAMETERS, PATHS, VALUES};

/// Who asks what of whom.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Ask {
    /// The trust domain of the client's certificate.
    pub trust_domain: String,
    /// The client's namespace.
    pub namespace: String,
    /// The client's service account.
    pub account: String,
    /// `address:port`, as the tunnel is opened for.
    pub to: String,
    /// What is spoken.
    pub speaks: TunnelProtocol,
    /// The method.
    pub method: String,
    /// The path, with the query.
    pub path: String,
    /// `Host`, or `:authority`.
    pub host: String,
    /// The other headers, in their order.
    pub headers: Vec<(String, String)>,
    /// A token that somebody has to sign.
    pub token: Option<Token>,
}

/// What is spoken in a tunnel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub enum TunnelProtocol {
    /// HTTP/1.1.
    #[default]
    Http1,
    /// HTTP/2 without TLS.
    Http2,
    /// gRPC: HTTP/2 with a frame.
    Grpc,
    /// A line of text.
    Tcp,
}

/// A token, and where it is sent.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Token {
    /// What it says.
    pub claims: Map<String, Value>,
    /// Where it is.
    pub place: Place,
}

/// Where a token is sent.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub enum Place {
    /// In a header, behind a prefix.
    Header(String, String),
    /// In the query.
    Parameter(String),
}

/// So many requests for a snapshot.
#[must_use]
pub fn requests(objects: &[Value], seed: u64, count: usize) -> Vec<Ask> {
    let mut dice = Dice::new(seed ^ 0x5eed);
    (0..count).map(|_| request(objects, &mut dice.apart())).collect()
}

fn request(objects: &[Value], dice: &mut Dice) -> Ask {
    let mut near = Near::default();
    if dice.percent(75) {
        near = near.and(near::route(objects, dice));
    }
    if dice.percent(60) {
        near = near.and(near::policy(objects, dice));
    }
    let mut ask = plain(objects, near, dice);
    let changes = dice.pick(&[0, 0, 0, 1, 1, 1, 2, 3]);
    for _ in 0..changes {
        change(&mut ask, dice);
    }
    // What is no word is no method that could be sent.
    ask.method.retain(|c| c.is_ascii_alphabetic());
    if ask.method.is_empty() {
        ask.method = "GET".to_owned();
    }
    if ask.speaks == TunnelProtocol::Grpc {
        ask.method = "POST".to_owned();
    }
    ask
}

/// A request that is as near as it gets.
fn plain(objects: &[Value], near: Near, dice: &mut Dice) -> Ask {
    let (namespace, account) = near.client.clone().unwrap_or_else(|| {
        let (namespace, account) = dice.pick(CLIENTS);
        (namespace.to_owned(), account.to_owned())
    });
    let service =
        near.service.clone().unwrap_or_else(|| dice.pick(&["reviews", "reviews", "ratings"]).to_owned());
    let port = near.port.unwrap_or_else(|| dice.pick(&[80, 80, 80, 80, 80, 80, 80, 60, 70]));
    let mut speaks = dice.pick(&[
        TunnelProtocol::Http1,
        TunnelProtocol::Http1,
        TunnelProtocol::Http1,
        TunnelProtocol::Http2,
    ]);
    if near.grpc || port == 90 && dice.percent(70) {
        speaks = TunnelProtocol::Grpc;
    } else if port == 70 && dice.percent(70) {
        speaks = TunnelProtocol::Tcp;
    }
    let query: Vec<String> =
        near.parameters.iter().map(|(name, value)| format!("{name}={}", spaceless(value))).collect();
    let path = near.path.clone().unwrap_or_else(|| dice.pick(PATHS).to_owned());
    let path = match query.as_slice() {
        [] => path,
        query => format!("{path}?{}", query.join("&")),
    };
    let token = (!near.claims.is_empty() || dice.percent(10)).then(|| token(objects, near.claims, dice));
    Ask {
        trust_domain: "cluster.local".to_owned(),
        namespace,
        account,
        to: address(&service, port),
        speaks,
        method: near.method.unwrap_or_else(|| dice.pick(&["GET", "GET", "GET", "POST"]).to_owned()),
        path: if path.starts_with('/') { spaceless(&path) } else { format!("/{}", spaceless(&path)) },
        host: near.host.unwrap_or_else(|| format!("{service}.shop")),
        headers: near.headers,
        token,
    }
}

/// What stands in a line of a request has no spaces.
fn spaceless(text: &str) -> String {
    text.replace(' ', "%20").replace('ü', "%C3%BC")
}

fn address(service: &str, port: u16) -> String {
    let found = SERVICES.iter().find(|(name, ..)| *name == service).or_else(|| SERVICES.first());
    format!("{}:{port}", found.map_or("10.96.0.10", |(_, address, _)| address))
}

/// A token of an issuer that the snapshot has, sent where it is looked for, mostly.
fn token(objects: &[Value], mut claims: Map<String, Value>, dice: &mut Dice) -> Token {
    let rules: Vec<&Value> = objects
        .iter()
        .filter_map(|object| object.pointer("/spec/jwtRules").and_then(Value::as_array))
        .flatten()
        .collect();
    let rule = rules.get(dice.below(rules.len())).copied().cloned().unwrap_or_default();
    let issuer = rule.get("issuer").and_then(Value::as_str).unwrap_or("https://id.example");
    let issuer = if dice.percent(90) { issuer } else { dice.pick(ISSUERS) };
    claims.entry("iss").or_insert_with(|| json!(issuer));
    claims.entry("sub").or_insert_with(|| json!(dice.pick(&["anna", "bert"])));
    if dice.percent(60) {
        let audience =
            dice.pick(&[json!("shop"), json!(["a", "shop"]), json!("http://shop"), json!("garage")]);
        claims.entry("aud").or_insert(audience);
    }
    claims.insert("exp".to_owned(), json!(4_102_444_800_u64));
    let place = match (rule.get("fromHeaders"), rule.get("fromParams")) {
        _ if dice.percent(15) => bearer(),
        (Some(_), _) => Place::Header("x-token".to_owned(), "Token ".to_owned()),
        (_, Some(_)) => Place::Parameter("token".to_owned()),
        _ if dice.percent(10) => Place::Parameter("access_token".to_owned()),
        _ => bearer(),
    };
    Token { claims, place }
}

fn bearer() -> Place {
    Place::Header("authorization".to_owned(), "Bearer ".to_owned())
}

/// A change of one thing.
fn change(ask: &mut Ask, dice: &mut Dice) {
    match dice.below(20) {
        0..7 => ask.path = changed_path(&ask.path, dice),
        7..10 => ask.host = changed_host(&ask.host, dice),
        10..14 => change_headers(&mut ask.headers, dice),
        14..16 => ask.method = changed_method(&ask.method, dice),
        16 => {
            let (namespace, account) = dice.pick(CLIENTS);
            (ask.namespace, ask.account) = (namespace.to_owned(), account.to_owned());
            if dice.percent(20) {
                ask.trust_domain = dice.pick(&["other.example", "cluster.localhost", "cluster"]).to_owned();
            }
        }
        17 => ask.to = changed_destination(dice),
        18 => change_token(&mut ask.token, dice),
        _ => {
            ask.speaks = dice.pick(&[
                TunnelProtocol::Http1,
                TunnelProtocol::Http2,
                TunnelProtocol::Grpc,
                TunnelProtocol::Tcp,
            ])
        }
    }
}

/// Somewhere between two characters.
fn position(text: &str, dice: &mut Dice) -> usize {
    let starts: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
    starts.get(dice.below(starts.len())).copied().unwrap_or_default()
}

fn changed_path(path: &str, dice: &mut Dice) -> String {
    let (bare, query) = path.find('?').map_or((path, ""), |at| path.split_at(at));
    let at = position(bare, dice);
    let (before, behind) = bare.split_at(at);
    let mut rest = behind.chars();
    let first = rest.next();
    let bare = match dice.below(24) {
        0 => before.to_owned(),
        1 => format!(
            "{bare}{}",
            dice.pick(&[
                "x", "/", "/x", ".", "%", "%2F", "%00", "%20", ";a=b", "//", "/.", "/..", ":", "@", "/..;",
                "/.;x/y"
            ])
        ),
        2 => flipped(bare),
        3 => bare.replacen('/', "//", 1 + dice.below(3)),
        4 => bare.replacen('/', "/./", 1),
        5 => format!("{bare}/../{}", dice.pick(&["", "x", "a"])),
        6 => format!("/x/..{bare}"),
        7 => format!("/..{bare}"),
        8 => bare.replace('/', "%2F").replacen("%2F", "/", 1),
        9 => bare.replace('/', "%2f").replacen("%2f", "/", 1),
        10 => format!("{before}{}{}", first.map(|c| encoded(c, dice)).unwrap_or_default(), rest.as_str()),
        11 => format!(
            "{before}{}{behind}",
            dice.pick(&["%2e%2e", "%5C", "\\", "%7E", "%41", "%c3%bc", "%zz", "%2", "+", "'", "!", "*"])
        ),
        12 => format!(
            "{before}{}{behind}",
            dice.pick(&["\"", "<", ">", "^", "`", "{", "}", "|", "[", "]", "~", "$", "&", "=", ","])
        ),
        13 => format!("{}{bare}", dice.pick(&["/", "//", "/./", "/%2F", "/%2e/"])),
        14 => bare.trim_end_matches('/').to_owned(),
        15 => format!("{before}{}", rest.as_str()),
        16 => dice.pick(PATHS).to_owned(),
        17 => format!("{bare}#{}", dice.pick(&["", "part"])),
        _ => return changed_query(bare, query, dice),
    };
    let bare = if bare.starts_with('/') { bare } else { format!("/{bare}") };
    bare + query
}

fn changed_query(bare: &str, query: &str, dice: &mut Dice) -> String {
    let (name, value) = (dice.pick(PARAMETERS), spaceless(dice.pick(VALUES)));
    let query = query.trim_start_matches('?');
    let query = match dice.below(8) {
        0 => String::new(),
        1 => format!("{query}&{name}={value}"),
        2 => format!("{name}={value}&{query}"),
        3 => flipped(query),
        4 => format!("{query}x"),
        5 => name.to_owned(),
        6 => format!("{name}={}", value.chars().map(|c| encoded(c, dice)).collect::<String>()),
        _ => format!("{name}={value}#x"),
    };
    format!("{bare}?{query}")
}

/// A character by its number.
fn encoded(c: char, dice: &mut Dice) -> String {
    let mut bytes = [0; 4];
    let upper = dice.percent(50);
    let encode = |byte: &u8| if upper { format!("%{byte:02X}") } else { format!("%{byte:02x}") };
    c.encode_utf8(&mut bytes).as_bytes().iter().map(encode).collect()
}

fn flipped(text: &str) -> String {
    let flip = |c: char| if c.is_ascii_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() };
    text.chars().map(flip).collect()
}

fn changed_host(host: &str, dice: &mut Dice) -> String {
    match dice.below(10) {
        0 => flipped(host),
        1 => format!("{host}."),
        2 => format!("{host}:{}", dice.pick(&["80", "90", "81", "0", "99999", "x", ""])),
        3 => format!("x{host}"),
        4 => host.chars().skip(1).collect(),
        5 => host.rsplit_once('.').map_or(host, |(before, _)| before).to_owned(),
        6 => format!("{host}{}", dice.pick(&[".svc", ".cluster.local", "x", ".example"])),
        7 => dice
            .pick(&["10.96.0.10", "10.96.0.10:80", "127.0.0.1", "[::1]", "[::1]:80", "localhost"])
            .to_owned(),
        _ => dice.pick(HOSTS).to_owned(),
    }
}

fn change_headers(headers: &mut Vec<(String, String)>, dice: &mut Dice) {
    let at = dice.below(headers.len());
    let drawn = (dice.pick(HEADERS).to_owned(), dice.pick(VALUES).to_owned());
    let known = headers.get_mut(at);
    match (dice.below(9), known) {
        (0, Some(_)) => {
            headers.remove(at);
        }
        (1, Some((name, _))) => {
            let again = (name.clone(), drawn.1);
            headers.push(again);
        }
        (2, Some((_, value))) => *value = flipped(value),
        (3, Some((name, _))) => *name = flipped(name),
        (4, Some((_, value))) => value.push_str(dice.pick(&["x", ",", " ", ", x"])),
        (5, Some((_, value))) => *value = value.chars().skip(1).collect(),
        (6, Some((_, value))) => *value = String::new(),
        (7, _) => {
            let (name, value) = dice.pick(&[
                ("x-forwarded-for", "203.0.113.9"),
                ("x-forwarded-proto", "https"),
                ("x-forwarded-host", "forwarded.example"),
                ("x-envoy-original-path", "/original"),
                ("x-request-id", "17"),
                ("x-forwarded-client-cert", "URI=spiffe://cluster.local/ns/shop/sa/admin"),
                ("te", "trailers"),
                ("connection", "x-user"),
            ]);
            headers.push((name.to_owned(), value.to_owned()));
        }
        _ => headers.push(drawn),
    }
}

fn changed_method(method: &str, dice: &mut Dice) -> String {
    match dice.below(6) {
        0 => flipped(method),
        1 => format!("{method}X"),
        _ => dice.pick(METHODS).to_owned(),
    }
}

fn changed_destination(dice: &mut Dice) -> String {
    if dice.percent(30) {
        let (_, _, _, address, _) = dice.pick(PODS);
        return format!("{address}:{}", dice.pick(&[9080, 9090, 9070, 9060]));
    }
    let (name, _, _) = dice.pick(SERVICES);
    address(name, dice.pick(&[80, 80, 90, 81, 70, 60, 443, 82]))
}

fn change_token(token: &mut Option<Token>, dice: &mut Dice) {
    let Some(with) = token else { return };
    match dice.below(5) {
        0 => *token = None,
        1 => {
            with.claims.insert("sub".to_owned(), json!(dice.pick(&["anna", "bert", ""])));
        }
        2 => {
            with.claims.insert("iss".to_owned(), json!(dice.pick(ISSUERS)));
        }
        3 => {
            with.claims.remove(dice.pick(&["sub", "aud", "groups", "org"]));
        }
        _ => {
            let groups =
                dice.pick(&[json!("staff"), json!(["staff"]), json!("a staff"), json!(17), json!([])]);
            with.claims.insert("groups".to_owned(), groups);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_the_same_for_the_same_number() {
        let objects = crate::traffic::snapshot(3, "1.31");
        assert_eq!(requests(&objects, 1, 50), requests(&objects, 1, 50));
        assert_ne!(requests(&objects, 1, 50), requests(&objects, 2, 50));
    }

    #[test]
    fn what_is_sent_is_a_line_of_http() {
        for seed in 0..40 {
            let objects = crate::traffic::snapshot(seed, "1.31");
            for ask in requests(&objects, seed, 50) {
                assert!(ask.path.starts_with('/') && !ask.path.contains(' '), "{}", ask.path);
                assert!(ask.headers.iter().all(|(name, _)| !name.is_empty()), "{ask:?}");
            }
        }
    }

    #[test]
    fn every_protocol_and_most_words_are_drawn() {
        let mut seen = std::collections::BTreeSet::new();
        for seed in 0..40 {
            let objects = crate::traffic::snapshot(seed, "1.31");
            seen.extend(requests(&objects, seed, 50).into_iter().map(|ask| format!("{:?}", ask.speaks)));
        }
        assert_eq!(seen.len(), 4, "{seen:?}");
    }
}
