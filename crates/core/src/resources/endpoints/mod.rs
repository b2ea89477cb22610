//! Endpoints: EDS, and what clusters that resolve names carry with them.

pub(crate) mod lb_endpoint;
mod made;

use envoy::Encoded;
use envoy::config::core::v3::Locality as EnvoyLocality;
use envoy::config::endpoint::v3::{ClusterLoadAssignment, LbEndpoint, LocalityLbEndpoints};

use crate::mesh::Locality;
use crate::plan::endpoints::{EndpointPlan, EndpointsPlan, LocalityPlan};
use crate::resources::{Origin, Part, Resource};
use crate::rules::ClusterRules;
use lb_endpoint::lb_endpoint;

pub(crate) use made::MadeEndpoints;

/// What a cluster that asks for its endpoints is told; nothing where it leads nowhere.
pub(crate) fn assignment<'m>(
    cluster_name: String,
    plan: Option<EndpointsPlan<'m>>,
    made: &mut MadeEndpoints<'m>,
) -> Resource<ClusterLoadAssignment> {
    let mut message = ClusterLoadAssignment { cluster_name, ..ClusterLoadAssignment::default() };
    let Some(EndpointsPlan { localities, causes }) = plan else {
        return Resource { message, origins: Vec::new() };
    };
    message.endpoints =
        localities.iter().map(|plan| locality_of(plan, |endpoint| made.endpoint(endpoint))).collect();
    let of_resource = std::iter::once(Origin::of_resource(causes));
    Resource { message, origins: of_resource.chain(origins(localities)).collect() }
}

/// Why there is each endpoint.
pub(crate) fn origins(localities: Vec<LocalityPlan<'_>>) -> impl Iterator<Item = Origin> {
    localities.into_iter().flat_map(|locality| locality.endpoints).map(
        |EndpointPlan { server, causes, .. }| {
            let (address, port) = server.address();
            let name = [address, ":", itoa::Buffer::new().format(port)].into_iter().collect();
            Origin::new(Part::Endpoint(name), causes)
        },
    )
}

/// The endpoints of a locality that a cluster carries itself.
pub(crate) fn locality(plan: &LocalityPlan<'_>, rules: &ClusterRules) -> LocalityLbEndpoints {
    locality_of(plan, |endpoint| lb_endpoint(endpoint, rules).into())
}

fn locality_of<'m>(
    plan: &LocalityPlan<'m>,
    endpoint: impl FnMut(&EndpointPlan<'m>) -> Encoded<LbEndpoint>,
) -> LocalityLbEndpoints {
    let endpoints = plan.endpoints.iter().filter(|_| plan.gets_traffic);
    LocalityLbEndpoints {
        locality: Some(envoy_locality(plan.at())),
        lb_endpoints: endpoints.map(endpoint).collect(),
        load_balancing_weight: (plan.weight != 0).then(|| plan.weight.into()),
        priority: plan.priority,
        ..LocalityLbEndpoints::default()
    }
}

fn envoy_locality(place: &Locality) -> EnvoyLocality {
    EnvoyLocality {
        region: place.region.to_string(),
        zone: place.zone.to_string(),
        sub_zone: place.sub_zone.to_string(),
    }
}
