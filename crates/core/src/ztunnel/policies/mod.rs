//! Policies as ztunnel gets them, and which of them each workload has.
//!
//! | module | knows |
//! |---|---|
//! | [`authorization`] | what ztunnel can enforce of an AuthorizationPolicy |
//! | `peer_authentication` | what PeerAuthentications come to: policies that deny what is not mTLS |

mod attach;
pub mod authorization;
mod matches;
mod peer_authentication;

use envoy::istio::security::string_match::MatchType;
use envoy::istio::security::{Action, Authorization, Group, Match, Rules, Scope, StringMatch};

pub(super) use attach::{Attached, Attachments};

use super::index::Index;
use super::resource;
use crate::mesh::waypoint::Target;
use crate::mesh::{Mesh, WaypointName};
use crate::resources::Resource;

/// The name of the policy that denies everything that is not mTLS.
pub const STATIC_STRICT: &str = "istio_converted_static_strict";

/// Every policy, by namespace and name.
pub(super) fn policies(index: &Index<'_>) -> Vec<Resource<Authorization>> {
    let mesh = index.mesh;
    let attachments = &index.policies;
    let mut policies: Vec<_> = attachments.authorizations().collect();
    policies.extend(attachments.converted());
    policies.extend(static_strict(index));
    if mesh.options.features.pilot_auto_allow_waypoint_policy {
        policies.extend(mesh.bindings.targets.iter().filter_map(|(_, target)| allow_waypoint(mesh, target)));
    }
    policies.sort_by(|a, b| {
        let key = |policy: &Resource<Authorization>| {
            (policy.message.namespace.clone(), policy.message.name.clone())
        };
        key(a).cmp(&key(b))
    });
    policies
}

/// The policy that denies everything that is not mTLS, as soon as there is any PeerAuthentication.
fn static_strict(index: &Index<'_>) -> Option<Resource<Authorization>> {
    let objects = &index.mesh.snapshot.peer_authentications;
    let message = Authorization {
        name: STATIC_STRICT.to_owned(),
        namespace: index.policies.root_namespace().to_string(),
        scope: Scope::WorkloadSelector.into(),
        action: Action::Deny.into(),
        groups: vec![Group { rules: vec![without_identity()] }],
        ..Authorization::default()
    };
    (!objects.is_empty()).then(|| resource(message, objects.iter().map(|object| object.object_ref().into())))
}

/// A rule that fits callers without an identity.
fn without_identity() -> Rules {
    one(Match { not_principals: vec![presence()], ..Match::default() })
}

fn one(matching: Match) -> Rules {
    Rules { matches: vec![matching] }
}

fn presence() -> StringMatch {
    StringMatch { match_type: Some(MatchType::Presence(envoy::google::protobuf::Empty {})) }
}

/// The policy that lets a waypoint through to the workloads behind it.
fn allow_waypoint(mesh: &Mesh, target: &Target) -> Option<Resource<Authorization>> {
    let accounts = service_accounts(mesh, target);
    let WaypointName { namespace, .. } = target.name();
    let trust_domain = mesh.config.trust_domain.as_str();
    let principal = |account: &String| StringMatch {
        match_type: Some(MatchType::Exact(format!("{trust_domain}/ns/{namespace}/sa/{account}"))),
    };
    let principals: Vec<_> = accounts.iter().map(principal).collect();
    let message = Authorization {
        name: allow_waypoint_name(target),
        namespace: namespace.to_string(),
        scope: Scope::WorkloadSelector.into(),
        action: Action::Allow.into(),
        groups: vec![Group { rules: vec![one(Match { principals, ..Match::default() })] }],
        ..Authorization::default()
    };
    (!accounts.is_empty()).then(|| resource(message, [target.gateway.object_ref().into()]))
}

fn allow_waypoint_name(target: &Target) -> String {
    let WaypointName { namespace, name } = target.name();
    format!("istio_allow_waypoint_{namespace}_{name}")
}

/// The service accounts of a waypoint's pods; where there are none yet, that of the pod that Istio would
/// deploy.
fn service_accounts(mesh: &Mesh, target: &Target) -> Vec<String> {
    let name = target.name();
    let pods = mesh.workloads.of_gateway(&name.namespace, &name.name);
    let pods = pods.iter().filter_map(|id| mesh.workloads.get(*id)?.pod());
    let mut accounts: Vec<String> = pods.map(|pod| pod.spec.service_account_name.to_string()).collect();
    if accounts.is_empty() && target.assumed {
        let waypoint = mesh.waypoint(&name);
        accounts.extend(waypoint.map(|waypoint| waypoint.proxy.service_account.to_string()));
    }
    accounts.sort_unstable();
    accounts
}
