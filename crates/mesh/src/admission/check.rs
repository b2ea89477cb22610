//! What a check writes to: where it is in an object, what the release asks, and what it has found.

use std::cell::RefCell;
use std::fmt;

use crate::problem::{Code, Problem};
use crate::rules::{AdmissionRules, Rules};
use crate::schema::{Column, Limit};
use crate::snapshot::{Given, ObjectRef};

/// A place in an object, and the means to report a problem there.
///
/// It is made anew for every step down, on the stack: a path costs nothing until something is wrong.
#[derive(Clone, Copy)]
pub(super) struct Checker<'a> {
    /// What the release does.
    pub(super) release: &'static Rules,
    /// What it asks.
    pub(super) rules: &'static AdmissionRules,
    /// The release's place among those of the schemas.
    pub(super) column: Column,
    findings: &'a RefCell<Findings>,
    path: Path<'a>,
}

/// What is wrong with one object.
#[derive(Debug, Default)]
pub(super) struct Findings {
    pub(super) problems: Vec<Problem>,
    pub(super) refused: bool,
}

/// What becomes of an object with a problem.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Refused,
    ReadAllTheSame,
}

/// A path from an object's root, as a list on the stack that is read from its end.
#[derive(Clone, Copy)]
struct Path<'a> {
    parent: Option<&'a Path<'a>>,
    step: Step<'a>,
}

#[derive(Clone, Copy)]
enum Step<'a> {
    Root(&'a ObjectRef),
    Field(&'a str),
    Index(usize),
    Key(&'a str),
}

impl<'a> Checker<'a> {
    /// What a check finds in an object.
    pub(super) fn run(
        release: &'static Rules,
        object: &ObjectRef,
        check: impl FnOnce(&Checker<'_>),
    ) -> Findings {
        let findings = RefCell::default();
        check(&Checker::new(release, object, &findings));
        findings.into_inner()
    }

    /// At the root of an object.
    fn new(release: &'static Rules, object: &'a ObjectRef, findings: &'a RefCell<Findings>) -> Self {
        Self {
            release,
            rules: &release.admission,
            column: Column::of(release.release),
            findings,
            path: Path { parent: None, step: Step::Root(object) },
        }
    }

    fn step(&self, step: Step<'a>) -> Checker<'_> {
        Checker { path: Path { parent: Some(&self.path), step }, ..*self }
    }

    /// At a field of this place.
    pub(super) fn field(&self, name: &'static str) -> Checker<'_> {
        self.step(Step::Field(name))
    }

    /// At an element of the list at this place.
    pub(super) fn index(&self, index: usize) -> Checker<'_> {
        self.step(Step::Index(index))
    }

    /// At an entry of the map at this place.
    pub(super) fn key<'b>(&'b self, key: &'b str) -> Checker<'b> {
        Checker { path: Path { parent: Some(&self.path), step: Step::Key(key) }, ..*self }
    }

    /// Looks at every element of the list in a field.
    pub(super) fn each<'l, T>(
        &self,
        name: &'static str,
        list: &'l [T],
        mut check: impl FnMut(&Checker<'_>, &'l T),
    ) {
        let field = self.field(name);
        for (index, item) in list.iter().enumerate() {
            check(&field.index(index), item);
        }
    }

    /// Whether a list or map counts as set: for the rules of schemas an empty one does.
    pub(super) fn is_set<C: Default + PartialEq>(&self, value: &Given<C>) -> bool {
        value.is_given() && (self.rules.schema_rules || **value != C::default())
    }

    /// Looks at a field's value, where there is one.
    pub(super) fn some<T>(
        &self,
        name: &'static str,
        value: Option<&T>,
        check: impl FnOnce(&Checker<'_>, &T),
    ) {
        if let Some(value) = value {
            check(&self.field(name), value);
        }
    }

    /// The object is refused if there are more things here than the schema takes.
    pub(super) fn at_most(&self, count: usize, most: Limit, things: &str) {
        if let Some(most) = most.length(self.column).filter(|most| count > *most) {
            self.invalid(format!("there are more than {most} {things}"));
        }
    }

    /// The object is refused if the text here has more characters than the schema takes.
    pub(super) fn shorter(&self, what: &str, text: &str, longest: Limit) {
        // As many bytes are at least as many characters.
        let longest = longest.length(self.column).filter(|longest| text.len() > *longest);
        if let Some(longest) = longest.filter(|longest| text.chars().count() > *longest) {
            self.invalid(format!("{what} has more than {longest} characters"));
        }
    }

    /// The object is refused: a value here is not accepted.
    pub(super) fn invalid(&self, message: impl Into<String>) {
        self.report(Code::InvalidValue, message.into());
    }

    /// The object is refused: something is missing here.
    pub(super) fn missing(&self, message: impl Into<String>) {
        self.report(Code::MissingField, message.into());
    }

    /// The object is refused: fields here exclude each other.
    pub(super) fn conflict(&self, message: impl Into<String>) {
        self.report(Code::ConflictingFields, message.into());
    }

    /// The object is refused: why, and what to do about it.
    pub(super) fn refuse(&self, code: Code, message: impl Into<String>, help: impl Into<String>) {
        self.add(Problem::new(code, message).help(help), Verdict::Refused);
    }

    /// The API server refuses the object, but it is read as it is, so that the rest of what it would do is
    /// seen: why, and what to do about it.
    pub(super) fn fault(&self, code: Code, message: impl Into<String>, help: impl Into<String>) {
        self.add(Problem::new(code, message).help(help), Verdict::ReadAllTheSame);
    }

    /// The object is accepted, but this may not be what its author thinks: what it is, and what to do about
    /// it.
    pub(super) fn warn(&self, code: Code, message: impl Into<String>, help: impl Into<String>) {
        self.add(Problem::new(code, message).help(help), Verdict::ReadAllTheSame);
    }

    fn report(&self, code: Code, message: String) {
        self.add(Problem::new(code, message), Verdict::Refused);
    }

    fn add(&self, problem: Problem, verdict: Verdict) {
        let problem = problem.on(self.path.object().cloned()).field(self.path.to_string());
        // Nobody holds the findings while a check runs.
        if let Ok(mut findings) = self.findings.try_borrow_mut() {
            findings.refused |= verdict == Verdict::Refused;
            findings.problems.push(problem);
        }
    }
}

impl<'a> Path<'a> {
    fn object(&self) -> Option<&'a ObjectRef> {
        match (self.step, self.parent) {
            (Step::Root(object), _) => Some(object),
            (_, Some(parent)) => parent.object(),
            (_, None) => None,
        }
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(parent) = self.parent {
            parent.fmt(f)?;
        }
        let first = self.parent.is_none_or(|parent| matches!(parent.step, Step::Root(_)));
        match self.step {
            Step::Root(_) => Ok(()),
            Step::Field(name) if first => f.write_str(name),
            Step::Field(name) => write!(f, ".{name}"),
            Step::Index(index) => write!(f, "[{index}]"),
            Step::Key(key) if key.contains(['.', '[', ']']) || key.is_empty() => write!(f, "[\"{key}\"]"),
            Step::Key(key) => write!(f, ".{key}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::release::Release;
    use crate::snapshot::Kind;

    #[test]
    fn problems_carry_object_and_path() {
        let object = ObjectRef::new(Kind::VirtualService, "shop", "cart");
        let findings = RefCell::default();
        let root = Checker::new(Rules::of(Release::V1_31), &object, &findings);
        root.field("spec").field("http").index(0).field("headers").key("x.y").invalid("no");
        let Findings { problems, refused } = findings.into_inner();
        assert!(refused);
        assert_eq!(problems[0].field, "spec.http[0].headers[\"x.y\"]");
        assert_eq!(problems[0].object.as_ref(), Some(&object));
    }

    #[test]
    fn a_warning_refuses_nothing() {
        let object = ObjectRef::new(Kind::VirtualService, "shop", "cart");
        let findings = RefCell::default();
        Checker::new(Rules::of(Release::V1_18), &object, &findings).warn(Code::Deprecated, "old", "new");
        assert!(!findings.into_inner().refused);
    }
}
