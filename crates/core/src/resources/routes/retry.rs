//! Retries: `http[].retries`, and the mesh's default.

use envoy::Encoded;
use envoy::config::route::v3::RetryPolicy;
use envoy::config::route::v3::retry_policy::{
    RetryBackOff, RetryHostPredicate, RetryPriority, retry_host_predicate, retry_priority,
};
use envoy::extensions::retry::host::previous_hosts::v3::PreviousHostsPredicate;
use envoy::extensions::retry::priority::previous_priorities::v3::PreviousPrioritiesConfig;

use crate::plan::WaypointSettings;
use crate::resources::proto::duration;
use crate::rules::RouteRules;
use crate::snapshot::networking::virtual_service::HttpRetry;

const DEFAULT_RETRY_ON: &str = "connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes";

/// The retries of a mesh. Most routes have the default, which is made once.
#[derive(Clone, Debug)]
pub(super) struct Retries<'m> {
    rules: &'static RouteRules,
    /// What the mesh configuration says.
    mesh: Option<&'m HttpRetry>,
    default: Option<Encoded<RetryPolicy>>,
}

impl<'m> Retries<'m> {
    /// Reads the mesh configuration.
    pub(super) fn new(settings: &WaypointSettings<'m>) -> Self {
        let rules = &settings.rules.routes;
        let mesh = settings.mesh.default_http_retry_policy.as_ref();
        Self { rules, mesh, default: policy(rules, mesh, false).map(Encoded::from) }
    }

    /// The policy of a route; see [`policy`].
    pub(super) fn policy(
        &self,
        retries: Option<&HttpRetry>,
        consistent: bool,
    ) -> Option<Encoded<RetryPolicy>> {
        if retries.is_none() && !consistent {
            self.default.clone()
        } else {
            policy(self.rules, retries.or(self.mesh), consistent).map(Encoded::from)
        }
    }
}

/// The policy that only tries again what no server has seen: two retries, on any host.
pub(super) fn unseen() -> RetryPolicy {
    RetryPolicy {
        retry_on: "reset-before-request".to_owned(),
        num_retries: Some(2.into()),
        ..RetryPolicy::default()
    }
}

/// Translates a policy; none is the default: two retries, on other hosts. `consistent` is said of a route
/// that hashes requests to hosts: another host would defeat that.
///
/// Gives nothing where the policy switches retries off.
fn policy(rules: &RouteRules, retries: Option<&HttpRetry>, consistent: bool) -> Option<RetryPolicy> {
    let mut out = RetryPolicy {
        num_retries: Some(2.into()),
        retry_on: DEFAULT_RETRY_ON.to_owned(),
        retriable_status_codes: rules.default_retriable_status_codes.to_vec(),
        retry_host_predicate: if consistent { Vec::new() } else { vec![other_hosts()] },
        host_selection_retry_max_attempts: 5,
        ..RetryPolicy::default()
    };
    let Some(retries) = retries else { return Some(out) };
    let attempts = u32::try_from(retries.attempts).ok().filter(|attempts| *attempts > 0)?;
    out.num_retries = Some(attempts.into());
    if !retries.retry_on.is_empty() {
        (out.retry_on, out.retriable_status_codes) = conditions(&retries.retry_on);
    }
    out.per_try_timeout = retries.per_try_timeout.map(duration);
    match retries.retry_ignore_previous_hosts {
        Some(true) => out.retry_host_predicate = vec![other_hosts()],
        Some(false) => out.retry_host_predicate.clear(),
        None => {}
    }
    out.retry_back_off =
        retries.backoff.map(|base| RetryBackOff { base_interval: Some(duration(base)), max_interval: None });
    if retries.retry_remote_localities == Some(true) {
        out.retry_priority = Some(other_priorities());
    }
    Some(out)
}

/// Splits `retryOn` into Envoy's conditions and the status codes among them.
fn conditions(retry_on: &str) -> (String, Vec<u32>) {
    const STATUS_CODES: &str = "retriable-status-codes";
    let mut codes = Vec::new();
    let mut names = Vec::new();
    for part in retry_on.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        match part.parse::<u32>().ok().filter(|code| is_http_status(*code)) {
            Some(code) => codes.push(code),
            None => names.push(part),
        }
    }
    let mut names = names.join(",");
    // Where only codes were given this leaves the text with a leading comma, as Istio does.
    if !codes.is_empty() && !names.contains(STATUS_CODES) {
        names.push(',');
        names.push_str(STATUS_CODES);
    }
    (names, codes)
}

/// The status codes that have a name in IANA's registry, as Go's `net/http` knows it.
const fn is_http_status(code: u32) -> bool {
    matches!(
        code,
        100..=103
            | 200..=208
            | 226
            | 300..=305
            | 307
            | 308
            | 400..=418
            | 421..=426
            | 428
            | 429
            | 431
            | 451
            | 500..=508
            | 510
            | 511
    )
}

fn other_hosts() -> RetryHostPredicate {
    RetryHostPredicate {
        name: "envoy.retry_host_predicates.previous_hosts".to_owned(),
        config_type: Some(retry_host_predicate::ConfigType::TypedConfig(envoy::any(
            &PreviousHostsPredicate {},
        ))),
    }
}

fn other_priorities() -> RetryPriority {
    RetryPriority {
        name: "envoy.retry_priorities.previous_priorities".to_owned(),
        config_type: Some(retry_priority::ConfigType::TypedConfig(envoy::any(&PreviousPrioritiesConfig {
            update_frequency: 2,
        }))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::release::Release;

    fn v1_31() -> &'static RouteRules {
        &crate::rules::Rules::of(Release::V1_31).routes
    }

    #[test]
    fn codes_are_told_from_conditions() {
        let (on, codes) = conditions(" 5xx, 503,gateway-error,,999,0404");
        assert_eq!(on, "5xx,gateway-error,999,retriable-status-codes");
        assert_eq!(codes, [503, 404]);
        assert_eq!(conditions("503").0, ",retriable-status-codes");
        assert_eq!(conditions("retriable-status-codes,503").0, "retriable-status-codes");
        assert_eq!(conditions("reset"), ("reset".to_owned(), Vec::new()));
    }

    #[test]
    fn no_attempts_switch_retries_off() {
        assert_eq!(policy(v1_31(), Some(&HttpRetry::default()), false), None);
        assert_eq!(policy(v1_31(), Some(&HttpRetry { attempts: -1, ..HttpRetry::default() }), false), None);
        let default = policy(v1_31(), None, false).unwrap();
        assert_eq!(default.num_retries, Some(2.into()));
        assert_eq!(default.retry_host_predicate.len(), 1);
    }

    #[test]
    fn hashing_keeps_the_host_unless_the_user_says_otherwise() {
        let retries =
            |ignore| HttpRetry { attempts: 1, retry_ignore_previous_hosts: ignore, ..HttpRetry::default() };
        let predicates =
            |ignore, hash| policy(v1_31(), Some(&retries(ignore)), hash).unwrap().retry_host_predicate.len();
        assert_eq!(predicates(None, true), 0);
        assert_eq!(predicates(Some(true), true), 1);
        assert_eq!(predicates(Some(false), false), 0);
    }

    #[test]
    fn the_default_names_codes_in_1_18_only() {
        let codes = |release: Release| {
            policy(&crate::rules::Rules::of(release).routes, None, false).unwrap().retriable_status_codes
        };
        assert_eq!(codes(Release::V1_18), [503]);
        assert!(codes(Release::V1_31).is_empty());
    }
}
