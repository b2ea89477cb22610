//! Endpoints that were made before. Those of a subset are among those of the whole destination, and most are
//! told to Envoy in the same way there.

use std::sync::Arc;

use envoy::Encoded;
use envoy::config::endpoint::v3::LbEndpoint;

use super::lb_endpoint::lb_endpoint;
use crate::Str;
use crate::hash::HashMap;
use crate::mesh::{Endpoint, Service};
use crate::plan::endpoints::{EndpointPlan, External, HealthState, Server, SocketLabel};
use crate::rules::ClusterRules;

/// The endpoints of a waypoint's clusters, each made once.
pub(crate) struct MadeEndpoints<'m> {
    rules: &'static ClusterRules,
    made: HashMap<*const Endpoint, (Told<'m>, Encoded<LbEndpoint>)>,
}

/// What is told of an endpoint besides what it is itself.
#[derive(PartialEq)]
struct Told<'m> {
    weight: u32,
    tunnelled: bool,
    says_workload: bool,
    health: HealthState,
    socket: Option<SocketLabel<'m>>,
    cluster: &'m Str,
    alias: Option<*const Service>,
    external: Option<Arc<External>>,
}

impl<'m> MadeEndpoints<'m> {
    /// None yet.
    pub(crate) fn new(rules: &'static ClusterRules) -> Self {
        Self { rules, made: HashMap::default() }
    }

    /// An endpoint as Envoy gets it.
    pub(super) fn endpoint(&mut self, plan: &EndpointPlan<'m>) -> Encoded<LbEndpoint> {
        let new = || lb_endpoint(plan, self.rules).into();
        let Server::Known(known) = &plan.server else { return new() };
        let key = std::ptr::from_ref(known.endpoint);
        let told = Told {
            weight: plan.weight,
            tunnelled: plan.tunnelled,
            says_workload: plan.says_workload,
            health: plan.health,
            socket: plan.socket,
            cluster: known.cluster,
            alias: known.alias.map(std::ptr::from_ref),
            external: plan.external.clone(),
        };
        if let Some((_, made)) = self.made.get(&key).filter(|(other, _)| *other == told) {
            return made.clone();
        }
        let made: Encoded<LbEndpoint> = new();
        self.made.insert(key, (told, made.clone()));
        made
    }
}
