//! JUnit's XML.

use super::{Report, Test, shown};
use crate::expect::Difference;
use crate::problem::Problem;
use crate::view::xml::{attributes, escaped};

/// JUnit's XML, which most CI systems show: a suite for each file, and one for files that cannot be read.
#[must_use]
pub fn junit(report: &Report) -> String {
    let errors: Vec<&Problem> = report.errors().collect();
    let mut suites: String = report
        .by_file()
        .iter()
        .map(|(file, tests)| suite(file, &cases(file, tests), tests.len(), failed(tests), 0))
        .collect();
    if !errors.is_empty() {
        let cases: String = errors.iter().map(|problem| error(problem)).collect();
        suites.push_str(&suite("files of tests", &cases, errors.len(), 0, errors.len()));
    }
    let head = counts("waypoint-xds", report.tests.len() + errors.len(), report.failed(), errors.len());
    format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites{head}>\n{suites}</testsuites>\n")
}

fn counts(name: &str, tests: usize, failures: usize, errors: usize) -> String {
    attributes(&[
        ("name", name),
        ("tests", &tests.to_string()),
        ("failures", &failures.to_string()),
        ("errors", &errors.to_string()),
    ])
}

fn suite(name: &str, cases: &str, tests: usize, failures: usize, errors: usize) -> String {
    format!("  <testsuite{}>\n{cases}  </testsuite>\n", counts(name, tests, failures, errors))
}

fn failed(tests: &[&Test]) -> usize {
    tests.iter().filter(|test| !test.passed()).count()
}

fn cases(file: &str, tests: &[&Test]) -> String {
    tests.iter().map(|test| case(file, test)).collect()
}

fn case(file: &str, test: &Test) -> String {
    let line = test.line.to_string();
    let head = attributes(&[("name", &test.name), ("classname", file), ("file", file), ("line", &line)]);
    let Some(failure) = &test.failure else { return format!("    <testcase{head}/>\n") };
    let lines = failure.differences().iter().map(|Difference { field, expected, found }| {
        format!("- {field}: {}\n+ {field}: {}\n", shown(expected), shown(found))
    });
    let text = lines.collect::<String>() + failure.way();
    let about = attributes(&[("message", &failure.message()), ("type", failure.sort())]);
    format!("    <testcase{head}><failure{about}>{}</failure></testcase>\n", escaped(&text))
}

fn error(problem: &Problem) -> String {
    let (file, line) = problem.place.as_ref().map_or(("", 1), |place| (place.file.as_str(), place.line));
    let head = attributes(&[
        ("name", &problem.field),
        ("classname", file),
        ("file", file),
        ("line", &line.to_string()),
    ]);
    let about = attributes(&[("message", &problem.message), ("type", problem.code.id())]);
    format!("    <testcase{head}><error{about}/></testcase>\n")
}
