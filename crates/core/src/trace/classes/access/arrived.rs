//! The classes that a request is in.

use serde_json::Value as Json;

use super::space::Space;
use super::way;
use crate::trace::classes::attribute::Attribute;
use crate::trace::classes::domain::{Domain, Example};
use crate::trace::classes::language;
use crate::trace::compiled::Tracer;
use crate::trace::connection::Address;
use crate::trace::destination;
use crate::trace::headers::{self, Headers, Value};
use crate::trace::http;
use crate::trace::jwt::Said;
use crate::trace::manager::FilterDoes;
use crate::trace::metadata::Metadata;
use crate::trace::network::NetworkFilter;
use crate::trace::request::Request;
use crate::trace::source::{Sender, client};
use crate::trace::texts::Scratch;
use crate::trace::walk::{Flow, Walk};

/// A request where it arrives: at a chain of a waypoint, or at a workload.
pub(in crate::trace::classes) struct Arrival<'a> {
    /// The position of the chain; none past waypoints.
    pub(in crate::trace::classes) chain: Option<usize>,
    id: Option<String>,
    has_identity: bool,
    /// The address that it counts as coming from.
    remote: Address,
    server_name: Option<String>,
    http: Option<Arrived<'a>>,
}

/// What a chain sees of a request of HTTP.
struct Arrived<'a> {
    headers: Headers<'a>,
    metadata: Metadata<'a>,
    /// Whether a token is not taken.
    refused: bool,
    /// What the request says by its token, where there is a filter that looks at that.
    said: Option<Said>,
}

/// The class of each attribute of a request that goes the way of a space; none for one that does not, or that
/// is not like those that there may be.
pub(super) fn classes(space: &Space<'_>, request: &Request) -> Option<Vec<usize>> {
    let mut scratch = Scratch::default();
    let mut walk = Walk::new(space.tracer, request, &mut scratch, false);
    let arrival = Arrival::of(&mut walk, space.tracer, request)?;
    if arrival.chain != space.chain {
        return None;
    }
    let class =
        |(_, attribute, domain): (usize, &Attribute, &Domain)| domain.class(&arrival.value(attribute)?);
    space.domains.iter().map(class).collect()
}

impl<'a> Arrival<'a> {
    /// Where a request arrives; none where it does not, or is nothing that the chain there reads.
    pub(in crate::trace::classes) fn of(
        walk: &mut Walk<'a>,
        tracer: Tracer<'a>,
        request: &'a Request,
    ) -> Option<Self> {
        let mesh = tracer.mesh;
        let client = client(mesh, request, &mut walk.texts).ok()?;
        let to = destination::way(mesh, request, &client, &mut walk.texts).ok()?;
        let waypoint = match request.via.waypoint() {
            Some(name) => mesh.waypoint(name),
            None => way::waypoint(mesh, client.sender, &to),
        };
        let mut arrival = Self {
            chain: None,
            id: client.id.as_deref().map(str::to_owned),
            has_identity: matches!(client.sender, Sender::Ztunnel | Sender::Gateway),
            remote: client.address.map_or(Address::Unknown, Address::Known),
            server_name: None,
            http: None,
        };
        let Some(waypoint) = waypoint else {
            return request.via.waypoint().is_none().then_some(arrival);
        };
        let proxy = tracer.proxy(waypoint)?;
        let ip = std::net::SocketAddr::new(to.ip?, to.port);
        let (position, connection) = way::arrives(walk, proxy, &client, ip)?;
        arrival.chain = Some(position);
        arrival.remote = connection.client;
        arrival.server_name = connection.server_name.map(str::to_owned);
        let chain = proxy.inside.as_ref()?.chain(tracer, proxy, position)?;
        let manager = chain.filters.iter().find_map(|filter| match filter {
            NetworkFilter::Http(manager) => Some(&**manager),
            _ => None,
        });
        let Some(manager) = manager else { return Some(arrival) };
        // The chain closes the connection, whatever is in it.
        if !request.protocol.is_http() {
            return None;
        }
        let Flow::Continue(mut http) = http::taken(walk, proxy, manager, connection) else { return None };
        arrival.remote = http.remote;
        let headers = http.headers.clone();
        let (mut refused, mut said) = (false, None);
        for filter in &manager.filters {
            if let FilterDoes::Jwt(tokens) = &filter.does {
                said = Some(tokens.said(&http.headers));
                refused |= matches!(tokens.walk(walk, &mut http), Flow::Break(_));
            }
        }
        arrival.http = Some(Arrived { headers, metadata: http.metadata, refused, said });
        Some(arrival)
    }

    /// What the request says by its token, where there is a filter that looks at that.
    pub(in crate::trace::classes) fn said(&self) -> Option<&Said> {
        self.http.as_ref()?.said.as_ref()
    }

    /// The value of an attribute; none for what is not known.
    pub(in crate::trace::classes) fn value(&self, attribute: &Attribute) -> Option<Example> {
        Some(match attribute {
            Attribute::Principal => Example::Text(self.id.clone()?),
            Attribute::Peer => match self.id.as_ref().filter(|_| self.has_identity) {
                Some(id) => Example::Text(id.clone()),
                None => Example::Absent,
            },
            Attribute::Client => match self.remote {
                Address::Known(ip) => Example::Text(ip.to_string()),
                Address::Unknown | Address::None => return None,
            },
            Attribute::ServerName => Example::Text(self.server_name.clone().unwrap_or_default()),
            Attribute::Destination | Attribute::Port => return None,
            other => self.http.as_ref()?.value(other)?,
        })
    }
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
            Attribute::Metadata(filter, keys) => told(self.metadata.told(filter, keys)),
            _ => None,
        }
    }
}

/// What is told, as a text or a list of texts; nothing for anything else.
fn told(told: Option<Json>) -> Option<Example> {
    match told {
        None => Some(Example::Absent),
        Some(Json::String(text)) => Some(Example::Text(text)),
        Some(Json::Array(all)) => {
            let texts = all.iter().map(|entry| entry.as_str().map(str::to_owned));
            Some(Example::List(texts.collect::<Option<_>>()?))
        }
        Some(_) => None,
    }
}

/// What is told by the token of a request that arrives on both sides of a comparison: a claim, or whether
/// there is one that nobody takes. Nothing where there are several, or one that says what is neither a text
/// nor texts.
pub(in crate::trace::classes) fn of_token(
    attribute: &Attribute,
    said: [Option<&Said>; 2],
) -> Option<Example> {
    let said = || said.into_iter().flatten();
    if said().any(|said| *said == Said::Several) {
        return None;
    }
    let claims = said().find_map(|said| match said {
        Said::Claims(claims) => Some(claims),
        _ => None,
    });
    match attribute {
        Attribute::Token => {
            let refused = claims.is_none() && said().any(|said| *said == Said::Refused);
            Some(Example::Text(if refused { language::REFUSED } else { "taken" }.to_owned()))
        }
        Attribute::Metadata(_, keys) => {
            let (_, path) = keys.split_first()?;
            let (first, rest) = path.split_first()?;
            let found = claims.and_then(|claims| claims.get(first));
            told(found.and_then(|found| rest.iter().try_fold(found, |at, key| at.get(key))).cloned())
        }
        _ => None,
    }
}
