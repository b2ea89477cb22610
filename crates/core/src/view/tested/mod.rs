//! What came of tests: for people, and as other programs read it.

mod coverage;
mod github;
mod junit;
mod tap;
mod text;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use crate::Str;
use crate::expect::{Case, Difference, Suite};
use crate::problem::{Place, Problem};
use crate::trace::{RequestSpec, Trace};

pub use coverage::Covered;
pub use github::github;
pub use junit::junit;
pub use tap::tap;
pub use text::text;

/// What came of one test, or of one variant of it.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Test {
    /// The file that it stands in.
    pub file: Str,
    /// The line where it starts.
    pub line: u32,
    /// Its name.
    pub name: String,
    /// Why it failed; nothing where it passed.
    pub failure: Option<Failure>,
    /// Where the fields of its expectation stand.
    #[serde(skip)]
    pub fields: Arc<BTreeMap<String, Place>>,
    /// What came of its request.
    #[serde(skip)]
    pub trace: Option<Trace>,
}

/// Why a test failed.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Failure {
    /// Something else came than what is expected.
    Differs {
        /// The fields of the expectation that are not met.
        differences: Vec<Difference>,
        /// The way of the request, as [`trace`](crate::view::trace::text) tells it.
        way: String,
    },
    /// Nothing is expected.
    NothingExpected {
        /// The way of the request.
        way: String,
    },
    /// A claim does not hold.
    Refuted {
        /// `never`, or `always`.
        claim: &'static str,
        /// A request of which it does not hold.
        example: Box<RequestSpec>,
        /// The way of that request.
        way: String,
    },
    /// It is not decided whether a claim holds, for this reason.
    NotDecided(String),
    /// The snapshot does not have who asks, or who is asked.
    NotTraced(String),
}

impl Test {
    /// What came of a case.
    #[must_use]
    pub fn new(suite: &Suite, case: &Case, failure: Option<Failure>, trace: Option<Trace>) -> Self {
        Self {
            file: suite.file.clone(),
            line: case.place.line,
            name: case.name.clone(),
            failure,
            fields: Arc::clone(&case.fields),
            trace,
        }
    }

    /// Whether it passed.
    #[must_use]
    pub const fn passed(&self) -> bool {
        self.failure.is_none()
    }
}

impl Failure {
    /// The sort of it, in one word.
    #[must_use]
    pub const fn sort(&self) -> &'static str {
        match self {
            Self::Differs { .. } => "differs",
            Self::NothingExpected { .. } => "nothing-expected",
            Self::Refuted { .. } => "refuted",
            Self::NotDecided(_) => "not-decided",
            Self::NotTraced(_) => "not-traced",
        }
    }

    /// What is wrong, on one line.
    #[must_use]
    pub fn message(&self) -> String {
        match self {
            Self::Differs { differences, .. } => {
                let one = |Difference { field, expected, found }: &Difference| {
                    format!("{field}: expected {}, found {}", shown(expected), shown(found))
                };
                differences.iter().map(one).collect::<Vec<_>>().join("; ")
            }
            Self::NothingExpected { .. } => {
                "nothing is expected: --record writes what comes of it now".to_owned()
            }
            Self::Refuted { claim, example, .. } => {
                let how = if *claim == "never" { "it happens" } else { "not" };
                format!("{claim}: {how} for {}", super::difference::example(example))
            }
            Self::NotDecided(reason) => format!("not decided: {reason}"),
            Self::NotTraced(message) => message.clone(),
        }
    }

    /// The fields that are not met.
    #[must_use]
    pub fn differences(&self) -> &[Difference] {
        match self {
            Self::Differs { differences, .. } => differences,
            _ => &[],
        }
    }

    /// The way of the request.
    #[must_use]
    pub fn way(&self) -> &str {
        match self {
            Self::Differs { way, .. } | Self::NothingExpected { way } | Self::Refuted { way, .. } => way,
            Self::NotTraced(_) | Self::NotDecided(_) => "",
        }
    }
}

/// `{sort, message, differences, way}`.
impl Serialize for Failure {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        json!({
            "sort": self.sort(),
            "message": self.message(),
            "differences": self.differences(),
            "way": self.way(),
        })
        .serialize(serializer)
    }
}

/// What came of all tests.
#[derive(Clone, Debug, Default, Serialize)]
#[non_exhaustive]
pub struct Report {
    /// The tests, in the order of their files.
    pub tests: Vec<Test>,
    /// What is wrong with files of tests.
    pub problems: Vec<Problem>,
}

impl Report {
    /// A report of these tests.
    #[must_use]
    pub fn new(tests: Vec<Test>, problems: Vec<Problem>) -> Self {
        Self { tests, problems }
    }

    /// How many tests failed.
    #[must_use]
    pub fn failed(&self) -> usize {
        self.tests.iter().filter(|test| !test.passed()).count()
    }

    /// Whether there is nothing wrong.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.failed() == 0 && !self.problems.iter().any(Problem::is_error)
    }

    /// The tests of each file, in their order.
    fn by_file(&self) -> Vec<(&str, Vec<&Test>)> {
        let mut files: Vec<(&str, Vec<&Test>)> = Vec::new();
        for test in &self.tests {
            match files.iter_mut().find(|(file, _)| *file == test.file) {
                Some((_, tests)) => tests.push(test),
                None => files.push((&test.file, vec![test])),
            }
        }
        files
    }

    /// Problems that make a file of tests, or a part of it, unreadable.
    fn errors(&self) -> impl Iterator<Item = &Problem> {
        self.problems.iter().filter(|problem| problem.is_error())
    }
}

/// What came of all tests, as JSON.
///
/// # Errors
///
/// Those of `serde_json`; a report has nothing that is no JSON.
pub fn json(report: &Report) -> Result<Value, serde_json::Error> {
    let mut value = serde_json::to_value(report)?;
    if let Value::Object(map) = &mut value {
        map.insert("passed".to_owned(), report.passed().into());
        map.insert("failed".to_owned(), report.failed().into());
    }
    Ok(value)
}

/// A value as it is told: texts as they are, others as JSON, which is YAML on one line.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
