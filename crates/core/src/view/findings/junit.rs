//! JUnit's XML.

use super::{Report, with_help};
use crate::problem::{Problem, Severity};
use crate::view::diagnostics::about;
use crate::view::xml::{attributes, escaped};

/// JUnit's XML, which most CI systems show as tests: a suite for each file. A finding is a test that failed;
/// a note is one that passed and has something to say. A file without findings has one test, which passed.
///
/// ```
/// use waypoint_xds::problem::{Code, Problem};
/// use waypoint_xds::text::SourceFile;
/// use waypoint_xds::view::findings::{Report, junit};
///
/// let (shop, bank) = (SourceFile::new("shop.yaml", ""), SourceFile::new("bank.yaml", ""));
/// let found = [Problem::new(Code::MissingName, "no name")];
/// let xml = junit(&Report { found: &found, files: &[&shop, &bank], folder: "" });
/// assert!(xml.contains(r#"<testsuites name="waypoint-xds" tests="2" failures="1">"#));
/// ```
#[must_use]
pub fn junit(report: &Report<'_>) -> String {
    let mut names: Vec<&str> = report.files.iter().map(|file| file.name().as_str()).collect();
    for problem in report.found {
        let name = report.file_of(problem);
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let suites: Vec<Suite<'_>> = names
        .into_iter()
        .map(|name| Suite {
            name: report.path(name),
            found: report.found.iter().filter(|problem| report.file_of(problem) == name).collect(),
        })
        .collect();
    let tests: usize = suites.iter().map(Suite::tests).sum();
    let failures: usize = suites.iter().map(Suite::failures).sum();
    let head = attributes(&[
        ("name", "waypoint-xds"),
        ("tests", &tests.to_string()),
        ("failures", &failures.to_string()),
    ]);
    let suites: String = suites.iter().map(Suite::to_xml).collect();
    format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites{head}>\n{suites}</testsuites>\n")
}

/// A file and what was found in it.
struct Suite<'r> {
    name: String,
    found: Vec<&'r Problem>,
}

impl Suite<'_> {
    fn tests(&self) -> usize {
        self.found.len().max(1)
    }

    fn failures(&self) -> usize {
        self.found.iter().filter(|problem| problem.severity < Severity::Note).count()
    }

    fn to_xml(&self) -> String {
        let head = attributes(&[
            ("name", &self.name),
            ("tests", &self.tests().to_string()),
            ("failures", &self.failures().to_string()),
        ]);
        let mut cases: String = self.found.iter().map(|problem| self.case(problem)).collect();
        if self.found.is_empty() {
            cases = format!(
                "    <testcase{}/>\n",
                attributes(&[("name", "lint"), ("classname", &self.name), ("file", &self.name)])
            );
        }
        format!("  <testsuite{head}>\n{cases}  </testsuite>\n")
    }

    fn case(&self, problem: &Problem) -> String {
        let about = about(problem.object.as_ref(), &problem.field, " ");
        let name =
            if about.is_empty() { problem.code.to_string() } else { format!("{} {about}", problem.code) };
        let line = problem.place.as_ref().map_or(1, |place| place.line).to_string();
        let head =
            attributes(&[("name", &name), ("classname", &self.name), ("file", &self.name), ("line", &line)]);
        let place =
            problem.place.as_ref().map(|place| format!("{}:{}:{}\n", self.name, place.line, place.column));
        let text = escaped(&format!("{}{}", place.unwrap_or_default(), with_help(problem)));
        let said = match problem.severity {
            Severity::Note => format!("<system-out>{text}</system-out>"),
            severity => {
                let about = attributes(&[("message", &problem.message), ("type", severity.as_str())]);
                format!("<failure{about}>{text}</failure>")
            }
        };
        format!("    <testcase{head}>{said}</testcase>\n")
    }
}
