//! The filters of the policies that bind to a chain, made once for each set of policies.

use std::collections::BTreeMap;
use std::sync::Arc;

use envoy::config::listener::v3::Filter;
use envoy::extensions::filters::network::http_connection_manager::v3::HttpFilter;

use super::authz::Authorization;
use super::{Scope, authn};
use crate::mesh::ServiceId;
use crate::mesh::policy::Precedence;
use crate::snapshot::ObjectRef;

/// The filters of one set of policies, ready to be put into chains.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct SecurityFilters {
    /// CUSTOM: before the extensions of phase AUTHN.
    pub(crate) custom_http: Vec<HttpFilter>,
    /// Tokens: between the extensions of phases AUTHN and AUTHZ.
    pub(crate) authn_http: Vec<HttpFilter>,
    /// AUDIT, DENY, ALLOW: after the extensions of phase AUTHZ.
    pub(crate) rbac_http: Vec<HttpFilter>,
    /// CUSTOM, for connections.
    pub(crate) custom_tcp: Vec<Filter>,
    /// AUDIT, DENY, ALLOW, for connections.
    pub(crate) rbac_tcp: Vec<Filter>,
    /// The policies that an HTTP chain comes from.
    pub(crate) http_origins: Vec<ObjectRef>,
    /// The policies that a TCP chain comes from.
    pub(crate) tcp_origins: Vec<ObjectRef>,
}

/// A set of policies: positions among the AuthorizationPolicies and among the RequestAuthentications.
type PolicySet = (Vec<usize>, Vec<usize>);

/// Makes the filters of a waypoint's chains. Chains to which the same policies bind share theirs.
#[derive(Debug)]
pub(crate) struct SecurityBuilder<'m> {
    scope: Scope<'m>,
    authorization: Authorization,
    built: BTreeMap<PolicySet, Arc<SecurityFilters>>,
}

impl<'m> SecurityBuilder<'m> {
    /// Reads what is the same for all chains.
    pub(crate) fn new(scope: Scope<'m>) -> Self {
        Self { scope, authorization: Authorization::new(scope.mesh), built: BTreeMap::new() }
    }

    /// The filters of the chains for a Service, or of those for no Service (direct access to pods).
    pub(crate) fn filters(&mut self, service: Option<ServiceId>) -> Arc<SecurityFilters> {
        let Scope { mesh, waypoint, .. } = self.scope;
        let service = service.and_then(|id| mesh.services.get(id));
        let policies = &mesh.policies;
        let set = (
            policies.authorization.of(waypoint, service, Precedence::RootFirst),
            policies.request_authentication.of(waypoint, service, Precedence::WaypointFirst),
        );
        if let Some(filters) = self.built.get(&set) {
            return Arc::clone(filters);
        }
        let filters = Arc::new(self.build(&set));
        self.built.insert(set, Arc::clone(&filters));
        filters
    }

    /// The filters of the policies that hold for the tunnels to the waypoint, where a feature flag asks for that.
    pub(crate) fn tunnel(&self) -> Vec<HttpFilter> {
        let Scope { mesh, waypoint, .. } = self.scope;
        if !mesh.options.features.enable_layered_waypoint_authorization_policies {
            return Vec::new();
        }
        let policies = &mesh.policies.authorization;
        let bound: Vec<_> = policies.at(&policies.of_pod(waypoint)).collect();
        self.authorization.tunnel(&bound)
    }

    fn build(&self, (authorization, authentication): &PolicySet) -> SecurityFilters {
        let policies = &self.scope.mesh.policies;
        let authorization: Vec<_> = policies.authorization.at(authorization).collect();
        let authentication: Vec<_> = policies.request_authentication.at(authentication).collect();
        let built = self.authorization.build(&authorization);
        let tcp_origins: Vec<_> = authorization.iter().map(|p| p.object_ref()).collect();
        let mut http_origins = tcp_origins.clone();
        http_origins.extend(authentication.iter().map(|p| p.object_ref()));
        SecurityFilters {
            custom_http: built.custom_http,
            authn_http: authn::filters(authentication.iter().map(|p| &p.spec), &self.scope.rules.security),
            rbac_http: built.rbac_http,
            custom_tcp: built.custom_tcp,
            rbac_tcp: built.rbac_tcp,
            http_origins,
            tcp_origins,
        }
    }
}
