//! What a Service's waypoint does for it: what is lost on a way past the waypoint.

use std::collections::BTreeSet;

use super::Context;
use crate::mesh::{DataPlane, ServiceId};
use crate::snapshot::ObjectRef;
use crate::snapshot::security::Action;
use crate::well_known::DRY_RUN;

/// What a Service's waypoint does for it.
pub(crate) struct AtWaypoint {
    /// The policies that it enforces, and the tokens that it checks.
    pub(crate) policies: BTreeSet<ObjectRef>,
    /// What it routes by.
    pub(crate) routes: BTreeSet<ObjectRef>,
}

impl AtWaypoint {
    /// What the waypoint of a Service does; nothing where it is not Envoy.
    pub(crate) fn of(cx: &Context<'_>, service: ServiceId) -> Self {
        let is_envoy =
            cx.waypoint_of(service).is_some_and(|waypoint| waypoint.data_plane == DataPlane::Envoy);
        if !is_envoy {
            return Self { policies: BTreeSet::new(), routes: BTreeSet::new() };
        }
        let authorization = cx.authorization_of(service).into_iter().filter(|policy| {
            policy.spec.action != Action::Audit && !policy.meta.annotations.contains_key(DRY_RUN)
        });
        let authentication =
            cx.authentication_of(service).into_iter().map(|policy| policy.object.object_ref());
        let routes = cx.routes_of(service).into_iter().flat_map(|route| &route.origins).cloned();
        Self {
            policies: authorization.map(|policy| policy.object.object_ref()).chain(authentication).collect(),
            routes: routes.collect(),
        }
    }
}
