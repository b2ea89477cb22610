//! Two sessions, compared.

use super::Session;
use crate::diff::{self, Diff, Side};
use crate::mesh::WaypointName;
use crate::problem::Problem;
use crate::status::Status;
use crate::trace::classes::{self, Judge, Limits};

impl Session {
    /// What is different in another session: see [`diff`](diff::diff()).
    #[must_use]
    pub fn diff(&self, new: &Self) -> Diff {
        let (old_findings, new_findings) = (self.lint(), new.lint());
        let (old_statuses, new_statuses) = (self.statuses(), new.statuses());
        diff::diff(self.side(&old_findings, &old_statuses), new.side(&new_findings, &new_statuses))
    }

    fn side<'a>(&'a self, findings: &'a [Problem], statuses: &'a [Status]) -> Side<'a> {
        Side { mesh: self.mesh(), translation: self.translation(), tracer: self.tracer(), findings, statuses }
    }

    /// What a comparison with another session says of single requests through a waypoint; nothing where one
    /// of them has no such waypoint.
    #[must_use]
    pub fn judge<'a>(&'a self, new: &'a Self, waypoint: &WaypointName) -> Option<Judge<'a>> {
        let side = |session: &'a Self| {
            let resources = session.translation().waypoint(waypoint)?;
            Some(classes::Side { mesh: session.mesh(), resources, tracer: session.tracer() })
        };
        Some(Judge::new(waypoint, (side(self)?, side(new)?), &Limits::default()))
    }
}
