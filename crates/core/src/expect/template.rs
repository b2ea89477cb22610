//! One test as it is written, and its variants.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::claim::{self, Claim};
use super::expected::Expected;
use super::file::{Case, Question, refused};
use super::variants::{self, Row, Unknown};
use crate::limits::Limits;
use crate::problem::{Code, Place, Problem, Severity};
use crate::text::{Node, SourceFile, Span, Unread, documents};
use crate::trace::{Request, RequestError, RequestSpec};

/// A test as it is written.
pub(super) struct Template<'t> {
    pub(super) node: Node<'t>,
    /// The request that it starts from.
    pub(super) default: Option<Node<'t>>,
    /// Its position.
    pub(super) at: usize,
}

/// A test with everything put in.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Filled {
    name: String,
    request: RequestSpec,
    expect: Expected,
    never: Option<claim::Written>,
    always: Option<claim::Written>,
}

/// The claims that a test may make in place of a request.
const CLAIMS: [&str; 2] = ["never", "always"];

/// The fields of a request: a variable that is called as one of them is that field.
pub(super) const FIELDS: [&str; 15] = [
    "from",
    "to",
    "via",
    "protocol",
    "method",
    "path",
    "host",
    "headers",
    "claims",
    "token",
    "sni",
    "alpn",
    "extAuthz",
    "sourceAddress",
    "seed",
];

/// Adds variables that are called as fields of the request, where the test does not give them itself.
fn put_fields(test: &mut Map<String, Value>, row: &Row, used: &mut BTreeSet<String>) {
    let place = CLAIMS.into_iter().find(|claim| test.contains_key(*claim)).unwrap_or("request");
    for (name, value) in row.iter().filter(|(name, _)| FIELDS.contains(&name.as_str())) {
        let request = test.entry(place).or_insert_with(|| Value::Object(Map::new()));
        if request.is_null() {
            *request = Value::Object(Map::new());
        }
        if let Some(request) = request.as_object_mut()
            && !request.contains_key(name)
        {
            request.insert(name.clone(), value.clone());
            used.insert(name.clone());
        }
    }
}

/// A test as values, and the rows of its table.
type Table = (Map<String, Value>, Vec<Row>);

impl Template<'_> {
    /// A case for each variant, and what is wrong.
    pub(super) fn cases(&self) -> (Vec<Case>, Vec<Problem>) {
        let (test, rows) = match self.read() {
            Ok(read) => read,
            Err(problem) => return (Vec::new(), vec![*problem]),
        };
        let (mut cases, mut problems) = (Vec::new(), Vec::new());
        let mut used = BTreeSet::new();
        let fields = Arc::new(self.fields());
        for (variant, row) in rows.iter().enumerate() {
            let case = self.filled(&test, row, &mut used).and_then(|(filled, written)| {
                self.case(filled, written, (row, rows.len()), (variant, &fields))
            });
            match case {
                Ok(case) => cases.push(case),
                Err(problem) => problems.push(*problem),
            }
        }
        let names: BTreeSet<&String> = rows.iter().flatten().map(|(name, _)| name).collect();
        // What stopped a variant may have come before its variables.
        if problems.is_empty() {
            let unused = names.into_iter().filter(|name| !used.contains(*name));
            problems.extend(unused.map(|name| self.unused(name)));
        }
        (cases, problems)
    }

    /// The test as values, and the rows of its table.
    fn read(&self) -> Result<Table, Box<Problem>> {
        let value: Value =
            self.node.decode(&Unread::new()).map_err(|error| Box::new(refused(&error, self.file())))?;
        let Value::Object(mut test) = value else {
            let message = format!("expected a mapping, found {}", self.node.describe());
            return Err(self.problem(Code::WrongType, message, ""));
        };
        let rows = match test.shift_remove("for") {
            None | Some(Value::Null) => vec![Row::new()],
            Some(table) => variants::rows(&table).map_err(|wrong| {
                let dot = if wrong.path.is_empty() || wrong.path.starts_with('[') { "" } else { "." };
                self.problem(Code::InvalidValue, wrong.message, &format!("for{dot}{}", wrong.path))
            })?,
        };
        Ok((test, rows))
    }

    /// The test with its default, and the values of a variant; and what it expects, as it is written.
    fn filled(
        &self,
        test: &Map<String, Value>,
        row: &Row,
        used: &mut BTreeSet<String>,
    ) -> Result<(Filled, Map<String, Value>), Box<Problem>> {
        let mut test = test.clone();
        put_fields(&mut test, row, used);
        let filled = self.substituted(&Value::Object(test), row, used)?;
        let is_claim = CLAIMS.iter().any(|claim| filled.get(claim).is_some());
        if is_claim && (filled.get("request").is_some() || filled.get("expect").is_some()) {
            let message = "a claim stands alone: `never` and `always` have their requests in them".to_owned();
            return Err(self.problem(Code::InvalidValue, message, "request"));
        }
        let written = filled.get("expect").and_then(Value::as_object).cloned().unwrap_or_default();
        let mut read: Filled = self.decoded(&filled)?;
        if let Some(default) = self.default.filter(|_| !is_claim) {
            // What is wrong with the default itself is told once, where it stands.
            let value = default.decode::<Value>(&Unread::new()).unwrap_or_default();
            let default = self.substituted(&json!({"request": value}), row, used)?;
            read.request = read.request.or(self.decoded::<Filled>(&default)?.request);
        }
        Ok((read, written))
    }

    fn substituted(
        &self,
        value: &Value,
        row: &Row,
        used: &mut BTreeSet<String>,
    ) -> Result<Value, Box<Problem>> {
        variants::substitute(value, row, used).map_err(|Unknown { name, path }| {
            let names: Vec<String> = row.iter().map(|(name, _)| format!("`{name}`")).collect();
            let known = if names.is_empty() {
                "the test has no `for`".to_owned()
            } else {
                format!("`for` has {}", names.join(", "))
            };
            let message = format!("there is no variable `{name}`: {known}; `$$(` stands for `$(`");
            self.problem(Code::InvalidValue, message, &path)
        })
    }

    /// Reads a value with everything put in. What is wrong with it is told as of any other text.
    fn decoded<T: DeserializeOwned>(&self, value: &Value) -> Result<T, Box<Problem>> {
        let text = SourceFile::new("variant", value.to_string());
        let Some(Ok(document)) = documents(&text, &Limits::DEFAULT).next() else {
            return Err(self.problem(Code::InvalidValue, "the test cannot be read".to_owned(), ""));
        };
        let read = document.root().decode::<T>(&Unread::new());
        read.map_err(|error| self.problem(error.code(), error.reason().to_string(), error.path()))
    }

    fn case(
        &self,
        filled: Filled,
        written: Map<String, Value>,
        (row, variants): (&Row, usize),
        (variant, fields): (usize, &Arc<BTreeMap<String, Place>>),
    ) -> Result<Case, Box<Problem>> {
        let Filled { name, request, expect, never, always } = filled;
        let (asks, short) = match (never, always) {
            (None, None) => {
                let request = Request::try_from(request).map_err(|error| self.refused_request(&error))?;
                let Request { method, path, source, destination, .. } = &request;
                let short = format!("{method} {path} {source} -> {destination}");
                (Question::Request(Box::new(request)), short)
            }
            (Some(claim), None) => (self.claim(claim, "never")?, self.claimed("never")),
            (None, Some(claim)) => (self.claim(claim, "always")?, self.claimed("always")),
            (Some(_), Some(_)) => {
                let message = "either `never` or `always`: another claim is another test".to_owned();
                return Err(self.problem(Code::InvalidValue, message, "always"));
            }
        };
        let name =
            if name.is_empty() && variants == 1 || name.is_empty() && matches!(asks, Question::Request(_)) {
                short
            } else if name.is_empty() {
                let values: Vec<String> =
                    row.iter().map(|(name, value)| format!("{name}={}", variants::text_of(value))).collect();
                format!("{short} [{}]", values.join(", "))
            } else if variants > 1 && !self.names_variables() {
                let values: Vec<String> =
                    row.iter().map(|(name, value)| format!("{name}={}", variants::text_of(value))).collect();
                format!("{name} [{}]", values.join(", "))
            } else {
                name
            };
        Ok(Case {
            name,
            place: self.place(self.node.span()),
            position: (self.at, variant),
            asks,
            expected: expect,
            written: Arc::new(written),
            fields: Arc::clone(fields),
        })
    }

    fn claim(&self, written: claim::Written, word: &'static str) -> Result<Question, Box<Problem>> {
        let claim = Claim::new(written, word == "never").map_err(|(field, message)| {
            let dot = if field.is_empty() { "" } else { "." };
            self.problem(Code::InvalidValue, message, &format!("{word}{dot}{field}"))
        })?;
        Ok(Question::Claim(Box::new(claim)))
    }

    /// A claim as it is written, on one line.
    fn claimed(&self, word: &str) -> String {
        let value = self.node.get(word).and_then(|node| node.decode::<Value>(&Unread::new()).ok());
        claim::named(word, value.as_ref())
    }

    /// What is wrong with a request, where the field stands that its message begins with.
    fn refused_request(&self, error: &RequestError) -> Box<Problem> {
        let text = error.to_string();
        let (field, message) = text.split_once(": ").unwrap_or(("", &text));
        self.problem(Code::InvalidValue, message.to_owned(), &format!("request.{field}"))
    }

    /// Whether the name of the test has variables in it.
    fn names_variables(&self) -> bool {
        self.node.get("name").and_then(Node::as_str).is_some_and(|name| name.contains("$("))
    }

    /// Where the fields of the expectation stand.
    fn fields(&self) -> BTreeMap<String, Place> {
        let entries = self.node.get("expect").into_iter().flat_map(Node::entries);
        entries.map(|(name, value)| (name.to_owned(), self.place(value.span()))).collect()
    }

    fn unused(&self, name: &str) -> Problem {
        let message = format!(
            "the variable `{name}` is used nowhere: write `$({name})` where its values belong, or give it \
             the name of a field of the request"
        );
        *self.problem(Code::InvalidValue, message, &format!("for.{name}"))
    }

    /// A problem at a path below the test, where that is written: in the test, or in the default.
    fn problem(&self, code: Code, message: String, path: &str) -> Box<Problem> {
        let (span, field) = self.locate(path, code == Code::UnknownField);
        let problem = Problem::new(code, message).severity(Severity::Error).field(field);
        Box::new(problem.at(self.place(span)))
    }

    /// Where the value at a path below the test stands, or its key, and the path from the document on.
    fn locate(&self, path: &str, by_key: bool) -> (Span, String) {
        let key = |node: Node<'_>, path: &str| {
            let (parent, name) = path.rsplit_once('.').unwrap_or(("", path));
            let parent = if parent.is_empty() { Some(node) } else { node.find(parent) };
            parent.and_then(|parent| parent.key_span(name))
        };
        let found = |node: Node<'_>, path: &str| {
            let value = node.locate(path);
            if by_key { key(node, path).or(value) } else { value }
        };
        let in_default = || found(self.default?, path.strip_prefix("request.")?);
        let of_test = format!("tests[{}]", self.at);
        if path.is_empty() {
            return (self.node.span(), of_test);
        }
        match (found(self.node, path), in_default()) {
            (None, Some(span)) => (span, format!("default.{path}")),
            (own, _) => (own.unwrap_or_else(|| self.node.locate_nearest(path)), format!("{of_test}.{path}")),
        }
    }

    fn place(&self, span: Span) -> Place {
        self.file().place(span)
    }

    fn file(&self) -> &SourceFile {
        self.node.document().file()
    }
}
