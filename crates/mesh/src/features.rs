//! Istio's feature flags that change what a waypoint or ztunnel gets.

use std::collections::BTreeMap;
use std::fmt;

use crate::Str;
use crate::release::Release;
use crate::snapshot::Duration;

/// Declares the flags: the field, its type and default, Istio's name, and the first release that knows it.
macro_rules! flags {
    ($($(#[$doc:meta])* $field:ident: $ty:ty = $default:expr, $name:literal since $since:ident;)*) => {
        /// Feature flags, by the names that Istio gives them as environment variables of its control plane.
        /// The defaults are those of the ambient profile; releases that do not know a flag ignore it.
        #[derive(Clone, Copy, Debug, PartialEq)]
        #[non_exhaustive]
        pub struct Features {
            $($(#[$doc])* pub $field: $ty,)*
            /// Which flags were set by name, by position: they hold even where they say what is so anyway.
            named: u64,
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

            /// These flags as a release sees them: those that it does not know have their defaults.
            #[must_use]
            pub fn in_release(self, release: Release) -> Self {
                let default = Self::default();
                Self {
                    $($field: if release >= Release::$since { self.$field } else { default.$field },)*
                    named: self.named,
                }
            }

            /// Those variables of an environment that are flags with a value that they take.
            #[must_use]
            pub fn known(environment: &BTreeMap<Str, Str>) -> Vec<(Str, Str)> {
                let is_known = |name: &Str, value: &Str| {
                    OF_WAYPOINTS.contains(&name.as_str()) && Self::default().set(name, value).is_ok()
                };
                let known = environment.iter().filter(|(name, value)| is_known(name, value));
                known.map(|(name, value)| (name.clone(), value.clone())).collect()
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
    /// `COMPLIANCE_POLICY`: what TLS has to be restricted to.
    compliance_policy: CompliancePolicy = CompliancePolicy::None, "COMPLIANCE_POLICY" since V1_29;
    /// `DISABLE_SHADOW_HOST_SUFFIX`: mirrored requests keep their host.
    disable_shadow_host_suffix: bool = true, "DISABLE_SHADOW_HOST_SUFFIX" since V1_29;
    /// `DISABLE_TRACK_REMAINING_CB_METRICS`: circuit breakers do not count what is left until they break.
    disable_track_remaining_cb_metrics: bool = true, "DISABLE_TRACK_REMAINING_CB_METRICS" since V1_29;
    /// `ENABLE_100_CONTINUE_HEADERS`: `100 Continue` is passed on.
    enable_100_continue_headers: bool = true, "ENABLE_100_CONTINUE_HEADERS" since V1_29;
    /// `ENABLE_ENHANCED_DESTINATIONRULE_MERGE`: DestinationRules for one host stay apart where they are for
    /// different namespaces.
    enable_enhanced_destinationrule_merge: bool = true, "ENABLE_ENHANCED_DESTINATIONRULE_MERGE" since V1_29;
    /// `ENABLE_ENHANCED_RESOURCE_SCOPING`: `discoverySelectors` are for configuration too; later releases
    /// have no choice.
    enable_enhanced_resource_scoping: bool = false, "ENABLE_ENHANCED_RESOURCE_SCOPING" since V1_18;
    /// `ENABLE_GATEWAY_API_INFERENCE_EXTENSION`: routes may lead to InferencePools.
    enable_gateway_api_inference_extension: bool = false,
        "ENABLE_GATEWAY_API_INFERENCE_EXTENSION" since V1_29;
    /// `ENABLE_HCM_INTERNAL_NETWORKS`: the addresses of the mesh's networks count as internal.
    enable_hcm_internal_networks: bool = false, "ENABLE_HCM_INTERNAL_NETWORKS" since V1_18;
    /// `ENABLE_LAYERED_WAYPOINT_AUTHORIZATION_POLICIES`: policies that select the waypoint's pod hold for
    /// tunnels to it.
    enable_layered_waypoint_authorization_policies: bool = false,
        "ENABLE_LAYERED_WAYPOINT_AUTHORIZATION_POLICIES" since V1_29;
    /// `ENABLE_LOCALITY_WEIGHTED_LB_CONFIG`: localities always share traffic by their weights.
    enable_locality_weighted_lb_config: bool = false, "ENABLE_LOCALITY_WEIGHTED_LB_CONFIG" since V1_29;
    /// `ENABLE_WILDCARD_HOST_SERVICE_ENTRIES_FOR_TLS`: TLS to hosts that are resolved on demand is proxied.
    enable_wildcard_host_service_entries_for_tls: bool = false,
        "ENABLE_WILDCARD_HOST_SERVICE_ENTRIES_FOR_TLS" since V1_29;
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
    /// `PILOT_ENABLE_EDS_FOR_HEADLESS_SERVICES`: requests for a headless Service are balanced, instead of
    /// going to the address that the client called.
    pilot_enable_eds_for_headless_services: bool = false,
        "PILOT_ENABLE_EDS_FOR_HEADLESS_SERVICES" since V1_18;
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
    /// `PILOT_ENABLE_REDIS_FILTER`: commands of Redis are shared among servers by their keys.
    pilot_enable_redis_filter: bool = false, "PILOT_ENABLE_REDIS_FILTER" since V1_18;
    /// `PILOT_ENABLE_SERVICEENTRY_SELECT_PODS`: ServiceEntries select pods, too.
    pilot_enable_serviceentry_select_pods: bool = true, "PILOT_ENABLE_SERVICEENTRY_SELECT_PODS" since V1_18;
    /// `PILOT_ENABLE_TELEMETRY_LABEL`: clusters and endpoints say, for telemetry, which Service and workload
    /// they are.
    pilot_enable_telemetry_label: bool = true, "PILOT_ENABLE_TELEMETRY_LABEL" since V1_29;
    /// `PILOT_ENDPOINT_TELEMETRY_LABEL`: endpoints do, if [`Self::pilot_enable_telemetry_label`] is set.
    pilot_endpoint_telemetry_label: bool = true, "PILOT_ENDPOINT_TELEMETRY_LABEL" since V1_29;
    /// `PILOT_HBONE_INITIAL_CONNECTION_WINDOW_SIZE`: the HTTP/2 window of tunnels; zero leaves it to Envoy.
    pilot_hbone_initial_connection_window_size: u32 = 0, "PILOT_HBONE_INITIAL_CONNECTION_WINDOW_SIZE" since V1_29;
    /// `PILOT_HBONE_INITIAL_STREAM_WINDOW_SIZE`: the HTTP/2 window of streams in tunnels; zero leaves it to
    /// Envoy.
    pilot_hbone_initial_stream_window_size: u32 = 0, "PILOT_HBONE_INITIAL_STREAM_WINDOW_SIZE" since V1_29;
    /// `PILOT_HTTP10`: HTTP/1.0 is accepted.
    pilot_http10: bool = false, "PILOT_HTTP10" since V1_18;
    /// `PILOT_MULTI_NETWORK_DISCOVER_GATEWAY_API`: Gateways with the label of a network are gateways to it.
    pilot_multi_network_discover_gateway_api: bool = true,
        "PILOT_MULTI_NETWORK_DISCOVER_GATEWAY_API" since V1_29;
    /// `PILOT_PREFER_SENDING_HBONE`: workloads that take HBONE get it even if they have a sidecar.
    pilot_prefer_sending_hbone: bool = false, "PILOT_PREFER_SENDING_HBONE" since V1_29;
    /// `PILOT_SEND_UNHEALTHY_ENDPOINTS`: Envoy always knows the endpoints that are not ready, too.
    pilot_send_unhealthy_endpoints: bool = false, "PILOT_SEND_UNHEALTHY_ENDPOINTS" since V1_29;
    /// `PILOT_SKIP_VALIDATE_TRUST_DOMAIN`: peers of any trust domain are accepted.
    pilot_skip_validate_trust_domain: bool = false, "PILOT_SKIP_VALIDATE_TRUST_DOMAIN" since V1_18;
    /// `PILOT_TRACE_SAMPLING`: how much is traced where nothing else says so, in percent.
    pilot_trace_sampling: f64 = 1.0, "PILOT_TRACE_SAMPLING" since V1_18;
}

/// Flags that change nothing in a waypoint's resources: they are known, so that the environment of a control
/// plane can be given as it is.
const WITHOUT_EFFECT: [(&str, Check); 7] = [
    // What gateways for traffic from outside get.
    ("AMBIENT_ENABLE_MULTI_NETWORK_INGRESS", check::<bool>),
    ("ENABLE_INGRESS_WAYPOINT_ROUTING", check::<bool>),
    // When resources are sent, not which.
    ("AMBIENT_SCOPED_ADDRESS_PUSHES", check::<bool>),
    // Gateways that have a name for an address: Istio resolves it, and what it finds no file tells.
    ("RESOLVE_HOSTNAME_GATEWAYS", check::<bool>),
    // Sessions are kept by clients: sidecars and gateways.
    ("PILOT_ENABLE_PERSISTENT_SESSION_FILTER", check::<bool>),
    // Listeners that accept from the kernel: a waypoint's only one is not given it.
    ("MAX_CONNECTIONS_PER_SOCKET_EVENT_LOOP", check::<u32>),
    // For proxies with certificates in their metadata.
    ("PREFER_DESTINATIONRULE_TLS_FOR_EXTERNAL_SERVICES", check::<bool>),
];

/// Refuses a value that a flag does not take.
type Check = fn(&str, &str) -> Result<(), FeatureError>;

/// The bit of a flag; none of one that is unknown.
fn bit(name: &str) -> u64 {
    let at = OF_WAYPOINTS.iter().position(|known| *known == name);
    at.and_then(|at| 1_u64.checked_shl(u32::try_from(at).ok()?)).unwrap_or_default()
}

/// What TLS has to be restricted to. Who enforces it has to know all of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CompliancePolicy {
    /// Nothing.
    #[default]
    None,
    /// `fips-140-2`: TLS 1.2 with ciphers of that standard.
    Fips140_2,
    /// `fips-140-3`: what Envoy enforces as `FIPS_202205`.
    Fips140_3,
    /// `pqc`: TLS 1.3 with a key exchange that quantum computers do not break.
    Pqc,
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

/// A type of flags.
trait Value: Sized {
    /// What is expected.
    const EXPECTED: &'static str;

    /// Reads a value as Istio does.
    fn parse(text: &str) -> Option<Self>;
}

/// As Go's `strconv.ParseBool`.
impl Value for bool {
    const EXPECTED: &'static str = "`true` or `false`";

    fn parse(text: &str) -> Option<Self> {
        match text {
            "1" | "t" | "T" | "TRUE" | "true" | "True" => Some(true),
            "0" | "f" | "F" | "FALSE" | "false" | "False" => Some(false),
            _ => None,
        }
    }
}

/// Istio reads unsigned numbers as JSON.
impl Value for u32 {
    const EXPECTED: &'static str = "a whole number from 0 to 4294967295";

    fn parse(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }
}

/// A percentage.
impl Value for f64 {
    const EXPECTED: &'static str = "a number from 0 to 100";

    fn parse(text: &str) -> Option<Self> {
        text.parse().ok().filter(|percentage| (0.0..=100.0).contains(percentage))
    }
}

/// As Go's `time.ParseDuration`.
impl Value for Duration {
    const EXPECTED: &'static str = "a duration, such as `100ms`";

    fn parse(text: &str) -> Option<Self> {
        Self::parse(text).ok()
    }
}

impl Value for CompliancePolicy {
    const EXPECTED: &'static str = "`fips-140-2`, `fips-140-3`, `pqc` or nothing";

    fn parse(text: &str) -> Option<Self> {
        match text {
            "" => Some(Self::None),
            "fips-140-2" => Some(Self::Fips140_2),
            "fips-140-3" => Some(Self::Fips140_3),
            "pqc" => Some(Self::Pqc),
            _ => None,
        }
    }
}

fn check<T: Value>(name: &str, value: &str) -> Result<(), FeatureError> {
    read::<T>(name, value).map(drop)
}

fn read<T: Value>(name: &str, value: &str) -> Result<T, FeatureError> {
    T::parse(value).ok_or_else(|| refused(name, value, T::EXPECTED))
}

fn refused(name: &str, value: impl fmt::Display, expected: &'static str) -> FeatureError {
    FeatureError::Value { name: name.into(), value: value.to_string().into(), expected }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_set_by_their_names() {
        let mut features = Features::default();
        assert_eq!(features.set("PILOT_TRACE_SAMPLING", "12.5"), Ok(()));
        assert_eq!(features.set("AMBIENT_ENABLE_BAGGAGE", "true"), Ok(()));
        assert_eq!(features.set("ENABLE_INGRESS_WAYPOINT_ROUTING", "false"), Ok(()));
        assert_eq!(features.set("PILOT_HBONE_INITIAL_STREAM_WINDOW_SIZE", "65535"), Ok(()));
        assert_eq!(features.set("COMPLIANCE_POLICY", "pqc"), Ok(()));
        assert!(features.ambient_enable_baggage);
        assert!((features.pilot_trace_sampling - 12.5).abs() < f64::EPSILON);
        assert_eq!(features.pilot_hbone_initial_stream_window_size, 65_535);
        assert_eq!(features.compliance_policy, CompliancePolicy::Pqc);
    }

    #[test]
    fn booleans_are_spelled_as_in_go() {
        let mut features = Features::default();
        for (value, expected) in [("1", true), ("0", false), ("T", true), ("False", false), ("TRUE", true)] {
            features.set("AMBIENT_ENABLE_BAGGAGE", value).unwrap();
            assert_eq!(features.ambient_enable_baggage, expected, "{value}");
        }
    }

    #[test]
    fn what_is_set_holds_over_others() {
        assert!(OF_WAYPOINTS.len() <= 64, "each has a bit");
        let (mut own, mut others) = (Features::default(), Features::default());
        own.set("DISABLE_SHADOW_HOST_SUFFIX", "true").unwrap();
        own.pilot_trace_sampling = 2.0;
        for (name, value) in [
            ("DISABLE_SHADOW_HOST_SUFFIX", "false"),
            ("PILOT_TRACE_SAMPLING", "3"),
            ("AMBIENT_ENABLE_BAGGAGE", "true"),
        ] {
            others.set(name, value).unwrap();
        }
        let both = own.over(others);
        assert!(both.disable_shadow_host_suffix && both.ambient_enable_baggage);
        assert!((both.pilot_trace_sampling - 2.0).abs() < f64::EPSILON);
    }

    #[test]
    fn a_release_ignores_flags_that_it_does_not_know() {
        let mut features = Features::default();
        features.set("PILOT_SKIP_VALIDATE_TRUST_DOMAIN", "true").unwrap();
        features.set("AMBIENT_ENABLE_BAGGAGE", "true").unwrap();
        assert_eq!(features.in_release(Release::V1_31), features);
        let older = features.in_release(Release::V1_18);
        assert!(older.pilot_skip_validate_trust_domain && !older.ambient_enable_baggage);
    }

    #[test]
    fn an_unknown_flag_s_error_names_the_known_ones() {
        let mut features = Features::default();
        assert!(OF_WAYPOINTS.is_sorted());
        for name in OF_WAYPOINTS {
            let error = features.set(name, "neither").unwrap_err();
            assert!(matches!(error, FeatureError::Value { .. }), "{name}: {error}");
        }
        let error = features.set("PILOT_X", "true").unwrap_err().to_string();
        assert!(error.ends_with("PILOT_TRACE_SAMPLING"), "{error}");
    }

    #[test]
    fn unknown_flags_and_values_are_refused() {
        let mut features = Features::default();
        assert_eq!(features.set("PILOT_X", "true"), Err(FeatureError::Unknown("PILOT_X".into())));
        for value in ["101", "-1", "much", "NaN"] {
            let error = features.set("PILOT_TRACE_SAMPLING", value).unwrap_err();
            assert!(error.to_string().contains("from 0 to 100"), "{error}");
        }
        for value in ["-1", "4294967296", "0x10", "1.5", ""] {
            assert!(features.set("PILOT_HBONE_INITIAL_STREAM_WINDOW_SIZE", value).is_err(), "{value}");
        }
        assert!(features.set("AMBIENT_ENABLE_BAGGAGE", "yes").is_err());
        assert!(features.set("PILOT_AUTO_ALLOW_WAYPOINT_POLICY", "yes").is_err());
    }
}
