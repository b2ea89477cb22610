//! CUSTOM: an RBAC filter that says which rule fits, and an ext_authz filter that asks where one did.

use std::sync::Arc;

use envoy::config::listener::v3::Filter;
use envoy::config::rbac::v3::Rbac;
use envoy::config::rbac::v3::rbac::Action as RbacAction;
use envoy::extensions::filters::http::rbac::v3::Rbac as HttpRbac;
use envoy::extensions::filters::network::http_connection_manager::v3::HttpFilter;
use envoy::extensions::filters::network::rbac::v3::Rbac as NetworkRbac;

use super::ext_authz::{self, SHADOW_STAT_PREFIX};
use super::policy_name::Affixes;
use super::rule::{self, ChainKind};
use super::{NamedPolicies, Renderer, http, http_rbac, network, network_rbac};
use crate::Str;
use crate::plan::policies::{Custom, CustomVerdict};
use crate::resources::security::NamedFilters;
use crate::snapshot::security::AuthorizationPolicy;
use crate::snapshot::{Cause, FieldPath, Object};

const HTTP_EXT_AUTHZ: &str = "envoy.filters.http.ext_authz";
const NETWORK_EXT_AUTHZ: &str = "envoy.filters.network.ext_authz";
/// The policy that denies everything.
const DENY_EVERYTHING: &str = "default-deny-all-due-to-bad-CUSTOM-action";
/// Ends the name of a rule that denies because nobody can be asked.
const DENIED: &str = "-deny-due-to-bad-CUSTOM-action";

/// What made the filters that ask an external authorizer, under the name that they have among these: the
/// policies that name one.
pub(in crate::resources) fn ask_causes<'n>(
    custom: &[Custom<'_>],
    names: impl IntoIterator<Item = &'n str>,
) -> NamedFilters {
    let mut names = names.into_iter();
    let Some(name) = names.find(|name| [HTTP_EXT_AUTHZ, NETWORK_EXT_AUTHZ].contains(name)) else {
        return Vec::new();
    };
    let asking = custom.iter().filter(|custom| matches!(custom.verdict, CustomVerdict::Ask(_)));
    let policies = asking.flat_map(|custom| &custom.policies);
    let cause = |policy: &&Arc<Object<AuthorizationPolicy>>| {
        Cause::new(policy.object_ref(), FieldPath::field("spec.provider"))
    };
    vec![(Str::from(name), policies.map(cause).collect())]
}

impl Renderer {
    /// The HTTP filters of the CUSTOM policies for one authorizer.
    pub(super) fn ask_http(&self, custom: &Custom<'_>, named: &mut NamedPolicies) -> Vec<HttpFilter> {
        let rules = Some(self.custom(custom, ChainKind::Http, named).into());
        let CustomVerdict::Ask(authorizer) = &custom.verdict else {
            return vec![http_rbac(HttpRbac { rules, ..HttpRbac::default() })];
        };
        let rbac = HttpRbac {
            shadow_rules: rules,
            shadow_rules_stat_prefix: SHADOW_STAT_PREFIX.to_owned(),
            ..HttpRbac::default()
        };
        let ask = ext_authz::http(authorizer, &custom.rule_prefix, self.release);
        vec![http_rbac(rbac), http(HTTP_EXT_AUTHZ, envoy::any(&ask))]
    }

    /// The network filters of the CUSTOM policies for one authorizer.
    pub(super) fn ask_tcp(&self, custom: &Custom<'_>, named: &mut NamedPolicies) -> Vec<Filter> {
        let ask = match &custom.verdict {
            CustomVerdict::Ask(authorizer) => {
                // One over HTTP cannot be asked about connections.
                let ask = ext_authz::tcp(authorizer, &custom.rule_prefix, self.release);
                let Some(ask) = ask else { return Vec::new() };
                Some(ask)
            }
            CustomVerdict::DenyWhatFits | CustomVerdict::DenyEverything => None,
        };
        let rules = Some(self.custom(custom, ChainKind::Tcp, named).into());
        let Some(ask) = ask else {
            return vec![network_rbac(NetworkRbac { rules, ..NetworkRbac::default() })];
        };
        let rbac = NetworkRbac {
            shadow_rules: rules,
            shadow_rules_stat_prefix: SHADOW_STAT_PREFIX.to_owned(),
            ..NetworkRbac::default()
        };
        vec![network_rbac(rbac), network(NETWORK_EXT_AUTHZ, envoy::any(&ask))]
    }

    /// The rules of CUSTOM policies: what asks where they fit or, where nobody can be asked, denies.
    fn custom(&self, custom: &Custom<'_>, chain: ChainKind, named: &mut NamedPolicies) -> Rbac {
        let suffix = match custom.verdict {
            CustomVerdict::DenyEverything => return deny_everything(),
            CustomVerdict::DenyWhatFits => DENIED,
            CustomVerdict::Ask(_) => "",
        };
        let affixes = Affixes { prefix: &custom.rule_prefix, suffix };
        let made = self.rules(&custom.policies, RbacAction::Deny, chain, affixes);
        named.extend(made.named);
        made.rbac
    }
}

fn deny_everything() -> Rbac {
    let policies = [(DENY_EVERYTHING.to_owned(), rule::always().into())].into();
    Rbac { action: RbacAction::Deny.into(), policies, ..Rbac::default() }
}
