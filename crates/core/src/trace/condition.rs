//! Conditions that may be unknown, and why they do not hold.

use std::fmt::Write as _;

/// Whether something holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Truth {
    Yes,
    No,
    /// Files do not tell.
    Unknown,
}

impl From<bool> for Truth {
    fn from(holds: bool) -> Self {
        if holds { Self::Yes } else { Self::No }
    }
}

impl Truth {
    pub(super) const fn not(self) -> Self {
        match self {
            Self::Yes => Self::No,
            Self::No => Self::Yes,
            Self::Unknown => Self::Unknown,
        }
    }

    /// Whether all hold.
    pub(super) fn all(all: impl IntoIterator<Item = Self>) -> Self {
        let mut truth = Self::Yes;
        for each in all {
            match each {
                Self::No => return Self::No,
                Self::Unknown => truth = Self::Unknown,
                Self::Yes => {}
            }
        }
        truth
    }

    /// Whether any holds.
    pub(super) fn any(all: impl IntoIterator<Item = Self>) -> Self {
        Self::all(all.into_iter().map(Self::not)).not()
    }

    pub(super) const fn known(self) -> Option<bool> {
        match self {
            Self::Yes => Some(true),
            Self::No => Some(false),
            Self::Unknown => None,
        }
    }
}

/// A condition on a request, with what was found of it.
#[derive(Clone, Debug)]
pub(super) enum Condition {
    All(Vec<Condition>),
    Any(Vec<Condition>),
    Not(Box<Condition>),
    Fact(Fact),
}

/// One thing that was looked at.
#[derive(Clone, Debug)]
pub(super) struct Fact {
    /// What: `method`, `header x`.
    pub(super) subject: String,
    /// What it is; nothing if it is not there.
    pub(super) found: Option<String>,
    /// What it should be.
    pub(super) wanted: String,
    pub(super) truth: Truth,
}

impl Condition {
    /// One that always or never holds.
    pub(super) fn constant(holds: bool) -> Self {
        if holds { Self::All(Vec::new()) } else { Self::Any(Vec::new()) }
    }

    /// One that files do not tell.
    pub(super) fn unknown(subject: impl Into<String>) -> Self {
        Self::Fact(Fact {
            subject: subject.into(),
            found: None,
            wanted: String::new(),
            truth: Truth::Unknown,
        })
    }

    pub(super) fn truth(&self) -> Truth {
        match self {
            Self::All(all) => Truth::all(all.iter().map(Self::truth)),
            Self::Any(any) => Truth::any(any.iter().map(Self::truth)),
            Self::Not(other) => other.truth().not(),
            Self::Fact(fact) => fact.truth,
        }
    }

    /// Why it has the truth that it has, where that is not that it holds: the first part that decides.
    pub(super) fn why(&self) -> String {
        self.explain(self.truth())
    }

    fn explain(&self, truth: Truth) -> String {
        match self {
            Self::Fact(fact) => fact.explain(truth),
            Self::Not(other) => other.explain(truth.not()),
            // One that fails lets all fail; all that hold let all hold.
            Self::All(parts) if truth == Truth::Yes => joined(parts, truth, " and "),
            Self::Any(parts) if truth == Truth::No => {
                Self::same_subject(parts, truth).unwrap_or_else(|| joined(parts, truth, " and "))
            }
            Self::All(parts) | Self::Any(parts) => parts
                .iter()
                .find(|part| part.truth() == truth)
                .map_or_else(String::new, |part| part.explain(truth)),
        }
    }

    /// Several values of one thing: `method GET is not in [POST, PUT]`.
    fn same_subject(parts: &[Self], truth: Truth) -> Option<String> {
        let facts: Vec<&Fact> = parts.iter().map(Self::only_fact).collect::<Option<_>>()?;
        let (first, rest) = facts.split_first()?;
        let same = rest.iter().all(|fact| fact.subject == first.subject && fact.found == first.found);
        if rest.is_empty() || !same {
            return None;
        }
        let wanted: Vec<&str> = facts.iter().map(|fact| fact.wanted.as_str()).collect();
        Some(first.sentence(truth, &format!("in [{}]", wanted.join(", "))))
    }

    /// The fact that a condition is, maybe inside of lists of one.
    fn only_fact(&self) -> Option<&Fact> {
        match self {
            Self::Fact(fact) => Some(fact),
            Self::All(parts) | Self::Any(parts) => match parts.as_slice() {
                [only] => only.only_fact(),
                _ => None,
            },
            Self::Not(_) => None,
        }
    }
}

fn joined(parts: &[Condition], truth: Truth, with: &str) -> String {
    let parts = parts.iter().map(|part| part.explain(truth)).filter(|text| !text.is_empty());
    parts.collect::<Vec<_>>().join(with)
}

impl Fact {
    fn explain(&self, truth: Truth) -> String {
        self.sentence(truth, &self.wanted)
    }

    fn sentence(&self, truth: Truth, wanted: &str) -> String {
        let mut text = self.subject.clone();
        if truth == Truth::Unknown {
            text.push_str(" is not known from files");
            return text;
        }
        // Writing to a string does not fail.
        let _ = match (&self.found, truth) {
            (Some(found), Truth::Yes) => write!(text, " `{found}` is {wanted}"),
            (Some(found), _) => write!(text, " `{found}` is not {wanted}"),
            (None, Truth::Yes) => write!(text, " is {wanted}"),
            (None, _) => write!(text, " is absent (wanted: {wanted})"),
        };
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn method(wanted: &str) -> Condition {
        Condition::Fact(Fact {
            subject: "method".into(),
            found: Some("GET".into()),
            wanted: format!("`{wanted}`"),
            truth: (wanted == "GET").into(),
        })
    }

    #[test]
    fn the_first_part_that_fails_is_told() {
        let none = Condition::Any(vec![method("POST"), method("PUT")]);
        assert_eq!(none.why(), "method `GET` is not in [`POST`, `PUT`]");
        let all = Condition::All(vec![method("GET"), none, method("DELETE")]);
        assert_eq!(all.why(), "method `GET` is not in [`POST`, `PUT`]");
        let not = Condition::Not(Box::new(Condition::Any(vec![method("POST"), method("GET")])));
        assert_eq!((not.truth(), not.why()), (Truth::No, "method `GET` is `GET`".to_owned()));
    }

    #[test]
    fn what_is_unknown_decides_only_where_nothing_else_does() {
        let unknown = || Condition::unknown("the address of the client");
        assert_eq!(Condition::All(vec![unknown(), method("POST")]).truth(), Truth::No);
        assert_eq!(Condition::Any(vec![unknown(), method("GET")]).truth(), Truth::Yes);
        let both = Condition::All(vec![unknown(), method("GET")]);
        assert_eq!(both.why(), "the address of the client is not known from files");
        assert_eq!(Condition::constant(true).truth(), Truth::Yes);
        assert_eq!(Condition::constant(false).truth(), Truth::No);
    }
}
