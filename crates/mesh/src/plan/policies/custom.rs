//! CUSTOM policies: whom they ask, or why they deny.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::authorizer::{Authorizer, Authorizers};
use crate::rules::{SecurityRules, SeveralAuthorizers};
use crate::snapshot::Object;
use crate::snapshot::security::AuthorizationPolicy;

/// Begins the name of every rule that asks an external authorizer.
const RULE_PREFIX: &str = "istio-ext-authz";

/// The CUSTOM policies of a chain that name one authorizer.
#[derive(Clone, Debug, PartialEq)]
pub struct Custom<'m> {
    /// What becomes of what they are about.
    pub verdict: CustomVerdict<'m>,
    /// What the names of their rules begin with.
    pub rule_prefix: String,
    /// The policies. Admission refuses those that are only tried.
    pub policies: Vec<Policy<'m>>,
}

/// What becomes of what CUSTOM policies are about.
#[derive(Clone, Debug, PartialEq)]
pub enum CustomVerdict<'m> {
    /// This authorizer is asked.
    Ask(Authorizer<'m>),
    /// It cannot be asked: what the policies are about is denied.
    DenyWhatFits,
    /// It cannot be asked: everything is denied.
    DenyEverything,
}

type Policy<'m> = &'m Arc<Object<AuthorizationPolicy>>;

/// What external authorizers are asked for a mesh.
#[derive(Clone, Debug)]
pub struct CustomRules<'m> {
    /// What the release does.
    pub release: &'static SecurityRules,
    /// Those that may be asked.
    pub authorizers: Authorizers<'m>,
    /// Whether a feature flag allows several for one chain.
    pub several_allowed: bool,
}

impl<'m> CustomRules<'m> {
    /// CUSTOM policies by authorizer, in order.
    pub fn split(&self, policies: &[Policy<'m>]) -> Vec<Custom<'m>> {
        if policies.is_empty() {
            return Vec::new();
        }
        match self.release.several_authorizers {
            SeveralAuthorizers::DenyEverything => {
                vec![self.one_authorizer(policies, CustomVerdict::DenyEverything)]
            }
            SeveralAuthorizers::DenyTogether => {
                vec![self.one_authorizer(policies, CustomVerdict::DenyWhatFits)]
            }
            SeveralAuthorizers::DenyEach => self.authorizers_by_name(policies),
        }
    }

    /// All policies have to name the same one, which can be asked; what becomes of them otherwise.
    fn one_authorizer(&self, policies: &[Policy<'m>], otherwise: CustomVerdict<'m>) -> Custom<'m> {
        let mut names = policies.iter().map(|policy| provider(policy));
        let first = names.next().unwrap_or_default();
        let authorizer = self.authorizers.get(first).filter(|_| names.all(|name| name == first));
        Custom {
            verdict: authorizer.map_or(otherwise, |authorizer| CustomVerdict::Ask(authorizer.clone())),
            rule_prefix: RULE_PREFIX.to_owned(),
            policies: policies.to_vec(),
        }
    }

    /// Each is asked for itself; but if there is more than one, none is unless a feature flag allows it.
    fn authorizers_by_name(&self, policies: &[Policy<'m>]) -> Vec<Custom<'m>> {
        let mut by_name: BTreeMap<&str, Vec<Policy<'m>>> = BTreeMap::new();
        for policy in policies {
            by_name.entry(provider(policy)).or_default().push(policy);
        }
        let too_many = by_name.len() > 1 && !self.several_allowed;
        let custom = |(name, policies): (&str, Vec<Policy<'m>>)| Custom {
            verdict: match self.authorizers.get(name) {
                Some(authorizer) if !too_many => CustomVerdict::Ask(authorizer.clone()),
                _ => CustomVerdict::DenyWhatFits,
            },
            rule_prefix: self.rule_prefix(name),
            policies,
        };
        by_name.into_iter().map(custom).collect()
    }

    /// What the names of an authorizer's rules begin with.
    fn rule_prefix(&self, authorizer: &str) -> String {
        if !self.release.authorizer_in_names {
            return RULE_PREFIX.to_owned();
        }
        [RULE_PREFIX, "-", authorizer].concat()
    }
}

fn provider(policy: &Object<AuthorizationPolicy>) -> &str {
    policy.spec.provider.as_ref().map_or("", |provider| &provider.name)
}
