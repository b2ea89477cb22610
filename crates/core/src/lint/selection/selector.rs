//! A code, a group of them, or all.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;

use crate::nearest::{did_you_mean, nearest};
use crate::problem::{Code, Group};

/// What chooses codes: one of them, a group, or all.
///
/// ```
/// use waypoint_xds::lint::Selector;
/// use waypoint_xds::problem::{Code, Group};
///
/// assert_eq!("method-case".parse(), Ok(Selector::Code(Code::MethodCase)));
/// assert_eq!("security".parse(), Ok(Selector::Group(Group::Security)));
/// let error = "methodcase".parse::<Selector>().unwrap_err();
/// assert_eq!(error.to_string(), "`methodcase` is neither a problem's code nor a group: did you mean `method-case`?");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(try_from = "String")]
#[non_exhaustive]
pub enum Selector {
    /// All codes.
    All,
    /// The codes of a group.
    Group(Group),
    /// A code.
    Code(Code),
}

impl Selector {
    /// How near it is to a code that it chooses: 0 for all, more for a group, most for the code itself. None
    /// where it does not choose it.
    #[must_use]
    pub fn nearness(self, code: Code) -> Option<u8> {
        match self {
            Self::All => Some(0),
            Self::Group(group) => (group == code.group()).then_some(1),
            Self::Code(other) => (other == code).then_some(2),
        }
    }
}

/// A word that is neither a code nor a group.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{word}` is neither a problem's code nor a group{}", meant(.near))]
pub struct UnknownSelector {
    /// The word.
    pub word: String,
    /// Codes and groups that may have been meant, the likeliest first.
    pub near: Vec<&'static str>,
}

/// As many words are listed as near ones.
const LISTED: usize = 5;

fn meant(near: &[&str]) -> String {
    if near.is_empty() {
        return "; `waypoint-xds explain` lists them".to_owned();
    }
    format!(": {}", did_you_mean(near))
}

impl UnknownSelector {
    pub(crate) fn new(word: &str) -> Self {
        let all = || names();
        let likeliest = nearest(word, all());
        let parts = all().filter(|name| !word.is_empty() && name.contains(word) && Some(*name) != likeliest);
        Self { word: word.to_owned(), near: likeliest.into_iter().chain(parts).take(LISTED).collect() }
    }
}

/// Every word that chooses.
fn names() -> impl Iterator<Item = &'static str> {
    let codes = Code::ALL.iter().map(|code| code.id());
    std::iter::once("all").chain(Group::ALL.into_iter().map(Group::as_str)).chain(codes)
}

impl FromStr for Selector {
    type Err = UnknownSelector;

    fn from_str(word: &str) -> Result<Self, UnknownSelector> {
        if word == "all" || word == "*" {
            return Ok(Self::All);
        }
        let group = Group::ALL.into_iter().find(|group| group.as_str() == word).map(Self::Group);
        let code = || word.parse().ok().map(Self::Code);
        group.or_else(code).ok_or_else(|| UnknownSelector::new(word))
    }
}

impl TryFrom<String> for Selector {
    type Error = UnknownSelector;

    fn try_from(word: String) -> Result<Self, UnknownSelector> {
        word.parse()
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("all"),
            Self::Group(group) => group.fmt(f),
            Self::Code(code) => code.fmt(f),
        }
    }
}
