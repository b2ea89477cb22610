//! Source files, and where in them something stands.

use std::sync::{Arc, OnceLock};

use serde_json::Value;

use crate::Str;
use crate::problem::Place;

/// A file's name and text. Clones share the text.
#[derive(Clone, Debug)]
pub struct SourceFile {
    name: Str,
    text: Arc<str>,
    not_utf8: Option<u32>,
    cluster: Option<Str>,
    index: Arc<OnceLock<LineIndex>>,
}

/// A stretch of a file in bytes; the end is behind the last byte.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// Offset of the first byte.
    pub start: u32,
    /// Offset behind the last byte.
    pub end: u32,
}

/// A position as people count: lines and columns from 1, columns in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The line, from 1.
    pub line: u32,
    /// The column, from 1, in characters.
    pub column: u32,
    /// The offset in bytes.
    pub offset: u32,
}

impl SourceFile {
    /// A file with this name (shown in problems, never opened) and text.
    pub fn new(name: impl Into<Str>, text: impl Into<Arc<str>>) -> Self {
        Self { name: name.into(), text: text.into(), not_utf8: None, cluster: None, index: Arc::default() }
    }

    /// A file with this name and bytes, as they are on a disk. Bytes that are not UTF-8 are a problem when
    /// the file is read, not here.
    pub fn from_bytes(name: impl Into<Str>, bytes: &[u8]) -> Self {
        let not_utf8 = std::str::from_utf8(bytes).err().map(|error| error.valid_up_to());
        let not_utf8 = not_utf8.map(|offset| u32::try_from(offset).unwrap_or(u32::MAX));
        Self { not_utf8, ..Self::new(name, String::from_utf8_lossy(bytes)) }
    }

    /// An object as a client of the Kubernetes API holds it, as a file to read: `objects[3]`, one field a
    /// line, so that places in it mean something to whoever gave the object.
    #[must_use]
    pub fn from_object(index: usize, object: &Value) -> Self {
        Self::new(format!("objects[{index}]"), format!("{object:#}"))
    }

    /// A file whose name may say which cluster its objects are in, `west=pods.yaml`: see
    /// [`cluster_and_name`].
    ///
    /// ```
    /// # use waypoint_xds_model as waypoint_xds;
    /// use waypoint_xds::text::SourceFile;
    ///
    /// let file = SourceFile::named("west=pods.yaml", "");
    /// assert_eq!((file.name().as_str(), file.cluster().map(|name| name.as_str())), ("pods.yaml", Some("west")));
    /// ```
    pub fn named(name: &str, text: impl Into<Arc<str>>) -> Self {
        let (cluster, name) = cluster_and_name(name);
        Self { cluster: cluster.map(Str::new), ..Self::new(name, text) }
    }

    /// The file with the cluster that its objects are in.
    ///
    /// The first cluster of a snapshot is the control plane's own; files that don't say theirs are in it.
    #[must_use]
    pub fn in_cluster(self, name: impl Into<Str>) -> Self {
        Self { cluster: Some(name.into()), ..self }
    }

    /// The file with another text.
    #[must_use]
    pub fn with_text(&self, text: impl Into<Arc<str>>) -> Self {
        Self { cluster: self.cluster.clone(), ..Self::new(self.name.clone(), text) }
    }

    /// The cluster that its objects are in, if that was said.
    #[must_use]
    pub fn cluster(&self) -> Option<&Str> {
        self.cluster.as_ref()
    }

    /// The offset of the first byte that was not UTF-8.
    pub(super) fn not_utf8(&self) -> Option<u32> {
        self.not_utf8
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &Str {
        &self.name
    }

    /// The text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Line and column of an offset. The first call indexes the file's lines; further calls are cheap.
    #[must_use]
    pub fn position(&self, offset: u32) -> Position {
        let index = self.index.get_or_init(|| LineIndex::new(&self.text));
        index.position(&self.text, offset)
    }

    /// The place of a span, for a problem. Blank characters at the span's end are left out.
    #[must_use]
    pub fn place(&self, span: Span) -> Place {
        self.stretch(Span { end: self.trimmed_end(span), ..span })
    }

    /// The place of a span as it is, for a change of the text.
    #[must_use]
    pub fn stretch(&self, span: Span) -> Place {
        let (from, to) = (self.position(span.start), self.position(span.end));
        Place {
            file: self.name.clone(),
            line: from.line,
            column: from.column,
            end_line: to.line,
            end_column: to.column,
            start: from.offset,
            end: to.offset,
        }
    }

    fn trimmed_end(&self, span: Span) -> u32 {
        let text = self.text.get(span.start as usize..span.end as usize).unwrap_or_default();
        let blank = text.len() - text.trim_end().len();
        span.end.max(span.start).saturating_sub(u32::try_from(blank).unwrap_or(0))
    }
}

/// The cluster and the name in `CLUSTER=NAME`; of anything else the whole is the name. Clusters are called as
/// the API server lets namespaces be called.
#[must_use]
pub fn cluster_and_name(text: &str) -> (Option<&str>, &str) {
    let is_cluster = |name: &str| {
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        !name.is_empty() && name.chars().all(fits)
    };
    match text.split_once('=') {
        Some((cluster, name)) if is_cluster(cluster) => (Some(cluster), name),
        _ => (None, text),
    }
}

impl PartialEq for SourceFile {
    fn eq(&self, other: &Self) -> bool {
        (&self.name, &self.cluster, &self.text) == (&other.name, &other.cluster, &other.text)
    }
}

impl Eq for SourceFile {}

/// Bytes between two entries of [`LineIndex::characters`].
const STRIDE: usize = 1024;

/// Where lines start, and how many characters stand before every `STRIDE`th byte: a problem's column is found
/// in constant time even in a file that is a single line.
#[derive(Debug)]
struct LineIndex {
    starts: Vec<u32>,
    /// Empty when the text is ASCII.
    characters: Vec<u32>,
}

impl LineIndex {
    fn new(text: &str) -> Self {
        let newlines = text.bytes().zip(1u32..).filter(|&(byte, _)| byte == b'\n').map(|(_, behind)| behind);
        let starts = std::iter::once(0).chain(newlines).collect();
        let mut characters = Vec::new();
        if !text.is_ascii() {
            let mut count = 0;
            for stretch in text.as_bytes().chunks(STRIDE) {
                characters.push(count);
                count += characters_in(stretch);
            }
            characters.push(count);
        }
        Self { starts, characters }
    }

    fn position(&self, text: &str, offset: u32) -> Position {
        let offset = offset.min(u32::try_from(text.len()).unwrap_or(u32::MAX));
        let line = self.starts.partition_point(|&start| start <= offset);
        let start = self.starts.get(line.saturating_sub(1)).copied().unwrap_or(0);
        let column = self.characters_before(text, offset) - self.characters_before(text, start) + 1;
        Position { line: u32::try_from(line).unwrap_or(u32::MAX), column, offset }
    }

    fn characters_before(&self, text: &str, offset: u32) -> u32 {
        let at = offset as usize;
        match self.characters.get(at / STRIDE) {
            None => offset,
            Some(&before) => {
                let rest = text.as_bytes().get(at / STRIDE * STRIDE..at).unwrap_or_default();
                before + characters_in(rest)
            }
        }
    }
}

/// Characters that start in these bytes of UTF-8.
fn characters_in(bytes: &[u8]) -> u32 {
    bytes.iter().map(|&byte| u32::from(byte & 0xC0 != 0x80)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_characters_and_lines_count_from_one() {
        let file = SourceFile::new("f", "ab\näöü: x\n");
        let at = |offset| {
            let p = file.position(offset);
            (p.line, p.column)
        };
        assert_eq!([at(0), at(2), at(3), at(9), at(99)], [(1, 1), (1, 3), (2, 1), (2, 4), (3, 1)]);
    }

    #[test]
    fn an_object_s_file_is_named_for_its_position_and_has_one_field_a_line() {
        let file = SourceFile::from_object(3, &serde_json::json!({"kind": "Pod", "spec": {"nodeName": "n"}}));
        assert_eq!(file.name(), "objects[3]");
        let at = u32::try_from(file.text().find("nodeName").unwrap()).unwrap();
        assert_eq!((file.position(at).line, file.position(at).column), (4, 6));
    }

    #[test]
    fn columns_in_a_long_line_agree_with_counting() {
        let text = "é".repeat(3000);
        let file = SourceFile::new("f", text.as_str());
        for characters in [0u32, 511, 512, 513, 1024, 2999, 3000] {
            assert_eq!(file.position(characters * 2).column, characters + 1);
        }
    }

    #[test]
    fn a_place_leaves_out_blanks_at_its_end() {
        let file = SourceFile::new("f", "a: b  \n\nc: d\n");
        let place = file.place(Span { start: 3, end: 8 });
        assert_eq!((place.line, place.column, place.end_line, place.end_column), (1, 4, 1, 5));
    }
}
