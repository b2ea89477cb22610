//! Which objects a control plane of a revision reads: a label says of which revision an object is.

use super::discovery::retain_configuration;
use crate::problem::{Code, Problem};
use crate::snapshot::Snapshot;
use crate::well_known::REVISION;

/// Leaves out objects of other revisions than the control plane's, and tells of them in one note. What names
/// no revision is for all. Of Gateways and their classes all are kept: any control plane configures a
/// waypoint that asks it; which one a waypoint asks, its label decides.
///
/// Source: `istio.io/rev`, <https://istio.io/latest/docs/setup/upgrade/canary/>.
pub(super) fn of_others(s: &mut Snapshot, revision: &str) -> Option<Problem> {
    let mut left_out = Vec::new();
    retain_configuration(s, |meta, kind| {
        let is_read = meta.is_read_by(revision);
        if !is_read {
            left_out.push(meta.object_ref(kind));
        }
        is_read
    });
    let (first, rest) = left_out.split_first()?;
    let message = match rest.len() {
        0 => format!("a control plane of revision `{revision}` does not read this object"),
        others => format!(
            "a control plane of revision `{revision}` reads neither this object nor {others} of other revisions"
        ),
    };
    let label = format!("metadata.labels[\"{REVISION}\"]");
    let problem = Problem::new(Code::OtherRevision, message).on(first.clone()).field(label.as_str());
    Some(rest.iter().fold(problem, |problem, object| {
        problem.related_object(object.clone(), label.as_str(), "neither this one")
    }))
}
