//! What stands around nodes: lines, and the text between two nodes.

use crate::text::node::Node;
use crate::text::tape::to_u32;

/// A document's text, by offsets of the file.
#[derive(Clone, Copy)]
pub(super) struct Source<'t>(&'t str);

impl<'t> Source<'t> {
    /// The text that a node stands in.
    pub(super) fn of(node: Node<'t>) -> Self {
        Self(node.document.file.text())
    }

    /// The text between two offsets.
    pub(super) fn text(self, start: u32, end: u32) -> &'t str {
        self.0.get(start as usize..end as usize).unwrap_or_default()
    }

    /// The character behind an offset.
    pub(super) fn at(self, offset: u32) -> Option<char> {
        self.0.get(offset as usize..)?.chars().next()
    }

    /// Where the line of an offset starts.
    pub(super) fn line_start(self, offset: u32) -> u32 {
        let before = self.text(0, offset);
        before.rfind('\n').map_or(0, |newline| to_u32(newline + 1))
    }

    /// What stands before an offset on its line.
    pub(super) fn line_before(self, offset: u32) -> &'t str {
        self.text(self.line_start(offset), offset)
    }

    /// What stands behind an offset on its line.
    pub(super) fn rest_of_line(self, offset: u32) -> &'t str {
        self.0.get(offset as usize..).unwrap_or_default().lines().next().unwrap_or_default()
    }

    /// Where the line behind that of an offset starts: the end of the text, where there is none.
    pub(super) fn next_line(self, offset: u32) -> u32 {
        let rest = self.0.get(offset as usize..).unwrap_or_default();
        offset + to_u32(rest.find('\n').map_or(rest.len(), |newline| newline + 1))
    }

    /// Whether a line ends before an offset, as opposed to the text.
    pub(super) fn ends_line(self, offset: u32) -> bool {
        self.text(0, offset).ends_with('\n')
    }

    /// How lines end here.
    pub(super) fn newline(self) -> &'static str {
        let first = self.0.split_inclusive('\n').next().unwrap_or_default();
        if first.ends_with("\r\n") { "\r\n" } else { "\n" }
    }

    /// An offset without the blanks before it.
    pub(super) fn trim(self, start: u32, end: u32) -> u32 {
        start + to_u32(self.text(start, end).trim_end().len())
    }
}

/// Whether a text is blank but for one comma.
pub(super) fn is_comma(gap: &str) -> bool {
    gap.trim() == ","
}

/// Whether a text is blank, lines' ends included.
pub(super) fn is_blank(gap: &str) -> bool {
    gap.trim().is_empty()
}
