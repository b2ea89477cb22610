//! The filters of the policies that bind to a chain, made once for each set of policies.

use std::collections::BTreeMap;
use std::sync::Arc;

use envoy::config::listener::v3::Filter;
use envoy::extensions::filters::network::http_connection_manager::v3::HttpFilter;

use super::authz::{Authorization, policy_name};
use super::{Scope, authn};
use crate::Str;
use crate::mesh::Service;
use crate::mesh::attachment::{Attached, Bound, Precedence, WaypointAttachments};
use crate::snapshot::security::{AuthorizationPolicy, RequestAuthentication};
use crate::snapshot::{Cause, Object};

/// The filters of one set of policies, ready to be put into chains: HTTP filters or network filters.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SecurityFilters<F> {
    /// CUSTOM: before the extensions of phase AUTHN.
    pub(crate) custom: Vec<F>,
    /// Tokens: between the extensions of phases AUTHN and AUTHZ. There are none in TCP.
    pub(crate) authn: Vec<F>,
    /// AUDIT, DENY, ALLOW: after the extensions of phase AUTHZ.
    pub(crate) rbac: Vec<F>,
    /// The names of the policies in the filters, each with the rule that it was made of.
    pub(crate) policies: Vec<(Str, Cause)>,
}

/// The filters of a chain, and the policies that it comes from, each with the field by which it binds to this chain.
type FiltersAndCauses<F> = (Arc<SecurityFilters<F>>, Vec<Cause>);

/// A set of policies: positions in the index. Why they bind makes no other filters.
type PolicySet = Vec<usize>;

fn set(attached: &[Attached]) -> PolicySet {
    attached.iter().map(|attached| attached.position).collect()
}

/// Makes the filters of a waypoint's chains. Chains to which the same policies bind share theirs.
#[derive(Debug)]
pub(crate) struct SecurityBuilder<'m> {
    scope: Scope<'m>,
    authorization: Authorization,
    authorization_policies: WaypointAttachments<'m, Object<AuthorizationPolicy>>,
    request_authentications: WaypointAttachments<'m, Object<RequestAuthentication>>,
    /// By the AuthorizationPolicies and the RequestAuthentications.
    http: BTreeMap<(PolicySet, PolicySet), Arc<SecurityFilters<HttpFilter>>>,
    /// By the AuthorizationPolicies.
    tcp: BTreeMap<PolicySet, Arc<SecurityFilters<Filter>>>,
}

impl<'m> SecurityBuilder<'m> {
    /// Reads what is the same for all chains.
    pub(crate) fn new(scope: Scope<'m>) -> Self {
        let Scope { mesh, waypoint, .. } = scope;
        let policies = &mesh.policies;
        Self {
            scope,
            authorization: Authorization::new(mesh),
            authorization_policies: policies.authorization.of_waypoint(waypoint, Precedence::RootFirst),
            request_authentications: policies
                .request_authentication
                .of_waypoint(waypoint, Precedence::WaypointFirst),
            http: BTreeMap::new(),
            tcp: BTreeMap::new(),
        }
    }

    /// The HTTP filters of the chains for a Service, or of those for no Service (direct access to pods).
    pub(crate) fn http(&mut self, service: Option<&Service>) -> FiltersAndCauses<HttpFilter> {
        let authorization = self.authorization_policies.of(service);
        let authentication = self.request_authentications.of(service);
        let key = (set(&authorization), set(&authentication));
        let policies = &self.scope.mesh.policies;
        let authorization = policies.authorization.at(&authorization);
        let authentication: Vec<_> = policies.request_authentication.at(&authentication).collect();
        let (authorization, mut causes) = objects_and_causes(authorization);
        causes.extend(authentication.iter().map(Bound::cause));
        if let Some(filters) = self.http.get(&key) {
            return (Arc::clone(filters), causes);
        }
        let custom = self.authorization.custom_http(&authorization);
        let rbac = self.authorization.rbac_http(&authorization);
        let named = named(&authorization, [custom.names, rbac.names]);
        let filters = Arc::new(SecurityFilters {
            policies: named,
            custom: custom.filters,
            authn: authn::filters(authentication.iter().map(|p| &p.spec), &self.scope.rules.security),
            rbac: rbac.filters,
        });
        self.http.insert(key, Arc::clone(&filters));
        (filters, causes)
    }

    /// The network filters of the chains for a Service, or of those for no Service (direct access to pods).
    pub(crate) fn tcp(&mut self, service: Option<&Service>) -> FiltersAndCauses<Filter> {
        let authorization = self.authorization_policies.of(service);
        let key = set(&authorization);
        let policies = &self.scope.mesh.policies.authorization;
        let (authorization, causes) = objects_and_causes(policies.at(&authorization));
        if let Some(filters) = self.tcp.get(&key) {
            return (Arc::clone(filters), causes);
        }
        let custom = self.authorization.custom_tcp(&authorization);
        let rbac = self.authorization.rbac_tcp(&authorization);
        let filters = Arc::new(SecurityFilters {
            policies: named(&authorization, [custom.names, rbac.names]),
            custom: custom.filters,
            authn: Vec::new(),
            rbac: rbac.filters,
        });
        self.tcp.insert(key, Arc::clone(&filters));
        (filters, causes)
    }

    /// The filters of the policies that hold for the tunnels to the waypoint, where a feature flag asks for that.
    pub(crate) fn tunnel(&self) -> Vec<HttpFilter> {
        let Scope { mesh, waypoint, .. } = self.scope;
        if !mesh.options.features.enable_layered_waypoint_authorization_policies {
            return Vec::new();
        }
        let policies = &mesh.policies.authorization;
        let bound: Vec<_> = policies.at(&policies.of_pod(waypoint)).map(|b| b.object).collect();
        self.authorization.tunnel(&bound)
    }
}

/// Policies that bind, and for each of them what says so.
fn objects_and_causes<'m>(
    bound: impl Iterator<Item = Bound<'m, Object<AuthorizationPolicy>>>,
) -> (Vec<&'m Arc<Object<AuthorizationPolicy>>>, Vec<Cause>) {
    bound.map(|bound| (bound.object, bound.cause())).unzip()
}

/// The rule that each name of a policy stands for. A policy without rules stands for itself.
fn named(policies: &[&Arc<Object<AuthorizationPolicy>>], names: [Vec<Str>; 2]) -> Vec<(Str, Cause)> {
    let has_rules = |cause: &Cause| {
        let mut all = policies.iter();
        all.any(|p| p.object_ref() == cause.object && !p.spec.rules.is_empty())
    };
    let cause = |name: Str| {
        let cause = policy_name::cause(&name)?;
        let cause = if has_rules(&cause) { cause } else { cause.object.into() };
        Some((name, cause))
    };
    names.into_iter().flatten().filter_map(cause).collect()
}
