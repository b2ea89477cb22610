//! One rule of an AuthorizationPolicy as one policy of Envoy's RBAC filter.
//!
//! A rule is an *or* of operations and an *or* of sources; its conditions belong to each of them. Within one
//! operation or source, all clauses have to hold.

use std::borrow::Cow;

use envoy::config::core::v3::CidrRange;
use envoy::config::rbac::v3::Policy;

use super::attribute::{Attribute, Caller, Target};
use super::trust_domain::TrustDomains;
use super::{matcher, permission, principal};
use crate::Str;
use crate::rules::SecurityRules;
use crate::snapshot::security::{Operation, Rule, Source};

/// Why a clause, or a rule, has no meaning in a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unmatchable {
    /// It is about HTTP and the chain isn't.
    #[error("the attribute exists in HTTP only")]
    HttpOnly,
    /// The value or the key cannot be read.
    #[error("the condition cannot be read")]
    Malformed,
    /// The release has no such attribute.
    #[error("there is no such attribute")]
    UnknownAttribute,
}

/// The kind of chain that a rule is made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ChainKind {
    /// Behind an HTTP connection manager.
    Http,
    /// Bytes: attributes of HTTP don't exist.
    Tcp,
    /// The tunnels that end at the waypoint: what is inside isn't known yet, but who opened them is.
    Tunnel,
}

/// What a clause that cannot be matched does to its rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OnUnmatchable {
    /// ALLOW: the rule goes, so that less is allowed.
    DropRule,
    /// All others: the value goes, so that more is denied (or audited, or asked about).
    DropValue,
}

/// What turns rules into Envoy's policies.
#[derive(Clone, Copy, Debug)]
pub(super) struct Context<'a> {
    pub(super) release: &'a SecurityRules,
    pub(super) trust_domains: &'a TrustDomains,
    pub(super) chain: ChainKind,
    pub(super) on_unmatchable: OnUnmatchable,
    /// The policy's namespace: that of a service account without one.
    pub(super) namespace: &'a str,
}

/// Values of which one has to fit, and values of which none may.
#[derive(Clone, Debug)]
pub(super) struct Clause<'r, A> {
    pub(super) attribute: A,
    pub(super) values: Cow<'r, [Str]>,
    pub(super) not_values: Cow<'r, [Str]>,
}

impl<'r, A> Clause<'r, A> {
    fn new(attribute: A, values: &'r [Str], not_values: &'r [Str]) -> Option<Self> {
        (!values.is_empty() || !not_values.is_empty()).then_some(Self {
            attribute,
            values: Cow::Borrowed(values),
            not_values: Cow::Borrowed(not_values),
        })
    }
}

/// Envoy's policy for a rule.
pub(super) fn policy(rule: &Rule, context: Context<'_>) -> Result<Policy, Unmatchable> {
    let (targets, callers) = conditions(rule, context.trust_domains)?;
    let permissions = if rule.to.is_empty() {
        vec![permission::all(&targets, context)?.into()]
    } else {
        let mut permissions = Vec::with_capacity(rule.to.len());
        for to in &rule.to {
            let own = to.operation.as_ref().map(operation);
            let own = own.iter().flatten().flatten();
            permissions.push(permission::all(own.chain(&targets), context)?.into());
        }
        permissions
    };
    let principals = if rule.from.is_empty() {
        vec![principal::all(&callers, context)?.into()]
    } else {
        let mut principals = Vec::with_capacity(rule.from.len());
        for from in &rule.from {
            let own = from.source.as_ref().map(|s| source(s, context.trust_domains));
            let own = own.iter().flatten().flatten();
            principals.push(principal::all(own.chain(&callers), context)?.into());
        }
        principals
    };
    Ok(Policy { permissions, principals, ..Policy::default() })
}

/// Clauses about the destination, and clauses about the caller.
type Conditions<'r> = (Vec<Clause<'r, Target>>, Vec<Clause<'r, Caller>>);

/// The clauses of `when`, those of the destination and those of the caller.
fn conditions<'r>(rule: &'r Rule, trust_domains: &TrustDomains) -> Result<Conditions<'r>, Unmatchable> {
    let (mut targets, mut callers) = (Vec::new(), Vec::new());
    for condition in &rule.when {
        match Attribute::of_key(&condition.key).ok_or(Unmatchable::UnknownAttribute)? {
            Attribute::Target(target) => {
                targets.extend(Clause::new(target, &condition.values, &condition.not_values));
            }
            Attribute::Caller(caller) => {
                callers.extend(Clause::new(caller, &condition.values, &condition.not_values));
            }
        }
    }
    let times = rule.from.len().max(1);
    callers.iter_mut().for_each(|clause| migrate(clause, trust_domains, times));
    Ok((targets, callers))
}

/// The clauses of an operation, in the order in which Istio writes them.
fn operation(operation: &Operation) -> [Option<Clause<'_, Target>>; 4] {
    let o = operation;
    [
        Clause::new(Target::Host, &o.hosts, &o.not_hosts),
        Clause::new(Target::Method, &o.methods, &o.not_methods),
        Clause::new(Target::Path, &o.paths, &o.not_paths),
        Clause::new(Target::DestinationPort, &o.ports, &o.not_ports),
    ]
}

/// The clauses of a source, in the order in which Istio writes them.
fn source<'r>(source: &'r Source, trust_domains: &TrustDomains) -> [Option<Clause<'r, Caller>>; 7] {
    let s = source;
    let mut clauses = [
        Clause::new(Caller::Principal, &s.principals, &s.not_principals),
        Clause::new(Caller::RequestPrincipal, &s.request_principals, &s.not_request_principals),
        Clause::new(Caller::ServiceAccount, &s.service_accounts, &s.not_service_accounts),
        Clause::new(Caller::TrustDomain, &s.trust_domains, &s.not_trust_domains),
        Clause::new(Caller::Namespace, &s.namespaces, &s.not_namespaces),
        Clause::new(Caller::RemoteIp, &s.remote_ip_blocks, &s.not_remote_ip_blocks),
        Clause::new(Caller::SourceIp, &s.ip_blocks, &s.not_ip_blocks),
    ];
    clauses.iter_mut().flatten().for_each(|clause| migrate(clause, trust_domains, 1));
    clauses
}

fn migrate(clause: &mut Clause<'_, Caller>, trust_domains: &TrustDomains, times: usize) {
    for values in [&mut clause.values, &mut clause.not_values] {
        let migrated = match clause.attribute {
            Caller::Principal => trust_domains.migrate(values, times),
            Caller::TrustDomain => Some(trust_domains.expand(values)),
            _ => None,
        };
        if let Some(migrated) = migrated {
            *values = Cow::Owned(migrated);
        }
    }
}

/// Each value by itself; what cannot be matched goes, or takes the rule with it.
pub(super) fn each<M>(
    values: &[Str],
    context: Context<'_>,
    one: impl Fn(&str) -> Result<M, Unmatchable>,
) -> Result<Vec<M>, Unmatchable> {
    let mut matchers = Vec::with_capacity(values.len());
    for value in values {
        match (one(value), context.on_unmatchable) {
            (Ok(matcher), _) => matchers.push(matcher),
            (Err(unmatchable), OnUnmatchable::DropRule) => return Err(unmatchable),
            (Err(_), OnUnmatchable::DropValue) => {}
        }
    }
    Ok(matchers)
}

/// All values in one matcher; if it cannot be made, it goes or takes the rule with it.
pub(super) fn together<M>(
    values: &[Str],
    context: Context<'_>,
    all: impl Fn(&[Str]) -> Result<M, Unmatchable>,
) -> Result<Option<M>, Unmatchable> {
    if values.is_empty() {
        return Ok(None);
    }
    match context.on_unmatchable {
        OnUnmatchable::DropRule => all(values).map(Some),
        OnUnmatchable::DropValue => Ok(all(values).ok()),
    }
}

/// Refuses an attribute of HTTP where there is no HTTP.
pub(super) fn http_only(context: Context<'_>) -> Result<(), Unmatchable> {
    match context.chain {
        ChainKind::Http => Ok(()),
        ChainKind::Tcp | ChainKind::Tunnel => Err(Unmatchable::HttpOnly),
    }
}

/// The addresses that a value stands for.
pub(super) fn cidr(value: &str, context: Context<'_>) -> Result<CidrRange, Unmatchable> {
    matcher::cidr(value, context.release.keeps_zones).ok_or(Unmatchable::Malformed)
}

/// A policy that never applies: what an AuthorizationPolicy without rules is.
pub(super) fn never() -> Policy {
    Policy {
        permissions: vec![permission::not(permission::any()).into()],
        principals: vec![principal::not(principal::any()).into()],
        ..Policy::default()
    }
}

/// A policy that always applies.
pub(super) fn always() -> Policy {
    Policy {
        permissions: vec![permission::any().into()],
        principals: vec![principal::any().into()],
        ..Policy::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::release::Release;
    use serde_json::json;

    fn made(
        release: Release,
        chain: ChainKind,
        on_unmatchable: OnUnmatchable,
        rule: serde_json::Value,
    ) -> Result<Policy, Unmatchable> {
        let trust_domains = TrustDomains::new(&"cluster.local".into(), &["old".into()]);
        let context = Context {
            release: &crate::rules::Rules::of(release).security,
            trust_domains: &trust_domains,
            chain,
            on_unmatchable,
            namespace: "shop",
        };
        policy(&serde_json::from_value(rule).unwrap(), context)
    }

    fn text(policy: &impl std::fmt::Debug) -> String {
        format!("{policy:?}")
    }

    #[test]
    fn an_empty_rule_fits_all() {
        let policy = made(Release::V1_31, ChainKind::Tcp, OnUnmatchable::DropRule, json!({})).unwrap();
        assert_eq!(policy.permissions.len(), 1);
        assert_eq!(policy.principals.len(), 1);
        assert!(
            text(&policy.permissions).contains("AndRules(Set { rules: [Permission { rule: Some(Any(true))")
        );
    }

    #[test]
    fn conditions_belong_to_every_source() {
        let rule = json!({
            "from": [{"source": {"namespaces": ["a"]}}, {"source": {"namespaces": ["b"]}}],
            "when": [{"key": "source.ip", "values": ["10.0.0.1"]}],
        });
        let policy = made(Release::V1_31, ChainKind::Http, OnUnmatchable::DropRule, rule).unwrap();
        assert_eq!(policy.principals.len(), 2);
        assert!(policy.principals.iter().all(|p| text(p).contains("DirectRemoteIp")));
    }

    #[test]
    fn on_tcp_an_allow_rule_about_http_is_gone() {
        let rule = json!({"to": [{"operation": {"ports": ["80"], "methods": ["GET"]}}]});
        let made = |on| made(Release::V1_31, ChainKind::Tcp, on, rule.clone());
        assert_eq!(made(OnUnmatchable::DropRule), Err(Unmatchable::HttpOnly));
        let denied = text(&made(OnUnmatchable::DropValue).unwrap());
        assert!(denied.contains("DestinationPort(80)") && !denied.contains("GET"), "{denied}");
    }

    #[test]
    fn on_tcp_a_deny_rule_only_about_http_denies_all() {
        let rule = json!({
            "from": [{"source": {"requestPrincipals": ["*"]}}],
            "to": [{"operation": {"paths": ["/x"], "notHosts": ["h"]}}],
        });
        for release in [Release::V1_18, Release::V1_31] {
            let policy = made(release, ChainKind::Tcp, OnUnmatchable::DropValue, rule.clone()).unwrap();
            let any = made(release, ChainKind::Tcp, OnUnmatchable::DropValue, json!({})).unwrap();
            assert_eq!(policy, any);
        }
    }

    #[test]
    fn a_condition_is_migrated_once_per_source() {
        let count = |rule| {
            let policy = made(Release::V1_31, ChainKind::Http, OnUnmatchable::DropRule, rule).unwrap();
            text(&policy.principals[0]).matches("Exact(").count()
        };
        let when = json!([{"key": "source.principal", "values": ["cluster.local/ns/a/sa/b"]}]);
        assert_eq!(count(json!({"when": when})), 2);
        let from = json!([{"source": {"ipBlocks": ["10.0.0.1"]}}, {"source": {"ipBlocks": ["10.0.0.2"]}}]);
        assert_eq!(count(json!({"when": when, "from": from})), 4);
    }

    #[test]
    fn the_callers_identity_in_all_its_forms() {
        let principal = |source: serde_json::Value| {
            let rule = json!({"from": [{"source": source}]});
            text(&made(Release::V1_31, ChainKind::Tcp, OnUnmatchable::DropRule, rule).unwrap().principals)
        };
        let has = |source, expected: &str| {
            let found = principal(source);
            assert!(found.contains(expected), "{expected} in {found}");
        };
        has(json!({"principals": ["*"]}), r#"regex: ".+""#);
        has(json!({"principals": ["*/sa/a.b"]}), r#"regex: "spiffe://.*/sa/a\\.b""#);
        has(json!({"principals": ["x/ns/a/*"]}), r#"Prefix("spiffe://x/ns/a/")"#);
        has(json!({"principals": ["x/ns/a/sa/b"]}), r#"Exact("spiffe://x/ns/a/sa/b")"#);
        has(json!({"namespaces": ["a*.b"]}), r#"regex: ".*/ns/a.*\\.b/.*""#);
        has(json!({"serviceAccounts": ["web"]}), r#"regex: "spiffe://.+/ns/shop/(.+/|)sa/web(/.+)?""#);
        has(json!({"serviceAccounts": ["n/web"]}), r#"regex: "spiffe://.+/ns/n/(.+/|)sa/web(/.+)?""#);
        has(json!({"trustDomains": ["*"]}), r#"Prefix("spiffe://")"#);
        has(json!({"trustDomains": ["old"]}), r#"Prefix("spiffe://cluster.local/")"#);
        has(json!({"trustDomains": ["x.*"]}), r#"regex: "spiffe://x\\.[^/]*/.*""#);
    }

    #[test]
    fn request_principals_are_an_issuer_and_a_subject() {
        let principal = |value: &str| {
            let rule = json!({"from": [{"source": {"requestPrincipals": [value]}}]});
            text(&made(Release::V1_31, ChainKind::Http, OnUnmatchable::DropRule, rule).unwrap().principals)
        };
        let has = |value, expected: [&str; 2]| {
            let found = principal(value);
            assert!(expected.iter().all(|e| found.contains(e)), "{expected:?} in {found}");
        };
        has("https://idp/sub", [r#"Exact("https://idp")"#, r#"Exact("sub")"#]);
        has("*/sub", [r#"regex: ".+""#, r#"Exact("sub")"#]);
        has("*idp/sub", [r#"Suffix("idp")"#, r#"Exact("sub")"#]);
        has("https://idp/*", [r#"Exact("https://idp")"#, r#"regex: ".+""#]);
        has("https://idp/s*", [r#"Exact("https://idp")"#, r#"Prefix("s")"#]);
        has("idp*", [r#"Prefix("idp")"#, r#"regex: ".+""#]);
        has("*sub", [r#"regex: ".+""#, r#"Suffix("sub")"#]);
    }

    #[test]
    fn templates_are_paths_where_the_release_has_none() {
        let rule = json!({"to": [{"operation": {"paths": ["/a/{*}/b/{**}"]}}]});
        let has_template = |release| {
            let policy = made(release, ChainKind::Http, OnUnmatchable::DropRule, rule.clone()).unwrap();
            text(&policy).contains("UriTemplate")
        };
        assert!(has_template(Release::V1_31));
        assert!(!has_template(Release::V1_18));
    }

    #[test]
    fn an_attribute_that_there_is_not_drops_the_rule() {
        let rule = json!({"when": [{"key": "request.color", "values": ["red"]}]});
        let made = made(Release::V1_31, ChainKind::Http, OnUnmatchable::DropValue, rule);
        assert_eq!(made, Err(Unmatchable::UnknownAttribute));
    }
}
