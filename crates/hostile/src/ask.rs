//! Everything that can be asked of a snapshot.

use waypoint_xds::Session;
use waypoint_xds::describe::{Subject, SubjectKind};
use waypoint_xds::snapshot::{Kind, ObjectRef};
use waypoint_xds::trace::Request;
use waypoint_xds::view::diagnostics::{self, Colour};
use waypoint_xds::view::json::{self, ResourceKind};
use waypoint_xds::view::ztunnel::{self, ZtunnelConfig};
use waypoint_xds::view::{description, origins, statuses, trace};

/// How many waypoints are looked at one by one: what is asked of each costs as much as it has.
const WAYPOINTS: usize = 2;

/// Asks a session everything that a door shows, and returns how many bytes were said. Nothing may panic.
#[must_use]
pub fn everything(session: &Session) -> usize {
    let findings = session.lint();
    translation(session)
        + statuses::json(&session.statuses()).to_string().len()
        + diagnostics::full(&findings, session.input().files.iter(), Colour::Never).len()
        + session.ztunnel().map_or(0, |found| ztunnel::all(&ZtunnelConfig::from(&found)).to_string().len())
        + descriptions(session)
        + traces(session)
}

fn translation(session: &Session) -> usize {
    let places = session.places();
    let made = session.translation();
    let mut said = json::translation(made).len() + diagnostics::concise(&made.problems).len();
    for resources in made.waypoints.iter().take(WAYPOINTS) {
        let tables = ResourceKind::ALL.map(|kind| session.table(resources, kind, true).to_string().len());
        said += tables.iter().sum::<usize>();
        said += json::to_value(&session.graph(resources)).to_string().len();
        said += json::to_value(&origins::origins(resources, &places)).to_string().len();
    }
    said
}

/// The first object of each sort that can be described, and the last.
fn descriptions(session: &Session) -> usize {
    const SORTS: [(SubjectKind, &[Kind]); 5] = [
        (SubjectKind::Service, &[Kind::Service, Kind::ServiceEntry]),
        (SubjectKind::Pod, &[Kind::Pod, Kind::WorkloadEntry]),
        (SubjectKind::Waypoint, &[Kind::Gateway]),
        (SubjectKind::Policy, &[Kind::AuthorizationPolicy, Kind::RequestAuthentication]),
        (SubjectKind::Route, &[Kind::VirtualService, Kind::HttpRoute]),
    ];
    let mut said = 0;
    for (sort, kinds) in SORTS {
        for object in ends(session, kinds) {
            let subject = Subject::new(sort, &object.name, Some(&object.namespace));
            said += session.describe(&subject).map_or(0, |found| description::text(&found).len());
        }
    }
    said
}

/// A request of the first pod to the first Service and to the last.
fn traces(session: &Session) -> usize {
    let pods = ends(session, &[Kind::Pod]);
    let client =
        pods.first().map_or("outside".to_owned(), |pod| format!("pod/{}.{}", pod.name, pod.namespace));
    let places = session.places();
    let mut said = 0;
    for service in ends(session, &[Kind::Service]) {
        let destination = format!("{}.{}:80", service.name, service.namespace);
        let (Ok(client), Ok(destination)) = (client.parse(), destination.parse()) else { continue };
        let mut request = Request::new(client, destination);
        request.path = format!("/{}", "a".repeat(1000));
        said += session.trace(&request).map_or(0, |found| trace::text(&found, &places, true).len());
    }
    said
}

/// The first object of some kinds and the last.
fn ends(session: &Session, kinds: &[Kind]) -> Vec<ObjectRef> {
    let mut of_kinds =
        session.input().snapshot.sources().map(|(object, _)| object).filter(|o| kinds.contains(&o.kind));
    let first = of_kinds.next();
    let last = of_kinds.last();
    first.into_iter().chain(last).collect()
}
