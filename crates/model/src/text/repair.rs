//! Two things that the Go library reads and the parser refuses: a tab behind a key's colon, and lines of a
//! `[…]` or `{…}` that are indented less than the key (a closing bracket under its key, say). When a document
//! is refused, the characters in question are replaced by spaces in a copy of the same length, and the copy
//! is read instead.
//!
//! The scan here is a guess at what the text means. It is safe because [`Patch::touches`] lets the reader
//! refuse a copy in which anything within a scalar was replaced.

/// A copy of a text with some bytes replaced by spaces.
#[derive(Debug)]
pub(super) struct Patch {
    pub(super) text: String,
    /// Offsets of the bytes replaced, comments excepted, in order.
    replaced: Vec<usize>,
}

impl Patch {
    /// Whether something between two offsets was replaced.
    pub(super) fn touches(&self, start: usize, end: usize) -> bool {
        let at = self.replaced.partition_point(|&offset| offset < start);
        self.replaced.get(at).is_some_and(|&offset| offset < end)
    }
}

/// The copy to read instead; nothing when there is nothing to replace.
pub(super) fn patch(text: &str) -> Option<Patch> {
    let mut scan = Scan { bytes: text.as_bytes(), at: 0, blanks: Vec::new(), replaced: Vec::new() };
    scan.lines();
    if scan.replaced.is_empty() {
        return None;
    }
    let Scan { blanks, replaced, .. } = scan;
    let mut bytes = text.as_bytes().to_vec();
    for &offset in blanks.iter().chain(&replaced) {
        if let Some(byte) = bytes.get_mut(offset) {
            *byte = b' ';
        }
    }
    Some(Patch { text: String::from_utf8(bytes).ok()?, replaced })
}

struct Scan<'s> {
    bytes: &'s [u8],
    at: usize,
    /// Offsets of the bytes of comments within brackets.
    blanks: Vec<usize>,
    replaced: Vec<usize>,
}

impl Scan<'_> {
    fn lines(&mut self) {
        while self.at < self.bytes.len() {
            let start = self.at;
            let indent = self.count(|byte| byte == b' ');
            self.at += indent;
            let opens_block = self.line();
            self.at += 1;
            if opens_block {
                self.skip_block_scalar(indent);
            }
            // Every turn moves on.
            self.at = self.at.max(start + 1);
        }
    }

    /// Scans to the end of a line outside of brackets; says whether a block scalar follows it.
    fn line(&mut self) -> bool {
        let mut starts_token = true;
        let start = self.at;
        while let Some(byte) = self.peek().filter(|&byte| byte != b'\n') {
            match byte {
                b'[' | b'{' if starts_token => {
                    self.brackets();
                    continue;
                }
                b'"' | b'\'' if starts_token => {
                    self.quoted(byte);
                    continue;
                }
                b'#' if self.at == start
                    || self.previous().is_some_and(|byte| byte == b' ' || byte == b'\t') =>
                {
                    self.at += self.count(|byte| byte != b'\n');
                    return false;
                }
                b'|' | b'>' if starts_token => {
                    self.at += self.count(|byte| byte != b'\n');
                    return true;
                }
                b':' => self.colon(),
                _ => {}
            }
            starts_token = match byte {
                b' ' | b'\t' => starts_token,
                b':' | b'-' | b'?' => self.bytes.get(self.at + 1).is_none_or(u8::is_ascii_whitespace),
                _ => false,
            };
            self.at += 1;
        }
        false
    }

    /// Replaces tabs behind a colon.
    fn colon(&mut self) {
        let tabs = self
            .bytes
            .get(self.at + 1..)
            .unwrap_or_default()
            .iter()
            .take_while(|&&byte| byte == b'\t')
            .count();
        self.replaced.extend(self.at + 1..self.at + 1 + tabs);
    }

    /// Scans brackets to their end, and joins their lines.
    fn brackets(&mut self) {
        let mut depth = 0usize;
        let mut starts_token = true;
        while let Some(byte) = self.peek() {
            match byte {
                b'[' | b'{' => depth += 1,
                b']' | b'}' => depth = depth.saturating_sub(1),
                b'"' | b'\'' if starts_token => {
                    self.quoted(byte);
                    continue;
                }
                b'#' if self.previous().is_some_and(|byte| byte.is_ascii_whitespace()) => {
                    let comment = self.count(|byte| byte != b'\n');
                    self.blanks.extend(self.at..self.at + comment);
                    self.at += comment;
                    continue;
                }
                b'\n' => self.replaced.push(self.at),
                b':' => self.colon(),
                _ => {}
            }
            starts_token = match byte {
                byte if byte.is_ascii_whitespace() => starts_token,
                b'[' | b'{' | b',' | b':' => true,
                _ => false,
            };
            self.at += 1;
            if depth == 0 {
                return;
            }
        }
    }

    /// Skips a quoted scalar, whose lines stay as they are.
    fn quoted(&mut self, quote: u8) {
        self.at += 1;
        while let Some(byte) = self.peek() {
            self.at += 1;
            if byte == b'\\' && quote == b'"' {
                self.at += 1;
            } else if byte == quote {
                if quote == b'\'' && self.peek() == Some(quote) {
                    self.at += 1;
                } else {
                    return;
                }
            }
        }
    }

    /// Skips lines that are blank or deeper than the line that opened the block scalar.
    fn skip_block_scalar(&mut self, indent: usize) {
        while self.at < self.bytes.len() {
            let spaces = self.count(|byte| byte == b' ');
            let blank = matches!(self.bytes.get(self.at + spaces), None | Some(b'\n' | b'\r'));
            if !blank && spaces <= indent {
                return;
            }
            self.at += self.count(|byte| byte != b'\n') + 1;
        }
    }

    fn count(&self, while_: impl Fn(u8) -> bool) -> usize {
        self.bytes.get(self.at..).unwrap_or_default().iter().take_while(|&&byte| while_(byte)).count()
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn previous(&self) -> Option<u8> {
        self.bytes.get(self.at.checked_sub(1)?).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::patch;

    fn patched(text: &str) -> Option<String> {
        patch(text).map(|patch| patch.text)
    }

    #[test]
    fn joins_the_lines_of_brackets() {
        assert_eq!(patched("a: [\n1, # é]\n2\n]\nb: 1\n").as_deref(), Some("a: [ 1,       2 ]\nb: 1\n"));
        assert_eq!(patched("- {a: '[\n',\nb: \"}\\\"\"}\n").as_deref(), Some("- {a: '[\n', b: \"}\\\"\"}\n"));
    }

    #[test]
    fn replaces_tabs_behind_colons_outside_of_block_scalars() {
        assert_eq!(
            patched("a:\t1\nb: |\n  c:\t[\n\nd:\t\t2\n").as_deref(),
            Some("a: 1\nb: |\n  c:\t[\n\nd:  2\n")
        );
    }

    #[test]
    fn brackets_within_text_are_none() {
        assert_eq!(patched("a: b[\nc: d{\n# [\ne: 'f [\n  '\n"), None);
    }
}
