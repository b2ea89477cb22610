//! Tables as data, and as text with aligned columns.

use std::fmt;

use serde::Serialize;

use crate::resources::Part;
use crate::view::location::Location;

/// A table: a header and rows with as many cells as the header. Its JSON has these two, and the locations.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Table {
    /// The columns' names.
    pub header: Vec<String>,
    /// The rows, each with one cell per column.
    pub rows: Vec<Vec<String>>,
    /// What each row is about, in tables of resources: the resource's name and the part of it. Of a route the
    /// part names its route configuration, since a table of routes does not know the chain. Empty in other
    /// tables.
    #[serde(skip)]
    pub subjects: Vec<(String, Part)>,
    /// Where the JSON of each row is, in tables of a waypoint's resources; `None` for what its bootstrap
    /// says. Empty in other tables.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub locations: Vec<Option<Location>>,
    /// How many blanks stand between columns.
    #[serde(skip)]
    pub padding: usize,
}

impl Table {
    /// An empty table with these columns.
    #[must_use]
    pub fn new(header: &[&str], padding: usize) -> Self {
        let header = header.iter().map(ToString::to_string).collect();
        Self { header, rows: Vec::new(), subjects: Vec::new(), locations: Vec::new(), padding }
    }

    /// Adds a row about a resource.
    pub fn push(&mut self, resource: &str, part: Part, row: Vec<String>) {
        self.rows.push(row);
        self.subjects.push((resource.to_owned(), part));
    }

    /// Adds a column at the end.
    pub fn add_column(&mut self, name: &str, mut cell: impl FnMut(&str, &Part) -> String) {
        self.header.push(name.to_owned());
        for (row, (resource, part)) in self.rows.iter_mut().zip(&self.subjects) {
            row.push(cell(resource, part));
        }
    }

    /// The table as HTML, for notebooks and pages.
    #[must_use]
    pub fn to_html(&self) -> String {
        let row = |cells: &[String], tag: &str| {
            let cells: String =
                cells.iter().map(|cell| format!("<{tag}>{}</{tag}>", escaped(cell))).collect();
            format!("<tr>{cells}</tr>\n")
        };
        let rows: String = self.rows.iter().map(|cells| row(cells, "td")).collect();
        format!("<table>\n<thead>\n{}</thead>\n<tbody>\n{rows}</tbody>\n</table>\n", row(&self.header, "th"))
    }

    /// The width of each column but the last, in characters, padding included.
    fn widths(&self) -> Vec<usize> {
        let aligned = self.header.len().saturating_sub(1);
        let mut widths = vec![self.padding; aligned];
        for row in std::iter::once(&self.header).chain(&self.rows) {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.chars().count() + self.padding);
            }
        }
        widths
    }
}

/// Aligned as Go's `text/tabwriter` does it for istioctl: every column but the last is padded, so that a row
/// whose last cell is empty ends in blanks.
impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let widths = self.widths();
        for row in std::iter::once(&self.header).chain(&self.rows) {
            for (column, cell) in row.iter().enumerate() {
                f.write_str(cell)?;
                if let Some(width) = widths.get(column) {
                    let blanks = width.saturating_sub(cell.chars().count());
                    write!(f, "{:blanks$}", "")?;
                }
            }
            f.write_str("\n")?;
        }
        Ok(())
    }
}

/// Text between HTML's tags.
pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pads_every_column_but_the_last() {
        let mut table = Table::new(&["NAME", "PORT", "RULE"], 2);
        table.rows.push(vec!["é".into(), "9080".into(), String::new()]);
        table.rows.push(vec!["reviews".into(), "-".into(), "reviews.default".into()]);
        assert_eq!(
            table.to_string(),
            "NAME     PORT  RULE\né        9080  \nreviews  -     reviews.default\n"
        );
    }

    #[test]
    fn its_json_is_header_and_rows() {
        let mut table = Table::new(&["NAME"], 2);
        table.push("reviews", Part::Resource, vec!["reviews".into()]);
        assert_eq!(serde_json::to_string(&table).unwrap(), r#"{"header":["NAME"],"rows":[["reviews"]]}"#);
    }

    #[test]
    fn html_is_escaped() {
        let mut table = Table::new(&["MATCH"], 2);
        table.rows.push(vec!["a<b && c>d".into()]);
        let html = "<table>\n<thead>\n<tr><th>MATCH</th></tr>\n</thead>\n<tbody>\n\
            <tr><td>a&lt;b &amp;&amp; c&gt;d</td></tr>\n</tbody>\n</table>\n";
        assert_eq!(table.to_html(), html);
    }
}
