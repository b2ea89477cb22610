//! Problems: everything that is wrong with an input, as data.

mod code;

use serde::{Deserialize, Serialize};

pub use code::{Code, Group, UnknownCode};

use crate::Str;
use crate::names::ObjectRef;

/// How bad a problem is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The API server or Istio would have refused it. Mostly it was left out.
    Error,
    /// Nothing was left out, but it may not mean what its author thinks.
    Warning,
    /// Good to know.
    Note,
}

impl Severity {
    /// `error`, `warning` or `note`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        }
    }
}

/// A word that is no severity.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown severity `{0}`: expected error, warning or note")]
pub struct UnknownSeverity(String);

impl std::str::FromStr for Severity {
    type Err = UnknownSeverity;

    fn from_str(s: &str) -> Result<Self, UnknownSeverity> {
        let all = [Self::Error, Self::Warning, Self::Note];
        all.into_iter().find(|severity| severity.as_str() == s).ok_or_else(|| UnknownSeverity(s.to_owned()))
    }
}

/// A stretch of a file. Lines and columns count from 1, columns in characters; the end is behind the last
/// character.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Place {
    /// The file's name, as the caller gave it.
    pub file: Str,
    /// Line of the first character.
    pub line: u32,
    /// Column of the first character.
    pub column: u32,
    /// Line behind the last character.
    pub end_line: u32,
    /// Column behind the last character.
    pub end_column: u32,
    /// Byte offset of the first character.
    pub start: u32,
    /// Byte offset behind the last character.
    pub end: u32,
}

/// One thing that is wrong with the input. Problems sort by place, then by code.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Problem {
    /// Where it is, when it is anywhere.
    pub place: Option<Place>,
    /// What sort of problem it is.
    pub code: Code,
    /// How bad it is.
    pub severity: Severity,
    /// The object that it is about.
    pub object: Option<ObjectRef>,
    /// The path of the field (`spec.http[0].match[1].uri`); empty when it is about the whole object or
    /// document.
    pub field: String,
    /// What is wrong: lower case, no full stop, user input in backticks.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// What else has to do with it.
    pub related: Vec<Related>,
    /// A change of the text that mends it, where one is certain.
    pub fix: Option<Fix>,
}

/// Something that has to do with a problem, and what: an object, a field of one, or just a place.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Related {
    /// Where it stands, when it stands anywhere.
    pub place: Option<Place>,
    /// The object.
    pub object: Option<ObjectRef>,
    /// The path of the field; empty for the object as a whole.
    pub field: String,
    /// What it has to do with the problem: lower case, no full stop.
    pub message: String,
}

/// A change of the text that mends a problem.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Fix {
    /// What it does: lower case, no full stop.
    pub message: String,
    /// All of it: they belong together.
    pub edits: Vec<Edit>,
    /// The same as stretches of files and what to write there instead, in the order of the text: all of them,
    /// or none. Known once a snapshot was linted; a fix for which they are not certain is left out there.
    pub replacements: Vec<Replacement>,
}

/// A stretch of a file and what to write there instead.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Replacement {
    /// The stretch that goes; it is empty where something is only added.
    pub place: Place,
    /// What comes instead.
    pub text: String,
}

/// A change of one object's text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Edit {
    /// The object.
    pub object: ObjectRef,
    /// The path of the field.
    pub field: String,
    /// What becomes of it.
    pub change: Change,
}

/// What becomes of a field.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Change {
    /// It gets this value, a string. A field that is not there is added to the mapping that it is in.
    Set(String),
    /// Its key becomes this one.
    Rename(String),
    /// It goes.
    Remove,
}

impl Fix {
    /// A fix of one edit.
    pub fn new(
        message: impl Into<String>,
        object: ObjectRef,
        field: impl Into<String>,
        change: Change,
    ) -> Self {
        Self::of(message, vec![Edit { object, field: field.into(), change }])
    }

    /// A fix of several edits that belong together.
    pub fn of(message: impl Into<String>, edits: Vec<Edit>) -> Self {
        Self { message: message.into(), edits, replacements: Vec::new() }
    }
}

impl Problem {
    /// A problem of the code's usual severity, without place, object or help.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            place: None,
            code,
            severity: code.severity(),
            object: None,
            field: String::new(),
            message: message.into(),
            help: None,
            related: Vec::new(),
            fix: None,
        }
    }

    /// The same problem with its place.
    #[must_use]
    pub fn at(mut self, place: impl Into<Option<Place>>) -> Self {
        self.place = place.into();
        self
    }

    /// The same problem with the object that it is about.
    #[must_use]
    pub fn on(mut self, object: impl Into<Option<ObjectRef>>) -> Self {
        self.object = object.into();
        self
    }

    /// The same problem with the path of the field that it is about.
    #[must_use]
    pub fn field(mut self, path: impl Into<String>) -> Self {
        self.field = path.into();
        self
    }

    /// The same problem with advice.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The same problem with another place and what it has to do with it.
    #[must_use]
    pub fn related(mut self, place: Place, message: impl Into<String>) -> Self {
        let message = message.into();
        self.related.push(Related { place: Some(place), message, ..Related::default() });
        self
    }

    /// The same problem with another object and what it has to do with it: its field, or the whole object
    /// where the path is empty.
    #[must_use]
    pub fn related_object(
        mut self,
        object: ObjectRef,
        field: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        let (field, message) = (field.into(), message.into());
        self.related.push(Related { place: None, object: Some(object), field, message });
        self
    }

    /// The same problem with a change that mends it.
    #[must_use]
    pub fn fix(mut self, fix: Fix) -> Self {
        self.fix = Some(fix);
        self
    }

    /// The same problem with another severity than the code's usual one.
    #[must_use]
    pub fn severity(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }

    /// Whether something was left out because of it.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_kebab_case_and_lead_back() {
        for &code in Code::ALL {
            assert!(code.id().bytes().all(|b| b.is_ascii_lowercase() || b == b'-'), "{code}");
            assert_eq!(code.id().parse(), Ok(code));
            assert!(code.explanation().ends_with('.'), "{code}");
            assert!(!code.explanation().contains("  "), "{code}");
        }
        assert_eq!("nonsense".parse::<Code>(), Err(UnknownCode("nonsense".into())));
    }

    #[test]
    fn severities_lead_back() {
        assert_eq!("warning".parse(), Ok(Severity::Warning));
        assert_eq!("Warning".parse::<Severity>(), Err(UnknownSeverity("Warning".into())));
    }

    #[test]
    fn problems_sort_by_place_then_code() {
        let place = |line| Place {
            file: "a".into(),
            line,
            column: 1,
            end_line: line,
            end_column: 2,
            start: 0,
            end: 0,
        };
        let mut problems = [
            Problem::new(Code::WrongType, "c").at(place(2)),
            Problem::new(Code::YamlSyntax, "b").at(place(2)),
            Problem::new(Code::WrongType, "a").at(place(1)),
        ];
        problems.sort();
        assert_eq!(problems.map(|p| p.message), ["a", "b", "c"]);
    }
}
