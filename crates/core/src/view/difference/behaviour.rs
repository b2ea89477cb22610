//! What differs for requests, in words.

use crate::trace::classes::{Came, ClassDiff, Compared, DestinationDiff, Moved};
use crate::trace::{RequestSpec, Verdict};
use crate::view::words::verdict;

/// `1 of 3 destinations differs; 2 are proved equal`.
pub(super) fn summary(behaviour: &[DestinationDiff]) -> String {
    let count = |of: &dyn Fn(&Compared) -> bool| behaviour.iter().filter(|one| of(&one.compared)).count();
    let equal = count(&|compared| *compared == Compared::Equal);
    let undecided = count(&|compared| matches!(compared, Compared::NotDecided { .. }));
    let differ = behaviour.len() - equal - undecided;
    let all = if behaviour.len() == 1 { "destination" } else { "destinations" };
    let mut text = match differ {
        0 if undecided == 0 => return format!("nothing differs for any request to {equal} {all}: proved"),
        1 => format!("1 of {} {all} differs", behaviour.len()),
        _ => format!("{differ} of {} {all} differ", behaviour.len()),
    };
    if equal > 0 {
        text.push_str(&format!("; {equal} proved equal"));
    }
    if undecided > 0 {
        text.push_str(&format!("; {undecided} not decided"));
    }
    text
}

/// `cart.shop.svc.cluster.local:80 at waypoint shop/waypoint`.
pub(super) fn destination(of: &DestinationDiff) -> String {
    let host = of.host.as_deref().unwrap_or("addresses of workloads");
    let port = of.port.map(|port| format!(":{port}")).unwrap_or_default();
    let bytes = if of.http { "" } else { ", bytes" };
    let way = match (&of.moved, &of.waypoint) {
        (Some(Moved { from: Some(from), to: Some(to), .. }), _) => {
            format!(", through waypoint {to} instead of {from}")
        }
        (Some(Moved { from: Some(from), .. }), _) => format!(", no longer through waypoint {from}"),
        (Some(Moved { to: Some(to), .. }), _) => format!(", now through waypoint {to}"),
        (_, Some(waypoint)) => format!(" at waypoint {waypoint}"),
        (_, None) => ", without a waypoint".to_owned(),
    };
    format!("{host}{port}{way}{bytes}")
}

/// What is said of a destination that clients get to in another way without that it makes a difference to
/// them.
pub(super) const NOBODY: &str =
    "no request is refused or led elsewhere that was not before, or the other way round";

/// What is common to the requests of a class.
pub(super) fn conditions(class: &ClassDiff) -> String {
    if class.conditions.is_empty() { "all requests".to_owned() } else { class.conditions.join(", ") }
}

/// `GET /admin from spiffe://cluster.local/ns/web/sa/front with x-user: 1`.
pub(in crate::view) fn example(example: &RequestSpec) -> String {
    let method = example.method.as_deref().unwrap_or("bytes");
    let path = example.path.as_ref().map(|path| format!(" {path}")).unwrap_or_default();
    let host = example.host.as_ref().map(|host| format!(" of host {host}")).unwrap_or_default();
    let from = example.from.as_deref().unwrap_or_default();
    let mut text = format!("{method}{path}{host} from {from}");
    for (name, value) in &example.headers.0 {
        text.push_str(&format!(", {name}: {value}"));
    }
    if let Some(claims) = &example.claims {
        let claims: Vec<String> = claims.iter().map(|(name, value)| format!("{name}={value}")).collect();
        text.push_str(&format!(", with a token of {}", claims.join(", ")));
    }
    if let Some(address) = &example.source_address {
        text.push_str(&format!(", at {address}"));
    }
    text
}

/// `DENIED 403: DENY: rule 0 fits`.
pub(super) fn came(came: &Came) -> String {
    let verdict = verdict(came.verdict);
    let status = came.status.map(|status| format!(" {status}")).unwrap_or_default();
    let mut text = format!("{verdict}{status}");
    let targets = came.destinations.iter().filter(|target| target.probability > 0.0).map(|target| {
        let odds = if target.probability < 1.0 {
            format!(" ({:.0} %)", target.probability * 100.0)
        } else {
            String::new()
        };
        // Past waypoints there are no clusters.
        let endpoint = || target.endpoints.first().map(|endpoint| endpoint.address.as_str());
        let name = Some(target.cluster.as_str()).filter(|name| !name.is_empty());
        let name = name.or(target.service.as_deref()).or_else(endpoint).unwrap_or("nobody");
        format!("{name}{odds}")
    });
    let targets: Vec<String> = targets.collect();
    if came.verdict == Verdict::Allowed && !targets.is_empty() {
        text.push_str(&format!(" to {}", targets.join(", ")));
    } else {
        text.push_str(&format!(": {}", came.reason));
    }
    if let Some(path) = came.path.as_ref().filter(|_| came.verdict == Verdict::Allowed) {
        text.push_str(&format!(" as {path}"));
    }
    text
}
