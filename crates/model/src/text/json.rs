//! JSON, read to the same tape as YAML: an explicit stack, so that depth costs nothing, and spans for every
//! node.

use super::source::Span;
use super::tape::{Builder, Failure, Home, Shape, Tape, TextRef, to_u32};
use crate::limits::Limits;

/// Why a text is not JSON.
#[derive(Debug)]
pub(super) enum JsonError {
    /// What was expected, and where.
    Syntax(&'static str, u32),
    /// The syntax is right so far, but the document cannot be read.
    Build(Failure),
}

impl From<Failure> for JsonError {
    fn from(failure: Failure) -> Self {
        JsonError::Build(failure)
    }
}

/// Reads the JSON value that starts at `at`; returns the tape and the offset behind the value.
pub(super) fn read(source: &str, at: usize, end: usize, limits: &Limits) -> Result<(Tape, usize), JsonError> {
    let text = source.get(..end).unwrap_or(source);
    let mut reader = Reader { text, at, builder: Builder::new(source, limits), closers: Vec::new() };
    reader.run()?;
    Ok((reader.builder.tape, reader.at))
}

/// What may stand next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Expect {
    Value,
    ValueOrEnd,
    Key,
    KeyOrEnd,
    CommaOrEnd,
}

struct Reader<'s, 'l> {
    text: &'s str,
    at: usize,
    builder: Builder<'l>,
    /// The closing brackets that are still due, innermost last.
    closers: Vec<u8>,
}

impl Reader<'_, '_> {
    fn run(&mut self) -> Result<(), JsonError> {
        let mut expect = Expect::Value;
        loop {
            self.skip_blanks();
            let byte = self.peek();
            expect = match (expect, byte) {
                (Expect::ValueOrEnd | Expect::KeyOrEnd | Expect::CommaOrEnd, Some(byte @ (b']' | b'}'))) => {
                    self.close(byte)?
                }
                (Expect::CommaOrEnd, Some(b',')) => {
                    self.at += 1;
                    if self.closers.last() == Some(&b'}') { Expect::Key } else { Expect::Value }
                }
                (Expect::CommaOrEnd, _) => {
                    return Err(self.error(match self.closers.last() {
                        Some(b'}') => "expected `,` or `}`",
                        _ => "expected `,` or `]`",
                    }));
                }
                (Expect::Key | Expect::KeyOrEnd, Some(b'"')) => {
                    self.string()?;
                    self.skip_blanks();
                    if self.peek() != Some(b':') {
                        return Err(self.error("expected `:`"));
                    }
                    self.at += 1;
                    Expect::Value
                }
                (Expect::Key | Expect::KeyOrEnd, _) => {
                    return Err(self.error("expected a key in double quotes"));
                }
                (Expect::Value | Expect::ValueOrEnd, byte) => self.value(byte)?,
            };
            if self.builder.is_complete() {
                return Ok(());
            }
        }
    }

    fn value(&mut self, byte: Option<u8>) -> Result<Expect, JsonError> {
        match byte {
            Some(b'{') => {
                self.open(Shape::Mapping, b'}')?;
                return Ok(Expect::KeyOrEnd);
            }
            Some(b'[') => {
                self.open(Shape::Sequence, b']')?;
                return Ok(Expect::ValueOrEnd);
            }
            Some(b'"') => self.string()?,
            Some(b't') => self.literal("true")?,
            Some(b'f') => self.literal("false")?,
            Some(b'n') => self.literal("null")?,
            Some(b'-' | b'0'..=b'9') => self.number()?,
            _ => return Err(self.error("expected a value")),
        }
        Ok(Expect::CommaOrEnd)
    }

    fn open(&mut self, shape: Shape, closer: u8) -> Result<(), JsonError> {
        let span = self.span_to(self.at + 1);
        self.builder.open(shape, span, 0)?;
        self.closers.push(closer);
        self.at += 1;
        Ok(())
    }

    fn close(&mut self, byte: u8) -> Result<Expect, JsonError> {
        if self.closers.pop() != Some(byte) {
            return Err(self.error("this bracket closes nothing"));
        }
        self.at += 1;
        self.builder.close(to_u32(self.at))?;
        Ok(Expect::CommaOrEnd)
    }

    fn literal(&mut self, word: &'static str) -> Result<(), JsonError> {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        let behind = rest.get(word.len()).is_some_and(u8::is_ascii_alphanumeric);
        if !rest.starts_with(word.as_bytes()) || behind {
            return Err(self.error("expected a value"));
        }
        self.plain(self.at + word.len())
    }

    /// `-? (0 | [1-9][0-9]*) (\.[0-9]+)? ([eE][+-]?[0-9]+)?`
    fn number(&mut self) -> Result<(), JsonError> {
        let mut at = self.at + usize::from(self.peek() == Some(b'-'));
        let whole = self.digits(at);
        let leading_zero = self.byte(at) == Some(b'0') && whole > at + 1;
        if whole == at || leading_zero {
            return Err(self.error("expected a number"));
        }
        at = whole;
        if self.byte(at) == Some(b'.') {
            let fraction = self.digits(at + 1);
            if fraction == at + 1 {
                return Err(self.error("expected digits behind the decimal point"));
            }
            at = fraction;
        }
        if let Some(b'e' | b'E') = self.byte(at) {
            let from = at + 1 + usize::from(matches!(self.byte(at + 1), Some(b'+' | b'-')));
            let exponent = self.digits(from);
            if exponent == from {
                return Err(self.error("expected digits in the exponent"));
            }
            at = exponent;
        }
        self.plain(at)
    }

    fn plain(&mut self, end: usize) -> Result<(), JsonError> {
        let span = self.span_to(end);
        let text = TextRef { home: Home::Source, start: span.start, len: span.end - span.start };
        self.at = end;
        Ok(self.builder.scalar(Shape::Plain, text, span, 0)?)
    }

    fn string(&mut self) -> Result<(), JsonError> {
        let from = self.at + 1;
        let end = self.plain_run(from);
        if self.byte(end) == Some(b'"') {
            let text = TextRef { home: Home::Source, start: to_u32(from), len: to_u32(end - from) };
            return self.finish_string(text, end);
        }
        let (decoded, end) = self.escaped(from)?;
        let text = self.builder.keep(&decoded);
        self.finish_string(text, end)
    }

    fn finish_string(&mut self, text: TextRef, quote: usize) -> Result<(), JsonError> {
        let span = self.span_to(quote + 1);
        self.at = quote + 1;
        Ok(self.builder.scalar(Shape::Text, text, span, 0)?)
    }

    /// The first offset from `from` on of a quote, a backslash or a control character.
    fn plain_run(&self, from: usize) -> usize {
        let rest = self.text.as_bytes().get(from..).unwrap_or_default();
        from + rest.iter().position(|&b| b == b'"' || b == b'\\' || b < 0x20).unwrap_or(rest.len())
    }

    /// A string with escapes, and the offset of its closing quote.
    fn escaped(&mut self, from: usize) -> Result<(String, usize), JsonError> {
        let mut decoded = String::new();
        let mut at = from;
        loop {
            let run = self.plain_run(at);
            decoded.push_str(self.text.get(at..run).unwrap_or_default());
            match self.byte(run) {
                Some(b'"') => return Ok((decoded, run)),
                Some(b'\\') => at = self.escape(run + 1, &mut decoded)?,
                Some(_) => {
                    return Err(self.error_at("a control character in a string has to be escaped", run));
                }
                None => return Err(self.error_at("the string is not closed", run)),
            }
        }
    }

    fn escape(&mut self, at: usize, decoded: &mut String) -> Result<usize, JsonError> {
        let simple = match self.byte(at) {
            Some(byte @ (b'"' | b'\\' | b'/')) => char::from(byte),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode_escape(at + 1, decoded),
            _ => return Err(self.error_at("unknown escape", at)),
        };
        decoded.push(simple);
        Ok(at + 1)
    }

    /// A surrogate without its partner becomes U+FFFD, as in Go.
    fn unicode_escape(&mut self, at: usize, decoded: &mut String) -> Result<usize, JsonError> {
        let unit = self.hex4(at).ok_or_else(|| self.error_at("expected four hexadecimal digits", at))?;
        let behind = at + 4;
        if let Some(character) = char::from_u32(unit) {
            decoded.push(character);
            return Ok(behind);
        }
        let low = match (self.byte(behind), self.byte(behind + 1)) {
            (Some(b'\\'), Some(b'u')) => self.hex4(behind + 2),
            _ => None,
        };
        if let (0xD800..=0xDBFF, Some(low @ 0xDC00..=0xDFFF)) = (unit, low) {
            let joined = 0x1_0000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
            decoded.push(char::from_u32(joined).unwrap_or(char::REPLACEMENT_CHARACTER));
            return Ok(behind + 6);
        }
        decoded.push(char::REPLACEMENT_CHARACTER);
        Ok(behind)
    }

    fn hex4(&self, at: usize) -> Option<u32> {
        let digits = self.text.get(at..at + 4)?;
        digits.bytes().all(|b| b.is_ascii_hexdigit()).then(|| u32::from_str_radix(digits, 16).ok())?
    }

    fn digits(&self, from: usize) -> usize {
        let rest = self.text.as_bytes().get(from..).unwrap_or_default();
        from + rest.iter().take_while(|b| b.is_ascii_digit()).count()
    }

    fn skip_blanks(&mut self) {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        self.at += rest.iter().take_while(|b| matches!(b, b' ' | b'\n' | b'\r' | b'\t')).count();
    }

    fn peek(&self) -> Option<u8> {
        self.byte(self.at)
    }

    fn byte(&self, at: usize) -> Option<u8> {
        self.text.as_bytes().get(at).copied()
    }

    fn span_to(&self, end: usize) -> Span {
        Span { start: to_u32(self.at), end: to_u32(end) }
    }

    fn error(&self, expected: &'static str) -> JsonError {
        self.error_at(expected, self.at)
    }

    fn error_at(&self, expected: &'static str, at: usize) -> JsonError {
        if at >= self.text.len() {
            return JsonError::Syntax("the text ends in the middle of a value", to_u32(at));
        }
        JsonError::Syntax(expected, to_u32(at))
    }
}
