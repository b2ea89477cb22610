//! Conditions and decisions on classes, as diagrams.
//!
//! A node asks for the class of one attribute, and has an edge for each stretch of classes that lead on to
//! the same. Attributes are asked in one order, no node is there twice, and none has only one edge: so two
//! diagrams say the same exactly when they are the same node. (Known as multi-valued, multi-terminal decision
//! diagrams.)

use std::sync::Arc;

use crate::hash::HashMap;
use crate::{ClassSet, Limits, TooMuch};

/// What holds for some combinations of classes, does not for others, and is not known for the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Condition(pub(crate) Ref);

impl Condition {
    /// What never holds.
    pub const NO: Self = Self(Ref::terminal(0));
    /// What always holds.
    pub const YES: Self = Self(Ref::terminal(1));
    /// What is never known.
    pub const UNKNOWN: Self = Self(Ref::terminal(2));
}

/// What comes of each combination of classes: a number that means something to the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Decision(Ref);

impl Decision {
    /// The same for everything. Numbers are below 2³¹ − 1; higher ones count as that.
    #[must_use]
    pub const fn always(outcome: u32) -> Self {
        Self(Ref::terminal(outcome))
    }
}

impl From<Condition> for Decision {
    /// A condition decides between 0 (no), 1 (yes) and 2 (not known).
    fn from(condition: Condition) -> Self {
        Self(condition.0)
    }
}

/// A node, or what is decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Ref(u32);

const TERMINAL: u32 = 1 << 31;

impl Ref {
    const fn terminal(number: u32) -> Self {
        Self(if number < TERMINAL { number | TERMINAL } else { u32::MAX })
    }

    pub(crate) const fn as_terminal(self) -> Option<u32> {
        if self.0 & TERMINAL == 0 { None } else { Some(self.0 & !TERMINAL) }
    }
}

/// From the class `from` up to the next edge's, it goes on to `to`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Edge {
    pub(crate) from: u32,
    pub(crate) to: Ref,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Node {
    pub(crate) attribute: u32,
    pub(crate) edges: Arc<[Edge]>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Operation {
    And,
    Or,
    /// What two decisions come to, as the number of a pair.
    Pair,
    /// Whether what is known differs.
    Differ,
    /// Whether a decision comes to this.
    Is(u32),
}

/// Makes diagrams, over attributes that have some number of classes each.
#[derive(Clone, Debug)]
pub struct Diagrams {
    sizes: Vec<usize>,
    most_nodes: usize,
    nodes: Vec<Node>,
    unique: HashMap<Node, Ref>,
    applied: HashMap<(Operation, Ref, Ref), Ref>,
    chosen: HashMap<[Ref; 4], Ref>,
    pairs: Vec<(u32, u32)>,
    pair_numbers: HashMap<(u32, u32), u32>,
    if_unknown: u32,
}

impl Diagrams {
    /// For attributes with so many classes, asked in this order.
    #[must_use]
    pub fn new(sizes: Vec<usize>, limits: &Limits) -> Self {
        Self {
            sizes,
            most_nodes: limits.nodes,
            nodes: Vec::new(),
            unique: HashMap::default(),
            applied: HashMap::default(),
            chosen: HashMap::default(),
            pairs: Vec::new(),
            pair_numbers: HashMap::default(),
            if_unknown: TERMINAL - 1,
        }
    }

    /// What choices come to from now on whose condition is not known; without it the highest number.
    pub fn unknown_comes_to(&mut self, outcome: u32) {
        self.if_unknown = outcome;
    }

    /// How many classes an attribute has.
    #[must_use]
    pub fn size(&self, attribute: usize) -> usize {
        self.sizes.get(attribute).copied().unwrap_or_default()
    }

    /// How many nodes there are.
    #[must_use]
    pub fn nodes(&self) -> usize {
        self.nodes.len()
    }

    /// Whether the class of an attribute is one of these.
    ///
    /// # Errors
    ///
    /// When there are too many nodes.
    pub fn test(&mut self, attribute: usize, classes: &ClassSet) -> Result<Condition, TooMuch> {
        let size = u32::try_from(self.size(attribute)).unwrap_or(u32::MAX);
        let holds = |class: u32| usize::try_from(class).is_ok_and(|class| classes.contains(class));
        let edges = (0..size).map(|class| {
            let to = if holds(class) { Condition::YES.0 } else { Condition::NO.0 };
            Edge { from: class, to }
        });
        if size == 0 {
            return Ok(Condition::NO);
        }
        let attribute = u32::try_from(attribute).unwrap_or(u32::MAX);
        self.node(attribute, edges).map(Condition)
    }

    /// Whether both hold.
    ///
    /// # Errors
    ///
    /// When there are too many nodes.
    pub fn and(&mut self, a: Condition, b: Condition) -> Result<Condition, TooMuch> {
        // The order makes no difference: one is enough.
        self.apply(Operation::And, a.0.min(b.0), a.0.max(b.0)).map(Condition)
    }

    /// Whether any holds.
    ///
    /// # Errors
    ///
    /// When there are too many nodes.
    pub fn or(&mut self, a: Condition, b: Condition) -> Result<Condition, TooMuch> {
        self.apply(Operation::Or, a.0.min(b.0), a.0.max(b.0)).map(Condition)
    }

    /// Whether it does not hold; what is not known stays so.
    ///
    /// # Errors
    ///
    /// When there are too many nodes.
    pub fn not(&mut self, condition: Condition) -> Result<Condition, TooMuch> {
        self.choice(condition.0, Condition::NO.0, Condition::YES.0, Condition::UNKNOWN.0).map(Condition)
    }

    /// One decision where a condition holds, another where it does not.
    ///
    /// # Errors
    ///
    /// When there are too many nodes.
    pub fn choose(
        &mut self,
        condition: Condition,
        then: Decision,
        otherwise: Decision,
    ) -> Result<Decision, TooMuch> {
        let unknown = Ref::terminal(self.if_unknown);
        self.choice(condition.0, then.0, otherwise.0, unknown).map(Decision)
    }

    /// Where a decision comes to an outcome.
    ///
    /// # Errors
    ///
    /// When there are too many nodes.
    pub fn comes_to(&mut self, decision: Decision, outcome: u32) -> Result<Condition, TooMuch> {
        self.apply(Operation::Is(outcome), decision.0, decision.0).map(Condition)
    }

    /// Where two decisions are not the same.
    ///
    /// # Errors
    ///
    /// When there are too many nodes.
    pub fn differ(&mut self, a: impl Into<Decision>, b: impl Into<Decision>) -> Result<Condition, TooMuch> {
        self.apply(Operation::Differ, a.into().0, b.into().0).map(Condition)
    }

    /// The same decision with other outcomes.
    ///
    /// # Errors
    ///
    /// When there are too many nodes.
    pub fn map(&mut self, decision: Decision, to: &mut impl FnMut(u32) -> u32) -> Result<Decision, TooMuch> {
        self.mapped(decision.0, to, &mut HashMap::default()).map(Decision)
    }

    fn mapped(
        &mut self,
        at: Ref,
        to: &mut impl FnMut(u32) -> u32,
        known: &mut HashMap<Ref, Ref>,
    ) -> Result<Ref, TooMuch> {
        if let Some(known) = known.get(&at) {
            return Ok(*known);
        }
        let made = match (at.as_terminal(), self.at(at).cloned()) {
            (Some(outcome), _) => Ref::terminal(to(outcome)),
            (None, Some(node)) => {
                let mut edges = Vec::with_capacity(node.edges.len());
                for edge in &*node.edges {
                    edges.push(Edge { from: edge.from, to: self.mapped(edge.to, to, known)? });
                }
                self.node(node.attribute, edges)?
            }
            (None, None) => at,
        };
        known.insert(at, made);
        Ok(made)
    }

    /// What two decisions come to together: the numbers are those of [`Diagrams::pair`].
    ///
    /// # Errors
    ///
    /// When there are too many nodes.
    pub fn pairs(&mut self, a: Decision, b: Decision) -> Result<Decision, TooMuch> {
        self.apply(Operation::Pair, a.0, b.0).map(Decision)
    }

    /// The two outcomes of a pair.
    #[must_use]
    pub fn pair(&self, number: u32) -> Option<(u32, u32)> {
        self.pairs.get(usize::try_from(number).ok()?).copied()
    }

    /// Everything that a decision may come to, in order.
    #[must_use]
    pub fn outcomes(&self, decision: Decision) -> Vec<u32> {
        let mut outcomes = std::collections::BTreeSet::new();
        let mut seen = crate::hash::HashSet::default();
        let mut open = vec![decision.0];
        while let Some(at) = open.pop() {
            if let Some(outcome) = at.as_terminal() {
                outcomes.insert(outcome);
            } else if seen.insert(at) {
                open.extend(self.edges(at).iter().map(|edge| edge.to));
            }
        }
        outcomes.into_iter().collect()
    }

    /// What a decision comes to for one class of each attribute.
    #[must_use]
    pub fn outcome(&self, decision: impl Into<Decision>, classes: &[usize]) -> Option<u32> {
        let mut at = decision.into().0;
        while let Some(node) = self.at(at) {
            let class = classes.get(usize::try_from(node.attribute).ok()?)?;
            let class = u32::try_from(*class).ok()?;
            let after = node.edges.partition_point(|edge| edge.from <= class);
            at = node.edges.get(after.checked_sub(1)?)?.to;
        }
        at.as_terminal()
    }

    /// The classes of an attribute that some combination has for which a condition holds. What is not known
    /// counts as holding.
    #[must_use]
    pub fn classes_in(&self, condition: Condition, attribute: usize) -> crate::ClassSet {
        let size = self.size(attribute);
        let asked = u32::try_from(attribute).unwrap_or(u32::MAX);
        let mut classes = crate::ClassSet::with_capacity(size);
        let mut seen = crate::hash::HashSet::default();
        let mut open = vec![condition.0];
        while let Some(at) = open.pop() {
            if at == Condition::NO.0 || !seen.insert(at) {
                continue;
            }
            match self.at(at) {
                Some(node) if node.attribute < asked => open.extend(node.edges.iter().map(|edge| edge.to)),
                Some(node) if node.attribute == asked => {
                    let ends = node.edges.iter().skip(1).map(|edge| edge.from);
                    let ends = ends.map(|end| usize::try_from(end).unwrap_or(size)).chain([size]);
                    for (edge, end) in node.edges.iter().zip(ends) {
                        if edge.to != Condition::NO.0 {
                            let from = usize::try_from(edge.from).unwrap_or(size).min(end);
                            classes.insert_range(from..end);
                        }
                    }
                }
                // It is not asked on this way.
                _ => classes.insert_range(..),
            }
        }
        classes
    }

    pub(crate) fn at(&self, at: Ref) -> Option<&Node> {
        if at.as_terminal().is_some() {
            return None;
        }
        self.nodes.get(usize::try_from(at.0).ok()?)
    }

    fn edges(&self, at: Ref) -> &[Edge] {
        self.at(at).map_or(&[], |node| &node.edges)
    }

    /// The only node that asks this.
    fn node(&mut self, attribute: u32, edges: impl IntoIterator<Item = Edge>) -> Result<Ref, TooMuch> {
        let mut merged: Vec<Edge> = Vec::new();
        for edge in edges {
            if merged.last().is_none_or(|last| last.to != edge.to) {
                merged.push(edge);
            }
        }
        if let [only] = merged.as_slice() {
            return Ok(only.to);
        }
        let node = Node { attribute, edges: merged.into() };
        if let Some(known) = self.unique.get(&node) {
            return Ok(*known);
        }
        if self.nodes.len() >= self.most_nodes {
            return Err(TooMuch::Nodes(self.most_nodes));
        }
        let at = u32::try_from(self.nodes.len()).ok().filter(|number| *number < TERMINAL);
        let at = Ref(at.ok_or(TooMuch::Nodes(self.most_nodes))?);
        self.nodes.push(node.clone());
        self.unique.insert(node, at);
        Ok(at)
    }

    fn apply(&mut self, operation: Operation, a: Ref, b: Ref) -> Result<Ref, TooMuch> {
        if let Some(done) = self.decided(operation, a, b) {
            return Ok(done);
        }
        let key = (operation, a, b);
        if let Some(known) = self.applied.get(&key) {
            return Ok(*known);
        }
        let (attribute, stretches) = self.split([a, b]);
        let mut edges = Vec::with_capacity(stretches.len());
        for (from, [a, b]) in stretches {
            let ordered = matches!(operation, Operation::And | Operation::Or) && a > b;
            let (a, b) = if ordered { (b, a) } else { (a, b) };
            edges.push(Edge { from, to: self.apply(operation, a, b)? });
        }
        let made = self.node(attribute, edges)?;
        self.applied.insert(key, made);
        Ok(made)
    }

    /// What needs no look at nodes.
    fn decided(&mut self, operation: Operation, a: Ref, b: Ref) -> Option<Ref> {
        let (no, yes) = (Condition::NO.0, Condition::YES.0);
        match operation {
            Operation::And if a == no || b == no => Some(no),
            Operation::And if a == yes || a == b => Some(b),
            Operation::And if b == yes => Some(a),
            Operation::Or if a == yes || b == yes => Some(yes),
            Operation::Or if a == no || a == b => Some(b),
            Operation::Or if b == no => Some(a),
            Operation::Differ if a == b => Some(no),
            // Two terminals are left that are not the same.
            Operation::Differ => a.as_terminal().and(b.as_terminal()).map(|_| yes),
            Operation::Is(outcome) => a.as_terminal().map(|found| if found == outcome { yes } else { no }),
            Operation::Pair => {
                let pair = (a.as_terminal()?, b.as_terminal()?);
                Some(Ref::terminal(self.pair_number(pair)))
            }
            Operation::And | Operation::Or => None,
        }
    }

    fn pair_number(&mut self, pair: (u32, u32)) -> u32 {
        let next = u32::try_from(self.pairs.len()).unwrap_or(u32::MAX);
        let number = *self.pair_numbers.entry(pair).or_insert(next);
        if number == next {
            self.pairs.push(pair);
        }
        number
    }

    /// `then` where the condition holds, `otherwise` where it does not, `unknown` where that is not known.
    fn choice(&mut self, condition: Ref, then: Ref, otherwise: Ref, unknown: Ref) -> Result<Ref, TooMuch> {
        match condition.as_terminal() {
            Some(0) => return Ok(otherwise),
            Some(1) => return Ok(then),
            Some(_) => return Ok(unknown),
            None => {}
        }
        let key = [condition, then, otherwise, unknown];
        if let Some(known) = self.chosen.get(&key) {
            return Ok(*known);
        }
        let (attribute, stretches) = self.split([condition, then, otherwise]);
        let mut edges = Vec::with_capacity(stretches.len());
        for (from, [condition, then, otherwise]) in stretches {
            edges.push(Edge { from, to: self.choice(condition, then, otherwise, unknown)? });
        }
        let made = self.node(attribute, edges)?;
        self.chosen.insert(key, made);
        Ok(made)
    }

    /// The first attribute that any of some diagrams asks for, and where each goes on to, by stretches of
    /// classes.
    fn split<const N: usize>(&self, all: [Ref; N]) -> (u32, Vec<(u32, [Ref; N])>) {
        let attribute = all.iter().filter_map(|at| Some(self.at(*at)?.attribute)).min().unwrap_or_default();
        let whole = |at: Ref| [Edge { from: 0, to: at }];
        let edges = all.map(|at| match self.at(at) {
            Some(node) if node.attribute == attribute => Arc::clone(&node.edges),
            _ => Arc::new(whole(at)),
        });
        let mut starts: Vec<u32> =
            edges.iter().flat_map(|edges| edges.iter().map(|edge| edge.from)).collect();
        starts.sort_unstable();
        starts.dedup();
        let mut positions = [0usize; N];
        let stretches = starts.into_iter().map(|from| {
            let mut index = 0;
            let next = all.map(|at| {
                let (edges, position) = match (edges.get(index), positions.get_mut(index)) {
                    (Some(edges), Some(position)) => (edges, position),
                    _ => return at,
                };
                index += 1;
                while edges.get(*position + 1).is_some_and(|edge| edge.from <= from) {
                    *position += 1;
                }
                edges.get(*position).map_or(at, |edge| edge.to)
            });
            (from, next)
        });
        let stretches = stretches.collect();
        (attribute, stretches)
    }
}
