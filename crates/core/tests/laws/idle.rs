//! Laws of what lint says never decides anything: no request that is tried gets to such a match, and none
//! misses such a rule.

use generate::traffic::{requests, snapshot};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::Value;
use waypoint_xds::options::Options;
use waypoint_xds::problem::{Code, Problem};
use waypoint_xds::release::Release;
use waypoint_xds::session::Session;
use waypoint_xds::text::SourceFile;
use waypoint_xds::trace::{Request, Trace, Via};

use super::traces::request;

/// How many requests each mesh gets.
const REQUESTS: usize = 40;

fn read(objects: &[Value], release: Release) -> Session {
    Session::read([SourceFile::new("input.yaml", generate::text(objects))], &Options::for_release(release))
}

fn through_waypoint(objects: &[Value], seed: u64) -> Vec<Request> {
    let (namespace, name) = generate::traffic::WAYPOINT;
    let via = Via::Waypoint(waypoint_xds::names::WaypointName::new(namespace, name));
    let all = requests(objects, seed, REQUESTS).into_iter().map(request);
    let through = |mut request: Request| {
        request.via = via.clone();
        request
    };
    all.map(through).collect()
}

/// Whether the route of a request was made by what a problem is about.
fn takes(trace: &Trace, problem: &Problem) -> bool {
    let decisive = trace.route.as_ref().and_then(|route| route.because.first());
    decisive.is_some_and(|because| {
        let field = because.0.field.to_string();
        let rest = field.strip_prefix(&problem.field);
        Some(&because.0.object) == problem.object.as_ref()
            && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    })
}

/// The mesh without the rule that a problem is about.
fn without(objects: &[Value], problem: &Problem) -> Option<Vec<Value>> {
    let object = problem.object.as_ref()?;
    let rule: usize = problem.field.strip_prefix("spec.rules[")?.strip_suffix(']')?.parse().ok()?;
    let mut objects = objects.to_vec();
    let policy = objects.iter_mut().find(|one| {
        one["kind"] == "AuthorizationPolicy"
            && one["metadata"]["name"] == object.name.as_str()
            && one["metadata"]["namespace"] == object.namespace.as_str()
    })?;
    policy["spec"]["rules"].as_array_mut()?.remove(rule);
    Some(objects)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, max_shrink_iters: 20, ..super::config() })]

    #[test]
    fn what_never_decides_does_not(seed in any::<u64>(), release in select(Release::ALL)) {
        let objects = snapshot(seed, &release.to_string());
        let session = read(&objects, release);
        let requests = through_waypoint(&objects, seed);
        let traces = |session: &Session| -> Vec<Option<Trace>> {
            requests.iter().map(|request| session.trace(request).ok()).collect()
        };
        let before = traces(&session);
        for problem in session.lint() {
            match problem.code {
                Code::UnreachableRule => {
                    let taken = before.iter().flatten().find(|trace| takes(trace, &problem));
                    // What the webhook says is its own.
                    let is_proved = problem.message.contains("would: it is never reached");
                    prop_assert!(!is_proved || taken.is_none(), "{problem:?}\n{taken:#?}");
                }
                Code::RedundantRule | Code::DenyOverridesAllow => {
                    let Some(objects) = without(&objects, &problem) else { continue };
                    if problem.code == Code::DenyOverridesAllow && !problem.message.ends_with("it lets nobody in") {
                        continue;
                    }
                    for (was, is) in before.iter().zip(traces(&read(&objects, release))) {
                        let (Some(was), Some(is)) = (was, is) else { continue };
                        prop_assert_eq!((was.verdict, was.status), (is.verdict, is.status), "{:?}", problem);
                    }
                }
                _ => {}
            }
        }
    }
}
