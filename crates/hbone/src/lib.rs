//! HBONE on loopback: what surrounds a waypoint, small enough for a test or a laptop.
//!
//! ```text
//!  Client ──mTLS, HTTP/2 CONNECT──► Envoy (the waypoint) ──mTLS, HTTP/2 CONNECT──► Pods
//!     └──────────────── inner stream: HTTP/1.1, h2c, gRPC, TCP ────────────────────┘
//! ```
//!
//! - [`pki`]: a test authority whose certificates carry SPIFFE identities, as istiod's do.
//! - [`client`]: opens tunnels through a waypoint, as ztunnel does for a workload, and speaks through them.
//! - [`http`], [`raw`]: requests through a tunnel; `raw` writes what no well-behaved client would.
//! - [`pods`]: HBONE servers in place of pods; [`echo`] is what runs in them, and tells what it saw.
//! - [`envoy`]: runs an Envoy with a given configuration until it is dropped.
//! - [`workloads`], [`readdress`]: the pods and the names of a snapshot, and addresses of this machine for
//!   them.
//! - [`rig`]: all of it, from a snapshot.
//!
//! Nothing here leaves 127.0.0.0/8: whatever is dialled or bound is a [`Loopback`](loopback::Loopback), and
//! an Envoy whose configuration could dial anything else is not started.
#![forbid(unsafe_code)]

pub mod client;
pub mod echo;
pub mod envoy;
mod error;
pub mod http;
pub mod identity;
pub mod loopback;
pub mod pki;
pub mod pods;
pub mod raw;
pub mod readdress;
pub mod rig;
mod stream;
pub mod workloads;

pub use error::{Error, Result};
