//! Which policies bind to the chains of one waypoint.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::custom::{CustomRules, CustomVerdict};
use super::jwks;
use super::{
    Authorizer, AuthorizerProvider, Authorizers, Custom, LocalAction, Policies, PolicySet, PolicySetId,
};
use crate::mesh::Service;
use crate::mesh::attachment::{Attached, Bound, Precedence, WaypointAttachments};
use crate::plan::Scope;
use crate::snapshot::security::{Action, AuthorizationPolicy, RequestAuthentication};
use crate::snapshot::{Cause, Object};

type Policy<'m> = &'m Arc<Object<AuthorizationPolicy>>;

/// Finds the policies of a waypoint's chains. Those to which the same policies bind share a set.
#[derive(Debug)]
pub(in crate::plan) struct PolicyPlanner<'m> {
    scope: Scope<'m>,
    custom: CustomRules<'m>,
    authorization: WaypointAttachments<'m, Object<AuthorizationPolicy>>,
    authentication: WaypointAttachments<'m, Object<RequestAuthentication>>,
    http: Sets<'m>,
    tcp: Sets<'m>,
}

/// Sets by the positions of their policies in the indexes: why they bind makes no other set.
#[derive(Debug, Default)]
struct Sets<'m> {
    all: Vec<PolicySet<'m>>,
    ids: BTreeMap<(Vec<usize>, Vec<usize>), PolicySetId>,
}

impl<'m> PolicyPlanner<'m> {
    /// Looks up what binds to every chain.
    pub(in crate::plan) fn new(scope: Scope<'m>) -> Self {
        let Scope { mesh, waypoint, rules } = scope;
        let policies = &mesh.policies;
        Self {
            scope,
            custom: CustomRules {
                release: &rules.security,
                authorizers: Authorizers::new(mesh),
                several_allowed: mesh.options.features.pilot_enable_multiple_custom_authz_providers,
            },
            authorization: policies.authorization.of_waypoint(waypoint, Precedence::RootFirst),
            authentication: policies.request_authentication.of_waypoint(waypoint, Precedence::WaypointFirst),
            http: Sets::default(),
            tcp: Sets::default(),
        }
    }

    /// What binds to the chains for HTTP of a Service, or to those for no Service (direct access to pods),
    /// and why: each policy with the field by which it binds, and the services of the authorizers.
    pub(in crate::plan) fn http(&mut self, service: Option<&Service>) -> (PolicySetId, Vec<Cause>) {
        let policies = &self.scope.mesh.policies;
        let authorization = self.authorization.of(service);
        let authentication = self.authentication.of(service);
        let authenticating: Vec<_> = policies.request_authentication.at(&authentication).collect();
        let (authorizing, mut causes) = objects_and_causes(policies.authorization.at(&authorization));
        causes.extend(authenticating.iter().map(Bound::cause));
        let (scope, custom) = (self.scope, &self.custom);
        let id = self.http.id((positions(&authorization), positions(&authentication)), || PolicySet {
            custom: custom.split(&with(&authorizing, Action::Custom)),
            authentication: authenticating.iter().map(|bound| bound.object).collect(),
            remote_keys: jwks::remote(scope, authenticating.iter().map(|bound| &bound.object.spec)),
            local: LocalAction::split(&authorizing),
        });
        self.http.add_authorizers(id, &mut causes);
        (id, causes)
    }

    /// The same for chains for bytes.
    pub(in crate::plan) fn tcp(&mut self, service: Option<&Service>) -> (PolicySetId, Vec<Cause>) {
        let authorization = self.authorization.of(service);
        let (authorizing, mut causes) =
            objects_and_causes(self.scope.mesh.policies.authorization.at(&authorization));
        let custom = &self.custom;
        let id = self.tcp.id((positions(&authorization), Vec::new()), || {
            let mut custom = custom.split(&with(&authorizing, Action::Custom));
            custom.retain(is_for_connections);
            let local = LocalAction::split(&authorizing);
            PolicySet { custom, authentication: Vec::new(), remote_keys: BTreeMap::new(), local }
        });
        self.tcp.add_authorizers(id, &mut causes);
        (id, causes)
    }

    /// What was found, with what binds to the tunnels themselves, where a feature flag asks for that.
    pub(in crate::plan) fn done(self) -> Policies<'m> {
        let Scope { mesh, waypoint, .. } = self.scope;
        let tunnel = if mesh.options.features.enable_layered_waypoint_authorization_policies {
            let policies = &mesh.policies.authorization;
            let bound: Vec<_> = policies.at(&policies.of_pod(waypoint)).map(|b| b.object).collect();
            LocalAction::split(&bound)
        } else {
            Vec::new()
        };
        Policies { http: self.http.all, tcp: self.tcp.all, tunnel }
    }
}

impl<'m> Sets<'m> {
    /// The set of these policies, which is made unless it is there.
    fn id(&mut self, key: (Vec<usize>, Vec<usize>), make: impl FnOnce() -> PolicySet<'m>) -> PolicySetId {
        *self.ids.entry(key).or_insert_with(|| {
            self.all.push(make());
            PolicySetId(self.all.len() - 1)
        })
    }

    /// Adds the services of a set's authorizers, and of the keys that proxies fetch.
    fn add_authorizers(&self, PolicySetId(position): PolicySetId, causes: &mut Vec<Cause>) {
        let Some(set) = self.all.get(position) else { return };
        causes.extend(set.remote_keys.values().filter_map(|server| server.cause.clone()));
        for custom in &set.custom {
            if let CustomVerdict::Ask(Authorizer { upstream, .. }) = &custom.verdict {
                causes.push(upstream.cause.clone());
            }
        }
    }
}

fn positions(attached: &[Attached]) -> Vec<usize> {
    attached.iter().map(|attached| attached.position).collect()
}

/// Policies that bind, and for each of them what says so.
fn objects_and_causes<'m>(
    bound: impl Iterator<Item = Bound<'m, Object<AuthorizationPolicy>>>,
) -> (Vec<Policy<'m>>, Vec<Cause>) {
    bound.map(|bound| (bound.object, bound.cause())).unzip()
}

fn with<'m>(policies: &[Policy<'m>], action: Action) -> Vec<Policy<'m>> {
    policies.iter().copied().filter(|policy| policy.spec.action == action).collect()
}

/// Only an authorizer that speaks gRPC can be asked about a connection.
fn is_for_connections(custom: &Custom<'_>) -> bool {
    !matches!(custom.verdict, CustomVerdict::Ask(Authorizer { provider: AuthorizerProvider::Http(_), .. }))
}
