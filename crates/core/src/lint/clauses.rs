//! The clauses of an AuthorizationPolicy's rules, whatever field or condition they stand in.

use crate::Str;
use crate::resources::authz::attribute::{Attribute, Caller, Target};
use crate::snapshot::security::{AuthorizationPolicy, Condition, Operation, Rule, Source};

/// The clauses of one rule. One source and one operation have to fit, and all conditions.
pub(super) struct RuleClauses<'p> {
    /// The position of the rule.
    pub(super) position: usize,
    pub(super) sources: Vec<Vec<Clause<'p>>>,
    pub(super) operations: Vec<Vec<Clause<'p>>>,
    pub(super) conditions: Vec<Clause<'p>>,
}

/// Values of which one has to fit, and values of which none may.
pub(super) struct Clause<'p> {
    pub(super) attribute: Attribute,
    pub(super) values: List<'p>,
    pub(super) not_values: List<'p>,
}

/// A list of values, and where it stands.
#[derive(Clone, Copy)]
pub(super) struct List<'p> {
    pub(super) values: &'p [Str],
    place: Place,
    name: &'static str,
}

#[derive(Clone, Copy)]
struct Place {
    rule: usize,
    part: Part,
    position: usize,
}

#[derive(Clone, Copy)]
enum Part {
    Source,
    Operation,
    Condition,
}

impl List<'_> {
    pub(super) fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Whether none of its values may fit.
    pub(super) fn is_negative(&self) -> bool {
        self.name.starts_with("not")
    }

    /// The path of the list.
    pub(super) fn field(&self) -> String {
        let Place { rule, part, position } = self.place;
        let name = self.name;
        match part {
            Part::Source => format!("spec.rules[{rule}].from[{position}].source.{name}"),
            Part::Operation => format!("spec.rules[{rule}].to[{position}].operation.{name}"),
            Part::Condition => format!("spec.rules[{rule}].when[{position}].{name}"),
        }
    }

    /// Its values, each with its path.
    pub(super) fn each(&self) -> impl Iterator<Item = (&str, String)> {
        let field = self.field();
        self.values.iter().enumerate().map(move |(i, value)| (value.as_str(), format!("{field}[{i}]")))
    }
}

impl<'p> Clause<'p> {
    /// The list of values, and that of values which may not fit.
    pub(super) fn lists(&self) -> [List<'p>; 2] {
        [self.values, self.not_values]
    }

    /// The first list that has values.
    pub(super) fn first_list(&self) -> List<'p> {
        if self.values.is_empty() { self.not_values } else { self.values }
    }

    /// Whether it asks for what only HTTP has.
    pub(super) fn is_http(&self) -> bool {
        match &self.attribute {
            Attribute::Target(target) => matches!(target, Target::Host | Target::Method | Target::Path),
            Attribute::Caller(Caller::Header(_)) => true,
            Attribute::Caller(_) => self.is_token(),
        }
    }

    /// Whether it asks for what only a checked token has.
    pub(super) fn is_token(&self) -> bool {
        let Attribute::Caller(caller) = &self.attribute else { return false };
        matches!(caller, Caller::RequestPrincipal | Caller::Audiences | Caller::Presenter | Caller::Claim(_))
    }

    pub(super) fn is_of(&self, target: &Target) -> bool {
        matches!(&self.attribute, Attribute::Target(own) if own == target)
    }

    pub(super) fn is_by(&self, caller: &Caller) -> bool {
        matches!(&self.attribute, Attribute::Caller(own) if own == caller)
    }
}

impl<'p> RuleClauses<'p> {
    fn new(position: usize, rule: &'p Rule) -> Self {
        let sources = rule.from.iter().enumerate().map(|(i, from)| {
            let place = Place { rule: position, part: Part::Source, position: i };
            from.source.as_ref().map_or_else(Vec::new, |found| source(found, place))
        });
        let operations = rule.to.iter().enumerate().map(|(i, to)| {
            let place = Place { rule: position, part: Part::Operation, position: i };
            to.operation.as_ref().map_or_else(Vec::new, |found| operation(found, place))
        });
        let conditions = rule.when.iter().enumerate().filter_map(|(i, when)| {
            condition(when, Place { rule: position, part: Part::Condition, position: i })
        });
        Self {
            position,
            sources: sources.collect(),
            operations: operations.collect(),
            conditions: conditions.collect(),
        }
    }

    /// All of them.
    pub(super) fn all(&self) -> impl Iterator<Item = &Clause<'p>> {
        self.sources.iter().flatten().chain(self.operations.iter().flatten()).chain(&self.conditions)
    }
}

/// The clauses of a policy's rules.
pub(super) fn rules(policy: &AuthorizationPolicy) -> impl Iterator<Item = RuleClauses<'_>> {
    policy.rules.iter().enumerate().map(|(position, rule)| RuleClauses::new(position, rule))
}

/// The two lists of a clause, by their names.
type Named<'p> = [(&'static str, &'p [Str]); 2];

fn clause<'p>(
    attribute: Attribute,
    place: Place,
    [(name, values), (not_name, not_values)]: Named<'p>,
) -> Option<Clause<'p>> {
    let list = |name, values| List { values, place, name };
    let (values, not_values) = (list(name, values), list(not_name, not_values));
    (!values.is_empty() || !not_values.is_empty()).then_some(Clause { attribute, values, not_values })
}

fn source(s: &Source, place: Place) -> Vec<Clause<'_>> {
    let lists: [(Caller, Named<'_>); 7] = [
        (Caller::Principal, [("principals", &s.principals), ("notPrincipals", &s.not_principals)]),
        (
            Caller::RequestPrincipal,
            [
                ("requestPrincipals", &s.request_principals),
                ("notRequestPrincipals", &s.not_request_principals),
            ],
        ),
        (
            Caller::ServiceAccount,
            [("serviceAccounts", &s.service_accounts), ("notServiceAccounts", &s.not_service_accounts)],
        ),
        (
            Caller::TrustDomain,
            [("trustDomains", &s.trust_domains), ("notTrustDomains", &s.not_trust_domains)],
        ),
        (Caller::Namespace, [("namespaces", &s.namespaces), ("notNamespaces", &s.not_namespaces)]),
        (Caller::SourceIp, [("ipBlocks", &s.ip_blocks), ("notIpBlocks", &s.not_ip_blocks)]),
        (
            Caller::RemoteIp,
            [("remoteIpBlocks", &s.remote_ip_blocks), ("notRemoteIpBlocks", &s.not_remote_ip_blocks)],
        ),
    ];
    let clauses =
        lists.into_iter().filter_map(|(caller, lists)| clause(Attribute::Caller(caller), place, lists));
    clauses.collect()
}

fn operation(o: &Operation, place: Place) -> Vec<Clause<'_>> {
    let lists: [(Target, Named<'_>); 4] = [
        (Target::Host, [("hosts", &o.hosts), ("notHosts", &o.not_hosts)]),
        (Target::Method, [("methods", &o.methods), ("notMethods", &o.not_methods)]),
        (Target::Path, [("paths", &o.paths), ("notPaths", &o.not_paths)]),
        (Target::DestinationPort, [("ports", &o.ports), ("notPorts", &o.not_ports)]),
    ];
    let clauses =
        lists.into_iter().filter_map(|(target, lists)| clause(Attribute::Target(target), place, lists));
    clauses.collect()
}

fn condition(when: &Condition, place: Place) -> Option<Clause<'_>> {
    let lists: Named<'_> = [("values", &when.values), ("notValues", &when.not_values)];
    clause(Attribute::of_key(&when.key)?, place, lists)
}
