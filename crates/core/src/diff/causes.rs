//! What made the parts of a resource, by the pointers to them.

use std::collections::BTreeMap;

use envoy::config::cluster::v3::Cluster;
use envoy::config::core::v3::TypedExtensionConfig;
use envoy::config::endpoint::v3::ClusterLoadAssignment;
use envoy::config::listener::v3::Listener;
use envoy::config::route::v3::RouteConfiguration;

use crate::opened::{self, NetworkFilter, OpenedListener, OpenedRoutes, Origins};
use crate::resources::{Origin, Part, Resource};
use crate::snapshot::Cause;

/// The causes of a resource and of its parts.
pub(super) struct Causes<'r> {
    by_pointer: BTreeMap<String, &'r [Cause]>,
}

impl<'r> Causes<'r> {
    fn new(origins: &Origins<'r>, parts: impl IntoIterator<Item = (String, Option<&'r Origin>)>) -> Self {
        let whole = (String::new(), origins.of(&Part::Resource));
        let known = std::iter::once(whole).chain(parts);
        let by_pointer = known.filter_map(|(pointer, origin)| Some((pointer, origin?.causes.as_slice())));
        Self { by_pointer: by_pointer.collect() }
    }

    /// The decisive cause of what is at a pointer: its own, that of the first part inside, or that of the smallest part
    /// around it.
    pub(super) fn at(&self, pointer: &str) -> Option<&'r Cause> {
        let inside = format!("{pointer}/");
        let own = self.of(pointer);
        let mut parts =
            self.by_pointer.range(inside.clone()..).take_while(|(other, _)| other.starts_with(&inside));
        own.or_else(|| parts.find_map(|(_, causes)| causes.first())).or_else(|| self.around(pointer))
    }

    fn of(&self, pointer: &str) -> Option<&'r Cause> {
        self.by_pointer.get(pointer).and_then(|causes| causes.first())
    }

    fn around(&self, pointer: &str) -> Option<&'r Cause> {
        let (around, _) = pointer.rsplit_once('/')?;
        self.of(around).or_else(|| self.around(around))
    }
}

/// A resource whose parts have causes.
pub(super) trait HasCauses {
    fn causes(&self) -> Causes<'_>;
}

impl HasCauses for Resource<Listener> {
    fn causes(&self) -> Causes<'_> {
        let listener = OpenedListener::new(&self.message, &self.origins);
        let mut parts = Vec::new();
        for chain in &listener.chains {
            parts.push((chain.pointer.clone(), chain.origin));
            for filter in &chain.filters {
                let NetworkFilter::Http(manager) = &filter.config else { continue };
                let policies = manager.filters().flat_map(|filter| filter.policies());
                parts.extend(policies.map(|policy| (policy.pointer, policy.origin)));
                let routes = manager.routes().map(|routes| routes.routes()).unwrap_or_default();
                parts.extend(routes.into_iter().map(|route| (route.pointer, route.origin)));
            }
        }
        Causes::new(&Origins::new(&self.origins), parts)
    }
}

impl HasCauses for Resource<RouteConfiguration> {
    fn causes(&self) -> Causes<'_> {
        let routes = OpenedRoutes::delivered(&self.message, &self.origins).routes();
        Causes::new(
            &Origins::new(&self.origins),
            routes.into_iter().map(|route| (route.pointer, route.origin)),
        )
    }
}

impl HasCauses for Resource<Cluster> {
    fn causes(&self) -> Causes<'_> {
        let origins = Origins::new(&self.origins);
        let sockets = origins.of(&Part::TransportSocket);
        let pointers = ["/transportSocket", "/transportSocketMatches"];
        Causes::new(&origins, pointers.map(|pointer| (pointer.to_owned(), sockets)))
    }
}

impl HasCauses for Resource<ClusterLoadAssignment> {
    fn causes(&self) -> Causes<'_> {
        let origins = Origins::new(&self.origins);
        let parts = opened::endpoints(&self.message).map(|endpoint| {
            let origin = endpoint.name().and_then(|name| origins.of(&Part::Endpoint(name)));
            (endpoint.pointer, origin)
        });
        Causes::new(&origins, parts)
    }
}

impl HasCauses for Resource<TypedExtensionConfig> {
    fn causes(&self) -> Causes<'_> {
        Causes::new(&Origins::new(&self.origins), [])
    }
}
