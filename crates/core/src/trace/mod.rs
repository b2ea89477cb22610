//! One request, its verdict, and why.
//!
//! May X call Y, who decides, where does it go, and if not, which line says so? The answer is computed by
//! walking the resources that the waypoint's Envoy would get, not by a second reading of the YAML, so that it
//! cannot disagree with them.
//!
//! A waypoint is got ready once ([`Compiled`]): its matchers, policies, routes and clusters become data that
//! can be read and asked. A [`Tracer`] walks through that, with an explanation ([`Trace`]) or without
//! ([`Answer`]); it is the same walk.
//!
//! | module | has |
//! |---|---|
//! | `request`, `via`, `spec`, `header_list` | what is asked: [`Request`], and the same as plain data, [`RequestSpec`] |
//! | `compiled` | what is got ready, and who answers from it: [`Tracer`] |
//! | `walk`, `texts` | the walk, what is noted on it, and the memory that it needs |
//! | `source` | who asks, and what sends its requests |
//! | `client`, `gateway` | the client's side: the waypoint that its ztunnel uses, or a gateway for ingress |
//! | `destination` | who is asked: a name or an address |
//! | `tunnel`, `connection` | the waypoint's tunnel: certificates, policies for tunnels, what is kept for the inside |
//! | `wire` | what is no HTTP |
//! | `listener` | the matcher of filter chains |
//! | `network` | the filters of a chain |
//! | `manager`, `http` | a connection manager and its filters; a request on its way through them |
//! | `jwt`, `requirement`, `tokens`, `istio_authn` | HTTP filters for tokens |
//! | `rbac`, `verdict`, `authz` | policies, and external authorizers |
//! | `traffic` | CORS, faults and header mutations |
//! | `route`, `routed`, `action`, `rewrite` | routes, and what they do |
//! | `cluster`, `balance`, `reached` | clusters and the endpoints that may be picked; where a request gets to |
//! | `ztunnel`, `ztunnel_condition` | the policies of the destination's ztunnel |
//! | `condition`, `asked` | conditions as data, and what they look at |
//! | `matchers`, `pattern`, `metadata`, `headers`, `path`, `template` | Envoy's matchers |
//! | `outcome`, `pick`, `answer` | the results: [`Trace`], one of what may come by chance, [`Answer`] |
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
mod answer;
mod asked;
mod authz;
mod balance;
pub mod classes;
mod client;
mod cluster;
mod compiled;
mod condition;
mod connection;
mod destination;
mod gateway;
mod header_list;
mod headers;
mod http;
mod istio_authn;
mod jwt;
mod listener;
mod manager;
mod matchers;
mod metadata;
mod network;
mod outcome;
mod path;
mod pattern;
mod pick;
mod rbac;
mod reached;
mod request;
mod request_error;
mod requirement;
mod rewrite;
mod route;
mod routed;
mod source;
mod spec;
mod template;
mod texts;
mod tokens;
mod traffic;
mod tunnel;
mod verdict;
mod via;
mod walk;
mod wire;
mod ztunnel;
mod ztunnel_condition;

pub use answer::{Answer, AnswerDestination, Possible};
pub use client::NoSuchThing;
pub use compiled::{Compiled, Tracer};
pub use header_list::{HeaderList, NotAHeader};
pub use outcome::{
    Chance, DecidedBy, Decision, Detail, Forwarded, Outcome, Picked, Place, Pointer, Step, Target, Trace,
    Verdict,
};
pub use request::{
    Destination, ExtAuthz, NotADestination, NotAProtocol, NotASource, NotAnAnswer, Protocol, Request, Source,
};
pub use request_error::RequestError;
pub use routed::{Retries, Routed};
pub use spec::RequestSpec;
pub use texts::Scratch;
pub(crate) use tunnel::peer_names;
pub use via::{InvalidVia, Via};
