//! Checkstyle's XML.

use std::collections::BTreeMap;

use super::{Report, with_help};
use crate::problem::{Problem, Severity};
use crate::view::xml::attributes;

/// Checkstyle's XML, which Jenkins and many others read: an element for each file with findings, one in it
/// for each of them.
///
/// ```
/// use waypoint_xds::problem::{Code, Problem};
/// use waypoint_xds::text::SourceFile;
/// use waypoint_xds::view::findings::{Report, checkstyle};
///
/// let file = SourceFile::new("shop.yaml", "kind: Pod\n");
/// let found = [Problem::new(Code::MissingName, "no name")];
/// let xml = checkstyle(&Report { found: &found, files: &[&file], folder: "" });
/// assert!(xml.contains(r#"<error severity="error" message="no name" source="waypoint-xds.missing-name"/>"#));
/// ```
#[must_use]
pub fn checkstyle(report: &Report<'_>) -> String {
    let mut files: BTreeMap<String, Vec<&Problem>> = BTreeMap::new();
    for problem in report.found {
        files.entry(report.path(report.file_of(problem))).or_default().push(problem);
    }
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<checkstyle version=\"4.3\">\n");
    for (name, found) in files {
        out += &format!("  <file{}>\n", attributes(&[("name", &name)]));
        out.extend(found.into_iter().map(|problem| format!("    {}\n", error(problem))));
        out += "  </file>\n";
    }
    out + "</checkstyle>\n"
}

fn error(problem: &Problem) -> String {
    let severity = match problem.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "info",
    };
    let place = problem
        .place
        .as_ref()
        .map(|place| attributes(&[("line", &place.line.to_string()), ("column", &place.column.to_string())]));
    let source = format!("waypoint-xds.{}", problem.code);
    let rest = [("severity", severity), ("message", &with_help(problem)), ("source", &source)];
    format!("<error{}{}/>", place.unwrap_or_default(), attributes(&rest))
}
