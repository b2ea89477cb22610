//! Tables as data, and as text with aligned columns.

use std::fmt;

/// A table: a header and rows with as many cells as the header.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// The columns' names.
    pub header: Vec<String>,
    /// The rows, each with one cell per column.
    pub rows: Vec<Vec<String>>,
    /// How many blanks stand between columns.
    pub padding: usize,
}

impl Table {
    /// An empty table with these columns.
    #[must_use]
    pub fn new(header: &[&str], padding: usize) -> Self {
        Self { header: header.iter().map(ToString::to_string).collect(), rows: Vec::new(), padding }
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

/// Aligned as Go's `text/tabwriter` does it for istioctl: every column but the last is padded, so that a row whose
/// last cell is empty ends in blanks.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pads_every_column_but_the_last() {
        let mut table = Table::new(&["NAME", "PORT", "RULE"], 2);
        table.rows.push(vec!["é".into(), "9080".into(), String::new()]);
        table.rows.push(vec!["reviews".into(), "-".into(), "reviews.default".into()]);
        assert_eq!(table.to_string(), "NAME     PORT  RULE\né        9080  \nreviews  -     reviews.default\n");
    }
}
