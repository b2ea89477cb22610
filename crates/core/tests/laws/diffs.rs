//! Laws of comparisons: what is proved equal is equal for every request that is tried, and each example is one.

use std::collections::BTreeMap;

use generate::traffic::{Dice, requests, snapshot};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::Value;
use waypoint_xds::mesh::WaypointName;
use waypoint_xds::options::Options;
use waypoint_xds::release::Release;
use waypoint_xds::session::Session;
use waypoint_xds::text::SourceFile;
use waypoint_xds::trace::classes::{Compared, DestinationDiff};
use waypoint_xds::trace::{Protocol, Trace, Verdict, Via};

use super::traces::request;

/// How many requests each pair of meshes gets.
const REQUESTS: usize = 24;

fn read(objects: &[Value], release: Release) -> Session {
    Session::read([SourceFile::new("input.yaml", generate::text(objects))], &Options::for_release(release))
}

/// A mesh with some objects taken out, and some of another one put in.
fn changed(objects: &[Value], seed: u64, release: Release) -> Vec<Value> {
    let name = |object: &Value| (object["kind"].to_string(), object["metadata"]["name"].to_string());
    let is_drawn = |object: &Value| {
        let kind = object["kind"].as_str().unwrap_or_default();
        !matches!(kind, "Namespace" | "Pod" | "Service" | "Gateway" | "GatewayClass" | "ServiceAccount")
    };
    let mut dice = Dice::new(seed);
    let others = snapshot(seed, &release.to_string());
    let others: BTreeMap<_, _> =
        others.iter().filter(|object| is_drawn(object)).map(|o| (name(o), o)).collect();
    let replaced = objects.iter().filter_map(|object| match others.get(&name(object)) {
        Some(other) if dice.percent(40) => Some((*other).clone()),
        _ if is_drawn(object) && dice.percent(20) => None,
        _ => Some(object.clone()),
    });
    replaced.collect()
}

/// What comes of a request, without who decided and what clusters are called.
fn comes(trace: &Trace) -> (Verdict, Option<u16>, Vec<String>, Option<String>) {
    let destinations = trace.destinations.iter().map(|target| {
        let endpoints: Vec<&str> =
            target.endpoints.iter().map(|endpoint| endpoint.address.as_str()).collect();
        format!("{} {:.6}", endpoints.join(","), target.probability)
    });
    let forwarded = trace.request.as_ref().map(|request| format!("{request:?}"));
    // Without a status there is only a connection, which ends.
    let ends = trace.verdict == Verdict::Failed && trace.status.is_none();
    let verdict = if ends { Verdict::Denied } else { trace.verdict };
    (verdict, trace.status, destinations.collect(), forwarded)
}

/// What was found for the destination of a request.
fn of_destination<'d>(
    diff: &'d [DestinationDiff],
    trace: &Trace,
    protocol: &Protocol,
) -> Option<&'d DestinationDiff> {
    let chain = trace.steps.iter().find(|step| step.what == "filter chain")?;
    let (name, _) = chain.text.split_once(" for ")?;
    let mut parts = name.split('|').skip(1);
    let (port, _, host) = (parts.next()?, parts.next()?, parts.next()?);
    let host = host.trim_end_matches("-http").trim_end_matches("-tcp");
    diff.iter().find(|one| {
        one.http == protocol.is_http()
            && one.host.as_deref() == Some(host)
            && one.port.map(|port| port.to_string()).as_deref() == Some(port)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 20, ..super::config() })]

    /// Nothing differs for a request to a destination that is proved equal; what an example comes to differs where that is said.
    #[test]
    fn what_is_proved_equal_is_equal(
        seed in any::<u64>(),
        other in any::<u64>(),
        release in select(Release::ALL),
    ) {
        let before = snapshot(seed, &release.to_string());
        let after = changed(&before, other, release);
        let (old, new) = (read(&before, release), read(&after, release));
        let diff = old.diff(&new);
        for ask in requests(&before, seed, REQUESTS).into_iter().chain(requests(&after, other, REQUESTS)) {
            let mut request = request(ask);
            request.via = Via::Waypoint(waypoint());
            let (Ok(was), Ok(is)) = (old.trace(&request), new.trace(&request)) else { continue };
            // A request that does not tell everything (its address) has no verdict, where all that it may be have the same.
            if [&was, &is].iter().any(|trace| trace.verdict == Verdict::Unknown) {
                continue;
            }
            let Some(found) = of_destination(&diff.behaviour, &was, &request.protocol) else { continue };
            if found.compared == Compared::Equal {
                prop_assert_eq!(comes(&was), comes(&is), "{:?}: {}, {}", request, was.reason, is.reason);
            }
        }
        for destination in &diff.behaviour {
            if let Compared::Differs { classes, .. } = &destination.compared {
                prop_assert!(!classes.is_empty() || destination.moved.is_some());
                for class in classes.iter().filter(|class| class.confirmed) {
                    prop_assert!(class.old != class.new, "{:?}", class);
                }
            }
        }
    }

    /// A mesh is equal to itself, whatever the order of its objects.
    #[test]
    fn a_mesh_is_equal_to_itself(seed in any::<u64>(), release in select(Release::ALL)) {
        let objects = snapshot(seed, &release.to_string());
        let mut turned = objects.clone();
        turned.reverse();
        let diff = read(&objects, release).diff(&read(&turned, release));
        prop_assert!(diff.behaviour.iter().all(|one| one.compared == Compared::Equal), "{:?}", diff.behaviour);
    }
}

fn waypoint() -> WaypointName {
    let (namespace, name) = generate::traffic::WAYPOINT;
    WaypointName::new(namespace, name)
}
