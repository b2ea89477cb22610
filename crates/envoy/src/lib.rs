//! Envoy's and Istio's xDS messages, as a waypoint needs them, for every target including WebAssembly.
//!
//! # Finding a type
//!
//! The crate is shown as `waypoint_xds::envoy`, and who depends on it may call it so, too
//! (`envoy = { package = "waypoint-xds-envoy", … }`). So a message of the proto package `envoy.a.b.v3` is
//! `envoy::a::b::v3::Message`: the first part of the name is not repeated. Other packages keep their whole
//! path:
//!
//! | proto | here |
//! |---|---|
//! | `envoy.config.listener.v3.Listener` | [`config::listener::v3::Listener`] |
//! | `envoy.type.matcher.v3.StringMatcher` | `r#type::matcher::v3::StringMatcher` |
//! | `envoy.config.rbac.v3.RBAC` | [`config::rbac::v3::Rbac`] (prost's spelling of initials) |
//! | `xds.type.matcher.v3.IPMatcher` | `xds::r#type::matcher::v3::IpMatcher` |
//! | `udpa.type.v1.TypedStruct` | `udpa::r#type::v1::TypedStruct` |
//! | `google.protobuf.UInt32Value` | [`google::protobuf::UInt32Value`] |
//! | `stats.PluginConfig` (Istio's) | [`stats::PluginConfig`] |
//! | `io.istio.http.peer_metadata.Config` | [`io::istio::http::peer_metadata::Config`] |
//!
//! Nested messages and oneofs are in a module named as their parent in snake case, as prost does:
//! `envoy::config::route::v3::route_match::PathSpecifier`.
//!
//! # Making, packing, printing
//!
//! ```
//! use waypoint_xds_envoy as envoy;
//! use envoy::config::cluster::v3::Cluster;
//! use envoy::google::protobuf::Duration;
//!
//! let cluster = Cluster {
//!     name: "cart".to_owned(),
//!     connect_timeout: Some(Duration { seconds: 10, nanos: 0 }),
//!     ..Cluster::default()
//! };
//! let packed = envoy::any(&cluster);
//! assert_eq!(packed.type_url, "type.googleapis.com/envoy.config.cluster.v3.Cluster");
//! assert_eq!(envoy::unpack::<Cluster>(&packed)?.name, "cart");
//! assert_eq!(envoy::json::to_json(&cluster)?, r#"{"name":"cart","connectTimeout":"10s"}"#);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # How messages are kept
//!
//! Fields whose messages are deep, or shared by many, hold them [`Encoded`]. Maps are `BTreeMap`s, those of a
//! `Struct` [`Map`]s, metadata stays encoded, and bytes are [`bytes::Bytes`], so the same message always
//! encodes to the same bytes.
#![forbid(unsafe_code)]
#![cfg_attr(not(test), deny(clippy::disallowed_methods))]

mod any;
mod encoded;
mod entries;
#[allow(
    missing_docs,
    unreachable_pub,
    clippy::all,
    rustdoc::all,
    reason = "made from descriptors; the messages are documented in Envoy's API reference, not repeated here"
)]
#[rustfmt::skip]
mod generated;
mod joined;
mod map;
mod merge;
mod metadata;
mod object;
mod wkt;

pub use any::{UnpackError, any, type_url, unpack};
pub use bytes;
pub use encoded::Encoded;
/// The canonical JSON of messages, both ways, by their types or their names.
pub use envoy_json as json;
pub use envoy_json::inside;
pub use generated::envoy::*;
pub use generated::{cel, google, io, istio, opentelemetry, stats, udpa, xds};
pub use map::Map;
pub use merge::{merge, merge_encoded};
pub use object::ObjectWriter;
pub use prost::{Message, Name};
