//! `http[].fault`: delays and aborts, as configuration of Envoy's fault filter for one route.

use envoy::extensions::filters::common::fault::v3::{FaultDelay, fault_delay::FaultDelaySecifier};
use envoy::extensions::filters::http::fault::v3::{FaultAbort, HttpFault, fault_abort::ErrorType};

use super::fraction;
use crate::grpc_status;
use crate::resources::proto::duration;
use crate::snapshot::networking::virtual_service::{Abort, Delay, HttpFaultInjection};

/// The filter's name in `typedPerFilterConfig`.
pub(super) const FILTER: &str = "envoy.filters.http.fault";

/// Translates a fault. What Envoy cannot do is left out; an empty message is sent if nothing is left.
pub(super) fn fault(fault: &HttpFaultInjection) -> HttpFault {
    HttpFault {
        delay: fault.delay.as_ref().and_then(delay),
        abort: fault.abort.as_ref().and_then(abort),
        ..HttpFault::default()
    }
}

/// Only fixed delays; `exponentialDelay` was never implemented.
fn delay(delay: &Delay) -> Option<FaultDelay> {
    let fixed = delay.fixed_delay?;
    let percentage = match &delay.percentage {
        Some(percentage) => fraction::of_percent(percentage.value),
        None => fraction::hundredths(u32::try_from(delay.percent).unwrap_or_default()),
    };
    Some(FaultDelay {
        percentage: Some(percentage),
        fault_delay_secifier: Some(FaultDelaySecifier::FixedDelay(duration(fixed))),
    })
}

fn abort(abort: &Abort) -> Option<FaultAbort> {
    let error = match (abort.http_status, abort.grpc_status.as_deref()) {
        (Some(status), _) => ErrorType::HttpStatus(u32::try_from(status).unwrap_or_default()),
        // Admission has refused other names.
        (None, Some(status)) => ErrorType::GrpcStatus(grpc_status::number(status).unwrap_or_default()),
        (None, None) => return None,
    };
    Some(FaultAbort {
        percentage: abort.percentage.as_ref().map(|percentage| fraction::of_percent(percentage.value)),
        error_type: Some(error),
        ..FaultAbort::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::message::Duration;
    use crate::snapshot::networking::Percent;

    #[test]
    fn a_percentage_is_in_millionths_and_a_percent_in_hundredths() {
        let of = |percent, percentage| {
            let input =
                Delay { percent, percentage, fixed_delay: Some(Duration::from_secs(1)), ..Delay::default() };
            let fraction = delay(&input).unwrap().percentage.unwrap();
            (fraction.numerator, fraction.denominator)
        };
        assert_eq!(of(50, None), (50, 0));
        assert_eq!(of(50, Some(Percent { value: 0.1 })), (1000, 2));
    }

    #[test]
    fn only_what_envoy_can_do_is_kept() {
        let exponential = Delay { exponential_delay: Some(Duration::from_secs(1)), ..Delay::default() };
        let input = HttpFaultInjection { delay: Some(exponential), abort: Some(Abort::default()) };
        assert_eq!(fault(&input), HttpFault::default());
        assert_eq!(grpc_status::number("UNAVAILABLE"), Some(14));
    }
}
