//! Splits a file at its `---` lines, as kubectl does before it parses anything: what is wrong in one document
//! cannot reach the next.

use std::ops::Range;

/// The stretches between `---` lines; each starts with its `---` line, if it has one.
#[derive(Debug)]
pub(super) struct Chunks<'s> {
    text: &'s str,
    at: usize,
}

impl<'s> Chunks<'s> {
    /// The chunks of `text` from byte `at` on.
    pub(super) fn new(text: &'s str, at: usize) -> Self {
        Self { text, at }
    }

    fn end_of_chunk(&self, from: usize) -> usize {
        let mut search = from;
        while let Some(found) = self.text.get(search..).and_then(|rest| rest.find("\n---")) {
            let line = search + found + 1;
            if is_separator(self.text.get(line..).unwrap_or_default()) {
                return line;
            }
            search = line;
        }
        self.text.len()
    }
}

impl Iterator for Chunks<'_> {
    type Item = Range<usize>;

    fn next(&mut self) -> Option<Range<usize>> {
        if self.at >= self.text.len() {
            return None;
        }
        let start = self.at;
        let mut end = self.end_of_chunk(start);
        // Directives belong to the document behind the `---` that follows them.
        if self.text.get(start..end).is_some_and(only_directives) {
            end = self.end_of_chunk(end);
        }
        self.at = end;
        Some(start..end)
    }
}

fn is_separator(line: &str) -> bool {
    line.strip_prefix("---").is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\r', '\n']))
}

fn only_directives(chunk: &str) -> bool {
    let mut lines = chunk.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#')).peekable();
    lines.peek().is_some() && lines.all(|line| line.starts_with('%'))
}

/// The offset within a chunk behind its `---` line, when nothing else stands on that line.
pub(super) fn body_offset(chunk: &str) -> usize {
    let Some(rest) = chunk.strip_prefix("---") else { return 0 };
    let line = rest.split_inclusive('\n').next().unwrap_or_default();
    let bare = line.trim_start();
    if bare.is_empty() || bare.starts_with('#') { 3 + line.len() } else { 3 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunks(text: &str) -> Vec<&str> {
        Chunks::new(text, 0).map(|range| text.get(range).unwrap()).collect()
    }

    #[test]
    fn splits_at_lines_of_three_dashes_only() {
        assert_eq!(
            chunks("a: 1\n---\nb: |\n  ---\n---- x\n--- # c\nc: 3"),
            ["a: 1\n", "---\nb: |\n  ---\n---- x\n", "--- # c\nc: 3"]
        );
        assert_eq!(chunks("---\r\na: 1\r\n---\r\n"), ["---\r\na: 1\r\n", "---\r\n"]);
        assert!(chunks("").is_empty());
    }

    #[test]
    fn directives_stay_with_their_document() {
        assert_eq!(chunks("%YAML 1.1\n---\na: 1\n---\nb: 2\n"), ["%YAML 1.1\n---\na: 1\n", "---\nb: 2\n"]);
    }

    #[test]
    fn the_body_starts_behind_the_separator() {
        assert_eq!(body_offset("--- # c\n{}"), 8);
        assert_eq!(body_offset("--- {}"), 3);
        assert_eq!(body_offset("a"), 0);
    }
}
