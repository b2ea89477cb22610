//! `gateway-named-like-service`: waypoints with the name of an application's Service.

use crate::lint::naming::{annotation, namesake};
use crate::lint::{Context, Rule};
use crate::problem::{Code, Problem};
use crate::well_known::NAME_OVERRIDE;

pub(super) const RULE: Rule =
    Rule::new(Code::GatewayNamedLikeService, include_str!("gateway_named_like_service.md"), check);

fn check(cx: &Context<'_>) -> Vec<Problem> {
    let waypoints = cx.mesh.waypoints.iter();
    let alike = waypoints.filter_map(|waypoint| Some((waypoint, namesake(cx, &waypoint.gateway)?)));
    alike
        .map(|(waypoint, service)| {
            let name = &service.meta.name;
            let message = format!(
                "waypoint `{}` needs a Service `{name}` of its own, and that name is taken by an \
                 application's Service: the waypoint has no address of its own and serves nothing",
                waypoint.name
            );
            let is_override = waypoint.gateway.meta.annotations.contains_key(NAME_OVERRIDE);
            let field = match is_override {
                true => annotation(NAME_OVERRIDE),
                false => "metadata.name".to_owned(),
            };
            Problem::new(Code::GatewayNamedLikeService, message)
                .on(waypoint.gateway.object_ref())
                .field(field)
                .help("give the waypoint another name, `waypoint` for instance, and name that in `istio.io/use-waypoint`")
                .related_object(service.object_ref(), "metadata.name", "this Service has the name")
        })
        .collect()
}
