//! YAML: the parser's events, written to a tape.

use std::borrow::Cow;
use std::ops::Range;

use base64::Engine as _;
use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span as CharSpan, Tag};

use super::repair::{Patch, patch};
use super::scalar::{Scalar, resolve};
use super::source::Span;
use super::tape::{BuildError, Builder, Failure, Home, Shape, Tape, TextRef, to_u32};
use crate::limits::Limits;

/// Why a chunk's reading stopped.
#[derive(Debug)]
pub(super) enum YamlError {
    /// The parser's error and its offset.
    Syntax(String, u32),
    /// The syntax is right, but the document cannot be read.
    Build(Failure),
}

impl From<Failure> for YamlError {
    fn from(failure: Failure) -> Self {
        YamlError::Build(failure)
    }
}

/// Reads the documents of one chunk; those before an error are kept.
pub(super) fn read(
    source: &str,
    chunk: Range<usize>,
    limits: &Limits,
    found: &mut Vec<Tape>,
) -> Result<(), YamlError> {
    let Some(text) = source.get(chunk.clone()) else { return Ok(()) };
    let place = ChunkText { source, text, offset: chunk.start, patch: None };
    let first = found.len();
    let result = read_text(place, limits, found);
    if let Err(YamlError::Syntax(..)) = result
        && let Some(patch) = patch(text)
    {
        let mut again = Vec::new();
        let place = ChunkText { text: &patch.text, patch: Some(&patch), ..place };
        if read_text(place, limits, &mut again).is_ok() {
            found.truncate(first);
            found.append(&mut again);
            return Ok(());
        }
    }
    result
}

/// What to read, and where it stands.
#[derive(Clone, Copy)]
struct ChunkText<'s> {
    /// The whole file.
    source: &'s str,
    /// The chunk's text, or a patched copy.
    text: &'s str,
    /// Where the chunk starts in the file.
    offset: usize,
    patch: Option<&'s Patch>,
}

fn read_text(chunk: ChunkText<'_>, limits: &Limits, found: &mut Vec<Tape>) -> Result<(), YamlError> {
    let mut reader = Reader { chunk, cursor: Cursor::new(chunk.text), last_end: to_u32(chunk.offset) };
    let mut parser = Parser::new_from_str(chunk.text);
    let mut builder = Builder::new(chunk.source, limits);
    while let Some(event) = parser.next_event() {
        let (event, span) = event.map_err(|error| reader.syntax_error(&error))?;
        match event {
            Event::DocumentStart(_) => builder = Builder::new(chunk.source, limits),
            Event::DocumentEnd => found.push(std::mem::take(&mut builder.tape)),
            Event::StreamEnd => break,
            event => reader.node(&mut builder, event, span)?,
        }
    }
    Ok(())
}

struct Reader<'s> {
    chunk: ChunkText<'s>,
    cursor: Cursor<'s>,
    /// Where the last scalar or bracket ended: block collections end there.
    last_end: u32,
}

impl<'s> Reader<'s> {
    fn syntax_error(&mut self, error: &ScanError) -> YamlError {
        let at = self.byte(error.marker().index());
        YamlError::Syntax(error.info().to_owned(), at)
    }

    fn node(&mut self, builder: &mut Builder<'_>, event: Event<'s>, span: CharSpan) -> Result<(), YamlError> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let span = if text.is_empty() && span.is_empty() { self.nothing() } else { self.span(span) };
                if self.is_patched(span) {
                    return Err(YamlError::Syntax("invalid indentation".into(), span.start));
                }
                let plain = if style == ScalarStyle::Plain { Shape::Plain } else { Shape::Text };
                self.scalar(builder, (plain, text), tag.as_deref(), span, anchor)?;
            }
            Event::SequenceStart(anchor, _) => {
                let span = self.span(span);
                builder.open(Shape::Sequence, span, anchor)?;
            }
            Event::MappingStart(anchor, _) => {
                let span = self.span(span);
                builder.open(Shape::Mapping, span, anchor)?;
            }
            Event::SequenceEnd | Event::MappingEnd => {
                if !span.is_empty() {
                    self.last_end = self.byte(span.end.index());
                }
                builder.close(self.last_end)?;
            }
            Event::Alias(anchor) => {
                let span = self.span(span);
                builder.alias(anchor, span)?;
            }
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd => {}
        }
        Ok(())
    }

    /// Whether the copy that is read differs from the file here.
    fn is_patched(&self, span: Span) -> bool {
        let within = |offset: u32| (offset as usize).saturating_sub(self.chunk.offset);
        self.chunk.patch.is_some_and(|patch| patch.touches(within(span.start), within(span.end)))
    }

    fn scalar(
        &mut self,
        builder: &mut Builder<'_>,
        (plain, text): (Shape, Cow<'s, str>),
        tag: Option<&Tag>,
        span: Span,
        anchor: usize,
    ) -> Result<(), Failure> {
        let (shape, text) = match tag {
            None => (plain, text),
            Some(tag) => tagged(tag, plain, text).map_err(|error| (error, span))?,
        };
        let text = self.place_text(builder, &text);
        builder.scalar(shape, text, span, anchor)
    }

    /// Points at the text in the file when it stands there as it is.
    fn place_text(&self, builder: &mut Builder<'_>, text: &str) -> TextRef {
        let within = (text.as_ptr() as usize).wrapping_sub(self.chunk.text.as_ptr() as usize);
        if within < self.chunk.text.len() {
            let start = self.chunk.offset + within;
            if self.chunk.source.get(start..start.saturating_add(text.len())) == Some(text) {
                return TextRef { home: Home::Source, start: to_u32(start), len: to_u32(text.len()) };
            }
        }
        builder.keep(text)
    }

    fn nothing(&self) -> Span {
        Span { start: self.last_end, end: self.last_end }
    }

    fn span(&mut self, span: CharSpan) -> Span {
        let start = self.byte(span.start.index());
        let end = self.byte(span.end.index());
        if end > start {
            self.last_end = end;
        }
        Span { start, end }
    }

    fn byte(&mut self, characters: usize) -> u32 {
        to_u32(self.chunk.offset + self.cursor.byte(characters))
    }
}

/// Turns the parser's character counts into byte offsets. Counts mostly grow, so that walking from the last
/// one is linear in all.
struct Cursor<'s> {
    text: &'s str,
    ascii: bool,
    characters: usize,
    bytes: usize,
}

impl<'s> Cursor<'s> {
    fn new(text: &'s str) -> Self {
        Self { text, ascii: text.is_ascii(), characters: 0, bytes: 0 }
    }

    fn byte(&mut self, characters: usize) -> usize {
        if self.ascii {
            return characters.min(self.text.len());
        }
        let (before, after) = self.text.split_at_checked(self.bytes).unwrap_or((self.text, ""));
        if characters >= self.characters {
            let steps = characters - self.characters;
            self.bytes += after.char_indices().nth(steps).map_or(after.len(), |(at, _)| at);
        } else {
            let steps = self.characters - characters;
            self.bytes = before.char_indices().nth_back(steps - 1).map_or(0, |(at, _)| at);
        }
        self.characters = characters;
        self.bytes
    }
}

/// Applies a scalar's tag. Tags that YAML does not define make a string, as in the Go library.
fn tagged<'s>(tag: &Tag, plain: Shape, text: Cow<'s, str>) -> Result<(Shape, Cow<'s, str>), BuildError> {
    let name = format!("{}{}", tag.handle, tag.suffix);
    let mismatch = |text: &str| BuildError::Tag { tag: short(&name), text: text.to_owned() };
    let Some(core) = name.strip_prefix("tag:yaml.org,2002:") else {
        // The verbatim empty tag leaves a scalar as it is.
        return Ok((if name.is_empty() { plain } else { Shape::Text }, text));
    };
    let scalar = resolve(&text);
    let fits = match core {
        "binary" => return Ok((Shape::Text, Cow::Owned(binary(&text).ok_or_else(|| mismatch(&text))?))),
        "int" => matches!(scalar, Scalar::Int(_) | Scalar::UInt(_)),
        "float" => matches!(scalar, Scalar::Float(_) | Scalar::Int(_)),
        "bool" => matches!(scalar, Scalar::Bool(_)),
        "null" => matches!(scalar, Scalar::Null),
        "merge" if text == "<<" => return Ok((Shape::Plain, text)),
        _ => return Ok((Shape::Text, text)),
    };
    if fits { Ok((Shape::Plain, text)) } else { Err(mismatch(&text)) }
}

fn short(tag: &str) -> String {
    tag.strip_prefix("tag:yaml.org,2002:").map_or_else(|| tag.to_owned(), |core| format!("!!{core}"))
}

/// The text behind `!!binary`; bytes that are no text are replaced, as JSON's encoder in Go does.
fn binary(text: &str) -> Option<String> {
    let packed: String = text.chars().filter(|c| !matches!(c, '\r' | '\n')).collect();
    let bytes = base64::engine::general_purpose::STANDARD.decode(packed).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}
