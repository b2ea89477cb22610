//! Connection managers: HTTP filters, RBAC, and the routes inside.

use envoy::config::rbac::v3::{Policy, Rbac as RbacRules};
use envoy::config::route::v3::RouteConfiguration;
use envoy::extensions::filters::http::rbac::v3::Rbac;
use envoy::extensions::filters::network::http_connection_manager::v3::http_connection_manager::RouteSpecifier;
use envoy::extensions::filters::network::http_connection_manager::v3::http_filter::ConfigType;
use envoy::extensions::filters::network::http_connection_manager::v3::{HttpConnectionManager, HttpFilter};
use envoy::{Encoded, Message, Name};

use super::{OpenedRoutes, Origins};
use crate::Str;
use crate::json::pointer_key;
use crate::resources::{Origin, Part};

/// A connection manager.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct OpenedManager<'r> {
    /// The message.
    pub message: HttpConnectionManager,
    /// The JSON pointer to it in its listener.
    pub pointer: String,
    /// The route configuration inside.
    routes: Option<RouteConfiguration>,
    /// The name of its chain.
    chain: Str,
    /// What made its listener.
    origins: Origins<'r>,
}

/// An HTTP filter of a connection manager.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct OpenedHttpFilter<'m, 'r> {
    /// The message.
    pub message: &'m HttpFilter,
    /// The JSON pointer to it in its listener.
    pub pointer: String,
    chain: &'m Str,
    origins: &'m Origins<'r>,
}

/// A policy of an RBAC filter.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct OpenedPolicy<'r> {
    /// Its name: what logs and statistics call it.
    pub name: String,
    /// What it says.
    pub message: Policy,
    /// The JSON pointer to it in its listener.
    pub pointer: String,
    /// Whether it is only tried.
    pub is_shadow: bool,
    /// What made it.
    pub origin: Option<&'r Origin>,
}

impl<'r> OpenedManager<'r> {
    pub(super) fn new(
        message: HttpConnectionManager,
        pointer: String,
        chain: Str,
        origins: Origins<'r>,
    ) -> Self {
        let routes = match &message.route_specifier {
            Some(RouteSpecifier::RouteConfig(routes)) => routes.decode().ok(),
            _ => None,
        };
        Self { message, pointer, routes, chain, origins }
    }

    /// The route configuration inside, if it is not discovered.
    #[must_use]
    pub fn routes(&self) -> Option<OpenedRoutes<'_, 'r>> {
        let routes = self.routes.as_ref()?;
        let pointer = format!("{}/routeConfig", self.pointer);
        Some(OpenedRoutes::inside(routes, pointer, self.chain.clone(), self.origins.clone()))
    }

    /// The name of the route configuration that is discovered.
    #[must_use]
    pub fn discovers(&self) -> Option<&str> {
        match &self.message.route_specifier {
            Some(RouteSpecifier::Rds(rds)) => Some(&rds.route_config_name),
            _ => None,
        }
    }

    /// The HTTP filters, in their order.
    pub fn filters(&self) -> impl Iterator<Item = OpenedHttpFilter<'_, 'r>> {
        let filters = self.message.http_filters.iter().enumerate();
        filters.map(|(index, message)| OpenedHttpFilter {
            message,
            pointer: format!("{}/httpFilters/{index}", self.pointer),
            chain: &self.chain,
            origins: &self.origins,
        })
    }
}

impl<'r> OpenedHttpFilter<'_, 'r> {
    /// What made the filter. Of RBAC filters it is known of their policies.
    #[must_use]
    pub fn origin(&self) -> Option<&'r Origin> {
        self.origins.of_filter(self.chain, &self.message.name)
    }

    /// What the filter is configured by, if that is a message of this type. It is decoded each time.
    #[must_use]
    pub fn config<M: Message + Name + Default>(&self) -> Option<M> {
        match &self.message.config_type {
            Some(ConfigType::TypedConfig(any)) => envoy::unpack(any).ok(),
            _ => None,
        }
    }

    /// The policies of an RBAC filter, by name, those that are only tried last; none of another filter.
    #[must_use]
    pub fn policies(&self) -> Vec<OpenedPolicy<'r>> {
        let Some(Rbac { rules, shadow_rules, .. }) = self.config() else { return Vec::new() };
        policies(
            rules,
            shadow_rules,
            &Inside { pointer: &self.pointer, chain: self.chain, origins: self.origins },
        )
    }
}

/// Where an RBAC filter is.
pub(super) struct Inside<'o, 'r> {
    pub(super) pointer: &'o str,
    pub(super) chain: &'o Str,
    pub(super) origins: &'o Origins<'r>,
}

/// The policies of an RBAC filter, by name, those that are only tried last.
pub(super) fn policies<'r>(
    rules: Option<Encoded<RbacRules>>,
    shadow_rules: Option<Encoded<RbacRules>>,
    inside: &Inside<'_, 'r>,
) -> Vec<OpenedPolicy<'r>> {
    let lists = [("rules", rules, false), ("shadowRules", shadow_rules, true)];
    let policies = lists.into_iter().flat_map(|(field, rules, is_shadow)| {
        let rules = rules.and_then(|rules| rules.decode().ok()).unwrap_or_default();
        rules.policies.into_iter().map(move |(name, message)| {
            // One that cannot be read keeps its place.
            let message = message.decode().unwrap_or_default();
            let key = pointer_key(&name);
            let pointer = format!("{}/typedConfig/{field}/policies/{key}", inside.pointer);
            let part = Part::Policy { chain: inside.chain.clone(), name: Str::from(&name) };
            OpenedPolicy { name, message, pointer, is_shadow, origin: inside.origins.of(&part) }
        })
    });
    policies.collect()
}
