//! The policies that bind to a waypoint's chains, in the order in which they are evaluated.
//!
//! | order | what | by |
//! |---|---|---|
//! | 1 | CUSTOM | an external authorizer, where a rule fits |
//! | 2 | RequestAuthentication | tokens that requests carry |
//! | 3 | AUDIT, DENY, ALLOW | the rules themselves |
//!
//! Source:
//! [AuthorizationPolicy](https://istio.io/latest/docs/reference/config/security/authorization-policy/) and
//! [RequestAuthentication](https://istio.io/latest/docs/reference/config/security/request_authentication/).

mod authorizer;
mod custom;
pub mod jwks;
mod planner;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::snapshot::security::{Action, AuthorizationPolicy, RequestAuthentication};
use crate::snapshot::{Cause, FieldPath, Object};
use crate::well_known::DRY_RUN;

pub use authorizer::is_status;
pub use authorizer::{Authorizer, AuthorizerProvider, Authorizers, Unusable};
pub use custom::{Custom, CustomRules, CustomVerdict};
use jwks::KeyServer;
pub(super) use planner::PolicyPlanner;

/// The AuthorizationPolicies with one action.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Authorization<'m> {
    /// Those that hold.
    pub enforced: Vec<&'m Arc<Object<AuthorizationPolicy>>>,
    /// Those that are only tried.
    pub dry_run: Vec<&'m Arc<Object<AuthorizationPolicy>>>,
}

/// What the rules of an action do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LocalAction {
    /// They are logged.
    Audit,
    /// They refuse.
    Deny,
    /// They allow; nothing else is allowed then.
    Allow,
}

/// The policies that bind to a chain.
#[derive(Clone, Debug, PartialEq)]
pub struct PolicySet<'m> {
    /// CUSTOM, by authorizer.
    pub custom: Vec<Custom<'m>>,
    /// Which tokens are accepted; none in TCP.
    pub authentication: Vec<&'m Arc<Object<RequestAuthentication>>>,
    /// Where keys of tokens are fetched from, by the addresses of the keys; the control plane sends the
    /// others.
    pub remote_keys: BTreeMap<&'m str, KeyServer>,
    /// What the proxy decides itself, as far as there are policies for it.
    pub local: Vec<(LocalAction, Authorization<'m>)>,
}

/// The position of a [`PolicySet`] in the list of its kind of chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PolicySetId(pub usize);

/// The policies of a waypoint. Few sets of them are different, and each is there once.
#[derive(Clone, Debug, Default)]
pub struct Policies<'m> {
    /// Those of chains for HTTP.
    pub http: Vec<PolicySet<'m>>,
    /// Those of chains for bytes.
    pub tcp: Vec<PolicySet<'m>>,
    /// Those that hold for the tunnels to the waypoint. External authorizers aren't asked there.
    pub tunnel: Vec<(LocalAction, Authorization<'m>)>,
}

impl<'m> Authorization<'m> {
    /// These policies, which come in Istio's order.
    pub fn new(policies: impl IntoIterator<Item = &'m Arc<Object<AuthorizationPolicy>>>) -> Self {
        let (dry_run, enforced) = policies.into_iter().partition(|policy| is_dry_run(policy));
        Self { enforced, dry_run }
    }
}

impl LocalAction {
    /// The policies of each action that the proxy decides itself, as far as there are any.
    pub fn split<'m>(policies: &[&'m Arc<Object<AuthorizationPolicy>>]) -> Vec<(Self, Authorization<'m>)> {
        let all = [(Action::Audit, Self::Audit), (Action::Deny, Self::Deny), (Action::Allow, Self::Allow)];
        let of = |(given, action)| {
            let policies = policies.iter().copied().filter(|policy| policy.spec.action == given);
            let found = Authorization::new(policies);
            (found != Authorization::default()).then_some((action, found))
        };
        all.into_iter().filter_map(of).collect()
    }
}

/// What made a rule of a policy: it or, without any rules, the policy.
pub fn rule_cause(policy: &Object<AuthorizationPolicy>, position: usize) -> Cause {
    let field = match policy.spec.rules.is_empty() {
        true => FieldPath::default(),
        false => FieldPath::at("spec.rules[]", [position]),
    };
    Cause::new(policy.object_ref(), field)
}

/// Go's `strconv.ParseBool`; what it refuses is false.
fn is_dry_run(policy: &Object<AuthorizationPolicy>) -> bool {
    let value = policy.meta.annotations.get(DRY_RUN);
    value.is_some_and(|v| matches!(v.as_str(), "1" | "t" | "T" | "true" | "TRUE" | "True"))
}
