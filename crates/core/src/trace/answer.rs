//! The quick result: [`Answer`].

use smallvec::SmallVec;

use super::outcome::{Place, Verdict};
use super::reached::Reached;
use crate::mesh::WaypointName;
use crate::snapshot::Cause;

/// What comes of a request, without why: see [`Tracer::answer`](super::Tracer::answer).
///
/// It says what the [`Trace`](super::Trace) of the same request says, since both come of the same walk.
#[derive(Clone, Debug)]
pub struct Answer<'a> {
    waypoint: Option<&'a WaypointName>,
    outcomes: SmallVec<[Possible<'a>; 2]>,
    reached: SmallVec<[Reached<'a>; 2]>,
}

/// One thing that may come of a request.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Possible<'a> {
    /// From 0 to 1.
    pub probability: f64,
    /// Whether the request gets to its destination.
    pub verdict: Verdict,
    /// The status of HTTP that a proxy answers with.
    pub status: Option<u16>,
    /// The status of gRPC that a proxy answers with.
    pub grpc_status: Option<u16>,
    /// Where it was decided.
    pub decided_at: Place,
    /// The field that decided; none where a default did.
    pub decided_by: Option<&'a Cause>,
}

/// Where a request may go.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct AnswerDestination<'a> {
    /// The cluster; empty without a waypoint.
    pub cluster: &'a str,
    /// The host of the Service.
    pub service: Option<&'a str>,
    /// The subset of the Service.
    pub subset: Option<&'a str>,
    /// From 0 to 1.
    pub probability: f64,
}

impl<'a> Answer<'a> {
    pub(super) fn new(
        waypoint: Option<&'a WaypointName>,
        outcomes: SmallVec<[Possible<'a>; 2]>,
        reached: SmallVec<[Reached<'a>; 2]>,
    ) -> Self {
        Self { waypoint, outcomes, reached }
    }

    /// The likeliest verdict.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        self.outcomes.first().map_or(Verdict::Unknown, |likeliest| likeliest.verdict)
    }

    /// The status of HTTP that the client likeliest gets of a proxy.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.outcomes.first().and_then(|likeliest| likeliest.status)
    }

    /// The field that likeliest decides.
    #[must_use]
    pub fn decided_by(&self) -> Option<&'a Cause> {
        self.outcomes.first().and_then(|likeliest| likeliest.decided_by)
    }

    /// All that may come of it, the likeliest first.
    #[must_use]
    pub fn outcomes(&self) -> &[Possible<'a>] {
        &self.outcomes
    }

    /// Where it goes, as far as it gets.
    pub fn destinations(&self) -> impl Iterator<Item = AnswerDestination<'_>> {
        self.reached.iter().map(Reached::goes)
    }

    /// The waypoint on the way.
    #[must_use]
    pub const fn waypoint(&self) -> Option<&'a WaypointName> {
        self.waypoint
    }
}
