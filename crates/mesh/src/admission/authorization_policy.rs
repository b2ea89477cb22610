//! AuthorizationPolicy.

use super::check::Checker;
use super::{common, istio_metadata, syntax};
use crate::Str;
use crate::problem::Code;
use crate::schema::{Limit, What};
use crate::snapshot::security::{Action, AuthorizationPolicy, Condition, Operation, Rule, Source};
use crate::snapshot::{Kind, Meta};

/// The schemas' limits.
const MAX_RULES: Limit = Limit::of(Kind::AuthorizationPolicy, "spec.rules", What::MaxItems);
const MAX_SOURCES: Limit = Limit::of(Kind::AuthorizationPolicy, "spec.rules.from", What::MaxItems);
const MAX_ACCOUNTS: Limit =
    Limit::of(Kind::AuthorizationPolicy, "spec.rules.from.source.serviceAccounts", What::MaxItems);
const LONGEST_ACCOUNT: Limit =
    Limit::of(Kind::AuthorizationPolicy, "spec.rules.from.source.serviceAccounts[]", What::MaxLength);

pub(super) fn check(root: &Checker<'_>, meta: &Meta, policy: &AuthorizationPolicy) {
    istio_metadata::check(root, meta, Some(policy.action));
    let c = &root.field("spec");
    common::policy_scope(c, policy.selector.as_ref(), policy.target_ref.as_ref(), &policy.target_refs);
    match policy.action {
        Action::Custom => custom(c, policy),
        _ if policy.provider.is_some() => c.field("provider").conflict("only CUSTOM takes a provider"),
        _ => {}
    }
    if policy.rules.is_empty() && matches!(policy.action, Action::Deny | Action::Custom) {
        c.field("rules").missing(format!(
            "{} without rules never applies; an empty rule, `{{}}`, applies always",
            policy.action.as_str()
        ));
    }
    c.field("rules").at_most(policy.rules.len(), MAX_RULES, "rules");
    c.each("rules", &policy.rules, |c, policy_rule| rule(c, policy_rule, policy.action));
}

/// An external authorizer is asked before identities are known to Envoy's matcher.
fn custom(c: &Checker<'_>, policy: &AuthorizationPolicy) {
    if !policy.rules.is_empty() && policy.provider.as_ref().is_none_or(|provider| provider.name.is_empty()) {
        c.field("provider").missing("CUSTOM needs the name of a provider");
    }
    c.each("rules", &policy.rules, |c, rule| {
        c.each("from", &rule.from, |c, from| {
            c.some("source", from.source.as_ref(), |c, source| {
                for (name, values) in identities(source) {
                    if !values.is_empty() {
                        c.field(name).conflict("CUSTOM takes no identities");
                    }
                }
            });
        });
        c.each("when", &rule.when, |c, condition| {
            let identity = matches!(condition.key.as_str(), "source.namespace" | "source.principal")
                || (c.rules.service_accounts && condition.key == "source.serviceAccount")
                || (c.rules.trust_domains && condition.key == "source.trustDomain");
            if identity || condition.key.starts_with("request.auth.") {
                c.field("key").conflict(format!("CUSTOM does not take `{}`", condition.key));
            }
        });
    });
}

/// The fields of a source that name identities.
fn identities(source: &Source) -> [(&'static str, &[Str]); 10] {
    [
        ("principals", &source.principals),
        ("notPrincipals", &source.not_principals),
        ("requestPrincipals", &source.request_principals),
        ("notRequestPrincipals", &source.not_request_principals),
        ("namespaces", &source.namespaces),
        ("notNamespaces", &source.not_namespaces),
        ("serviceAccounts", &source.service_accounts),
        ("notServiceAccounts", &source.not_service_accounts),
        ("trustDomains", &source.trust_domains),
        ("notTrustDomains", &source.not_trust_domains),
    ]
}

/// The fields of a source that name addresses.
fn addresses(source: &Source) -> [(&'static str, &[Str]); 4] {
    [
        ("ipBlocks", &source.ip_blocks),
        ("notIpBlocks", &source.not_ip_blocks),
        ("remoteIpBlocks", &source.remote_ip_blocks),
        ("notRemoteIpBlocks", &source.not_remote_ip_blocks),
    ]
}

fn rule(c: &Checker<'_>, rule: &Rule, action: Action) {
    c.field("from").at_most(rule.from.len(), MAX_SOURCES, "sources");
    c.each("from", &rule.from, |c, from| match &from.source {
        None => c.field("source").missing("an element of `from` needs a source"),
        Some(from) => source(&c.field("source"), from),
    });
    c.each("to", &rule.to, |c, to| match &to.operation {
        None => c.field("operation").missing("an element of `to` needs an operation"),
        Some(to) => operation(&c.field("operation"), to),
    });
    c.each("when", &rule.when, condition);
    if action == Action::Deny && denies_all_tcp(rule) {
        c.warn(
            Code::HttpOnlyDeny,
            "this rule has only attributes of HTTP: on ports that are not HTTP it denies everything; say \
             which ports it is for",
            "add `ports` of HTTP to each operation of the rule",
        );
    }
}

/// Whether a DENY rule has nothing left on a port that is not HTTP: such attributes are dropped there.
fn denies_all_tcp(rule: &Rule) -> bool {
    let sources = || rule.from.iter().filter_map(|from| from.source.as_ref());
    let operations = || rule.to.iter().filter_map(|to| to.operation.as_ref());
    let tcp_source = |source: &Source| {
        let listed = |fields: &[(&str, &[Str])]| fields.iter().any(|(_, values)| !values.is_empty());
        let request = ["requestPrincipals", "notRequestPrincipals", "trustDomains", "notTrustDomains"];
        listed(&addresses(source))
            || identities(source).iter().any(|(name, values)| !request.contains(name) && !values.is_empty())
    };
    let tcp_operation = |op: &Operation| !op.ports.is_empty() || !op.not_ports.is_empty();
    let (from, to) = (sources().next().is_some(), operations().next().is_some());
    if to { !operations().any(tcp_operation) } else { from && !sources().any(tcp_source) }
}

fn source(c: &Checker<'_>, source: &Source) {
    let (identities, addresses) = (identities(source), addresses(source));
    if identities.iter().chain(&addresses).all(|(_, values)| values.is_empty()) {
        c.missing("the source is empty");
    }
    let accounts = !source.service_accounts.is_empty() || !source.not_service_accounts.is_empty();
    let others = [&source.principals, &source.not_principals, &source.namespaces, &source.not_namespaces];
    if accounts && others.iter().any(|values| !values.is_empty()) {
        c.conflict("service accounts exclude principals and namespaces");
    }
    for (name, values) in addresses {
        ips(&c.field(name), values);
    }
    for (name, values) in identities {
        let c = &c.field(name);
        match name {
            "serviceAccounts" | "notServiceAccounts" => service_accounts(c, values),
            "trustDomains" | "notTrustDomains" => {
                wildcard_values(c, values);
                refuse_values(c, values, |value| value.contains('/'), "is no trust domain: it has a `/`");
            }
            _ => non_empty(c, values),
        }
    }
}

fn operation(c: &Checker<'_>, operation: &Operation) {
    let fields: [(&'static str, &[Str]); 8] = [
        ("ports", &operation.ports),
        ("notPorts", &operation.not_ports),
        ("methods", &operation.methods),
        ("notMethods", &operation.not_methods),
        ("paths", &operation.paths),
        ("notPaths", &operation.not_paths),
        ("hosts", &operation.hosts),
        ("notHosts", &operation.not_hosts),
    ];
    if fields.iter().all(|(_, values)| values.is_empty()) {
        c.missing("the operation is empty");
    }
    for (name, values) in fields {
        let c = &c.field(name);
        match name {
            "ports" | "notPorts" => ports(c, values),
            "paths" | "notPaths" if c.release.security.path_templates => {
                non_empty(c, values);
                path_templates(c, values);
            }
            _ => non_empty(c, values),
        }
    }
}

fn condition(c: &Checker<'_>, condition: &Condition) {
    if condition.key.is_empty() {
        return c.field("key").missing("a condition needs a key");
    }
    if condition.values.is_empty() && condition.not_values.is_empty() {
        return c.field("values").missing("a condition needs `values` or `notValues`");
    }
    attribute_key(&c.field("key"), &condition.key);
    for (name, values) in [("values", &condition.values), ("notValues", &condition.not_values)] {
        attribute_values(&c.field(name), &condition.key, values);
    }
}

/// Attributes are listed at <https://istio.io/latest/docs/reference/config/security/conditions/>.
fn attribute_key(c: &Checker<'_>, key: &str) {
    match key {
        "source.ip"
        | "remote.ip"
        | "source.namespace"
        | "source.principal"
        | "request.auth.principal"
        | "request.auth.audiences"
        | "request.auth.presenter"
        | "destination.ip"
        | "destination.port"
        | "connection.sni" => {}
        "source.serviceAccount" if c.rules.service_accounts => {}
        "source.trustDomain" if c.rules.trust_domains => {}
        _ if ["request.headers", "request.auth.claims", "experimental.envoy.filters."]
            .iter()
            .any(|prefix| key.starts_with(prefix)) =>
        {
            if !is_map_key(key) {
                c.invalid(format!("`{key}` has no name in brackets: `request.headers[user-agent]`"));
            }
        }
        _ => c.invalid(format!("`{key}` is no attribute")),
    }
}

fn is_map_key(key: &str) -> bool {
    key.strip_suffix(']')
        .and_then(|key| key.split_once('['))
        .is_some_and(|(map, name)| !map.is_empty() && !name.is_empty())
}

fn attribute_values(c: &Checker<'_>, key: &str, values: &[Str]) {
    match key {
        "source.ip" | "remote.ip" | "destination.ip" => ips(c, values),
        "destination.port" => ports(c, values),
        "source.serviceAccount" if c.rules.service_accounts => service_accounts(c, values),
        "source.trustDomain" if c.rules.trust_domains => wildcard_values(c, values),
        _ => non_empty(c, values),
    }
}

fn refuse_values(c: &Checker<'_>, values: &[Str], refused: impl Fn(&str) -> bool, why: &str) {
    for (index, value) in values.iter().enumerate().filter(|(_, value)| refused(value)) {
        c.index(index).invalid(format!("`{value}` {why}"));
    }
}

fn non_empty(c: &Checker<'_>, values: &[Str]) {
    for (index, _) in values.iter().enumerate().filter(|(_, value)| value.is_empty()) {
        c.index(index).missing("a value is empty");
    }
}

fn ips(c: &Checker<'_>, values: &[Str]) {
    let is_range =
        |value: &str| if value.contains('/') { syntax::is_cidr(value) } else { syntax::is_ip(value) };
    refuse_values(c, values, |value| !is_range(value), "is neither an IP address nor a range of them");
}

fn ports(c: &Checker<'_>, values: &[Str]) {
    let is_port = |value: &str| {
        value.bytes().all(|b| b.is_ascii_digit()) && value.parse::<u64>().is_ok_and(|port| port <= 65535)
    };
    refuse_values(c, values, |value| !is_port(value), "is no port");
}

/// At most one `*`, and that at the start or the end.
fn wildcard_values(c: &Checker<'_>, values: &[Str]) {
    non_empty(c, values);
    let misplaced = |value: &str| {
        let inner = value.strip_prefix('*').or_else(|| value.strip_suffix('*')).unwrap_or(value);
        inner.contains('*')
    };
    refuse_values(c, values, misplaced, "has a `*` elsewhere than at its start or end");
}

fn service_accounts(c: &Checker<'_>, values: &[Str]) {
    c.at_most(values.len(), MAX_ACCOUNTS, "service accounts");
    let longest = LONGEST_ACCOUNT.length(c.column).unwrap_or(usize::MAX);
    let refused = |value: &str| {
        value.contains('*')
            || value.len() > longest
            || value.split('/').count() > 2
            || value.split('/').any(str::is_empty)
    };
    refuse_values(c, values, refused, "is no service account: `name` or `namespace/name`");
}

/// `{*}` stands for one segment of a path and `{**}`, last of all, for any number.
fn path_templates(c: &Checker<'_>, paths: &[Str]) {
    for (index, path) in paths.iter().enumerate() {
        let is_template = path.contains("{*}") || path.contains("{**}");
        let mut any = false;
        for segment in path.trim_matches('/').split('/') {
            let refused = match segment {
                "{*}" | "{**}" if any => Some("has something behind `{**}`"),
                "{*}" => None,
                "{**}" => {
                    any = true;
                    None
                }
                _ if segment.contains(['{', '}']) => Some("has braces that are no template"),
                _ if is_template && !is_path_literal(segment) => {
                    Some("has a segment that a template cannot have")
                }
                _ => None,
            };
            if let Some(why) = refused {
                c.index(index).invalid(format!("`{path}` {why}"));
                break;
            }
        }
    }
}

/// RFC 3986's `pchar`, but for `*`.
fn is_path_literal(segment: &str) -> bool {
    !segment.is_empty()
        && segment.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~%!$&'()+,;:@=".contains(&b))
}
