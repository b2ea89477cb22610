//! A waypoint's lists of resources, whatever they hold: for those who hand them on without looking inside.

use envoy::config::cluster::v3::Cluster;
use envoy::config::core::v3::TypedExtensionConfig;
use envoy::config::endpoint::v3::ClusterLoadAssignment;
use envoy::config::listener::v3::Listener;
use envoy::config::route::v3::RouteConfiguration;
use envoy::{Message, Name};

use crate::json;
use crate::resources::{Origin, Resource, WaypointResources};

/// The lists of resources that a waypoint gets: the fields of [`WaypointResources`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum List {
    /// LDS
    Listeners,
    /// CDS
    Clusters,
    /// RDS
    Routes,
    /// EDS
    Endpoints,
    /// ECDS
    Extensions,
}

/// The name of no list.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown list of resources `{0}`: expected listeners, clusters, routes, endpoints or extensions")]
pub struct UnknownList(String);

impl List {
    /// All of them, in the order in which Envoy would ask for them.
    pub const ALL: [Self; 5] =
        [Self::Listeners, Self::Clusters, Self::Routes, Self::Endpoints, Self::Extensions];

    /// `listeners`, `clusters`, `routes`, `endpoints` or `extensions`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Listeners => "listeners",
            Self::Clusters => "clusters",
            Self::Routes => "routes",
            Self::Endpoints => "endpoints",
            Self::Extensions => "extensions",
        }
    }
}

impl std::str::FromStr for List {
    type Err = UnknownList;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|list| list.as_str() == s).ok_or_else(|| UnknownList(s.to_owned()))
    }
}

/// A resource of any kind.
pub trait AnyResource {
    /// The name by which Envoy asks for it.
    fn name(&self) -> &str;
    /// The URL of its type, as in a `DiscoveryResponse`.
    fn type_url(&self) -> String;
    /// Its canonical JSON.
    fn to_json(&self) -> String;
    /// The encoded message.
    fn to_bytes(&self) -> Vec<u8>;
    /// How many bytes that are.
    fn encoded_len(&self) -> usize;
    /// Why it exists.
    fn origins(&self) -> &[Origin];
}

/// The messages that are resources.
trait Named: Message + Name {
    fn resource_name(&self) -> &str;
}

impl<M: Named> AnyResource for Resource<M> {
    fn name(&self) -> &str {
        self.message.resource_name()
    }

    fn type_url(&self) -> String {
        envoy::type_url::<M>()
    }

    fn to_json(&self) -> String {
        json::message(&self.message)
    }

    fn to_bytes(&self) -> Vec<u8> {
        self.message.encode_to_vec()
    }

    fn encoded_len(&self) -> usize {
        self.message.encoded_len()
    }

    fn origins(&self) -> &[Origin] {
        &self.origins
    }
}

macro_rules! named {
    ($($message:ty: $name:ident,)+) => {
        $(impl Named for $message {
            fn resource_name(&self) -> &str {
                &self.$name
            }
        })+
    };
}

named! {
    Listener: name,
    Cluster: name,
    RouteConfiguration: name,
    ClusterLoadAssignment: cluster_name,
    TypedExtensionConfig: name,
}

/// One list of a waypoint's resources, sorted by name.
#[must_use]
pub fn all(resources: &WaypointResources, list: List) -> Vec<&dyn AnyResource> {
    fn any<M: Named>(resources: &[Resource<M>]) -> Vec<&dyn AnyResource> {
        resources.iter().map(|resource| resource as &dyn AnyResource).collect()
    }
    match list {
        List::Listeners => any(&resources.listeners),
        List::Clusters => any(&resources.clusters),
        List::Routes => any(&resources.routes),
        List::Endpoints => any(&resources.endpoints),
        List::Extensions => any(&resources.extensions),
    }
}

/// One resource of a list, by its position.
#[must_use]
pub fn get(resources: &WaypointResources, list: List, index: usize) -> Option<&dyn AnyResource> {
    fn any<M: Named>(resource: &Resource<M>) -> &dyn AnyResource {
        resource
    }
    match list {
        List::Listeners => resources.listeners.get(index).map(any),
        List::Clusters => resources.clusters.get(index).map(any),
        List::Routes => resources.routes.get(index).map(any),
        List::Endpoints => resources.endpoints.get(index).map(any),
        List::Extensions => resources.extensions.get(index).map(any),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;
    use crate::options::Options;
    use crate::snapshot::Snapshot;
    use crate::text::SourceFile;
    use crate::translate;

    const GATEWAY: &str = "{apiVersion: gateway.networking.k8s.io/v1, kind: Gateway, \
        metadata: {name: w, namespace: shop}, \
        spec: {gatewayClassName: istio-waypoint, listeners: [{name: mesh, port: 15008, protocol: HBONE}]}}";

    #[test]
    fn every_list_holds_what_its_field_holds() {
        let reading = Snapshot::read([SourceFile::new("w.yaml", GATEWAY)], &Limits::DEFAULT);
        let translation = translate(&reading, &Options::default());
        let waypoint = translation.waypoints.first().unwrap();
        let clusters = all(waypoint, List::Clusters);
        assert_eq!(clusters.len(), waypoint.clusters.len());
        let first = get(waypoint, List::Clusters, 0).unwrap();
        assert_eq!(first.name(), waypoint.clusters.first().unwrap().message.name);
        assert_eq!(first.type_url(), "type.googleapis.com/envoy.config.cluster.v3.Cluster");
        assert_eq!(Cluster::decode(first.to_bytes().as_slice()).unwrap(), waypoint.clusters[0].message);
        assert!(first.to_json().starts_with("{\"name\":"));
        assert!(get(waypoint, List::Clusters, clusters.len()).is_none());
    }

    #[test]
    fn names_of_lists_lead_back() {
        for list in List::ALL {
            assert_eq!(list.as_str().parse(), Ok(list));
        }
        assert_eq!("secrets".parse::<List>(), Err(UnknownList("secrets".into())));
    }
}
