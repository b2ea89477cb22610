//! Istio's feature flags that change what a waypoint gets.

use std::fmt;

use crate::Str;

/// Feature flags, by the names that Istio gives them as environment variables of its control plane. The defaults are
/// those of the ambient profile; releases that do not know a flag ignore it.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Features {
    /// `PILOT_TRACE_SAMPLING`: how much is traced where nothing else says so, in percent.
    pub pilot_trace_sampling: f64,
    /// `AMBIENT_ENABLE_BAGGAGE`: waypoints learn who their peers are from the `baggage` header too.
    pub ambient_enable_baggage: bool,
    /// `ENABLE_WILDCARD_HOST_SERVICE_ENTRIES_FOR_TLS`: TLS to hosts that are resolved on demand is proxied.
    pub enable_wildcard_host_service_entries_for_tls: bool,
    /// `ENABLE_LAYERED_WAYPOINT_AUTHORIZATION_POLICIES`: policies that select the waypoint's pod hold for tunnels to it.
    pub enable_layered_waypoint_authorization_policies: bool,
    /// `PILOT_ENABLE_MULTIPLE_CUSTOM_AUTHZ_PROVIDERS`: several external authorizers may be asked about one request.
    pub pilot_enable_multiple_custom_authz_providers: bool,
    /// `AMBIENT_ENABLE_MULTI_NETWORK`: waypoints tell Services apart by their hostname first, since addresses may
    /// mean different things in different networks.
    pub ambient_enable_multi_network: bool,
}

/// Flags of ambient mode that change what ztunnels and ingress gateways get, but not a waypoint's resources: they are
/// known, so that the whole environment of a control plane can be given.
const OF_OTHER_PROXIES: [&str; 3] = [
    "ENABLE_INGRESS_WAYPOINT_ROUTING",
    "PILOT_AUTO_ALLOW_WAYPOINT_POLICY",
    "AMBIENT_ENABLE_DRY_RUN_AUTHORIZATION_POLICY",
];

/// The flags that change what a waypoint gets, sorted.
const OF_WAYPOINTS: [&str; 6] = [
    "AMBIENT_ENABLE_BAGGAGE",
    "AMBIENT_ENABLE_MULTI_NETWORK",
    "ENABLE_LAYERED_WAYPOINT_AUTHORIZATION_POLICIES",
    "ENABLE_WILDCARD_HOST_SERVICE_ENTRIES_FOR_TLS",
    "PILOT_ENABLE_MULTIPLE_CUSTOM_AUTHZ_PROVIDERS",
    "PILOT_TRACE_SAMPLING",
];

impl Default for Features {
    fn default() -> Self {
        Self {
            pilot_trace_sampling: 1.0,
            ambient_enable_baggage: false,
            enable_wildcard_host_service_entries_for_tls: false,
            enable_layered_waypoint_authorization_policies: false,
            pilot_enable_multiple_custom_authz_providers: false,
            ambient_enable_multi_network: false,
        }
    }
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

impl Features {
    /// The flags that change what a waypoint gets, sorted.
    pub const NAMES: &'static [&'static str] = &OF_WAYPOINTS;

    /// Sets a flag by its name in Istio.
    ///
    /// # Errors
    ///
    /// [`FeatureError`] if there is no such flag, or if it does not take this value.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), FeatureError> {
        match name {
            "PILOT_TRACE_SAMPLING" => self.pilot_trace_sampling = percentage(name, value)?,
            "AMBIENT_ENABLE_BAGGAGE" => self.ambient_enable_baggage = boolean(name, value)?,
            "ENABLE_WILDCARD_HOST_SERVICE_ENTRIES_FOR_TLS" => {
                self.enable_wildcard_host_service_entries_for_tls = boolean(name, value)?;
            }
            "ENABLE_LAYERED_WAYPOINT_AUTHORIZATION_POLICIES" => {
                self.enable_layered_waypoint_authorization_policies = boolean(name, value)?;
            }
            "PILOT_ENABLE_MULTIPLE_CUSTOM_AUTHZ_PROVIDERS" => {
                self.pilot_enable_multiple_custom_authz_providers = boolean(name, value)?;
            }
            "AMBIENT_ENABLE_MULTI_NETWORK" => self.ambient_enable_multi_network = boolean(name, value)?,
            other if OF_OTHER_PROXIES.contains(&other) => {
                boolean(name, value)?;
            }
            _ => return Err(FeatureError::Unknown(name.into())),
        }
        Ok(())
    }
}

fn boolean(name: &str, value: &str) -> Result<bool, FeatureError> {
    parsed(name, value, "`true` or `false`")
}

fn percentage(name: &str, value: &str) -> Result<f64, FeatureError> {
    const EXPECTED: &str = "a number from 0 to 100";
    let percentage = parsed(name, value, EXPECTED)?;
    if (0.0..=100.0).contains(&percentage) { Ok(percentage) } else { Err(refused(name, value, EXPECTED)) }
}

fn parsed<T: std::str::FromStr>(name: &str, value: &str, expected: &'static str) -> Result<T, FeatureError> {
    value.parse().map_err(|_| refused(name, value, expected))
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
        assert!(features.ambient_enable_baggage);
        assert!((features.pilot_trace_sampling - 12.5).abs() < f64::EPSILON);
    }

    #[test]
    fn an_unknown_flag_s_error_names_the_known_ones() {
        let mut features = Features::default();
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
        assert!(features.set("AMBIENT_ENABLE_BAGGAGE", "yes").is_err());
        assert!(features.set("PILOT_AUTO_ALLOW_WAYPOINT_POLICY", "yes").is_err());
    }
}
