//! How much a question may take.

use thiserror::Error;

/// How much may be computed for one question. The defaults take some hundred megabytes and a few seconds at
/// most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the automaton that knows the classes of one attribute.
    pub automaton_bytes: usize,
    /// Classes of one attribute.
    pub classes: usize,
    /// Nodes of all diagrams together.
    pub nodes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { automaton_bytes: 32 << 20, classes: 20_000, nodes: 1 << 20 }
    }
}

/// What a question takes more of than it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TooMuch {
    /// The automaton of an attribute is too large.
    #[error("what is asked of one attribute takes an automaton of more than {0} bytes")]
    Automaton(usize),
    /// An attribute has too many classes.
    #[error("one attribute has more than {0} classes of values")]
    Classes(usize),
    /// The diagrams have too many nodes.
    #[error("the decision takes diagrams of more than {0} nodes")]
    Nodes(usize),
}
