//! Rules of policies that look at the same request.

use decisions::Condition as Diagram;
use envoy::Message;
use envoy::config::rbac::v3::rbac::Action;
use envoy::config::route::v3::Route;

use super::proof::{NotProved, Proof, domains};
use super::{Element, Idle};
use crate::opened::{self, OpenedChain};
use crate::snapshot::Cause;
use crate::trace::asked::RequestTest;
use crate::trace::classes::condition::Destination;
use crate::trace::classes::fits::Fits;
use crate::trace::condition::Condition;
use crate::trace::manager::FilterDoes;
use crate::trace::network::{Chain, NetworkFilter};
use crate::trace::rbac::{RequestCondition, Rule};
use crate::trace::verdict::RbacFilter;

/// What of the filters of a chain decides about policies, encoded.
pub(super) fn filters(chain: &OpenedChain<'_>) -> Vec<u8> {
    let mut key = Vec::new();
    for filter in &chain.filters {
        match &filter.config {
            opened::NetworkFilter::Http(manager) => {
                for filter in manager.filters() {
                    key.extend(filter.message.encode_length_delimited_to_vec());
                }
                // What routes have of their own for filters may change what those do.
                key.extend(manager.discovers().unwrap_or_default().as_bytes());
                if let Some(routes) = manager.routes() {
                    for host in &routes.message.virtual_hosts {
                        host.typed_per_filter_config.keys().for_each(|name| key.extend(name.bytes()));
                    }
                    for Route { typed_per_filter_config: own, .. } in
                        routes.routes().into_iter().map(|route| route.message)
                    {
                        own.keys().for_each(|name| key.extend(name.bytes()));
                    }
                }
            }
            _ => key.extend(filter.message.encode_length_delimited_to_vec()),
        }
    }
    key
}

/// Rules that look at the same request, one after the other.
#[derive(Debug, Default)]
pub(super) struct Group {
    denying: Vec<Rule>,
    /// Of one filter each.
    admitting: Vec<Vec<Rule>>,
}

/// The groups of a chain; none where a route may have policies of its own.
pub(super) fn groups(chain: &Chain) -> Vec<Group> {
    let mut groups = vec![Group::default()];
    let mut add = |filter: Option<&RbacFilter>| match (filter, groups.last_mut()) {
        (Some(filter), Some(group)) => group.add(filter),
        // What another filter does to a request is not known here.
        _ => groups.push(Group::default()),
    };
    for filter in &chain.filters {
        match filter {
            NetworkFilter::Rbac(filter) => add(Some(filter)),
            NetworkFilter::Http(manager) => {
                for filter in &manager.filters {
                    match &filter.does {
                        FilterDoes::Rbac(_) if filter.may_be_overridden => return Vec::new(),
                        FilterDoes::Rbac(filter) => add(Some(filter)),
                        _ => add(None),
                    }
                }
            }
            _ => add(None),
        }
    }
    groups
}

/// All rules of the policies of a chain that are enforced.
pub(super) fn rules(chain: &Chain) -> impl Iterator<Item = &Rule> {
    let filters = chain.filters.iter().flat_map(|filter| match filter {
        NetworkFilter::Rbac(filter) => vec![&**filter],
        NetworkFilter::Http(manager) => {
            let policies = manager.filters.iter().filter_map(|filter| match &filter.does {
                FilterDoes::Rbac(filter) => Some(&**filter),
                _ => None,
            });
            policies.collect()
        }
        _ => Vec::new(),
    });
    filters.filter_map(|filter| filter.rules.as_ref()).flat_map(|policies| &policies.rules)
}

impl Group {
    fn add(&mut self, filter: &RbacFilter) {
        let Some(policies) = &filter.rules else { return };
        match policies.action {
            // What is denied after it was admitted says nothing of what is admitted.
            Action::Deny if self.admitting.is_empty() => self.denying.extend(policies.rules.iter().cloned()),
            Action::Allow => self.admitting.push(policies.rules.clone()),
            Action::Deny | Action::Log => {}
        }
    }

    fn all(&self) -> impl Iterator<Item = &Rule> {
        self.denying.iter().chain(self.admitting.iter().flatten())
    }

    pub(super) fn asks_destination(&self) -> bool {
        self.all().any(|rule| asks_destination(&rule.condition))
    }

    /// What is proved of each rule.
    pub(super) fn elements(&self, destination: Option<Destination>) -> Result<Vec<Element>, NotProved> {
        let domains = domains(self.all().map(|rule| &rule.condition))?;
        let mut proof = Proof::new(&domains, destination);
        let denied = proof.fits(self.denying.iter().map(|rule| &rule.condition))?;
        let mut elements = Vec::new();
        for (at, rule) in self.denying.iter().enumerate() {
            let by = proof.covered(denied.get(at).copied(), others(&denied, at))?;
            elements.extend(element(rule, by.and_then(|by| causes(&by, &self.denying)).map(Idle::Covered)));
        }
        for rules in &self.admitting {
            let admitted = proof.fits(rules.iter().map(|rule| &rule.condition))?;
            for (at, rule) in rules.iter().enumerate() {
                let fits = admitted.get(at).copied();
                let by = proof.covered(fits, others(&denied, denied.len()))?;
                let mut idle = by.and_then(|by| causes(&by, &self.denying)).map(Idle::Denied);
                if idle.is_none() {
                    let by = proof.covered(fits, others(&admitted, at))?;
                    idle = by.and_then(|by| causes(&by, rules)).map(Idle::Covered);
                }
                elements.extend(element(rule, idle));
            }
        }
        Ok(elements)
    }
}

fn element(rule: &Rule, idle: Option<Idle>) -> Option<Element> {
    Some(Element { cause: rule.cause.clone()?, idle })
}

/// What made the rules at some positions; none where that is not told of one.
fn causes(positions: &[usize], rules: &[Rule]) -> Option<Vec<Cause>> {
    positions.iter().map(|at| rules.get(*at)?.cause.clone()).collect()
}

/// All but one, each with its position.
fn others(all: &[Fits], but: usize) -> Vec<(usize, Diagram)> {
    all.iter().enumerate().filter(|(at, _)| *at != but).map(|(at, fits)| (at, fits.surely)).collect()
}

fn asks_destination(condition: &RequestCondition) -> bool {
    match condition {
        Condition::All(parts) | Condition::Any(parts) => parts.iter().any(asks_destination),
        Condition::Not(other) => asks_destination(other),
        Condition::Test(test) => {
            matches!(test, RequestTest::Port(_) | RequestTest::Ports(..) | RequestTest::Destination(_))
        }
    }
}
