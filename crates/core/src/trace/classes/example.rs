//! A request of a class.

use decisions::{ClassSet, Cube};
use serde_json::{Map, Value};

use super::attribute::Attribute;
use super::domain::{Domain, Domains, Example};
use super::language;
use crate::mesh::Mesh;
use crate::rules::TunnelState;
use crate::trace::jwt::JwtFilter;
use crate::trace::request::{Protocol, Request, Source};
use crate::trace::tokens::Location;
use crate::trace::wire;

/// What requests of all classes have in common.
#[derive(Clone, Debug)]
pub(super) struct Template<'a> {
    pub(super) mesh: &'a Mesh,
    /// A request without anything that tells classes apart.
    pub(super) base: Request,
    /// The filter that takes tokens.
    pub(super) tokens: Option<&'a JwtFilter>,
    /// Whether tokens are for somebody where that is asked for. Otherwise that tells classes apart, too.
    pub(super) adds_audiences: bool,
}

/// Somebody of the mesh.
pub(super) fn somebody(mesh: &Mesh) -> Source {
    let mut known = mesh.workloads.iter().map(|(_, workload)| workload);
    let first = known.find(|workload| !workload.is_waypoint && !workload.service_account.is_empty());
    let (namespace, account) = first.map_or(("default", "default"), |workload| {
        (workload.namespace.as_str(), workload.service_account.as_str())
    });
    Source::Spiffe(mesh.config.identity(namespace, account).into())
}

impl<'a> Template<'a> {
    /// Requests like this one, with tokens for those who have to be named.
    pub(super) const fn new(mesh: &'a Mesh, base: Request, tokens: Option<&'a JwtFilter>) -> Self {
        Self { mesh, base, tokens, adds_audiences: true }
    }
}

impl Template<'_> {
    /// A request of a class, as ordinary as it can be.
    pub(super) fn request(&self, domains: &Domains, cube: &Cube) -> Request {
        let mut request = self.base.clone();
        let mut query = Vec::new();
        for (position, attribute, domain) in domains.iter() {
            let all: ClassSet = (0..domain.len()).collect();
            let classes = cube.classes(position).unwrap_or(&all);
            let value = self.value(attribute, domain, classes);
            self.set(&mut request, &mut query, attribute, value);
        }
        if self.adds_audiences {
            self.add_audience(&mut request);
        }
        if !query.is_empty() {
            request.path = format!("{}?{}", request.path, query.join("&"));
        }
        request
    }

    /// What is ordinary for an attribute.
    fn ordinary(&self, attribute: &Attribute) -> Vec<String> {
        let texts = |all: &[&str]| all.iter().map(ToString::to_string).collect();
        match attribute {
            Attribute::Principal | Attribute::Peer => {
                let mut all: Vec<String> = Vec::new();
                if let Source::Spiffe(id) = &self.base.source {
                    all.push(id.to_string());
                }
                all.extend(self.mesh.workloads.iter().map(|(_, workload)| {
                    self.mesh.config.identity(&workload.namespace, &workload.service_account)
                }));
                all
            }
            Attribute::Path => texts(&["/", "/x"]),
            Attribute::Method => texts(&["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"]),
            Attribute::Host => vec![self.base.destination.host.to_string()],
            _ => Vec::new(),
        }
    }

    fn value(&self, attribute: &Attribute, domain: &Domain, classes: &ClassSet) -> Example {
        let is_somebody = *attribute == Attribute::Peer && classes.count_ones(..) > 1;
        if domain.may_be_absent && classes.contains(0) && !is_somebody {
            return Example::Absent;
        }
        let fits = |text: &String| domain.class_of(text).is_some_and(|class| classes.contains(class));
        if let Some(text) = self.ordinary(attribute).into_iter().find(fits) {
            return Example::Text(text);
        }
        let length = |class: &usize| match domain.example(*class) {
            Example::Text(text) => text.len(),
            Example::List(entries) => entries.iter().map(String::len).sum(),
            Example::Absent => 0,
        };
        classes.ones().min_by_key(length).map_or(Example::Absent, |class| domain.example(class))
    }

    /// A token is for somebody, where its issuer's rule asks for that.
    fn add_audience(&self, request: &mut Request) {
        let Some(claims) = &mut request.claims else { return };
        let issuer = claims.get("iss").and_then(Value::as_str).unwrap_or_default();
        let audience = self.tokens.and_then(|tokens| tokens.audience(issuer));
        if let Some(audience) = audience.filter(|_| !claims.contains_key("aud")) {
            claims.insert("aud".to_owned(), audience.into());
        }
    }

    /// Adds a token that nobody takes.
    fn refuse(&self, request: &mut Request, query: &mut Vec<String>) {
        const NO_TOKEN: &str = "no-token";
        match self.tokens.and_then(JwtFilter::any_place) {
            Some(Location::Header { name, prefix }) => {
                request.headers.push((name.clone(), format!("{prefix}{NO_TOKEN}")));
            }
            Some(Location::Param(name)) => query.push(format!("{name}={NO_TOKEN}")),
            Some(Location::Cookie(name)) => {
                request.headers.push(("cookie".to_owned(), format!("{name}={NO_TOKEN}")));
            }
            None => {}
        }
    }

    fn set(&self, request: &mut Request, query: &mut Vec<String>, attribute: &Attribute, value: Example) {
        let text = match &value {
            Example::Text(text) => Some(text.clone()),
            _ => None,
        };
        match (attribute, text) {
            (Attribute::Metadata(_, keys), _) => claim(request, keys, value),
            (Attribute::Peer, _) if value == Example::Absent => {
                request.source = Source::Outside;
            }
            (Attribute::Token, Some(text)) if text == language::REFUSED => self.refuse(request, query),
            (Attribute::Principal | Attribute::Peer, Some(text)) => {
                request.source = Source::Spiffe(text.into())
            }
            (Attribute::Client, Some(text)) => {
                request.source_address = text.parse().ok();
                // Inside of the first waypoints connections have no address: what a header says counts alone.
                let has_none = self.mesh.rules.listeners.tunnel_state == TunnelState::IstioFilters;
                if has_none && request.protocol.is_http() {
                    request.headers.push(("x-forwarded-for".to_owned(), text));
                }
            }
            (Attribute::Path, Some(text)) => request.path = text,
            (Attribute::Method, Some(text)) => {
                // Any word is a method of HTTP/2.
                if request.protocol == Protocol::Http1 && !wire::is_known(&text) {
                    request.protocol = Protocol::Http2;
                }
                request.method = text;
            }
            (Attribute::Host, Some(text)) => request.authority = Some(text),
            (Attribute::Header(name), Some(text)) => request.headers.push((name.clone(), text)),
            (Attribute::Query(name), Some(text)) if text.is_empty() => query.push(name.clone()),
            (Attribute::Query(name), Some(text)) => query.push(format!("{name}={text}")),
            (Attribute::ServerName, Some(text)) if !text.is_empty() => {
                request.protocol = Protocol::Tls { sni: Some(text), alpn: Vec::new() };
            }
            _ => {}
        }
    }
}

/// Adds a claim to the request's token; those of other filters are none.
fn claim(request: &mut Request, keys: &[String], value: Example) {
    let Some((first, path)) = keys.split_first() else { return };
    if first != "payload" && first != "request.auth.claims" {
        return;
    }
    let value = match value {
        Example::Text(text) => Value::from(text),
        Example::List(entries) => Value::from(entries),
        Example::Absent => return,
    };
    let Some((last, above)) = path.split_last() else { return };
    let mut at = request.claims.get_or_insert_with(Map::new);
    for key in above {
        let inner = at.entry(key.clone()).or_insert_with(|| Value::Object(Map::new()));
        match inner {
            Value::Object(inner) => at = inner,
            _ => return,
        }
    }
    at.insert(last.clone(), value);
}
