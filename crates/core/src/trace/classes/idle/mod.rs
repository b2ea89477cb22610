//! What decides nothing in a chain: routes that no request gets to, and rules of policies that others leave
//! nothing for.
//!
//! That is proved for all requests, or not said. Chains that ask the same are asked once.

mod chains;
mod group;
mod proof;

use std::rc::Rc;

use envoy::Message;
use envoy::config::route::v3::RouteMatch;

pub(crate) use chains::{Chains, rules_elsewhere};

use super::condition::Destination;
use crate::hash::HashMap;
use crate::opened::{OpenedChain, OpenedRoute};
use crate::snapshot::Cause;
use crate::trace::network::Chain;
use crate::trace::rbac::RequestCondition;
use crate::trace::route;
use group::{Group, groups};

/// A route, or a rule of a policy, in one chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Element {
    /// What made it, the decisive thing first.
    pub(crate) cause: Cause,
    /// Why it decides nothing; none where it may.
    pub(crate) idle: Option<Idle>,
}

/// Why an element decides nothing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Idle {
    /// DENY rules refuse all that it would admit.
    Denied(Vec<Cause>),
    /// Routes before it take all that it would; of a rule: those of the same action do what it does.
    Covered(Vec<Cause>),
}

/// How many chains that ask different things are asked.
const MAX_CHAINS: usize = 100;

/// Asks chains what decides nothing in them.
#[derive(Debug, Default)]
pub(crate) struct Prover {
    routes: HashMap<Vec<u8>, Rc<[Verdict]>>,
    rules: HashMap<Vec<u8>, Rules>,
}

/// The positions of those that leave nothing for a route, if that is proved.
type Verdict = Option<Vec<usize>>;

/// What was found of the policies of chains that have the same.
#[derive(Debug, Default)]
struct Rules {
    /// Whether they ask what a connection is meant for.
    ask_destination: bool,
    found: Vec<(Option<Destination>, Rc<[Element]>)>,
}

impl Prover {
    /// The routes of a chain that have something to name.
    pub(crate) fn routes(&mut self, chain: &OpenedChain<'_>) -> Vec<Element> {
        let mut elements = Vec::new();
        for routes in chain.routes() {
            let all = routes.routes();
            for host in all.chunk_by(|one, other| std::ptr::eq(one.host, other.host)) {
                let verdicts = self.verdicts(host);
                let cause = |route: &OpenedRoute<'_, '_>| route.origin?.causes.first().cloned();
                let causes: Vec<Option<Cause>> = host.iter().map(cause).collect();
                for (cause, verdict) in causes.iter().zip(&*verdicts) {
                    let Some(cause) = cause else { continue };
                    let by = verdict.iter().flatten().map(|at| causes.get(*at)?.clone());
                    let idle = verdict.as_ref().and_then(|_| by.collect::<Option<_>>()).map(Idle::Covered);
                    elements.push(Element { cause: cause.clone(), idle });
                }
            }
        }
        elements
    }

    /// What is proved of each route of a host.
    fn verdicts(&mut self, routes: &[OpenedRoute<'_, '_>]) -> Rc<[Verdict]> {
        let default = RouteMatch::default();
        let matches = || routes.iter().map(|route| route.message.r#match.as_ref().unwrap_or(&default));
        let key = matches().flat_map(Message::encode_length_delimited_to_vec).collect();
        let is_full = self.routes.len() >= MAX_CHAINS;
        let verdicts = self.routes.entry(key).or_insert_with(|| {
            let conditions: Vec<RequestCondition> = matches().map(route::condition).collect();
            let proved = if is_full { None } else { proof::of_routes(&conditions).ok() };
            proved.unwrap_or_else(|| vec![None; conditions.len()]).into()
        });
        Rc::clone(verdicts)
    }

    /// The rules of the policies of a chain, for connections that are meant for a destination.
    pub(crate) fn rules(
        &mut self,
        chain: &OpenedChain<'_>,
        destination: Option<Destination>,
    ) -> Rc<[Element]> {
        let is_full = self.rules.len() >= MAX_CHAINS;
        let known = self.rules.entry(group::filters(chain)).or_default();
        let same = |other: &Option<Destination>| !known.ask_destination || *other == destination;
        if let Some((_, found)) = known.found.iter().find(|(other, _)| same(other)) {
            return Rc::clone(found);
        }
        let chain = Chain::new(chain);
        let groups = if is_full { Vec::new() } else { groups(&chain) };
        known.ask_destination = groups.iter().any(Group::asks_destination);
        let proved = groups.iter().filter_map(|group| group.elements(destination).ok());
        let mut elements: Vec<Element> = proved.flatten().collect();
        // Of the others nothing is proved here.
        for rule in group::rules(&chain) {
            if let Some(cause) =
                rule.cause.clone().filter(|cause| elements.iter().all(|one| one.cause != *cause))
            {
                elements.push(Element { cause, idle: None });
            }
        }
        let elements: Rc<[Element]> = elements.into();
        known.found.push((destination, Rc::clone(&elements)));
        elements
    }
}
