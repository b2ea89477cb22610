//! Outlier detection: which endpoints are left out because they fail.

use envoy::config::cluster::v3::OutlierDetection;
use envoy::google::protobuf::UInt32Value;
use envoy::r#type::v3::Percent;

use super::draft::Draft;
use crate::plan::clusters::policy::ClusterPolicy;
use crate::resources::proto::duration;
use crate::snapshot::networking::destination_rule as api;

/// Applies a policy's outlier detection.
///
/// Source: `outlierDetection` of a DestinationRule; Envoy's
/// [`OutlierDetection`](https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/cluster/v3/outlier_detection.proto).
pub(super) fn apply(draft: &mut Draft, policy: &ClusterPolicy<'_>) {
    draft.cluster.outlier_detection =
        policy.settings.outlier_detection.map(|settings| Box::new(detection(settings)));
    if let Some(percent) = policy.min_health_percent {
        draft.common_lb().healthy_panic_threshold = Some(Percent { value: percent.into() });
    }
}

fn detection(settings: &api::OutlierDetection) -> OutlierDetection {
    let errors = settings.consecutive_5xx_errors;
    let gateway_errors = settings.consecutive_gateway_errors;
    let mut out = OutlierDetection {
        // Success rates never count.
        enforcing_success_rate: Some(0.into()),
        consecutive_5xx: errors.map(Into::into),
        enforcing_consecutive_5xx: errors.map(enforced),
        consecutive_gateway_failure: gateway_errors.map(Into::into),
        enforcing_consecutive_gateway_failure: gateway_errors.map(enforced),
        interval: settings.interval.map(duration),
        base_ejection_time: settings.base_ejection_time.map(duration),
        max_ejection_percent: positive(settings.max_ejection_percent),
        ..OutlierDetection::default()
    };
    if settings.split_external_local_origin_errors {
        out.split_external_local_origin_errors = true;
        out.enforcing_local_origin_success_rate = Some(0.into());
        if let Some(failures) = settings.consecutive_local_origin_failures.filter(|n| *n > 0) {
            out.consecutive_local_origin_failure = Some(failures.into());
            out.enforcing_consecutive_local_origin_failure = Some(100.into());
        }
    }
    out
}

/// A limit of zero switches a detector off.
fn enforced(limit: u32) -> UInt32Value {
    UInt32Value { value: if limit > 0 { 100 } else { 0 } }
}

/// The number, where it is set at all.
pub(super) fn positive(number: i32) -> Option<UInt32Value> {
    u32::try_from(number).ok().filter(|n| *n > 0).map(Into::into)
}

#[cfg(test)]
mod tests {
    use super::*;
    #[test]
    fn zero_switches_a_detector_off() {
        let settings = api::OutlierDetection {
            consecutive_5xx_errors: Some(0),
            consecutive_gateway_errors: Some(3),
            ..api::OutlierDetection::default()
        };
        let out = detection(&settings);
        assert_eq!(out.enforcing_consecutive_5xx, Some(0.into()));
        assert_eq!(out.enforcing_consecutive_gateway_failure, Some(100.into()));
        assert_eq!(out.max_ejection_percent, None);
    }

    #[test]
    fn local_failures_count_when_they_are_split_off() {
        let mut settings = api::OutlierDetection {
            consecutive_local_origin_failures: Some(2),
            ..api::OutlierDetection::default()
        };
        assert_eq!(detection(&settings).consecutive_local_origin_failure, None);
        settings.split_external_local_origin_errors = true;
        let out = detection(&settings);
        assert_eq!(out.consecutive_local_origin_failure, Some(2.into()));
        assert_eq!(out.enforcing_local_origin_success_rate, Some(0.into()));
    }
}
