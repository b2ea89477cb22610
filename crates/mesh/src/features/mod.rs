//! Istio's feature flags that change what a waypoint or ztunnel gets.

mod value;
mod without_effect;

use std::collections::BTreeSet;
use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use crate::Str;
use crate::release::Release;
use crate::snapshot::{Duration, UNNAMED};
use crate::well_known::{GATEWAY_CLASS, GATEWAY_CONTROLLER, MCS_GROUP};
use value::Value;
pub use value::{CompliancePolicy, JwksFetch, Prefix};
use without_effect::WITHOUT_EFFECT;

/// Declares the flags: the field, its type and default, Istio's name, and the first release that knows it, or
/// the only one.
macro_rules! flags {
    ($(
        $(#[$doc:meta])* $field:ident: $ty:ty = $default:expr,
            $name:literal $known:ident $release:ident;
    )*) => {
        /// Feature flags, by the names that Istio gives them as environment variables of its control plane.
        /// The defaults are those of the ambient profile; releases that do not know a flag ignore it.
        #[derive(Clone, Debug, PartialEq)]
        #[non_exhaustive]
        pub struct Features {
            $($(#[$doc])* pub $field: $ty,)*
            /// Which flags were set by name, by position: they hold even where they say what is so anyway.
            named: u128,
        }

        /// The flags that change what a waypoint or ztunnel gets, or what is written into statuses, sorted.
        const OF_WAYPOINTS: &[&str] = &[$($name),*];

        impl Default for Features {
            fn default() -> Self {
                Self { $($field: $default,)* named: 0 }
            }
        }

        impl Features {
            /// The flags that change what is made here, sorted.
            pub const NAMES: &'static [&'static str] = OF_WAYPOINTS;

            /// Sets a flag by its name in Istio. Values are read as Istio reads its environment: `1`, `t` and
            /// `TRUE` are true.
            ///
            /// # Errors
            ///
            /// [`FeatureError`] if there is no such flag, or if it does not take this value.
            pub fn set(&mut self, name: &str, value: &str) -> Result<(), FeatureError> {
                match name {
                    $($name => {
                        self.$field = read(name, value)?;
                        self.named |= bit(name);
                    })*
                    _ => match WITHOUT_EFFECT.iter().find(|(other, _)| *other == name) {
                        Some((_, check)) => check(name, value)?,
                        None => return Err(FeatureError::Unknown(name.into())),
                    },
                }
                Ok(())
            }

            /// These flags as a release sees them: those that it does not know have their defaults, as do
            /// those with a value that it does not know.
            #[must_use]
            pub fn in_release(&self, release: Release) -> Self {
                let default = Self::default();
                Self {
                    $($field: {
                        if $known(release, Release::$release) && Value::is_known(&self.$field, release) {
                            self.$field.clone()
                        } else {
                            default.$field
                        }
                    },)*
                    named: self.named,
                }
            }

            /// These flags where they were set, others where not.
            #[must_use]
            pub(crate) fn over(self, others: Self) -> Self {
                let default = Self::default();
                let is_set = |name: &str, differs: bool| differs || self.named & bit(name) != 0;
                Self {
                    $($field: if is_set($name, self.$field != default.$field) { self.$field } else { others.$field },)*
                    named: self.named,
                }
            }
        }
    };
}

flags! {
    /// `AMBIENT_ENABLE_BAGGAGE`: waypoints learn who their peers are from the `baggage` header too.
    ambient_enable_baggage: bool = false, "AMBIENT_ENABLE_BAGGAGE" since V1_29;
    /// `AMBIENT_ENABLE_DRY_RUN_AUTHORIZATION_POLICY`: ztunnel gets policies that only tell what they would
    /// do.
    ambient_enable_dry_run_authorization_policy: bool = false,
        "AMBIENT_ENABLE_DRY_RUN_AUTHORIZATION_POLICY" since V1_29;
    /// `AMBIENT_ENABLE_MULTI_NETWORK`: waypoints tell Services apart by their hostname first, since addresses
    /// may mean different things in different networks.
    ambient_enable_multi_network: bool = false, "AMBIENT_ENABLE_MULTI_NETWORK" since V1_29;
    /// `AMBIENT_ENABLE_MULTI_NETWORK_WAYPOINT`: waypoints have the tunnels into other networks, whether or
    /// not [`Self::ambient_enable_multi_network`] is set.
    ambient_enable_multi_network_waypoint: bool = true, "AMBIENT_ENABLE_MULTI_NETWORK_WAYPOINT" since V1_29;
    /// `AMBIENT_ENABLE_STATUS`: statuses tell which waypoint and which policies hold.
    ambient_enable_status: bool = true, "AMBIENT_ENABLE_STATUS" since V1_29;
    /// `CLUSTER_ID`: the name of the control plane's own cluster, where nobody else names it.
    cluster_id: Str = UNNAMED, "CLUSTER_ID" since V1_18;
    /// `COMPLIANCE_POLICY`: what TLS has to be restricted to.
    compliance_policy: CompliancePolicy = CompliancePolicy::None, "COMPLIANCE_POLICY" since V1_29;
    /// `DISABLE_SHADOW_HOST_SUFFIX`: mirrored requests keep their host.
    disable_shadow_host_suffix: bool = true, "DISABLE_SHADOW_HOST_SUFFIX" since V1_29;
    /// `DISABLE_TRACK_REMAINING_CB_METRICS`: circuit breakers do not count what is left until they break.
    disable_track_remaining_cb_metrics: bool = true, "DISABLE_TRACK_REMAINING_CB_METRICS" since V1_29;
    /// `ENABLE_100_CONTINUE_HEADERS`: `100 Continue` is passed on.
    enable_100_continue_headers: bool = true, "ENABLE_100_CONTINUE_HEADERS" since V1_29;
    /// `ENABLE_AUTO_MTLS_CHECK_POLICIES`: endpoints say that they speak mTLS only where PeerAuthentications
    /// let them; later releases have no choice.
    enable_auto_mtls_check_policies: bool = true,
        "ENABLE_AUTO_MTLS_CHECK_POLICIES" only V1_18;
    /// `ENABLE_AUTO_SNI`: servers are asked for the host that the client asked for, where no rule gives a
    /// name; later releases have no choice.
    enable_auto_sni: bool = true, "ENABLE_AUTO_SNI" only V1_18;
    /// `ENABLE_ENHANCED_DESTINATIONRULE_MERGE`: DestinationRules for one host stay apart where they are for
    /// different namespaces.
    enable_enhanced_destinationrule_merge: bool = true, "ENABLE_ENHANCED_DESTINATIONRULE_MERGE" since V1_29;
    /// `ENABLE_ENHANCED_RESOURCE_SCOPING`: `discoverySelectors` are for configuration too; later releases
    /// have no choice.
    enable_enhanced_resource_scoping: bool = false, "ENABLE_ENHANCED_RESOURCE_SCOPING" since V1_18;
    /// `ENABLE_GATEWAY_API_INFERENCE_EXTENSION`: routes may lead to InferencePools.
    enable_gateway_api_inference_extension: bool = false,
        "ENABLE_GATEWAY_API_INFERENCE_EXTENSION" since V1_29;
    /// `ENABLE_GATEWAY_API_MANUAL_DEPLOYMENT`: Gateways with an address that is a name are run by somebody
    /// else.
    enable_gateway_api_manual_deployment: bool = true, "ENABLE_GATEWAY_API_MANUAL_DEPLOYMENT" since V1_29;
    /// `ENABLE_HCM_INTERNAL_NETWORKS`: the addresses of the mesh's networks count as internal.
    enable_hcm_internal_networks: bool = false, "ENABLE_HCM_INTERNAL_NETWORKS" since V1_18;
    /// `ENABLE_LAYERED_WAYPOINT_AUTHORIZATION_POLICIES`: policies that select the waypoint's pod hold for
    /// tunnels to it.
    enable_layered_waypoint_authorization_policies: bool = false,
        "ENABLE_LAYERED_WAYPOINT_AUTHORIZATION_POLICIES" since V1_29;
    /// `ENABLE_LEGACY_LB_ALGORITHM_DEFAULT`: endpoints take turns where no rule says otherwise; later
    /// releases have no choice.
    enable_legacy_lb_algorithm_default: bool = false,
        "ENABLE_LEGACY_LB_ALGORITHM_DEFAULT" only V1_18;
    /// `ENABLE_LOCALITY_WEIGHTED_LB_CONFIG`: localities always share traffic by their weights.
    enable_locality_weighted_lb_config: bool = false, "ENABLE_LOCALITY_WEIGHTED_LB_CONFIG" since V1_29;
    /// `ENABLE_MCS_AUTO_EXPORT`: every Service that is for more than its cluster is exported.
    enable_mcs_auto_export: bool = false, "ENABLE_MCS_AUTO_EXPORT" since V1_18;
    /// `ENABLE_MCS_CLUSTER_LOCAL`: requests for `cluster.local` stay in their cluster, if
    /// [`Self::enable_mcs_host`] is set.
    enable_mcs_cluster_local: bool = false, "ENABLE_MCS_CLUSTER_LOCAL" since V1_18;
    /// `ENABLE_MCS_HOST`: ServiceImports make hosts of `clusterset.local`, if
    /// [`Self::enable_mcs_service_discovery`] is set.
    enable_mcs_host: bool = false, "ENABLE_MCS_HOST" since V1_18;
    /// `ENABLE_MCS_SERVICE_DISCOVERY`: endpoints of other clusters are known where a ServiceExport says so.
    enable_mcs_service_discovery: bool = false, "ENABLE_MCS_SERVICE_DISCOVERY" since V1_18;
    /// `ENABLE_WILDCARD_HOST_SERVICE_ENTRIES_FOR_TLS`: TLS to hosts that are resolved on demand is proxied.
    enable_wildcard_host_service_entries_for_tls: bool = false,
        "ENABLE_WILDCARD_HOST_SERVICE_ENTRIES_FOR_TLS" since V1_29;
    /// `ISTIO_DEFAULT_REQUEST_TIMEOUT`: the timeout of routes that have none; later releases have no choice.
    istio_default_request_timeout: Duration = Duration::ZERO,
        "ISTIO_DEFAULT_REQUEST_TIMEOUT" only V1_18;
    /// `ISTIO_DUAL_STACK`: what has addresses of both families is reached by either.
    istio_dual_stack: bool = false, "ISTIO_DUAL_STACK" since V1_18;
    /// `ISTIO_ENABLE_IPV4_OUTBOUND_LISTENER_FOR_IPV6_CLUSTERS`: waypoints with addresses of IPv6 only resolve
    /// names to IPv4, too.
    istio_enable_ipv4_outbound_listener_for_ipv6_clusters: bool = false,
        "ISTIO_ENABLE_IPV4_OUTBOUND_LISTENER_FOR_IPV6_CLUSTERS" since V1_29;
    /// `ISTIO_WATCH_NAMESPACE`: the only namespace that is looked at; none for all.
    istio_watch_namespace: Str = Str::new_static(""), "ISTIO_WATCH_NAMESPACE" since V1_18;
    /// `LABEL_CANONICAL_SERVICES_FOR_MESH_EXTERNAL_SERVICE_ENTRIES`: endpoints of Services outside of the
    /// mesh say, for telemetry, which canonical service they are.
    label_canonical_services_for_mesh_external_service_entries: bool = false,
        "LABEL_CANONICAL_SERVICES_FOR_MESH_EXTERNAL_SERVICE_ENTRIES" since V1_18;
    /// `MCS_API_GROUP`: the group of ServiceImports and ServiceExports.
    mcs_api_group: Str = Str::new_static(MCS_GROUP), "MCS_API_GROUP" since V1_18;
    /// `PILOT_AUTO_ALLOW_WAYPOINT_POLICY`: ztunnel lets a waypoint through to the workloads behind it.
    pilot_auto_allow_waypoint_policy: bool = false, "PILOT_AUTO_ALLOW_WAYPOINT_POLICY" since V1_29;
    /// `PILOT_AUTO_SEND_UNHEALTHY_ENDPOINTS`: Envoy also knows the endpoints that are not ready, unless a
    /// DestinationRule wants a minimum of healthy ones.
    pilot_auto_send_unhealthy_endpoints: bool = true, "PILOT_AUTO_SEND_UNHEALTHY_ENDPOINTS" since V1_31;
    /// `PILOT_DISABLE_MX_ALPN`: mTLS between proxies does not offer, in ALPN, to exchange metadata.
    pilot_disable_mx_alpn: bool = false, "PILOT_DISABLE_MX_ALPN" since V1_29;
    /// `PILOT_DNS_CARES_UDP_MAX_QUERIES`: after how many queries a resolver changes its socket.
    pilot_dns_cares_udp_max_queries: u32 = 100, "PILOT_DNS_CARES_UDP_MAX_QUERIES" since V1_29;
    /// `PILOT_DNS_JITTER_DURATION`: how much the times at which host names are resolved differ.
    pilot_dns_jitter_duration: Duration = Duration::from_millis(100), "PILOT_DNS_JITTER_DURATION" since V1_29;
    /// `PILOT_DRAINING_LABEL`: the label of workloads that shut down.
    pilot_draining_label: Str = Str::new_static("istio.io/draining"), "PILOT_DRAINING_LABEL" since V1_18;
    /// `PILOT_ENABLE_AGENTGATEWAY`: Gateways of agentgateway's classes are run, waypoints among them.
    pilot_enable_agentgateway: bool = false, "PILOT_ENABLE_AGENTGATEWAY" since V1_31;
    /// `PILOT_ENABLE_ALPHA_GATEWAY_API`: the kinds of the Gateway API that are experiments are read, too.
    pilot_enable_alpha_gateway_api: bool = false, "PILOT_ENABLE_ALPHA_GATEWAY_API" since V1_18;
    /// `PILOT_ENABLE_CROSS_CLUSTER_WORKLOAD_ENTRY`: WorkloadEntries of other clusters are read.
    pilot_enable_cross_cluster_workload_entry: bool = true,
        "PILOT_ENABLE_CROSS_CLUSTER_WORKLOAD_ENTRY" since V1_18;
    /// `PILOT_ENABLE_DESTINATION_RULE_INHERITANCE`: a DestinationRule without a host is for all of its
    /// namespace, or of the mesh, and others inherit from it; later releases refuse it.
    pilot_enable_destination_rule_inheritance: bool = false,
        "PILOT_ENABLE_DESTINATION_RULE_INHERITANCE" only V1_18;
    /// `PILOT_ENABLE_EDS_FOR_HEADLESS_SERVICES`: requests for a headless Service are balanced, instead of
    /// going to the address that the client called.
    pilot_enable_eds_for_headless_services: bool = false,
        "PILOT_ENABLE_EDS_FOR_HEADLESS_SERVICES" since V1_18;
    /// `PILOT_ENABLE_GATEWAY_API_COPY_LABELS_ANNOTATIONS`: what runs a Gateway has its labels and
    /// annotations.
    pilot_enable_gateway_api_copy_labels_annotations: bool = true,
        "PILOT_ENABLE_GATEWAY_API_COPY_LABELS_ANNOTATIONS" since V1_29;
    /// `PILOT_ENABLE_GATEWAY_API_DEPLOYMENT_CONTROLLER`: Istio makes the objects that run a Gateway.
    pilot_enable_gateway_api_deployment_controller: bool = true,
        "PILOT_ENABLE_GATEWAY_API_DEPLOYMENT_CONTROLLER" since V1_18;
    /// `PILOT_ENABLE_GATEWAY_API_STATUS`: statuses of the Gateway API are written, without which no waypoint
    /// gets an address.
    pilot_enable_gateway_api_status: bool = true, "PILOT_ENABLE_GATEWAY_API_STATUS" since V1_18;
    /// `PILOT_ENABLE_IP_AUTOALLOCATE`: ServiceEntries without addresses are given some.
    pilot_enable_ip_autoallocate: bool = true, "PILOT_ENABLE_IP_AUTOALLOCATE" since V1_29;
    /// `PILOT_ENABLE_ISTIO_TAGS`: spans have Istio's own tags; later releases ask the mesh configuration,
    /// too.
    pilot_enable_istio_tags: bool = true, "PILOT_ENABLE_ISTIO_TAGS" only V1_18;
    /// `PILOT_ENABLE_K8S_SELECT_WORKLOAD_ENTRIES`: Kubernetes' Services select WorkloadEntries, too.
    pilot_enable_k8s_select_workload_entries: bool = true,
        "PILOT_ENABLE_K8S_SELECT_WORKLOAD_ENTRIES" since V1_18;
    /// `PILOT_ENABLE_METADATA_EXCHANGE`: proxies tell each other, over TCP, who they are.
    pilot_enable_metadata_exchange: bool = true, "PILOT_ENABLE_METADATA_EXCHANGE" since V1_18;
    /// `PILOT_ENABLE_MONGO_FILTER`: MongoDB's protocol is understood, for statistics.
    pilot_enable_mongo_filter: bool = true, "PILOT_ENABLE_MONGO_FILTER" since V1_18;
    /// `PILOT_ENABLE_MULTIPLE_CUSTOM_AUTHZ_PROVIDERS`: several external authorizers may be asked about one
    /// request.
    pilot_enable_multiple_custom_authz_providers: bool = false,
        "PILOT_ENABLE_MULTIPLE_CUSTOM_AUTHZ_PROVIDERS" since V1_30;
    /// `PILOT_ENABLE_MYSQL_FILTER`: MySQL's protocol is understood, for statistics.
    pilot_enable_mysql_filter: bool = false, "PILOT_ENABLE_MYSQL_FILTER" since V1_18;
    /// `PILOT_ENABLE_PERSISTENT_SESSION_FILTER`: routes say by what sessions are kept, where a destination
    /// has [`Self::pilot_persistent_session_label`] or [`Self::pilot_persistent_session_header_label`].
    pilot_enable_persistent_session_filter: bool = false, "PILOT_ENABLE_PERSISTENT_SESSION_FILTER" since V1_29;
    /// `PILOT_ENABLE_REDIS_FILTER`: commands of Redis are shared among servers by their keys.
    pilot_enable_redis_filter: bool = false, "PILOT_ENABLE_REDIS_FILTER" since V1_18;
    /// `PILOT_ENABLE_SERVICEENTRY_SELECT_PODS`: ServiceEntries select pods, too.
    pilot_enable_serviceentry_select_pods: bool = true, "PILOT_ENABLE_SERVICEENTRY_SELECT_PODS" since V1_18;
    /// `PILOT_ENABLE_TELEMETRY_LABEL`: outbound clusters and endpoints say, for telemetry, which Service and
    /// workload they are.
    pilot_enable_telemetry_label: bool = true, "PILOT_ENABLE_TELEMETRY_LABEL" since V1_18;
    /// `PILOT_ENABLE_WORKLOAD_ENTRY_HEALTHCHECKS`: WorkloadEntries that are checked and not healthy get no
    /// traffic.
    pilot_enable_workload_entry_healthchecks: bool = true,
        "PILOT_ENABLE_WORKLOAD_ENTRY_HEALTHCHECKS" since V1_18;
    /// `PILOT_ENDPOINT_TELEMETRY_LABEL`: endpoints do, if [`Self::pilot_enable_telemetry_label`] is set.
    pilot_endpoint_telemetry_label: bool = true, "PILOT_ENDPOINT_TELEMETRY_LABEL" since V1_18;
    /// `PILOT_GATEWAY_API_CONTROLLER_NAME`: the controller that answers for gateways, and for routes.
    pilot_gateway_api_controller_name: Str = Str::new_static(GATEWAY_CONTROLLER),
        "PILOT_GATEWAY_API_CONTROLLER_NAME" since V1_29;
    /// `PILOT_GATEWAY_API_DEFAULT_GATEWAYCLASS_NAME`: the class of that controller that needs no
    /// GatewayClass.
    pilot_gateway_api_default_gatewayclass_name: Str = Str::new_static(GATEWAY_CLASS),
        "PILOT_GATEWAY_API_DEFAULT_GATEWAYCLASS_NAME" since V1_29;
    /// `PILOT_HBONE_INITIAL_CONNECTION_WINDOW_SIZE`: the HTTP/2 window of tunnels; zero leaves it to Envoy.
    pilot_hbone_initial_connection_window_size: u32 = 0, "PILOT_HBONE_INITIAL_CONNECTION_WINDOW_SIZE" since V1_29;
    /// `PILOT_HBONE_INITIAL_STREAM_WINDOW_SIZE`: the HTTP/2 window of streams in tunnels; zero leaves it to
    /// Envoy.
    pilot_hbone_initial_stream_window_size: u32 = 0, "PILOT_HBONE_INITIAL_STREAM_WINDOW_SIZE" since V1_29;
    /// `PILOT_HTTP10`: HTTP/1.0 is accepted.
    pilot_http10: bool = false, "PILOT_HTTP10" since V1_18;
    /// `PILOT_IGNORE_RESOURCES`: kinds that are not read, as their custom resource definitions are called;
    /// `*.` before the name of a group is all of it.
    pilot_ignore_resources: BTreeSet<Str> = BTreeSet::new(), "PILOT_IGNORE_RESOURCES" since V1_29;
    /// `PILOT_INCLUDE_RESOURCES`: kinds that are read all the same.
    pilot_include_resources: BTreeSet<Str> = BTreeSet::new(), "PILOT_INCLUDE_RESOURCES" since V1_29;
    /// `PILOT_IP_AUTOALLOCATE_IPV4_PREFIX`: the addresses of IPv4 that ServiceEntries are given.
    pilot_ip_autoallocate_ipv4_prefix: Prefix<Ipv4Addr> = Prefix::new(Ipv4Addr::new(240, 240, 0, 0), 16),
        "PILOT_IP_AUTOALLOCATE_IPV4_PREFIX" since V1_29;
    /// `PILOT_IP_AUTOALLOCATE_IPV6_PREFIX`: the addresses of IPv6 that ServiceEntries are given.
    pilot_ip_autoallocate_ipv6_prefix: Prefix<Ipv6Addr> =
        Prefix::new(Ipv6Addr::new(0x2001, 2, 0, 0, 0, 0, 0, 0), 48),
        "PILOT_IP_AUTOALLOCATE_IPV6_PREFIX" since V1_29;
    /// `PILOT_JWT_ENABLE_REMOTE_JWKS`: who fetches the keys of tokens.
    pilot_jwt_enable_remote_jwks: JwksFetch = JwksFetch::Istiod, "PILOT_JWT_ENABLE_REMOTE_JWKS" since V1_18;
    /// `PILOT_MULTI_NETWORK_DISCOVER_GATEWAY_API`: Gateways with the label of a network are gateways to it.
    pilot_multi_network_discover_gateway_api: bool = true,
        "PILOT_MULTI_NETWORK_DISCOVER_GATEWAY_API" since V1_29;
    /// `PILOT_MX_ADDITIONAL_LABELS`: labels that proxies tell each other, too, over TCP.
    pilot_mx_additional_labels: BTreeSet<Str> = BTreeSet::new(), "PILOT_MX_ADDITIONAL_LABELS" since V1_29;
    /// `PILOT_PERSISTENT_SESSION_HEADER_LABEL`: the label of Services whose clients stay with an endpoint, by
    /// a header, whose name it has.
    pilot_persistent_session_header_label: Str = Str::new_static("istio.io/persistent-session-header"),
        "PILOT_PERSISTENT_SESSION_HEADER_LABEL" since V1_29;
    /// `PILOT_PERSISTENT_SESSION_LABEL`: the label of Services whose clients stay with an endpoint, by a
    /// cookie, whose name it has.
    pilot_persistent_session_label: Str = Str::new_static("istio.io/persistent-session"),
        "PILOT_PERSISTENT_SESSION_LABEL" since V1_18;
    /// `PILOT_PREFER_SENDING_HBONE`: workloads that take HBONE get it even if they have a sidecar.
    pilot_prefer_sending_hbone: bool = false, "PILOT_PREFER_SENDING_HBONE" since V1_29;
    /// `PILOT_SEND_UNHEALTHY_ENDPOINTS`: Envoy always knows the endpoints that are not ready, too; in 1.18
    /// those only that were ready before, which a snapshot does not tell.
    pilot_send_unhealthy_endpoints: bool = false, "PILOT_SEND_UNHEALTHY_ENDPOINTS" since V1_18;
    /// `PILOT_SKIP_VALIDATE_TRUST_DOMAIN`: peers of any trust domain are accepted.
    pilot_skip_validate_trust_domain: bool = false, "PILOT_SKIP_VALIDATE_TRUST_DOMAIN" since V1_18;
    /// `PILOT_TRACE_SAMPLING`: how much is traced where nothing else says so, in percent.
    pilot_trace_sampling: f64 = 1.0, "PILOT_TRACE_SAMPLING" since V1_18;
    /// `PILOT_USE_ENDPOINT_SLICE`: the endpoints of Kubernetes' Services are read from slices, not from what
    /// came before these; later releases have no choice.
    pilot_use_endpoint_slice: bool = true, "PILOT_USE_ENDPOINT_SLICE" only V1_18;
    /// `PREFER_DESTINATIONRULE_TLS_FOR_EXTERNAL_SERVICES`: a proxy that shows a certificate of its own does
    /// not to Services outside of the mesh; a DestinationRule's counts there.
    prefer_destinationrule_tls_for_external_services: bool = true,
        "PREFER_DESTINATIONRULE_TLS_FOR_EXTERNAL_SERVICES" since V1_29;
    /// `RESOLVE_HOSTNAME_GATEWAYS`: gateways to other networks may have a name for an address.
    resolve_hostname_gateways: bool = true, "RESOLVE_HOSTNAME_GATEWAYS" since V1_18;
    /// `SHARED_MESH_CONFIG`: a ConfigMap with more of the mesh configuration, which the usual one comes
    /// before.
    shared_mesh_config: Str = Str::new_static(""), "SHARED_MESH_CONFIG" since V1_18;
    /// `VERIFY_CERTIFICATE_AT_CLIENT`: certificates of servers are verified by those of the system, where a
    /// rule gives no others; later releases have no choice.
    verify_certificate_at_client: bool = true, "VERIFY_CERTIFICATE_AT_CLIENT" only V1_18;
}

impl Features {
    /// Whether ServiceImports make hosts of their own.
    pub(crate) const fn has_clusterset_hosts(&self) -> bool {
        self.enable_mcs_service_discovery && self.enable_mcs_host
    }

    /// Whether hosts of `cluster.local` are of one cluster only.
    pub(crate) const fn keeps_cluster_local(&self) -> bool {
        self.has_clusterset_hosts() && self.enable_mcs_cluster_local
    }
}

/// How the names of flags start that a release may have and that are not known here. What else is in the
/// environment of a control plane tells it where it runs.
const PREFIXES: [&str; 4] = ["AMBIENT_", "DISABLE_", "ENABLE_", "PILOT_"];

/// What a variable of a control plane's environment is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Variable {
    /// A flag that changes what is made here, with a value that it takes.
    Flag,
    /// A flag with a value that it does not take.
    Refused(FeatureError),
    /// A flag by its name, but none that is known.
    Unknown,
    /// Something else, or a flag without effect here.
    Other,
}

impl Variable {
    /// What the variable of this name and value is.
    pub(crate) fn of(name: &str, value: &str) -> Self {
        match Features::default().set(name, value) {
            Ok(()) if OF_WAYPOINTS.contains(&name) => Self::Flag,
            Ok(()) => Self::Other,
            Err(FeatureError::Unknown(_)) if PREFIXES.iter().any(|prefix| name.starts_with(prefix)) => {
                Self::Unknown
            }
            Err(FeatureError::Unknown(_)) => Self::Other,
            Err(refused) => Self::Refused(refused),
        }
    }
}

/// Whether a release knows a flag that came with another one.
fn since(release: Release, first: Release) -> bool {
    release >= first
}

/// Whether a release knows a flag of one release.
fn only(release: Release, one: Release) -> bool {
    release == one
}

/// The bit of a flag; none of one that is unknown.
fn bit(name: &str) -> u128 {
    let at = OF_WAYPOINTS.iter().position(|known| *known == name);
    at.and_then(|at| 1_u128.checked_shl(u32::try_from(at).ok()?)).unwrap_or_default()
}

/// Why a feature flag was not set.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FeatureError {
    /// There is no such flag, or it has nothing to do with ambient mode.
    #[error("unknown feature flag `{}`: expected one of {}", .0, OF_WAYPOINTS.join(", "))]
    Unknown(Str),
    /// The value is not one of those that the flag takes.
    #[error("`{value}` is no value of the feature flag `{name}`: expected {expected}")]
    Value {
        /// The flag.
        name: Str,
        /// The value given.
        value: Str,
        /// What it takes.
        expected: &'static str,
    },
}

fn read<T: Value>(name: &str, value: &str) -> Result<T, FeatureError> {
    T::parse(value).ok_or_else(|| refused(name, value, T::EXPECTED))
}

fn refused(name: &str, value: impl fmt::Display, expected: &'static str) -> FeatureError {
    FeatureError::Value { name: name.into(), value: value.to_string().into(), expected }
}

#[cfg(test)]
mod tests;
