//! Problems as text: for people, for scripts, for GitHub.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::excerpt::{self, Excerpt};
use crate::names::ObjectRef;
use crate::problem::{Place, Problem, Related, Severity};
use crate::text::SourceFile;

/// Whether ANSI colours are used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Colour {
    /// Plain text.
    #[default]
    Never,
    /// Colours for a terminal.
    Always,
}

/// Each problem with the source line underlined, what object it is about, what else has to do with it, and
/// advice.
///
/// ```text
/// error[wrong-type]: expected a string, found the number `80`
///   --> shop.yaml:7:11
///    |
///  7 |     name: 80
///    |           ^^
///    = object: Service default/cart, field spec.ports[0].name
///    = help: quote the number
/// ```
#[must_use]
pub fn full<'f>(
    problems: &[Problem],
    files: impl IntoIterator<Item = &'f SourceFile>,
    colour: Colour,
) -> String {
    let files: BTreeMap<&str, &SourceFile> =
        files.into_iter().map(|file| (file.name().as_str(), file)).collect();
    let rendered: Vec<String> = problems
        .iter()
        .map(|problem| Page { files: &files, paint: Paint(colour) }.problem(problem))
        .collect();
    rendered.join("\n")
}

/// One line for each problem: `file:line:column: error[code] object field: message`.
#[must_use]
pub fn concise(problems: &[Problem]) -> String {
    problems.iter().fold(String::new(), |mut out, problem| {
        if let Some(place) = &problem.place {
            out.push_str(&printable(&format!("{}:{}:{}: ", place.file, place.line, place.column)));
        }
        let about = about(problem.object.as_ref(), &problem.field, " ");
        let gap = if about.is_empty() { "" } else { " " };
        let message = printable(&problem.message);
        // Writing to a string does not fail.
        let _ = writeln!(out, "{}[{}]{gap}{about}: {message}", problem.severity.as_str(), problem.code);
        out
    })
}

/// A JSON array, one problem a line.
#[must_use]
pub fn json(problems: &[Problem]) -> String {
    let lines: Vec<String> =
        problems.iter().filter_map(|problem| serde_json::to_string(problem).ok()).collect();
    if lines.is_empty() { "[]\n".into() } else { format!("[\n{}\n]\n", lines.join(",\n")) }
}

/// GitHub's workflow commands, which show problems in a pull request's changes.
///
/// Format: "Workflow commands for GitHub Actions", `::error file=…,line=…::message`.
#[must_use]
pub fn github(problems: &[Problem]) -> String {
    problems.iter().fold(String::new(), |mut out, problem| {
        let command = match problem.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "notice",
        };
        let _ = write!(out, "::{command} ");
        if let Some(place) = &problem.place {
            let Place { file, line, column, end_line, end_column, .. } = place;
            let _ = write!(out, "file={},line={line},endLine={end_line}", property(file));
            // GitHub takes columns only for what stands on one line.
            if line == end_line {
                let _ = write!(out, ",col={column},endColumn={end_column}");
            }
            out.push(',');
        }
        let about = about(problem.object.as_ref(), &problem.field, " ");
        let gap = if about.is_empty() { "" } else { ": " };
        let message = data(&format!("{about}{gap}{}", problem.message));
        let _ = writeln!(out, "title={}::{message}", property(problem.code.id()));
        out
    })
}

/// The object and field of a problem, or of what is related to it.
pub(super) fn about(object: Option<&ObjectRef>, field: &str, separator: &str) -> String {
    let object = object.map(|object| printable(&object.to_string()));
    let field = Some(printable(field)).filter(|field| !field.is_empty());
    object.into_iter().chain(field).collect::<Vec<_>>().join(separator)
}

/// What stands below the excerpts of a problem: what each line is, and its text.
fn remarks(problem: &Problem) -> Vec<(&'static str, String)> {
    let Problem { object, field, help, related, fix, .. } = problem;
    let about = about(object.as_ref(), field, ", field ");
    let about = (!about.is_empty()).then_some((if object.is_some() { "object" } else { "field" }, about));
    let see = related.iter().filter(|other| other.place.is_none()).map(|other| ("see", unplaced(other)));
    let help = help.iter().map(|help| ("help", help.clone()));
    let fix = fix.iter().map(|fix| ("fix", fix.message.clone()));
    about.into_iter().chain(see).chain(help).chain(fix).collect()
}

/// Something related of which nobody knows where it stands.
fn unplaced(related: &Related) -> String {
    let about = about(related.object.as_ref(), &related.field, ", field ");
    let gap = if about.is_empty() { "" } else { ": " };
    format!("{about}{gap}{}", related.message)
}

/// A command's message: what GitHub would take for the end of the line is escaped.
pub(super) fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A command's property value.
pub(super) fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// What the terminal may obey is not shown as it is.
fn printable(text: &str) -> String {
    text.chars().map(|c| if excerpt::is_unprintable(c) { excerpt::REPLACEMENT } else { c }).collect()
}

#[derive(Clone, Copy)]
struct Paint(Colour);

impl Paint {
    fn with(self, code: &str, text: &str) -> String {
        match self.0 {
            Colour::Never => text.to_owned(),
            Colour::Always => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
        }
    }

    fn severity(self, severity: Severity, text: &str) -> String {
        self.with(
            match severity {
                Severity::Error => "1;31",
                Severity::Warning => "1;33",
                Severity::Note => "1;36",
            },
            text,
        )
    }

    fn frame(self, text: &str) -> String {
        self.with("1;34", text)
    }

    fn bold(self, text: &str) -> String {
        self.with("1", text)
    }
}

struct Page<'p> {
    files: &'p BTreeMap<&'p str, &'p SourceFile>,
    paint: Paint,
}

impl Page<'_> {
    fn problem(&self, problem: &Problem) -> String {
        let kind = self
            .paint
            .severity(problem.severity, &format!("{}[{}]", problem.severity.as_str(), problem.code));
        let mut out = format!("{kind}{}\n", self.paint.bold(&format!(": {}", printable(&problem.message))));
        let width = self.gutter(problem);
        if let Some(place) = &problem.place {
            self.place(&mut out, place, width, problem.severity, "");
        }
        for related in &problem.related {
            if let Some(place) = &related.place {
                self.place(&mut out, place, width, Severity::Note, &related.message);
            }
        }
        for (label, text) in remarks(problem) {
            let _ = writeln!(out, "{:width$} {} {label}: {}", "", self.paint.frame("="), printable(&text));
        }
        out
    }

    /// Digits of the largest line number shown.
    fn gutter(&self, problem: &Problem) -> usize {
        let places =
            problem.place.iter().chain(problem.related.iter().filter_map(|related| related.place.as_ref()));
        places.map(|place| place.line.to_string().len()).max().unwrap_or(1) + 1
    }

    fn place(&self, out: &mut String, place: &Place, width: usize, severity: Severity, label: &str) {
        let bar = self.paint.frame("|");
        let at = printable(&format!("{}:{}:{}", place.file, place.line, place.column));
        let _ = writeln!(out, "{:width$}{} {at}", "", self.paint.frame("-->"));
        let Some(file) = self.files.get(place.file.as_str()) else { return };
        let Excerpt { line, before, marked } = excerpt::of(file.text(), place);
        let number = self.paint.frame(&format!("{:>width$}", place.line));
        let marks = if severity == Severity::Note { "-" } else { "^" }.repeat(marked);
        let label = if label.is_empty() { String::new() } else { format!(" {}", printable(label)) };
        let marks = self.paint.severity(severity, &format!("{marks}{label}"));
        let _ = writeln!(out, "{:width$} {bar}", "");
        let _ = writeln!(out, "{number} {bar} {line}");
        let _ = writeln!(out, "{:width$} {bar} {:before$}{marks}", "", "");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::{Change, Code, Fix};
    use crate::snapshot::Kind;
    use crate::text::Span;

    const TEXT: &str = "kind: Service\nspec:\n\tname: 80\n";

    fn problem(file: &SourceFile) -> Problem {
        let start = u32::try_from(TEXT.find("80").unwrap()).unwrap();
        Problem::new(Code::WrongType, "expected a string, found the number `80`")
            .at(file.place(Span { start, end: start + 2 }))
            .on(ObjectRef::new(Kind::Service, "default", "cart"))
            .field("spec.name")
            .help("quote it")
            .related(file.place(Span { start: 6, end: 13 }), "of this kind")
    }

    #[test]
    fn full_underlines_both_places() {
        let file = SourceFile::new("shop.yaml", TEXT);
        let expected = "\
error[wrong-type]: expected a string, found the number `80`
  --> shop.yaml:3:8
   |
 3 |     name: 80
   |           ^^
  --> shop.yaml:1:7
   |
 1 | kind: Service
   |       ------- of this kind
   = object: Service default/cart, field spec.name
   = help: quote it
";
        assert_eq!(full(&[problem(&file)], [&file], Colour::Never), expected);
    }

    #[test]
    fn full_lists_what_stands_nowhere_and_the_fix() {
        let file = SourceFile::new("shop.yaml", TEXT);
        let cart = ObjectRef::new(Kind::Service, "default", "cart");
        let fix = Fix::new("quote it", cart.clone(), "spec.name", Change::Set("80".into()));
        let problem = Problem::new(Code::WrongType, "m")
            .field("spec")
            .related_object(cart, "spec.ports", "its ports")
            .help("quote it")
            .fix(fix);
        let expected = "\
error[wrong-type]: m
   = field: spec
   = see: Service default/cart, field spec.ports: its ports
   = help: quote it
   = fix: quote it
";
        assert_eq!(full(&[problem], [&file], Colour::Never), expected);
    }

    #[test]
    fn colours_only_when_asked() {
        let file = SourceFile::new("f", TEXT);
        let coloured = full(&[problem(&file)], [&file], Colour::Always);
        assert!(coloured.starts_with("\u{1b}[1;31merror[wrong-type]\u{1b}[0m"));
        assert!(!full(&[problem(&file)], [&file], Colour::Never).contains('\u{1b}'));
    }

    #[test]
    fn concise_is_one_line() {
        let file = SourceFile::new("shop.yaml", TEXT);
        let line = "shop.yaml:3:8: error[wrong-type] Service default/cart spec.name: expected a string, found the number `80`\n";
        assert_eq!(concise(&[problem(&file)]), line);
        assert_eq!(concise(&[Problem::new(Code::MissingName, "m")]), "error[missing-name]: m\n");
    }

    #[test]
    fn json_is_an_array_of_objects() {
        let file = SourceFile::new("shop.yaml", TEXT);
        let value: serde_json::Value =
            serde_json::from_str(&json(&[problem(&file), problem(&file)])).unwrap();
        assert_eq!(value[1]["code"], "wrong-type");
        assert_eq!(value[0]["place"]["line"], 3);
        assert_eq!(value[0]["object"]["kind"], "Service");
        assert_eq!(json(&[]), "[]\n");
    }

    #[test]
    fn github_escapes_what_it_would_misread() {
        let file = SourceFile::new("a,b:c.yaml", TEXT);
        let mut problem = problem(&file);
        problem.message = "100%\nsure".into();
        let line = "::error file=a%2Cb%3Ac.yaml,line=3,endLine=3,col=8,endColumn=10,title=wrong-type::Service default/cart spec.name: 100%25%0Asure\n";
        assert_eq!(github(&[problem]), line);
    }

    #[test]
    fn terminals_get_no_control_characters() {
        let file = SourceFile::new("f", "a: \u{1b}[2J\n");
        let problem = Problem::new(Code::InvalidText, "\u{1b}[2J").at(file.place(Span { start: 3, end: 4 }));
        assert!(!full(std::slice::from_ref(&problem), [&file], Colour::Never).contains('\u{1b}'));
        assert!(!concise(&[problem]).contains('\u{1b}'));
    }
}
