//! `gateway.networking.k8s.io`: waypoints themselves, and the Gateway API's routes.

pub mod filter;
pub mod gateway;
pub mod policy;
pub mod route;

pub use gateway::{Gateway, GatewayClass, ListenerSet};
pub use policy::{BackendTlsPolicy, ReferenceGrant, XBackendTrafficPolicy};
pub use route::{GrpcRoute, HttpRoute, TcpRoute, TlsRoute};
