//! A request inside of a connection manager: paths, and each HTTP filter in its order.

use std::borrow::Cow;

use super::asked::Subject;
use super::compiled::Proxy;
use super::connection::{Address, Connection};
use super::headers::{self, Headers};
use super::manager::{FilterDoes, HttpFilter, Manager, Remote, RoutesAt, StripsPort, answer};
use super::metadata::Metadata;
use super::outcome::{Decision, Place, Verdict};
use super::path::Normalized;
use super::request::Protocol;
use super::route::{Route, RouteLookup, Routes};
use super::walk::{End, Flow, Walk};
use super::{action, istio_authn, tokens, traffic, wire};
use crate::resources::names::MAIN_INTERNAL;

/// A request inside of a connection manager.
pub(super) struct Http<'a> {
    pub(super) connection: Connection<'a>,
    /// The address that the request counts as coming from.
    pub(super) remote: Address,
    pub(super) headers: Headers<'a>,
    pub(super) metadata: Metadata<'a>,
    routes: Option<&'a Routes>,
    /// The route, once somebody has asked for it.
    found: Option<RouteLookup<'a>>,
    /// What the route was chosen by, where that has changed: it counts only once a filter has the route
    /// chosen again.
    by_headers: Option<Headers<'a>>,
    by_metadata: Option<Metadata<'a>>,
}

impl<'a> Http<'a> {
    /// The route, as filters know it.
    pub(super) fn route(&mut self) -> Option<RouteLookup<'a>> {
        let routes = self.routes?;
        if self.found.is_none() {
            self.found = Some(routes.find(self.chosen_by()));
        }
        self.found
    }

    /// The route that a request takes, as filters know it.
    pub(super) fn taken(&mut self) -> Option<&'a Route> {
        self.route()?.route
    }

    /// What the route is chosen by.
    pub(super) fn chosen_by(&self) -> Subject<'_, 'a> {
        let headers = self.by_headers.as_ref().unwrap_or(&self.headers);
        let metadata = self.by_metadata.as_ref().unwrap_or(&self.metadata);
        Subject::new(&self.connection, self.remote, Some(headers), metadata)
    }

    /// Has the route chosen again.
    pub(super) fn choose_route_again(&mut self) {
        self.by_headers = None;
        self.by_metadata = None;
        self.found = None;
    }

    /// The headers, for changing them.
    pub(super) fn headers_mut(&mut self) -> &mut Headers<'a> {
        self.by_headers.get_or_insert_with(|| self.headers.clone());
        &mut self.headers
    }

    /// What filters tell each other, for changing it.
    pub(super) fn metadata_mut(&mut self) -> &mut Metadata<'a> {
        self.by_metadata.get_or_insert_with(|| self.metadata.clone());
        &mut self.metadata
    }

    pub(super) fn subject(&self) -> Subject<'_, 'a> {
        Subject::new(&self.connection, self.remote, Some(&self.headers), &self.metadata)
    }

    /// What a proxy answers itself.
    pub(super) fn answer(&self, verdict: Verdict, status: u16, reason: impl Into<String>) -> End<'a> {
        answer(self.headers.is_grpc(), verdict, status, reason)
    }
}

/// Walks through a connection manager.
pub(super) fn walk<'a>(
    walk: &mut Walk<'a>,
    proxy: &'a Proxy,
    manager: &'a Manager,
    connection: Connection<'a>,
) -> Flow<'a> {
    let mut http = taken(walk, proxy, manager, connection)?;
    for filter in &manager.filters {
        one(walk, filter, &mut http)?;
    }
    action::walk(walk, proxy, &mut http)
}

/// A request as the first filter gets it.
pub(super) fn taken<'a>(
    walk: &mut Walk<'a>,
    proxy: &'a Proxy,
    manager: &'a Manager,
    connection: Connection<'a>,
) -> Flow<'a, Http<'a>> {
    let mut headers = sent(walk, manager);
    received(walk, manager, &mut headers, &connection)?;
    let routes = match &manager.routes {
        RoutesAt::Here(routes) => Some(routes),
        RoutesAt::Delivered(name) => proxy.routes(walk.tracer, name),
        RoutesAt::Unknown => None,
    };
    Flow::Continue(Http {
        remote: remote(manager.remote, &headers, &connection),
        connection,
        headers,
        metadata: Metadata::default(),
        routes,
        found: None,
        by_headers: None,
        by_metadata: None,
    })
}

/// The headers that the client sends.
fn sent<'a>(walk: &Walk<'a>, manager: &'a Manager) -> Headers<'a> {
    let request = walk.request;
    let mut headers = Headers::default();
    headers.add(headers::METHOD, request.method.as_str());
    headers.add(headers::PATH, request.path.as_str());
    let named = request.destination.host.trim_start_matches("pod/");
    headers.add(headers::AUTHORITY, request.authority.as_deref().unwrap_or(named));
    for (name, value) in &request.headers {
        headers.add(name, value.trim_matches([' ', '\t']));
    }
    if request.protocol == Protocol::Grpc && !headers.has("content-type") {
        headers.add("content-type", "application/grpc");
    }
    if let Some(claims) = &request.claims {
        let filter = manager.filters.iter().find_map(|filter| match &filter.does {
            FilterDoes::Jwt(filter) => Some(&**filter),
            _ => None,
        });
        let issuer = claims.get("iss").and_then(serde_json::Value::as_str).unwrap_or_default();
        let location = filter.and_then(|filter| filter.first_place(issuer));
        match &request.token {
            Some(token) => tokens::send(token, location, &mut headers),
            None => tokens::send(&tokens::made(claims), location, &mut headers),
        }
    }
    headers
}

/// What a connection manager makes of headers before any filter sees them.
fn received<'a>(
    walk: &mut Walk<'a>,
    manager: &'a Manager,
    headers: &mut Headers<'a>,
    connection: &Connection<'a>,
) -> Flow<'a> {
    let protocol = &walk.request.protocol;
    let refused = match wire::refused(protocol, headers) {
        None => wire::clean(protocol, headers).err().map(|why| (400, why)),
        refused => refused,
    };
    if let Some((status, why)) = refused {
        walk.step(Place::Waypoint, "HTTP", Decision::Failed, why).of(MAIN_INTERNAL, &manager.pointer);
        return Flow::Break(answer(headers.is_grpc(), Verdict::Failed, status, walk.say(why)));
    }
    if !manager.keeps_client_certificate {
        headers.remove("x-forwarded-client-cert");
    }
    for hop in ["connection", "keep-alive", "proxy-connection", "transfer-encoding"] {
        headers.remove(hop);
    }
    strip_port(manager.strips, headers, connection);
    if !headers.has("x-forwarded-proto") {
        headers.add("x-forwarded-proto", "http");
    }
    headers.add(headers::SCHEME, wire::scheme(protocol, headers));
    if !headers.has("x-request-id") && manager.makes_ids {
        headers.add_unknown("x-request-id");
    }
    let Some(before) = headers.only(headers::PATH) else { return Flow::Continue(()) };
    let what = "path normalization";
    let pointer = manager.pointer.as_str();
    match manager.paths.normalized(&before, &mut walk.texts) {
        Normalized::Same => Flow::Continue(()),
        Normalized::Path(after) => {
            let text = || format!("`{before}` becomes `{after}`");
            walk.step(Place::Waypoint, what, Decision::Passed, text).of(MAIN_INTERNAL, pointer);
            headers.set(headers::PATH, after);
            Flow::Continue(())
        }
        Normalized::Refused(why) => {
            walk.step(Place::Waypoint, what, Decision::Failed, why).of(MAIN_INTERNAL, pointer);
            Flow::Break(answer(headers.is_grpc(), Verdict::Failed, 400, walk.say(why)))
        }
        Normalized::Redirected(to) => {
            let reason = walk.say(|| format!("redirected to `{to}`, with its slashes unescaped"));
            walk.step(Place::Waypoint, what, Decision::Answered, reason.as_str()).of(MAIN_INTERNAL, pointer);
            let end = answer(headers.is_grpc(), Verdict::Answered, 307, reason);
            let location = walk.explains().then(|| to.into_owned());
            Flow::Break(End { location, ..end })
        }
    }
}

fn strip_port<'a>(strips: StripsPort, headers: &mut Headers<'a>, connection: &Connection<'a>) {
    let Some(authority) = headers.only(headers::AUTHORITY) else { return };
    let Some((host, port)) = authority.rsplit_once(':') else { return };
    let number: Option<u16> = port.parse().ok().filter(|_| !host.ends_with(':'));
    let strip = match strips {
        StripsPort::Never => false,
        StripsPort::Matching => number == Some(connection.port) && !port.starts_with(['0', '+']),
        StripsPort::Any => number.is_some(),
    };
    if strip {
        let host = match &authority {
            Cow::Borrowed(authority) => authority.rsplit_once(':').map(|(host, _)| Cow::Borrowed(host)),
            Cow::Owned(_) => Some(Cow::Owned(host.to_owned())),
        };
        if let Some(host) = host {
            headers.set(headers::AUTHORITY, host);
        }
    }
}

fn remote(remote: Remote, headers: &Headers<'_>, connection: &Connection<'_>) -> Address {
    match remote {
        Remote::Connection => connection.client,
        Remote::Unknown => Address::Unknown,
        Remote::Forwarded(hops) => {
            let header = headers.text("x-forwarded-for");
            let last = header.as_str().rsplit(',').nth(hops);
            let last = last.and_then(|address| address.trim().parse().ok());
            last.map_or(connection.client, Address::Known)
        }
    }
}

/// Walks through one filter.
fn one<'a>(walk: &mut Walk<'a>, filter: &'a HttpFilter, http: &mut Http<'a>) -> Flow<'a> {
    let (name, pointer) = (filter.name.as_str(), filter.pointer.as_str());
    if filter.may_be_overridden && http.route().is_some_and(|found| found.has_own(name)) {
        unknown(walk, filter, " with a configuration for the route");
        return Flow::Continue(());
    }
    match &filter.does {
        FilterDoes::Rbac(filter) => {
            let verdict = filter.judge(walk, http.subject());
            if filter.tried.is_some() {
                verdict.tell("envoy.filters.http.rbac", http.metadata_mut());
            }
            verdict.denied.map_or(Flow::Continue(()), Flow::Break)
        }
        FilterDoes::Jwt(filter) => filter.walk(walk, http),
        FilterDoes::Authorizer(authorizer) => match authorizer.ask(walk, &http.metadata) {
            Flow::Break(End { verdict, reason, by, .. }) => {
                Flow::Break(http.answer(verdict, 403, reason).by(by))
            }
            Flow::Continue(()) => Flow::Continue(()),
        },
        FilterDoes::Cors => traffic::cors(walk, (name, pointer), http),
        FilterDoes::Fault(general) => traffic::fault(walk, (name, pointer), general, http),
        FilterDoes::Mutation(config) => {
            traffic::mutation(config, walk, http);
            Flow::Continue(())
        }
        FilterDoes::IstioAuthn(issuers) => {
            istio_authn::walk(walk, (name, pointer), issuers, http);
            Flow::Continue(())
        }
        FilterDoes::Unknown => {
            unknown(walk, filter, "");
            Flow::Continue(())
        }
    }
}

/// A filter of which files do not tell what it does.
fn unknown(walk: &mut Walk<'_>, filter: &HttpFilter, how: &str) {
    let name = filter.name.as_str();
    let text = || format!("what filter `{name}`{how} does is not known from files");
    walk.step(Place::Waypoint, name, Decision::Unknown, text)
        .of(MAIN_INTERNAL, &filter.pointer)
        .because(filter.cause.as_ref());
    walk.may_change(text);
}
