//! CUSTOM: an RBAC filter that says which rule fits, and an ext_authz filter that asks where one did.

use std::collections::BTreeMap;

use envoy::config::listener::v3::Filter;
use envoy::config::rbac::v3::Rbac;
use envoy::config::rbac::v3::rbac::Action as RbacAction;
use envoy::extensions::filters::http::ext_authz::v3::ExtAuthz;
use envoy::extensions::filters::http::rbac::v3::Rbac as HttpRbac;
use envoy::extensions::filters::network::ext_authz::v3::ExtAuthz as NetworkExtAuthz;
use envoy::extensions::filters::network::http_connection_manager::v3::HttpFilter;
use envoy::extensions::filters::network::rbac::v3::Rbac as NetworkRbac;

use super::ext_authz::{self, Authorizer, RULE_PREFIX, SHADOW_STAT_PREFIX};
use super::rule::{self, ChainKind};
use super::{
    Authorization, HTTP_RBAC, NETWORK_RBAC, PolicyRef, Rules, empty, http, http_rbac, is_dry_run, network,
    network_rbac,
};
use crate::Str;
use crate::release::ExternalAuthorizers;

/// What the CUSTOM policies for one authorizer become in a chain.
pub(super) enum Step<'a> {
    /// Ask it, where a rule fits.
    Ask { rules: Rules, authorizer: &'a Authorizer, rule_prefix: String },
    /// It cannot be asked: deny.
    Deny(Rbac),
}

impl Step<'_> {
    /// The names of its policies.
    pub(super) fn policies(&self) -> impl Iterator<Item = &str> {
        let (rules, deny) = match self {
            Self::Ask { rules, .. } => (Some(rules), None),
            Self::Deny(rbac) => (None, Some(rbac)),
        };
        let asked = rules.into_iter().flat_map(Rules::policies);
        asked.chain(deny.into_iter().flat_map(|rbac| rbac.policies.keys().map(String::as_str)))
    }

    pub(super) fn http(self) -> Vec<HttpFilter> {
        match self {
            Self::Deny(rules) => vec![http_rbac(HttpRbac { rules: Some(rules), ..HttpRbac::default() })],
            Self::Ask { rules, authorizer, rule_prefix } => {
                let rbac = HttpRbac {
                    rules: rules.shadow,
                    shadow_rules: rules.enforced,
                    shadow_rules_stat_prefix: SHADOW_STAT_PREFIX.to_owned(),
                    ..HttpRbac::default()
                };
                let ask = ExtAuthz {
                    filter_enabled_metadata: Some(ext_authz::condition(HTTP_RBAC, &rule_prefix)),
                    ..authorizer.http.clone()
                };
                vec![http_rbac(rbac), http("envoy.filters.http.ext_authz", envoy::any(&ask))]
            }
        }
    }

    /// None where the authorizer cannot be asked about connections.
    pub(super) fn tcp(self) -> Option<Vec<Filter>> {
        match self {
            Self::Deny(rules) => {
                Some(vec![network_rbac(NetworkRbac { rules: Some(rules), ..NetworkRbac::default() })])
            }
            Self::Ask { rules, authorizer, rule_prefix } => {
                let tcp = authorizer.tcp.clone()?;
                let rbac = NetworkRbac {
                    rules: rules.shadow,
                    shadow_rules: rules.enforced,
                    shadow_rules_stat_prefix: SHADOW_STAT_PREFIX.to_owned(),
                    ..NetworkRbac::default()
                };
                let ask = NetworkExtAuthz {
                    filter_enabled_metadata: Some(ext_authz::condition(NETWORK_RBAC, &rule_prefix)),
                    ..tcp
                };
                Some(vec![network_rbac(rbac), network("envoy.filters.network.ext_authz", envoy::any(&ask))])
            }
        }
    }
}

impl Authorization {
    /// The steps of CUSTOM policies, in order.
    pub(super) fn custom(&self, policies: &[PolicyRef<'_>], chain: ChainKind) -> Vec<Step<'_>> {
        if policies.is_empty() {
            return Vec::new();
        }
        match self.release.external_authorizers {
            ExternalAuthorizers::One => vec![self.one_authorizer(policies, chain)],
            ExternalAuthorizers::OneByName => self.authorizers_by_name(policies, chain),
        }
    }

    /// All policies have to name the same one. Those that are only tried say nothing.
    fn one_authorizer(&self, policies: &[PolicyRef<'_>], chain: ChainKind) -> Step<'_> {
        let mut names = policies.iter().map(provider);
        let first = names.next().unwrap_or_default();
        let authorizer = self.authorizers.get(&first).filter(|_| names.all(|name| name == first));
        let Some(authorizer) = authorizer else {
            let name = "default-deny-all-due-to-bad-CUSTOM-action".to_owned();
            return Step::Deny(Rbac { policies: [(name, rule::always())].into(), ..empty(RbacAction::Deny) });
        };
        let mut rules = Rules::default();
        for policy in policies.iter().filter(|policy| !is_dry_run(policy)) {
            let fitting = self.policies(policy, RbacAction::Deny, chain, &format!("{RULE_PREFIX}-"));
            rules.enforced.get_or_insert_with(|| empty(RbacAction::Deny)).policies.extend(fitting);
        }
        Step::Ask { rules, authorizer, rule_prefix: RULE_PREFIX.to_owned() }
    }

    /// Each has its own filters; but if there is more than one, none is asked unless a feature flag allows it.
    fn authorizers_by_name(&self, policies: &[PolicyRef<'_>], chain: ChainKind) -> Vec<Step<'_>> {
        let mut by_name: BTreeMap<Str, (Rbac, Rbac)> = BTreeMap::new();
        for policy in policies {
            let name = provider(policy);
            let prefix =
                if name.is_empty() { format!("{RULE_PREFIX}-") } else { format!("{RULE_PREFIX}-{name}-") };
            let fitting = self.policies(policy, RbacAction::Deny, chain, &prefix);
            let (enforced, tried) =
                by_name.entry(name).or_insert_with(|| (empty(RbacAction::Deny), empty(RbacAction::Deny)));
            if is_dry_run(policy) { tried } else { enforced }.policies.extend(fitting);
        }
        let too_many = by_name.len() > 1 && !self.several_authorizers;
        by_name
            .into_iter()
            .map(|(name, (enforced, tried))| match self.authorizers.get(&name) {
                Some(authorizer) if !too_many => Step::Ask {
                    rule_prefix: format!("{RULE_PREFIX}-{name}"),
                    // What is only tried asks too: a limitation that Istio documents.
                    rules: Rules {
                        enforced: Some(enforced),
                        shadow: Some(tried).filter(|rbac| !rbac.policies.is_empty()),
                    },
                    authorizer,
                },
                _ => Step::Deny(deny_what_fits(enforced)),
            })
            .collect()
    }
}

fn provider(policy: &PolicyRef<'_>) -> Str {
    policy.spec.provider.as_ref().map(|p| p.name.clone()).unwrap_or_default()
}

/// The same rules, denying.
fn deny_what_fits(rules: Rbac) -> Rbac {
    let named = |(name, policy)| (format!("{name}-deny-due-to-bad-CUSTOM-action"), policy);
    Rbac { policies: rules.policies.into_iter().map(named).collect(), ..empty(RbacAction::Deny) }
}
