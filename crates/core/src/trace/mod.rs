//! One request, its verdict, and why.
//!
//! May X call Y, who decides, where does it go, and if not, which line says so? The answer is computed by walking the resources
//! that the waypoint's Envoy would get, not by a second reading of the YAML, so that it cannot disagree with them.
//!
//! | module | walks |
//! |---|---|
//! | `request` | what is asked: [`Request`] |
//! | `client` | the client's side: who it is, and the waypoint that its ztunnel uses |
//! | `destination` | who is asked: a name or an address |
//! | `tunnel` | the waypoint's tunnel: certificates, policies for tunnels, what is kept for the inside |
//! | `wire` | what is no HTTP |
//! | `listener` | the matcher of filter chains |
//! | `network`, `manager` | the filters of a chain |
//! | `jwt`, `tokens`, `istio_authn` | HTTP filters for tokens |
//! | `verdict`, `rbac`, `authz` | policies, and external authorizers |
//! | `traffic` | CORS, faults and header mutations |
//! | `route`, `action`, `rewrite` | routes, and what they do |
//! | `cluster`, `balance` | clusters and the endpoints that may be picked |
//! | `ztunnel` | the policies of the destination's ztunnel |
//! | `matchers`, `condition`, `headers`, `path`, `template` | Envoy's matchers, with why they do not fit |
//! | `outcome` | the result: [`Trace`] |
//!
//! What files do not tell is said, never guessed. Works on both dialects and all releases.
//!
//! ```
//! use waypoint_xds::options::Options;
//! use waypoint_xds::session::Session;
//! use waypoint_xds::text::SourceFile;
//! use waypoint_xds::trace::{Request, Verdict};
//!
//! let yaml = "
//! apiVersion: v1
//! kind: Service
//! metadata: {name: cart, namespace: shop, labels: {istio.io/use-waypoint: waypoint}}
//! spec: {clusterIP: 10.96.0.1, ports: [{name: http, port: 80}]}
//! ---
//! apiVersion: gateway.networking.k8s.io/v1
//! kind: Gateway
//! metadata: {name: waypoint, namespace: shop}
//! spec: {gatewayClassName: istio-waypoint, listeners: [{name: mesh, port: 15008, protocol: HBONE}]}
//! ---
//! apiVersion: security.istio.io/v1
//! kind: AuthorizationPolicy
//! metadata: {name: readers, namespace: shop}
//! spec:
//!   targetRefs: [{kind: Service, group: core, name: cart}]
//!   rules: [{to: [{operation: {methods: [GET]}}]}]
//! ";
//! let session = Session::read([SourceFile::new("shop.yaml", yaml)], &Options::default());
//! let mut request = Request::new("sa/web.shop".parse()?, "cart.shop:80".parse()?);
//! request.method = "POST".to_owned();
//! let trace = session.trace(&request)?;
//! assert_eq!((trace.verdict, trace.status), (Verdict::Denied, Some(403)));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod action;
mod authz;
mod balance;
mod client;
mod cluster;
mod condition;
mod connection;
mod destination;
mod headers;
mod istio_authn;
mod jwt;
mod listener;
mod manager;
mod matchers;
mod network;
mod outcome;
mod path;
mod rbac;
mod request;
mod rewrite;
mod route;
mod template;
mod tokens;
mod traffic;
mod tunnel;
mod verdict;
mod walk;
mod wire;
mod ztunnel;

pub use client::NoSuchThing;
pub use outcome::{
    Because, Chance, Decision, Detail, Forwarded, Outcome, Picked, Place, Pointer, Step, Target, Trace,
    Verdict,
};
pub use request::{
    Destination, ExtAuthz, NotADestination, NotAProtocol, NotASource, Protocol, Request, Source, Via,
};

use crate::mesh::Mesh;
use crate::translation::Translation;

use self::walk::Walk;

/// What comes of a request.
///
/// # Errors
///
/// When the snapshot does not have who asks, or who is asked.
pub fn trace(mesh: &Mesh, translation: &Translation, request: &Request) -> Result<Trace, NoSuchThing> {
    client::exists(mesh, &request.via)?;
    let client = client::client(mesh, request)?;
    let way = destination::way(mesh, request, &client)?;
    let mut walk = Walk::new(mesh, translation, request);
    let end = client::walk(&mut walk, &client, &way);
    Ok(walk.end(end))
}
