//! What is generated for proxies from some version on only, whatever the release of the control plane.
//!
//! The waypoints of a mesh that is being upgraded are older than their control plane for a while, and Istio
//! spares them what they do not understand. A proxy's version is what it announces (`Proxy::version` of a
//! waypoint): its configuration's, else its image's, else the control plane's.
//!
//! Istio 1.18 asks for proxies older than 1.17 only: none of those can be a waypoint.

use crate::version::Since;

/// Texts in the filter state can be hashed, so that connections differ by them (`istio.hashable_string`);
/// older proxies get `envoy.string`.
pub const HASHABLE_STRINGS: Since = Since(1, 29, 2);

/// Zipkin is spoken to by an HTTP service, with headers and a timeout; older proxies get the names of a
/// cluster, an endpoint and a host.
pub const ZIPKIN_HTTP_SERVICE: Since = Since(1, 29, 0);

/// Zipkin's tracer can be told which headers carry the context.
pub const ZIPKIN_TRACE_CONTEXT: Since = Since(1, 28, 0);

/// A tag of a span can be a format; older proxies don't get the tag.
pub const FORMATTED_TAGS: Since = Since(1, 29, 0);

/// The context of a trace can be kept from the upstream.
pub const NO_CONTEXT_PROPAGATION: Since = Since(1, 30, 0);
