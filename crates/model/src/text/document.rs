//! A file's documents, one by one, each with what is wrong with it.

use std::collections::VecDeque;
use std::ops::Range;

use super::advice::{self, Advice};
use super::chunk::{Chunks, body_offset};
use super::json::{self, JsonError};
use super::node::Node;
use super::source::{SourceFile, Span};
use super::tape::{BuildError, Failure, Tape, to_u32};
use super::yaml::{self, YamlError};
use crate::limits::{LimitError, Limits};
use crate::problem::{Code, Problem};

/// One document: the file it stands in and a tape of its nodes.
#[derive(Clone, Debug)]
pub struct Document {
    pub(super) file: SourceFile,
    pub(super) tape: Tape,
    offset: u32,
}

impl Document {
    /// The file that the document stands in.
    #[must_use]
    pub fn file(&self) -> &SourceFile {
        &self.file
    }

    /// Where the text that the document was read from starts in the file.
    #[must_use]
    pub fn offset(&self) -> u32 {
        self.offset
    }

    /// The outermost node.
    #[must_use]
    pub fn root(&self) -> Node<'_> {
        Node::new(self, self.tape.root)
    }

    /// A warning for each key that stands twice in a mapping: Kubernetes takes the last one.
    pub fn duplicate_keys(&self) -> impl Iterator<Item = Problem> {
        self.tape.duplicates.iter().map(|duplicate| {
            let (earlier, later) = (Node::new(self, duplicate.earlier), Node::new(self, duplicate.later));
            let key = later.text();
            Problem::new(Code::DuplicateKey, format!("`{key}` stands in this mapping twice"))
                .at(self.file.place(later.span()))
                .related(self.file.place(earlier.span()), "this value is ignored")
                .field(later.path())
        })
    }
}

/// Reads a file's documents. A problem takes the place of what could not be read; reading goes on at the next
/// `---`.
#[must_use]
pub fn documents(file: &SourceFile, limits: &Limits) -> Documents {
    Documents::from_offset(file, limits, 0)
}

/// The documents of a file: see [`documents`].
#[derive(Debug)]
pub struct Documents {
    file: SourceFile,
    limits: Limits,
    at: usize,
    ready: VecDeque<Result<Document, Problem>>,
}

impl Documents {
    /// The documents from a [`Document::offset`] on.
    pub(crate) fn from_offset(file: &SourceFile, limits: &Limits, offset: u32) -> Self {
        let mut documents =
            Self { file: file.clone(), limits: *limits, at: offset as usize, ready: VecDeque::new() };
        let (found, limit) = (file.text().len(), limits.bytes.min(u32::MAX as usize));
        if found > limit {
            let error = LimitError::FileTooLarge { limit };
            let start = file.place(Span { start: 0, end: 0 });
            documents.ready.push_back(Err(Problem::new(Code::FileTooLarge, error.to_string()).at(start)));
            documents.at = found;
        } else if let Some(start) = file.not_utf8() {
            let place = file.place(Span { start, end: start });
            documents
                .ready
                .push_back(Err(Problem::new(Code::InvalidText, "the file is not UTF-8").at(place)));
            documents.at = found;
        } else if offset == 0 && file.text().starts_with('\u{feff}') {
            documents.at = '\u{feff}'.len_utf8();
        }
        documents
    }

    fn read_chunk(&mut self, chunk: Range<usize>) {
        let body = chunk.start + body_offset(self.file.text().get(chunk.clone()).unwrap_or_default());
        let (at, error) = self.read_json(body, &chunk);
        match error {
            None if at >= chunk.end => {}
            None => self.read_yaml(if at == body { chunk } else { at..chunk.end }, None),
            Some(JsonError::Build(failure)) => self.fail(self.build_problem(failure)),
            Some(JsonError::Syntax(expected, offset)) => {
                // A flow mapping with bare words is no JSON, but YAML. With a quoted key it was meant as
                // JSON.
                let start = self.file.text().get(at..chunk.end).unwrap_or_default();
                let meant_json = start
                    .strip_prefix(['{', '['])
                    .is_some_and(|rest| rest.trim_start().starts_with(['"', '{']));
                let problem = meant_json
                    .then(|| self.problem(Code::JsonSyntax, format!("{expected} (read as JSON)"), offset));
                self.read_yaml(if at == body { chunk } else { at..chunk.end }, problem);
            }
        }
    }

    /// Reads JSON values as long as they follow one another; returns where it stopped, and why.
    fn read_json(&mut self, body: usize, chunk: &Range<usize>) -> (usize, Option<JsonError>) {
        let mut at = body;
        loop {
            let rest = self.file.text().get(at..chunk.end).unwrap_or_default();
            let blank = rest.len() - rest.trim_start_matches([' ', '\t', '\r', '\n']).len();
            let start = at + blank;
            if !matches!(self.file.text().as_bytes().get(start), Some(b'{' | b'[')) || start >= chunk.end {
                // Nothing but blanks behind a JSON value is the end.
                return (if at > body && start >= chunk.end { chunk.end } else { at }, None);
            }
            match json::read(self.file.text(), start, chunk.end, &self.limits) {
                Ok((tape, end)) => {
                    self.found(tape, start);
                    at = end;
                }
                Err(error) => return (if at == body { body } else { start }, Some(error)),
            }
        }
    }

    fn read_yaml(&mut self, range: Range<usize>, instead: Option<Problem>) {
        let text = self.file.text().get(range.clone()).unwrap_or_default();
        if let Some((at, character)) = forbidden(text) {
            let message = format!(
                "the character U+{:04X} is not allowed in YAML: this is not text",
                u32::from(character)
            );
            return self.fail(self.problem(Code::InvalidText, message, to_u32(range.start + at)));
        }
        let mut tapes = Vec::new();
        let result = yaml::read(self.file.text(), range.clone(), &self.limits, &mut tapes);
        for tape in tapes {
            self.found(tape, range.start);
        }
        match result {
            Ok(()) => {}
            Err(YamlError::Syntax(message, offset)) => {
                let problem = instead.unwrap_or_else(|| self.yaml_problem(&message, offset, &range));
                self.fail(problem);
            }
            Err(YamlError::Build(failure)) => self.fail(self.build_problem(failure)),
        }
    }

    fn found(&mut self, tape: Tape, offset: usize) {
        self.ready.push_back(Ok(Document { file: self.file.clone(), tape, offset: to_u32(offset) }));
    }

    fn fail(&mut self, problem: Problem) {
        self.ready.push_back(Err(problem));
    }

    fn problem(&self, code: Code, message: String, offset: u32) -> Problem {
        // One character, so that something can be underlined.
        let rest = self.file.text().get(offset as usize..).unwrap_or_default();
        let width = rest.chars().next().map_or(0, |c| if c == '\n' { 0 } else { c.len_utf8() });
        let span = Span { start: offset, end: offset + to_u32(width) };
        Problem::new(code, message).at(self.file.place(span))
    }

    fn yaml_problem(&self, message: &str, offset: u32, range: &Range<usize>) -> Problem {
        if message == "recursion limit exceeded" {
            let limit = self.limits.depth;
            return self.problem(Code::TooDeep, LimitError::TooDeep { limit }.to_string(), offset);
        }
        if message.contains("unknown anchor") {
            return self.problem(Code::BadAlias, BuildError::UnknownAnchor.to_string(), offset);
        }
        let behind = self.file.text().get(offset as usize..range.end).unwrap_or_default();
        let at_end = behind.trim().is_empty();
        let Advice { message, help } = advice::of(message, at_end);
        // What is missing is missing behind the last character, not at the start of the next document.
        let before = self.file.text().get(range.start..offset as usize).unwrap_or_default();
        let offset = if at_end { to_u32(range.start + before.trim_end().len()) } else { offset };
        let problem = self.problem(Code::YamlSyntax, message, offset);
        match help {
            Some(help) => problem.help(help),
            None => problem,
        }
    }

    fn build_problem(&self, (error, span): Failure) -> Problem {
        let code = match error {
            BuildError::Limit(LimitError::TooDeep { .. }) => Code::TooDeep,
            BuildError::Limit(_) => Code::TooManyNodes,
            BuildError::Key(_) => Code::BadKey,
            BuildError::Merge => Code::BadMerge,
            BuildError::UnknownAnchor | BuildError::RecursiveAlias => Code::BadAlias,
            BuildError::Tag { .. } => Code::UnsupportedTag,
        };
        let problem = Problem::new(code, error.to_string()).at(self.file.place(span));
        if code == Code::BadKey {
            return problem
                .help("quote the key if it is text; `{{ … }}` is a template that was not rendered");
        }
        problem
    }
}

impl Iterator for Documents {
    type Item = Result<Document, Problem>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(ready) = self.ready.pop_front() {
                return Some(ready);
            }
            let chunk = Chunks::new(self.file.text(), self.at).next()?;
            self.at = chunk.end;
            self.read_chunk(chunk);
        }
    }
}

/// The first character that YAML 1.1 does not allow in a text.
fn forbidden(text: &str) -> Option<(usize, char)> {
    if text.bytes().all(|byte| (0x20..0x7f).contains(&byte) || matches!(byte, b'\n' | b'\t' | b'\r')) {
        return None;
    }
    let allowed = |c: char| match c {
        '\t' | '\n' | '\r' | '\u{85}' => true,
        '\u{fffe}' | '\u{ffff}' => false,
        c => !c.is_control(),
    };
    text.char_indices().find(|&(_, c)| !allowed(c))
}
