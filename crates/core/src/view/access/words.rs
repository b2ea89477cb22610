//! Who may do what, in words.

use crate::trace::Verdict;
use crate::trace::classes::access::{Access, DestinationAccess, Passage, Row, WayAccess, WireProtocol};
use crate::view::difference::named;
use crate::view::origins::Located;
use crate::view::words::verdict;

/// `cart.shop.svc.cluster.local:80`.
pub(super) fn destination(of: &DestinationAccess) -> String {
    let host = &of.host;
    if host.contains(':') { format!("[{host}]:{}", of.port) } else { format!("{host}:{}", of.port) }
}

/// The way, and who goes it.
pub(super) fn way(of: &WayAccess, access: &Access) -> String {
    let speaks = match of.speaks {
        WireProtocol::Http => ", HTTP",
        WireProtocol::Bytes => ", what is not HTTP",
        WireProtocol::Any => "",
    };
    let waypoint = of.waypoint.as_ref().map(ToString::to_string).unwrap_or_default();
    let pod = of.pod.as_deref().unwrap_or("the pods");
    let alike = match of.alike {
        0 => String::new(),
        1 => " (and 1 pod like it)".to_owned(),
        more => format!(" (and {more} pods like it)"),
    };
    let (way, who) = match of.way {
        Passage::Waypoint => (format!("through waypoint {waypoint}"), "clients in the mesh"),
        Passage::Straight => ("without a waypoint".to_owned(), "clients in the mesh and outside of it"),
        Passage::Past => (
            format!("past the waypoint, to {pod}{alike}"),
            "whoever dials the pod, in the mesh or outside of it, and gateways for ingress that do not use waypoints",
        ),
        Passage::Outside if of.pod.is_some() => {
            (format!("past the waypoint, to {pod}{alike}"), "clients outside of the mesh")
        }
        Passage::Outside => ("past the waypoint".to_owned(), "clients outside of the mesh"),
        Passage::Sidecar => ("past the waypoint".to_owned(), "clients with a sidecar"),
        Passage::Same if waypoint.is_empty() => ("without a waypoint".to_owned(), "clients in the mesh"),
        Passage::Same => (format!("through waypoint {waypoint}"), "clients in the mesh"),
    };
    let who = access.from.as_deref().unwrap_or(who);
    format!("{way}{speaks}: {who}")
}

/// Which requests a row is about.
pub(super) fn conditions(row: &Row, only: bool) -> String {
    match (row.conditions.as_slice(), only) {
        ([], true) => "all requests".to_owned(),
        ([], false) => "all others".to_owned(),
        (all, _) => all.join(", "),
    }
}

/// `DENIED 403`, `ALLOWED to … (90 %), … (10 %)`.
pub(super) fn comes(row: &Row) -> String {
    let status = row.status.map(|status| format!(" {status}")).unwrap_or_default();
    let mut text = format!("{}{status}", verdict(row.verdict));
    let targets = row.destinations.iter().filter(|target| target.probability > 0.0).map(|target| {
        let service = match (&target.service, &target.subset) {
            (Some(service), Some(subset)) => format!("{service}, subset {subset}"),
            (Some(service), None) => service.clone(),
            (None, _) => {
                let first = target.endpoints.first();
                let workload = first.map(|first| first.workload.as_ref().unwrap_or(&first.address).clone());
                workload.unwrap_or_else(|| target.cluster.clone())
            }
        };
        let odds = match target.probability {
            all if all >= 1.0 => String::new(),
            odds => format!(" ({:.0} %)", odds * 100.0),
        };
        format!("{service}{odds}")
    });
    let targets: Vec<String> = targets.collect();
    if row.verdict == Verdict::Allowed && !targets.is_empty() {
        text.push_str(&format!(" to {}", targets.join(" or ")));
    }
    let others = row.outcomes.iter().skip(1).map(|chance| {
        let status = chance.outcome.status.map(|status| format!(" {status}")).unwrap_or_default();
        format!("; {:.0} % {}{status}", chance.probability * 100.0, verdict(chance.outcome.verdict))
    });
    text + &others.collect::<String>()
}

/// What decides, where it stands; where nothing does, the reason.
pub(super) fn because(row: &Row, located: &Located<'_>) -> String {
    let told = row.because.iter().map(|because| {
        let maker = located.maker(&because.0);
        let place = maker.file.zip(maker.line).map(|(file, line)| format!("{file}:{line}"));
        named(&because.0, place)
    });
    let told: Vec<String> = told.collect();
    match (row.verdict, told.is_empty()) {
        (Verdict::Allowed, true) => "no policy is asked, or none is needed".to_owned(),
        (Verdict::Allowed, false) => format!("by {}", told.join(" and ")),
        (_, true) => row.reason.clone(),
        (_, false) => {
            // What decides may be named in the reason.
            let bare =
                row.because.iter().map(|because| because.0.to_string()).collect::<Vec<_>>().join(" and ");
            match row.reason.split_once(&bare) {
                Some((before, after)) => format!("{before}{}{after}", told.join(" and ")),
                None => format!("{}, from {}", row.reason, told.join(" and ")),
            }
        }
    }
}
