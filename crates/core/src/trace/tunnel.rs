//! The tunnel that a client's ztunnel opens to a waypoint, and the listener inside.

use std::net::IpAddr;

use envoy::config::core::v3::transport_socket::ConfigType;
use envoy::config::listener::v3::FilterChain;
use envoy::extensions::filters::http::set_filter_state::v3 as http_state;
use envoy::extensions::transport_sockets::tls::v3::common_tls_context::ValidationContextType;
use envoy::extensions::transport_sockets::tls::v3::{DownstreamTlsContext, SubjectAltNameMatcher};

use super::condition::Truth;
use super::connection::{Address, Connection};
use super::headers::{self, Headers};
use super::listener::{self, Chosen};
use super::matchers::{self, Metadata};
use super::outcome::{Decision, Outcome, Place, Verdict};
use super::rbac::Subject;
use super::source::Client;
use super::walk::{Flow, Walk};
use super::{manager, network, verdict};
use crate::mesh::Waypoint;
use crate::opened::{OpenedListener, OpenedManager};
use crate::resources::names::{CONNECT_TERMINATE, MAIN_INTERNAL};
use crate::resources::{Resource, WaypointResources};

/// Walks through a waypoint.
pub(super) fn walk(
    walk: &mut Walk<'_>,
    waypoint: &Waypoint,
    resources: &WaypointResources,
    client: &Client,
    (ip, port): (IpAddr, u16),
) -> Outcome {
    let ended = match outside(walk, resources, client, (ip, port)) {
        Flow::Continue(connection) => inside(walk, waypoint, resources, connection),
        Flow::Break(outcome) => Flow::Break(outcome),
    };
    match ended {
        Flow::Break(outcome) => outcome,
        Flow::Continue(()) => {
            Outcome::new(Verdict::Unknown, Place::Waypoint, "the chain has no filter at its end")
        }
    }
}

fn listener<'r>(resources: &'r WaypointResources, name: &str) -> Option<OpenedListener<'r>> {
    let found = resources.listeners.iter().find(|listener| listener.message.name == name)?;
    let Resource { message, origins } = found;
    Some(OpenedListener::new(message, origins))
}

fn missing(name: &str) -> Flow<Connection> {
    Flow::Break(Outcome::new(
        Verdict::Failed,
        Place::Waypoint,
        format!("the waypoint has no listener {name}"),
    ))
}

/// Through the listener that ends the tunnel.
fn outside(
    walk: &mut Walk<'_>,
    resources: &WaypointResources,
    client: &Client,
    (ip, port): (IpAddr, u16),
) -> Flow<Connection> {
    let Some(listener) = listener(resources, CONNECT_TERMINATE) else { return missing(CONNECT_TERMINATE) };
    let Some(chain) = listener.chains.first() else { return missing(CONNECT_TERMINATE) };
    let address = client.address.map_or(Address::Unknown, Address::Known);
    let mut connection = Connection {
        ip,
        port,
        peer: address,
        client: address,
        certificate: client.id.clone(),
        server_name: None,
        state: std::collections::BTreeMap::new(),
    };
    certificate(walk, chain.message, &connection)?;
    for filter in &chain.filters {
        network::keep(&mut connection, filter);
        let Some(Ok(manager)) = filter.carries_http() else { continue };
        tunnel_filters(walk, manager, &mut connection)?;
    }
    match connection.inside() {
        Some(inside) => Flow::Continue(inside),
        None => Flow::Break(Outcome::new(
            Verdict::Unknown,
            Place::Waypoint,
            "nothing keeps the tunnel's destination for the listener inside",
        )),
    }
}

/// Whether the client's certificate is one that the waypoint takes.
fn certificate(walk: &mut Walk<'_>, chain: &FilterChain, connection: &Connection) -> Flow {
    let names = names(chain);
    let Some(id) = &connection.certificate else {
        let reason = "the client has no certificate, and the waypoint asks for one";
        walk.step(Place::Waypoint, "TLS of the tunnel", Decision::Failed, reason);
        return Flow::Break(Outcome::new(Verdict::Failed, Place::Waypoint, reason));
    };
    let fits = names.iter().filter_map(|name| name.matcher.as_ref()).map(|name| matchers::string(name, id));
    if names.is_empty() || Truth::any(fits) == Truth::Yes {
        walk.step(Place::Waypoint, "TLS of the tunnel", Decision::Passed, format!("the client is {id}"))
            .of(CONNECT_TERMINATE, "/filterChains/0/transportSocket");
        return Flow::Continue(());
    }
    let wanted: Vec<String> =
        names.iter().filter_map(|name| name.matcher.as_ref()).map(matchers::wanted).collect();
    let reason = format!("the certificate is of {id}, and the waypoint takes {} only", wanted.join(", "));
    walk.step(Place::Waypoint, "TLS of the tunnel", Decision::Failed, reason.clone())
        .of(CONNECT_TERMINATE, "/filterChains/0/transportSocket");
    Flow::Break(Outcome::new(Verdict::Failed, Place::Waypoint, reason))
}

/// The names of which a client's certificate has to have one.
fn names(chain: &FilterChain) -> Vec<SubjectAltNameMatcher> {
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

/// The filters for the tunnel's own request.
fn tunnel_filters(walk: &mut Walk<'_>, manager: &OpenedManager<'_>, connection: &mut Connection) -> Flow {
    let mut headers = Headers::default();
    headers.add(headers::METHOD, "CONNECT");
    headers.add(headers::AUTHORITY, listener::authority(connection));
    // The tunnel itself ends at the waypoint's own port.
    const TUNNELS: u16 = 15008;
    let metadata = Metadata::new();
    for filter in manager.filters() {
        if let Some(http_state::Config { on_request_headers, .. }) = filter.config() {
            connection.keep(&on_request_headers);
            continue;
        }
        if manager::type_of(&filter).as_deref() == Some("io.istio.http.connect_authority.Config") {
            connection.keep_destination();
            continue;
        }
        let own = Connection { port: TUNNELS, ..connection.clone() };
        let remote = connection.client;
        let subject =
            Subject { connection: &own, remote: &remote, headers: Some(&headers), metadata: &metadata };
        let verdict = verdict::rbac(walk, CONNECT_TERMINATE, &filter, subject);
        if let Some(outcome) = verdict.and_then(|verdict| verdict.denied) {
            // The client's connection is refused, whatever goes through it.
            return Flow::Break(Outcome { status: None, grpc_status: None, ..outcome });
        }
    }
    Flow::Continue(())
}

/// Through the listener inside the tunnel.
fn inside(
    walk: &mut Walk<'_>,
    waypoint: &Waypoint,
    resources: &WaypointResources,
    mut connection: Connection,
) -> Flow {
    let Some(listener) = listener(resources, MAIN_INTERNAL) else {
        return missing(MAIN_INTERNAL).map_continue(|_| ());
    };
    let protocols = listener::inspected(listener.message, &mut connection, &walk.request.protocol);
    let chosen = listener
        .message
        .filter_chain_matcher
        .as_ref()
        .map_or(Chosen::Nothing, |matcher| listener::chosen(matcher, &connection, &protocols));
    let destination = listener::authority(&connection);
    let chain = match &chosen {
        Chosen::Chain(name) => listener.chains.iter().find(|chain| chain.message.name == *name),
        Chosen::Nothing | Chosen::Unknown(_) => None,
    };
    let what = "filter chain";
    if let Chosen::Unknown(what_of) = chosen {
        let reason = format!("which chain is taken depends on {what_of}");
        walk.step(Place::Waypoint, what, Decision::Unknown, reason.clone())
            .of(MAIN_INTERNAL, "/filterChainMatcher");
        return Flow::Break(Outcome::new(Verdict::Unknown, Place::Waypoint, reason));
    }
    let Some(chain) =
        chain.or_else(|| listener.chains.iter().find(|chain| chain.pointer.starts_with("/default")))
    else {
        let reason =
            format!("waypoint {} does not serve {destination}: no filter chain is for it", waypoint.name);
        walk.step(Place::Waypoint, what, Decision::Failed, reason.clone())
            .of(MAIN_INTERNAL, "/filterChainMatcher");
        return Flow::Break(Outcome::new(Verdict::Failed, Place::Waypoint, reason));
    };
    // What makes the chain, and the routes for bytes in it.
    let causes = chain.origin.map(|origin| origin.causes.as_slice()).unwrap_or_default();
    let routes = causes.iter().skip(1).filter(|cause| cause.object.kind.is_route());
    let because: Vec<_> = causes.iter().take(1).chain(routes).cloned().collect();
    let spoken = if protocols.is_empty() { String::new() } else { format!(", {protocols} detected") };
    walk.step(
        Place::Waypoint,
        what,
        Decision::Taken,
        format!("{} for {destination}{spoken}", chain.message.name),
    )
    .of(MAIN_INTERNAL, &chain.pointer)
    .because(because);
    network::walk(walk, waypoint, resources, chain, connection)
}
