//! AuthorizationPolicies as Envoy's RBAC and ext_authz filters.
//!
//! | action | filter |
//! |---|---|
//! | CUSTOM | RBAC that only says which rule fits (a shadow), and ext_authz that asks where one did |
//! | AUDIT | RBAC with action LOG |
//! | DENY | RBAC with action DENY |
//! | ALLOW | RBAC with action ALLOW |
//!
//! in this order; one filter for all policies of an action. A dry-run policy goes to the filter's shadow rules.
//!
//! Source: [AuthorizationPolicy](https://istio.io/latest/docs/reference/config/security/authorization-policy/) and
//! Envoy's [RBAC filter](https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/rbac_filter).

pub(crate) mod attribute;
mod custom;
mod encode;
pub(crate) mod ext_authz;
mod matcher;
mod permission;
pub(crate) mod policy_name;
mod principal;
mod rule;
#[cfg(test)]
mod tests;
mod trust_domain;

pub(crate) use matcher::Pattern;

use std::sync::Arc;

use envoy::config::listener::v3::{Filter, filter};
use envoy::config::rbac::v3::rbac::Action as RbacAction;
use envoy::config::rbac::v3::{Policy, Rbac};
use envoy::extensions::filters::http::rbac::v3::Rbac as HttpRbac;
use envoy::extensions::filters::network::http_connection_manager::v3::{HttpFilter, http_filter};
use envoy::extensions::filters::network::rbac::v3::Rbac as NetworkRbac;
use envoy::google::protobuf::Any;

use self::ext_authz::Authorizers;
use self::rule::{ChainKind, Context, OnUnmatchable};
use self::trust_domain::TrustDomains;
use crate::Str;
use crate::mesh::Mesh;
use crate::rules::SecurityRules;
use crate::snapshot::Object;
use crate::snapshot::security::{Action, AuthorizationPolicy};
use crate::well_known::DRY_RUN;

const HTTP_RBAC: &str = "envoy.filters.http.rbac";
const NETWORK_RBAC: &str = "envoy.filters.network.rbac";
const NETWORK_STAT_PREFIX: &str = "tcp.";

/// What the proxy decides itself, in this order.
const LOCAL_ACTIONS: [(Action, RbacAction); 3] =
    [(Action::Audit, RbacAction::Log), (Action::Deny, RbacAction::Deny), (Action::Allow, RbacAction::Allow)];

type PolicyRef<'a> = &'a Arc<Object<AuthorizationPolicy>>;

/// What is the same for all policies of a mesh.
#[derive(Clone, Debug)]
pub(super) struct Authorization {
    release: SecurityRules,
    trust_domains: TrustDomains,
    authorizers: Authorizers,
    several_authorizers: bool,
}

impl Authorization {
    /// Reads the mesh configuration.
    pub(super) fn new(mesh: &Mesh) -> Self {
        Self {
            release: mesh.rules.security,
            trust_domains: TrustDomains::new(&mesh.config.trust_domain, &mesh.config.trust_domain_aliases),
            authorizers: Authorizers::new(mesh),
            several_authorizers: mesh.options.features.pilot_enable_multiple_custom_authz_providers,
        }
    }

    /// What asks external authorizers about requests, for these policies, which come in Istio's order.
    pub(super) fn custom_http(&self, policies: &[PolicyRef<'_>]) -> Made<HttpFilter> {
        let steps = self.custom(&with(policies, Action::Custom), ChainKind::Http);
        let names = steps.iter().flat_map(custom::Step::policies).map(Str::from).collect();
        Made { names, filters: steps.into_iter().flat_map(custom::Step::http).collect() }
    }

    /// What asks external authorizers about connections.
    pub(super) fn custom_tcp(&self, policies: &[PolicyRef<'_>]) -> Made<Filter> {
        let steps = self.custom(&with(policies, Action::Custom), ChainKind::Tcp);
        let names = steps.iter().flat_map(custom::Step::policies).map(Str::from).collect();
        Made { names, filters: steps.into_iter().filter_map(custom::Step::tcp).flatten().collect() }
    }

    /// What the proxy decides itself about requests.
    pub(super) fn rbac_http(&self, policies: &[PolicyRef<'_>]) -> Made<HttpFilter> {
        self.made(policies, ChainKind::Http, Rules::http)
    }

    /// What the proxy decides itself about connections.
    pub(super) fn rbac_tcp(&self, policies: &[PolicyRef<'_>]) -> Made<Filter> {
        self.made(policies, ChainKind::Tcp, Rules::tcp)
    }

    fn made<F>(&self, policies: &[PolicyRef<'_>], chain: ChainKind, filter: fn(Rules) -> F) -> Made<F> {
        let rules: Vec<Rules> = self.local(policies, chain).collect();
        let names = rules.iter().flat_map(Rules::policies).map(Str::from).collect();
        Made { names, filters: rules.into_iter().map(filter).collect() }
    }

    /// The filters of these policies for the tunnels themselves. An external authorizer isn't asked there.
    pub(super) fn tunnel(&self, policies: &[PolicyRef<'_>]) -> Vec<HttpFilter> {
        self.local(policies, ChainKind::Tunnel).map(Rules::http).collect()
    }

    /// The rules of each action that the proxy decides itself, as far as there are policies with it.
    fn local(&self, policies: &[PolicyRef<'_>], chain: ChainKind) -> impl Iterator<Item = Rules> {
        LOCAL_ACTIONS.into_iter().filter_map(move |(action, rbac)| {
            let policies = with(policies, action);
            (!policies.is_empty()).then(|| self.rules(&policies, rbac, chain))
        })
    }

    fn rules(&self, policies: &[PolicyRef<'_>], action: RbacAction, chain: ChainKind) -> Rules {
        let mut rules = Rules::default();
        for policy in policies {
            let into = if is_dry_run(policy) { &mut rules.shadow } else { &mut rules.enforced };
            into.get_or_insert_with(|| empty(action))
                .policies
                .extend(self.policies(policy, action, chain, ""));
        }
        rules
    }

    /// Envoy's policies for the rules of one AuthorizationPolicy, with their names. A rule that has no meaning in
    /// the chain is left out.
    fn policies(
        &self,
        policy: &Object<AuthorizationPolicy>,
        action: RbacAction,
        chain: ChainKind,
        prefix: &str,
    ) -> Vec<(String, Policy)> {
        let meta = &policy.meta;
        let name = |i: usize| policy_name::of(prefix, &meta.namespace, &meta.name, i);
        let context = Context {
            release: &self.release,
            trust_domains: &self.trust_domains,
            chain,
            on_unmatchable: match action {
                RbacAction::Allow => OnUnmatchable::DropRule,
                RbacAction::Deny | RbacAction::Log => OnUnmatchable::DropValue,
            },
            namespace: &meta.namespace,
        };
        if policy.spec.rules.is_empty() {
            return vec![(name(0), rule::never())];
        }
        let rules = policy.spec.rules.iter().enumerate();
        rules.filter_map(|(i, rule)| Some((name(i), rule::policy(rule, context).ok()?))).collect()
    }
}

fn with<'a>(policies: &[PolicyRef<'a>], action: Action) -> Vec<PolicyRef<'a>> {
    policies.iter().copied().filter(|policy| policy.spec.action == action).collect()
}

/// Filters, and the names of the policies in them.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Made<F> {
    pub(super) filters: Vec<F>,
    pub(super) names: Vec<Str>,
}

/// The rules of one filter: those that hold, and those that are only tried.
#[derive(Clone, Debug, Default, PartialEq)]
struct Rules {
    enforced: Option<Rbac>,
    shadow: Option<Rbac>,
}

impl Rules {
    /// The names of its policies.
    fn policies(&self) -> impl Iterator<Item = &str> {
        self.enforced.iter().chain(&self.shadow).flat_map(|rbac| rbac.policies.keys().map(String::as_str))
    }

    /// Where the result of trying goes. An accident: a filter that tries nothing is called as one that tries ALLOW,
    /// whatever its action.
    fn shadow_stat_prefix(&self) -> String {
        let action = self.shadow.as_ref().map_or(RbacAction::Allow, Rbac::action);
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
            rules: self.enforced,
            shadow_rules: self.shadow,
            shadow_rules_stat_prefix,
            ..HttpRbac::default()
        })
    }

    fn tcp(self) -> Filter {
        let shadow_rules_stat_prefix = self.shadow_stat_prefix();
        network_rbac(NetworkRbac {
            rules: self.enforced,
            shadow_rules: self.shadow,
            shadow_rules_stat_prefix,
            ..NetworkRbac::default()
        })
    }
}

fn empty(action: RbacAction) -> Rbac {
    Rbac { action: action.into(), ..Rbac::default() }
}

/// Go's `strconv.ParseBool`; what it refuses is false.
fn is_dry_run(policy: &Object<AuthorizationPolicy>) -> bool {
    let value = policy.meta.annotations.get(DRY_RUN);
    value.is_some_and(|v| matches!(v.as_str(), "1" | "t" | "T" | "true" | "TRUE" | "True"))
}

fn http_rbac(config: HttpRbac) -> HttpFilter {
    http(HTTP_RBAC, encode::http_rbac(config).into_any())
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
