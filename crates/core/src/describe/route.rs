//! A route: which hosts it routes, at which waypoint, and which it does not though it names them.

use serde::{Deserialize, Serialize};

use crate::lint::Context;
use crate::mesh::{Service, ServiceId};
use crate::problem::Problem;
use crate::snapshot::ObjectRef;

use super::{RouteLine, about, service};

/// A VirtualService, or a route of the Gateway API.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct RouteDescription {
    /// The object.
    pub object: ObjectRef,
    /// The hosts that it routes in the mesh.
    pub hosts: Vec<RoutedHost>,
    /// Its rules as the waypoint has them.
    pub rules: Vec<RouteLine>,
    /// What lint says of it.
    pub findings: Vec<Problem>,
}

/// A host of a route.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RoutedHost {
    /// The host; it may start with `*`.
    pub host: String,
    /// The Services of that host for which a waypoint asks this route, each with the waypoint.
    pub services: Vec<(ObjectRef, String)>,
    /// Why it routes nothing.
    pub nothing: Option<String>,
}

pub(super) fn describe(cx: &Context<'_>, findings: &[Problem], object: &ObjectRef) -> RouteDescription {
    let virtual_services = cx.mesh.virtual_services.iter().filter(|vs| vs.origins.contains(object));
    let virtual_services: Vec<_> = virtual_services.collect();
    let routed = routed(cx, object);
    let mut hosts: Vec<RoutedHost> = Vec::new();
    for host in virtual_services.iter().flat_map(|vs| &vs.hosts) {
        if hosts.iter().any(|known| known.host == *host) {
            continue;
        }
        let covers = |name: &str| match host.strip_prefix('*') {
            Some(suffix) => name.ends_with(suffix),
            None => name == host,
        };
        let services: Vec<(ObjectRef, String)> = routed
            .iter()
            .filter_map(|id| {
                let service = cx.mesh.services.get(*id).filter(|service| covers(&service.hostname))?;
                Some((service.source.object(), cx.waypoint_of(*id)?.name.to_string()))
            })
            .collect();
        let nothing = services.is_empty().then(|| nothing(cx, object, host));
        hosts.push(RoutedHost { host: host.to_string(), services, nothing });
    }
    // Gateway API routes become one VirtualService for each host, with the same rules.
    let mut rules: Vec<RouteLine> = Vec::new();
    for line in virtual_services.iter().flat_map(|vs| service::routes(vs)) {
        if !rules.contains(&line) {
            rules.push(line);
        }
    }
    RouteDescription { object: object.clone(), hosts, rules, findings: about(findings, &[object]) }
}

/// The Services whose waypoints ask a route.
fn routed(cx: &Context<'_>, object: &ObjectRef) -> Vec<ServiceId> {
    let asks = |id: ServiceId, service: &Service| {
        cx.routes_of(id).iter().any(|vs| vs.origins.contains(object) && service::fits(service, vs))
    };
    cx.mesh.services.iter().filter(|(id, service)| asks(*id, service)).map(|(id, _)| id).collect()
}

fn nothing(cx: &Context<'_>, object: &ObjectRef, host: &str) -> String {
    let services = cx.mesh.services.with_hostname(host);
    let reads = |id: &ServiceId| cx.routes_of(*id).iter().any(|vs| vs.origins.contains(object));
    if services.is_empty() {
        "no Service and no ServiceEntry has this host".to_owned()
    } else if services.iter().all(|id| cx.waypoint_of(*id).is_none()) {
        "no waypoint serves it".to_owned()
    } else if services.iter().any(reads) {
        "its ports speak something else than the route is for".to_owned()
    } else {
        "its waypoint does not read this route".to_owned()
    }
}
