//! What tells classes of requests apart.

use std::collections::BTreeMap;

use crate::hash::HashMap;
use crate::snapshot::Cause;

/// The way of a class of requests, as far as it makes a difference: of two requests with the same mark the
/// same comes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Mark {
    /// Files do not tell what comes of it.
    Unknown,
    /// Nothing tells requests apart from here on.
    Same,
    /// Nothing happens to it here.
    Nothing,
    /// A token is not taken.
    TokenRefused,
    /// A filter refuses it, by this rule, or since none fits.
    Refused { filter: usize, rule: Option<usize> },
    /// A rule of a filter lets it pass.
    Passed { filter: usize, rule: usize, after: u32 },
    /// An external authorizer is asked.
    Asked { filter: usize, after: u32 },
    /// The proxy answers a preflight.
    Preflight { host: usize, route: usize },
    /// A fault may be injected.
    Fault { route: Option<(usize, usize)>, after: u32 },
    /// No route fits, of a host or for lack of one.
    NoRoute(Option<usize>),
    /// A route takes it.
    Route { host: usize, route: usize },
    /// A policy of ztunnel denies, or lets it pass; or none that allows fits.
    Guard { denies: bool, policy: Option<String> },
    /// What the policies of several workloads come to.
    Both(u32, u32),
}

/// In which order things are looked at: what refuses by a rule, then what lets requests pass and the routes,
/// then what is left.
pub(super) type Order = Vec<(u8, usize, usize)>;

/// Marks by number.
#[derive(Debug, Default)]
pub(super) struct Marks {
    numbers: HashMap<Mark, u32>,
    all: Vec<Mark>,
    /// What made the rules that let requests pass, and the policies of ztunnel by name.
    rules: BTreeMap<(usize, usize), Cause>,
    policies: BTreeMap<String, Cause>,
}

impl Marks {
    pub(super) fn number(&mut self, mark: Mark) -> u32 {
        if let Some(number) = self.numbers.get(&mark) {
            return *number;
        }
        let number = u32::try_from(self.all.len()).unwrap_or(u32::MAX);
        self.numbers.insert(mark.clone(), number);
        self.all.push(mark);
        number
    }

    /// The mark of what lets a request pass.
    pub(super) fn passed(
        &mut self,
        (filter, rule): (usize, usize),
        cause: Option<&Cause>,
        after: u32,
    ) -> u32 {
        if let Some(cause) = cause {
            self.rules.entry((filter, rule)).or_insert_with(|| cause.clone());
        }
        self.number(Mark::Passed { filter, rule, after })
    }

    /// The mark of what a policy of ztunnel decides.
    pub(super) fn guard(&mut self, denies: bool, policy: Option<(&str, Option<&Cause>)>) -> u32 {
        if let Some((name, Some(cause))) = policy {
            self.policies.entry(name.to_owned()).or_insert_with(|| cause.clone());
        }
        self.number(Mark::Guard { denies, policy: policy.map(|(name, _)| name.to_owned()) })
    }

    pub(super) fn get(&self, number: u32) -> Option<&Mark> {
        self.all.get(usize::try_from(number).ok()?)
    }

    /// Whether files do not tell what comes of it.
    pub(super) fn is_unknown(&self, number: u32) -> bool {
        match self.get(number) {
            None | Some(Mark::Unknown) => true,
            Some(Mark::Passed { after, .. } | Mark::Asked { after, .. } | Mark::Fault { after, .. }) => {
                self.is_unknown(*after)
            }
            Some(Mark::Both(one, other)) => self.is_unknown(*one) || self.is_unknown(*other),
            Some(_) => false,
        }
    }

    /// When what has this mark is decided.
    pub(super) fn order(&self, number: u32) -> Order {
        let mut order = Vec::new();
        self.add_order(number, &mut order);
        order
    }

    fn add_order(&self, number: u32, order: &mut Order) {
        let Some(mark) = self.get(number) else { return };
        match mark {
            Mark::TokenRefused => order.push((0, 0, 0)),
            Mark::Refused { filter, rule: Some(rule) } => order.push((1, *filter, *rule)),
            Mark::Guard { denies: true, policy: Some(_) } => order.push((1, 0, 0)),
            Mark::Unknown => order.push((2, 0, 0)),
            Mark::Preflight { host, route } => order.push((3, *host, *route)),
            Mark::Passed { filter, rule, after } => {
                order.push((4, *filter, *rule));
                self.add_order(*after, order);
            }
            Mark::Asked { after, .. } | Mark::Fault { after, .. } => self.add_order(*after, order),
            Mark::Both(one, other) => {
                self.add_order(*one, order);
                self.add_order(*other, order);
            }
            Mark::Route { host, route } => order.push((5, *host, *route)),
            Mark::NoRoute(host) => order.push((6, host.unwrap_or(usize::MAX), 0)),
            Mark::Guard { .. } | Mark::Same | Mark::Nothing => order.push((7, 0, 0)),
            Mark::Refused { filter, rule: None } => order.push((8, *filter, 0)),
        }
    }

    /// What lets requests with a mark pass: rules of policies, in the order of their filters.
    pub(super) fn passed_by(&self, number: u32) -> Vec<Cause> {
        let mut causes = Vec::new();
        self.add_passed_by(number, &mut causes);
        causes.dedup();
        causes
    }

    fn add_passed_by(&self, number: u32, causes: &mut Vec<Cause>) {
        match self.get(number) {
            Some(Mark::Passed { filter, rule, after }) => {
                causes.extend(self.rules.get(&(*filter, *rule)).cloned());
                self.add_passed_by(*after, causes);
            }
            Some(Mark::Asked { after, .. } | Mark::Fault { after, .. }) => self.add_passed_by(*after, causes),
            Some(Mark::Guard { policy: Some(name), .. }) => causes.extend(self.policies.get(name).cloned()),
            Some(Mark::Both(one, other)) => {
                self.add_passed_by(*one, causes);
                self.add_passed_by(*other, causes);
            }
            _ => {}
        }
    }
}
