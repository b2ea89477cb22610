//! What colleagues' modules give; stand-ins until they land.
use envoy::config::route::v3::RouteConfiguration;

use crate::Str;
use crate::mesh::ServiceId;
use crate::resources::Scope;
use crate::snapshot::ObjectRef;

pub(super) struct InboundRoutes {
    pub(super) configuration: RouteConfiguration,
    pub(super) origins: Vec<Vec<ObjectRef>>,
}

pub(super) fn inbound_route_configuration(
    _scope: Scope<'_>,
    _service: Option<ServiceId>,
    _port: u32,
    cluster_name: &str,
) -> InboundRoutes {
    let configuration = RouteConfiguration { name: cluster_name.to_owned(), ..RouteConfiguration::default() };
    InboundRoutes { configuration, origins: Vec::new() }
}

pub(super) struct TcpRoute {
    pub(super) destinations: Vec<TcpDestination>,
    pub(super) origins: Vec<ObjectRef>,
}

pub(super) struct TcpDestination {
    pub(super) cluster: String,
    pub(super) weight: u32,
    pub(super) host: Str,
    pub(super) subset: Str,
}

pub(super) fn tcp_destinations(_scope: Scope<'_>, _service: ServiceId, _port: u32) -> Option<TcpRoute> {
    None
}
