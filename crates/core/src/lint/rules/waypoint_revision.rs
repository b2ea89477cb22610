//! `waypoint-revision`: waypoints of another revision of the control plane.

use crate::lint::naming::{label, namespace_labels};
use crate::lint::{Context, Rule};
use crate::problem::{Code, Problem};
use crate::snapshot::{Kind, ObjectRef};
use crate::well_known::{DEFAULT_REVISION, REVISION};

pub(super) const RULE: Rule = Rule::new(Code::WaypointRevision, include_str!("waypoint_revision.md"), check);

fn check(cx: &Context<'_>) -> Vec<Problem> {
    let mut found = Vec::new();
    for waypoint in &cx.mesh.waypoints {
        let (own, namespace) = (&waypoint.gateway.meta.labels, &waypoint.name.namespace);
        let inherited = namespace_labels(cx, namespace).get(REVISION);
        let Some(revision) = own.get(REVISION).or(inherited) else { continue };
        let asked = cx.mesh.options.revision.as_deref().unwrap_or(DEFAULT_REVISION);
        if revision.is_empty() || revision == asked {
            continue;
        }
        let message = format!(
            "waypoint `{}` belongs to the control plane of revision `{revision}`: no other one configures it",
            waypoint.name
        );
        let object = match own.contains_key(REVISION) {
            true => waypoint.gateway.object_ref(),
            false => ObjectRef::new(Kind::Namespace, "", namespace.clone()),
        };
        let problem = Problem::new(Code::WaypointRevision, message)
            .on(object.clone())
            .field(label(REVISION))
            .help(format!(
                "take what that control plane makes of it (`--revision {revision}`), with its release, and \
                 change the label when you upgrade"
            ));
        found.push(match object.kind {
            Kind::Namespace => {
                problem.related_object(waypoint.gateway.object_ref(), "metadata.name", "the waypoint")
            }
            _ => problem,
        });
    }
    found
}
