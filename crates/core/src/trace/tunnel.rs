//! The tunnel that a client's ztunnel opens to a waypoint, and the listener inside.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::net::IpAddr;

use envoy::config::core::v3::transport_socket::ConfigType;
use envoy::config::listener::v3::FilterChain;
use envoy::extensions::filters::http::rbac::v3::Rbac as HttpRbac;
use envoy::extensions::filters::http::set_filter_state::v3 as http_state;
use envoy::extensions::transport_sockets::tls::v3::common_tls_context::ValidationContextType;
use envoy::extensions::transport_sockets::tls::v3::{DownstreamTlsContext, SubjectAltNameMatcher};

use super::asked::Subject;
use super::compiled::{Lazy, Proxy, Tracer};
use super::condition::Truth;
use super::connection::{Address, Connection, Keep, State};
use super::headers::{self, Headers};
use super::listener::{ChainMatcher, Chosen, Inspectors};
use super::matchers::TextTest;
use super::metadata::Metadata;
use super::network::{self, Chain};
use super::outcome::{Decision, Place, Verdict};
use super::source::Client;
use super::verdict::RbacFilter;
use super::walk::{End, Flow, Walk};
use crate::opened::{OpenedHttpFilter, OpenedListener};
use crate::resources::names::{CONNECT_TERMINATE, MAIN_INTERNAL};
use crate::resources::{Resource, WaypointResources};

/// The listener that ends tunnels, ready.
#[derive(Clone, Debug)]
pub(super) struct Outside {
    /// What a certificate has to be of; none if anybody's will do.
    pub(super) certificates: Option<Vec<TextTest>>,
    filters: Vec<TunnelFilter>,
}

/// What a filter of a tunnel does.
#[derive(Clone, Debug)]
pub(super) enum TunnelFilter {
    Keep(Vec<Keep>),
    KeepIdentity,
    KeepDestination,
    Rbac(Box<RbacFilter>),
}

/// The listener inside of tunnels, ready.
#[derive(Clone, Debug)]
pub(super) struct Inside {
    /// Its position among the listeners.
    position: usize,
    inspectors: Inspectors,
    pub(super) matcher: Option<ChainMatcher>,
    /// Its chains, the default one last.
    chains: Lazy<Chain>,
    /// The position of the default chain.
    default: Option<usize>,
}

fn listener<'r>(
    resources: &'r WaypointResources,
    name: &str,
) -> Option<(usize, &'r Resource<envoy::config::listener::v3::Listener>)> {
    resources.listeners.iter().enumerate().find(|(_, listener)| listener.message.name == name)
}

impl Outside {
    /// Gets the listener ready; none if there is none, or it has no chain.
    pub(super) fn new(resources: &WaypointResources) -> Option<Self> {
        let (_, Resource { message, origins }) = listener(resources, CONNECT_TERMINATE)?;
        let listener = OpenedListener::new(message, origins);
        let chain = listener.chains.first()?;
        let names = peer_names(chain.message);
        let tests = || names.iter().filter_map(|name| name.matcher.as_ref()).map(TextTest::from).collect();
        let mut filters = Vec::new();
        for filter in &chain.filters {
            filters.extend(network::kept(filter));
            let Some(Ok(manager)) = filter.carries_http() else { continue };
            filters.extend(manager.filters().filter_map(|filter| TunnelFilter::new(&filter)));
        }
        Some(Self { certificates: (!names.is_empty()).then(tests), filters })
    }
}

impl Outside {
    /// The policies for tunnels, written so that what decides the same is the same.
    pub(super) fn policies(&self) -> String {
        let filters = self.filters.iter().filter_map(|filter| match filter {
            TunnelFilter::Rbac(filter) => filter.rules.as_ref(),
            _ => None,
        });
        let rules = filters.map(|rules| {
            let conditions: Vec<_> = rules.rules.iter().map(|rule| &rule.condition).collect();
            format!("{:?} {conditions:?} ", rules.action)
        });
        rules.collect()
    }

    /// Whether there are policies for tunnels.
    pub(super) fn has_policies(&self) -> bool {
        self.filters
            .iter()
            .any(|filter| matches!(filter, TunnelFilter::Rbac(filter) if filter.rules.is_some()))
    }
}

impl TunnelFilter {
    fn new(filter: &OpenedHttpFilter<'_, '_>) -> Option<Self> {
        if let Some(http_state::Config { on_request_headers, .. }) = filter.config() {
            return Some(Self::Keep(Keep::all(&on_request_headers)));
        }
        if super::manager::type_of(filter).as_deref() == Some("io.istio.http.connect_authority.Config") {
            return Some(Self::KeepDestination);
        }
        let config = filter.config::<HttpRbac>()?;
        let pointer = format!("{}/typedConfig", filter.pointer);
        let rules = (config.rules.as_ref(), config.shadow_rules.as_ref());
        let place = (CONNECT_TERMINATE, pointer.as_str());
        Some(Self::Rbac(Box::new(RbacFilter::new(&filter.message.name, place, rules, ""))))
    }
}

impl Inside {
    /// Gets the listener ready; none if there is none.
    pub(super) fn new(resources: &WaypointResources) -> Option<Self> {
        let (position, Resource { message, .. }) = listener(resources, MAIN_INTERNAL)?;
        let listed = message.filter_chains.iter().map(|chain| chain.name.as_str());
        let default = message.default_filter_chain.as_ref();
        let chains = Lazy::new(listed.chain(default.map(|chain| chain.name.as_str())));
        let matcher = message.filter_chain_matcher.as_ref();
        let matcher = matcher.map(|matcher| ChainMatcher::new(matcher, &|name| chains.position(name)));
        let default = default.map(|_| message.filter_chains.len());
        Some(Self { position, inspectors: Inspectors::new(message), matcher, chains, default })
    }

    /// A chain by its position.
    pub(super) fn chain(&self, tracer: Tracer<'_>, proxy: &Proxy, position: usize) -> Option<&Chain> {
        self.chains.get(position, || {
            let Resource { message, origins } = tracer.resources(proxy)?.listeners.get(self.position)?;
            Some(Chain::new(&OpenedListener::chain(message, origins, position)?))
        })
    }
}

/// Walks through a waypoint.
pub(super) fn walk<'a>(
    walk: &mut Walk<'a>,
    proxy: &'a Proxy,
    client: &Client<'a>,
    to: (IpAddr, u16),
) -> End<'a> {
    let ended = match outside(walk, proxy, client, to) {
        Flow::Continue(connection) => inside(walk, proxy, connection),
        Flow::Break(end) => Flow::Break(end),
    };
    match ended {
        Flow::Break(end) => end,
        Flow::Continue(()) => {
            let reason = walk.say("the chain has no filter at its end");
            End::new(Verdict::Unknown, Place::Waypoint, reason)
        }
    }
}

fn missing<'a, T>(walk: &Walk<'a>, name: &str) -> Flow<'a, T> {
    let reason = walk.say(|| format!("the waypoint has no listener {name}"));
    Flow::Break(End::new(Verdict::Failed, Place::Waypoint, reason))
}

/// Through the listener that ends the tunnel.
fn outside<'a>(
    walk: &mut Walk<'a>,
    proxy: &'a Proxy,
    client: &Client<'a>,
    (ip, port): (IpAddr, u16),
) -> Flow<'a, Connection<'a>> {
    let Some(outside) = &proxy.outside else { return missing(walk, CONNECT_TERMINATE) };
    let address = client.address.map_or(Address::Unknown, Address::Known);
    let mut connection = Connection {
        ip,
        port,
        peer: address,
        client: address,
        certificate: client.id.clone(),
        server_name: None,
        state: State::default(),
    };
    certificate(walk, outside, &connection)?;
    for filter in &outside.filters {
        match filter {
            TunnelFilter::Keep(all) => connection.keep(all),
            TunnelFilter::KeepIdentity => connection.keep_identity(),
            TunnelFilter::KeepDestination => connection.keep_destination(),
            TunnelFilter::Rbac(filter) => judged(walk, filter, &connection)?,
        }
    }
    match connection.inside() {
        Some(inside) => Flow::Continue(inside),
        None => {
            let reason = walk.say("nothing keeps the tunnel's destination for the listener inside");
            Flow::Break(End::new(Verdict::Unknown, Place::Waypoint, reason))
        }
    }
}

/// Whether the client's certificate is one that the waypoint takes.
fn certificate<'a>(walk: &mut Walk<'a>, outside: &Outside, connection: &Connection<'a>) -> Flow<'a> {
    let Some(id) = &connection.certificate else {
        let reason = "the client has no certificate, and the waypoint asks for one";
        walk.step(Place::Waypoint, "TLS of the tunnel", Decision::Failed, reason);
        return Flow::Break(End::new(Verdict::Failed, Place::Waypoint, walk.say(reason)));
    };
    let fits = |tests: &Vec<TextTest>| Truth::any(tests.iter().map(|test| test.truth(id))) == Truth::Yes;
    if outside.certificates.as_ref().is_none_or(fits) {
        walk.step(Place::Waypoint, "TLS of the tunnel", Decision::Passed, || format!("the client is {id}"))
            .of(CONNECT_TERMINATE, "/filterChains/0/transportSocket");
        return Flow::Continue(());
    }
    let reason = walk.say(|| {
        let wanted: Vec<String> = outside.certificates.iter().flatten().map(TextTest::wanted).collect();
        format!("the certificate is of {id}, and the waypoint takes {} only", wanted.join(", "))
    });
    walk.step(Place::Waypoint, "TLS of the tunnel", Decision::Failed, reason.as_str())
        .of(CONNECT_TERMINATE, "/filterChains/0/transportSocket");
    Flow::Break(End::new(Verdict::Failed, Place::Waypoint, reason))
}

/// The names of which a client's certificate has to have one.
pub(crate) fn peer_names(chain: &FilterChain) -> Vec<SubjectAltNameMatcher> {
    let config = chain.transport_socket.as_ref().and_then(|socket| socket.config_type.as_ref());
    let Some(ConfigType::TypedConfig(any)) = config else { return Vec::new() };
    let context = envoy::unpack::<DownstreamTlsContext>(any).ok().and_then(|tls| tls.common_tls_context);
    match context.and_then(|context| context.validation_context_type) {
        Some(ValidationContextType::ValidationContext(validation)) => {
            validation.match_typed_subject_alt_names.clone()
        }
        Some(ValidationContextType::CombinedValidationContext(combined)) => combined
            .default_validation_context
            .as_ref()
            .map(|validation| validation.match_typed_subject_alt_names.clone())
            .unwrap_or_default(),
        _ => Vec::new(),
    }
}

/// What policies say of the tunnel's own request.
fn judged<'a>(walk: &mut Walk<'a>, filter: &'a RbacFilter, connection: &Connection<'a>) -> Flow<'a> {
    // The tunnel itself ends at the waypoint's own port.
    const TUNNELS: u16 = 15008;
    let authority = walk.texts.write(|text| {
        // Writing to a string does not fail.
        let _ = write!(text, "{}", connection.destination());
    });
    let mut headers = Headers::default();
    headers.add(headers::METHOD, "CONNECT");
    headers.add(headers::AUTHORITY, authority);
    let own = Connection { port: TUNNELS, ..connection.clone() };
    let metadata = Metadata::default();
    let subject = Subject::new(&own, connection.client, Some(&headers), &metadata);
    match filter.judge(walk, subject).denied {
        // The client's connection is refused, whatever goes through it.
        Some(end) => Flow::Break(End { status: None, grpc_status: None, ..end }),
        None => Flow::Continue(()),
    }
}

/// What the listener inside finds for a connection, and the protocols that it detects.
fn chosen<'a>(
    walk: &mut Walk<'a>,
    inside: &Inside,
    connection: &mut Connection<'a>,
) -> (Chosen, Cow<'a, str>) {
    let protocols = inside.inspectors.inspect(connection, &walk.request.protocol, &mut walk.texts);
    let matcher = inside.matcher.as_ref();
    (matcher.map_or(Chosen::Nothing, |matcher| matcher.choose(connection, &protocols)), protocols)
}

/// The position of the chain that a request gets to, with its connection; none where it gets to none.
pub(super) fn arrives<'a>(
    walk: &mut Walk<'a>,
    proxy: &'a Proxy,
    client: &Client<'a>,
    to: (IpAddr, u16),
) -> Option<(usize, Connection<'a>)> {
    let Flow::Continue(mut connection) = outside(walk, proxy, client, to) else { return None };
    let inside = proxy.inside.as_ref()?;
    let position = match chosen(walk, inside, &mut connection).0 {
        Chosen::Chain(position) => position,
        Chosen::Missing | Chosen::Nothing => inside.default?,
        Chosen::Unknown(_) => return None,
    };
    Some((position, connection))
}

/// Through the listener inside the tunnel.
fn inside<'a>(walk: &mut Walk<'a>, proxy: &'a Proxy, mut connection: Connection<'a>) -> Flow<'a> {
    let Some(inside) = &proxy.inside else { return missing(walk, MAIN_INTERNAL) };
    let (chosen, protocols) = chosen(walk, inside, &mut connection);
    let what = "filter chain";
    let position = match chosen {
        Chosen::Chain(position) => Some(position),
        Chosen::Missing | Chosen::Nothing => inside.default,
        Chosen::Unknown(what_of) => {
            let reason = walk.say(|| format!("which chain is taken depends on {what_of}"));
            walk.step(Place::Waypoint, what, Decision::Unknown, reason.as_str())
                .of(MAIN_INTERNAL, "/filterChainMatcher");
            return Flow::Break(End::new(Verdict::Unknown, Place::Waypoint, reason));
        }
    };
    let destination = connection.destination();
    let Some(chain) = position.and_then(|position| inside.chain(walk.tracer, proxy, position)) else {
        let reason = walk.say(|| {
            format!("waypoint {} does not serve {destination}: no filter chain is for it", proxy.name)
        });
        walk.step(Place::Waypoint, what, Decision::Failed, reason.as_str())
            .of(MAIN_INTERNAL, "/filterChainMatcher");
        return Flow::Break(End::new(Verdict::Failed, Place::Waypoint, reason));
    };
    let text = || {
        let spoken = if protocols.is_empty() { String::new() } else { format!(", {protocols} detected") };
        format!("{} for {destination}{spoken}", chain.name)
    };
    // What makes the chain, and the routes for bytes in it.
    let routes = chain.causes.iter().skip(1).filter(|cause| cause.object.kind.is_route());
    walk.step(Place::Waypoint, what, Decision::Taken, text)
        .of(MAIN_INTERNAL, &chain.pointer)
        .because(chain.causes.iter().take(1).chain(routes));
    network::walk(walk, proxy, chain, connection)
}
