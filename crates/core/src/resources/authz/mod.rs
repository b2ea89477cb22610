//! AuthorizationPolicies as Envoy's RBAC and ext_authz filters.
//!
//! | action | filter |
//! |---|---|
//! | CUSTOM | RBAC that only says which rule fits (a shadow), and ext_authz that asks where one did |
//! | AUDIT | RBAC with action LOG |
//! | DENY | RBAC with action DENY |
//! | ALLOW | RBAC with action ALLOW |
//!
//! in this order; one filter for all policies of an action. A dry-run policy goes to the filter's shadow
//! rules.
//!
//! Source:
//! [AuthorizationPolicy](https://istio.io/latest/docs/reference/config/security/authorization-policy/) and
//! Envoy's
//! [RBAC filter](https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/rbac_filter).

pub(crate) mod attribute;
mod custom;
mod ext_authz;
mod matcher;
mod permission;
pub(crate) mod policy_name;
mod principal;
mod rule;
#[cfg(test)]
mod tests;
mod trust_domain;

pub(super) use custom::ask_causes;
pub(crate) use matcher::Pattern;

use std::sync::Arc;

use envoy::config::listener::v3::{Filter, filter};
use envoy::config::rbac::v3::rbac::Action as RbacAction;
use envoy::config::rbac::v3::{Policy, Rbac};
use envoy::extensions::filters::http::rbac::v3::Rbac as HttpRbac;
use envoy::extensions::filters::network::http_connection_manager::v3::{HttpFilter, http_filter};
use envoy::extensions::filters::network::rbac::v3::Rbac as NetworkRbac;
use envoy::google::protobuf::Any;

use self::policy_name::Affixes;
use self::rule::{ChainKind, Context, OnUnmatchable};
use self::trust_domain::TrustDomains;
use crate::Str;
use crate::plan::WaypointSettings;
use crate::plan::policies::{self, Authorization, Custom, LocalAction};
use crate::rules::SecurityRules;
use crate::snapshot::security::AuthorizationPolicy;
use crate::snapshot::{Cause, Object};

const HTTP_RBAC: &str = "envoy.filters.http.rbac";
const NETWORK_RBAC: &str = "envoy.filters.network.rbac";
const NETWORK_STAT_PREFIX: &str = "tcp.";

/// The names of the policies in a filter, each with the rule that it was made of.
pub(super) type NamedPolicies = Vec<(Str, Cause)>;

/// What is the same for all policies of a mesh.
#[derive(Clone, Debug)]
pub(super) struct Renderer {
    release: &'static SecurityRules,
    trust_domains: TrustDomains,
}

impl Renderer {
    /// Reads the mesh configuration.
    pub(super) fn new(settings: &WaypointSettings<'_>) -> Self {
        let mesh = settings.mesh;
        Self {
            release: &settings.rules.security,
            trust_domains: TrustDomains::new(&mesh.trust_domain, &mesh.trust_domain_aliases),
        }
    }

    /// What asks external authorizers about requests.
    pub(super) fn custom_http(&self, custom: &[Custom<'_>], named: &mut NamedPolicies) -> Vec<HttpFilter> {
        custom.iter().flat_map(|custom| self.ask_http(custom, named)).collect()
    }

    /// What asks external authorizers about connections.
    pub(super) fn custom_tcp(&self, custom: &[Custom<'_>], named: &mut NamedPolicies) -> Vec<Filter> {
        custom.iter().flat_map(|custom| self.ask_tcp(custom, named)).collect()
    }

    /// What the proxy decides itself about requests.
    pub(super) fn local_http(&self, local: &[Local<'_>], named: &mut NamedPolicies) -> Vec<HttpFilter> {
        local.iter().map(|local| self.local(local, ChainKind::Http).named(named).http()).collect()
    }

    /// What the proxy decides itself about connections.
    pub(super) fn local_tcp(&self, local: &[Local<'_>], named: &mut NamedPolicies) -> Vec<Filter> {
        local.iter().map(|local| self.local(local, ChainKind::Tcp).named(named).tcp()).collect()
    }

    /// What the proxy decides itself about tunnels.
    pub(super) fn tunnel(&self, local: &[Local<'_>]) -> Vec<HttpFilter> {
        local.iter().map(|local| self.local(local, ChainKind::Tunnel).http()).collect()
    }

    fn local(&self, (action, authorization): &Local<'_>, chain: ChainKind) -> Rules {
        let action = match action {
            LocalAction::Audit => RbacAction::Log,
            LocalAction::Deny => RbacAction::Deny,
            LocalAction::Allow => RbacAction::Allow,
        };
        let rules = |policies: &[_]| {
            (!policies.is_empty()).then(|| self.rules(policies, action, chain, Affixes::default()))
        };
        Rules { enforced: rules(&authorization.enforced), shadow: rules(&authorization.dry_run) }
    }

    /// The rules of policies with one action, under these names.
    fn rules(
        &self,
        policies: &[&Arc<Object<AuthorizationPolicy>>],
        action: RbacAction,
        chain: ChainKind,
        affixes: Affixes<'_>,
    ) -> Made {
        let mut made = Made::default();
        made.rbac.action = action.into();
        for policy in policies {
            self.policies(policy, action, chain, |position, policy_of_envoy| {
                let name = affixes.name(&policy.meta.namespace, &policy.meta.name, position);
                made.named.push((Str::from(&name), policies::rule_cause(policy, position)));
                made.rbac.policies.insert(name, policy_of_envoy.into());
            });
        }
        // As they are in the message.
        made.named.sort_by(|(a, _), (b, _)| a.cmp(b));
        made
    }

    /// Envoy's policies for the rules of one AuthorizationPolicy, by their positions. A rule that has no
    /// meaning in the chain is left out.
    fn policies(
        &self,
        policy: &Object<AuthorizationPolicy>,
        action: RbacAction,
        chain: ChainKind,
        mut add: impl FnMut(usize, Policy),
    ) {
        if policy.spec.rules.is_empty() {
            return add(0, rule::never());
        }
        let context = Context {
            release: self.release,
            trust_domains: &self.trust_domains,
            chain,
            on_unmatchable: match action {
                RbacAction::Allow => OnUnmatchable::DropRule,
                RbacAction::Deny | RbacAction::Log => OnUnmatchable::DropValue,
            },
            namespace: &policy.meta.namespace,
        };
        for (position, rule) in policy.spec.rules.iter().enumerate() {
            if let Ok(policy) = rule::policy(rule, context) {
                add(position, policy);
            }
        }
    }
}

/// The policies with one action.
type Local<'m> = (LocalAction, Authorization<'m>);

/// The rules of one action, and what each was made of.
#[derive(Clone, Debug, Default, PartialEq)]
struct Made {
    rbac: Rbac,
    named: NamedPolicies,
}

/// The rules of one filter: those that hold, and those that are only tried.
#[derive(Clone, Debug, Default, PartialEq)]
struct Rules {
    enforced: Option<Made>,
    shadow: Option<Made>,
}

impl Rules {
    /// Tells the names of its policies.
    fn named(self, named: &mut NamedPolicies) -> Self {
        named.extend(self.enforced.iter().chain(&self.shadow).flat_map(|made| made.named.iter().cloned()));
        self
    }

    /// Where the result of trying goes. An accident: a filter that tries nothing is called as one that tries
    /// ALLOW, whatever its action.
    fn shadow_stat_prefix(&self) -> String {
        let action = self.shadow.as_ref().map_or(RbacAction::Allow, |made| made.rbac.action());
        match action {
            RbacAction::Allow => "istio_dry_run_allow_",
            RbacAction::Deny => "istio_dry_run_deny_",
            RbacAction::Log => "",
        }
        .to_owned()
    }

    fn http(self) -> HttpFilter {
        let shadow_rules_stat_prefix = self.shadow_stat_prefix();
        http_rbac(HttpRbac {
            rules: self.enforced.map(|made| made.rbac.into()),
            shadow_rules: self.shadow.map(|made| made.rbac.into()),
            shadow_rules_stat_prefix,
            ..HttpRbac::default()
        })
    }

    fn tcp(self) -> Filter {
        let shadow_rules_stat_prefix = self.shadow_stat_prefix();
        network_rbac(NetworkRbac {
            rules: self.enforced.map(|made| made.rbac.into()),
            shadow_rules: self.shadow.map(|made| made.rbac.into()),
            shadow_rules_stat_prefix,
            ..NetworkRbac::default()
        })
    }
}

fn http_rbac(config: HttpRbac) -> HttpFilter {
    http(HTTP_RBAC, envoy::any(&config))
}

fn network_rbac(config: NetworkRbac) -> Filter {
    network(NETWORK_RBAC, envoy::any(&NetworkRbac { stat_prefix: NETWORK_STAT_PREFIX.to_owned(), ..config }))
}

pub(super) fn http(name: &str, config: Any) -> HttpFilter {
    HttpFilter {
        name: name.to_owned(),
        config_type: Some(http_filter::ConfigType::TypedConfig(config)),
        ..HttpFilter::default()
    }
}

fn network(name: &str, config: Any) -> Filter {
    Filter { name: name.to_owned(), config_type: Some(filter::ConfigType::TypedConfig(config)) }
}
