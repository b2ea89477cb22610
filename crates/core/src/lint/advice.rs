//! What to do about problems that were found before lint, where whoever found them does not say it.

use crate::problem::{Code, Problem};

/// Adds to a problem what comes of it and what to do, if nothing says so yet.
pub(super) fn advise(problem: &mut Problem) {
    if problem.help.is_none() {
        problem.help = advice(problem.code).map(str::to_owned);
    }
}

const fn advice(code: Code) -> Option<&'static str> {
    Some(match code {
        Code::BackendNotResolved => {
            "its share of the requests gets 500: correct the reference, add what it names, or a \
             ReferenceGrant for another namespace"
        }
        Code::MissingDelegate => {
            "the rule is dropped: correct the name, or add a VirtualService without hosts that is exported to this namespace"
        }
        Code::ParentNotFound => {
            "for this parent the route does nothing: correct the reference, or add what it names"
        }
        Code::TargetNotFound => {
            "for this target the policy does nothing: correct the reference, or add what it names in the policy's namespace"
        }
        Code::TargetWithoutWaypoint => {
            "nobody enforces the policy there: label the target or its Namespace with `istio.io/use-waypoint`"
        }
        Code::UnknownDestination => {
            "requests that take this route get 503: correct the host, or add a Service or ServiceEntry that has it"
        }
        Code::UnknownSubset => {
            "requests that take this route get 503: define the subset in a DestinationRule for the host, or leave `subset` out"
        }
        Code::StatusDiffers => {
            "the status is of another release or revision, or of other objects than these: `waypoint-xds \
             status -o wide` tells what decides it"
        }
        Code::DuplicateKey | Code::ReplacedObject => "the last one counts: leave the others out",
        Code::WaypointCanary => "all traffic goes to the primary waypoint: correct what names the canary",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_already_stays() {
        let mut problem = Problem::new(Code::UnknownSubset, "m").help("h");
        advise(&mut problem);
        assert_eq!(problem.help.as_deref(), Some("h"));
        problem.help = None;
        advise(&mut problem);
        assert!(problem.help.unwrap().contains("503"));
        let mut other = Problem::new(Code::ReadinessAssumed, "m");
        advise(&mut other);
        assert_eq!(other.help, None);
    }
}
