//! The classes that a request is in.

use serde_json::Value as Json;

use super::space::Space;
use super::way;
use crate::trace::classes::attribute::Attribute;
use crate::trace::classes::domain::{Domain, Example};
use crate::trace::classes::language;
use crate::trace::connection::Address;
use crate::trace::destination;
use crate::trace::headers::{self, Headers, Value};
use crate::trace::http;
use crate::trace::manager::FilterDoes;
use crate::trace::metadata::Metadata;
use crate::trace::network::NetworkFilter;
use crate::trace::request::Request;
use crate::trace::source::{Sender, client};
use crate::trace::texts::Scratch;
use crate::trace::walk::{Flow, Walk};

/// What a chain sees of a request.
struct Arrived<'a> {
    headers: Headers<'a>,
    metadata: Metadata<'a>,
    refused: bool,
}

/// The class of each attribute of a request that goes the way of a space; none for one that does not, or that is not like those
/// that there may be.
pub(super) fn classes(space: &Space<'_>, request: &Request) -> Option<Vec<usize>> {
    let (tracer, mesh) = (space.tracer, space.tracer.mesh);
    let mut scratch = Scratch::default();
    let mut walk = Walk::new(tracer, request, &mut scratch, false);
    let client = client(mesh, request, &mut walk.texts).ok()?;
    let to = destination::way(mesh, request, &client, &mut walk.texts).ok()?;
    let id = client.id.clone();
    let has_identity = matches!(client.sender, Sender::Ztunnel | Sender::Gateway);
    let waypoint = match request.via.waypoint() {
        Some(name) => mesh.waypoints.iter().find(|waypoint| waypoint.name == *name),
        None => way::waypoint(mesh, client.sender, &to),
    };
    let mut remote = client.address.map_or(Address::Unknown, Address::Known);
    let mut server_name = None;
    let mut arrived = None;
    match (space.chain, waypoint) {
        (Some(position), Some(waypoint)) => {
            let proxy = tracer.proxy(waypoint)?;
            let ip = std::net::SocketAddr::new(to.ip?, to.port);
            let (at, connection) = way::arrives(&mut walk, proxy, &client, ip)?;
            if at != position {
                return None;
            }
            remote = connection.client;
            server_name = connection.server_name.map(str::to_owned);
            let chain = proxy.inside.as_ref()?.chain(tracer, proxy, position)?;
            let manager = chain.filters.iter().find_map(|filter| match filter {
                NetworkFilter::Http(manager) => Some(&**manager),
                _ => None,
            });
            if let Some(manager) = manager {
                // The chain closes the connection, whatever is in it.
                if !request.protocol.is_http() {
                    return None;
                }
                let Flow::Continue(mut http) = http::taken(&mut walk, proxy, manager, connection) else {
                    return None;
                };
                remote = http.remote;
                let headers = http.headers.clone();
                let mut refused = false;
                for filter in &manager.filters {
                    if let FilterDoes::Jwt(tokens) = &filter.does {
                        refused |= matches!(tokens.walk(&mut walk, &mut http), Flow::Break(_));
                    }
                }
                arrived = Some(Arrived { headers, metadata: http.metadata, refused });
            }
        }
        (None, None) => {}
        _ => return None,
    }
    let of = |(_, attribute, domain): (usize, &Attribute, &Domain)| -> Option<usize> {
        let value = match attribute {
            Attribute::Principal => Example::Text(id.as_deref()?.to_owned()),
            Attribute::Peer => match id.as_deref().filter(|_| has_identity) {
                Some(id) => Example::Text(id.to_owned()),
                None => Example::Absent,
            },
            Attribute::Client => match remote {
                Address::Known(ip) => Example::Text(ip.to_string()),
                Address::Unknown | Address::None => return None,
            },
            Attribute::ServerName => Example::Text(server_name.clone().unwrap_or_default()),
            Attribute::Destination | Attribute::Port => return None,
            other => arrived.as_ref()?.value(other)?,
        };
        domain.class(&value)
    };
    space.domains.iter().map(of).collect()
}

impl Arrived<'_> {
    /// The value of an attribute of HTTP; none for what is not known, or is there several times.
    fn value(&self, attribute: &Attribute) -> Option<Example> {
        let text = |name: &str| match self.headers.all(name).collect::<Vec<_>>().as_slice() {
            [] => Some(Example::Absent),
            [Value::Known(text)] => Some(Example::Text(text.to_string())),
            _ => None,
        };
        match attribute {
            Attribute::Path => Some(Example::Text(self.headers.bare_path()?.to_owned())),
            Attribute::Method => text(headers::METHOD),
            Attribute::Host => text(headers::AUTHORITY),
            Attribute::Header(name) => text(name),
            Attribute::Query(name) => {
                let path = self.headers.text(headers::PATH);
                let found = headers::query(path.as_str()).find(|(other, _)| other == name);
                Some(found.map_or(Example::Absent, |(_, value)| Example::Text(value.to_owned())))
            }
            Attribute::Token => {
                Some(Example::Text(if self.refused { language::REFUSED } else { "taken" }.to_owned()))
            }
            Attribute::Metadata(filter, keys) => match self.metadata.told(filter, keys) {
                None => Some(Example::Absent),
                Some(Json::String(text)) => Some(Example::Text(text)),
                Some(Json::Array(all)) => {
                    let texts = all.iter().map(|entry| entry.as_str().map(str::to_owned));
                    Some(Example::List(texts.collect::<Option<_>>()?))
                }
                Some(_) => None,
            },
            _ => None,
        }
    }
}
