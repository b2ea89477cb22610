//! Files of tests.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Map, Value};

use super::claim::Claim;
use super::compare::{self, Difference};
use super::expected::Expected;
use super::template::Template;
use super::{API_VERSION, KIND};
use crate::Str;
use crate::limits::Limits;
use crate::problem::{Code, Place, Problem, Severity};
use crate::text::{DecodeError, Document, Node, SourceFile, Unread, documents};
use crate::trace::{Request, Trace};

/// The group of [`API_VERSION`].
const GROUP: &str = "waypoint-xds.io/";

/// The tests of one document.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Suite {
    /// The file.
    pub file: Str,
    /// The position of the document in it.
    pub document: usize,
    /// Files that are added to the snapshot, relative to the folder of this one.
    pub setup: Vec<AddedFile>,
    /// Each variant of each test, in their order.
    pub cases: Vec<Case>,
}

/// A file that is added to the snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddedFile {
    /// Its path, relative to the folder of the file that names it.
    pub path: String,
    /// Where it is named.
    pub place: Place,
}

/// One variant of a test.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Case {
    /// Its name, with the values of the variant.
    pub name: String,
    /// Where the test stands.
    pub place: Place,
    /// The position of the test among those of the document, and of the variant among those of the test.
    pub position: (usize, usize),
    /// What is asked.
    pub asks: Question,
    /// What is expected of a request.
    pub expected: Expected,
    /// The expectation as it is written.
    pub written: Arc<Map<String, Value>>,
    /// Where each field of it stands.
    pub fields: Arc<BTreeMap<String, Place>>,
}

/// What a test asks.
#[derive(Clone, Debug)]
pub enum Question {
    /// What comes of one request.
    Request(Box<Request>),
    /// Whether something holds of all requests that are like this.
    Claim(Box<Claim>),
}

/// What was read from a file of tests.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct SuiteReading {
    /// The documents.
    pub suites: Vec<Suite>,
    /// What is wrong with them, in the order of the text.
    pub problems: Vec<Problem>,
}

/// Whether a text is a file of tests: a line of it says that it is of the group of such files.
///
/// ```
/// use waypoint_xds::expect::is_tests;
///
/// assert!(is_tests("# our shop\napiVersion: waypoint-xds.io/v1\nkind: MeshTest\n"));
/// assert!(!is_tests("apiVersion: v1\nkind: Service\nmetadata: {annotations: {waypoint-xds.io/suppress: style}}\n"));
/// ```
#[must_use]
pub fn is_tests(text: &str) -> bool {
    let version = |line: &str| {
        let line = line.trim_start_matches(['{', ' ', '\t', '\u{feff}']);
        let value = line.strip_prefix("apiVersion").or_else(|| line.strip_prefix("\"apiVersion\""))?;
        let value = value.trim_start().strip_prefix(':')?;
        Some(value.trim_start().trim_start_matches(['"', '\'']).starts_with(GROUP))
    };
    text.lines().any(|line| version(line) == Some(true))
}

/// Reads a file of tests. Whatever is wrong with a document or a test costs no other one.
#[must_use]
pub fn read(file: &SourceFile, limits: &Limits) -> SuiteReading {
    let mut reading = SuiteReading::default();
    for (at, document) in documents(file, limits).enumerate() {
        match document {
            Ok(document) if document.root().is_null() => {}
            Ok(document) => reading.document(&document, at),
            Err(problem) => reading.problems.push(problem),
        }
    }
    // Variants have the same problems.
    reading.problems.sort();
    reading.problems.dedup();
    reading
}

/// What a document says of itself.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Header {
    api_version: String,
    kind: String,
    #[serde(default)]
    setup: Vec<String>,
    #[serde(default)]
    #[expect(dead_code, reason = "it is read where a test needs it")]
    default: Option<Defaults>,
    tests: Vec<IgnoredAny>,
}

/// What holds for all tests of a document.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Defaults {
    #[expect(dead_code, reason = "it is read where a test needs it")]
    request: Option<IgnoredAny>,
}

impl Suite {
    /// The paths of the files that it adds, from the folder that the path of its own file starts from.
    #[must_use]
    pub fn setup_paths(&self) -> Vec<String> {
        let folder = self.file.rfind(['/', '\\']).and_then(|end| self.file.get(..=end)).unwrap_or_default();
        let path = |setup: &AddedFile| {
            let is_absolute = setup.path.starts_with('/');
            if is_absolute { setup.path.clone() } else { format!("{folder}{}", setup.path) }
        };
        self.setup.iter().map(path).collect()
    }
}

impl Case {
    /// What is expected of the request and did not come of it.
    #[must_use]
    pub fn differences(&self, trace: &Trace) -> Vec<Difference> {
        compare::differences(&self.expected, &self.written, trace)
    }
}

impl SuiteReading {
    fn document(&mut self, document: &Document, at: usize) {
        let root = document.root();
        self.problems.extend(document.duplicate_keys());
        let header = match root.decode::<Header>(&Unread::new()) {
            Ok(header) => header,
            Err(error) => return self.problems.push(refused(&error, document.file())),
        };
        let supported = [("apiVersion", &header.api_version, API_VERSION), ("kind", &header.kind, KIND)];
        for (field, found, expected) in supported {
            if found != expected {
                let message = format!("`{found}` is not supported here, only `{expected}`");
                let place = document.file().place(root.locate_nearest(field));
                self.problems.push(Problem::new(Code::InvalidValue, message).at(place).field(field));
                return;
            }
        }
        if header.tests.is_empty() {
            let place = document.file().place(root.locate_nearest("tests"));
            self.problems
                .push(Problem::new(Code::InvalidValue, "there is no test here").at(place).field("tests"));
        }
        let file = document.file().name().clone();
        let mut suite = Suite { file, document: at, setup: setup(root, &header), cases: Vec::new() };
        let default = root.find("default.request");
        let tests = root.get("tests").into_iter().flat_map(Node::items);
        for (at, node) in tests.enumerate() {
            let (cases, problems) = Template { node, default, at }.cases();
            suite.cases.extend(cases);
            self.problems.extend(problems);
        }
        self.suites.push(suite);
    }
}

fn setup(root: Node<'_>, header: &Header) -> Vec<AddedFile> {
    let place = |at: usize| root.document().file().place(root.locate_nearest(&format!("setup[{at}]")));
    header
        .setup
        .iter()
        .enumerate()
        .map(|(at, path)| AddedFile { path: path.clone(), place: place(at) })
        .collect()
}

/// The problem that a decoding error makes: nothing of tests is passed over.
pub(super) fn refused(error: &DecodeError, file: &SourceFile) -> Problem {
    let problem = Problem::new(error.code(), error.reason().to_string()).severity(Severity::Error);
    problem.at(file.place(error.span())).field(error.path())
}
