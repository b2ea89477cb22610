//! What `proxyMetadata` says to the control plane of a waypoint: these names change what it is sent, and any
//! that an EnvoyFilter asks for.
//!
//! An agent passes on every variable `ISTIO_META_…` of its proxy's configuration and environment. Istio
//! reads about fifty of them, most of them for sidecars and gateways; for a waypoint:
//!
//! | variable | |
//! |---|---|
//! | `ISTIO_META_ISTIO_VERSION` | [`VERSION`]: what the proxy understands |
//! | `ISTIO_META_NETWORK` | [`NETWORK`]: where it is, unless its pod's label says so |
//! | `ISTIO_META_REQUESTED_NETWORK_VIEW` | [`REQUESTED_NETWORK_VIEW`]: whose endpoints it wants |
//! | `ISTIO_META_DISABLE_HBONE_SEND` | [`DISABLE_HBONE_SEND`]: it opens no tunnels to endpoints |
//! | `ISTIO_META_DNS_AUTO_ALLOCATE`, in 1.18 with `…_DNS_CAPTURE` | it knows addresses that are computed from names |
//! | `ISTIO_META_TLS_SERVER_CERT_CHAIN`, `…_KEY`, `…_ROOT_CERT` | files instead of the agent's certificates, for tunnels |
//! | `ISTIO_META_TLS_CLIENT_CERT_CHAIN`, `…_KEY`, `…_ROOT_CERT` | the same for TLS to endpoints |
//!
//! What the container's environment says beats them: the cluster, the service account, the workload, the
//! mesh. The addresses, labels and annotations are the pod's, whatever is said here.

/// What the names of variables start with that become metadata.
pub(super) const PREFIX: &str = "ISTIO_META_";
/// The version that is announced instead of the build's.
pub(super) const VERSION: &str = "ISTIO_META_ISTIO_VERSION";
/// The network that the proxy is in.
pub(super) const NETWORK: &str = "ISTIO_META_NETWORK";
/// The networks whose endpoints are wanted, with commas between them.
pub(super) const REQUESTED_NETWORK_VIEW: &str = "ISTIO_META_REQUESTED_NETWORK_VIEW";
/// Whether no HBONE tunnels to endpoints are opened: a boolean as Go writes it.
pub(super) const DISABLE_HBONE_SEND: &str = "ISTIO_META_DISABLE_HBONE_SEND";
/// Whether ServiceEntries without addresses have those that Istio computes from their names, and whether the
/// proxy answers clients' questions for names: booleans as Go writes them.
pub(super) const DNS_AUTO_ALLOCATE: &str = "ISTIO_META_DNS_AUTO_ALLOCATE";
pub(super) const DNS_CAPTURE: &str = "ISTIO_META_DNS_CAPTURE";
/// The file of the certificate that is shown at both ends of tunnels, that of its key, and that of the root
/// certificates.
pub(super) const TLS_SERVER_CERT_CHAIN: &str = "ISTIO_META_TLS_SERVER_CERT_CHAIN";
pub(super) const TLS_SERVER_KEY: &str = "ISTIO_META_TLS_SERVER_KEY";
pub(super) const TLS_SERVER_ROOT_CERT: &str = "ISTIO_META_TLS_SERVER_ROOT_CERT";
/// The file of the certificate that is shown to endpoints, that of its key, and that of the root
/// certificates.
pub(super) const TLS_CLIENT_CERT_CHAIN: &str = "ISTIO_META_TLS_CLIENT_CERT_CHAIN";
pub(super) const TLS_CLIENT_KEY: &str = "ISTIO_META_TLS_CLIENT_KEY";
pub(super) const TLS_CLIENT_ROOT_CERT: &str = "ISTIO_META_TLS_CLIENT_ROOT_CERT";
