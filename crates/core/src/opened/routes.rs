//! Route configurations and their routes.

use envoy::config::route::v3::{Route, RouteConfiguration, VirtualHost};

use super::Origins;
use crate::Str;
use crate::resources::{Origin, Part};

/// A route configuration.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct OpenedRoutes<'m, 'r> {
    /// The message.
    pub message: &'m RouteConfiguration,
    /// The JSON pointer to it in its listener; empty for one that is delivered.
    pub pointer: String,
    /// The name of its chain in the origins of its routes.
    chain: Str,
    /// What made its resource.
    origins: Origins<'r>,
}

/// A route of a configuration.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct OpenedRoute<'m, 'r> {
    /// The virtual host that it is in.
    pub host: &'m VirtualHost,
    /// The message.
    pub message: Route,
    /// The JSON pointer to it in its listener, or in the route configuration that is delivered.
    pub pointer: String,
    /// Its position among the routes of the configuration.
    pub position: u32,
    /// Its position among the routes of the virtual host.
    pub position_in_host: usize,
    /// What made it.
    pub origin: Option<&'r Origin>,
}

impl<'m, 'r> OpenedRoutes<'m, 'r> {
    /// Opens a route configuration that is delivered as a resource.
    #[must_use]
    pub fn delivered(message: &'m RouteConfiguration, origins: &'r [Origin]) -> Self {
        Self { message, pointer: String::new(), chain: Str::default(), origins: Origins::new(origins) }
    }

    pub(super) fn inside(
        message: &'m RouteConfiguration,
        pointer: String,
        chain: Str,
        origins: Origins<'r>,
    ) -> Self {
        Self { message, pointer, chain, origins }
    }

    /// The routes of all virtual hosts. They are decoded each time.
    #[must_use]
    pub fn routes(&self) -> Vec<OpenedRoute<'m, 'r>> {
        let hosts = self.message.virtual_hosts.iter().enumerate();
        let routes = hosts.flat_map(|(at, host)| {
            host.routes.iter().enumerate().map(move |(position, route)| (at, host, position, route))
        });
        let opened = (0..).zip(routes).map(|(position, (at, host, position_in_host, route))| OpenedRoute {
            host,
            // One that cannot be read keeps its place.
            message: route.decode().unwrap_or_default(),
            pointer: format!("{}/virtualHosts/{at}/routes/{position_in_host}", self.pointer),
            position,
            position_in_host,
            origin: self.origins.of(&Part::Route { chain: self.chain.clone(), index: position }),
        });
        opened.collect()
    }
}
