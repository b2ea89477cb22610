//! Conditions that may be unknown, and why they do not hold.

use std::fmt::Write as _;

use super::outcome::Decision;

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

/// What comes of a request by what has to hold.
impl From<Truth> for Decision {
    fn from(holds: Truth) -> Self {
        match holds {
            Truth::Yes => Self::Passed,
            Truth::No => Self::Denied,
            Truth::Unknown => Self::Unknown,
        }
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

/// A condition on something, as data: what it is made of can be read, and asked of any subject.
#[derive(Clone, Debug)]
pub(super) enum Condition<T> {
    All(Vec<Self>),
    Any(Vec<Self>),
    Not(Box<Self>),
    Test(T),
}

/// One thing that a condition looks at.
pub(super) trait Test {
    /// What it is asked of.
    type Subject<'s, 'a>: Copy
    where
        'a: 's;

    /// Whether it holds.
    fn truth<'s, 'a: 's>(&self, subject: Self::Subject<'s, 'a>) -> Truth;

    /// What is looked at, in words.
    fn fact<'s, 'a: 's>(&self, subject: Self::Subject<'s, 'a>) -> Fact;
}

/// What a test looks at, in words.
#[derive(Clone, Debug)]
pub(super) struct Fact {
    /// What: `method`, `header x`.
    pub(super) subject: String,
    /// What it is; nothing if it is not there.
    pub(super) found: Option<String>,
    /// What it should be.
    pub(super) wanted: String,
}

impl<T: Test> Condition<T> {
    /// One that always or never holds.
    pub(super) fn constant(holds: bool) -> Self {
        if holds { Self::All(Vec::new()) } else { Self::Any(Vec::new()) }
    }

    /// Calls for each test that it is made of.
    pub(super) fn each<'c>(&'c self, call: &mut impl FnMut(&'c T)) {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().for_each(|part| part.each(call)),
            Self::Not(other) => other.each(call),
            Self::Test(test) => call(test),
        }
    }

    pub(super) fn truth<'s, 'a: 's>(&self, subject: T::Subject<'s, 'a>) -> Truth {
        match self {
            Self::All(all) => Truth::all(all.iter().map(|part| part.truth(subject))),
            Self::Any(any) => Truth::any(any.iter().map(|part| part.truth(subject))),
            Self::Not(other) => other.truth(subject).not(),
            Self::Test(test) => test.truth(subject),
        }
    }

    /// Why it has the truth that it has: the first part that decides.
    pub(super) fn why<'s, 'a: 's>(&self, subject: T::Subject<'s, 'a>) -> String {
        self.explain(subject, self.truth(subject))
    }

    fn explain<'s, 'a: 's>(&self, subject: T::Subject<'s, 'a>, truth: Truth) -> String {
        match self {
            Self::Test(test) => test.fact(subject).sentence(truth),
            Self::Not(other) => other.explain(subject, truth.not()),
            // One that fails lets all fail; all that hold let all hold.
            Self::All(parts) if truth == Truth::Yes => joined(parts, subject, truth),
            Self::Any(parts) if truth == Truth::No => {
                Self::same_subject(parts, subject).unwrap_or_else(|| joined(parts, subject, truth))
            }
            Self::All(parts) | Self::Any(parts) => parts
                .iter()
                .find(|part| part.truth(subject) == truth)
                .map_or_else(String::new, |part| part.explain(subject, truth)),
        }
    }

    /// Several values of one thing: `method GET is not in [POST, PUT]`.
    fn same_subject<'s, 'a: 's>(parts: &[Self], subject: T::Subject<'s, 'a>) -> Option<String> {
        let tests: Vec<&T> = parts.iter().map(Self::only_test).collect::<Option<_>>()?;
        let facts: Vec<Fact> = tests.iter().map(|test| test.fact(subject)).collect();
        let (first, rest) = facts.split_first()?;
        let same = rest.iter().all(|fact| fact.subject == first.subject && fact.found == first.found);
        if rest.is_empty() || !same {
            return None;
        }
        let wanted: Vec<&str> = facts.iter().map(|fact| fact.wanted.as_str()).collect();
        let all = Fact { wanted: format!("in [{}]", wanted.join(", ")), ..first.clone() };
        Some(all.sentence(Truth::No))
    }

    /// The test that a condition is, maybe inside of lists of one.
    fn only_test(&self) -> Option<&T> {
        match self {
            Self::Test(test) => Some(test),
            Self::All(parts) | Self::Any(parts) => match parts.as_slice() {
                [only] => only.only_test(),
                _ => None,
            },
            Self::Not(_) => None,
        }
    }
}

fn joined<'s, 'a: 's, T: Test>(parts: &[Condition<T>], subject: T::Subject<'s, 'a>, truth: Truth) -> String {
    let parts = parts.iter().map(|part| part.explain(subject, truth)).filter(|text| !text.is_empty());
    parts.collect::<Vec<_>>().join(" and ")
}

impl Fact {
    /// What files do not tell.
    pub(super) fn unknown(subject: impl Into<String>) -> Self {
        Self { subject: subject.into(), found: None, wanted: String::new() }
    }

    fn sentence(&self, truth: Truth) -> String {
        let mut text = self.subject.clone();
        if truth == Truth::Unknown {
            text.push_str(" is not known from files");
            return text;
        }
        let wanted = &self.wanted;
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

    /// A method that is wanted; nothing for what is not known.
    struct Method(Option<&'static str>);

    impl Test for Method {
        type Subject<'s, 'a>
            = &'s str
        where
            'a: 's;

        fn truth<'s, 'a: 's>(&self, method: &'s str) -> Truth {
            self.0.map_or(Truth::Unknown, |wanted| (wanted == method).into())
        }

        fn fact<'s, 'a: 's>(&self, method: &'s str) -> Fact {
            match self.0 {
                Some(wanted) => Fact {
                    subject: "method".into(),
                    found: Some(method.into()),
                    wanted: format!("`{wanted}`"),
                },
                None => Fact::unknown("the address of the client"),
            }
        }
    }

    fn method(wanted: &'static str) -> Condition<Method> {
        Condition::Test(Method(Some(wanted)))
    }

    #[test]
    fn the_first_part_that_fails_is_told() {
        let none = || Condition::Any(vec![method("POST"), method("PUT")]);
        assert_eq!(none().why("GET"), "method `GET` is not in [`POST`, `PUT`]");
        let all = Condition::All(vec![method("GET"), none(), method("DELETE")]);
        assert_eq!(all.why("GET"), "method `GET` is not in [`POST`, `PUT`]");
        let not = Condition::Not(Box::new(Condition::Any(vec![method("POST"), method("GET")])));
        assert_eq!((not.truth("GET"), not.why("GET")), (Truth::No, "method `GET` is `GET`".to_owned()));
    }

    #[test]
    fn what_is_unknown_decides_only_where_nothing_else_does() {
        let unknown = || Condition::Test(Method(None));
        assert_eq!(Condition::All(vec![unknown(), method("POST")]).truth("GET"), Truth::No);
        assert_eq!(Condition::Any(vec![unknown(), method("GET")]).truth("GET"), Truth::Yes);
        let both = Condition::All(vec![unknown(), method("GET")]);
        assert_eq!(both.why("GET"), "the address of the client is not known from files");
        assert_eq!(Condition::<Method>::constant(true).truth("GET"), Truth::Yes);
        assert_eq!(Condition::<Method>::constant(false).truth("GET"), Truth::No);
    }
}
