//! Who may do what: the fewest rows that say it of a whole mesh, exactly.
//!
//! For each way to a destination (through its waypoint, past it, from outside of the mesh) the requests fall
//! into classes; what comes of a class is what comes of one of its requests, which is traced. Rows stand in
//! an order: the first that a request is in tells what comes of it, and each request that goes this way is in
//! one. What is not decided is a row, too.
//!
//! | module | knows |
//! |---|---|
//! | `ways`, `way` | how requests get to a destination |
//! | `inside`, `straight` | what tells requests apart: in a chain of a waypoint, at the ztunnels of workloads |
//! | `marks`, `overlay` | the classes that this makes |
//! | `wanted` | what requests have in common that are asked about |
//! | `space` | all requests of one way |
//! | `rows` | the rows that say what comes of them |
//! | `arrived` | the classes of a request |
//! | `query` | what is asked |
//! | `claim` | whether something holds of all requests that are like this |
//! | `moved` | the same of two meshes: destinations that are got to in another way |

pub(super) mod arrived;
mod claim;
mod inside;
mod marks;
pub(super) mod moved;
mod overlay;
mod query;
mod rows;
mod space;
mod straight;
mod wanted;
mod way;
mod ways;

pub(crate) use claim::{Claimed, Judged, Proof, To, prove};
pub use query::{AccessQuery, AccessSpec, NoQuery};

use serde::Serialize;

pub(crate) use self::wanted::{Is, Wanted};

use self::rows::{rows, undecided};
use self::space::{NoSpace, Question, Space};
use self::way::Plan;
use self::ways::{Going, Who};
use super::Limits;
use crate::mesh::WaypointName;
use crate::trace::client::NoSuchThing;
use crate::trace::compiled::Tracer;
use crate::trace::outcome::{Chance, DecidedBy, Target, Verdict};
use crate::trace::request::{Destination, Request};
use crate::trace::source::Sender;
use crate::trace::spec::RequestSpec;

/// More rows than this are not told of one way.
const MAX_ROWS: usize = 100;

/// Who may do what.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Access {
    /// Who asks, where only one is asked about.
    pub from: Option<String>,
    /// The destinations.
    pub destinations: Vec<DestinationAccess>,
}

/// Who may do what at a port of a destination.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct DestinationAccess {
    /// The host of the Service, `pod/NAME.NAMESPACE`, or an address.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The ways there.
    pub ways: Vec<WayAccess>,
}

/// What comes of the requests of one way.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct WayAccess {
    /// The way.
    pub way: Passage,
    /// The waypoint that it leads through.
    pub waypoint: Option<WaypointName>,
    /// What is spoken.
    pub speaks: WireProtocol,
    /// Who is dialled, where that is not the destination as it was named: `pod/NAME.NAMESPACE:PORT`.
    pub pod: Option<String>,
    /// How many other pods behind the destination have the same policies.
    pub alike: usize,
    /// The rows: the first that a request is in tells what comes of it, and it is in one.
    pub rows: Vec<Row>,
}

/// A way to a destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Passage {
    /// Clients in the mesh, through the waypoint.
    Waypoint,
    /// There is no waypoint: clients in the mesh and outside of it, to the ztunnels of the workloads.
    Straight,
    /// Past the waypoint, to a pod itself: clients in the mesh that dial it, clients outside of the mesh,
    /// gateways for ingress.
    Past,
    /// Clients outside of the mesh, where those in it go another way.
    Outside,
    /// Clients with a sidecar.
    Sidecar,
    /// Clients in the mesh, of whose requests the same comes whatever they are.
    Same,
}

/// What is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum WireProtocol {
    /// HTTP.
    Http,
    /// What is not taken for HTTP.
    Bytes,
    /// Anything: it makes no difference.
    Any,
}

/// Requests of which the same comes.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Row {
    /// What they have in common, each with the name of the attribute; nothing for all that no row before has.
    pub conditions: Vec<String>,
    /// The likeliest verdict.
    pub verdict: Verdict,
    /// The status of HTTP that a proxy answers with.
    pub status: Option<u16>,
    /// Why, in words.
    pub reason: String,
    /// What decides; for what is allowed, the rules that let it pass.
    pub because: Vec<DecidedBy>,
    /// All that may come of it, where something is left to chance.
    pub outcomes: Vec<Chance>,
    /// Where they go.
    pub destinations: Vec<Target>,
    /// One of them.
    pub example: Option<RequestSpec>,
    /// Whether a trace of the example says what the row says.
    pub confirmed: bool,
}

impl Default for Row {
    fn default() -> Self {
        Self {
            conditions: Vec::new(),
            verdict: Verdict::Unknown,
            status: None,
            reason: String::new(),
            because: Vec::new(),
            outcomes: Vec::new(),
            destinations: Vec::new(),
            example: None,
            confirmed: false,
        }
    }
}

/// Who may do what. What takes more than the limits is not decided.
///
/// # Errors
///
/// When the snapshot does not have who asks, or who is asked.
pub fn access(tracer: Tracer<'_>, query: &AccessQuery, limits: &Limits) -> Result<Access, NoSuchThing> {
    let destinations = match &query.to {
        Some(to) => ways::with_ports(tracer.mesh, to)?,
        None => ways::everything(tracer.mesh),
    };
    let who = Who { from: query.from.as_ref(), ext_authz: query.ext_authz };
    let of = |to: &Destination| -> Result<DestinationAccess, NoSuchThing> {
        let ways = ways::ways(tracer, to, who)?;
        Ok(DestinationAccess {
            host: to.host.to_string(),
            port: to.port.unwrap_or_default(),
            ways: ways.into_iter().map(|going| going.access(tracer, limits)).collect(),
        })
    };
    Ok(Access {
        from: query.from.as_ref().map(ToString::to_string),
        destinations: destinations.iter().map(of).collect::<Result<_, _>>()?,
    })
}

/// The row that a request is in, of those that [`access`] tells of its destination; none for a request that
/// is not like those that there may be: one that proxies refuse before they look at policies, one with a
/// header twice.
///
/// # Errors
///
/// When the snapshot does not have who asks, or who is asked.
pub fn row_of(tracer: Tracer<'_>, request: &Request, limits: &Limits) -> Result<Option<Row>, NoSuchThing> {
    let who = Who { from: None, ext_authz: request.ext_authz };
    let sender = way::known(tracer.mesh, request)?.sender;
    for going in ways::ways(tracer, &request.destination, who)? {
        if !going.is_by(sender) {
            continue;
        }
        let Ok(mut space) = going.space(tracer, limits) else { continue };
        let Some(classes) = arrived::classes(&space, request) else { continue };
        if space.diagrams.outcome(space.asked, &classes) != Some(1) {
            continue;
        }
        let rows = rows(&mut space).unwrap_or_default();
        let holds = |cube: &decisions::Cube| {
            cube.attributes().all(|(at, set)| classes.get(at).is_some_and(|class| set.contains(*class)))
        };
        let row = rows.into_iter().find(|(cube, _)| holds(cube));
        // A row without anything would be one that is missing.
        return Ok(Some(row.map(|(_, row)| row).unwrap_or_default()));
    }
    Ok(None)
}

impl<'a> Going<'a> {
    /// Whether what is sent so goes this way by the destination's own address.
    fn is_by(&self, sender: Option<Sender>) -> bool {
        let by = match self.way {
            Passage::Waypoint | Passage::Same => matches!(sender, Some(Sender::Ztunnel | Sender::Gateway)),
            Passage::Straight => sender != Some(Sender::Sidecar),
            Passage::Outside => sender == Some(Sender::Itself),
            Passage::Sidecar => sender == Some(Sender::Sidecar),
            Passage::Past => false,
        };
        by && self.pod.is_none()
    }

    fn space(&self, tracer: Tracer<'a>, limits: &Limits) -> Result<Space<'a>, NoSpace> {
        let question =
            Question { base: self.base.clone(), only: self.only, outside: self.outside, wanted: &[], limits };
        Space::new(tracer, &self.plan, &question)
    }

    fn access(self, tracer: Tracer<'a>, limits: &Limits) -> WayAccess {
        let rows = self.space(tracer, limits).and_then(|mut space| rows(&mut space));
        let waypoint = match &self.plan {
            Plan::Through { waypoint, .. } => Some(waypoint.name.clone()),
            Plan::Straight { .. } => None,
            Plan::Same { waypoint } => waypoint.map(|waypoint| waypoint.name.clone()),
        };
        WayAccess {
            way: self.way,
            waypoint,
            speaks: self.speaks,
            pod: self.pod,
            alike: self.alike,
            rows: match rows {
                Ok(rows) => rows.into_iter().map(|(_, row)| row).collect(),
                Err(error) => undecided(error.to_string()),
            },
        }
    }
}
