//! `other-data-plane-policy`: objects of Istio's APIs for what agentgateway serves, which reads the Gateway
//! API only.

use std::collections::BTreeMap;

use crate::lint::concerns::{Concern, Sort};
use crate::lint::{Context, Rule};
use crate::mesh::DataPlane;
use crate::problem::{Code, Problem};
use crate::snapshot::ObjectRef;

pub(super) const RULE: Rule =
    Rule::new(Code::OtherDataPlanePolicy, include_str!("other_data_plane_policy.md"), check);

fn check(cx: &Context<'_>) -> Vec<Problem> {
    let mut served: BTreeMap<ObjectRef, ObjectRef> = BTreeMap::new();
    for waypoint in cx.mesh.waypoints.iter().filter(|w| w.data_plane == DataPlane::Agentgateway) {
        let gateway = waypoint.gateway.object_ref();
        for service in waypoint.services.iter().filter_map(|id| cx.mesh.services.get(*id)) {
            served.entry(service.source.object()).or_insert_with(|| gateway.clone());
        }
        served.insert(gateway.clone(), gateway);
    }
    if served.is_empty() {
        return Vec::new();
    }
    let concerns = cx.concerns();
    let mut found: BTreeMap<ObjectRef, Problem> = BTreeMap::new();
    for (target, gateway) in &served {
        let of_istio = concerns.of(target).iter().filter(|concern| concern.sort != Sort::GatewayRoute);
        for concern in of_istio {
            let object = concern.object.clone();
            found.entry(object).or_insert_with(|| problem(concern, target, gateway));
        }
    }
    found.into_values().collect()
}

fn problem(concern: &Concern, target: &ObjectRef, gateway: &ObjectRef) -> Problem {
    let kind = concern.object.kind;
    let message = if target == gateway {
        format!("`{target}` is run by agentgateway, which reads no {kind}: this one has no effect there")
    } else {
        format!("`{target}` is served by agentgateway, which reads no {kind}: this one has no effect there")
    };
    Problem::new(Code::OtherDataPlanePolicy, message)
        .on(concern.object.clone())
        .field(concern.field.clone())
        .help(
            "use a waypoint of class `istio-waypoint`, or what agentgateway reads: routes of the Gateway API",
        )
        .related_object(gateway.clone(), "spec.gatewayClassName", "this class is run by agentgateway")
}
